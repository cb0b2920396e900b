//! Reading and writing by indices and masks, and assignment.

use tilewise::{Result, Tensor};

use super::super::draw::Class::{Grow, Keep};
use super::super::draw::Draw;
use super::super::program::Run;
use super::views::slices;
use super::{Step, each, many, one, places, step};

type Along = fn(&Tensor, &Tensor, &Tensor, isize) -> Result<Tensor>;

pub(super) const STEPS: &[Step] = &[
    step("index_select", Keep, |d| {
        let (axis, n, back) = addressed(d)?;
        d.operand(|t| t.ndim() == 1)?;
        one(move |v| v[0].index_select(axis, &places(v[1], n, back)?))
    }),
    step("take", Keep, |d| {
        let (axis, n, back) = addressed(d)?;
        d.any()?;
        one(move |v| v[0].take(&places(v[1], n, back)?, axis))
    }),
    step("gather", Keep, |d| {
        let (axis, n, back) = along_shape(d)?;
        one(move |v| v[0].gather(axis, &places(v[1], n, back)?))
    }),
    step("take_along_axis", Keep, |d| {
        let (axis, n, back) = along_shape(d)?;
        one(move |v| v[0].take_along_axis(&places(v[1], n, back)?, axis))
    }),
    step("at", Keep, |d| {
        let n = first_axis(d)?;
        d.any()?;
        one(move |v| v[0].at(&[&places(v[1], n, false)?]))
    }),
    step("at two", Keep, |d| {
        let (n, m) = first_axes(d)?;
        let i = d.any()?;
        d.partner(&i)?;
        one(move |v| v[0].at(&[&places(v[1], n, true)?, &places(v[2], m, false)?]))
    }),
    step("at mask", Keep, |d| {
        let t = d.any()?;
        d.of_shape(t.shape())?;
        one(move |v| v[0].at(&[&v[1].gt(0)?]))
    }),
    step("put_along_axis", Keep, |d| {
        scatter(d, |t, i, x, axis| t.put_along_axis(i, x, axis))
    }),
    step("scatter_add", Grow, |d| {
        scatter(d, |t, i, x, axis| t.scatter_add(axis, i, x))
    }),
    step("scatter_max", Grow, |d| {
        scatter(d, |t, i, x, axis| t.scatter_max(axis, i, x))
    }),
    step("scatter_min", Grow, |d| {
        scatter(d, |t, i, x, axis| t.scatter_min(axis, i, x))
    }),
    step("index_put", Keep, |d| {
        let n = first_axis(d)?;
        d.operand(|t| t.ndim() == 1)?;
        let value = d.number(0, 8) as i32;
        one(move |v| v[0].index_put(&[&places(v[1], n, false)?], value))
    }),
    step("index_put values", Grow, |d| {
        let (n, m) = first_axes(d)?;
        let i = d.operand(|t| t.ndim() < 3)?;
        d.partner(&i)?;
        d.of_shape(i.shape())?;
        one(move |v| {
            let index = [&places(v[1], n, true)?, &places(v[2], m, false)?];
            v[0].index_put(&index, &v[3].remainder(8)?)
        })
    }),
    step("index_add", Grow, |d| {
        let n = first_axis(d)?;
        d.operand(|t| t.ndim() == 1)?;
        d.numbers()?;
        one(move |v| v[0].index_add(&[&places(v[1], n, false)?], v[2]))
    }),
    step("add_at", Grow, |d| {
        let (n, m) = first_axes(d)?;
        let i = d.operand(|t| t.ndim() < 3)?;
        d.of_shape(i.shape())?;
        one(move |v| {
            let mut x = v[0].clone();
            x.add_at(&[&places(v[1], n, false)?, &places(v[1], m, true)?], v[2])?;
            Ok(x)
        })
    }),
    step("set_at", Grow, |d| {
        let n = first_axis(d)?;
        d.operand(|t| t.ndim() == 1)?;
        let value = d.number(0, 8) as i32;
        one(move |v| {
            let mut x = v[0].clone();
            x.set_at(&[&places(v[1], n, true)?], value)?;
            Ok(x)
        })
    }),
    step("slice_assign", Grow, |d| {
        let t = d.any()?;
        let spec = slices(d, &t);
        let part = t.slice(spec.clone()).ok()?;
        d.of_shape(part.shape())?;
        one(move |v| v[0].slice_assign(spec.clone(), &v[1].remainder(8)?))
    }),
    step("set", Keep, |d| {
        let t = d.any()?;
        let spec = slices(d, &t);
        let value = d.number(0, 8) as i32;
        one(move |v| {
            let mut x = v[0].clone();
            x.set(spec.clone(), value)?;
            Ok(x)
        })
    }),
    step("set a part of itself", Keep, |d| {
        let t = d.any()?;
        let spec = slices(d, &t);
        one(move |v| {
            let mut x = v[0].clone();
            let part = x.slice(spec.clone())?;
            let part = if part.ndim() > 0 { part.flip(0)? } else { part };
            x.set(spec.clone(), &part)?;
            Ok(x)
        })
    }),
    step("flatnonzero", Grow, |d| each(d, |t| t.flatnonzero())),
    step("nonzero", Grow, |d| {
        d.operand(|t| t.ndim() > 0)?;
        many(|v| v[0].nonzero())
    }),
    step("argwhere", Grow, |d| each(d, |t| t.argwhere())),
    step("masked_select", Keep, |d| {
        let t = d.any()?;
        d.partner(&t)?;
        one(|v| v[0].masked_select(&v[1].gt(0)?))
    }),
    step("one_hot", Keep, |d| {
        d.operand(|t| t.size() < 400)?;
        one(|v| places(v[0], 5, false)?.one_hot(5))
    }),
    step("unravel_index", Grow, |d| {
        d.any()?;
        many(|v| places(v[0], 12, false)?.unravel_index([3, 4]))
    }),
    step("embedding and sum", Grow, |d| {
        let (axis, n, back) = addressed(d)?;
        d.any()?;
        one(move |v| v[0].take(&places(v[1], n, back)?, axis)?.sum(..))
    }),
];

