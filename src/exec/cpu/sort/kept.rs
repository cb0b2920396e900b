//! Memory that threads keep between sorts: to map it anew takes as long as to sort.

use std::cell::Cell;

use crate::exec::cpu::pages;

/// Words of 64 bits that a thread keeps at most: those of a million items with places, twice.
const KEPT: usize = 1 << 21;

/// Has some work done with that many items of undefined content.
pub(super) fn lend<T: bytemuck::Pod, R>(count: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    thread_local! {
        static MEMORY: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
    }
    let mut memory = MEMORY.take();
    let words = (count * size_of::<T>()).div_ceil(8);
    if memory.len() < words {
        memory = pages::reserve(words).unwrap_or_default();
        memory.resize(words, 0);
    }
    let result = work(&mut bytemuck::cast_slice_mut(&mut memory)[..count]);
    memory.truncate(KEPT);
    memory.shrink_to(KEPT);
    MEMORY.set(memory);
    result
}
