// asinh, acosh and atanh, by a logarithm that is accurate near 1; needs select.wgsl and logarithm.wgsl.

const TW_LARGE = 1.0e5;

fn tw_asinh(x: f32) -> f32 {
    let a = tw_abs(x);
    let large = a >= TW_LARGE;
    let small = tw_override(a, 0u, large);
    let square = small * small;
    let near = small + square / (1.0 + sqrt(1.0 + square));
    let y = tw_log1p(select(near, a - 1.0, large)) + select(0.0, 0.6931472, large);
    return tw_override(tw_with_sign(tw_abs(y), x), bitcast<u32>(x), tw_magnitude_bits(x) < 0x33000000u || tw_is_nan(x));
}

fn tw_acosh(x: f32) -> f32 {
    let large = x >= TW_LARGE;
    let t = tw_override(x - 1.0, 0u, large || x <= 1.0);
    let near = t + sqrt(t * (t + 2.0));
    let y = tw_log1p(select(near, x - 1.0, large)) + select(0.0, 0.6931472, large);
    let inside = bitcast<u32>(x) >= 0x3f800000u && bitcast<u32>(x) <= TW_INF;
    return tw_override(y, TW_NAN, !inside);
}

fn tw_atanh(x: f32) -> f32 {
    let a = tw_abs(x);
    let bounded = tw_override(a, 0u, a >= 1.0);
    let y = tw_with_sign(0.5 * tw_log1p(2.0 * (bounded / (1.0 - bounded))), x);
    let bits = tw_magnitude_bits(x);
    let edge = tw_override(tw_override(y, TW_INF | tw_sign_bit(x), bits == 0x3f800000u), TW_NAN, bits > 0x3f800000u);
    return tw_override(edge, bitcast<u32>(x), bits < 0x33000000u);
}
