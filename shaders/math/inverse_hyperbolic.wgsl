// asinh, acosh and atanh, by logarithms that are accurate near 1; needs select.wgsl and logarithm.wgsl.

const TW_LARGE = 1.0e5;

fn tw_asinh(x: f32) -> f32 {
    let a = tw_abs(x);
    let small = tw_override(a, 0u, a >= TW_LARGE);
    let square = small * small;
    let near = tw_log1p(small + square / (1.0 + sqrt(1.0 + square)));
    let far = tw_ln(a) + 0.6931472;
    let y = tw_with_sign(tw_abs(select(near, far, a >= TW_LARGE)), x);
    return tw_override(y, bitcast<u32>(x), tw_magnitude_bits(x) < 0x33000000u || tw_is_nan(x));
}

fn tw_acosh(x: f32) -> f32 {
    let t = tw_override(x - 1.0, 0u, x >= TW_LARGE || x <= 1.0);
    let near = tw_log1p(t + sqrt(t * (t + 2.0)));
    let far = tw_ln(x) + 0.6931472;
    let inside = bitcast<u32>(x) >= 0x3f800000u && bitcast<u32>(x) <= TW_INF;
    return tw_override(select(near, far, x >= TW_LARGE), TW_NAN, !inside);
}

fn tw_atanh(x: f32) -> f32 {
    let a = tw_abs(x);
    let bounded = tw_override(a, 0u, a >= 1.0);
    let y = tw_with_sign(0.5 * tw_log1p(2.0 * (bounded / (1.0 - bounded))), x);
    let bits = tw_magnitude_bits(x);
    let edge = tw_override(tw_override(y, TW_INF | tw_sign_bit(x), bits == 0x3f800000u), TW_NAN, bits > 0x3f800000u);
    return tw_override(edge, bitcast<u32>(x), bits < 0x33000000u);
}
