//! Products of matrices.
//!
//! They are left to a library, which is called block by block ([`blocks`]), but for some cases in which it
//! is slow: a right operand that lies column after column is transposed for it ([`transpose`]), a
//! vector times a tall matrix is computed here ([`row`]), and so are products with few columns and those whose right
//! operand is a view of more dimensions than a matrix has ([`panels`]).

mod blocks;
mod panels;
mod row;
mod scratch;
mod tile;
mod transpose;

use half::f16;

use self::blocks::{Operand, across, multiply};
use self::panels::Panels;
use self::row::RowProduct;
use super::space::Space;
use super::tasks;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::register::round_to_f16;
use crate::shape::Shape;

/// Multiply-adds from which a product is worth more than one thread.
const PARALLEL: usize = 1 << 22;

/// Results up to which the library reads both operands where they lie.
const UNPACKED: usize = 256;

/// Columns that a task of a vector times a matrix has at least.
const STRETCH: usize = 1024;

/// Products of matrices over batch dimensions, ready to run.
pub(super) struct Product {
    dtype: DType,
    m: usize,
    n: usize,
    k: usize,
    /// The steps from row to row and from column to column of each operand.
    a: [isize; 2],
    b: [isize; 2],
    /// Set where the right operand is packed in panels.
    panels: Option<Panels>,
    /// Over the batch: where the matrices of the two operands start.
    batch: Space,
    batches: usize,
}

impl Product {
    /// The product of `(batch…, m, k)` and `(batch…, k, n)`; of floats, the right operand may have several
    /// dimensions instead of `k` and of `n` ([`crate::plan::Matrix`]).
    pub(super) fn new(dtype: DType, a: &Layout, b: &Layout, k: usize) -> Self {
        let rank = a.dims().len();
        let batch = Shape::of(&a.dims()[..rank - 2]);
        let m = a.dims()[rank - 2];
        let n = b.dims()[rank - 2..].iter().product::<usize>() / k;
        let over = |l: &Layout| Layout::from_parts(batch.clone(), &l.strides()[..rank - 2], 0);
        let steps = |l: &Layout| [l.strides()[rank - 2], l.strides()[rank - 1]];
        let panels = match dtype.is_float() {
            true => {
                let matrix = Shape::of(&b.dims()[rank - 2..]);
                let view = Layout::from_parts(matrix, &b.strides()[rank - 2..], 0);
                Panels::new(&view, [m, k], steps(a))
            }
            false => None,
        };
        Self {
            dtype,
            m,
            n,
            k,
            a: steps(a),
            b: steps(b),
            panels,
            batch: Space::new(&batch, [over(a), over(b)].iter()),
            batches: batch.size(),
        }
    }

    /// Writes the products of matrices, given with the place of the first element, as registers of a
    /// `(batch…, m, n)`.
    pub(super) fn run(&self, a: (&[u32], usize), b: (&[u32], usize), out: &mut [u32]) {
        if self.dtype == DType::F16 {
            let wide = |words: &[u32]| -> Vec<u32> {
                let halves: &[f16] = bytemuck::cast_slice(words);
                halves.iter().map(|v| v.to_f32().to_bits()).collect()
            };
            return self.products((&wide(a.0), a.1), (&wide(b.0), b.1), out);
        }
        self.products(a, b, out);
    }

    fn products(&self, a: (&[u32], usize), b: (&[u32], usize), out: &mut [u32]) {
        let size = self.m * self.n;
        // A product with a vector reads each element of the matrix once: it is as slow as memory.
        let vector = (self.m == 1 || self.n == 1) && self.panels.is_none();
        // Large products are shared one by one.
        let large = match &self.panels {
            Some(panels) => panels.is_large(self.m),
            None => !vector && size * self.k >= PARALLEL,
        };
        let share = if large {
            out.len()
        } else {
            let cost = if vector { 2 * self.k } else { self.k };
            let step = match (self.m, self.n) {
                _ if self.is_tall() || !vector => size,
                (_, 1) => 1,
                // Long stretches of the matrix's rows, as memory likes them.
                (1, _) if self.b[1] == 1 => STRETCH,
                (1, _) => 1,
                _ => size,
            };
            tasks::share(out.len(), cost, step)
        };
        let pieces = |(task, out): (usize, &mut [u32])| {
            let mut first = task * share;
            let mut rest = out;
            // A piece is a product, or the part of one with a vector that the task has.
            while !rest.is_empty() {
                let len = rest.len().min(size - first % size);
                let (piece, after) = rest.split_at_mut(len);
                self.piece(a, b, first, piece, large);
                (first, rest) = (first + len, after);
            }
        };
        tasks::each(out.chunks_mut(share).enumerate(), pieces);
    }

