//! Elementwise functions that are made of others, operators on bits, and division by every sign.

use tilewise::{DType, Device, Error, ErrorKind, Result, Tensor, f16};

use crate::support::compare::{assert_same, error_on};
use crate::support::golden::{Array, Golden};
use crate::support::gradient::{Input, check, check_twice};
use crate::support::layouts::laid;

tests![
    golden,
    gradients,
    bits_of_masks_and_integers,
    bits_of_floats_are_an_error,
    shifts,
    division_signs,
    layouts_and_shapes,
    halves,
    rounding_to_decimals,
    numbers_for_what_is_none,
    plain_powers,
    errors,
];

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    let shape = array.shape.as_slice();
    match array.dtype.as_str() {
        "i32" => Tensor::from_slice(&array.values::<i32>(), shape, device),
        "u32" => Tensor::from_slice(&array.values::<u32>(), shape, device),
        _ => Tensor::from_slice(&array.values::<f32>(), shape, device),
    }
}

/// The result of a case, and how many ULPs it may be off.
fn apply(op: &str, x: &Tensor, y: &Tensor, weight: Option<&Tensor>) -> Result<(Tensor, f64)> {
    Ok(match op {
        "degrees" => (x.degrees(), 1.5),
        "radians" => (x.radians(), 1.5),
        "sinc" => (x.sinc(), 6.0),
        "nan_to_num" => (x.nan_to_num(0.0, None, None), 0.0),
        "nan_to_num 7 1 -2" => (x.nan_to_num(7.0, 1.0, -2.0), 0.0),
        "round_to 1" => (x.round_to(1), 1.0),
        "round_to -1" => (x.round_to(-1), 1.0),
        "logaddexp" => (x.logaddexp(y)?, 4.0),
        "logaddexp2" => (x.logaddexp2(y)?, 6.0),
        "heaviside" => (x.heaviside(y)?, 0.0),
        "fmin" => (x.fmin(y)?, 0.0),
        "fmax" => (x.fmax(y)?, 0.0),
        "copysign" => (x.copysign(y)?, 0.0),
        "hypot" => (x.hypot(y)?, 3.0),
        "fmod" => (x.fmod(y)?, 0.0),
        "lerp" => (x.lerp(y, weight.expect("lerp has a weight"))?, 1.0),
        "left_shift" => (x.left_shift(y)?, 0.0),
        "right_shift" => (x.right_shift(y)?, 0.0),
        "bitwise_and" => (x.bitwise_and(y)?, 0.0),
        "bitwise_or" => (x.bitwise_or(y)?, 0.0),
        "bitwise_xor" => (x.bitwise_xor(y)?, 0.0),
        "gcd" => (x.gcd(y)?, 0.0),
        "lcm" => (x.lcm(y)?, 0.0),
        op => panic!("no function for {op}"),
    })
}

fn golden(device: &Device) -> Result<()> {
    for case in Golden::read("elementwise.txt").cases() {
        let op = case.text("op").expect("each case names its op");
        let first = case.try_array("x").unwrap_or_else(|| case.array("a"));
        let second = case.try_array("b").unwrap_or(first);
        let weight = case.try_array("weight").map(|w| tensor(w, device));
        let (x, y) = (tensor(first, device)?, tensor(second, device)?);
        let (got, bound) = apply(op, &x, &y, weight.transpose()?.as_ref())?;
        let want = case.array("result");
        match got.dtype() {
            DType::I32 => assert_same(&case.name, &got.to_vec::<i32>()?, &want.values()),
            DType::U32 => assert_same(&case.name, &got.to_vec::<u32>()?, &want.values()),
            _ => {
                // A logarithm near 0 is a difference of numbers near 1.
                let floor = if op.starts_with("logaddexp") {
                    1.0
                } else {
                    0.0
                };
                let free_zero = matches!(op, "fmin" | "fmax" | "heaviside");
                for (i, (got, want)) in got
                    .to_vec::<f32>()?
                    .into_iter()
                    .zip(want.values::<f64>())
                    .enumerate()
                {
                    let near_zero = (got as f64 - want).abs() <= bound * floor * 2f64.powi(-24);
                    let error = match got == 0.0 && want == 0.0 && free_zero {
                        _ if near_zero => 0.0,
                        true => 0.0,
                        // NumPy's sinc of a whole number is what rounding π left.
                        false if op == "sinc" && want.abs() < 1e-15 => got.abs().into(),
                        false => error_on(device, got, want),
                    };
                    let at = (first.values::<f32>()[i], second.values::<f32>()[i]);
                    assert!(
                        error <= bound,
                        "{} at {at:?} on {device}: got {got:?}, want {want:?}: {error} ULP",
                        case.name
                    );
                }
            }
        }
    }
    Ok(())
}