/// A tensor to read by indices, an axis of it that has elements, their number, and whether to count back.
fn addressed(d: &mut Draw) -> Option<(isize, usize, bool)> {
    let t = d.operand(|t| t.ndim() > 0 && t.size() > 0)?;
    let axis = d.below(t.ndim());
    let axis = d.note(axis);
    let back = d.pick(&[true, false]);
    Some((axis as isize, t.shape()[axis], back))
}

/// The same, and an index of its shape but for the axis.
fn along_shape(d: &mut Draw) -> Option<(isize, usize, bool)> {
    let t = d.operand(|t| t.ndim() > 0 && t.size() > 0)?;
    let axis = d.below(t.ndim());
    let axis = d.note(axis);
    let back = d.pick(&[true, false]);
    let mut shape = t.shape().to_vec();
    shape[axis] = d.size();
    d.of_shape(&shape)?;
    Some((axis as isize, t.shape()[axis], back))
}

/// Values of another tensor written along an axis, some of them to the same places.
fn scatter(d: &mut Draw, call: Along) -> Option<Run> {
    let (axis, n, back) = along_shape(d)?;
    if d.once_in(3) {
        return one(move |v| {
            let index = places(v[1], n, back)?;
            call(v[0], &index, &v[1].remainder(8)?, axis)
        });
    }
    let numbers = d.numbers()?;
    let _ = numbers;
    one(move |v| {
        let index = places(v[1], n, back)?;
        call(v[0], &index, &v[2].remainder(8)?, axis)
    })
}

/// A tensor whose first axis has elements, and their number.
fn first_axis(d: &mut Draw) -> Option<usize> {
    let t = d.operand(|t| t.ndim() > 0 && t.shape()[0] > 0)?;
    Some(t.shape()[0])
}

/// A tensor whose first two axes have elements, and their numbers.
fn first_axes(d: &mut Draw) -> Option<(usize, usize)> {
    let t = d.operand(|t| t.ndim() > 1 && t.shape()[0] * t.shape()[1] > 0)?;
    Some((t.shape()[0], t.shape()[1]))
}
