//! Every function against an f64 reference: over edge values and a sweep of bit patterns here, and over every f32 in
//! the ignored test.

mod inputs;
mod integers;
#[path = "../../../tests/pointwise/reference.rs"]
pub(crate) mod reference;

pub(crate) use self::inputs::*;
use self::reference::int;
use super::*;

/// A function of one number, its reference and its bound in ULPs.
pub(crate) struct Unary {
    pub(crate) name: &'static str,
    pub(crate) f: fn(f32) -> f32,
    pub(crate) reference: fn(f64) -> f64,
    pub(crate) bound: f64,
}

/// A function of two numbers, its reference and its bound in ULPs.
pub(crate) struct Binary {
    pub(crate) name: &'static str,
    pub(crate) f: fn(f32, f32) -> f32,
    pub(crate) reference: fn(f64, f64) -> f64,
    pub(crate) bound: f64,
}

macro_rules! rows {
    ($kind:ident: $($name:ident, $reference:expr, $bound:expr;)*) => {
        &[$($kind { name: stringify!($name), f: $name, reference: $reference, bound: $bound }),*]
    };
}

pub(crate) const UNARY: &[Unary] = rows! { Unary:
    exp, f64::exp, 1.0;
    exp2, f64::exp2, 1.5;
    expm1, f64::exp_m1, 2.0;
    ln, f64::ln, 1.0;
    log2, f64::log2, 1.5;
    log10, f64::log10, 1.5;
    log1p, f64::ln_1p, 2.0;
    cbrt, f64::cbrt, 1.0;
    asinh, f64::asinh, 3.0;
    acosh, f64::acosh, 3.0;
    atanh, f64::atanh, 3.0;
    sqrt, f64::sqrt, 0.5;
    rsqrt, |x| 1.0 / x.sqrt(), 1.5;
    reciprocal, |x| 1.0 / x, 0.5;
    sin, f64::sin, 2.0;
    cos, f64::cos, 2.0;
    tan, f64::tan, 3.0;
    tanh, f64::tanh, 1.6;
    sinh, f64::sinh, 2.0;
    cosh, f64::cosh, 2.0;
    asin, f64::asin, 2.0;
    acos, f64::acos, 2.0;
    atan, f64::atan, 2.0;
    erf, reference::erf, 2.0;
    sigmoid, reference::sigmoid, 2.5;
    silu, reference::silu, 3.0;
    softplus, reference::softplus, 2.0;
    gelu, reference::gelu, 3.0;
    gelu_tanh, reference::gelu_tanh, 3.0;
    relu, reference::relu, 0.0;
    sign, reference::sign, 0.0;
    abs, f64::abs, 0.0;
    floor, f64::floor, 0.0;
    ceil, f64::ceil, 0.0;
    trunc, f64::trunc, 0.0;
    round, f64::round_ties_even, 0.0;
};

pub(crate) const BINARY: &[Binary] = rows! { Binary:
    atan2, f64::atan2, 2.0;
    pow, f64::powf, 2.0;
    rem, reference::remainder, 0.5;
    floor_div, reference::floor_divide, 0.51;
    fmod, |a, b| a % b, 0.0;
    trunc_div, reference::trunc_divide, 0.51;
    hypot, f64::hypot, 2.0;
    copysign, f64::copysign, 0.0;
    min, reference::minimum, 0.0;
    max, reference::maximum, 0.0;
    fmin, |a, b| if b < a || a.is_nan() { b } else { a }, 0.0;
    fmax, |a, b| if b > a || a.is_nan() { b } else { a }, 0.0;
    leaky_relu, reference::leaky_relu, 0.5;
    elu, reference::elu, 2.5;
};

