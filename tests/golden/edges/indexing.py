"""Elements by places, searches and counts."""

import numpy as np

from .case import INF, NAN, OPERANDS, Edges, f32, i32, places, wide

MATRIX = f32([[1, 2, 3], [4, 5, 6]])
INDEXED = {
    "a vector": (f32([1, -2, 3, -4]), i32([0, 3, -1, 1, 1]), f32([10, 20, 30, 40, 50])),
    "out of range": (f32([1, -2, 3, -4]), i32([0, 4]), f32([10, 20])),
    "below the range": (f32([1, -2, 3, -4]), i32([-5, 0]), f32([10, 20])),
    "no places": (f32([1, -2, 3, -4]), i32([]), f32([])),
    "of nothing": (f32([]), i32([]), f32([])),
    "a place in nothing": (f32([]), i32([0]), f32([1])),
    "one": (f32([7]), i32([-1]), f32([3])),
    "rows": (MATRIX, i32([1, 0, 1]), f32([[10, 20, 30], [40, 50, 60], [70, 80, 90]])),
    "rows out of range": (MATRIX, i32([2]), f32([[1, 1, 1]])),
    "no columns": (np.zeros((2, 0), np.float32), i32([1, 1]), np.zeros((2, 0), np.float32)),
    "nan": (f32([NAN, 1, 2]), i32([2, 0, 2]), f32([NAN, 4, 5])),
    "integers": (i32([5, -6, 7]), i32([1, 1, -3]), i32([10, 20, 30])),
    "unsigned places": (i32([5, -6, 7]), np.array([2, 0], np.uint32), i32([10, 20])),
    "values that do not fit": (f32([1, 2, 3]), i32([0, 1]), f32([1, 2, 3])),
}


def updated(f, x, index, values):
    x = x.copy()
    f(x, index, values)
    return x


def put(x, index, values):
    x[index.astype(np.int64)] = values


def added(x, index, values):
    np.add.at(x, index.astype(np.int64), values)


def raised(x, index, values):
    np.maximum.at(x, index.astype(np.int64), values)


def lowered(x, index, values):
    np.minimum.at(x, index.astype(np.int64), values)


def vectors(f):
    """PyTorch's scatters along axis 0: of rows, the index is repeated along the others."""

    def call(x, index, values):
        if values.shape != index.shape + x.shape[1:]:
            raise ValueError("shapes")
        return f(x, index, values)

    return call


PLACES = {
    "take(y,0)": lambda x, i, v: np.take(x, i, 0),
    "index_select(0,y)": lambda x, i, v: np.take(x, i, 0),
    "at(y)": lambda x, i, v: x[i],
    "index_put(y,z)": lambda x, i, v: updated(put, x, i, v),
    "index_add(y,z)": lambda x, i, v: updated(added, x, i, v),
}
VECTORS = {
    "take_along_axis(y,0)": lambda x, i, v: x[i],
    "gather(0,y)": lambda x, i, v: x[i],
    "put_along_axis(y,z,0)": vectors(lambda x, i, v: updated(put, x, i, v)),
    "scatter_add(0,y,z)": vectors(lambda x, i, v: updated(added, x, i, v)),
    "scatter_max(0,y,z)": vectors(lambda x, i, v: updated(raised, x, i, v)),
    "scatter_min(0,y,z)": vectors(lambda x, i, v: updated(lowered, x, i, v)),
}

SEARCHED = {
    "odd": (f32([-2, 0, 0, 1, 5]), f32([[-3, 0, 0.5], [5, 6, -2]])),
    "nan": (f32([-1, 2, NAN, NAN]), f32([NAN, 2, INF, -INF])),
    "zeros": (f32([-0.0, 0.0, 1]), f32([0.0, -0.0])),
    "empty": (f32([]), f32([1, 2])),
    "nothing sought": (f32([1, 2]), f32([])),
    "a number": (f32([1, 2, 3]), f32(2)),
    "one": (f32([2]), f32([1, 2, 3])),
    "integers": (i32([-5, 3, 3, 9]), i32([3, 10, -6])),
    "a number is no order": (f32(2), f32([1])),
}

COUNTED = {
    "odd": i32([3, 1, 1, 0, 3, 3, 5]),
    "empty": i32([]),
    "one": i32([2]),
    "unsigned": np.array([4, 4, 0], np.uint32),
    "below 0": i32([1, -1]),
    "floats": f32([1, 2]),
    "a number": i32(3),
    "a matrix": i32([[1, 2], [0, 1]]),
}


def order(x):
    if x.ndim == 0:
        raise ValueError("rank")
    return x


def indexing():
    out = Edges("edges_indexing.txt", "Places, searches and counts, at the edges (see the folder edges).")
    for name, (x, index, values) in INDEXED.items():
        out.case(name, x, index, values)
        for key, f in PLACES.items():
            out.call(key, lambda: f(x, index, values))
        if x.ndim == 1:
            for key, f in VECTORS.items():
                out.call(key, lambda: f(x, index, values))
    for name, (x, y) in SEARCHED.items():
        out.case(f"search, {name}", x, y)
        for right, side in ((0, "left"), (1, "right")):
            out.call(f"searchsorted(y,{right})", lambda: places(np.searchsorted(order(x), y, side)))
        if not np.isnan(x).any():
            out.call("digitize(y)", lambda: places(np.digitize(y, order(x))))
    for name, x in COUNTED.items():
        out.case(f"count, {name}", x)
        out.call("bincount()", lambda: places(np.bincount(x.ravel() if x.dtype.kind == "f" else x.ravel().astype(np.int64))))
        out.call("one_hot(6)", lambda: one_hot(x, 6))
        out.call("one_hot(3)", lambda: one_hot(x, 3))
        out.call("ravel_multi_index(2,3)", lambda: ravel_multi_index(x))
        out.call("unravel_index(2,3)", lambda: [v.astype(x.dtype) for v in np.unravel_index(np.where(x < 0, x + 6, x), (2, 3))])
    for name in ("a number", "empty", "one", "odd", "duplicates", "zeros", "infinite", "integers", "unsigned", "bools", "rank 3"):
        x = OPERANDS[name]
        out.case(f"histogram, {name}", x)
        out.call("histogram(4,-2,3)", lambda: histogram(x, 4, (-2, 3)))
    out.write()


def ravel_multi_index(x):
    """The elements as places along both axes of (2, 3), negative ones from the end."""
    rows, columns = np.where(x < 0, x + 2, x), np.where(x < 0, x + 3, x)
    return np.ravel_multi_index((rows, columns), (2, 3)).astype(x.dtype)


def histogram(x, bins, limits):
    counts, edges = np.histogram(wide(x), bins, limits)
    return [places(counts), edges]


def one_hot(x, classes):
    """Negative classes count from the last."""
    if x.dtype.kind not in "iu":
        raise TypeError("dtype")
    x = np.where(x < 0, x + classes, x)
    if x.size and (x.min() < 0 or x.max() >= classes):
        raise ValueError("class")
    return (x[..., None] == np.arange(classes)).astype(np.float32)
