//! Host memory by name, reused by size class.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::error::ErrorKind;
use crate::exec::{BufferId, Memory};

/// Words that small buffers are rounded up to.
const MIN_WORDS: usize = 64;

#[derive(Default)]
pub(super) struct Pool(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    next: BufferId,
    live: FxHashMap<BufferId, (Arc<Vec<u32>>, usize)>,
    idle: FxHashMap<usize, Vec<Vec<u32>>>,
    memory: Memory,
    made: u64,
}

/// The size class of a request: the next power of two or three quarters of it.
pub(crate) fn size_class(words: usize) -> usize {
    let full = words.max(MIN_WORDS).next_power_of_two();
    if words <= full / 4 * 3 && full > MIN_WORDS {
        full / 4 * 3
    } else {
        full
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        let class = size_class(words);
        let mut inner = self.lock();
        let memory = match inner.idle.get_mut(&class).and_then(Vec::pop) {
            Some(memory) => memory,
            None => {
                let mut memory = Vec::new();
                memory
                    .try_reserve_exact(class)
                    .map_err(|e| ErrorKind::OutOfMemory {
                        device: "cpu".into(),
                        message: format!("{} bytes asked for: {e}", 4 * class as u64),
                    })?;
                memory.resize(class, 0);
                inner.memory.reserved += 4 * class as u64;
                inner.made += 1;
                memory
            }
        };
        inner.memory.in_use += 4 * class as u64;
        inner.memory.peak = inner.memory.peak.max(inner.memory.in_use);
        inner.next += 1;
        let id = inner.next;
        inner.live.insert(id, (Arc::new(memory), class));
        Ok(id)
    }

    pub(super) fn free(&self, id: BufferId) {
        let mut inner = self.lock();
        let Some((memory, class)) = inner.live.remove(&id) else {
            return;
        };
        inner.memory.in_use -= 4 * class as u64;
        match Arc::into_inner(memory) {
            Some(memory) if memory.len() == class => {
                inner.idle.entry(class).or_default().push(memory);
            }
            // Another thread's run still reads it; the memory goes with that run.
            _ => inner.memory.reserved -= 4 * class as u64,
        }
    }

    /// The content of a buffer.
    pub(super) fn get(&self, id: BufferId) -> Arc<Vec<u32>> {
        self.lock()
            .live
            .get(&id)
            .map(|(memory, _)| memory.clone())
            .unwrap_or_default()
    }

    /// Takes the memory of a buffer to be written and put back; a copy, if a read still holds it.
    pub(super) fn take(&self, id: BufferId) -> Vec<u32> {
        let mut inner = self.lock();
        let Some((memory, class)) = inner.live.get_mut(&id) else {
            return Vec::new();
        };
        let class = *class;
        Arc::into_inner(std::mem::take(memory)).unwrap_or_else(|| vec![0; class])
    }

    pub(super) fn put(&self, id: BufferId, words: Vec<u32>) {
        if let Some((memory, _)) = self.lock().live.get_mut(&id) {
            *memory = Arc::new(words);
        }
    }

    pub(super) fn memory(&self) -> Memory {
        self.lock().memory
    }

    pub(super) fn made(&self) -> u64 {
        self.lock().made
    }

    pub(super) fn trim(&self) {
        let mut inner = self.lock();
        let idle: usize = inner.idle.values().flatten().map(Vec::len).sum();
        inner.memory.reserved -= 4 * idle as u64;
        inner.idle.clear();
    }
}
