//! Two light operations on `f32` in one loop, so that what the first gives is neither stored nor read
//! again. Each rounds as it does by itself.

use super::PointOp;
use super::pointwise::meaning;

/// An operation and the one that takes its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    first: PointOp,
    second: PointOp,
    /// Whether the second takes the result as its second operand.
    swapped: bool,
}

impl Pair {
    /// The pair of two operations, if there is a loop for it; `swapped` says that the second takes the
    /// first's result as its second operand.
    pub(crate) fn new(first: PointOp, second: PointOp, swapped: bool) -> Option<Self> {
        use PointOp::{Add, Mul, Relu, Square, Sub};
        let fits = matches!(first, Add | Sub | Mul)
            && (matches!(second, Add | Sub | Mul) || matches!(second, Square | Relu) && !swapped);
        fits.then_some(Self {
            first,
            second,
            swapped,
        })
    }

    pub(crate) fn cost(self) -> usize {
        self.first.cost() + self.second.cost()
    }

    /// Applies the first operation to the first two operands, and the second to its result and the
    /// third. The first operand has a value for each element, the others may be shared by all.
    pub(crate) fn apply(self, args: &[&[u8]; 3], out: &mut [u8]) {
        pulp::Arch::new().dispatch(Apply(&mut Application {
            pair: self,
            args,
            out,
        }));
    }
}

struct Application<'a> {
    pair: Pair,
    args: &'a [&'a [u8]; 3],
    out: &'a mut [u8],
}

/// To be compiled for each width of vectors.
struct Apply<'a, 'b>(&'a mut Application<'b>);

impl pulp::WithSimd for Apply<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Application { pair, args, out } = self.0;
        match pair.first {
            PointOp::Add => second(*pair, meaning::try_add, args, out),
            PointOp::Sub => second(*pair, meaning::try_sub, args, out),
            PointOp::Mul => second(*pair, meaning::try_mul, args, out),
            _ => unreachable!("no pair begins with {:?}", pair.first),
        }
    }
}

#[inline(always)]
fn second(pair: Pair, f: impl Fn(f32, f32) -> f32, args: &[&[u8]; 3], out: &mut [u8]) {
    match (pair.second, pair.swapped) {
        (PointOp::Add, false) => each(f, meaning::try_add, args, out),
        (PointOp::Sub, false) => each(f, meaning::try_sub, args, out),
        (PointOp::Mul, false) => each(f, meaning::try_mul, args, out),
        (PointOp::Add, true) => each(f, |x, c| meaning::try_add(c, x), args, out),
        (PointOp::Sub, true) => each(f, |x, c| meaning::try_sub(c, x), args, out),
        (PointOp::Mul, true) => each(f, |x, c| meaning::try_mul(c, x), args, out),
        (PointOp::Square, _) => each(f, |x, _| meaning::square(x), args, out),
        (PointOp::Relu, _) => each(f, |x, _| meaning::relu(x), args, out),
        _ => unreachable!("no pair ends with {:?}", pair.second),
    }
}

#[inline(always)]
fn each(
    f: impl Fn(f32, f32) -> f32,
    g: impl Fn(f32, f32) -> f32,
    args: &[&[u8]; 3],
    out: &mut [u8],
) {
    let operand = |k: usize| -> &[f32] { bytemuck::cast_slice(args[k]) };
    let (a, b, c) = (operand(0), operand(1), operand(2));
    let out = bytemuck::cast_slice_mut::<u8, f32>(out);
    match (b, c) {
        (&[b], &[c]) => {
            for (r, &a) in out.iter_mut().zip(a) {
                *r = g(f(a, b), c);
            }
        }
        (&[b], c) => {
            for ((r, &a), &c) in out.iter_mut().zip(a).zip(c) {
                *r = g(f(a, b), c);
            }
        }
        (b, &[c]) => {
            for ((r, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *r = g(f(a, b), c);
            }
        }
        (b, c) => {
            for (((r, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *r = g(f(a, b), c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType::F32;

    #[test]
    fn a_pair_gives_the_bits_of_its_operations() {
        let values = |seed: u32| -> Vec<u32> {
            let one = |i: u32| ((i * 37 + seed) % 101) as f32 * 0.37 - 15.0;
            (0..77).map(|i| one(i).to_bits()).collect()
        };
        let (a, b, c) = (values(1), values(5), values(11));
        for (first, second) in PointOp::ALL
            .iter()
            .flat_map(|f| PointOp::ALL.iter().map(move |s| (*f, *s)))
        {
            for (swapped, b, c) in [
                (false, &b[..], &c[..]),
                (true, &b[..1], &c[..]),
                (false, &b[..1], &c[..1]),
                (true, &b[..], &c[..1]),
            ] {
                let Some(pair) = Pair::new(first, second, swapped) else {
                    continue;
                };
                let [mut x, mut want, mut got] = [(); 3].map(|()| vec![0; a.len()]);
                first.apply_to_words(F32, F32, &[&a, b, b], &mut x);
                let args = if swapped { [c, &x, &x] } else { [&x, c, c] };
                second.apply_to_words(F32, F32, &args, &mut want);
                let args = [&a, b, c].map(bytemuck::cast_slice);
                pair.apply(&args, bytemuck::cast_slice_mut(&mut got));
                assert_eq!(got, want, "{pair:?}");
            }
        }
    }
}
