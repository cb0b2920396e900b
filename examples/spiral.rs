//! Classification of three arms of a spiral: softmax, Adam with a learning rate that decays, dropout and an L2 penalty.
//!
//!     cargo run --release --example spiral
//!
//! The arms wind 1.6 times around one another, and noise turns each point a little on its circle. Pictures of what the
//! network says of each place, while it learns and at the end, are left in `target/spiral`. `TILEWISE_DEVICE` chooses
//! the device.

use std::f64::consts::{PI, TAU};
use std::path::Path;

use tilewise::data::{self, TensorDataset};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::{Accuracy, Metric};
use tilewise::optim::schedule::InverseTime;
use tilewise::plot::{Animation, Curves, DecisionSurface, Picture};
use tilewise::prelude::*;

const ARMS: usize = 3;
/// Half of what the literature has, whose neighbouring arms overlap: at 0.2 nobody is right more often than 91 times in
/// a hundred (see [`knowing`]).
pub const NOISE: f64 = 0.1;
const EPOCHS: usize = 100;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    dev.seed(0);

    let train = data::make_spiral(300, ARMS, NOISE, 0, &dev)?;
    let fresh = data::make_spiral(1000, ARMS, NOISE, 1, &dev)?;
    let mut film = Animation::new().delay(0.2);
    let mut trainer = trainer(network(&dev)?, &fresh)
        .epochs(EPOCHS)
        .on_epoch(|at| match at.epoch() % 5 {
            0 => film.add(&surface(&train, at.model(), at.epoch()).resolution(100)),
            _ => Ok(()),
        });
    let history = trainer.fit(&train)?;
    println!("{history}\n");

    let scores = trainer.evaluate(&fresh)?;
    println!(
        "accuracy on fresh points: {:.4}",
        scores.get("accuracy").unwrap_or(f64::NAN)
    );
    for noise in [NOISE, 0.2] {
        let points = data::make_spiral(10_000, ARMS, noise, 2, &dev)?;
        println!(
            "who knows the arms, at a noise of {noise}: {:.4}",
            knowing(&points)?
        );
    }

    let folder = Path::new("target/spiral");
    std::fs::create_dir_all(folder)?;
    surface(&train, trainer.model(), EPOCHS).save(folder.join("surface.png"))?;
    curves(&history).save(folder.join("curves.png"))?;
    drop(trainer); // which adds to the film
    film.save(folder.join("learning.gif"))?;
    println!("pictures: target/spiral/surface.png, curves.png, learning.gif");
    Ok(())
}

/// Two hidden layers with an L2 penalty on their weights, and dropout before the last.
pub fn network(dev: &Device) -> Result<nn::Sequential> {
    Ok(nn::Sequential::new()
        .then(nn::Linear::new(2, 128, dev)?.l2(1e-5))
        .then(nn::Relu)
        .then(nn::Linear::new(128, 128, dev)?.l2(1e-5))
        .then(nn::Relu)
        .then(nn::Dropout::new(0.1)?)
        .then(nn::Linear::new(128, ARMS, dev)?))
}

/// Adam with 1/t decay; the loss is the cross-entropy of the softmax of what the network gives.
pub fn trainer(model: nn::Sequential, fresh: &TensorDataset) -> Trainer<'_, nn::Sequential> {
    Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
        .metric(Accuracy::new())
        .validation(fresh)
        .schedule(InverseTime::new(2e-3))
        .batch_size(64)
}

/// The accuracy of who knows how the points were made: each belongs to the arm that is nearest on its circle.
pub fn knowing(points: &TensorDataset) -> Result<f32> {
    let (x, y) = (
        points.inputs().slice(s![.., 0])?,
        points.inputs().slice(s![.., 1])?,
    );
    let (radius, angle) = (x.hypot(&y)?, x.atan2(&y)?);
    // Arm k is at 2.5·t, with t from 4k at the middle to 4(k + 1) at the end.
    let start = Tensor::arange(0.0, ARMS as f64, 1.0, points.inputs().device())?;
    let arms = (radius.unsqueeze(1)? + start) * 10.0;
    let apart = angle.unsqueeze(1)?.try_sub(arms)?;
    // The shorter way around the circle.
    let apart = (apart + PI).remainder(TAU)? - PI;
    let nearest = apart.abs().argmin(1)?;
    Accuracy::new()
        .measure(&nearest.to_dtype(DType::I32), points.targets())?
        .item()
}

/// What the network says of each place after so many epochs, with the points that it learned from.
fn surface<'a>(
    train: &TensorDataset,
    model: &'a nn::Sequential,
    epoch: usize,
) -> DecisionSurface<'a> {
    DecisionSurface::new(train.inputs(), train.targets())
        .predictor(model)
        .names(["first arm", "second arm", "third arm"])
        .radius(2.5)
        .title(format!("Three arms of a spiral, epoch {epoch}"))
        .x_label("x₁")
        .y_label("x₂")
}

/// Losses and accuracies on the points to learn from and on fresh ones.
fn curves(history: &History) -> Curves {
    let values = |name| history.values(name).unwrap_or_default();
    Curves::new()
        .curve("learned from", values("loss"))
        .curve("fresh", values("val_loss"))
        .metric("learned from", values("accuracy"))
        .metric("fresh", values("val_accuracy"))
        .metric_label("accuracy")
        .y_label("loss")
        .log_y(true)
        .title("Training")
}