/// The distance from `got` to the exact value `want`, in units in the last place of an f32 of its size; infinite where
/// one is NaN and the other is not, or an infinity is missed, or a zero has the wrong sign.
pub(crate) fn ulps(got: f32, want: f64) -> f64 {
    if want.is_nan() || got.is_nan() {
        return if want.is_nan() && got.is_nan() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let rounded = want as f32;
    if rounded == got
        && (want != 0.0 || got.is_sign_negative() == want.is_sign_negative())
        && !rounded.is_finite()
    {
        return 0.0;
    }
    if want == 0.0 && (got != 0.0 || got.is_sign_negative() != want.is_sign_negative())
        || want.is_infinite()
    {
        return f64::INFINITY;
    }
    // Past the largest f32, count as if the exponent went on.
    let got = if got.is_infinite() {
        2f64.powi(128).copysign(f64::from(got))
    } else {
        f64::from(got)
    };
    let exponent = ((want.to_bits() >> 52 & 0x7ff) as i32 - 1023).clamp(-126, 127);
    (got - want).abs() / 2f64.powi(exponent - 23)
}

/// The worst of `values`: its error and where it is.
fn worst(
    values: impl Iterator<Item = f32>,
    f: fn(f32) -> f32,
    reference: fn(f64) -> f64,
) -> (f64, f32) {
    values
        .map(|x| (ulps(f(x), reference(f64::from(x))), x))
        .fold((-1.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
}

#[test]
fn powers_of_normal_numbers_are_powers() {
    let exponents = [
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MAX,
    ];
    let edges = edges().flat_map(|x| exponents.map(|y| (x, y)));
    for (x, y) in power_pairs(200_000).chain(pairs(20_000)).chain(edges) {
        if x.is_normal() && x > 0.0 {
            let (want, got) = (pow(x, y), pow_normal(x, y));
            assert!(
                want.to_bits() == got.to_bits() || want.is_nan() && got.is_nan(),
                "{x:e}^{y:e} = {got:e}, not {want:e}"
            );
        }
    }
}

#[test]
fn unary_functions_hold_their_bounds() {
    for row in UNARY {
        let (error, at) = worst(edges().chain(sweep(10007)), row.f, row.reference);
        assert!(
            error <= row.bound,
            "{}({at:e}) = {:e} is {error} ULP off",
            row.name,
            (row.f)(at)
        );
    }
}

#[test]
#[ignore = "a minute in release: every 61st f32, all errors printed"]
fn unary_functions_over_a_dense_sweep() {
    for row in UNARY {
        let (error, at) = worst(sweep(61), row.f, row.reference);
        println!(
            "{:12} {error:8.4} of {} at {at:e} ({:#010x})",
            row.name,
            row.bound,
            at.to_bits()
        );
    }
}

#[test]
fn binary_functions_hold_their_bounds() {
    for row in BINARY {
        let mut max = (0.0, 0.0, 0.0);
        for (a, b) in pairs(100_000) {
            let error = ulps((row.f)(a, b), (row.reference)(f64::from(a), f64::from(b)));
            max = if error > max.0 { (error, a, b) } else { max };
        }
        println!("{:12} {:8.4} at {:e}, {:e}", row.name, max.0, max.1, max.2);
        let (error, a, b) = max;
        assert!(
            error <= row.bound,
            "{}({a:e}, {b:e}) = {:e} is {error} ULP off",
            row.name,
            (row.f)(a, b)
        );
    }
}

#[test]
fn powers_hold_their_bound_over_their_range() {
    let error = |&(x, y): &(f32, f32)| ulps(pow(x, y), f64::from(x).powf(f64::from(y)));
    let (x, y) = power_pairs(1_000_000)
        .max_by(|a, b| error(a).total_cmp(&error(b)))
        .unwrap();
    println!("pow {:8.4} at {x:e}, {y:e}", error(&(x, y)));
    assert!(
        error(&(x, y)) <= 2.0,
        "pow({x:e}, {y:e}) is {} ULP off",
        error(&(x, y))
    );
}

#[test]
fn philox_gives_the_published_answers() {
    let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    assert_eq!(
        philox([0; 4], [0; 2]),
        [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
    );
    assert_eq!(
        philox([!0; 4], [!0; 2]),
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    );
    assert_eq!(
        philox(pi, [0xa409_3822, 0x299f_31d0]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

#[test]
fn decimal_logarithms_of_powers_of_ten_are_exact() {
    for n in -37..=38 {
        let x = format!("1e{n}").parse::<f32>().unwrap();
        assert_eq!(log10(x), n as f32);
    }
}

#[test]
fn tanh_is_exact_at_its_ends_and_holds_its_bound_where_its_parts_meet() {
    for x in [
        0.0,
        -0.0,
        f32::from_bits(1),
        f32::MIN_POSITIVE,
        1e-20,
        2.5e-4,
    ] {
        assert_eq!(tanh(x).to_bits(), x.to_bits(), "{x:e}");
    }
    for (x, want) in [
        (f32::INFINITY, 1.0),
        (f32::MAX, 1.0),
        (-9.02, -1.0),
        (9.02, 1.0),
    ] {
        assert_eq!(tanh(x), want, "{x}");
    }
    assert!(tanh(f32::NAN).is_nan() && tanh(-f32::NAN).is_nan());
    // The whole number in 2·x/ln 2, less an eighth, changes there.
    for n in 0..28 {
        let meets = (n as f32 + 0.875) * (0.5 * std::f32::consts::LN_2);
        let near = meets.to_bits() - 40_000..meets.to_bits() + 40_000;
        let (error, at) = worst(near.map(f32::from_bits), tanh, f64::tanh);
        assert!(
            error <= 1.6 && tanh(at) <= 1.0,
            "tanh({at:e}) is {error} ULP off"
        );
    }
}

#[test]
fn casts_saturate_and_nan_is_zero() {
    assert_eq!(
        [f32::NAN, f32::INFINITY, -1e10, 2.9, -2.9].map(to_i32),
        [0, i32::MAX, i32::MIN, 2, -2]
    );
    assert_eq!(
        [f32::NAN, f32::INFINITY, -1.0, 2.9, 5e9].map(to_u32),
        [0, u32::MAX, 0, 2, u32::MAX]
    );
}

#[test]
fn powers_of_small_integers_are_exact() {
    for base in 1..=9 {
        for exponent in 0..=7 {
            assert_eq!(
                pow(base as f32, exponent as f32),
                (base as f32).powi(exponent),
                "{base} ** {exponent}"
            );
        }
    }
}

#[test]
fn the_shader_functions_pass_the_validator_and_its_back_ends() {
    use naga::back::{hlsl, msl, spv};
    let module = naga::front::wgsl::parse_str(WGSL).unwrap();
    let info = naga::valid::Validator::new(
        naga::valid::ValidationFlags::all(),
        naga::valid::Capabilities::empty(),
    )
    .validate(&module)
    .unwrap();
    spv::write_vec(&module, &info, &spv::Options::default(), None).unwrap();
    msl::write_string(
        &module,
        &info,
        &msl::Options::default(),
        &msl::PipelineOptions::default(),
    )
    .unwrap();
    let mut text = String::new();
    hlsl::Writer::new(
        &mut text,
        &hlsl::Options::default(),
        &hlsl::PipelineOptions::default(),
    )
    .write(&module, &info, None)
    .unwrap();
}
