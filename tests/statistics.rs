//! Quantiles, reductions without NaN, weighted means, counts and differences agree with NumPy.

use tilewise::prelude::*;
use tilewise::{Interpolation, IntoAxes};

use crate::scan::tensor;
use crate::support::compare::{assert_near, assert_same};
use crate::support::golden::{Case, Golden};
use crate::support::gradient::check;

tests![
    golden,
    single_quantiles,
    extremes_skip_nan,
    infinities,
    empty,
    views,
    halves,
    weights_along_an_axis,
    errors,
    gradients
];

const QUANTILES: [f64; 6] = [0.0, 0.1, 0.25, 0.5, 0.9, 1.0];

/// One axis, or all.
#[derive(Clone, Copy)]
struct Axes(Option<isize>);

impl IntoAxes for Axes {
    fn into_axes(self) -> Option<Vec<isize>> {
        self.0.map(|axis| vec![axis])
    }
}

/// Compares with what NumPy computed in f64: a few roundings of values below 64 in size.
fn near(case: &Case, name: &str, got: Result<Tensor>) -> Result<()> {
    let (got, want) = (got?, case.array(name));
    let what = format!("{name} of {}", case.name);
    assert_eq!(got.shape(), want.shape, "{what}");
    assert_near(
        &what,
        &got.to_vec::<f32>()?,
        &want.values(),
        1e-6,
        64.0 * 3e-7,
    );
    Ok(())
}

fn exact(case: &Case, name: &str, got: Result<Tensor>) -> Result<()> {
    let (got, want) = (got?, case.array(name));
    let what = format!("{name} of {}", case.name);
    assert_eq!(got.shape(), want.shape, "{what}");
    match want.dtype.as_str() {
        "bool" => assert_same(&what, &got.to_vec::<bool>()?, &want.bools()),
        _ => assert_near(
            &what,
            &got.to_dtype(DType::F32).to_vec::<f32>()?,
            &want.values(),
            0.0,
            0.0,
        ),
    }
    Ok(())
}

fn golden(device: &Device) -> Result<()> {
    use Interpolation::{Higher, Linear, Lower, Midpoint, Nearest};
    let golden = Golden::read("statistics.txt");
    for case in golden.cases() {
        let x = tensor(case.array("x"), device)?;
        let axis = match case.text("axis") {
            Some("all") => Axes(None),
            _ => Axes(Some(case.value("axis"))),
        };
        near(case, "median", x.median(axis))?;
        let methods = [
            ("linear", Linear),
            ("lower", Lower),
            ("higher", Higher),
            ("midpoint", Midpoint),
            ("nearest", Nearest),
        ];
        for (name, method) in methods {
            near(case, name, x.quantile_with(QUANTILES, axis, method))?;
            let hundred = QUANTILES.map(|q| 100.0 * q);
            near(case, name, x.percentile_with(hundred, axis, method))?;
        }
        near(case, "linear", x.quantile(QUANTILES, axis))?;
        let weights: Vec<f32> = (1..=x.size()).map(|i| i as f32 / 4.0).collect();
        let weights = Tensor::from_slice(&weights, x.shape(), device)?;
        near(case, "average", x.average(axis, &weights))?;
        if case.try_array("ptp").is_some() {
            exact(case, "ptp", x.ptp(axis))?;
        }
        exact(case, "count_nonzero", x.count_nonzero(axis))?;
        let floats = x.to_dtype(DType::F32);
        near(case, "nansum", floats.nansum(axis))?;
        exact(case, "nanmax", floats.nanmax(axis))?;
        exact(case, "nanmin", floats.nanmin(axis))?;
        near(case, "nanmean", x.nanmean(axis))?;
        near(case, "nanmedian", x.nanmedian(axis))?;
        near(case, "nanvar", x.nanvar(axis, 0))?;
        near(case, "nanstd", x.nanstd(axis, 0))?;
        if let Axes(Some(axis)) = axis {
            for n in 0..3 {
                exact(case, &format!("diff{n}"), x.diff(n, axis))?;
            }
        }
    }
    Ok(())
}

/// One quantile has no axis of its own; integers reduce in their type.
fn single_quantiles(device: &Device) -> Result<()> {
    let x = Tensor::from_slice(&[4, 1, 3, 2, 9, 0], [2, 3], device)?;
    assert_eq!(x.quantile(0.5, 1)?.to_vec::<f32>()?, [3.0, 2.0]);
    assert_eq!(x.percentile(25.0, ..)?.item::<f32>()?, 1.25);
    assert_eq!(x.percentile([25.0], ..)?.shape(), [1]);
    assert_eq!(x.quantile([0.0, 1.0], [0, 1])?.to_vec::<f32>()?, [0.0, 9.0]);
    assert_eq!(x.nanmax(0)?.to_vec::<i32>()?, [4, 9, 3]);
    assert_eq!(x.nansum(1)?.to_vec::<i32>()?, [8, 11]);
    Ok(())
}

