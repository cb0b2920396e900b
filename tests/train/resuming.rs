//! Runs that were stopped and are taken up.

use std::path::PathBuf;

use tilewise::data::{self, TensorDataset};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::{Accuracy, F1};
use tilewise::optim::schedule::{Cosine, Plateau};
use tilewise::prelude::*;
use tilewise::train::{Checkpoint, EarlyStopping, Flow, Goal};

use crate::support::own;

tests![
    to_the_same_bits,
    of_a_run_that_was_over,
    best_weights_alone,
    another_model_changes_nothing,
    other_files,
    other_figures,
];

/// A folder of a test's own, which goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, dev: &Device) -> Self {
        let (id, device) = (std::process::id(), dev.info().id.replace(':', "-"));
        Self(std::env::temp_dir().join(format!("tilewise-{name}-{id}-{device}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn network(dev: &Device) -> Result<nn::Sequential> {
    Ok(nn::Sequential::new()
        .then(nn::Linear::new(2, 16, dev)?)
        .then(nn::BatchNorm1d::new(16, dev)?)
        .then(nn::Relu)
        .then(nn::Dropout::new(0.2)?)
        .then(nn::Linear::new(16, 2, dev)?.l2(1e-3)))
}

/// With all that a run remembers. F1 keeps the outputs of an epoch.
fn trainer<'a>(valid: &'a TensorDataset, dev: &Device) -> Result<Trainer<'a, nn::Sequential>> {
    let plateau = Plateau::new().patience(0).factor(0.7);
    let stopping = EarlyStopping::new("val_loss").patience(6).restore_best();
    let trainer = Trainer::new(network(dev)?, optim::Adam::new(0.05), CrossEntropy::new())
        .metric(Accuracy::new())
        .metric(F1::new())
        .epochs(12)
        .seed(9)
        .accumulate(2)
        .validation(valid)
        .schedule(Cosine::new(100))
        .plateau("loss", plateau)
        .early_stopping(stopping);
    Ok(trainer)
}

fn bits(trainer: &Trainer<'_, nn::Sequential>) -> Result<Vec<(String, Vec<u64>)>> {
    let optimizer = trainer.optimizer().state(trainer.model());
    let all = trainer.model().state().into_iter().chain(optimizer);
    let each = all.map(|(name, value)| {
        let values = value.to_vec::<f64>()?;
        Ok((name, values.into_iter().map(f64::to_bits).collect()))
    });
    each.collect()
}

/// Stopped at the end of an epoch, in the middle of one and in the middle of a step, and taken up by a trainer of
/// other first values on a device in another random state.
fn to_the_same_bits(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let train = data::make_moons(200, 0.3, 0, dev)?;
    let valid = data::make_moons(60, 0.3, 1, dev)?;
    dev.seed(5);
    let mut whole = trainer(&valid, dev)?;
    let history = whole.fit(&train)?;
    let generator = dev.generator();
    assert!(
        whole.learning_rate() < 0.04,
        "the schedule and the plateau take part"
    );

    let folder = Folder::new("resume", dev);
    // Batches in all, of which an epoch has 7 and a step 2.
    for stop in [7, 21, 24, 25] {
        dev.seed(5);
        let mut batches = 0;
        let mut first = trainer(&valid, dev)?
            .checkpoint(Checkpoint::new(&folder.0))
            .on_batch(|_| {
                batches += 1;
                if batches == stop {
                    Flow::Stop
                } else {
                    Flow::Continue
                }
            });
        let part = first.fit(&train)?;
        assert!(part.len() < history.len());
        drop(first);
        dev.seed(77);
        let mut second = trainer(&valid, dev)?;
        second.resume(folder.0.join(Checkpoint::LAST))?;
        assert_eq!(*second.history(), part, "{stop}");
        assert_eq!(second.fit(&train)?, history, "{stop}");
        assert_eq!(bits(&second)?, bits(&whole)?, "{stop}");
        assert_eq!(dev.generator(), generator);
        assert_eq!(second.learning_rate(), whole.learning_rate());
    }
    Ok(())
}

/// It is not trained again, unless more epochs are asked for; the best weights are restored.
fn of_a_run_that_was_over(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let train = data::make_moons(100, 0.3, 0, dev)?;
    let valid = data::make_moons(60, 0.3, 1, dev)?;
    let folder = Folder::new("over", dev);
    let mut whole = trainer(&valid, dev)?
        .epochs(4)
        .checkpoint(Checkpoint::new(&folder.0).every(3));
    let history = whole.fit(&train)?;
    let path = folder.0.join(Checkpoint::LAST);
    let mut again = trainer(&valid, dev)?.epochs(4);
    again.resume(&path)?;
    assert_eq!(again.fit(&train)?, history);
    assert_eq!(bits(&again)?, bits(&whole)?);
    let mut more = trainer(&valid, dev)?.epochs(6);
    more.resume(&path)?;
    let longer = more.fit(&train)?;
    assert_eq!(longer.len(), 6);
    assert_eq!(
        longer.values("loss").unwrap()[..4],
        *history.values("loss").unwrap()
    );
    Ok(())
}

