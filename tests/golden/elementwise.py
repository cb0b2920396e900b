"""Elementwise functions that are made of others, and the bits of integers."""

import warnings

import numpy as np
import torch

from fixture import Fixture, double


def elementwise():
    out = Fixture(
        "elementwise.txt",
        """
Elementwise functions of NumPy (PyTorch for lerp): of floats in f64 at points that are exact
in f32, of integers in their own dtype.""",
    )
    nan, inf = np.nan, np.inf
    points = np.float32(
        [-inf, -100.5, -3, -2.5, -1, -0.75, -0.25, -1e-6, -0.0, 0.0, 1e-6, 0.125, 0.25, 0.2500001, 0.5, 1, 2, 2.5]
        + [7.75, 100.5, 4097.25, inf, nan]
    )
    few = np.float32([-inf, -100.5, -2.5, -1e-6, -0.0, 0.0, 0.25, 1, 4097.25, inf, nan])
    a, b = (v.ravel() for v in np.meshgrid(few, few, indexing="ij"))
    wide = points.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = {
            "degrees": np.degrees, "radians": np.radians, "sinc": np.sinc, "nan_to_num": np.nan_to_num,
            "nan_to_num 7 1 -2": lambda x: np.nan_to_num(x, nan=7, posinf=1, neginf=-2),
            "round_to 1": lambda x: np.round(x, 1), "round_to -1": lambda x: np.round(x, -1),
        }  # fmt: skip
        for name, f in one.items():
            out.case(name)
            out.text("op", name)
            out.array("x", points)
            # The largest number is that of the type.
            out.array("result", f(points if name == "nan_to_num" else wide))
        two = {
            "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2, "heaviside": np.heaviside,
            "fmin": np.fmin, "fmax": np.fmax, "copysign": np.copysign, "hypot": np.hypot, "fmod": np.fmod,
        }  # fmt: skip
        for name, f in two.items():
            out.case(name)
            out.text("op", name)
            out.array("a", a)
            out.array("b", b)
            out.array("result", f(a.astype(np.float64), b.astype(np.float64)))
        out.case("lerp")
        out.text("op", "lerp")
        start, end, weight = (np.float32(v) for v in ([1, -2, 3, 0, 5], [2, 8, 3, 1e6, -1], [0.25, 1, 0.5, 0.75, 0]))
        out.array("a", start)
        out.array("b", end)
        out.array("weight", weight)
        out.array("result", torch.lerp(double(start), double(end), double(weight)).numpy())
        for dtype in (np.int32, np.uint32):
            info = np.iinfo(dtype)
            values = [0, 1, 2, 5, 12, 18, 1000, info.max] + ([-1, -5, -12, info.min] if info.min else [])
            amounts = [0, 1, 5, 31, 32, 33, 100] + ([-1, -32] if info.min else [])
            for name in ("left_shift", "right_shift", "bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm"):
                other = amounts if "shift" in name else values
                a, b = (v.ravel().astype(dtype) for v in np.meshgrid(values, other, indexing="ij"))
                out.case(f"{name} {np.dtype(dtype).name}")
                out.text("op", name)
                out.array("a", a)
                out.array("b", b)
                out.array("result", getattr(np, name)(a, b))
    out.write()
