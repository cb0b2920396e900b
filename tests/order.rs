//! Sorting and selecting agree with NumPy, PyTorch and the standard library's sort.

use tilewise::prelude::*;

use crate::scan::{same, tensor};
use crate::support::compare::assert_same;
use crate::support::golden::Golden;
use crate::support::gradient::check;
use crate::support::layouts::laid;

tests![
    golden,
    sizes,
    layouts,
    halves,
    large,
    selecting,
    errors,
    gradients,
    fused,
    partition_golden,
    partition_sizes,
    partition_layouts,
    partition_halves
];

fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("sorts.txt");
    for case in golden.cases() {
        let x = tensor(case.array("x"), device)?;
        let axis: isize = case.value("axis");
        let places = |t: Tensor| t.to_dtype(DType::I32);
        let results = [
            ("sort", x.sort(axis)?),
            ("argsort", places(x.argsort(axis)?)),
            ("descending", x.sort_descending(axis)?),
            ("argdescending", places(x.argsort_descending(axis)?)),
        ];
        for (name, got) in results {
            same(&format!("{name} of {}", case.name), &got, case.array(name))?;
        }
    }
    Ok(())
}

/// Numbers in no order; `kinds` different ones.
fn keys(n: usize, kinds: u32) -> Vec<u32> {
    let hash = |i: usize| {
        (i as u32 ^ 0x5bd1)
            .wrapping_mul(2_654_435_761)
            .rotate_left(13)
    };
    (0..n)
        .map(|i| hash(i).wrapping_mul(0x9e37_79b1) % kinds)
        .collect()
}

fn check_rows(device: &Device, rows: usize, n: usize, kinds: u32) -> Result<()> {
    let given = keys(rows * n, kinds);
    let x = Tensor::from_slice(&given, [rows, n], device)?;
    let what = format!("{rows} rows of {n}, {kinds} kinds");
    let (mut sorted, mut places) = (given.clone(), Vec::new());
    for (row, given) in sorted.chunks_mut(n).zip(given.chunks(n)) {
        row.sort_unstable();
        let mut own: Vec<u32> = (0..n as u32).collect();
        own.sort_by_key(|&i| given[i as usize]);
        places.extend(own);
    }
    assert_same(&what, &x.sort(1)?.to_vec::<u32>()?, &sorted);
    assert_same(&what, &x.argsort(1)?.to_vec::<u32>()?, &places);
    Ok(())
}

/// Sizes around those at which rows are sorted in another way.
fn sizes(device: &Device) -> Result<()> {
    for n in [
        1, 2, 3, 4, 5, 31, 63, 64, 65, 191, 193, 1000, 1023, 1024, 1025, 2049, 5000,
    ] {
        check_rows(device, 3, n, u32::MAX)?;
        check_rows(device, 1, n, 5)?;
    }
    check_rows(device, 2000, 3, u32::MAX)?;
    check_rows(device, 70, 40, 7)?;
    check_rows(device, 40, 1500, u32::MAX)?;
    check_rows(device, 2, 40_000, u32::MAX)?;
    check_rows(device, 1, 100_000, 3)
}

fn layouts(device: &Device) -> Result<()> {
    let given: Vec<f32> = (0..1300).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
    for x in laid(device, &given)? {
        let whole = Tensor::from_slice(&x.values, x.tensor.shape(), device)?;
        for axis in 0..x.tensor.ndim() as isize {
            let pairs = [
                (x.tensor.sort(axis)?, whole.sort(axis)?),
                (x.tensor.argsort(axis)?, whole.argsort(axis)?),
            ];
            for (got, want) in pairs {
                assert_eq!(got.shape(), x.tensor.shape());
                assert_same(x.name, &got.to_vec::<f64>()?, &want.to_vec::<f64>()?);
            }
        }
    }
    // Constants have no storage.
    let places = Tensor::ones([2, 3], device)?.argsort(1)?.to_vec::<u32>()?;
    assert_eq!(places, [0, 1, 2, 0, 1, 2]);
    Ok(())
}

fn halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    let given: Vec<f32> = (0..3000)
        .map(|i| ((i * 37) % 101) as f32 / 8.0 - 5.0)
        .collect();
    let x = Tensor::from_slice(&given, [given.len()], device)?;
    let halves = x.to_dtype(DType::F16);
    let sorted = halves.sort(0)?;
    assert_eq!(sorted.dtype(), DType::F16);
    let sorted: Vec<f32> = sorted.to_dtype(DType::F32).to_vec()?;
    assert_same("values", &sorted, &x.sort(0)?.to_vec::<f32>()?);
    let places: Vec<u32> = halves.argsort(0)?.to_vec()?;
    assert_same("places", &places, &x.argsort(0)?.to_vec::<u32>()?);
    Ok(())
}

fn large(device: &Device) -> Result<()> {
    let n = 1 << 20;
    check_rows(device, 1, n, u32::MAX)?;
    let given: Vec<f32> = keys(n, u32::MAX)
        .iter()
        .map(|&k| f32::from_bits(k))
        .collect();
    let mut want = given.clone();
    want.sort_by(f32::total_cmp);
    // Every NaN is last.
    want.retain(|v| !v.is_nan());
    let got: Vec<f32> = Tensor::from_slice(&given, [n], device)?.sort(0)?.to_vec()?;
    assert_same("floats", &got[..want.len()], &want);
    assert!(got[want.len()..].iter().all(|v| v.is_nan()));
    Ok(())
}

