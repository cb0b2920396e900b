//! Integers: Python's division and C's, powers, signs, and the high half of a product.

use super::rounding::low_word;

/// (a ± ½)/b with the sign of `half`, in f64: processors divide no vectors of integers.
///
/// For |a| < 2³² no fraction with the divisor b lies between a/b and (a + ½)/|b| or past it by less than 1/(2·|b|), and
/// the two roundings err by less than 2⁻¹⁹/|b|: rounded down the quotient is that of the integers. The reciprocal is
/// taken once where all elements have one divisor.
#[inline(always)]
fn quotient(a: f64, half: f64, b: f64) -> f64 {
    (a + half) * (1.0 / b)
}

/// ⌊a / b⌋; 0 where b is 0, and `i32::MIN / -1` wraps.
#[inline(always)]
pub(crate) fn floor_div_i32(a: i32, b: i32) -> i32 {
    let divisor = f64::from(b);
    let floor = quotient(f64::from(a), 0.5f64.copysign(divisor), divisor).floor();
    if b == 0 { 0 } else { low_word(floor) as i32 }
}

/// a − b·⌊a / b⌋, with the sign of b; 0 where b is 0.
#[inline(always)]
pub(crate) fn rem_i32(a: i32, b: i32) -> i32 {
    let rest = a.wrapping_sub(b.wrapping_mul(floor_div_i32(a, b)));
    if b == 0 { 0 } else { rest }
}

/// a / b without the fraction; 0 where b is 0, and `i32::MIN / -1` wraps.
#[inline(always)]
pub(crate) fn trunc_div_i32(a: i32, b: i32) -> i32 {
    let (dividend, divisor) = (f64::from(a), f64::from(b));
    let trunc = quotient(dividend, 0.5f64.copysign(dividend), divisor).trunc();
    if b == 0 { 0 } else { low_word(trunc) as i32 }
}

/// a − b·trunc(a / b), with the sign of a; 0 where b is 0.
#[inline(always)]
pub(crate) fn fmod_i32(a: i32, b: i32) -> i32 {
    let rest = a.wrapping_sub(b.wrapping_mul(trunc_div_i32(a, b)));
    if b == 0 { 0 } else { rest }
}

/// ⌊a / b⌋; 0 where b is 0.
#[inline(always)]
pub(crate) fn floor_div_u32(a: u32, b: u32) -> u32 {
    let floor = quotient(f64::from(a), 0.5, f64::from(b)).floor();
    if b == 0 { 0 } else { low_word(floor) }
}

/// a − b·⌊a / b⌋; 0 where b is 0.
#[inline(always)]
pub(crate) fn rem_u32(a: u32, b: u32) -> u32 {
    let rest = a.wrapping_sub(b.wrapping_mul(floor_div_u32(a, b)));
    if b == 0 { 0 } else { rest }
}

/// `base` to the power of `exponent`, wrapping.
#[inline(always)]
pub(crate) fn pow_u32(base: u32, exponent: u32) -> u32 {
    base.wrapping_pow(exponent)
}

/// `base` to the power of `exponent`, wrapping; a negative exponent gives the fraction rounded towards zero: 0, but for
/// the bases 1 and −1 (0 gives 0 too).
#[inline(always)]
pub(crate) fn pow_i32(base: i32, exponent: i32) -> i32 {
    if exponent >= 0 {
        return base.wrapping_pow(exponent as u32);
    }
    match base {
        1 => 1,
        -1 if exponent & 1 == 0 => 1,
        -1 => -1,
        _ => 0,
    }
}

/// −1, 0 or 1.
#[inline(always)]
pub(crate) fn sign_i32(x: i32) -> i32 {
    x.signum()
}

/// The magnitude; `i32::MIN` wraps to itself.
#[inline(always)]
pub(crate) fn abs_i32(x: i32) -> i32 {
    x.wrapping_abs()
}

/// The high 32 bits of the product.
#[inline(always)]
pub(crate) fn mul_hi(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}
