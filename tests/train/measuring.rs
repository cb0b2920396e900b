//! What is measured, shown and predicted.

use tilewise::data::{self, TensorDataset};
use tilewise::loss::{CrossEntropy, Mse};
use tilewise::metrics::{Accuracy, F1, Metric};
use tilewise::prelude::*;

use super::classifier;
use crate::support::own;

tests![
    evaluation,
    averages_are_over_rows,
    predictions,
    switches_are_put_back,
    at_the_end_of_a_pipeline,
    history_as_text,
    callbacks_see_and_change,
];

/// That of the last epoch is what the trainer measures afterwards, and what the metrics say of all rows.
fn evaluation(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let train = data::make_moons(100, 0.1, 0, dev)?;
    let valid = data::make_moons(77, 0.1, 1, dev)?;
    let mut trainer = Trainer::new(
        classifier(dev)?,
        optim::Adam::new(0.05),
        CrossEntropy::new(),
    )
    .metric(Accuracy::new())
    .metric(F1::new())
    .validation(&valid)
    .epochs(20)
    .batch_size(16);
    let history = trainer.fit(&train)?;
    let names: Vec<&str> = history.names().collect();
    let want = [
        "loss",
        "accuracy",
        "f1",
        "val_loss",
        "val_accuracy",
        "val_f1",
        "learning_rate",
    ];
    assert_eq!(names, want);
    let scores = trainer.evaluate(&valid)?;
    for (name, value) in scores.iter() {
        assert_eq!(history.last(&format!("val_{name}")), Some(value), "{name}");
    }
    let output = trainer.predict(valid.inputs())?;
    let f1: f32 = F1::new().measure(&output, valid.targets())?.item()?;
    assert_eq!(scores.get("f1"), Some(f1 as f64));
    let loss: f32 = output.cross_entropy(valid.targets())?.item()?;
    assert!((scores.loss() - loss as f64).abs() < 1e-6);
    assert!(scores.get("accuracy") > Some(0.8), "{scores}");
    assert!(history.last("accuracy") > Some(0.8), "{history}");
    assert!(history.last("f1") > Some(0.8), "{history}");
    Ok(())
}

/// A last batch of one row weighs as one row.
fn averages_are_over_rows(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let x = Tensor::new([[1f32], [2.], [3.], [4.], [105.]], dev)?;
    let data = TensorDataset::new(&x, &x.zeros_like())?;
    let trainer = Trainer::new(|x: &Tensor| Ok(x.clone()), optim::Sgd::new(0.1), Mse::new())
        .metric(tilewise::metrics::Mae::new())
        .batch_size(4);
    let scores = trainer.evaluate(&data)?;
    assert_eq!(scores.loss(), (1. + 4. + 9. + 16. + 105. * 105.) / 5.);
    assert_eq!(scores.get("mae"), Some(23.0));
    Ok(())
}

fn predictions(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let x = Generator::new(3).normal([70, 2], dev)?;
    let model = nn::Sequential::new()
        .then(nn::Dropout::new(0.5)?)
        .then(classifier(dev)?);
    let trainer = Trainer::new(model, optim::Sgd::new(0.1), CrossEntropy::new());
    let generator = dev.generator();
    let logits = trainer.predict(&x)?;
    let whole = data::Predict::predict(trainer.model(), &x)?;
    // Sums of products may be added up otherwise for other numbers of rows.
    assert!(logits.allclose(&whole, 1e-6, 1e-6, false)?);
    assert_eq!(dev.generator(), generator);
    let chances = trainer.predict_probabilities(&x)?;
    assert!(
        chances
            .sum(1)?
            .allclose(&Tensor::ones([70], dev)?, 1e-6, 1e-6, false)?
    );
    let classes = trainer.predict_classes(&x)?;
    assert_eq!(classes.shape(), [70]);
    let first = classes.eq(chances.argmax(-1)?.to_dtype(DType::I32))?;
    assert!(first.all(..)?.item::<bool>()?);
    assert_eq!(trainer.predict(&x.narrow(0, 0, 0)?)?.shape(), [0, 2]);

    let column = nn::Linear::new(2, 1, dev)?;
    let trainer = Trainer::new(column, optim::Sgd::new(0.1), Mse::new());
    let chances = trainer.predict_probabilities(&x)?;
    let classes = trainer.predict_classes(&x)?.to_vec::<i32>()?;
    let above: Vec<i32> = chances
        .to_vec::<f32>()?
        .iter()
        .map(|&p| (p > 0.5) as i32)
        .collect();
    assert_eq!((chances.shape(), classes), (&[70, 1][..], above));
    Ok(())
}

