//! Regression: a small network learns one wave of a sine from noisy points, and is asked how near it comes.
//!
//!     cargo run --release --example sine
//!
//! Pictures of the fit and of the training are left in `target/sine`. `TILEWISE_DEVICE` chooses the device.

use std::path::Path;

use tilewise::data::{self, TensorDataset};
use tilewise::loss::Mse;
use tilewise::metrics::{Accuracy, R2};
use tilewise::optim::schedule::Cosine;
use tilewise::plot::{Chart, Curves, Dash, Picture};
use tilewise::prelude::*;

/// The deviation of the noise: no network has a smaller loss on fresh points than its square, 0.01.
pub const NOISE: f64 = 0.1;
/// Predictions this near to the noisy truth count as right: two deviations, so that of a perfect fit 95% are.
const TOLERANCE: f64 = 2.0 * NOISE;
const EPOCHS: usize = 100;
const BATCH: usize = 32;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    dev.seed(0);

    let train = data::make_sine(300, NOISE, 0, &dev)?;
    let valid = data::make_sine(200, NOISE, 1, &dev)?;
    let mut trainer = trainer(&train, &valid, EPOCHS)?;
    let history = trainer.fit(&train)?;
    println!("{history}\n");

    // Points that neither the network nor we have seen while it was trained.
    let fresh = data::make_sine(1000, NOISE, 2, &dev)?;
    println!("fresh points: {}", trainer.evaluate(&fresh)?);
    println!("the square of the noise: {:.4}", NOISE * NOISE);

    let folder = Path::new("target/sine");
    std::fs::create_dir_all(folder)?;
    fit(&trainer, &train)?.save(folder.join("fit.png"))?;
    curves(&history).save(folder.join("curves.png"))?;
    println!("pictures: target/sine/fit.png, curves.png");
    Ok(())
}

/// A network of two hidden layers and what trains it for so many epochs.
pub fn trainer<'a>(
    train: &TensorDataset,
    valid: &'a TensorDataset,
    epochs: usize,
) -> Result<Trainer<'a, impl nn::Module>> {
    let model = nn::mlp([1, 32, 32, 1], nn::Tanh, train.inputs().device())?;
    let steps = epochs * train.inputs().shape()[0].div_ceil(BATCH);
    let trainer = Trainer::new(model, optim::Adam::new(0.01), Mse::new())
        .metric(R2::new())
        .metric_named("within", Accuracy::within(TOLERANCE))
        .validation(valid)
        .schedule(Cosine::new(steps))
        .batch_size(BATCH)
        .epochs(epochs);
    Ok(trainer)
}

/// The points, the sine that they were made of and what the network makes of them.
fn fit(trainer: &Trainer<impl nn::Module>, train: &TensorDataset) -> Result<Chart> {
    let x = Tensor::linspace(0.0, 1.0, 200, train.inputs().device())?;
    let sine = (&x * std::f64::consts::TAU).sin();
    let learned = trainer.predict(&x.reshape([200, 1])?)?;
    let chart = Chart::new()
        .scatter("data", train.inputs(), train.targets())
        .radius(2.5)
        .alpha(0.5)
        .line("sin 2πx", &x, &sine)
        .dash(Dash::Dashed)
        .line("network", &x, &learned);
    Ok(chart.title("One wave of a sine").x_label("x").y_label("y"))
}

/// The losses; beside them, of the validation, R² and the part within the tolerance.
fn curves(history: &History) -> Curves {
    let values = |name| history.values(name).unwrap_or_default();
    Curves::new()
        .curve("loss", values("loss"))
        .curve("val_loss", values("val_loss"))
        .metric("R²", values("val_r2"))
        .metric(format!("within {TOLERANCE}"), values("val_within"))
        .log_y(true)
        .title("Training")
}