fn vector(values: &[f32; 7]) -> Input<'_> {
    (values, &[7])
}

fn gradients(device: &Device) {
    let x = [-2.5f32, -1.25, -0.5, 0.375, 0.75, 1.5, 2.25];
    let y = [0.5625f32, -1.75, 1.25, 2.0, -0.625, 0.875, -3.0];
    type One = fn(&Tensor) -> Tensor;
    let one: [(&str, One); 6] = [
        ("cbrt", Tensor::cbrt),
        ("asinh", Tensor::asinh),
        ("degrees", Tensor::degrees),
        ("radians", Tensor::radians),
        ("sinc", Tensor::sinc),
        ("nan_to_num", |x| x.nan_to_num(0.0, None, None)),
    ];
    for (name, f) in one {
        check_twice(device, name, &[vector(&x)], |x| Ok(f(&x[0])));
    }
    // At and around the removable singularity, where slopes are small.
    let near = [0.0f32, 1e-4, -0.01, 0.2, 0.24, 0.27, 1.0];
    check_twice(device, "sinc", &[vector(&near)], |x| Ok(x[0].sinc()));
    let large = [1.5f32, 2.0, 3.0, 10.0, 1.25, 4.0, 7.0];
    check_twice(device, "acosh", &[vector(&large)], |x| Ok(x[0].acosh()));
    check_twice(device, "log10", &[vector(&large)], |x| Ok(x[0].log10()));
    let inside = [-0.8f32, -0.5, -0.125, 0.0, 0.25, 0.5, 0.75];
    check_twice(device, "atanh", &[vector(&inside)], |x| Ok(x[0].atanh()));
    type Two = fn(&Tensor, &Tensor) -> Result<Tensor>;
    let two: [(&str, Two); 10] = [
        ("hypot", |a, b| a.hypot(b)),
        ("logaddexp", |a, b| a.logaddexp(b)),
        ("logaddexp2", |a, b| a.logaddexp2(b)),
        ("copysign", |a, b| a.copysign(b)),
        ("fmod", |a, b| a.fmod(b)),
        ("trunc_divide", |a, b| a.trunc_divide(b)),
        ("divmod", |a, b| {
            let (quotient, rest) = a.divmod(b)?;
            quotient.try_add(rest)
        }),
        ("fmin", |a, b| a.fmin(b)),
        ("fmax", |a, b| a.fmax(b)),
        ("heaviside", |a, b| a.heaviside(b)),
    ];
    for (name, f) in two {
        let inputs = [vector(&x), vector(&y)];
        check_twice(device, name, &inputs, |x| f(&x[0], &x[1]));
        let broadcast: [Input<'_>; 2] = [(&x, &[7, 1]), (&[1.0625], &[])];
        check(device, name, &broadcast, |x| f(&x[0], &x[1]));
    }
    // Where the two are equal, the sum of exponentials is as smooth as elsewhere.
    let equal = [vector(&x), vector(&x)];
    check_twice(device, "logaddexp of equals", &equal, |x| {
        x[0].logaddexp(&x[1])
    });
    let three = [vector(&x), vector(&y), vector(&inside)];
    check_twice(device, "lerp", &three, |x| x[0].lerp(&x[1], &x[2]));
}

fn bits_of_masks_and_integers(device: &Device) -> Result<()> {
    let a = Tensor::new([12, 10, -1], device)?;
    let b = Tensor::new([10, 3, 7], device)?;
    assert_eq!((&a & &b).to_vec::<i32>()?, [8, 2, 7]);
    assert_eq!((&a | &b).to_vec::<i32>()?, [14, 11, -1]);
    assert_eq!((&a ^ &b).to_vec::<i32>()?, [6, 9, -8]);
    assert_eq!((!&a).to_vec::<i32>()?, [-13, -11, 0]);
    assert_eq!((&a << 2).to_vec::<i32>()?, [48, 40, -4]);
    assert_eq!((&a >> 1).to_vec::<i32>()?, [6, 5, -1]);
    assert_eq!((1 << &b).to_vec::<i32>()?, [1024, 8, 128]);
    assert_eq!((6 & &a).to_vec::<i32>()?, [4, 2, 6]);
    let mut c = a.clone();
    c &= 6;
    c |= 1;
    c ^= 3;
    c <<= 2;
    c >>= 1;
    c %= 5;
    assert_eq!(c.to_vec::<i32>()?, [2, 0, 3]);
    // With u32 the other is i32, with a mask the mask counts as 0 and 1.
    let words = Tensor::new([u32::MAX, 1, 0], device)?;
    assert_eq!((!&words).to_vec::<u32>()?, [0, u32::MAX - 1, u32::MAX]);
    assert_eq!((&words & &a).to_vec::<i32>()?, [12, 0, 0]);
    let mask = Tensor::new([true, false, true], device)?;
    assert_eq!((&mask & &a).to_vec::<i32>()?, [0, 0, 1]);
    assert_eq!((&mask | 2).to_vec::<i32>()?, [3, 2, 3]);
    // Masks are logic, also with Rust's bools.
    let both = &mask & !&mask;
    assert_eq!(
        (both.dtype(), both.to_vec::<bool>()?),
        (DType::Bool, vec![false; 3])
    );
    assert_eq!((true ^ &mask).to_vec::<bool>()?, [false, true, false]);
    assert_eq!(mask.bitwise_not()?.to_vec::<bool>()?, [false, true, false]);
    // Shifted, a mask is the integers 0 and 1.
    assert_eq!((&mask << 3).to_vec::<i32>()?, [8, 0, 8]);
    // The logical functions ask for not zero, of any dtype.
    assert_eq!(a.logical_and(&b)?.to_vec::<bool>()?, [true; 3]);
    assert_eq!(a.logical_not().to_vec::<bool>()?, [false; 3]);
    for laid in laid(device, &[5, -3, 0, i32::MIN, 77])? {
        let want: Vec<i32> = laid.values.iter().map(|v| !v & 0x55).collect();
        assert_same(laid.name, &(!&laid.tensor & 0x55).to_vec::<i32>()?, &want);
    }
    Ok(())
}

fn bits_of_floats_are_an_error(device: &Device) -> Result<()> {
    let x = Tensor::new([1.5, 2.0], device)?;
    let n = Tensor::new([1, 2], device)?;
    let results = [
        ("bitwise_and", x.bitwise_and(&n)),
        ("bitwise_or", n.bitwise_or(&x)),
        ("bitwise_xor", n.bitwise_xor(0.5)),
        ("bitwise_not", x.bitwise_not()),
        ("left_shift", n.left_shift(&x)),
        ("right_shift", x.right_shift(1)),
        ("gcd", x.gcd(&n)),
        ("lcm", x.lcm(&n)),
    ];
    for (name, result) in results {
        let error = result.expect_err(name);
        assert!(
            matches!(error.kind(), ErrorKind::DType { op, dtype: DType::F32, .. } if *op == name),
            "{error}"
        );
        assert_eq!(error.location().file(), file!());
    }
    Ok(())
}

/// The same on every executor by any amount, as NumPy defines it.
fn shifts(device: &Device) -> Result<()> {
    let amounts = Tensor::new([0, 1, 31, 32, 33, -1, i32::MIN], device)?;
    let x = Tensor::new([[-5], [3]], device)?;
    let left = [
        [-5, -10, i32::MIN, 0, 0, 0, 0],
        [3, 6, i32::MIN, 0, 0, 0, 0],
    ]
    .concat();
    let right = [[-5, -3, -1, -1, -1, -1, -1], [3, 1, 0, 0, 0, 0, 0]].concat();
    assert_eq!((&x << &amounts).to_vec::<i32>()?, left);
    assert_eq!((&x >> &amounts).to_vec::<i32>()?, right);
    // A constant is computed without a device, and alike.
    let five = Tensor::full([1], -5, DType::I32, device)?;
    assert_eq!((&five << 40).to_vec::<i32>()?, [0]);
    assert_eq!((&five >> -1).to_vec::<i32>()?, [-1]);
    Ok(())
}

fn division_signs(device: &Device) -> Result<()> {
    let a = Tensor::new([7, 7, -7, -7, i32::MIN, 5], device)?;
    let b = Tensor::new([3, -3, 3, -3, -1, 0], device)?;
    assert_eq!(
        a.floor_divide(&b)?.to_vec::<i32>()?,
        [2, -3, -3, 2, i32::MIN, 0]
    );
    assert_eq!(a.remainder(&b)?.to_vec::<i32>()?, [1, -2, 2, -1, 0, 0]);
    assert_eq!(
        a.trunc_divide(&b)?.to_vec::<i32>()?,
        [2, -2, -2, 2, i32::MIN, 0]
    );
    assert_eq!(a.fmod(&b)?.to_vec::<i32>()?, [1, 1, -1, -1, 0, 0]);
    let (quotient, rest) = a.divmod(&b)?;
    assert_eq!(
        quotient.to_vec::<i32>()?,
        a.floor_divide(&b)?.to_vec::<i32>()?
    );
    assert_eq!(rest.to_vec::<i32>()?, a.remainder(&b)?.to_vec::<i32>()?);
    // `/` is the true quotient of integers too.
    let quotient = &a / &b;
    assert_eq!(quotient.dtype(), DType::F32);
    assert_eq!(quotient.to_vec::<f32>()?[5], f32::INFINITY);
    let x = Tensor::new([7.5f32, -7.5, 7.5, f32::INFINITY], device)?;
    let y = Tensor::new([2.0f32, 2.0, -f32::INFINITY, 2.0], device)?;
    assert_eq!(
        x.trunc_divide(&y)?.to_vec::<f32>()?,
        [3.0, -3.0, 0.0, f32::INFINITY]
    );
    // A negative power of an integer is the fraction towards zero.
    let power = Tensor::new([1, -1, 2, 0], device)?.pow(-3)?;
    assert_eq!(power.to_vec::<i32>()?, [1, -1, 0, 0]);
    Ok(())
}

fn layouts_and_shapes(device: &Device) -> Result<()> {
    let values = [0.5f32, -1.0, 0.0, 2.25, -0.125, 3.0, 1.0];
    for laid in laid(device, &values)? {
        let x = &laid.tensor;
        let half = Tensor::full(x.shape(), 0.5, DType::F32, device)?;
        for y in [
            x.sinc(),
            x.degrees(),
            x.round_to(1),
            x.logaddexp(&half)?,
            x.fmax(&half)?,
            x.hypot(&half)?,
            x.lerp(&half, 0.5)?,
        ] {
            assert_eq!(
                (y.shape(), y.dtype()),
                (x.shape(), DType::F32),
                "{}",
                laid.name
            );
        }
        let want: Vec<f32> = laid.values.iter().map(|v| v.max(0.5)).collect();
        assert_same(laid.name, &x.fmax(0.5)?.to_vec::<f32>()?, &want);
        let want: Vec<f32> = laid.values.iter().map(|v| (v + 0.5) * 0.5).collect();
        assert_same(laid.name, &x.lerp(&half, 0.5)?.to_vec::<f32>()?, &want);
    }
    let rows = Tensor::new([[0.0f32], [1.0]], device)?;
    let sums = rows.logaddexp(Tensor::new([0.0f32, 1.0, f32::NEG_INFINITY], device)?)?;
    assert_eq!(sums.shape(), [2, 3]);
    assert_eq!(sums.to_vec::<f32>()?[2], 0.0);
    // Integers and bools are computed as f32; extremes keep them.
    let n = Tensor::new([3, -4], device)?;
    assert_eq!(n.hypot(4)?.to_vec::<f32>()?, [5.0, 32f32.sqrt()]);
    assert_eq!(n.fmin(0)?.to_vec::<i32>()?, [0, -4]);
    assert_eq!(n.sinc().dtype(), DType::F32);
    assert_eq!(n.nan_to_num(0.0, None, None).to_vec::<i32>()?, [3, -4]);
    Ok(())
}

/// f16 is computed in f32 and rounded once, so that the result is the nearest f16 or next to it.
fn halves(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        return Ok(());
    }
    let values: Vec<f16> = [0.1f32, -2.5, 3.0, 0.01, 60000.0]
        .map(f16::from_f32)
        .to_vec();
    let x = Tensor::from_slice(&values, [5], device)?;
    let sinc = x.sinc();
    assert_eq!(sinc.dtype(), DType::F16);
    let got: Vec<f16> = sinc.to_vec()?;
    for (x, got) in values[..4].iter().zip(got) {
        let angle = std::f64::consts::PI * x.to_f64();
        let want = if x.to_f64() == 3.0 && got == f16::ZERO {
            f64::from(got) // of either sign
        } else {
            angle.sin() / angle
        };
        assert!(
            error_on(device, got, want) <= 0.51,
            "sinc({x}) = {got}, not {want}"
        );
    }
    assert_eq!(x.logaddexp(0.0)?.dtype(), DType::F16);
    assert_eq!(x.fmax(1.0)?.dtype(), DType::F16);
    let none = Tensor::new([f16::NAN, f16::INFINITY, f16::NEG_INFINITY], device)?;
    let numbers = none.nan_to_num(0.0, None, None).to_vec::<f16>()?;
    assert_eq!(numbers, [f16::ZERO, f16::MAX, f16::MIN]);
    let halves = Tensor::new([1.5f32, -3.0, 40.0], device)?.to_dtype(DType::F16);
    let cubes = halves.pow(3)?;
    assert_eq!(
        (cubes.dtype(), cubes.to_vec::<f64>()?),
        (DType::F16, vec![3.375, -27.0, 64000.0])
    );
    Ok(())
}

