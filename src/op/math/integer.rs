//! Integers: Python's division and C's, powers, signs, and the high half of a product.

/// ⌊a / b⌋; 0 where b is 0, and `i32::MIN / -1` wraps.
#[inline(always)]
pub(crate) fn floor_div_i32(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    let quotient = a.wrapping_div(b);
    let below = a.wrapping_rem(b) != 0 && (a < 0) != (b < 0);
    quotient - i32::from(below)
}

/// a − b·⌊a / b⌋, with the sign of b; 0 where b is 0.
#[inline(always)]
pub(crate) fn rem_i32(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    let rest = a.wrapping_rem(b);
    if rest != 0 && (rest < 0) != (b < 0) {
        rest + b
    } else {
        rest
    }
}

/// a / b without the fraction; 0 where b is 0, and `i32::MIN / -1` wraps.
#[inline(always)]
pub(crate) fn trunc_div_i32(a: i32, b: i32) -> i32 {
    if b == 0 { 0 } else { a.wrapping_div(b) }
}

/// a − b·trunc(a / b), with the sign of a; 0 where b is 0.
#[inline(always)]
pub(crate) fn fmod_i32(a: i32, b: i32) -> i32 {
    if b == 0 { 0 } else { a.wrapping_rem(b) }
}

/// ⌊a / b⌋; 0 where b is 0.
#[inline(always)]
pub(crate) fn floor_div_u32(a: u32, b: u32) -> u32 {
    a.checked_div(b).unwrap_or(0)
}

/// a − b·⌊a / b⌋; 0 where b is 0.
#[inline(always)]
pub(crate) fn rem_u32(a: u32, b: u32) -> u32 {
    a.checked_rem(b).unwrap_or(0)
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
