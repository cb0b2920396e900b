"""Metrics."""

import numpy as np
import sklearn
import sklearn.metrics as M

from fixture import Fixture, random


def scores():
    """Metrics by scikit-learn."""
    out = Fixture(
        "scores.txt",
        f"""
Metrics by scikit-learn {sklearn.__version__}, of scores with right class numbers, and of predicted numbers.""",
    )
    rng = np.random.default_rng(7)

    def classes(name, x, labels):
        n = x.shape[1]
        labels = np.asarray(labels, np.int32)
        guess = x.argmax(1)
        out.case(f"classes {name}")
        out.array("output", x)
        out.array("target", labels)
        out.array("accuracy", np.float64(M.accuracy_score(labels, guess)))
        for k in (1, 2, 3):
            out.array(f"top{k}", np.float64(M.top_k_accuracy_score(labels, x, k=k, labels=range(n))))
        if len(set(labels)) == n:
            areas = [M.roc_auc_score(labels == k, x[:, k]) for k in range(n)]
            out.array("auc", np.float64(np.mean(areas)))
        out.array("confusion", M.confusion_matrix(labels, guess, labels=range(n)).astype(np.int32))
        for share in ("true", "pred", "all"):
            out.array(share, M.confusion_matrix(labels, guess, labels=range(n), normalize=share))
        for score in (M.precision_score, M.recall_score, M.f1_score):
            key = score.__name__.removesuffix("_score")
            out.array(f"{key}_each", score(labels, guess, labels=range(n), average=None, zero_division=0))
            for average in ("macro", "micro", "weighted"):
                out.array(f"{key}_{average}", np.float64(score(labels, guess, average=average, zero_division=0)))

    x = random(1, 60, 4)
    labels = rng.integers(0, 4, 60)
    x[np.arange(60), labels] += np.float32(1.0)
    classes("four", x, labels)
    # Class 3 is never right, class 4 nowhere at all.
    y = random(2, 30, 5)
    y[:, 4] = -9
    classes("missing", y, rng.integers(0, 3, 30))

    def binary(name, p, t):
        t = np.asarray(t, np.int32)
        guess = (p > 0.5).astype(int)
        out.case(f"binary {name}")
        out.array("output", p)
        out.array("target", t)
        out.array("accuracy", np.float64(M.accuracy_score(t, guess)))
        for score in (M.precision_score, M.recall_score, M.f1_score):
            key = score.__name__.removesuffix("_score")
            out.array(key, np.float64(score(t, guess, zero_division=0)))
        out.array("auc", np.float64(M.roc_auc_score(t, p)))

    t = rng.integers(0, 2, 101)
    p = rng.random(101).astype(np.float32)
    binary("plain", p, t)
    binary("ties", np.float32(np.round(p * 8) / 8), t)
    binary("equal", np.full(12, 0.25, np.float32), t[:12])
    binary("perfect", np.float32(t) * np.float32(0.75), t)

    def numbers(name, x, y):
        out.case(f"numbers {name}")
        out.array("output", x)
        out.array("target", y)
        out.array("r2", np.float64(M.r2_score(y.astype(np.float64), x.astype(np.float64))))
        out.array("mse", np.float64(M.mean_squared_error(y.astype(np.float64), x.astype(np.float64))))
        out.array("mae", np.float64(M.mean_absolute_error(y.astype(np.float64), x.astype(np.float64))))

    y = random(3, 20)
    numbers("vector", y + random(4, 20, scale=0.25), y)
    y = random(5, 15, 3)
    numbers("columns", y + random(6, 15, 3, scale=0.5), y)
    constant = np.full(6, 2.0, np.float32)
    numbers("constant, exact", constant, constant)
    numbers("constant", random(8, 6), constant)
    out.write()