fn switches_are_put_back(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(20, 0.1, 0, dev)?;
    let off = nn::Dropout::new(0.5)?;
    off.eval();
    let model = nn::Sequential::new()
        .then(nn::Dropout::new(0.5)?)
        .then(classifier(dev)?)
        .then(off)
        .then(nn::Dropout::new(0.5)?);
    let states = |model: &nn::Sequential| {
        let mut list = Vec::new();
        model.visit(&mut nn::Visitor::new(&mut |_, part| {
            if let nn::Part::Training(training) = part {
                list.push(training.is_on());
            }
        }));
        list
    };
    let mut seen = Vec::new();
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.1), CrossEntropy::new())
        .validation(&moons)
        .epochs(2)
        .on_batch(|at| seen.push(states(at.model())));
    let mut checks = vec![states(trainer.model())];
    trainer.fit(&moons)?;
    checks.push(states(trainer.model()));
    trainer.evaluate(&moons)?;
    checks.push(states(trainer.model()));
    data::Predict::predict(trainer.model(), moons.inputs())?;
    checks.push(states(trainer.model()));
    drop(trainer);
    assert_eq!(checks, vec![[true, false, true]; 4]);
    assert_eq!(seen, vec![[true; 3]; 2]);
    Ok(())
}

/// Standardised iris, and a network.
fn at_the_end_of_a_pipeline(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    use tilewise::data::{Fit, Predict};
    let iris = data::datasets::iris(dev)?;
    let (train, test) = data::train_test_split(&iris.features, &iris.targets, 0.3, 0)?;
    dev.seed(0);
    let network = nn::mlp([4, 16, 3], nn::Relu, dev)?;
    let trainer = Trainer::new(network, optim::Adam::new(0.02), CrossEntropy::new()).epochs(40);
    let mut pipeline = data::Pipeline::new()
        .then(data::StandardScaler::new())
        .model(trainer);
    pipeline.fit(train.inputs(), train.targets())?;
    let logits = pipeline.predict(test.inputs())?;
    let accuracy = Accuracy::new().measure(&logits, test.targets())?;
    let accuracy: f32 = accuracy.item()?;
    assert!(accuracy >= 0.95, "{accuracy}");
    assert_eq!(pipeline.as_model().history().len(), 40);
    Ok(())
}

fn history_as_text(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(20, 0.1, 0, dev)?;
    let mut trainer = Trainer::new(
        classifier(dev)?,
        optim::Adam::new(0.05),
        CrossEntropy::new(),
    )
    .metric_named("right, in parts", Accuracy::new())
    .epochs(7);
    let history = trainer.fit(&moons)?;
    let text = history.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 7, "{text}");
    assert!(lines[0].starts_with("epoch    loss  right, in parts  learning_rate"));
    assert_eq!(lines[1].trim(), "…");
    assert!(lines[2].trim_start().starts_with("3  ") && lines[6].trim_start().starts_with("7  "));
    assert_eq!(format!("{history:#}").lines().count(), 8);
    let csv = history.to_csv();
    let mut rows = csv.lines();
    assert_eq!(
        rows.next(),
        Some("epoch,loss,\"right, in parts\",learning_rate")
    );
    let third: Vec<f64> = rows
        .nth(2)
        .unwrap()
        .split(',')
        .map(|t| t.parse().unwrap())
        .collect();
    let loss = history.values("loss").unwrap()[2];
    assert_eq!((third[0], third[1], third[3]), (3.0, loss, 0.05));
    let path = std::env::temp_dir().join(format!(
        "tilewise-history-{}-{}",
        std::process::id(),
        dev.info().id
    ));
    history.write_csv(&path)?;
    let written = std::fs::read_to_string(&path).expect("the file");
    std::fs::remove_file(&path).ok();
    assert_eq!(written, csv);
    assert!(history.write_csv("/nowhere/at/all.csv").is_err());
    Ok(())
}

fn callbacks_see_and_change(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(40, 0.1, 0, dev)?;
    let (mut weights, mut seen) = (Vec::new(), Vec::new());
    let mut trainer = Trainer::new(classifier(dev)?, optim::Sgd::new(0.5), CrossEntropy::new())
        .epochs(3)
        .batch_size(16)
        .on_batch(|at| {
            seen.push((at.epoch(), at.batch(), at.batches(), at.rows(), at.step()));
        })
        .on_epoch(|at| {
            let layer = at.model().layer("0").expect("there is one");
            weights.push(layer.parameters()[0].1.to_vec::<f32>()?);
            at.set_learning_rate(at.learning_rate() / 2.0);
            Ok(())
        });
    let history = trainer.fit(&moons)?;
    assert_eq!(
        history.values("learning_rate"),
        Some(&[0.5, 0.25, 0.125][..])
    );
    let last = trainer.into_model().parameters()[0].1.to_vec::<f32>()?;
    assert_eq!((weights.len(), &weights[2]), (3, &last));
    assert_ne!(weights[1], last);
    assert_eq!(
        seen[..4],
        [
            (1, 1, 3, 16, 1),
            (1, 2, 3, 16, 2),
            (1, 3, 3, 8, 3),
            (2, 1, 3, 16, 4)
        ]
    );
    // What a callback says ends the run.
    let mut trainer = Trainer::new(classifier(dev)?, optim::Sgd::new(0.5), CrossEntropy::new())
        .on_epoch(|at| at.model().forward(&Tensor::zeros([1, 3], dev)?).map(drop));
    assert!(trainer.fit(&moons).is_err());
    Ok(())
}
