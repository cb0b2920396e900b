"""Views, joining, repeating, padding and assignment, by NumPy (and PyTorch where it has the name)."""

import numpy as np
import torch

from fixture import Fixture


def words(values):
    values = [values] if np.isscalar(values) else list(values)
    return "[" + ",".join(str(int(v)) for v in values) + "]"


def numbered(*shape):
    return np.arange(1, 1 + int(np.prod(shape)), dtype=np.int32).reshape(shape)


class Cases:
    """Cases of one operand and one or several results, named by the operation."""

    def __init__(self, out):
        self.out = out

    def add(self, op, x, results, **params):
        said = " ".join(f"{k}={v}" for k, v in params.items())
        self.out.case(f"{op} {x.shape} {said}".strip().replace(", ", ",").replace(",)", ",)"))
        self.out.text("op", op)
        for key, value in params.items():
            self.out.text(key, str(value))
        self.out.array("x", x)
        if isinstance(results, (list, tuple)):
            self.out.text("count", str(len(results)))
            for i, result in enumerate(results):
                self.out.array(f"result{i}", result)
        else:
            self.out.array("result", results)


def shapes():
    out = Fixture(
        "shapes.txt",
        """
Views, joining, repeating and padding of int32 arrays. Lists are the arguments;
`axes = all` is axis=None. Several results are result0, result1, and so on.""",
    )
    cases = Cases(out)
    a, b = numbered(3, 4), numbered(2, 3, 4)
    vector, one, scalar, empty = numbered(5), numbered(1, 1), np.array(7, np.int32), np.zeros((2, 0, 3), np.int32)

    for x, shift, axes in [
        (vector, 2, None), (vector, -1, 0), (vector, 12, 0), (vector, 0, 0), (a, 1, None), (a, -3, 1), (a, (1, -1), (0, 1)),
        (b, (1, 2, 3), (2, 0, 1)), (b, (1, 2), (1, 1)), (b, 1, (0, 2)), (one, 3, (0, 1)), (scalar, 3, None), (empty, 1, 0),
        (empty, 1, 1), (empty, 1, None), (b, -5, -2),
    ]:  # fmt: skip
        said = "all" if axes is None else words(axes)
        cases.add("roll", x, np.roll(x, shift, axes), shift=words(shift), axes=said)
    for x, axes in [
        (vector, 0), (a, 1), (a, (0, 1)), (a, None), (b, (0, -1)), (b, ()), (scalar, None), (empty, (1, 2)), (one, None),
    ]:  # fmt: skip
        said = "all" if axes is None else words(axes)
        cases.add("flip", x, np.flip(x, axes), axes=said)
    for x, axes in [(a, (0, 1)), (b, (0, 1)), (b, (-1, 0)), (one, (0, 1)), (empty, (1, 2))]:
        for k in (-1, 0, 1, 2, 3, 6):
            cases.add("rot90", x, np.rot90(x, k, axes), k=k, axes=words(axes))

    row = numbered(3)
    two = numbered(2)
    for mode in ("constant", "edge", "reflect", "symmetric", "wrap"):
        kw = {"constant_values": -9} if mode == "constant" else {}
        for x, widths in [
            (row, [(1, 2)]), (row, [(0, 0)]), (row, [(2, 0)]), (row, [(3, 3)]), (row, [(7, 9)]), (row, [(0, 5)]),
            (two, [(5, 4)]), (numbered(1), [(3, 2)]), (a, [(1, 1), (2, 0)]), (a, [(0, 0), (3, 3)]), (a, [(5, 4), (7, 1)]),
            (b, [(1, 0), (2, 1), (0, 3)]), (b, [(3, 1), (0, 0), (9, 1)]), (one, [(2, 1), (0, 2)]),
            (empty, [(1, 1), (0, 0), (2, 1)]),
        ]:  # fmt: skip
            flat = [w for pair in widths for w in pair]
            cases.add("pad", x, np.pad(x, widths, mode, **kw), mode=mode, widths=words(flat))
    cases.add("pad", empty, np.pad(empty, 1, constant_values=-9), mode="constant", widths="[1,1,1,1,1,1]")

    for x, reps in [
        (vector, 2), (vector, 0), (vector, (2, 1)), (vector, (2, 3)), (a, 2), (a, (2, 3)), (a, (1, 1)), (a, (2, 1, 1)),
        (b, (3, 1, 2)), (b, (1, 2, 1)), (one, (2, 2)), (scalar, 3), (scalar, (2, 2)), (empty, (1, 2, 2)), (b, 2),
        (numbered(1, 2, 1, 2, 1, 2, 1, 2), (2, 1, 2, 1, 1, 2, 1, 3)), (numbered(1, 2, 1, 2, 1, 2, 1, 2), (1, 2, 1, 1, 1, 1, 1, 1)),
    ]:  # fmt: skip
        cases.add("tile", x, np.tile(x, reps), reps=words(reps))
    for x, reps, axis in [
        (vector, 3, 0), (vector, 0, 0), (vector, (0, 1, 2, 0, 3), 0), (a, 2, 0), (a, 2, -1), (a, (1, 0, 2), 0), (a, (1, 0, 2, 3), 1),
        (b, 2, 1), (one, 4, 0), (empty, 2, 1), (empty, 2, 0), (empty, (), 1), (b, (0, 0), 0),
        (numbered(1, 2, 1, 2, 1, 2, 1, 2), 2, 3),
    ]:  # fmt: skip
        cases.add("repeat", x, np.repeat(x, reps, axis), reps=words(reps), axis=axis)

    for x, sections, axis in [
        (vector, 5, 0), (vector, 1, 0), (a, 2, 1), (a, 3, 0), (b, 4, -1), (vector, (2, 3), 0), (vector, (1, -1), 0),
        (vector, (3, 1), 0), (vector, (-9, 9), 0), (vector, (), 0), (a, (0, 4), 1), (empty, 3, 1), (empty, (1,), 1),
    ]:  # fmt: skip
        key = "count_of" if np.isscalar(sections) else "at"
        said = sections if np.isscalar(sections) else words(sections)
        cases.add("split", x, np.split(x, sections, axis), axis=axis, **{key: said})
    for x, sections, axis in [(vector, 2, 0), (vector, 3, 0), (vector, 7, 0), (b, 3, 2), (empty, 2, 1)]:
        cases.add("array_split", x, np.array_split(x, sections, axis), axis=axis, count_of=sections)
    for x, n, axis in [(vector, 2, 0), (vector, 3, 0), (vector, 4, 0), (vector, 9, 0), (b, 3, 2), (empty, 2, 1), (a, 2, -2)]:
        parts = [p.numpy() for p in torch.chunk(torch.tensor(x), n, axis)]
        cases.add("chunk", x, parts, axis=axis, count_of=n)
    for x, axis in [(vector, 0), (a, 0), (a, -1), (b, 1), (empty, 0), (empty, 1), (one, 1)]:
        cases.add("unstack", x, list(np.unstack(x, axis=axis)), axis=axis)

    def joined(op, xs):
        f = getattr(np, op)
        out.case(f"{op} of " + " ".join(str(x.shape) for x in xs).replace(", ", ",").replace(",)", ",)"))
        out.text("op", op)
        out.text("count", str(len(xs)))
        for i, x in enumerate(xs):
            out.array(f"x{i}", x)
        out.array("result", f(xs))

    for xs in [(vector, vector + 9), (vector,), (scalar, scalar), (a, a + 20), (b, b + 50), (one, one), (empty, empty)]:
        for op in ("vstack", "hstack", "dstack", "column_stack"):
            joined(op, xs)
    joined("vstack", (a, numbered(4), numbered(2, 4)))
    joined("hstack", (a, numbered(3, 1), numbered(3, 0)))
    joined("hstack", (vector, scalar, numbered(0)))
    joined("dstack", (a, numbered(3, 4, 2)))
    joined("column_stack", (numbered(3), a, numbered(3)))

    for x, axes in [(vector, 0), (vector, -1), (vector, (0, 2)), (a, (0, 1)), (a, (-1, 0, 2)), (scalar, (0, 1)), (a, ()), (empty, 1)]:
        cases.add("expand_dims", x, np.expand_dims(x, axes), axes=words(axes))
    for x, p, q in [(a, 0, 1), (b, 0, -1), (b, 1, 1), (vector, 0, 0), (empty, 0, 1)]:
        cases.add("swapaxes", x, np.swapaxes(x, p, q), axes=words((p, q)))
    for x, p, q in [(b, 0, -1), (b, 2, 0), (b, (0, 1), (-1, -2)), (b, (0, 2), (1, 0)), (b, (), ()), (vector, 0, 0), (empty, 1, 0)]:
        cases.add("moveaxis", x, np.moveaxis(x, p, q), source=words(p), destination=words(q))
    for x in (scalar, vector, a, b, empty, numbered(1, 2, 1, 2)):
        for op in ("atleast_1d", "atleast_2d", "atleast_3d", "ravel"):
            cases.add(op, x, getattr(np, op)(x))

    for x in (a, a.T.copy(), numbered(4, 4), one, numbered(0, 3)):
        for k in (0, 1, -1, 2, 5, -7):
            cases.add("diag", x, np.diag(x, k), k=k)
            cases.add("trace", x, np.trace(x, k).astype(np.int32), k=k, axes="[0,1]")
            for op in ("tril", "triu"):
                cases.add(op, x, getattr(np, op)(x, k), k=k)
    for x in (numbered(3), numbered(1), numbered(0)):
        for k in (0, 1, -2):
            cases.add("diag", x, np.diag(x, k), k=k)
    for op in ("tril", "triu"):
        cases.add(op, b, getattr(np, op)(b, 1), k=1)
    for k, axes in [(0, (0, 1)), (1, (0, 1)), (-1, (0, 1)), (0, (1, 2)), (1, (2, 0)), (-1, (-1, -3)), (9, (0, 1))]:
        cases.add("diagonal", b, np.diagonal(b, k, *axes), k=k, axes=words(axes))
        cases.add("trace", b, np.trace(b, k, *axes).astype(np.int32), k=k, axes=words(axes))
    for n, m, k in [(3, 4, 0), (3, 4, 1), (3, 3, -1), (2, 5, -9), (2, 3, 9), (0, 3, 0), (1, 1, 0)]:
        cases.add("tri", numbered(n, m), np.tri(n, m, k, dtype=np.int32), k=k)

    for sizes in [(3,), (2, 3), (2, 3, 2), (2, 0), (1, 1)]:
        vectors = [numbered(n) * 10**i for i, n in enumerate(sizes)]
        for indexing in ("ij", "xy"):
            for sparse in (0, 1):
                out.case(f"meshgrid {sizes} {indexing} sparse={sparse}".replace(", ", ",").replace(",)", ",)"))
                out.text("op", "meshgrid")
                out.text("indexing", indexing)
                out.text("sparse", str(sparse))
                out.text("count", str(len(sizes)))
                for i, vector in enumerate(vectors):
                    out.array(f"x{i}", vector)
                for i, grid in enumerate(np.meshgrid(*vectors, indexing=indexing, sparse=bool(sparse))):
                    out.array(f"result{i}", grid)
    for shape in [(7, 6), (24,), (2, 3, 4), (1, 1, 5)]:
        x = np.array([[0, 1], [4, int(np.prod(shape)) - 1]], np.int32)
        places = [p.astype(np.int32) for p in np.unravel_index(x, shape)]
        cases.add("unravel_index", x, places, shape=words(shape))
    cases.add("unravel_index", np.array(5, np.int32), [p.astype(np.int32) for p in np.unravel_index(5, (3, 2))], shape="[3,2]")
    out.write()


