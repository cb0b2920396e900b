//! Powers of real numbers.
//!
//! Method: the logarithm to base 2 and its product with the exponent in f64, which is wide enough for the powers of
//! numbers near 1; the rest in f32. The shader, which has no f64, works with heads and tails instead.

use super::exponential::{bound, exp2_reduced, halves};
use super::logarithm::split;
use super::rounding::{ALL_INTEGERS, low_word, whole};

/// log₂ x for x ≥ 0, to about 37 bits: −∞ at 0, and ∞ and NaN as they are.
///
/// With x = 2ᵉ·(1 + f) and s = f/(2 + f): log₂ (1 + f) = s·Q(s²). Q was fitted by Remez's exchange.
#[inline(always)]
fn log2_wide(x: f32) -> f64 {
    let (e, m) = split(x);
    let e = if x == 0.0 {
        f32::NEG_INFINITY
    } else {
        e as f32
    };
    let e = if x < f32::INFINITY { e } else { x };
    let f = f64::from(m - 1.0);
    let s = f / (2.0 + f);
    let z = s * s;
    let square = z * z;
    let q = (0.577083585037473 + z * 0.41167271486026663) + square * 0.34073017685490893;
    let q = (2.885390081790086 + z * 0.9617966733414772) + square * q;
    f64::from(e) + s * q
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
    // 2³² times the least logarithm already over- or underflows.
    let exponent = bound(y, -4_294_967_296.0, 4_294_967_296.0);
    let log = f64::from(exponent) * log2_wide(magnitude);
    let log = if log < -160.0 { -160.0 } else { log };
    let log = if log > 140.0 { 140.0 } else { log };
    let n = whole(log);
    let (a, b) = halves(low_word(n) as i32);
    let power = exp2_reduced((log - n) as f32) * a * b;

    let (fraction, odd) = parity(y);
    let power = f32::from_bits(power.to_bits() ^ (odd << 31 & x.to_bits()));
    let outside = x < 0.0 && magnitude < f32::INFINITY && fraction;
    let power = if outside { f32::NAN } else { power };
    if x == 1.0 || y == 0.0 { 1.0 } else { power }
}
