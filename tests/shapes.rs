//! Views, joining, repeating and padding agree with NumPy's, whatever way the operand lies in memory,
//! and have gradients.

use tilewise::prelude::*;
use tilewise::{Backward, Indexing, Pad, Sections, f16};

use crate::support::compare::assert_same;
use crate::support::golden::{Array, Case, Golden};
use crate::support::gradient::{Input, check_twice};
use crate::support::own;

tests![
    roll,
    flip,
    rot90,
    pad,
    tile,
    repeat,
    split,
    array_split,
    chunk,
    unstack,
    vstack,
    hstack,
    dstack,
    column_stack,
    expand_dims,
    swapaxes,
    moveaxis,
    atleast,
    ravel,
    flatten,
    diag,
    diagonal,
    trace,
    tril,
    triu,
    tri,
    meshgrid,
    unravel_index,
    ravel_multi_index,
    places_out_of_range,
    broadcast_arrays,
    broadcast_shapes,
    every_dtype,
    mixed_dtypes,
    constants,
    copies_nothing,
    large,
    gradients,
    mistakes,
];

/// The array on the device, in several ways: in order, and as views of other memory.
fn laid(device: &Device, array: &Array) -> Result<Vec<Tensor>> {
    let plain = Tensor::from_slice(&array.values::<i32>(), &array.shape[..], device)?;
    let mut all = vec![plain.clone()];
    if plain.ndim() > 0 && plain.size() > 0 {
        // Reversed in memory, inside something larger.
        let back = plain.flip(..)?;
        let inside = Tensor::concat(&[&back, &back, &back], 0)?;
        let size = back.shape()[0];
        all.push(inside.narrow(0, size, size)?.flip(..)?);
        // Column by column, every other element.
        let twice = plain.t().contiguous().repeat(2, -1)?.t();
        let spec = tilewise::SliceSpec(vec![tilewise::Dim::Range(None, None, 2)]);
        all.push(twice.slice(spec)?);
    }
    Ok(all)
}

/// Runs the cases of an operation: `f` gives its results for an operand.
#[track_caller]
fn golden(
    device: &Device,
    op: &str,
    f: impl Fn(&Tensor, &Case) -> Result<Vec<Tensor>>,
) -> Result<()> {
    let golden = Golden::read("shapes.txt");
    let mut met = 0;
    for case in golden.cases().iter().filter(|c| c.text("op") == Some(op)) {
        for x in laid(device, case.array("x"))? {
            let got = f(&x, case).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            compare(case, &got);
            met += 1;
        }
    }
    assert!(met > 0, "no case of {op}");
    Ok(())
}

fn compare(case: &Case, got: &[Tensor]) {
    let want: Vec<&Array> = match case.try_array("result") {
        Some(result) => vec![result],
        None => (0..case.value("count"))
            .map(|i: usize| case.array(&format!("result{i}")))
            .collect(),
    };
    assert_eq!(got.len(), want.len(), "{}", case.name);
    for (got, want) in got.iter().zip(want) {
        assert_eq!(got.shape(), want.shape, "{}", case.name);
        let values = got
            .to_vec::<i32>()
            .unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_same(&case.name, &values, &want.values());
    }
}

/// The operands of a case that joins several.
fn several(device: &Device, case: &Case) -> Result<Vec<Tensor>> {
    (0..case.value("count"))
        .map(|i: usize| {
            let all = laid(device, case.array(&format!("x{i}")))?;
            Ok(all[i % all.len()].clone())
        })
        .collect()
}

fn list(case: &Case, key: &str) -> Vec<isize> {
    case.list(key).expect("a list")
}

fn roll(device: &Device) -> Result<()> {
    golden(device, "roll", |x, case| {
        let shift = list(case, "shift");
        Ok(vec![match case.list::<isize>("axes") {
            None => x.roll(shift, ..)?,
            Some(axes) => x.roll(shift, axes)?,
        }])
    })
}

