#!/usr/bin/env python3
"""Write the reference values that tilewise's tests compare with.

    pip install numpy scipy torch scikit-learn && python3 tests/golden/make.py [file …]

The files next to this script are committed; run it again only to change what
they hold: all of them, or those that are named. Values are computed in f64
from inputs that f32 holds exactly, so a test converts the inputs without loss
and judges the result against f64. fixture.py describes the format.
"""

import itertools
import math
import sys
import warnings

import numpy as np
import torch
import torch.nn.functional as F

import order
from elementwise import elementwise
from files import files
import convolution
import criteria
import edges
import layers
import linalg
from fixture import Fixture, double, quarters, random
import places
import preparation
import scores
import sequences
from shapes import assignment, isclose, shapes
import training

# Reductions and softmax ------------------------------------------------------


def logsumexp(x, axis=None, keepdims=False):
    top = np.max(x, axis=axis, keepdims=True)
    out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


def reductions():
    out = Fixture(
        "reductions.txt",
        """
Reductions of one (3, 4, 5) array over sets of axes, by NumPy in f64.
The first case holds the operands: x (f32, with ties), n (i32), b (bool).
`axes` is `all` or a list; var and std carry `ddof`.""",
    )
    x = random(1, 3, 4, 5)
    x[0, 1, 2] = x[2, 3, 4] = x.max() + np.float32(0.5)
    x[1, 0, 0] = x[1, 0, 3] = x.min() - np.float32(0.5)
    n = np.random.default_rng(2).integers(-9, 10, (3, 4, 5)).astype(np.int32)
    b = np.random.default_rng(3).random((3, 4, 5)) < 0.6
    b[0, 0] = True
    b[1, :, 2] = False
    out.case("operands")
    out.array("x", x)
    out.array("n", n)
    out.array("b", b)

    sets = [None, (0,), (1,), (2,), (-1,), (-2,), (-3,), (0, 1), (0, 2), (1, 2), (-1, 0), (2, -2), (0, 1, 2), ()]
    ops = {
        "sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min,
        "var ddof=0": np.var, "var ddof=1": lambda a, **k: np.var(a, ddof=1, **k),
        "std ddof=0": np.std, "std ddof=1": lambda a, **k: np.std(a, ddof=1, **k),
        "logsumexp": logsumexp,
    }  # fmt: skip

    def emit(name, operand, value, axes, keepdims):
        words = "all" if axes is None else "[" + ",".join(map(str, axes)) + "]"
        out.case(f"{name} {operand} axes={words} keepdims={int(keepdims)}")
        out.text("op", name.split()[0])
        out.text("operand", operand)
        out.text("axes", words)
        out.text("keepdims", str(int(keepdims)))
        if "ddof" in name:
            out.text("ddof", name[-1])
        out.array("result", value)

    wide = x.astype(np.float64)
    for (name, f), axes, keepdims in itertools.product(ops.items(), sets, (False, True)):
        if axes == () and ("ddof=1" in name or "std" in name or keepdims):
            continue
        emit(name, "x", f(wide, axis=axes, keepdims=keepdims), axes, keepdims)
    for name, f in [("argmax", np.argmax), ("argmin", np.argmin)]:
        for operand, values in [("x", x), ("n", n)]:
            for axis, keepdims in itertools.product((None, 0, 1, 2, -1, -2, -3), (False, True)):
                value = f(values, axis=axis, keepdims=keepdims)
                emit(name, operand, value, None if axis is None else (axis,), keepdims)
    for name, f in [("sum", np.sum), ("max", np.max), ("min", np.min)]:
        for axes in sets[:-1]:
            emit(name, "n", f(n, axis=axes).astype(np.int32), axes, False)
    for name, f in [("any", np.any), ("all", np.all)]:
        for axes in sets[:-1]:
            emit(name, "b", f(b, axis=axes), axes, False)
    out.write()


