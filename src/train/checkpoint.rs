//! Runs on disk: saved while they go on, and taken up.

use std::path::{Path, PathBuf};

use super::history::better;
use super::saved::Saved;
use super::trainer::{Run, Trainer};
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::Goal;
use crate::nn::{Load, Module};
use crate::safetensors;

/// Saves a run to a folder while it goes on.
///
/// `last.safetensors` holds all that [`Trainer::resume`] needs, after each epoch and where a callback stops the run.
/// `best.safetensors`, if it is asked for, holds the parameters and buffers of the best epoch alone, under the names
/// of [`Module::state`], for [`Module::load_state`]. Either is replaced when the new one is whole.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    every: usize,
    pub(super) best: Option<Best>,
}

/// The figure whose best epoch is kept.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) monitor: String,
    goal: Option<Goal>,
    pub(super) value: Option<f64>,
}

impl Checkpoint {
    /// The name of the file from which a run is taken up.
    pub const LAST: &str = "last.safetensors";
    /// The name of the file of the best weights.
    pub const BEST: &str = "best.safetensors";

    /// To a folder, which is made if it is not there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            every: 1,
            best: None,
        }
    }

    /// Saves the run after every so many epochs, and at its end; 0 counts as 1.
    pub fn every(mut self, epochs: usize) -> Self {
        self.every = epochs.max(1);
        self
    }

    /// Saves the weights of the epoch in which a recorded figure is best. Whether that is small or large is known of
    /// losses and metrics; other figures are taken to be better small.
    pub fn best(mut self, monitor: impl Into<String>) -> Self {
        self.best = Some(Best {
            monitor: monitor.into(),
            goal: None,
            value: None,
        });
        self
    }

    /// As [`best`](Checkpoint::best), of a figure that should become small or large.
    pub fn best_by(self, monitor: impl Into<String>, goal: Goal) -> Self {
        let mut checkpoint = self.best(monitor);
        checkpoint.suppose(goal);
        checkpoint
    }

    pub(super) fn suppose(&mut self, goal: Goal) {
        if let Some(best) = &mut self.best {
            best.goal.get_or_insert(goal);
        }
    }
}