fn flip(device: &Device) -> Result<()> {
    golden(device, "flip", |x, case| {
        Ok(vec![match case.list::<isize>("axes") {
            None => x.flip(..)?,
            Some(axes) => x.flip(axes)?,
        }])
    })
}

fn rot90(device: &Device) -> Result<()> {
    golden(device, "rot90", |x, case| {
        let axes = list(case, "axes");
        Ok(vec![x.rot90(case.value("k"), [axes[0], axes[1]])?])
    })
}

fn pad(device: &Device) -> Result<()> {
    let scalar = Tensor::new(7, device)?;
    assert_eq!(scalar.pad(2, Pad::Edge)?.item::<i32>()?, 7);
    golden(device, "pad", |x, case| {
        let widths: Vec<(usize, usize)> = list(case, "widths")
            .chunks(2)
            .map(|w| (w[0] as usize, w[1] as usize))
            .collect();
        let mode = match case.text("mode") {
            Some("constant") => Pad::constant(-9),
            Some("edge") => Pad::Edge,
            Some("reflect") => Pad::Reflect,
            Some("symmetric") => Pad::Symmetric,
            _ => Pad::Wrap,
        };
        Ok(vec![x.pad(widths, mode)?])
    })
}

fn tile(device: &Device) -> Result<()> {
    golden(device, "tile", |x, case| {
        Ok(vec![x.tile(list(case, "reps"))?])
    })
}

fn repeat(device: &Device) -> Result<()> {
    golden(device, "repeat", |x, case| {
        let (reps, axis) = (list(case, "reps"), case.value("axis"));
        let same = x.repeat_interleave(&reps, axis)?;
        let got = x.repeat(reps, axis)?;
        assert!(got.array_equal(&same, false)?);
        Ok(vec![got])
    })
}

fn sections(case: &Case) -> Sections {
    match case.list::<isize>("at") {
        Some(at) => at.into(),
        None => case.value::<usize>("count_of").into(),
    }
}

fn split(device: &Device) -> Result<()> {
    golden(device, "split", |x, case| {
        x.split(sections(case), case.value("axis"))
    })
}

fn array_split(device: &Device) -> Result<()> {
    golden(device, "array_split", |x, case| {
        x.array_split(sections(case), case.value("axis"))
    })
}

fn chunk(device: &Device) -> Result<()> {
    golden(device, "chunk", |x, case| {
        x.chunk(case.value("count_of"), case.value("axis"))
    })
}

fn unstack(device: &Device) -> Result<()> {
    golden(device, "unstack", |x, case| x.unstack(case.value("axis")))
}

fn joined(device: &Device, op: &str, f: fn(&[&Tensor]) -> Result<Tensor>) -> Result<()> {
    let golden = Golden::read("shapes.txt");
    for case in golden.cases().iter().filter(|c| c.text("op") == Some(op)) {
        let parts = several(device, case)?;
        let got = f(&parts.iter().collect::<Vec<_>>())?;
        compare(case, &[got]);
    }
    Ok(())
}

fn vstack(device: &Device) -> Result<()> {
    joined(device, "vstack", Tensor::vstack)
}

fn hstack(device: &Device) -> Result<()> {
    joined(device, "hstack", Tensor::hstack)
}

fn dstack(device: &Device) -> Result<()> {
    joined(device, "dstack", Tensor::dstack)
}

fn column_stack(device: &Device) -> Result<()> {
    joined(device, "column_stack", Tensor::column_stack)
}

fn expand_dims(device: &Device) -> Result<()> {
    golden(device, "expand_dims", |x, case| {
        Ok(vec![x.expand_dims(list(case, "axes"))?])
    })
}

fn swapaxes(device: &Device) -> Result<()> {
    golden(device, "swapaxes", |x, case| {
        let axes = list(case, "axes");
        Ok(vec![x.swapaxes(axes[0], axes[1])?])
    })
}

fn moveaxis(device: &Device) -> Result<()> {
    golden(device, "moveaxis", |x, case| {
        Ok(vec![x.moveaxis(
            list(case, "source"),
            list(case, "destination"),
        )?])
    })
}

