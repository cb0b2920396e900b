//! A rate that falls when a metric stays.

use super::Schedule;
use crate::error::{Error, Result};

/// Whether a metric should become small or large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Small, as a loss.
    #[default]
    Small,
    /// Large, as an accuracy.
    Large,
}

/// A rate that is reduced when a metric has not become better for some time.
///
/// It is told the metric, once an epoch say, by [`observe`](Plateau::observe); its rate depends on nothing else.
///
/// ```
/// use tilewise::optim::schedule::{Plateau, Schedule};
/// let mut plateau = Plateau::new().factor(0.5).patience(1);
/// let rates: Vec<f64> = [1.0, 0.8, 0.8, 0.9, 0.7]
///     .into_iter()
///     .enumerate()
///     .map(|(epoch, loss)| {
///         plateau.observe(loss);
///         plateau.rate(0.1, epoch)
///     })
///     .collect();
/// assert_eq!(rates, [0.1, 0.1, 0.1, 0.05, 0.05]);
/// ```
#[doc(alias = "ReduceLROnPlateau")]
#[derive(Clone, Debug)]
pub struct Plateau {
    /// What is monitored says so where this does not.
    goal: Option<Goal>,
    factor: f64,
    patience: usize,
    threshold: f64,
    absolute: bool,
    cooldown: usize,
    least: f64,
    state: PlateauState,
}

/// What a [`Plateau`] remembers: plain numbers, to be saved with a run that is taken up later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateauState {
    /// The best metric so far; `None` before the first.
    pub best: Option<f64>,
    /// Metrics in a row that were not better.
    pub waited: usize,
    /// Metrics for which it still waits after a reduction.
    pub cooling: usize,
    /// Reductions so far.
    pub reductions: usize,
}

impl Plateau {
    /// PyTorch's defaults: a metric that should become small; a tenth of the rate after more than 10 metrics in
    /// a row that were not better by 10⁻⁴ of the best.
    pub fn new() -> Self {
        Self {
            goal: None,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            absolute: false,
            cooldown: 0,
            least: 0.0,
            state: PlateauState {
                best: None,
                waited: 0,
                cooling: 0,
                reductions: 0,
            },
        }
    }

    /// For a metric that should become large or small.
    #[doc(alias = "mode")]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// With another factor for the rate.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// With another number of metrics that may fail to be better before the rate is reduced.
    pub fn patience(mut self, metrics: usize) -> Self {
        self.patience = metrics;
        self
    }

    /// A metric is better if it is so by more than this part of the best.
    pub fn threshold(mut self, part: f64) -> Self {
        (self.threshold, self.absolute) = (part, false);
        self
    }

    /// A metric is better if it is so by more than this.
    #[doc(alias = "threshold_mode")]
    pub fn absolute_threshold(mut self, difference: f64) -> Self {
        (self.threshold, self.absolute) = (difference, true);
        self
    }

    /// After a reduction so many metrics are not held against the rate.
    pub fn cooldown(mut self, metrics: usize) -> Self {
        self.cooldown = metrics;
        self
    }

    /// Never below this rate.
    #[doc(alias = "min_lr")]
    pub fn least(mut self, rate: f64) -> Self {
        self.least = rate;
        self
    }

    /// For a metric that should become small or large, unless [`goal`](Plateau::goal) has said which.
    #[cfg(not(target_arch = "wasm32"))]
    /// Whether its numbers make sense: to be asked before a run, since a rate is no place for an error.
    #[track_caller]
    pub(crate) fn check(&self) -> Result<()> {
        let factor = self.factor;
        if factor > 0.0 && factor < 1.0 {
            return Ok(());
        }
        let message = format!("the factor must be above 0 and below 1, not {factor}");
        Err(Error::value("Plateau", message))
    }

    pub(crate) fn suppose(&mut self, goal: Goal) {
        self.goal.get_or_insert(goal);
    }

    /// Takes the next metric; whether it reduces the rate. NaN is never better.
    pub fn observe(&mut self, metric: f64) -> bool {
        let better = match self.state.best {
            None => !metric.is_nan(),
            Some(best) => self.is_better(metric, best),
        };
        let state = &mut self.state;
        if better {
            (state.best, state.waited) = (Some(metric), 0);
        } else {
            state.waited += 1;
        }
        if state.cooling > 0 {
            state.cooling -= 1;
            state.waited = 0;
        }
        let reduces = state.waited > self.patience;
        if reduces {
            state.reductions += 1;
            (state.cooling, state.waited) = (self.cooldown, 0);
        }
        reduces
    }

    fn is_better(&self, metric: f64, best: f64) -> bool {
        let margin = match self.absolute {
            true => self.threshold,
            false => self.threshold * best,
        };
        match self.goal.unwrap_or_default() {
            Goal::Small => metric < best - margin,
            Goal::Large => metric > best + margin,
        }
    }

    /// What it remembers.
    pub fn state(&self) -> PlateauState {
        self.state
    }

    /// Goes on from what another remembered.
    pub fn load_state(&mut self, state: PlateauState) {
        self.state = state;
    }
}

impl Default for Plateau {
    fn default() -> Self {
        Self::new()
    }
}

impl Schedule for Plateau {
    fn rate(&self, base: f64, _step: usize) -> f64 {
        let reduced = base * self.factor.powf(self.state.reductions as f64);
        // A base rate that is below the least stays as it is.
        reduced.max(self.least.min(base))
    }
}
