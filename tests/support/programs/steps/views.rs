//! Views, and what moves elements about.

use tilewise::{Dim, SliceSpec, Tensor};

use super::super::draw::Class::Keep;
use super::super::draw::Draw;
use super::{Step, each, many, one, step};

pub(super) const STEPS: &[Step] = &[
    step("t", Keep, |d| each(d, |t| Ok(t.t()))),
    step("squeeze_all", Keep, |d| each(d, |t| Ok(t.squeeze_all()))),
    step("ravel", Keep, |d| each(d, |t| Ok(t.ravel()))),
    step("contiguous", Keep, |d| each(d, |t| Ok(t.contiguous()))),
    step("flip", Keep, |d| {
        let (_, axis) = d.along()?;
        one(move |v| v[0].flip(axis))
    }),
    step("rot90", Keep, |d| {
        d.operand(|t| t.ndim() > 1)?;
        let (k, axes) = (d.number(-4, 5), d.pick(&[[0, 1], [1, 0], [-1, 0], [0, 0]]));
        one(move |v| v[0].rot90(k, axes))
    }),
    step("roll", Keep, |d| {
        let (_, axis) = d.along()?;
        let shift = d.number(-9, 10);
        one(move |v| v[0].roll(shift, axis))
    }),
    step("roll all", Keep, |d| {
        d.any()?;
        let shift = d.number(-9, 10);
        one(move |v| v[0].roll(shift, ..))
    }),
    step("permute", Keep, |d| {
        let t = d.any()?;
        let axes = permutation(d, t.ndim());
        one(move |v| v[0].permute(&axes))
    }),
    step("transpose", Keep, |d| {
        let (t, a) = d.along()?;
        let b = d.axis(&t);
        one(move |v| v[0].transpose(a, b))
    }),
    step("moveaxis", Keep, |d| {
        let (t, a) = d.along()?;
        let b = d.axis(&t);
        one(move |v| v[0].moveaxis(a, b))
    }),
    step("unsqueeze", Keep, |d| {
        let t = d.operand(|t| t.ndim() < 5)?;
        let n = t.ndim() as isize;
        let axis = d.number(-n - 2, n + 2);
        one(move |v| v[0].unsqueeze(axis))
    }),
    step("squeeze", Keep, |d| {
        let (_, axis) = d.along()?;
        one(move |v| v[0].squeeze(axis))
    }),
    step("reshape", Keep, |d| {
        let t = d.any()?;
        let shape = factors(d, t.size());
        one(move |v| v[0].reshape(&shape))
    }),
    step("reshape -1", Keep, |d| {
        d.any()?;
        let shape = d.pick(&[[-1, 1], [1, -1], [2, -1], [-1, 3], [-1, 4]]);
        one(move |v| v[0].reshape(shape))
    }),
    step("flatten", Keep, |d| {
        let (t, a) = d.along()?;
        let b = d.axis(&t);
        one(move |v| v[0].flatten(a, b))
    }),
    step("broadcast_to", Keep, |d| {
        let t = d.operand(|t| t.ndim() < 5)?;
        let mut shape = t.shape().to_vec();
        for size in &mut shape {
            if *size == 1 && d.once_in(2) {
                *size = d.size();
            }
        }
        if d.once_in(2) {
            shape.insert(0, d.below(4));
        }
        let shape = d.note(shape);
        one(move |v| v[0].broadcast_to(&shape[..]))
    }),
    step("slice", Keep, |d| {
        let t = d.any()?;
        let spec = slices(d, &t);
        one(move |v| v[0].slice(spec.clone()))
    }),
    step("slice of one axis", Keep, |d| {
        let t = d.any()?;
        let spec = slices(d, &t);
        one(move |v| v[0].slice(SliceSpec(spec.0.iter().take(1).copied().collect())))
    }),
    step("narrow", Keep, |d| {
        let (t, axis) = d.along()?;
        let size = *t.shape().first()?;
        let start = d.below(size + 1);
        let len = d.below(size + 1 - start);
        let (start, len) = d.note((start, len));
        one(move |v| v[0].narrow(axis, start, len))
    }),
    step("windows", Keep, |d| {
        let (_, axis) = d.along()?;
        let (size, by, dilation) = (d.pick(&[1, 2, 3]), d.pick(&[1, 2, 3]), d.pick(&[1, 1, 2]));
        one(move |v| v[0].windows(axis, size, by, dilation))
    }),
    step("diagonal", Keep, |d| {
        let t = d.operand(|t| t.ndim() > 1)?;
        let (offset, a, b) = (d.number(-2, 3), d.axis(&t), d.axis(&t));
        one(move |v| v[0].diagonal(offset, a, b))
    }),
    step("diag", Keep, |d| {
        d.operand(|t| t.ndim() == 1 && t.size() < 40 || t.ndim() == 2)?;
        let offset = d.number(-2, 3);
        one(move |v| v[0].diag(offset))
    }),
    step("split", Keep, |d| {
        let (_, axis) = d.along()?;
        let sections = d.pick(&[1, 2, 3]);
        many(move |v| v[0].split(sections, axis))
    }),
    step("array_split", Keep, |d| {
        let (_, axis) = d.along()?;
        let sections = d.pick(&[2, 3, 4]);
        many(move |v| v[0].array_split(sections, axis))
    }),
    step("unstack", Keep, |d| {
        let (_, axis) = d.along()?;
        many(move |v| v[0].unstack(axis))
    }),
    step("broadcast_arrays", Keep, |d| {
        let t = d.any()?;
        d.partner(&t)?;
        many(|v| Tensor::broadcast_arrays(&[v[0], v[1]]))
    }),
    step("detach", Keep, |d| each(d, |t| Ok(t.detach()))),
];