fn atleast(device: &Device) -> Result<()> {
    golden(device, "atleast_1d", |x, _| Ok(vec![x.atleast_1d()]))?;
    golden(device, "atleast_2d", |x, _| Ok(vec![x.atleast_2d()]))?;
    golden(device, "atleast_3d", |x, _| Ok(vec![x.atleast_3d()]))
}

fn ravel(device: &Device) -> Result<()> {
    golden(device, "ravel", |x, _| Ok(vec![x.ravel()]))
}

fn flatten(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 120, 1, device)?.reshape([2, 3, 4, 5])?;
    let all: Vec<i32> = (0..120).collect();
    for (got, shape) in [
        (x.flatten(0, -1)?, &[120][..]),
        (x.flatten(1, -1)?, &[2, 60]),
        (x.flatten(-2, -1)?, &[2, 3, 20]),
        (x.flatten(0, 1)?, &[6, 4, 5]),
        (x.flatten(1, 2)?, &[2, 12, 5]),
        (x.flatten(2, 2)?, &[2, 3, 4, 5]),
    ] {
        assert_eq!(got.shape(), shape);
        assert_same("flatten", &got.to_vec::<i32>()?, &all);
    }
    assert_eq!(Tensor::new(3, device)?.flatten(0, -1)?.shape(), [1]);
    let empty = Tensor::zeros([2, 0, 3], device)?;
    assert_eq!(empty.flatten(1, -1)?.shape(), [2, 0]);
    let turned = x.t().flatten(0, -1)?.to_vec::<i32>()?;
    assert_eq!(turned[..3], [0, 60, 20]);
    assert!(x.flatten(2, 1).is_err() && x.flatten(4, 4).is_err() && x.flatten(0, -5).is_err());
    Ok(())
}

fn diag(device: &Device) -> Result<()> {
    golden(device, "diag", |x, case| Ok(vec![x.diag(case.value("k"))?]))
}

fn diagonal(device: &Device) -> Result<()> {
    golden(device, "diagonal", |x, case| {
        let axes = list(case, "axes");
        Ok(vec![x.diagonal(case.value("k"), axes[0], axes[1])?])
    })
}

fn trace(device: &Device) -> Result<()> {
    golden(device, "trace", |x, case| {
        let axes = list(case, "axes");
        Ok(vec![x.trace(case.value("k"), axes[0], axes[1])?])
    })
}

fn tril(device: &Device) -> Result<()> {
    golden(device, "tril", |x, case| Ok(vec![x.tril(case.value("k"))?]))?;
    // Zeros, and not a product with zeros.
    let x = Tensor::full([2, 2], f64::NAN, DType::F32, device)?.contiguous();
    assert_eq!(x.tril(-1)?.to_vec::<f32>()?[..2], [0.0, 0.0]);
    Ok(())
}

fn triu(device: &Device) -> Result<()> {
    golden(device, "triu", |x, case| Ok(vec![x.triu(case.value("k"))?]))?;
    let x = Tensor::zeros([2, 3], device)?;
    assert_eq!(x.triu(isize::MIN)?.shape(), x.tril(isize::MAX)?.shape());
    Ok(())
}

fn tri(device: &Device) -> Result<()> {
    golden(device, "tri", |x, case| {
        let tri = Tensor::tri(x.shape()[0], x.shape()[1], case.value("k"), device)?;
        assert_eq!(tri.dtype(), DType::F32);
        Ok(vec![tri.to_dtype(DType::I32)])
    })
}

fn meshgrid(device: &Device) -> Result<()> {
    let golden = Golden::read("shapes.txt");
    for case in golden
        .cases()
        .iter()
        .filter(|c| c.text("op") == Some("meshgrid"))
    {
        let vectors = several(device, case)?;
        let indexing = match case.text("indexing") {
            Some("ij") => Indexing::Ij,
            _ => Indexing::Xy,
        };
        let sparse = case.value::<u8>("sparse") == 1;
        let grid = Tensor::meshgrid(&vectors.iter().collect::<Vec<_>>(), indexing, sparse)?;
        compare(case, &grid);
    }
    assert!(Tensor::meshgrid(&[], Indexing::Ij, false)?.is_empty());
    let scalar = Tensor::new(4, device)?;
    assert_eq!(
        Tensor::meshgrid(&[&scalar], Indexing::Xy, false)?[0].shape(),
        [1]
    );
    Ok(())
}

