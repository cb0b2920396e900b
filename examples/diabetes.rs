//! Linear regression on many features: the progression of diabetes in 442 patients from ten measurements, by gradient
//! descent from weights of zero, beside least squares.
//!
//!     cargo run --release --example diabetes
//!
//! The loss is soon that of least squares, the weights are not: of the measurements of blood serum, s1 to s6, some
//! nearly follow from the others, so that very different weights predict nearly the same. Pictures of the weights are
//! left in `target/diabetes`. `TILEWISE_DEVICE` chooses the device.

use std::path::Path;

use tilewise::data::{Fit, Pipeline, StandardScaler, Transform, datasets};
use tilewise::loss::{Loss, Mse};
use tilewise::plot::{Bars, Curves, Picture};
use tilewise::prelude::*;

const EPOCHS: usize = 100;
const RATE: f64 = 0.1;
/// The steps of which the losses and weights are shown.
const SHOWN: [usize; 3] = [10, 50, 99];

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    let diabetes = datasets::diabetes(&dev)?;
    let (x, y) = (&diabetes.features, &diabetes.targets);
    let names = &diabetes.feature_names;

    let descent = descend(x, y)?;
    let exact = least_squares(x, y)?;
    println!("{}\n", descent.history);
    for step in SHOWN {
        println!(
            "mean squared error after step {step:2}: {:.3}",
            descent.loss(step)
        );
    }
    println!("of least squares:                {:.3}\n", exact.loss);

    println!("weight of  after step 99  least squares");
    let last = &descent.weights[SHOWN[2] - 1];
    for ((name, ours), theirs) in names.iter().zip(last).zip(&exact.weights) {
        println!("{name:9}  {ours:13.2}  {theirs:13.2}");
    }

    let folder = Path::new("target/diabetes");
    std::fs::create_dir_all(folder)?;
    curves(names, &descent, &exact).save(folder.join("weights.png"))?;
    bars(names, &descent, &exact).save(folder.join("bars.png"))?;
    println!("\npictures: target/diabetes/weights.png, bars.png");
    Ok(())
}

/// What gradient descent went through.
pub struct Descent {
    /// The loss of each epoch.
    pub history: History,
    /// The ten weights after each step, without the bias.
    pub weights: Vec<Vec<f32>>,
}

impl Descent {
    /// The mean squared error after so many steps. An epoch is one step here, and records the loss before it.
    pub fn loss(&self, step: usize) -> f64 {
        self.history
            .values("loss")
            .map_or(f64::NAN, |losses| losses[step])
    }
}

/// All patients at once, `(n, 10)` and `(n, 1)`, a step an epoch, with the features standardised.
pub fn descend(x: &Tensor, y: &Tensor) -> Result<Descent> {
    let (rows, features) = (x.shape()[0], x.shape()[1]);
    let zeros = Tensor::zeros([1, features], x.device())?;
    let model = nn::Linear::from_tensors(&zeros, Some(&Tensor::zeros([1], x.device())?))?;
    let mut weights = Vec::new();
    let trainer = Trainer::new(model, optim::Sgd::new(RATE), Mse::new())
        .batch_size(rows)
        .epochs(EPOCHS)
        .on_epoch(|at| -> Result<()> {
            weights.push(at.model().weight().value().to_vec::<f32>()?);
            Ok(())
        });
    let mut pipeline = Pipeline::new().then(StandardScaler::new()).model(trainer);
    pipeline.fit(x, y)?;
    let history = pipeline.as_model().history().clone();
    drop(pipeline); // which holds the closure that writes to the weights
    Ok(Descent { history, weights })
}

/// What no other weights do better.
pub struct LeastSquares {
    /// The ten weights, without the bias.
    pub weights: Vec<f32>,
    /// The mean squared error.
    pub loss: f64,
}

/// Of the features standardised and a column of ones.
pub fn least_squares(x: &Tensor, y: &Tensor) -> Result<LeastSquares> {
    let x = StandardScaler::new().fit_transform(x)?;
    let ones = Tensor::ones([x.shape()[0], 1], x.device())?;
    let x = Tensor::hstack(&[&x, &ones])?;
    let solution = x.lstsq(y, 1e-6)?;
    let mut weights: Vec<f32> = solution.to_vec()?;
    weights.pop();
    let loss = Mse::new().loss(&x.matmul(&solution)?, y)?.item()?;
    Ok(LeastSquares { weights, loss })
}

/// Each weight from step to step; dotted, where least squares has it.
fn curves(names: &[String], descent: &Descent, exact: &LeastSquares) -> Curves {
    Curves::new()
        .curves(names, &descent.weights)
        .levels(&exact.weights)
        .title("Weights by gradient descent, and by least squares (dotted)")
        .x_label("step")
        .y_label("weight")
        .size(820, 540)
}

/// The weights after some steps beside those of least squares.
fn bars(names: &[String], descent: &Descent, exact: &LeastSquares) -> Bars {
    let steps = SHOWN.iter().fold(Bars::new(names), |bars, step| {
        bars.set(format!("step {step}"), &descent.weights[step - 1])
    });
    steps
        .set("least squares", &exact.weights)
        .title("Weights of standardised features")
        .y_label("weight")
}
