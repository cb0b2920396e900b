"""Values of scans, sorts and what is made of them."""

import warnings

import numpy as np
import torch

from fixture import Fixture

NAN, INF = np.nan, np.inf


def scans():
    out = Fixture(
        "scans.txt",
        """
Scans along an axis: cumsum, cumprod, cummax (maximum.accumulate), cummin, and where PyTorch's cummax and
cummin took their values.
""",
    )
    f = lambda v: np.array(v, np.float32)
    operands = {
        "vector": f([1.5, -2, 0.25, 4, -1]),
        "matrix": np.arange(-6, 9).reshape(3, 5).astype(np.float32) / 4,
        "rank 3": np.arange(-12, 12).reshape(2, 3, 4).astype(np.float32) / 8,
        "nan": f([1, 3, NAN, 2, -NAN, 5]),
        "infinite": f([-INF, 1, INF, 2, -INF, 0]),
        "zeros": f([-0.0, 0.0, -0.0, 1, 0.0]),
        "equal": f([2, 2, 1, 2, 3, 3]),
        "one": f([7]),
        "empty": f([]),
        "no rows": np.zeros((0, 3), np.float32),
        "no columns": np.zeros((2, 0), np.float32),
        "integers": np.array([[3, -1, 4], [1, -5, 9], [2, 6, -5]], np.int32),
        "wrapping": np.array([2147483647, 1, -2147483648, 65536, 65536], np.int32),
        "unsigned": np.array([4294967295, 2, 7, 4294967295], np.uint32),
        "bools": np.array([True, False, True, True]),
    }
    numpy = {
        "cumsum": np.cumsum,
        "cumprod": np.cumprod,
        "cummax": np.maximum.accumulate,
        "cummin": np.minimum.accumulate,
    }
    for name, x in operands.items():
        for axis in range(-x.ndim, x.ndim):
            out.case(f"{name} axis={axis}")
            out.text("axis", str(axis))
            out.array("x", x)
            for key, scan in numpy.items():
                with np.errstate(all="ignore"):
                    if key in ("cummax", "cummin"):
                        y = scan(x, axis=axis)
                    elif x.dtype == np.bool_:
                        y = scan(x, axis=axis, dtype=np.int32)
                    else:
                        y = scan(x, axis=axis, dtype=x.dtype)
                out.array(key, y)
            if x.dtype == np.uint32 or x.size == 0:
                continue
            t = torch.tensor(x)
            for key in ("cummax", "cummin"):
                out.array(f"{key}_indices", getattr(torch, key)(t, axis).indices.numpy().astype(np.int32))
    out.write()


def sorts():
    out = Fixture(
        "sorts.txt",
        """
Sorting along an axis: sort, stable argsort, and both in descending order as PyTorch's stable sort gives them.
""",
    )
    f = lambda v: np.array(v, np.float32)
    operands = {
        "vector": f([1.5, -2, 0.25, 4, -1]),
        "matrix": f([[3, 1, 2, 1], [-1, 5, -1, 0], [2, 2, 2, 2]]),
        "rank 3": np.random.default_rng(1).integers(-4, 5, (2, 3, 4)).astype(np.float32),
        "nan": f([1, NAN, -3, -NAN, 2, NAN, INF, -INF]),
        "zeros": f([0.0, -0.0, 1, -0.0, 0.0, -1]),
        "subnormal": f([1e-40, 0, -1e-40, 2e-38, -2e-38]),
        "huge": f([3.4e38, -3.4e38, 1, -1, 1e30]),
        "one": f([7]),
        "empty": f([]),
        "no rows": np.zeros((0, 3), np.float32),
        "no columns": np.zeros((2, 0), np.float32),
        "integers": np.array([[3, -1, 4], [1, -5, 9], [2, 6, -5]], np.int32),
        "extreme integers": np.array([2147483647, 0, -2147483648, -1, 1], np.int32),
        "unsigned": np.array([4294967295, 2, 7, 4294967295, 0, 2147483648], np.uint32),
        "bools": np.array([True, False, True, False, False, True]),
        "odd": np.random.default_rng(2).integers(-9, 10, 33).astype(np.float32),
    }
    for name, x in operands.items():
        for axis in range(-x.ndim, x.ndim):
            out.case(f"{name} axis={axis}")
            out.text("axis", str(axis))
            out.array("x", x)
            out.array("sort", np.sort(x, axis=axis, kind="stable"))
            out.array("argsort", np.argsort(x, axis=axis, kind="stable").astype(np.int32))
            # PyTorch has no order of u32.
            wide = torch.tensor(x.astype(np.int64) if x.dtype == np.uint32 else x)
            values, places = torch.sort(wide, dim=axis, descending=True, stable=True)
            out.array("descending", values.numpy().astype(x.dtype))
            out.array("argdescending", places.numpy().astype(np.int32))
    out.write()


def keys(x):
    """Integers in the order of the elements: −0 before +0, every NaN last."""
    if x.dtype != np.float32:
        return x.astype(np.int64)
    bits = x.view(np.int32).astype(np.int64)
    ordered = np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)
    return np.where(np.isnan(x), 1 << 40, ordered)


