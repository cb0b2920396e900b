//! What `fit` does, against what it stands for.

use tilewise::data::{self, Dataset, Loader, TensorDataset};
use tilewise::loss::{CrossEntropy, Mse};
use tilewise::metrics::{Accuracy, Metric};
use tilewise::optim::schedule::{Linear, Plateau, Schedule};
use tilewise::prelude::*;
use tilewise::train::Flow;

use super::{bits, classifier};
use crate::support::own;

tests![
    is_the_loop_by_hand,
    zero_epochs,
    fit_goes_on,
    a_stopped_fit_is_taken_up,
    accumulated_batches_are_one,
    clipping,
    schedules,
    plateau_follows_a_figure,
    penalties_are_added,
    same_seed_same_bits,
    loaders,
];

/// `fit` against the lines that it stands for.
fn is_the_loop_by_hand(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(100, 0.1, 0, dev)?;
    let mut by_hand = classifier(dev)?;
    let mut adam = optim::Adam::new(0.01);
    let loader = Loader::new(&moons, 32)?.shuffle(7);
    let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
    for epoch in 0..3 {
        let (mut loss_sum, mut accuracy_sum) = (0.0, 0.0);
        for batch in loader.epoch(epoch) {
            let (x, y) = batch?;
            let output = by_hand.forward(&x)?;
            let loss = output.cross_entropy(&y)?;
            let accuracy = Accuracy::new().measure(&output, &y)?;
            adam.step(&mut by_hand, &loss.backward()?)?;
            let rows = x.shape()[0] as f64;
            loss_sum += loss.item::<f32>()? as f64 * rows;
            accuracy_sum += accuracy.item::<f32>()? as f64 * rows;
        }
        losses.push(loss_sum / 100.0);
        accuracies.push(accuracy_sum / 100.0);
    }
    let model = classifier(dev)?;
    let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
        .metric(Accuracy::new())
        .epochs(3)
        .seed(7);
    let history = trainer.fit(&moons)?;
    assert_eq!(history.values("loss"), Some(&losses[..]));
    assert_eq!(history.values("accuracy"), Some(&accuracies[..]));
    assert_eq!(history.values("learning_rate"), Some(&[0.01; 3][..]));
    assert_eq!(bits(trainer.model())?, bits(&by_hand)?);
    assert_eq!(trainer.steps(), 12);
    let params = history.params();
    assert_eq!((params.epochs, params.steps, params.rows), (3, 4, 100));
    assert_eq!((params.parameters, params.optimizer.as_str()), (42, "Adam"));
    Ok(())
}

fn zero_epochs(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(10, 0.1, 0, dev)?;
    let before = bits(&classifier(dev)?)?;
    let mut trainer =
        Trainer::new(classifier(dev)?, optim::Adam::new(0.1), CrossEntropy::new()).epochs(0);
    let history = trainer.fit(&moons)?;
    assert!(history.is_empty() && trainer.steps() == 0);
    assert_eq!(bits(trainer.model())?, before);
    assert_eq!(history.to_string(), "epoch");
    Ok(())
}

/// A second call counts on, and is what one call of twice the epochs is.
fn fit_goes_on(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(50, 0.1, 0, dev)?;
    let new = || -> Result<_> {
        let model = classifier(dev)?;
        Ok(Trainer::new(
            model,
            optim::Adam::new(0.05),
            CrossEntropy::new(),
        ))
    };
    let (mut twice, mut once) = (new()?.epochs(3), new()?.epochs(6));
    assert_eq!(twice.fit(&moons)?.len(), 3);
    let history = twice.fit(&moons)?;
    assert_eq!((history.len(), history.params().epochs), (6, 6));
    assert_eq!(once.fit(&moons)?, history);
    assert_eq!(bits(twice.model())?, bits(once.model())?);
    Ok(())
}

