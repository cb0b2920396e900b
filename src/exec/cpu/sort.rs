//! Sorts: each row by itself, or a long row by all threads.
//!
//! A key alone is a word; where places are asked for, an item is a key with its place below it, so that
//! items differ where keys do not and keep their order. Short rows are sorted one after the other
//! ([`item`]), long ones by buckets ([`long`]). Where few ranks are asked for, nothing else is sorted.

mod item;
mod long;

use std::ops::Range;

use self::item::{Item, Sorter};
use super::block::Runner;
use super::code::{Code, Goal};
use super::tasks;
use crate::op::Body;
use crate::shape::Shape;

/// Elements from which a row is sorted by all threads.
const LONG: usize = 1 << 15;
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
        tasks::each(tasks, |(task, out)| {
            let mut work = runner.workspace(Vec::new());
            let (mut keys, mut items) = (vec![0; self.n], Vec::with_capacity(self.n));
            let mut sorter = Sorter::default();
            for (i, out) in out.chunks_mut(wanted).enumerate() {
                let row = task * per_task + i;
                runner.fill(&mut work, row * self.n, &mut [&mut keys]);
                items.clear();
                items.extend(keys.iter().zip(0..).map(|(&key, place)| T::new(key, place)));
                sorter.select(&mut items, self.ranks.clone());
                for (out, item) in out.iter_mut().zip(&items[self.ranks.clone()]) {
                    *out = item.word();
                }
            }
        });
    }
}
