//! `examples/char_lm.rs`.

use tilewise::data::{Dataset, datasets};
use tilewise::loss::CrossEntropy;
use tilewise::prelude::*;

use crate::support::own;

use self::example::{Alphabet, LENGTH, Windows, by_letters, by_pairs, network, write};

#[path = "../../examples/char_lm.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![
    letters_and_numbers,
    windows,
    counts,
    looks_back_alone,
    learns_and_writes
];

fn letters_and_numbers(dev: &Device) -> Result<()> {
    let alphabet = Alphabet::of("a tale");
    assert_eq!(alphabet.size(), 5);
    let codes = alphabet.encode("late, at", dev)?;
    assert_eq!(codes.to_vec::<i32>()?, [3, 1, 4, 2, 0, 1, 4]);
    assert_eq!(alphabet.decode(&codes)?, "late at");
    Ok(())
}

/// One after the other, each with the letters that follow.
fn windows(dev: &Device) -> Result<()> {
    let codes = Tensor::arange(0, 12, 1, dev)?;
    let windows = Windows::new(&codes, 4);
    assert_eq!(windows.len(), 2); // the third would lack a letter that follows
    let (letters, next) = windows.batch(&[1, 0])?;
    assert_eq!(letters.to_vec::<i32>()?, [4, 5, 6, 7, 0, 1, 2, 3]);
    assert_eq!(next.to_vec::<i32>()?, [5, 6, 7, 8, 1, 2, 3, 4]);
    Ok(())
}

/// By hand: a and b, with a count more for each, and pairs with a tenth more.
fn counts(dev: &Device) -> Result<()> {
    let (train, test) = (
        Tensor::new([0, 0, 1, 0], dev)?,
        Tensor::new([1, 0, 0], dev)?,
    );
    let letters = -((2.0f64 / 6.0).ln() + 2.0 * (4.0f64 / 6.0).ln()) / 3.0;
    let pairs = -((1.1f64 / 1.2).ln() + (1.1f64 / 2.2).ln()) / 2.0;
    assert!((by_letters(&train, &test, 2)? - letters).abs() < 1e-6);
    assert!((by_pairs(&train, &test, 2)? - pairs).abs() < 1e-6);
    // Of the novel, as NumPy counts it.
    let text = datasets::pride_and_prejudice()?;
    let alphabet = Alphabet::of(&text);
    let (codes, letters) = (alphabet.encode(&text, dev)?, alphabet.size());
    let cut = codes.size() / 10 * 9;
    let (train, test) = (
        codes.narrow(0, 0, cut)?,
        codes.narrow(0, cut, codes.size() - cut)?,
    );
    let (one, two) = (
        by_letters(&train, &test, letters)?,
        by_pairs(&train, &test, letters)?,
    );
    assert!(
        (one - UNIGRAM).abs() < 1e-4 && (two - BIGRAM).abs() < 1e-4,
        "{one} {two}"
    );
    Ok(())
}

const UNIGRAM: f64 = 3.07469;
const BIGRAM: f64 = 2.41361;

/// A letter changes the scores from its own place on.
fn looks_back_alone(dev: &Device) -> Result<()> {
    dev.seed(0);
    let model = network(5, dev)?;
    let first = Tensor::new([[0, 1, 2, 3, 4, 0]], dev)?;
    let second = Tensor::new([[0, 1, 2, 3, 0, 0]], dev)?;
    let (first, second) = (model.forward(&first)?, model.forward(&second)?);
    assert_eq!(first.shape(), [1, 6, 5]);
    let same = first.eq(&second)?.all(-1)?;
    assert_eq!(
        same.to_vec::<bool>()?,
        [true, true, true, true, false, false]
    );
    Ok(())
}

/// That after each letter of a circle comes the next is learnt at once.
fn learns_and_writes(dev: &Device) -> Result<()> {
    let dev = &own(dev)?; // whose random numbers nobody else draws
    dev.seed(0);
    let circle: Vec<i32> = (0..1 + 16 * LENGTH as i32).map(|at| at % 5).collect();
    let circle = Tensor::new(circle, dev)?;
    let mut trainer = Trainer::new(
        network(5, dev)?,
        optim::AdamW::new(0.005),
        CrossEntropy::new(),
    )
    .batch_size(4)
    .epochs(2);
    let history = trainer.fit(&Windows::new(&circle, LENGTH))?;
    let loss = history.last("loss").unwrap_or(f64::NAN);
    assert!(loss < 1.0, "{loss}"); // ln 5 is 1.61
    let written = write(&trainer, &circle.narrow(0, 0, LENGTH)?, 6, 0.05)?;
    assert!(written.array_equal(&circle.narrow(0, LENGTH, 6)?, false)?);
    Ok(())
}
