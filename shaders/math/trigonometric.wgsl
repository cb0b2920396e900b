// sin, cos and tan, for every finite argument; needs select.wgsl, exponential.wgsl and integer.wgsl.

struct TwAngle {
    quadrant: u32,
    r: f32,
}

// For 0 <= x <= 6400. As in exponential.wgsl, the max keeps the pieces apart.
fn tw_reduce_small(x: f32) -> TwAngle {
    let q = round(x * 0.6366198);
    let r = max(max(x - q * 1.5703125, -4.0) - q * 0.0004837513, -4.0);
    let third = q * 7.5495336e-8;
    let fourth = q * 2.563344e-12;
    let near = max(r - third, -4.0) - fourth;
    return TwAngle(u32(q), select(near, r - (third + fourth), abs(r) > 0.0009765625));
}

// 32 zero bits, then the binary digits of 2/pi.
fn tw_two_over_pi(word: u32) -> u32 {
    switch word {
        case 0u: { return 0u; }
        case 1u: { return 0xa2f9836eu; }
        case 2u: { return 0x4e441529u; }
        case 3u: { return 0xfc2757d1u; }
        case 4u: { return 0xf534ddc0u; }
        case 5u: { return 0xdb629599u; }
        case 6u: { return 0x3c439041u; }
        default: { return 0xfe5163abu; }
    }
}

// The leading 32 bits of the pair after a shift to the left, by less than 32.
fn tw_funnel(high: u32, low: u32, shift: u32) -> u32 {
    return (high << shift) | ((low >> 1u) >> (31u - shift));
}

// For finite x >= 2^12. The 64 bits (high, low) are in units of 2^-62 quarter turns, modulo 4.
fn tw_reduce_large(x: f32) -> TwAngle {
    let bits = bitcast<u32>(x);
    let mantissa = (bits & 0x007fffffu) | 0x00800000u;
    let start = (bits >> 23u) - 120u;
    let word = start >> 5u;
    let shift = start & 31u;
    let digits0 = tw_two_over_pi(word);
    let digits1 = tw_two_over_pi(word + 1u);
    let digits2 = tw_two_over_pi(word + 2u);
    let digits3 = tw_two_over_pi(word + 3u);
    let window1 = tw_funnel(digits1, digits2, shift);
    let carried = tw_mul_hi(mantissa, tw_funnel(digits2, digits3, shift));
    var low = mantissa * window1 + carried;
    var high = mantissa * tw_funnel(digits0, digits1, shift) + tw_mul_hi(mantissa, window1);
    high += select(0u, 1u, low < carried);

    let quadrant = (high + 0x20000000u) >> 30u;
    high -= quadrant << 30u;
    let negative = (high & 0x80000000u) != 0u;
    if negative {
        high = ~high + select(0u, 1u, low == 0u);
        low = 0u - low;
    }
    // The leading 32 bits, times pi/2 while they are still an integer.
    var zeros = countLeadingZeros(high);
    if high == 0u {
        high = low;
        low = 0u;
        zeros = countLeadingZeros(high);
        zeros = min(zeros, 31u);
        high = high << zeros;
        zeros += 32u;
    } else {
        high = tw_funnel(high, low, zeros);
    }
    let r = f32(tw_mul_hi(high, 0xc90fdaa2u)) * tw_power_of_two(-29 - i32(zeros));
    return TwAngle(quadrant, select(r, -r, negative));
}

fn tw_reduce(x: f32) -> TwAngle {
    if x > 6400.0 {
        return tw_reduce_large(x);
    }
    return tw_reduce_small(x);
}

fn tw_sin_quadrant(quadrant: u32, r: f32, sign: u32) -> f32 {
    let s = r * r;
    let sine = r + max(r * (s * (-0.16666654 + s * (0.008332106 + s * -0.00019507893))), -1.0);
    let cosine = 1.0 + max(s * (s * (0.041666646 + s * (-0.0013887305 + s * 2.4431425e-5))) - 0.5 * s, -1.0);
    let y = select(sine, cosine, (quadrant & 1u) == 1u);
    return bitcast<f32>(bitcast<u32>(y) ^ ((quadrant & 2u) << 30u) ^ sign);
}

fn tw_sin(x: f32) -> f32 {
    let angle = tw_reduce(tw_abs(x));
    return tw_override(tw_sin_quadrant(angle.quadrant, angle.r, tw_sign_bit(x)), TW_NAN, !tw_is_finite(x));
}

fn tw_cos(x: f32) -> f32 {
    let angle = tw_reduce(tw_abs(x));
    return tw_override(tw_sin_quadrant(angle.quadrant + 1u, angle.r, 0u), TW_NAN, !tw_is_finite(x));
}

fn tw_tan(x: f32) -> f32 {
    let angle = tw_reduce(tw_abs(x));
    let s = angle.r * angle.r;
    var p = 0.010980496 + s * (-9.793705e-5 + s * 0.00447061);
    p = 0.13332576 + s * (0.054070182 + s * (0.02122771 + s * p));
    let t = angle.r + angle.r * (s * (0.33333352 + s * p));
    let y = select(t, -1.0 / t, (angle.quadrant & 1u) == 1u);
    return tw_override(bitcast<f32>(bitcast<u32>(y) ^ tw_sign_bit(x)), TW_NAN, !tw_is_finite(x));
}
