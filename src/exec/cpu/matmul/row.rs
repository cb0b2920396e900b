//! A vector times a tall matrix whose rows lie in order.
//!
//! The product is a sum of rows, each times an element of the vector, and as slow as the matrix is
//! read. Rows are read in long stretches, as memory likes them, and some at once, so that the sums are
//! read and written rarely; they stay in the first level of cache. Threads share the rows: each sums
//! up some of the parts, always the same ones, whose sums are added in order.

use super::scratch;
use crate::exec::cpu::tasks;

/// Rows from which a matrix is tall. Of fewer the library makes the product, which gives a row the
/// bits that it has among others.
pub(super) const TALL: usize = 513;
/// Columns whose sums stay in the first level of cache.
const COLUMNS: usize = 4096;
/// Rows that are added at once.
const ROWS: usize = 8;
/// Rows that a part has at least, so that adding up the parts is little beside.
const PART: usize = 128;

/// A vector, and a matrix of which a row starts at each multiple of the stride.
pub(super) struct RowProduct<'a> {
    pub(super) vector: &'a [f32],
    /// From element to element of the vector.
    pub(super) step: usize,
    pub(super) matrix: &'a [f32],
    pub(super) stride: usize,
    pub(super) rows: usize,
}

impl RowProduct<'_> {
    /// Writes the product, an element for each column.
    pub(super) fn run(&self, out: &mut [f32]) {
        let columns = out.len();
        let share = tasks::share(self.rows, 2 * columns, PART);
        let parts = self.rows.div_ceil(share);
        scratch::with(parts * columns, |sums| {
            tasks::each(sums.chunks_mut(columns).enumerate(), |(part, sums)| {
                let first = part * share;
                for (piece, sums) in sums.chunks_mut(COLUMNS).enumerate() {
                    let rows = share.min(self.rows - first);
                    self.part(first, rows, piece * COLUMNS, sums);
                }
            });
            for (part, sums) in sums.chunks(columns).enumerate() {
                match part {
                    0 => out.copy_from_slice(sums),
                    _ => out.iter_mut().zip(sums).for_each(|(sum, v)| *sum += v),
                }
            }
        });
    }

    /// Sums up rows, from a column on.
    fn part(&self, first: usize, rows: usize, column: usize, sums: &mut [f32]) {
        let element = |row: usize| self.vector[row * self.step];
        let row = |row: usize| &self.matrix[row * self.stride + column..];
        let (full, end) = (first + rows / ROWS * ROWS, first + rows);
        sums.fill(0.0);
        let arch = pulp::Arch::new();
        for start in (first..full).step_by(ROWS) {
            arch.dispatch(Add {
                elements: std::array::from_fn::<_, ROWS, _>(|i| element(start + i)),
                rows: std::array::from_fn(|i| row(start + i)),
                sums,
            });
        }
        for last in full..end {
            arch.dispatch(Add {
                elements: [element(last)],
                rows: [row(last)],
                sums,
            });
        }
    }
}

/// Adds rows times elements, one after the other, to sums of as many columns.
struct Add<'a, const N: usize> {
    elements: [f32; N],
    rows: [&'a [f32]; N],
    sums: &'a mut [f32],
}

impl<const N: usize> pulp::WithSimd for Add<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let columns = self.sums.len();
        let rows = self.rows.map(|row| &row[..columns]);
        for (column, sum) in self.sums.iter_mut().enumerate() {
            let mut total = *sum;
            for (element, row) in self.elements.iter().zip(&rows) {
                total += element * row[column];
            }
            *sum = total;
        }
    }
}
