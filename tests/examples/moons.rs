//! `examples/moons.rs`.

use tilewise::data::{self, Predict, datasets};
use tilewise::prelude::*;

use crate::support::own;

#[path = "../../examples/moons.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![a_network, linear_classifiers];

/// Moons with this noise overlap: hardly anything is right more often than 97 times in a hundred.
fn a_network(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    dev.seed(0);
    let mut network = example::network(dev)?;
    network.fit(&data::make_moons(300, 0.2, 0, dev)?)?;
    let scores = network.evaluate(&data::make_moons(1000, 0.2, 1, dev)?)?;
    assert!(scores.get("accuracy") > Some(0.94), "{scores}");
    Ok(())
}

/// Degree, features, accuracy, the least cost there is (by coordinate descent in f64, to 1e-6), and the class far out,
/// as scikit-learn's `LinearSVC` has it.
const WANT: [(usize, usize, f32, f64, bool); 4] = [
    (2, 6, 0.86, 552.059, false),
    (3, 10, 1.0, 44.914, true),
    (6, 28, 1.0, 17.461, false),
    (7, 36, 1.0, 15.588, true),
];

fn linear_classifiers(dev: &Device) -> Result<()> {
    let moons = datasets::moons(dev)?.dataset()?;
    let far = Tensor::new(example::FAR, dev)?;
    for (degree, features, accuracy, least, second) in WANT {
        let classifier = example::classifier(degree, &moons)?;
        assert_eq!(example::features(degree), features);
        let right = example::accuracy(&classifier, &moons)?;
        assert!((right - accuracy).abs() < 1e-6, "degree {degree}: {right}");
        // Gradients of a hinge jump: a thousand steps end near the least cost, never below it.
        let cost = example::cost(&classifier, &moons)?;
        assert!(
            (least * 0.9999..least * 1.03).contains(&cost),
            "degree {degree}: {cost}"
        );
        let far = classifier.predict(&far)?.gt(0.0)?;
        assert_eq!(far.to_vec::<bool>()?, [second; 2], "degree {degree}");
    }
    Ok(())
}
