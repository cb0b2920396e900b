//! Registers of the CPU executor: what a value is while a block is computed.

use std::borrow::Cow;

use crate::dtype::DType;

/// Bytes of a register. A bool has one, as it is stored, and `f16` is held as `f32`.
pub(crate) const fn register_size(dtype: DType) -> usize {
    match dtype {
        DType::Bool => 1,
        _ => 4,
    }
}

/// Registers of the values that are given by a word each.
pub(crate) fn registers_of(dtype: DType, words: &[u32]) -> Cow<'_, [u8]> {
    match dtype {
        DType::Bool => words.iter().map(|&word| word as u8).collect(),
        _ => Cow::Borrowed(bytemuck::cast_slice(words)),
    }
}

/// A word for each value of registers.
pub(crate) fn words_of(dtype: DType, registers: &[u8]) -> Cow<'_, [u32]> {
    match dtype {
        DType::Bool => registers.iter().map(|&byte| byte as u32).collect(),
        _ => Cow::Borrowed(bytemuck::cast_slice(registers)),
    }
}

/// Rounds registers that hold `f32` to the nearest `f16`.
pub(crate) fn round_to_f16(out: &mut [u32]) {
    for r in out {
        *r = half::f16::from_f32(f32::from_bits(*r)).to_f32().to_bits();
    }
}
