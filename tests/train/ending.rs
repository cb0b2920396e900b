//! Early stopping, and what is shown of a run.

use std::collections::VecDeque;
use std::sync::Mutex;

use tilewise::data::{self, TensorDataset};
use tilewise::loss::{CrossEntropy, Mse};
use tilewise::metrics::{Accuracy, Metric};
use tilewise::optim::schedule::Goal;
use tilewise::prelude::*;
use tilewise::train::{EarlyStopping, Flow, Progress};

use crate::support::own;

tests![
    stops_after_patience,
    counts_what_is_asked,
    knows_what_is_better,
    restores_the_best,
    begins_anew_with_the_next_fit,
    epochs_without_end,
    a_stop_in_the_last_epoch,
    metrics_of_any_name,
    lines_are_shown,
];

/// A metric whose values are given, one an epoch.
struct Told(Mutex<VecDeque<f32>>);

impl Metric for Told {
    fn name(&self) -> String {
        "told".into()
    }

    fn measure(&self, output: &Tensor, _: &Tensor) -> Result<Tensor> {
        let next = self.0.lock().expect("no panic").pop_front();
        Tensor::new(next.expect("as many as epochs"), output.device())
    }
}

/// The epochs that a run of told values has.
fn epochs(values: &[f32], stopping: EarlyStopping, dev: &Device) -> Result<usize> {
    let x = Tensor::ones([2, 1], dev)?;
    let data = TensorDataset::new(&x, &x)?;
    let told = Told(Mutex::new(values.iter().copied().collect()));
    let model = nn::Linear::new(1, 1, dev)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.1), Mse::new())
        .metric(told)
        .epochs(values.len())
        .early_stopping(stopping);
    Ok(trainer.fit(&data)?.len())
}

/// Any number of epochs is a number, also of a second fit.
fn epochs_without_end(dev: &Device) -> Result<()> {
    let x = Tensor::ones([2, 1], dev)?;
    let data = TensorDataset::new(&x, &x)?;
    let model = nn::Linear::new(1, 1, dev)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.0), Mse::new())
        .epochs(usize::MAX)
        .early_stopping(EarlyStopping::new("loss").patience(2))
        .progress(Progress::to(std::io::sink()));
    assert_eq!(trainer.fit(&data)?.len(), 3);
    assert_eq!(trainer.fit(&data)?.len(), 6);
    Ok(())
}

/// A callback that stops a run in its last epoch leaves nothing to take up: the next fit is a fit.
fn a_stop_in_the_last_epoch(dev: &Device) -> Result<()> {
    let x = Tensor::ones([2, 1], dev)?;
    let data = TensorDataset::new(&x, &x)?;
    let model = nn::Linear::new(1, 1, dev)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.1), Mse::new())
        .epochs(2)
        .on_epoch(|at| {
            if at.epoch() % 2 == 0 {
                Flow::Stop
            } else {
                Flow::Continue
            }
        });
    let lengths = [(); 3].map(|()| trainer.fit(&data).map(|history| history.len()));
    assert_eq!(lengths.into_iter().collect::<Result<Vec<_>>>()?, [2, 4, 6]);
    Ok(())
}

/// A metric whose own name begins as those of the validation do.
struct Odd(Told);

impl Metric for Odd {
    fn name(&self) -> String {
        "val_loss".into()
    }

    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        self.0.measure(output, target)
    }

    fn goal(&self) -> Goal {
        Goal::Large
    }
}

fn metrics_of_any_name(dev: &Device) -> Result<()> {
    let x = Tensor::ones([2, 1], dev)?;
    let data = TensorDataset::new(&x, &x)?;
    let rising = Told(Mutex::new((0..6).map(|i| i as f32).collect()));
    let model = nn::Linear::new(1, 1, dev)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.1), Mse::new())
        .metric(Odd(rising))
        .epochs(6)
        .early_stopping(EarlyStopping::new("val_loss").patience(1));
    assert_eq!(trainer.fit(&data)?.len(), 6);
    Ok(())
}

fn stops_after_patience(dev: &Device) -> Result<()> {
    let falling = EarlyStopping::new("told").goal(Goal::Small);
    let values = [5., 4., 4., 4.5, 3., 3., 3., 3., 3., 3., 3.];
    let run = |stopping| epochs(&values, stopping, dev);
    assert_eq!(run(falling.clone().patience(1))?, 3);
    assert_eq!(run(falling.clone().patience(0))?, 3);
    assert_eq!(run(falling.clone().patience(2))?, 4);
    assert_eq!(run(falling.clone().patience(3))?, 8);
    assert_eq!(run(falling.clone())?, 10); // 5
    assert_eq!(run(falling.patience(9))?, 11);
    Ok(())
}

