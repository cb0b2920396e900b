//! Every pointwise operation on every dtype, at the edges and in every layout, against plain
//! references, within the bound that the operation's documentation states.

#[path = "pointwise/reference.rs"]
mod reference;

use std::fmt::Debug;

use tilewise::{DType, Device, Result, Tensor, f16};

use self::reference::int;
use crate::support::compare::{assert_same, assert_ulps, error_on, flushes};
use crate::support::golden::Golden;
use crate::support::layouts::laid;

tests![
    unary,
    unary_of_other_dtypes,
    binary,
    binary_scalars,
    integers,
    unsigned,
    bools,
    tests_and_comparisons,
    select_and_clamp,
    casts,
    half_precision,
    golden_conventions,
    golden_unary,
    odd_lengths,
];

type Call1 = fn(&Tensor) -> Tensor;
/// A name, what the library does or did, and what it means.
type Meant<D, M> = (&'static str, D, M);
type Map<T> = fn(T) -> T;
type Test2<T> = fn(T, T) -> bool;
type Call2 = fn(&Tensor, &Tensor) -> Result<Tensor>;

/// A function of floats: its name, method, bound in ULPs and meaning.
struct Unary(&'static str, Call1, f64, fn(f64) -> f64);

const UNARY: &[Unary] = &[
    Unary("exp", Tensor::exp, 2.0, f64::exp),
    Unary("exp2", Tensor::exp2, 2.0, f64::exp2),
    Unary("expm1", Tensor::expm1, 2.0, f64::exp_m1),
    Unary("ln", Tensor::ln, 2.0, f64::ln),
    Unary("log2", Tensor::log2, 2.0, f64::log2),
    Unary("log10", Tensor::log10, 2.0, f64::log10),
    Unary("log1p", Tensor::log1p, 2.0, f64::ln_1p),
    Unary("sqrt", Tensor::sqrt, 2.0, f64::sqrt),
    Unary("rsqrt", Tensor::rsqrt, 2.0, |a| 1.0 / a.sqrt()),
    Unary("cbrt", Tensor::cbrt, 2.0, f64::cbrt),
    Unary("reciprocal", Tensor::reciprocal, 2.0, |a| 1.0 / a),
    Unary("sin", Tensor::sin, 2.0, f64::sin),
    Unary("cos", Tensor::cos, 2.0, f64::cos),
    Unary("tan", Tensor::tan, 4.0, f64::tan),
    Unary("asin", Tensor::asin, 4.0, f64::asin),
    Unary("acos", Tensor::acos, 4.0, f64::acos),
    Unary("atan", Tensor::atan, 4.0, f64::atan),
    Unary("sinh", Tensor::sinh, 4.0, f64::sinh),
    Unary("cosh", Tensor::cosh, 4.0, f64::cosh),
    Unary("tanh", Tensor::tanh, 2.0, f64::tanh),
    Unary("asinh", Tensor::asinh, 4.0, f64::asinh),
    Unary("acosh", Tensor::acosh, 4.0, f64::acosh),
    Unary("atanh", Tensor::atanh, 4.0, f64::atanh),
    Unary("erf", Tensor::erf, 4.0, reference::erf),
    Unary("sigmoid", Tensor::sigmoid, 2.0, reference::sigmoid),
    Unary("relu", Tensor::relu, 0.0, reference::relu),
    Unary("gelu", Tensor::gelu, 4.0, reference::gelu),
    Unary("gelu_tanh", Tensor::gelu_tanh, 4.0, reference::gelu_tanh),
    Unary("silu", Tensor::silu, 4.0, reference::silu),
    Unary("softplus", Tensor::softplus, 4.0, reference::softplus),
    Unary("floor", Tensor::floor, 0.0, f64::floor),
    Unary("ceil", Tensor::ceil, 0.0, f64::ceil),
    Unary("round", Tensor::round, 0.0, f64::round_ties_even),
    Unary("trunc", Tensor::trunc, 0.0, f64::trunc),
    Unary("negative", Tensor::negative, 0.0, |a| -a),
    Unary("abs", Tensor::abs, 0.0, f64::abs),
    Unary("sign", Tensor::sign, 0.0, reference::sign),
    Unary("square", Tensor::square, 1.0, |a| a * a),
];

/// As [`Unary`] for two operands; the flag says whether a zero's sign is promised.
struct Binary(&'static str, Call2, f64, bool, fn(f64, f64) -> f64);

const BINARY: &[Binary] = &[
    Binary("add", |a, b| a.try_add(b), 1.0, true, |a, b| a + b),
    Binary("sub", |a, b| a.try_sub(b), 1.0, true, |a, b| a - b),
    Binary("mul", |a, b| a.try_mul(b), 1.0, true, |a, b| a * b),
    Binary("div", |a, b| a.try_div(b), 3.0, true, |a, b| a / b),
    Binary("atan2", |a, b| a.atan2(b), 4.0, true, f64::atan2),
    // Exact but for the rounding of a sum or quotient to f32.
    Binary(
        "remainder",
        |a, b| a.remainder(b),
        0.5,
        true,
        reference::remainder,
    ),
    Binary(
        "floor_divide",
        |a, b| a.floor_divide(b),
        0.5,
        true,
        reference::floor_divide,
    ),
    Binary("fmod", |a, b| a.fmod(b), 0.0, true, |a, b| a % b),
    Binary(
        "trunc_divide",
        |a, b| a.trunc_divide(b),
        0.5,
        true,
        reference::trunc_divide,
    ),
    Binary("hypot", |a, b| a.hypot(b), 3.0, true, f64::hypot),
    Binary("copysign", |a, b| a.copysign(b), 0.0, true, f64::copysign),
    Binary("pow", |a, b| a.pow(b), 4.0, true, f64::powf),
    Binary(
        "minimum",
        |a, b| a.minimum(b),
        0.0,
        false,
        reference::minimum,
    ),
    Binary(
        "maximum",
        |a, b| a.maximum(b),
        0.0,
        false,
        reference::maximum,
    ),
    Binary("fmin", |a, b| a.fmin(b), 0.0, false, f64::min),
    Binary("fmax", |a, b| a.fmax(b), 0.0, false, f64::max),
];

/// Both zeros and infinities, NaN, the ends of the subnormal and normal numbers, and what is next to
/// places where functions turn, saturate or end.
fn edges() -> Vec<f32> {
    let mut edges = vec![f32::NAN, 0.0, f32::INFINITY, f32::from_bits(1)];
    edges.extend([
        f32::from_bits(0x7f_ffff),
        f32::MIN_POSITIVE,
        f32::MAX,
        1e-30,
        1e30,
    ]);
    for v in [0.5f32, 1.0, 1.5, 2.0, 2.5, 3.0] {
        edges.extend([v.next_down(), v, v.next_up()]);
    }
    edges.extend([
        1e-10, 1e-4, 0.1, 0.3, 0.7, 9.1, 16.6, 20.0, 50.0, 88.7, 88.8, 89.0, 103.9, 104.1,
    ]);
    edges.extend([
        126.9, 127.9, 128.0, 149.4, 150.1, 1e5, 1e6, 4194303.5, 8388607.5, 8388609.0, 1e10,
    ]);
    let pi = std::f32::consts::PI;
    edges.extend([
        pi,
        pi / 2.0,
        pi / 4.0,
        100.0 * pi,
        1000.5 * pi,
        0.844_375,
        3.92,
        5.5,
        13.1,
    ]);
    let negative: Vec<f32> = edges.iter().map(|v| -v).collect();
    [edges, negative].concat()
}

/// The edges and numbers of all sizes, an odd number of them.
fn samples() -> Vec<f32> {
    let mut samples = edges();
    for i in 0..1000u32 {
        let bits = i.wrapping_mul(2_654_435_761).rotate_left(7) ^ i << 20;
        let fraction = bits as f32 / u32::MAX as f32 * 2.0 - 1.0;
        let scale = [1.0, 10.0, 100.0, 1e4, 1e-3][i as usize % 5];
        samples.extend([fraction * scale, f32::from_bits(bits)]);
    }
    samples.push(0.25);
    if samples.len().is_multiple_of(2) {
        samples.push(-0.25);
    }
    samples
}

/// What the device may take a number for: itself and, if it is tiny and the device flushes, zero.
fn taken(device: &Device, v: f32) -> Vec<f64> {
    let zero = (flushes(device) && v.is_subnormal()).then_some(0f64.copysign(v as f64));
    [v as f64].into_iter().chain(zero).collect()
}

/// Checks each result against the meaning at its operands.
#[track_caller]
fn check<const N: usize>(
    device: &Device,
    what: &str,
    got: &[f32],
    operands: [&[f32]; N],
    (bound, signed): (f64, bool),
    meaning: impl Fn([f64; N]) -> f64,
) {
    assert_eq!(got.len(), operands[0].len(), "{what}");
    for (i, &got) in got.iter().enumerate() {
        let mut choices = vec![[0.0; N]];
        for (n, operand) in operands.iter().enumerate() {
            let takes = taken(device, operand[i]);
            choices = choices
                .iter()
                .flat_map(|c| {
                    takes
                        .iter()
                        .map(move |&v| std::array::from_fn(|j| if j == n { v } else { c[j] }))
                })
                .collect();
        }
        let unsigned = |got: f32, want: f64| {
            if !signed && got == 0.0 && want == 0.0 {
                0.0
            } else {
                error_on(device, got, want)
            }
        };
        let error = |&choice: &[f64; N]| unsigned(got, meaning(choice));
        let least = choices.iter().map(error).fold(f64::INFINITY, f64::min);
        let at: Vec<f32> = operands.iter().map(|o| o[i]).collect();
        assert!(
            least <= bound,
            "{what}{at:?} on {device}, element {i}: got {got:?}, want {:?}: {least:.2} ULP off, {bound} allowed",
            meaning(choices[0])
        );
    }
}

fn unary(device: &Device) -> Result<()> {
    let samples = samples();
    for laid in laid(device, &samples)? {
        for Unary(name, call, bound, meaning) in UNARY {
            let y = call(&laid.tensor);
            assert_eq!((y.shape(), y.dtype()), (laid.tensor.shape(), DType::F32));
            let what = format!("{name} of {}", laid.name);
            let bound = (*bound, *name != "relu");
            check(device, &what, &y.to_vec()?, [&laid.values], bound, |[a]| {
                meaning(a)
            });
        }
    }
    Ok(())
}

/// Functions of floats take integers and bools as f32; those that keep the type of integers are called at the
/// edges in `names`.
fn unary_of_other_dtypes(device: &Device) -> Result<()> {
    let ints = [0, 1, -1, 2, 7, -3, 40, i32::MAX, i32::MIN];
    let words = [0u32, 1, 2, 9, 40, u32::MAX];
    let bools = [true, false, true];
    for Unary(name, call, bound, meaning) in UNARY {
        if matches!(
            *name,
            "negative" | "abs" | "sign" | "square" | "floor" | "ceil" | "round" | "trunc"
        ) {
            continue;
        }
        let check = |x: Tensor, values: Vec<f32>| -> Result<()> {
            let y = call(&x);
            assert_eq!(y.dtype(), DType::F32, "{name}");
            let bound = (*bound, *name != "relu");
            check(device, name, &y.to_vec()?, [&values], bound, |[a]| {
                meaning(a)
            });
            Ok(())
        };
        check(Tensor::new(ints, device)?, ints.map(|v| v as f32).to_vec())?;
        check(
            Tensor::new(words, device)?,
            words.map(|v| v as f32).to_vec(),
        )?;
        check(
            Tensor::new(bools, device)?,
            bools.map(|v| v as u8 as f32).to_vec(),
        )?;
    }
    Ok(())
}

fn binary(device: &Device) -> Result<()> {
    let edges = edges();
    let n = edges.len();
    let left: Vec<f32> = edges.iter().flat_map(|&a| vec![a; n]).collect();
    let right = edges.repeat(n);
    let column = Tensor::from_slice(&edges, [n, 1], device)?;
    let row = Tensor::from_slice(&edges, [n], device)?;
    let full = Tensor::from_slice(&left, [n, n], device)?;
    let flipped: Vec<f32> = right.iter().rev().copied().collect();
    let turned = Tensor::from_slice(&flipped, [n * n], device)?
        .flip(0)?
        .reshape([n as isize, -1])?;
    let stored_by_columns = Tensor::from_slice(&right, [n, n], device)?.t();
    for Binary(name, call, bound, signed, meaning) in BINARY {
        let run = |what: &str, a: &Tensor, b: &Tensor| -> Result<()> {
            let y = call(a, b)?.to_vec::<f32>()?;
            let what = format!("{name} of {what}");
            check(
                device,
                &what,
                &y,
                [&left, &right],
                (*bound, *signed),
                |[a, b]| meaning(a, b),
            );
            Ok(())
        };
        run("column and row", &column, &row)?;
        run("full and flipped", &full, &turned)?;
        run("transposed and full", &stored_by_columns, &full.t())?;
        let nothing = Tensor::zeros([0, 1], device)?;
        assert_eq!(call(&nothing, &row)?.shape(), [0, n]);
        assert_eq!(call(&row.sum(0)?, &row.sum(0)?)?.shape(), [0usize; 0]);
    }
    // Slopes are numbers; a zero's sign is free.
    let slopes = [0.01, 0.2, 2.0, -0.5, 1.0];
    let values: Vec<f32> = edges.iter().flat_map(|&a| [a; 5]).collect();
    let slope = Tensor::from_slice(&slopes, [5], device)?;
    let repeated = slopes.repeat(n);
    let operands = [values.as_slice(), repeated.as_slice()];
    let y = column.leaky_relu(&slope)?.to_vec::<f32>()?;
    check(
        device,
        "leaky_relu",
        &y,
        operands,
        (1.0, false),
        |[a, b]| reference::leaky_relu(a, b),
    );
    let y = column.elu(&slope)?.to_vec::<f32>()?;
    check(device, "elu", &y, operands, (4.0, false), |[a, b]| {
        reference::elu(a, b)
    });
    Ok(())
}

/// A scalar on either side is a parameter, not a tensor.
fn binary_scalars(device: &Device) -> Result<()> {
    let samples = samples();
    let x = Tensor::from_slice(&samples, [samples.len()], device)?;
    for scalar in [0.0f32, -1.5, 3.0, f32::INFINITY, f32::NAN] {
        let same = vec![scalar; samples.len()];
        let right: [(&str, Result<Tensor>); 6] = [
            ("add", x.try_add(scalar)),
            ("mul", x.try_mul(scalar)),
            ("div", x.try_div(scalar)),
            ("remainder", x.remainder(scalar)),
            ("pow", x.pow(scalar)),
            ("maximum", x.maximum(scalar)),
        ];
        for (name, y) in right {
            let Binary(_, _, bound, signed, meaning) = binary_row(name);
            let operands = [samples.as_slice(), same.as_slice()];
            check(
                device,
                name,
                &y?.to_vec()?,
                operands,
                (*bound, *signed),
                |[a, b]| meaning(a, b),
            );
        }
        let s = scalar as f64;
        for (name, y) in [("sub", s - &x), ("div", s / &x), ("remainder", s % &x)] {
            let Binary(_, _, bound, signed, meaning) = binary_row(name);
            let operands = [same.as_slice(), samples.as_slice()];
            check(
                device,
                name,
                &y.to_vec()?,
                operands,
                (*bound, *signed),
                |[a, b]| meaning(a, b),
            );
        }
    }
    Ok(())
}

fn binary_row(name: &str) -> &'static Binary {
    BINARY
        .iter()
        .find(|row| row.0 == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

type IntRow = (&'static str, Call2, fn(i64, i64) -> i64);

const INTEGER: &[IntRow] = &[
    ("add", |a, b| a.try_add(b), |a, b| a + b),
    ("sub", |a, b| a.try_sub(b), |a, b| a - b),
    ("mul", |a, b| a.try_mul(b), |a, b| a.wrapping_mul(b)),
    ("remainder", |a, b| a.remainder(b), int::remainder),
    ("floor_divide", |a, b| a.floor_divide(b), int::floor_divide),
    ("pow", |a, b| a.pow(b), int::pow),
    ("fmod", |a, b| a.fmod(b), int::fmod),
    ("trunc_divide", |a, b| a.trunc_divide(b), int::trunc_divide),
    ("bitwise_and", |a, b| a.bitwise_and(b), |a, b| a & b),
    ("bitwise_or", |a, b| a.bitwise_or(b), |a, b| a | b),
    ("bitwise_xor", |a, b| a.bitwise_xor(b), |a, b| a ^ b),
    ("left_shift", |a, b| a.left_shift(b), int::left_shift),
    ("right_shift", |a, b| a.right_shift(b), int::right_shift),
    ("gcd", |a, b| a.gcd(b), int::gcd),
    ("minimum", |a, b| a.minimum(b), i64::min),
    ("maximum", |a, b| a.maximum(b), i64::max),
    ("fmin", |a, b| a.fmin(b), i64::min),
    ("fmax", |a, b| a.fmax(b), i64::max),
];

fn integers(device: &Device) -> Result<()> {
    let edges = [
        0,
        1,
        -1,
        2,
        -2,
        3,
        7,
        -7,
        31,
        46341,
        -65536,
        123_456_789,
        i32::MAX,
        i32::MIN,
        i32::MIN + 1,
    ];
    let column = Tensor::from_slice(&edges, [edges.len(), 1], device)?;
    let row = Tensor::from_slice(&edges, [edges.len()], device)?;
    for (name, call, meaning) in INTEGER {
        let y = call(&column, &row)?;
        assert_eq!(y.dtype(), DType::I32);
        check_pairs(name, &y.to_vec::<i32>()?, &edges, &edges, |a, b| {
            meaning(a as i64, b as i64) as i32
        });
    }
    // The true quotient is of floats.
    let quotient = column.try_div(&row)?;
    assert_eq!(quotient.dtype(), DType::F32);
    let operands: Vec<(f32, f32)> = edges
        .iter()
        .flat_map(|&a| edges.map(|b| (a as f32, b as f32)))
        .collect();
    let want: Vec<f64> = operands.iter().map(|&(a, b)| a as f64 / b as f64).collect();
    assert_ulps(device, "div", &quotient.to_vec::<f32>()?, &want, 3.0);
    let calls: [Meant<Call1, Map<i32>>; 4] = [
        ("negative", Tensor::negative, i32::wrapping_neg),
        ("abs", Tensor::abs, i32::wrapping_abs),
        ("sign", Tensor::sign, i32::signum),
        ("square", Tensor::square, |a| a.wrapping_mul(a)),
    ];
    for laid in laid(device, &edges)? {
        for (name, call, meaning) in calls {
            let want: Vec<i32> = laid.values.iter().map(|&a| meaning(a)).collect();
            let what = format!("{name} of {}", laid.name);
            assert_same(&what, &call(&laid.tensor).to_vec::<i32>()?, &want);
        }
    }
    Ok(())
}

fn unsigned(device: &Device) -> Result<()> {
    let edges = [
        0,
        1,
        2,
        3,
        7,
        31,
        65537,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX - 1,
        u32::MAX,
    ];
    let column = Tensor::from_slice(&edges, [edges.len(), 1], device)?;
    let row = Tensor::from_slice(&edges, [edges.len()], device)?;
    for (name, call, meaning) in INTEGER {
        let y = call(&column, &row)?;
        assert_eq!(y.dtype(), DType::U32);
        check_pairs(name, &y.to_vec::<u32>()?, &edges, &edges, |a, b| {
            meaning(a as i64, b as i64) as u32
        });
    }
    let calls: [Meant<Call1, Map<u32>>; 4] = [
        ("negative", Tensor::negative, u32::wrapping_neg),
        ("abs", Tensor::abs, |a| a),
        ("sign", Tensor::sign, |a| a.min(1)),
        ("square", Tensor::square, |a| a.wrapping_mul(a)),
    ];
    for (name, call, meaning) in calls {
        assert_same(name, &call(&row).to_vec::<u32>()?, &edges.map(meaning));
    }
    // With i32 the result is i32, and values of 2³¹ and more wrap.
    let mixed = Tensor::new([u32::MAX, 5], device)?.try_add(Tensor::new([-1, -7], device)?)?;
    assert_eq!(mixed.to_vec::<i32>()?, [-2, -2]);
    Ok(())
}

#[track_caller]
fn check_pairs<T: Copy + Debug + PartialEq, U: Copy + Debug>(
    what: &str,
    got: &[T],
    left: &[U],
    right: &[U],
    meaning: impl Fn(U, U) -> T,
) {
    assert_eq!(got.len(), left.len() * right.len());
    for (i, &got) in got.iter().enumerate() {
        let (a, b) = (left[i / right.len()], right[i % right.len()]);
        let want = meaning(a, b);
        assert!(
            got == want,
            "{what}({a:?}, {b:?}): got {got:?}, want {want:?}"
        );
    }
}

fn bools(device: &Device) -> Result<()> {
    let edges = [false, true];
    let column = Tensor::from_slice(&edges, [2, 1], device)?;
    let row = Tensor::from_slice(&edges, [2], device)?;
    let logic: [Meant<Result<Tensor>, Test2<bool>>; 9] = [
        ("bitwise_and", column.bitwise_and(&row), |a, b| a & b),
        ("bitwise_or", column.bitwise_or(&row), |a, b| a | b),
        ("bitwise_xor", column.bitwise_xor(&row), |a, b| a ^ b),
        ("and", column.logical_and(&row), |a, b| a & b),
        ("or", column.logical_or(&row), |a, b| a | b),
        ("xor", column.logical_xor(&row), |a, b| a ^ b),
        ("&", Ok(&column & &row), |a, b| a & b),
        ("|", Ok(&column | &row), |a, b| a | b),
        ("^", Ok(&column ^ &row), |a, b| a ^ b),
    ];
    for (name, y, meaning) in logic {
        check_pairs(name, &y?.to_vec::<bool>()?, &edges, &edges, meaning);
    }
    assert_eq!((!&row).to_vec::<bool>()?, [true, false]);
    // Arithmetic counts them as integers.
    let sum = column.try_add(&row)?;
    assert_eq!(sum.dtype(), DType::I32);
    assert_eq!(sum.to_vec::<i32>()?, [0, 1, 1, 2]);
    assert_eq!((-&row).to_vec::<i32>()?, [0, -1]);
    // Anything but zero is true, NaN too.
    let x = Tensor::new([0.0f32, -0.0, 0.5, f32::NAN], device)?;
    assert_eq!(
        x.logical_not().to_vec::<bool>()?,
        [true, true, false, false]
    );
    assert_eq!(
        x.logical_and(true)?.to_vec::<bool>()?,
        [false, false, true, true]
    );
    let ints = Tensor::new([0, -1, 2], device)?;
    assert_eq!(
        ints.logical_xor(ints.ne(2)?)?.to_vec::<bool>()?,
        [true, false, true]
    );
    for laid in laid(device, &[true, false, false, true, true])? {
        let want: Vec<bool> = laid.values.iter().map(|v| !v).collect();
        assert_same(
            laid.name,
            &laid.tensor.logical_not().to_vec::<bool>()?,
            &want,
        );
    }
    Ok(())
}

fn tests_and_comparisons(device: &Device) -> Result<()> {
    let mut edges = edges();
    if flushes(device) {
        edges.retain(|v| !v.is_subnormal());
    }
    type Test = (&'static str, Call1, fn(f32) -> bool);
    let tests: [Test; 4] = [
        ("is_nan", Tensor::is_nan, f32::is_nan),
        ("is_finite", Tensor::is_finite, f32::is_finite),
        ("is_inf", Tensor::is_inf, f32::is_infinite),
        ("signbit", Tensor::signbit, f32::is_sign_negative),
    ];
    for laid in laid(device, &edges)? {
        for (name, call, meaning) in tests {
            let want: Vec<bool> = laid.values.iter().map(|&v| meaning(v)).collect();
            assert_same(
                &format!("{name} of {}", laid.name),
                &call(&laid.tensor).to_vec()?,
                &want,
            );
        }
    }
    let ints = Tensor::new([1, 2], device)?;
    assert_eq!(ints.is_finite().to_vec::<bool>()?, [true; 2]);

    fn compare<T: tilewise::Element + PartialOrd>(device: &Device, edges: &[T]) -> Result<()> {
        let column = Tensor::from_slice(edges, [edges.len(), 1], device)?;
        let row = Tensor::from_slice(edges, [edges.len()], device)?;
        let comparisons: [Meant<Result<Tensor>, Test2<T>>; 6] = [
            ("eq", column.eq(&row), |a, b| a == b),
            ("ne", column.ne(&row), |a, b| a != b),
            ("lt", column.lt(&row), |a, b| a < b),
            ("le", column.le(&row), |a, b| a <= b),
            ("gt", column.gt(&row), |a, b| a > b),
            ("ge", column.ge(&row), |a, b| a >= b),
        ];
        for (name, y, meaning) in comparisons {
            check_pairs(name, &y?.to_vec::<bool>()?, edges, edges, meaning);
        }
        Ok(())
    }
    compare(device, &edges)?;
    compare(device, &[0, 1, -1, i32::MAX, i32::MIN])?;
    compare(device, &[0, 1, u32::MAX, 0x8000_0000])?;
    compare(device, &[false, true])
}

fn select_and_clamp(device: &Device) -> Result<()> {
    let samples = samples();
    let n = samples.len();
    let x = Tensor::from_slice(&samples, [n], device)?;
    let condition: Vec<bool> = (0..n).map(|i| i % 3 == 0).collect();
    let c = Tensor::from_slice(&condition, [n], device)?;
    let y = c.select(&x, x.flip(0)?)?.to_vec::<f32>()?;
    for i in 0..n {
        let want = if condition[i] {
            samples[i]
        } else {
            samples[n - 1 - i]
        };
        assert!(
            y[i] == want
                || want.is_nan() && y[i].is_nan()
                || want.is_subnormal() && flushes(device)
        );
    }
    // Scalars on either side, broadcasting, and dtypes.
    let rows = Tensor::new([[true], [false]], device)?;
    let got = rows.select(Tensor::new([1, 2, 3], device)?, 0)?;
    assert_eq!(
        (got.dtype(), got.to_vec::<i32>()?),
        (DType::I32, vec![1, 2, 3, 0, 0, 0])
    );
    assert_eq!(rows.select(1.5, 2)?.to_vec::<f32>()?, [1.5, 2.0]);
    assert_eq!(
        rows.select(1, Tensor::new([0.5f32], device)?)?.dtype(),
        DType::F32
    );
    assert_eq!(x.select(1, 2)?.to_vec::<i32>()?[1], 2);

    let clamped = x.clamp(-1.0, 2.0)?.to_vec::<f32>()?;
    check(
        device,
        "clamp",
        &clamped,
        [&samples],
        (0.0, false),
        |[a]| {
            if a.is_nan() { a } else { a.clamp(-1.0, 2.0) }
        },
    );
    // The upper bound wins, and NaN in a bound is told.
    assert_eq!(x.clamp(1.0, 0.0)?.to_vec::<f32>()?[5], 0.0);
    assert!(
        x.clamp(f64::NAN, 0.0)?
            .to_vec::<f32>()?
            .iter()
            .all(|v| v.is_nan())
    );
    let low = Tensor::new([[-1.0f32], [5.0]], device)?;
    let bounded = Tensor::new([0.0f32, -3.0, 9.0], device)?.clamp(&low, 7.0)?;
    assert_eq!(bounded.to_vec::<f32>()?, [0.0, -1.0, 7.0, 5.0, 5.0, 7.0]);
    Ok(())
}

fn casts(device: &Device) -> Result<()> {
    let mut floats = samples();
    floats.extend([
        2147483520.0,
        2147483648.0,
        -2147483648.0,
        -2147483904.0,
        4294967040.0,
        4294967296.0,
    ]);
    if flushes(device) {
        // Whether a number that may be zero is true is left open.
        floats.retain(|v| !v.is_subnormal());
    }
    for laid in laid(device, &floats)? {
        let cast = |dtype| laid.tensor.to_dtype(dtype);
        let ints: Vec<i32> = laid.values.iter().map(|&v| v as i32).collect();
        assert_same("f32 to i32", &cast(DType::I32).to_vec::<i32>()?, &ints);
        let words: Vec<u32> = laid.values.iter().map(|&v| v as u32).collect();
        assert_same("f32 to u32", &cast(DType::U32).to_vec::<u32>()?, &words);
        let bools: Vec<bool> = laid.values.iter().map(|&v| v != 0.0).collect();
        assert_same("f32 to bool", &cast(DType::Bool).to_vec::<bool>()?, &bools);
    }
    let ints = [0, 1, -1, 16777217, -16777219, i32::MAX, i32::MIN, 7];
    let x = Tensor::new(ints, device)?;
    assert_same(
        "i32 to f32",
        &x.to_dtype(DType::F32).to_vec()?,
        &ints.map(|v| v as f32),
    );
    assert_same(
        "i32 to u32",
        &x.to_dtype(DType::U32).to_vec()?,
        &ints.map(|v| v as u32),
    );
    assert_same(
        "i32 to bool",
        &x.to_dtype(DType::Bool).to_vec()?,
        &ints.map(|v| v != 0),
    );
    let words = [0, 1, 16777217, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let x = Tensor::new(words, device)?;
    assert_same(
        "u32 to f32",
        &x.to_dtype(DType::F32).to_vec()?,
        &words.map(|v| v as f32),
    );
    assert_same(
        "u32 to i32",
        &x.to_dtype(DType::I32).to_vec()?,
        &words.map(|v| v as i32),
    );
    let bools = [true, false];
    let x = Tensor::new(bools, device)?;
    assert_same(
        "bool to f32",
        &x.to_dtype(DType::F32).to_vec()?,
        &[1.0f32, 0.0],
    );
    assert_same("bool to i32", &x.to_dtype(DType::I32).to_vec()?, &[1, 0]);
    assert_same("bool to u32", &x.to_dtype(DType::U32).to_vec()?, &[1u32, 0]);
    Ok(())
}

/// f16 is computed in f32 and rounded after each operation.
fn half_precision(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        eprintln!("{device} has no f16");
        return Ok(());
    }
    let halves: Vec<f16> = samples().iter().map(|&v| f16::from_f32(v)).collect();
    for laid in laid(device, &halves)? {
        for Unary(name, call, bound, meaning) in UNARY {
            let y = call(&laid.tensor);
            assert_eq!(y.dtype(), DType::F16);
            let got: Vec<f16> = y.to_vec()?;
            let want: Vec<f64> = laid.values.iter().map(|v| meaning(v.to_f64())).collect();
            // The f32 result may lie on the other side of the middle between two f16.
            let bound = 0.5 + bound / 8192.0;
            let what = format!("{name} of {} f16", laid.name);
            for (i, (&got, &want)) in got.iter().zip(&want).enumerate() {
                let error = if got == f16::ZERO && want == 0.0 {
                    0.0
                } else {
                    error_on(device, got, want)
                };
                let x = laid.values[i];
                let tiny = flushes(device) && x.to_f32().abs() < 6.2e-5;
                assert!(
                    error <= bound || tiny,
                    "{what}({x}): got {got}, want {want}: {error} ULP"
                );
            }
        }
    }
    let x = Tensor::from_slice(&halves, [halves.len()], device)?;
    assert_eq!((&x + 1.0).dtype(), DType::F16);
    assert_eq!(x.try_add(Tensor::new([1], device)?)?.dtype(), DType::F32);
    let sum = (&x + x.flip(0)?).to_vec::<f16>()?;
    let want: Vec<f64> = halves
        .iter()
        .zip(halves.iter().rev())
        .map(|(a, b)| a.to_f64() + b.to_f64())
        .collect();
    assert_ulps(device, "add of f16", &sum, &want, 0.501);
    // Odd numbers of halves share a word with what comes after.
    for n in [1, 2, 3, 7] {
        let y =
            (Tensor::from_slice(&halves[..n], [n], device)? * 2.0).slice(tilewise::s![n - 1..])?;
        let got = y.to_vec::<f16>()?;
        let want = f16::from_f32(halves[n - 1].to_f32() * 2.0);
        assert!(
            got.len() == 1 && (got[0] == want || want.is_nan()),
            "{n}: {got:?}, want {want}"
        );
    }
    Ok(())
}

/// Where conventions differ: NumPy's results in the operands' own dtype.
fn golden_conventions(device: &Device) -> Result<()> {
    for case in Golden::read("pointwise.txt").cases() {
        let op = case.text("op").expect("each case names its op");
        let want = case.array("result");
        let upload = |key: &str| -> Result<Tensor> {
            let array = case.array(key);
            let shape = array.shape.as_slice();
            match array.dtype.as_str() {
                "i32" => Tensor::from_slice(&array.values::<i32>(), shape, device),
                "u32" => Tensor::from_slice(&array.values::<u32>(), shape, device),
                _ => Tensor::from_slice(&array.values::<f32>(), shape, device),
            }
        };
        let got = match (case.try_array("a"), op) {
            (Some(_), "eq" | "ne" | "lt" | "le" | "gt" | "ge") => {
                let (a, b) = (upload("a")?, upload("b")?);
                let y = match op {
                    "eq" => a.eq(&b),
                    "ne" => a.ne(&b),
                    "lt" => a.lt(&b),
                    "le" => a.le(&b),
                    "gt" => a.gt(&b),
                    _ => a.ge(&b),
                };
                assert_same(&case.name, &y?.to_vec::<bool>()?, &want.bools());
                continue;
            }
            (Some(_), op) => (binary_row(op).1)(&upload("a")?, &upload("b")?)?,
            // Reductions are in reduce.rs.
            (None, _) if case.name.contains("rows with") => continue,
            (None, op) => (unary_row(op).1)(&upload("x")?),
        };
        match got.dtype() {
            DType::I32 => assert_same(&case.name, &got.to_vec::<i32>()?, &want.values()),
            DType::U32 => assert_same(&case.name, &got.to_vec::<u32>()?, &want.values()),
            _ => {
                let bound = if op == "pow" || op == "atan2" {
                    4.0
                } else {
                    0.5
                };
                for (i, (got, want)) in got
                    .to_vec::<f32>()?
                    .into_iter()
                    .zip(want.values::<f64>())
                    .enumerate()
                {
                    // Which zero the minimum of two gives, and the sign of one, is not promised.
                    let free = matches!(op, "minimum" | "maximum" | "sign");
                    let free = free && got == 0.0 && want == 0.0;
                    let taken = |key| case.try_array(key).map(|a| a.values::<f32>()[i]);
                    let mut operands = ["a", "b", "x"].into_iter().filter_map(taken);
                    if flushes(device) && operands.any(f32::is_subnormal) {
                        continue;
                    }
                    let error = if free {
                        0.0
                    } else {
                        error_on(device, got, want)
                    };
                    let operand = |key| case.try_array(key).map(|a| a.values::<f64>()[i]);
                    assert!(
                        error <= bound,
                        "{}({:?}, {:?}): got {got:?}, want {want:?}",
                        case.name,
                        operand("a").or(operand("x")),
                        operand("b")
                    );
                }
            }
        }
    }
    Ok(())
}

fn unary_row(name: &str) -> &'static Unary {
    let name = if name == "neg" { "negative" } else { name };
    UNARY
        .iter()
        .find(|row| row.0 == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

/// Values of PyTorch, which also check the references of this file.
fn golden_unary(device: &Device) -> Result<()> {
    for case in Golden::read("unary.txt").cases() {
        let text = case.text("op").expect("each case names its op");
        let (op, numbers) = text.split_once(' ').unwrap_or((text, ""));
        let x = case.array("x");
        let (values, want) = (x.values::<f32>(), case.array("result").values::<f64>());
        let x = Tensor::from_slice(&values, x.shape.as_slice(), device)?;
        let number = |n: usize| -> f64 {
            let words: Vec<&str> = numbers.split(' ').collect();
            words[n].parse().expect("parameters stand behind the name")
        };
        let (y, bound) = match op {
            "leaky_relu" => (x.leaky_relu(number(0))?, 1.0),
            "elu" => (x.elu(number(0))?, 4.0),
            "clamp" => (x.clamp(number(0), number(1))?, 0.0),
            op => {
                let Unary(name, call, bound, meaning) = unary_row(op);
                for (&x, &want) in values.iter().zip(&want) {
                    let ours = meaning(x as f64);
                    let near = approx::relative_eq!(ours, want, max_relative = 1e-12)
                        || want.is_nan() && ours.is_nan();
                    assert!(
                        near,
                        "the reference of {name} at {x}: {ours}, PyTorch {want}"
                    );
                }
                (call(&x), *bound)
            }
        };
        assert_ulps(
            device,
            &case.name,
            &y.to_vec::<f32>()?,
            &want,
            bound.max(0.5),
        );
    }
    Ok(())
}

/// Lengths around the sizes of blocks and workgroups, and values next to the ends left alone.
fn odd_lengths(device: &Device) -> Result<()> {
    for n in [
        1, 2, 3, 4, 5, 7, 63, 64, 65, 127, 255, 256, 257, 511, 1023, 1025, 4095, 4097, 65537,
        300_007,
    ] {
        let values: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let x = Tensor::from_slice(&values, [n], device)?;
        let want: Vec<f32> = values.iter().map(|v| v * 2.0 + 1.0).collect();
        assert_same(&format!("{n} elements"), &(&x * 2.0 + 1.0).to_vec()?, &want);
        let want: Vec<f32> = values.iter().map(|v| v + (n - 1) as f32 - v).collect();
        assert_same(
            &format!("{n} elements"),
            &(&x + x.flip(0)?).to_vec()?,
            &want,
        );
        // More than one dimension that cannot be collapsed.
        if n % 5 == 0 {
            let table = x.reshape([-1, 5])?;
            let sum = table
                .slice(tilewise::s![.., ..4])?
                .try_add(table.slice(tilewise::s![.., 1..])?)?;
            let want: Vec<f32> = (0..n / 5 * 4)
                .map(|i| (i / 4 * 5 + i % 4) as f32 * 2.0 + 1.0)
                .collect();
            assert_same("rows", &sum.to_vec()?, &want);
        }
    }
    Ok(())
}