/// Along rows, columns and all, of lengths about those of vectors and blocks.
fn extremes_skip_nan(device: &Device) -> Result<()> {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    // NaN equals nothing.
    let numbers = |values: &[f32]| -> Vec<Option<f32>> {
        let number = |v: &f32| (!v.is_nan()).then_some(*v);
        values.iter().map(number).collect()
    };
    for (rows, columns) in [(1, 1), (3, 67), (65, 5), (130, 33), (2, 9001)] {
        let value = |i: usize| match i * 7919 % 23 {
            0..=6 => nan,
            7 => -inf,
            k => (i * 31 % 1009) as f32 - 500.0 + k as f32,
        };
        let mut values: Vec<f32> = (0..rows * columns).map(value).collect();
        // A row of nothing but NaN, of one sign and the other.
        values[..columns].fill(nan);
        values[columns / 2] = -nan;
        let x = Tensor::from_slice(&values, [rows, columns], device)?;
        let fold = |of: &mut dyn Iterator<Item = usize>, better: fn(f32, f32) -> f32| {
            of.map(|i| values[i]).fold(nan, better)
        };
        let along = |axis: usize, better: fn(f32, f32) -> f32| -> Vec<f32> {
            match axis {
                0 => (0..columns)
                    .map(|j| fold(&mut (0..rows).map(|i| i * columns + j), better))
                    .collect(),
                _ => (0..rows)
                    .map(|i| fold(&mut (i * columns..(i + 1) * columns), better))
                    .collect(),
            }
        };
        for axis in [0, 1] {
            let what = format!("axis {axis} of ({rows},{columns})");
            let largest = x.nanmax(axis as isize)?.to_vec::<f32>()?;
            assert_same(&what, &numbers(&largest), &numbers(&along(axis, f32::max)));
            let least = x.nanmin(axis as isize)?.to_vec::<f32>()?;
            assert_same(&what, &numbers(&least), &numbers(&along(axis, f32::min)));
            let turned = x.t().flip(0)?.nanmin(1 - axis as isize)?;
            let mut want = along(axis, f32::min);
            if axis == 0 {
                want.reverse();
            }
            assert_same(&what, &numbers(&turned.to_vec::<f32>()?), &numbers(&want));
        }
        let all = fold(&mut (0..values.len()), f32::max);
        let got = x.nanmax(..)?.item::<f32>()?;
        assert_same("all", &numbers(&[got]), &numbers(&[all]));
    }
    let zeros = Tensor::new([nan, -0.0, 0.0], device)?;
    assert_eq!(zeros.nanmax(0)?.item::<f32>()?, 0.0);
    Ok(())
}

fn infinities(device: &Device) -> Result<()> {
    let inf = f32::INFINITY;
    let x = Tensor::from_slice(&[1.0, inf, inf, -inf], [4], device)?;
    assert_eq!(x.median(0)?.item::<f32>()?, inf);
    assert_eq!(x.quantile(1.0 / 3.0, 0)?.item::<f32>()?, 1.0);
    assert_eq!(x.quantile(0.0, 0)?.item::<f32>()?, -inf);
    assert_eq!(x.quantile(0.9, 0)?.item::<f32>()?, inf);
    let huge = Tensor::from_slice(&[3e38f32, 3e38], [2], device)?;
    assert_eq!(huge.median(0)?.item::<f32>()?, 3e38);
    Ok(())
}

