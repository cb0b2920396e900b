//! The cube root and the length of a vector.

/// Below, a number is scaled before it is divided by.
const SMALL: f32 = 8.673_617e-19; // 2⁻⁶⁰
const GROW: f32 = 1.208_925_8e24; // 2⁸⁰
const SHRINK: f32 = 8.271_806e-25; // 2⁻⁸⁰

/// Cube root, of negative numbers too. At most 1 ULP.
#[inline(always)]
pub(crate) fn cbrt(x: f32) -> f32 {
    let bits = x.to_bits() & 0x7fff_ffff;
    // A subnormal's bits are an integer in units of 2⁻¹⁴⁹; doubled, in units whose cube root is 2⁻⁵⁰.
    let subnormal = bits < 0x0080_0000;
    let a = if subnormal {
        bits as i32 as f32 * 2.0
    } else {
        x.abs()
    };
    // A third of the exponent: 3% off. Each of Newton's steps squares that.
    let guess = f32::from_bits(a.to_bits() / 3 + 0x2a51_19f2);
    let step = |t: f32| t + (a / (t * t) - t) * (1.0 / 3.0);
    let root = step(step(step(guess)));
    let root = if subnormal {
        root * 8.881_784e-16
    } else {
        root
    }; // 2⁻⁵⁰
    let root = root.copysign(x);
    if bits == 0 || bits >= 0x7f80_0000 {
        x
    } else {
        root
    }
}

/// √(a² + b²), ∞ where either is infinite and else NaN where either is NaN. At most 2 ULP.
#[inline(always)]
pub(crate) fn hypot(a: f32, b: f32) -> f32 {
    let (a, b) = (a.abs(), b.abs());
    let (long, short) = if a < b { (b, a) } else { (a, b) };
    let small = long < SMALL;
    let scale = if small { GROW } else { 1.0 };
    let (long, short) = (long * scale, short * scale);
    // Where both are 0 the bound keeps the ratio a number.
    let floor = if long < f32::MIN_POSITIVE {
        f32::MIN_POSITIVE
    } else {
        long
    };
    let ratio = short / floor;
    let length = long * (1.0 + ratio * ratio).sqrt();
    let length = if small { length * SHRINK } else { length };
    if a == f32::INFINITY || b == f32::INFINITY {
        f32::INFINITY
    } else {
        length
    }
}
