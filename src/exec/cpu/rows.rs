//! Groups of kernels, run tile by tile.
//!
//! A tile is some rows. All kernels of a group run over one tile, whose rows stay in the second level
//! of cache, before the next; tiles are shared among threads. The results are, bit for bit, those of
//! the kernels run one after the other.

use super::SlotMemory;
use super::block::Faults;
use super::kernel::Prepared;
use super::tasks;
use crate::dtype::DType;
use crate::plan::{Group, Kernel, Plan};

/// Elements of a tile, unless a row has more.
const TILE: usize = 1 << 15;

/// A group that can run tile by tile.
pub(super) struct Tiles {
    rows: usize,
    columns: usize,
    /// Rows of a tile, and of a task, which is some tiles.
    tile: usize,
    task: usize,
    /// The slots that the group writes.
    written: Vec<Written>,
}

/// A slot that a group writes.
struct Written {
    slot: usize,
    dtype: DType,
    /// Elements of a row: as many as the row has, or one.
    per_row: usize,
}

impl Tiles {
    /// The group's tiles, if its rows lie one after the other.
    pub(super) fn new(plan: &Plan, group: &Group, ready: &[Prepared]) -> Option<Self> {
        let rows = &group.rows;
        let kernels = &plan.kernels[group.kernels.clone()];
        let ready = &ready[group.kernels.clone()];
        let (count, columns) = (rows.kept().size(), rows.reduced().size());
        if !rows.in_order() || !ready.iter().all(Prepared::has_rows) {
            return None;
        }
        let mut written: Vec<Written> = Vec::new();
        for kernel in kernels {
            let per_row = kernel.shape.size() / count;
            for store in &kernel.stores {
                if written.iter().all(|w| w.slot != store.slot) {
                    written.push(Written {
                        slot: store.slot,
                        dtype: store.dtype,
                        per_row,
                    });
                }
            }
        }
        // Two rows of f16 fill whole words.
        let even = |rows: usize| rows.max(1).next_multiple_of(2);
        let tile = even(TILE / columns);
        let cost: usize = ready.iter().map(Prepared::cost).sum();
        let task = tasks::share(count, columns * cost, tile);
        Some(Self {
            rows: count,
            columns,
            tile,
            task,
            written,
        })
    }

    /// Runs the group over the memory of its plan's slots.
    pub(super) fn run(
        &self,
        kernels: &[Kernel],
        ready: &[Prepared],
        memory: &mut [SlotMemory],
        scalars: &[u32],
        faults: &Faults,
    ) {
        let mut taken: Vec<Vec<u32>> = self
            .written
            .iter()
            .map(|w| match &mut memory[w.slot] {
                SlotMemory::Owned(words) => std::mem::take(words),
                SlotMemory::Shared(_) => unreachable!("inputs are never stored to"),
            })
            .collect();
        let mut shares: Vec<_> = self
            .written
            .iter()
            .zip(&mut taken)
            .map(|(w, words)| {
                let size = crate::dtype::words(self.rows * w.per_row, w.dtype);
                words[..size].chunks_mut(w.words(self.task))
            })
            .collect();
        let tasks: Vec<Vec<&mut [u32]>> = (0..self.rows.div_ceil(self.task))
            .map(|_| shares.iter_mut().filter_map(Iterator::next).collect())
            .collect();
        let memory_of_others = &*memory;
        tasks::each(tasks.into_iter().enumerate(), |(i, mut words)| {
            let end = self.rows.min((i + 1) * self.task);
            for first in (i * self.task..end).step_by(self.tile) {
                let rows = self.tile.min(end - first);
                let mut tile = self.tile(first, rows, &mut words);
                for (kernel, ready) in kernels.iter().zip(ready) {
                    ready.run_tile(kernel, &mut tile, memory_of_others, scalars, faults);
                }
            }
        });
        for (w, words) in self.written.iter().zip(taken) {
            memory[w.slot] = SlotMemory::Owned(words);
        }
    }

    /// The next tile of a task; its words are taken from the front of the task's.
    fn tile<'t>(&self, first: usize, rows: usize, words: &mut [&'t mut [u32]]) -> Tile<'t> {
        let share = |(w, words): (&Written, &mut &'t mut [u32])| {
            let all = std::mem::take(words);
            let here = w.words(rows).min(all.len());
            let (own, rest) = all.split_at_mut(here);
            *words = rest;
            Share {
                slot: w.slot,
                first: first * w.per_row,
                words: own,
            }
        };
        Tile {
            first,
            rows,
            columns: self.columns,
            shares: self.written.iter().zip(words).map(share).collect(),
        }
    }
}

impl Written {
    /// Words of some rows, an even number unless they are the last.
    fn words(&self, rows: usize) -> usize {
        crate::dtype::words(rows * self.per_row, self.dtype)
    }
}

/// Some rows of a group.
pub(super) struct Tile<'a> {
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    shares: Vec<Share<'a>>,
}

/// A tile's part of a slot.
struct Share<'a> {
    slot: usize,
    /// The place in the slot of the first element.
    first: usize,
    words: &'a mut [u32],
}

impl<'a> Tile<'a> {
    /// What a kernel reads of a slot, and the place in the slot where it starts.
    pub(super) fn words<'m>(&'m self, slot: usize, memory: &'m [SlotMemory]) -> (&'m [u32], usize) {
        match self.shares.iter().find(|s| s.slot == slot) {
            Some(share) => (share.words, share.first),
            None => (memory[slot].words(), 0),
        }
    }

    /// Takes the words of a slot to be written and put back.
    pub(super) fn take(&mut self, slot: usize) -> &'a mut [u32] {
        let share = self.shares.iter_mut().find(|s| s.slot == slot);
        share.map_or(&mut [], |share| std::mem::take(&mut share.words))
    }

    pub(super) fn put(&mut self, slot: usize, words: &'a mut [u32]) {
        if let Some(share) = self.shares.iter_mut().find(|s| s.slot == slot) {
            share.words = words;
        }
    }
}
