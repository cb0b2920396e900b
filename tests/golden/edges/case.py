"""What each function of docs/numpy.md gives on operands at the edges, by NumPy (or PyTorch, where it alone has it).

A case is an operand; each of its keys is a call as tests/names/calls.rs reads it, `name(arguments)`, where x, y … are
the case's arrays. Its value is the result, `error` where the call must fail, or, for a list of results, their number,
with the results under `name(arguments)/0` and on. Results have tilewise's dtypes.
"""

import warnings

import numpy as np

from fixture import Fixture

NAN, INF = np.nan, np.inf
ERRORS = (ValueError, IndexError, TypeError, RuntimeError, np.exceptions.AxisError)


def f32(values):
    return np.array(values, np.float32)


OPERANDS = {
    "a number": f32(2.5),
    "empty": f32([]),
    "no rows": np.zeros((0, 3), np.float32),
    "no columns": np.zeros((2, 0), np.float32),
    "one": f32([-1.5]),
    "a column": f32([[3], [-1], [0.5]]),
    "a row": f32([[0.25, 0, 2]]),
    "odd": f32([0.5, -3, 2, -0.25, 1.25, 3, -1.5]),
    "matrix": f32([[3, 1, -2, 4.5, 0], [-1, 5, -6, 2.25, 7], [8, -0.5, 6, -7, 2]]),
    "rank 3": f32(np.arange(12).reshape(2, 3, 2) % 7 - 2.5),
    "nan": f32([2, NAN, -1, NAN, 3]),
    "all nan": f32([NAN, NAN]),
    "zeros": f32([0.0, -0.0, -0.0, 0.0, 0.0]),
    "infinite": f32([1, INF, -INF, INF, -2]),
    "duplicates": f32([2, 1, 2, 2, 1, 1, 3]),
    "integers": np.array([[3, -1, 3], [0, -5, 2]], np.int32),
    "extremes": np.array([2147483647, -2147483648, -1, 1], np.int32),
    "unsigned": np.array([4294967295, 0, 7, 7], np.uint32),
    "bools": np.array([[True, False, True], [False, False, True]]),
}


class Edges:
    """A file of such cases."""

    def __init__(self, name, about):
        self.fixture = Fixture(name, about)

    def case(self, name, *arrays):
        self.fixture.case(name)
        for key, array in zip("xyz", arrays):
            self.fixture.array(key, array)

    def call(self, key, result):
        """Records what `result()` gives, or that it fails."""
        assert " " not in key
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = result()
        except ERRORS:
            self.fixture.text(key, "error")
            return
        if isinstance(value, (list, tuple)):
            self.fixture.text(key, str(len(value)))
            for i, part in enumerate(value):
                self.fixture.array(f"{key}/{i}", part)
        else:
            self.fixture.array(key, value)

    def write(self):
        self.fixture.write()


def wide(x):
    return np.asarray(x, np.float64)


def single(x):
    """What f32 makes of it, to compute in f64 with: integers become floats before anything else."""
    return np.asarray(x, np.float32).astype(np.float64)


def places(values):
    return np.asarray(values).astype(np.uint32)


def numbers(x):
    """Bools count as integers."""
    return x.astype(np.int32) if x.dtype == np.bool_ else x


def i32(values):
    return np.array(values, np.int32)
