//! Reading and writing by tensors of indices, masks, searches and counts.

use tilewise::prelude::*;
use tilewise::{Bins, ErrorKind};

use crate::support::golden::{Case, Golden};
use crate::support::gradient::{check, check_twice};
use crate::support::own;

tests![
    out_of_range,
    take,
    take_along_axis,
    at,
    put_along_axis,
    index_put,
    index_add,
    scatter_add,
    scatter_max,
    adding_to_bools,
    searchsorted,
    bincount,
    histogram,
    digitize,
    nonzero,
    masked_select,
    unique,
];

/// Runs each case of a name on operands that lie in order, and on such as do not.
fn each(
    dev: &Device,
    name: &str,
    run: impl Fn(&Case, &dyn Fn(&str) -> Tensor) -> Result<Vec<(&'static str, Tensor)>>,
) -> Result<()> {
    let golden = Golden::read("places.txt");
    let mut count = 0;
    for case in golden.cases().iter().filter(|case| case.name == name) {
        for strided in [false, true] {
            let operand = |key: &str| {
                let array = case.array(key);
                let tensor = match strided {
                    true => array.strided(dev),
                    false => array.tensor(dev),
                };
                tensor.unwrap_or_else(|e| panic!("{name}, {key}: {e}"))
            };
            for (key, got) in run(case, &operand)? {
                case.array(key)
                    .assert_is(&format!("{name} {count}, {key}, strided: {strided}"), &got);
            }
        }
        count += 1;
    }
    assert!(count > 0, "no case of {name}");
    Ok(())
}

fn axis(case: &Case) -> isize {
    case.value("axis")
}

fn result(tensor: Tensor) -> Result<Vec<(&'static str, Tensor)>> {
    Ok(vec![("result", tensor)])
}

/// The indices of a case, one an axis.
fn indices(case: &Case, operand: &dyn Fn(&str) -> Tensor) -> Vec<Tensor> {
    let keys = (0..).map(|k| format!("index{k}"));
    keys.take_while(|key| case.try_array(key).is_some())
        .map(|key| operand(&key))
        .collect()
}

#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    let text = result.expect_err("a mistake").to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

fn out_of_range(dev: &Device) -> Result<()> {
    // A fault is told to the next read of the device, whoever makes it: on one of its own.
    let dev = &own(dev)?;
    let fails = |result: Result<Tensor>| {
        let error = result
            .and_then(|t| t.to_vec::<f64>())
            .expect_err("the index is out of range");
        assert!(matches!(error.kind(), ErrorKind::Index { .. }), "{error}");
    };
    let scalar = |v: i32| Tensor::full([], v, DType::I32, dev);
    let x = Tensor::arange(0, 12, 1, dev)?.reshape([3, 4])?;
    fails(x.take(&Tensor::new([0, 3], dev)?, 0));
    fails(x.take(&Tensor::new([1, -5], dev)?, 1));
    fails(x.take(&scalar(3)?, 0));
    fails(x.take_along_axis(&Tensor::new([[4]], dev)?, 1));
    fails(x.at(&[&scalar(0)?, &Tensor::new([0, 4], dev)?]));
    fails(x.at(&[&Tensor::new([-4], dev)?, &scalar(0)?]));
    fails(x.put_along_axis(&Tensor::new([[4]], dev)?, 1, 1));
    fails(x.index_put(&[&Tensor::new([3], dev)?], 0));
    fails(x.index_add(&[&Tensor::new([7u32], dev)?], 0));
    fails(x.scatter_add(1, &Tensor::new([[4]], dev)?, 0));
    // The device goes on, and the variable has its value.
    let mut y = x.clone();
    assert!(y.set_at(&[&scalar(3)?], 0).is_err());
    assert_eq!(y.sum(..)?.item::<i32>()?, 66);
    Ok(())
}

fn take(dev: &Device) -> Result<()> {
    each(dev, "take", |case, operand| {
        result(operand("x").take(&operand("index"), axis(case))?)
    })?;
    let x = Tensor::arange(0, 6, 1, dev)?;
    says(
        x.take(&Tensor::new([0.5f32], dev)?, 0),
        &["take", "f32", "u32 or i32"],
    );
    says(
        x.take(&Tensor::new([0], dev)?, 1),
        &["take", "axis 1", "(6,)"],
    );
    let none = Tensor::zeros([0, 2], dev)?;
    says(none.take(&Tensor::new([0], dev)?, 0), &["axis"]);
    assert_eq!(
        none.take(&Tensor::zeros([0], dev)?.to_dtype(DType::I32), 0)?
            .shape(),
        [0, 2]
    );
    check_twice(
        dev,
        "take",
        &[(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2])],
        |x| {
            x[0].take(&Tensor::new([[0, -1], [0, 1]], dev)?, 0)?
                .square()
                .sum(0)
        },
    );
    Ok(())
}

