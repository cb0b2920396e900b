"""NumPy's side of benches/surface.rs: runs the expressions that come line by line, and prints their times.

A line is `repetitions<tab>expression`; the answer is the times in seconds, or `missing` and the reason."""

import sys
import time

import numpy as np

rng = np.random.default_rng(1)
N = 1 << 20
x = rng.standard_normal(N, dtype=np.float32)
y = rng.standard_normal(N, dtype=np.float32)
m = x.reshape(1024, 1024)
w = y.reshape(1024, 1024)
i = rng.integers(0, N, N).astype(np.int32)
small = rng.integers(0, 1000, N).astype(np.int32)
mask = x > 0
s = np.sort(x)
with_nan = np.where(rng.random(N) < 0.1, np.float32(np.nan), x)
wn = with_nan.reshape(1024, 1024)
spd = m @ m.T / 1024 + np.eye(1024, dtype=np.float32)
points = rng.standard_normal((1000, 16), dtype=np.float32)
picture = rng.standard_normal((1024, 1024), dtype=np.float32)
kernel = rng.standard_normal((5, 5), dtype=np.float32)
taps = rng.standard_normal(64, dtype=np.float32)
try:
    import scipy.signal
    import scipy.spatial
except ImportError:
    pass

print(np.__version__, flush=True)
for line in sys.stdin:
    repetitions, expression = line.rstrip("\n").split("\t")
    try:
        if expression.startswith("exec "):
            # A statement that changes its argument, on a copy that is not timed.
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
        print(*times, flush=True)
    except Exception as error:
        print("missing", repr(error), flush=True)
