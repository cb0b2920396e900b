//! A single neuron, y = w·x + b, by stochastic, mini-batch and full-batch gradient descent: each step's weight, bias and
//! loss, their way over the loss of all weights and biases, and least squares beside them.
//!
//!     cargo run --release --example neuron
//!
//! It also makes the mistake for which the literature's losses are far too large. Pictures are left in `target/neuron`.
//! `TILEWISE_DEVICE` chooses the device.

use std::path::Path;

use tilewise::data::{StandardScaler, TensorDataset, Transform};
use tilewise::loss::{Loss, Mse};
use tilewise::plot::{Animation, Chart, Curves, Dash, HeatMap, Panels, Picture};
use tilewise::prelude::*;

const ROWS: usize = 1000;
const RATE: f64 = 0.01;
/// Weights and biases from −SPAN to SPAN, so many of each, of which the loss is shown.
const SPAN: f64 = 5000.0;
const SIDE: usize = 100;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    let (data, deviation) = data(&dev)?;
    let best = least_squares(&data)?;

    // From three sides of the map, so that their ways are seen apart.
    let runs = [
        ("stochastic", descend(&data, 1, 1, [-4500.0, 0.0])?),
        ("mini-batch", descend(&data, ROWS / 5, 99, [0.0, -4500.0])?),
        ("full batch", descend(&data, ROWS, 99, [4500.0, 0.0])?),
    ];
    println!("\ndescent        steps      loss    weight      bias  slope of y over x");
    for (name, run) in &runs {
        let [w, b] = run.last();
        let (steps, loss) = (run.losses.len(), loss(&data, w, b)?);
        println!(
            "{name:13}  {steps:5}  {loss:8.0}  {w:8.1}  {b:8.1}  {:17.3}",
            w / deviation
        );
    }
    let [w, b] = best;
    let least = loss(&data, w, b)?;
    println!(
        "least squares         {least:8.0}  {w:8.1}  {b:8.1}  {:17.3}",
        w / deviation
    );

    let (axis, losses) = loss_grid(&data)?;
    println!(
        "the least loss of the grid is at {:?}\n",
        least_of_grid(&axis, &losses)?
    );

    mistake(&data)?;

    let folder = Path::new("target/neuron");
    std::fs::create_dir_all(folder)?;
    map(&axis, &losses, best, &runs, usize::MAX).save(folder.join("loss.png"))?;
    fit(&data, best, &runs, usize::MAX).save(folder.join("fit.png"))?;
    curves(&runs).save(folder.join("steps.png"))?;
    let mut film = Animation::new().delay(0.2);
    let mini = &runs[1..2];
    for epoch in (0..=60).step_by(2) {
        // Five steps an epoch.
        let both = Panels::new(2)
            .add(fit(&data, best, mini, 5 * epoch).y_range(-5000.0, 9800.0))
            .add(map(&axis, &losses, best, mini, 5 * epoch).color_bar(false));
        film.add(&both.title(format!("epoch {epoch}")).size(980, 440))?;
    }
    film.save(folder.join("descent.gif"))?;
    println!("\npictures: target/neuron/loss.png, fit.png, steps.png, descent.gif");
    Ok(())
}

/// x from 0 to 999, standardised, as `(n, 1)`, and y = 8x and normal numbers around x of deviation 100: a slope of 9.
/// And the deviation of x, over which a weight is a slope.
pub fn data(dev: &Device) -> Result<(TensorDataset, f32)> {
    let x = Tensor::arange(0.0, ROWS as f64, 1.0, dev)?.unsqueeze(1)?;
    let noise = Generator::new(0).normal([ROWS, 1], dev)?;
    let y = &x * 8.0 + (&x + noise * 100.0);
    let standardised = StandardScaler::new().fit_transform(&x)?;
    Ok((
        TensorDataset::new(&standardised, &y)?,
        x.std(.., 0)?.item()?,
    ))
}

/// Weight and bias that make the loss least: those of standardised x are a mean each.
pub fn least_squares(data: &TensorDataset) -> Result<[f32; 2]> {
    let (x, y) = (data.inputs(), data.targets());
    Ok([x.try_mul(y)?.mean(..)?.item()?, y.mean(..)?.item()?])
}

/// The loss of a weight and a bias over all rows.
pub fn loss(data: &TensorDataset, w: f32, b: f32) -> Result<f32> {
    Mse::new()
        .loss(&(data.inputs() * w + b), data.targets())?
        .item()
}

/// The weight and the bias after each step, and the loss of its batch before it.
pub struct Run {
    /// Weight and bias before the first.
    pub start: [f32; 2],
    /// One a step.
    pub weights: Vec<f32>,
    /// One a step.
    pub biases: Vec<f32>,
    /// One a step.
    pub losses: Vec<f32>,
}

impl Run {
    /// Weight and bias at the end.
    pub fn last(&self) -> [f32; 2] {
        self.after(usize::MAX)
    }

    /// Weight and bias after so many steps at most.
    fn after(&self, steps: usize) -> [f32; 2] {
        match steps.min(self.losses.len()) {
            0 => self.start,
            step => [self.weights[step - 1], self.biases[step - 1]],
        }
    }

