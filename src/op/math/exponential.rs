//! exp, exp2 and expm1.
//!
//! Method: x = n·ln 2 + r with an integer n and |r| ≤ ln 2 / 2, a polynomial for eʳ − 1, and the exponent n put back
//! in two steps, so that results among the subnormals are rounded once.

use std::f32::consts::LOG2_E;

use super::rounding::nearest;

/// ln 2 in 16 bits, so that its product with an n of up to 8 bits is exact, and the rest.
pub(super) const LN_2_HI: f32 = 0.69314575;
pub(super) const LN_2_LO: f32 = 1.4286068e-6;

/// From here on, eˣ overflows.
const EXP_HIGH: f32 = 89.0;
/// From here down, eˣ is less than half of the least subnormal.
const EXP_LOW: f32 = -104.5;

/// `x` held within bounds; NaN stays.
#[inline(always)]
pub(super) fn bound(x: f32, lo: f32, hi: f32) -> f32 {
    let x = if x < lo { lo } else { x };
    if x > hi { hi } else { x }
}

/// 2ⁿ for −126 ≤ n ≤ 127.
#[inline(always)]
pub(super) fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23) as u32)
}

/// 2ⁿ as two factors, for −252 ≤ n ≤ 254.
#[inline(always)]
pub(super) fn halves(n: i32) -> (f32, f32) {
    (power_of_two(n >> 1), power_of_two(n.wrapping_sub(n >> 1)))
}

/// eʳ − 1 for r = head + rest, |r| ≤ ln 2 / 2.
///
/// The polynomial was fitted by Remez's exchange to the error relative to eʳ − 1, 2⁻²⁶, its coefficients rounded one
/// by one and the rest refitted.
#[inline(always)]
fn expm1_reduced(head: f32, rest: f32) -> f32 {
    let r = head + rest;
    let square = r * r;
    let q = (0.041667722 + r * 0.0083672255) + square * 0.0013844091;
    let q = (0.49999997 + r * 0.16666538) + square * q;
    head + (square * q + rest)
}

/// (p, n) with eˣ = p·2ⁿ and p near 1, for x = head + tail and |x| ≤ 170; the sum is not rounded.
#[inline(always)]
pub(super) fn exp_parts_tail(head: f32, tail: f32) -> (f32, i32) {
    let (n, int) = nearest((head + tail) * LOG2_E);
    (
        1.0 + expm1_reduced(head - n * LN_2_HI, tail - n * LN_2_LO),
        int,
    )
}

/// (p, n) with eˣ = p·2ⁿ and p near 1, for |x| ≤ 170.
#[inline(always)]
pub(super) fn exp_parts(x: f32) -> (f32, i32) {
    exp_parts_tail(x, 0.0)
}

/// eˣ. At most 1 ULP.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (p, n) = exp_parts(bound(x, EXP_LOW, EXP_HIGH));
    let (a, b) = halves(n);
    p * a * b
}

/// (p, n) with 2ˣ = p·2ⁿ, for |x| ≤ 2²² as far as n is concerned.
///
/// The polynomial for (2ᶠ − 1)/f on |f| ≤ 1/2 was fitted by Remez's exchange to the error relative to 2ᶠ, 2⁻²⁷ after
/// its coefficients were rounded one by one.
#[inline(always)]
pub(super) fn exp2_parts(x: f32) -> (f32, i32) {
    let (n, int) = nearest(x);
    (exp2_reduced(x - n), int)
}

/// 2ᶠ for |f| ≤ 1/2, and a little beyond.
#[inline(always)]
pub(super) fn exp2_reduced(f: f32) -> f32 {
    let square = f * f;
    let q = (0.05550275 + f * 0.00961708) + square * (0.0013416352 + f * 0.00015805483);
    1.0 + f * ((0.69314724 + f * 0.24022655) + square * q)
}

/// 2ˣ, exact for integers. At most 1.5 ULP.
#[inline(always)]
pub(crate) fn exp2(x: f32) -> f32 {
    let (p, n) = exp2_parts(bound(x, -151.0, 129.0));
    let (a, b) = halves(n);
    p * a * b
}

/// eˣ − 1, accurate near zero. At most 2 ULP.
#[inline(always)]
pub(crate) fn expm1(x: f32) -> f32 {
    // Below −18, the result rounds to −1.
    let bounded = bound(x, -18.0, EXP_HIGH);
    let (n, int) = nearest(bounded * LOG2_E);
    let p = expm1_reduced(bounded - n * LN_2_HI, n * -LN_2_LO);
    // 2ⁿ·p + (2ⁿ − 1), halved since n may be 128.
    let half = power_of_two(int.wrapping_sub(1));
    let shifted = 2.0 * (half * p + (half - 0.5));
    // The sum would turn −0 into 0.
    if int == 0 {
        if x == 0.0 { x } else { p }
    } else {
        shifted
    }
}