fn take_along_axis(dev: &Device) -> Result<()> {
    each(dev, "take_along_axis", |case, operand| {
        result(operand("x").take_along_axis(&operand("index"), axis(case))?)
    })?;
    let x = Tensor::arange(0, 6, 1, dev)?.reshape([2, 3])?;
    says(
        x.take_along_axis(&Tensor::new([0], dev)?, 1),
        &["take_along_axis", "as many dimensions", "(2,3)"],
    );
    says(
        x.take_along_axis(&Tensor::new([[0], [0], [0]], dev)?, 1),
        &["take_along_axis", "(2,1)", "(3,1)"],
    );
    Ok(())
}

fn at(dev: &Device) -> Result<()> {
    each(dev, "at", |case, operand| {
        let indices = indices(case, operand);
        result(operand("x").at(&indices.iter().collect::<Vec<_>>())?)
    })?;
    let x = Tensor::arange(0, 12, 1, dev)?.reshape([3, 4])?;
    let i = |v: i32| Tensor::full([], v, DType::I32, dev);
    says(x.at(&[]), &["at least one"]);
    says(x.at(&[&i(0)?, &i(0)?, &i(0)?]), &["3 indices", "(3,4)"]);
    says(
        x.at(&[&Tensor::new([0, 1], dev)?, &Tensor::new([0, 1, 2], dev)?]),
        &["broadcast", "(2,)", "(3,)"],
    );
    // Masks stand for the places of their true elements.
    let mask = x.gt(6)?;
    assert_eq!(x.at(&[&mask])?.to_vec::<i32>()?, [7, 8, 9, 10, 11]);
    let rows = Tensor::new([true, false, true], dev)?;
    assert_eq!(x.at(&[&rows])?.shape(), [2, 4]);
    assert_eq!(
        x.at(&[&rows, &Tensor::new([1, 2], dev)?])?
            .to_vec::<i32>()?,
        [1, 10]
    );
    says(
        x.at(&[&Tensor::new([true], dev)?]),
        &["mask", "(1,)", "(3,4)"],
    );
    check_twice(
        dev,
        "at",
        &[(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2])],
        |x| {
            let rows = Tensor::new([0, -1, 0], dev)?;
            Ok(x[0].at(&[&rows, &Tensor::new([1, 1, 1], dev)?])?.square())
        },
    );
    Ok(())
}

fn put_along_axis(dev: &Device) -> Result<()> {
    each(dev, "put_along_axis", |case, operand| {
        result(operand("x").put_along_axis(&operand("index"), operand("values"), axis(case))?)
    })?;
    let x = Tensor::zeros([2, 3], dev)?;
    let index = Tensor::new([[0], [2]], dev)?;
    says(
        x.put_along_axis(&index, &Tensor::zeros([2, 2], dev)?, 1),
        &["put_along_axis", "(2,1)", "(2,2)"],
    );
    let inputs: &[(&[f32], &[usize])] =
        &[(&[1.0, 2.0, 3.0, 4.0], &[2, 2]), (&[0.5, 0.25], &[2, 1])];
    check_twice(dev, "put_along_axis", inputs, |x| {
        let index = Tensor::new([[0], [1]], dev)?;
        Ok(x[0].put_along_axis(&index, &x[1], 1)?.square())
    });
    Ok(())
}

