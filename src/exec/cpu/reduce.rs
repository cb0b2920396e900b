//! Reductions: rows by parts that are folded in lanes and combined pairwise, so that the rounding
//! error of a sum grows with the logarithm of its length; columns by the row.

mod columns;
mod products;
mod truth;

use self::columns::ByColumns;
use self::products::{Factors, Products};
use self::truth::{ByRows, Truth};
use super::block::Runner;
use super::code::{self, Code, Goal};
use super::fold::{Fold, LANES};
use super::tasks;
use super::workspace::Workspace;
use crate::dtype::DType;
use crate::op::register::{register_size, round_to_f16};
use crate::op::{Body, ReduceOp};
use crate::shape::Shape;

/// Elements of a row that are folded in the same lanes: blocks of any length divide it, so that the
/// order of accumulation does not depend on theirs.
const PART: usize = code::MOST;
/// Elements of a long row that one task folds at a time.
const SPAN: usize = 16 * PART;

/// A reduction of the prologue's result over its trailing dimensions, ready to run.
pub(super) struct Reduce {
    pub(super) code: Code,
    fold: Fold,
    /// What is asked, if the elements are bools.
    truth: Option<Truth>,
    /// Set for a sum of products.
    factors: Option<Factors>,
    /// Results, and elements of each.
    rows: usize,
    columns: usize,
    /// Whether neighbouring elements belong to different results: the space is `(columns, rows)`.
    by_columns: bool,
}

impl Reduce {
    pub(super) fn new(
        op: ReduceOp,
        dtype: DType,
        prologue: &Body,
        kept: &Shape,
        reduced: &Shape,
    ) -> Self {
        let shape: Shape = kept.dims().iter().chain(reduced.dims()).copied().collect();
        let unit = |axis: usize| {
            let mut streams = prologue.streams.iter();
            streams.any(|s| s.layout.strides()[axis] == 1)
        };
        let by_columns = kept.ndim() > 0
            && reduced.ndim() > 0
            && unit(kept.ndim() - 1)
            && !unit(shape.ndim() - 1)
            && !op.is_arg();
        let order: Vec<usize> = match by_columns {
            true => (kept.ndim()..shape.ndim()).chain(0..kept.ndim()).collect(),
            false => (0..shape.ndim()).collect(),
        };
        let truth = Truth::of(op, dtype, prologue);
        let body = truth.as_ref().map_or(prologue, |(_, body)| body);
        let code = Code::with_goal(body, &shape, Some(&order), Goal::default());
        let fold = Fold { op, dtype };
        Self {
            factors: Factors::of(&code, fold),
            code,
            fold,
            truth: truth.map(|(how, _)| how),
            rows: kept.size(),
            columns: reduced.size(),
            by_columns,
        }
    }

    /// Bytes of a result's register.
    pub(super) fn result_size(&self) -> usize {
        register_size(self.fold.op.result(self.fold.dtype))
    }

    /// Fills `out` with a register per result.
    pub(super) fn run(&self, runner: &Runner<'_>, out: &mut [u8]) {
        match (self.truth, self.by_columns) {
            (Some(how), false) => self.truths(runner, how).run(out),
            (Some(how), true) if how == Truth::Count => {
                self.columns(runner, how)
                    .run::<u32>(bytemuck::cast_slice_mut(out));
            }
            (Some(how), true) => self.columns(runner, how).run::<u8>(out),
            (None, true) => {
                let out = bytemuck::cast_slice_mut(out);
                match self.factors {
                    Some(factors) => {
                        let products = Products(self.fold, factors);
                        self.columns(runner, products).run::<u32>(out);
                    }
                    None => self.columns(runner, self.fold).run::<u32>(out),
                }
                self.round(out);
            }
            (None, false) => self.folds(runner, bytemuck::cast_slice_mut(out)),
        }
    }

    fn truths<'a, 'm>(&self, runner: &'a Runner<'m>, how: Truth) -> ByRows<'a, 'm> {
        ByRows {
            runner,
            how,
            columns: self.columns,
        }
    }

    fn columns<'a, 'm, C>(&self, runner: &'a Runner<'m>, how: C) -> ByColumns<'a, 'm, C> {
        ByColumns {
            runner,
            rows: self.rows,
            columns: self.columns,
            how,
        }
    }

    /// Folds rows of words.
    fn folds(&self, runner: &Runner<'_>, out: &mut [u32]) {
        // Long rows in spans, which do not depend on the number of threads.
        let spans = match self.fold.op.is_arg() {
            true => 1,
            false => self.columns.div_ceil(SPAN),
        };
        if spans == 1 {
            return self.by_rows(runner, out);
        }
        let mut partial = vec![0; self.rows * spans];
        let per_task = tasks::share(partial.len(), SPAN * self.code.cost, 1);
        tasks::each(
            partial.chunks_mut(per_task).enumerate(),
            |(task, results)| {
                let mut work = runner.workspace(Vec::new());
                for (i, result) in results.iter_mut().enumerate() {
                    let (row, first) = {
                        let span = task * per_task + i;
                        (span / spans, span % spans * SPAN)
                    };
                    let len = SPAN.min(self.columns - first);
                    *result = self.span(runner, &mut work, row * self.columns + first, len);
                }
            },
        );
        for (result, spans) in out.iter_mut().zip(partial.chunks_mut(spans)) {
            self.fold.pairs(spans, 1);
            *result = spans[0];
        }
        self.round(out);
    }

