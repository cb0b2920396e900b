//! Sorts: each row by itself, or a long row by all threads.
//!
//! A key alone is a word; where places are asked for, an item is a key with its place below it, so that
//! items differ where keys do not and keep their order. Short rows are sorted side by side
//! ([`network`]) or one after the other ([`item`]), long ones by buckets ([`long`]). Where few ranks are asked for, nothing else is sorted.

mod item;
mod long;
mod network;

use std::ops::Range;

use self::item::{Item, Sorter};
use self::network::ROWS;
use super::block::Runner;
use super::code::{Code, Goal};
use super::tasks;
use super::workspace::Workspace;
use crate::op::Body;
use crate::shape::Shape;

/// Elements from which a row is sorted by all threads.
const LONG: usize = 1 << 15;
/// Elements of a row up to which rows are sorted side by side.
const SHORT: usize = 1024;
/// The time that sorting takes an element, as [`Code::cost`].
const COST: usize = 64;

/// A sort of the prologue's keys along the last axis, ready to run.
pub(super) struct Sort {
    pub(super) code: Code,
    places: bool,
    /// The ranks of each row that are wanted.
    ranks: Range<usize>,
    /// Elements of a row.
    n: usize,
}

impl Sort {
    pub(super) fn new(places: bool, ranks: (usize, usize), prologue: &Body, shape: &Shape) -> Self {
        Self {
            code: Code::with_goal(prologue, shape, None, Goal::default()),
            places,
            ranks: ranks.0..ranks.1,
            n: shape.dims().last().copied().unwrap_or(1),
        }
    }

    /// Fills `out` with the wanted keys or places of each row.
    pub(super) fn run(&self, runner: &Runner<'_>, out: &mut [u32]) {
        match self.places {
            true => self.run_as::<u64>(runner, out),
            false => self.run_as::<u32>(runner, out),
        }
    }

    fn run_as<T: Item>(&self, runner: &Runner<'_>, out: &mut [u32]) {
        let wanted = self.ranks.len();
        if self.n >= LONG {
            for (row, out) in out.chunks_mut(wanted).enumerate() {
                long::sort::<T>(
                    runner,
                    row * self.n..(row + 1) * self.n,
                    self.ranks.clone(),
                    out,
                );
            }
            return;
        }
        let rows = out.len() / wanted;
        let per_task = tasks::share(rows, self.n * (self.code.cost + COST), 1);
        let tasks = out.chunks_mut(per_task * wanted).enumerate();
        let few = 4 * wanted <= self.n;
        tasks::each(tasks, |(task, out)| {
            let mut rows = Rows::<T>::new(self, runner);
            let first = task * per_task;
            let together = match (2..=SHORT).contains(&self.n) && !few {
                true => ROWS,
                false => 1,
            };
            for (i, out) in out.chunks_mut(together * wanted).enumerate() {
                match 2 * out.len() > ROWS * wanted {
                    true => rows.together(first + i * together, out),
                    false => rows.alone(first + i * together, out),
                }
            }
        });
    }
}

/// Sorts short rows, with memory that it keeps.
struct Rows<'a, 'm, T> {
    sort: &'a Sort,
    runner: &'a Runner<'m>,
    work: Workspace<'m, 'static>,
    keys: Vec<u32>,
    items: Vec<T>,
    sorter: Sorter<T>,
    columns: Vec<[T; ROWS]>,
}

impl<'a, 'm, T: Item> Rows<'a, 'm, T> {
    fn new(sort: &'a Sort, runner: &'a Runner<'m>) -> Self {
        Self {
            sort,
            runner,
            work: runner.workspace(Vec::new()),
            keys: Vec::new(),
            items: Vec::new(),
            sorter: Sorter::default(),
            columns: Vec::new(),
        }
    }

    fn fill(&mut self, row: usize, rows: usize) {
        let n = self.sort.n;
        self.keys.resize(rows * n, 0);
        self.runner
            .fill(&mut self.work, row * n, &mut [&mut self.keys]);
    }

    /// Each row by itself.
    fn alone(&mut self, first: usize, out: &mut [u32]) {
        let ranks = &self.sort.ranks;
        for (i, out) in out.chunks_mut(ranks.len()).enumerate() {
            self.fill(first + i, 1);
            self.items.clear();
            let items = self
                .keys
                .iter()
                .zip(0..)
                .map(|(&key, place)| T::new(key, place));
            self.items.extend(items);
            self.sorter.select(&mut self.items, ranks.clone());
            for (out, item) in out.iter_mut().zip(&self.items[ranks.clone()]) {
                *out = item.word();
            }
        }
    }

    /// At most [`ROWS`] rows, side by side.
    fn together(&mut self, first: usize, out: &mut [u32]) {
        let (n, ranks) = (self.sort.n, &self.sort.ranks);
        let rows = out.len() / ranks.len();
        self.fill(first, rows);
        // What fills up comes last: no item is larger.
        self.columns.clear();
        self.columns.resize(n.next_power_of_two(), [T::LAST; ROWS]);
        for (row, keys) in self.keys.chunks_exact(n).enumerate() {
            for ((column, &key), place) in self.columns.iter_mut().zip(keys).zip(0..) {
                column[row] = T::new(key, place);
            }
        }
        network::sort(&mut self.columns);
        for (row, out) in out.chunks_exact_mut(ranks.len()).enumerate() {
            for (out, column) in out.iter_mut().zip(&self.columns[ranks.clone()]) {
                *out = column[row].word();
            }
        }
    }
}