fn best_weights_alone(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let train = data::make_moons(100, 0.3, 0, dev)?;
    let valid = data::make_moons(60, 0.3, 1, dev)?;
    let folder = Folder::new("best", dev);
    let model = network(dev)?;
    let mut trainer = Trainer::new(model, optim::Adam::new(0.1), CrossEntropy::new())
        .metric(Accuracy::new())
        .validation(&valid)
        .epochs(10)
        .checkpoint(Checkpoint::new(&folder.0).best("val_accuracy"));
    let history = trainer.fit(&train)?;
    let (epoch, best) = history
        .best("val_accuracy", Goal::Large)
        .expect("there is one");
    let path = folder.0.join(Checkpoint::BEST);
    let file = tilewise::safetensors::SafetensorsFile::open(&path)?;
    assert_eq!(file.metadata().get("epoch"), Some(&epoch.to_string()));
    let weights = tilewise::safetensors::load(&path, dev)?;
    trainer.model().load_state(&weights, nn::Load::Exact)?;
    assert_eq!(trainer.evaluate(&valid)?.get("accuracy"), Some(best));
    Ok(())
}

fn another_model_changes_nothing(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(40, 0.3, 0, dev)?;
    let folder = Folder::new("another", dev);
    let mut saved = trainer(&moons, dev)?.epochs(1);
    saved.fit(&moons)?;
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let path = folder.0.join("run");
    saved.save(&path)?;

    let adam = || Box::new(optim::Adam::new(0.05)) as Box<dyn Optimizer>;
    let sgd = || Box::new(optim::Sgd::new(0.05)) as Box<dyn Optimizer>;
    let momentum = || Box::new(optim::Adam::new(0.05).amsgrad()) as Box<dyn Optimizer>;
    let same = || network(dev);
    let other = || nn::mlp([2, 8, 2], nn::Relu, dev);
    let cases = [
        (
            same()?,
            sgd(),
            "the run was made with Adam, and this trainer has Sgd",
        ),
        (other()?, adam(), "the run is of another model"),
        (same()?, momentum(), "0.weight.v_max is missing"),
    ];
    for (model, optimizer, words) in cases {
        let mut trainer = Trainer::new(model, optimizer, CrossEntropy::new());
        trainer.fit(&moons)?;
        let (before, generator) = (bits(&trainer)?, dev.generator());
        let history = trainer.history().clone();
        let error = trainer.resume(&path).expect_err("it is of another");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(bits(&trainer)?, before, "{words}");
        assert_eq!((dev.generator(), trainer.history()), (generator, &history));
    }
    // Half an epoch of other batches has no other half.
    let mut batch = 0;
    let mut stopped = trainer(&moons, dev)?.batch_size(8).on_batch(|_| {
        batch += 1;
        if batch == 2 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    stopped.fit(&moons)?;
    stopped.save(&path)?;
    let mut other = trainer(&moons, dev)?.batch_size(10);
    other.resume(&path)?;
    let error = other.fit(&moons).expect_err("other batches");
    let words = "in the middle of an epoch of 40 rows in batches of 8";
    assert!(error.to_string().contains(words), "{error}");
    Ok(())
}

fn other_files(dev: &Device) -> Result<()> {
    let moons = data::make_moons(40, 0.3, 0, dev)?;
    let folder = Folder::new("others", dev);
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let mut trainer = trainer(&moons, dev)?;
    let missing = trainer.resume(folder.0.join("nothing"));
    assert!(missing.is_err());
    let weights = folder.0.join("weights");
    tilewise::safetensors::save(&weights, &trainer.model().state(), &[])?;
    let error = trainer.resume(&weights).expect_err("weights alone");
    assert!(
        error.to_string().contains("it holds no run of a trainer"),
        "{error}"
    );
    tilewise::safetensors::save(&weights, &[], &[("tilewise.run", "99")])?;
    let error = trainer.resume(&weights).expect_err("of times to come");
    assert!(error.to_string().contains("version 99"), "{error}");
    tilewise::safetensors::save(&weights, &[], &[("tilewise.run", "1"), ("at", "1 two 3")])?;
    let error = trainer.resume(&weights).expect_err("no numbers");
    assert!(
        error.to_string().contains("\"at\" is \"1 two 3\""),
        "{error}"
    );
    Ok(())
}

/// What a stopped epoch has added up belongs to its figures, and what is best belongs to the figure that is followed.
fn other_figures(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(40, 0.3, 0, dev)?;
    let folder = Folder::new("figures", dev);
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let path = folder.0.join("run");
    let new = || -> Result<Trainer<'_, nn::Sequential>> {
        let model = nn::mlp([2, 4, 2], nn::Relu, dev)?;
        let trainer = Trainer::new(model, optim::Sgd::new(0.0), CrossEntropy::new());
        Ok(trainer.metric(Accuracy::new()).batch_size(8).epochs(6))
    };
    let mut stopped = new()?.gradient_norms().on_batch(|at| match at.batch() {
        2 => Flow::Stop,
        _ => Flow::Continue,
    });
    stopped.fit(&moons)?;
    stopped.save(&path)?;
    for mut other in [new()?, new()?.gradient_norms().metric(F1::new())] {
        other.resume(&path)?;
        let error = other.fit(&moons).expect_err("other figures").to_string();
        assert!(
            error.contains("in the middle of an epoch with the figures loss, accuracy"),
            "{error}"
        );
    }
    let mut same = new()?.gradient_norms();
    same.resume(&path)?;
    let history = same.fit(&moons)?;
    assert_eq!(
        (history.len(), history.last("learning_rate")),
        (6, Some(0.0))
    );

    // Nothing changes at a rate of 0: each would stop after two epochs, one of which has gone by.
    let following = |figure: &str| EarlyStopping::new(figure).patience(1);
    let mut first = new()?.epochs(1).early_stopping(following("loss"));
    first.fit(&moons)?;
    first.save(&path)?;
    for (figure, epochs) in [("loss", 2), ("accuracy", 3)] {
        let mut next = new()?.early_stopping(following(figure));
        next.resume(&path)?;
        assert_eq!(next.fit(&moons)?.len(), epochs, "{figure}");
    }
    Ok(())
}
