//! Schedules along a cosine.

use std::f64::consts::PI;

use super::Schedule;
use super::curves::part;

/// From the base rate down along half a cosine, and on at the least (Loshchilov and Hutter, "SGDR: stochastic
/// gradient descent with warm restarts", 2017). PyTorch's rises again after its last step; this stays.
///
/// ```
/// use tilewise::optim::schedule::{Cosine, Schedule};
/// let schedule = Cosine::new(10).least(0.2);
/// assert_eq!([0, 10, 11].map(|step| schedule.rate(1.0, step)), [1.0, 0.2, 0.2]);
/// assert!((schedule.rate(1.0, 5) - 0.6).abs() < 1e-12);
/// ```
#[doc(alias = "CosineAnnealingLR")]
#[derive(Clone, Copy, Debug)]
pub struct Cosine {
    steps: usize,
    least: f64,
}

impl Cosine {
    /// Down to 0 at step `steps`.
    pub fn new(steps: usize) -> Self {
        Self { steps, least: 0.0 }
    }

    /// Down to this rate, and not to 0.
    #[doc(alias = "eta_min")]
    pub fn least(mut self, rate: f64) -> Self {
        self.least = rate;
        self
    }
}

impl Schedule for Cosine {
    fn rate(&self, base: f64, step: usize) -> f64 {
        cosine(base, self.least, part(step, self.steps))
    }
}

/// [`Cosine`] again and again, each time from the base rate, and each time over more steps if asked for.
///
/// ```
/// use tilewise::optim::schedule::{CosineRestarts, Schedule};
/// let schedule = CosineRestarts::new(10).longer(2);
/// // It starts anew at 10, and after 20 more at 30.
/// assert_eq!([0, 10, 30].map(|step| schedule.rate(1.0, step)), [1.0, 1.0, 1.0]);
/// assert!((schedule.rate(1.0, 20) - 0.5).abs() < 1e-12);
/// ```
#[doc(alias = "CosineAnnealingWarmRestarts")]
#[derive(Clone, Copy, Debug)]
pub struct CosineRestarts {
    period: usize,
    longer: usize,
    least: f64,
}

impl CosineRestarts {
    /// Anew every `period` steps.
    pub fn new(period: usize) -> Self {
        Self {
            period,
            longer: 1,
            least: 0.0,
        }
    }

    /// Each period so many times as long as the one before.
    #[doc(alias = "T_mult")]
    pub fn longer(mut self, times: usize) -> Self {
        self.longer = times;
        self
    }

    /// Down to this rate, and not to 0.
    #[doc(alias = "eta_min")]
    pub fn least(mut self, rate: f64) -> Self {
        self.least = rate;
        self
    }
}

impl Schedule for CosineRestarts {
    fn rate(&self, base: f64, step: usize) -> f64 {
        let (mut step, mut period) = (step, self.period.max(1));
        if self.longer <= 1 {
            step %= period;
        }
        while step >= period {
            step -= period;
            period = period.saturating_mul(self.longer);
        }
        cosine(base, self.least, part(step, period))
    }
}

/// Up to the base rate, then down to next to nothing, each along half a cosine (Smith and Topin,
/// "Super-convergence: very fast training of neural networks using large learning rates", 2018). The base rate is
/// the largest one, PyTorch's `max_lr`; momentum, which PyTorch turns the other way, is left alone.
///
/// ```
/// use tilewise::optim::schedule::{OneCycle, Schedule};
/// let schedule = OneCycle::new(101).rising(0.25);
/// assert!((schedule.rate(1.0, 0) - 1.0 / 25.0).abs() < 1e-12);
/// assert!((schedule.rate(1.0, 50) - 0.75).abs() < 0.01);
/// assert!((schedule.rate(1.0, 100) - 1.0 / 25.0 / 1e4).abs() < 1e-12);
/// ```
#[doc(alias = "OneCycleLR")]
#[derive(Clone, Copy, Debug)]
pub struct OneCycle {
    steps: usize,
    rising: f64,
    start: f64,
    end: f64,
    straight: bool,
}

impl OneCycle {
    /// A cycle of so many steps, of which 0.3 rise from 1/25 of the base rate; the last is at 10⁻⁴ of the first.
    pub fn new(steps: usize) -> Self {
        Self {
            steps,
            rising: 0.3,
            start: 25.0,
            end: 1e4,
            straight: false,
        }
    }

    /// With another part of the steps that rise, between 0 and 1.
    #[doc(alias = "pct_start")]
    pub fn rising(mut self, part: f64) -> Self {
        self.rising = part.clamp(0.0, 1.0);
        self
    }

    /// With other quotients: of the base rate by the first, and of the first by the last.
    #[doc(alias("div_factor", "final_div_factor"))]
    pub fn quotients(mut self, start: f64, end: f64) -> Self {
        (self.start, self.end) = (start, end);
        self
    }

    /// Along lines, not cosines.
    #[doc(alias = "anneal_strategy")]
    pub fn linear(mut self) -> Self {
        self.straight = true;
        self
    }
}

impl Schedule for OneCycle {
    fn rate(&self, base: f64, step: usize) -> f64 {
        let last = self.steps.max(1) as f64 - 1.0;
        // As PyTorch, which counts the step at the top twice: where rising ends and where falling begins.
        let top = (self.rising * self.steps as f64 - 1.0).max(0.0);
        let (step, first) = (step as f64, base / self.start);
        let (from, to, part) = match step <= top {
            true if top > 0.0 => (first, base, step / top),
            true => (base, base, 1.0),
            false => (
                base,
                first / self.end,
                ((step - top) / (last - top)).min(1.0),
            ),
        };
        match self.straight {
            true => from + (to - from) * part,
            false => cosine(from, to, part),
        }
    }
}

/// From one rate to another along half a cosine.
fn cosine(from: f64, to: f64, part: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * part).cos()) / 2.0
}
