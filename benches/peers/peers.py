"""The Python peers: NumPy, PyTorch and JAX, one a process.

    peers.py numpy|torch|jax cpu|cuda [--cold]

Started by the Rust program beside it, which sends a request a line and reads a reply a line, both in
JSON (src/protocol.rs). Works and operands are those of ../works.
"""

import importlib.util
import json
import os
import sys
import time

EPSILON = 1e-5
RATE = 1e-3
WARM_RUNS, WARM_TIME, WARM_LONG = 3, 0.2, 2.0
MOST_RUNS = 2000


def say(kind, **values):
    print(json.dumps({kind: values}), flush=True)


def operands(op):
    """The works' operands: SplitMix64 of a counter, as numbers in [-1, 1); weights He-uniform."""
    arrays = []
    for index, shape in enumerate(op["operands"]):
        x = np.arange(np.prod(shape), dtype=np.uint64) + np.uint64(index << 32)
        x *= np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        x = (x >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)
        if op["kind"] == "training" and index > 0:
            x *= np.sqrt(np.float32(6 / shape[1]))
        arrays.append(x.reshape(shape))
    return arrays


def swap(x, transposed):
    return x.swapaxes(-2, -1) if transposed else x


class Numpy:
    version = property(lambda self: f"NumPy {np.__version__}")

    def __init__(self, device):
        self.device = device

    def finish(self, value):
        pass

    def read(self, value):
        return np.asarray(value)

    def prepare(self, op):
        kind, arrays = op["kind"], operands(op)
        x = arrays[0]
        half, zero, eps = np.float32(0.5), np.float32(0), np.float32(EPSILON)
        if kind == "matmul":
            a, b = swap(x, op["left_transposed"]), swap(arrays[1], op["right_transposed"])
            return lambda: a @ b
        if kind == "chain":
            a, b, c = arrays
            return lambda: np.maximum(a * b + c, zero) * half - a
        if kind == "softmax":
            axis = op["axis"]

            def softmax():
                e = np.exp(x - x.max(axis, keepdims=True))
                e /= e.sum(axis, keepdims=True)
                return e

            return softmax
        if kind == "sum":
            return lambda: x.sum(op["axis"])
        if kind == "layer_norm":
            _, weight, bias = arrays

            def layer_norm():
                y = x - x.mean(-1, keepdims=True)
                y *= np.float32(1) / np.sqrt((y * y).mean(-1, keepdims=True) + eps)
                y *= weight
                y += bias
                return y

            return layer_norm
        if kind == "sines":

            def sines():
                y = x
                for _ in range(op["count"]):
                    y = np.sin(y)
                return y

            return sines
        if kind in ("upload", "readback"):
            return lambda: x.copy()
        return None


class Torch:
    version = property(lambda self: f"PyTorch {torch.__version__}")

    def __init__(self, device):
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        if device == "cuda" and not torch.cuda.is_available():
            raise ImportError("PyTorch finds no CUDA device")
        # As many threads as there are processors.
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self.on = torch.device(device)
        self.device = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} threads"

    def finish(self, value):
        if self.on.type == "cuda":
            torch.cuda.synchronize()

    def read(self, value):
        return value.detach().cpu().numpy()

    def prepare(self, op):
        kind, arrays = op["kind"], operands(op)
        tensors = [torch.from_numpy(a).to(self.on) for a in arrays]
        x, functional = tensors[0], torch.nn.functional
        if kind == "matmul":
            a, b = swap(x, op["left_transposed"]), swap(tensors[1], op["right_transposed"])
            return lambda: a @ b
        if kind == "chain":
            a, b, c = tensors
            return lambda: torch.relu(a * b + c) * 0.5 - a
        if kind == "softmax":
            return lambda: torch.softmax(x, op["axis"])
        if kind == "sum":
            return (lambda: x.sum()) if op["axis"] is None else (lambda: x.sum(op["axis"]))
        if kind == "layer_norm":
            _, weight, bias = tensors
            return lambda: functional.layer_norm(x, weight.shape, weight, bias, EPSILON)
        if kind == "sines":

            def sines():
                y = x
                for _ in range(op["count"]):
                    y = y.sin()
                return y

            return sines
        if kind == "upload":
            return lambda: torch.tensor(arrays[0], device=self.on)
        if kind == "readback":

            def readback():
                x.clone() if self.on.type == "cpu" else x.cpu()
                return x

            return readback
        return self.training(op, tensors)

    def training(self, op, tensors):
        x, layers = tensors[0], []
        for weight in tensors[1:]:
            if layers:
                layers.append(torch.nn.ReLU())
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0], device=self.on)
            with torch.no_grad():
                layer.weight.copy_(weight)
                layer.bias.zero_()
            layers.append(layer)
        model = torch.nn.Sequential(*layers)
        adam = torch.optim.Adam(model.parameters(), RATE)
        labels = torch.arange(op["batch"], device=self.on) % op["sizes"][-1]

        def steps():
            for _ in range(op["steps"]):
                loss = torch.nn.functional.cross_entropy(model(x), labels)
                adam.zero_grad()
                loss.backward()
                adam.step()
            loss.item()
            return loss

        return steps


