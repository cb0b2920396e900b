"""Files of reference values: what tests/support/golden.rs reads, written line by line.

The format, read by tests/support/golden.rs, is lines of text:

    # a comment
    case sum axes=[0]                 starts a case; the rest of the line names it
    key = text                        a string, to the end of the line
    key : f32 [2,3] 1.0 -0.0 …        an array: dtype, shape ([] for rank 0), values
    key | text                        one line of a block of text

Values of an array are in row-major order; a float is the shortest text that
reads back as the same f64 (nan, inf and -inf included), a bool is 0 or 1.
The dtype is that of the values: f32 and f64 for floats (f32 where every value
is an f32), i32, u32, bool.
"""

import pathlib
import platform

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = f"NumPy {np.__version__}, PyTorch {torch.__version__.split('+')[0]}, Python {platform.python_version()}"
DTYPES = {
    "float32": "f32",
    "float64": "f64",
    "int32": "i32",
    "int64": "i32",
    "uint32": "u32",
    "bool": "bool",
}


class Fixture:
    """One file of cases."""

    def __init__(self, name, about):
        self.path = HERE / name
        self.lines = [f"# {line}" for line in about.strip().splitlines()]
        self.lines.append(f"# Written by make.py with {VERSIONS}.")

    def case(self, name):
        self.lines += ["", f"case {name}"]

    def text(self, key, value):
        assert "\n" not in value
        self.lines.append(f"{key} = {value}")

    def block(self, key, value):
        self.lines += [f"{key} | {line}".rstrip() for line in value.split("\n")]

    def array(self, key, value):
        value = np.asarray(value)
        kind = DTYPES[value.dtype.name]
        if kind in ("i32", "u32"):
            info = np.iinfo(np.int32 if kind == "i32" else np.uint32)
            assert value.size == 0 or (info.min <= value.min() and value.max() <= info.max)
        shape = ",".join(map(str, value.shape))
        values = " ".join(number(v) for v in value.ravel())
        self.lines.append(f"{key} : {kind} [{shape}] {values}".rstrip())

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")


def number(v):
    if isinstance(v, (bool, np.bool_)):
        return str(int(v))
    if isinstance(v, (int, np.integer)):
        return str(int(v))
    return repr(float(v))


def random(seed, *shape, scale=1.0):
    """Standard normal values that are exact in f32."""
    values = np.random.default_rng(seed).standard_normal(shape) * scale
    return values.astype(np.float32)


def quarters(seed, *shape):
    """Multiples of 1/4 in [-4, 4]: sums of their products are exact in f32."""
    return (np.random.default_rng(seed).integers(-16, 17, shape) / 4).astype(np.float32)


def double(values, grad=False):
    return torch.tensor(np.asarray(values, dtype=np.float64), dtype=torch.float64, requires_grad=grad)
