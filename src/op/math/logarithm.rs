//! ln, log2, log10 and log1p.
//!
//! Method: x = 2ᵉ·m with √½ ≤ m < √2, f = m − 1, which is exact, and ln m = f − f²/2 + f³·P(f).

use super::exponential::{LN_2_HI, LN_2_LO};
use super::rounding::head_tail;

/// The bits of √½.
const SQRT_HALF: u32 = 0x3f35_04f3;
const LEAST_NORMAL: u32 = 0x0080_0000;

/// (e, m) with x = 2ᵉ·m and √½ ≤ m < √2, for the bits of a positive normal x.
#[inline(always)]
pub(super) fn split_normal(bits: u32) -> (i32, f32) {
    let e = (bits.wrapping_sub(SQRT_HALF) as i32) >> 23;
    (e, f32::from_bits(bits.wrapping_sub((e << 23) as u32)))
}

/// (e, m) with x = 2ᵉ·m and √½ ≤ m < √2, for positive finite x, subnormal or not.
#[inline(always)]
pub(super) fn split(x: f32) -> (i32, f32) {
    let bits = x.to_bits();
    let subnormal = bits < LEAST_NORMAL;
    // A subnormal's bits are an integer, in units of 2⁻¹⁴⁹.
    let bits = if subnormal {
        (bits as i32 as f32).to_bits()
    } else {
        bits
    };
    let (e, m) = split_normal(bits);
    (if subnormal { e.wrapping_sub(149) } else { e }, m)
}

/// ln(1 + f) − f for √½ ≤ 1 + f ≤ √2.
///
/// P was fitted by Remez's exchange to the error relative to the logarithm, 2⁻²⁶·⁷ after its coefficients were rounded
/// one by one.
#[inline(always)]
fn ln_tail(f: f32) -> f32 {
    let square = f * f;
    let low = (0.3333333 + f * -0.25000826) + square * (0.20001265 + f * -0.16623218);
    let high = (0.14200711 + f * -0.13158512) + square * (0.12766725 + f * -0.076488495);
    let p = low + square * square * high;
    square * (f * p) - 0.5 * square
}

/// `y`, the logarithm of a positive finite `x`, or what the logarithm is of any other `x`.
#[inline(always)]
fn with_edges(x: f32, y: f32) -> f32 {
    // One choice waits for y, and not three in a row.
    let edge = if x > 0.0 { x } else { f32::NAN };
    let edge = if x == 0.0 { f32::NEG_INFINITY } else { edge };
    if x > 0.0 && x < f32::INFINITY {
        y
    } else {
        edge
    }
}

/// ln(2ᵉ·(1 + f)) for √½ ≤ 1 + f ≤ √2.
#[inline(always)]
fn ln_parts(f: f32, e: i32) -> f32 {
    let e = e as f32;
    (e * LN_2_LO + ln_tail(f)) + f + e * LN_2_HI
}

/// Natural logarithm; −∞ at ±0 and NaN below. At most 1 ULP.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    let (e, m) = split(x);
    with_edges(x, ln_parts(m - 1.0, e))
}

/// Logarithm to base 2, exact for powers of two; −∞ at ±0 and NaN below. At most 1.5 ULP.
#[inline(always)]
pub(crate) fn log2(x: f32) -> f32 {
    /// log₂ e, its leading 12 bits, and the rest.
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const HI: f32 = 1.4423828;
    const LO: f32 = 0.0003122284;
    let (e, m) = split(x);
    let (e, f) = (e as f32, m - 1.0);
    // The product of 12 bits by 12 is exact.
    let (head, rest) = head_tail(f);
    let rest = (f * LO + rest * HI) + ln_tail(f) * LOG2_E;
    with_edges(x, rest + head * HI + e)
}

/// Logarithm to base 10, exact for powers of ten; −∞ at ±0 and NaN below. At most 1.5 ULP.
#[inline(always)]
pub(crate) fn log10(x: f32) -> f32 {
    /// log₁₀ e: its leading 12 bits, and the rest.
    const LOG10_E: f32 = std::f32::consts::LOG10_E;
    const HI: f32 = 0.43432617;
    const LO: f32 = -3.168997e-05;
    /// log₁₀ 2 in 15 bits, so that its product with an exponent is exact, and the rest.
    const TWO_HI: f32 = 0.3010254;
    const TWO_LO: f32 = 4.605039e-06;
    let (e, m) = split(x);
    let (e, f) = (e as f32, m - 1.0);
    let (head, rest) = head_tail(f);
    let rest = ((f * LO + e * TWO_LO) + rest * HI) + ln_tail(f) * LOG10_E;
    with_edges(x, rest + head * HI + e * TWO_HI)
}

/// ln(1 + x), accurate near zero; −∞ at −1 and NaN below. At most 2 ULP.
#[inline(always)]
pub(crate) fn log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    let e = (u.to_bits().wrapping_sub(SQRT_HALF) as i32) >> 23;
    // f = 2⁻ᵉ·u − 1 without the rounding error of u: 2⁻ᵉ·x by subtracting from the exponent, 2⁻ᵉ − 1 rounded when e is
    // so large that it does not matter. Where e = 0, f is x itself.
    let scaled = f32::from_bits(x.to_bits().wrapping_sub((e << 23) as u32));
    let offset = f32::from_bits((127i32.wrapping_sub(e).max(0) << 23) as u32) - 1.0;
    let f = if e == 0 { x } else { scaled + offset };
    let y = ln_parts(f, e);
    let edge = if x > -1.0 { x } else { f32::NAN };
    let edge = if x == -1.0 { f32::NEG_INFINITY } else { edge };
    let inside = x > -1.0 && x < f32::INFINITY && x != 0.0;
    if inside { y } else { edge }
}

/// ln(1 + x) for a positive x or 0, of which `half` is the half: that is finite where x overflows. At most 2 ULP.
#[inline(always)]
pub(super) fn log1p_positive(x: f32, half: f32) -> f32 {
    // As log1p, of numbers half as large.
    let u = 0.5 + half;
    let e = (u.to_bits().wrapping_sub(SQRT_HALF) as i32) >> 23;
    let scaled = f32::from_bits(half.to_bits().wrapping_sub((e << 23) as u32));
    let e = e.wrapping_add(1);
    let offset = f32::from_bits((127i32.wrapping_sub(e).max(0) << 23) as u32) - 1.0;
    ln_parts(if e == 0 { x } else { scaled + offset }, e)
}
