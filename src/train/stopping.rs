//! Stopping when nothing becomes better.

use super::history::better;
use crate::error::{Error, Result};
use crate::optim::schedule::Goal;
use crate::tensor::Tensor;

/// Ends a run when a figure has not become better for some epochs.
///
/// Whether a figure should become small or large is known of losses and metrics
/// ([`Metric::goal`](crate::metrics::Metric::goal)), and can be said.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::{data, loss::Mse, train::EarlyStopping};
///
/// let dev = Device::cpu();
/// let (train, valid) = (data::make_sine(64, 0.1, 0, &dev)?, data::make_sine(32, 0.1, 1, &dev)?);
/// let model = nn::mlp([1, 16, 1], nn::Tanh, &dev)?;
/// let mut trainer = Trainer::new(model, optim::Adam::new(0.05), Mse::new())
///     .validation(&valid)
///     .epochs(1000)
///     .early_stopping(EarlyStopping::new("val_loss").patience(3).restore_best());
/// let history = trainer.fit(&train)?;
/// assert!(history.len() < 1000);
/// let (_, best) = history.best("val_loss", tilewise::train::Goal::Small).expect("it was recorded");
/// assert_eq!(trainer.evaluate(&valid)?.loss(), best); // the weights of that epoch
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    pub(super) monitor: String,
    goal: Option<Goal>,
    patience: usize,
    min_delta: f64,
    after: usize,
    pub(super) restore: bool,
    pub(super) state: Stopping,
}

/// What early stopping remembers of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopping {
    pub(super) best: Option<f64>,
    pub(super) waited: usize,
    /// Parameters and buffers at the best, where they are to be restored.
    pub(super) weights: Option<Vec<(String, Tensor)>>,
}

impl EarlyStopping {
    /// Stops after 5 epochs in a row in which the figure was not better than the best before.
    pub fn new(monitor: impl Into<String>) -> Self {
        Self {
            monitor: monitor.into(),
            goal: None,
            patience: 5,
            min_delta: 0.0,
            after: 0,
            restore: false,
            state: Stopping::default(),
        }
    }

    /// Stops after so many epochs in a row that were not better; 0 counts as 1.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Better is what is so by more than this, at least 0.
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.min_delta = delta;
        self
    }

    /// The first so many epochs do not count: their figures are neither the best nor waited for.
    #[doc(alias = "start_from_epoch")]
    pub fn start_after(mut self, epochs: usize) -> Self {
        self.after = epochs;
        self
    }

    /// For a figure that should become small or large, where that is not known of it.
    #[doc(alias = "mode")]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// Puts parameters and buffers back to those of the best epoch when the run ends, whether it is stopped early
    /// or has had all its epochs. A run that a callback stops keeps its own, to go on with.
    pub fn restore_best(mut self) -> Self {
        self.restore = true;
        self
    }

    /// Whether its numbers make sense.
    #[track_caller]
    pub(super) fn check(&self) -> Result<()> {
        let delta = self.min_delta;
        if delta >= 0.0 && delta.is_finite() {
            return Ok(());
        }
        let message = format!("min_delta must be at least 0 and finite, not {delta}");
        Err(Error::value("EarlyStopping", message))
    }

    pub(super) fn suppose(&mut self, goal: Goal) {
        self.goal.get_or_insert(goal);
    }

    /// Takes the figure of an epoch, counted from 1; `weights` gives those of the model.
    pub(super) fn observe(
        &mut self,
        epoch: usize,
        value: f64,
        weights: impl FnOnce() -> Vec<(String, Tensor)>,
    ) {
        if epoch <= self.after {
            return;
        }
        let state = &mut self.state;
        let goal = self.goal.unwrap_or_default();
        if better(goal, value, state.best, self.min_delta) {
            (state.best, state.waited) = (Some(value), 0);
            state.weights = self.restore.then(weights);
        } else {
            state.waited += 1;
        }
    }

    /// Whether the run is over.
    pub(super) fn is_over(&self) -> bool {
        self.state.waited >= self.patience.max(1)
    }
}
