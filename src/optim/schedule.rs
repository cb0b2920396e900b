//! Schedules: how a learning rate changes from step to step.
//!
//! A [`Schedule`] gives the rate of a step from its number and the base rate. In a loop of one's own it is one
//! line, and the optimiser needs to know nothing of it; a step is whatever the loop counts, batches or epochs.
//!
//! ```
//! use tilewise::prelude::*;
//! use tilewise::optim::schedule::{Cosine, Linear, Schedule};
//!
//! let dev = Device::cpu();
//! let (x, y) = (Tensor::ones([4, 3], &dev)?, Tensor::zeros([4, 1], &dev)?);
//! let mut model = nn::Linear::new(3, 1, &dev)?;
//! let mut adamw = optim::AdamW::new(1e-2);
//! let base = adamw.learning_rate();
//! let schedule = Linear::warm_up(10).then(10, Cosine::new(90));
//! for step in 0..100 {
//!     adamw.set_learning_rate(schedule.rate(base, step));
//!     let grads = model.forward(&x)?.mse(&y)?.backward()?;
//!     adamw.step(&mut model, &grads)?;
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! Rates are computed from the number of the step and remember nothing, so that a run taken up at step n needs
//! n alone; only [`Plateau`], which follows a metric, has a [state](PlateauState). A length or period of 0 counts as 1.

mod curves;
mod cycles;
mod plateau;

pub use self::curves::{Exponential, InverseTime, Linear, MultiStep, Polynomial, Step};
pub use self::cycles::{Cosine, CosineRestarts, OneCycle};
pub use self::plateau::{Goal, Plateau, PlateauState};

/// The learning rate of each step.
///
/// A function of the base rate and the number of the step is a schedule too:
/// `|base, step| base / (step + 1) as f64`.
pub trait Schedule: Send + Sync {
    /// The rate of a step, counted from 0, from the base rate.
    fn rate(&self, base: f64, step: usize) -> f64;

    /// This schedule for so many steps, and from then on another, which counts its steps from there.
    #[doc(alias = "SequentialLR")]
    fn then<S: Schedule>(self, steps: usize, next: S) -> Then<Self, S>
    where
        Self: Sized,
    {
        Then {
            first: self,
            steps,
            next,
        }
    }
}

impl<F: Fn(f64, usize) -> f64 + Send + Sync> Schedule for F {
    fn rate(&self, base: f64, step: usize) -> f64 {
        self(base, step)
    }
}

impl Schedule for Box<dyn Schedule> {
    fn rate(&self, base: f64, step: usize) -> f64 {
        (**self).rate(base, step)
    }
}

/// One schedule after another: see [`Schedule::then`].
#[derive(Clone, Copy, Debug)]
pub struct Then<A, B> {
    first: A,
    steps: usize,
    next: B,
}

impl<A: Schedule, B: Schedule> Schedule for Then<A, B> {
    fn rate(&self, base: f64, step: usize) -> f64 {
        match step.checked_sub(self.steps) {
            None => self.first.rate(base, step),
            Some(step) => self.next.rate(base, step),
        }
    }
}
