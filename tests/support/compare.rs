//! Comparing what a device computed with a reference, mostly in ULPs.
//!
//! An error is measured against a reference in f64, in units of the last place that the *result's*
//! type has at the reference: `|got − want| / ulp(want)`. Half a ULP is correct rounding.

use std::fmt::Debug;

use tilewise::{Device, DeviceKind, Element, f16};

/// A floating-point type that a device computes in.
pub(crate) trait Float: Element {
    /// Explicit and implicit bits of the significand.
    const DIGITS: i32;
    /// The exponent of the smallest normal number.
    const MIN_EXP: i32;
    /// The largest finite number.
    const MAX: f64;

    fn to_f64(self) -> f64;
}

impl Float for f32 {
    const DIGITS: i32 = 24;
    const MIN_EXP: i32 = -126;
    const MAX: f64 = f32::MAX as f64;

    fn to_f64(self) -> f64 {
        self as f64
    }
}

impl Float for f16 {
    const DIGITS: i32 = 11;
    const MIN_EXP: i32 = -14;
    const MAX: f64 = 65504.0;

    fn to_f64(self) -> f64 {
        f16::to_f64(self)
    }
}

/// The unit in the last place of a type at a finite number; that of the smallest normal number
/// below it.
pub(crate) fn ulp_at<T: Float>(value: f64) -> f64 {
    let exponent = match value.abs() {
        0.0 => T::MIN_EXP,
        a => (a.log2().floor() as i32).clamp(T::MIN_EXP, 1 - T::MIN_EXP),
    };
    // log2 rounds: a value just below a power of two may be taken for it.
    let exponent = if value.abs() < (exponent as f64).exp2() && exponent > T::MIN_EXP {
        exponent - 1
    } else {
        exponent
    };
    ((exponent + 1 - T::DIGITS) as f64).exp2()
}

/// How far a result is from its reference, in ULPs. NaN agrees with NaN alone; an infinity with
/// itself, and with a reference that is beyond the type's range.
pub(crate) fn error_in_ulps<T: Float>(got: T, want: f64) -> f64 {
    let got = got.to_f64();
    if got.is_nan() || want.is_nan() {
        return if got.is_nan() && want.is_nan() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    if got == want {
        return 0.0;
    }
    if want.is_infinite() {
        return f64::INFINITY;
    }
    // An infinity stands for the number that would come after the largest.
    let last = ulp_at::<T>(T::MAX);
    let shown = if got.is_infinite() {
        (T::MAX + last).copysign(got)
    } else {
        got
    };
    let wanted = want.clamp(-T::MAX - last, T::MAX + last);
    (shown - wanted).abs() / ulp_at::<T>(wanted)
}

/// Whether the device may give zero for results below the smallest normal number, and take such
/// operands for zero. WGSL allows both.
pub(crate) fn flushes(device: &Device) -> bool {
    device.info().kind != DeviceKind::Cpu
}

/// Checks results against references in f64: each within `bound` ULPs, NaN and infinities where
/// they belong, and zeros of the right sign. `what` names the operation in the message.
#[track_caller]
pub(crate) fn assert_ulps<T: Float>(
    device: &Device,
    what: &str,
    got: &[T],
    want: &[f64],
    bound: f64,
) {
    assert_lengths(what, got.len(), want.len());
    let mut worst = (0.0, 0);
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let error = error_on(device, got, want);
        if error > bound && error > worst.0 {
            worst = (error, i);
        }
    }
    if worst.0 > 0.0 {
        let (error, i) = worst;
        panic!(
            "{what} on {device}: element {i} of {}: got {:?}, want {:?}: {error:.2} ULP off, \
             {bound} allowed",
            want.len(),
            got[i],
            want[i]
        );
    }
}

