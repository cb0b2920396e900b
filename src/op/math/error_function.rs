//! The error function.

use super::exponential::{bound, exp_parts, power_of_two};

/// erf x. At most 2 ULP.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let a = bound(x.abs(), 0.0, 4.0); // beyond, erf rounds to 1
    // Below 0.92 a polynomial for erf(x)/x − 1; the error of the fit is 2⁻²⁹·⁸ of the result.
    let s = a * a;
    let p = 0.0051918034 + s * (-0.00080432615 + s * 7.9719255e-5);
    let p = 0.12837917 + s * (-0.3761263 + s * (0.11283623 + s * (-0.026855502 + s * p)));
    let near = a + a * p;
    // Beyond, 1 − eᵖ with a polynomial for ln(1 − erf x); the error of the fit is 2⁻²⁹ of the result.
    let p = 0.022226753 + a * (-0.0030431843 + a * 0.00019593557);
    let p = -0.00019571715 + a * (-1.1276754 + a * (-0.63718265 + a * (-0.103931226 + a * p)));
    let (p, n) = exp_parts(p);
    let far = 1.0 - p * power_of_two(n);
    (if a < 0.92 { near } else { far }).copysign(x)
}
