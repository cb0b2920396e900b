"""The other side of the surface bench: runs the expressions that come line by line, and prints their times.

A line is `repetitions<tab>expression`; the answer is the times in seconds, or `missing` and the reason.
The operands have the names and distributions of inputs.rs. PyTorch is loaded when an expression names it; `t`
then holds its tensors."""

import sys
import time

import numpy as np

rng = np.random.default_rng(1)
N = 1 << 20


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def integers(low, high, size=N):
    return rng.integers(low, high, size).astype(np.int32)


x, y = normal(N), normal(N)
m, w = x.reshape(1024, 1024), y.reshape(1024, 1024)
pos, above = np.abs(x) + np.float32(0.01), np.abs(x) + np.float32(1)
unit = rng.uniform(-0.99, 0.99, N).astype(np.float32)
s = np.sort(x)
n = np.where(rng.random(N) < 0.1, np.float32(np.nan), x)
nm = n.reshape(1024, 1024)
edges = np.linspace(-3, 3, 100, dtype=np.float32)
i, j, small, few = integers(0, N), integers(1, 1001), integers(0, 1000), integers(0, 8)
sm, rows, counts = small.reshape(1024, 1024), small[:1024], integers(0, 8, 1 << 18)
mask, other = x > 0, y > 0.5
mm = mask.reshape(1024, 1024)
never, ever = m > 100, m < 100
b3, c3 = normal(100, 100, 100), normal(100, 100, 100)
q, k = normal(8, 128, 8, 32), normal(8, 128, 8, 32)
v3, u3 = normal(333333, 3), normal(333333, 3)
p3, p32, p128 = normal(1000, 3), normal(1000, 32), normal(1000, 128)
a, b = normal(1000, 1000), normal(1000, 1000)
spd = a @ a.T + np.eye(1000, dtype=np.float32)
versions = [np.__version__]
try:
    import scipy
    import scipy.signal
    import scipy.special
    from scipy.spatial.distance import cdist

    versions.append("SciPy " + scipy.__version__)
except ImportError:
    pass


def load_torch():
    global torch, F, t
    import torch
    import torch.nn.functional as F

    torch.set_grad_enabled(False)
    arrays = {
        "x": x,
        "y": y,
        "m": m,
        "w": w,
        "sm": sm.astype(np.int64),
        "line": x.reshape(1, 1, -1),
        "taps": normal(1, 1, 100),
        "images": normal(1, 16, 250, 250),
        "weights": normal(32, 16, 3, 3),
        "back": normal(16, 32, 3, 3),
        "each": normal(16, 1, 3, 3),
        "picture": x.reshape(1, 1, 1024, 1024),
    }
    t = {name: torch.from_numpy(array) for name, array in arrays.items()}


def rest():
    """Waits until this process does nothing: OpenBLAS's threads look out for work on a processor of their own for
    some 100 ms after a product, in which the other side would have one less."""
    before = time.process_time()
    while True:
        # Longer than the steps in which some systems count the time of other threads.
        time.sleep(0.03)
        after = time.process_time()
        if after - before < 0.005:
            return
        before = after


print(*versions, sep=", ", flush=True)
for line in sys.stdin:
    repetitions, expression = line.rstrip("\n").split("\t")
    try:
        if "t['" in expression and "torch" not in globals():
            load_torch()
        if expression.startswith("exec "):
            code = compile(expression[5:], "case", "exec")
            run = lambda: exec(code, globals(), {})
        else:
            code = compile(expression, "case", "eval")
            run = lambda: eval(code, globals())
        times = []
        for _ in range(int(repetitions)):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        rest()
        print(*times, flush=True)
    except Exception as error:
        print("missing", repr(error), flush=True)
