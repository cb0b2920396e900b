//! Calling the library for products of real matrices, block by block where they are large.

use gemm_common::Parallelism;

use super::{scratch, transpose};
use crate::exec::cpu::tasks;

/// Elements of a right operand that stays in the second level of cache.
const NEAR: usize = 1 << 18;
/// Rows from which a large product is shared by rows.
const FEW: usize = 48;
/// Bands of rows, or of columns, at most; the number of threads is not asked for.
const BANDS: usize = 8;
/// Rows that the library computes at once, columns that it does, and rows of a block.
const TILE: usize = 6;
const STRIPE: usize = 64;
const HEIGHT: usize = 171 * TILE;

/// Elements of a line of cache.
const LINE: usize = 16;

/// A matrix in memory: the place of its first element, and the steps from row to row and from column to
/// column.
pub(super) struct Operand<'a> {
    pub(super) values: &'a [f32],
    pub(super) at: isize,
    pub(super) steps: [isize; 2],
}

impl<'a> Operand<'a> {
    /// Whether all elements of a matrix of that size lie in the memory.
    fn holds(&self, sizes: [usize; 2]) -> bool {
        let ends = [0, 1].map(|i| self.steps[i] * (sizes[i] as isize - 1));
        let low = self.at + ends.iter().filter(|e| **e < 0).sum::<isize>();
        let high = self.at + ends.iter().filter(|e| **e > 0).sum::<isize>();
        low >= 0 && high < self.values.len() as isize
    }

    /// From an element on.
    fn from(&self, row: usize, column: usize) -> Self {
        let [down, right] = self.steps;
        Self {
            at: self.at + row as isize * down + column as isize * right,
            ..*self
        }
    }

    /// One element.
    pub(super) fn element(&self, row: usize, column: usize) -> f32 {
        self.values[self.from(row, column).at as usize]
    }

    /// The values from the first element on, for steps that are not negative.
    pub(super) fn onward(&self) -> &'a [f32] {
        &self.values[self.at as usize..]
    }
}

/// A product whose right operand lies column after column. Parts of it are transposed in turn, so that
/// they stay in the second level of cache; parts of one column follow one another in order.
pub(super) fn across(
    a: &Operand<'_>,
    b: &Operand<'_>,
    [m, n, k]: [usize; 3],
    out: &mut [f32],
    large: bool,
) {
    let pitch = n.next_multiple_of(LINE) + LINE;
    let depth = (scratch::MOST / pitch).max(LINE) / LINE * LINE;
    for first in (0..k).step_by(depth) {
        let depth = depth.min(k - first);
        scratch::with(depth * pitch, |rows| {
            let columns = b.from(first, 0);
            let stride = columns.steps[1] as usize;
            transpose::to_rows(columns.onward(), stride, n, rows, pitch, large);
            let b = Operand {
                values: rows,
                at: 0,
                steps: [pitch as isize, 1],
            };
            multiply(&a.from(0, first), &b, [m, n, depth], out, first > 0, large);
        });
    }
}

/// Writes the product of two matrices, or adds it to what is there. A large one is shared among threads:
/// by bands of rows, each of which reads the whole right operand, where that stays in the second level of
/// cache or has few columns; else by blocks of rows and columns.
pub(super) fn multiply(
    a: &Operand<'_>,
    b: &Operand<'_>,
    [m, n, k]: [usize; 3],
    out: &mut [f32],
    add: bool,
    large: bool,
) {
    assert_eq!(out.len(), m * n);
    let all = Target(out.as_mut_ptr());
    if !large {
        // SAFETY: the result fills its slice.
        return unsafe { call(a, b, [m, n, k], all, n, add) };
    }
    if m >= FEW && (n * k < NEAR || n < 4 * STRIPE) {
        let rows = m.div_ceil(4 * BANDS).next_multiple_of(TILE).max(4 * TILE);
        return tasks::each(out.chunks_mut(rows * n).enumerate(), |(i, out)| {
            let (size, band) = ([out.len() / n, n, k], Target(out.as_mut_ptr()));
            // SAFETY: the band is whole rows, which fill their part of the slice.
            unsafe { call(&a.from(i * rows, 0), b, size, band, n, add) };
        });
    }
    let width = n.div_ceil(BANDS).next_multiple_of(STRIPE);
    let beside = n.div_ceil(width);
    tasks::each(0..beside * m.div_ceil(HEIGHT), |block| {
        let (row, column) = (block / beside * HEIGHT, block % beside * width);
        let (a, b) = (a.from(row, 0), b.from(0, column));
        let size = [HEIGHT.min(m - row), width.min(n - column), k];
        // SAFETY: the block lies in the slice, and no other task writes to it.
        unsafe { call(&a, &b, size, all.from(row * n + column), n, add) };
    });
}

/// Where a result is written.
#[derive(Clone, Copy)]
struct Target(*mut f32);

// SAFETY: threads that share a target write to different blocks of it (see `multiply`).
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    /// From an element on.
    fn from(self, element: usize) -> Self {
        Self(self.0.wrapping_add(element))
    }
}

/// Has the library multiply two matrices, on the calling thread.
///
/// # Safety
/// The rows of the result, `pitch` apart from the target on, can be written, and nobody else uses them.
unsafe fn call(
    a: &Operand<'_>,
    b: &Operand<'_>,
    [m, n, k]: [usize; 3],
    out: Target,
    pitch: usize,
    add: bool,
) {
    assert!(a.holds([m, k]) && b.holds([k, n]));
    // As the transposed product, Cᵀ = Bᵀ·Aᵀ: the library's kernels write columns, which are our
    // rows; it would write single elements otherwise.
    // SAFETY: the assert shows that every element of the operands, first and last of each dimension
    // included, lies in its slice; the result is the caller's concern.
    unsafe {
        gemm_f32::gemm::f32::get_gemm_fn()(
            n,
            m,
            k,
            out.0,
            pitch as isize,
            1,
            add,
            b.values.as_ptr().offset(b.at),
            b.steps[0],
            b.steps[1],
            a.values.as_ptr().offset(a.at),
            a.steps[0],
            a.steps[1],
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