fn counts_what_is_asked(dev: &Device) -> Result<()> {
    let stopping = EarlyStopping::new("told").goal(Goal::Small).patience(2);
    // Each better than the last, by less than is asked for; measured against the best.
    let slow = [5., 4.9, 4.8, 4.7, 4.6];
    assert_eq!(epochs(&slow, stopping.clone(), dev)?, 5);
    assert_eq!(epochs(&slow, stopping.clone().min_delta(0.5), dev)?, 3);
    assert_eq!(epochs(&slow, stopping.clone().min_delta(0.15), dev)?, 5);
    // The first are no measure for those after.
    let lucky = [1., 5., 4., 3., 2.];
    assert_eq!(epochs(&lucky, stopping.clone(), dev)?, 3);
    assert_eq!(epochs(&lucky, stopping.clone().start_after(1), dev)?, 5);
    // NaN is never better.
    let nan = [f32::NAN, f32::NAN, 1.];
    assert_eq!(epochs(&nan, stopping, dev)?, 2);
    Ok(())
}

/// A metric says whether it should be large; a loss should be small.
fn knows_what_is_better(dev: &Device) -> Result<()> {
    let rising = [1., 2., 3., 4., 5.];
    let stopping = EarlyStopping::new("told").patience(2);
    assert_eq!(epochs(&rising, stopping.clone(), dev)?, 5);
    assert_eq!(epochs(&rising, stopping.goal(Goal::Small), dev)?, 3);
    let stopping = EarlyStopping::new("loss").patience(2);
    assert_eq!(epochs(&rising, stopping, dev)?, 5);
    Ok(())
}

/// Parameters and buffers to the bit, those of the best epoch.
fn restores_the_best(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let (train, valid) = (
        data::make_moons(60, 0.3, 0, dev)?,
        data::make_moons(40, 0.3, 1, dev)?,
    );
    dev.seed(2);
    let model = nn::Sequential::new()
        .then(nn::Linear::new(2, 32, dev)?)
        .then(nn::BatchNorm1d::new(32, dev)?)
        .then(nn::Relu)
        .then(nn::Linear::new(32, 2, dev)?);
    let mut states = Vec::new();
    let mut trainer = Trainer::new(model, optim::Adam::new(0.3), CrossEntropy::new())
        .validation(&valid)
        .epochs(100)
        .early_stopping(EarlyStopping::new("val_loss").patience(4).restore_best())
        .on_epoch(|at| states.push(at.model().state()));
    let history = trainer.fit(&train)?;
    let (best, loss) = history.best("val_loss", Goal::Small).expect("there is one");
    assert_eq!(best + 4, history.len());
    assert_eq!(trainer.evaluate(&valid)?.loss(), loss);
    let restored = trainer.into_model().state();
    assert_eq!(restored.len(), 4 + 2 + 3);
    for ((name, is), (_, was)) in restored.iter().zip(&states[best - 1]) {
        assert!(is.array_equal(was, false)?, "{name}");
    }
    Ok(())
}

fn begins_anew_with_the_next_fit(dev: &Device) -> Result<()> {
    let x = Tensor::ones([2, 1], dev)?;
    let data = TensorDataset::new(&x, &x)?;
    let model = nn::Linear::new(1, 1, dev)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.0), Mse::new())
        .epochs(10)
        .early_stopping(EarlyStopping::new("loss").patience(2).start_after(1));
    assert_eq!(trainer.fit(&data)?.len(), 4);
    assert_eq!(trainer.fit(&data)?.len(), 8);
    Ok(())
}

fn lines_are_shown(dev: &Device) -> Result<()> {
    let moons = data::make_moons(60, 0.3, 0, dev)?;
    let mut text = Vec::new();
    let model = nn::mlp([2, 8, 2], nn::Relu, dev)?;
    let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
        .metric(Accuracy::new())
        .validation(&moons)
        .epochs(10)
        .progress(Progress::to(&mut text));
    let history = trainer.fit(&moons)?;
    drop(trainer);
    let text = String::from_utf8(text).expect("it is text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 10, "{text}");
    let loss = history.values("loss").expect("it is recorded")[2];
    assert!(
        lines[2].starts_with(&format!("epoch  3/10  loss {loss:.4}  accuracy 0.")),
        "{text}"
    );
    for part in ["  val_loss 0.", "  val_accuracy 0.", " rows/s"] {
        assert!(lines[2].contains(part), "{text}");
    }
    Ok(())
}
