//! Two half moons, told apart by a network, and by linear classifiers of powers and products of the coordinates.
//!
//!     cargo run --release --example moons
//!
//! The classifiers are support vector machines of scikit-learn's `LinearSVC(C=18, loss="hinge")` after its
//! `PolynomialFeatures` and `StandardScaler`, on 100 points of its `make_moons`. From degree 3 on all make no mistake,
//! yet far from the points they say different things, as odd and even powers have it. Pictures of what each says
//! everywhere are left in `target/moons`. `TILEWISE_DEVICE` chooses the device.

use std::path::Path;

use tilewise::data::{
    self, Fit, Pipeline, PolynomialFeatures, Predict, StandardScaler, TensorDataset, datasets,
};
use tilewise::loss::{CrossEntropy, Hinge};
use tilewise::metrics::{Accuracy, Metric};
use tilewise::optim::schedule::Cosine;
use tilewise::plot::{DecisionSurface, Legend, Panels, Picture};
use tilewise::prelude::*;

/// What a point on the wrong side of its margin costs, beside weights that are large.
const C: f64 = 18.0;
const STEPS: usize = 1000;
/// Far from all points.
pub const FAR: [[f32; 2]; 2] = [[3., -3.], [-3., -3.]];

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    dev.seed(0);
    let folder = Path::new("target/moons");
    std::fs::create_dir_all(folder)?;

    let train = data::make_moons(300, 0.2, 0, &dev)?;
    let fresh = data::make_moons(1000, 0.2, 1, &dev)?;
    let mut network = network(&dev)?;
    network.fit(&train)?;
    println!("a network on fresh points: {}\n", network.evaluate(&fresh)?);
    surface(&train)
        .predictor(&network)
        .title("A network of 2, 32, 32 and 2 nodes")
        .save(folder.join("network.png"))?;

    let moons = datasets::moons(&dev)?.dataset()?;
    let far = Tensor::new(FAR, &dev)?;
    let mut classifiers = Vec::new();
    println!("degree  features  accuracy     cost  at (3, −3)  at (−3, −3)");
    for degree in [2, 3, 6, 7] {
        let classifier = classifier(degree, &moons)?;
        let says = |row| if row > 0.0 { 1 } else { 0 };
        let far: Vec<f32> = classifier.predict(&far)?.to_vec()?;
        println!(
            "{degree:6}  {:8}  {:8.2}  {:7.2}  {:>10}  {:>11}",
            features(degree),
            accuracy(&classifier, &moons)?,
            cost(&classifier, &moons)?,
            says(far[0]),
            says(far[1]),
        );
        classifiers.push((degree, classifier));
    }
    let panels = classifiers
        .iter()
        .fold(Panels::new(2), |panels, (degree, classifier)| {
            let panel = surface(&moons)
                .predictor(classifier)
                .x_range(-3.2, 3.2)
                .y_range(-3.2, 3.2);
            panels.add(
                panel
                    .title(format!("degree {degree}"))
                    .radius(2.5)
                    .legend(Legend::None),
            )
        });
    panels
        .title("Linear classifiers of polynomial features, far beyond the points")
        .save(folder.join("degrees.png"))?;
    println!("\npictures: target/moons/network.png, degrees.png");
    Ok(())
}

/// A network, and what trains it.
pub fn network(dev: &Device) -> Result<Trainer<'static, impl nn::Module>> {
    let model = nn::mlp([2, 32, 32, 2], nn::Relu, dev)?;
    let trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new());
    Ok(trainer.metric(Accuracy::new()).epochs(40))
}

/// How many powers and products of two coordinates there are up to a degree, 1 among them.
pub fn features(degree: usize) -> usize {
    (degree + 1) * (degree + 2) / 2
}

type Classifier = Pipeline<Trainer<'static, nn::Linear>>;

/// A linear classifier of the powers and products up to a degree, standardised.
///
/// It makes ½·(‖w‖² + b²) + C·Σ max(0, 1 − y·f(x)) least, where b, as liblinear has it, costs like a weight. Over C·n
/// that is the mean of the hinge losses and an L2 penalty.
pub fn classifier(degree: usize, moons: &TensorDataset) -> Result<Classifier> {
    let rows = moons.inputs().shape()[0];
    let penalty = 0.5 / (C * rows as f64);
    let model = nn::Linear::new(features(degree), 1, moons.inputs().device())?;
    let model = model.l2(penalty).bias_l2(penalty);
    let trainer = Trainer::new(model, optim::Adam::new(0.5), Hinge::new())
        .schedule(Cosine::new(STEPS))
        .batch_size(rows)
        .epochs(STEPS);
    let mut classifier = Pipeline::new()
        .then(PolynomialFeatures::new(degree))
        .then(StandardScaler::new())
        .model(trainer);
    classifier.fit(moons.inputs(), &signs(moons)?)?;
    Ok(classifier)
}

/// The classes as −1 and 1, `(n, 1)`: those of the hinge loss.
fn signs(moons: &TensorDataset) -> Result<Tensor> {
    (moons.targets().to_dtype(DType::F32) * 2.0 - 1.0).unsqueeze(1)
}

/// The part of the points on the right side.
pub fn accuracy(classifier: &Classifier, moons: &TensorDataset) -> Result<f32> {
    let scores = classifier.predict(moons.inputs())?;
    Accuracy::binary(0.0)
        .measure(&scores, &signs(moons)?)?
        .item()
}

/// What the classifier makes least, of the points.
pub fn cost(classifier: &Classifier, moons: &TensorDataset) -> Result<f64> {
    let (x, n) = (
        classifier.transformed(moons.inputs())?,
        moons.inputs().shape()[0],
    );
    let scores = classifier
        .as_model()
        .evaluate(&TensorDataset::new(&x, &signs(moons)?)?)?;
    Ok(scores.loss() * C * n as f64)
}

/// Points in the colours of their moons.
fn surface(moons: &TensorDataset) -> DecisionSurface<'static> {
    DecisionSurface::new(moons.inputs(), moons.targets())
        .names(["upper moon", "lower moon"])
        .x_label("x₁")
        .y_label("x₂")
}
