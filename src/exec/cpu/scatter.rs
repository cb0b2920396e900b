//! Kernels whose elements go to places that only running tells.
//!
//! Threads compute the elements and their places, a stretch at a time; one thread meanwhile puts those of the
//! stretch before where they go, one after the other, since the order is part of the result.

mod pack;

use std::cell::Cell;

use half::f16;

use super::block::Runner;
use super::{pages, tasks};
use crate::dtype::DType;
use crate::op::reduce::Loop;
use crate::op::register::words_of;
use crate::op::{ReduceOp, ScatterOp};
use crate::plan::{Extent, Store};

/// Elements that are computed before they are put: they stay in the caches until then.
const STRETCH: usize = 1 << 16;

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

/// Puts elements to places; `words` is memory for computed elements, `sums` for sums.
fn put(
    op: ScatterOp,
    store: &Store,
    runner: &Runner<'_>,
    words: &mut Vec<u32>,
    sums: Vec<f64>,
    out: &mut [u8],
) -> Vec<f64> {
    let (code, size) = (runner.code, runner.code.size);
    let stretch = STRETCH.min(size);
    let share = tasks::share(stretch, code.cost, code.block).min(stretch);
    let mut scatter = Scatter::new(store, out, sums);
    // The elements of a stretch are put while others compute those of the next.
    words.resize(words.len().max(4 * stretch), 0);
    let (mut now, rest) = words.split_at_mut(2 * stretch);
    let mut next = &mut rest[..2 * stretch];
    tasks::each(stretch_of(now, 0, size, share).into_iter(), |part| {
        part.compute(runner);
    });
    for first in (0..size).step_by(STRETCH) {
        let (values, places) = now.split_at(stretch);
        let len = stretch.min(size - first);
        let mut jobs = vec![Job::Put(&mut scatter, &values[..len], &places[..len])];
        let ahead = stretch_of(next, first + stretch, size, share);
        jobs.extend(ahead.into_iter().map(Job::Compute));
        tasks::each(jobs.into_iter(), |job| match job {
            Job::Put(scatter, values, places) => scatter.put(op, values, places),
            Job::Compute(part) => part.compute(runner),
        });
        std::mem::swap(&mut now, &mut next);
    }
    scatter.finish()
}

/// What one thread does at a time.
enum Job<'a, 'o> {
    /// Puts values to places.
    Put(&'a mut Scatter<'o>, &'a [u32], &'a [u32]),
    Compute(Part<'a>),
}

/// Elements to be computed, from one on: memory for their values and their places.
struct Part<'a> {
    first: usize,
    values: &'a mut [u32],
    places: &'a mut [u32],
}

/// The parts of a stretch that starts at an element, if there is one; `words` is memory for its values and
/// for its places.
fn stretch_of(words: &mut [u32], first: usize, size: usize, share: usize) -> Vec<Part<'_>> {
    let (values, places) = words.split_at_mut(words.len() / 2);
    let len = values.len().min(size.saturating_sub(first));
    let values = values[..len].chunks_mut(share);
    let parts = values.zip(places[..len].chunks_mut(share)).enumerate();
    let part = |(i, (values, places))| Part {
        first: first + i * share,
        values,
        places,
    };
    parts.map(part).collect()
}

impl Part<'_> {
    fn compute(self, runner: &Runner<'_>) {
        let code = runner.code;
        let mut work = runner.workspace(Vec::new());
        for done in (0..self.values.len()).step_by(code.block) {
            let len = code.block.min(self.values.len() - done);
            let block = (self.first + done, len);
            runner.run(&mut work, block, 0, &[]);
            let result = |k| runner.result(&work, k, block, &[]).unwrap_or_default();
            let values = words_of(code.dtypes[0], result(0));
            self.values[done..done + len].copy_from_slice(&values);
            self.places[done..done + len].copy_from_slice(bytemuck::cast_slice(result(1)));
        }
    }
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
            if sums.capacity() < size {
                sums = pages::reserve(size).unwrap_or_default();
            }
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
