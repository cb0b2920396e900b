//! asinh, acosh and atanh, by a logarithm that is accurate near 1.

use super::exponential::bound;
use super::logarithm::log1p_positive;

/// From here on √(x² ± 1) is x, and squares may be computed of this instead.
///
/// Large arguments take no way of their own: of a condition that is asked before and after the logarithm, the compiler
/// makes two loops' worth of logarithms.
const LARGE: f32 = 1.0e15;

/// Inverse hyperbolic sine. At most 3 ULP.
#[inline(always)]
pub(crate) fn asinh(x: f32) -> f32 {
    let a = x.abs();
    let c = bound(a, 0.0, LARGE);
    // x + √(x² + 1) − 1 = x + x·x/(1 + √(x² + 1))
    let part = a * (c / (1.0 + (1.0 + c * c).sqrt()));
    let y = log1p_positive(a + part, 0.5 * a + 0.5 * part);
    if a < f32::INFINITY { y.copysign(x) } else { x }
}

/// Inverse hyperbolic cosine; NaN below 1. At most 3 ULP.
#[inline(always)]
pub(crate) fn acosh(x: f32) -> f32 {
    let t = x - 1.0; // exact up to 2
    let c = bound(t, 0.0, LARGE);
    let root = (c * (c + 2.0)).sqrt();
    let root = if t > LARGE { t } else { root };
    let y = log1p_positive(t + root, 0.5 * t + 0.5 * root);
    let edge = if x > 1.0 { x } else { f32::NAN };
    if (1.0..f32::INFINITY).contains(&x) {
        y
    } else {
        edge
    }
}

/// Inverse hyperbolic tangent; ±∞ at ±1 and NaN beyond. At most 3 ULP.
#[inline(always)]
pub(crate) fn atanh(x: f32) -> f32 {
    let a = x.abs();
    let half = a / (1.0 - a);
    let y = 0.5 * log1p_positive(2.0 * half, half);
    let edge = if a == 1.0 { f32::INFINITY } else { f32::NAN };
    (if a < 1.0 { y } else { edge }).copysign(x)
}
