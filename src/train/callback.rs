//! What a closure sees of a run, and what it may change.

use super::History;
use crate::error::Result;
use crate::tensor::Tensor;

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    #[default]
    Continue,
    /// It stops as soon as the step that is under way is made. The next `fit` takes it up there.
    Stop,
}

impl Flow {
    /// Goes on if both do.
    pub(super) fn and(self, other: Self) -> Self {
        match self {
            Self::Continue => other,
            Self::Stop => Self::Stop,
        }
    }
}

/// What a callback may return: nothing, a [`Flow`], or a `Result` of either.
pub trait IntoFlow {
    /// Whether to go on, or why not.
    ///
    /// # Errors
    /// What the callback met.
    fn into_flow(self) -> Result<Flow>;
}

impl IntoFlow for () {
    fn into_flow(self) -> Result<Flow> {
        Ok(Flow::Continue)
    }
}

impl IntoFlow for Flow {
    fn into_flow(self) -> Result<Flow> {
        Ok(self)
    }
}

impl<F: IntoFlow> IntoFlow for Result<F> {
    fn into_flow(self) -> Result<Flow> {
        self?.into_flow()
    }
}

/// A batch that is done, as [`Trainer::on_batch`](super::Trainer::on_batch) shows it.
#[derive(Debug)]
pub struct BatchEnd<'r, M: ?Sized> {
    pub(super) model: &'r M,
    pub(super) base: &'r mut f64,
    pub(super) rate: f64,
    pub(super) epoch: usize,
    pub(super) batch: usize,
    pub(super) batches: usize,
    pub(super) rows: usize,
    pub(super) step: usize,
    pub(super) loss: &'r Tensor,
}

impl<M: ?Sized> BatchEnd<'_, M> {
    /// The model, after the step.
    pub fn model(&self) -> &M {
        self.model
    }

    /// The loss of the batch with the penalties, before the step: a scalar that is on the device. Reading it waits
    /// for the step; a copy of the handle that is read after the run does not.
    pub fn loss(&self) -> &Tensor {
        self.loss
    }

    /// The epoch, counted from 1.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// The batch of the epoch, counted from 1.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// How many batches an epoch has.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The rows of the batch.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many steps the optimiser has made, over all epochs.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The learning rate of the last step.
    pub fn learning_rate(&self) -> f64 {
        self.rate
    }

    /// Sets the learning rate from the next step on; where there is a schedule, the rate that it starts from.
    pub fn set_learning_rate(&mut self, rate: f64) {
        *self.base = rate;
    }
}

/// An epoch that is done, as [`Trainer::on_epoch`](super::Trainer::on_epoch) shows it.
#[derive(Debug)]
pub struct EpochEnd<'r, M: ?Sized> {
    pub(super) model: &'r M,
    pub(super) base: &'r mut f64,
    pub(super) rate: f64,
    pub(super) step: usize,
    pub(super) history: &'r History,
}

impl<M: ?Sized> EpochEnd<'_, M> {
    /// The model.
    pub fn model(&self) -> &M {
        self.model
    }

    /// The figures of all epochs, this one included.
    pub fn history(&self) -> &History {
        self.history
    }

    /// A figure of this epoch, such as `val_loss`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.history.last(name)
    }

    /// The epoch, counted from 1.
    pub fn epoch(&self) -> usize {
        self.history.len()
    }

    /// How many steps the optimiser has made, over all epochs.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The learning rate of the last step.
    pub fn learning_rate(&self) -> f64 {
        self.rate
    }

    /// Sets the learning rate from the next step on; where there is a schedule, the rate that it starts from.
    pub fn set_learning_rate(&mut self, rate: f64) {
        *self.base = rate;
    }
}
