//! The ceilings of the CPU, all cores at work.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use super::{ARRAYS, Ceiling, Copy, ROUNDS};
use crate::machine::cores;

pub fn measure() -> Ceiling {
    Ceiling {
        flops: best_flops(),
        copies: ARRAYS.map(best_of_copies).into(),
    }
}

/// The best of several rounds of all cores at once, in units a second; `work` does so many units.
fn best(units: f64, mut round: impl FnMut()) -> f64 {
    round();
    let rates = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        round();
        units / start.elapsed().as_secs_f64()
    });
    rates.fold(0.0, f64::max)
}

/// Arrays that lie elsewhere in memory are copied at another speed.
const PLACES: usize = 3;

fn best_of_copies(array: usize) -> Copy {
    let rates = (0..PLACES).map(|_| copy(array));
    let bandwidth = rates.fold(0.0, f64::max);
    Copy { array, bandwidth }
}

/// Bytes read and written a second.
fn copy(bytes: usize) -> f64 {
    let source = vec![1u8; bytes];
    let mut target = vec![2u8; bytes];
    let share = bytes.div_ceil(cores());
    // Enough that starting the threads takes no part of the time that counts.
    let times = (1 << 30) / bytes;
    best((2 * bytes * times) as f64, || {
        thread::scope(|scope| {
            for (to, from) in target.chunks_mut(share).zip(source.chunks(share)) {
                scope.spawn(move || {
                    for _ in 0..times {
                        black_box(&mut *to).copy_from_slice(black_box(from));
                    }
                });
            }
        });
    })
}

/// Chains of dependent operations: enough to keep two units of a latency of five at work, few enough
/// that all sums and a factor stay in 16 registers.
const CHAINS: usize = 12;
const STEPS: usize = 1 << 22;

fn best_flops() -> f64 {
    let (lanes, chains) = chains_of_this_cpu();
    let units = (2 * CHAINS * lanes * STEPS * cores()) as f64;
    best(units, || {
        thread::scope(|scope| {
            for _ in 0..cores() {
                scope.spawn(move || black_box(chains(black_box(0.5))));
            }
        });
    })
}

/// A function that runs the chains in the widest registers there are, and their lanes.
fn chains_of_this_cpu() -> (usize, fn(f32) -> f32) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function is compiled for.
            return (16, |factor| unsafe { x86::avx512(factor) });
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return (8, |factor| unsafe { x86::avx2(factor) });
        }
    }
    (4, portable)
}

/// In registers of four lanes, which the compiler finds where multiplication and addition fuse.
fn portable(factor: f32) -> f32 {
    let mut sums = [[1f32; 4]; CHAINS];
    for _ in 0..STEPS {
        sums = sums.map(|sum| sum.map(|lane| lane.mul_add(factor, factor)));
    }
    sums.as_flattened().iter().sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm_cvtss_f32, _mm256_castps256_ps128, _mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps,
        _mm512_reduce_add_ps, _mm512_set1_ps,
    };

    use super::{CHAINS, STEPS};

    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512(factor: f32) -> f32 {
        let factor = _mm512_set1_ps(factor);
        let mut sums = [factor; CHAINS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, factor);
            }
        }
        sums.into_iter().map(|sum| _mm512_reduce_add_ps(sum)).sum()
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2(factor: f32) -> f32 {
        let factor = _mm256_set1_ps(factor);
        let mut sums = [factor; CHAINS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, factor);
            }
        }
        // One lane of each is enough to keep all.
        let first = |sum| _mm_cvtss_f32(_mm256_castps256_ps128(sum));
        sums.into_iter().map(first).sum()
    }
}
