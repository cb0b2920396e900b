//! Bools as they are stored: a byte each on the CPU, a word on a GPU, the same values on both.

use tilewise::prelude::*;
use tilewise::{DeviceKind, Result};

use crate::support::Gpu;

tests![
    lengths,
    reductions_of_long_rows,
    reductions_along_axes,
    views,
    regions,
    places,
    between_dtypes,
    dying_bools_are_not_floats,
    sizes,
    between_devices,
    beside_words_in_runs,
];

/// Lengths about those of vectors, blocks and spans.
const LENGTHS: [usize; 14] = [
    1, 3, 4, 5, 63, 65, 511, 513, 4097, 16_383, 16_385, 131_071, 131_073, 300_001,
];

/// Bools without a short period.
fn pattern(len: usize, seed: u32) -> Vec<bool> {
    let mixed = |i: u32| i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13;
    let one = |i: u32| mixed(i).is_multiple_of(3);
    (0..len as u32).map(one).collect()
}

fn tensor(values: &[bool], dev: &Device) -> Result<Tensor> {
    Tensor::from_slice(values, [values.len()], dev)
}

fn lengths(dev: &Device) -> Result<()> {
    for len in LENGTHS {
        let (a, b, c) = (pattern(len, 1), pattern(len, 7), pattern(len, 9));
        let [x, y, z] = [tensor(&a, dev)?, tensor(&b, dev)?, tensor(&c, dev)?];
        let each = |f: fn(bool, bool, bool) -> bool| -> Vec<bool> {
            (0..len).map(|i| f(a[i], b[i], c[i])).collect()
        };
        let both = x.logical_and(&y)?;
        assert_eq!(both.to_vec::<bool>()?, each(|a, b, _| a && b), "{len}");
        let chain = (!&x).logical_or(&y)?.logical_xor(&z)?;
        let want = each(|a, b, c| (!a || b) != c);
        assert_eq!(chain.to_vec::<bool>()?, want, "{len}");
        assert_eq!((&x & true).to_vec::<bool>()?, a, "{len}");
        assert_eq!(x.eq(&y)?.to_vec::<bool>()?, each(|a, b, _| a == b), "{len}");
        assert_eq!(x.lt(&y)?.to_vec::<bool>()?, each(|a, b, _| !a & b), "{len}");
        let chosen = x.select(&y, &z)?;
        let want = each(|a, b, c| if a { b } else { c });
        assert_eq!(chosen.to_vec::<bool>()?, want, "{len}");
        let numbers: Vec<f64> = a.iter().map(|&v| v.into()).collect();
        assert_eq!(x.to_vec::<f64>()?, numbers, "{len}");
        let numbers: Vec<i64> = a.iter().map(|&v| v.into()).collect();
        assert_eq!(x.to_vec::<i64>()?, numbers, "{len}");
    }
    Ok(())
}

fn reductions_of_long_rows(dev: &Device) -> Result<()> {
    for len in LENGTHS {
        let mut at = vec![0, len / 2, len - 1];
        at.extend([130_000, 140_000, 299_000].iter().filter(|&&at| at < len));
        for wanted in [true, false] {
            let mut values = vec![!wanted; len];
            let none = tensor(&values, dev)?;
            assert_eq!(none.any(..)?.item::<bool>()?, !wanted, "{len}");
            assert_eq!(none.all(..)?.item::<bool>()?, !wanted, "{len}");
            let [most, least] = [none.argmax(..)?, none.argmin(..)?];
            let firsts = [most.item::<u32>()?, least.item::<u32>()?];
            assert_eq!(firsts, [0, 0], "{len}");
            for &place in &at {
                values[place] = wanted;
                values[len - 1] = wanted;
                let x = tensor(&values, dev)?;
                let one = values.iter().any(|&v| v);
                assert_eq!(x.any(..)?.item::<bool>()?, one, "{len}, {place}");
                let all = values.iter().all(|&v| v);
                assert_eq!(x.all(..)?.item::<bool>()?, all, "{len}, {place}");
                let first = if wanted { x.argmax(..)? } else { x.argmin(..)? };
                let want = values.iter().position(|&v| v == wanted);
                let want = want.unwrap_or(0) as u32;
                assert_eq!(first.item::<u32>()?, want, "{len}, {place}");
                let count = values.iter().filter(|&&v| v).count();
                let counted = x.count_nonzero(..)?.item::<i32>()?;
                assert_eq!(counted as usize, count, "{len}, {place}");
                values[place] = !wanted;
                values[len - 1] = !wanted;
            }
        }
        let values = pattern(len, 3);
        let count = values.iter().filter(|&&v| v).count();
        let x = tensor(&values, dev)?;
        assert_eq!(x.count_nonzero(..)?.item::<i32>()? as usize, count, "{len}");
    }
    Ok(())
}