/// Stopped in an epoch and at its end; the next call has only what is left.
fn a_stopped_fit_is_taken_up(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(50, 0.1, 0, dev)?;
    let model = classifier(dev)?;
    let mut whole = Trainer::new(model, optim::Adam::new(0.05), CrossEntropy::new()).epochs(4);
    let wanted = whole.fit(&moons)?;
    let model = classifier(dev)?;
    let mut epochs = Vec::new();
    let mut parts = Trainer::new(model, optim::Adam::new(0.05), CrossEntropy::new())
        .epochs(4)
        .on_batch(|at| {
            if at.step() == 3 {
                Flow::Stop
            } else {
                Flow::Continue
            }
        })
        .on_epoch(|at| {
            epochs.push(at.epoch());
            if at.epoch() == 2 {
                Flow::Stop
            } else {
                Flow::Continue
            }
        });
    assert_eq!((parts.fit(&moons)?.len(), parts.steps()), (1, 3));
    assert_eq!((parts.fit(&moons)?.len(), parts.steps()), (2, 4));
    assert_eq!(parts.fit(&moons)?, wanted);
    assert_eq!(bits(parts.model())?, bits(whole.model())?);
    drop(parts);
    assert_eq!(epochs, [1, 2, 3, 4]);
    Ok(())
}

/// Groups of batches, the last of them short, are the steps of batches that are as large.
fn accumulated_batches_are_one(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(50, 0.1, 0, dev)?;
    let run = |batch: usize, groups: usize| -> Result<_> {
        let mut trainer = Trainer::new(classifier(dev)?, optim::Sgd::new(0.5), CrossEntropy::new())
            .epochs(3)
            .batch_size(batch)
            .accumulate(groups);
        let history = trainer.fit(&moons)?;
        assert_eq!((trainer.steps(), history.params().steps), (6, 2));
        Ok((history, trainer.into_model()))
    };
    // 30 and 20 rows; of batches of 6 the last has 2.
    let (whole, model) = run(30, 1)?;
    let (parts, other) = run(6, 5)?;
    for (a, b) in model.parameters().iter().zip(other.parameters()) {
        assert!(a.1.allclose(&b.1, 1e-5, 1e-6, false)?, "{}", a.0);
    }
    let losses = |h: &tilewise::train::History| h.values("loss").map(<[f64]>::to_vec);
    let (whole, parts) = (losses(&whole).unwrap(), losses(&parts).unwrap());
    assert!(whole.iter().zip(parts).all(|(a, b)| (a - b).abs() < 1e-6));
    Ok(())
}

