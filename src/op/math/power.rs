//! Powers of real numbers.
//!
//! Method: the logarithm to base 2 and its product with the exponent in f64, which is wide enough for the powers of
//! numbers near 1; the rest in f32. The shader, which has no f64, works with heads and tails instead.

use super::exponential::{bound, exp2_reduced, halves};
use super::logarithm::{split, split_normal};
use super::rounding::{ALL_INTEGERS, low_word, whole};

/// log₂ (2ᵉ·m) for √½ ≤ m < √2, to about 37 bits.
///
/// With m = 1 + f and s = f/(2 + f): log₂ m = s·Q(s²). Q was fitted by Remez's exchange.
#[inline(always)]
fn log2_wide(e: f32, m: f32) -> f64 {
    let f = f64::from(m - 1.0);
    let s = f / (2.0 + f);
    let z = s * s;
    let square = z * z;
    let q = (0.577083585037473 + z * 0.41167271486026663) + square * 0.34073017685490893;
    let q = (2.885390081790086 + z * 0.9617966733414772) + square * q;
    f64::from(e) + s * q
}

/// 2ˣ in f32; NaN stays.
#[inline(always)]
fn exp2_wide(x: f64) -> f32 {
    let x = if x < -160.0 { -160.0 } else { x };
    let x = if x > 140.0 { 140.0 } else { x };
    let n = whole(x);
    let (a, b) = halves(low_word(n) as i32);
    exp2_reduced((x - n) as f32) * a * b
}

/// Whether a number has a fraction, and 1 if it is an odd integer; NaN may be either.
#[inline(always)]
fn parity(y: f32) -> (bool, u32) {
    let size = y.abs();
    // The last bit of an f32 from 2²³ to 2²⁴ is that of the integer; below, 2²³ is added.
    let small = size < ALL_INTEGERS;
    let integer = if small { size + ALL_INTEGERS } else { size };
    let fraction = small && integer - ALL_INTEGERS != size;
    let may_be_odd = size < 2.0 * ALL_INTEGERS && !fraction;
    (fraction, integer.to_bits() & u32::from(may_be_odd))
}

/// x to the power of y, as C99 defines it: 1 where y is 0 or x is 1, whatever the other is; NaN for a negative finite x
/// and a y that is no integer. At most 2 ULP.
#[inline(always)]
pub(crate) fn pow(x: f32, y: f32) -> f32 {
    let magnitude = x.abs();
    let (e, m) = split(magnitude);
    // The logarithm of 0, ∞ and NaN.
    let e = if x == 0.0 {
        f32::NEG_INFINITY
    } else {
        e as f32
    };
    let e = if magnitude < f32::INFINITY {
        e
    } else {
        magnitude
    };
    // 2³² times the least logarithm already over- or underflows.
    let exponent = bound(y, -4_294_967_296.0, 4_294_967_296.0);
    let power = exp2_wide(f64::from(exponent) * log2_wide(e, m));

    let (fraction, odd) = parity(y);
    let power = f32::from_bits(power.to_bits() ^ (odd << 31 & x.to_bits()));
    let outside = x < 0.0 && magnitude < f32::INFINITY && fraction;
    let one = x == 1.0 || y == 0.0;
    let edge = if one { 1.0 } else { f32::NAN };
    if one || outside { edge } else { power }
}

/// [`pow`] of a positive normal x, to the bit.
#[inline(always)]
pub(crate) fn pow_normal(x: f32, y: f32) -> f32 {
    let (e, m) = split_normal(x.to_bits());
    let power = exp2_wide(f64::from(y) * log2_wide(e as f32, m));
    // A y that is NaN, or 0 times ∞.
    if x == 1.0 { 1.0 } else { power }
}

/// Whether all are positive, finite and not subnormal.
#[inline(always)]
pub(crate) fn normal(values: &[u32]) -> bool {
    const LEAST: u32 = f32::MIN_POSITIVE.to_bits();
    const COUNT: u32 = f32::INFINITY.to_bits() - LEAST;
    let normal = |all: bool, v: &u32| all & (v.wrapping_sub(LEAST) < COUNT);
    values.iter().fold(true, normal)
}