fn reductions_along_axes(dev: &Device) -> Result<()> {
    for (rows, columns) in [(1, 7), (7, 1), (3, 5), (300, 65), (5, 20_000), (20_000, 5)] {
        // All of one kind but in few places, so that rows and columns differ.
        for rare in [true, false] {
            let mut values = vec![!rare; rows * columns];
            for i in 0..rows.max(columns) / 3 + 1 {
                values[(i * 7 % rows) * columns + i * 5 % columns] = rare;
            }
            let x = tensor(&values, dev)?.reshape([rows, columns])?;
            let value = |i: usize, j: usize| values[i * columns + j];
            for (x, axis) in [(&x, 0), (&x, 1), (&x.t(), 1), (&x.t(), 0)] {
                let [outer, _] = [x.shape()[1 - axis], x.shape()[axis]];
                let turned = x.shape()[0] != rows || !x.is_contiguous();
                let along = |o: usize, i: usize| match (axis == 1) != turned {
                    true => value(o, i),
                    false => value(i, o),
                };
                let n = x.shape()[axis];
                let of = |f: &dyn Fn(&[bool]) -> u32| -> Vec<u32> {
                    let row = |o: usize| (0..n).map(|i| along(o, i)).collect::<Vec<bool>>();
                    (0..outer).map(|o| f(&row(o))).collect()
                };
                let axis = axis as isize;
                let what = format!("{rows} × {columns}, {axis}");
                let any = x.any(axis)?.to_dtype(DType::U32).to_vec::<u32>()?;
                assert_eq!(any, of(&|row| row.iter().any(|&v| v).into()), "{what}");
                let all = x.all(axis)?.to_dtype(DType::U32).to_vec::<u32>()?;
                assert_eq!(all, of(&|row| row.iter().all(|&v| v).into()), "{what}");
                let count = x.count_nonzero(axis)?.to_dtype(DType::U32);
                let want = of(&|row| row.iter().filter(|&&v| v).count() as u32);
                assert_eq!(count.to_vec::<u32>()?, want, "{what}");
                let first = x.argmax(axis)?.to_vec::<u32>()?;
                let want = of(&|row| row.iter().position(|&v| v).unwrap_or(0) as u32);
                assert_eq!(first, want, "{what}");
                // What follows a reduction, and what comes before one.
                let none = (!&x.any(axis)?).to_vec::<bool>()?;
                let want: Vec<bool> = any.iter().map(|&v| v == 0).collect();
                assert_eq!(none, want, "{what}");
                let turned = (!x).all(axis)?.to_vec::<bool>()?;
                assert_eq!(turned, want, "{what}");
                let shares = x.any(axis)?.select(count.to_dtype(DType::F32), -1.0)?;
                let want: Vec<f32> = count.to_vec::<u32>()?.iter().map(|&c| c as f32).collect();
                let want: Vec<f32> = want.iter().map(|&c| if c > 0. { c } else { -1. }).collect();
                assert_eq!(shares.to_vec::<f32>()?, want, "{what}");
            }
        }
    }
    Ok(())
}

