//! Floats as integers of the same order.

/// The bits of a float as a `u32` that stands among others as the float does: the sign flipped, and
/// below zero all bits. Every NaN is the largest.
#[inline(always)]
pub(crate) fn key(bits: u32) -> u32 {
    let mask = (bits as i32 >> 31) as u32 | 1 << 31;
    if f32::from_bits(bits).is_nan() {
        u32::MAX
    } else {
        bits ^ mask
    }
}

/// The bits of the float that has that key.
#[inline(always)]
pub(crate) fn from_key(key: u32) -> u32 {
    let mask = (!key as i32 >> 31) as u32 | 1 << 31;
    key ^ mask
}