/// The axes of a tensor in some order; seldom one twice.
fn permutation(d: &mut Draw, rank: usize) -> Vec<isize> {
    let mut axes: Vec<isize> = (0..rank as isize).collect();
    for i in (1..rank).rev() {
        axes.swap(i, d.below(i + 1));
    }
    if rank > 0 && d.once_in(60) {
        axes[0] = axes[rank - 1];
    }
    d.note(axes)
}

/// A shape of so many elements.
fn factors(d: &mut Draw, size: usize) -> Vec<usize> {
    let mut left = size;
    let mut shape = Vec::new();
    for factor in [2, 3, 5] {
        if left > 0 && left.is_multiple_of(factor) && d.once_in(2) {
            left /= factor;
            shape.push(factor);
        }
    }
    shape.insert(d.below(shape.len() + 1), left);
    if d.once_in(60) {
        shape.push(2);
    }
    d.note(shape)
}

/// A slice of a tensor: indices, ranges with steps of either sign, new axes, an ellipsis.
pub(super) fn slices(d: &mut Draw, t: &Tensor) -> SliceSpec {
    let mut entries = Vec::new();
    for &size in t.shape() {
        let n = size as isize;
        let bound = |d: &mut Draw| match d.below(3) {
            0 => Some(d.below(2 * size + 3) as isize - n - 1),
            _ => None,
        };
        let (start, end) = (bound(d), bound(d));
        let by = [1, 1, 1, 2, -1, -1, -2, 3, -3][d.below(9)];
        entries.push(match d.below(12) {
            0 => Dim::At(d.below(size.max(1)) as isize - if d.once_in(2) { n } else { 0 }),
            1..5 => Dim::Range(None, None, 1),
            _ => Dim::Range(start, end, by),
        });
        if d.once_in(12) && entries.len() < 5 {
            entries.push(Dim::NewAxis);
        }
    }
    if d.once_in(6) {
        entries.truncate(d.below(entries.len() + 1));
        entries.insert(0, Dim::Ellipsis);
    }
    if d.once_in(80) {
        entries.push(Dim::Range(None, None, 0));
    }
    d.note(SliceSpec(entries))
}
