//! Products of matrices agree with NumPy's.

use tilewise::{DType, Device, Generator, Result, Tensor, f16};

use crate::support::compare::{assert_bits, assert_near, assert_same};
use crate::support::golden::{Array, Golden};

tests![
    golden,
    layouts,
    sizes,
    large,
    few_columns,
    few_columns_not_finite,
    within_the_bound,
    rows,
    dtypes,
    epilogues,
    more_terms_than_a_loop_may_have
];

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    Tensor::from_slice(&array.values::<f32>(), array.shape.as_slice(), device)
}

fn golden(device: &Device) -> Result<()> {
    for case in Golden::read("matmul.txt").cases() {
        let Some(numpy) = case.text("error") else {
            let (a, b) = (
                tensor(case.array("a"), device)?,
                tensor(case.array("b"), device)?,
            );
            let (got, want) = (a.matmul(&b)?, case.array("result"));
            assert_eq!(got.shape(), want.shape, "{}", case.name);
            assert_same(&case.name, &got.to_vec::<f32>()?, &want.values());
            continue;
        };
        let (a, b) = (
            tensor(case.array("a"), device)?,
            tensor(case.array("b"), device)?,
        );
        let error = a.matmul(&b).expect_err(numpy).to_string();
        // dot's words are kept; matmul's speak of gufuncs, ours do not.
        if numpy.starts_with("shapes") {
            assert!(error.contains(numpy), "{}: {error}", case.name);
        }
        assert!(error.contains("matmul"), "{error}");
    }
    Ok(())
}

/// The product by loops over plain arrays, in f64.
fn plain(a: &[f64], b: &[f64], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
    let mut out = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for l in 0..k {
                out[i * n + j] += a[i * k + l] * b[l * n + j];
            }
        }
    }
    out
}

/// Quarters in [−4, 4]: products and sums of up to 2¹⁵ of them are exact in f32.
fn quarters(n: usize, seed: usize) -> Vec<f64> {
    (0..n)
        .map(|i| (((i + seed) * 7919 % 33) as f64 - 16.0) / 4.0)
        .collect()
}

/// Products that are shared among threads, by rows and by blocks, whose operands are transposed in parts,
/// and those of a vector and a tall matrix. Some rows are compared.
fn large(device: &Device) -> Result<()> {
    for (m, k, n) in [
        (97, 400, 130),
        (1030, 512, 520),
        (50, 600, 700),
        (50, 9000, 100),
        (300, 8300, 120),
        (16, 7000, 130),
        (1, 1100, 4100),
        (1, 520, 1),
        (4100, 1001, 1),
    ] {
        let (a, b) = (quarters(m * k, 5), quarters(k * n, 6));
        let x = Tensor::from_slice(&a, [m, k], device)?;
        let y = Tensor::from_slice(&b, [k, n], device)?;
        let rows: Vec<usize> = (0..m)
            .filter(|i| *i < 2 || i % 500 > 495 || i + 2 > m)
            .collect();
        let some: Vec<f64> = rows.iter().flat_map(|i| a[i * k..][..k].to_vec()).collect();
        let want = plain(&some, &b, (rows.len(), k, n));
        let across = |t: &Tensor| t.t().contiguous().t();
        for (name, x, y) in [
            ("", &x, &y),
            ("left across, ", &across(&x), &y),
            ("right across, ", &x, &across(&y)),
            ("both across, ", &across(&x), &across(&y)),
        ] {
            let all: Vec<f64> = x.matmul(y)?.to_vec()?;
            let got: Vec<f64> = rows
                .iter()
                .flat_map(|i| all[i * n..][..n].to_vec())
                .collect();
            assert_same(&format!("{name}{m}×{k} @ {k}×{n}"), &got, &want);
        }
    }
    Ok(())
}

