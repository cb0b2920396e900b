//! Reductions, scans, sorts and statistics.

use tilewise::{DType, Interpolation, Result, Tensor};

use super::super::draw::Class::{Grow, Keep, Whole};
use super::super::draw::Draw;
use super::super::program::Run;
use super::{Step, each, inexact, one, step, two};

type Along = fn(&Tensor, isize) -> Result<Tensor>;

pub(super) const STEPS: &[Step] = &[
    step("sum", Grow, |d| along(d, |t, axis| t.sum(axis))),
    step("sum keepdims", Grow, |d| {
        along(d, |t, axis| t.sum_keepdims(axis))
    }),
    step("sum all", Grow, |d| each(d, |t| t.sum(..))),
    step("sum of two axes", Grow, |d| {
        let (t, a) = d.along()?;
        let b = d.axis(&t);
        one(move |v| v[0].sum([a, b]))
    }),
    step("prod", Whole, |d| along(d, |t, axis| small(t)?.prod(axis))),
    step("max", Keep, |d| along(d, |t, axis| t.max(axis))),
    step("min", Keep, |d| along(d, |t, axis| t.min(axis))),
    step("max keepdims", Keep, |d| {
        along(d, |t, axis| t.max_keepdims(axis))
    }),
    step("min all", Keep, |d| each(d, |t| t.min(..))),
    step("max all", Keep, |d| each(d, |t| t.max(..))),
    step("ptp", Grow, |d| along(d, |t, axis| t.ptp(axis))),
    step("argmax", Grow, |d| along(d, |t, axis| t.argmax(axis))),
    step("argmin", Grow, |d| {
        along(d, |t, axis| t.argmin_keepdims(axis))
    }),
    step("any", Keep, |d| along(d, |t, axis| t.any(axis))),
    step("all", Keep, |d| along(d, |t, axis| t.all_keepdims(axis))),
    step("count_nonzero", Grow, |d| {
        along(d, |t, axis| t.count_nonzero(axis))
    }),
    step("nansum", Grow, |d| along(d, |t, axis| t.nansum(axis))),
    step("nanmax", Keep, |d| along(d, |t, axis| t.nanmax(axis))),
    step("mean", Whole, |d| {
        // Of a power of two elements it is exact.
        let t = d.operand(|t| t.size().is_power_of_two())?;
        let _ = t;
        one(|v| v[0].mean(..))
    }),
    step("diff", Grow, |d| {
        let (_, axis) = d.along()?;
        let n = d.pick(&[0, 1, 2]);
        one(move |v| v[0].diff(n, axis))
    }),
    step("cumsum", Grow, |d| along(d, |t, axis| t.cumsum(axis))),
    step("cumprod", Whole, |d| {
        along(d, |t, axis| small(t)?.cumprod(axis))
    }),
    step("cummax", Keep, |d| along(d, |t, axis| t.cummax(axis))),
    step("cummin", Keep, |d| along(d, |t, axis| t.cummin(axis))),
    step("cummax_indices", Grow, |d| {
        along(d, |t, axis| t.cummax_indices(axis))
    }),
    step("cummin_indices", Grow, |d| {
        along(d, |t, axis| t.cummin_indices(axis))
    }),
    step("sort", Keep, |d| along(d, |t, axis| t.sort(axis))),
    step("sort_descending", Keep, |d| {
        along(d, |t, axis| t.sort_descending(axis))
    }),
    step("argsort", Grow, |d| along(d, |t, axis| t.argsort(axis))),
    step("argsort_descending", Grow, |d| {
        along(d, |t, axis| t.argsort_descending(axis))
    }),
    step("topk", Grow, |d| {
        let (t, axis) = d.along()?;
        let k = d.below(t.shape()[0] + 1);
        let k = d.note(k);
        two(move |v| v[0].topk(k, axis))
    }),
    step("topk_smallest", Grow, |d| {
        let (t, axis) = d.along()?;
        let k = d.below(t.shape()[0] + 1);
        let k = d.note(k);
        two(move |v| v[0].topk_smallest(k, axis))
    }),
    step("kthvalue", Grow, |d| {
        let (_, axis) = d.along()?;
        let k = d.pick(&[0, 1, 2]);
        two(move |v| v[0].kthvalue(k, axis))
    }),
    step("partition", Keep, |d| {
        let (_, axis) = d.along()?;
        let k = d.pick(&[0, 1, -1, 2]);
        one(move |v| v[0].partition(k, axis))
    }),
    step("argpartition", Grow, |d| {
        let (_, axis) = d.along()?;
        let k = d.pick(&[0, 1, -1, 2]);
        one(move |v| v[0].argpartition(k, axis))
    }),
    step("median", Whole, |d| along(d, |t, axis| t.median(axis))),
    step("quantile", Whole, |d| {
        let (_, axis) = d.along()?;
        let q = d.pick(&[0.0, 0.25, 0.5, 1.0]);
        one(move |v| v[0].quantile_with(q, axis, Interpolation::Lower))
    }),
    step("quantiles", Whole, |d| {
        let (_, axis) = d.along()?;
        one(move |v| v[0].quantile_with([0.0, 0.5, 1.0], axis, Interpolation::Higher))
    }),
    step("searchsorted", Grow, |d| {
        d.operand(|t| t.ndim() == 1)?;
        d.any()?;
        let right = d.pick(&[true, false]);
        one(move |v| v[0].sort(-1)?.searchsorted(v[1], right))
    }),
    step("bincount", Grow, |d| {
        d.operand(|t| t.ndim() == 1)?;
        let least = d.pick(&[0, 3, 9]);
        one(move |v| {
            v[0].to_dtype(DType::I32)
                .clamp(-1, 99)?
                .bincount(None, least)
        })
    }),
    step("weighted bincount", Grow, |d| {
        let t = d.operand(|t| t.ndim() == 1)?;
        d.of_shape(t.shape())?;
        one(move |v| {
            v[0].abs()
                .to_dtype(DType::U32)
                .clamp(0, 20)?
                .bincount(Some(v[1]), 2)
        })
    }),
    step("histogram", Grow, |d| {
        d.any()?;
        let bins = d.pick(&[1, 2, 4]);
        two(move |v| v[0].histogram((bins, -4.0, 4.0), None))
    }),
    step("unique", Keep, |d| each(d, |t| t.unique())),
    step("unique_counts", Grow, |d| {
        d.any().and_then(|_| two(|v| v[0].unique_counts()))
    }),
    step("unique_inverse", Grow, |d| {
        d.any().and_then(|_| two(|v| v[0].unique_inverse()))
    }),
    inexact("softmax", |d| {
        along(d, |t, axis| t.softmax(axis)?.try_mul(8))
    }),
    inexact("log_softmax", |d| {
        along(d, |t, axis| t.log_softmax(axis)?.try_mul(2))
    }),
    inexact("mean along", |d| {
        along(d, |t, axis| t.mean(axis)?.try_mul(4))
    }),
    inexact("var", |d| along(d, |t, axis| t.var(axis, 0))),
    inexact("std", |d| along(d, |t, axis| t.std_keepdims(axis, 1))),
];

/// A call along an axis.
fn along(d: &mut Draw, call: Along) -> Option<Run> {
    let (_, axis) = d.along()?;
    one(move |v| call(v[0], axis))
}

/// A tensor of 0, 1 and 2, with few 2s, whose products are powers of two.
fn small(t: &Tensor) -> Result<Tensor> {
    t.floor().clamp(0, 2)
}
