// Floats as integers of the same order: the sign flipped, and below zero all bits. Every NaN is the largest.

fn tw_key(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    let key = bits ^ select(TW_SIGN, 0xffffffffu, bits >= TW_SIGN);
    return select(key, 0xffffffffu, tw_is_nan(x));
}

fn tw_from_key(key: u32) -> f32 {
    return bitcast<f32>(key ^ select(0xffffffffu, TW_SIGN, key >= TW_SIGN));
}
