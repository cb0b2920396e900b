//! Reductions of bools, by their bytes: whether any or all are true, how many, which is the first.
//!
//! The result does not depend on an order, and once it is decided nothing more is read.

use std::sync::atomic::{AtomicU32, Ordering};

use super::super::block::Runner;
use super::super::tasks;
use super::super::workspace::Workspace;
use super::columns::Combine;
use crate::dtype::DType;
use crate::op::register::register_size;
use crate::op::{Body, Inst, PointOp, ReduceOp};

/// Elements of a long row that one task looks at.
const SPAN: usize = 1 << 17;
/// Bytes that are looked at before it is asked whether they decide.
const LOOK: usize = 512;
/// Bytes that are counted side by side, and times that they are before a byte overflows.
const WIDE: usize = 64;
const TIMES: usize = 255;
/// The place of an element that was not found.
const NOWHERE: u32 = u32::MAX;

/// What is asked of bools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Truth {
    Any,
    All,
    Count,
    /// The place of the first that is true, or false; the first of all if none is.
    First(bool),
}

impl Truth {
    /// What a reduction asks of the bools that a prologue computes; of a count, the prologue then gives
    /// the bools that it made numbers of.
    pub(super) fn of(op: ReduceOp, dtype: DType, prologue: &Body) -> Option<(Self, Body)> {
        let mut body = prologue.clone();
        let how = match (op, dtype) {
            (ReduceOp::Max, DType::Bool) => Self::Any,
            (ReduceOp::Min, DType::Bool) => Self::All,
            (ReduceOp::ArgMax, DType::Bool) => Self::First(true),
            (ReduceOp::ArgMin, DType::Bool) => Self::First(false),
            (ReduceOp::Sum, DType::I32 | DType::U32) => {
                let program = &mut body.program;
                let last = program.insts.len() - 1;
                let Inst::Apply(PointOp::Cast, [from, ..]) = program.insts[last].0 else {
                    return None;
                };
                if program.dtype(from) != DType::Bool || program.results != [last as u16] {
                    return None;
                }
                program.insts.pop();
                program.results = vec![from];
                Self::Count
            }
            _ => return None,
        };
        Some((how, body))
    }

    /// Bytes of a result.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Any | Self::All => register_size(DType::Bool),
            Self::Count | Self::First(_) => register_size(DType::U32),
        }
    }

    /// What no elements give.
    fn nothing(self) -> u32 {
        match self {
            Self::Any | Self::Count => 0,
            Self::All => 1,
            Self::First(_) => NOWHERE,
        }
    }

    /// What two parts of a row give, if that of the first is not decided.
    fn join(self, a: u32, b: u32) -> u32 {
        match self {
            Self::Any => a | b,
            Self::All => a & b,
            Self::Count => a.wrapping_add(b),
            Self::First(_) => a.min(b),
        }
    }

    /// Whether the elements that come later in a row change nothing.
    fn is_decided(self, found: u32) -> bool {
        self != Self::Count && found != self.nothing()
    }

    /// What some elements give, of which the first is at a place of its row.
    fn look(self, place: usize, values: &[u8]) -> u32 {
        pulp::Arch::new().dispatch(Look(self, place, values))
    }

    #[inline(always)]
    fn look_here(self, place: usize, values: &[u8]) -> u32 {
        let any = |part: &[u8]| part.iter().fold(0, |any, &v| any | v) != 0;
        let all = |part: &[u8]| part.iter().fold(1, |all, &v| all & v) != 0;
        let mut parts = values.chunks(LOOK);
        match self {
            Self::Any => parts.any(any) as u32,
            Self::All => parts.all(all) as u32,
            Self::Count => count(values),
            Self::First(wanted) => {
                let has = |part: &[u8]| if wanted { any(part) } else { !all(part) };
                let found = parts.position(has).and_then(|part| {
                    let start = part * LOOK;
                    let at = values[start..].iter().position(|&v| (v != 0) == wanted);
                    at.map(|at| (place + start + at) as u32)
                });
                found.unwrap_or(NOWHERE)
            }
        }
    }

    /// Stores what rows give.
    fn store(self, found: impl Iterator<Item = u32>, out: &mut [u8]) {
        match self {
            Self::Any | Self::All => out.iter_mut().zip(found).for_each(|(o, v)| *o = v as u8),
            Self::Count | Self::First(_) => {
                let out: &mut [u32] = bytemuck::cast_slice_mut(out);
                let found = found.map(|v| if v == self.nothing() { 0 } else { v });
                out.iter_mut().zip(found).for_each(|(o, v)| *o = v);
            }
        }
    }
}

struct Look<'a>(Truth, usize, &'a [u8]);

impl pulp::WithSimd for Look<'_> {
    type Output = u32;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> u32 {
        self.0.look_here(self.1, self.2)
    }
}

/// How many bytes are 1; the others are 0.
#[inline(always)]
fn count(values: &[u8]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|&b| b as u32).sum::<u32>();
    let (chunks, rest) = values.as_chunks::<WIDE>();
    let whole: u32 = chunks.chunks(TIMES).map(|part| sum(&beside(part))).sum();
    whole + sum(rest)
}

/// The sums of chunks, byte by byte. By itself, so that they stay in registers.
#[inline(always)]
fn beside(chunks: &[[u8; WIDE]]) -> [u8; WIDE] {
    let mut sums = [0; WIDE];
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    sums
}