fn unravel_index(device: &Device) -> Result<()> {
    golden(device, "unravel_index", |x, case| {
        let shape: Vec<usize> = case.list("shape").expect("a list");
        let unsigned = x.to_dtype(DType::U32).unravel_index(&shape)?;
        let places = x.unravel_index(&shape)?;
        for (a, b) in places.iter().zip(&unsigned) {
            assert!(b.dtype() == DType::U32 && a.array_equal(b, false)?);
        }
        Ok(places)
    })?;
    // From the end, as everywhere here.
    let last = Tensor::new([-1, -24], device)?.unravel_index([4, 6])?;
    assert_eq!(last[0].to_vec::<i32>()?, [3, 0]);
    assert_eq!(last[1].to_vec::<i32>()?, [5, 0]);
    assert!(Tensor::new([0.5], device)?.unravel_index([4]).is_err());
    let none = Tensor::from_slice::<i32>(&[], [0], device)?.unravel_index([4, 0])?;
    assert_eq!((none.len(), none[1].shape()), (2, &[0][..]));
    Ok(())
}

fn ravel_multi_index(device: &Device) -> Result<()> {
    golden(device, "unravel_index", |x, case| {
        let shape: Vec<usize> = case.list("shape").expect("a list");
        let places = x.unravel_index(&shape)?;
        let back = Tensor::ravel_multi_index(&places.iter().collect::<Vec<_>>(), &shape)?;
        assert!(back.array_equal(x, false)?, "{}", case.name);
        Ok(places)
    })?;
    // Broadcast: all places of a matrix from a column and a row.
    let (rows, columns) = (
        Tensor::new([[0], [1], [-1]], device)?,
        Tensor::new([0, -1], device)?,
    );
    let numbers = Tensor::ravel_multi_index(&[&rows, &columns], [3, 4])?;
    assert_eq!(numbers.to_vec::<i32>()?, [0, 3, 4, 7, 8, 11]);
    assert!(Tensor::ravel_multi_index(&[&rows], [3, 4]).is_err());
    assert!(Tensor::ravel_multi_index(&[], ()).is_err());
    Ok(())
}

fn places_out_of_range(device: &Device) -> Result<()> {
    let device = &own(device)?;
    let beyond = Tensor::new([0, 24], device)?.unravel_index([4, 6])?;
    let told = |got: Result<Vec<i32>>| got.expect_err("out of range").to_string();
    let error = told(beyond[1].to_vec());
    assert!(
        error.contains("index 24 is out of range for axis 0 of size 24"),
        "{error}"
    );
    drop(beyond);
    let (rows, columns) = (
        Tensor::new([[0], [2]], device)?,
        Tensor::new([0, 4], device)?,
    );
    let error = told(Tensor::ravel_multi_index(&[&rows, &columns], [3, 4])?.to_vec());
    assert!(
        error.contains("index 4 is out of range for axis 0 of size 4"),
        "{error}"
    );
    Ok(())
}

fn broadcast_arrays(device: &Device) -> Result<()> {
    let (a, b) = (
        Tensor::new([[1], [2]], device)?,
        Tensor::new([3., 4., 5.], device)?,
    );
    let all = Tensor::broadcast_arrays(&[&a, &b, &Tensor::new(7, device)?])?;
    assert_eq!(all[0].to_vec::<i32>()?, [1, 1, 1, 2, 2, 2]);
    assert_eq!(all[1].to_vec::<f32>()?, [3., 4., 5., 3., 4., 5.]);
    assert_eq!(all[2].to_vec::<i32>()?, [7; 6]);
    assert!(Tensor::broadcast_arrays(&[])?.is_empty());
    assert!(Tensor::broadcast_arrays(&[&Tensor::zeros([2], device)?, &b]).is_err());
    Ok(())
}

