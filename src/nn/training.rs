//! Whether a layer trains or evaluates.

use std::sync::atomic::{AtomicBool, Ordering};

/// A layer's switch between training and evaluation, for what differs between the two, as dropout and batch
/// normalisation do. A new one trains. [`Module::train`](super::Module::train) and
/// [`Module::eval`](super::Module::eval) turn those of a whole network.
#[derive(Debug)]
pub struct Training(AtomicBool);

impl Training {
    /// A switch that stands at training.
    pub fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    /// Whether the layer is being trained.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Turns the switch.
    pub fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }
}

impl Default for Training {
    fn default() -> Self {
        Self::new()
    }
}

/// A clone is a switch of its own that stands the same.
impl Clone for Training {
    fn clone(&self) -> Self {
        Self(AtomicBool::new(self.is_on()))
    }
}
