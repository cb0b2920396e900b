//! Host memory by name, reused by size class.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::{SlotMemory, pages};
use crate::error::ErrorKind;
use crate::exec::BufferId;
use crate::exec::stats::MemoryStats;
use crate::plan::Slot;

/// Words that small buffers are rounded up to.
const MIN_WORDS: usize = 64;

#[derive(Default)]
pub(super) struct Pool(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    next: BufferId,
    /// The memory of each buffer, empty while it is taken, and its size class.
    live: FxHashMap<BufferId, (Arc<Vec<u32>>, usize)>,
    idle: FxHashMap<usize, Vec<Arc<Vec<u32>>>>,
    memory: MemoryStats,
    made: u64,
}

impl Inner {
    fn get(&self, id: BufferId) -> Arc<Vec<u32>> {
        let memory = self.live.get(&id);
        memory.map(|(m, _)| m.clone()).unwrap_or_default()
    }

    fn take(&mut self, id: BufferId) -> Vec<u32> {
        let Some((memory, class)) = self.live.get_mut(&id) else {
            return Vec::new();
        };
        match Arc::get_mut(memory) {
            Some(words) => std::mem::take(words),
            None => {
                *memory = Arc::default();
                vec![0; *class]
            }
        }
    }

    fn put(&mut self, id: BufferId, words: Vec<u32>) {
        if let Some((memory, _)) = self.live.get_mut(&id) {
            match Arc::get_mut(memory) {
                Some(place) => *place = words,
                None => *memory = Arc::new(words),
            }
        }
    }
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
                let mut memory = pages::reserve(class).map_err(|e| ErrorKind::OutOfMemory {
                    device: "cpu".into(),
                    message: format!("{} bytes asked for: {e}", 4 * class as u64),
                })?;
                memory.resize(class, 0);
                inner.memory.reserved += 4 * class as u64;
                inner.made += 1;
                Arc::new(memory)
            }
        };
        inner.memory.in_use += 4 * class as u64;
        inner.memory.peak = inner.memory.peak.max(inner.memory.in_use);
        inner.next += 1;
        let id = inner.next;
        inner.live.insert(id, (memory, class));
        Ok(id)
    }

    pub(super) fn free(&self, id: BufferId) {
        let mut inner = self.lock();
        let Some((mut memory, class)) = inner.live.remove(&id) else {
            return;
        };
        inner.memory.in_use -= 4 * class as u64;
        match Arc::get_mut(&mut memory) {
            Some(words) if words.len() == class => {
                inner.idle.entry(class).or_default().push(memory);
            }
            // Another thread's run still reads it; the memory goes with that run.
            _ => inner.memory.reserved -= 4 * class as u64,
        }
    }

    /// The content of a buffer.
    pub(super) fn get(&self, id: BufferId) -> Arc<Vec<u32>> {
        self.lock().get(id)
    }

    /// Takes the memory of a buffer to be written and put back; other memory, if a run still reads it.
    pub(super) fn take(&self, id: BufferId) -> Vec<u32> {
        self.lock().take(id)
    }

    pub(super) fn put(&self, id: BufferId, words: Vec<u32>) {
        self.lock().put(id, words);
    }

    /// The memory of the slots of a plan, given with their buffers.
    pub(super) fn take_slots<'a>(
        &self,
        slots: impl Iterator<Item = (&'a Slot, &'a BufferId)>,
    ) -> Vec<SlotMemory> {
        let mut inner = self.lock();
        slots
            .map(|(slot, &id)| match slot.written {
                false => SlotMemory::Shared(inner.get(id)),
                true => SlotMemory::Owned(inner.take(id)),
            })
            .collect()
    }

    /// Puts back what was taken to be written.
    pub(super) fn put_slots(&self, memory: Vec<SlotMemory>, slots: &[BufferId]) {
        let mut inner = self.lock();
        for (memory, &id) in memory.into_iter().zip(slots) {
            if let SlotMemory::Owned(words) = memory {
                inner.put(id, words);
            }
        }
    }

    pub(super) fn memory(&self) -> MemoryStats {
        self.lock().memory
    }

    pub(super) fn made(&self) -> u64 {
        self.lock().made
    }

    pub(super) fn trim(&self) {
        let mut inner = self.lock();
        let idle: usize = inner.idle.values().flatten().map(|m| m.len()).sum();
        inner.memory.reserved -= 4 * idle as u64;
        inner.idle.clear();
    }
}