/// Some ranks of short and of long rows.
fn selecting(device: &Device) -> Result<()> {
    for (n, kinds) in [
        (1, 9),
        (10, 4),
        (700, u32::MAX),
        (3000, 50),
        (70_000, u32::MAX),
        (70_000, 2),
    ] {
        let given = keys(n, kinds);
        let x = Tensor::from_slice(&given, [n], device)?;
        let (sorted, order) = (x.sort(0)?.to_vec::<u32>()?, x.argsort(0)?.to_vec::<u32>()?);
        let down: Vec<u32> = x.argsort_descending(0)?.to_vec()?;
        for k in [0, 1, n / 3, n / 2, n - 1, n] {
            let (values, places) = x.topk_smallest(k, 0)?;
            assert_same("smallest", &values.to_vec::<u32>()?, &sorted[..k]);
            assert_same("their places", &places.to_vec::<u32>()?, &order[..k]);
            let (values, places) = x.topk(k, 0)?;
            let largest: Vec<u32> = sorted.iter().rev().take(k).copied().collect();
            assert_same("largest", &values.to_vec::<u32>()?, &largest);
            assert_same("their places", &places.to_vec::<u32>()?, &down[..k]);
            if k > 0 {
                let (value, place) = x.kthvalue(k, 0)?;
                assert_eq!(value.shape(), [0; 0]);
                assert_eq!(value.item::<u32>()?, sorted[k - 1]);
                assert_eq!(place.item::<u32>()?, order[k - 1]);
            }
        }
    }
    // Along an axis that is not the last.
    let x = Tensor::from_slice(&keys(60, 100), [3, 4, 5], device)?;
    let (values, places) = x.topk(2, 1)?;
    assert_eq!(
        (values.shape(), places.shape()),
        (&[3, 2, 5][..], &[3, 2, 5][..])
    );
    let all = x.sort_descending(1)?.narrow(1, 0, 2)?;
    assert_same("axis 1", &values.to_vec::<u32>()?, &all.to_vec::<u32>()?);
    Ok(())
}

fn partition_golden(device: &Device) -> Result<()> {
    let golden = Golden::read("partitions.txt");
    for case in golden.cases() {
        let x = tensor(case.array("x"), device)?;
        let (axis, kth): (isize, isize) = (case.value("axis"), case.value("kth"));
        let got = x.partition(kth, axis)?;
        same(&case.name, &got, case.array("partition"))?;
        if x.dtype() == DType::F32 {
            // Zeros by their signs too.
            let signs = |values: Vec<f32>| -> Vec<bool> {
                let zero = |v: &f32| *v == 0.0 && v.is_sign_negative();
                values.iter().map(zero).collect()
            };
            let want = case.array("partition").values();
            assert_eq!(signs(got.to_vec()?), signs(want), "{}", case.name);
        }
        let places = x.argpartition(kth, axis)?.to_dtype(DType::I32);
        same(&case.name, &places, case.array("argpartition"))?;
    }
    Ok(())
}

/// A row's places parted by the key of a rank.
fn parted(row: &[u32], kth: usize) -> Vec<u32> {
    let mut sorted = row.to_vec();
    sorted.sort_unstable();
    let mut places: Vec<u32> = (0..row.len() as u32).collect();
    places.sort_by_key(|&i| row[i as usize].cmp(&sorted[kth]));
    places
}

fn check_parted(device: &Device, rows: usize, given: &[u32], kth: usize) -> Result<()> {
    let n = given.len() / rows;
    let x = Tensor::from_slice(given, [rows, n], device)?;
    let what = format!("{rows} rows of {n} around {kth}");
    let (mut values, mut places) = (Vec::new(), Vec::new());
    for row in given.chunks(n) {
        let own = parted(row, kth);
        values.extend(own.iter().map(|&i| row[i as usize]));
        places.extend(own);
    }
    let kth = kth as isize;
    assert_same(&what, &x.partition(kth, 1)?.to_vec::<u32>()?, &values);
    let got = x.argpartition(kth - n as isize, -1)?.to_vec::<u32>()?;
    assert_same(&what, &got, &places);
    Ok(())
}

/// Sizes around those at which rows are parted in another way, and keys that are hard to tell apart.
fn partition_sizes(device: &Device) -> Result<()> {
    for n in [
        1, 2, 7, 8, 9, 64, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024, 1025, 5000,
    ] {
        for (rows, kinds) in [(1, u32::MAX), (3, 5), (20, u32::MAX)] {
            let given = keys(rows * n, kinds);
            for kth in [0, n / 3, n - 1] {
                check_parted(device, rows, &given, kth)?;
            }
        }
    }
    for (rows, n) in [
        (17, 16_384),
        (9, 16_385),
        (2, 32_767),
        (2, 32_768),
        (1, 100_003),
    ] {
        for kinds in [u32::MAX, 3, 1] {
            check_parted(device, rows, &keys(rows * n, kinds), n / 2)?;
        }
    }
    // All but a few in one bucket of each round.
    for n in [700, 90_000] {
        let mut given: Vec<u32> = keys(n, 3000).iter().map(|k| 1 << 20 | k).collect();
        (given[5], given[n / 9 * 7]) = (0, u32::MAX);
        for kth in [0, 1, 2, n / 2, n - 2, n - 1] {
            check_parted(device, 1, &given, kth)?;
        }
    }
    Ok(())
}