fn index_put(dev: &Device) -> Result<()> {
    each(dev, "index_put", |case, operand| {
        let indices = indices(case, operand);
        let indices: Vec<&Tensor> = indices.iter().collect();
        let (mut x, values) = (operand("x"), operand("values"));
        let pure = x.index_put(&indices, &values)?;
        x.set_at(&indices, &values)?;
        Ok(vec![("result", pure), ("result", x)])
    })?;
    let mut x = Tensor::arange(0, 6, 1, dev)?.reshape([3, 2])?;
    let before = x.clone();
    // A mask, a scalar, a cast to the tensor's dtype.
    x.set_at(&[&before.gt(3)?], 2.75f32)?;
    assert_eq!(x.to_vec::<i32>()?, [0, 1, 2, 3, 2, 2]);
    assert_eq!(before.to_vec::<i32>()?, [0, 1, 2, 3, 4, 5]);
    says(
        x.index_put(&[&Tensor::new([0], dev)?], &Tensor::zeros([2, 3], dev)?),
        &["index_put", "(2,3)", "(1,2)"],
    );
    let inputs: &[(&[f32], &[usize])] = &[(&[1.0, 2.0, 3.0], &[3]), (&[0.5, 0.25, 4.0, 3.0], &[4])];
    check_twice(dev, "set_at and add_at", inputs, |x| {
        let mut y = x[0].square();
        y.set_at(&[&Tensor::new([1, 0], dev)?], 3.0)?;
        y.add_at(&[&Tensor::new([1, -1, -1], dev)?], &x[0].square().sum(..)?)?;
        Ok(y)
    });
    // Of several values for one place only the last one counts.
    check_twice(dev, "index_put", inputs, |x| {
        let index = Tensor::new([0, 2, 0, 0], dev)?;
        Ok(x[0].index_put(&[&index], &x[1])?.square())
    });
    Ok(())
}

fn index_add(dev: &Device) -> Result<()> {
    each(dev, "index_add", |case, operand| {
        let indices = indices(case, operand);
        let indices: Vec<&Tensor> = indices.iter().collect();
        let (mut x, values) = (operand("x"), operand("values"));
        let pure = x.index_add(&indices, &values)?;
        x.add_at(&indices, &values)?;
        Ok(vec![("result", pure), ("result", x)])
    })?;
    let inputs: &[(&[f32], &[usize])] = &[(&[1.0, 2.0, 3.0], &[3]), (&[0.5, 0.25, 4.0, 3.0], &[4])];
    check_twice(dev, "index_add", inputs, |x| {
        let index = Tensor::new([0, 2, 0, 0], dev)?;
        Ok(x[0].index_add(&[&index], &x[1])?.square())
    });
    Ok(())
}

fn scatter_add(dev: &Device) -> Result<()> {
    each(dev, "scatter_add", |case, operand| {
        let (index, values) = (operand("index"), operand("values"));
        result(operand("x").scatter_add(axis(case), &index, &values)?)
    })?;
    let x = Tensor::zeros([2, 3], dev)?;
    says(
        x.scatter_add(1, &Tensor::zeros([3, 1], dev)?.to_dtype(DType::I32), 1.0),
        &["scatter_add", "(3,1)", "(2,3)"],
    );
    // Many values for few places, in a sum that f32 holds exactly and in one that it does not.
    let n = 100_000;
    let index = Tensor::arange(0, n, 1, dev)?.remainder(3)?;
    let ones = Tensor::zeros([3], dev)?.scatter_add(0, &index, 1.0)?;
    assert_eq!(ones.to_vec::<f32>()?, [33_334.0, 33_333.0, 33_333.0]);
    let tenth = Tensor::zeros([1], dev)?.scatter_add(0, &index.zeros_like(), 0.1)?;
    let error = (tenth.item::<f64>()? - 0.1f32 as f64 * n as f64).abs();
    assert!(error < 0.01, "{tenth}");
    // The same bits each time.
    let values = Tensor::arange(0, n, 1, dev)?.to_dtype(DType::F32).sin();
    let sums = || {
        Tensor::zeros([3], dev)?
            .scatter_add(0, &index, &values)?
            .to_vec::<f32>()
    };
    assert_eq!(sums()?, sums()?);
    if dev.supports_f16() {
        let halves = Tensor::new([1f32, 2.], dev)?.to_dtype(DType::F16);
        let added = halves.scatter_add(0, &Tensor::new([1, 1, 1], dev)?, 0.5)?;
        assert_eq!(added.dtype(), DType::F16);
        assert_eq!(added.to_vec::<f64>()?, [1.0, 3.5]);
    }
    let inputs: &[(&[f32], &[usize])] =
        &[(&[1.0, 2.0, 3.0, 4.0], &[2, 2]), (&[0.5, 0.25], &[1, 2])];
    check_twice(dev, "scatter_add", inputs, |x| {
        let index = Tensor::new([[1, 0]], dev)?;
        Ok(x[0].scatter_add(0, &index, &x[1])?.square())
    });
    Ok(())
}

