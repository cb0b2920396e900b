//! The trainer: what it is made of, and how it is told so.

use std::sync::{Mutex, PoisonError};

#[cfg(feature = "safetensors")]
use super::Checkpoint;
use super::callback::{BatchEnd, EpochEnd, Flow, IntoFlow};
use super::figures::Totals;
use super::history::History;
use super::progress::Progress;
use super::rate::Rate;
use super::stopping::EarlyStopping;
use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::loss::Loss;
use crate::metrics::Metric;
use crate::nn::Module;
use crate::optim::Optimizer;
use crate::optim::schedule::{Plateau, Schedule};
use crate::tensor::Tensor;

/// Trains a model and tests it. It is told how before, by methods that can be chained; then [`fit`](Trainer::fit)
/// trains, [`evaluate`](Trainer::evaluate) measures and [`predict`](Trainer::predict) asks the model.
///
/// [The module](crate::train) tells what is recorded, and what `fit` stands for.
///
/// Closures and data may be borrowed, for `'a`. A struct that holds a trainer of its own data says
/// `Trainer<'static, M>`.
pub struct Trainer<'a, M> {
    pub(super) model: M,
    pub(super) optimizer: Box<dyn Optimizer + 'a>,
    pub(super) options: Options<'a>,
    pub(super) callbacks: Exclusive<Callbacks<'a, M>>,
    pub(super) progress: Exclusive<Progress<'a>>,
    pub(super) run: Run,
}

/// What a trainer is told before it runs.
pub(super) struct Options<'a> {
    pub(super) loss: Box<dyn Loss + 'a>,
    pub(super) metrics: Vec<(String, Box<dyn Metric + 'a>)>,
    pub(super) epochs: usize,
    pub(super) batch_size: usize,
    /// `None` for the order of the data.
    pub(super) seed: Option<u64>,
    pub(super) validation: Option<Box<dyn Dataset + 'a>>,
    pub(super) rate: Rate<'a>,
    pub(super) clips: Vec<Clip>,
    pub(super) accumulate: usize,
    pub(super) stopping: Option<EarlyStopping>,
    #[cfg(feature = "safetensors")]
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) watch: bool,
    pub(super) norms: bool,
}

/// What is done to gradients before a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clip {
    Norm(f64),
    Value(f64),
}

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    /// The epochs that were done when the present `fit` began.
    pub(super) start: usize,
    /// Whether the last `fit` came to its end.
    pub(super) finished: bool,
    /// The batches that are done of the epoch under way.
    pub(super) batches: usize,
    /// Steps of the optimiser.
    pub(super) step: usize,
    /// The learning rate on which schedules act.
    pub(super) base: f64,
    /// That of the last step.
    pub(super) rate: f64,
    /// The names of the figures of the epoch under way.
    pub(super) names: Vec<String>,
    /// Their sums so far.
    pub(super) totals: Totals,
    /// The outputs and targets of its batches, where a metric needs all of them.
    pub(super) kept: Vec<(Tensor, Tensor)>,
    pub(super) history: History,
}

impl Run {
    /// Forgets what is done of the epoch under way.
    pub(super) fn give_up_epoch(&mut self) {
        self.batches = 0;
        self.totals = Totals::default();
        self.kept.clear();
    }
}

type OnBatch<'a, M> = Box<dyn FnMut(&mut BatchEnd<'_, M>) -> Result<Flow> + Send + 'a>;
type OnEpoch<'a, M> = Box<dyn FnMut(&mut EpochEnd<'_, M>) -> Result<Flow> + Send + 'a>;

/// Closures of the user.
pub(super) struct Callbacks<'a, M> {
    pub(super) on_batch: Vec<OnBatch<'a, M>>,
    pub(super) on_epoch: Vec<OnEpoch<'a, M>>,
}

/// What only its owner reaches: shared by threads or not, a trainer is used by one to be trained.
pub(super) struct Exclusive<T>(Mutex<T>);

