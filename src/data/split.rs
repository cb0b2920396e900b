//! A part of a set to learn from, and one to test on.

#[cfg(not(target_arch = "wasm32"))]
use super::classes::Classes;
use super::{Dataset, TensorDataset};
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// The numbers of the examples to learn from and of those to test on, for [`Dataset::subset`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// What to learn from.
    pub train: Vec<usize>,
    /// What to test on.
    pub test: Vec<usize>,
}

impl Split {
    /// Splits `n` examples, in an order drawn by the seed: a share of them, rounded up, is for the test.
    ///
    /// # Errors
    /// A share that is not between 0 and 1 or leaves no example to learn from; more examples than `u32` counts.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::data::{Dataset, Split, TensorDataset};
    ///
    /// let x = Tensor::arange(0, 10, 1, &Device::cpu())?;
    /// let data = TensorDataset::new(&x, &x)?;
    /// let split = Split::new(data.len(), 0.25, 7)?;
    /// assert_eq!((split.train.len(), split.test.len()), (7, 3));
    /// let test = data.subset(split.test)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn new(n: usize, test: f64, seed: u64) -> Result<Self> {
        let held_out = sizes(n, test)?.1;
        let order = Generator::new(seed).order(n);
        let mut test: Vec<usize> = order.into_iter().map(|row| row as usize).collect();
        let train = test.split_off(held_out);
        Ok(Self { train, test })
    }

    /// As [`Split::new`], with each class in both parts as often, in proportion, as in the whole: the sizes are
    /// scikit-learn's. Labels are numbers, `(n)` or `(n, 1)`; waits for them.
    ///
    /// # Errors
    /// As there; a class of one member, parts with fewer examples than there are classes, or a label that is
    /// NaN.
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn stratified(labels: &Tensor, test: f64, seed: u64) -> Result<Self> {
        let classes = Classes::of(OP, labels)?;
        let n = classes.of.len();
        let (train, test) = sizes(n, test)?;
        if let Some(class) = classes.counts.iter().position(|&count| count < 2) {
            let label = classes.labels[class];
            let message = format!(
                "class {label} has one member, which cannot be in both parts; a stratified split needs two of each"
            );
            return Err(Error::value(OP, message));
        }
        let least = train.min(test);
        if least < classes.counts.len() {
            let message = format!(
                "{} classes do not fit into parts of {train} and {test} examples",
                classes.counts.len()
            );
            return Err(Error::value(OP, message));
        }
        let mut wanted = shares(&classes.counts, train);
        let mut split = Self {
            train: Vec::with_capacity(train),
            test: Vec::with_capacity(test),
        };
        for row in Generator::new(seed).order(n) {
            let row = row as usize;
            match &mut wanted[classes.of[row]] {
                0 => split.test.push(row),
                left => {
                    *left -= 1;
                    split.train.push(row);
                }
            }
        }
        Ok(split)
    }
}

const OP: &str = "train_test_split";

/// The sizes of the two parts.
#[track_caller]
fn sizes(n: usize, test: f64) -> Result<(usize, usize)> {
    if u32::try_from(n).is_err() {
        let message = format!("{n} examples are more than u32 counts");
        return Err(Error::value(OP, message));
    }
    if !(test > 0.0 && test < 1.0) {
        let message = format!("the share of the test is between 0 and 1, not {test}");
        return Err(Error::value(OP, message));
    }
    let held_out = (n as f64 * test).ceil() as usize;
    match n.checked_sub(held_out) {
        None | Some(0) => {
            let message = format!("of {n} examples a test of {test} leaves none to learn from");
            Err(Error::value(OP, message))
        }
        Some(train) => Ok((train, held_out)),
    }
}

/// How many of each class are among `drawn` examples: in proportion, rounded down, and what is left one each to
/// the classes of the largest remainders. Of equal ones the first has it, where scikit-learn draws.
#[cfg(not(target_arch = "wasm32"))]
fn shares(counts: &[usize], drawn: usize) -> Vec<usize> {
    let n = counts.iter().sum::<usize>() as u64;
    let exact = |&count: &usize| count as u64 * drawn as u64;
    let mut shares: Vec<usize> = counts.iter().map(|c| (exact(c) / n) as usize).collect();
    let left = drawn - shares.iter().sum::<usize>();
    let mut classes: Vec<usize> = (0..counts.len()).collect();
    classes.sort_by_key(|&class| std::cmp::Reverse(exact(&counts[class]) % n));
    for &class in &classes[..left] {
        shares[class] += 1;
    }
    shares
}

/// Inputs `(n, …)` and targets `(n, …)` in two sets, one to learn from and one to test on, drawn by a seed. The
/// test gets that share of the examples, rounded up, as with scikit-learn.
///
/// # Errors
/// As [`TensorDataset::new`] and [`Split::new`].
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{Dataset, train_test_split};
///
/// let x = Tensor::arange(0, 10, 1, &Device::cpu())?;
/// let (train, test) = train_test_split(&x, &x, 0.25, 7)?;
/// assert_eq!((train.len(), test.len()), (7, 3));
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn train_test_split(
    inputs: &Tensor,
    targets: &Tensor,
    test: f64,
    seed: u64,
) -> Result<(TensorDataset, TensorDataset)> {
    let data = TensorDataset::new(inputs, targets)?;
    parts(&data, &Split::new(data.len(), test, seed)?)
}

/// As [`train_test_split`], with each class of the targets in both parts in proportion; waits for the targets.
///
/// # Errors
/// As [`TensorDataset::new`] and [`Split::stratified`].
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub fn train_test_split_stratified(
    inputs: &Tensor,
    targets: &Tensor,
    test: f64,
    seed: u64,
) -> Result<(TensorDataset, TensorDataset)> {
    let data = TensorDataset::new(inputs, targets)?;
    parts(&data, &Split::stratified(targets, test, seed)?)
}

#[track_caller]
fn parts(data: &TensorDataset, split: &Split) -> Result<(TensorDataset, TensorDataset)> {
    let (inputs, targets) = data.batch(&split.train)?;
    let train = TensorDataset::new(&inputs, &targets)?;
    let (inputs, targets) = data.batch(&split.test)?;
    Ok((train, TensorDataset::new(&inputs, &targets)?))
}
