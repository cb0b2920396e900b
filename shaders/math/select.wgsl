// Comparisons, signs, rounding and casts. NaN and infinity are told by their bits: a compiler may assume that
// floating-point comparisons never see them. Special results are selected as bits for the same reason.

const TW_NAN = 0x7fc00000u;
const TW_INF = 0x7f800000u;
const TW_SIGN = 0x80000000u;

fn tw_magnitude_bits(x: f32) -> u32 {
    return bitcast<u32>(x) & 0x7fffffffu;
}

fn tw_sign_bit(x: f32) -> u32 {
    return bitcast<u32>(x) & TW_SIGN;
}

fn tw_is_nan(x: f32) -> bool {
    return tw_magnitude_bits(x) > TW_INF;
}

fn tw_is_inf(x: f32) -> bool {
    return tw_magnitude_bits(x) == TW_INF;
}

fn tw_is_finite(x: f32) -> bool {
    return tw_magnitude_bits(x) < TW_INF;
}

// y, or the number with the given bits where the condition holds.
fn tw_override(y: f32, bits: u32, condition: bool) -> f32 {
    return bitcast<f32>(select(bitcast<u32>(y), bits, condition));
}

// y, or NaN where x is.
fn tw_keep_nan(y: f32, x: f32) -> f32 {
    return tw_override(y, TW_NAN, tw_is_nan(x));
}

// y >= 0 with the sign of x.
fn tw_with_sign(y: f32, x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(y) | tw_sign_bit(x));
}

fn tw_copysign(x: f32, sign: f32) -> f32 {
    return bitcast<f32>(tw_magnitude_bits(x) | tw_sign_bit(sign));
}

fn tw_abs(x: f32) -> f32 {
    return bitcast<f32>(tw_magnitude_bits(x));
}

fn tw_sign(x: f32) -> f32 {
    let magnitude = tw_magnitude_bits(x);
    return tw_override(x, tw_sign_bit(x) | 0x3f800000u, magnitude != 0u && magnitude <= TW_INF);
}

fn tw_min(a: f32, b: f32) -> f32 {
    return tw_override(select(b, a, a <= b), TW_NAN, tw_is_nan(a) || tw_is_nan(b));
}

fn tw_max(a: f32, b: f32) -> f32 {
    return tw_override(select(b, a, a >= b), TW_NAN, tw_is_nan(a) || tw_is_nan(b));
}

// The other side where one is NaN; of equals the left.
fn tw_fmin(a: f32, b: f32) -> f32 {
    return tw_override(a, bitcast<u32>(b), tw_is_nan(a) || (b < a && !tw_is_nan(b)));
}

fn tw_fmax(a: f32, b: f32) -> f32 {
    return tw_override(a, bitcast<u32>(b), tw_is_nan(a) || (b > a && !tw_is_nan(b)));
}

fn tw_sqrt(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let y = tw_override(sqrt(x), bits, (bits & 0x7fffffffu) == 0u || bits == TW_INF);
    return tw_override(y, TW_NAN, bits > TW_SIGN || tw_is_nan(x));
}

fn tw_rsqrt(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let y = tw_override(inverseSqrt(x), tw_sign_bit(x) | TW_INF, (bits & 0x7fffffffu) == 0u);
    return tw_override(tw_override(y, 0u, bits == TW_INF), TW_NAN, bits > TW_SIGN || tw_is_nan(x));
}

fn tw_reciprocal(x: f32) -> f32 {
    let magnitude = tw_magnitude_bits(x);
    let y = tw_override(1.0 / x, tw_sign_bit(x) | TW_INF, magnitude == 0u);
    return tw_keep_nan(tw_override(y, tw_sign_bit(x), magnitude == TW_INF), x);
}

// y, or x where x has no fraction to round: from 2^23 on, infinite or NaN; and the sign of x for a zero.
fn tw_rounded(y: f32, x: f32) -> f32 {
    let signed = bitcast<f32>((bitcast<u32>(y) & 0x7fffffffu) | tw_sign_bit(x));
    return tw_override(signed, bitcast<u32>(x), tw_magnitude_bits(x) >= 0x4b000000u);
}

fn tw_floor(x: f32) -> f32 {
    return tw_rounded(floor(x), x);
}

fn tw_ceil(x: f32) -> f32 {
    return tw_rounded(ceil(x), x);
}

fn tw_trunc(x: f32) -> f32 {
    return tw_rounded(trunc(x), x);
}

fn tw_round(x: f32) -> f32 {
    return tw_rounded(round(x), x);
}

fn tw_to_i32(x: f32) -> i32 {
    let inside = i32(clamp(x, -2147483648.0, 2147483520.0));
    return select(select(inside, 2147483647, x >= 2147483648.0), 0, tw_is_nan(x));
}

fn tw_to_u32(x: f32) -> u32 {
    let inside = u32(clamp(x, 0.0, 4294967040.0));
    return select(select(inside, 4294967295u, x >= 4294967296.0), 0u, tw_is_nan(x));
}

// The leading 12 bits of x, rounded: the product of two such is exact, fused or not.
fn tw_head(x: f32) -> f32 {
    return bitcast<f32>((bitcast<u32>(x) + 0x800u) & 0xfffff000u);
}