fn partition_layouts(device: &Device) -> Result<()> {
    let given: Vec<f32> = (0..1300).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
    for x in laid(device, &given)? {
        let whole = Tensor::from_slice(&x.values, x.tensor.shape(), device)?;
        for axis in 0..x.tensor.ndim() as isize {
            let Some(kth) = x.tensor.shape()[axis as usize].checked_sub(1) else {
                assert!(x.tensor.partition(0, axis).is_err());
                continue;
            };
            let kth = kth as isize / 2;
            let pairs = [
                (x.tensor.partition(kth, axis)?, whole.partition(kth, axis)?),
                (
                    x.tensor.argpartition(kth, axis)?,
                    whole.argpartition(kth, axis)?,
                ),
            ];
            for (got, want) in pairs {
                assert_eq!(got.shape(), x.tensor.shape());
                assert_same(x.name, &got.to_vec::<f64>()?, &want.to_vec::<f64>()?);
            }
        }
    }
    // Constants have no storage.
    let places = Tensor::ones([2, 3], device)?.argpartition(1, 1)?;
    assert_eq!(places.to_vec::<u32>()?, [0, 1, 2, 0, 1, 2]);
    Ok(())
}

fn partition_halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    for n in [300, 3000, 40_000] {
        let given: Vec<f32> = (0..n)
            .map(|i| ((i * 37) % 101) as f32 / 8.0 - 5.0)
            .collect();
        let x = Tensor::from_slice(&given, [n], device)?;
        let halves = x.to_dtype(DType::F16);
        let kth = n as isize / 4;
        let parted = halves.partition(kth, 0)?;
        assert_eq!(parted.dtype(), DType::F16);
        let parted: Vec<f32> = parted.to_dtype(DType::F32).to_vec()?;
        assert_same("values", &parted, &x.partition(kth, 0)?.to_vec::<f32>()?);
        let places: Vec<u32> = halves.argpartition(kth, 0)?.to_vec()?;
        assert_same("places", &places, &x.argpartition(kth, 0)?.to_vec::<u32>()?);
    }
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    let x = Tensor::ones([2, 3], device)?;
    let said = |result: Result<Tensor>, words: &str| {
        let error = result.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    said(x.sort(2), "axis 2");
    said(x.argsort(-3), "axis -3");
    said(x.partition(3, 1), "kth = 3");
    said(x.argpartition(-4, 1), "kth = -4");
    said(x.topk(4, 1).map(|t| t.0), "no 4 elements");
    said(x.kthvalue(0, 1).map(|t| t.0), "from 1 to 3");
    said(x.kthvalue(4, 1).map(|t| t.0), "from 1 to 3");
    let scalar = Tensor::new(3f32, device)?;
    assert!(scalar.sort(0).is_err());
    assert!(scalar.partition(0, 0).is_err());
    let empty = Tensor::zeros([2, 0], device)?;
    said(empty.partition(0, 1), "which has 0");
    assert_eq!(empty.partition(1, 0)?.shape(), [2, 0]);
    Ok(())
}

fn gradients(device: &Device) -> Result<()> {
    let x: &[f32] = &[0.5, -1.25, 2.0, 0.75, -0.25, 1.5];
    for (shape, axis) in [(&[6][..], 0), (&[2, 3], 1), (&[3, 2], 0)] {
        let input = &[(x, shape)][..];
        check(device, "sort", input, |x| x[0].sort(axis));
        check(device, "sort down", input, |x| {
            x[0].square().sort_descending(axis)
        });
        check(device, "topk", input, |x| Ok(x[0].topk(2, axis)?.0));
        check(device, "kthvalue", input, |x| Ok(x[0].kthvalue(2, axis)?.0));
        check(device, "partition", input, |x| x[0].partition(1, axis));
    }
    Ok(())
}

/// What comes before and after a sort runs in its kernel, at any length.
fn fused(device: &Device) -> Result<()> {
    for n in [50, 3000] {
        let given: Vec<f32> = (0..n).map(|i| ((i * 37) % 101) as f32).collect();
        let x = Tensor::from_slice(&given, [n], device)?;
        x.to_vec::<f32>()?;
        let y = (&x * -2.0).sort(0)? + 1.0;
        let plan = y.explain();
        assert!(
            plan.contains("sort") && plan.contains("1 kernels"),
            "{plan}"
        );
        let mut want: Vec<f32> = given.iter().map(|v| v * -2.0 + 1.0).collect();
        want.sort_by(f32::total_cmp);
        assert_same("fused", &y.to_vec::<f32>()?, &want);
    }
    Ok(())
}
