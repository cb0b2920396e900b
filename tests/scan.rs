//! Scans agree with NumPy and PyTorch, hold their error bound, and have gradients.

use tilewise::prelude::*;

use crate::support::compare::{assert_bits, assert_same};
use crate::support::golden::{Array, Golden};
use crate::support::gradient::{check, check_twice};
use crate::support::layouts::laid;

tests![
    golden, sizes, layouts, halves, long, errors, gradients, fused
];

pub(crate) fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    let shape = array.shape.as_slice();
    match array.dtype.as_str() {
        "i32" => Tensor::from_slice(&array.values::<i32>(), shape, device),
        "u32" => Tensor::from_slice(&array.values::<u32>(), shape, device),
        "bool" => Tensor::from_slice(&array.bools(), shape, device),
        _ => Tensor::from_slice(&array.values::<f32>(), shape, device),
    }
}

pub(crate) fn same(what: &str, got: &Tensor, want: &Array) -> Result<()> {
    assert_eq!(got.shape(), want.shape, "{what}");
    assert_eq!(got.dtype().name(), want.dtype, "{what}");
    match want.dtype.as_str() {
        "f32" if !["cums", "cump"].iter().any(|exact| what.starts_with(exact)) => {
            // Which of two zeros is the larger is not said.
            let unsigned = |v: Vec<f32>| v.into_iter().map(|v| v + 0.0).collect::<Vec<f32>>();
            assert_bits(what, &unsigned(got.to_vec()?), &unsigned(want.values()));
        }
        "f32" => assert_bits(what, &got.to_vec::<f32>()?, &want.values()),
        "u32" => assert_same(what, &got.to_vec::<u32>()?, &want.values()),
        "bool" => assert_same(what, &got.to_vec::<bool>()?, &want.bools()),
        _ => assert_same(what, &got.to_vec::<i32>()?, &want.values()),
    }
    Ok(())
}

fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("scans.txt");
    for case in golden.cases() {
        let x = tensor(case.array("x"), device)?;
        let axis: isize = case.value("axis");
        let results = [
            ("cumsum", x.cumsum(axis)?),
            ("cumprod", x.cumprod(axis)?),
            ("cummax", x.cummax(axis)?),
            ("cummin", x.cummin(axis)?),
            (
                "cummax_indices",
                x.cummax_indices(axis)?.to_dtype(DType::I32),
            ),
            (
                "cummin_indices",
                x.cummin_indices(axis)?.to_dtype(DType::I32),
            ),
        ];
        for (name, got) in results {
            if let Some(want) = case.try_array(name) {
                same(&format!("{name} of {}", case.name), &got, want)?;
            }
        }
    }
    Ok(())
}

/// A value for each element, some of them negative.
fn values(n: usize) -> Vec<i32> {
    (0..n).map(|i| (i * 7919 % 1009) as i32 - 500).collect()
}

/// The scan of each line of the values along the middle of three axes.
fn scanned(values: &[i32], [_, n, inner]: [usize; 3], f: impl Fn(i32, i32) -> i32) -> Vec<i32> {
    let mut out = values.to_vec();
    for i in 0..out.len() {
        if i / inner % n > 0 {
            out[i] = f(out[i - inner], out[i]);
        }
    }
    out
}

/// Sizes around those that chains, spans, lanes and tiles are cut at; exact, since they are integers.
fn sizes(device: &Device) -> Result<()> {
    let lines = [
        1, 2, 3, 31, 33, 63, 64, 65, 255, 1000, 1025, 4095, 4097, 9000,
    ];
    let shapes = lines
        .iter()
        .flat_map(|&n| [[1, n, 1], [3, n, 1], [1, n, 5], [2, n, 70]]);
    let more = [
        [1, 100_000, 1],
        [1, 20_000, 3],
        [300, 7, 1],
        [5, 3, 1500],
        [1, 2, 9000],
    ];
    for shape in shapes.chain(more) {
        let given = values(shape.iter().product());
        let x = Tensor::from_slice(&given, shape, device)?;
        let sums = scanned(&given, shape, i32::wrapping_add);
        assert_same(&format!("{shape:?}"), &x.cumsum(1)?.to_vec::<i32>()?, &sums);
        let largest = scanned(&given, shape, i32::max);
        assert_same(
            &format!("{shape:?}"),
            &x.cummax(1)?.to_vec::<i32>()?,
            &largest,
        );
    }
    Ok(())
}

fn layouts(device: &Device) -> Result<()> {
    let given: Vec<f32> = (0..1300).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
    for x in laid(device, &given)? {
        for axis in 0..x.tensor.ndim() {
            let dims = x.tensor.shape();
            let shape = [
                dims[..axis].iter().product(),
                dims[axis],
                dims[axis + 1..].iter().product(),
            ];
            let whole: Vec<i32> = x.values.iter().map(|&v| v as i32).collect();
            let want = scanned(&whole, shape, i32::wrapping_add);
            let want: Vec<f32> = want.iter().map(|&v| v as f32).collect();
            let got = x.tensor.cumsum(axis as isize)?;
            assert_eq!(got.shape(), dims);
            assert_same(x.name, &got.to_vec::<f32>()?, &want);
        }
    }
    // Constants have no storage.
    let ones = Tensor::ones([3, 4], device)?.cumsum(0)?.to_vec::<f32>()?;
    assert_eq!(ones, [1., 1., 1., 1., 2., 2., 2., 2., 3., 3., 3., 3.]);
    Ok(())
}