fn broadcast_shapes(_: &Device) -> Result<()> {
    let shape = |shapes: &[&[usize]]| Tensor::broadcast_shapes(shapes);
    assert_eq!(shape(&[])?.dims(), [0; 0]);
    assert_eq!(shape(&[&[3, 1], &[], &[1, 4]])?.dims(), [3, 4]);
    assert_eq!(
        shape(&[&[6, 7], &[5, 6, 1], &[7], &[5, 1, 7]])?.dims(),
        [5, 6, 7]
    );
    assert_eq!(shape(&[&[0, 1], &[1, 3]])?.dims(), [0, 3]);
    assert!(shape(&[&[2], &[1, 3]]).is_err() && shape(&[&[1; 9]]).is_err());
    Ok(())
}

/// Each function moves the bits of each dtype.
fn every_dtype(device: &Device) -> Result<()> {
    let whole = Tensor::arange(0, 7 * 6, 1, device)?.reshape([7, 6])?;
    let numbers = [
        whole.roll([2, 3], [0, 1])?,
        whole.pad([(2, 1), (1, 3)], Pad::constant(1))?,
        whole.pad(3, Pad::Reflect)?,
        whole.tile([2, 3])?,
        whole.repeat(3, 1)?,
        whole.tril(1)?,
        whole.triu(-1)?,
        whole.diagonal(-1, 0, 1)?,
        whole.ravel().diag(1)?,
        whole.windows(0, 3, 1, 1)?.contiguous(),
        Tensor::hstack(&[&whole, &whole.rot90(2, [0, 1])?])?,
    ];
    let run = |x: &Tensor| -> Result<Vec<Tensor>> {
        Ok(vec![
            x.roll([2, 3], [0, 1])?,
            x.pad([(2, 1), (1, 3)], Pad::constant(1))?,
            x.pad(3, Pad::Reflect)?,
            x.tile([2, 3])?,
            x.repeat(3, 1)?,
            x.tril(1)?,
            x.triu(-1)?,
            x.diagonal(-1, 0, 1)?,
            x.ravel().diag(1)?,
            x.windows(0, 3, 1, 1)?.contiguous(),
            Tensor::hstack(&[x, &x.rot90(2, [0, 1])?])?,
        ])
    };
    let mut dtypes = vec![DType::F32, DType::I32, DType::U32, DType::Bool];
    if device.supports_f16() {
        dtypes.push(DType::F16);
    }
    for dtype in dtypes {
        for (got, want) in run(&whole.to_dtype(dtype))?.iter().zip(&numbers) {
            assert_eq!(got.dtype(), dtype);
            let want = want.to_dtype(dtype).to_dtype(DType::F32).to_vec::<f32>()?;
            assert_same(
                dtype.name(),
                &got.to_dtype(DType::F32).to_vec::<f32>()?,
                &want,
            );
        }
    }
    Ok(())
}

fn mixed_dtypes(device: &Device) -> Result<()> {
    let (a, b) = (Tensor::new([1, -2], device)?, Tensor::new([0.5], device)?);
    let c = Tensor::new([true], device)?;
    let all = Tensor::concat(&[&a, &b, &c], 0)?;
    assert_eq!(
        (all.dtype(), all.to_vec::<f32>()?),
        (DType::F32, vec![1.0, -2.0, 0.5, 1.0])
    );
    let whole = Tensor::hstack(&[&c, &a])?;
    assert_eq!(
        (whole.dtype(), whole.to_vec::<i32>()?),
        (DType::I32, vec![1, 1, -2])
    );
    if device.supports_f16() {
        let half = Tensor::from_slice(&[f16::from_f32(1.5)], [1], device)?;
        assert_eq!(Tensor::vstack(&[&half, &b])?.dtype(), DType::F32);
        assert_eq!(Tensor::vstack(&[&half, &c])?.dtype(), DType::F16);
    }
    Ok(())
}

