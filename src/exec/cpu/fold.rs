//! Combining registers by the vector.
//!
//! A part of a row is folded in lanes, element i into lane i mod [`LANES`], and the lanes by halves.
//! The number of lanes is that of four of the widest vectors, whatever the processor has, so that the
//! order of accumulation is the same on all.

use crate::dtype::DType;
use crate::op::ReduceOp;
use crate::op::reduce::Loop;

/// Lanes that a part of a row is folded in.
pub(super) const LANES: usize = 64;

/// How registers are combined.
#[derive(Clone, Copy)]
pub(super) struct Fold {
    pub(super) op: ReduceOp,
    pub(super) dtype: DType,
}

impl Fold {
    pub(super) fn run<L: Loop>(self, work: L) -> L::Output {
        pulp::Arch::new().dispatch(Wide { fold: self, work })
    }

    pub(super) fn identity(self) -> u32 {
        self.op.identity(self.dtype)
    }

    /// Folds elements into lanes; the first goes into the first lane.
    pub(super) fn lanes(self, lanes: &mut [u32; LANES], values: &[u32]) {
        struct Into<'a>(&'a mut [u32; LANES], &'a [u32]);
        impl Loop for Into<'_> {
            type Output = ();

            #[inline(always)]
            fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
                let Self(lanes, values) = self;
                let (chunks, rest) = values.as_chunks::<LANES>();
                let mut sums = *lanes;
                for chunk in chunks {
                    for (sum, &value) in sums.iter_mut().zip(chunk) {
                        *sum = combine(*sum, value);
                    }
                }
                for (sum, &value) in sums.iter_mut().zip(rest) {
                    *sum = combine(*sum, value);
                }
                *lanes = sums;
            }
        }
        self.run(Into(lanes, values));
    }

    /// What all lanes combine to, by halves.
    pub(super) fn halves(self, lanes: &[u32; LANES]) -> u32 {
        struct Halves<'a>(&'a [u32; LANES]);
        impl Loop for Halves<'_> {
            type Output = u32;

            #[inline(always)]
            fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) -> u32 {
                let mut lanes = *self.0;
                // Each width by itself, so that all are vectors.
                half::<32>(&mut lanes, combine);
                half::<16>(&mut lanes, combine);
                half::<8>(&mut lanes, combine);
                half::<4>(&mut lanes, combine);
                half::<2>(&mut lanes, combine);
                half::<1>(&mut lanes, combine);
                lanes[0]
            }
        }
        self.run(Halves(lanes))
    }

    /// What each row of a length combines to, of at most [`LANES`] elements: as [`Fold::lanes`] and
    /// [`Fold::halves`] of it, to the bit, since lanes that no element goes into change nothing.
    pub(super) fn short(self, values: &[u32], len: usize, results: &mut [u32]) {
        let rows = Short {
            identity: self.identity(),
            values,
            len,
            results,
        };
        match len {
            0..=4 => self.run(Lanes::<4>(rows)),
            5..=8 => self.run(Lanes::<8>(rows)),
            9..=16 => self.run(Lanes::<16>(rows)),
            17..=32 => self.run(Lanes::<32>(rows)),
            _ => self.run(Lanes::<LANES>(rows)),
        }
    }

    /// Combines each element of `sums` with those of the rows of that length in `values`, in order.
    pub(super) fn rows(self, sums: &mut [u32], values: &[u32]) {
        struct Rows<'a>(&'a mut [u32], &'a [u32]);
        impl Loop for Rows<'_> {
            type Output = ();

            #[inline(always)]
            fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
                let Self(sums, values) = self;
                for row in values.chunks_exact(sums.len()) {
                    for (sum, &value) in sums.iter_mut().zip(row) {
                        *sum = combine(*sum, value);
                    }
                }
            }
        }
        self.run(Rows(sums, values));
    }

    /// Combines rows of `width` elements pairwise, neighbours first; the first row gets the result.
    pub(super) fn pairs(self, rows: &mut [u32], width: usize) {
        let count = rows.len() / width;
        let mut step = 1;
        while step < count {
            for first in (0..count - step).step_by(2 * step) {
                let (left, right) = rows.split_at_mut((first + step) * width);
                self.rows(&mut left[first * width..][..width], &right[..width]);
            }
            step *= 2;
        }
    }

    /// The place of the first element that is the extreme one of an arg reduction.
    pub(super) fn find(self, extreme: u32, values: &[u32]) -> usize {
        let float = matches!(self.dtype, DType::F32 | DType::F16);
        pulp::Arch::new().dispatch(Find {
            float,
            extreme,
            values,
        })
    }
}

