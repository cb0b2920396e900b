//! Reductions and softmax agree with NumPy and PyTorch.

use tilewise::{DType, Device, IntoAxes, Result, Tensor};

use crate::support::compare::{assert_bits, assert_near, assert_same};
use crate::support::golden::{Array, Case, Golden};

tests![
    golden,
    nan_and_infinity,
    softmax,
    empty,
    long,
    integers_wrap,
    views,
    sums_of_halves,
    sums_of_products,
];

/// Half a unit in the last place of an f32 in [1, 2): the error of one rounding, relatively.
const ROUNDING: f64 = 1.0 / (1 << 24) as f64;

/// The axes of a case: a list, or `all`.
#[derive(Clone)]
struct Axes(Option<Vec<isize>>);

impl IntoAxes for Axes {
    fn into_axes(self) -> Option<Vec<isize>> {
        self.0
    }
}

fn reduce(case: &Case, x: &Tensor) -> Result<Tensor> {
    let op = case.text("op").expect("each case names its op");
    let axes = Axes(
        case.list("axes")
            .or(case.text("axis").map(|_| vec![case.value("axis")])),
    );
    let keep = case.text("keepdims") == Some("1");
    let ddof = case.text("ddof").map_or(0, |_| case.value("ddof"));
    macro_rules! call {
        ($method:ident, $keep:ident $(, $more:expr)?) => {
            if keep { x.$keep(axes $(, $more)?) } else { x.$method(axes $(, $more)?) }
        };
    }
    match op {
        "sum" => call!(sum, sum_keepdims),
        "mean" => call!(mean, mean_keepdims),
        "prod" => call!(prod, prod_keepdims),
        "max" => call!(max, max_keepdims),
        "min" => call!(min, min_keepdims),
        "any" => call!(any, any_keepdims),
        "all" => call!(all, all_keepdims),
        "argmax" => call!(argmax, argmax_keepdims),
        "argmin" => call!(argmin, argmin_keepdims),
        "logsumexp" => call!(logsumexp, logsumexp_keepdims),
        "var" => call!(var, var_keepdims, ddof),
        "std" => call!(std, std_keepdims, ddof),
        _ => panic!("{}: unknown op {op}", case.name),
    }
}

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    let shape = array.shape.as_slice();
    match array.dtype.as_str() {
        "i32" => Tensor::from_slice(&array.values::<i32>(), shape, device),
        "bool" => Tensor::from_slice(&array.bools(), shape, device),
        _ => Tensor::from_slice(&array.values::<f32>(), shape, device),
    }
}

fn check(case: &Case, x: &Tensor, array: &Array) -> Result<()> {
    let (got, want) = (reduce(case, x)?, case.array("result"));
    assert_eq!(got.shape(), want.shape, "{}", case.name);
    let op = case.text("op").expect("each case names its op");
    match want.dtype.as_str() {
        "bool" => assert_same(&case.name, &got.to_vec::<bool>()?, &want.bools()),
        "i32" if !got.dtype().is_float() => {
            assert_same(&case.name, &got.to_vec::<i64>()?, &want.values::<i64>());
        }
        _ => {
            let values: Vec<f64> = array.values();
            let n = values.len() as f64;
            // The sum of magnitudes bounds what a rounding of any partial sum may be; by pairs
            // each element passes log2(n) + 1 of them.
            let sizes: f64 = values
                .iter()
                .filter(|v| v.is_finite())
                .map(|v| v.abs())
                .sum();
            let of_sums = ROUNDING * (n.log2() + 1.0) * sizes;
            let (relative, absolute) = match op {
                "max" | "min" => (0.0, 0.0),
                "sum" => (0.0, of_sums),
                "mean" => (4.0 * ROUNDING, of_sums / 2.0),
                // One rounding an element.
                "prod" => (n * ROUNDING, 0.0),
                // Of squares, which all have one sign; those near the mean lose some digits.
                "var" | "std" => (24.0 * ROUNDING, 0.0),
                "logsumexp" => (8.0 * ROUNDING, 4.0 * ROUNDING),
                _ => (0.0, 0.0),
            };
            assert_near(
                &case.name,
                &got.to_vec()?,
                &want.values(),
                relative,
                absolute,
            );
        }
    }
    Ok(())
}

fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("reductions.txt");
    let operands = golden.case("operands");
    for case in golden.cases().iter().filter(|case| case.name != "operands") {
        let array = operands.array(case.text("operand").expect("each case names its operand"));
        let x = tensor(array, device)?;
        check(case, &x, array)?;
        // The same elements with the axes stored in another order.
        let stored = x
            .permute(&[2, 0, 1])?
            .try_add(x.zeros_like().permute(&[2, 0, 1])?)?;
        let stored = if x.dtype() == DType::Bool {
            stored.to_dtype(DType::Bool)
        } else {
            stored
        };
        check(case, &stored.permute(&[1, 2, 0])?, array)?;
    }
    Ok(())
}

/// Rows with NaN, of NaN alone, with infinities.
fn nan_and_infinity(device: &Device) -> Result<()> {
    let golden = Golden::read("pointwise.txt");
    let cases: Vec<&Case> = golden
        .cases()
        .iter()
        .filter(|c| c.name.contains("rows with"))
        .collect();
    assert!(cases.len() > 10);
    for case in cases {
        let array = case.array("x");
        check(case, &tensor(array, device)?, array)?;
    }
    Ok(())
}

fn softmax(device: &Device) -> Result<()> {
    for case in Golden::read("softmax.txt").cases() {
        let array = case.array("x");
        let x = tensor(array, device)?;
        let axis = case.value("axis");
        let values: Vec<f64> = array.values();
        let range = values.iter().cloned().fold(f64::NEG_INFINITY, f64::max)
            - values.iter().cloned().fold(f64::INFINITY, f64::min);
        // x − max is rounded once, relatively to itself; that error becomes one of the power,
        // relatively, and is added to those of exp, of the sum and of the quotient.
        let error = ROUNDING * (range.min(104.0) + 12.0);
        let want = case.array("result");
        let (got, relative, absolute) = match case.text("op") {
            Some("softmax") => (x.softmax(axis)?, error, f32::MIN_POSITIVE as f64),
            _ => (x.log_softmax(axis)?, 3.0 * ROUNDING, error),
        };
        assert_eq!(got.shape(), want.shape);
        assert_near(
            &case.name,
            &got.to_vec()?,
            &want.values(),
            relative,
            absolute,
        );
    }
    // A row of −∞ has no softmax; one +∞ neither.
    let inf = f32::INFINITY;
    let x = Tensor::new([[-inf, -inf], [0.0, inf], [-inf, 0.0]], device)?;
    let nan = f32::NAN;
    assert_bits(
        "softmax",
        &x.softmax(1)?.to_vec()?,
        &[nan, nan, nan, nan, 0.0, 1.0],
    );
    assert_bits("logsumexp", &x.logsumexp(1)?.to_vec()?, &[-inf, inf, 0.0]);
    assert_eq!(Tensor::zeros([0, 3], device)?.softmax(0)?.shape(), [0, 3]);
    Ok(())
}

