//! A small transformer that learns to write, letter by letter, from a novel: a data set of one's own, causal attention,
//! and sampling. Beside it, what counting letters and pairs of letters would achieve.
//!
//!     cargo run --release --example char_lm
//!
//! `TILEWISE_DEVICE` chooses the device.

use std::f64::consts::LN_2;
use std::io::stdout;

use tilewise::data::{Dataset, datasets};
use tilewise::loss::CrossEntropy;
use tilewise::optim::schedule::OneCycle;
use tilewise::prelude::*;
use tilewise::train::Progress;

/// So many letters are seen at once.
pub const LENGTH: usize = 32;
const FEATURES: usize = 64;
const BLOCKS: usize = 1;
const HEADS: usize = 4;
const EPOCHS: usize = 2;
const BATCH: usize = 16;

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}");
    dev.seed(0);
    let text = datasets::pride_and_prejudice()?;
    let alphabet = Alphabet::of(&text);
    let letters = alphabet.size();
    let codes = alphabet.encode(&text, &dev)?;
    let cut = codes.size() / 10 * 9;
    let (train, test) = (
        codes.narrow(0, 0, cut)?,
        codes.narrow(0, cut, codes.size() - cut)?,
    );
    println!(
        "{cut} letters to learn from, {} at the end held out, of {letters} kinds",
        test.size()
    );

    let model = network(letters, &dev)?;
    println!("{} parameters\n", model.parameter_count());
    let windows = Windows::new(&train, LENGTH);
    let steps = EPOCHS * windows.len().div_ceil(BATCH);
    let mut trainer = Trainer::new(model, optim::AdamW::new(0.01), CrossEntropy::new())
        .validation(Windows::new(&test, LENGTH))
        .schedule(OneCycle::new(steps).rising(0.1))
        .clip_norm(1.0)
        .epochs(EPOCHS)
        .batch_size(BATCH)
        .progress(Progress::to(stdout()));
    let history = trainer.fit(&windows)?;

    println!("\nloss on what is held out:");
    let learnt = history.last("val_loss").unwrap_or(f64::NAN);
    let lines = [
        ("one letter as likely as another", (letters as f64).ln()),
        (
            "by how frequent letters are",
            by_letters(&train, &test, letters)?,
        ),
        (
            "by how frequent pairs are",
            by_pairs(&train, &test, letters)?,
        ),
        ("the network", learnt),
    ];
    for (what, nats) in lines {
        println!(
            "  {what:32} {nats:.3} nats, {:.3} bits a letter",
            nats / LN_2
        );
    }

    let start = test.narrow(0, 0, LENGTH)?;
    for temperature in [0.7, 1.0] {
        let written = write(&trainer, &start, 200, temperature)?;
        println!(
            "\nat temperature {temperature}, after {:?}:",
            alphabet.decode(&start)?
        );
        println!("{}", alphabet.decode(&written)?);
    }
    Ok(())
}

/// The letters that occur in a text, each with its number.
pub struct Alphabet(Vec<char>);

impl Alphabet {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let letters: std::collections::BTreeSet<char> = text.chars().collect();
        Self(letters.into_iter().collect())
    }

    /// How many letters there are.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The numbers of letters; those that do not occur are left out.
    pub fn encode(&self, text: &str, dev: &Device) -> Result<Tensor> {
        let numbers = text
            .chars()
            .filter_map(|letter| self.0.binary_search(&letter).ok());
        Tensor::new(numbers.map(|number| number as i32).collect::<Vec<_>>(), dev)
    }

    /// The letters of numbers.
    pub fn decode(&self, codes: &Tensor) -> Result<String> {
        let codes = codes.to_vec::<i32>()?;
        Ok(codes.iter().map(|&code| self.0[code as usize]).collect())
    }
}

/// A text in windows of one length, one after the other. To each letter belongs the one that follows it.
pub struct Windows {
    codes: Tensor,
    length: usize,
}

impl Windows {
    /// Of the numbers of a text's letters.
    pub fn new(codes: &Tensor, length: usize) -> Self {
        let codes = codes.clone();
        Self { codes, length }
    }
}

impl Dataset for Windows {
    fn len(&self) -> usize {
        self.codes.size().saturating_sub(1) / self.length
    }

    /// Numbers `(rows, length)`, and those one letter further on.
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let dev = self.codes.device();
        let starts: Vec<i32> = rows.iter().map(|&row| (row * self.length) as i32).collect();
        let starts = Tensor::from_slice(&starts, [rows.len(), 1], dev)?;
        let places = starts + Tensor::arange(0, self.length as i32, 1, dev)?;
        Ok((
            self.codes.take(&places, 0)?,
            self.codes.take(&(places + 1), 0)?,
        ))
    }
}

/// Letters and their places as features, blocks in which each letter looks back at those before it, and a score for each
/// letter that may follow: `(rows, length)` to `(rows, length, letters)`.
pub fn network(letters: usize, dev: &Device) -> Result<nn::Sequential> {
    let mut model = nn::Sequential::new()
        .then(nn::Embedding::new(letters, FEATURES, dev)?)
        .then(nn::PositionalEncoding::new(LENGTH, FEATURES, dev)?);
    for _ in 0..BLOCKS {
        let block = nn::TransformerBlock::new(FEATURES, HEADS, 4 * FEATURES, dev)?;
        let block = block.pre_norm().activation(nn::GeluTanh).dropout(0.0)?;
        model = model.then(block.causal());
    }
    Ok(model
        .then(nn::LayerNorm::new(FEATURES, dev)?)
        .then(nn::Linear::new(FEATURES, letters, dev)?))
}

/// Goes on with a text by so many letters, each drawn by the scores that the network gives it. The lower the temperature,
/// the more often the likeliest is taken.
pub fn write(
    trainer: &Trainer<nn::Sequential>,
    start: &Tensor,
    letters: usize,
    temperature: f64,
) -> Result<Tensor> {
    let mut random = Generator::new(0);
    let mut seen = start.unsqueeze(0)?;
    let mut written = Vec::new();
    for _ in 0..letters {
        let scores = trainer.predict(&seen)?.slice(s![0, -1])? / temperature;
        let among = (scores.size(), start.device());
        let next = random
            .choice(among, [1], true, Some(&scores.softmax(0)?))?
            .to_dtype(DType::I32);
        // The oldest letter is forgotten.
        seen = Tensor::concat(&[&seen.slice(s![.., 1..])?, &next.unsqueeze(0)?], 1)?;
        written.push(next);
    }
    Tensor::concat(&written.iter().collect::<Vec<_>>(), 0)
}

/// The mean of −ln p where p is how frequent each letter of a text was in another.
pub fn by_letters(train: &Tensor, test: &Tensor, letters: usize) -> Result<f64> {
    let counts = train.bincount(None, letters)? + 1.0;
    let chances = &counts / counts.sum(..)?;
    (-chances.ln().take(test, 0)?.mean(..)?).item()
}

/// As [`by_letters`], where p is how frequently each letter followed the one before it.
pub fn by_pairs(train: &Tensor, test: &Tensor, letters: usize) -> Result<f64> {
    let pairs = |text: &Tensor| -> Result<Tensor> {
        Ok(text.slice(s![..-1])? * letters as i32 + text.slice(s![1..])?)
    };
    let counts = pairs(train)?.bincount(None, letters * letters)? + 0.1; // pairs that never were have a chance
    let counts = counts.reshape([letters, letters])?;
    let chances = &counts / counts.sum_keepdims(1)?;
    (-chances
        .ln()
        .flatten(0, -1)?
        .take(&pairs(test)?, 0)?
        .mean(..)?)
    .item()
}
