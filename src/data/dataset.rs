//! Sets of examples.

use std::sync::Arc;

use super::combine::{Concat, Map, Subset};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Examples by number: inputs and what a network should give for them.
///
/// A set of one's own implements the two methods: files that are read when they are asked for, for instance.
/// Sets are made of others by [`subset`](Dataset::subset), [`map`](Dataset::map) and
/// [`concat`](Dataset::concat), which copy nothing before a batch is asked for.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{Dataset, TensorDataset};
///
/// let dev = Device::cpu();
/// let x = Tensor::arange(0, 6, 1, &dev)?.reshape([6, 1])?;
/// let all = TensorDataset::new(&x, &x.squeeze(1)?)?;
/// let odd = all.clone().subset(vec![1, 3, 5])?;
/// let mirrored = odd.map(|x, y| Ok((-x, y)));
/// let both = all.concat(mirrored)?;
/// let (inputs, targets) = both.batch(&[8, 0])?;
/// assert_eq!((both.len(), inputs.to_vec::<i32>()?), (9, vec![-5, 0]));
/// assert_eq!(targets.to_vec::<i32>()?, [5, 0]);
/// # Ok::<(), Error>(())
/// ```
pub trait Dataset: Send + Sync {
    /// The number of examples.
    fn len(&self) -> usize;

    /// Inputs `(rows, …)` and targets `(rows, …)` of these examples, in this order.
    ///
    /// # Errors
    /// An example that there is not, or that cannot be read.
    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)>;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These examples alone, in this order; one may be there several times.
    ///
    /// # Errors
    /// An example that there is not.
    #[track_caller]
    fn subset(self, rows: Vec<usize>) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        Subset::new(self, rows)
    }

    /// The examples as a function makes them of batches of these: it takes and gives inputs `(rows, …)` and
    /// targets `(rows, …)`, and is called anew each time that a batch is made.
    ///
    /// With [`Loader::prefetch`](super::Loader::prefetch) it is called on another thread: random numbers then
    /// are better drawn from a generator of its own than from the device's, whose order others change.
    fn map<F>(self, function: F) -> Map<Self, F>
    where
        Self: Sized,
        F: Fn(Tensor, Tensor) -> Result<(Tensor, Tensor)> + Send + Sync,
    {
        Map::new(self, function)
    }

    /// These examples, then those of another set, which must be of the same shapes.
    ///
    /// # Errors
    /// More examples than a number counts.
    #[track_caller]
    fn concat<B: Dataset>(self, other: B) -> Result<Concat<Self, B>>
    where
        Self: Sized,
    {
        Concat::new(self, other)
    }
}

macro_rules! handles {
    ($($handle:ty)*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $handle {
            fn len(&self) -> usize {
                (**self).len()
            }

            #[track_caller]
            fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
                (**self).batch(rows)
            }
        }
    )*};
}

handles!(&D Box<D> Arc<D>);

/// Inputs and targets that are in memory, along the first axis of a tensor each.
#[derive(Clone, Debug)]
pub struct TensorDataset {
    inputs: Tensor,
    targets: Tensor,
}

impl TensorDataset {
    /// Inputs `(n, …)` and targets `(n, …)`.
    ///
    /// # Errors
    /// Tensors without a first axis, of different lengths, or on different devices.
    #[track_caller]
    pub fn new(inputs: &Tensor, targets: &Tensor) -> Result<Self> {
        const OP: &str = "TensorDataset";
        inputs.same_device(OP, targets)?;
        if inputs.ndim() == 0 || inputs.shape().first() != targets.shape().first() {
            let message = format!(
                "as many targets as inputs are needed; the inputs are {}",
                inputs.shape_ref()
            );
            return Err(Error::shape(OP, targets.shape_ref(), message));
        }
        Ok(Self {
            inputs: inputs.detach(),
            targets: targets.detach(),
        })
    }

    /// The inputs, `(n, …)`.
    pub fn inputs(&self) -> &Tensor {
        &self.inputs
    }

    /// The targets, `(n, …)`.
    pub fn targets(&self) -> &Tensor {
        &self.targets
    }
}

impl Dataset for TensorDataset {
    fn len(&self) -> usize {
        self.inputs.shape()[0]
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        check_rows("TensorDataset", rows, self.len())?;
        let rows: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let rows = Tensor::new(rows, self.inputs.device())?;
        Ok((self.inputs.take(&rows, 0)?, self.targets.take(&rows, 0)?))
    }
}

/// An error if a row is not below a number of rows.
#[track_caller]
pub(super) fn check_rows(op: &'static str, rows: &[usize], size: usize) -> Result<()> {
    match rows.iter().find(|&&row| row >= size) {
        None => Ok(()),
        Some(row) => {
            let message = format!("there is no row {row} among {size}, which count from 0");
            Err(Error::value(op, message))
        }
    }
}
