//! Kernels that take four elements at a time: ends that are no multiple of four, operands that cannot
//! be read in vec4s, several outputs, and sums with the same bits as without.

use tilewise::prelude::*;
use tilewise::{DeviceOptions, Result};

use crate::support::Gpu;

tests![
    ends_and_layouts,
    sums_in_every_layout,
    sums_have_the_same_bits_in_every_shader,
    one_row_and_many,
];

/// A value for each place, none like its neighbours.
fn values(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919) % 1013) as f32 / 64.0 - 7.0)
        .collect()
}

const SIZES: [usize; 12] = [1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 127, 1028];

/// Each way to read a line or a few rows, fused into one kernel with others, between sentinels.
fn ends_and_layouts(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.open(DeviceOptions::new().sentinels())?;
    let dev = &dev;
    for n in SIZES {
        let (x, y) = (values(3 * n), values(n + 8));
        let line = Tensor::from_slice(&x, [3 * n], dev)?;
        let rows = Tensor::from_slice(&x, [3, n], dev)?;
        let bias = Tensor::from_slice(&y[..n], [n], dev)?;
        let column = Tensor::from_slice(&y[..3], [3, 1], dev)?;
        let longer = Tensor::from_slice(&y, [n + 8], dev)?;
        let padded = Tensor::from_slice(&y, [n + 8], dev)?;

        let got = (&line * 2.0 + 1.0).to_vec::<f32>()?;
        let want: Vec<f32> = x.iter().map(|x| x * 2.0 + 1.0).collect();
        assert_eq!(got, want, "a line of {n}");

        let got = ((&rows + &bias) * &column).to_vec::<f32>()?;
        let want: Vec<f32> = (0..3 * n).map(|i| (x[i] + y[i % n]) * y[i / n]).collect();
        assert_eq!(got, want, "rows of {n} with a row and a column");

        let got = (&rows + rows.slice(s![..;-1, ..])?).to_vec::<f32>()?;
        let want: Vec<f32> = (0..3 * n)
            .map(|i| x[i] + x[(2 - i / n) * n + i % n])
            .collect();
        assert_eq!(got, want, "rows of {n} with themselves upside down");

        // The same buffer in order and across it.
        let across = rows.t().contiguous().t();
        let got = (&rows - &across).to_vec::<f32>()?;
        assert_eq!(got, vec![0.0; 3 * n], "rows of {n} with a transposed copy");

        for start in 0..5 {
            let end = start + n as isize;
            let part = padded.slice(s![start..end])?;
            let got = (&part * &bias).to_vec::<f32>()?;
            let want: Vec<f32> = (0..n).map(|i| y[start as usize + i] * y[i]).collect();
            assert_eq!(got, want, "{n} from {start}");
        }

        // Regions of a result, each by a kernel of its own.
        let doubled = &bias * 2.0;
        let got = Tensor::concat(&[&doubled, &longer, &doubled], 0)?.to_vec::<f32>()?;
        let twice = y[..n].iter().map(|y| y * 2.0);
        let want: Vec<f32> = twice.clone().chain(y.clone()).chain(twice).collect();
        assert_eq!(got, want, "{n} beside {}", n + 8);

        // Two results of one kernel, and a long function.
        let sum = &line + 1.0;
        let product = &sum * &line;
        assert_eq!(
            product.to_vec::<f32>()?,
            x.iter().map(|x| (x + 1.0) * x).collect::<Vec<_>>()
        );
        assert_eq!(
            sum.to_vec::<f32>()?,
            x.iter().map(|x| x + 1.0).collect::<Vec<_>>()
        );
        let long = line.gelu().erf().to_vec::<f32>()?;
        let apart: Vec<f32> = (0..3 * n)
            .map(|i| {
                Tensor::from_slice(&x[i..=i], [], dev)?
                    .gelu()
                    .erf()
                    .item::<f32>()
            })
            .take(9)
            .collect::<Result<_>>()?;
        assert_eq!(long[..apart.len()], apart[..], "a long function of {n}");
    }
    Ok(())
}

