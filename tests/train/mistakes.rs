//! What does not fit is said before anything is trained.

use tilewise::data::{self, Dataset, TensorDataset};
use tilewise::loss::{CrossEntropy, Mse, Reduction};
use tilewise::metrics::{Accuracy, F1, Metric};
use tilewise::optim::schedule::Plateau;
use tilewise::prelude::*;
use tilewise::train::EarlyStopping;

tests![options, data_that_do_not_fit, names];

type Classifier<'a> = Trainer<'a, nn::Sequential>;

fn trainer<'a>(dev: &Device) -> Result<Classifier<'a>> {
    let model = nn::mlp([2, 4, 2], nn::Relu, dev)?;
    Ok(Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new()).metric(Accuracy::new()))
}

/// That an error has these words, is at the caller's line, and that no step was made.
#[track_caller]
fn refused(mut trainer: Classifier<'_>, data: &dyn Dataset, words: &str) {
    let error = trainer.fit(data).expect_err("it does not fit");
    let text = error.to_string();
    assert!(text.contains(words), "{text}");
    assert_eq!(error.location().file(), file!(), "{text}");
    assert_eq!(trainer.steps(), 0, "{text}");
}

fn options(dev: &Device) -> Result<()> {
    let moons = data::make_moons(20, 0.1, 0, dev)?;
    let new = || trainer(dev);
    refused(
        new()?.batch_size(0),
        &moons,
        "a batch needs at least one row",
    );
    refused(new()?.accumulate(0), &moons, "at least one batch");
    refused(
        new()?.clip_norm(-1.0),
        &moons,
        "the limit must be at least 0",
    );
    let stopping = EarlyStopping::new("loss");
    for delta in [f64::NAN, -1.0] {
        let stopping = stopping.clone().min_delta(delta);
        refused(
            new()?.early_stopping(stopping),
            &moons,
            "min_delta must be at least 0",
        );
    }
    for factor in [f64::NAN, -1.0, 0.0, 1.0] {
        let plateau = Plateau::new().factor(factor);
        refused(
            new()?.plateau("loss", plateau),
            &moons,
            "above 0 and below 1",
        );
    }
    let mut wrong = new()?;
    wrong.set_learning_rate(f64::NAN);
    refused(wrong, &moons, "learning rate");
    let trainer = new()?.batch_size(0);
    assert!(trainer.evaluate(&moons).is_err() && trainer.predict(moons.inputs()).is_err());
    // What does not fit a model that is asked is told at the line that asks.
    let (trainer, wide) = (new()?, Tensor::zeros([4, 3], dev)?);
    let labels = Tensor::zeros([4], dev)?.to_dtype(DType::I32);
    for error in [
        trainer.predict(&wide).map(drop),
        trainer.predict_classes(&wide).map(drop),
        trainer
            .evaluate(&TensorDataset::new(&wide, &labels)?)
            .map(drop),
        data::Predict::predict(trainer.model(), &wide).map(drop),
    ] {
        let error = error.expect_err("three features");
        assert_eq!(error.location().file(), file!(), "{error}");
    }
    Ok(())
}

fn data_that_do_not_fit(dev: &Device) -> Result<()> {
    let moons = data::make_moons(20, 0.1, 0, dev)?;
    let empty = moons.clone().subset(vec![])?;
    let new = || trainer(dev);
    refused(new()?, &empty, "there are no rows to learn from");
    refused(
        new()?.validation(&empty),
        &moons,
        "the validation has no rows",
    );
    assert!(new()?.evaluate(&empty).is_err());

    let wide = TensorDataset::new(&Tensor::zeros([20, 3], dev)?, moons.targets())?;
    refused(new()?, &wide, "the layer takes 2 features");
    let column = TensorDataset::new(moons.inputs(), &moons.targets().unsqueeze(1)?)?;
    refused(new()?, &column, "labels.reshape([20]) would fit");
    let drop = data::Loader::new(&moons, 32)?.drop_last();
    let error = new()?.fit_loader(&drop).expect_err("no batch");
    assert!(
        error.to_string().contains("20 rows make no batch of 32"),
        "{error}"
    );

    let model = nn::mlp([2, 4, 2], nn::Relu, dev)?;
    let loss = CrossEntropy::new().reduction(Reduction::None);
    let each = Trainer::new(model, optim::Adam::new(0.01), loss);
    refused(each, &moons, "the loss of a batch must be one number");
    Ok(())
}

/// Rows of a metric.
struct Several;

impl Metric for Several {
    fn name(&self) -> String {
        "several".into()
    }

    fn measure(&self, output: &Tensor, _: &Tensor) -> Result<Tensor> {
        output.mean(0)
    }

    fn is_mean(&self) -> bool {
        true
    }
}

fn names(dev: &Device) -> Result<()> {
    let moons = data::make_moons(20, 0.1, 0, dev)?;
    let new = || trainer(dev);
    let told = "no figure \"val_los\" is recorded, but loss, accuracy, val_loss, val_accuracy, learning_rate";
    let stopping = EarlyStopping::new("val_los");
    refused(
        new()?.validation(&moons).early_stopping(stopping),
        &moons,
        told,
    );
    let plateau = Plateau::new();
    refused(
        new()?.plateau("val_loss", plateau),
        &moons,
        "but loss, accuracy, learning_rate",
    );
    #[cfg(feature = "safetensors")]
    {
        let checkpoint = tilewise::train::Checkpoint::new("never/made").best("f1");
        refused(new()?.checkpoint(checkpoint), &moons, "no figure \"f1\"");
        assert!(!std::path::Path::new("never").exists());
    }
    refused(
        new()?.metric(Accuracy::new()),
        &moons,
        "two figures are called accuracy",
    );
    refused(
        new()?.metric_named("loss", F1::new()),
        &moons,
        "two figures are called loss",
    );
    refused(
        new()?.metric(Several),
        &moons,
        "a metric is one number, and several gives several",
    );
    let trainer = Trainer::new(nn::Flatten, optim::Sgd::new(0.1), Mse::new());
    let error = trainer
        .predict(&Tensor::new(1f32, dev)?)
        .expect_err("no rows");
    assert!(error.to_string().contains("(rows, …)"), "{error}");
    Ok(())
}
