//! Kernels that run row by row: several reductions and maps of one shape in one kernel, against f64.

use tilewise::prelude::*;
use tilewise::{DType, DeviceOptions, Result};

use crate::support::Gpu;
use crate::support::compare::assert_near;

tests![
    rows_of_every_length,
    as_long_as_a_vocabulary,
    inside_its_buffers,
    equal_rows_have_equal_bits_wherever_they_start,
    along_any_axis,
    of_views,
    of_halves,
    in_the_memory_of_their_operands,
    special_values_stay_in_their_row,
];

/// Half a unit in the last place of 1.
const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;

fn values(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919) % 1013) as f32 / 128.0 - 4.0)
        .collect()
}

/// The rows of a matrix with mean 0 and variance 1, times a weight a column.
fn normalised(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let centred = x.try_sub(x.mean_keepdims(-1)?)?;
    let variance = centred.square().mean_keepdims(-1)?;
    centred.try_mul((variance + 1e-5).rsqrt())?.try_mul(weight)
}

/// The same in f64.
fn normalised_f64(x: &[f32], weight: &[f32]) -> Vec<f64> {
    let n = weight.len();
    let row = |row: &[f32]| -> Vec<f64> {
        let mean = row.iter().map(|&v| v as f64).sum::<f64>() / n as f64;
        let variance = row.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / n as f64;
        let scale = 1.0 / (variance + 1e-5).sqrt();
        row.iter()
            .zip(weight)
            .map(|(&v, &w)| (v as f64 - mean) * scale * w as f64)
            .collect()
    };
    x.chunks(n).flat_map(row).collect()
}

/// The softmax of rows and its logarithm in f64.
fn softmax_f64(x: &[f32], n: usize) -> (Vec<f64>, Vec<f64>) {
    let logarithm = |row: &[f32]| -> Vec<f64> {
        let largest = row.iter().fold(f64::NEG_INFINITY, |m, &v| m.max(v as f64));
        let sum: f64 = row.iter().map(|&v| (v as f64 - largest).exp()).sum();
        row.iter().map(|&v| v as f64 - largest - sum.ln()).collect()
    };
    let logarithms: Vec<f64> = x.chunks(n).flat_map(logarithm).collect();
    (logarithms.iter().map(|v| v.exp()).collect(), logarithms)
}

/// Softmax, its logarithm and a normalisation of matrices, on a device.
fn check(device: &Device, rows: usize, n: usize) -> Result<()> {
    let (x, w) = (values(rows * n), values(n));
    let (powers, logarithms) = softmax_f64(&x, n);
    let tensor = Tensor::from_slice(&x, [rows, n], device)?;
    let weight = Tensor::from_slice(&w, [n], device)?;
    let what = |op: &str| format!("{op} of {rows}×{n} on {device}");
    // The difference from the maximum is rounded, then the power, the sum and the product.
    let relative = ROUNDING * 32.0;
    let got: Vec<f32> = tensor.softmax(-1)?.to_vec()?;
    assert_near(&what("softmax"), &got, &powers, relative, 0.0);
    let got: Vec<f32> = tensor.log_softmax(-1)?.to_vec()?;
    assert_near(
        &what("log-softmax"),
        &got,
        &logarithms,
        ROUNDING * 8.0,
        ROUNDING * 8.0,
    );
    let got: Vec<f32> = normalised(&tensor, &weight)?.to_vec()?;
    let want = normalised_f64(&x, &w);
    // Where two values of nearly the same size have their mean taken off.
    let absolute = ROUNDING * 512.0;
    assert_near(
        &what("normalisation"),
        &got,
        &want,
        ROUNDING * 64.0,
        absolute,
    );
    Ok(())
}

fn rows_of_every_length(device: &Device) -> Result<()> {
    for (rows, n) in [
        (1, 2),
        (3, 5),
        (65, 3),
        (7, 64),
        (70, 36),
        (5, 1028),
        (2, 4099),
        (3, 70_001),
        (1, 131_072),
    ] {
        check(device, rows, n)?;
    }
    Ok(())
}