def softmax():
    out = Fixture(
        "softmax.txt",
        """
softmax and log_softmax over each axis, by PyTorch in f64; with the gradient of
sum(result * weight) for the operand.""",
    )
    operands = {
        "plain": random(4, 2, 3, 5),
        "large": random(5, 2, 3, 5, scale=300.0),
        "shifted": random(6, 2, 3, 5) + np.float32(10000.0),
        "one": random(7, 4, 1),
        "long": random(8, 1, 257, scale=4.0),
    }
    for name, x in operands.items():
        weight = random(9, *x.shape)
        for op, axis in itertools.product((torch.softmax, torch.log_softmax), range(-x.ndim, x.ndim)):
            if name != "plain" and axis < 0 or name == "long" and axis == 0:
                continue
            t = double(x, grad=True)
            y = op(t, axis)
            (y * double(weight)).sum().backward()
            out.case(f"{op.__name__} {name} axis={axis}")
            out.text("op", op.__name__)
            out.text("axis", str(axis))
            out.array("x", x)
            out.array("weight", weight)
            out.array("result", y.detach().numpy())
            out.array("gradient", t.grad.numpy())
    out.write()


# Shapes ----------------------------------------------------------------------


def matmul():
    out = Fixture(
        "matmul.txt",
        """
numpy.matmul of ranks 1 to 5 with broadcast batches. Operands are multiples of
1/4, so that every result is exact in f32 whatever the order of summation.
Cases with `error` fail; the text is what NumPy's dot (ranks 1 and 2) or matmul says.""",
    )
    pairs = [
        ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((1, 1), (1, 1)), ((1, 3), (3, 1)),
        ((7, 1), (1, 5)), ((17, 33), (33, 19)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (1, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)),
        ((2, 1, 2, 3), (1, 4, 3, 2)), ((2, 1, 1, 2, 3), (3, 1, 3, 2)), ((0, 3), (3, 4)), ((2, 0), (0, 4)),
        ((2, 3), (3, 0)), ((0,), (0,)), ((0, 2, 3), (3, 4)), ((4, 2, 0), (0, 3)),
    ]  # fmt: skip
    for seed, (left, right) in enumerate(pairs):
        a, b = quarters(100 + seed, *left), quarters(200 + seed, *right)
        result = np.matmul(a.astype(np.float64), b.astype(np.float64))
        assert np.array_equal(result, result.astype(np.float32))
        out.case(f"{left} @ {right}".replace(" ", "").replace("@", " @ "))
        out.array("a", a)
        out.array("b", b)
        out.array("result", result.astype(np.float32))
    bad = [
        ((5, 3), (10, 3)), ((5,), (2,)), ((3, 4), (3, 4)), ((3,), (4, 3)), ((2, 3), (2,)), ((), (3,)), ((2, 3), ()),
        ((2, 2, 3), (2, 4, 5)), ((2, 2, 3), (3, 3, 5)),
    ]  # fmt: skip
    for left, right in bad:
        a, b = np.zeros(left, np.float32), np.zeros(right, np.float32)
        out.case(f"error {left} @ {right}".replace(", ", ",").replace(",)", ",)"))
        out.array("a", a)
        out.array("b", b)
        small = 1 <= a.ndim <= 2 and 1 <= b.ndim <= 2
        out.text("error", failure(np.dot if small else np.matmul, a, b))
    out.write()


def failure(f, *args):
    try:
        f(*args)
    except Exception as error:  # the message is the value
        return str(error).strip()
    raise AssertionError("should have failed")


