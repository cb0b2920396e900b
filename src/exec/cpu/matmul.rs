//! Products of matrices.

use gemm_common::Parallelism;
use half::f16;

use super::space::Space;
use super::tasks;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::pointwise::round_to_f16;
use crate::shape::Shape;

/// Multiply-adds from which a product is worth more than one thread.
const PARALLEL: usize = 1 << 22;

/// Products of matrices over batch dimensions, ready to run.
pub(super) struct Product {
    dtype: DType,
    m: usize,
    n: usize,
    k: usize,
    /// The steps from row to row and from column to column of each operand.
    a: [isize; 2],
    b: [isize; 2],
    /// Over the batch: where the matrices of the two operands start.
    batch: Space,
    batches: usize,
}

impl Product {
    /// The product of `(batch…, m, k)` and `(batch…, k, n)`.
    pub(super) fn new(dtype: DType, a: &Layout, b: &Layout, k: usize) -> Self {
        let rank = a.dims().len();
        let batch = Shape::of(&a.dims()[..rank - 2]);
        let over = |l: &Layout| Layout::from_parts(batch.clone(), &l.strides()[..rank - 2], 0);
        let steps = |l: &Layout| [l.strides()[rank - 2], l.strides()[rank - 1]];
        Self {
            dtype,
            m: a.dims()[rank - 2],
            n: b.dims()[rank - 1],
            k,
            a: steps(a),
            b: steps(b),
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
        let work = size * self.k;
        // Small products of a batch are shared among the threads, large ones are each done by all.
        let threads = match work < PARALLEL {
            true => Parallelism::None,
            false => Parallelism::Rayon(0),
        };
        let one = |(i, out): (usize, &mut [u32])| {
            let place = |path: usize, start: usize| {
                let mut at = 0;
                self.batch
                    .runs_from(path, start as isize, i, 1, |_, _, place, _| at = place);
                at
            };
            let (a, b) = ((a.0, place(0, a.1)), (b.0, place(1, b.1)));
            match self.dtype {
                DType::F32 | DType::F16 => self.real(a, b, out, threads),
                DType::I32 | DType::U32 | DType::Bool => self.whole(a, b, out),
            }
            if self.dtype == DType::F16 {
                round_to_f16(out);
            }
        };
        if work < PARALLEL && self.batches * work >= PARALLEL {
            let per_task = self.batches.div_ceil(self.batches * work / PARALLEL + 1);
            tasks::each(
                out.chunks_mut(per_task * size).enumerate(),
                |(task, out)| {
                    for (i, out) in out.chunks_mut(size).enumerate() {
                        one((task * per_task + i, out));
                    }
                },
            );
        } else {
            out.chunks_mut(size).enumerate().for_each(one);
        }
    }

    fn real(&self, a: (&[u32], isize), b: (&[u32], isize), out: &mut [u32], threads: Parallelism) {
        let &Self { m, n, k, .. } = self;
        let inside = |(words, at): (&[u32], isize), steps: [isize; 2], sizes: [usize; 2]| {
            let ends = [0, 1].map(|i| steps[i] * (sizes[i] as isize - 1));
            let low = at + ends.iter().filter(|e| **e < 0).sum::<isize>();
            let high = at + ends.iter().filter(|e| **e > 0).sum::<isize>();
            low >= 0 && high < words.len() as isize
        };
        assert!(inside(a, self.a, [m, k]) && inside(b, self.b, [k, n]));
        assert_eq!(out.len(), m * n);
        let out: &mut [f32] = bytemuck::cast_slice_mut(out);
        // As the transposed product, Cᵀ = Bᵀ·Aᵀ: the library's kernels write columns, which are our
        // rows; it would write single elements otherwise.
        // SAFETY: the asserts above show that every element of the operands, first and last of each
        // dimension included, lies in its slice, and that the result fills its own.
        unsafe {
            gemm_f32::gemm::f32::get_gemm_fn()(
                n,
                m,
                k,
                out.as_mut_ptr(),
                n as isize,
                1,
                false,
                b.0.as_ptr().cast::<f32>().offset(b.1),
                self.b[0],
                self.b[1],
                a.0.as_ptr().cast::<f32>().offset(a.1),
                self.a[0],
                self.a[1],
                0.0,
                1.0,
                false,
                false,
                false,
                threads,
            );
        }
    }

    /// Integers, wrapping: the same bits for either sign.
    fn whole(&self, a: (&[u32], isize), b: (&[u32], isize), out: &mut [u32]) {
        let at = |(words, at): (&[u32], isize), steps: [isize; 2], row: usize, column: usize| {
            words[(at + row as isize * steps[0] + column as isize * steps[1]) as usize]
        };
        out.fill(0);
        for (i, row) in out.chunks_mut(self.n).enumerate() {
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
