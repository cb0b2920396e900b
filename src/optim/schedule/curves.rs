//! Schedules that go one way.

use super::Schedule;

/// The rate times γ after every so many steps: base·γ^⌊n / period⌋.
///
/// ```
/// use tilewise::optim::schedule::{Schedule, Step};
/// let schedule = Step::new(30, 0.1);
/// assert_eq!(schedule.rate(1.0, 29), 1.0);
/// assert_eq!(schedule.rate(1.0, 30), 0.1);
/// ```
#[doc(alias = "StepLR")]
#[derive(Clone, Copy, Debug)]
pub struct Step {
    period: usize,
    gamma: f64,
}

impl Step {
    /// A factor γ every `period` steps.
    pub fn new(period: usize, gamma: f64) -> Self {
        Self { period, gamma }
    }
}

impl Schedule for Step {
    fn rate(&self, base: f64, step: usize) -> f64 {
        base * power(self.gamma, step / self.period.max(1))
    }
}

/// The rate times γ at each of some steps.
///
/// ```
/// use tilewise::optim::schedule::{MultiStep, Schedule};
/// let schedule = MultiStep::new([30, 80], 0.5);
/// assert_eq!([0, 30, 79, 80].map(|step| schedule.rate(1.0, step)), [1.0, 0.5, 0.5, 0.25]);
/// ```
#[doc(alias = "MultiStepLR")]
#[derive(Clone, Debug)]
pub struct MultiStep {
    milestones: Vec<usize>,
    gamma: f64,
}

impl MultiStep {
    /// A factor γ from each of the milestones on; their order does not matter.
    pub fn new(milestones: impl Into<Vec<usize>>, gamma: f64) -> Self {
        Self {
            milestones: milestones.into(),
            gamma,
        }
    }
}

impl Schedule for MultiStep {
    fn rate(&self, base: f64, step: usize) -> f64 {
        let passed = self.milestones.iter().filter(|&&at| at <= step).count();
        base * power(self.gamma, passed)
    }
}

/// The rate times γ at every step: base·γⁿ.
///
/// ```
/// use tilewise::optim::schedule::{Exponential, Schedule};
/// assert_eq!(Exponential::new(0.5).rate(1.0, 3), 0.125);
/// ```
#[doc(alias = "ExponentialLR")]
#[derive(Clone, Copy, Debug)]
pub struct Exponential {
    gamma: f64,
}

impl Exponential {
    /// A factor γ a step.
    pub fn new(gamma: f64) -> Self {
        Self { gamma }
    }
}

impl Schedule for Exponential {
    fn rate(&self, base: f64, step: usize) -> f64 {
        base * power(self.gamma, step)
    }
}

/// The classic decay of stochastic gradient descent: base / (1 + decay·n).
///
/// ```
/// use tilewise::optim::schedule::{InverseTime, Schedule};
/// assert_eq!(InverseTime::new(0.25).rate(1.0, 4), 0.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InverseTime {
    decay: f64,
}

impl InverseTime {
    /// With a decay of at least 0.
    pub fn new(decay: f64) -> Self {
        Self { decay }
    }
}

impl Schedule for InverseTime {
    fn rate(&self, base: f64, step: usize) -> f64 {
        base / (1.0 + self.decay * step as f64)
    }
}

/// From one factor of the base rate to another along a line, and on at the last.
///
/// ```
/// use tilewise::optim::schedule::{Linear, Schedule};
/// let schedule = Linear::new(0.5, 1.0, 2);
/// assert_eq!([0, 1, 2, 3].map(|step| schedule.rate(1.0, step)), [0.5, 0.75, 1.0, 1.0]);
/// let warm_up = Linear::warm_up(4);
/// assert_eq!([0, 1, 2, 3, 4].map(|step| warm_up.rate(1.0, step)), [0.25, 0.5, 0.75, 1.0, 1.0]);
/// ```
#[doc(alias = "LinearLR")]
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    from: f64,
    to: f64,
    steps: usize,
}

impl Linear {
    /// From one factor at step 0 to another at step `steps`.
    pub fn new(from: f64, to: f64, steps: usize) -> Self {
        Self { from, to, steps }
    }

    /// From 1/steps of the base rate at step 0 to all of it at the last of so many steps: no step is lost to a
    /// rate of 0.
    #[doc(alias = "warmup")]
    pub fn warm_up(steps: usize) -> Self {
        let steps = steps.max(1);
        match steps {
            1 => Self::new(1.0, 1.0, 1),
            _ => Self::new(1.0 / steps as f64, 1.0, steps - 1),
        }
    }
}

impl Schedule for Linear {
    fn rate(&self, base: f64, step: usize) -> f64 {
        base * (self.from + (self.to - self.from) * part(step, self.steps))
    }
}

/// From the base rate to 0 along a power of the steps that are left: base·(1 − n / steps)^power.
///
/// ```
/// use tilewise::optim::schedule::{Polynomial, Schedule};
/// let schedule = Polynomial::new(4, 2.0);
/// assert_eq!([0, 2, 4, 5].map(|step| schedule.rate(1.0, step)), [1.0, 0.25, 0.0, 0.0]);
/// ```
#[doc(alias = "PolynomialLR")]
#[derive(Clone, Copy, Debug)]
pub struct Polynomial {
    steps: usize,
    power: f64,
}

impl Polynomial {
    /// Down to 0 at step `steps`.
    pub fn new(steps: usize, power: f64) -> Self {
        Self { steps, power }
    }
}

impl Schedule for Polynomial {
    fn rate(&self, base: f64, step: usize) -> f64 {
        base * (1.0 - part(step, self.steps)).powf(self.power)
    }
}

/// How much of so many steps is done: from 0 to 1.
pub(super) fn part(step: usize, steps: usize) -> f64 {
    (step as f64 / steps.max(1) as f64).min(1.0)
}

fn power(gamma: f64, n: usize) -> f64 {
    gamma.powf(n as f64)
}
