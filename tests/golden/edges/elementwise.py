"""Functions that work element by element."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .case import INF, NAN, OPERANDS, Edges, f32, numbers, single, wide

FLOATS = {
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "reciprocal": np.reciprocal,
    "sinc": np.sinc,
    "degrees": np.degrees,
    "radians": np.radians,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}


def by_torch(f):
    return lambda x: f(torch.tensor(single(x))).numpy()


def gate(f):
    """x·f(x), with its limit 0 at −∞."""
    return lambda x: torch.where(x == -INF, -0.0, x * f(x))


ACTIVATIONS = {
    "erf()": torch.erf,
    "relu()": F.relu,
    "gelu()": gate(lambda x: torch.special.erfc(-x / math.sqrt(2)) / 2),
    "gelu_tanh()": gate(lambda x: torch.sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * x**3))),
    "silu()": gate(torch.sigmoid),
    "softplus()": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "leaky_relu(0.125)": lambda x: F.leaky_relu(x, 0.125),
    "elu(1.5)": lambda x: F.elu(x, 1.5),
}


def rounded(f):
    """Integers are whole already; bools count as integers."""
    return lambda x: f(numbers(x))


def to_integers(x, kind):
    info = np.iinfo(kind)
    if x.dtype.kind != "f":
        return x.astype(kind)
    return np.clip(np.nan_to_num(np.trunc(wide(x)), nan=0), info.min, info.max).astype(np.int64).astype(kind)


def rounded_to(decimals):
    """Integers stay in their type."""

    def call(x):
        x = numbers(x)
        return np.round(wide(x), decimals) if x.dtype.kind == "f" else np.round(x.astype(np.int64), decimals).astype(x.dtype)

    return call


UNARY = {
    "abs": lambda x: np.abs(numbers(x)),
    "negative": lambda x: np.negative(numbers(x)),
    "sign": lambda x: np.sign(numbers(x)),
    "square": lambda x: np.square(numbers(x)),
    "floor": rounded(np.floor),
    "ceil": rounded(np.ceil),
    "trunc": rounded(np.trunc),
    "round": rounded(np.round),
    "signbit": lambda x: np.signbit(x.astype(np.float32)),
    "is_nan": lambda x: np.isnan(x.astype(np.float32)),
    "is_finite": lambda x: np.isfinite(x.astype(np.float32)),
    "is_inf": lambda x: np.isinf(x.astype(np.float32)),
    "bitwise_not": np.invert,
    "logical_not": np.logical_not,
    "nan_to_num(0.5)": lambda x: np.nan_to_num(x, nan=0.5) if x.dtype.kind == "f" else x,
    "round_to(1)": rounded_to(1),
    "round_to(-1)": rounded_to(-1),
    "clamp(-1,2)": lambda x: np.clip(numbers(x), -1, 2) if x.dtype.kind != "u" else np.clip(x, 0, 2),
    "to_dtype(f32)": lambda x: x.astype(np.float32),
    "to_dtype(i32)": lambda x: to_integers(x, np.int32),
    "to_dtype(u32)": lambda x: to_integers(x, np.uint32),
    "to_dtype(bool)": lambda x: x.astype(np.bool_),
}


def unary():
    out = Edges("edges_unary.txt", "Functions of one operand, element by element, at the edges (see the folder edges).")
    for name, x in OPERANDS.items():
        out.case(name, x)
        for key, f in FLOATS.items():
            out.call(f"{key}()", lambda: f(single(x)))
        for key, f in ACTIVATIONS.items():
            out.call(key, lambda: by_torch(f)(x))
        for key, f in UNARY.items():
            out.call(key if "(" in key else f"{key}()", lambda: f(x))
    out.write()


def grid(values, dtype):
    """Each of the values with each."""
    x, y = np.meshgrid(np.array(values, dtype), np.array(values, dtype), indexing="ij")
    return x.ravel(), y.ravel()


PAIRS = {
    "numbers": (f32(2.5), f32(-0.75)),
    "empty": (f32([]), f32([])),
    "no rows and a row": (np.zeros((0, 3), np.float32), f32([1, 2, 3])),
    "one and several": (f32([2]), f32([0.5, -1, 3])),
    "a column and a row": (f32([[1], [2], [3]]), f32([[0.5, -2, 4, 1.5]])),
    "odd": (f32([0.5, 3, -2, 0.25, 1.25, 3, -1.5]), f32([2, -1, 3, 0.5, 2, 3, -2])),
    "a matrix and a number": (f32([[1.5, -2, 3], [4, 5, 6.5]]), f32(2)),
    "nan": grid([NAN, 2, -1], np.float32),
    "zeros and infinities": grid([0.0, -0.0, INF, -INF, 1.5], np.float32),
    "integers": grid([0, 1, 2, -3, 7], np.int32),
    "extremes": grid([2147483647, -2147483648, -1, 3], np.int32),
    "unsigned": grid([0, 1, 5, 33, 4294967295], np.uint32),
    "bools": grid([False, True], np.bool_),
    "integers and floats": (np.array([1, -2, 3], np.int32), f32([0.5, 2, -1.5])),
    "bools and integers": (np.array([True, False, True]), np.array([2, -3, 5], np.int32)),
    "shapes that do not fit": (f32([1, 2, 3]), f32([1, 2, 3, 4])),
}


def power(x, y):
    """As NumPy, but a negative power of an integer is the fraction towards zero, and 0 of 0."""
    if x.dtype.kind == "f" or y.dtype.kind == "f":
        return np.power(wide(x), wide(y))
    x, y = np.broadcast_arrays(x, y)
    kind = np.result_type(x, y)
    wrapped = [pow(int(a), int(b), 2**32) if b >= 0 else {1: 1, -1: -1 if b % 2 else 1}.get(int(a), 0) for a, b in zip(x.flat, y.flat)]
    bits = np.array([w % 2**32 for w in wrapped], np.uint32)
    return bits.view(kind).reshape(x.shape)


def floats(f):
    return lambda x, y: f(wide(x), wide(y))


def counted(f):
    return lambda x, y: f(numbers(x), numbers(y))


def integral(f, exact=False):
    """Integers by NumPy in their type, floats in f64 (in f32 where the result is exact there)."""

    def call(x, y):
        x, y = numbers(x), numbers(y)
        if x.dtype.kind == "f" or y.dtype.kind == "f":
            return f(x.astype(np.float32), y.astype(np.float32)) if exact else f(wide(x), wide(y))
        return f(x, y)

    return call


def trunc_divide(x, y):
    if x.dtype.kind == "f":
        return np.trunc(x / y)
    x, y = np.broadcast_arrays(x, y)
    quotients = [0 if b == 0 else abs(int(a)) // abs(int(b)) * (1 if (a < 0) == (b < 0) else -1) for a, b in zip(x.flat, y.flat)]
    return np.array([q % 2**32 for q in quotients], np.uint32).view(np.result_type(x, y)).reshape(x.shape)


BINARY = {
    "try_add": counted(np.add),
    "try_sub": counted(np.subtract),
    "try_mul": counted(np.multiply),
    "try_div": floats(np.divide),
    "floor_divide": integral(np.floor_divide, exact=True),
    "remainder": integral(np.remainder, exact=True),
    "fmod": integral(np.fmod, exact=True),
    "trunc_divide": integral(trunc_divide, exact=True),
    "pow": lambda x, y: power(numbers(x), numbers(y)),
    "atan2": floats(np.arctan2),
    "hypot": floats(np.hypot),
    "copysign": floats(np.copysign),
    "logaddexp": floats(np.logaddexp),
    "logaddexp2": floats(np.logaddexp2),
    "minimum": counted(np.minimum),
    "maximum": counted(np.maximum),
    "fmin": counted(np.fmin),
    "fmax": counted(np.fmax),
    "heaviside": floats(np.heaviside),
    "gcd": counted(np.gcd),
    "lcm": counted(np.lcm),
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "left_shift": counted(np.left_shift),
    "right_shift": counted(np.right_shift),
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "lerp": lambda x, y: single(x) + 0.25 * (single(y) - single(x)),
    "isclose": lambda x, y: np.isclose(wide(x), wide(y), 1e-5, 1e-8),
    "allclose": lambda x, y: np.array(np.allclose(wide(x), wide(y), 1e-5, 1e-8)),
    "array_equal": lambda x, y: np.array(np.array_equal(x, y)),
    "broadcast_arrays": lambda x, y: [np.array(v) for v in np.broadcast_arrays(x, y)],
    "divmod": lambda x, y: [integral(np.floor_divide, True)(x, y), integral(np.remainder, True)(x, y)],
    "select": lambda x, y: np.where(np.asarray(x) != 0, x, y),
}


def binary():
    out = Edges("edges_binary.txt", "Functions of two operands, element by element, at the edges (see the folder edges).")
    for name, (x, y) in PAIRS.items():
        out.case(name, x, y)
        for key, f in BINARY.items():
            out.call(f"{key}(y)", lambda: f(x, y))
    out.write()
