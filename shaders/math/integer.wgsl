// Integers: Python's division and C's, powers, signs, and the high half of a product.

fn tw_mul_hi(a: u32, b: u32) -> u32 {
    let a_low = a & 0xffffu;
    let a_high = a >> 16u;
    let b_low = b & 0xffffu;
    let b_high = b >> 16u;
    let cross = a_high * b_low + ((a_low * b_low) >> 16u); // below 2^32
    let other = a_low * b_high + (cross & 0xffffu); // below 2^32
    return a_high * b_high + (cross >> 16u) + (other >> 16u);
}

fn tw_floor_div_u32(a: u32, b: u32) -> u32 {
    return select(a / max(b, 1u), 0u, b == 0u);
}

fn tw_rem_u32(a: u32, b: u32) -> u32 {
    return select(a % max(b, 1u), 0u, b == 0u);
}

// The magnitude, also that of the least i32.
fn tw_magnitude_i32(x: i32) -> u32 {
    return select(bitcast<u32>(x), 0u - bitcast<u32>(x), x < 0);
}

// Signed division and remainder of negative operands differ between drivers, so the magnitudes are divided.
fn tw_floor_div_i32(a: i32, b: i32) -> i32 {
    let dividend = tw_magnitude_i32(a);
    let divisor = max(tw_magnitude_i32(b), 1u);
    let quotient = dividend / divisor;
    let negative = (a < 0) != (b < 0);
    let below = quotient + select(0u, 1u, quotient * divisor != dividend);
    return bitcast<i32>(select(select(quotient, 0u - below, negative), 0u, b == 0));
}

fn tw_rem_i32(a: i32, b: i32) -> i32 {
    return select(bitcast<i32>(bitcast<u32>(a) - bitcast<u32>(b) * bitcast<u32>(tw_floor_div_i32(a, b))), 0, b == 0);
}

fn tw_trunc_div_i32(a: i32, b: i32) -> i32 {
    let quotient = tw_magnitude_i32(a) / max(tw_magnitude_i32(b), 1u);
    return bitcast<i32>(select(select(quotient, 0u - quotient, (a < 0) != (b < 0)), 0u, b == 0));
}

fn tw_fmod_i32(a: i32, b: i32) -> i32 {
    let rest = tw_rem_u32(tw_magnitude_i32(a), tw_magnitude_i32(b));
    return bitcast<i32>(select(rest, 0u - rest, a < 0));
}

fn tw_pow_u32(base: u32, exponent: u32) -> u32 {
    var result = 1u;
    var square = base;
    for (var rest = exponent; rest != 0u; rest >>= 1u) {
        result *= select(1u, square, (rest & 1u) == 1u);
        square *= square;
    }
    return result;
}

fn tw_pow_i32(base: i32, exponent: i32) -> i32 {
    let power = bitcast<i32>(tw_pow_u32(bitcast<u32>(base), bitcast<u32>(max(exponent, 0))));
    // 1 / base^-exponent, towards zero.
    let unit = select(1, base, (exponent & 1) == 1);
    let inverse = select(0, unit, base == 1 || base == -1);
    return select(power, inverse, exponent < 0);
}

fn tw_sign_i32(x: i32) -> i32 {
    return sign(x);
}

fn tw_abs_i32(x: i32) -> i32 {
    return bitcast<i32>(tw_magnitude_i32(x));
}
