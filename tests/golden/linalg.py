"""Products, norms and distances by NumPy and SciPy."""

import numpy as np
import scipy.spatial.distance as distance

from fixture import Fixture, quarters, random

EINSUMS = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,jk->ki", [(2, 3), (3, 4)]),
    ("ba,cb", [(2, 3), (4, 2)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("i...->...", [(3, 2)]),
    ("iij->ji", [(3, 3, 2)]),
    ("ijij->", [(2, 3, 2, 3)]),
    ("iii", [(3, 3, 3)]),
    ("ij->ji", [(2, 3)]),
    ("ji", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("->", [()]),
    (",", [(), ()]),
    (",ij->ij", [(), (2, 3)]),
    ("i,i", [(4,), (4,)]),
    ("i,j", [(4,), (3,)]),
    ("i,j->ji", [(4,), (3,)]),
    ("ij,ij->ij", [(2, 3), (2, 3)]),
    ("ij,ij->i", [(2, 3), (2, 3)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("ij,kj->ik", [(2, 3), (4, 3)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
    ("bij,bkj->bik", [(2, 3, 4), (2, 5, 4)]),
    ("ibj,bkj->bki", [(3, 2, 4), (2, 5, 4)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
    ("bqhd,bkhd->bhqk", [(2, 3, 2, 4), (2, 5, 2, 4)]),
    ("abc,cde->abde", [(2, 3, 4), (4, 2, 3)]),
    ("abc,bad->cd", [(2, 3, 4), (3, 2, 5)]),
    ("abcd,cbe->aed", [(2, 3, 4, 2), (4, 3, 5)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
    ("ij,jk,kl,lm", [(2, 3), (3, 4), (4, 2), (2, 3)]),
    ("ab,ac,ad->bcd", [(2, 3), (2, 4), (2, 2)]),
    ("a,ab,abc->abc", [(2,), (2, 3), (2, 3, 2)]),
    ("a,b,c,d,e,f,g,ab,cd->efg", [(2,), (3,), (2,), (3,), (2,), (2,), (2,), (2, 3), (2, 3)]),
    ("...ij,...jk->...ik", [(2, 3, 4), (4, 5)]),
    ("...ij,...jk", [(2, 1, 3, 4), (5, 4, 2)]),
    ("i...,i...->...", [(3, 2, 4), (3, 4)]),
    ("...,...", [(2, 3), (3,)]),
    ("i...j->j...i", [(2, 3, 4, 5)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("ij,j...->i...", [(2, 3), (3, 4, 2)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
    ("ij,jk->ik", [(2, 3), (1, 4)]),
    ("ij,k->i", [(2, 3), (4,)]),
    ("Ab,bC", [(2, 3), (3, 4)]),
    (" i j , j k -> k i ", [(2, 3), (3, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("i,i->", [(0,), (0,)]),
    ("ii,jj->ij", [(3, 3), (2, 2)]),
    ("iij,jkk->ik", [(2, 2, 3), (3, 4, 4)]),
]  # fmt: skip


def products():
    out = Fixture(
        "products.txt",
        """
Products of arrays of multiples of 1/4, by NumPy in f64: `op` of a and b (einsum: of x0, x1, …).""",
    )

    def case(op, f, *shapes, **more):
        arrays = [quarters(7 * i + sum(s) + len(s), *s) for i, s in enumerate(shapes)]
        words = " ".join(f"{k}={v}" for k, v in more.items())
        out.case(f"{op} {words} {' '.join(str(s).replace(' ', '') for s in shapes)}")
        out.text("op", op)
        for key, value in more.items():
            out.text(key, str(value))
        for i, x in enumerate(arrays):
            out.array(f"x{i}", x)
        out.array("result", f(*[x.astype(np.float64) for x in arrays]))

    for a, b in [((5,), (5,)), ((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3, 4), (4,)), ((2, 3), (4, 3, 2)),
                 ((2, 2, 3), (2, 3, 2)), ((), (2, 3)), ((3,), ()), ((1, 1), (1, 1)), ((0,), (0,)), ((2, 0), (0, 3))]:  # fmt: skip
        case("dot", np.dot, a, b)
    for a, b in [((5,), (5,)), ((2, 3), (4, 3)), ((2, 3), (3,)), ((3,), (2, 2, 3)), ((), (2, 3)), ((0,), (2, 0))]:
        case("inner", np.inner, a, b)
    for a, b in [((6,), (2, 3)), ((2, 3), (3, 2)), ((), ()), ((0,), (2, 0))]:
        case("vdot", lambda x, y: np.vdot(x, y), a, b)
    for a, b in [((3,), (4,)), ((2, 3), (4,)), ((), (3,)), ((0,), (3,)), ((1,), (1,))]:
        case("outer", np.outer, a, b)
    for a, b in [((2,), (3,)), ((2, 3), (3, 2)), ((2, 1), (1, 3)), ((3,), (2, 3)), ((2, 2, 2), (3, 2)), ((), (3,)), ((0, 2), (2, 2)),
                 ((1, 2, 1, 2, 1), (2, 1, 1, 1, 3))]:  # fmt: skip
        case("kron", np.kron, a, b)
    for a, b, left, right in [((3, 4, 5), (4, 3, 2), [1, 0], [0, 1]), ((3, 4, 5), (4, 3, 2), [0, 1], [1, 0]),
                              ((2, 3), (3, 2), [1], [0]), ((2, 3), (3, 2), [-1, 0], [0, -1]), ((2, 3), (2, 4), [0], [0]),
                              ((2, 3), (4,), [], []), ((2, 3, 4, 2), (4, 2, 2, 3), [3, 1, 2], [1, 3, 0])]:  # fmt: skip
        case(
            "tensordot",
            lambda x, y, left=left, right=right: np.tensordot(x, y, (left, right)),
            a,
            b,
            left=str(left).replace(" ", ""),
            right=str(right).replace(" ", ""),
        )
    for a, b, n in [((2, 3), (2, 3), 2), ((2, 3), (3, 4), 1), ((2, 3), (4,), 0), ((2, 3, 4), (3, 4, 2), 2)]:
        case("tensordot", lambda x, y, n=n: np.tensordot(x, y, n), a, b, count=n)
    for a, b, axis in [((3,), (3,), -1), ((4, 3), (4, 3), -1), ((3, 4), (3, 4), 0), ((4, 3), (3,), -1), ((2, 1, 3), (5, 3), -1),
                       ((2, 3, 4), (2, 3, 4), 1), ((3, 5), (3,), 0)]:  # fmt: skip
        # axis counts in each operand's own dimensions; NumPy's is that of moved axes too.
        case("cross", lambda x, y, axis=axis: np.cross(x, y, axis=axis) if x.ndim == y.ndim else np.moveaxis(
            np.cross(np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)), -1, axis), a, b, axis=axis)  # fmt: skip
    for subscripts, shapes in EINSUMS:
        case("einsum", lambda *x, s=subscripts: np.einsum(s, *x), *shapes, subscripts=subscripts)
    for n in (0, 1, 2, 3, 5):
        case("matrix_power", lambda x, n=n: np.linalg.matrix_power(x, n), (3, 3), n=n)
    case("matrix_power", lambda x: np.linalg.matrix_power(x, 2), (2, 2, 2), n=2)
    for shapes in [((2, 3), (3, 4)), ((2, 3), (3, 4), (4, 2)), ((3,), (3, 4), (4, 2)), ((2, 3), (3, 4), (4,)), ((3,), (3, 4), (4,)),
                   ((2, 5), (5, 1), (1, 3), (3, 2))]:  # fmt: skip
        case("multi_dot", lambda *x: np.linalg.multi_dot(x), *shapes)
    out.write()


def norms():
    out = Fixture(
        "norms.txt",
        """
Norms, distances and decompositions' norms, by NumPy and SciPy in f64. `ord` is a number, fro or nuc;
`axes` is `all` or a list. `distance` has points x and y and an order p.""",
    )
    x = random(11, 3, 4, 5)
    x[1, 2] = 0
    x[0, :, 1] = 0
    flat = {"x": x, "matrix": x[0], "row": x[0, 0], "empty": np.zeros((0, 4), np.float32)}
    out.case("operands")
    for name, value in flat.items():
        out.array(name, value)

    def case(operand, order, axes, keepdims):
        axis = None if axes is None else axes[0] if len(axes) == 1 else tuple(axes)
        words = "all" if axes is None else "[" + ",".join(map(str, axes)) + "]"
        out.case(f"norm {operand} ord={order} axes={words} keepdims={int(keepdims)}")
        out.text("operand", operand)
        out.text("ord", str(order))
        out.text("axes", words)
        out.text("keepdims", str(int(keepdims)))
        value = flat[operand].astype(np.float64)
        if order == "fro" and (axes is None or len(axes) != 2):
            order = None
        with np.errstate(divide="ignore"):
            out.array("result", np.linalg.norm(value, order, axis, keepdims))

    inf = float("inf")
    for order in (0, 0.5, 1, 1.5, 2, 3, inf, -inf, -1, -2, "fro"):
        case("x", order, [1], False)
        case("x", order, [-1], True)
        case("row", order, None, False)
    for order in ("fro", "nuc", 1, -1, 2, -2, inf, -inf):
        case("matrix", order, None, False)
        case("x", order, [1, 2], False)
        case("x", order, [2, 0], True)
        case("x", order, [-1, -2], False)
    case("x", "fro", None, True)
    case("empty", 2, [0], False)
    case("empty", 1, [1], False)

    points = {"plane": (random(21, 6, 2), random(22, 4, 2)), "wide": (random(23, 3, 17), random(24, 5, 17)),
              "line": (random(25, 3, 1), random(26, 3, 1))}  # fmt: skip
    points["plane"][1][1] = points["plane"][0][2]
    for name, (a, b) in points.items():
        for p in (0, 0.5, 1, 2, 3, inf):
            out.case(f"distance {name} p={p}")
            out.text("p", str(p))
            out.array("x", a)
            out.array("y", b)
            a64, b64 = a.astype(np.float64), b.astype(np.float64)
            if p == 0:
                value = (a64[:, None] != b64[None]).sum(-1).astype(np.float64)
            elif p == inf:
                value = distance.cdist(a64, b64, "chebyshev")
            else:
                value = distance.cdist(a64, b64, "minkowski", p=p)
            out.array("result", value)
    out.write()


def decompositions():
    out = Fixture(
        "decompositions.txt",
        """
Solutions, inverses, determinants and decompositions by NumPy in f64, of a (and b). A case is a matrix, or
several; it has what applies to it. Vectors are compared by what they give, since their signs are free.""",
    )
    wide, tall = random(33, 3, 5), random(34, 2, 5, 3)
    deficient = random(35, 4, 3)
    deficient[:, 2] = deficient[:, 0] + deficient[:, 1]
    cases = {
        "square": random(31, 4, 4),
        "batch": random(32, 2, 3, 2, 2),
        "one": random(36, 1, 1),
        "triangular": np.tril(random(37, 3, 3)),
        "permutation": np.eye(4, dtype=np.float32)[[2, 0, 3, 1]],
        "empty": np.zeros((0, 0), np.float32),
        "no matrices": np.zeros((0, 2, 2), np.float32),
        "wide": wide,
        "tall": tall,
        "deficient": deficient,
        "zero": np.zeros((2, 3), np.float32),
    }
    for name, a in cases.items():
        m, n = a.shape[-2:]
        out.case(name)
        out.array("a", a)
        a = a.astype(np.float64)
        if m == n:
            b, vector = random(41, n, 2), random(42, n)
            out.array("b", b)
            out.array("vector", vector)
            b, vector = b.astype(np.float64), vector.astype(np.float64)
            out.array("solve", np.linalg.solve(a, b))
            if a.ndim == 2:
                out.array("solve_vector", np.linalg.solve(a, vector))
            out.array("inv", np.linalg.inv(a))
            out.array("det", np.linalg.det(a))
            sign, logabs = np.linalg.slogdet(a)
            out.array("sign", sign)
            out.array("logabs", logabs)
            s = a @ np.swapaxes(a, -1, -2) + np.eye(n)
            out.array("eigvalsh", np.linalg.eigvalsh(a))
            out.array("cholesky_of_square", np.linalg.cholesky(s))
            if a.ndim == 2:
                out.array("inv_power_3", np.linalg.matrix_power(a, -3))
        else:
            out.array("b", random(43, m, 2))
        if a.size:
            out.array("svdvals", np.linalg.svd(a, compute_uv=False))
            out.array("pinv", np.linalg.pinv(a, rcond=1e-6))
            out.array("rank", np.linalg.matrix_rank(a.astype(np.float32)))
            if m != n:
                b = random(43, m, 2).astype(np.float64)
                out.array("lstsq", np.linalg.pinv(a, rcond=1e-6) @ b)
                if a.ndim == 2:
                    np.testing.assert_allclose(np.linalg.lstsq(a, b, 1e-6)[0], np.linalg.pinv(a, rcond=1e-6) @ b)
    out.write()