def sides(k, kth, axis):
    """Where the elements stand that are smaller than the one of a rank, equal to it, larger, each in order."""
    key = np.take(np.sort(k, axis=axis), [kth], axis=axis)
    return np.argsort(np.sign(k - key), axis=axis, kind="stable")


def partitions():
    out = Fixture(
        "partitions.txt",
        """
Stable partitions along an axis: what is smaller than the element of rank kth, what is equal to it, what is
larger, each in the order it had. Values with −0 before +0; places with both as equals.
""",
    )
    f = lambda v: np.array(v, np.float32)
    rng = np.random.default_rng(4)
    operands = {
        "vector": f([1.5, -2, 0.25, 4, -1, 7, 0.5]),
        "matrix": f([[3, 1, 2, 1], [-1, 5, -1, 0], [2, 2, 2, 2]]),
        "rank 3": rng.integers(-3, 4, (2, 3, 5)).astype(np.float32),
        "nan": f([1, NAN, -3, -NAN, 2, NAN, INF, -INF]),
        "all nan": f([NAN, -NAN, NAN]),
        "zeros": f([0.0, -0.0, 1, -0.0, 0.0, -1]),
        "subnormal": f([1e-40, 0, -1e-40, 2e-38, -2e-38]),
        "one": f([7]),
        "no rows": np.zeros((0, 3), np.float32),
        "integers": np.array([[3, -1, 4], [1, -5, 9], [2, 6, -5]], np.int32),
        "extreme integers": np.array([2147483647, 0, -2147483648, -1, 0, 1], np.int32),
        "unsigned": np.array([4294967295, 2, 7, 4294967295, 0, 2147483648], np.uint32),
        "bools": np.array([True, False, True, False, False, True]),
        "odd": rng.integers(-9, 10, 33).astype(np.float32),
    }
    for name, x in operands.items():
        for axis in range(-1, x.ndim - 1):
            n = x.shape[axis]
            for kth in sorted({0, n // 2, n - 1, -n, -2} & set(range(-n, n))):
                out.case(f"{name} axis={axis} kth={kth}")
                out.text("axis", str(axis))
                out.text("kth", str(kth))
                out.array("x", x)
                values = sides(keys(x), kth, axis)
                parted = np.take_along_axis(x, values, axis)
                # What NumPy promises holds.
                assert x.size == 0 or np.array_equal(
                    np.take(parted, kth, axis), np.take(np.partition(x, kth, axis), kth, axis), equal_nan=x.dtype == np.float32
                )
                out.array("partition", parted)
                equal = x + np.float32(0) if x.dtype == np.float32 else x
                out.array("argpartition", sides(keys(equal), kth, axis).astype(np.int32))
    out.write()


QUANTILES = [0.0, 0.1, 0.25, 0.5, 0.9, 1.0]


def statistics():
    out = Fixture(
        "statistics.txt",
        """
Quantiles, reductions that leave NaN out, weighted means, counts and differences. Each with axis=None too.
""",
    )
    f = lambda v: np.array(v, np.float32)
    operands = {
        "vector": f([1.5, -2, 0.25, 4, -1]),
        "even": f([3, 1, 10, 2]),
        "matrix": f([[3, 1, 2, 1], [-1, 5, -1, 0], [2, 2, 2, 2]]),
        "rank 3": np.random.default_rng(3).integers(-40, 50, (2, 3, 4)).astype(np.float32),
        "some nan": f([[1, NAN, 3], [-NAN, 5, 7], [2, 0, 1]]),
        "all nan": f([[NAN, NAN], [1, NAN]]),
        "one": f([7]),
        "integers": np.array([[3, -1, 4], [0, -5, 9], [2, 6, 0]], np.int32),
        "bools": np.array([[True, False, True], [False, False, True]]),
    }
    methods = ["linear", "lower", "higher", "midpoint", "nearest"]
    for name, x in operands.items():
        wide = x.astype(np.float64)
        for axis in dict.fromkeys([None, *range(x.ndim - 1), -1]):
            out.case(f"{name} axis={axis}")
            out.text("axis", "all" if axis is None else str(axis))
            out.array("x", x)
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                out.array("median", np.median(wide, axis=axis))
                for method in methods:
                    out.array(method, np.quantile(wide, QUANTILES, axis=axis, method=method))
                if x.dtype != np.bool_:
                    out.array("ptp", np.ptp(x, axis=axis))
                weights = np.arange(1, x.size + 1).reshape(x.shape).astype(np.float64) / 4
                out.array("average", np.average(wide, axis=axis, weights=weights))
                out.array("count_nonzero", np.asarray(np.count_nonzero(x, axis=axis), np.int32))
                for key in ["nansum", "nanmean", "nanmax", "nanmin", "nanmedian", "nanvar", "nanstd"]:
                    out.array(key, getattr(np, key)(wide, axis=axis))
            if axis is not None:
                for n in range(3):
                    out.array(f"diff{n}", np.diff(x, n=n, axis=axis))
    out.write()
