"""scikit-learn's scalers, polynomial features, encoders and splits, for tests/data."""

import numpy as np
import sklearn
from fixture import Fixture, random
from sklearn import datasets, model_selection, preprocessing


def preparation():
    out = Fixture(
        "preparation.txt",
        f"""
Data prepared by scikit-learn {sklearn.__version__}: scalers, polynomial features, folds, stratified sizes, made sets.""",
    )
    scalers(out)
    polynomials(out)
    splits(out)
    made(out)
    out.write()


def scalers(out):
    x = random(1, 7, 5, scale=3.0) + np.float32([0, 100, -5, 0, 0])
    x[:, 3] = np.float32(0.1)
    x[2, 2] = np.nan
    fresh = random(2, 3, 5, scale=5.0)
    fresh[0, 0] = np.nan
    out.case("scalers")
    out.array("x", x)
    out.array("fresh", fresh)
    wide, new = x.astype(np.float64), fresh.astype(np.float64)
    for name, scaler in {
        "standard": preprocessing.StandardScaler(),
        "without_mean": preprocessing.StandardScaler(with_mean=False),
        "without_std": preprocessing.StandardScaler(with_std=False),
        "minmax": preprocessing.MinMaxScaler(),
        "range": preprocessing.MinMaxScaler((-1, 3)),
        "clip": preprocessing.MinMaxScaler((-1, 3), clip=True),
    }.items():
        out.array(name, scaler.fit_transform(wide))
        out.array(f"{name}_fresh", scaler.transform(new))
        out.array(f"{name}_back", scaler.inverse_transform(new))
    scaler = preprocessing.StandardScaler().fit(wide)
    out.array("mean", scaler.mean_)
    out.array("scale", scaler.scale_)


def polynomials(out):
    for n, degree, bias, only in [
        (2, 0, True, False), (2, 2, True, False), (2, 3, True, False), (2, 6, True, False), (2, 7, True, False),
        (3, 3, False, False), (4, 3, True, True), (3, 5, False, True), (1, 4, True, False), (5, 2, False, False),
    ]:  # fmt: skip
        x = random(degree + 10, 3, n)
        transform = preprocessing.PolynomialFeatures(degree, include_bias=bias, interaction_only=only)
        y = transform.fit_transform(x.astype(np.float64))
        out.case(f"polynomial of {n} to degree {degree}, bias={int(bias)}, interaction_only={int(only)}")
        for key, value in {"degree": degree, "bias": int(bias), "only": int(only)}.items():
            out.text(key, str(value))
        out.array("x", x)
        out.array("y", y)
        out.array("powers", transform.powers_)
        out.text("names", ",".join(transform.get_feature_names_out()))


def splits(out):
    for n, k in [(2, 2), (5, 3), (10, 4), (13, 5), (12, 4)]:
        out.case(f"folds of {n} in {k}")
        out.text("k", str(k))
        out.array("test", folds(model_selection.KFold(k).split(np.zeros(n)), n))
    labels = {
        "in order": [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2],
        "mixed": [3, 1, 1, 3, 2, 3, 1, 3, 2, 1, 1, 3, 3, 2, 1],
        "one alone": [5, 5, 5, 5, 7, 5, 5, 9, 9, 9, 9],
        "of negative numbers": [-1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1],
    }
    for name, values in labels.items():
        for k in (2, 3, 4):
            split = model_selection.StratifiedKFold(k).split(np.zeros(len(values)), values)
            out.case(f"stratified folds {name} in {k}")
            out.text("k", str(k))
            out.array("labels", np.array(values))
            out.array("test", folds(split, len(values)))
    # Sizes that do not depend on how ties are broken.
    for counts, share in [([53, 31, 20], 0.27), ([17, 5, 9], 0.3), ([40, 2, 7, 11], 0.2), ([100, 3], 0.4)]:
        values = np.repeat(np.arange(len(counts)), counts)
        sizes = set()
        for seed in range(20):
            train, test = model_selection.train_test_split(
                values, test_size=share, stratify=values, random_state=seed
            )
            sizes.add(tuple(np.bincount(train)))
        assert len(sizes) == 1, (counts, sizes)
        out.case(f"stratified sizes {counts} {share}")
        out.text("share", str(share))
        out.array("labels", values)
        out.array("train", np.array(sizes.pop()))
    for n, share in [(10, 0.25), (7, 0.5), (2, 0.1), (1797, 0.2)]:
        train, test = model_selection.train_test_split(np.arange(n), test_size=share)
        out.case(f"sizes {n} {share}")
        out.text("share", str(share))
        out.array("sizes", np.array([len(train), len(test)]))


def folds(splits, n):
    """For each example the fold that tests on it."""
    fold = np.full(n, -1)
    for i, (train, test) in enumerate(splits):
        assert sorted([*train, *test]) == list(range(n))
        fold[test] = i
    return fold


def made(out):
    for n in (1, 2, 9, 20):
        for name, (x, y) in {
            "moons": datasets.make_moons(n, shuffle=False),
            "circles": datasets.make_circles(n, factor=0.5, shuffle=False),
        }.items():
            out.case(f"{name} {n}")
            out.array("x", x)
            out.array("y", y)