/// Long rows, and enough of them that few lanes share one.
fn as_long_as_a_vocabulary(device: &Device) -> Result<()> {
    let (rows, n) = (128, 50_257);
    let x = Tensor::from_slice(&values(rows * n), [rows, n], device)?;
    let y = x.softmax(-1)?;
    let sums: Vec<f32> = y.sum(-1)?.to_vec()?;
    assert!(sums.iter().all(|s| (s - 1.0).abs() < 1e-4), "{sums:?}");
    let last = y.slice(s![-1, ..])?.to_vec::<f32>()?;
    let (want, _) = softmax_f64(&values(rows * n)[(rows - 1) * n..], n);
    assert_near("the last row", &last, &want, ROUNDING * 64.0, 0.0);
    Ok(())
}

fn inside_its_buffers(gpu: Gpu<'_>) -> Result<()> {
    for options in [
        DeviceOptions::new().sentinels(),
        DeviceOptions::new().sentinels().webgpu_limits(),
    ] {
        let device = gpu.open(options)?;
        for (rows, n) in [(1, 3), (3, 5), (65, 4), (63, 7), (5, 260)] {
            check(&device, rows, n)?;
        }
    }
    Ok(())
}

/// Rows of odd length start anywhere in a vec4, and so do their results. What is stored on the way is
/// asked for too.
fn equal_rows_have_equal_bits_wherever_they_start(gpu: Gpu<'_>) -> Result<()> {
    for n in [3, 9, 33, 65, 66, 127, 1027, 20_005] {
        // Another length would do with the shader of the one before.
        let device = gpu.open(DeviceOptions::new().sentinels())?;
        let row = values(n);
        let (powers, _) = softmax_f64(&row, n);
        for start in 0..4 {
            // Five rows of a longer vector, and the same rows with a gap between them.
            let rows = [&vec![9.0; start][..], &row.repeat(5)].concat();
            let vector = Tensor::from_slice(&rows, [rows.len()], &device)?;
            let close = vector.slice(s![start as isize..])?.reshape([5, n])?;
            let gap: Vec<f32> = (0..5).flat_map(|_| [&[9.0], &row[..]].concat()).collect();
            let gap = Tensor::from_slice(&gap, [5, n + 1], &device)?;
            for x in [close, gap.slice(s![.., 1..])?] {
                let shifted = &x - x.max_keepdims(-1)?;
                let power = shifted.exp();
                let sum = power.sum_keepdims(-1)?;
                let y = &power / &sum;
                let got: Vec<f32> = y.to_vec()?;
                assert_near("softmax", &got[..n], &powers, ROUNDING * 32.0, 0.0);
                for values in [got, shifted.to_vec()?, power.to_vec()?, sum.to_vec()?] {
                    let bits: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
                    let first = &bits[..bits.len() / 5];
                    for (i, other) in bits.chunks(first.len()).enumerate() {
                        assert_eq!(other, first, "row {i} of length {n}, from {start}");
                    }
                }
            }
        }
    }
    Ok(())
}

fn along_any_axis(device: &Device) -> Result<()> {
    let shape = [3, 5, 4];
    let x = values(60);
    let tensor = Tensor::from_slice(&x, shape, device)?;
    for (axis, order) in [(0, [1, 2, 0]), (1, [0, 2, 1]), (2, [0, 1, 2])] {
        let last: Vec<f32> = tensor.permute(&order)?.to_vec()?;
        let n = shape[axis];
        let (powers, logarithms) = softmax_f64(&last, n);
        let axis = axis as isize;
        let got: Vec<f32> = tensor.softmax(axis)?.permute(&order)?.to_vec()?;
        assert_near(
            &format!("softmax over {axis}"),
            &got,
            &powers,
            ROUNDING * 32.0,
            0.0,
        );
        let got: Vec<f32> = tensor.log_softmax(axis)?.permute(&order)?.to_vec()?;
        let what = format!("log-softmax over {axis}");
        assert_near(&what, &got, &logarithms, ROUNDING * 8.0, ROUNDING * 8.0);
    }
    // Over two axes at once, one of them the first.
    let centred: Vec<f32> = (&tensor - tensor.mean_keepdims([0, 2])?).to_vec()?;
    for j in 0..5 {
        let of_j = |i: &usize| i / 4 % 5 == j;
        let sum: f64 = (0..60).filter(of_j).map(|i| x[i] as f64).sum();
        for i in (0..60).filter(of_j) {
            assert!((centred[i] as f64 - (x[i] as f64 - sum / 12.0)).abs() < 1e-6);
        }
    }
    Ok(())
}

