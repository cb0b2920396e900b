//! sin, cos and tan, for every finite argument.
//!
//! Method: |x| = q·π/2 + r with |r| ≤ π/4, then a polynomial in r chosen by q mod 4. Up to [`TRIG_SMALL`] the
//! reduction subtracts q·π/2 in four pieces (Cody and Waite); beyond, it multiplies the mantissa by the bits of 2/π
//! that matter for its exponent, in integers (Payne and Hanek).

use std::f32::consts::FRAC_2_PI;

use super::exponential::power_of_two;
use super::rounding::nearest;

/// The largest |x| that `sin_small`, `cos_small` and `tan_small` reduce accurately: q stays below 2¹².
const TRIG_SMALL: f32 = 6400.0;

/// π/2 in three pieces of 12 bits, whose products with q are exact, and one of 24.
const HALF_PI: [f32; 4] = [1.5703125, 0.0004837513, 7.5495336e-8, 2.563344e-12];

/// (q, r) with x = q·π/2 + r, for 0 ≤ x ≤ [`TRIG_SMALL`].
#[inline(always)]
fn reduce_small(x: f32) -> (u32, f32) {
    let (q, int) = nearest(x * FRAC_2_PI);
    let r = (x - q * HALF_PI[0]) - q * HALF_PI[1]; // exact
    let (third, fourth) = (q * HALF_PI[2], q * HALF_PI[3]);
    // One rounding less for most; near a multiple of π/2 the first subtraction is exact, and needed.
    let r = if r.abs() > 0.0009765625 {
        r - (third + fourth)
    } else {
        (r - third) - fourth
    };
    (int as u32, r)
}

/// (q mod 4, r) with x = q·π/2 + r, for finite x ≥ 2¹².
#[cold]
#[inline(never)]
fn reduce_large(x: f32) -> (u32, f32) {
    /// 32 zero bits, then the binary digits of 2/π.
    const DIGITS: [u32; 8] = [
        0,
        0xa2f9_836e,
        0x4e44_1529,
        0xfc27_57d1,
        0xf534_ddc0,
        0xdb62_9599,
        0x3c43_9041,
        0xfe51_63ab,
    ];
    /// π/2 in units of 2⁻³¹.
    const HALF_PI: u64 = 0xc90f_daa2;

    let exponent = (x.to_bits() >> 23) - 127;
    let mantissa = u64::from(x.to_bits() & 0x007f_ffff | 0x0080_0000);
    // Digits whose product with the mantissa is a multiple of 4 don't count; the window starts with the one of weight
    // 2 when the mantissa is read as an integer. Its 96 bits leave an error below 2⁻⁷⁰.
    let start = exponent + 7;
    let (word, shift) = ((start / 32) as usize, start % 32);
    let window = |i: usize| {
        let pair = u64::from(DIGITS[word + i]) << 32 | u64::from(DIGITS[word + i + 1]);
        (pair << shift) >> 32
    };
    let low = mantissa * window(2);
    let middle = mantissa * window(1) + (low >> 32);
    let turns = ((mantissa * window(0)) << 32).wrapping_add(middle); // in units of 2⁻⁶² quarter turns, mod 4

    let q = turns.wrapping_add(1 << 61) >> 62;
    let rest = turns.wrapping_sub(q << 62) as i64;
    let magnitude = rest.unsigned_abs();
    // The leading 32 bits, times π/2 while they are still an integer.
    let zeros = magnitude.leading_zeros();
    let r =
        ((((magnitude << zeros) >> 32) * HALF_PI) >> 32) as f32 * power_of_two(-29 - zeros as i32);
    (q as u32, if rest < 0 { -r } else { r })
}

/// sin r for |r| ≤ π/4; the error of the fit is 2⁻²⁷·⁸ of the result.
#[inline(always)]
fn sin_reduced(r: f32) -> f32 {
    let s = r * r;
    r + r * (s * (-0.16666654 + s * (0.008332106 + s * -0.00019507893)))
}