impl<M: Module> Trainer<'_, M> {
    /// Saves what an epoch asks for; `ends` says that the run goes on no further now.
    #[track_caller]
    pub(super) fn save_epoch(&mut self, ends: bool) -> Result<()> {
        let Some(checkpoint) = &mut self.options.checkpoint else {
            return Ok(());
        };
        make_folder(&checkpoint.folder)?;
        let history = &self.run.history;
        if let Some(best) = &mut checkpoint.best
            && let Some(value) = history.last(&best.monitor)
            && better(best.goal.unwrap_or_default(), value, best.value, 0.0)
        {
            best.value = Some(value);
            let path = checkpoint.folder.join(Checkpoint::BEST);
            let epoch = history.len().to_string();
            let words = [("epoch", epoch.as_str())];
            safetensors::save(path, &self.model.state(), &words)?;
        }
        if ends || history.len().is_multiple_of(checkpoint.every) {
            self.save_last()?;
        }
        Ok(())
    }

    /// Saves the run where it stands, if it is to be saved.
    #[track_caller]
    pub(super) fn save_last(&self) -> Result<()> {
        let Some(checkpoint) = &self.options.checkpoint else {
            return Ok(());
        };
        make_folder(&checkpoint.folder)?;
        self.save(checkpoint.folder.join(Checkpoint::LAST))
    }

    /// Saves the run: parameters, buffers, what the optimiser, early stopping and a plateau remember, the learning
    /// rate, the history, how far the run is and the state of the generators of the model's devices.
    ///
    /// A trainer that is made as this one was and then told to [`resume`](Trainer::resume) goes on as if the run had
    /// never stopped, to the same bits.
    ///
    /// # Errors
    /// A failed computation, or a file that cannot be written.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::{data, loss::Mse, train::Flow};
    ///
    /// # fn main() -> Result<()> {
    /// let dev = Device::cpu();
    /// let waves = data::make_sine(64, 0.1, 0, &dev)?;
    /// let trainer = || -> Result<_> {
    ///     let model = nn::mlp([1, 8, 1], nn::Tanh, &dev)?;
    ///     Ok(Trainer::new(model, optim::Adam::new(0.01), Mse::new()).epochs(4))
    /// };
    /// let path = std::env::temp_dir().join(format!("tilewise-run-{}.safetensors", std::process::id()));
    /// let mut first = trainer()?.on_epoch(|at| if at.epoch() == 2 { Flow::Stop } else { Flow::Continue });
    /// first.fit(&waves)?;
    /// first.save(&path)?;
    ///
    /// let mut second = trainer()?; // in another process, say
    /// second.resume(&path)?;
    /// assert_eq!(second.fit(&waves)?.len(), 4);
    /// # std::fs::remove_file(path).ok();
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut saved = Saved::of_run(&self.run);
        saved.put("optimizer", self.optimizer.name());
        for (at, device) in self.devices().iter().enumerate() {
            let generator = device.generator();
            saved.put_all(
                &format!("generator.{at}"),
                &[generator.seed(), generator.drawn()],
            );
        }
        if let Some((monitor, plateau)) = &self.options.rate.plateau {
            saved.put_plateau(monitor, plateau.state());
        }
        if let Some(stopping) = &self.options.stopping {
            saved.put_stopping(&stopping.monitor, &stopping.state);
        }
        let best = self.options.checkpoint.as_ref();
        if let Some(best) = best.and_then(|checkpoint| checkpoint.best.as_ref()) {
            saved.put("best.monitor", &best.monitor);
            saved.put_maybe("best", best.value);
        }
        saved.add("model", self.model.state());
        saved.add("optimizer", self.optimizer.state(&self.model));
        saved.write(path.as_ref())
    }

    /// Takes up a saved run: the next [`fit`](Trainer::fit) goes on where it stood. Options are those of this
    /// trainer; for the same bits they, the data and their order must be those of the saved one. What follows
    /// another figure than it did starts anew.
    ///
    /// # Errors
    /// A file that cannot be read or is no saved run, or that is of another model or another optimiser; nothing is
    /// changed then.
    #[track_caller]
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let devices = self.devices();
        let path = path.as_ref();
        let device = match devices.first() {
            Some(device) => device.clone(),
            None => return fail(path, "the model has no parameters"),
        };
        match self.take_up(&Saved::read(path, &device)?) {
            Ok(run) => self.run = run,
            Err(message) => return fail(path, message),
        }
        Ok(())
    }

    /// Sets the trainer to what was saved, but for how far it is, which is given back; or says why it does not fit
    /// and changes nothing.
    fn take_up(&mut self, saved: &Saved) -> Result<Run, String> {
        let run = saved.run()?;
        let (own, other) = (self.optimizer.name(), saved.get("optimizer")?);
        if own != other {
            return Err(format!(
                "the run was made with {other}, and this trainer has {own}"
            ));
        }
        let devices = self.devices();
        let mut generators = Vec::new();
        for at in 0..devices.len() {
            generators.push(saved.generator(at)?);
        }
        let plateau = saved.plateau()?;
        let stopping = saved.stopping()?;
        let best = saved.maybe("best")?;

        let words = |error: Error| error.kind().to_string();
        let before = self.model.state();
        self.model
            .load_state(&saved.under("model"), Load::Exact)
            .map_err(|error| format!("the run is of another model: {}", words(error)))?;
        let remembered = self.optimizer.state(&self.model);
        let state = saved.under("optimizer");
        if let Err(error) = self.optimizer.load_state(&self.model, &state) {
            // Each took what it gave itself; some optimisers load a part before they fail.
            let _ = self.optimizer.load_state(&self.model, &remembered);
            let _ = self.model.load_state(&before, Load::Exact);
            let message = words(error);
            return Err(format!(
                "what the optimiser remembers does not fit: {message}"
            ));
        }
        for (device, generator) in devices.iter().zip(generators) {
            device.set_generator(generator);
        }
        if let (Some((monitor, own)), Some(state)) = (&mut self.options.rate.plateau, plateau)
            && saved.follows("plateau", monitor)
        {
            own.load_state(state);
        }
        if let (Some(own), Some(state)) = (&mut self.options.stopping, stopping)
            && saved.follows("stopping", &own.monitor)
        {
            own.state = state;
        }
        if let Some(own) = self
            .options
            .checkpoint
            .as_mut()
            .and_then(|c| c.best.as_mut())
        {
            own.value = best.filter(|_| saved.follows("best", &own.monitor));
        }
        Ok(run)
    }
}

#[track_caller]
fn make_folder(folder: &Path) -> Result<()> {
    match std::fs::create_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) => fail(folder, format!("a folder is needed here: {error}")),
    }
}

#[track_caller]
pub(super) fn fail<T>(path: &Path, message: impl Into<String>) -> Result<T> {
    Err(Error::new(ErrorKind::File {
        op: "Trainer",
        file: path.display().to_string(),
        message: message.into(),
    }))
}
