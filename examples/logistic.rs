//! Logistic regression: is a tumour malignant? One linear layer on standardised measurements, the binary cross-entropy
//! of its logits, and what there is to say of the answers beside how many are right.
//!
//!     cargo run --release --example logistic
//!
//! A picture is left in `target/logistic`. `TILEWISE_DEVICE` chooses the device.

use std::error::Error;

use tilewise::Pad;
use tilewise::data::{Dataset, Fit, Pipeline, Predict, StandardScaler, TensorDataset};
use tilewise::data::{datasets, train_test_split_stratified};
use tilewise::loss::BinaryCrossEntropy;
use tilewise::metrics::{Accuracy, Metric, Precision, Recall, RocAuc};
use tilewise::plot::{Chart, Dash, DecisionSurface, Panels, Picture};
use tilewise::prelude::*;
use tilewise::train::Evaluation;

/// What learns: the scaler's means and deviations first, then the layer.
pub type Classifier = Pipeline<Trainer<'static, nn::Linear>>;

fn main() -> Result<(), Box<dyn Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    let (train, test, names) = tumours(&dev)?;
    println!(
        "{} tumours to learn from, {} held out",
        train.len(),
        test.len()
    );

    let model = fitted(&train, 30)?;
    println!("{}\n", model.as_model().history());
    println!("of those to learn from: {}", measured(&model, &train)?);
    println!("of those held out:      {}", measured(&model, &test)?);

    // The larger its weight, the more a feature speaks for a malignant tumour.
    let weights: Vec<f32> = model.as_model().model().weight().value().to_vec()?;
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].abs().total_cmp(&weights[a].abs()));
    println!("\nthe features that weigh most:");
    for &at in &order[..5] {
        println!("  {:20} {:+.3}", names[at], weights[at]);
    }

    std::fs::create_dir_all("target/logistic")?;
    picture(&model, &test, &names, (order[0], order[1]))?.save("target/logistic/tumours.png")?;
    println!("\nwritten: target/logistic/tumours.png");
    Ok(())
}

/// Thirty measurements of each tumour, and a column that is 1 where it is malignant: those to learn from, and a quarter
/// that is held out, with as many malignant ones in proportion. And what each measurement is.
pub fn tumours(dev: &Device) -> Result<(TensorDataset, TensorDataset, Vec<String>)> {
    let cancer = datasets::breast_cancer(dev)?;
    let malignant = cancer.targets.eq(0)?.to_dtype(DType::F32).unsqueeze(1)?;
    let (train, test) = train_test_split_stratified(&cancer.features, &malignant, 0.25, 0)?;
    Ok((train, test, cancer.feature_names))
}

/// Standardised features, weighed and added up.
pub fn fitted(train: &TensorDataset, epochs: usize) -> Result<Classifier> {
    let dev = train.inputs().device();
    dev.seed(0);
    let features = train.inputs().shape()[1];
    // From logits: the sigmoid is part of the loss, which is exact for certain answers too. A little L2 keeps the
    // weights of features that say the same alike.
    let layer = nn::Linear::new(features, 1, dev)?.l2(1e-3);
    let trainer = Trainer::new(
        layer,
        optim::Adam::new(0.03),
        BinaryCrossEntropy::from_logits(),
    )
    .metric(Accuracy::binary(0.0)) // a logit above 0 is a probability above a half
    .metric(Precision::binary(0.0)) // of those called malignant, the part that is
    .metric(Recall::binary(0.0)) // of those that are malignant, the part that is found
    .metric(RocAuc::new()) // the chance that of two the malignant one has the larger logit
    .epochs(epochs);
    let mut model = Pipeline::new().then(StandardScaler::new()).model(trainer);
    model.fit(train.inputs(), train.targets())?;
    Ok(model)
}

/// Loss and metrics on tumours as they were measured.
pub fn measured(model: &Classifier, data: &TensorDataset) -> Result<Evaluation> {
    let features = model.transformed(data.inputs())?;
    model
        .as_model()
        .evaluate(&TensorDataset::new(&features, data.targets())?)
}

/// The receiver operating characteristic: from the largest logit to the smallest, the part of the benign tumours and
/// that of the malignant ones with a logit as large, each starting at 0.
pub fn roc(logits: &Tensor, malignant: &Tensor) -> Result<(Tensor, Tensor)> {
    let order = logits.squeeze(1)?.argsort_descending(0)?;
    let malignant = malignant.squeeze(1)?.take(&order, 0)?;
    let rates = |of: &Tensor| (of.cumsum(0)? / of.sum(..)?).pad((1, 0), Pad::constant(0));
    Ok((rates(&(1.0 - &malignant))?, rates(&malignant)?))
}

/// What the model says over two features, the others at their mean, and how good its logits are.
fn picture<'a>(
    model: &'a Classifier,
    data: &TensorDataset,
    names: &[String],
    (right, up): (usize, usize),
) -> Result<Panels<'a>> {
    let areas = DecisionSurface::new(data.inputs(), data.targets())
        .predictor(model)
        .features(right, up)
        .names(["benign", "malignant"])
        .x_label(&names[right])
        .y_label(&names[up])
        .title("Over two of thirty features");
    let logits = model.predict(data.inputs())?;
    let area = RocAuc::new()
        .measure(&logits, data.targets())?
        .item::<f64>()?;
    let (wrong, found) = roc(&logits, data.targets())?;
    let curve = Chart::new()
        .line(format!("held out, area {area:.4}"), wrong, found)
        .line("by chance", [0.0, 1.0], [0.0, 1.0])
        .dash(Dash::Dashed)
        .equal(true)
        .x_label("benign tumours called malignant")
        .y_label("malignant tumours found")
        .title("Receiver operating characteristic");
    Ok(Panels::new(2).add(areas).add(curve))
}
