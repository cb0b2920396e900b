//! Groups of kernels, run tile by tile.
//!
//! A tile is some rows. All kernels of a group run over one tile, whose rows stay in the caches, before
//! the next, which is asked for meanwhile; tiles are shared among threads. The results are, bit for bit, those of
//! the kernels run one after the other.

use std::ops::Range;

use super::SlotMemory;
use super::block::Faults;
use super::kernel::{Bound, Prepared};
use super::tasks;
use super::workspace::{Ahead, Bytes, Workspace};
use crate::dtype::DType;
use crate::plan::{Group, Kernel, Plan};

/// Elements of a tile, unless a row has more.
const TILE: usize = 1 << 12;

/// A group that can run tile by tile.
pub(super) struct Tiles {
    rows: usize,
    columns: usize,
    /// Rows of a tile, and of a task, which is some tiles.
    tile: usize,
    task: usize,
    /// The slots that the group writes.
    written: Vec<Written>,
    /// Bytes of the registers that the kernels need.
    registers: usize,
    /// Steps that are taken for a tile.
    steps: usize,
}

/// A slot that a group writes.
struct Written {
    slot: usize,
    dtype: DType,
    /// Elements of a row: as many as the row has, or one.
    per_row: usize,
}

impl Tiles {
    /// The tiles of a group whose kernels are ready, if its rows lie one after the other.
    pub(super) fn new(plan: &Plan, group: &Group, ready: &[Prepared]) -> Option<Self> {
        let rows = &group.rows;
        let kernels = &plan.kernels[group.kernels.clone()];
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
        let tile = (TILE / columns).max(1);
        let cost: usize = ready.iter().map(Prepared::cost).sum();
        let task = tasks::share(count, columns * cost, tile);
        Some(Self {
            rows: count,
            columns,
            tile,
            task,
            written,
            steps: ready.iter().map(|r| r.steps(tile * columns)).sum(),
            registers: ready.iter().map(Prepared::registers).max().unwrap_or(0),
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
                let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
                bytes[..w.bytes(self.rows)].chunks_mut(w.bytes(self.task))
            })
            .collect();
        let tasks: Vec<Vec<&mut [u8]>> = (0..self.rows.div_ceil(self.task))
            .map(|_| shares.iter_mut().filter_map(Iterator::next).collect())
            .collect();
        let memory_of_others = &*memory;
        tasks::each(tasks.into_iter().enumerate(), |(i, outputs)| {
            let start = i * self.task;
            let end = self.rows.min(start + self.task);
            let bound = self.bind(start, kernels, ready, memory_of_others, scalars);
            let mut work = Workspace::new(self.registers, outputs);
            work.ahead.by_tile = self.by_tile();
            for first in (start..end).step_by(self.tile) {
                let next = first + self.tile..end.min(first + 2 * self.tile);
                if work.ahead.by_tile {
                    self.look_ahead(&mut work.ahead, &bound, start, next);
                }
                let mut tile = Tile {
                    first,
                    rows: self.tile.min(end - first),
                    columns: self.columns,
                    at: first - start,
                    work: &mut work,
                };
                for (ready, bound) in ready.iter().zip(&bound) {
                    ready.run_tile(bound, &mut tile, faults);
                }
            }
        });
        for (w, words) in self.written.iter().zip(taken) {
            memory[w.slot] = SlotMemory::Owned(words);
        }
    }

    /// Whether the next tile is asked for while one runs; else, each block the next.
    fn by_tile(&self) -> bool {
        self.columns <= TILE
    }

    /// Has the rows of the next tile asked for while one runs; `start` is the task's first row.
    fn look_ahead<'m>(
        &self,
        ahead: &mut Ahead<'m>,
        bound: &[Bound<'m>],
        start: usize,
        next: Range<usize>,
    ) {
        ahead.begin(self.steps);
        if next.is_empty() {
            return;
        }
        let (from, to) = (next.start * self.columns, next.end * self.columns);
        for (bytes, first, size) in bound.iter().flat_map(Bound::ahead) {
            let at = |element: usize| (first + element as isize) as usize * size;
            ahead.add(bytes, at(from)..at(to));
        }
        let before = start * self.columns;
        for (k, written) in self.written.iter().enumerate() {
            if written.per_row == self.columns && written.dtype != DType::F16 {
                let at = |element: usize| (element - before) * written.dtype.size();
                ahead.add(Bytes::Output(k), at(from)..at(to));
            }
        }
    }

    /// Binds the kernels to the memory of the task that starts at a row.
    fn bind<'m>(
        &self,
        start: usize,
        kernels: &[Kernel],
        ready: &[Prepared],
        memory: &'m [SlotMemory],
        scalars: &[u32],
    ) -> Vec<Bound<'m>> {
        let shares = Shares {
            written: &self.written,
            start,
        };
        let mut near: Vec<usize> = self.written.iter().map(|w| w.slot).collect();
        let mut bind = |(kernel, ready): (&Kernel, &Prepared)| {
            let bound = ready.bind(kernel, &shares, memory, scalars, |slot| {
                // Long rows are near, but not in the first level of cache.
                self.by_tile() && near.contains(&slot)
            });
            near.extend(ready.slots());
            bound
        };
        kernels.iter().zip(ready).map(&mut bind).collect()
    }
}

impl Written {
    /// Bytes of some rows.
    fn bytes(&self, rows: usize) -> usize {
        rows * self.per_row * self.dtype.size()
    }
}

/// A task's shares of the slots that a group writes.
pub(super) struct Shares<'a> {
    written: &'a [Written],
    /// The row that the task starts at.
    start: usize,
}

impl Shares<'_> {
    /// The number of the share of a slot.
    pub(super) fn number(&self, slot: usize) -> usize {
        let mut slots = self.written.iter();
        slots.position(|w| w.slot == slot).unwrap_or(usize::MAX)
    }

    /// What a kernel reads of a slot, and the element of the slot where it starts.
    pub(super) fn bytes<'m>(&self, slot: usize, memory: &'m [SlotMemory]) -> (Bytes<'m>, usize) {
        match self.written.iter().position(|w| w.slot == slot) {
            Some(k) => (Bytes::Output(k), self.start * self.written[k].per_row),
            None => (Bytes::Memory(memory[slot].bytes()), 0),
        }
    }
}

/// Some rows of a task, and what its kernels share.
pub(super) struct Tile<'t, 'm, 'o> {
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The number of the first row in the task.
    pub(super) at: usize,
    pub(super) work: &'t mut Workspace<'m, 'o>,
}