    /// A product, or a part of one with a vector, whose first element is that of the result.
    fn piece(
        &self,
        a: (&[u32], usize),
        b: (&[u32], usize),
        first: usize,
        out: &mut [u32],
        large: bool,
    ) {
        let (number, inside) = (first / (self.m * self.n), first % (self.m * self.n));
        let place = |path: usize, start: usize| {
            let mut at = 0;
            let start = start as isize;
            let visit = |_, _, place, _| at = place;
            self.batch.runs_from(path, start, number, 1, visit);
            at
        };
        let (row, column) = (inside / self.n, inside % self.n);
        let a = (a.0, place(0, a.1) + row as isize * self.a[0]);
        let b = (b.0, place(1, b.1) + column as isize * self.b[1]);
        let n = out.len().min(self.n);
        let sizes = [out.len() / n, n];
        match self.dtype {
            DType::F32 | DType::F16 => self.real(a, b, sizes, out, large),
            DType::I32 | DType::U32 => self.whole(a, b, sizes, out),
            DType::Bool => unreachable!("bools are multiplied as integers"),
        }
        if self.dtype == DType::F16 {
            round_to_f16(out);
        }
    }

    fn real(
        &self,
        a: (&[u32], isize),
        b: (&[u32], isize),
        [m, n]: [usize; 2],
        out: &mut [u32],
        large: bool,
    ) {
        let operand = |(words, at), steps| Operand {
            values: bytemuck::cast_slice(words),
            at,
            steps,
        };
        let (a, b) = (operand(a, self.a), operand(b, self.b));
        let out: &mut [f32] = bytemuck::cast_slice_mut(out);
        assert_eq!(out.len(), m * n);
        if let Some(panels) = &self.panels {
            panels.multiply(&a, &b, m, out, large);
        } else if self.is_tall() {
            self.tall(&a, &b, out);
        } else if self.is_across() && m * n > UNPACKED {
            across(&a, &b, [m, n, self.k], out, large);
        } else {
            multiply(&a, &b, [m, n, self.k], out, false, large);
        }
    }

    /// Whether the product is one of a vector and a tall matrix whose rows, as seen from the vector, lie
    /// in order, or are long.
    fn is_tall(&self) -> bool {
        let real = matches!(self.dtype, DType::F32 | DType::F16);
        let (matrix, columns) = match self.is_row() {
            true => (self.b, self.n),
            false => (self.a, self.m),
        };
        let onward = matrix.iter().all(|&step| step >= 0);
        let column = self.n == 1 && self.a[0] == 1;
        let worth = self.k >= row::TALL || columns >= row::LONG;
        real && onward && (self.is_row() || column) && worth
    }

    /// Whether the left operand is a row and the rows of the right one lie in order.
    fn is_row(&self) -> bool {
        self.m == 1 && self.b[1] == 1
    }

    /// One row times a tall matrix, or the same transposed: a matrix times one column.
    fn tall(&self, a: &Operand<'_>, b: &Operand<'_>, out: &mut [f32]) {
        let column = Operand {
            steps: [b.steps[1], b.steps[0]],
            ..*b
        };
        let (vector, matrix, stride) = match self.is_row() {
            true => (a, b, b.steps[0]),
            false => (&column, a, a.steps[1]),
        };
        let product = RowProduct {
            vector,
            matrix: matrix.onward(),
            stride: stride as usize,
            rows: self.k,
        };
        product.run(out);
    }

    /// Whether the right operand lies column after column.
    fn is_across(&self) -> bool {
        self.m > 1 && self.n > 1 && self.b[0] == 1 && self.b[1] >= self.k as isize
    }

    /// Integers, wrapping: the same bits for either sign.
    fn whole(&self, a: (&[u32], isize), b: (&[u32], isize), [_, n]: [usize; 2], out: &mut [u32]) {
        let at = |(words, at): (&[u32], isize), steps: [isize; 2], row: usize, column: usize| {
            words[(at + row as isize * steps[0] + column as isize * steps[1]) as usize]
        };
        out.fill(0);
        for (i, row) in out.chunks_mut(n).enumerate() {
            for l in 0..self.k {
                let left = at(a, self.a, i, l);
                for (j, out) in row.iter_mut().enumerate() {
                    *out = out.wrapping_add(left.wrapping_mul(at(b, self.b, l, j)));
                }
            }
        }
    }
}

/// The product of two matrices of registers, which start at the beginning of their words.
pub(crate) fn product(
    dtype: DType,
    (a, a_layout): (&[u32], &Layout),
    (b, b_layout): (&[u32], &Layout),
    k: usize,
) -> Vec<u32> {
    let product = Product::new(dtype, a_layout, b_layout, k);
    let mut out = vec![0; product.batches * product.m * product.n];
    product.run((a, a_layout.offset()), (b, b_layout.offset()), &mut out);
    out
}
