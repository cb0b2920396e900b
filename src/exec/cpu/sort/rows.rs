//! Rows that a thread sorts by itself.

use std::ops::Range;

use super::item::{Item, Sorter};
use super::network::{self, lanes};
use super::part::part;
use super::{Sort, passes, select};
use crate::exec::cpu::block::Runner;
use crate::exec::cpu::tasks;
use crate::op::Wanted;

/// Elements of a row up to which rows are sorted side by side.
const SHORT: usize = 1 << 14;
/// Elements of a row from which the key of one rank is found by counting, row by row.
const COUNTED: usize = 1 << 9;
/// Keys that are computed before they are sorted, where rows are shorter.
const BATCH: usize = 1 << 13;
/// The time that sorting takes an element, as [`Code::cost`](crate::exec::cpu::code::Code::cost).
const COST: usize = 48;

/// Fills `out` with the wanted words of all rows.
pub(super) fn sort<T: Item>(sort: &Sort, runner: &Runner<'_>, out: &mut [u32]) {
    let (n, kept) = (sort.n, sort.wanted.count(sort.n));
    let rows = out.len() / kept;
    let lanes = lanes::<T>();
    let per_task = tasks::share(rows, n * (sort.code.cost + COST), lanes);
    let batch = BATCH.div_ceil(n).next_multiple_of(lanes).min(per_task);
    let tasks = out.chunks_mut(per_task * kept).enumerate();
    tasks::each(tasks, |(task, out)| {
        let mut work = runner.workspace(Vec::new());
        let mut keys = Vec::new();
        let mut wanted = Side::<T>::new(sort.wanted);
        for (i, out) in out.chunks_mut(batch * kept).enumerate() {
            keys.resize(out.len() / kept * n, 0);
            let first = (task * per_task + i * batch) * n;
            runner.fill(&mut work, first, &mut [&mut keys]);
            wanted.take(&keys, n, out);
        }
    });
}

/// What is done with rows of keys.
enum Side<T> {
    Sorted(Range<usize>, Rows<T>),
    /// Parted by the keys of a rank; with memory for these, or for counts.
    Parted(usize, Rows<u32>, Vec<u32>),
}

impl<T: Item> Side<T> {
    fn new(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Ranks(first, last) => Self::Sorted(first..last, Rows::new()),
            Wanted::Parted(rank) => Self::Parted(rank, Rows::new(), Vec::new()),
        }
    }

    fn take(&mut self, keys: &[u32], n: usize, out: &mut [u32]) {
        match self {
            Self::Sorted(ranks, rows) => rows.sort(keys, n, ranks, out),
            Self::Parted(rank, rows, chosen) => {
                let side_by_side = n < COUNTED;
                if side_by_side {
                    chosen.resize(keys.len() / n, 0);
                    rows.sort(keys, n, &(*rank..*rank + 1), chosen);
                }
                let rows = keys.chunks_exact(n).zip(out.chunks_exact_mut(n));
                for (row, (keys, out)) in rows.enumerate() {
                    let (key, [smaller, equal]) = match side_by_side {
                        true => (chosen[row], passes::count(keys, chosen[row])),
                        false => select::in_row(keys, *rank, chosen),
                    };
                    let (smaller, rest) = out.split_at_mut(smaller);
                    let (equal, larger) = rest.split_at_mut(equal);
                    part::<T>(keys, 0, key, [smaller, equal, larger]);
                }
            }
        }
    }
}

/// Sorts rows, with memory that it keeps.
struct Rows<T> {
    items: Vec<T>,
    sorter: Sorter<T>,
    columns: Vec<T>,
}

impl<T: Item> Rows<T> {
    fn new() -> Self {
        Self {
            items: Vec::new(),
            sorter: Sorter::default(),
            columns: Vec::new(),
        }
    }

    /// Fills `out` with the words of some ranks of rows of `n` keys.
    fn sort(&mut self, keys: &[u32], n: usize, ranks: &Range<usize>, out: &mut [u32]) {
        let (rows, lanes) = (keys.len() / n, lanes::<T>());
        // A group that would be half empty is sorted row by row.
        let rest = rows % lanes;
        let together = match n <= SHORT && lanes > 1 {
            true if 2 * rest > lanes => rows,
            true => rows - rest,
            false => 0,
        };
        let (keys, alone) = keys.split_at(together * n);
        let (out, out_alone) = out.split_at_mut(together * ranks.len());
        if together > 0 {
            let rows = network::Rows {
                keys,
                n,
                ranks: ranks.clone(),
                columns: &mut self.columns,
                out,
            };
            rows.sort();
        }
        let alone = alone.chunks_exact(n);
        for (keys, out) in alone.zip(out_alone.chunks_exact_mut(ranks.len())) {
            let items = keys.iter().zip(0..).map(|(&key, place)| T::new(key, place));
            self.items.clear();
            self.items.extend(items);
            self.sorter.select(&mut self.items, ranks.clone());
            for (out, item) in out.iter_mut().zip(&self.items[ranks.clone()]) {
                *out = item.word();
            }
        }
    }
}
