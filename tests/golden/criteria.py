"""Losses with their options."""

import numpy as np
import torch
import torch.nn.functional as F

from fixture import Fixture, double, random


def hinge(x, t, margin=1.0, p=1, reduction="mean"):
    each = (margin - x * t).clamp(min=0) ** p
    return {"none": each, "mean": each.mean(), "sum": each.sum()}[reduction]


def criteria():
    """Losses with options, in all reductions, with gradients."""
    out = Fixture(
        "criteria.txt",
        """
Losses with their options, by PyTorch in f64 (hinge of -1 and 1 by its formula): `none`, `mean`, `sum`,
and the gradient of the mean for the output. Classes are the last axis.""",
    )

    def case(op, name, output, target, loss, labels=False, other=None, **options):
        out.case(f"{op} {name}")
        out.text("op", op)
        for key, value in options.items():
            if isinstance(value, np.ndarray):
                out.array(key, value)
            else:
                out.text(key, str(int(value)) if isinstance(value, bool) else repr(value))
        out.array("output", output)
        out.array("target", np.asarray(target, np.int32) if labels else target)
        if other is not None:
            out.array("other", other)
        t = torch.tensor(np.asarray(target, np.int64)) if labels else double(target)
        for reduction in ("none", "mean", "sum"):
            x = double(output, grad=True)
            arguments = (x, t) if other is None else (x, double(other), t)
            value = loss(*arguments, reduction=reduction)
            out.array(reduction, value.detach().numpy())
            if reduction == "mean":
                value.backward()
                out.array("gradient", x.grad.numpy())

    x, labels = random(1, 6, 4, scale=2.0), [0, 3, 1, 2, 3, 1]
    weights = np.float32([0.5, 2.0, 1.0, 0.25])
    w = double(weights)
    soft = double(random(2, 6, 4)).softmax(-1).numpy().astype(np.float32)
    ce = F.cross_entropy

    def kw(f, **options):
        return lambda *a, reduction: f(*a, reduction=reduction, **options)

    case("cross_entropy", "weights", x, labels, kw(ce, weight=w), True, weights=weights)
    case("cross_entropy", "smoothed", x, labels, kw(ce, label_smoothing=0.125), True, smoothing=0.125)
    case("cross_entropy", "ignore", x, labels, kw(ce, ignore_index=3), True, ignore=3)
    outside = [0, -100, 1, 2, -100, 1]
    everything = dict(weight=w, label_smoothing=0.125, ignore_index=-100)
    case("cross_entropy", "everything", x, outside, kw(ce, **everything), True,
         weights=weights, smoothing=0.125, ignore=-100)  # fmt: skip
    case("cross_entropy", "large", x * 1000, labels, kw(ce, label_smoothing=0.125), True, smoothing=0.125)
    case("cross_entropy", "soft", x, soft, kw(ce))
    case("cross_entropy", "soft, all", x, soft, kw(ce, weight=w, label_smoothing=0.125),
         weights=weights, smoothing=0.125)  # fmt: skip
    logp = double(x).log_softmax(-1).numpy().astype(np.float32)
    case("nll", "plain", logp, labels, kw(F.nll_loss), True)
    case("nll", "weights, ignore", logp, labels, kw(F.nll_loss, weight=w, ignore_index=1), True,
         weights=weights, ignore=1)  # fmt: skip

    p = np.float32([0.25, 0.875, 1e-6, 1.0, 0.0, 0.999, 0.0, 1.0])
    t = np.float32([0.0, 1.0, 0.0, 1.0, 0.0, 0.25, 1.0, 0.0])
    bce = F.binary_cross_entropy
    # At 0 and 1 PyTorch's gradient is 0 or 1e12 and not its limit: left out here.
    inside = [0, 1, 2, 5]
    case("binary", "inside", p[inside], t[inside], kw(bce))
    out.case("binary limited")
    out.text("op", "binary_limited")
    out.array("output", p)
    out.array("target", t)
    out.array("none", bce(double(p), double(t), reduction="none").numpy())
    z = np.float32([[0.5, -3.0, 200.0, -200.0], [1e-3, 20.0, -20.0, 0.0]])
    u = np.float32([[1.0, 0.0, 0.25, 1.0], [0.0, 1.0, 0.0, 0.5]])
    positive = np.float32([2.0, 0.5, 1.0, 3.0])
    with_logits = F.binary_cross_entropy_with_logits
    case("binary_logits", "plain", z, u, kw(with_logits))
    case("binary_logits", "weighted", z, u, kw(with_logits, pos_weight=double(positive)), positive=positive)

    a, b = random(3, 3, 5), random(4, 3, 5)
    a[0, 0] = b[0, 0]
    a[1, 1] = b[1, 1] + np.float32(0.5)
    case("mse", "matrix", a, b, kw(F.mse_loss))
    case("mae", "matrix", a, b, kw(F.l1_loss))
    case("huber", "0.5", a, b, kw(F.huber_loss, delta=0.5), delta=0.5)
    case("huber", "far", a * 1e4, b, kw(F.huber_loss, delta=2.0), delta=2.0)
    case("smooth_l1", "0.5", a, b, kw(F.smooth_l1_loss, beta=0.5), beta=0.5)
    case("smooth_l1", "0", a, b, kw(F.smooth_l1_loss, beta=0.0), beta=0.0)

    signs = np.float32([[1, -1, 1, 1, -1], [-1, 1, 1, -1, 1], [1, 1, -1, -1, -1]])
    for op, power in (("hinge", 1), ("squared_hinge", 2)):
        case(op, "binary", a, signs, kw(hinge, p=power))
        case(op, "binary, margin", a, signs, kw(hinge, p=power, margin=0.5), margin=0.5)
        case(op, "classes", x, labels, kw(F.multi_margin_loss, p=power), True)
        case(op, "classes, margin", x, labels, kw(F.multi_margin_loss, p=power, margin=0.25), True, margin=0.25)

    chances = soft.copy()
    chances[0, 1] = 0.0
    case("kl", "plain", logp, chances, kw(F.kl_div))
    case("kl", "log", logp, np.log(soft), kw(F.kl_div, log_target=True), log_target=True)
    out.case("kl rows")
    out.text("op", "kl_rows")
    out.array("output", logp)
    out.array("target", chances)
    out.array("mean", F.kl_div(double(logp), double(chances), reduction="batchmean").numpy())

    ones = np.float32([1, -1, -1])
    ce = F.cosine_embedding_loss
    case("cosine", "embedding", a, ones, kw(ce), other=b)
    case("cosine", "margin", a, ones, kw(ce, margin=-0.25), other=b, margin=-0.25)
    out.write()
