"""Optimisers and schedules of learning rates."""

import itertools
import math

import numpy as np
import torch

from fixture import Fixture, double


def sgd_by_hand(w, grad, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
    velocity = None
    while True:
        g = [gi + weight_decay * wi for gi, wi in zip(grad(w), w)]
        if momentum:
            velocity = g if velocity is None else [momentum * v + gi for v, gi in zip(velocity, g)]
            g = [gi + momentum * v for gi, v in zip(g, velocity)] if nesterov else velocity
        w = [wi - lr * gi for wi, gi in zip(w, g)]
        yield w


def adam_by_hand(
    w, grad, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False, amsgrad=False
):
    m, v, top = [0.0] * len(w), [0.0] * len(w), [0.0] * len(w)
    for t in itertools.count(1):
        g = grad(w)
        if decoupled:
            w = [wi * (1 - lr * weight_decay) for wi in w]
        else:
            g = [gi + weight_decay * wi for gi, wi in zip(g, w)]
        m = [betas[0] * mi + (1 - betas[0]) * gi for mi, gi in zip(m, g)]
        v = [betas[1] * vi + (1 - betas[1]) * gi * gi for vi, gi in zip(v, g)]
        scale = lr / (1 - betas[0] ** t)
        root = math.sqrt(1 - betas[1] ** t)
        top = [max(ti, vi) if amsgrad else vi for ti, vi in zip(top, v)]
        w = [wi - scale * mi / (math.sqrt(vi) / root + eps) for wi, mi, vi in zip(w, m, top)]
        yield w


def adagrad_by_hand(w, grad, lr, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    s = [initial_accumulator_value] * len(w)
    for t in itertools.count():
        g = [gi + weight_decay * wi for gi, wi in zip(grad(w), w)]
        s = [si + gi * gi for si, gi in zip(s, g)]
        rate = lr / (1 + t * lr_decay)
        w = [wi - rate * gi / (math.sqrt(si) + eps) for wi, gi, si in zip(w, g, s)]
        yield w


def rmsprop_by_hand(w, grad, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    v, b, mean = [0.0] * len(w), [0.0] * len(w), [0.0] * len(w)
    while True:
        g = [gi + weight_decay * wi for gi, wi in zip(grad(w), w)]
        v = [alpha * vi + (1 - alpha) * gi * gi for vi, gi in zip(v, g)]
        if centered:
            mean = [alpha * mi + (1 - alpha) * gi for mi, gi in zip(mean, g)]
        spread = [math.sqrt(vi - mi * mi) + eps for vi, mi in zip(v, mean)]
        b = [momentum * bi + gi / si for bi, gi, si in zip(b, g, spread)]
        w = [wi - lr * bi for wi, bi in zip(w, b)]
        yield w


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al., "Symbolic discovery of optimization algorithms", in PyTorch's frame."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))
        self.m = None

    @torch.no_grad()
    def step(self):
        (group,) = self.param_groups
        (w,) = group["params"]
        first, second = group["betas"]
        m = torch.zeros_like(w) if self.m is None else self.m
        c = first * m + (1 - first) * w.grad
        # A sign that rounding could turn would be no test.
        assert ((c == 0) | (c.abs() > 1e-6)).all(), c
        w -= group["lr"] * (c.sign() + group["weight_decay"] * w)
        self.m = second * m + (1 - second) * w.grad


def lion_by_hand(w, grad, lr, betas=(0.9, 0.99), weight_decay=0.0):
    w, m = np.array(w), np.zeros(len(w))
    while True:
        g = np.array(grad(w))
        update = np.sign(betas[0] * m + (1 - betas[0]) * g)
        m = betas[1] * m + (1 - betas[1]) * g
        w = w - lr * (update + weight_decay * w)
        yield list(w)


def optimisers():
    out = Fixture(
        "optimisers.txt",
        """
100 steps of optimisers on f(w) = sum(curvature * (w - target)^2) / 2, from `start`, by
PyTorch in f64 (Lion, which it has not, by its paper); checked against the documented update
rules written out in Python.
`path` has 101 rows, the first the start. The gradient is curvature * (w - target).""",
    )
    start, target, curvature = [1.0, -2.0, 0.5, 3.0], [0.0, 1.0, 0.5, -1.0], [1.0, 4.0, 0.25, 0.0625]
    O = torch.optim
    runs = [
        ("sgd", O.SGD, sgd_by_hand, dict(lr=0.125)),
        ("sgd", O.SGD, sgd_by_hand, dict(lr=0.0625, momentum=0.875)),
        ("sgd", O.SGD, sgd_by_hand, dict(lr=0.0625, momentum=0.875, nesterov=True)),
        ("sgd", O.SGD, sgd_by_hand, dict(lr=0.0625, momentum=0.875, weight_decay=0.03125)),
        ("adam", O.Adam, adam_by_hand, dict(lr=0.1)),
        ("adam", O.Adam, adam_by_hand, dict(lr=0.001)),
        ("adam", O.Adam, adam_by_hand, dict(lr=0.0625, betas=(0.75, 0.96875), eps=0.001)),
        ("adam", O.Adam, adam_by_hand, dict(lr=0.0625, weight_decay=0.03125)),
        (
            "adamw",
            O.AdamW,
            lambda *a, **k: adam_by_hand(*a, decoupled=True, **k),
            dict(lr=0.0625, weight_decay=0.03125),
        ),
        ("adam", O.Adam, adam_by_hand, dict(lr=0.0625, betas=(0.75, 0.875), amsgrad=True)),
        ("adagrad", O.Adagrad, adagrad_by_hand, dict(lr=0.5)),
        (
            "adagrad",
            O.Adagrad,
            adagrad_by_hand,
            dict(lr=0.5, lr_decay=0.0625, weight_decay=0.03125, initial_accumulator_value=0.25, eps=0.001),
        ),
        ("rmsprop", O.RMSprop, rmsprop_by_hand, dict(lr=0.015625)),
        ("rmsprop", O.RMSprop, rmsprop_by_hand, dict(lr=0.015625, alpha=0.9375, eps=0.125, momentum=0.75)),
        (
            "rmsprop",
            O.RMSprop,
            rmsprop_by_hand,
            dict(lr=0.0078125, alpha=0.96875, eps=0.125, weight_decay=0.03125, momentum=0.5, centered=True),
        ),
        ("lion", Lion, lion_by_hand, dict(lr=0.015625)),
        ("lion", Lion, lion_by_hand, dict(lr=0.0078125, betas=(0.875, 0.96875), weight_decay=0.25)),
    ]
    for name, optimiser, by_hand, options in runs:
        words = [f"{k}={v}".replace("(", "").replace(")", "").replace(", ", ",") for k, v in options.items()]
        out.case(" ".join([name] + words))
        out.text("op", name)
        for key, value in options.items():
            if key == "betas":
                out.text("beta1", repr(value[0]))
                out.text("beta2", repr(value[1]))
            else:
                out.text(key, str(int(value)) if isinstance(value, bool) else repr(value))
        w = double(start, grad=True)
        steps = optimiser([w], **options)
        path = [w.detach().numpy().copy()]
        for _ in range(100):
            steps.zero_grad()
            (double(curvature) * (w - double(target)).square()).sum().div(2).backward()
            steps.step()
            path.append(w.detach().numpy().copy())
        gradient = lambda v: [c * (x - t) for c, x, t in zip(curvature, v, target)]
        hand = list(itertools.islice(by_hand(start, gradient, **options), 100))
        np.testing.assert_allclose(path[1:], hand, rtol=1e-12, atol=1e-13)
        out.array("start", np.float32(start))
        out.array("target", np.float32(target))
        out.array("curvature", np.float32(curvature))
        out.array("path", path)
    out.write()


def schedules():
    """Rates of 40 steps from a base rate of 0.5."""
    out = Fixture(
        "schedules.txt",
        """
The learning rates of 40 steps of schedules from a base rate of 0.5, by PyTorch; `metrics` are what
reduce-on-plateau is told after each step.""",
    )
    S = torch.optim.lr_scheduler
    metrics = [1.0 / (1 + n // 4) if n < 16 else 0.25 + 0.01 * (n % 3) for n in range(40)]

    def sequence(optimiser):
        # The first three, at thirds, then half a cosine.
        warm = S.LinearLR(optimiser, start_factor=0.25, end_factor=1.0, total_iters=6)
        return S.SequentialLR(optimiser, [warm, S.CosineAnnealingLR(optimiser, 34)], milestones=[6])

    runs = {
        "step": lambda o: S.StepLR(o, 7, 0.5),
        "multi_step": lambda o: S.MultiStepLR(o, [3, 11, 12, 30], 0.25),
        "exponential": lambda o: S.ExponentialLR(o, 0.9),
        "cosine": lambda o: S.CosineAnnealingLR(o, 39, eta_min=0.01),
        "restarts": lambda o: S.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.01),
        "restarts_even": lambda o: S.CosineAnnealingWarmRestarts(o, 9),
        "linear": lambda o: S.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=12),
        "inverse_time": lambda o: S.LambdaLR(o, lambda n: 1 / (1 + 0.125 * n)),
        "polynomial": lambda o: S.PolynomialLR(o, 25, 1.5),
        "one_cycle": lambda o: S.OneCycleLR(o, 0.5, total_steps=40),
        "one_cycle_linear": lambda o: S.OneCycleLR(
            o, 0.5, total_steps=40, pct_start=0.25, div_factor=10, final_div_factor=100, anneal_strategy="linear"
        ),
        "sequence": sequence,
        "plateau": lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=1, min_lr=0.03),
        "plateau_large": lambda o: S.ReduceLROnPlateau(
            o, mode="max", factor=0.25, patience=3, threshold=0.02, threshold_mode="abs"
        ),
    }
    for name, make in runs.items():
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        schedule = make(optimiser)
        rates = []
        for metric in metrics:
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step(metric) if "plateau" in name else schedule.step()
        out.case(name)
        out.array("rates", np.float64(rates))
        if "plateau" in name:
            out.array("metrics", np.float64(metrics))
    out.write()