def isclose():
    out = Fixture("isclose.txt", "numpy.isclose of f32 pairs; rtol, atol and equal_nan are given.")
    edge = np.array([0.0, -0.0, 1.0, 1.0000099, 1.000011, 1e-9, 2e-8, 100.0, 100.001, np.inf, -np.inf, np.nan], np.float32)
    a, b = np.meshgrid(edge, edge)
    for rtol, atol, equal_nan in [(1e-5, 1e-8, 0), (1e-5, 1e-8, 1), (0.0, 0.0, 1), (0.1, 0.0, 0), (0.0, 1e-3, 0)]:
        out.case(f"rtol={rtol} atol={atol} equal_nan={equal_nan}")
        out.text("rtol", str(rtol))
        out.text("atol", str(atol))
        out.text("equal_nan", str(equal_nan))
        out.array("a", a)
        out.array("b", b)
        with np.errstate(invalid="ignore"):
            out.array("result", np.isclose(a, b, rtol, atol, bool(equal_nan)))
    out.write()


def assignment():
    out = Fixture(
        "assignment.txt",
        """
x[slice] = value of NumPy. `slice` is the text of the macro s!; the value is
broadcast and cast to x's dtype.""",
    )
    x = numbered(4, 5)
    column = (np.arange(4).reshape(4, 1) * 100 - 7).astype(np.int32)
    for text, place, value in [
        ("..", np.s_[:], np.array(0, np.int32)),
        ("1", np.s_[1], np.array(-1, np.int32)),
        ("1..3", np.s_[1:3], numbered(5) * 10),
        ("..;2, ..;-1", np.s_[::2, ::-1], numbered(2, 5) * 10),
        ("..;-1, 1", np.s_[::-1, 1], numbered(4) * 10),
        (".., 1..4", np.s_[:, 1:4], column),
        ("Ellipsis, -1", np.s_[..., -1], np.array([[5, 6, 7, 8]], np.int32)),
        ("-1, -1", np.s_[-1, -1], np.array(3, np.int32)),
        ("NewAxis, 2", np.s_[None, 2], numbered(1, 5) * 7),
        ("2..2", np.s_[2:2], np.array(9, np.int32)),
        ("1..", np.s_[1:], np.array([0.9, -1.9, 2.5, 1e5, -0.0], np.float32)),
        ("..2", np.s_[:2], np.array([True, False, True, True, False])),
    ]:
        y = x.copy()
        y[place] = value
        out.case(f"s![{text}]")
        out.array("x", x)
        out.array("value", value)
        out.array("result", y)
    out.write()