fn views(dev: &Device) -> Result<()> {
    let values = pattern(1001, 5);
    let x = tensor(&values, dev)?;
    for start in 0..9 {
        // A part that starts anywhere in a word.
        let part = x.slice(s![start..start + 700])?;
        let want = &values[start as usize..start as usize + 700];
        assert_eq!(part.to_vec::<bool>()?, want, "{start}");
        assert_eq!(part.contiguous().to_vec::<bool>()?, want, "{start}");
        let count = want.iter().filter(|&&v| v).count();
        assert_eq!(part.count_nonzero(..)?.item::<i32>()? as usize, count);
        let opposite: Vec<bool> = want.iter().map(|v| !v).collect();
        assert_eq!((!&part).to_vec::<bool>()?, opposite, "{start}");
        let odd: Vec<bool> = want.iter().copied().skip(1).step_by(3).collect();
        assert_eq!(part.slice(s![1..;3])?.to_vec::<bool>()?, odd, "{start}");
    }
    let flipped: Vec<bool> = values.iter().rev().copied().collect();
    assert_eq!(x.slice(s![..;-1])?.to_vec::<bool>()?, flipped);
    for columns in [3, 7, 9, 13] {
        let m = x.reshape([1001])?.slice(s![..columns * 70])?;
        let m = m.reshape([70, columns])?;
        let columns = columns as usize;
        let turned: Vec<bool> = (0..70 * columns)
            .map(|i| values[i % 70 * columns + i / 70])
            .collect();
        assert_eq!(m.t().to_vec::<bool>()?, turned, "{columns}");
        let spread = m.slice(s![..1])?.broadcast_to([5, columns])?;
        let want: Vec<bool> = (0..5 * columns).map(|i| values[i % columns]).collect();
        assert_eq!(spread.to_vec::<bool>()?, want, "{columns}");
        // A row and a column that all elements share.
        let (row, column) = (m.slice(s![..1])?, m.slice(s![.., ..1])?);
        let both = row.logical_and(&column)?.to_vec::<bool>()?;
        let want: Vec<bool> = (0..70 * columns)
            .map(|i| values[i % columns] && values[i / columns * columns])
            .collect();
        assert_eq!(both, want, "{columns}");
    }
    Ok(())
}

fn regions(dev: &Device) -> Result<()> {
    // Parts that start and end inside words, and rows that share them.
    let (a, b) = (pattern(3 * 70_001, 1), pattern(3 * 5, 2));
    let x = tensor(&a, dev)?.reshape([3, 70_001])?;
    let y = tensor(&b, dev)?.reshape([3, 5])?;
    let joined = Tensor::concat(&[&y, &x, &!&y], 1)?.to_vec::<bool>()?;
    let want: Vec<bool> = (0..3)
        .flat_map(|i| {
            let (ends, middle) = (&b[i * 5..][..5], &a[i * 70_001..][..70_001]);
            let opposite: Vec<bool> = ends.iter().map(|v| !v).collect();
            [ends, middle, &opposite].concat()
        })
        .collect();
    assert_eq!(joined, want);
    let mut z = tensor(&a, dev)?;
    z.set(s![5..12], !&tensor(&a[5..12], dev)?)?;
    z.set(s![1001..70_000;3], true)?;
    let mut want = a.clone();
    want[5..12].iter_mut().for_each(|v| *v = !*v);
    want[1001..70_000]
        .iter_mut()
        .step_by(3)
        .for_each(|v| *v = true);
    assert_eq!(z.to_vec::<bool>()?, want);
    Ok(())
}

