"""Functions along axes: reductions, scans, orders."""

import numpy as np
import torch

from .case import INF, NAN, OPERANDS, Edges, numbers, places, single, wide


def largest(x, axis):
    """The largest elements, where that is finite, to take from all before the exponential."""
    top = np.max(x, axis=axis, keepdims=True, initial=-INF)
    return np.where(np.isfinite(top), top, 0)


def log_sum(x, axis, keepdims=False):
    x = single(x)
    top = largest(x, axis)
    result = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return result if keepdims else np.squeeze(result, axis=axis)


def share(x, axis, q):
    """NumPy's quantile, NaN for no elements, and between equal infinities the infinity."""
    x = wide(x)
    if x.size == 0 and (axis is None or x.shape[axis] == 0):
        return np.full(np.sum(x, axis=axis).shape, NAN)
    low, high = (np.quantile(x, q, axis=axis, method=method) for method in ("lower", "higher"))
    return np.where(low == high, low, np.quantile(x, q, axis=axis))


def same_type(f):
    """Integers stay in their type and wrap; bools count as i32; floats are summed in f64."""

    def call(x, axis):
        x = numbers(x)
        return f(wide(x), axis=axis) if x.dtype.kind == "f" else f(x, axis=axis, dtype=x.dtype)

    return call


def first(f):
    return lambda x, axis: places(f(x.astype(np.int64) if x.dtype.kind == "u" else x, axis=axis))


REDUCTIONS = {
    "sum": same_type(np.sum),
    "prod": same_type(np.prod),
    "mean": lambda x, axis: np.mean(single(x), axis=axis),
    "max": lambda x, axis: np.max(x, axis=axis),
    "min": lambda x, axis: np.min(x, axis=axis),
    "argmax": first(np.argmax),
    "argmin": first(np.argmin),
    "var": lambda x, axis: np.var(wide(x), axis=axis),
    "std": lambda x, axis: np.std(wide(x), axis=axis, ddof=1),
    "any": lambda x, axis: np.any(x, axis=axis),
    "all": lambda x, axis: np.all(x, axis=axis),
    "ptp": lambda x, axis: np.ptp(numbers(x), axis=axis),
    "count_nonzero": lambda x, axis: np.asarray(np.count_nonzero(x, axis=axis)).astype(np.int32),
    "logsumexp": log_sum,
    "median": lambda x, axis: np.median(wide(x), axis=axis),
    "quantile": lambda x, axis: share(x, axis, 0.3),
    "percentile": lambda x, axis: share(x, axis, 0.75),
    "nansum": same_type(np.nansum),
    "nanmean": lambda x, axis: np.nanmean(single(x), axis=axis),
    "nanmax": lambda x, axis: np.nanmax(x, axis=axis),
    "nanmin": lambda x, axis: np.nanmin(x, axis=axis),
    "nanvar": lambda x, axis: np.nanvar(wide(x), axis=axis),
    "nanstd": lambda x, axis: np.nanstd(wide(x), axis=axis),
    "nanmedian": lambda x, axis: np.nanmedian(wide(x), axis=axis),
}


def reductions():
    out = Edges("edges_reductions.txt", "Reductions over one axis and over all, at the edges (see the folder edges).")
    for name, x in OPERANDS.items():
        out.case(name, x)
        for axis in ["..", *range(-x.ndim - 1, x.ndim + 1)]:
            for key, f in REDUCTIONS.items():
                out.call(f"{key}({axis})", lambda: along(f, x, None if axis == ".." else axis))
    out.write()


def along(f, x, axis):
    """NumPy lets some functions take axis 0 of a number; here it is an error for all."""
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise ValueError("axis")
    return f(x, axis)


def softmax(x, axis):
    x = single(x)
    # An infinite largest element gives NaN.
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-INF))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def log_softmax(x, axis):
    x = single(x)
    x = x - np.max(x, axis=axis, keepdims=True, initial=-INF)
    return x - log_sum(x, axis, keepdims=True)


def descending(x, axis):
    t = torch.tensor(x.astype(np.int64) if x.dtype.kind == "u" else x)
    return [v.numpy() for v in torch.sort(t, dim=axis, descending=True, stable=True)]


def picked(f, x, axis):
    """PyTorch's values and places, of which there is one of each kind."""
    t = torch.tensor(x.astype(np.int64) if x.dtype.kind == "u" else x)
    values, where = f(t, axis)
    return [values.numpy().astype(x.dtype), places(where.numpy())]


def top(x, axis, count, largest):
    """The first of a stable order, NaN the largest."""
    if count > x.shape[axis]:
        raise ValueError("count")
    values, where = descending(x, axis) if largest else (np.sort(x, axis, "stable"), np.argsort(x, axis, "stable"))
    few = range(count)
    return [np.take(values, few, axis).astype(x.dtype), places(np.take(where, few, axis))]