fn empty(device: &Device) -> Result<()> {
    let x = Tensor::zeros([0, 3], device)?;
    assert_eq!(x.sum(0)?.to_vec::<f32>()?, [0.0; 3]);
    assert_eq!(x.prod(0)?.to_vec::<f32>()?, [1.0; 3]);
    assert_eq!(x.sum(..)?.item::<f32>()?, 0.0);
    assert_eq!(x.sum(1)?.shape(), [0]);
    assert_eq!(x.max(1)?.shape(), [0]);
    assert!(x.mean(0)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert!(x.var(0, 0)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert_eq!(x.any(0)?.to_vec::<bool>()?, [false; 3]);
    assert_eq!(x.all(0)?.to_vec::<bool>()?, [true; 3]);
    assert_eq!(x.logsumexp(0)?.to_vec::<f32>()?, [f32::NEG_INFINITY; 3]);
    for (name, result) in [
        ("max", x.max(0)),
        ("min", x.min(..)),
        ("argmax", x.argmax(0)),
        ("argmin", x.argmin(0)),
    ] {
        let error = result.expect_err(name).to_string();
        assert!(
            error.contains("zero-size array") && error.contains(name),
            "{error}"
        );
    }
    // No degrees of freedom.
    let one = Tensor::ones([1], device)?;
    assert!(one.var(0, 1)?.item::<f32>()?.is_nan());
    Ok(())
}

/// Long rows and columns, of odd lengths, against sums in f64.
fn long(device: &Device) -> Result<()> {
    for (rows, columns) in [(1, 200_003), (3, 70_001), (513, 129), (2049, 3), (1, 1)] {
        let n = rows * columns;
        let values: Vec<f32> = (0..n)
            .map(|i| ((i as u64 * 2_654_435_761 % 1000) as f32 - 499.0) / 64.0)
            .collect();
        let x = Tensor::from_slice(&values, [rows, columns], device)?;
        let at = |r: usize, c: usize| values[r * columns + c] as f64;
        for axis in [0, 1] {
            let (kept, gone) = if axis == 0 {
                (columns, rows)
            } else {
                (rows, columns)
            };
            let element = |k: usize, g: usize| if axis == 0 { at(g, k) } else { at(k, g) };
            let fold = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
                (0..kept)
                    .map(|k| (0..gone).map(|g| f(element(k, g))).sum())
                    .collect()
            };
            let (sums, sizes) = (fold(&|v| v), fold(&f64::abs));
            let largest = sizes.iter().cloned().fold(0.0, f64::max);
            let absolute = ROUNDING * ((gone as f64).log2() + 8.0) * largest;
            let what = format!("sum of {rows}×{columns} over axis {axis}");
            assert_near(
                &what,
                &x.sum(axis as isize)?.to_vec()?,
                &sums,
                0.0,
                absolute,
            );
            let squares = fold(&|v| v * v);
            let got = x.square().sum(axis as isize)?;
            let relative = ROUNDING * ((gone as f64).log2() + 9.0);
            assert_near(&what, &got.to_vec()?, &squares, relative, 0.0);
            let first_largest = |k: usize| {
                (1..gone).fold(0, |best, g| {
                    if element(k, g) > element(k, best) {
                        g
                    } else {
                        best
                    }
                })
            };
            let want: Vec<u32> = (0..kept).map(|k| first_largest(k) as u32).collect();
            assert_same(&what, &x.argmax(axis as isize)?.to_vec::<u32>()?, &want);
        }
    }
    Ok(())
}

fn integers_wrap(device: &Device) -> Result<()> {
    let x = Tensor::from_slice(&[i32::MAX, 1, 1], [3], device)?;
    assert_eq!(x.sum(0)?.item::<i32>()?, i32::MIN + 1);
    let x = Tensor::from_slice(&[u32::MAX, 2], [2], device)?;
    assert_eq!(
        (x.sum(0)?.item::<u32>()?, x.prod(0)?.item::<u32>()?),
        (1, u32::MAX - 1)
    );
    let bools = Tensor::from_slice(&[true, false, true], [3], device)?;
    assert_eq!(bools.sum(0)?.dtype(), DType::I32);
    assert_eq!(bools.sum(0)?.item::<i32>()?, 2);
    let x = Tensor::from_slice(&[i32::MIN, 5, i32::MAX], [3], device)?;
    assert_eq!(
        (x.min(0)?.item::<i32>()?, x.max(0)?.item::<i32>()?),
        (i32::MIN, i32::MAX)
    );
    assert_eq!(x.mean(0)?.dtype(), DType::F32);
    Ok(())
}

/// Flipped, stepped, broadcast and gathered operands, and pointwise ones that fold in.
fn views(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 60, 1, device)?.reshape([3, 4, 5])?;
    let plain = |f: &dyn Fn(usize, usize, usize) -> i32, i: usize| -> Vec<i32> {
        let mut out = vec![0; if i == 0 { 20 } else { 15 }];
        for a in 0..3 {
            for b in 0..4 {
                for c in 0..5 {
                    out[if i == 0 { b * 5 + c } else { a * 5 + c }] += f(a, b, c);
                }
            }
        }
        out
    };
    let at = |a: usize, b: usize, c: usize| (a * 20 + b * 5 + c) as i32;
    assert_eq!(
        x.flip(1)?.sum(0)?.to_vec::<i32>()?,
        plain(&|a, b, c| at(a, 3 - b, c), 0)
    );
    assert_eq!(
        x.flip(2)?.sum(1)?.to_vec::<i32>()?,
        plain(&|a, b, c| at(a, b, 4 - c), 1)
    );
    let row = Tensor::arange(0, 5, 1, device)?;
    let got = (&x * &row + 1).sum(0)?;
    assert_eq!(
        got.to_vec::<i32>()?,
        plain(&|a, b, c| at(a, b, c) * c as i32 + 1, 0)
    );
    let got = row.broadcast_to([3, 4, 5])?.sum(1)?;
    assert_eq!(got.to_vec::<i32>()?, plain(&|_, _, c| c as i32, 1));
    assert_eq!(Tensor::ones([3, 4], device)?.sum(..)?.item::<f32>()?, 12.0);
    let order = Tensor::from_slice(&[2, -3, 1], [3], device)?;
    assert_eq!(
        x.index_select(0, &order)?.sum(1)?.to_vec::<i32>()?[..5],
        [190, 194, 198, 202, 206]
    );
    Ok(())
}