/// A search for the first element that is one, floats by their values, any NaN for NaN.
struct Find<'a> {
    float: bool,
    extreme: u32,
    values: &'a [u32],
}

impl pulp::WithSimd for Find<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> usize {
        let Self {
            float,
            extreme,
            values,
        } = self;
        let wanted = f32::from_bits(extreme);
        match float {
            true if wanted.is_nan() => first(values, |value| f32::from_bits(value).is_nan()),
            true => first(values, |value| f32::from_bits(value) == wanted),
            false => first(values, |value| value == extreme),
        }
    }
}

/// The place of the first of some values, or 0.
#[inline(always)]
fn first(values: &[u32], is: impl Fn(u32) -> bool) -> usize {
    // By the chunk, so that the search vectorises.
    for (i, chunk) in values.chunks(LANES).enumerate() {
        if chunk.iter().fold(false, |any, &value| any | is(value)) {
            let within = chunk.iter().position(|&value| is(value));
            return i * LANES + within.unwrap_or(0);
        }
    }
    0
}

/// Rows of a length, and a result for each.
struct Short<'a> {
    identity: u32,
    values: &'a [u32],
    len: usize,
    results: &'a mut [u32],
}

/// Short rows, each folded in `N` lanes.
struct Lanes<'a, const N: usize>(Short<'a>);

impl<const N: usize> Loop for Lanes<'_, N> {
    type Output = ();

    #[inline(always)]
    fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
        let rows = self.0.values.chunks_exact(self.0.len);
        for (result, row) in self.0.results.iter_mut().zip(rows) {
            let mut lanes = [self.0.identity; N];
            for (lane, &value) in lanes.iter_mut().zip(row) {
                *lane = combine(*lane, value);
            }
            let mut width = N / 2;
            while width > 0 {
                for i in 0..width {
                    lanes[i] = combine(lanes[i], lanes[i + width]);
                }
                width /= 2;
            }
            *result = lanes[0];
        }
    }
}

/// Combines the first `N` lanes with the next `N`.
#[inline(always)]
fn half<const N: usize>(lanes: &mut [u32; LANES], combine: impl Fn(u32, u32) -> u32) {
    let (low, high) = lanes.split_at_mut(N);
    for (low, &high) in low.iter_mut().zip(&high[..N]) {
        *low = combine(*low, high);
    }
}

/// A loop compiled for each width of vectors.
struct Wide<L> {
    fold: Fold,
    work: L,
}

impl<L: Loop> pulp::WithSimd for Wide<L> {
    type Output = L::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> L::Output {
        self.fold.op.with(self.fold.dtype, self.work)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fold, LANES};
    use crate::dtype::DType;
    use crate::op::ReduceOp;

    /// Short rows have the bits of rows folded one by one.
    #[test]
    fn short_rows_are_rows() {
        let values: Vec<u32> = (0..3 * LANES as u32)
            .map(|i| ((i as f32 * 0.7).sin() * 3.0).to_bits())
            .collect();
        for op in [ReduceOp::Sum, ReduceOp::Prod, ReduceOp::Max, ReduceOp::Min] {
            let dtype = DType::F32;
            let fold = Fold { op, dtype };
            for len in 1..=LANES {
                let rows = values.chunks_exact(len);
                let want: Vec<u32> = rows
                    .map(|row| {
                        let mut lanes = [fold.identity(); LANES];
                        fold.lanes(&mut lanes, row);
                        fold.halves(&lanes)
                    })
                    .collect();
                let mut got = vec![0; want.len()];
                fold.short(&values, len, &mut got);
                assert_eq!(got, want, "{op:?} of {len}");
            }
        }
    }
}
