//! Whether a layer trains or evaluates.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Module, Part, Visitor};

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

/// Turns the switches of all layers; gives what [`switch_back`] needs to turn them to where they were.
pub(crate) fn switch<M: Module + ?Sized>(module: &M, on: bool) -> Vec<bool> {
    let mut turned = Vec::new();
    module.visit(&mut Visitor::new(&mut |_, part| {
        if let Part::Training(training) = part {
            // One visited twice is turned at its first place alone.
            turned.push(training.is_on() != on);
            training.set(on);
        }
    }));
    turned
}

/// Undoes a [`switch`].
pub(crate) fn switch_back<M: Module + ?Sized>(module: &M, on: bool, turned: &[bool]) {
    let mut turned = turned.iter();
    module.visit(&mut Visitor::new(&mut |_, part| {
        let Part::Training(training) = part else {
            return;
        };
        if turned.next() == Some(&true) {
            training.set(!on);
        }
    }));
}

/// Layers that all evaluate while this lives, and then do as each did before.
pub(crate) struct Evaluating<'a, M: Module + ?Sized> {
    module: &'a M,
    turned: Vec<bool>,
}

impl<'a, M: Module + ?Sized> Evaluating<'a, M> {
    pub(crate) fn start(module: &'a M) -> Self {
        let turned = switch(module, false);
        Self { module, turned }
    }
}

impl<M: Module + ?Sized> Drop for Evaluating<'_, M> {
    fn drop(&mut self) {
        switch_back(self.module, false, &self.turned);
    }
}