class Jax:
    version = property(lambda self: f"JAX {jax.__version__}")

    def __init__(self, device):
        platform = "gpu" if device == "cuda" else "cpu"
        try:
            self.on = jax.devices(platform)[0]
        except RuntimeError as error:
            raise ImportError(str(error)) from error
        jax.config.update("jax_default_matmul_precision", "highest")
        jax.config.update("jax_default_device", self.on)
        self.device = str(self.on)

    def finish(self, value):
        value.block_until_ready()

    def read(self, value):
        return np.asarray(value)

    def prepare(self, op):
        kind, arrays = op["kind"], operands(op)
        tensors = [jax.device_put(a, self.on) for a in arrays]
        x = tensors[0]
        if kind == "matmul":
            left, right = op["left_transposed"], op["right_transposed"]
            run = jax.jit(lambda a, b: jnp.matmul(swap(a, left), swap(b, right)))
            return lambda: run(x, tensors[1])
        if kind == "chain":
            run = jax.jit(lambda a, b, c: jnp.maximum(a * b + c, 0) * 0.5 - a)
            return lambda: run(*tensors)
        if kind == "softmax":
            run = jax.jit(lambda x: jax.nn.softmax(x, op["axis"]))
            return lambda: run(x)
        if kind == "sum":
            run = jax.jit(lambda x: x.sum(op["axis"]))
            return lambda: run(x)
        if kind == "layer_norm":

            @jax.jit
            def layer_norm(x, weight, bias):
                y = x - x.mean(-1, keepdims=True)
                return y * jax.lax.rsqrt((y * y).mean(-1, keepdims=True) + EPSILON) * weight + bias

            return lambda: layer_norm(*tensors)
        if kind == "sines":
            # One call an operation: the work is the cost of a call.
            sin = jax.jit(jnp.sin)

            def sines():
                y = x
                for _ in range(op["count"]):
                    y = sin(y)
                return y

            return sines
        if kind == "upload":
            return lambda: jax.device_put(arrays[0].copy() if self.on.platform == "cpu" else arrays[0], self.on)
        if kind == "readback":

            def readback():
                np.array(x)
                return x

            return readback
        return self.training(op, tensors)

    def training(self, op, tensors):
        x, labels = tensors[0], jnp.arange(op["batch"]) % op["sizes"][-1]
        tree = jax.tree_util.tree_map
        model = [(w, jnp.zeros(w.shape[0], jnp.float32)) for w in tensors[1:]]

        def loss(model):
            y = x
            for i, (weight, bias) in enumerate(model):
                y = jnp.maximum(y, 0) if i else y
                y = y @ weight.T + bias
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(y), labels[:, None], 1))

        @jax.jit
        def step(model, first, second, t):
            value, gradient = jax.value_and_grad(loss)(model)
            first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
            second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
            unbias = [1 / (1 - beta**t) for beta in (0.9, 0.999)]
            move = lambda p, m, v: p - RATE * (m * unbias[0]) / (jnp.sqrt(v * unbias[1]) + 1e-8)
            return tree(move, model, first, second), first, second, t + 1, value

        state = [model, tree(jnp.zeros_like, model), tree(jnp.zeros_like, model), jnp.float32(1)]

        def steps():
            for _ in range(op["steps"]):
                *state[:], value = step(*state)
            return value.block_until_ready()

        return steps


def sampled(peer, value, sample):
    values = peer.read(value).reshape(-1)
    return [float(values[at]) for at in sample]


def prepare(peer, request):
    job = peer.prepare(request["op"])
    if job is None:
        say("absent", why="no such operation")
        return None
    values = sampled(peer, job(), request["sample"])
    start, runs = time.perf_counter(), 0
    while True:
        peer.finish(job())
        runs, spent = runs + 1, time.perf_counter() - start
        if spent > WARM_LONG or runs >= WARM_RUNS and spent > WARM_TIME:
            break
    say("ready", values=values)
    return job


def measure(peer, job, seconds):
    times, start = [], time.perf_counter()
    while not times or time.perf_counter() - start < seconds and len(times) < MOST_RUNS:
        run = time.perf_counter()
        value = job()
        peer.finish(value)
        del value
        times.append(time.perf_counter() - run)
    times.sort()
    say("timed", seconds=times[len(times) // 2], runs=len(times))


def main():
    name, device, *cold = sys.argv[1:]
    if importlib.util.find_spec(name) is None or importlib.util.find_spec("numpy") is None:
        say("absent", why=f"{name} is not installed for {sys.executable}")
        return
    globals()["np"] = importlib.import_module("numpy")
    if name != "numpy":
        globals()[name] = importlib.import_module(name)
    if name == "jax":
        globals()["jnp"] = importlib.import_module("jax.numpy")
    try:
        peer = {"numpy": Numpy, "torch": Torch, "jax": Jax}[name](device)
    except ImportError as error:
        say("absent", why=str(error))
        return
    if not cold:
        say("hello", version=peer.version, device=peer.device)
    job = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request and cold:
                first = peer.prepare(request["prepare"]["op"])
                if first is None:
                    say("absent", why="no such operation")
                else:
                    say("ready", values=sampled(peer, first(), request["prepare"]["sample"]))
            elif "prepare" in request:
                job = None
                job = prepare(peer, request["prepare"])
            else:
                measure(peer, job, request["time"]["seconds"])
        except Exception as error:  # told to the parent, which goes on with the next work
            say("failed", why=f"{type(error).__name__}: {error}")


main()