/// Halves are summed in `f32` and rounded once.
fn halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    let given: Vec<f32> = (0..5000)
        .map(|i| ((i * 37) % 101) as f32 / 64.0 - 0.75)
        .collect();
    let x = Tensor::from_slice(&given, [given.len()], device)?.to_dtype(DType::F16);
    let y = x.cumsum(0)?;
    assert_eq!(y.dtype(), DType::F16);
    let want: Vec<f32> = Tensor::from_slice(&given, [given.len()], device)?
        .cumsum(0)?
        .to_dtype(DType::F16)
        .to_dtype(DType::F32)
        .to_vec()?;
    assert_same("halves", &y.to_dtype(DType::F32).to_vec::<f32>()?, &want);
    // What follows in the same kernel sees the rounded value.
    let twice = (&x.cumsum(0)? * 2.0).to_dtype(DType::F32).to_vec::<f32>()?;
    let doubled: Vec<f32> = want.iter().map(|v| 2.0 * v).collect();
    assert_same("twice", &twice, &doubled);
    Ok(())
}

/// The documented bound, against sums in f64.
fn long(device: &Device) -> Result<()> {
    const ROUNDINGS: f64 = 350.0 / (1 << 24) as f64;
    let n = 1 << 20;
    let given: Vec<f32> = (0..n)
        .map(|i| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32 - 0.4)
        .collect();
    for (shape, axis) in [([1, n], 1), ([n, 1], 0), ([2, n / 2], 1), ([n / 4, 4], 0)] {
        let inner = if axis == 0 { shape[1] } else { 1 };
        let got = Tensor::from_slice(&given, shape, device)?.cumsum(axis)?;
        let got: Vec<f32> = got.to_vec()?;
        let (mut sums, mut sizes) = (vec![0f64; inner], vec![0f64; inner]);
        for (i, (&got, &x)) in got.iter().zip(&given).enumerate() {
            if axis == 1 && i % shape[1] == 0 {
                (sums[0], sizes[0]) = (0.0, 0.0);
            }
            let (sum, size) = (&mut sums[i % inner], &mut sizes[i % inner]);
            *sum += x as f64;
            *size += x.abs() as f64;
            assert!(
                (got as f64 - *sum).abs() <= ROUNDINGS * *size,
                "{shape:?}, element {i}: {got}, not {sum}"
            );
        }
    }
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    let x = Tensor::ones([2, 3], device)?;
    for error in [
        x.cumsum(2),
        x.cumprod(-3),
        x.cummax(5),
        x.cummin(9),
        x.cummax_indices(2),
    ] {
        let said = error.expect_err("the axis is out of range").to_string();
        assert!(said.contains("axis"), "{said}");
    }
    let scalar = Tensor::new(3f32, device)?;
    assert!(scalar.cumsum(0).is_err());
    Ok(())
}

fn gradients(device: &Device) -> Result<()> {
    let x: &[f32] = &[0.5, -1.25, 2.0, 0.75, -0.25, 1.5];
    let zeros: &[f32] = &[0.5, 0.0, 2.0, 0.75, 0.0, 1.5];
    for (shape, axis) in [(&[6][..], 0), (&[2, 3], 1), (&[3, 2], 0), (&[1, 6], 0)] {
        let input = &[(x, shape)][..];
        check_twice(device, "cumsum", input, |x| x[0].cumsum(axis)?.cumsum(axis));
        check_twice(device, "cumprod", input, |x| x[0].cumprod(axis));
        check_twice(device, "cumprod of zeros", &[(zeros, shape)], |x| {
            x[0].cumprod(axis)
        });
        check_twice(device, "cummax", input, |x| x[0].square().cummax(axis));
        check_twice(device, "cummin", input, |x| x[0].square().cummin(axis));
        check(device, "cumprod thrice", input, |x| {
            x[0].cumprod(axis)?.cumprod(axis)
        });
    }
    // To the last of equals, and along an axis of several spans.
    let n = 10_000;
    let given: Vec<f32> = (0..n).map(|i| (i / 1000 % 5) as f32).collect();
    let x = Tensor::from_slice(&given, [n], device)?.variable();
    let gradients = x.cummax(0)?.sum(..)?.backward()?;
    let got: Vec<f32> = gradients.get(&x).expect("a gradient").to_vec()?;
    let mut want = vec![0f32; n];
    let (mut most, mut place) = (f32::NEG_INFINITY, 0);
    for (i, &v) in given.iter().enumerate() {
        if v >= most {
            (most, place) = (v, i);
        }
        want[place] += 1.0;
    }
    assert_same("equals", &got, &want);
    Ok(())
}

/// What comes before and after a scan runs in its kernel.
fn fused(device: &Device) -> Result<()> {
    let given = values(3000);
    let x = Tensor::from_slice(&given, [30, 100], device)?;
    x.to_vec::<i32>()?;
    let y = ((&x + 1) * 2).cumsum(1)?;
    let z = &y - &x;
    let plan = z.explain();
    assert!(plan.contains("scan") && plan.contains("cumsum"), "{plan}");
    drop(y);
    assert!(z.explain().contains("1 kernels"), "{}", z.explain());
    let before: Vec<i32> = given.iter().map(|v| (v + 1) * 2).collect();
    let sums = scanned(&before, [30, 100, 1], i32::wrapping_add);
    let want: Vec<i32> = sums.iter().zip(&given).map(|(a, b)| a - b).collect();
    assert_same("fused", &z.to_vec::<i32>()?, &want);
    Ok(())
}
