//! Kernels whose elements go to places that only running tells.
//!
//! Threads compute the elements and their places, a stretch at a time; one thread then puts them where they
//! go, one after the other, since the order is part of the result.

mod pack;

use std::cell::Cell;

use half::f16;

use super::block::Runner;
use super::tasks;
use crate::dtype::DType;
use crate::op::reduce::Loop;
use crate::op::register::words_of;
use crate::op::{ReduceOp, ScatterOp};
use crate::plan::{Extent, Store};

/// Elements that are computed before they are put: they stay in the caches until then.
const STRETCH: usize = 1 << 17;

/// Sums that a thread keeps memory for between kernels, at most.
const KEPT: usize = 1 << 21;

thread_local! {
    /// The memory of computed elements, and of sums, between kernels.
    static SPARE: Cell<(Vec<u32>, Vec<f64>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Runs a body over all its elements and puts its first result to the places that the second gives, or
/// packs it where the second is true.
pub(super) fn run(store: &Store, runner: &Runner<'_>, out: &mut [u32]) {
    let out = bytemuck::cast_slice_mut(out);
    let (mut words, sums) = SPARE.take();
    let mut sums = match store.extent {
        Extent::Places(op) => put(op, store, runner, &mut words, sums, out),
        _ => {
            pack::run(store.dtype, runner, &mut words, out);
            sums
        }
    };
    sums.clear();
    sums.shrink_to(KEPT);
    SPARE.set((words, sums));
}

/// Puts elements to places; `words` is memory for a stretch of both, `sums` for sums.
fn put(
    op: ScatterOp,
    store: &Store,
    runner: &Runner<'_>,
    words: &mut Vec<u32>,
    sums: Vec<f64>,
    out: &mut [u8],
) -> Vec<f64> {
    let (code, size) = (runner.code, runner.code.size);
    let share = tasks::share(STRETCH, code.cost, code.block).min(STRETCH);
    let mut scatter = Scatter::new(store, out, sums);
    words.resize(words.len().max(2 * STRETCH.min(size)), 0);
    for first in (0..size).step_by(STRETCH) {
        let len = STRETCH.min(size - first);
        let (values, rest) = words.split_at_mut(len);
        let parts = values.chunks_mut(share).zip(rest[..len].chunks_mut(share));
        tasks::each(parts.enumerate(), |(i, (values, places))| {
            let mut work = runner.workspace(Vec::new());
            let first = first + i * share;
            for done in (0..values.len()).step_by(code.block) {
                let len = code.block.min(values.len() - done);
                let block = (first + done, len);
                runner.run(&mut work, block, 0, &[]);
                let result = |k| runner.result(&work, k, block, &[]).unwrap_or_default();
                let computed = words_of(code.dtypes[0], result(0));
                values[done..done + len].copy_from_slice(&computed);
                places[done..done + len].copy_from_slice(bytemuck::cast_slice(result(1)));
            }
        });
        let (values, places) = words.split_at(len);
        scatter.put(op, values, &places[..len]);
    }
    scatter.finish()
}

/// Puts elements to places of an output, one after the other.
struct Scatter<'o> {
    dtype: DType,
    /// Elements of the output; places beyond are nowhere.
    size: usize,
    out: &'o mut [u8],
    /// Sums of floats, of which there may be many for one place: rounded once.
    sums: Vec<f64>,
}

impl<'o> Scatter<'o> {
    /// `sums` is memory for sums.
    fn new(store: &Store, out: &'o mut [u8], mut sums: Vec<f64>) -> Self {
        let size = store.layout.shape().size();
        let dtype = store.dtype;
        sums.clear();
        if store.scatter() == Some(ScatterOp::Combine(ReduceOp::Sum)) && dtype.is_float() {
            sums.resize(size, 0.0);
            let share = tasks::share(size, 2, 1);
            let parts = sums.chunks_mut(share).zip(out.chunks(share * dtype.size()));
            tasks::each(parts, |(sums, part)| match dtype {
                DType::F16 => {
                    let halves: &[f16] = bytemuck::cast_slice(part);
                    let each = sums.iter_mut().zip(halves);
                    each.for_each(|(sum, half)| *sum = half.to_f64());
                }
                _ => {
                    let values: &[f32] = bytemuck::cast_slice(part);
                    let each = sums.iter_mut().zip(values);
                    each.for_each(|(sum, &value)| *sum = value as f64);
                }
            });
        }
        Self {
            dtype,
            size,
            out,
            sums,
        }
    }

    fn put(&mut self, op: ScatterOp, values: &[u32], places: &[u32]) {
        let size = self.size;
        let inside = move |(at, _): &(usize, u32)| *at < size;
        let updates = places.iter().zip(values);
        let updates = updates.map(|(&at, &v)| (at as usize, v)).filter(inside);
        let dtype = self.dtype;
        let out = &mut self.out[..size * dtype.size()];
        match op {
            ScatterOp::Set => match dtype {
                DType::Bool => updates.for_each(|(at, v)| out[at] = v as u8),
                DType::F16 => {
                    let out: &mut [f16] = bytemuck::cast_slice_mut(out);
                    updates.for_each(|(at, v)| out[at] = f16::from_f32(f32::from_bits(v)));
                }
                DType::U32 | DType::I32 | DType::F32 => {
                    let out: &mut [u32] = bytemuck::cast_slice_mut(out);
                    updates.for_each(|(at, v)| out[at] = v);
                }
            },
            ScatterOp::Combine(ReduceOp::Sum) if dtype.is_float() => {
                let sums = &mut self.sums[..size];
                updates.for_each(|(at, v)| sums[at] += f32::from_bits(v) as f64);
            }
            ScatterOp::Combine(op) => op.with(
                dtype,
                Combine {
                    updates,
                    dtype,
                    out,
                },
            ),
        }
    }

    /// Stores the sums, and gives their memory back.
    fn finish(self) -> Vec<f64> {
        let Self {
            dtype, out, sums, ..
        } = self;
        if !sums.is_empty() {
            let share = tasks::share(sums.len(), 2, 1);
            let parts = sums.chunks(share).zip(out.chunks_mut(share * dtype.size()));
            tasks::each(parts, |(sums, part)| match dtype {
                DType::F16 => {
                    let halves: &mut [f16] = bytemuck::cast_slice_mut(part);
                    let each = halves.iter_mut().zip(sums);
                    each.for_each(|(half, &sum)| *half = f16::from_f64(sum));
                }
                _ => {
                    let values: &mut [f32] = bytemuck::cast_slice_mut(part);
                    let each = values.iter_mut().zip(sums);
                    each.for_each(|(value, &sum)| *value = sum as f32);
                }
            });
        }
        sums
    }
}

/// Combines elements with what is at their places.
struct Combine<'o, U> {
    updates: U,
    dtype: DType,
    out: &'o mut [u8],
}

impl<U: Iterator<Item = (usize, u32)>> Loop for Combine<'_, U> {
    type Output = ();

    fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
        match self.dtype {
            DType::Bool => {
                for (at, value) in self.updates {
                    self.out[at] = combine(self.out[at] as u32, value) as u8;
                }
            }
            DType::F16 => {
                let out: &mut [f16] = bytemuck::cast_slice_mut(self.out);
                for (at, value) in self.updates {
                    let both = combine(out[at].to_f32().to_bits(), value);
                    out[at] = f16::from_f32(f32::from_bits(both));
                }
            }
            DType::U32 | DType::I32 | DType::F32 => {
                let out: &mut [u32] = bytemuck::cast_slice_mut(self.out);
                for (at, value) in self.updates {
                    out[at] = combine(out[at], value);
                }
            }
        }
    }
}