fn scatter_max(dev: &Device) -> Result<()> {
    each(dev, "scatter_max", |case, operand| {
        let (index, values) = (operand("index"), operand("values"));
        result(operand("x").scatter_max(axis(case), &index, &values)?)
    })?;
    each(dev, "scatter_min", |case, operand| {
        let (index, values) = (operand("index"), operand("values"));
        result(operand("x").scatter_min(axis(case), &index, &values)?)
    })?;
    let x = Tensor::new([1f32, f32::NAN, -5.0], dev)?;
    let index = Tensor::new([0, 0, 1, 2], dev)?;
    let values = Tensor::new([-f32::NAN, 9.0, 3.0, -6.0], dev)?;
    let most: Vec<f32> = x.scatter_max(0, &index, &values)?.to_vec()?;
    assert!(
        most[0].is_nan() && most[1].is_nan() && most[2] == -5.0,
        "{most:?}"
    );
    let least: Vec<f32> = x.scatter_min(0, &index, &values)?.to_vec()?;
    assert!(
        least[0].is_nan() && least[1].is_nan() && least[2] == -6.0,
        "{least:?}"
    );
    let inputs: &[(&[f32], &[usize])] = &[(&[1.0, 2.0, 3.0], &[3]), (&[1.5, 0.25, 4.0, 2.0], &[4])];
    check(dev, "scatter_max", inputs, |x| {
        let index = Tensor::new([0, 2, 0, 1], dev)?;
        x[0].scatter_max(0, &index, &x[1].try_mul(&x[1])?)
    });
    check(dev, "scatter_min", inputs, |x| {
        let index = Tensor::new([0, 2, 0, 1], dev)?;
        x[0].scatter_min(0, &index, &x[1].try_mul(&x[1])?)
    });
    Ok(())
}

fn searchsorted(dev: &Device) -> Result<()> {
    each(dev, "searchsorted", |case, operand| {
        let right = case.value::<String>("side") == "right";
        result(operand("x").searchsorted(operand("values"), right)?)
    })?;
    // Rows against rows, and a scalar.
    let rows = Tensor::new([[1, 3, 5], [2, 2, 2]], dev)?;
    let values = Tensor::new([[3, 9], [2, 1]], dev)?;
    assert_eq!(
        rows.searchsorted(&values, false)?.to_vec::<u32>()?,
        [1, 3, 0, 0]
    );
    assert_eq!(rows.slice(s![0])?.searchsorted(4, false)?.item::<u32>()?, 2);
    if dev.supports_f16() {
        let halves = rows.to_dtype(DType::F16).slice(s![0])?;
        assert_eq!(halves.searchsorted(4.5, false)?.item::<u32>()?, 2);
    }
    says(
        rows.searchsorted(&Tensor::new([1, 2], dev)?, false),
        &["searchsorted", "[2]", "(2,)"],
    );
    says(
        Tensor::full([], 1, DType::I32, dev)?.searchsorted(1, false),
        &["searchsorted", "dimension"],
    );
    let n = 100_003;
    let sorted = Tensor::arange(0, n, 1, dev)?.floor_divide(3)?;
    let found = sorted.searchsorted(&sorted, false)?;
    let want: Vec<u32> = (0..n as u32).map(|i| i / 3 * 3).collect();
    assert_eq!(found.to_vec::<u32>()?, want);
    Ok(())
}

fn bincount(dev: &Device) -> Result<()> {
    each(dev, "bincount", |case, operand| {
        let weights = case.try_array("weights").map(|_| operand("weights"));
        result(operand("x").bincount(weights.as_ref(), case.value("minlength"))?)
    })?;
    says(
        Tensor::new([1, -2], dev)?.bincount(None, 0),
        &["bincount", "-2"],
    );
    says(
        Tensor::new([1f32], dev)?.bincount(None, 0),
        &["bincount", "f32"],
    );
    let weights = Tensor::new([1f32], dev)?;
    says(
        Tensor::new([1, 2], dev)?.bincount(Some(&weights), 0),
        &["bincount", "(2,)", "(1,)"],
    );
    Ok(())
}

