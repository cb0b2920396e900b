//! Examples in batches.

use std::panic::Location;
use std::sync::Arc;

use super::Dataset;
#[cfg(not(target_arch = "wasm32"))]
use super::prefetch::Ahead;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// How the examples of a set come in batches, epoch by epoch.
///
/// The order depends on the seed and the number of the epoch alone, so that a run that was stopped goes on with
/// the same batches.
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
    data: Arc<D>,
    size: usize,
    order: Order,
    drop_last: bool,
    #[cfg(not(target_arch = "wasm32"))]
    ahead: Option<Start<D>>,
}

/// Starts the thread that makes batches ahead. A function kept where the set is known to outlive all borrows,
/// so that other sets need not.
#[cfg(not(target_arch = "wasm32"))]
type Start<D> = (usize, fn(Arc<D>, Plan, usize) -> Ahead);

/// In which order the examples come.
enum Order {
    Given,
    Shuffled {
        seed: u64,
    },
    /// Drawn with replacement; the sums of the weights up to each example.
    Weighted {
        seed: u64,
        sums: Vec<f64>,
    },
}

/// The examples of an epoch in their order, and how many make a batch.
pub(super) struct Plan {
    pub(super) rows: Vec<usize>,
    pub(super) size: usize,
}

impl Plan {
    /// The examples of a batch by its number.
    fn batch(&self, number: usize) -> Option<&[usize]> {
        self.rows.chunks(self.size).nth(number)
    }
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
            data: Arc::new(data),
            size,
            order: Order::Given,
            drop_last: false,
            #[cfg(not(target_arch = "wasm32"))]
            ahead: None,
        })
    }

    /// In an order drawn anew for each epoch, the same for the same seed and number of epoch.
    pub fn shuffle(self, seed: u64) -> Self {
        Self {
            order: Order::Shuffled { seed },
            ..self
        }
    }

    /// Examples drawn with replacement, each with a chance proportional to its weight, as many an epoch as
    /// there are: PyTorch's `WeightedRandomSampler`. Weights of one over the size of an example's class make
    /// all classes equally frequent.
    ///
    /// # Errors
    /// Another number of weights than of examples, one that is negative or not finite, or none above 0.
    #[track_caller]
    pub fn weighted(self, weights: &[f64], seed: u64) -> Result<Self> {
        const OP: &str = "Loader";
        if weights.len() != self.data.len() {
            let (weights, n) = (weights.len(), self.data.len());
            let message = format!("{weights} weights do not fit {n} examples");
            return Err(Error::value(OP, message));
        }
        if let Some(at) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            let message = format!(
                "the weight of example {at} is {}, not 0 or more",
                weights[at]
            );
            return Err(Error::value(OP, message));
        }
        let mut total = 0.0;
        let mut sum = |weight: &f64| {
            total += weight;
            total
        };
        let sums: Vec<f64> = weights.iter().map(&mut sum).collect();
        let possible = total > 0.0 && total.is_finite();
        if !possible && !weights.is_empty() {
            let message = format!("the weights must add up to a number above 0, not {total}");
            return Err(Error::value(OP, message));
        }
        Ok(Self {
            order: Order::Weighted { seed, sums },
            ..self
        })
    }

    /// Without a last batch of fewer examples.
    pub fn drop_last(self) -> Self {
        Self {
            drop_last: true,
            ..self
        }
    }

    /// With so many batches made ahead on another thread, on the device and computed: reading files, decoding
    /// and what a [`map`](Dataset::map) does then take no time from training. The batches are the same, in the
    /// same order. 0 makes each when it is asked for, and so does the web, which has no threads.
    ///
    /// The thread ends with its epoch, or when the iterator is dropped, which waits for the batch that is being
    /// made. Its errors are errors of the iterator, and so is a panic, after which there are no more batches.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::data::{Loader, TensorDataset};
    ///
    /// let x = Tensor::arange(0, 10, 1, &Device::cpu())?;
    /// let loader = Loader::new(TensorDataset::new(&x, &x)?, 4)?.prefetch(2);
    /// let sums: Vec<i32> = loader.epoch(0).map(|b| b?.0.sum(..)?.item()).collect::<Result<_>>()?;
    /// assert_eq!(sums, [6, 22, 17]);
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, reason = "there are no threads")
    )]
    pub fn prefetch(self, batches: usize) -> Self
    where
        D: 'static,
    {
        Self {
            #[cfg(not(target_arch = "wasm32"))]
            ahead: (batches > 0).then_some((batches, Ahead::start::<D>)),
            ..self
        }
    }

    /// The examples.
    pub fn data(&self) -> &D {
        &self.data
    }

    /// The number of examples in a batch.
    pub fn batch_size(&self) -> usize {
        self.size
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
    #[track_caller]
    pub fn epoch(&self, number: u64) -> Batches<'_, D> {
        self.epoch_from(number, 0)
    }

    /// The batches of an epoch from one on, counted from 0: for a run that was stopped in the middle. Those before
    /// are not made.
    #[track_caller]
    pub fn epoch_from(&self, number: u64, first: usize) -> Batches<'_, D> {
        let mut rows = self.order(number);
        rows.truncate(self.len() * self.size);
        rows.drain(..first.saturating_mul(self.size).min(rows.len()));
        let plan = Plan {
            rows,
            size: self.size,
        };
        Batches {
            source: self.source(plan),
            at: Location::caller(),
        }
    }

    fn source(&self, plan: Plan) -> Source<'_, D> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some((batches, start)) = self.ahead {
            return Source::Ahead(start(self.data.clone(), plan, batches));
        }
        Source::Here {
            data: &self.data,
            plan,
            next: 0,
        }
    }

    /// The numbers of the examples in the order of an epoch.
    fn order(&self, number: u64) -> Vec<usize> {
        let n = self.data.len();
        match &self.order {
            Order::Given => (0..n).collect(),
            Order::Shuffled { seed } => {
                let order = Generator::after(*seed, number).order(n);
                order.into_iter().map(|row| row as usize).collect()
            }
            Order::Weighted { seed, sums } => {
                let total = sums.last().copied().unwrap_or(0.0);
                let drawn = Generator::after(*seed, number).uniform_on_host(n);
                // The first example whose sum is above: one of weight 0 is never it.
                let row = |u: f64| sums.partition_point(|&sum| sum <= u * total);
                drawn.into_iter().map(row).collect()
            }
        }
    }
}

/// The batches of an epoch: inputs `(rows, …)` and targets `(rows, …)`; see [`Loader::epoch`].
pub struct Batches<'a, D> {
    source: Source<'a, D>,
    at: &'static Location<'static>,
}

/// Where batches come from.
enum Source<'a, D> {
    Here {
        data: &'a D,
        plan: Plan,
        next: usize,
    },
    #[cfg(not(target_arch = "wasm32"))]
    Ahead(Ahead),
}

impl<D: Dataset> Iterator for Batches<'_, D> {
    type Item = Result<(Tensor, Tensor)>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match &mut self.source {
            Source::Here { data, plan, next } => {
                let rows = plan.batch(*next)?;
                *next += 1;
                data.batch(rows)
            }
            #[cfg(not(target_arch = "wasm32"))]
            Source::Ahead(ahead) => ahead.next()?,
        };
        Some(batch.map_err(|error| error.outward_to(self.at)))
    }
}
