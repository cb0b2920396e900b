//! Trains a network of 64, 128 and 10 nodes on handwritten digits and tests it on images that it has
//! not seen: loading data, shuffled mini-batches, a training loop, accuracy.
//!
//!     cargo run --release --example digits [SEED]
//!
//! The seed (0 if not given) decides the weights at the start and the order of the images. The fifth
//! held out for the test is the same for all seeds, so that their accuracies can be compared.
//! `TILEWISE_DEVICE` chooses the device.

use std::error::Error;
use std::time::Instant;

use tilewise::data::datasets;
use tilewise::prelude::*;

const PIXELS: usize = 64;
const EPOCHS: usize = 20;
const BATCH: usize = 32;
/// The learning rate at the start; it falls to 0 in even steps.
const RATE: f64 = 0.01;

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

    let (train, test) = load(&dev)?;
    let mut model = nn::mlp([PIXELS, 128, 10], nn::Relu, &dev)?;
    let mut adam = optim::Adam::new(RATE);
    let mut order = Generator::new(seed);
    println!(
        "{} images to learn from, {} held out, {} parameters",
        train.len(),
        test.len(),
        model.parameter_count()
    );

    for epoch in 0..EPOCHS {
        adam.set_learning_rate(RATE * (1.0 - epoch as f64 / EPOCHS as f64));
        let shuffled: Vec<u32> = order.permutation(train.len(), &dev)?.to_vec()?;
        let mut total = Tensor::zeros((), &dev)?;
        for rows in shuffled.chunks(BATCH) {
            let batch = train.rows(rows, &dev)?;
            let loss = model.forward(&batch.images)?.cross_entropy(&batch.labels)?;
            let grads = loss.backward()?;
            total += loss.detach() * rows.len();
            adam.step(&mut model, &grads)?;
        }
        let loss = total.item::<f32>()? / train.len() as f32;
        println!(
            "epoch {:2}  loss {loss:.4}  accuracy {:.4}",
            epoch + 1,
            accuracy(&model, &test)?
        );
    }

    println!(
        "{} kernel dispatches in {:.1} s",
        dev.counters().dispatches,
        start.elapsed().as_secs_f64()
    );
    println!("test accuracy {:.4}", accuracy(&model, &test)?);
    Ok(())
}

/// The share of the images whose likeliest class is the right one.
fn accuracy(model: &impl Module, data: &Digits) -> tilewise::Result<f32> {
    let logits = no_grad(|| model.forward(&data.images))?;
    logits.argmax(-1)?.eq(&data.labels)?.mean(..)?.item()
}

/// Images of 8×8 pixels from 0 to 1, flattened, and the digits they show.
struct Digits {
    /// `(n, 64)`.
    images: Tensor,
    /// `(n)`.
    labels: Tensor,
}

impl Digits {
    fn len(&self) -> usize {
        self.labels.size()
    }

    fn rows(&self, rows: &[u32], dev: &Device) -> tilewise::Result<Self> {
        let rows = Tensor::from_slice(rows, [rows.len()], dev)?;
        Ok(Self {
            images: self.images.index_select(0, &rows)?,
            labels: self.labels.index_select(0, &rows)?,
        })
    }
}

/// The images to learn from and the fifth that is held out, drawn by a seed of its own.
fn load(dev: &Device) -> tilewise::Result<(Digits, Digits)> {
    let digits = datasets::digits(dev)?;
    // Counts from 0 to 16.
    let all = Digits {
        images: digits.features / 16.0,
        labels: digits.targets,
    };
    let drawn: Vec<u32> = Generator::new(0).permutation(all.len(), dev)?.to_vec()?;
    let (test, train) = drawn.split_at(all.len().div_ceil(5));
    Ok((all.rows(train, dev)?, all.rows(test, dev)?))
}
