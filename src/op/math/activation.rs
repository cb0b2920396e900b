//! Activation functions.

use super::exponential::{bound, exp_parts, exp_parts_tail, expm1, halves};
use super::logarithm::log1p;
use super::rounding::head_tail;

/// (a, b) with eˣ = a·b for x ≤ 0, such that what is multiplied by a and then by b is rounded once even where eˣ is
/// subnormal or less.
#[inline(always)]
fn exp_factors((p, n): (f32, i32)) -> (f32, f32) {
    let (a, b) = halves(n);
    (p * a, b)
}

/// x where it is positive, else 0; NaN stays.
#[inline(always)]
pub(crate) fn relu(x: f32) -> f32 {
    if x <= 0.0 { 0.0 } else { x }
}

/// x where it is positive or zero, else x·slope.
#[inline(always)]
pub(crate) fn leaky_relu(x: f32, slope: f32) -> f32 {
    if x < 0.0 { x * slope } else { x }
}

/// x where it is positive, else alpha·(eˣ − 1). At most 2.5 ULP.
#[inline(always)]
pub(crate) fn elu(x: f32, alpha: f32) -> f32 {
    let y = alpha * expm1(if x < 0.0 { x } else { 0.0 });
    if x < 0.0 { y } else { x }
}

/// 1/(1 + e⁻ˣ). At most 2.5 ULP.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let (a, b) = exp_factors(exp_parts(bound(-x.abs(), -110.0, 0.0)));
    let e = a * b;
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// x·sigmoid(x), −0 at −∞. At most 3 ULP.
#[inline(always)]
pub(crate) fn silu(x: f32) -> f32 {
    let (a, b) = exp_factors(exp_parts(bound(-x.abs(), -120.0, 0.0)));
    let positive = x / (1.0 + a * b);
    let negative = bound(x, -120.0, 0.0) * a / (1.0 + a * b) * b;
    if x < 0.0 { negative } else { positive }
}

/// ln(1 + eˣ). At most 2 ULP.
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    let (a, b) = exp_factors(exp_parts(bound(-x.abs(), -110.0, 0.0)));
    let y = log1p(a * b);
    if x > 0.0 { x + y } else { y }
}

/// x·Φ(x) with the distribution function Φ of the normal distribution; −0 at −∞. At most 3 ULP.
///
/// Below 1 in magnitude, Φ(x) = 1/2 + x·E(x²); the error of the fit is 2⁻²⁸ of the result. Beyond, x times the tail is
/// a·(1 − Φ(a)) = e^(−a²/2)·P(t) with t = (a − 3)/(a + 3), P fitted by Remez's exchange up to 14.5 and its rounded
/// coefficients improved by a random search, to 2⁻²⁴·⁷ of the result. a² is kept in two parts, since an error in the
/// exponent counts in full in the result.
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    let a = bound(x.abs(), 0.0, 14.5); // beyond, the tail times x rounds to 0
    let s = a * a;
    let e = -0.0011880203 + s * (0.00011502072 + s * -8.1711305e-6);
    let e = 0.3989423 + s * (-0.06649054 + s * (0.009974163 + s * e));
    let near = x * (0.5 + x * e);

    let (head, rest) = head_tail(a);
    let (e, scale) = exp_factors(exp_parts_tail(
        -0.5 * (head * head),
        -0.5 * rest * (a + head),
    ));
    let t = (a - 3.0) / (a + 3.0);
    let p = 0.003965839 + t * (-3.900923e-5 + t * -0.0005466591);
    let p = -0.13965744 + t * (0.09137682 + t * (-0.02885826 + t * (-0.0017382485 + t * p)));
    let tail = e * (0.36454186 + t * (0.10987586 + t * p)) * scale;
    if x.abs() < 1.0 {
        near
    } else if x < 0.0 {
        -tail
    } else {
        x - tail
    }
}

/// x·sigmoid(√(8/π)·(x + 0.044715·x³)), the approximation of [`gelu`] by tanh; −0 at −∞. At most 3 ULP.
#[inline(always)]
pub(crate) fn gelu_tanh(x: f32) -> f32 {
    /// √(8/π), its leading 12 bits and the rest.
    const LINEAR: [f32; 2] = [1.5957031, 6.59966e-5];
    /// 0.044715 times that, and its leading 12 bits and the rest.
    const CUBIC: f32 = 0.071354814;
    const CUBIC_PARTS: [f32; 2] = [0.0713501, 4.7186163e-6];
    let a = bound(x.abs(), 0.0, 11.0); // beyond, the result rounds to 0 or x

    // The exponent a·(LINEAR + CUBIC·a²), in two parts of which the first is exact.
    let (head, tail) = head_tail(a);
    let (square, square_rest) = head_tail(head * head);
    let square_rest = square_rest + tail * (a + head);
    let product = CUBIC_PARTS[0] * square; // exact
    let (factor, _) = head_tail(LINEAR[0] + product);
    let factor_rest = product - (factor - LINEAR[0]); // exact
    let factor_rest = factor_rest + (LINEAR[1] + (CUBIC_PARTS[1] * square + CUBIC * square_rest));
    let exponent_rest = tail * (factor + factor_rest) + head * factor_rest;

    let (e, scale) = exp_factors(exp_parts_tail(-(head * factor), -exponent_rest));
    let denominator = 1.0 + e * scale;
    let negative = bound(x, -11.0, 0.0) * e / denominator * scale;
    let positive = x / denominator;
    if x < 0.0 { negative } else { positive }
}