/// Products of few columns and one row times long rows, with operands of every layout.
fn few_columns(device: &Device) -> Result<()> {
    let sizes = [
        (31, 5, 3),
        (32, 1, 2),
        (33, 511, 15),
        (40, 513, 16),
        (35, 1100, 17),
        (300, 40, 31),
        (1100, 33, 48),
        (50, 70, 64),
        (50, 70, 65),
        (33, 30, 128),
        (200, 3001, 40),
        (40, 2500, 100),
        (1, 3, 33_000),
        (1, 13, 40_001),
        (33_003, 5, 1),
    ];
    for (m, k, n) in sizes {
        let (a, b) = (quarters(m * k, 3), quarters(k * n, 4));
        let want = plain(&a, &b, (m, k, n));
        let x = Tensor::from_slice(&a, [m, k], device)?;
        let y = Tensor::from_slice(&b, [k, n], device)?;
        let across = |t: &Tensor| t.t().contiguous().t();
        let turned = |t: &Tensor, axis| t.flip(axis)?.contiguous().flip(axis);
        let wider = |t: &Tensor| Tensor::concat(&[t, t], 1)?.narrow(1, 0, t.shape()[1]);
        let name = |what: &str| format!("{what}, {m}×{k} @ {k}×{n}");
        for (what, x, y) in [
            ("in order", x.clone(), y.clone()),
            ("left across", across(&x), y.clone()),
            ("right across", x.clone(), across(&y)),
            ("rows of both turned", turned(&x, 0)?, turned(&y, 0)?),
            ("columns of both turned", turned(&x, 1)?, turned(&y, 1)?),
            ("parts of wider ones", wider(&x)?, wider(&y)?),
        ] {
            let got: Vec<f64> = x.matmul(&y)?.to_vec()?;
            assert_same(&name(what), &got, &want);
        }
        let batch = Tensor::stack(&[&x, &(&x * 2.0)], 0)?;
        let got: Vec<f64> = batch.matmul(&y)?.to_vec()?;
        let twice: Vec<f64> = want.iter().map(|v| 2.0 * v).collect();
        assert_same(&name("a batch"), &got, &[&want[..], &twice].concat());
        // One column for all.
        let column = y.narrow(1, 0, 1)?;
        let got: Vec<f64> = x.matmul(&column.broadcast_to([k, n])?)?.to_vec()?;
        let first = want.chunks(n).flat_map(|row| vec![row[0]; n]);
        assert_same(&name("broadcast"), &got, &first.collect::<Vec<_>>());
        for dtype in [DType::F16, DType::I32] {
            if dtype == DType::F16 && !device.supports_f16() {
                continue;
            }
            let (a, b) = (quarters(m * k, 3), quarters(k * n, 4));
            let small = |v: &[f64]| v.iter().map(|v| v.trunc()).collect::<Vec<f64>>();
            let (a, b) = (small(&a), small(&b));
            let tensor = |v: &[f64], dims| Tensor::from_slice(v, dims, device);
            let (x, y) = (tensor(&a, [m, k])?, tensor(&b, [k, n])?);
            let got = x.to_dtype(dtype).matmul(&y.to_dtype(dtype))?;
            let round = |v: f64| match dtype {
                DType::F16 => f16::from_f64(v).to_f64(),
                _ => v,
            };
            let want: Vec<f64> = plain(&a, &b, (m, k, n)).into_iter().map(round).collect();
            assert_same(&name(&format!("{dtype}")), &got.to_vec::<f64>()?, &want);
        }
    }
    Ok(())
}

/// What is not finite reaches the elements that it is a part of and no others.
fn few_columns_not_finite(device: &Device) -> Result<()> {
    let (m, k, n) = (37, 20, 18);
    let (mut a, mut b) = (quarters(m * k, 3), quarters(k * n, 4));
    (a[5 * k + 7], a[36 * k]) = (f64::NAN, f64::INFINITY);
    b[3 * n + 17] = f64::NAN;
    let x = Tensor::from_slice(&a, [m, k], device)?;
    let y = Tensor::from_slice(&b, [k, n], device)?;
    let got: Vec<f64> = x.matmul(&y)?.to_vec()?;
    let want = plain(&a, &b, (m, k, n));
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        let same = got == want || (got.is_nan() && want.is_nan());
        assert!(same, "element {i}: got {got}, want {want}");
    }
    Ok(())
}

/// Products of few columns, one row and one column, and dot products, stay within the stated bound.
fn within_the_bound(device: &Device) -> Result<()> {
    let mut random = Generator::new(5);
    for (m, k, n) in [
        (40, 3000, 7),
        (60, 3000, 60),
        (33, 700, 50),
        (1, 40, 40_000),
        (1, 5000, 1),
    ] {
        let a = random.normal([m, k], device)?;
        let b = random.normal([k, n], device)?;
        let got: Vec<f64> = a.matmul(&b)?.to_vec()?;
        let (a, b) = (a.to_vec::<f64>()?, b.to_vec::<f64>()?);
        let size = |v: &[f64]| v.iter().map(|v| v.abs()).collect::<Vec<_>>();
        let want = plain(&a, &b, (m, k, n));
        let sizes = plain(&size(&a), &size(&b), (m, k, n));
        for ((got, want), size) in got.iter().zip(want).zip(sizes) {
            let bound = k as f64 / (1 << 24) as f64 * size;
            assert!(
                (got - want).abs() <= bound,
                "{m}×{k} @ {k}×{n}: {got} for {want}"
            );
        }
    }
    Ok(())
}

