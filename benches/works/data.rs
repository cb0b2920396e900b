//! Operands that every engine computes alike, so that results can be compared.

use super::Op;

/// Operand number `index` of the operation: uniform in [−1, 1), for weights He-uniform.
pub(crate) fn operand(op: &Op, index: usize) -> Vec<f32> {
    let shape = &op.operands()[index];
    let scale = match op {
        Op::Training { .. } if index > 0 => (6.0 / shape[1] as f32).sqrt(),
        _ => 1.0,
    };
    let size: usize = shape.iter().product();
    (0..size)
        .map(|i| uniform((index as u64) << 32 | i as u64) * scale)
        .collect()
}

/// The classes that a batch is to be sorted into.
pub(crate) fn labels(batch: usize, classes: usize) -> Vec<u32> {
    (0..batch).map(|i| (i % classes) as u32).collect()
}

/// The finaliser of SplitMix64, its upper 24 bits as a number in [−1, 1).
fn uniform(counter: u64) -> f32 {
    let mut x = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    (x >> 40) as f32 / (1 << 23) as f32 - 1.0
}
