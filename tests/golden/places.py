"""Reading and writing by indices, masks, searches, counts."""

import numpy as np

from fixture import Fixture, quarters


def places():
    out = Fixture(
        "places.txt",
        """
Reading and writing by indices, masks, searches and counts, by NumPy.
The case's name is the method; its arguments are under their names.""",
    )
    rng = np.random.default_rng(11)

    def indices(shape, size):
        return rng.integers(-size, size, shape).astype(np.int32)

    x = rng.integers(-50, 50, (3, 4, 5)).astype(np.int32)
    for axis in (0, 1, 2, -1):
        for shape in ((), (3,), (1,), (2, 2), (0,)):
            out.case("take")
            out.array("x", x)
            out.text("axis", str(axis))
            index = indices(shape, x.shape[axis])
            out.array("index", index)
            out.array("result", np.take(x, index, axis))
    for axis, shape in ((0, (2, 4, 5)), (1, (3, 7, 5)), (2, (1, 4, 2)), (-2, (3, 1, 1)), (1, (3, 0, 5))):
        out.case("take_along_axis")
        out.array("x", x)
        out.text("axis", str(axis))
        index = indices(shape, x.shape[axis])
        out.array("index", index)
        out.array("result", np.take_along_axis(x, index, axis))
    for axis, shape, values in ((0, (2, 4, 5), (2, 4, 5)), (1, (3, 7, 5), (7, 1)), (2, (1, 4, 2), ()), (-2, (3, 1, 1), (1,))):
        out.case("put_along_axis")
        out.array("x", x)
        out.text("axis", str(axis))
        index = indices(shape, x.shape[axis])
        value = rng.integers(100, 200, values).astype(np.int32)
        result = x.copy()
        np.put_along_axis(result, index, value, axis)
        out.array("index", index)
        out.array("values", value)
        out.array("result", result)

    f = quarters(12, 4, 3)
    for shapes, rest in (
        (((5,),), ()),
        (((5,),), (3,)),
        (((2, 3),), (2, 3, 3)),
        (((6,), (6,)), (6,)),
        (((2, 1), (3,)), (3,)),
        (((), (4,)), ()),
        (((0,),), (0, 3)),
        (((), ()), ()),
    ):
        given = [indices(shape, size) for shape, size in zip(shapes, f.shape)]
        values = quarters(13, *rest)
        key = tuple(given)
        for name in ("at", "index_put", "index_add"):
            result = f.copy()
            if name == "at":
                result = f[key]
            elif name == "index_put":
                result[key] = values
            else:
                np.add.at(result, key, values)
            out.case(name)
            out.array("x", f)
            for k, index in enumerate(given):
                out.array(f"index{k}", index)
            out.array("values", values)
            out.array("result", result)

    for name, ufunc in (("scatter_add", np.add), ("scatter_max", np.maximum), ("scatter_min", np.minimum)):
        for axis, shape in ((0, (9, 3)), (1, (4, 6)), (-1, (2, 5)), (0, (5, 1))):
            for dtype in (np.float32, np.int32):
                base = f.astype(dtype)
                index = indices(shape, f.shape[axis])
                values = quarters(14, *shape).astype(dtype)
                result = base.copy()
                others = np.indices(shape)
                key = [others[0], others[1]]
                key[axis] = index
                ufunc.at(result, tuple(key), values)
                out.case(name)
                out.array("x", base)
                out.text("axis", str(axis))
                out.array("index", index)
                out.array("values", values)
                out.array("result", result)

    nan, inf = np.nan, np.inf
    sorted_values = {
        "f32": np.array([-inf, -2, -0.0, 0.0, 0.5, 0.5, 0.5, 3, inf, nan, nan], np.float32),
        "i32": np.array([-7, -7, 0, 2, 2, 9], np.int32),
        "u32": np.array([0, 3, 3, 4_000_000_000], np.uint32),
        "none": np.array([], np.float32),
        "one": np.array([1.5], np.float32),
    }
    wanted = {
        "f32": np.array([nan, -inf, inf, 0.0, -0.0, 0.5, 0.4, -2, 100, -100], np.float32),
        "i32": np.array([-8, -7, -6, 0, 2, 3, 9, 10], np.int32),
        "u32": np.array([0, 1, 3, 4_000_000_000, 4_294_967_295], np.uint32),
        "none": np.array([0.0, nan], np.float32),
        "one": np.array([[1.5, 1.0], [2.0, nan]], np.float32),
    }
    for name, values in sorted_values.items():
        for side in ("left", "right"):
            out.case("searchsorted")
            out.array("x", values)
            out.text("side", side)
            out.array("values", wanted[name])
            out.array("result", np.searchsorted(values, wanted[name], side))

    n = np.array([3, 0, 7, 3, 3, 1], np.int32)
    w = quarters(15, 6)
    for values, weights, least in ((n, None, 0), (n, None, 12), (n, w, 0), (n[:0], None, 0), (n[:0], None, 4), (n[:1], w[:1], 2)):
        out.case("bincount")
        out.array("x", values)
        if weights is not None:
            out.array("weights", weights)
        out.text("minlength", str(least))
        result = np.bincount(values, weights, least)
        out.array("result", result if weights is None else result.astype(np.float32))

    h = np.concatenate([quarters(16, 50), [nan, inf, -inf]]).astype(np.float32)
    e = np.array([-3, -1, -0.5, 0, 0.25, 4], np.float32)
    weights = quarters(17, 53)
    for bins, limits in ((8, (-4.0, 4.0)), (1, (0.0, 1.0)), (16, (-2.0, 2.0)), (e, None)):
        for weight in (None, weights):
            out.case("histogram")
            out.array("x", h)
            if limits is None:
                out.array("edges", bins)
            else:
                out.text("bins", f"{bins} {limits[0]} {limits[1]}")
            if weight is not None:
                out.array("weights", weight)
            result, edges = np.histogram(h, bins, limits, weights=weight)
            density, _ = np.histogram(h, bins, limits, weights=weight, density=True)
            out.array("result", result)
            out.array("density", density)
            out.array("result_edges", edges)
    for values in (np.array([1.0, 2, 2, 5], np.float32), np.array([3.0, 3.0], np.float32), np.array([], np.float32)):
        out.case("histogram")
        out.array("x", values)
        out.text("bins", "4")
        result, edges = np.histogram(values, 4)
        out.array("result", result)
        out.array("result_edges", edges)
    for right in (False, True):
        out.case("digitize")
        out.array("x", h)
        out.array("edges", e)
        out.text("right", str(right))
        out.array("result", np.digitize(h, e, right))

    masks = {
        "some": rng.random((3, 4)) < 0.4,
        "none": np.zeros((2, 3), bool),
        "all": np.ones((5,), bool),
        "empty": np.zeros((0, 3), bool),
        "floats": np.array([[0.0, -0.0, nan], [1e-30, inf, -1]], np.float32),
        "ints": np.array([0, -1, 0, 2], np.int32),
        "scalar": np.array(True),
    }
    for mask in masks.values():
        out.case("nonzero")
        out.array("x", mask)
        out.array("flat", np.flatnonzero(mask))
        if mask.ndim > 0:
            out.array("argwhere", np.argwhere(mask))
    for values, mask in ((x[0], x[0] > 0), (x[0], x[0, 0] > 0), (x[0], np.array(True)), (x[0], np.array(False)), (x[0, 0], x[0] > 10)):
        values, mask = np.broadcast_arrays(values, mask)
        out.case("masked_select")
        out.array("x", values)
        out.array("mask", mask)
        out.array("result", values[mask])

    for values in (
        np.array([3, 1, 3, 2, 1, 1], np.int32),
        np.array([[2.5, -0.0, nan], [0.0, nan, -inf]], np.float32),
        np.array([True, False, True]),
        np.array([4_000_000_000, 7], np.uint32),
        np.array([5], np.int32),
        np.array(5, np.int32),
        np.array([], np.float32),
        rng.integers(0, 9, 101).astype(np.int32),
    ):
        unique, first, inverse, counts = np.unique(values, True, True, True)
        out.case("unique")
        out.array("x", values)
        out.array("values", unique)
        out.array("indices", first)
        out.array("inverse", inverse)
        out.array("counts", counts)
    out.write()
