//! Windows of an axis: their elements, and their gradients where they overlap.

use tilewise::prelude::*;
use tilewise::{Backward, s};

use crate::support::compare::assert_same;
use crate::support::gradient::check_twice;
use crate::support::layouts::laid;

tests![
    elements,
    of_two_axes,
    of_any_layout,
    of_constants_and_empty_axes,
    gradients,
    gradient_is_one_sum,
    mistakes
];

/// Sizes, steps and dilations on an axis of 7.
const CASES: &[(usize, usize, usize)] = &[
    (1, 1, 1),
    (2, 1, 1),
    (3, 1, 1),
    (7, 1, 1),
    (2, 2, 1),
    (3, 2, 1),
    (2, 3, 1),
    (1, 3, 1),
    (3, 1, 2),
    (3, 2, 2),
    (2, 1, 6),
    (2, 4, 3),
    (4, 1, 2),
    (2, 9, 1),
    // One after the other in strides of their own: no element twice.
    (2, 1, 5),
    (3, 1, 3),
];

fn count(n: usize, (size, step, dilation): (usize, usize, usize)) -> usize {
    (n - (size - 1) * dilation - 1) / step + 1
}

fn elements(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 2 * 7 * 3, 1, device)?.reshape([2, 7, 3])?;
    for &(size, step, dilation) in CASES {
        let y = x.windows(-2, size, step, dilation)?;
        let count = count(7, (size, step, dilation));
        assert_eq!(y.shape(), [2, count, 3, size]);
        let mut want = Vec::new();
        for a in 0..2 {
            for c in 0..count {
                for b in 0..3 {
                    want.extend((0..size).map(|k| (a * 7 + c * step + k * dilation) * 3 + b));
                }
            }
        }
        let want: Vec<i32> = want.into_iter().map(|v| v as i32).collect();
        assert_same("windows", &y.to_vec::<i32>()?, &want);
    }
    Ok(())
}

fn of_two_axes(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 12, 1, device)?.reshape([3, 4])?;
    let y = x.windows(0, 2, 1, 1)?.windows(1, 3, 1, 1)?;
    assert_eq!(y.shape(), [2, 2, 2, 3]);
    assert_eq!(y.slice(s![1, 1])?.to_vec::<i32>()?, [5, 6, 7, 9, 10, 11]);
    // A mean filter, as one reduction of a view.
    let means = y.to_dtype(DType::F32).mean([2, 3])?;
    assert_eq!(means.to_vec::<f32>()?, [3.0, 4.0, 7.0, 8.0]);
    Ok(())
}

fn of_any_layout(device: &Device) -> Result<()> {
    let values: Vec<f32> = (0..13).map(|v| v as f32).collect();
    for x in laid(device, &values)? {
        let n = x.tensor.shape().last().copied().unwrap_or(0);
        if n < 3 {
            continue;
        }
        let y = x.tensor.windows(-1, 3, 2, 1)?;
        let want: Vec<f32> = (x.values.chunks(n))
            .flat_map(|row| row.windows(3).step_by(2).flatten().copied())
            .collect();
        assert_same(x.name, &y.to_vec::<f32>()?, &want);
        assert_same(x.name, &y.contiguous().to_vec::<f32>()?, &want);
    }
    Ok(())
}

fn of_constants_and_empty_axes(device: &Device) -> Result<()> {
    let ones = Tensor::ones([5, 2], device)?.windows(0, 3, 1, 1)?;
    assert_eq!(
        (ones.shape(), ones.sum(..)?.item::<f32>()?),
        (&[3, 2, 3][..], 18.0)
    );
    let empty = Tensor::zeros([0, 5], device)?.windows(1, 2, 1, 1)?;
    assert_eq!(empty.shape(), [0, 4, 2]);
    let x = Tensor::zeros([0, 5], device)?.variable();
    let y = x.windows(1, 2, 1, 1)?;
    let grads = y.backward_with(Backward::new().seed(&y.zeros_like()))?;
    assert_eq!(grads.get(&x).expect("a gradient").shape(), [0, 5]);
    Ok(())
}

fn gradients(device: &Device) -> Result<()> {
    let values: Vec<f32> = (0..14).map(|i| (i * 5 % 14) as f32 / 4.0 - 1.5).collect();
    for &(size, step, dilation) in CASES {
        for shape in [[2, 7], [7, 2]] {
            let axis = shape.iter().position(|&d| d == 7).unwrap_or(0) as isize;
            let what = format!("windows of {size}, {step}, {dilation} on axis {axis} of {shape:?}");
            check_twice(device, &what, &[(&values, &shape)], |x| {
                Ok(x[0].windows(axis, size, step, dilation)?.square())
            });
        }
    }
    check_twice(
        device,
        "windows of both axes",
        &[(&values[..12], &[3, 4])],
        |x| {
            x[0].windows(0, 2, 1, 1)?
                .windows(1, 3, 1, 1)?
                .square()
                .sum([2, 3])
        },
    );
    check_twice(device, "windows of a view", &[(&values, &[2, 7])], |x| {
        Ok(x[0].t().slice(s![..;-1])?.windows(0, 3, 2, 1)?.exp())
    });
    Ok(())
}

/// However many windows there are, the plan of adding them up is the same.
fn gradient_is_one_sum(device: &Device) -> Result<()> {
    let kernels = |n: usize| -> Result<usize> {
        let x = Tensor::arange(0.0, n as f64, 1, device)?.contiguous();
        device.flush()?;
        let x = x.variable();
        let grads = x.windows(0, 4, 1, 1)?.square().sum(..)?.backward()?;
        let gradient = grads.get(&x).expect("a gradient");
        Ok(gradient.explain().lines().count())
    };
    assert_eq!(kernels(8)?, kernels(400)?);
    Ok(())
}

fn mistakes(device: &Device) -> Result<()> {
    let x = Tensor::zeros([2, 5], device)?;
    let fails = |got: Result<Tensor>, words: &str| {
        let error = got.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    fails(x.windows(2, 1, 1, 1), "axis 2 is out of range");
    fails(
        x.windows(1, 6, 1, 1),
        "windows of 6 with dilation 1 do not fit axis 1 of size 5",
    );
    fails(x.windows(1, 3, 1, 3), "do not fit");
    fails(x.windows(1, usize::MAX, 1, usize::MAX), "do not fit");
    fails(
        x.windows(1, 0, 1, 1),
        "the size of windows must be at least 1",
    );
    fails(x.windows(1, 2, 0, 1), "the step");
    fails(x.windows(1, 2, 1, 0), "the dilation");
    fails(
        Tensor::zeros([0], device)?.windows(0, 1, 1, 1),
        "do not fit",
    );
    fails(
        Tensor::new(1.0, device)?.windows(0, 1, 1, 1),
        "out of range",
    );
    let deep = Tensor::zeros([2; 8], device)?;
    fails(deep.windows(0, 1, 1, 1), "more than 8 dimensions");
    Ok(())
}