/// A sum of halves is one, infinite beyond the largest, whether what is computed of it reads it from memory
/// or not; a mean is not.
fn sums_of_halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    let seven = tilewise::f16::from_f32(7.0);
    for (shape, axis) in [([2, 70_000], 1), ([2, 10_000], 1), ([10_000, 3], 0)] {
        let x = Tensor::from_slice(&vec![seven; shape[0] * shape[1]], shape, device)?;
        let rest = x.sum(axis)?.remainder(8)?;
        assert!(rest.to_vec::<f64>()?.iter().all(|v| v.is_nan()));
        let share = x.try_div(&x.sum_keepdims(axis)?)?;
        assert!(share.to_vec::<f64>()?.iter().all(|&v| v == 0.0));
        let mean = x.mean(axis)?;
        assert!(
            mean.to_vec::<f64>()?
                .iter()
                .all(|&v| (v - 7.0).abs() < 0.01)
        );
    }
    Ok(())
}

/// Sums of products have, on the CPU, the bits of products that are stored and then summed up, along rows, columns
/// and all axes, of operands in order and of views.
fn sums_of_products(device: &Device) -> Result<()> {
    let mut random = tilewise::Generator::new(11);
    let on_cpu = device.info().backend == "cpu";
    for dims in [
        [3, 5],
        [7, 64],
        [5, 65],
        [130, 301],
        [3, 70_001],
        [30, 4099],
    ] {
        let mut x = random.normal(dims, device)?.to_vec::<f32>()?;
        let y = random.normal(dims, device)?;
        let last = x.len() - 1;
        (x[0], x[last / 2], x[last]) = (f32::INFINITY, -0.0, f32::NAN);
        for finite in [false, true] {
            if finite {
                (x[0], x[last]) = (1.5, -2.5);
            }
            let x = Tensor::from_slice(&x, dims, device)?;
            for (name, x, y) in [
                ("in order", x.clone(), y.clone()),
                (
                    "rows from the second",
                    x.narrow(0, 1, dims[0] - 1)?,
                    y.narrow(0, 1, dims[0] - 1)?,
                ),
                ("turned", x.flip(1)?, y.clone()),
                ("across", x.t(), y.t()),
                (
                    "a row for all",
                    x.clone(),
                    y.narrow(0, 0, 1)?.broadcast_to(dims)?,
                ),
            ] {
                let products = x.try_mul(&y)?.contiguous();
                let squares = x.square().contiguous();
                device.synchronize()?;
                for axes in [vec![0], vec![1], vec![0, 1]] {
                    let name = format!("{name}, {dims:?} over {axes:?}");
                    // The product is dropped before the sum is read, so that it is not stored.
                    let product = || x.try_mul(&y)?.sum(axes.clone());
                    let square = || x.square().sum(axes.clone());
                    let (fused, square) = (product()?.to_vec::<f32>()?, square()?.to_vec::<f32>()?);
                    let apart = products.sum(axes.clone())?.to_vec::<f32>()?;
                    let of_squares = squares.sum(axes.clone())?.to_vec::<f32>()?;
                    if on_cpu && name.starts_with("in order") {
                        assert_bits(&name, &fused, &apart);
                        assert_bits(&name, &square, &of_squares);
                    } else if finite {
                        let size = products.abs().sum(..)?.item::<f64>()?;
                        let bound = 420.0 * ROUNDING * size;
                        for (fused, apart) in fused.iter().zip(&apart) {
                            assert!(
                                (fused - apart).abs() as f64 <= bound,
                                "{name}: {fused} {apart}"
                            );
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