fn of_views(device: &Device) -> Result<()> {
    let x = values(11 * 9);
    let whole = Tensor::from_slice(&x, [11, 9], device)?;
    for start in 0..5isize {
        // Rows from an offset on; every other column; the columns as rows.
        let part = whole.slice(s![start..start + 6, 1..])?;
        let odd = whole.slice(s![.., start..;2])?;
        for view in [part.clone(), odd, part.t(), whole.slice(s![..;-1, ..;-1])?] {
            let flat: Vec<f32> = view.to_vec()?;
            let n = view.shape()[1];
            let (want, _) = softmax_f64(&flat, n);
            let got: Vec<f32> = view.softmax(-1)?.to_vec()?;
            assert_near(
                &format!("softmax of a view {:?}", view.shape()),
                &got,
                &want,
                ROUNDING * 32.0,
                0.0,
            );
        }
    }
    // A row's value from outside beside one from inside, and rows that are all the same.
    let column = Tensor::from_slice(&x[..11], [11, 1], device)?;
    let row = Tensor::from_slice(&x[..9], [9], device)?.broadcast_to([11, 9])?;
    let got: Vec<f32> = (&whole - whole.max_keepdims(-1)? + &column + &row).to_vec()?;
    for (i, got) in got.into_iter().enumerate() {
        let largest = x[i / 9 * 9..][..9]
            .iter()
            .cloned()
            .fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(got, x[i] - largest + x[i / 9] + x[i % 9]);
    }
    Ok(())
}

fn of_halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    for (rows, n) in [(3, 5), (4, 8), (5, 7)] {
        let x: Vec<f32> = values(rows * n)
            .iter()
            .map(|v| (v * 8.0).round() / 8.0)
            .collect();
        let tensor = Tensor::from_slice(&x, [rows, n], device)?.to_dtype(DType::F16);
        let y = tensor.softmax(-1)?;
        assert_eq!(y.dtype(), DType::F16);
        let got: Vec<f32> = y.to_dtype(DType::F32).to_vec()?;
        let (want, _) = softmax_f64(&x, n);
        // The difference, the power, the sum, its reciprocal and the product are each rounded to f16;
        // a difference of up to 8 that is off by half a unit moves its power by 2⁻⁸.
        assert_near("softmax of f16", &got, &want, 0.01, 1e-4);
    }
    Ok(())
}

/// Results that take the memory of operands which die in the same kernel: one a row, one an element.
fn in_the_memory_of_their_operands(device: &Device) -> Result<()> {
    // Lanes that share a row are neighbours along rows, and far apart down columns.
    for (axis, shape, kept) in [(-1, [33, 64], [33, 1]), (0, [64, 33], [1, 33])] {
        let x = values(33 * 64);
        let row_of = |i: usize| if axis == 0 { i % 33 } else { i / 64 };
        let tensor = Tensor::from_slice(&x, shape, device)?;
        let shifted = &tensor + 1.0;
        device.flush()?;
        let scales = Tensor::from_slice(&x[..33], kept, device)?;
        let sums = shifted.sum_keepdims(axis)? * scales;
        let y: Vec<f32> = (shifted - sums).to_vec()?;
        for (i, y) in y.into_iter().enumerate() {
            let row = (0..x.len()).filter(|&k| row_of(k) == row_of(i));
            let sum: f64 = row.map(|k| x[k] as f64 + 1.0).sum();
            let want = x[i] as f64 + 1.0 - sum * x[row_of(i)] as f64;
            let off = (y as f64 - want).abs();
            assert!(off < 1e-3, "element {i} over {axis}: {y}, not {want}");
        }
    }
    Ok(())
}

fn special_values_stay_in_their_row(device: &Device) -> Result<()> {
    let n = 8;
    let mut x = values(6 * n);
    x[n + 3] = f32::NAN;
    x[2 * n] = f32::NEG_INFINITY;
    x[3 * n..4 * n].fill(f32::NEG_INFINITY);
    x[4 * n + 7] = 3e38;
    let tensor = Tensor::from_slice(&x, [6, n], device)?;
    let got: Vec<f32> = tensor.softmax(-1)?.to_vec()?;
    for (row, lost) in [false, true, false, true, false, false]
        .into_iter()
        .enumerate()
    {
        let row = &got[row * n..][..n];
        assert!(row.iter().all(|v| v.is_nan() == lost), "{row:?}");
    }
    assert_eq!(got[2 * n], 0.0);
    assert_eq!(got[4 * n + 7], 1.0);
    Ok(())
}