def broadcast():
    out = Fixture(
        "broadcast.txt",
        """
Shapes under NumPy's broadcasting: `result`, or `error` where they do not agree.
Shapes are written [2,3], rank 0 is [].""",
    )
    pairs = [
        ((), ()), ((), (3,)), ((3,), ()), ((3,), (3,)), ((3,), (1,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (3,)),
        ((2, 1), (1, 3)), ((3, 1, 5), (4, 1)), ((8, 1, 6, 1), (7, 1, 5)), ((0,), (1,)), ((0,), ()), ((3, 0), (3, 1)),
        ((3, 0), (1, 1)), ((1,) * 8, (2,) * 8), ((5, 5), (1, 5, 5, 1, 1)),
        ((2, 3), (2,)), ((3, 2), (3,)), ((3,), (4,)), ((0,), (3,)), ((2, 1, 4), (3, 5)), ((5, 3), (10, 3)),
    ]  # fmt: skip

    def words(shape):
        return "[" + ",".join(map(str, shape)) + "]"

    for left, right in pairs:
        out.case(f"{words(left)} {words(right)}")
        out.text("a", words(left))
        out.text("b", words(right))
        try:
            out.text("result", words(np.broadcast_shapes(left, right)))
        except ValueError:
            out.text("error", failure(np.add, np.zeros(left), np.zeros(right)))
    out.write()


class Recorder:
    """Indexing it gives the index as Python passes it on."""

    def __getitem__(self, index):
        return index if isinstance(index, tuple) else (index,)


def rust_slice(index):
    def part(i):
        if i is None:
            return "NewAxis"
        if i is Ellipsis:
            return "..."
        if isinstance(i, slice):
            start, stop = ("" if v is None else str(v) for v in (i.start, i.stop))
            return f"{start}..{stop}" + ("" if i.step is None else f";{i.step}")
        return str(i)

    return "s![" + ", ".join(map(part, index)) + "]"


def slices():
    out = Fixture(
        "slices.txt",
        """
Basic indexing of a = arange(5 * 6 * 7).reshape(5, 6, 7) by NumPy. `numpy` is the
expression, `rust` the same as an argument of Tensor::slice. Cases with `error` fail.""",
    )
    a = np.arange(5 * 6 * 7, dtype=np.int32).reshape(5, 6, 7)
    out.case("operand")
    out.array("a", a)
    expressions = """
        1:4 | ::2 | ::-1 | -1 | 0 | -5 | 1:4, 2 | :, -1 | ..., -1 | ..., 0, : | 2, 3, 4 | -1, -1, -1
        5:1:-2 | 4:0:-1, ::3 | -1:-4:-1 | :-1, 1:-1, 2:-2 | ..., ::-1 | :, ::-2, ::-3 | ::-1, ::-1, ::-1
        None | None, :, None, 2 | ..., None | 1, ..., None, ::2 | None, ..., None | ...
        3:3 | 4:1 | 1:4:-1 | 10: | -100:2 | :100, 5: | ::100 | ::-100 | 100::-2 | :, 6:, 0 | 1:1, None, ..., -1
        -3:, -2:, -1: | 0:1, 0:1, 0:1 | 4::-1, 0 | :, 1::2, 1::3 | -1::-1, ..., ::-3 | :-6:-1 | :-5:-1
        5, :, : | -6 | :, 6 | 0, 0, 0, 0 | :, :, :, : | ..., ... | ::0
    """.replace("\n", "|").split("|")
    for text in filter(None, map(str.strip, expressions)):
        index = eval(f"Recorder()[{text}]", {"Recorder": Recorder})
        out.case(text)
        out.text("numpy", f"a[{text}]")
        out.text("rust", rust_slice(index))
        try:
            out.array("result", a[index])
        except (IndexError, ValueError) as error:
            out.text("error", str(error))
    out.write()


# Pointwise -------------------------------------------------------------------


def pointwise():
    out = Fixture(
        "pointwise.txt",
        """
Pointwise operations where conventions differ, by NumPy in the operands' own dtype:
every pair of `a` with `b` for remainder and floor_divide, rounding of halves,
propagation of NaN. Integer division by zero is left out (NumPy gives 0 and warns).""",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        floats = np.array(
            [7.5, -7.5, 7.0, -7.0, 0.0, -0.0, 0.1, -0.1, 3.0, -3.0, 1e10, -1e10, 1e-30, np.inf, -np.inf, np.nan],
            np.float32,
        )
        divisors = np.array([3.0, -3.0, 0.5, -0.5, 0.1, 1e-3, 0.0, -0.0, np.inf, -np.inf, np.nan], np.float32)
        a, b = (v.ravel() for v in np.meshgrid(floats, divisors, indexing="ij"))
        binary(out, "f32", a, b)
        top, low = np.iinfo(np.int32).max, np.iinfo(np.int32).min
        ints = np.array([7, -7, 6, -6, 1, -1, 0, top, -top, low + 1, low], np.int32)
        a, b = (
            v.ravel() for v in np.meshgrid(ints, np.array([3, -3, 7, -7, 1, 2, -2, top, low], np.int32), indexing="ij")
        )
        binary(out, "i32", a, b)
        a = np.repeat(ints[ints != low], 1)
        binary(out, "i32 by -1", a, np.full_like(a, -1))
        a, b = (
            v.ravel()
            for v in np.meshgrid(
                np.array([0, 1, 6, 7, 2**31, 2**32 - 1], np.uint32),
                np.array([1, 3, 7, 2**31, 2**32 - 1], np.uint32),
                indexing="ij",
            )
        )
        binary(out, "u32", a, b)

        halves = np.concatenate(
            [
                np.arange(-4.5, 5.0, 0.5),
                [
                    0.49999997,
                    -0.49999997,
                    1.4999999,
                    8388607.5,
                    -8388607.5,
                    8388609.0,
                    4194303.25,
                    1e30,
                    -1e30,
                    -0.0,
                    np.inf,
                    -np.inf,
                    np.nan,
                    1e-40,
                ],
            ]
        ).astype(np.float32)
        for name, f in [
            ("round", np.rint),
            ("floor", np.floor),
            ("ceil", np.ceil),
            ("trunc", np.trunc),
            ("sign", np.sign),
        ]:
            out.case(name)
            out.text("op", name)
            out.array("x", halves)
            out.array("result", f(halves))

        values = np.array([-np.inf, -2.0, 0.0, 3.0, np.inf, np.nan], np.float32)
        a, b = (v.ravel() for v in np.meshgrid(values, values, indexing="ij"))
        for name, f in [("maximum", np.maximum), ("minimum", np.minimum), ("add", np.add), ("sub", np.subtract),
                        ("mul", np.multiply), ("div", np.divide), ("pow", np.power), ("atan2", np.arctan2),
                        ("eq", np.equal), ("ne", np.not_equal), ("lt", np.less), ("le", np.less_equal),
                        ("gt", np.greater), ("ge", np.greater_equal)]:  # fmt: skip
            out.case(f"{name} of NaN and infinity")
            out.text("op", name)
            out.array("a", a)
            out.array("b", b)
            out.array(
                "result",
                f(a, b)
                if f(a, b).dtype == bool or name not in ("pow", "atan2")
                else f(a.astype(np.float64), b.astype(np.float64)),
            )

        base = np.array([-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 10.0], np.float32)
        power = np.array([-3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0], np.float32)
        a, b = (v.ravel() for v in np.meshgrid(base, power, indexing="ij"))
        out.case("pow by sign")
        out.text("op", "pow")
        out.array("a", a)
        out.array("b", b)
        out.array("result", np.power(a.astype(np.float64), b.astype(np.float64)))

        nan = np.float32(np.nan)
        rows = np.array(
            [
                [1, nan, 3, nan],
                [nan, 2, 9, 4],
                [5, 6, 7, nan],
                [1, 2, 2, 1],
                [nan, nan, nan, nan],
                [-np.inf, np.inf, 0, np.inf],
            ],
            np.float32,
        )
        for name, f in [
            ("max", np.max),
            ("min", np.min),
            ("argmax", np.argmax),
            ("argmin", np.argmin),
            ("sum", np.sum),
            ("prod", np.prod),
            ("mean", np.mean),
            ("var", np.var),
        ]:
            for axis in (0, 1):
                out.case(f"{name} of rows with NaN axis={axis}")
                out.text("op", name)
                out.text("axis", str(axis))
                out.array("x", rows)
                out.array("result", f(rows, axis=axis))
    out.write()


def binary(out, name, a, b):
    for op, f in [("remainder", np.remainder), ("floor_divide", np.floor_divide)]:
        out.case(f"{op} {name}")
        out.text("op", op)
        out.array("a", a)
        out.array("b", b)
        out.array("result", f(a, b))


def unary():
    out = Fixture(
        "unary.txt",
        """
Values, first and second derivatives of unary functions, by PyTorch in f64, at points
that are exact in f32. `second` is absent where it is zero or undefined throughout.
At a kink the derivative is PyTorch's choice (relu, abs: 0 at 0; clamp: 0 at its ends).""",
    )
    plain = np.array([-20, -5, -2.5, -1, -0.75, -0.125, 0.0, 0.125, 0.75, 1, 2.5, 5, 20], np.float32)
    positive = np.array([1e-30, 1e-6, 0.125, 0.5, 0.999999, 1.0, 1.000001, 2.5, 10, 12345.678, 1e30], np.float32)
    inside = np.array([-0.999, -0.75, -0.5, -0.125, -1e-6, 0, 1e-6, 0.125, 0.5, 0.75, 0.999], np.float32)
    smooth = {
        "neg": (torch.neg, plain), "exp": (torch.exp, plain), "exp2": (torch.exp2, plain),
        "expm1": (torch.expm1, np.append(plain, np.float32([1e-6, -1e-6]))),
        "ln": (torch.log, positive), "log2": (torch.log2, positive),
        "log10": (torch.log10, positive),
        "log1p": (torch.log1p, np.append(positive, np.float32([-0.5, -0.999, 1e-10, 0]))),
        "sqrt": (torch.sqrt, positive), "rsqrt": (torch.rsqrt, positive[1:]),
        "reciprocal": (torch.reciprocal, np.append(positive[1:-1], np.float32([-2.5, -0.125]))),
        "square": (torch.square, plain), "sin": (torch.sin, np.append(plain, np.float32([100, -1000, 1e5]))),
        "cos": (torch.cos, np.append(plain, np.float32([100, -1000, 1e5]))), "tan": (torch.tan, plain),
        "tanh": (torch.tanh, np.append(plain, np.float32([100, 1e-6]))), "asin": (torch.asin, inside),
        "acos": (torch.acos, inside), "atan": (torch.atan, np.append(plain, np.float32([1e10]))),
        "sinh": (torch.sinh, plain), "cosh": (torch.cosh, plain),
        "asinh": (torch.asinh, np.append(plain, np.float32([1e-6, -1e10]))),
        "acosh": (torch.acosh, positive[6:]), "atanh": (torch.atanh, inside),
        "erf": (torch.erf, np.append(plain, np.float32([1e-6, 3.5, -3.5]))),
        "sigmoid": (torch.sigmoid, np.append(plain, np.float32([80, -80]))),
        "gelu": (F.gelu, plain), "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), plain),
        "silu": (F.silu, plain),
        # PyTorch's softplus turns linear above a threshold; this is the exact function.
        "softplus": (lambda x: torch.logaddexp(x, torch.zeros_like(x)), np.append(plain, np.float32([80, -80]))),
    }  # fmt: skip
    kinked = {
        "abs": (torch.abs, plain), "relu": (torch.relu, plain),
        "leaky_relu 0.01": (lambda x: F.leaky_relu(x, 0.01), plain), "elu 1": (lambda x: F.elu(x, 1.0), plain),
        "elu 0.5": (lambda x: F.elu(x, 0.5), plain), "clamp -1 1": (lambda x: torch.clamp(x, -1.0, 1.0), plain),
        "sign": (torch.sign, plain), "floor": (torch.floor, plain), "round": (torch.round, plain),
    }  # fmt: skip
    for name, (f, points) in {**smooth, **kinked}.items():
        x = double(points, grad=True)
        y = f(x)
        (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        out.case(name)
        out.text("op", name)
        out.array("x", points)
        out.array("result", y.detach().numpy())
        out.array("gradient", first.detach().numpy())
        if name in smooth and first.requires_grad:
            (second,) = torch.autograd.grad(first.sum(), x)
            if torch.isfinite(second).all():
                out.array("second", second.numpy())
    out.write()


# Training --------------------------------------------------------------------


def losses():
    out = Fixture(
        "losses.txt",
        """
Losses and their gradients, by PyTorch in f64. `mean` and `gradient` (for the logits or
the prediction, of the mean) and `each`, the loss of each row before the mean.""",
    )
    rng = np.random.default_rng(20)
    cases = {
        "plain": (random(21, 4, 5), [0, 3, 4, 1]),
        "one row": (random(22, 1, 10), [9]),
        "two classes": (random(23, 7, 2, scale=3.0), rng.integers(0, 2, 7)),
        "large logits": (random(24, 4, 5, scale=1000.0), [2, 0, 4, 4]),
        "equal logits": (np.zeros((3, 4), np.float32), [0, 1, 3]),
        "shifted logits": (random(25, 3, 4) + np.float32(4096.0), [0, 1, 3]),
        "digits-like": (random(26, 33, 10, scale=2.0), rng.integers(0, 10, 33)),
    }
    for name, (logits, labels) in cases.items():
        labels = np.asarray(labels, np.int32)
        t = double(logits, grad=True)
        target = torch.tensor(labels, dtype=torch.int64)
        mean = F.cross_entropy(t, target)
        mean.backward()
        out.case(f"cross_entropy {name}")
        out.text("op", "cross_entropy")
        out.array("logits", logits)
        out.array("labels", labels)
        out.array("mean", mean.detach().numpy())
        out.array("each", F.cross_entropy(t, target, reduction="none").detach().numpy())
        out.array("gradient", t.grad.numpy())
    for name, shape in {"vector": (7,), "matrix": (4, 3)}.items():
        prediction, target = random(27, *shape), random(28, *shape)
        t = double(prediction, grad=True)
        mean = F.mse_loss(t, double(target))
        mean.backward()
        out.case(f"mse {name}")
        out.text("op", "mse")
        out.array("prediction", prediction)
        out.array("target", target)
        out.array("mean", mean.detach().numpy())
        out.array("gradient", t.grad.numpy())
    out.write()


# Random numbers and printing -------------------------------------------------


def philox4x32_10(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def philox():
    out = Fixture(
        "philox.txt",
        """
Philox 4x32-10: counter and key to four words. The first three are the known answers of
Random123 (J. Salmon et al., 2011), asserted here; the others follow the same rounds.""",
    )
    known = [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ]
    for counter, key, words in known:
        assert philox4x32_10(counter, key) == words, (counter, key)
    more = [([i, 0, 0, 0], [42, 0]) for i in range(4)] + [([0, 1, 0, 0], [42, 0]), ([7, 0, 3, 0], [1, 2])]
    for counter, key in [k[:2] for k in known] + more:
        out.case(f"{counter} {key}")
        out.array("counter", np.array(counter, np.uint32))
        out.array("key", np.array(key, np.uint32))
        out.array("words", np.array(philox4x32_10(counter, key), np.uint32))
    out.write()


def display():
    out = Fixture(
        "display.txt",
        """
How NumPy prints arrays: `str` and `repr` by its default options, then `str` by options that are named.""",
    )
    f = np.float32
    nan, inf = np.nan, np.inf
    arrays = {
        "integers as floats": f([1, 2, 3]),
        "fractions": f([0.1, 0.25, 1.5]),
        "thirds": f([1 / 3, 2 / 3, 1.0]),
        "mixed magnitudes": f([0.001, 1.5, 1234.5]),
        "small": f([1e-5, 2e-5, 3.5e-5]),
        "wide range": f([1e-8, 1.0, 1e8]),
        "wide ratio": f([0.001, 10000.0]),
        "large": f([1e10, 2.5e10]),
        "below 1e8": f([12345678.0, 1.0]),
        "at 1e8": f([1e8, 1.0]),
        "smallest fixed": f([1e-4, 0.1]),
        "tiny": f([1e-40, 1e-38]),
        "extremes": f([3.4028235e38, -3.4028235e38, 1.1754944e-38]),
        "negative": f([-1.0, 2.5, -33.25]),
        "negative zero": f([-0.0, 0.0, 1.0]),
        "nan and inf": f([nan, inf, -inf, 1.5]),
        "nan only": f([nan, nan]),
        "inf only": f([inf, -inf]),
        "nan with integers": f([1, nan, 3]),
        "one": f([7]),
        "zeros": np.zeros((2, 3), np.float32),
        "matrix": f([[11, 22, 33], [14, 25, 36]]),
        "matrix of fractions": f([[4.8, 1.21, 2.385], [8.9, -1.81, 0.2], [1.41, 1.051, 0.026]]),
        "softmax": (lambda x: (np.exp(x) / np.exp(x).sum(-1, keepdims=True)).astype(np.float32))(
            f([[9, 2, 5, 0, 0], [7, 5, 0, 0, 0]])
        ),
        "normal": random(40, 4, 3),
        "column": f([[1], [20], [300]]),
        "integers": np.array([1, -20, 300], np.int32),
        "integer matrix": np.array([[1, -20, 300], [4, 5, 6]], np.int32),
        "unsigned": np.array([0, 4294967295], np.uint32),
        "extreme integers": np.array([-2147483648, 2147483647, 0], np.int32),
        "bools": np.array([True, False, True]),
        "bool matrix": np.array([[True, False], [False, False]]),
        "empty": np.zeros((0,), np.float32),
        "empty matrix": np.zeros((0, 3), np.float32),
        "empty inside": np.zeros((2, 0), np.int32),
        "rank 0": np.array(3.5, np.float32),
        "rank 0 whole": np.array(-2.0, np.float32),
        "rank 0 third": np.array(1 / 3, np.float32),
        "rank 0 small": np.array(1e-5, np.float32),
        "rank 0 large": np.array(1e16, np.float32),
        "rank 0 nan": np.array(nan, np.float32),
        "rank 0 integer": np.array(42, np.int32),
        "rank 0 bool": np.array(True),
        "rank 3": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "rank 3 integers": np.arange(-6, 6, dtype=np.int32).reshape(2, 2, 3),
        "rank 4": np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2) / 2,
        "singletons": f([[[[1.5]]]]),
        "wrapped line": np.arange(30, dtype=np.int32),
        "wrapped floats": (np.arange(30) / 7).astype(np.float32),
        "wrapped rows": (np.arange(40).reshape(2, 20) * 1.25).astype(np.float32),
        "1000 elements": np.arange(1000, dtype=np.int32),
        "1001 elements": np.arange(1001, dtype=np.int32),
        "1001 floats": np.arange(1001, dtype=np.float32),
        "1001 fractions": (np.arange(1001) / 8).astype(np.float32),
        "elided matrix": np.arange(1200, dtype=np.float32).reshape(30, 40),
        "elided rows": np.arange(2002, dtype=np.int32).reshape(1001, 2),
        "elided columns": np.arange(2002, dtype=np.int32).reshape(2, 1001),
        "elided rank 3": np.arange(10 * 11 * 12, dtype=np.int32).reshape(10, 11, 12),
        "elided, widest hidden": np.array([1] * 500 + [123456] + [2] * 500, np.int32),
    }
    default = {name: str(values) for name, values in arrays.items()}
    for name, values in arrays.items():
        out.case(name)
        out.array("values", values)
        out.block("str", str(values))
        out.block("repr", repr(values))
    options = [
        {"precision": 3}, {"precision": 0}, {"precision": 12}, {"threshold": 10}, {"threshold": 4, "edgeitems": 1},
        {"threshold": 5, "edgeitems": 2, "precision": 2}, {"linewidth": 20}, {"linewidth": 40, "precision": 4},
        {"linewidth": 1}, {"suppress": True}, {"suppress": True, "precision": 4},
    ]  # fmt: skip
    chosen = [
        "fractions", "thirds", "mixed magnitudes", "small", "wide range", "wide ratio", "large", "tiny",
        "nan and inf", "matrix of fractions", "softmax", "normal", "integers", "integer matrix", "bool matrix",
        "empty", "rank 3", "wrapped floats",
    ]  # fmt: skip
    for option in options:
        words = " ".join(f"{key}={int(value)}" for key, value in option.items())
        for name in chosen:
            values = arrays[name]
            with np.printoptions(**option):
                if str(values) == default[name]:
                    continue
                out.case(f"{name}, {words}")
                for key, value in option.items():
                    out.text(key, str(int(value)))
                out.array("values", values)
                out.block("str", str(values))
    out.write()


if __name__ == "__main__":
    named = [name.removesuffix(".txt") for name in sys.argv[1:]]
    for make in (
        reductions,
        softmax,
        matmul,
        broadcast,
        slices,
        pointwise,
        unary,
        losses,
        training.optimisers,
        training.schedules,
        criteria.criteria,
        scores.scores,
        philox,
        display,
        places.places,
        order.scans,
        order.sorts,
        order.partitions,
        order.statistics,
        shapes,
        isclose,
        assignment,
        elementwise,
        files,
        convolution.convolutions,
        convolution.pooling,
        linalg.products,
        linalg.norms,
        linalg.decompositions,
        edges.edges,
        layers.layers,
        layers.gains,
        sequences.recurrent,
        sequences.attention,
        preparation.preparation,
    ):
        if not named or make.__name__ in named:
            make()
