//! Memory that products need while they run, kept by each thread for the next.

use std::cell::Cell;

/// Words that a thread keeps.
pub(super) const MOST: usize = 1 << 20;

thread_local! {
    static SPARE: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Gives some memory, of undefined content, to a piece of work.
pub(super) fn with(words: usize, work: impl FnOnce(&mut [f32])) {
    let mut memory = SPARE.take();
    if memory.len() < words {
        memory.resize(words, 0.0);
    }
    work(&mut memory[..words]);
    if memory.len() <= MOST {
        SPARE.set(memory);
    }
}
