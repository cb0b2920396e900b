//! What a step costs when those before it were like it: nothing is made anew, and nothing waits.

use tilewise::DeviceOptions;
use tilewise::data;
use tilewise::loss::CrossEntropy;
use tilewise::metrics::Accuracy;
use tilewise::optim::schedule::Cosine;
use tilewise::prelude::*;

use crate::support::{Gpu, json, own};

tests![
    plans_nothing_anew,
    a_step_is_one_plan,
    compiles_nothing_anew,
    waits_at_the_end_of_an_epoch_only,
];

/// A trainer with much of what there is, in batches of which the last is short.
fn trainer<'a>(dev: &Device) -> Result<Trainer<'a, nn::Sequential>> {
    let model = nn::Sequential::new()
        .then(nn::Linear::new(2, 16, dev)?.l2(1e-4))
        .then(nn::BatchNorm1d::new(16, dev)?)
        .then(nn::Relu)
        .then(nn::Dropout::new(0.1)?)
        .then(nn::Linear::new(16, 2, dev)?);
    Ok(
        Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
            .metric(Accuracy::new())
            .schedule(Cosine::new(1000))
            .clip_norm(1.0)
            .watch()
            .gradient_norms()
            .validation(data::make_moons(40, 0.1, 1, dev)?)
            .epochs(3),
    )
}

fn plans_nothing_anew(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(100, 0.1, 0, dev)?;
    let mut trainer = trainer(dev)?;
    trainer.fit(&moons)?;
    let before = dev.counters().plans;
    trainer.fit(&moons)?;
    assert_eq!(dev.counters().plans, before);
    Ok(())
}

/// The figures are read with the step that they are of.
fn a_step_is_one_plan(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(96, 0.1, 0, dev)?;
    dev.flush()?;
    let model = nn::mlp([2, 16, 2], nn::Relu, dev)?;
    let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
        .metric(Accuracy::new())
        .epochs(3);
    trainer.fit(&moons)?;
    let before = dev.counters();
    trainer.fit(&moons)?;
    assert_eq!(dev.counters().plan_hits - before.plan_hits, 3 * 3);
    // Two kernels measure the accuracy, and two put it and the loss side by side.
    let fitted = (dev.counters().dispatches - before.dispatches) / 9;
    let mut model = nn::mlp([2, 16, 2], nn::Relu, dev)?;
    let mut adam = optim::Adam::new(0.01);
    let loader = data::Loader::new(&moons, 32)?;
    let mut by_hand = 0;
    for batch in loader.epoch(0) {
        let (x, y) = batch?;
        let before = dev.counters().dispatches;
        let loss = model.forward(&x)?.cross_entropy(&y)?;
        adam.step(&mut model, &loss.backward()?)?;
        by_hand = dev.counters().dispatches - before;
    }
    assert!(fitted <= by_hand + 4, "{fitted} kernels, {by_hand} by hand");
    Ok(())
}

fn compiles_nothing_anew(gpu: Gpu<'_>) -> Result<()> {
    let dev = &gpu.open(DeviceOptions::new())?;
    let moons = data::make_moons(100, 0.1, 0, dev)?;
    let mut trainer = trainer(dev)?;
    trainer.fit(&moons)?;
    let before = dev.counters();
    trainer.fit(&moons)?;
    let after = dev.counters();
    assert_eq!(after.pipelines, before.pipelines);
    assert_eq!(after.background_pipelines, before.background_pipelines);
    Ok(())
}

/// All steps of an epoch are submitted before the first wait for one of its figures.
fn waits_at_the_end_of_an_epoch_only(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(1000, 0.1, 0, dev)?;
    dev.flush()?;
    let model = nn::mlp([2, 16, 2], nn::Relu, dev)?;
    let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
        .metric(Accuracy::new())
        .watch();
    trainer.fit(&moons)?;
    let profile = dev.profile(|| trainer.fit(&moons).map(drop))?;
    let trace = json::parse(&profile.chrome_trace());
    let host = trace
        .get("traceEvents")
        .list()
        .iter()
        .filter(|event| event.get("ph").text() == "X" && event.get("tid").number() == 1.0);
    let stages: Vec<&str> = host.map(|event| event.get("name").text()).collect();
    let first = stages.iter().position(|&stage| stage == "wait");
    let submitted = |stages: &[&str]| {
        let runs = stages
            .iter()
            .filter(|&&stage| stage == "submit" || stage == "run");
        runs.count()
    };
    let before = submitted(&stages[..first.unwrap_or(stages.len())]);
    assert!(
        before >= 32,
        "{before} steps before the first wait: {stages:?}"
    );
    assert_eq!(submitted(&stages), before, "{stages:?}");
    Ok(())
}