/// Rows of bools, one after the other.
pub(super) struct ByRows<'a, 'm> {
    pub(super) runner: &'a Runner<'m>,
    pub(super) how: Truth,
    /// Elements of a row.
    pub(super) columns: usize,
}

impl<'m> ByRows<'_, 'm> {
    /// Fills `out` with the results of all rows, which are shared among threads.
    pub(super) fn run(&self, out: &mut [u8]) {
        let (how, code) = (self.how, self.runner.code);
        let rows = out.len() / how.size();
        let spans = self.columns.div_ceil(SPAN);
        if spans == 1 {
            let per_task = tasks::share(rows, self.columns * code.cost, 1);
            let tasks = out.chunks_mut(per_task * how.size()).enumerate();
            return tasks::each(tasks, |(task, results)| {
                let mut work = self.runner.workspace(Vec::new());
                self.rows(&mut work, task * per_task, results);
            });
        }
        // Of each row, the place from which on nothing is left to look for.
        let ends: Vec<AtomicU32> = (0..rows).map(|_| AtomicU32::new(NOWHERE)).collect();
        let mut partial = vec![how.nothing(); rows * spans];
        let per_task = tasks::share(partial.len(), SPAN * code.cost, 1);
        tasks::each(partial.chunks_mut(per_task).enumerate(), |(task, parts)| {
            let mut work = self.runner.workspace(Vec::new());
            for (i, part) in parts.iter_mut().enumerate() {
                let span = task * per_task + i;
                let (row, first) = (span / spans, span % spans * SPAN);
                let len = SPAN.min(self.columns - first);
                *part = self.part(&mut work, row, first, len, &ends[row]);
            }
        });
        let joined = |parts: &[u32]| parts.iter().fold(how.nothing(), |a, &b| how.join(a, b));
        how.store(partial.chunks(spans).map(joined), out);
    }

    /// The results of some rows, from one on.
    pub(super) fn rows(&self, work: &mut Workspace<'m, '_>, first: usize, out: &mut [u8]) {
        let (how, block) = (self.how, self.runner.code.block);
        // Several short rows are computed at a time.
        let together = (block / self.columns).max(1);
        for (i, out) in out.chunks_mut(together * how.size()).enumerate() {
            let (row, rows) = (first + i * together, out.len() / how.size());
            if self.columns > block {
                let end = AtomicU32::new(NOWHERE);
                let found = self.part(work, row, 0, self.columns, &end);
                how.store(std::iter::once(found), out);
                continue;
            }
            let values = self
                .runner
                .values(work, row * self.columns, rows * self.columns);
            let found = values.chunks(self.columns).map(|row| how.look(0, row));
            how.store(found, out);
        }
    }

    /// What a part of a row gives, unless the row's result is decided before it ends.
    fn part(
        &self,
        work: &mut Workspace<'m, '_>,
        row: usize,
        first: usize,
        len: usize,
        end: &AtomicU32,
    ) -> u32 {
        let (how, block) = (self.how, self.runner.code.block);
        let mut found = how.nothing();
        for at in (first..first + len).step_by(block) {
            if how.is_decided(found) || (end.load(Ordering::Relaxed) as usize) <= at {
                break;
            }
            let n = block.min(first + len - at);
            let values = self.runner.values(work, row * self.columns + at, n);
            found = how.join(found, how.look(at, values));
        }
        if how.is_decided(found) {
            // Which of all that decide is found does not matter, but for the first.
            let place = if let Truth::First(_) = how { found } else { 0 };
            end.fetch_min(place, Ordering::Relaxed);
        }
        found
    }
}

/// Whether any, or all, of each column are true.
impl Combine<u8> for Truth {
    fn identity(&self) -> u8 {
        self.nothing() as u8
    }

    fn add<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        (start, len): (usize, usize),
        results: &mut [u8],
    ) {
        self.decide(results, runner.values(work, start, len));
    }

    fn join(&self, rows: &mut [u8], width: usize) {
        let (first, rest) = rows.split_at_mut(width);
        self.decide(first, rest);
    }
}

impl Truth {
    /// Whether any, or all, of a column are true, with what is known of it.
    fn decide(self, results: &mut [u8], rows: &[u8]) {
        match self {
            Self::All => take(results, rows, |all, v| *all &= v),
            _ => take(results, rows, |any, v| *any |= v),
        }
    }
}

/// How many of each column are true.
impl Combine<u32> for Truth {
    fn identity(&self) -> u32 {
        0
    }

    fn add<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        (start, len): (usize, usize),
        results: &mut [u32],
    ) {
        let rows = runner.values(work, start, len);
        take(results, rows, |sum, v| *sum += v as u32);
    }

    fn join(&self, rows: &mut [u32], width: usize) {
        let (first, rest) = rows.split_at_mut(width);
        take(first, rest, |sum, v| *sum += v);
    }
}

/// Combines results with each of the rows.
fn take<T, V: Copy>(results: &mut [T], rows: &[V], combine: impl Fn(&mut T, V) + Copy) {
    struct Take<'a, T, V, F>(&'a mut [T], &'a [V], F);
    impl<T, V: Copy, F: Fn(&mut T, V) + Copy> pulp::WithSimd for Take<'_, T, V, F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self(results, rows, combine) = self;
            for row in rows.chunks_exact(results.len()) {
                for (result, &value) in results.iter_mut().zip(row) {
                    combine(result, value);
                }
            }
        }
    }
    pulp::Arch::new().dispatch(Take(results, rows, combine));
}