/// What takes no memory is taken as any other.
fn constants(device: &Device) -> Result<()> {
    let ones = Tensor::ones([2, 3], device)?;
    let sum = |x: Tensor| -> Result<f32> { x.sum(..)?.item() };
    assert_eq!(sum(ones.roll(1, 1)?)?, 6.0);
    assert_eq!(sum(ones.pad(1, Pad::constant(0.5))?)?, 13.0);
    assert_eq!(sum(ones.pad((2, 3), Pad::Wrap)?)?, 56.0);
    assert_eq!(sum(ones.tile([2, 2])?)?, 24.0);
    assert_eq!(sum(ones.repeat([1, 4], 0)?)?, 15.0);
    assert_eq!(sum(ones.tril(0)?)?, 3.0);
    assert_eq!(sum(ones.slice(s![0])?.diag(1)?)?, 3.0);
    assert_eq!(sum(ones.rot90(1, [0, 1])?.diagonal(0, 0, 1)?)?, 2.0);
    assert_eq!(sum(ones.windows(1, 2, 1, 1)?)?, 8.0);
    Ok(())
}

/// Views record nothing.
fn copies_nothing(device: &Device) -> Result<()> {
    let device = &own(device)?;
    let x = Tensor::arange(0, 24, 1, device)?
        .reshape([2, 3, 4])?
        .contiguous();
    device.flush()?;
    let before = device.counters().dispatches;
    let views = [
        x.flip(..)?,
        x.rot90(3, [0, 2])?,
        x.expand_dims([0, 2])?,
        x.moveaxis(0, 2)?,
        x.flatten(1, -1)?,
        x.ravel(),
        x.diagonal(0, 1, 2)?,
        x.windows(2, 3, 1, 1)?,
        x.split(2, 2)?.remove(1),
        x.unstack(1)?.remove(2),
        x.atleast_3d(),
        Tensor::meshgrid(&[&x.ravel(), &x.ravel()], Indexing::Xy, false)?.remove(0),
    ];
    device.flush()?;
    assert_eq!(device.counters().dispatches, before);
    drop(views);
    Ok(())
}

/// Of sizes that are shared among threads, with rows that do not divide them.
fn large(device: &Device) -> Result<()> {
    let (rows, columns) = (701i32, 503i32);
    let x = Tensor::arange(0, rows * columns, 1, device)?
        .reshape([rows, columns])?
        .contiguous();
    let at = |i: i32, j: i32| i.rem_euclid(rows) * columns + j.rem_euclid(columns);
    let whole = |m: i32, n: i32, f: &dyn Fn(i32, i32) -> i32| -> Vec<i32> {
        (0..m)
            .flat_map(|i| (0..n).map(move |j| (i, j)))
            .map(|(i, j)| f(i, j))
            .collect()
    };
    let same = |what: &str, got: Tensor, m: i32, n: i32, f: &dyn Fn(i32, i32) -> i32| {
        assert_same(what, &got.to_vec::<i32>()?, &whole(m, n, f));
        Ok::<(), Error>(())
    };
    same("roll", x.roll([3, -5], [0, 1])?, rows, columns, &|i, j| {
        at(i - 3, j + 5)
    })?;
    same(
        "wrap",
        x.pad((2, 3), Pad::Wrap)?,
        rows + 5,
        columns + 5,
        &|i, j| at(i - 2, j - 2),
    )?;
    same("tile", x.tile([1, 2])?, rows, 2 * columns, &at)?;
    same("repeat", x.repeat(3, 1)?, rows, 3 * columns, &|i, j| {
        at(i, j / 3)
    })?;
    let turned = |i, j| at(rows - 1 - i, columns - 1 - j);
    let joined = Tensor::hstack(&[&x, &x.flip(..)?, &(&x + 1)])?;
    same(
        "hstack",
        joined,
        rows,
        3 * columns,
        &|i, j| match j / columns {
            0 => at(i, j),
            1 => turned(i, j - columns),
            _ => at(i, j) + 1,
        },
    )?;
    let pairs = Tensor::column_stack(&[&x.ravel(), &x.t().ravel()])?;
    same(
        "column_stack",
        pairs,
        rows * columns,
        2,
        &|k, side| match side {
            0 => k,
            _ => at(k % rows, k / rows),
        },
    )?;
    let mut y = x.clone();
    y.set(s![1..-1;2, ..;-1], &x.slice(s![..350])? * -1)?;
    same(
        "set",
        y,
        rows,
        columns,
        &|i, j| match i % 2 == 1 && i < rows - 1 {
            true => -at(i / 2, columns - 1 - j),
            false => at(i, j),
        },
    )?;
    let windows = x.windows(1, 5, 1, 1)?.max(-1)?;
    same("windows", windows, rows, columns - 4, &|i, j| at(i, j + 4))
}

