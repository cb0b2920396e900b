//! tanh, by the addition of exponents, and sinh and cosh: a polynomial near zero, exponentials beyond.

use std::f32::consts::{LN_2, LOG2_E};

use super::exponential::{bound, exp_parts, halves};

/// 1.5·2²¹: a small f32 that is added to it is rounded to quarters, which are the low two bits of the sum.
const QUARTERS: f32 = 3_145_728.0;

/// Hyperbolic tangent. At most 1.6 ULP.
///
/// Method: |x| = n·ln 2 / 2 + h with a whole n ≥ 0 and −0.044 ≤ h ≤ 0.304, and T = h·coth h, a polynomial of h². Then
/// e²ʰ = (T + h)/(T − h) and tanh |x| = (m + h)/(m + T) with m = (T + h)·(2ⁿ − 1)/2. It is h/T for n = 0, where tiny h
/// are exact, and takes one division and no choice, which on the CPU is what counts. The polynomial was fitted by
/// Remez's exchange to the error relative to T, 2⁻³².
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let a = bound(x.abs(), 0.0, 10.0); // beyond, tanh rounds to 1
    // Rounded to quarters, then down: so n is 0 until the result has the few digits that m + h takes from it.
    let shifted = (a * (2.0 * LOG2_E) + QUARTERS).to_bits() & !3;
    let n = f32::from_bits(shifted) - QUARTERS;
    let half_power = f32::from_bits((shifted << 21).wrapping_add(0.5f32.to_bits()));
    // The difference is exact; the product's rounding counts for less the larger n is, as tanh levels out.
    let h = a - n * (0.5 * LN_2);
    let s = h * h;
    let t = 1.0 + s * (0.3333333 + s * (-0.02222027 + s * 0.0020795513));
    let above = (half_power - 0.5) * (t + h) + h;
    // The divisor is `above` and T − h, so that the error of `above` cancels for large n. For n = 0 it is T again: the
    // difference is rounded to finer digits than the sum has.
    (above / (above + (t - h))).copysign(x)
}

/// (eˣ/2, e⁻ˣ/2) for x ≥ 0.
#[inline(always)]
fn half_exponentials(x: f32) -> (f32, f32) {
    let (p, n) = exp_parts(bound(x, 0.0, 90.0));
    let (a, b) = halves(n.wrapping_sub(1));
    let half = p * a * b;
    (half, 0.25 / half)
}

/// Hyperbolic sine. At most 2 ULP.
#[inline(always)]
pub(crate) fn sinh(x: f32) -> f32 {
    let a = x.abs();
    // Below 1 a polynomial; the error of the fit is 2⁻³¹·⁶ of the result.
    let s = a * a;
    let p = 0.0083333105 + s * (0.00019842896 + s * 2.782212e-6);
    let near = a + a * (s * (0.16666667 + s * p));
    let (grow, shrink) = half_exponentials(a);
    (if a < 1.0 { near } else { grow - shrink }).copysign(x)
}

/// Hyperbolic cosine. At most 2 ULP.
#[inline(always)]
pub(crate) fn cosh(x: f32) -> f32 {
    let (grow, shrink) = half_exponentials(x.abs());
    grow + shrink
}
