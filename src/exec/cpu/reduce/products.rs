//! Sums of products of two operands that lie in order: dot products, norms, sums of squares.
//!
//! What is multiplied is added in the same loop, so that nothing is stored between the two and both operands
//! come as fast as memory gives them. Each product is rounded before it is added: the bits are those of a
//! multiplication followed by a sum.

use super::columns::Combine;
use crate::dtype::DType;
use crate::exec::cpu::block::Runner;
use crate::exec::cpu::code::{Action, Code, Place};
use crate::exec::cpu::fold::{Fold, LANES};
use crate::exec::cpu::workspace::Workspace;
use crate::op::{PointOp, ReduceOp};

/// The streams whose products are summed; one stream twice for squares.
#[derive(Clone, Copy)]
pub(super) struct Factors([usize; 2]);

impl Factors {
    /// The factors, if the code is one product of `f32` and the fold sums it up.
    pub(super) fn of(code: &Code, fold: Fold) -> Option<Self> {
        let sums = fold.op == ReduceOp::Sum && fold.dtype == DType::F32;
        let [step] = &code.steps[..] else { return None };
        let Action::Apply {
            op: PointOp::Mul | PointOp::Square,
            from: DType::F32,
            args: [Place::Stream(a), Place::Stream(b), _],
        } = step.action
        else {
            return None;
        };
        let fits = sums && code.results == [step.to];
        let in_order = [a, b].iter().all(|k| code.in_order.contains(k));
        (fits && in_order).then_some(Self([a, b]))
    }

    /// The elements of both from one on.
    fn values<'r>(
        self,
        runner: &'r Runner<'_>,
        work: &'r Workspace<'_, '_>,
        (start, len): (usize, usize),
    ) -> [&'r [f32]; 2] {
        self.0.map(|k| {
            let (bytes, first) = runner.inputs.streams[k];
            let first = (first + start as isize) as usize;
            let elements: &[f32] = bytemuck::cast_slice(bytes.get(&work.outputs));
            &elements[first..][..len]
        })
    }

    /// Adds the products of some elements to lanes; the first goes into the first lane.
    pub(super) fn lanes<'m>(
        self,
        runner: &Runner<'m>,
        work: &Workspace<'m, '_>,
        range: (usize, usize),
        lanes: &mut [u32; LANES],
    ) {
        let [a, b] = self.values(runner, work, range);
        pulp::Arch::new().dispatch(Lanes {
            a,
            b,
            lanes: bytemuck::cast_mut(lanes),
        });
    }

    /// Adds the products of rows as long as there are sums to these, row by row.
    pub(super) fn rows<'m>(
        self,
        runner: &Runner<'m>,
        work: &Workspace<'m, '_>,
        range: (usize, usize),
        sums: &mut [u32],
    ) {
        let [a, b] = self.values(runner, work, range);
        pulp::Arch::new().dispatch(Rows {
            a,
            b,
            sums: bytemuck::cast_slice_mut(sums),
        });
    }
}

/// The columns of such a sum.
pub(super) struct Products(pub(super) Fold, pub(super) Factors);

impl Combine<u32> for Products {
    fn identity(&self) -> u32 {
        self.0.identity()
    }

    fn add<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        range: (usize, usize),
        results: &mut [u32],
    ) {
        self.1.rows(runner, work, range, results);
    }

    fn join(&self, rows: &mut [u32], width: usize) {
        self.0.join(rows, width);
    }
}

struct Lanes<'a> {
    a: &'a [f32],
    b: &'a [f32],
    lanes: &'a mut [f32; LANES],
}

impl pulp::WithSimd for Lanes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let mut sums = *self.lanes;
        let (a, a_rest) = self.a.as_chunks::<LANES>();
        let (b, b_rest) = self.b.as_chunks::<LANES>();
        for (a, b) in a.iter().zip(b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
            *sum += a * b;
        }
        *self.lanes = sums;
    }
}

struct Rows<'a> {
    a: &'a [f32],
    b: &'a [f32],
    sums: &'a mut [f32],
}

impl pulp::WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let columns = self.sums.len();
        let rows = self
            .a
            .chunks_exact(columns)
            .zip(self.b.chunks_exact(columns));
        for (a, b) in rows {
            for ((sum, a), b) in self.sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LANES, Lanes, Rows};
    use crate::op::pointwise::tests::widths;

    #[test]
    fn every_width_of_vectors_gives_the_same_bits() {
        let values = |seed: usize| -> Vec<f32> {
            let one = |i: usize| ((i * 37 + seed) % 101) as f32 * 0.37 - 15.0;
            (0..3 * LANES + 7).map(one).collect()
        };
        let (a, b) = (values(1), values(5));
        let (a, b) = (&a[..], &b[..]);
        let mut want = [0.5; LANES];
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            want[i % LANES] += a * b;
        }
        let columns = 19;
        let mut below = vec![0.5; columns];
        for (i, (a, b)) in a
            .iter()
            .zip(b)
            .take(a.len() / columns * columns)
            .enumerate()
        {
            below[i % columns] += a * b;
        }
        for width in widths() {
            let mut lanes = [0.5; LANES];
            let into = &mut lanes;
            width.dispatch(Lanes { a, b, lanes: into });
            assert_eq!(lanes, want, "{width:?}");
            let mut rows = vec![0.5; columns];
            let sums = &mut rows[..];
            width.dispatch(Rows { a, b, sums });
            assert_eq!(rows, below, "{width:?}");
        }
    }
}