/// As [`error_in_ulps`], with a zero of the wrong sign infinitely far off, and with what a device
/// may make of numbers below the smallest normal one.
pub(crate) fn error_on<T: Float>(device: &Device, got: T, want: f64) -> f64 {
    let shown = got.to_f64();
    let smallest = (T::MIN_EXP as f64).exp2();
    // Not only the result: what it is computed from may have been flushed too.
    if flushes(device) && (shown - want).abs() <= smallest {
        return 0.0;
    }
    let other_zero = shown == 0.0
        && want == 0.0
        && shown.is_sign_negative() != want.is_sign_negative()
        && !flushes(device);
    if other_zero {
        f64::INFINITY
    } else {
        error_in_ulps(got, want)
    }
}

/// Checks results against references in f64 with a tolerance relative to the reference and an
/// absolute one: for sums, whose error grows with what cancels. The caller says why it is enough.
#[track_caller]
pub(crate) fn assert_near(what: &str, got: &[f32], want: &[f64], relative: f64, absolute: f64) {
    assert_lengths(what, got.len(), want.len());
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let near = approx::relative_eq!(
            got as f64,
            want,
            max_relative = relative,
            epsilon = absolute
        );
        assert!(
            near || (got.is_nan() && want.is_nan()),
            "{what}: element {i}: got {got:?}, want {want:?}: off by {:.3e}, {:.2} ULP; \
             {relative:.1e} relative or {absolute:.1e} absolute allowed",
            (got as f64 - want).abs(),
            error_in_ulps(got, want)
        );
    }
}

/// Checks that values are the same ones.
#[track_caller]
pub(crate) fn assert_same<T: PartialEq + Debug>(what: &str, got: &[T], want: &[T]) {
    assert_lengths(what, got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(
            got == want,
            "{what}: element {i}: got {got:?}, want {want:?}"
        );
    }
}

/// Checks that floats are the same bit for bit, any NaN being as good as another.
#[track_caller]
pub(crate) fn assert_bits(what: &str, got: &[f32], want: &[f32]) {
    assert_lengths(what, got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
        assert!(
            same,
            "{what}: element {i}: got {got:?} ({:#010x}), want {want:?} ({:#010x})",
            got.to_bits(),
            want.to_bits()
        );
    }
}

#[track_caller]
fn assert_lengths(what: &str, got: usize, want: usize) {
    assert!(got == want, "{what}: got {got} elements, want {want}");
}

tests![ulps, ulps_at_the_edges];

fn ulps() {
    assert_eq!(ulp_at::<f32>(1.0), f32::EPSILON as f64);
    assert_eq!(ulp_at::<f32>(1.0 - f64::EPSILON), f32::EPSILON as f64 / 2.0);
    assert_eq!(ulp_at::<f16>(1.0), f16::EPSILON.to_f64());
    assert_eq!(error_in_ulps(1.0f32, 1.0), 0.0);
    assert_eq!(error_in_ulps(1.0f32 + f32::EPSILON, 1.0), 1.0);
    assert_eq!(error_in_ulps(1.0f32, 1.0 + f32::EPSILON as f64 / 2.0), 0.5);
    assert_eq!(error_in_ulps(-3.0f32, 3.0), 6.0 / ulp_at::<f32>(3.0));
}

fn ulps_at_the_edges() {
    assert_eq!(error_in_ulps(f32::NAN, f64::NAN), 0.0);
    assert_eq!(error_in_ulps(f32::NAN, 1.0), f64::INFINITY);
    assert_eq!(error_in_ulps(f32::MAX, f64::INFINITY), f64::INFINITY);
    assert_eq!(error_in_ulps(f32::INFINITY, f32::MAX as f64), 1.0);
    assert_eq!(error_in_ulps(f32::INFINITY, 1e300), 0.0);
    assert_eq!(error_in_ulps(f32::MAX, 1e300), 1.0);
    assert_eq!(
        error_in_ulps(f32::from_bits(3), f32::from_bits(1) as f64),
        2.0
    );
    assert_eq!(
        error_in_ulps(0.0f32, f32::MIN_POSITIVE as f64 / 2.0),
        (1 << 22) as f64
    );
}