fn places(dev: &Device) -> Result<()> {
    let values = pattern(1000, 3);
    let x = tensor(&values, dev)?;
    let index: Vec<i32> = (0..777).map(|i| (i * 37 % 1000) - (i % 2) * 1000).collect();
    let at = |i: i32| values[i.rem_euclid(1000) as usize];
    let taken = x.take(&Tensor::from_slice(&index, [777], dev)?, 0)?;
    let want: Vec<bool> = index.iter().map(|&i| at(i)).collect();
    assert_eq!(taken.to_vec::<bool>()?, want);
    let m = x
        .reshape([10, 100])?
        .index_select(1, &Tensor::new([3u32, 99, 3], dev)?)?;
    let want: Vec<bool> = (0..30)
        .map(|i| values[i / 3 * 100 + [3, 99, 3][i % 3]])
        .collect();
    assert_eq!(m.to_vec::<bool>()?, want);
    // An index for each element, along a row longer than are gathered at once.
    let which: Vec<u32> = (0..500).map(|i| i * 7 % 2).collect();
    let which_of = Tensor::from_slice(&which, [1, 500], dev)?;
    let taken = x.reshape([2, 500])?.take_along_axis(&which_of, 0)?;
    let each = which.iter().enumerate();
    let want: Vec<bool> = each.map(|(i, &w)| values[w as usize * 500 + i]).collect();
    assert_eq!(taken.to_vec::<bool>()?, want);
    // What bools choose of bools, and their places.
    let mask = tensor(&pattern(1000, 8), dev)?;
    let chosen = x.masked_select(&mask)?.to_vec::<bool>()?;
    let pairs = values.iter().zip(pattern(1000, 8));
    let want: Vec<bool> = pairs.filter(|(_, m)| *m).map(|(&v, _)| v).collect();
    assert_eq!(chosen, want);
    let places = x.flatnonzero()?.to_vec::<u32>()?;
    let want: Vec<u32> = (0..1000).filter(|&i| values[i as usize]).collect();
    assert_eq!(places, want);
    // Several for one place: the last stays, and one that is true is enough.
    let (to, given) = (
        Tensor::new([7u32, 3, 7], dev)?,
        [!values[7], true, values[7]],
    );
    let mut y = x.clone();
    y.set_at(&[&to], &tensor(&given, dev)?)?;
    let mut want = values.clone();
    want[3] = true;
    assert_eq!(y.to_vec::<bool>()?, want);
    let running = x.cummax(0)?.to_vec::<bool>()?;
    let first = values.iter().position(|&v| v).unwrap_or(1000);
    let want: Vec<bool> = (0..1000).map(|i| i >= first).collect();
    assert_eq!(running, want);
    let sorted = x.sort(0)?.to_vec::<bool>()?;
    let falses = values.iter().filter(|&&v| !v).count();
    assert!(sorted.iter().enumerate().all(|(i, &v)| v == (i >= falses)));
    let edges = Tensor::new([false, false, true], dev)?;
    let found = edges.searchsorted(&tensor(&[false, true], dev)?, false)?;
    assert_eq!(found.to_vec::<u32>()?, [0, 2]);
    Ok(())
}

fn between_dtypes(dev: &Device) -> Result<()> {
    let len = 5001;
    let numbers: Vec<f32> = (0..len).map(|i| (i % 7) as f32 - 3.0).collect();
    let x = Tensor::from_slice(&numbers, [len], dev)?;
    let (low, high) = (x.lt(0.0)?, x.gt(2.0)?);
    // Comparisons and numbers in one program, with two results of different sizes.
    let outside = low.logical_or(&high)?;
    let kept = outside.select(0.0, &x)?;
    let count = (outside.to_dtype(DType::F32) + high.to_dtype(DType::F32)).to_vec::<f32>()?;
    let host = |f: &dyn Fn(f32) -> f32| -> Vec<f32> { numbers.iter().map(|&v| f(v)).collect() };
    let is_outside = |v: f32| !(0.0..=2.0).contains(&v);
    assert_eq!(
        kept.to_vec::<f32>()?,
        host(&|v| if is_outside(v) { 0. } else { v })
    );
    let want: Vec<bool> = numbers.iter().map(|&v| is_outside(v)).collect();
    assert_eq!(outside.to_vec::<bool>()?, want);
    let want = host(&|v| f32::from(is_outside(v)) + f32::from(v > 2.0));
    assert_eq!(count, want);
    for dtype in [DType::I32, DType::U32] {
        let numbers = outside.to_dtype(dtype);
        assert_eq!(
            numbers.to_dtype(DType::Bool).to_vec::<bool>()?,
            outside.to_vec::<bool>()?
        );
        let sum = numbers.sum(..)?.to_vec::<f64>()?[0];
        assert_eq!(
            sum as usize,
            numbers
                .to_vec::<f64>()?
                .iter()
                .filter(|&&v| v > 0.0)
                .count()
        );
    }
    let constant = Tensor::full([37], true, DType::Bool, dev)?;
    assert_eq!(constant.to_vec::<bool>()?, [true; 37]);
    assert_eq!(
        (constant.to_dtype(DType::I32) + 1).to_vec::<i32>()?,
        [2; 37]
    );
    Ok(())
}

