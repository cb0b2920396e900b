//! Scans: spans of the axis one by one, then what came before each.
//!
//! A span is scanned in [`chain`]s of 64 elements; the last of a chain is what the next one starts
//! from. Where an axis has several spans, their totals are scanned likewise, and each span then takes
//! in the total of those before it. An element is thus within 2·64 roundings of its span, 2·64 of the
//! totals (up to 4,096 of them) and one more: 257 for any axis of up to 16 million elements. The places
//! of spans depend on the shape alone.

mod chain;

use self::chain::{CHAIN, Chain};
use super::block::Runner;
use super::code::{Code, Goal};
use super::fold::Fold;
use super::tasks;
use super::workspace::Workspace;
use crate::dtype::DType;
use crate::op::register::{registers_of, round_to_f16};
use crate::op::{Body, ReduceOp};
use crate::plan::around;
use crate::shape::Shape;

/// Elements of a span of a row, and rows of a span of columns.
const SPAN: usize = CHAIN * CHAIN;
const ROWS: usize = 8 * CHAIN;

/// A scan of the prologue's first result along an axis, ready to run.
pub(super) struct Scan {
    pub(super) code: Code,
    fold: Fold,
    /// Sizes outside the axis, of the axis, and inside it.
    outer: usize,
    n: usize,
    inner: usize,
    segmented: bool,
}

impl Scan {
    pub(super) fn new(
        op: ReduceOp,
        dtype: DType,
        prologue: &Body,
        axis: usize,
        shape: &Shape,
    ) -> Self {
        let (outer, n, inner) = around(shape, axis);
        Self {
            code: Code::with_goal(prologue, shape, None, Goal::default()),
            fold: Fold { op, dtype },
            outer,
            n,
            inner,
            segmented: prologue.program.results.len() > 1,
        }
    }

    /// Fills `out` with a register per element.
    pub(super) fn run(&self, runner: &Runner<'_>, out: &mut [u8]) {
        if self.fold.dtype != DType::Bool {
            return self.words(runner, bytemuck::cast_slice_mut(out));
        }
        let mut words = vec![0; out.len()];
        self.words(runner, &mut words);
        out.copy_from_slice(&registers_of(DType::Bool, &words));
    }

    /// Fills `out` with a word per element.
    fn words(&self, runner: &Runner<'_>, out: &mut [u32]) {
        let span = if self.inner == 1 { SPAN } else { ROWS };
        // Elements that are scanned by themselves: a span, or all of the axis.
        let unit = span.min(self.n) * self.inner;
        let spans = self.n.div_ceil(span);
        // Only where an axis is one span may a task have several.
        let (line, per_task) = match spans {
            1 => {
                let units = tasks::share(self.outer, unit * self.code.cost, 1);
                (out.len(), units * unit)
            }
            _ => (self.n * self.inner, unit),
        };
        let mut heads = vec![0; if self.segmented { out.len() } else { 0 }];
        let mut work: Vec<(usize, &mut [u32], &mut [u32])> = Vec::new();
        let mut marks = cut(&mut heads, line, per_task).into_iter();
        let mut first = 0;
        for values in cut(out, line, per_task) {
            let len = values.len();
            work.push((first, values, marks.next().unwrap_or_default()));
            first += len;
        }
        tasks::each(work.into_iter(), |(first, values, heads)| {
            let mut work = runner.workspace(Vec::new());
            let mut heads = heads.chunks_mut(unit);
            for (i, values) in values.chunks_mut(unit).enumerate() {
                let heads = heads.next().unwrap_or_default();
                self.unit(runner, &mut work, first + i * unit, values, heads);
            }
        });
        if spans > 1 {
            self.carry(unit, out, &mut heads);
        }
        // The sums have more digits than what they are the elements of.
        if self.fold.dtype == DType::F16 {
            round_to_f16(out);
        }
    }

    /// Scans one unit of elements, the first of that number.
    fn unit<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        first: usize,
        values: &mut [u32],
        heads: &mut [u32],
    ) {
        if self.inner == 1 && !self.segmented {
            runner.fill(work, first, &mut [values]);
            return chain::beside(self.fold, values);
        }
        // A block of columns at a time, down all rows; of short rows, several together.
        let block = self.code.block;
        for column in (0..self.inner).step_by(block) {
            let width = block.min(self.inner - column);
            let together = if width == self.inner {
                block / width
            } else {
                1
            };
            let mut chain = Chain::new(self.fold, width);
            for row in (0..values.len() / self.inner).step_by(together) {
                let at = row * self.inner + column;
                let len = (together * width).min(values.len() - at);
                let values = &mut values[at..][..len];
                let heads = heads.get_mut(at..at + len).unwrap_or_default();
                runner.fill(work, first + at, &mut [&mut *values, &mut *heads]);
                chain.rows(values, heads);
            }
        }
    }

    /// Has each unit of a line take in those before it.
    fn carry(&self, unit: usize, out: &mut [u32], heads: &mut [u32]) {
        let (width, line) = (self.inner, self.n * self.inner);
        let mut work: Vec<(Vec<u32>, &mut [u32], &mut [u32])> = Vec::new();
        let mut marks = cut(heads, line, unit).into_iter();
        for values in out.chunks_mut(line) {
            let marks: Vec<&mut [u32]> = marks.by_ref().take(line.div_ceil(unit)).collect();
            let last = |units: &mut dyn Iterator<Item = &[u32]>| -> Vec<u32> {
                units.flat_map(|u| &u[u.len() - width..]).copied().collect()
            };
            let mut totals = last(&mut values.chunks(unit));
            let mut begun = last(&mut marks.iter().map(|m| &**m));
            Chain::new(self.fold, width).rows(&mut totals, &mut begun);
            let mut marks = marks.into_iter().skip(1);
            let units = values.chunks_mut(unit).skip(1).zip(totals.chunks(width));
            work.extend(units.map(|(values, before)| {
                (before.to_vec(), values, marks.next().unwrap_or_default())
            }));
        }
        tasks::each(work.into_iter(), |(before, values, heads)| {
            chain::take_in(self.fold, &before, values, heads);
        });
    }
}

/// Words as lines, and these as parts of tasks; the last of a line may be shorter.
fn cut(words: &mut [u32], line: usize, part: usize) -> Vec<&mut [u32]> {
    let lines = words.chunks_mut(line);
    lines.flat_map(|line| line.chunks_mut(part)).collect()
}