/// Whole numbers, so that sums are exact in every order.
fn sums_in_every_layout(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.open(DeviceOptions::new().sentinels())?;
    for rows in [1, 3, 4, 33, 260] {
        for columns in [1, 3, 4, 7, 32, 36, 64, 129] {
            let whole: Vec<f32> = (0..rows * columns).map(|i| (i * 37 % 101) as f32).collect();
            let sum = |f: &dyn Fn(usize) -> bool| -> f32 {
                (0..rows * columns)
                    .filter(|i| f(*i))
                    .map(|i| whole[i])
                    .sum()
            };
            let by_row: Vec<f32> = (0..rows).map(|r| sum(&|i| i / columns == r)).collect();
            let by_column: Vec<f32> = (0..columns).map(|c| sum(&|i| i % columns == c)).collect();
            let x = Tensor::from_slice(&whole, [rows, columns], &dev)?;
            let case = format!("{rows} × {columns}");
            assert_eq!(x.sum(1)?.to_vec::<f32>()?, by_row, "rows of {case}");
            assert_eq!(x.sum(0)?.to_vec::<f32>()?, by_column, "columns of {case}");
            assert_eq!(
                x.t().sum(0)?.to_vec::<f32>()?,
                by_row,
                "columns of {case}, transposed"
            );
            assert_eq!(
                x.sum(..)?.item::<f32>()?,
                by_row.iter().sum::<f32>(),
                "all of {case}"
            );
            let scale = Tensor::full([rows, 1], 2.0, DType::F32, &dev)?.contiguous();
            let twice: Vec<f32> = by_column.iter().map(|s| s * 2.0).collect();
            assert_eq!(
                (&x * scale).sum(0)?.to_vec::<f32>()?,
                twice,
                "scaled rows of {case}"
            );
            let best = |row: &[f32]| {
                let most = row.iter().copied().fold(f32::MIN, f32::max);
                row.iter().position(|v| *v == most).map_or(0, |p| p as u32)
            };
            let want: Vec<u32> = whole.chunks(columns).map(best).collect();
            assert_eq!(x.argmax(1)?.to_vec::<u32>()?, want, "argmax of {case}");
        }
    }
    Ok(())
}

/// What is compiled when a reduction comes never changes its bits: a device that has met a shape for
/// which only the general shader serves keeps to it, another takes four elements at a time. Where rows
/// start anywhere in a vec4, yet another does.
fn sums_have_the_same_bits_in_every_shader(gpu: Gpu<'_>) -> Result<()> {
    let both = |axis: isize, odd: [usize; 2], even: [usize; 2]| -> Result<()> {
        let sum = |dev: &Device, shape: [usize; 2]| -> Result<Vec<u32>> {
            let x = Tensor::from_slice(&values(shape[0] * shape[1]), shape, dev)?;
            let sums = (&x * 0.37).sum(axis)?.to_vec::<f32>()?;
            // Some drivers take seconds to compile a softmax.
            let shares = match shape[0] {
                3 => x.softmax(axis)?.to_vec::<f32>()?,
                _ => vec![],
            };
            Ok(sums.into_iter().chain(shares).map(f32::to_bits).collect())
        };
        let (general, fresh) = (
            gpu.open(DeviceOptions::new())?,
            gpu.open(DeviceOptions::new())?,
        );
        sum(&general, odd)?;
        let before = general.counters().pipelines;
        let with_general = sum(&general, even)?;
        assert_eq!(
            general.counters().pipelines,
            before,
            "{even:?} compiled a shader"
        );
        assert_eq!(with_general, sum(&fresh, even)?, "axis {axis} of {even:?}");
        Ok(())
    };
    for rows in [5, 64, 1000, 5000] {
        both(1, [rows, 33], [rows, 36])?;
        both(1, [rows, 36], [rows, 33])?;
        both(0, [rows, 33], [rows, 36])?;
        both(0, [rows, 33], [rows, 64])?;
    }
    both(1, [3, 20_001], [3, 20_004])?;
    both(1, [3, 20_004], [3, 20_001])
}

/// A row more than one, after one and before it.
fn one_row_and_many(gpu: Gpu<'_>) -> Result<()> {
    for sizes in [[1, 6], [6, 1]] {
        let dev = gpu.open(DeviceOptions::new().sentinels())?;
        for rows in sizes {
            let (x, y) = (values(rows * 12), values(12));
            let rows_of_12 = Tensor::from_slice(&x, [rows, 12], &dev)?;
            let bias = Tensor::from_slice(&y, [12], &dev)?;
            let got = (&rows_of_12 + &bias).to_vec::<f32>()?;
            let want: Vec<f32> = x.iter().enumerate().map(|(i, x)| x + y[i % 12]).collect();
            assert_eq!(got, want, "{rows} of {sizes:?}");
        }
    }
    Ok(())
}
