//! Sorts: each row by itself, or a long row by all threads.
//!
//! A key alone is a word; where places are asked for, an item is a key with its place below it, so that
//! items differ where keys do not and keep their order. Short rows are sorted side by side ([`network`])
//! or one after the other ([`item`]), long ones by buckets ([`long`]). Where few ranks are asked for, nothing
//! else is sorted; where one is, or rows are only parted, no item moves before its key is known ([`select`]).

mod item;
mod kept;
mod long;
mod network;
mod part;
mod passes;
mod rows;
mod select;

use self::item::Item;
use super::block::Runner;
use super::code::{Code, Goal};
use crate::op::{Body, Wanted};
use crate::shape::Shape;

/// Elements from which a row is sorted by all threads.
const LONG: usize = 1 << 15;

/// A sort of the prologue's keys along the last axis, ready to run.
pub(super) struct Sort {
    pub(super) code: Code,
    places: bool,
    wanted: Wanted,
    /// Elements of a row.
    n: usize,
}

impl Sort {
    pub(super) fn new(places: bool, wanted: Wanted, prologue: &Body, shape: &Shape) -> Self {
        Self {
            code: Code::with_goal(prologue, shape, None, Goal::default()),
            places,
            wanted,
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
        if self.n < LONG {
            return rows::sort::<T>(self, runner, out);
        }
        for (row, out) in out.chunks_mut(self.wanted.count(self.n)).enumerate() {
            let row = row * self.n..(row + 1) * self.n;
            match self.wanted {
                Wanted::Parted(rank) => select::parted::<T>(runner, row, rank, out),
                Wanted::Ranks(rank, end) if end - rank == 1 => {
                    out[0] = select::one::<T>(runner, row, rank);
                }
                Wanted::Ranks(first, last) => long::sort::<T>(runner, row, first..last, out),
            }
        }
    }
}