/// A row of a product is the same however many rows there are: everywhere on a GPU, and on the CPU
/// where the right matrix lies row after row, has several columns and is no taller than 512.
fn rows(device: &Device) -> Result<()> {
    const ROWS: usize = 140;
    let mut random = Generator::new(3);
    let on_cpu = device.info().backend == "cpu";
    for (k, across) in [1, 3, 64, 512, 700]
        .map(|k| [(k, false), (k, true)])
        .concat()
    {
        if on_cpu && (k > 512 || across) {
            continue;
        }
        for n in [2, 33, 130] {
            let a = random.normal([ROWS, k], device)?.contiguous();
            let b = match across {
                true => random.normal([n, k], device)?.contiguous().t(),
                false => random.normal([k, n], device)?.contiguous(),
            };
            let all = a.matmul(&b)?.to_vec::<f32>()?;
            for m in [1, 2, 5, 8, 25, 64, 65, 128] {
                let some = a.narrow(0, 0, m)?.matmul(&b)?.to_vec::<f32>()?;
                let name = format!("{m} rows of {k} and {n} columns, across: {across}");
                assert_bits(&name, &some, &all[..m * n]);
            }
        }
    }
    Ok(())
}

fn layouts(device: &Device) -> Result<()> {
    let (m, k, n) = (7, 12, 5);
    let (a, b) = (quarters(m * k, 1), quarters(k * n, 2));
    let want = plain(&a, &b, (m, k, n));
    // Each operand as it is, stored transposed, flipped on an axis, with a stride, at an offset.
    let variants = |values: &[f64], rows: usize, columns: usize| -> Result<Vec<(&str, Tensor)>> {
        let x = Tensor::from_slice(values, [rows, columns], device)?;
        let copy = |x: Tensor| Tensor::from_slice(&x.to_vec::<f32>()?, x.shape(), device);
        let twice = |axis: usize| -> Result<Tensor> {
            let pair = Tensor::stack(&[&x, &(&x * 100.0)], axis as isize + 1)?;
            let mut shape = [rows as isize, columns as isize];
            shape[axis] *= 2;
            copy(pair.reshape(shape)?)
        };
        let every_second = |axis: usize| -> Result<Tensor> {
            let whole = twice(axis)?;
            let step = tilewise::Dim::Range(None, None, 2);
            let all = tilewise::Dim::Range(None, None, 1);
            let spec = if axis == 0 {
                vec![step]
            } else {
                vec![all, step]
            };
            whole.slice(tilewise::SliceSpec(spec))
        };
        Ok(vec![
            ("plain", x.clone()),
            ("transposed", copy(x.t())?.t()),
            ("rows flipped", copy(x.flip(0)?)?.flip(0)?),
            ("columns flipped", copy(x.flip(1)?)?.flip(1)?),
            ("stepped rows", every_second(0)?),
            ("stepped columns", every_second(1)?),
            (
                "offset",
                Tensor::concat(&[&x, &x], 0)?.narrow(0, rows, rows)?,
            ),
        ])
    };
    for (left, x) in variants(&a, m, k)? {
        for (right, y) in variants(&b, k, n)? {
            let got: Vec<f64> = x.matmul(&y)?.to_vec()?;
            assert_same(&format!("{left} @ {right}"), &got, &want);
        }
    }
    // Batches by broadcasting, and a constant.
    let x = Tensor::from_slice(&a, [m, k], device)?;
    let y = Tensor::from_slice(&b, [k, n], device)?.broadcast_to([2, 3, k, n])?;
    let got: Vec<f64> = x.matmul(&y)?.to_vec()?;
    assert_same("broadcast batch", &got, &want.repeat(6));
    let ones = Tensor::ones([k, n], device)?;
    let got: Vec<f64> = x.matmul(&ones)?.to_vec()?;
    assert_same("constant", &got, &plain(&a, &vec![1.0; k * n], (m, k, n)));
    Ok(())
}

fn sizes(device: &Device) -> Result<()> {
    let sizes = [1, 3, 31, 32, 33, 65];
    for m in sizes {
        for k in sizes {
            for n in sizes {
                let (a, b) = (quarters(m * k, 3), quarters(k * n, 4));
                let x = Tensor::from_slice(&a, [m, k], device)?;
                let y = Tensor::from_slice(&b, [k, n], device)?;
                let got: Vec<f64> = x.matmul(&y)?.to_vec()?;
                assert_same(
                    &format!("{m}×{k} @ {k}×{n}"),
                    &got,
                    &plain(&a, &b, (m, k, n)),
                );
            }
        }
    }
    // Values of all sizes: the error of a sum of k products by any order.
    let (m, k, n) = (17, 1001, 19);
    let values = |n: usize, f: f64| -> Vec<f32> {
        (0..n)
            .map(|i| ((i as f64 * f).sin() * (i as f64 * f * 7.1).exp().fract()) as f32)
            .collect()
    };
    let (a, b) = (values(m * k, 0.37), values(k * n, 0.53));
    let wide = |v: &[f32]| v.iter().map(|&v| v as f64).collect::<Vec<f64>>();
    let sizes = |v: &[f32]| v.iter().map(|&v| v.abs() as f64).collect::<Vec<f64>>();
    let want = plain(&wide(&a), &wide(&b), (m, k, n));
    let largest = plain(&sizes(&a), &sizes(&b), (m, k, n))
        .into_iter()
        .fold(0.0, f64::max);
    let x = Tensor::from_slice(&a, [m, k], device)?;
    let y = Tensor::from_slice(&b, [k, n], device)?;
    let absolute = (k as f64).sqrt() / (1 << 24) as f64 * largest;
    assert_near(
        "17×1001 @ 1001×19",
        &x.matmul(&y)?.to_vec()?,
        &want,
        0.0,
        absolute,
    );
    Ok(())
}

