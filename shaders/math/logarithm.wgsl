// ln, log2, log10 and log1p; needs select.wgsl and exponential.wgsl.

const TW_SQRT_HALF = 0x3f3504f3u;

// (p, n) with x = p * 2^n and sqrt(1/2) <= p < sqrt(2), for positive finite x. A subnormal goes through its bits, since
// arithmetic on it may flush it.
fn tw_split(x: f32) -> TwScaled {
    let subnormal = bitcast<u32>(x) < 0x00800000u;
    let bits = select(bitcast<u32>(x), bitcast<u32>(f32(bitcast<u32>(x) & 0x007fffffu)), subnormal);
    let n = bitcast<i32>(bits - TW_SQRT_HALF) >> 23u;
    return TwScaled(bitcast<f32>(bits - (bitcast<u32>(n) << 23u)), n - select(0, 149, subnormal));
}

// ln(1 + f) - f.
fn tw_ln_tail(f: f32) -> f32 {
    var p = 0.12766725 + f * -0.076488495;
    p = 0.14200711 + f * (-0.13158512 + f * p);
    p = 0.20001265 + f * (-0.16623218 + f * p);
    p = 0.3333333 + f * (-0.25000826 + f * p);
    let square = f * f;
    return square * (f * p) - 0.5 * square;
}

fn tw_ln_parts(f: f32, e: f32) -> f32 {
    return (e * 1.4286068e-6 + tw_ln_tail(f)) + f + e * 0.69314575;
}

// y, the logarithm of a positive finite x, or what the logarithm is of any other x.
fn tw_log_edges(x: f32, y: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let upper = tw_override(y, TW_INF, bits == TW_INF);
    let lower = tw_override(upper, TW_NAN, bits > TW_INF);
    return tw_override(lower, 0xff800000u, (bits & 0x7fffffffu) == 0u);
}

fn tw_ln(x: f32) -> f32 {
    let m = tw_split(x);
    return tw_log_edges(x, tw_ln_parts(m.p - 1.0, f32(m.n)));
}

fn tw_log2(x: f32) -> f32 {
    let m = tw_split(x);
    let f = m.p - 1.0;
    let head = tw_head(f);
    let rest = f * 0.0003122284 + ((f - head) * 1.4423828 + tw_ln_tail(f) * 1.442695);
    return tw_log_edges(x, rest + head * 1.4423828 + f32(m.n));
}

fn tw_log10(x: f32) -> f32 {
    let m = tw_split(x);
    let e = f32(m.n);
    let f = m.p - 1.0;
    let head = tw_head(f);
    let rest = f * -3.168997e-05 + ((f - head) * 0.43432617 + (tw_ln_tail(f) * 0.4342945 + e * 4.605039e-06));
    return tw_log_edges(x, rest + head * 0.43432617 + e * 0.3010254);
}

fn tw_log1p(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let e = bitcast<i32>(bitcast<u32>(1.0 + x) - TW_SQRT_HALF) >> 23u;
    let scaled = bitcast<f32>(bits - (bitcast<u32>(e) << 23u));
    let offset = bitcast<f32>(max(127 - e, 0) << 23u) - 1.0;
    let y = tw_ln_parts(select(scaled + offset, x, e == 0), f32(e));
    let upper = tw_override(y, bits, bits == TW_INF || tw_magnitude_bits(x) < 0x33000000u);
    let lower = tw_override(upper, 0xff800000u, bits == 0xbf800000u);
    return tw_override(lower, TW_NAN, bits > 0xbf800000u || tw_is_nan(x));
}