/// cos r for |r| ≤ π/4; the error of the fit is 2⁻³²·⁹.
#[inline(always)]
fn cos_reduced(r: f32) -> f32 {
    let s = r * r;
    1.0 + (s * (s * (0.041666646 + s * (-0.0013887305 + s * 2.4431425e-5))) - 0.5 * s)
}

/// tan r for |r| ≤ π/4; the error of the fit is 2⁻²⁹ of the result.
#[inline(always)]
fn tan_reduced(r: f32) -> f32 {
    let s = r * r;
    let p = 0.010980496 + s * (-9.793705e-5 + s * 0.00447061);
    let p = 0.13332576 + s * (0.054070182 + s * (0.02122771 + s * p));
    r + r * (s * (0.33333352 + s * p))
}

/// sin(q·π/2 + r), with the sign bit of `sign` flipped in.
#[inline(always)]
fn sin_quadrant(q: u32, r: f32, sign: u32) -> f32 {
    let y = if q & 1 == 0 {
        sin_reduced(r)
    } else {
        cos_reduced(r)
    };
    f32::from_bits(y.to_bits() ^ (q & 2) << 30 ^ sign & 0x8000_0000)
}

#[inline(always)]
fn tan_quadrant(q: u32, r: f32, sign: u32) -> f32 {
    let t = tan_reduced(r);
    let y = if q & 1 == 0 { t } else { -1.0 / t };
    f32::from_bits(y.to_bits() ^ sign & 0x8000_0000)
}

/// Whether `x` is too large for [`reduce_small`]; NaN and ∞ are not, they come out as NaN by themselves.
#[inline(always)]
fn is_large(x: f32) -> bool {
    x.abs() > TRIG_SMALL && x.abs() < f32::INFINITY
}

/// [`sin`] for |x| ≤ [`TRIG_SMALL`], without a branch. At most 2 ULP.
#[inline(always)]
pub(crate) fn sin_small(x: f32) -> f32 {
    let (q, r) = reduce_small(x.abs());
    sin_quadrant(q, r, x.to_bits())
}

/// [`cos`] for |x| ≤ [`TRIG_SMALL`], without a branch. At most 2 ULP.
#[inline(always)]
pub(crate) fn cos_small(x: f32) -> f32 {
    let (q, r) = reduce_small(x.abs());
    sin_quadrant(q.wrapping_add(1), r, 0)
}

/// [`tan`] for |x| ≤ [`TRIG_SMALL`], without a branch. At most 3 ULP.
#[inline(always)]
pub(crate) fn tan_small(x: f32) -> f32 {
    let (q, r) = reduce_small(x.abs());
    tan_quadrant(q, r, x.to_bits())
}

/// Sine; NaN at ±∞. At most 2 ULP.
///
/// The branch for large arguments keeps a loop over it scalar: where a whole block is small, use [`sin_small`].
#[inline(always)]
pub(crate) fn sin(x: f32) -> f32 {
    if is_large(x) {
        let (q, r) = reduce_large(x.abs());
        sin_quadrant(q, r, x.to_bits())
    } else {
        sin_small(x)
    }
}

/// Cosine; NaN at ±∞. At most 2 ULP. See [`sin`] on its speed.
#[inline(always)]
pub(crate) fn cos(x: f32) -> f32 {
    if is_large(x) {
        let (q, r) = reduce_large(x.abs());
        sin_quadrant(q.wrapping_add(1), r, 0)
    } else {
        cos_small(x)
    }
}

/// Tangent; NaN at ±∞. At most 3 ULP. See [`sin`] on its speed.
#[inline(always)]
pub(crate) fn tan(x: f32) -> f32 {
    if is_large(x) {
        let (q, r) = reduce_large(x.abs());
        tan_quadrant(q, r, x.to_bits())
    } else {
        tan_small(x)
    }
}

/// Whether all are so small that the functions for small angles serve.
#[inline(always)]
pub(crate) fn small_angles(angles: &[f32]) -> bool {
    // Without an early end, so that the loop vectorises.
    let small = |all: bool, a: &f32| all & (a.abs() <= TRIG_SMALL);
    angles.iter().fold(true, small)
}
