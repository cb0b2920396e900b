//! Registers as numbers, their rounding and their distance.

use crate::dtype::DType;

/// The rounding error of one `f32` operation on each of two devices, relative to its result.
pub(super) const ROUNDING: f64 = f32::EPSILON as f64;
pub(super) const TINY: f64 = f32::MIN_POSITIVE as f64;
/// What comes after the largest finite number.
const BEYOND: f64 = 2.0 * (1u128 << 127) as f64;

/// The error of a result that is computed in `f32` and stored in its own type.
pub(super) fn narrowed(dtype: DType, value: f64, error: f64) -> f64 {
    if value.is_nan() {
        return error;
    }
    let error = match dtype {
        DType::F16 => error + half_ulp(value.abs() + error),
        _ => error,
    };
    error + vanish(dtype, value, error)
}

/// What a number that is, or may be, subnormal errs by when it becomes zero.
pub(super) fn vanish(dtype: DType, value: f64, error: f64) -> f64 {
    let tiny = smallest(dtype);
    match value.abs() - error < tiny && (value != 0.0 || error > 0.0) {
        true => (value.abs() + error).min(tiny),
        false => 0.0,
    }
}

pub(super) fn flush(dtype: DType, bits: u32) -> f64 {
    match dtype.is_float() {
        true => vanish(dtype, real(dtype, bits), 0.0),
        false => 0.0,
    }
}

/// The smallest normal number.
fn smallest(dtype: DType) -> f64 {
    if dtype == DType::F16 {
        2f64.powi(-14)
    } else {
        TINY
    }
}

/// The unit in the last place of an `f32` of that size.
pub(super) fn ulp(size: f64) -> f64 {
    let bits = (size.clamp(TINY, f32::MAX as f64) as f32).to_bits();
    2f64.powi(((bits >> 23) as i32).clamp(1, 254) - 150)
}

/// The unit in the last place of an `f16` of that size.
pub(super) fn half_ulp(size: f64) -> f64 {
    (ulp(size) * 8192.0).max(2f64.powi(-24))
}

/// A register as a number.
pub(super) fn real(dtype: DType, bits: u32) -> f64 {
    match dtype {
        DType::F16 | DType::F32 => f32::from_bits(bits) as f64,
        DType::I32 => bits as i32 as f64,
        DType::U32 | DType::Bool => bits as f64,
    }
}

/// How far two registers are apart. Infinities count as what comes after the largest number, NaN is
/// infinitely far from all but NaN.
pub(in crate::exec::checked) fn distance(dtype: DType, a: u32, b: u32) -> f64 {
    let (a, b) = (real(dtype, a), real(dtype, b));
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a.clamp(-BEYOND, BEYOND) - b.clamp(-BEYOND, BEYOND)).abs(),
        _ => f64::INFINITY,
    }
}

/// The register pushed by an error.
pub(super) fn shift(dtype: DType, bits: u32, by: f64) -> u32 {
    match dtype {
        _ if by == 0.0 => bits,
        // Away from the value, so that the push is not lost in rounding.
        DType::F16 | DType::F32 => {
            let pushed = (f32::from_bits(bits) as f64 + by) as f32;
            match (pushed.to_bits() == bits, by > 0.0) {
                (false, _) => pushed.to_bits(),
                (true, true) => pushed.next_up().to_bits(),
                (true, false) => pushed.next_down().to_bits(),
            }
        }
        DType::I32 => (bits as i32 as f64 + by) as i32 as u32,
        DType::U32 => (bits as f64 + by) as u32,
        DType::Bool => (by > 0.0) as u32,
    }
}