fn empty(device: &Device) -> Result<()> {
    let x = Tensor::zeros([2, 0], device)?;
    assert!(x.median(1)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert_eq!(x.quantile([0.5, 0.1], 0)?.shape(), [2, 0]);
    assert!(x.nanmean(1)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert!(x.nanmedian(1)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert_eq!(x.nansum(1)?.to_vec::<f32>()?, [0.0, 0.0]);
    assert_eq!(x.count_nonzero(1)?.to_vec::<i32>()?, [0, 0]);
    assert_eq!(x.diff(1, 1)?.shape(), [2, 0]);
    assert_eq!(x.diff(3, 0)?.shape(), [0, 0]);
    let scalar = Tensor::new(3f32, device)?;
    assert_eq!(scalar.median(..)?.item::<f32>()?, 3.0);
    assert_eq!(scalar.quantile(0.3, ..)?.item::<f32>()?, 3.0);
    assert_eq!(scalar.nanmedian(..)?.item::<f32>()?, 3.0);
    Ok(())
}

fn views(device: &Device) -> Result<()> {
    let given: Vec<f32> = (0..1001).map(|i| ((i * 37) % 1009) as f32).collect();
    let x = Tensor::from_slice(&given, [7, 143], device)?;
    let t = x.flip(1)?.t();
    for (got, want) in [
        (t.median(0)?, x.median(1)?),
        (t.nanmedian(0)?, x.median(1)?),
        (t.quantile(0.3, 1)?, x.flip(1)?.quantile(0.3, 0)?),
        (t.ptp(..)?, x.ptp(..)?),
    ] {
        assert_same("views", &got.to_vec::<f32>()?, &want.to_vec::<f32>()?);
    }
    let wide = x.narrow(0, 2, 1)?.broadcast_to([4, 143])?;
    let one = x.narrow(0, 2, 1)?.median(..)?.item::<f32>()?;
    assert_eq!(wide.median(1)?.to_vec::<f32>()?, [one; 4]);
    Ok(())
}

fn halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    let x = Tensor::from_slice(&[1f32, 2.0, 4.0, f32::NAN], [4], device)?.to_dtype(DType::F16);
    let item = |t: Tensor| t.to_dtype(DType::F32).item::<f32>();
    assert_eq!(x.nanmedian(0)?.dtype(), DType::F16);
    assert_eq!(item(x.nanmedian(0)?)?, 2.0);
    assert_eq!(item(x.narrow(0, 0, 2)?.median(0)?)?, 1.5);
    assert_eq!(item(x.nansum(0)?)?, 7.0);
    Ok(())
}

/// A vector of weights lies along the one axis, of a square matrix too.
fn weights_along_an_axis(device: &Device) -> Result<()> {
    let x = Tensor::new([[1f32, 2.], [3., 6.]], device)?;
    let weights = Tensor::new([3f32, 1.], device)?;
    for (axis, want) in [(0, [1.5, 3.0]), (-1, [1.25, 3.75])] {
        assert_eq!(x.average(axis, &weights)?.to_vec::<f32>()?, want);
    }
    let one = Tensor::new([2f32], device)?;
    assert_eq!(
        x.slice(s![..1])?.average(0, &one)?.to_vec::<f32>()?,
        [1.0, 2.0]
    );
    // Over all axes it broadcasts.
    assert_eq!(x.average(.., &weights)?.item::<f32>()?, 20.0 / 8.0);
    let none = Tensor::zeros([0, 2], device)?.average(0, &Tensor::zeros([0], device)?)?;
    assert!(none.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    let x = Tensor::ones([2, 3], device)?;
    let said = |result: Result<Tensor>, words: &str| {
        let error = result.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    said(x.quantile(1.5, 0), "from 0 to 1");
    said(x.quantile([0.5, f64::NAN], 0), "from 0 to 1");
    said(x.percentile(-1.0, 0), "from 0 to 1");
    said(x.median(2), "axis 2");
    said(x.diff(1, -3), "axis -3");
    said(x.nanmax([0, 0]), "axis");
    let wide = Tensor::ones([4, 2, 3], device)?;
    said(x.average(0, &wide), "weights must broadcast");
    let row = Tensor::ones([3], device)?;
    said(x.average(0, &row), "the size 2 of its axis");
    said(Tensor::zeros([0], device)?.ptp(0), "zero-size");
    said(
        Tensor::zeros([0], device)?.nanmax(0),
        "zero-size array to reduction nanmax",
    );
    Ok(())
}

fn gradients(device: &Device) -> Result<()> {
    let x: &[f32] = &[0.5, -1.25, 2.0, 0.75, -0.25, 1.5];
    let input = &[(x, &[2, 3][..])][..];
    check(device, "median", input, |x| x[0].square().median(..));
    check(device, "quantile", input, |x| x[0].quantile([0.3, 0.8], 1));
    check(device, "nanmedian", input, |x| x[0].nanmedian(0));
    check(device, "nanmean", input, |x| x[0].square().nanmean(0));
    check(device, "nanvar", input, |x| x[0].nanvar(1, 1));
    check(device, "nanstd", input, |x| x[0].nanstd(1, 0));
    check(device, "nanmax", input, |x| x[0].nanmax(1));
    check(device, "nanmin", input, |x| x[0].square().nanmin(0));
    check(device, "nansum", input, |x| x[0].square().nansum(1));
    check(device, "percentile", input, |x| x[0].percentile(37.0, ..));
    check(device, "ptp", input, |x| x[0].ptp(0));
    check(device, "diff", input, |x| x[0].square().diff(2, 1));
    let weights: &[f32] = &[1.0, 2.0, 0.5, 0.25, 1.5, 0.75];
    let both = &[(x, &[2, 3][..]), (weights, &[2, 3])][..];
    check(device, "average", both, |x| x[0].average(1, &x[1]));
    // What is missing has no gradient.
    let x = Tensor::new([1f32, f32::NAN, 3.0], device)?.variable();
    for y in [x.nansum(0)?, x.nanmean(0)?, x.nanvar(0, 0)?, x.nanmax(0)?] {
        let gradients = y.backward()?;
        let g: Vec<f32> = gradients.get(&x).expect("a gradient").to_vec()?;
        assert!(g[1] == 0.0 && g.iter().all(|g| g.is_finite()), "{g:?}");
    }
    // Nothing is chosen of none, and equals share.
    let x = Tensor::new([[f32::NAN, f32::NAN], [2.0, 2.0]], device)?.variable();
    let gradients = x.nanmin(1)?.nansum(..)?.backward()?;
    let g = gradients.get(&x).expect("a gradient").to_vec::<f32>()?;
    assert_eq!(g, [0.0, 0.0, 0.5, 0.5]);
    Ok(())
}
