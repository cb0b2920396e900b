//! asinh, acosh and atanh, by a logarithm that is accurate near 1.

use std::f32::consts::LN_2;

use super::log1p;

/// From here on both are ln 2x = ln(1 + (x − 1)) + ln 2.
const LARGE: f32 = 1.0e5;

/// Inverse hyperbolic sine. At most 3 ULP.
#[inline(always)]
pub(crate) fn asinh(x: f32) -> f32 {
    let a = x.abs();
    let large = a >= LARGE;
    let square = a * a;
    let near = a + square / (1.0 + (1.0 + square).sqrt());
    let y = log1p(if large { a - 1.0 } else { near }) + if large { LN_2 } else { 0.0 };
    y.copysign(x)
}

/// Inverse hyperbolic cosine; NaN below 1. At most 3 ULP.
#[inline(always)]
pub(crate) fn acosh(x: f32) -> f32 {
    let large = x >= LARGE;
    let t = x - 1.0; // exact up to 2
    let near = t + (t * (t + 2.0)).sqrt();
    let y = log1p(if large { t } else { near }) + if large { LN_2 } else { 0.0 };
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
