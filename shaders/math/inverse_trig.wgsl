// asin, acos, atan and atan2; needs select.wgsl.
//
// Software drivers do fold c - (y - d) into (c + d) - y, which drops the low part of pi; hence tw_less.

const TW_HALF_PI = 1.5707964;
const TW_HALF_PI_LO = -4.371139e-8;

// y less d, kept apart from what it is taken off next; for y of at most 4 in magnitude.
fn tw_less(y: f32, d: f32) -> f32 {
    return max(y - d, -8.0);
}

fn tw_asin_reduced(x: f32) -> f32 {
    let s = x * x;
    let p = 0.03668835 + s * (-0.0011205289 + s * 0.0560235);
    return x + x * (s * (0.16666573 + s * (0.075048245 + s * (0.043821305 + s * p))));
}

// asin(a), or half of the angle from it to pi/2 where a > 0.6; for 0 <= a <= 1.
fn tw_asin_folded(a: f32) -> f32 {
    return tw_asin_reduced(select(a, sqrt(0.5 * max(1.0 - a, 0.0)), a > 0.6));
}

fn tw_asin(x: f32) -> f32 {
    let a = tw_abs(x);
    let y = tw_asin_folded(a);
    let folded = select(y, TW_HALF_PI - tw_less(2.0 * y, TW_HALF_PI_LO), a > 0.6);
    return tw_override(tw_with_sign(folded, x), TW_NAN, tw_magnitude_bits(x) > 0x3f800000u);
}

fn tw_acos(x: f32) -> f32 {
    let a = tw_abs(x);
    let y = tw_asin_folded(a);
    let middle = TW_HALF_PI - tw_less(select(y, -y, x < 0.0), TW_HALF_PI_LO);
    let end = select(2.0 * y, 2.0 * TW_HALF_PI - tw_less(2.0 * y, 2.0 * TW_HALF_PI_LO), x < 0.0);
    return tw_override(select(middle, end, a > 0.6), TW_NAN, tw_magnitude_bits(x) > 0x3f800000u);
}

// For 0 <= t <= 1.
fn tw_atan_reduced(t: f32) -> f32 {
    let s = t * t;
    var p = -0.031097574 + s * (0.010871071 + s * -0.0017842493);
    p = -0.08399283 + s * (0.057880808 + s * p);
    p = -0.14264016 + s * (0.10950878 + s * p);
    return t + t * (s * (-0.333333 + s * (0.1999853 + s * p)));
}

fn tw_atan(x: f32) -> f32 {
    // Beyond 2^26 atan rounds to pi/2, and division need not be accurate from 2^126 on.
    let a = min(tw_abs(x), 67108864.0);
    let y = tw_atan_reduced(select(a, 1.0 / max(a, 1.0), a > 1.0));
    let folded = select(y, TW_HALF_PI - tw_less(y, TW_HALF_PI_LO), a > 1.0);
    return tw_keep_nan(tw_with_sign(folded, x), x);
}

fn tw_atan2(y: f32, x: f32) -> f32 {
    // Magnitudes compare as integers, infinities and subnormals included.
    let a = tw_magnitude_bits(x);
    let b = tw_magnitude_bits(y);
    let steep = b > a;
    let small = min(a, b);
    let large = max(a, b);
    // Two subnormals have the ratio of their bits.
    let subnormal = large < 0x00800000u;
    let numerator = select(bitcast<f32>(small), f32(small), subnormal);
    let denominator = select(bitcast<f32>(large), f32(large), subnormal);
    // Division is accurate only by what is not near the ends of the range.
    var scale = select(1.0, 0.000000059604644775390625, denominator > 1e30);
    scale = select(scale, 16777216.0, denominator < 1e-30);
    var t = (numerator * scale) / (denominator * scale);
    t = select(t, 0.0, small == 0u || large == TW_INF);
    t = select(t, 1.0, small == TW_INF);
    var angle = tw_atan_reduced(t);
    angle = select(angle, TW_HALF_PI - tw_less(angle, TW_HALF_PI_LO), steep);
    angle = select(angle, 2.0 * TW_HALF_PI - tw_less(angle, 2.0 * TW_HALF_PI_LO), tw_sign_bit(x) != 0u);
    return tw_override(tw_with_sign(angle, y), TW_NAN, large > TW_INF);
}
