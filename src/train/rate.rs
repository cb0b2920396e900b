//! The learning rate of each step.

use crate::optim::schedule::{Plateau, Schedule};

/// What moves the learning rate.
#[derive(Default)]
pub(super) struct Rate<'a> {
    schedule: Option<(Counts, Box<dyn Schedule + 'a>)>,
    /// With the name of the figure that it follows.
    pub(super) plateau: Option<(String, Plateau)>,
}

/// What a schedule counts.
enum Counts {
    Steps,
    Epochs,
}

impl<'a> Rate<'a> {
    pub(super) fn by_step(&mut self, schedule: impl Schedule + 'a) {
        self.schedule = Some((Counts::Steps, Box::new(schedule)));
    }

    pub(super) fn by_epoch(&mut self, schedule: impl Schedule + 'a) {
        self.schedule = Some((Counts::Epochs, Box::new(schedule)));
    }

    /// The rate of a step of an epoch, both counted from 0.
    pub(super) fn of(&self, base: f64, step: usize, epoch: usize) -> f64 {
        let rate = match &self.schedule {
            None => base,
            Some((Counts::Steps, schedule)) => (**schedule).rate(base, step),
            Some((Counts::Epochs, schedule)) => (**schedule).rate(base, epoch),
        };
        match &self.plateau {
            None => rate,
            Some((_, plateau)) => plateau.rate(rate, step),
        }
    }
}
