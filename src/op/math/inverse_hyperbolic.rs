//! asinh, acosh and atanh, by logarithms that are accurate near 1.

use std::f32::consts::LN_2;

use super::{ln, log1p};

/// From here on x² + 1 is x² and x ± 1 is x, far enough.
const LARGE: f32 = 1.0e5;

/// Inverse hyperbolic sine. At most 3 ULP.
#[inline(always)]
pub(crate) fn asinh(x: f32) -> f32 {
    let a = x.abs();
    let square = if a < LARGE { a * a } else { 0.0 };
    let near = log1p(a + square / (1.0 + (1.0 + square).sqrt()));
    let far = ln(a) + LN_2;
    let y = if a < LARGE { near } else { far }.copysign(x);
    if x == 0.0 || x.is_nan() { x } else { y }
}

/// Inverse hyperbolic cosine; NaN below 1. At most 3 ULP.
#[inline(always)]
pub(crate) fn acosh(x: f32) -> f32 {
    let t = if x < LARGE { x - 1.0 } else { 0.0 }; // exact up to 2
    let near = log1p(t + (t * (t + 2.0)).sqrt());
    let far = ln(x) + LN_2;
    let y = if x < LARGE { near } else { far };
    if x >= 1.0 { y } else { f32::NAN }
}

/// Inverse hyperbolic tangent; ±∞ at ±1 and NaN beyond. At most 3 ULP.
#[inline(always)]
pub(crate) fn atanh(x: f32) -> f32 {
    let a = x.abs();
    let y = 0.5 * log1p(2.0 * (a / (1.0 - a)));
    let y = if a == 1.0 { f32::INFINITY } else { y };
    let y = if a <= 1.0 { y } else { f32::NAN }.copysign(x);
    if x == 0.0 { x } else { y }
}