/// A buffer goes to a result of its own dtype and size alone.
fn dying_bools_are_not_floats(dev: &Device) -> Result<()> {
    let values = pattern(4096, 4);
    for _ in 0..3 {
        let mask = tensor(&values, dev)?;
        dev.flush()?;
        let numbers = mask.to_dtype(DType::F32) + 0.5;
        drop(mask);
        dev.flush()?;
        let back = numbers.gt(1.0)?;
        drop(numbers);
        dev.flush()?;
        let again = (!&back).to_dtype(DType::U32);
        assert_eq!(back.to_vec::<bool>()?, values);
        let want: Vec<u32> = values.iter().map(|&v| (!v).into()).collect();
        assert_eq!(again.to_vec::<u32>()?, want);
    }
    Ok(())
}

fn sizes(dev: &Device) -> Result<()> {
    let size = match dev.info().kind {
        DeviceKind::Cpu => 1,
        _ => 4,
    };
    let (x, y) = (
        tensor(&pattern(1000, 1), dev)?,
        tensor(&pattern(1000, 2), dev)?,
    );
    assert_eq!(x.nbytes(), 1000 * size);
    assert_eq!(DType::Bool.size(), 1);
    dev.flush()?;
    let both = x.logical_and(&y)?;
    let plan = both.explain();
    assert!(
        plan.contains(&format!(" {} bytes moved", 3000 * size)),
        "{plan}"
    );
    Ok(())
}

fn between_devices(Gpu(dev): Gpu<'_>) -> Result<()> {
    let cpu = Device::cpu();
    for len in [1, 5, 1001] {
        let values = pattern(len, 6);
        let here = tensor(&values, &cpu)?;
        let there = (!&here.to_device(dev)?).to_device(&cpu)?;
        let want: Vec<bool> = values.iter().map(|v| !v).collect();
        assert_eq!(there.to_vec::<bool>()?, want, "{len}");
        let constant = Tensor::full([len], true, DType::Bool, &cpu)?.to_device(dev)?;
        assert_eq!(constant.to_vec::<bool>()?, vec![true; len]);
    }
    Ok(())
}

/// A row that repeats is computed run by run within a block: what a run leaves in a register is not written over
/// by bools of the next, whose registers are shorter.
fn beside_words_in_runs(device: &Device) -> Result<()> {
    let values =
        |n: usize, by: usize| -> Vec<f32> { (0..n).map(|i| (i * by % 15) as f32 - 7.0).collect() };
    for (rows, n) in [(3, 289), (40, 17), (5, 65)] {
        let (x, row) = (values(rows * n, 7), values(n, 11));
        let x = Tensor::from_slice(&x, [rows, n], device)?;
        let row = Tensor::from_slice(&row, [n], device)?;
        // The product is read again and stored, so that it stays in its register, which was that of the bools.
        let product = x.gt(0)?.to_dtype(DType::F32).try_mul(&row)?;
        let rest = product.remainder(8)?;
        device.flush()?;
        let given: Vec<f32> = x.to_vec()?;
        let factors: Vec<f32> = row.to_vec()?;
        let want: Vec<f32> = (0..rows * n)
            .map(|i| if given[i] > 0.0 { factors[i % n] } else { 0.0 })
            .collect();
        let each: Vec<f32> = want.iter().map(|v| v.rem_euclid(8.0)).collect();
        assert_eq!(product.to_vec::<f32>()?, want, "{rows} rows of {n}");
        assert_eq!(rest.to_vec::<f32>()?, each, "{rows} rows of {n}");
    }
    Ok(())
}
