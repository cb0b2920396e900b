//! Shifts by any amount, and the greatest common divisor.

/// `a` shifted to the left; by a negative amount or 32 and more, 0.
#[inline(always)]
pub(crate) fn shl_u32(a: u32, by: u32) -> u32 {
    if by < 32 { a << (by & 31) } else { 0 }
}

/// `a` shifted to the left; by a negative amount or 32 and more, 0.
#[inline(always)]
pub(crate) fn shl_i32(a: i32, by: i32) -> i32 {
    shl_u32(a as u32, by as u32) as i32
}

/// `a` shifted to the right; by 32 and more, 0.
#[inline(always)]
pub(crate) fn shr_u32(a: u32, by: u32) -> u32 {
    if by < 32 { a >> (by & 31) } else { 0 }
}

/// `a` shifted to the right with its sign; by a negative amount or 32 and more, 0 or −1.
#[inline(always)]
pub(crate) fn shr_i32(a: i32, by: i32) -> i32 {
    a >> (by as u32).min(31)
}

/// The greatest common divisor, by Euclid's algorithm: at most 46 steps.
#[inline(always)]
pub(crate) fn gcd_u32(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The greatest common divisor of the magnitudes; 2³¹ wraps to `i32::MIN`.
#[inline(always)]
pub(crate) fn gcd_i32(a: i32, b: i32) -> i32 {
    gcd_u32(a.unsigned_abs(), b.unsigned_abs()) as i32
}
