//! Networks and runs on disk: weights saved and loaded to the same bits, weights of another network taken over where they
//! fit, and a run that was stopped taken up as if it never had been.
//!
//!     cargo run --release --example save_load
//!
//! The files are left in `target/save_load`. `TILEWISE_DEVICE` chooses the device.

use std::error::Error;
use std::path::Path;

use tilewise::data::{Predict, StandardScaler, TensorDataset, Transform, datasets};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::Accuracy;
use tilewise::optim::schedule::Cosine;
use tilewise::prelude::*;
use tilewise::safetensors;
use tilewise::train::{Checkpoint, Flow};

const EPOCHS: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    let folder = Path::new("target/save_load");
    std::fs::create_dir_all(folder)?;
    let wines = wines(&dev)?;

    let mut trainer = trainer(0, &dev)?;
    trainer.fit(&wines)?;
    println!("trained:              {}", trainer.evaluate(&wines)?);
    let model = trainer.into_model();

    // Weights under their names, with words about them.
    let file = folder.join("wine.safetensors");
    safetensors::save(&file, &model.state(), &[("epochs", "12")])?;
    for (name, value) in safetensors::load(&file, &dev)? {
        println!("  {name:22}{:?}", value.shape());
    }
    let again = network(3, &dev)?; // with weights of its own
    println!("as before, fresh:     {}", same(&model, &again, &wines)?);
    again.load_state(&safetensors::load(&file, &dev)?, nn::Load::Exact)?;
    println!("as before, loaded:    {}", same(&model, &again, &wines)?);

    // A network of five classes: its last layer fits neither by shape nor, therefore, at all.
    let other = network(5, &dev)?;
    let state = safetensors::load(&file, &dev)?;
    if let Err(error) = other.load_state(&state, nn::Load::Exact) {
        println!("\nexactly, into a network of five classes:\n  {error}");
    }
    let told = other.load_state(&state, nn::Load::Matching)?;
    println!("what matches alone: all but");
    for (name, why) in &told.mismatched {
        println!("  {name}: {why}");
    }

    // A run in one piece, and one that stops in the middle and is taken up.
    let whole = run_whole(&wines)?;
    let (step, resumed) = run_in_two(&wines, folder)?;
    println!("\n{EPOCHS} epochs in one piece, and taken up at step {step}");
    println!("the same bits:        {}", whole == resumed);
    println!("written: {}", folder.display());
    Ok(())
}

/// Thirteen measurements of each wine, standardised, and its cultivar.
pub fn wines(dev: &Device) -> Result<TensorDataset> {
    let wine = datasets::wine(dev)?;
    TensorDataset::new(
        &StandardScaler::new().fit_transform(&wine.features)?,
        &wine.targets,
    )
}

/// A network with all that a state can hold: parameters, and the running moments of a normalisation.
pub fn network(classes: usize, dev: &Device) -> Result<nn::Sequential> {
    Ok(nn::Sequential::new()
        .then_named("body", nn::Linear::new(13, 16, dev)?)
        .then_named("norm", nn::BatchNorm1d::new(16, dev)?)
        .then(nn::Relu)
        .then(nn::Dropout::new(0.2)?)
        .then_named("head", nn::Linear::new(16, classes, dev)?))
}

/// Whether two networks say the same of all rows, to the bit.
pub fn same(a: &nn::Sequential, b: &nn::Sequential, data: &TensorDataset) -> Result<bool> {
    a.predict(data.inputs())?
        .array_equal(&b.predict(data.inputs())?, false)
}

/// A run by a seed: the first weights, the order of the rows, what is dropped.
pub fn trainer(seed: u64, dev: &Device) -> Result<Trainer<'static, nn::Sequential>> {
    dev.seed(seed);
    Ok(Trainer::new(
        network(3, dev)?,
        optim::Adam::new(0.01),
        CrossEntropy::new(),
    )
    .metric(Accuracy::new())
    .schedule_by_epoch(Cosine::new(EPOCHS))
    .epochs(EPOCHS)
    .seed(seed))
}

/// The bits of all weights after a run in one piece.
pub fn run_whole(data: &TensorDataset) -> Result<Vec<Vec<u32>>> {
    let mut trainer = trainer(7, data.inputs().device())?;
    trainer.fit(data)?;
    bits(trainer.model())
}

/// As [`run_whole`], of a run that a callback stops and another trainer takes up, and the step at which it does.
pub fn run_in_two(data: &TensorDataset, folder: &Path) -> Result<(usize, Vec<Vec<u32>>)> {
    let dev = data.inputs().device();
    let mut first = trainer(7, dev)?
        .checkpoint(Checkpoint::new(folder)) // after each epoch, and where the run is stopped
        .on_batch(|at| match at.step() {
            20 => Flow::Stop, // in the middle of an epoch
            _ => Flow::Continue,
        });
    first.fit(data)?;
    drop(first);

    // In another process, say: of the run it knows what the file does.
    let mut second = trainer(7, dev)?;
    dev.seed(12345);
    second.resume(folder.join(Checkpoint::LAST))?;
    let step = second.steps();
    second.fit(data)?;
    Ok((step, bits(second.model())?))
}

fn bits(model: &impl Module) -> Result<Vec<Vec<u32>>> {
    let state = model.state().into_iter();
    let values = state.map(|(_, value)| value.to_dtype(DType::F32).to_vec::<f32>());
    values
        .map(|list| Ok(list?.into_iter().map(f32::to_bits).collect()))
        .collect()
}