fn histogram(dev: &Device) -> Result<()> {
    each(dev, "histogram", |case, operand| {
        let weights = case.try_array("weights").map(|_| operand("weights"));
        let edges = case.try_array("edges").map(|_| operand("edges"));
        let words: Vec<String> = case
            .text("bins")
            .map_or(vec![], |text| text.split(' ').map(str::to_owned).collect());
        let number = |i: usize| words[i].parse::<f64>().expect("a number");
        let bins = match &edges {
            Some(edges) => Bins::Edges(edges),
            None if words.len() == 1 => Bins::Number(number(0) as usize),
            None => Bins::Range(number(0) as usize, number(1), number(2)),
        };
        let (counts, edges) = operand("x").histogram(bins, weights.as_ref())?;
        Ok(vec![("result", counts), ("result_edges", edges)])
    })?;
    let x = Tensor::new([1f32, 2.0], dev)?;
    says(x.histogram(0, None), &["histogram", "bin"]);
    says(
        x.histogram((3, 1.0, 0.5), None),
        &["histogram", "from 1 to 0.5"],
    );
    says(x.histogram((3, 0.0, f64::NAN), None), &["histogram", "NaN"]);
    says(
        x.histogram(&Tensor::new([1f32], dev)?, None),
        &["histogram", "two"],
    );
    let golden = Golden::read("places.txt");
    let densities = golden.cases().iter().filter(|c| c.name == "histogram");
    for case in densities.filter(|c| c.try_array("density").is_some() && c.text("bins").is_none()) {
        let weights = case
            .try_array("weights")
            .map(|w| w.tensor(dev))
            .transpose()?;
        let edges = case.array("edges").tensor(dev)?;
        let x = case.array("x").tensor(dev)?;
        let (density, _) = x.histogram_density(&edges, weights.as_ref())?;
        let want: Vec<f64> = case.array("density").values();
        for (got, want) in density.to_vec::<f64>()?.iter().zip(want) {
            assert!((got - want).abs() <= 1e-6 * want.abs(), "{got} {want}");
        }
    }
    Ok(())
}

fn digitize(dev: &Device) -> Result<()> {
    each(dev, "digitize", |case, operand| {
        let right = case.value::<String>("right") == "True";
        result(operand("x").digitize(&operand("edges"), right)?)
    })
}

fn nonzero(dev: &Device) -> Result<()> {
    each(dev, "nonzero", |_, operand| {
        let x = operand("x");
        let mut results = vec![("flat", x.flatnonzero()?)];
        if x.ndim() > 0 {
            results.push(("argwhere", x.argwhere()?));
        }
        Ok(results)
    })?;
    says(
        Tensor::full([], 1, DType::I32, dev)?.nonzero(),
        &["nonzero", "flatnonzero"],
    );
    let n = 300_007;
    let chosen = Tensor::arange(0, n, 1, dev)?.remainder(7)?.eq(3)?;
    let want: Vec<u32> = (0..n as u32).filter(|i| i % 7 == 3).collect();
    assert_eq!(chosen.flatnonzero()?.to_vec::<u32>()?, want);
    Ok(())
}

fn masked_select(dev: &Device) -> Result<()> {
    each(dev, "masked_select", |_, operand| {
        result(operand("x").masked_select(&operand("mask"))?)
    })?;
    let x = Tensor::new([1f32, 2.0], dev)?;
    says(x.masked_select(&x), &["masked_select", "f32", "bools"]);
    says(
        x.masked_select(&Tensor::new([true, true, false], dev)?),
        &["masked_select", "(2,)", "(3,)"],
    );
    check_twice(
        dev,
        "masked_select",
        &[(&[1.0, -2.0, 3.0, 4.0], &[2, 2])],
        |x| {
            let mask = Tensor::new([[true, false], [true, true]], dev)?;
            Ok(x[0].masked_select(&mask)?.square())
        },
    );
    Ok(())
}

fn unique(dev: &Device) -> Result<()> {
    each(dev, "unique", |_, operand| {
        let x = operand("x");
        let all = x.unique_all()?;
        let (values, counts) = x.unique_counts()?;
        let (_, inverse) = x.unique_inverse()?;
        Ok(vec![
            ("values", x.unique()?),
            ("values", values),
            ("values", all.values),
            ("indices", all.indices),
            ("inverse", all.inverse),
            ("inverse", inverse),
            ("counts", all.counts),
            ("counts", counts),
        ])
    })
}

/// A sum of bools says whether one of them is true, as NumPy's `add.at`, and is a bool whatever reads it.
fn adding_to_bools(device: &Device) -> Result<()> {
    let x = Tensor::new([false, true, false], device)?;
    let index = Tensor::new([2, 1, 2], device)?;
    let values = Tensor::new([true, true, true], device)?;
    let sums = [
        x.scatter_add(0, &index, &values)?,
        x.index_add(&[&index], &values)?,
        x.index_add(&[&index], true)?,
    ];
    for sum in sums {
        assert_eq!(sum.to_dtype(DType::I32).to_vec::<i32>()?, [0, 1, 1]);
        assert_eq!(sum.nonzero()?[0].to_vec::<u32>()?, [1, 2]);
    }
    Ok(())
}