    /// Results are of the dtype that was asked for, whatever is computed of them before they are stored.
    fn round(&self, results: &mut [u32]) {
        if self.fold.dtype == DType::F16 && !self.fold.op.is_arg() {
            round_to_f16(results);
        }
    }

    fn by_rows(&self, runner: &Runner<'_>, out: &mut [u32]) {
        let per_task = tasks::share(self.rows, self.columns * self.code.cost, 1);
        tasks::each(out.chunks_mut(per_task).enumerate(), |(task, results)| {
            let mut work = runner.workspace(Vec::new());
            self.folds_of(runner, &mut work, task * per_task, results);
        });
    }

    /// Whether each row is reduced from elements in order by one thread.
    pub(super) fn has_rows(&self) -> bool {
        !self.by_columns && self.columns <= SPAN
    }

    /// The results of some rows, from the row `first` on; the streams may read `outputs`.
    pub(super) fn rows<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        first: usize,
        results: &mut [u8],
    ) {
        match self.truth {
            Some(how) => self.truths(runner, how).rows(work, first, results),
            None => self.folds_of(runner, work, first, bytemuck::cast_slice_mut(results)),
        }
    }

    fn folds_of<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        first: usize,
        results: &mut [u32],
    ) {
        // Several short rows are computed at a time.
        let together = (self.code.block / self.columns).max(1);
        for (i, results) in results.chunks_mut(together).enumerate() {
            let start = (first + i * together) * self.columns;
            if self.columns > self.code.block {
                results[0] = match self.fold.op.is_arg() {
                    true => self.arg(runner, work, start),
                    false => self.span(runner, work, start, self.columns),
                };
                continue;
            }
            if self.factors.is_some() && self.columns > LANES {
                for (i, result) in results.iter_mut().enumerate() {
                    *result = self.span(runner, work, start + i * self.columns, self.columns);
                }
                continue;
            }
            let len = results.len() * self.columns;
            let values = self.values(runner, work, (start, len));
            if self.columns <= LANES && !self.fold.op.is_arg() {
                self.fold.short(values, self.columns, results);
                continue;
            }
            for (result, row) in results.iter_mut().zip(values.chunks(self.columns)) {
                *result = match self.fold.op.is_arg() {
                    true => self.fold.find(self.part(row), row) as u32,
                    false => self.part(row),
                };
            }
        }
        self.round(results);
    }

    /// Elements, given as the first and how many, at most a block.
    fn values<'r, 'm>(
        &self,
        runner: &'r Runner<'m>,
        work: &'r mut Workspace<'m, '_>,
        (start, len): (usize, usize),
    ) -> &'r [u32] {
        bytemuck::cast_slice(runner.values(work, start, len))
    }

    /// The combination of elements that are at hand, at most a part of a row.
    fn part(&self, values: &[u32]) -> u32 {
        let fold = Fold {
            op: self.fold.op.extreme(),
            ..self.fold
        };
        let mut lanes = [fold.identity(); LANES];
        fold.lanes(&mut lanes, values);
        fold.halves(&lanes)
    }

    /// The combination of at most a span of a row.
    fn span<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        start: usize,
        len: usize,
    ) -> u32 {
        let mut parts = [0; SPAN / PART];
        let mut count = 0;
        for (result, first) in parts.iter_mut().zip((0..len).step_by(PART)) {
            let mut lanes = [self.fold.identity(); LANES];
            let len = PART.min(len - first);
            for at in (0..len).step_by(self.code.block) {
                let range = (start + first + at, self.code.block.min(len - at));
                match self.factors {
                    Some(factors) => factors.lanes(runner, work, range, &mut lanes),
                    None => {
                        let values = self.values(runner, work, range);
                        self.fold.lanes(&mut lanes, values);
                    }
                }
            }
            *result = self.fold.halves(&lanes);
            count += 1;
        }
        self.fold.pairs(&mut parts[..count], 1);
        parts[0]
    }

    /// The number of the extreme element of a row of many blocks.
    fn arg<'m>(&self, runner: &Runner<'m>, work: &mut Workspace<'m, '_>, start: usize) -> u32 {
        let Fold { op, dtype } = self.fold;
        let mut best: Option<(usize, u32)> = None;
        for at in (0..self.columns).step_by(self.code.block) {
            let n = self.code.block.min(self.columns - at);
            let values = self.values(runner, work, (start + at, n));
            let extreme = self.part(values);
            if best.is_none_or(|(_, b)| op.prefers_later(dtype, b, extreme)) {
                best = Some((at + self.fold.find(extreme, values), extreme));
            }
        }
        best.map_or(0, |(i, _)| i as u32)
    }
}
