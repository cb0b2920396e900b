"""Values of scans, sorts and what is made of them."""

import numpy as np
import torch

from fixture import Fixture

NAN, INF = np.nan, np.inf


def scans():
    out = Fixture(
        "scans.txt",
        """
Scans along an axis: cumsum, cumprod, cummax (maximum.accumulate), cummin, and where PyTorch's cummax and
cummin took their values.
""",
    )
    f = lambda v: np.array(v, np.float32)
    operands = {
        "vector": f([1.5, -2, 0.25, 4, -1]),
        "matrix": np.arange(-6, 9).reshape(3, 5).astype(np.float32) / 4,
        "rank 3": np.arange(-12, 12).reshape(2, 3, 4).astype(np.float32) / 8,
        "nan": f([1, 3, NAN, 2, -NAN, 5]),
        "infinite": f([-INF, 1, INF, 2, -INF, 0]),
        "zeros": f([-0.0, 0.0, -0.0, 1, 0.0]),
        "equal": f([2, 2, 1, 2, 3, 3]),
        "one": f([7]),
        "empty": f([]),
        "no rows": np.zeros((0, 3), np.float32),
        "no columns": np.zeros((2, 0), np.float32),
        "integers": np.array([[3, -1, 4], [1, -5, 9], [2, 6, -5]], np.int32),
        "wrapping": np.array([2147483647, 1, -2147483648, 65536, 65536], np.int32),
        "unsigned": np.array([4294967295, 2, 7, 4294967295], np.uint32),
        "bools": np.array([True, False, True, True]),
    }
    numpy = {
        "cumsum": np.cumsum,
        "cumprod": np.cumprod,
        "cummax": np.maximum.accumulate,
        "cummin": np.minimum.accumulate,
    }
    for name, x in operands.items():
        for axis in range(-x.ndim, x.ndim):
            out.case(f"{name} axis={axis}")
            out.text("axis", str(axis))
            out.array("x", x)
            for key, scan in numpy.items():
                with np.errstate(all="ignore"):
                    if key in ("cummax", "cummin"):
                        y = scan(x, axis=axis)
                    elif x.dtype == np.bool_:
                        y = scan(x, axis=axis, dtype=np.int32)
                    else:
                        y = scan(x, axis=axis, dtype=x.dtype)
                out.array(key, y)
            if x.dtype == np.uint32 or x.size == 0:
                continue
            t = torch.tensor(x)
            for key in ("cummax", "cummin"):
                out.array(f"{key}_indices", getattr(torch, key)(t, axis).indices.numpy().astype(np.int32))
    out.write()
