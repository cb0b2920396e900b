//! tanh, sinh and cosh: a polynomial near zero, exponentials beyond.

use std::f32::consts::LOG2_E;

use super::exponential::{bound, exp_parts, exp2_parts, halves, power_of_two};

/// Hyperbolic tangent. At most 2 ULP.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let a = bound(x.abs(), 0.0, 10.0); // beyond, tanh rounds to 1
    // Below 0.55 a polynomial; the error of the fit is 2⁻²⁹·⁷ of the result.
    let s = a * a;
    let p = -0.053847548 + s * (0.021050714 + s * -0.006242849);
    let p = (-0.33333316 + s * 0.13332544) + s * s * p;
    let near = a + a * (s * p);
    // Beyond, 1 − 2/(e²ˣ + 1) subtracts at most a half, so that the power need not be the last bit's.
    let (p, n) = exp2_parts(a * (2.0 * LOG2_E));
    let far = 1.0 - 2.0 / (p * power_of_two(n) + 1.0);
    (if a < 0.55 { near } else { far }).copysign(x)
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