fn dtypes(device: &Device) -> Result<()> {
    let a = Tensor::new([[i32::MAX, 2], [-3, 4]], device)?;
    let b = Tensor::new([[2, 0], [0, -5]], device)?;
    let product = a.matmul(&b)?;
    assert_eq!(product.dtype(), DType::I32);
    assert_eq!(product.to_vec::<i32>()?, [-2, -10, -6, -20]);
    let u = Tensor::new([[u32::MAX, 1]], device)?;
    assert_eq!(u.matmul(&u.t())?.item::<u32>()?, 2);
    let t = Tensor::new([[true, true], [false, true]], device)?;
    assert_eq!(t.matmul(&t)?.to_vec::<i32>()?, [1, 2, 0, 1]);
    assert_eq!(t.matmul(&a.to_dtype(DType::F32))?.dtype(), DType::F32);
    if device.supports_f16() {
        // The sum is kept in f32: 2048 + 1 + 1 would stay 2048 in f16.
        let h = |v: &[f32]| v.iter().map(|&v| f16::from_f32(v)).collect::<Vec<f16>>();
        let x = Tensor::from_slice(&h(&[2048.0, 1.0, 1.0]), [1, 3], device)?;
        let y = Tensor::from_slice(&h(&[1.0, 1.0, 1.0]), [3, 1], device)?;
        let product = x.matmul(&y)?;
        assert_eq!(
            (product.dtype(), product.item::<f16>()?),
            (DType::F16, f16::from_f32(2050.0))
        );
    }
    Ok(())
}

/// What follows a product in the same kernel.
fn epilogues(device: &Device) -> Result<()> {
    let (m, k, n) = (9, 16, 11);
    let (a, b, c) = (quarters(m * k, 5), quarters(k * n, 6), quarters(n, 7));
    let x = Tensor::from_slice(&a, [m, k], device)?;
    let y = Tensor::from_slice(&b, [k, n], device)?;
    let bias = Tensor::from_slice(&c, [n], device)?;
    let product = plain(&a, &b, (m, k, n));
    let with = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        product
            .iter()
            .enumerate()
            .map(|(i, &v)| f(v, c[i % n]))
            .collect()
    };
    let got: Vec<f64> = (x.matmul(&y)? + &bias).relu().to_vec()?;
    assert_same("bias and relu", &got, &with(&|v, c| (v + c).max(0.0)));
    // The product itself is wanted too, and a bias by rows.
    let whole = x.matmul(&y)?;
    let halved = (&whole - &bias) * 0.5;
    let got: Vec<f64> = halved.to_vec()?;
    assert_same("halved", &got, &with(&|v, c| (v - c) * 0.5));
    assert_same("kept", &whole.to_vec::<f64>()?, &product);
    // Through a view of the product there is no epilogue.
    let got: Vec<f64> = (x.matmul(&y)?.t() + 1.0).to_vec()?;
    let mut want = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            want[j * m + i] = product[i * n + j] + 1.0;
        }
    }
    assert_same("transposed", &got, &want);
    Ok(())
}

/// Mesa's software driver ends loops after 65,535 iterations, without a word.
fn more_terms_than_a_loop_may_have(device: &Device) -> Result<()> {
    for k in [70_001, 600_000] {
        let a = Tensor::ones([3, k], device)?.contiguous();
        let product = a.matmul(&Tensor::ones([k, 5], device)?.contiguous())?;
        assert_eq!(product.to_vec::<f32>()?, vec![k as f32; 15]);
    }
    // With as many dimensions as a tensor can have.
    let k = 70_001;
    let a = Tensor::ones([2, 1, 1, 1, 1, 1, 3, k], device)?.contiguous();
    let b = Tensor::ones([2, 1, 1, 1, 1, 1, k, 5], device)?.contiguous();
    let product = (a.matmul(&b)? + 1.0).to_vec::<f32>()?;
    assert_eq!(product, vec![k as f32 + 1.0; 30]);
    Ok(())
}
