//! A vector times a tall matrix whose rows lie in order.
//!
//! The product is a sum of rows, each times an element of the vector, and as slow as the matrix is
//! read. Rows are read in long stretches, as memory likes them, and some at once, so that the sums are
//! read and written rarely; they stay in the first level of cache. Threads share the rows: each sums
//! up some of the parts, always the same ones, whose sums are added in order. Where the rows are long, threads
//! share the columns instead. A sum is a chain of fused multiplications and additions, as in a product of
//! more rows.

use std::ops::Range;

use super::blocks::Operand;
use super::scratch;
use crate::exec::cpu::tasks;

/// Rows from which a matrix is tall. Of fewer the library makes the product, which gives a row the
/// bits that it has among others.
pub(super) const TALL: usize = 513;
/// Columns whose sums stay in the first level of cache.
pub(super) const COLUMNS: usize = 4096;
/// Rows that a part has at least, so that adding up the parts is little beside.
const PART: usize = 128;
/// Columns from which threads share these.
pub(super) const LONG: usize = 8 * COLUMNS;

/// A vector, and a matrix of which a row starts at each multiple of the stride.
pub(super) struct RowProduct<'a> {
    /// The vector, as a matrix of one row.
    pub(super) vector: &'a Operand<'a>,
    pub(super) matrix: &'a [f32],
    pub(super) stride: usize,
    pub(super) rows: usize,
}

impl RowProduct<'_> {
    /// Writes the product, an element for each column.
    pub(super) fn run(&self, out: &mut [f32]) {
        let columns = out.len();
        if columns >= LONG {
            let share = tasks::share(columns, 2 * self.rows, COLUMNS);
            return tasks::each(out.chunks_mut(share).enumerate(), |(task, out)| {
                for (piece, out) in out.chunks_mut(COLUMNS).enumerate() {
                    self.part(0, self.rows, task * share + piece * COLUMNS, out);
                }
            });
        }
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
        let element = |row: usize| self.vector.element(0, row);
        let row = |row: usize| &self.matrix[row * self.stride + column..];
        sum_up(first..first + rows, element, row, sums);
    }
}

/// Writes the sums of rows, each times an element, one after the other.
pub(super) fn sum_up<'a>(
    rows: Range<usize>,
    element: impl Fn(usize) -> f32,
    row: impl Fn(usize) -> &'a [f32],
    sums: &mut [f32],
) {
    /// Adds `N` rows from one on.
    fn add<'a, const N: usize>(
        first: usize,
        element: &impl Fn(usize) -> f32,
        row: &impl Fn(usize) -> &'a [f32],
        sums: &mut [f32],
    ) {
        pulp::Arch::new().dispatch(Add {
            elements: std::array::from_fn::<_, N, _>(|i| element(first + i)),
            rows: std::array::from_fn(|i| row(first + i)),
            sums,
        });
    }
    sums.fill(0.0);
    let mut first = rows.start;
    while first < rows.end {
        first += match rows.end - first {
            8.. => {
                add::<8>(first, &element, &row, sums);
                8
            }
            4.. => {
                add::<4>(first, &element, &row, sums);
                4
            }
            _ => {
                add::<1>(first, &element, &row, sums);
                1
            }
        };
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
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let (sums, last) = S::as_mut_simd_f32s(self.sums);
        let mut elements = [simd.splat_f32s(0.0); N];
        let mut rows: [&[S::f32s]; N] = [&[]; N];
        let mut ends: [&[f32]; N] = [&[]; N];
        for i in 0..N {
            elements[i] = simd.splat_f32s(self.elements[i]);
            let row = S::as_simd_f32s(self.rows[i]);
            (rows[i], ends[i]) = (
                &row.0[..sums.len()],
                &self.rows[i][sums.len() * S::F32_LANES..],
            );
        }
        for (column, sum) in sums.iter_mut().enumerate() {
            for (element, row) in elements.iter().zip(&rows) {
                *sum = simd.mul_add_e_f32s(*element, row[column], *sum);
            }
        }
        if !last.is_empty() {
            let mut sum = simd.partial_load_f32s(last);
            for (element, row) in elements.iter().zip(&ends) {
                let row = simd.partial_load_f32s(&row[..last.len()]);
                sum = simd.mul_add_e_f32s(*element, row, sum);
            }
            simd.partial_store_f32s(last, sum);
        }
    }
}
