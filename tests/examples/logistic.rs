//! `examples/logistic.rs`.

use tilewise::data::Predict;
use tilewise::metrics::{Metric, RocAuc};
use tilewise::prelude::*;

use self::example::{fitted, measured, roc, tumours};

#[path = "../../examples/logistic.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![classifies_tumours, characteristic, characteristic_and_area];

/// scikit-learn's `LogisticRegression` on standardised features is right about 0.97 to 0.99 of a quarter held out; 5 of
/// 143 may be wrong here.
fn classifies_tumours(dev: &Device) -> Result<()> {
    let (train, test, names) = tumours(dev)?;
    assert_eq!((train.inputs().shape(), names.len()), (&[426, 30][..], 30));
    assert_eq!(test.targets().shape(), [143, 1]);
    // 212 of 569 are malignant: 53 of 143.
    assert_eq!(test.targets().sum(..)?.item::<f32>()?, 53.0);
    let scores = measured(&fitted(&train, 15)?, &test)?;
    let at_least = |name: &str, least: f64| {
        let value = scores.get(name).unwrap_or(f64::NAN);
        assert!(value >= least, "{name} {value}");
    };
    at_least("accuracy", 138.0 / 143.0);
    at_least("precision", 0.95);
    at_least("recall", 0.9);
    at_least("auc", 0.98);
    assert!(scores.loss() < 0.15, "{scores}");
    Ok(())
}

/// From the largest logit on: a malignant tumour, a benign one, a malignant one, a benign one.
fn characteristic(dev: &Device) -> Result<()> {
    let logits = Tensor::new([[-1f32], [3.], [1.], [2.]], dev)?;
    let malignant = Tensor::new([[0f32], [1.], [1.], [0.]], dev)?;
    let (wrong, found) = roc(&logits, &malignant)?;
    assert_eq!(wrong.to_vec::<f32>()?, [0.0, 0.0, 0.5, 0.5, 1.0]);
    assert_eq!(found.to_vec::<f32>()?, [0.0, 0.5, 0.5, 1.0, 1.0]);
    Ok(())
}

/// The area under the steps is the metric.
fn characteristic_and_area(dev: &Device) -> Result<()> {
    let (train, test, _) = tumours(dev)?;
    let logits = fitted(&train, 2)?.predict(test.inputs())?;
    let (wrong, found) = roc(&logits, test.targets())?;
    let (wrong, found) = (wrong.to_vec::<f64>()?, found.to_vec::<f64>()?);
    let steps = wrong.windows(2).zip(&found[1..]);
    let area: f64 = steps
        .map(|(ends, height)| (ends[1] - ends[0]) * height)
        .sum();
    let want: f64 = RocAuc::new().measure(&logits, test.targets())?.item()?;
    // 143 sums in f32.
    assert!((area - want).abs() < 1e-5, "{area} {want}");
    Ok(())
}
