//! The names of what is recorded, and whether what is asked for fits.

use super::trainer::Trainer;
use crate::error::{Error, Result};
use crate::metrics::Goal;
use crate::nn::Module;

const OP: &str = "Trainer";
/// What stands before the names of the validation's figures.
const VALIDATION: &str = "val_";
const LOSS: &str = "loss";
const RATE: &str = "learning_rate";

impl<M: Module> Trainer<'_, M> {
    /// The names of the metrics, in their order.
    pub(super) fn metric_names(&self) -> impl Iterator<Item = &str> {
        self.options.metrics.iter().map(|(name, _)| name.as_str())
    }

    /// The names of the figures of an epoch, in the order in which they are recorded.
    pub(super) fn figure_names(&self) -> impl Iterator<Item = String> {
        let own = std::iter::once(LOSS).chain(self.metric_names());
        let own: Vec<String> = own.map(String::from).collect();
        let validation = self.options.validation.iter();
        let validation: Vec<String> = validation
            .flat_map(|_| own.iter().map(|name| format!("{VALIDATION}{name}")))
            .collect();
        let norms = match self.options.norms {
            true => self.model.parameters(),
            false => Vec::new(),
        };
        let norms = norms
            .into_iter()
            .map(|(name, _)| format!("gradient.{name}"));
        let all = own.into_iter().chain(validation).chain(norms);
        all.chain([RATE.into()])
    }

    /// Whether each figure has a name of its own.
    #[track_caller]
    pub(super) fn check_figures(&self) -> Result<()> {
        let mut seen = Vec::new();
        for name in self.figure_names() {
            if seen.contains(&name) {
                let message = format!("two figures are called {name}; name one with metric_named");
                return Err(Error::value(OP, message));
            }
            seen.push(name);
        }
        Ok(())
    }

    /// Whether the figures that are followed are recorded; tells those who follow them what is better.
    #[track_caller]
    pub(super) fn check_monitored(&mut self) -> Result<()> {
        let names: Vec<String> = self.figure_names().collect();
        let plateau = self.options.rate.plateau.iter().map(|(name, _)| name);
        let stopping = self
            .options
            .stopping
            .iter()
            .map(|stopping| &stopping.monitor);
        let followed = plateau.chain(stopping);
        #[cfg(feature = "safetensors")]
        let followed = {
            let checkpoint = self.options.checkpoint.iter();
            let best = checkpoint.filter_map(|checkpoint| checkpoint.best.as_ref());
            followed.chain(best.map(|best| &best.monitor))
        };
        for name in followed {
            if !names.contains(name) {
                let names = names.join(", ");
                let message = format!("no figure {name:?} is recorded, but {names}");
                return Err(Error::value(OP, message));
            }
        }
        if let Some(stopping) = &self.options.stopping {
            stopping.check()?;
        }
        if let Some((_, plateau)) = &self.options.rate.plateau {
            plateau.check()?;
        }
        if let Some((name, _)) = &self.options.rate.plateau
            && let Some(goal) = self.goal(name)
            && let Some((_, plateau)) = &mut self.options.rate.plateau
        {
            plateau.suppose(goal);
        }
        if let Some(stopping) = &self.options.stopping
            && let Some(goal) = self.goal(&stopping.monitor)
            && let Some(stopping) = &mut self.options.stopping
        {
            stopping.suppose(goal);
        }
        #[cfg(feature = "safetensors")]
        {
            let best = self.options.checkpoint.as_ref();
            let best = best.and_then(|checkpoint| checkpoint.best.as_ref());
            if let Some(goal) = best.and_then(|best| self.goal(&best.monitor))
                && let Some(checkpoint) = &mut self.options.checkpoint
            {
                checkpoint.suppose(goal);
            }
        }
        Ok(())
    }

    /// Whether a figure should become small or large, where that is known.
    pub(super) fn goal(&self, name: &str) -> Option<Goal> {
        let of = |name: &str| {
            let found = self.options.metrics.iter().find(|(own, _)| own == name);
            let goal = found.map(|(_, metric)| metric.goal());
            goal.or((name == LOSS).then_some(Goal::Small))
        };
        of(name).or_else(|| of(name.strip_prefix(VALIDATION)?))
    }

    /// The rows of a batch, at least one.
    #[track_caller]
    pub(super) fn check_batch_size(&self) -> Result<usize> {
        match self.options.batch_size {
            0 => Err(Error::value(OP, "a batch needs at least one row")),
            size => Ok(size),
        }
    }
}
