//! Trains a network of 64, 128 and 10 nodes on handwritten digits and tests it on images that it has
//! not seen: a data set, a split, a trainer with a schedule and a metric, predictions.
//!
//!     cargo run --release --example digits [SEED]
//!
//! The seed (0 if not given) decides the weights at the start and the order of the images. The fifth
//! held out for the test is the same for all seeds, so that their accuracies can be compared.
//! `TILEWISE_DEVICE` chooses the device.

use std::error::Error;
use std::time::Instant;

use tilewise::data::{self, datasets};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::Accuracy;
use tilewise::optim::schedule::Linear;
use tilewise::prelude::*;

const EPOCHS: usize = 20;

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
    let start = Instant::now();

    let digits = datasets::digits(&dev)?;
    // Counts of pixels, from 0 to 16.
    let images = digits.features / 16.0;
    let (train, test) = data::train_test_split(&images, &digits.targets, 0.2, 0)?;

    let model = nn::mlp([64, 128, 10], nn::Relu, &dev)?;
    println!("{}", nn::summary(&model, [1, 64])?);
    let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
        .metric(Accuracy::new())
        .validation(&test)
        .epochs(EPOCHS)
        .batch_size(32)
        .seed(seed)
        .schedule_by_epoch(Linear::new(1.0, 0.0, EPOCHS));
    let history = trainer.fit(&train)?;
    println!("{history:#}");

    println!(
        "{} kernel dispatches in {:.1} s",
        dev.counters().dispatches,
        start.elapsed().as_secs_f64()
    );
    let scores = trainer.evaluate(&test)?;
    println!(
        "test accuracy {:.4}",
        scores.get("accuracy").unwrap_or(f64::NAN)
    );
    Ok(())
}
