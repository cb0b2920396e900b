//! Reductions whose neighbouring elements belong to different results: by the row.

use super::super::block::Runner;
use super::super::fold::Fold;
use super::super::tasks;
use super::super::workspace::Workspace;

/// Rows that are combined in order before the results combine pairwise.
const ROWS: usize = 128;

/// How rows of elements are combined into results, one for each column.
pub(super) trait Combine<T>: Sync {
    /// What changes nothing.
    fn identity(&self) -> T;
    /// Combines results with rows of elements of their length, in order; given as the first and how many.
    fn add<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        range: (usize, usize),
        results: &mut [T],
    );
    /// Combines rows of `width` results pairwise; the first row gets the result.
    fn join(&self, rows: &mut [T], width: usize);
}

impl Combine<u32> for Fold {
    fn identity(&self) -> u32 {
        Fold::identity(*self)
    }

    fn add<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        (start, len): (usize, usize),
        results: &mut [u32],
    ) {
        let rows = runner.values(work, start, len);
        self.rows(results, bytemuck::cast_slice(rows));
    }

    fn join(&self, rows: &mut [u32], width: usize) {
        self.pairs(rows, width);
    }
}

/// A reduction of a space laid out as `(columns, rows)` over its outer dimension.
pub(super) struct ByColumns<'a, 'm, C> {
    pub(super) runner: &'a Runner<'m>,
    /// Results, and elements of each.
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) how: C,
}

impl<'m, C> ByColumns<'_, 'm, C> {
    /// Whole rows of the space are combined at once, [`ROWS`] in order and then pairwise.
    pub(super) fn run<T>(&self, out: &mut [T])
    where
        T: Copy + Send,
        C: Combine<T>,
    {
        let code = self.runner.code;
        let spans = self.columns.div_ceil(ROWS);
        let mut partial = Vec::new();
        let sums = match spans {
            1 => &mut *out,
            _ => {
                partial.resize(spans * self.rows, self.how.identity());
                &mut partial[..]
            }
        };
        // A task has some spans, or a stretch of one.
        let share = tasks::share(spans * self.rows, ROWS * code.cost, 1);
        let per_task = (share / self.rows).max(1);
        let stretch = match share < self.rows {
            true => share.next_multiple_of(code.block),
            false => self.rows,
        };
        let spans_of = sums.chunks_mut(per_task * self.rows).enumerate();
        let tasks: Vec<(usize, usize, &mut [T])> = match per_task {
            1 => spans_of
                .flat_map(|(span, sums)| {
                    let stretches = sums.chunks_mut(stretch).enumerate();
                    stretches.map(move |(i, sums)| (span, i * stretch, sums))
                })
                .collect(),
            _ => spans_of.map(|(i, sums)| (i * per_task, 0, sums)).collect(),
        };
        tasks::each(tasks.into_iter(), |(span, column, sums)| {
            let mut work = self.runner.workspace(Vec::new());
            for (i, sums) in sums.chunks_mut(stretch).enumerate() {
                self.stretch(&mut work, (span + i) * ROWS, column, sums);
            }
        });
        if spans > 1 {
            self.how.join(&mut partial, self.rows);
            out.copy_from_slice(&partial[..self.rows]);
        }
    }

    /// Combines [`ROWS`] rows from `first` of the space's outer dimension, from a column on.
    fn stretch<T>(&self, work: &mut Workspace<'m, '_>, first: usize, column: usize, sums: &mut [T])
    where
        T: Copy,
        C: Combine<T>,
    {
        let code = self.runner.code;
        sums.fill(self.how.identity());
        let end = self.columns.min(first + ROWS);
        // Several short rows lie side by side and are computed at a time.
        let together = match sums.len() == self.rows {
            true => (code.block / self.rows).max(1),
            false => 1,
        };
        for row in (first..end).step_by(together) {
            let rows = together.min(end - row);
            for (i, sums) in sums.chunks_mut(code.block).enumerate() {
                let start = row * self.rows + column + i * code.block;
                let range = (start, rows * sums.len());
                self.how.add(self.runner, work, range, sums);
            }
        }
    }
}