    /// The way of weight and bias over the first steps, as some 100 points of the whole.
    fn way(&self, steps: usize) -> [Vec<f32>; 2] {
        let (steps, every) = (
            steps.min(self.losses.len()),
            self.losses.len().div_ceil(100),
        );
        let points: Vec<[f32; 2]> = (0..=steps)
            .step_by(every)
            .map(|step| self.after(step))
            .collect();
        [0, 1].map(|i| points.iter().map(|point| point[i]).collect())
    }
}

/// Gradient descent in batches of a size, from a weight and a bias.
pub fn descend(data: &TensorDataset, batch: usize, epochs: usize, start: [f32; 2]) -> Result<Run> {
    let dev = data.inputs().device();
    let [weight, bias] = start;
    let (weight, bias) = (Tensor::new([[weight]], dev)?, Tensor::new([bias], dev)?);
    let neuron = nn::Linear::from_tensors(&weight, Some(&bias))?;
    let mut steps = Vec::new();
    let mut trainer = Trainer::new(neuron, optim::Sgd::new(RATE), Mse::new())
        .batch_size(batch)
        .epochs(epochs)
        .on_batch(|at| -> Result<()> {
            // Handles: what they stand for stays on the device, so that no step waits to be read.
            let parameters = at
                .model()
                .parameters()
                .into_iter()
                .map(|(_, value)| value.ravel());
            let step: Vec<Tensor> = parameters.chain([at.loss().ravel()]).collect();
            steps.push(Tensor::concat(&step.iter().collect::<Vec<_>>(), 0)?);
            Ok(())
        });
    trainer.fit(data)?;
    drop(trainer); // which adds to the steps
    let records = Tensor::stack(&steps.iter().collect::<Vec<_>>(), 0)?; // (steps, 3)
    let column = |i: isize| records.slice(s![.., i])?.to_vec();
    Ok(Run {
        start,
        weights: column(0)?,
        biases: column(1)?,
        losses: column(2)?,
    })
}

/// The weights and biases of the grid, and the loss of each two: biases downwards, weights to the right.
///
/// That is a cube of 100·100·1000 errors, of which nothing is stored: they are computed where the mean needs them.
pub fn loss_grid(data: &TensorDataset) -> Result<(Tensor, Tensor)> {
    let axis = Tensor::linspace(-SPAN, SPAN, SIDE, data.inputs().device())?;
    let (x, y) = (data.inputs().ravel(), data.targets().ravel());
    let said = axis.slice(s![.., NewAxis])? * x;
    let said = said.slice(s![NewAxis, .., ..])? + axis.slice(s![.., NewAxis, NewAxis])?;
    Ok((axis, (said - y).square().mean(-1)?))
}

/// The weight and the bias of the grid whose loss is least.
pub fn least_of_grid(axis: &Tensor, losses: &Tensor) -> Result<[f32; 2]> {
    let place = losses.argmin(..)?.item::<u32>()? as usize;
    let axis: Vec<f32> = axis.to_vec()?;
    Ok([axis[place % SIDE], axis[place / SIDE]])
}

/// A vector of predictions less a column of targets is a matrix: each prediction less every target. Its mean is no
/// loss of these predictions, and nothing tells. The crate's loss refuses it.
fn mistake(data: &TensorDataset) -> Result<()> {
    let [w, b] = least_squares(data)?;
    let said = (data.inputs() * w + b).ravel();
    let by_hand = (&said - data.targets()).square();
    println!(
        "a loss by hand of (n) and (n, 1): {:?}, mean {:.0}",
        by_hand.shape(),
        by_hand.mean(..)?.item::<f32>()?
    );
    if let Err(error) = Mse::new().loss(&said, data.targets()) {
        println!("the crate's: {error}");
    }
    Ok(())
}

type Named = (&'static str, Run);

/// The way of each run over the loss of all weights and biases, as far as some steps.
fn map(axis: &Tensor, losses: &Tensor, [w, b]: [f32; 2], runs: &[Named], steps: usize) -> HeatMap {
    let map = HeatMap::new(losses).x(axis).y(axis).log_values(true);
    let ways = runs.iter().fold(map, |map, (name, run)| {
        let [weights, biases] = run.way(steps);
        map.path(*name, &weights, &biases)
    });
    ways.mark("least squares", w.into(), b.into())
        .title("The mean squared error")
        .x_label("weight")
        .y_label("bias")
        .value_label("loss")
}

/// The line of each run after some steps, with the points and the line of least squares.
fn fit(data: &TensorDataset, [w, b]: [f32; 2], runs: &[Named], steps: usize) -> Chart {
    let ends = [-1.8f32, 1.8];
    let line = |w: f32, b: f32| ends.map(|x| w * x + b);
    let points = Chart::new()
        .scatter("data", data.inputs(), data.targets())
        .radius(1.5)
        .alpha(0.35);
    let lines = runs.iter().fold(points, |chart, (name, run)| {
        let [w, b] = run.after(steps);
        chart.line(*name, ends, line(w, b))
    });
    lines
        .line("least squares", ends, line(w, b))
        .dash(Dash::Dashed)
        .title("The line of the neuron")
        .x_label("x, standardised")
        .y_label("y")
}

/// The loss of each step.
fn curves(runs: &[Named]) -> Curves {
    let curves = runs.iter().fold(Curves::new(), |curves, (name, run)| {
        curves.curve(*name, &run.losses)
    });
    curves
        .log_y(true)
        .y_range(1e2, 3e8)
        .title("The loss of each step’s batch")
        .x_label("step")
        .y_label("loss")
}
