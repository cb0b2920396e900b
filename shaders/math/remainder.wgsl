// Division of floats with Python's signs, and with C's; needs select.wgsl.
//
// The magnitudes' mantissas are divided as integers, 8 bits of the quotient at a time, so the remainder is exact.

struct TwDivision {
    quotient: u32, // modulo 2^32
    fits: bool, // whether the quotient is below 2^32
    rest: u32, // the bits of the remainder's magnitude
}

// Of the bits of two magnitudes: the first finite, the second not zero and no NaN.
fn tw_divide(a: u32, b: u32) -> TwDivision {
    let a_exponent = max(a >> 23u, 1u);
    let b_exponent = max(b >> 23u, 1u);
    if a_exponent < b_exponent {
        return TwDivision(0u, true, a);
    }
    let divisor = max((b & 0x007fffffu) | select(0u, 0x00800000u, b >= 0x00800000u), 1u);
    let dividend = (a & 0x007fffffu) | select(0u, 0x00800000u, a >= 0x00800000u);
    var shift = a_exponent - b_exponent;
    var quotient = dividend / divisor;
    var rest = dividend - quotient * divisor;
    let fits = shift <= countLeadingZeros(quotient | 1u);
    while shift > 0u {
        let step = min(shift, 8u);
        let shifted = rest << step;
        let digits = shifted / divisor;
        rest = shifted - digits * divisor;
        quotient = (quotient << step) + digits;
        shift -= step;
    }
    // rest * 2^(b_exponent - 150) as a float.
    let zeros = countLeadingZeros(rest | 1u) - 8u;
    let normal = ((rest << zeros) & 0x007fffffu) | ((b_exponent - min(zeros, b_exponent)) << 23u);
    let bits = select(normal, rest << ((b_exponent - 1u) & 31u), zeros >= b_exponent);
    return TwDivision(quotient, fits, select(bits, 0u, rest == 0u));
}

fn tw_rem(a: f32, b: f32) -> f32 {
    let a_bits = tw_magnitude_bits(a);
    let b_bits = tw_magnitude_bits(b);
    if a_bits >= TW_INF || b_bits == 0u || b_bits > TW_INF {
        return tw_override(a, TW_NAN, true);
    }
    let rest = tw_divide(a_bits, b_bits).rest;
    let turn = tw_sign_bit(a) != tw_sign_bit(b);
    let signed = bitcast<f32>(rest | tw_sign_bit(a));
    var bits = select(bitcast<u32>(signed), bitcast<u32>(signed + b), turn);
    bits = select(bits, bitcast<u32>(b), turn && b_bits == TW_INF);
    return bitcast<f32>(select(bits, tw_sign_bit(b), rest == 0u));
}

fn tw_floor_div(a: f32, b: f32) -> f32 {
    let a_bits = tw_magnitude_bits(a);
    let b_bits = tw_magnitude_bits(b);
    let sign = tw_sign_bit(a) ^ tw_sign_bit(b);
    let undefined = select(a_bits == TW_INF, a_bits == 0u, b_bits == 0u);
    if undefined || a_bits > TW_INF || b_bits > TW_INF {
        return tw_override(a, TW_NAN, true);
    }
    if b_bits == 0u {
        return tw_override(a, TW_INF | sign, true);
    }
    let division = tw_divide(a_bits, b_bits);
    if !division.fits {
        return a / b;
    }
    let below = select(0u, 1u, sign != 0u && division.rest != 0u);
    // Of 2^32 - 1 and one more, the conversion gives the same.
    let magnitude = f32(max(division.quotient + below, division.quotient));
    return bitcast<f32>(bitcast<u32>(magnitude) | sign);
}

fn tw_fmod(a: f32, b: f32) -> f32 {
    let a_bits = tw_magnitude_bits(a);
    let b_bits = tw_magnitude_bits(b);
    if a_bits >= TW_INF || b_bits == 0u || b_bits > TW_INF {
        return tw_override(a, TW_NAN, true);
    }
    return bitcast<f32>(tw_divide(a_bits, b_bits).rest | tw_sign_bit(a));
}

fn tw_trunc_div(a: f32, b: f32) -> f32 {
    let magnitude = tw_floor_div(tw_abs(a), tw_abs(b));
    let unbounded = tw_is_inf(a) && tw_is_finite(b);
    let bits = select(bitcast<u32>(magnitude), TW_INF, unbounded);
    return bitcast<f32>(bits | (tw_sign_bit(a) ^ tw_sign_bit(b)));
}
