//! The errors of matrix products.

use super::number::{ROUNDING, TINY, narrowed, real, vanish};
use crate::dtype::DType;
use crate::exec::cpu::SlotMemory;
use crate::exec::cpu::matmul::product;
use crate::plan::Matrix;

/// The errors of a product: those of its sums, from the product of the absolute values.
pub(super) fn matmul(
    dtype: DType,
    (a, b): (&Matrix, &Matrix),
    k: usize,
    memory: &[SlotMemory],
    results: &[u32],
) -> Vec<f64> {
    if !dtype.is_float() {
        return vec![0.0; results.len()];
    }
    let size = |x: f64| if x.is_finite() { x.abs() } else { 0.0 };
    let lost = |x: f64| vanish(dtype, x, 0.0);
    let [(a_size, a_lost), (b_size, b_lost)] = [a, b].map(|m| {
        let all = wide(dtype, memory[m.slot].words());
        let part = |f: &dyn Fn(f64) -> f64| -> Vec<u32> {
            all.iter().map(|&x| (f(x) as f32).to_bits()).collect()
        };
        (part(&size), part(&lost))
    });
    let times = |x: &[u32], y: &[u32]| product(DType::F32, (x, &a.layout), (y, &b.layout), k);
    let mut errors: Vec<f64> = times(&a_size, &b_size)
        .into_iter()
        .map(|bits| {
            let size = real(DType::F32, bits);
            match size.is_finite() {
                true => (k + 2) as f64 * (ROUNDING * size + if size < 1e-20 { TINY } else { 0.0 }),
                false => f64::INFINITY,
            }
        })
        .collect();
    let some = |x: &[u32]| x.iter().any(|&v| v != 0);
    for (x, y, lost) in [(&a_lost, &b_size, &a_lost), (&a_size, &b_lost, &b_lost)] {
        if some(lost) {
            for (error, bits) in errors.iter_mut().zip(times(x, y)) {
                *error += real(DType::F32, bits);
            }
        }
    }
    let own = |(error, &bits): (f64, &u32)| narrowed(dtype, real(dtype, bits), error);
    errors.into_iter().zip(results).map(own).collect()
}

/// The stored elements as numbers.
fn wide(dtype: DType, words: &[u32]) -> Vec<f64> {
    match dtype {
        DType::F16 => bytemuck::cast_slice::<u32, half::f16>(words)
            .iter()
            .map(|v| v.to_f64())
            .collect(),
        _ => words.iter().map(|&v| real(dtype, v)).collect(),
    }
}
