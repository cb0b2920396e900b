"""Products, norms and convolutions."""

import numpy as np

from .case import INF, NAN, OPERANDS, Edges, f32, i32, wide

MATRIX = f32([[1, 2, 3], [4, 5, 6]])
FACTORS = {
    "vectors": (f32([1, -2, 3]), f32([4, 0.5, -1])),
    "empty vectors": (f32([]), f32([])),
    "ones": (f32([3]), f32([-2])),
    "numbers": (f32(3), f32(-2)),
    "a matrix and a vector": (MATRIX, f32([1, 0, -1])),
    "a vector and a matrix": (f32([2, -1]), MATRIX),
    "matrices": (MATRIX, f32([[1, -1], [0.5, 2], [3, 0]])),
    "nothing between": (np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)),
    "no rows": (np.zeros((0, 3), np.float32), np.ones((3, 2), np.float32)),
    "a column and a row": (f32([[1], [2]]), f32([[3, 4, 5]])),
    "a batch": (f32(np.arange(12).reshape(2, 2, 3) - 5), f32([[1, 2], [3, 4], [5, 6]])),
    "batches that broadcast": (f32(np.arange(6).reshape(1, 2, 3)), f32(np.arange(12).reshape(2, 3, 2) - 4)),
    "nan": (f32([[NAN, 1], [2, 3]]), f32([[1, 0], [0, 1]])),
    "infinite": (f32([INF, 1]), f32([0, 2])),
    "integers": (i32([[1, -2], [2147483647, 3]]), i32([[2, 3], [-1, 4]])),
    "unsigned": (np.array([4294967295, 2], np.uint32), np.array([2, 3], np.uint32)),
    "integers and floats": (i32([1, 2]), f32([0.5, -1])),
    "shapes that do not fit": (f32([1, 2, 3]), f32([1, 2])),
    "matrices that do not fit": (MATRIX, MATRIX),
}


def product(f):
    """In f64, or in the integers' own type."""

    def call(x, y):
        if x.dtype.kind == "f" or y.dtype.kind == "f":
            return f(wide(x), wide(y))
        return f(x, y)

    return call


def cdist(p):
    def call(x, y):
        if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
            raise ValueError("shapes")
        return np.linalg.norm(wide(x)[..., :, None, :] - wide(y)[..., None, :, :], p, axis=-1)

    return call


def ranks(taken, f):
    """Takes operands of these ranks, where NumPy makes something of others."""

    def call(x, y):
        if x.ndim not in taken or y.ndim not in taken:
            raise ValueError("rank")
        return f(x, y)

    return call


PRODUCTS = {
    "matmul(y)": np.matmul,
    "dot(y)": np.dot,
    "vdot(y)": np.vdot,
    "inner(y)": np.inner,
    "outer(y)": np.outer,
    "kron(y)": np.kron,
    "cross(y,-1)": lambda x, y: np.linalg.cross(x, y, axis=-1),
    "tensordot(y,1)": lambda x, y: np.tensordot(x, y, 1),
    "tensordot(y,0)": lambda x, y: np.tensordot(x, y, 0),
    "tensordot(y,2)": lambda x, y: np.tensordot(x, y, 2),
    "einsum(i,i->)": lambda x, y: np.einsum("i,i->", x, y),
    "einsum(ij,jk->ki)": lambda x, y: np.einsum("ij,jk->ki", x, y),
    "einsum(...,...)": lambda x, y: np.einsum("...,...", x, y),
    "multi_dot(y)": ranks({1, 2}, lambda x, y: np.linalg.multi_dot([x, y])),
    "convolve(y,full)": ranks({1}, np.convolve),
    "convolve(y,same)": ranks({1}, lambda x, y: np.convolve(x, y, "same")),
    "convolve(y,valid)": ranks({1}, lambda x, y: np.convolve(x, y, "valid")),
    "correlate(y,same)": ranks({1}, lambda x, y: np.correlate(x, y, "same")),
}
NORMS = {
    "norm(1,-1)": lambda x: np.linalg.norm(x, 1, -1),
    "norm(2,-1)": lambda x: np.linalg.norm(x, 2, -1),
    "norm(3,-1)": lambda x: np.linalg.norm(x, 3, -1),
    "norm(0,-1)": lambda x: np.linalg.norm(x, 0, -1),
    "norm(inf,-1)": lambda x: np.linalg.norm(x, INF, -1),
    "norm(-inf,-1)": lambda x: np.linalg.norm(x, -INF, -1),
    "norm(fro,..)": np.linalg.norm,
}


def products():
    out = Edges("edges_products.txt", "Products, norms and convolutions, at the edges (see the folder edges).")
    for name, (x, y) in FACTORS.items():
        out.case(name, x, y)
        for key, f in PRODUCTS.items():
            out.call(key, lambda: product(f)(x, y))
        for p in (1.0, 2.0, INF):
            out.call(f"cdist(y,{p})", lambda: cdist(p)(x, y))
    for name, x in OPERANDS.items():
        out.case(f"norms, {name}", x)
        for key, f in NORMS.items():
            out.call(key, lambda: f(wide(x)))
    out.write()
