"""Convolutions and pooling by PyTorch, NumPy and SciPy."""

import numpy as np
import scipy.signal
import torch
import torch.nn.functional as F

from fixture import Fixture, quarters, random


def convolutions():
    out = Fixture(
        "convolutions.txt",
        """
Convolutions of multiples of 1/4, by PyTorch, NumPy and SciPy in f64: `op` of x and w (and bias), with its options.""",
    )

    def case(op, x, w, bias=True, **options):
        words = " ".join(f"{k}={v}" for k, v in options.items()).replace(", ", ",")
        out.case(f"{op} {x} {w} {words}".replace(", ", ","))
        out.text("op", op)
        for key, value in options.items():
            value = value if isinstance(value, (tuple, str)) else (value, value)
            out.text(key, str(list(value)).replace(" ", "") if isinstance(value, tuple) else value)
        transposed = "transpose" in op
        groups = options.get("groups", 1)
        channels = w[1] * groups if transposed else w[0]
        x, w, b = quarters(sum(x), *x), quarters(sum(w) + 1, *w), quarters(3, channels)
        out.array("x", x)
        out.array("w", w)
        arguments = [torch.tensor(v.astype(np.float64)) for v in (x, w, b)]
        if bias:
            out.array("bias", b)
        else:
            arguments[2] = None
        out.array("result", getattr(F, op)(*arguments, **options).numpy())

    case("conv2d", (1, 1, 4, 5), (1, 1, 2, 3))
    case("conv2d", (2, 3, 5, 6), (4, 3, 3, 2))
    case("conv2d", (2, 3, 5, 6), (4, 3, 3, 2), bias=False, stride=2)
    case("conv2d", (2, 3, 5, 6), (4, 3, 3, 2), stride=(2, 3), padding=(1, 2))
    case("conv2d", (1, 2, 7, 7), (2, 2, 3, 3), dilation=2)
    case("conv2d", (1, 2, 7, 8), (2, 2, 3, 2), dilation=(3, 2), padding=(2, 1), stride=(1, 2))
    case("conv2d", (2, 4, 5, 5), (6, 2, 3, 3), groups=2, padding=1)
    case("conv2d", (2, 3, 4, 4), (3, 1, 3, 3), groups=3)
    case("conv2d", (1, 2, 5, 4), (3, 2, 3, 2), padding="same")
    case("conv2d", (1, 2, 5, 4), (3, 2, 4, 2), padding="same", dilation=(1, 2))
    case("conv2d", (1, 2, 5, 4), (3, 2, 3, 2), padding="valid")
    case("conv2d", (2, 3, 4, 4), (5, 3, 1, 1))
    case("conv2d", (3, 4, 5), (2, 3, 2, 2))
    case("conv2d", (1, 1, 1, 1), (1, 1, 1, 1), padding=1)
    case("conv2d", (0, 2, 4, 4), (3, 2, 2, 2))
    case("conv1d", (2, 3, 8), (4, 3, 3))
    case("conv1d", (2, 4, 9), (4, 2, 3), stride=2, padding=1, dilation=2, groups=2)
    case("conv1d", (3, 8), (4, 3, 4), bias=False, padding="same")
    case("conv_transpose2d", (1, 1, 3, 3), (1, 1, 2, 2))
    case("conv_transpose2d", (2, 3, 3, 4), (3, 2, 3, 2), stride=2)
    case("conv_transpose2d", (2, 3, 3, 4), (3, 2, 3, 2), stride=(3, 2), padding=(1, 1), output_padding=(2, 1))
    case("conv_transpose2d", (2, 4, 3, 3), (4, 2, 3, 3), groups=2, stride=2, padding=1, bias=False)
    case("conv_transpose2d", (1, 2, 3, 4), (2, 3, 2, 3), dilation=(2, 3), padding=(1, 2))
    case("conv_transpose2d", (1, 2, 4, 4), (2, 2, 2, 2), stride=3, padding=1)
    case("conv_transpose2d", (1, 1, 4, 4), (1, 1, 1, 1), stride=2, padding=2, output_padding=1)
    case("conv_transpose1d", (2, 3, 5), (3, 2, 3), stride=2, padding=1, output_padding=1)
    case("conv_transpose1d", (3, 5), (3, 2, 4), dilation=2)

    for a, v in [((5,), (3,)), ((6,), (4,)), ((3,), (5,)), ((4,), (7,)), ((4,), (4,)), ((1,), (1,)), ((200,), (37,))]:
        a, v = quarters(sum(a), *a), quarters(sum(v) + 9, *v)
        for mode in ("full", "same", "valid"):
            for op in ("convolve", "correlate"):
                out.case(f"{op} {mode} {a.size} {v.size}")
                out.text("op", op)
                out.text("mode", mode)
                out.array("x", a)
                out.array("w", v)
                out.array("result", getattr(np, op)(a.astype(np.float64), v.astype(np.float64), mode))
    for a, v in [((5, 6), (3, 3)), ((5, 6), (2, 4)), ((4, 4), (4, 4)), ((3, 3), (4, 5)), ((1, 5), (1, 2)), ((6, 5), (1, 1))]:
        a, v = quarters(sum(a), *a), quarters(sum(v) + 9, *v)
        for mode in ("full", "same", "valid"):
            for boundary in ("fill", "wrap", "symm", "fill 2"):
                if mode == "valid" and boundary != "fill":
                    continue
                out.case(f"convolve2d {mode} {boundary} {a.shape} {v.shape}".replace(", ", ","))
                out.text("op", "convolve2d")
                out.text("mode", mode)
                out.text("boundary", boundary)
                out.array("x", a)
                out.array("w", v)
                name, *fill = boundary.split()
                fill = float(fill[0]) if fill else 0
                out.array("result", scipy.signal.convolve2d(a.astype(np.float64), v.astype(np.float64), mode, name, fill))
    out.write()