def kth(x, axis, k):
    if k > x.shape[axis]:
        raise ValueError("k")
    where = np.take(np.argsort(x, axis, "stable"), k - 1, axis)
    return [np.take(np.sort(x, axis), k - 1, axis), places(where)]


def parting(x, kth):
    """The places of a vector's elements before the one of that rank, those equal to it, and those after, each in
    their order; NaN is the largest."""
    nan, value = np.isnan(x), np.nan_to_num(x, nan=0) if x.dtype.kind == "f" else x
    middle = np.argsort(x, kind="stable")[kth]
    before = (nan < nan[middle]) | ((nan == nan[middle]) & (value < value[middle]))
    equal = (nan == nan[middle]) & (value == value[middle])
    return np.concatenate([np.flatnonzero(part) for part in (before, equal, ~before & ~equal)])


def parted(x, axis, kth):
    if not -x.shape[axis] <= kth < x.shape[axis]:
        raise ValueError("kth")
    return places(np.apply_along_axis(parting, axis, x, kth)) if x.size else places(x)


def scan_places(f):
    return lambda x, axis: places(picked(f, x, axis)[1]) if x.size else places(x)


def average(x, axis):
    """By the weights 1, 2, …; there must be some."""
    if x.shape[axis] == 0:
        return np.full(np.sum(x, axis).shape, NAN)
    return np.average(wide(x), axis, np.arange(1.0, x.shape[axis] + 1))


ALONG = {
    "cumsum({})": same_type(np.cumsum),
    "cumprod({})": same_type(np.cumprod),
    "cummax({})": lambda x, axis: np.maximum.accumulate(x, axis=axis),
    "cummin({})": lambda x, axis: np.minimum.accumulate(x, axis=axis),
    "cummax_indices({})": scan_places(torch.cummax),
    "cummin_indices({})": scan_places(torch.cummin),
    "diff(1,{})": lambda x, axis: np.diff(x, 1, axis),
    "diff(2,{})": lambda x, axis: np.diff(x, 2, axis),
    "sort({})": lambda x, axis: np.sort(x, axis, "stable"),
    "argsort({})": lambda x, axis: places(np.argsort(x, axis, "stable")),
    "sort_descending({})": lambda x, axis: descending(x, axis)[0].astype(x.dtype),
    "argsort_descending({})": lambda x, axis: places(descending(x, axis)[1]),
    "topk(2,{})": lambda x, axis: top(x, axis, 2, True),
    "topk_smallest(2,{})": lambda x, axis: top(x, axis, 2, False),
    "kthvalue(1,{})": lambda x, axis: kth(x, axis, 1),
    "partition(1,{})": lambda x, axis: np.take_along_axis(x, parted(x, axis, 1).astype(np.int64), axis),
    "partition(-1,{})": lambda x, axis: np.take_along_axis(x, parted(x, axis, -1).astype(np.int64), axis),
    "argpartition(2,{})": lambda x, axis: parted(x, axis, 2),
    "softmax({})": softmax,
    "log_softmax({})": log_softmax,
    "normalize(2,{},1e-12)": lambda x, axis: wide(x) / np.maximum(np.sqrt(np.sum(wide(x) ** 2, axis, keepdims=True)), 1e-12),
    "flip({})": np.flip,
    "roll(2,{})": lambda x, axis: np.roll(x, 2, axis),
    "roll(-9,{})": lambda x, axis: np.roll(x, -9, axis),
    "repeat(2,{})": lambda x, axis: np.repeat(x, 2, axis),
    "repeat_interleave(3,{})": lambda x, axis: np.repeat(x, 3, axis),
    "repeat(0,{})": lambda x, axis: np.repeat(x, 0, axis),
    "unstack({})": lambda x, axis: list(np.unstack(x, axis=axis)),
    "array_split(2,{})": lambda x, axis: np.array_split(x, 2, axis),
    "split(3,{})": lambda x, axis: np.split(x, 3, axis),
    "chunk(2,{})": lambda x, axis: [v.numpy().astype(x.dtype) for v in torch.chunk(torch.tensor(x.astype(np.int64) if x.dtype.kind == "u" else x), 2, axis)],
    "windows(2,{})": lambda x, axis: np.lib.stride_tricks.sliding_window_view(x, 2, axis),
    "squeeze({})": np.squeeze,
    "average({})": average,
    "concat({})": lambda x, axis: np.concatenate([x, x], axis),
}


def axes():
    out = Edges("edges_axes.txt", "Scans, orders and other functions along an axis, at the edges (see the folder edges).")
    for name, x in OPERANDS.items():
        out.case(name, x)
        for axis in range(-x.ndim - 1, x.ndim + 1):
            for key, f in ALONG.items():
                out.call(key.format(axis), lambda: along(f, x, axis))
    out.write()
