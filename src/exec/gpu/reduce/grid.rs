//! How a reduction is shared out among invocations.

use crate::exec::gpu::shader::{MAX_LOOPS, Target};

/// Elements of a result from which it is worth cutting into slices.
const MIN_SLICE: usize = 4096;
/// Elements of a reduction on the CPU from which columns are cut into slices of SHORT elements.
pub(in crate::exec::gpu) const LARGE: usize = 1 << 18;
const SHORT: usize = 128;
/// Elements that a lane folds into one of its sums at most before slices are cut, however many results
/// there are: 32 blocks of 32 of a row, 64 of a column.
const MAX_ROW: usize = 4 << 10;
const MAX_COLUMN: usize = 1 << 11;
/// Partial results that a lane of the second stage folds at most, as far as there are lanes; with the
/// above, a sum is within 150 + log₂ n roundings.
const MAX_PARTS: usize = 512;

/// How the work is shared out. It decides the order of accumulation, and so depends on sizes and
/// layouts alone, never on which shader happens to be compiled.
pub(in crate::exec::gpu) struct Grid {
    columns: bool,
    /// Lanes a result.
    width: usize,
    pub(in crate::exec::gpu) slices: usize,
    /// Elements a slice, whole groups of four but in the second stage.
    span: usize,
    /// Elements that a lane takes at a time.
    group: usize,
}

impl Grid {
    pub(in crate::exec::gpu) fn new(
        target: &Target,
        results: usize,
        elements: usize,
        columns: bool,
    ) -> Self {
        let width = lanes(target, results, elements, columns);
        let blocks = results.div_ceil(target.group / width);
        let by_fill = (target.fill / blocks).min(elements / MIN_SLICE);
        let longest = if columns { MAX_COLUMN } else { MAX_ROW };
        let by_length = elements.div_ceil(longest * width);
        // Down long columns each step is in another page, and neighbours come soon only in short slices.
        let by_pages = match columns && target.software && results * elements >= LARGE {
            true => (elements / SHORT).min(MAX_PARTS),
            false => 0,
        };
        let slices = by_fill.max(by_length).max(by_pages).max(1);
        let span = elements.div_ceil(slices).next_multiple_of(4);
        Self {
            columns,
            width,
            // No slice is empty.
            slices: elements.div_ceil(span),
            span,
            group: if columns { 1 } else { 4 },
        }
    }

    /// Rows that are gone through in several steps: none is cut into slices.
    pub(in crate::exec::gpu) fn of_rows(
        target: &Target,
        rows: usize,
        elements: usize,
        columns: bool,
        steps: usize,
    ) -> Self {
        // A lane folds no more of a row than of a row that is cut into slices; and four elements are up
        // to six iterations of a step's loops.
        let by_loops = match target.software {
            true => (2 * steps * elements).div_ceil(MAX_LOOPS),
            false => 1,
        };
        let least = elements.div_ceil(MAX_ROW).max(by_loops).next_power_of_two();
        Self {
            columns,
            width: lanes(target, rows, elements, columns).max(least.min(target.group)),
            slices: 1,
            span: elements.next_multiple_of(4),
            group: 4,
        }
    }

    /// The second stage, which folds the slices.
    pub(in crate::exec::gpu) fn of_slices(target: &Target, results: usize, slices: usize) -> Self {
        let most = slices.next_power_of_two().min(target.group);
        let wanted = target
            .busy
            .div_ceil(results)
            .max(slices.div_ceil(MAX_PARTS));
        Self {
            // The partial results of neighbours lie next to each other.
            columns: true,
            width: wanted.next_power_of_two().min(most),
            slices: 1,
            span: slices,
            group: 1,
        }
    }

    /// Workgroups a slice, whose invocations hold so many results each.
    pub(in crate::exec::gpu) fn blocks(
        &self,
        results: usize,
        target: &Target,
        held: usize,
    ) -> usize {
        (results / held).div_ceil(target.group / self.width)
    }

    /// The words that the template names.
    pub(in crate::exec::gpu) fn words(
        &self,
        results: usize,
        elements: usize,
        target: &Target,
        held: usize,
    ) -> [u32; 10] {
        let [apart, step, reach] = self.shares(target);
        [
            results,
            elements,
            (self.slices > 1) as usize,
            self.width,
            self.span,
            self.blocks(results, target, held),
            self.columns as usize,
            apart,
            step,
            reach,
        ]
        .map(|v| v as u32)
    }

    /// The words that the template of row kernels names.
    pub(in crate::exec::gpu) fn row_words(
        &self,
        rows: usize,
        elements: usize,
        target: &Target,
    ) -> [u32; 7] {
        let [apart, step, reach] = self.shares(target);
        [
            rows,
            elements,
            self.width,
            self.columns as usize,
            apart,
            step,
            reach,
        ]
        .map(|v| v as u32)
    }

    /// How far apart the lanes of a row start, the step of each, and among how many elements from its
    /// first all of its are. On hardware the lanes read next to each other; on the CPU each has a part
    /// of its own.
    fn shares(&self, target: &Target) -> [usize; 3] {
        let share = self.span.div_ceil(self.width).next_multiple_of(self.group);
        match target.software {
            true => [share, self.group, share],
            false => [self.group, self.group * self.width, self.span],
        }
    }
}

/// Lanes that share a result.
fn lanes(target: &Target, results: usize, elements: usize, columns: bool) -> usize {
    // Neighbouring lanes of a row read neighbouring elements; columns need lanes only where there are
    // too few results to keep the device busy.
    let wanted = if columns || target.software {
        target.busy.div_ceil(results)
    } else {
        elements.div_ceil(16)
    };
    let most = elements.div_ceil(4).next_power_of_two().min(target.group);
    wanted.next_power_of_two().clamp(1, most)
}
