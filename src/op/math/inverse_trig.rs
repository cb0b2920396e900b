//! asin, acos, atan and atan2.

use std::f32::consts::{FRAC_PI_2, PI};

/// What rounding π/2 to f32 left of it.
const HALF_PI_LO: f32 = -4.371139e-8;

const SHRINK: f32 = 1.0 / 16_777_216.0;
const GROW: f32 = 16_777_216.0;

/// From here on, asin x is taken from π/2 − asin x.
const FOLD: f32 = 0.6;

/// asin x for 0 ≤ x ≤ 0.6; the error of the fit is 2⁻²⁷·⁴ of the result.
#[inline(always)]
fn asin_reduced(x: f32) -> f32 {
    let s = x * x;
    let p = 0.03668835 + s * (-0.0011205289 + s * 0.0560235);
    x + x * (s * (0.16666573 + s * (0.075048245 + s * (0.043821305 + s * p))))
}

/// Whether |x| is over [`FOLD`], and asin of what is left of it: of |x| itself, or of √((1 − |x|)/2), which is half of the
/// angle to π/2.
#[inline(always)]
fn asin_folded(x: f32) -> (bool, f32) {
    let a = x.abs();
    let fold = a > FOLD;
    (
        fold,
        asin_reduced(if fold { (0.5 * (1.0 - a)).sqrt() } else { a }),
    )
}

/// Arcsine; NaN outside −1 to 1. At most 2 ULP.
#[inline(always)]
pub(crate) fn asin(x: f32) -> f32 {
    let (fold, y) = asin_folded(x);
    let y = if fold {
        FRAC_PI_2 - (2.0 * y - HALF_PI_LO)
    } else {
        y
    };
    y.copysign(x)
}

/// Arccosine; NaN outside −1 to 1. At most 2 ULP.
#[inline(always)]
pub(crate) fn acos(x: f32) -> f32 {
    let (fold, y) = asin_folded(x);
    let signed = y.copysign(x);
    let middle = FRAC_PI_2 - (signed - HALF_PI_LO);
    let end = if x < 0.0 {
        PI - (2.0 * y - 2.0 * HALF_PI_LO)
    } else {
        2.0 * y
    };
    if fold { end } else { middle }
}

/// atan t for 0 ≤ t ≤ 1; the error of the fit is 2⁻²⁷ of the result.
#[inline(always)]
fn atan_reduced(t: f32) -> f32 {
    let s = t * t;
    let p = -0.031097574 + s * (0.010871071 + s * -0.0017842493);
    let p = -0.08399283 + s * (0.057880808 + s * p);
    let p = -0.14264016 + s * (0.10950878 + s * p);
    t + t * (s * (-0.333333 + s * (0.1999853 + s * p)))
}

/// Arctangent. At most 2 ULP.
#[inline(always)]
pub(crate) fn atan(x: f32) -> f32 {
    let a = x.abs();
    let invert = a > 1.0;
    let y = atan_reduced(if invert { 1.0 / a } else { a });
    let y = if invert {
        FRAC_PI_2 - (y - HALF_PI_LO)
    } else {
        y
    };
    y.copysign(x)
}

/// The angle of the point (x, y), from −π to π, with C99's values at zeros and infinities. At most 2 ULP.
#[inline(always)]
pub(crate) fn atan2(y: f32, x: f32) -> f32 {
    let (a, b) = (x.abs(), y.abs());
    let steep = b > a;
    let (small, large) = if steep { (a, b) } else { (b, a) };
    // A GPU divides accurately only by what is not near the ends of the range.
    let scale = if large > 1e30 { SHRINK } else { 1.0 };
    let scale = if large < 1e-30 { GROW } else { scale };
    let (small, large) = (small * scale, large * scale);
    let t = small / large;
    let t = if large == 0.0 { 0.0 } else { t };
    let t = if small == f32::INFINITY { 1.0 } else { t };
    let angle = atan_reduced(t);
    let angle = if steep {
        FRAC_PI_2 - (angle - HALF_PI_LO)
    } else {
        angle
    };
    let angle = if x.is_sign_negative() {
        PI - (angle - 2.0 * HALF_PI_LO)
    } else {
        angle
    };
    if x.is_nan() || y.is_nan() {
        f32::NAN
    } else {
        angle.copysign(y)
    }
}
