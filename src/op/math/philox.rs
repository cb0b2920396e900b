//! The Philox 4×32-10 counter-based random generator (Salmon, Moraes, Dror and Shaw, 2011).

use super::mul_hi;

/// Four random words for `counter`, of the stream `key`: ten rounds, with the key bumped between them.
#[inline(always)]
pub(crate) fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
    /// The fractions of the golden ratio and of √3.
    const BUMPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
    let (mut words, mut key) = (counter, key);
    for _ in 0..10 {
        let [a, b, c, d] = words;
        words = [
            mul_hi(MULTIPLIERS[1], c) ^ b ^ key[0],
            MULTIPLIERS[1].wrapping_mul(c),
            mul_hi(MULTIPLIERS[0], a) ^ d ^ key[1],
            MULTIPLIERS[0].wrapping_mul(a),
        ];
        key = [key[0].wrapping_add(BUMPS[0]), key[1].wrapping_add(BUMPS[1])];
    }
    words
}
