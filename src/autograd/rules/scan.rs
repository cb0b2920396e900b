//! The gradients of scans, which are scans from the other end.

use super::Saved;
use crate::error::Result;
use crate::op::ReduceOp;
use crate::tensor::Tensor;

#[track_caller]
pub(super) fn gradient(op: ReduceOp, axis: usize, g: &Tensor, s: &Saved) -> Result<Tensor> {
    Ok(match op {
        ReduceOp::Sum => from_end(g, axis, |g| g.scan(op, axis as isize))?,
        ReduceOp::Prod => {
            let x = s.a();
            let before = moved(&x, axis, 1, 1.0)?.scan(op, axis as isize)?;
            before.try_mul(behind(g, &x, axis)?)?
        }
        // To the element that each was taken from: all that an element was taken for add up there.
        _ => {
            let taken = s.a().detach().taken(op, axis)?;
            let sums = segments(g, axis, &taken)?;
            taken.select(&sums, 0.0)?
        }
    })
}

/// The gradient of a sum that begins anew at marks: from the other end it begins where an element is
/// followed by a mark.
#[track_caller]
pub(super) fn segments(g: &Tensor, axis: usize, heads: &Tensor) -> Result<Tensor> {
    let ends = moved(&heads.flipped(axis), axis, 1, true)?;
    from_end(g, axis, |g| g.segmented_sums(axis as isize, &ends))
}

#[track_caller]
fn from_end(
    g: &Tensor,
    axis: usize,
    scan: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    Ok(scan(&g.flipped(axis))?.flipped(axis))
}

/// For each element i of a product's scan Σ gₖ·xᵢ₊₁·…·xₖ over all k from i on: sᵢ = gᵢ + xᵢ₊₁·sᵢ₊₁, by
/// doubling. No division: exact with zeros, and so are its own gradients.
#[track_caller]
fn behind(g: &Tensor, x: &Tensor, axis: usize) -> Result<Tensor> {
    let mut factors = moved(&x.flipped(axis), axis, 1, 0.0)?;
    let mut sums = g.flipped(axis);
    let mut step = 1;
    while step < x.shape()[axis] {
        sums = sums.try_add(factors.try_mul(moved(&sums, axis, step, 0.0)?)?)?;
        factors = factors.try_mul(moved(&factors, axis, step, 0.0)?)?;
        step *= 2;
    }
    Ok(sums.flipped(axis))
}

/// The elements moved towards the end of an axis by some places, with a number moving in.
#[track_caller]
pub(super) fn moved(
    x: &Tensor,
    axis: usize,
    by: usize,
    filler: impl Into<crate::dtype::Scalar>,
) -> Result<Tensor> {
    let n = x.shape()[axis];
    let by = by.min(n);
    let kept = x.sliced(axis, 0, 1, n - by);
    let shape = x.sliced(axis, 0, 1, by).shape_ref().clone();
    let filler = Tensor::constant(filler.into(), x.dtype(), shape, x.device());
    Tensor::concat(&[&filler, &kept], axis as isize)
}
