"""Shapes, joining, padding, slices and masks."""

import numpy as np

from .case import OPERANDS, Edges, numbers, places


def matrices(f):
    """Functions of matrices and stacks of them; NumPy's take vectors too."""

    def call(x):
        if x.ndim < 2:
            raise ValueError("rank")
        return f(x)

    return call


def up_to(most, f):
    """For tensors of few axes; NumPy flattens others."""

    def call(x):
        if x.ndim > most:
            raise ValueError("rank")
        return f(x)

    return call


def numbered(x):
    """NaN as a number above all others: NumPy keeps the NaN apart where it counts them."""
    return np.where(np.isnan(x), 9e9, x)


def unique_all(x):
    """Values, where the first of each is, which each element is, and how many there are."""
    found = np.unique_all(numbered(x))
    return [np.unique(x), places(found.indices), places(found.inverse_indices), places(found.counts)]


SHAPES = {
    "reshape(-1)": lambda x: x.reshape(-1),
    "reshape(1,-1)": lambda x: x.reshape(1, -1),
    "reshape(4,-1)": lambda x: x.reshape(4, -1),
    "ravel()": np.ravel,
    "flatten(0,-1)": np.ravel,
    "t()": np.transpose,
    "transpose(0,-1)": lambda x: np.swapaxes(x, 0, -1),
    "swapaxes(0,-1)": lambda x: np.swapaxes(x, 0, -1),
    "moveaxis(0,-1)": lambda x: np.moveaxis(x, 0, -1),
    "permute(1,0)": lambda x: np.transpose(x, (1, 0)),
    "squeeze_all()": np.squeeze,
    "unsqueeze(-1)": lambda x: np.expand_dims(x, -1),
    "expand_dims(0)": lambda x: np.expand_dims(x, 0),
    "expand_dims(-1)": lambda x: np.expand_dims(x, -1),
    "expand_dims(3)": lambda x: np.expand_dims(x, 3),
    "broadcast_to(2,3,3)": lambda x: np.broadcast_to(x, (2, 3, 3)),
    "atleast_1d()": np.atleast_1d,
    "atleast_2d()": np.atleast_2d,
    "atleast_3d()": np.atleast_3d,
    "flip(..)": np.flip,
    "rot90(1)": lambda x: np.rot90(x, 1),
    "rot90(-2)": lambda x: np.rot90(x, -2),
    "roll(2,..)": lambda x: np.roll(x, 2),
    "roll(-3,..)": lambda x: np.roll(x, -3),
    "diagonal(0)": lambda x: np.diagonal(x, 0),
    "diagonal(1)": lambda x: np.diagonal(x, 1),
    "diagonal(-9)": lambda x: np.diagonal(x, -9),
    "diag(0)": lambda x: np.diag(x, 0),
    "diag(-1)": lambda x: np.diag(x, -1),
    "trace(0)": lambda x: np.trace(numbers(x), 0, dtype=np.float64 if x.dtype.kind == "f" else numbers(x).dtype),
    "trace(1)": lambda x: np.trace(numbers(x), 1, dtype=np.float64 if x.dtype.kind == "f" else numbers(x).dtype),
    "tril(0)": matrices(np.tril),
    "tril(-1)": matrices(lambda x: np.tril(x, -1)),
    "triu(0)": matrices(np.triu),
    "triu(1)": matrices(lambda x: np.triu(x, 1)),
    "tile(2)": lambda x: np.tile(x, 2),
    "tile(2,1,3)": lambda x: np.tile(x, (2, 1, 3)),
    "tile(0)": lambda x: np.tile(x, 0),
    "pad(1,constant)": lambda x: np.pad(x, 1),
    "pad(1,edge)": lambda x: np.pad(x, 1, "edge"),
    "pad(2,reflect)": lambda x: np.pad(x, 2, "reflect"),
    "pad(2,symmetric)": lambda x: np.pad(x, 2, "symmetric"),
    "pad(2,wrap)": lambda x: np.pad(x, 2, "wrap"),
    "stack(0)": lambda x: np.stack([x, x], 0),
    "stack(-1)": lambda x: np.stack([x, x], -1),
    "vstack()": lambda x: np.vstack([x, x]),
    "hstack()": lambda x: np.hstack([x, x]),
    "dstack()": lambda x: np.dstack([x, x]),
    "column_stack()": lambda x: np.column_stack([x, x]),
    "meshgrid(ij)": up_to(1, lambda x: np.meshgrid(x, np.ravel(x)[:2], indexing="ij")),
    "meshgrid(xy)": up_to(1, lambda x: np.meshgrid(x, np.ravel(x)[:2], indexing="xy")),
    "slice(1:)": lambda x: x[1:],
    "slice(::-2)": lambda x: x[::-2],
    "slice(-1)": lambda x: x[-1],
    "slice(...,0)": lambda x: x[..., 0],
    "slice(None,...)": lambda x: x[None, ...],
    "slice_assign(1:,9)": lambda x: assigned(x, 9 if x.dtype.kind != "b" else True),
    "nonzero()": lambda x: [places(v) for v in np.nonzero(x)],
    "flatnonzero()": lambda x: places(np.flatnonzero(x)),
    "argwhere()": lambda x: places(np.argwhere(x)),
    "unique()": np.unique,
    "unique_counts()": lambda x: [np.unique(x), places(np.unique_counts(numbered(x)).counts)],
    "unique_inverse()": lambda x: [np.unique(x), places(np.unique_inverse(numbered(x)).inverse_indices)],
    "unique_all()": unique_all,
    "masked_select(x>0)": lambda x: x[x > 0],
    "masked_fill(x>0,1)": lambda x: np.where(x > 0, np.array(1, x.dtype), x),
}


def assigned(x, value):
    x = x.copy()
    x[1:] = value
    return x


def shapes():
    out = Edges("edges_shapes.txt", "Shapes, joining, padding, slices and masks, at the edges (see the folder edges).")
    for name, x in OPERANDS.items():
        out.case(name, x)
        for key, f in SHAPES.items():
            out.call(key, lambda: f(x))
    out.write()
