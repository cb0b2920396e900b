//! Division with Python's signs, and with C's.

use super::rounding::floor;

/// Below, each integer is an f32.
const EXACT: f32 = 16_777_216.0;

/// a − b·⌊a / b⌋, with the sign of b: the exact remainder, rounded once where b is added to turn its sign.
///
/// NaN where b is 0 or a infinite; a zero result has the sign of b.
#[inline(always)]
pub(crate) fn rem(a: f32, b: f32) -> f32 {
    let rest = a % b;
    let turn = (rest < 0.0) != (b < 0.0);
    let turned = if turn { rest + b } else { rest };
    if rest == 0.0 {
        0f32.copysign(b)
    } else {
        turned
    }
}

/// ⌊a / b⌋, the exact quotient's, rounded to f32.
///
/// As NumPy, a / b where b is 0, and NaN where a is infinite.
#[inline(always)]
pub(crate) fn floor_div(a: f32, b: f32) -> f32 {
    // Up to 2²⁸, f64 never rounds a quotient of two f32 up to an integer that it does not reach.
    let quotient = f64::from(a) / f64::from(b);
    let near = quotient as f32;
    let floor = floor(near);
    // Where rounding to f32 reached an integer, the floor is the one below.
    let floor = if f64::from(floor) > quotient && near.abs() < EXACT {
        floor - 1.0
    } else {
        floor
    };
    // A quotient by ∞ is ±0.
    let floor = if floor == 0.0 && b.is_infinite() && (a < 0.0) != (b < 0.0) && a != 0.0 {
        -1.0
    } else {
        floor
    };
    if a.is_infinite() && b != 0.0 {
        f32::NAN
    } else {
        floor
    }
}

/// a − b·trunc(a / b), with the sign of a; exact. NaN where b is 0 or a infinite.
#[inline(always)]
pub(crate) fn fmod(a: f32, b: f32) -> f32 {
    a % b
}

/// The exact quotient a / b without its fraction, rounded to f32; a / b where a is infinite or b is 0.
#[inline(always)]
pub(crate) fn trunc_div(a: f32, b: f32) -> f32 {
    let magnitude = if a.is_infinite() {
        a.abs() / b.abs()
    } else {
        floor_div(a.abs(), b.abs())
    };
    let sign = (a.to_bits() ^ b.to_bits()) & 0x8000_0000;
    f32::from_bits(magnitude.to_bits() | sign)
}
