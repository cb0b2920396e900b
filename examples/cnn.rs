//! A convolutional network that reads handwritten digits: batch normalisation, dropout, smoothed labels, a learning rate
//! that rises and falls, and a look at what it takes for what.
//!
//!     cargo run --release --example cnn [SEED]
//!
//! The seed (0 if not given) decides the first weights, the order of the images and what is dropped. The fifth that is
//! held out is the same for all seeds. Pictures are left in `target/cnn`. `TILEWISE_DEVICE` chooses the device.

use std::error::Error;
use std::path::Path;

use tilewise::data::{Dataset, TensorDataset, datasets, train_test_split_stratified};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::{Accuracy, ConfusionMatrix};
use tilewise::optim::schedule::OneCycle;
use tilewise::plot::{Confusion, ImageGrid, Picture};
use tilewise::prelude::*;
use tilewise::train::Progress;

const EPOCHS: usize = 12;
const BATCH: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let seed = match std::env::args().nth(1) {
        Some(text) => text
            .parse()
            .map_err(|_| format!("the seed is a whole number, not {text:?}"))?,
        None => 0,
    };
    let dev = Device::default();
    println!("device: {dev}");
    dev.seed(seed);
    let (train, test) = images(&dev)?;
    let model = network(&dev)?;
    println!("{}\n", nn::summary(&model, [1, 1, 8, 8])?);

    // The rate rises to 0.01 and falls again, step by step.
    let steps = EPOCHS * train.len().div_ceil(BATCH);
    // A tenth of each label is spread over all digits: the network need not be certain of what is hard to read.
    let loss = CrossEntropy::new().smoothing(0.1);
    let mut trainer = Trainer::new(model, optim::Adam::new(0.01), loss)
        .metric(Accuracy::new())
        .schedule(OneCycle::new(steps))
        .epochs(EPOCHS)
        .batch_size(BATCH)
        .seed(seed)
        .progress(Progress::to(std::io::stdout()));
    trainer.fit(&train)?;
    println!("\nheld out: {}", trainer.evaluate(&test)?);

    let folder = Path::new("target/cnn");
    std::fs::create_dir_all(folder)?;
    let guesses = trainer.predict_classes(test.inputs())?;
    Confusion::new(&ConfusionMatrix::new(10).count(&guesses, test.targets())?)
        .title("Digits held out")
        .save(folder.join("confusion.png"))?;
    let (wrong, captions) = misread(&guesses, &test)?;
    println!("{} of {} misread", captions.len(), test.len());
    ImageGrid::new(&wrong)
        .captions(captions)
        .title("Misread digits")
        .save(folder.join("misread.png"))?;
    println!("written: target/cnn/confusion.png, target/cnn/misread.png");
    Ok(())
}

/// Images `(n, 1, 8, 8)` from 0 to 1 with their digits: those to learn from, and a fifth that is held out, with as many of
/// each digit in proportion.
pub fn images(dev: &Device) -> Result<(TensorDataset, TensorDataset)> {
    let digits = datasets::digits(dev)?;
    let images = (digits.features / 16).reshape([-1, 1, 8, 8])?;
    train_test_split_stratified(&images, &digits.targets, 0.2, 0)
}

/// Two convolutions, after each of which half the rows and columns are left, and a layer that chooses.
pub fn network(dev: &Device) -> Result<nn::Sequential> {
    let mut model = nn::Sequential::new();
    for (from, to) in [(1, 32), (32, 64)] {
        model = model
            .then(nn::Conv2d::new(from, to, 3, dev)?.padding(1).without_bias())
            .then(nn::BatchNorm2d::new(to, dev)?)
            .then(nn::Relu)
            .then(nn::MaxPool2d::new(2));
    }
    Ok(model
        .then(nn::Flatten)
        .then(nn::Dropout::new(0.3)?)
        .then_named("head", nn::Linear::new(64 * 2 * 2, 10, dev)?))
}

/// The images whose digit is not the guess, `(n, 8, 8)`, each with a caption.
pub fn misread(guesses: &Tensor, data: &TensorDataset) -> Result<(Tensor, Vec<String>)> {
    let wrong = guesses.ne(data.targets())?.flatnonzero()?;
    let images = data.inputs().squeeze(1)?.take(&wrong, 0)?;
    let labels = data.targets().take(&wrong, 0)?.to_vec::<u32>()?;
    let guesses = guesses.take(&wrong, 0)?.to_vec::<i32>()?;
    let captions = labels.iter().zip(guesses);
    Ok((
        images,
        captions
            .map(|(label, guess)| format!("{label} as {guess}"))
            .collect(),
    ))
}
