// The cube root and the length of a vector; needs select.wgsl.

fn tw_cbrt_step(a: f32, t: f32) -> f32 {
    return t + (a / (t * t) - t) * 0.33333334;
}

fn tw_cbrt(x: f32) -> f32 {
    let bits = tw_magnitude_bits(x);
    let subnormal = bits < 0x00800000u;
    let a = select(tw_abs(x), f32(bits) * 2.0, subnormal);
    let guess = bitcast<f32>(bitcast<u32>(a) / 3u + 0x2a5119f2u);
    let root = tw_cbrt_step(a, tw_cbrt_step(a, tw_cbrt_step(a, guess))) * select(1.0, 8.881784e-16, subnormal);
    return tw_override(tw_with_sign(root, x), bitcast<u32>(x), bits == 0u || bits >= TW_INF);
}

fn tw_hypot(x: f32, y: f32) -> f32 {
    let a = tw_abs(x);
    let b = tw_abs(y);
    let long = select(a, b, a < b);
    let short = select(b, a, a < b);
    let small = long < 8.673617e-19;
    let scale = select(1.0, 1.2089258e24, small);
    // A subnormal may count as zero, and then both do: the bound keeps the ratio a number.
    let ratio = short * scale / max(long * scale, 1.1754944e-38);
    let length = long * scale * sqrt(1.0 + ratio * ratio) * select(1.0, 8.271806e-25, small);
    let defined = tw_override(length, TW_NAN, tw_is_nan(x) || tw_is_nan(y));
    return tw_override(defined, TW_INF, tw_is_inf(x) || tw_is_inf(y));
}