fn gradients(device: &Device) -> Result<()> {
    const X: Input<'_> = (&[-1.7, -0.9, -0.4, 0.3, 0.8, 1.6], &[2, 3]);
    const V: Input<'_> = (&[0.5, -1.2, 0.9], &[3]);
    type Function = fn(&Tensor) -> Result<Tensor>;
    let functions: &[(&str, Function)] = &[
        ("roll", |x| x.roll([1, -1], [0, 1])),
        ("roll of all", |x| x.roll(2, ..)),
        ("flip", |x| x.flip(..)),
        ("rot90", |x| x.rot90(1, [0, 1])),
        ("pad", |x| x.pad([(1, 0), (2, 1)], Pad::constant(2.0))),
        ("pad edge", |x| x.pad([(1, 0), (2, 1)], Pad::Edge)),
        ("pad reflect", |x| x.pad([(1, 1), (2, 1)], Pad::Reflect)),
        ("pad reflect wide", |x| {
            x.pad([(0, 3), (7, 1)], Pad::Reflect)
        }),
        ("pad symmetric", |x| x.pad([(2, 1), (0, 3)], Pad::Symmetric)),
        ("pad wrap", |x| x.pad([(1, 5), (2, 1)], Pad::Wrap)),
        ("tile", |x| x.tile([2, 3])),
        ("repeat", |x| x.repeat(3, 1)),
        ("repeat each", |x| x.repeat([2, 0, 1], 1)),
        ("split", |x| {
            x.split([1, 2], 1)?[2].try_mul(&x.chunk(2, 1)?[1])
        }),
        ("unstack", |x| x.unstack(1)?[1].try_mul(&x.unstack(1)?[2])),
        ("hstack", |x| Tensor::hstack(&[x, &x.square()])),
        ("vstack", |x| Tensor::vstack(&[x, &x.square()])),
        ("dstack", |x| Tensor::dstack(&[x, &x.square()])),
        ("swapaxes", |x| x.swapaxes(0, -1)),
        ("atleast_3d", |x| Ok(x.atleast_3d())),
        ("array_split", |x| Ok(x.array_split(2, 1)?[0].clone())),
        ("column_stack", |x| {
            Tensor::column_stack(&[x, &x.ravel().slice(s![..2])?])
        }),
        ("expand_dims", |x| x.expand_dims([0, -1])),
        ("moveaxis", |x| x.moveaxis(0, 1)),
        ("flatten", |x| x.t().flatten(0, -1)),
        ("diagonal", |x| x.diagonal(1, 0, 1)),
        ("diag of a matrix", |x| x.diag(-1)),
        ("diag", |x| x.ravel().diag(2)),
        ("trace", |x| x.trace(1, 0, 1)),
        ("tril", |x| x.tril(0)),
        ("triu", |x| x.triu(1)),
        ("slice", |x| x.slice(s![NewAxis, .., ..;-2])),
    ];
    for (name, f) in functions {
        check_twice(device, name, &[X], |x| Ok(f(&x[0])?.square()));
    }
    check_twice(device, "meshgrid", &[V, (&X.0[..2], &[2])], |x| {
        let grid = Tensor::meshgrid(&[&x[0], &x[1]], Indexing::Xy, false)?;
        grid[0].square().try_mul(&grid[1])
    });
    check_twice(device, "broadcast_arrays", &[V, X], |x| {
        let all = Tensor::broadcast_arrays(&[&x[0], &x[1]])?;
        all[0].square().try_mul(&all[1])
    });
    let empty = Tensor::zeros([0, 3], device)?.variable();
    for y in [
        empty.pad(0, Pad::Edge)?,
        empty.tril(0)?,
        empty.repeat(2, 1)?,
        empty.roll(1, 0)?,
    ] {
        let seed = y.zeros_like();
        let grads = y.backward_with(Backward::new().retain_tape().seed(&seed))?;
        assert_eq!(grads.get(&empty).expect("a gradient").shape(), [0, 3]);
    }
    Ok(())
}

