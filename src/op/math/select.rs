//! Comparisons, signs, and the operations that the hardware rounds by itself.

/// The magnitude; exact.
#[inline(always)]
pub(crate) fn abs(x: f32) -> f32 {
    x.abs()
}

/// −1, 0 or 1; ±0 gives ±0, and NaN gives NaN.
#[inline(always)]
pub(crate) fn sign(x: f32) -> f32 {
    let one = 1f32.copysign(x);
    if x == 0.0 || x.is_nan() { x } else { one }
}

/// The magnitude of `x` with the sign of `sign`; exact.
#[inline(always)]
pub(crate) fn copysign(x: f32, sign: f32) -> f32 {
    x.copysign(sign)
}

/// Whether the sign is set, of −0 and NaN too.
#[inline(always)]
pub(crate) fn sign_bit(x: f32) -> bool {
    x.is_sign_negative()
}

/// NumPy's `minimum`: NaN where either side is NaN.
#[inline(always)]
pub(crate) fn min(a: f32, b: f32) -> f32 {
    let least = if b < a { b } else { a };
    if b.is_nan() { f32::NAN } else { least }
}

/// NumPy's `maximum`: NaN where either side is NaN.
#[inline(always)]
pub(crate) fn max(a: f32, b: f32) -> f32 {
    // The processor's own maximum, which leaves `a` where either is NaN. That NaN is a constant keeps
    // compilers from making one choice of the two, which is slower.
    let most = if b > a { b } else { a };
    if b.is_nan() { f32::NAN } else { most }
}

/// NumPy's `fmin`: the other side where one is NaN; of equals the left.
#[inline(always)]
pub(crate) fn fmin(a: f32, b: f32) -> f32 {
    let least = if b < a { b } else { a };
    if a.is_nan() { b } else { least }
}

/// NumPy's `fmax`: the other side where one is NaN; of equals the left.
#[inline(always)]
pub(crate) fn fmax(a: f32, b: f32) -> f32 {
    let most = if b > a { b } else { a };
    if a.is_nan() { b } else { most }
}

/// Whether `x` is not a number.
#[inline(always)]
pub(crate) fn is_nan(x: f32) -> bool {
    x.is_nan()
}

/// Whether `x` is +∞ or −∞.
#[inline(always)]
pub(crate) fn is_inf(x: f32) -> bool {
    x.is_infinite()
}

/// Whether `x` is neither NaN nor ±∞.
#[inline(always)]
pub(crate) fn is_finite(x: f32) -> bool {
    x.is_finite()
}

/// Square root; NaN below zero. Correctly rounded.
#[inline(always)]
pub(crate) fn sqrt(x: f32) -> f32 {
    x.sqrt()
}

/// 1/√x; ±∞ at ±0 and NaN below. At most 1.5 ULP.
#[inline(always)]
pub(crate) fn rsqrt(x: f32) -> f32 {
    1.0 / x.sqrt()
}

/// 1/x. Correctly rounded.
#[inline(always)]
pub(crate) fn reciprocal(x: f32) -> f32 {
    1.0 / x
}