fn rounding_to_decimals(device: &Device) -> Result<()> {
    let x = Tensor::new(
        [1.25f32, -1.75, 1234.5, 1e30, f32::NAN, f32::INFINITY],
        device,
    )?;
    let got = x.round_to(1).to_vec::<f32>()?;
    assert_eq!(got[..4], [1.2, -1.8, 1234.5, 1e30]);
    assert!(got[4].is_nan() && got[5] == f32::INFINITY);
    assert_eq!(x.round_to(-2).to_vec::<f32>()?[..3], [0.0, -0.0, 1200.0]);
    assert_eq!(
        x.round_to(i32::MAX).to_vec::<f32>()?[..4],
        [1.25, -1.75, 1234.5, 1e30]
    );
    assert_eq!(x.round_to(0).to_vec::<f32>()?[..3], [1.0, -2.0, 1234.0]);
    Ok(())
}

fn numbers_for_what_is_none(device: &Device) -> Result<()> {
    let x = Tensor::new([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.5], device)?;
    assert_eq!(
        x.nan_to_num(1.0, None, -7.0).to_vec::<f32>()?,
        [1.0, f32::MAX, -7.0, -1.5]
    );
    let x = x.variable();
    let loss = x.nan_to_num(0.0, 0.0, 0.0).square().sum(..)?;
    let gradients = loss.backward()?;
    let gradient = gradients.get(&x).expect("x has a gradient");
    assert_eq!(gradient.to_vec::<f32>()?, [0.0, 0.0, 0.0, -3.0]);
    Ok(())
}

