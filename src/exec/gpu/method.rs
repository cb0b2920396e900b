//! Names of methods as numbers, so that a shader can tell in whose index it met a fault.

use std::sync::{Mutex, PoisonError};

/// Those that were called with an index so far, each once.
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// The bits of an axis, below the number of the method.
const AXIS_BITS: u32 = 8;

/// An axis and the method that indexes it, in one word.
pub(super) fn with_axis(axis: usize, name: &'static str) -> u32 {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let number = names.iter().position(|&n| n == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    });
    axis as u32 | (number as u32) << AXIS_BITS
}

/// The axis and the name that a word stands for.
pub(super) fn of_word(word: u32) -> (usize, &'static str) {
    let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let axis = word & ((1 << AXIS_BITS) - 1);
    let name = names.get((word >> AXIS_BITS) as usize);
    (axis as usize, name.copied().unwrap_or("index"))
}