impl<T> Exclusive<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn get(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a, M: Module> Trainer<'a, M> {
    /// A trainer of one epoch in batches of 32, shuffled by the seed 0, that shows nothing.
    pub fn new(model: M, optimizer: impl Optimizer + 'a, loss: impl Loss + 'a) -> Self {
        let run = Run {
            base: optimizer.learning_rate(),
            rate: optimizer.learning_rate(),
            ..Run::default()
        };
        Self {
            model,
            optimizer: Box::new(optimizer),
            options: Options {
                loss: Box::new(loss),
                metrics: Vec::new(),
                epochs: 1,
                batch_size: 32,
                seed: Some(0),
                validation: None,
                rate: Rate::default(),
                clips: Vec::new(),
                accumulate: 1,
                stopping: None,
                #[cfg(feature = "safetensors")]
                checkpoint: None,
                watch: false,
                norms: false,
            },
            callbacks: Exclusive::new(Callbacks {
                on_batch: Vec::new(),
                on_epoch: Vec::new(),
            }),
            progress: Exclusive::new(Progress::silent()),
            run,
        }
    }

    /// Records a metric under its own name, of training and of the validation.
    pub fn metric(self, metric: impl Metric + 'a) -> Self {
        self.metric_named(metric.name(), metric)
    }

    /// Records a metric under a name: two of a kind need two.
    pub fn metric_named(mut self, name: impl Into<String>, metric: impl Metric + 'a) -> Self {
        self.options.metrics.push((name.into(), Box::new(metric)));
        self
    }

    /// Trains for so many epochs at most.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.options.epochs = epochs;
        self
    }

    /// Takes so many rows at once.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.options.batch_size = rows;
        self
    }

    /// Shuffles the rows anew each epoch by this seed. First weights and dropout come from the device's own
    /// generator: [`Device::seed`].
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = Some(seed);
        self
    }

    /// Takes the rows in the order in which they are.
    pub fn in_order(mut self) -> Self {
        self.options.seed = None;
        self
    }

    /// Measures loss and metrics on other data after each epoch, under names with `val_` before them.
    pub fn validation(mut self, data: impl Dataset + 'a) -> Self {
        self.options.validation = Some(Box::new(data));
        self
    }

    /// Has the learning rate follow a schedule from step to step, from the optimiser's own.
    pub fn schedule(mut self, schedule: impl Schedule + 'a) -> Self {
        self.options.rate.by_step(schedule);
        self
    }

    /// As [`schedule`](Trainer::schedule), from epoch to epoch.
    pub fn schedule_by_epoch(mut self, schedule: impl Schedule + 'a) -> Self {
        self.options.rate.by_epoch(schedule);
        self
    }

    /// Reduces the learning rate when a recorded figure does not become better. Whether it should become small or
    /// large is known of losses and metrics, unless [`Plateau::goal`] says it.
    #[doc(alias = "ReduceLROnPlateau")]
    pub fn plateau(mut self, monitor: impl Into<String>, plateau: Plateau) -> Self {
        self.options.rate.plateau = Some((monitor.into(), plateau));
        self
    }

    /// Shortens the gradients of a step so that their norm is at most this, after what was asked for before.
    #[doc(alias = "clip_grad_norm_")]
    pub fn clip_norm(mut self, limit: f64) -> Self {
        self.options.clips.push(Clip::Norm(limit));
        self
    }

    /// Limits each gradient to [−limit, limit], after what was asked for before.
    #[doc(alias = "clip_grad_value_")]
    pub fn clip_value(mut self, limit: f64) -> Self {
        self.options.clips.push(Clip::Value(limit));
        self
    }

    /// Makes one step of so many batches: their gradients' mean by rows, as if they were one. The batches that are
    /// left at the end of an epoch make a step too.
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.options.accumulate = batches;
        self
    }

    /// Stops when a figure does not become better.
    pub fn early_stopping(mut self, stopping: EarlyStopping) -> Self {
        self.options.stopping = Some(stopping);
        self
    }

    /// Saves the run while it goes on.
    #[cfg(feature = "safetensors")]
    pub fn checkpoint(mut self, checkpoint: Checkpoint) -> Self {
        self.options.checkpoint = Some(checkpoint);
        self
    }

    /// Ends with an error that says where, when the loss, a gradient, a parameter or a buffer is not finite.
    ///
    /// Whether all is finite is computed on the device and read with the loss, so that nothing stalls: the error
    /// comes some steps later, by the end of the epoch. Each step runs one small kernel more for each that is
    /// watched.
    pub fn watch(mut self) -> Self {
        self.options.watch = true;
        self
    }

    /// Records the norm of each parameter's gradient before it is clipped, the mean over the steps of the epoch,
    /// under `gradient.` and the parameter's name.
    pub fn gradient_norms(mut self) -> Self {
        self.options.norms = true;
        self
    }

    /// Calls a closure after each batch. It waits for nothing, unless the closure reads a value.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::{data, loss::Mse};
    ///
    /// let dev = Device::cpu();
    /// let mut path = Vec::new(); // the loss and the weight of each step, which stay on the device
    /// let mut trainer = Trainer::new(nn::Linear::new(1, 1, &dev)?, optim::Sgd::new(0.1), Mse::new())
    ///     .on_batch(|at| path.push((at.loss().clone(), at.model().weight().value())));
    /// trainer.fit(&data::make_sine(64, 0.1, 0, &dev)?)?;
    /// drop(trainer); // which borrows what the closure writes to
    /// assert_eq!(path.len(), 2);
    /// let losses: Vec<f32> = path.iter().map(|(loss, _)| loss.item()).collect::<Result<_>>()?;
    /// assert!(losses.iter().all(|loss| loss.is_finite()));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_batch<R: IntoFlow>(
        mut self,
        mut callback: impl FnMut(&mut BatchEnd<'_, M>) -> R + Send + 'a,
    ) -> Self {
        let callback = move |at: &mut BatchEnd<'_, M>| callback(at).into_flow();
        self.callbacks.get().on_batch.push(Box::new(callback));
        self
    }

    /// Calls a closure after each epoch, when its figures are known.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::{data, loss::Mse, train::Flow};
    ///
    /// let dev = Device::cpu();
    /// let mut weights = Vec::new();
    /// let mut trainer = Trainer::new(nn::Linear::new(1, 1, &dev)?, optim::Sgd::new(0.1), Mse::new())
    ///     .epochs(100)
    ///     .on_epoch(|at| {
    ///         weights.push(at.model().weight().value().item::<f32>()?);
    ///         Ok(if at.epoch() == 3 { Flow::Stop } else { Flow::Continue })
    ///     });
    /// let history = trainer.fit(&data::make_sine(64, 0.1, 0, &dev)?)?;
    /// drop(trainer);
    /// assert_eq!((history.len(), weights.len()), (3, 3));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_epoch<R: IntoFlow>(
        mut self,
        mut callback: impl FnMut(&mut EpochEnd<'_, M>) -> R + Send + 'a,
    ) -> Self {
        let callback = move |at: &mut EpochEnd<'_, M>| callback(at).into_flow();
        self.callbacks.get().on_epoch.push(Box::new(callback));
        self
    }

    /// Shows how far it is; without this nothing is shown.
    pub fn progress(mut self, progress: Progress<'a>) -> Self {
        *self.progress.get() = progress;
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The model, to be changed.
    pub fn model_mut(&mut self) -> &mut M {
        &mut self.model
    }

    /// The model alone.
    pub fn into_model(self) -> M {
        self.model
    }

    /// The optimiser.
    pub fn optimizer(&self) -> &(dyn Optimizer + 'a) {
        &*self.optimizer
    }

    /// The figures of all epochs so far.
    pub fn history(&self) -> &History {
        &self.run.history
    }

    /// The steps that the optimiser has made.
    pub fn steps(&self) -> usize {
        self.run.step
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        let run = &self.run;
        self.options.rate.of(run.base, run.step, run.history.len())
    }

    /// Sets the learning rate from the next step on; where there is a schedule, the rate that it starts from.
    pub fn set_learning_rate(&mut self, rate: f64) {
        self.run.base = rate;
    }

    /// The devices on which the model has parameters, each once.
    pub(super) fn devices(&self) -> Vec<Device> {
        let mut devices: Vec<Device> = Vec::new();
        for (_, value) in self.model.parameters() {
            if !devices.contains(value.device()) {
                devices.push(value.device().clone());
            }
        }
        devices
    }
}

impl<M: Module> std::fmt::Debug for Trainer<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (epochs, step) = (self.run.history.len(), self.run.step);
        let name = self.optimizer.name();
        write!(f, "Trainer({name}, {epochs} epochs and {step} steps done)")
    }
}
