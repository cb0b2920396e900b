//! `examples/diabetes.rs`.

use tilewise::data::datasets;
use tilewise::prelude::*;

#[path = "../../examples/diabetes.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![as_numpy_has_it, collinear_weights];

/// Within 1e-5, as NumPy computes them in f64.
#[track_caller]
fn holds(got: f64, want: f64) {
    assert!((got / want - 1.0).abs() < 1e-5, "{got}, not {want}");
}

/// The losses on the way, and what is least.
fn as_numpy_has_it(dev: &Device) -> Result<()> {
    let diabetes = datasets::diabetes(dev)?;
    let (x, y) = (&diabetes.features, &diabetes.targets);
    let descent = example::descend(x, y)?;
    holds(descent.loss(0), 29074.4819);
    holds(descent.loss(10), 3167.886808);
    holds(descent.loss(50), 2878.708844);
    holds(descent.loss(99), 2875.672712);
    holds(example::least_squares(x, y)?.loss, 2859.696348);
    Ok(())
}

/// The weight of s1 is far from that of least squares, that of the body mass index is not.
fn collinear_weights(dev: &Device) -> Result<()> {
    let diabetes = datasets::diabetes(dev)?;
    let (x, y) = (&diabetes.features, &diabetes.targets);
    let descent = example::descend(x, y)?;
    let exact = example::least_squares(x, y)?;
    assert_eq!((descent.weights.len(), exact.weights.len()), (100, 10));
    let at = |name: &str| diabetes.feature_names.iter().position(|n| n == name);
    let (s1, bmi) = (at("s1").expect("a feature"), at("bmi").expect("a feature"));
    let near = |got: f32, want: f32| assert!((got - want).abs() < 5e-3, "{got}, not {want}");
    near(descent.weights[98][s1], -7.0758);
    near(exact.weights[s1], -37.68);
    near(exact.weights[bmi], 24.7265);
    assert!((descent.weights[98][bmi] - exact.weights[bmi]).abs() < 1.0);
    Ok(())
}
