//! Products of matrices.

use gemm_common::Parallelism;
use rayon::prelude::*;

use super::space::Space;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::shape::Shape;

/// Multiply-adds from which a product is worth more than one thread.
const PARALLEL: usize = 1 << 22;

/// Writes the product of `(batch…, m, k)` and `(batch…, k, n)` as registers of a `(batch…, m, n)`.
pub(super) fn run(
    dtype: DType,
    (a, a_layout): (&[u32], Layout),
    (b, b_layout): (&[u32], Layout),
    k: usize,
    out: &mut [u32],
) {
    let rank = a_layout.dims().len();
    let (batch, m) = (&a_layout.dims()[..rank - 2], a_layout.dims()[rank - 2]);
    let n = b_layout.dims()[rank - 1];
    let batches = Shape::of(batch);
    let over_batch =
        |l: &Layout| Layout::from_parts(batches.clone(), &l.strides()[..rank - 2], l.offset());
    let (a_batch, b_batch) = (over_batch(&a_layout), over_batch(&b_layout));
    let space = Space::new(&batches, [&a_batch, &b_batch].into_iter());
    let steps = |l: &Layout| [l.strides()[rank - 2], l.strides()[rank - 1]];
    let (a_steps, b_steps) = (steps(&a_layout), steps(&b_layout));
    let wide = |words: &[u32]| -> Vec<u32> {
        bytemuck::cast_slice::<u32, half::f16>(words)
            .iter()
            .map(|v| v.to_f32().to_bits())
            .collect()
    };
    let (a_wide, b_wide);
    let (a, b) = match dtype {
        DType::F16 => {
            (a_wide, b_wide) = (wide(a), wide(b));
            (&a_wide[..], &b_wide[..])
        }
        _ => (a, b),
    };
    // Small products of a batch are shared among the threads, large ones are each done by all.
    let spread = m * n * k < PARALLEL && batches.size() * m * n * k >= PARALLEL;
    let threads = match spread || m * n * k < PARALLEL {
        true => Parallelism::None,
        false => Parallelism::Rayon(0),
    };
    let one = |(i, c): (usize, &mut [u32])| {
        let place = |path: usize| {
            let mut at = 0;
            space.runs(path, i, 1, |_, _, place, _| at = place);
            at
        };
        let product = Product {
            m,
            n,
            k,
            a: (place(0), a_steps),
            b: (place(1), b_steps),
        };
        match dtype {
            DType::F32 | DType::F16 => {
                let (a, b) = (bytemuck::cast_slice(a), bytemuck::cast_slice(b));
                product.real(a, b, bytemuck::cast_slice_mut(c), threads);
            }
            DType::I32 | DType::U32 | DType::Bool => product.whole(a, b, c),
        }
        if dtype == DType::F16 {
            crate::op::pointwise::round_to_f16(c);
        }
    };
    if spread {
        out.par_chunks_mut(m * n).enumerate().for_each(one);
    } else {
        out.chunks_mut(m * n).enumerate().for_each(one);
    }
}

/// One product: sizes, and for each operand its place and its row and column stride.
struct Product {
    m: usize,
    n: usize,
    k: usize,
    a: (isize, [isize; 2]),
    b: (isize, [isize; 2]),
}

impl Product {
    fn real(&self, a: &[f32], b: &[f32], c: &mut [f32], threads: Parallelism) {
        let &Self {
            m,
            n,
            k,
            a: (a_at, [a_rs, a_cs]),
            b: (b_at, [b_rs, b_cs]),
        } = self;
        let reach = |(at, [rs, cs]): (isize, [isize; 2]), rows: usize, cols: usize| {
            let ends = [rs * (rows as isize - 1), cs * (cols as isize - 1)];
            let low: isize = at + ends.iter().filter(|e| **e < 0).sum::<isize>();
            let high: isize = at + ends.iter().filter(|e| **e > 0).sum::<isize>();
            (low, high)
        };
        let inside = |(low, high): (isize, isize), len: usize| low >= 0 && high < len as isize;
        assert!(inside(reach(self.a, m, k), a.len()) && inside(reach(self.b, k, n), b.len()));
        assert_eq!(c.len(), m * n);
        // As the transposed product, Cᵀ = Bᵀ·Aᵀ: the library's kernels write columns, which are our
        // rows; it would write single elements otherwise.
        // SAFETY: the asserts above show that every element of the operands, first and last of each
        // dimension included, lies in its slice, and that the result fills its own.
        unsafe {
            gemm_f32::gemm::f32::get_gemm_fn()(
                n,
                m,
                k,
                c.as_mut_ptr(),
                n as isize,
                1,
                false,
                b.as_ptr().offset(b_at),
                b_rs,
                b_cs,
                a.as_ptr().offset(a_at),
                a_rs,
                a_cs,
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
    fn whole(&self, a: &[u32], b: &[u32], c: &mut [u32]) {
        let &Self {
            n,
            k,
            a: (a_at, [a_rs, a_cs]),
            b: (b_at, [b_rs, b_cs]),
            ..
        } = self;
        c.fill(0);
        for (i, row) in c.chunks_mut(n).enumerate() {
            for l in 0..k {
                let left = a[(a_at + i as isize * a_rs + l as isize * a_cs) as usize];
                for (j, out) in row.iter_mut().enumerate() {
                    let right = b[(b_at + l as isize * b_rs + j as isize * b_cs) as usize];
                    *out = out.wrapping_add(left.wrapping_mul(right));
                }
            }
        }
    }
}
