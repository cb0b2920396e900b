// Powers of real numbers; needs select.wgsl, exponential.wgsl and logarithm.wgsl.

// log2(x) = head + tail, to about 32 bits, head of 12 bits; for positive finite x.
fn tw_log2_extended(x: f32) -> vec2<f32> {
    let m = tw_split(x);
    let e = f32(m.n);
    let f = m.p - 1.0;
    let divisor = tw_head(m.p + 1.0);
    let divisor_rest = m.p - (divisor - 1.0);
    let s = f / (m.p + 1.0);
    let head = tw_head(s);
    // The max keeps an exact difference from being merged with what follows.
    let rest = (max(f - head * divisor, -1.0) - head * divisor_rest) / (m.p + 1.0);

    let square = tw_head(head * head);
    let square_rest = (head * head - square) + rest * (s + head);
    let cube = tw_head(square * head);
    let cube_rest = (square * head - cube) + (square * rest + square_rest * s);
    let z = s * s;
    let r = 0.00012677908 + z * (0.5770789 + z * (0.41192138 + z * 0.3366288));

    let first = 2.8847656 * head;
    let second = 0.9616699 * cube;
    let small = (2.8847656 * rest + 0.0006244568 * s) + (0.9616699 * cube_rest + s * z * r);
    let sum = tw_head(e + (first + (second + small)));
    return vec2(sum, max(max(first - max(sum - e, -2.0), -4.0) + second, -4.0) + small);
}

fn tw_pow(x: f32, y: f32) -> f32 {
    let x_magnitude = tw_magnitude_bits(x);
    let log = tw_log2_extended(tw_abs(x));
    let exponent = clamp(y, -4294967296.0, 4294967296.0);
    let head = tw_head(exponent);
    let product = clamp(head * log.x, -300.0, 300.0);
    let rest = clamp((exponent - head) * log.x + exponent * log.y, -1.0, 1.0);
    let n = round(clamp(product + rest, -160.0, 140.0));
    let fraction = clamp(clamp(product - n, -400.0, 400.0) + rest, -1.0, 1.0);
    let scaled = tw_factors(TwScaled(tw_exp2_reduced(fraction), i32(n)));
    let y_half = 0.5 * y;
    let is_integer = tw_is_inf(y) || floor(y) == y;
    let is_odd = is_integer && !tw_is_inf(y) && floor(y_half) != y_half;

    let y_negative = tw_sign_bit(y) != 0u;
    var bits = select(bitcast<u32>(scaled.a * scaled.b), TW_INF, max(product - 128.0, -500.0) + rest >= 0.0);
    bits = select(bits, select(0u, TW_INF, y_negative), x_magnitude == 0u);
    bits = select(bits, select(TW_INF, 0u, y_negative), x_magnitude == TW_INF);
    bits |= select(0u, tw_sign_bit(x), is_odd);
    let outside = tw_sign_bit(x) != 0u && x_magnitude != 0u && x_magnitude < TW_INF && !is_integer;
    bits = select(bits, TW_NAN, outside || tw_is_nan(x) || tw_is_nan(y));
    bits = select(bits, 0x3f800000u, bitcast<u32>(x) == 0x3f800000u || tw_magnitude_bits(y) == 0u);
    return bitcast<f32>(bits);
}
