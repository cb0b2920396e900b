"""Files that NumPy writes: tests/golden/arrays.npz holds one array of each type, byte order and order in memory."""

import numpy as np

from fixture import HERE

# What tests/npy.rs expects of each kind of element.
VALUES = {
    "b": np.array([[True, False, True], [False, False, True]]),
    "u": np.array([[0, 1, 2], [3, 100, 127]]),
    "i": np.array([[-128, -1, 0], [1, 100, 127]]),
    "f": np.array([[-1.5, -0.0, 0.25], [3, 1000, np.nan]]),
}


def files():
    arrays = {}
    for kind, sizes in {"b": [1], "u": [1, 2, 4, 8], "i": [1, 2, 4, 8], "f": [2, 4, 8]}.items():
        for size in sizes:
            for order in "<>" if size > 1 else "|":
                for memory in "CF":
                    values = VALUES[kind].astype(f"{order}{kind}{size}")
                    name = f"{kind}{size}{'be' if order == '>' else ''} {memory}"
                    arrays[name] = np.array(values, order=memory)
    arrays["scalar"] = np.array(2.5, np.float32)
    arrays["empty"] = np.zeros((0, 3), np.int32)
    arrays["vector"] = np.arange(7, dtype=np.float32)
    arrays["cube"] = np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4))
    arrays["wide f"] = np.array([1.0, 1e300, np.inf, 0.1])
    arrays["wide i"] = np.array([1, 2**40, -(2**40)])
    arrays["wide u"] = np.array([1, 2**40], np.uint64)
    arrays["complex"] = np.array([1j])
    arrays["text"] = np.array(["a"])
    arrays["record"] = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")])
    np.savez(HERE / "arrays.npz", **arrays)
    np.savez_compressed(HERE / "compressed.npz", zeros=np.zeros((30, 50), np.float32), range=np.arange(100))
    np.save(HERE / "plain.npy", np.array([[1.5, -2, 3], [4, 5, np.inf]], np.float32))
