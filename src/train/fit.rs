//! The loop.

use super::callback::{BatchEnd, EpochEnd, Flow};
use super::figures::Pending;
use super::history::{History, Params};
use super::progress::Epoch;
use super::step::Group;
use super::stopping::EarlyStopping;
use super::trainer::Trainer;
use crate::autograd::no_grad;
use crate::data::{Dataset, Loader};
use crate::error::{Error, Result};
use crate::nn::{Load, Module, switch, switch_back};
use crate::tensor::Tensor;

const OP: &str = "Trainer";

impl<M: Module> Trainer<'_, M> {
    /// Trains until the epochs are done, or a callback or early stopping ends it; gives the figures of all epochs
    /// so far.
    ///
    /// A run that a callback has stopped, or that comes from a checkpoint, is taken up where it stood, and one that an
    /// error ended at the start of the epoch that it was in, with the parameters that it had come to. One that came
    /// to its end goes on for as many epochs again: their numbers, the steps of schedules and the history count on,
    /// early stopping starts anew.
    ///
    /// # Errors
    /// Options that do not fit, data without rows or that do not fit the model, the loss or a metric, what a callback
    /// says, and faults of the device.
    #[track_caller]
    pub fn fit<D: Dataset + ?Sized>(&mut self, train: &D) -> Result<History> {
        let loader = Loader::new(train, self.check_batch_size()?)?;
        match self.options.seed {
            Some(seed) => self.fit_loader(&loader.shuffle(seed)),
            None => self.fit_loader(&loader),
        }
    }

    /// As [`fit`](Trainer::fit), with batches as a loader makes them: of its own size and order, weighted, or made
    /// ahead on another thread.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn fit_loader<D: Dataset>(&mut self, loader: &Loader<D>) -> Result<History> {
        self.start(loader)?;
        self.progress.get().begin();
        // No guard, which would borrow the model: the run changes it.
        let turned = switch(&self.model, true);
        let outcome = self.run(loader);
        switch_back(&self.model, true, &turned);
        if let Err(error) = outcome {
            // Figures of the epoch that had not arrived are lost.
            self.run.give_up_epoch();
            return Err(error.outward());
        }
        Ok(self.run.history.clone())
    }

    /// Checks that all fits together, and where the run begins.
    #[track_caller]
    fn start<D: Dataset>(&mut self, loader: &Loader<D>) -> Result<()> {
        self.check_figures()?;
        if loader.is_empty() {
            let rows = loader.data().len();
            let message = match rows {
                0 => "there are no rows to learn from".into(),
                _ => format!("{rows} rows make no batch of {}", loader.batch_size()),
            };
            return Err(Error::value(OP, message));
        }
        if self.options.accumulate == 0 {
            let message = "a step needs the gradients of at least one batch";
            return Err(Error::value(OP, message));
        }
        let validation = self.options.validation.as_ref();
        if validation.is_some_and(|data| data.is_empty()) {
            return Err(Error::value(OP, "the validation has no rows"));
        }
        self.check_monitored()?;
        let had = self.run.history.params();
        let (rows, size) = (loader.data().len(), loader.batch_size());
        if self.run.batches > 0 && (had.rows, had.batch_size) != (rows, size) {
            let message = format!(
                "the run stopped in the middle of an epoch of {} rows in batches of {}: it cannot go on with {rows} \
                 rows in batches of {size}",
                had.rows, had.batch_size
            );
            return Err(Error::value(OP, message));
        }
        let names: Vec<String> = self.figure_names().collect();
        if self.run.batches > 0 && self.run.names != names {
            let message = format!(
                "the run stopped in the middle of an epoch with the figures {}: it cannot go on with {}",
                self.run.names.join(", "),
                names.join(", ")
            );
            return Err(Error::value(OP, message));
        }
        self.run.names = names;
        if std::mem::take(&mut self.run.finished) {
            self.run.start = self.run.history.len();
            if let Some(stopping) = &mut self.options.stopping {
                stopping.state = Default::default();
            }
        }
        self.run.history.set_params(Params {
            epochs: self.last_epoch(),
            steps: loader.len().div_ceil(self.options.accumulate),
            batch_size: loader.batch_size(),
            rows: loader.data().len(),
            validation_rows: self
                .options
                .validation
                .as_ref()
                .map_or(0, |data| data.len()),
            parameters: self.model.parameter_count(),
            optimizer: self.optimizer.name(),
        });
        Ok(())
    }

    /// The epoch with which the present `fit` ends.
    fn last_epoch(&self) -> usize {
        self.run.start.saturating_add(self.options.epochs)
    }

    /// Whether the present `fit` has had its epochs, or early stopping ends it.
    fn is_over(&self) -> bool {
        let stopping = self.options.stopping.as_ref();
        stopping.is_some_and(EarlyStopping::is_over) || self.run.history.len() >= self.last_epoch()
    }

    #[track_caller]
    fn run<D: Dataset>(&mut self, loader: &Loader<D>) -> Result<()> {
        loop {
            if self.is_over() {
                break;
            }
            // Of the last epoch nothing is left to take up.
            if self.epoch(loader)? == Flow::Stop && !self.is_over() {
                return Ok(());
            }
        }
        self.run.finished = true;
        let stopping = self.options.stopping.as_ref();
        match stopping.and_then(|stopping| stopping.state.weights.as_ref()) {
            Some(weights) => self.model.load_state(weights, Load::Exact).map(drop),
            None => Ok(()),
        }
    }

    /// An epoch, or what is left of it.
    #[track_caller]
    fn epoch<D: Dataset>(&mut self, loader: &Loader<D>) -> Result<Flow> {
        let (number, batches) = (self.run.history.len(), loader.len());
        let mut pending = Pending::default();
        let mut group = Group::default();
        let mut flow = Flow::Continue;
        let last = self.last_epoch();
        self.progress.get().start(Epoch {
            number: number + 1,
            last,
            batches,
            done: self.run.batches,
            rows: loader.data().len(),
        });
        for batch in loader.epoch_from(number as u64, self.run.batches) {
            let (x, y) = batch?;
            let last = self.run.batches + 1 == batches;
            let made = self.learn(&x, &y, &mut group, last)?;
            self.run.batches += 1;
            self.run.rate = made.rate.unwrap_or(self.run.rate);
            pending.push(made.figures);
            pending.take_ready(&mut self.run.totals)?;
            flow = self.tell_batch(flow, made.rows, &made.loss, batches)?;
            self.show_batch(made.rows);
            if flow == Flow::Stop && made.rate.is_some() && !last {
                pending.wait(&mut self.run.totals)?;
                #[cfg(feature = "safetensors")]
                self.save_last()?;
                return Ok(Flow::Stop);
            }
        }
        pending.wait(&mut self.run.totals)?;
        self.end_epoch(flow)
    }

    /// Records the epoch, and does what comes after.
    #[track_caller]
    fn end_epoch(&mut self, flow: Flow) -> Result<Flow> {
        let totals = std::mem::take(&mut self.run.totals);
        let kept = std::mem::take(&mut self.run.kept);
        self.run.give_up_epoch();
        let mut figures = no_grad(|| self.figures(&totals, &kept))?;
        drop(kept);
        if let Some(data) = &self.options.validation {
            let scores = self.evaluate(data)?;
            figures.extend(scores.iter().map(|(_, value)| value));
        }
        figures.extend(totals.norms.means());
        figures.push(self.run.rate);
        let figures: Vec<(String, f64)> = self.run.names.iter().cloned().zip(figures).collect();
        self.run.history.push(&figures);
        self.observe();
        let flow = self.tell_epoch(flow)?;
        #[cfg(feature = "safetensors")]
        self.save_epoch(flow == Flow::Stop || self.is_over())?;
        self.progress.get().end(&figures);
        Ok(flow)
    }

    /// Shows the figures of the epoch to what follows them.
    fn observe(&mut self) {
        let history = &self.run.history;
        if let Some((name, plateau)) = &mut self.options.rate.plateau
            && let Some(value) = history.last(name)
        {
            plateau.observe(value);
        }
        if let Some(stopping) = &mut self.options.stopping
            && let Some(value) = history.last(&stopping.monitor)
        {
            let epoch = history.len() - self.run.start;
            stopping.observe(epoch, value, || self.model.state());
        }
    }

    #[track_caller]
    fn tell_batch(
        &mut self,
        mut flow: Flow,
        rows: usize,
        loss: &Tensor,
        batches: usize,
    ) -> Result<Flow> {
        let run = &mut self.run;
        for callback in &mut self.callbacks.get().on_batch {
            let said = callback(&mut BatchEnd {
                model: &self.model,
                base: &mut run.base,
                rate: run.rate,
                epoch: run.history.len() + 1,
                batch: run.batches,
                batches,
                rows,
                step: run.step,
                loss,
            })?;
            flow = flow.and(said);
        }
        Ok(flow)
    }

    #[track_caller]
    fn tell_epoch(&mut self, mut flow: Flow) -> Result<Flow> {
        let run = &mut self.run;
        for callback in &mut self.callbacks.get().on_epoch {
            let said = callback(&mut EpochEnd {
                model: &self.model,
                base: &mut run.base,
                rate: run.rate,
                step: run.step,
                history: &run.history,
            })?;
            flow = flow.and(said);
        }
        Ok(flow)
    }

    fn show_batch(&mut self, rows: usize) {
        let means = &self.run.totals.means;
        let metrics = self.options.metrics.iter();
        let metrics = metrics.filter(|(_, metric)| metric.is_mean());
        let names = std::iter::once("loss").chain(metrics.map(|(name, _)| name.as_str()));
        let figures = || names.map(String::from).zip(means.means()).collect();
        self.progress.get().batch(rows, figures);
    }
}
