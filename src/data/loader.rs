//! Examples in batches.

use super::Dataset;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// How the examples of a set come in batches, epoch by epoch.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{Loader, TensorDataset};
///
/// let dev = Device::cpu();
/// let x = Tensor::arange(0, 10, 1, &dev)?.reshape([5, 2])?;
/// let y = Tensor::arange(0, 5, 1, &dev)?;
/// let loader = Loader::new(TensorDataset::new(&x, &y)?, 2)?.shuffle(7);
/// let sizes: Vec<usize> = loader.epoch(0).map(|batch| Ok(batch?.1.size())).collect::<Result<_>>()?;
/// assert_eq!(sizes, [2, 2, 1]);
/// # Ok::<(), Error>(())
/// ```
pub struct Loader<D> {
    data: D,
    size: usize,
    seed: Option<u64>,
    drop_last: bool,
}

impl<D: Dataset> Loader<D> {
    /// Batches of so many examples, in their order; the last may have fewer.
    ///
    /// # Errors
    /// A size of 0, or more examples than `u32` counts.
    #[track_caller]
    pub fn new(data: D, size: usize) -> Result<Self> {
        if size == 0 {
            return Err(Error::value("Loader", "a batch needs at least one example"));
        }
        if u32::try_from(data.len()).is_err() {
            let message = format!("{} examples are more than u32 counts", data.len());
            return Err(Error::value("Loader", message));
        }
        Ok(Self {
            data,
            size,
            seed: None,
            drop_last: false,
        })
    }

    /// In an order drawn anew for each epoch, the same for the same seed and number of epoch.
    pub fn shuffle(self, seed: u64) -> Self {
        Self {
            seed: Some(seed),
            ..self
        }
    }

    /// Without a last batch of fewer examples.
    pub fn drop_last(self) -> Self {
        Self {
            drop_last: true,
            ..self
        }
    }

    /// The examples.
    pub fn data(&self) -> &D {
        &self.data
    }

    /// The number of batches in an epoch.
    pub fn len(&self) -> usize {
        match self.drop_last {
            true => self.data.len() / self.size,
            false => self.data.len().div_ceil(self.size),
        }
    }

    /// Whether an epoch has no batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The batches of an epoch by its number, inputs and targets.
    pub fn epoch(&self, number: u64) -> impl Iterator<Item = Result<(Tensor, Tensor)>> + '_ {
        let order = self.order(number);
        (0..self.len()).map(move |at| {
            let rows = &order[at * self.size..order.len().min((at + 1) * self.size)];
            self.data.batch(rows)
        })
    }

    /// The numbers of the examples in the order of an epoch.
    fn order(&self, number: u64) -> Vec<usize> {
        let n = self.data.len();
        match self.seed {
            None => (0..n).collect(),
            Some(seed) => {
                let order = Generator::after(seed, number).order(n);
                order.into_iter().map(|row| row as usize).collect()
            }
        }
    }
}