fn mistakes(device: &Device) -> Result<()> {
    let x = Tensor::zeros([2, 3], device)?;
    fn fails<T>(got: Result<T>, words: &str) {
        let Err(error) = got else {
            panic!("no error: {words}")
        };
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            error.location().file().ends_with("tests/shapes.rs"),
            "{error}"
        );
    }
    fails(x.roll(1, 2), "roll: axis 2 is out of range");
    fails(
        x.roll([1, 2, 3], [0, 1]),
        "roll: 3 shifts do not go with 2 axes",
    );
    fails(x.flip([0, 0]), "flip: axis 0 is named twice");
    fails(x.rot90(1, [1, -1]), "rot90: axis -1 is named twice");
    fails(
        x.pad([(1, 1)], Pad::Edge),
        "pad: 1 pairs of widths do not go with 2 axes",
    );
    fails(
        x.to_dtype(DType::I32).pad(1, Pad::constant(1i64 << 40)),
        "does not fit",
    );
    fails(x.pad(usize::MAX, Pad::Wrap), "too many elements");
    let empty = Tensor::zeros([0, 3], device)?;
    fails(
        empty.pad([(1, 0), (0, 0)], Pad::Reflect),
        "axis 0 has no element to pad with",
    );
    fails(x.tile(-1), "tile: nothing can be repeated -1 times");
    fails(x.tile([1; 9]), "9 axes");
    fails(x.tile([1usize << 40, 1 << 40]), "too many elements");
    fails(
        x.repeat([1, 2], 1),
        "repeat: 2 numbers of repeats for 3 slices along axis 1",
    );
    fails(x.repeat([usize::MAX; 3], 1), "too many elements");
    fails(x.repeat(1, -3), "repeat: axis -3 is out of range");
    fails(
        x.split(2, 1),
        "split: axis 1 of size 3 has no 2 equal parts",
    );
    fails(x.split(0, 1), "split: at least one part");
    fails(x.array_split(-1, 1), "array_split: at least one part");
    fails(x.chunk(0, 1), "chunk: at least one part");
    fails(x.unstack(2), "unstack: axis 2");
    fails(Tensor::vstack(&[]), "vstack: at least one tensor");
    fails(
        Tensor::hstack(&[&x, &empty]),
        "hstack: all sizes but that of axis 1",
    );
    fails(x.expand_dims([0, 0]), "expand_dims: axis 0 is named twice");
    fails(x.expand_dims(3), "expand_dims: axis 3 is out of range");
    fails(
        x.expand_dims([0, 1, 2, 3, 4, 5, 6]),
        "more than 8 dimensions",
    );
    fails(x.expand_dims(..), "named one by one");
    fails(x.moveaxis([0, 1], 0), "2 axes cannot move to 1 places");
    fails(x.moveaxis(0, 2), "moveaxis: axis 2 is out of range");
    fails(x.diagonal(0, 0, 0), "diagonal: axis 0 is named twice");
    fails(
        Tensor::new(1, device)?.diag(0),
        "diag: it takes a vector or a matrix",
    );
    fails(
        Tensor::zeros([3], device)?.tril(0),
        "tril: a triangle needs two axes",
    );
    fails(
        Tensor::meshgrid(&[&x], Indexing::Ij, false),
        "meshgrid: it takes vectors",
    );
    Ok(())
}