def pooling():
    out = Fixture(
        "pooling.txt",
        """
Pooling, by PyTorch in f64: `op` of x with its options; pairs are height and width.""",
    )

    def case(op, shape, **options):
        words = " ".join(f"{k}={v}" for k, v in options.items()).replace(", ", ",")
        out.case(f"{op} {shape} {words}".replace(", ", ","))
        out.text("op", op)
        for key, value in options.items():
            pair = value if isinstance(value, tuple) else (value, value)
            out.text(key, str(int(value)) if isinstance(value, bool) else str(list(pair)).replace(" ", ""))
        x = random(sum(shape), *shape)
        out.array("x", x)
        out.array("result", getattr(F, op)(torch.tensor(x.astype(np.float64)), **options).numpy())

    for op in ("max_pool2d", "avg_pool2d"):
        case(op, (1, 1, 4, 4), kernel_size=2)
        case(op, (2, 3, 5, 7), kernel_size=2)
        case(op, (2, 3, 5, 7), kernel_size=(3, 2), stride=(2, 1))
        case(op, (2, 3, 5, 7), kernel_size=3, stride=1, padding=1)
        case(op, (1, 2, 7, 6), kernel_size=3, stride=2, ceil_mode=True)
        case(op, (1, 2, 7, 6), kernel_size=3, stride=2, padding=1, ceil_mode=True)
        case(op, (1, 2, 6, 8), kernel_size=2, stride=3, padding=1, ceil_mode=True)
        case(op, (3, 5, 5), kernel_size=(5, 1))
    case("max_pool2d", (1, 2, 7, 8), kernel_size=(2, 3), dilation=(3, 2), stride=1, padding=1)
    for ceil_mode in (False, True):
        case("avg_pool2d", (1, 2, 6, 7), kernel_size=(3, 2), stride=2, padding=1, count_include_pad=False, ceil_mode=ceil_mode)
    for op in ("max_pool1d", "avg_pool1d"):
        case(op, (2, 3, 9), kernel_size=2)
        case(op, (3, 9), kernel_size=4, stride=3, padding=2)
        case(op, (3, 8), kernel_size=3, stride=2, padding=1, ceil_mode=True)
    out.write()