/// Exponents that are products or a quotient have pow's values everywhere, and its gradients.
fn plain_powers(device: &Device) -> Result<()> {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let points: [f32; 15] = [
        0.0, -0.0, 1.0, -1.0, 1.5, -2.25, 3.0, 1e-12, -1e13, 1e20, -1e20, 1e-25, inf, -inf, nan,
    ];
    let x = Tensor::new(points, device)?;
    for exponent in [1.0f32, 2.0, 3.0, -1.0] {
        let plain = x.pow(exponent)?;
        assert!(!plain.explain().contains("pow"), "{}", plain.explain());
        // Exponents in a tensor take the way of any.
        let general = x.pow(&Tensor::new([exponent; 15], device)?)?;
        let want: Vec<f32> = points.iter().map(|x| x.powf(exponent)).collect();
        for got in [plain.to_vec::<f32>()?, general.to_vec::<f32>()?] {
            for ((got, want), x) in got.iter().zip(&want).zip(points) {
                let near = (got - want).abs() <= 4.0 * f32::EPSILON * want.abs();
                let same = got == want && got.is_sign_negative() == want.is_sign_negative();
                assert!(
                    near && *got != 0.0 || same || got.is_nan() && want.is_nan(),
                    "{x}^{exponent} = {got}, not {want}"
                );
            }
        }
        let values: &[f32] = &[0.5, -1.25, 2.0];
        let input: &[Input<'_>] = &[(values, &[3])];
        check_twice(device, "a plain power", input, |x| x[0].pow(exponent));
    }
    let whole = Tensor::new([3, -46341, 0], device)?;
    assert_eq!(whole.pow(1)?.to_vec::<i32>()?, [3, -46341, 0]);
    assert_eq!(whole.pow(2)?.to_vec::<i32>()?, [9, -2147479015, 0]);
    assert_eq!(
        whole.pow(3)?.to_vec::<i32>()?,
        [27, 46341i32.wrapping_pow(3).wrapping_neg(), 0]
    );
    // A negative power of an integer is 0 but for 1 and −1.
    assert_eq!(
        Tensor::new([2, -1, 1], device)?.pow(-1)?.to_vec::<i32>()?,
        [0, -1, 1]
    );
    assert_eq!(whole.pow(2.0)?.dtype(), DType::F32);
    Ok(())
}

fn errors(device: &Device) -> Result<(), Error> {
    let (a, b) = (Tensor::zeros([2, 3], device)?, Tensor::zeros([2], device)?);
    let results = [
        ("logaddexp", a.logaddexp(&b)),
        ("heaviside", a.heaviside(&b)),
        ("fmin", a.fmin(&b)),
        ("fmax", a.fmax(&b)),
        ("hypot", a.hypot(&b)),
        ("lerp", a.lerp(&b, 0.5)),
        ("lerp", a.lerp(1.0, &b)),
        (
            "left_shift",
            a.to_dtype(DType::I32).left_shift(b.to_dtype(DType::I32)),
        ),
        ("lcm", a.to_dtype(DType::I32).lcm(b.to_dtype(DType::I32))),
    ];
    for (name, result) in results {
        let error = result.expect_err("the shapes do not broadcast");
        assert!(
            matches!(error.kind(), ErrorKind::Broadcast { op, .. } if *op == name),
            "{error}"
        );
        assert_eq!(error.location().file(), file!());
    }
    assert!(a.divmod(&b).is_err());
    Ok(())
}
