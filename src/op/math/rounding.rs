//! Rounding to integers, and casts.
//!
//! The rounding functions are spelled out, since on x86-64 without SSE 4.1 the standard ones are calls.

/// From here on every f32 is an integer.
pub(super) const ALL_INTEGERS: f32 = 8_388_608.0; // 2²³

/// 1.5·2²³: an f32 of at most 2²² in magnitude that is added to it loses its fraction, rounding half to even.
const SHIFTER: f32 = 12_582_912.0;

/// The integer nearest to `x`, half to even, as f32 and as i32; for |x| ≤ 2²².
#[inline(always)]
pub(super) fn nearest(x: f32) -> (f32, i32) {
    let shifted = x + SHIFTER;
    (
        shifted - SHIFTER,
        shifted.to_bits().wrapping_sub(SHIFTER.to_bits()) as i32,
    )
}

/// The leading 12 bits of x, rounded, and the rest: the product of two heads is exact.
#[inline(always)]
pub(super) fn head_tail(x: f32) -> (f32, f32) {
    let head = f32::from_bits(x.to_bits().wrapping_add(0x800) & 0xffff_f000);
    (head, x - head)
}

/// Rounds to the nearest integer, half to even. Exact.
#[inline(always)]
pub(crate) fn round(x: f32) -> f32 {
    let magnitude = x.abs();
    let rounded = (magnitude + ALL_INTEGERS) - ALL_INTEGERS;
    if magnitude < ALL_INTEGERS {
        rounded.copysign(x)
    } else {
        x
    }
}

/// The largest integer not above `x`. Exact.
#[inline(always)]
pub(crate) fn floor(x: f32) -> f32 {
    let nearest = round(x);
    let floor = nearest - if nearest > x { 1.0 } else { 0.0 };
    // 0.5 rounds to 0 and 0.5 - 0.5 keeps it, but the sign of zero must be that of x.
    if floor == 0.0 {
        0f32.copysign(x)
    } else {
        floor
    }
}

/// The smallest integer not below `x`. Exact.
#[inline(always)]
pub(crate) fn ceil(x: f32) -> f32 {
    -floor(-x)
}

/// Drops the fraction. Exact.
#[inline(always)]
pub(crate) fn trunc(x: f32) -> f32 {
    floor(x.abs()).copysign(x)
}

/// An f64 of which, added to a whole number below 2⁵¹, the low half of the bits is that number.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// The whole number nearest to one below 2⁵¹, half to even.
#[inline(always)]
pub(super) fn whole(x: f64) -> f64 {
    (x + WHOLE) - WHOLE
}

/// The low 32 bits of a whole number.
#[inline(always)]
pub(super) fn low_word(whole: f64) -> u32 {
    (whole + WHOLE).to_bits() as u32
}

/// A number within bounds without its fraction; NaN gives 0. Through f64, since Rust's own saturating conversion is
/// made one element after the other.
#[inline(always)]
fn saturated(x: f32, least: f64, most: f64) -> u32 {
    let whole = f64::from(x).max(least).min(most).trunc();
    if x.is_nan() { 0 } else { low_word(whole) }
}

/// Rounds towards zero; saturates, and NaN gives 0.
#[inline(always)]
pub(crate) fn to_i32(x: f32) -> i32 {
    saturated(x, f64::from(i32::MIN), f64::from(i32::MAX)) as i32
}

/// Rounds towards zero; saturates, and NaN gives 0.
#[inline(always)]
pub(crate) fn to_u32(x: f32) -> u32 {
    saturated(x, 0.0, f64::from(u32::MAX))
}
