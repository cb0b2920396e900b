//! `examples/sine.rs`.

use tilewise::data;
use tilewise::prelude::*;

use crate::support::own;

#[path = "../../examples/sine.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![comes_near];

/// Of fresh points the noise alone leaves a loss of 0.01, an R² of 1 − 0.01/0.51 and 95.4% within two deviations.
fn comes_near(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    dev.seed(0);
    let train = data::make_sine(300, example::NOISE, 0, dev)?;
    let valid = data::make_sine(200, example::NOISE, 1, dev)?;
    let mut trainer = example::trainer(&train, &valid, 100)?;
    let history = trainer.fit(&train)?;
    let losses = history.values("loss").expect("it is recorded");
    assert!(losses[99] < losses[0] / 20.0, "{history}");
    let scores = trainer.evaluate(&data::make_sine(1000, example::NOISE, 2, dev)?)?;
    assert!(scores.loss() < 0.0125, "{scores}");
    assert!(scores.get("r2") > Some(0.975), "{scores}");
    assert!(scores.get("within") > Some(0.92), "{scores}");
    Ok(())
}
