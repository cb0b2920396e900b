//! `examples/spiral.rs`.

use tilewise::data;
use tilewise::prelude::*;

use crate::support::own;

#[path = "../../examples/spiral.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![learns_the_arms, who_knows_the_arms];

/// On points of another seed.
fn learns_the_arms(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    dev.seed(0);
    let train = data::make_spiral(300, 3, example::NOISE, 0, dev)?;
    let fresh = data::make_spiral(300, 3, example::NOISE, 1, dev)?;
    let mut trainer = example::trainer(example::network(dev)?, &fresh).epochs(80);
    let history = trainer.fit(&train)?;
    assert!(history.last("val_accuracy") >= Some(0.95), "{history}");
    // The penalty is part of the loss, and the rate has decayed.
    let penalty = trainer
        .model()
        .penalty()?
        .expect("of the weights")
        .item::<f32>()?;
    assert!(
        penalty > 1e-3 && trainer.learning_rate() < 0.004,
        "{penalty}"
    );
    Ok(())
}

/// The angles of the arms are 1.150, 2.566 and 2.566 apart, and the noise turns points by a deviation of 2.5 times its
/// own, so that the halves of these are exceeded in 1.07% and 0.00% or 12.5% and 0.51%.
fn who_knows_the_arms(dev: &Device) -> Result<()> {
    for (noise, want) in [(0.0, 1.0), (0.1, 0.9929), (0.2, 0.9098)] {
        let points = data::make_spiral(10_000, 3, noise, 2, dev)?;
        let got = example::knowing(&points)?;
        // Three standard errors of 30,000 points; where all arms meet one point may be of any.
        assert!((got - want).abs() < 0.005, "noise {noise}: {got}");
    }
    Ok(())
}
