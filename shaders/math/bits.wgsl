// Shifts by any amount, and the greatest common divisor; needs integer.wgsl.

fn tw_shl_u32(a: u32, by: u32) -> u32 {
    return select(0u, a << (by & 31u), by < 32u);
}

fn tw_shl_i32(a: i32, by: i32) -> i32 {
    return bitcast<i32>(tw_shl_u32(bitcast<u32>(a), bitcast<u32>(by)));
}

fn tw_shr_u32(a: u32, by: u32) -> u32 {
    return select(0u, a >> (by & 31u), by < 32u);
}

fn tw_shr_i32(a: i32, by: i32) -> i32 {
    return a >> min(bitcast<u32>(by), 31u);
}

fn tw_gcd_u32(a: u32, b: u32) -> u32 {
    var x = a;
    var y = b;
    while y != 0u {
        let rest = x % y;
        x = y;
        y = rest;
    }
    return x;
}

fn tw_gcd_i32(a: i32, b: i32) -> i32 {
    return bitcast<i32>(tw_gcd_u32(tw_magnitude_i32(a), tw_magnitude_i32(b)));
}
