//! Reductions by blocks: blocks are folded in lanes, block results are combined pairwise, so that
//! the rounding error of a sum grows with the logarithm of its length.

use rayon::prelude::*;

use super::block::{BLOCK, Beside, Faults, Inputs, Runner};
use crate::dtype::DType;
use crate::op::{Body, ReduceOp};
use crate::shape::Shape;

/// Lanes that a block is folded in.
const LANES: usize = 16;
/// Elements of a long row that one task folds.
const SPAN: usize = 1 << 16;
/// Rows that a column sum adds up before it combines pairwise.
const ROWS: usize = 32;

/// Reduces the prologue's result over the trailing dimensions; a register per kept element.
pub(super) fn run(
    op: ReduceOp,
    dtype: DType,
    prologue: &Body,
    inputs: &Inputs<'_>,
    kept: &Shape,
    reduced: &Shape,
    faults: &Faults,
) -> Vec<u32> {
    let shape: Shape = kept.dims().iter().chain(reduced.dims()).copied().collect();
    let (rows, columns) = (kept.size(), reduced.size());
    let fold = Fold { op, dtype };
    let unit = |axis: usize| {
        prologue
            .streams
            .iter()
            .any(|s| s.layout.strides()[axis] == 1)
    };
    let by_columns = kept.ndim() > 0
        && reduced.ndim() > 0
        && unit(kept.ndim() - 1)
        && !unit(shape.ndim() - 1)
        && !op.is_arg();
    if by_columns {
        let order: Vec<usize> = (kept.ndim()..shape.ndim()).chain(0..kept.ndim()).collect();
        let runner = Runner::new(prologue, inputs, &shape, Some(&order), faults);
        return fold.columns(&runner, rows, columns);
    }
    let runner = Runner::new(prologue, inputs, &shape, None, faults);
    let mut out = vec![0; rows];
    let per_task = (SPAN / columns.max(1)).max(1);
    let task = |(i, chunk): (usize, &mut [u32])| {
        for (j, result) in chunk.iter_mut().enumerate() {
            let start = (i * per_task + j) * columns;
            *result = match op.is_arg() {
                true => fold.arg(&runner, start, columns),
                false => fold.row(&runner, start, columns),
            };
        }
    };
    if rows <= per_task {
        out.chunks_mut(per_task).enumerate().for_each(task);
    } else {
        out.par_chunks_mut(per_task).enumerate().for_each(task);
    }
    out
}

struct Fold {
    op: ReduceOp,
    dtype: DType,
}

/// Results of equal numbers of blocks, combined as a binary counter carries.
struct Pairwise<T>(Vec<(u32, T)>);

impl<T> Pairwise<T> {
    fn push(&mut self, mut value: T, combine: impl Fn(T, T) -> T) {
        let mut rank = 0;
        while let Some((r, _)) = self.0.last()
            && *r == rank
            && let Some((_, before)) = self.0.pop()
        {
            value = combine(before, value);
            rank += 1;
        }
        self.0.push((rank, value));
    }

    fn finish(self, combine: impl Fn(T, T) -> T) -> Option<T> {
        self.0
            .into_iter()
            .rev()
            .map(|(_, v)| v)
            .reduce(|later, before| combine(before, later))
    }
}

impl Fold {
    fn combine(&self, a: u32, b: u32) -> u32 {
        self.op.combine(self.dtype, a, b)
    }

    /// One row of any length; long ones in spans that do not depend on the number of threads.
    fn row(&self, runner: &Runner<'_>, start: usize, len: usize) -> u32 {
        if len <= SPAN {
            return self.span(runner, start, len);
        }
        let spans: Vec<usize> = (start..start + len).step_by(SPAN).collect();
        let results: Vec<u32> = spans
            .into_par_iter()
            .map(|s| self.span(runner, s, SPAN.min(start + len - s)))
            .collect();
        self.pairs(results.into_iter())
    }

    fn pairs(&self, values: impl Iterator<Item = u32>) -> u32 {
        let mut sums = Pairwise(Vec::new());
        values.for_each(|v| sums.push(v, |a, b| self.combine(a, b)));
        sums.finish(|a, b| self.combine(a, b))
            .unwrap_or(self.op.identity(self.dtype))
    }

    fn span(&self, runner: &Runner<'_>, start: usize, len: usize) -> u32 {
        let mut regs = runner.registers();
        self.pairs((0..len).step_by(BLOCK).map(|at| {
            let n = BLOCK.min(len - at);
            runner.run(&mut regs, start + at, n, Beside::default());
            self.block(runner.result(&regs, 0, n))
        }))
    }

    fn block(&self, values: &[u32]) -> u32 {
        let mut lanes = [self.op.identity(self.dtype); LANES];
        for chunk in values.chunks(LANES) {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane = self.combine(*lane, value);
            }
        }
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for i in 0..width {
                lanes[i] = self.combine(lanes[i], lanes[i + width]);
            }
        }
        lanes[0]
    }

    /// The number of the extreme element of a row.
    fn arg(&self, runner: &Runner<'_>, start: usize, len: usize) -> u32 {
        let mut regs = runner.registers();
        let mut best: Option<(u32, u32)> = None;
        for at in (0..len).step_by(BLOCK) {
            let n = BLOCK.min(len - at);
            runner.run(&mut regs, start + at, n, Beside::default());
            for (i, &value) in runner.result(&regs, 0, n).iter().enumerate() {
                let better = |(_, b): (u32, u32)| self.op.prefers_later(self.dtype, b, value);
                if best.is_none_or(better) {
                    best = Some(((at + i) as u32, value));
                }
            }
        }
        best.map_or(0, |(i, _)| i)
    }

    /// Reduces a space laid out as `(columns, rows)` over its outer dimension: whole blocks of rows
    /// are combined at once.
    fn columns(&self, runner: &Runner<'_>, rows: usize, columns: usize) -> Vec<u32> {
        let mut out = vec![0; rows];
        let add = |mut a: Vec<u32>, b: Vec<u32>| {
            a.iter_mut()
                .zip(b)
                .for_each(|(a, b)| *a = self.combine(*a, b));
            a
        };
        out.par_chunks_mut(BLOCK)
            .enumerate()
            .for_each(|(i, chunk)| {
                let mut regs = runner.registers();
                let mut sums = Pairwise(Vec::new());
                for first in (0..columns).step_by(ROWS) {
                    let mut sum = vec![self.op.identity(self.dtype); chunk.len()];
                    for c in first..columns.min(first + ROWS) {
                        runner.run(
                            &mut regs,
                            c * rows + i * BLOCK,
                            chunk.len(),
                            Beside::default(),
                        );
                        let values = runner.result(&regs, 0, chunk.len());
                        for (s, &v) in sum.iter_mut().zip(values) {
                            *s = self.combine(*s, v);
                        }
                    }
                    sums.push(sum, add);
                }
                if let Some(sum) = sums.finish(add) {
                    chunk.copy_from_slice(&sum);
                }
            });
        out
    }
}