fn clipping(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let x = Tensor::new([[1f32, 2.], [3., 4.]], dev)?;
    let data = TensorDataset::new(&x, &Tensor::new([[100f32], [200.]], dev)?)?;
    let moved = |limit: &dyn Fn(Trainer<'static, nn::Linear>) -> Trainer<'static, nn::Linear>| {
        let model = nn::Linear::new(2, 1, dev)?;
        let before = model.state();
        let mut trainer = limit(Trainer::new(model, optim::Sgd::new(1.0), Mse::new()));
        trainer.fit(&data)?;
        let mut all = Vec::new();
        for (a, b) in before.iter().zip(trainer.model().state()) {
            all.extend(a.1.try_sub(&b.1)?.ravel().to_vec::<f32>()?);
        }
        Ok::<_, Error>(all)
    };
    let norm = |g: &[f32]| g.iter().map(|g| g * g).sum::<f32>().sqrt();
    assert!(norm(&moved(&|t| t)?) > 10.0);
    assert!((norm(&moved(&|t| t.clip_norm(0.5))?) - 0.5).abs() < 1e-4);
    let limited = moved(&|t| t.clip_value(0.25))?;
    assert!(
        limited.iter().all(|g| (g.abs() - 0.25).abs() < 1e-6),
        "{limited:?}"
    );
    // In the order in which they are asked for.
    let both = moved(&|t| t.clip_value(0.25).clip_norm(0.1))?;
    assert!((norm(&both) - 0.1).abs() < 1e-5);
    Ok(())
}

fn schedules(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(40, 0.1, 0, dev)?;
    let mut rates = Vec::new();
    let mut trainer = Trainer::new(classifier(dev)?, optim::Sgd::new(0.5), CrossEntropy::new())
        .epochs(2)
        .batch_size(20)
        .schedule(Linear::new(1.0, 0.0, 4))
        .on_batch(|at| rates.push(at.learning_rate()));
    let history = trainer.fit(&moons)?;
    assert_eq!(history.values("learning_rate"), Some(&[0.375, 0.125][..]));
    drop(trainer);
    assert_eq!(rates, [0.5, 0.375, 0.25, 0.125]);
    let by_epoch = |base: f64, epoch: usize| base / (epoch + 1) as f64;
    let mut trainer = Trainer::new(classifier(dev)?, optim::Sgd::new(0.5), CrossEntropy::new())
        .epochs(2)
        .schedule_by_epoch(by_epoch);
    let history = trainer.fit(&moons)?;
    assert_eq!(history.values("learning_rate"), Some(&[0.5, 0.25][..]));
    assert_eq!(trainer.learning_rate(), by_epoch.rate(0.5, 2));
    Ok(())
}

/// An accuracy that stays is no better, and one that falls neither, though nobody said that it should be large.
fn plateau_follows_a_figure(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(40, 0.1, 0, dev)?;
    let mut trainer = Trainer::new(classifier(dev)?, optim::Sgd::new(0.0), CrossEntropy::new())
        .metric(Accuracy::new())
        .plateau("accuracy", Plateau::new().factor(0.5).patience(0))
        .epochs(4);
    trainer.set_learning_rate(1e-9);
    let history = trainer.fit(&moons)?;
    let rates = history.values("learning_rate").unwrap();
    assert_eq!(rates, [1e-9, 1e-9, 0.5e-9, 0.25e-9]);
    let mut trainer = Trainer::new(
        classifier(dev)?,
        optim::Adam::new(0.02),
        CrossEntropy::new(),
    )
    .metric(Accuracy::new())
    .plateau(
        "accuracy",
        Plateau::new().factor(0.5).patience(0).threshold(0.0),
    )
    .epochs(3);
    let history = trainer.fit(&moons)?;
    let accuracies = history.values("accuracy").unwrap();
    let rose = |at: usize| accuracies[at] > accuracies[at - 1];
    let rates = history.values("learning_rate").unwrap();
    assert!(rose(1), "{accuracies:?} does not test what it should");
    assert_eq!(rates[2], 0.02);
    Ok(())
}

fn penalties_are_added(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let weight = Tensor::new([[3f32, 4.]], dev)?;
    let model = nn::Linear::from_tensors(&weight, None)?.l2(0.1);
    let data = TensorDataset::new(&Tensor::zeros([4, 2], dev)?, &Tensor::zeros([4, 1], dev)?)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(1.0), Mse::new());
    let history = trainer.fit(&data)?;
    assert_eq!(history.last("loss"), Some(2.5));
    let weight = trainer.model().weight().value();
    let want = Tensor::new([[2.4f32, 3.2]], dev)?;
    assert!(weight.allclose(&want, 1e-6, 0.0, false)?);
    assert!((trainer.evaluate(&data)?.loss() - 1.6).abs() < 1e-6);
    Ok(())
}

fn same_seed_same_bits(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(90, 0.1, 0, dev)?;
    let run = |seed: u64| -> Result<_> {
        dev.seed(seed);
        let model = nn::Sequential::new()
            .then(nn::Linear::new(2, 16, dev)?)
            .then(nn::Relu)
            .then(nn::Dropout::new(0.3)?)
            .then(nn::Linear::new(16, 2, dev)?);
        let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
            .validation(&moons)
            .epochs(4)
            .seed(seed);
        let history = trainer.fit(&moons)?;
        Ok((history, bits(trainer.model())?))
    };
    let (first, again, other) = (run(5)?, run(5)?, run(6)?);
    assert_eq!(first, again);
    assert_ne!(first, other);
    Ok(())
}

/// A loader's own size, order and thread.
fn loaders(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(50, 0.1, 0, dev)?;
    let new = || -> Result<_> {
        let model = classifier(dev)?;
        Ok(Trainer::new(model, optim::Adam::new(0.05), CrossEntropy::new()).epochs(2))
    };
    let (mut plain, mut loaded) = (new()?.batch_size(20).seed(3), new()?);
    let history = plain.fit(&moons)?;
    let loader = Loader::new(moons.clone(), 20)?.shuffle(3).prefetch(2);
    assert_eq!(loaded.fit_loader(&loader)?, history);
    assert_eq!(bits(plain.model())?, bits(loaded.model())?);
    // In their order, and without the last batch.
    let (mut plain, mut loaded) = (new()?.in_order().batch_size(20), new()?);
    plain.fit(&moons.clone().subset((0..40).collect())?)?;
    loaded.fit_loader(&Loader::new(&moons, 20)?.drop_last())?;
    assert_eq!(bits(plain.model())?, bits(loaded.model())?);
    Ok(())
}
