//! Powers of real numbers.

use super::exponential::{bound, exp2_reduced, halves};
use super::logarithm::split;
use super::rounding::{floor, head_tail, nearest};

/// (head, tail) with log₂ x = head + tail to about 33 bits, head of 12 bits, for positive finite x.
///
/// With x = 2ᵉ·m, √½ ≤ m < √2 and s = (m − 1)/(m + 1): log₂ m = K·s + s³·R(s²), K = 2/ln 2. R was fitted by Remez's
/// exchange, to an error of 2⁻³⁶ of the logarithm. The first term and the leading part of the second are products of
/// heads, so they are exact.
#[inline(always)]
fn log2_extended(x: f32) -> (f32, f32) {
    /// The leading 12 bits of K and of K/3, which R(0) is, and what is left of K.
    const K: f32 = 2.8847656;
    const K_REST: f32 = 0.0006244568;
    const K_THIRD: f32 = 0.9616699;
    let (e, m) = split(x);
    let (e, f) = (e as f32, m - 1.0);
    let (divisor, _) = head_tail(m + 1.0);
    let divisor_rest = m - (divisor - 1.0); // exact
    let s = f / (m + 1.0);
    let (head, _) = head_tail(s);
    let rest = ((f - head * divisor) - head * divisor_rest) / (m + 1.0); // the first difference is exact

    let (square, square_rest) = head_tail(head * head);
    let square_rest = square_rest + rest * (s + head);
    let (cube, cube_rest) = head_tail(square * head);
    let cube_rest = cube_rest + (square * rest + square_rest * s);
    let z = s * s;
    let r = 0.00012677908 + z * (0.5770789 + z * (0.41192138 + z * 0.3366288));

    let first = K * head;
    let second = K_THIRD * cube;
    let small = (K * rest + K_REST * s) + (K_THIRD * cube_rest + s * z * r);
    let (sum, _) = head_tail(e + (first + (second + small)));
    (sum, ((first - (sum - e)) + second) + small) // the inner differences are exact
}

/// x to the power of y, as C99 defines it: 1 where y is 0 or x is 1, whatever the other is; NaN for a negative finite x
/// and a y that is no integer. At most 2 ULP.
#[inline(always)]
pub(crate) fn pow(x: f32, y: f32) -> f32 {
    let magnitude = x.abs();
    let (log, log_rest) = log2_extended(magnitude);
    // 2³² times the least logarithm already over- or underflows.
    let exponent = bound(y, -4_294_967_296.0, 4_294_967_296.0);
    let (head, tail) = head_tail(exponent);
    // The product's two parts; where the first is out of bounds the second does not matter.
    let product = bound(head * log, -300.0, 300.0); // exact
    let rest = bound(tail * log + exponent * log_rest, -1.0, 1.0);
    let (n, int) = nearest(bound(product + rest, -160.0, 140.0));
    let (a, b) = halves(int);
    let y_over_2 = 0.5 * y;
    let is_integer = floor(y) == y;
    let is_odd = is_integer && floor(y_over_2) != y_over_2;

    let power = exp2_reduced(bound((product - n) + rest, -1.0, 1.0)) * a * b;
    let at_zero = if y < 0.0 { f32::INFINITY } else { 0.0 };
    let at_infinity = if y < 0.0 { 0.0 } else { f32::INFINITY };
    let power = if magnitude == 0.0 { at_zero } else { power };
    let power = if magnitude == f32::INFINITY {
        at_infinity
    } else {
        power
    };
    let power = if is_odd { power.copysign(x) } else { power };
    let outside = x < 0.0 && magnitude < f32::INFINITY && !is_integer;
    let power = if outside || x.is_nan() || y.is_nan() {
        f32::NAN
    } else {
        power
    };
    if x == 1.0 || y == 0.0 { 1.0 } else { power }
}
