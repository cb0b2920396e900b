//! Long rows, by all threads.
//!
//! A row is cut into chunks, and the range of its keys into buckets of equal width. Each chunk puts its
//! items in the order of the buckets; then each bucket is put together from all chunks and sorted by
//! itself. Of the buckets only those are looked at that hold wanted ranks. Chunks and buckets depend on
//! the row alone.

use std::cell::Cell;
use std::ops::Range;

use super::item::{Item, Sorter};
use super::{kept, passes};
use crate::exec::cpu::block::Runner;
use crate::exec::cpu::tasks;

/// Chunks of a row, and the least and most elements of one.
const CHUNKS: usize = 16;
const LEAST: usize = 1 << 14;
const MOST: usize = 1 << 18;
/// Buckets are numbered with so many bits.
pub(super) const BITS: u32 = 11;
/// Elements that a task sorts at least.
const TASK: usize = 1 << 14;

thread_local! {
    /// The memory of the keys of a chunk.
    static KEYS: Cell<Vec<u32>> = const { Cell::new(Vec::new()) };
}

/// Elements of a chunk of a row of that many.
pub(super) fn chunk_size(n: usize) -> usize {
    n.div_ceil(CHUNKS).clamp(LEAST, MOST)
}

/// A part of a row.
struct Chunk<'m, T> {
    items: &'m mut [T],
    /// The wanted items in the order of the buckets.
    ordered: &'m mut [T],
    /// The least and the largest key.
    range: (u32, u32),
    /// How many items each bucket has; then where each wanted one starts among the ordered items, and where
    /// the last one ends.
    starts: Vec<u32>,
}

/// How keys fall into buckets.
#[derive(Clone, Copy)]
pub(super) struct Buckets {
    pub(super) least: u32,
    /// Bits by which keys of one bucket may differ.
    pub(super) shift: u32,
}

impl Buckets {
    /// The least key that a bucket may hold, and how far from it the largest may be.
    pub(super) fn range(self, bucket: usize) -> (u32, u32) {
        let least = self.least + ((bucket as u32) << self.shift);
        (least, (1u32 << self.shift) - 1)
    }

    #[inline(always)]
    pub(super) fn of(self, key: u32) -> usize {
        ((key - self.least) >> self.shift) as usize
    }
}

/// Fills `out` with the wanted ranks of the elements of a row.
pub(super) fn sort<T: Item>(
    runner: &Runner<'_>,
    row: Range<usize>,
    ranks: Range<usize>,
    out: &mut [u32],
) {
    let n = row.len();
    kept::lend(2 * n, |items: &mut [T]| {
        let (items, ordered) = items.split_at_mut(n);
        sort_in(runner, row, ranks, (items, ordered), out);
    });
}

/// As [`sort`], in memory for the items twice.
fn sort_in<T: Item>(
    runner: &Runner<'_>,
    row: Range<usize>,
    ranks: Range<usize>,
    (items, ordered): (&mut [T], &mut [T]),
    out: &mut [u32],
) {
    let size = chunk_size(row.len());
    let parts = items.chunks_mut(size).zip(ordered.chunks_mut(size));
    let mut chunks: Vec<Chunk<'_, T>> = parts
        .map(|(items, ordered)| Chunk {
            items,
            ordered,
            range: (u32::MAX, 0),
            starts: Vec::new(),
        })
        .collect();
    tasks::each(chunks.iter_mut().enumerate(), |(i, chunk)| {
        let first = i * size;
        let mut memory = KEYS.take();
        memory.resize(memory.len().max(chunk.items.len()), 0);
        let keys = &mut memory[..chunk.items.len()];
        let mut work = runner.workspace(Vec::new());
        runner.fill(&mut work, row.start + first, &mut [&mut *keys]);
        chunk.range = passes::range(keys);
        let keys = keys.iter().zip(first as u32..);
        for (item, (&key, place)) in chunk.items.iter_mut().zip(keys) {
            *item = T::new(key, place);
        }
        KEYS.set(memory);
    });
    let least = chunks.iter().map(|c| c.range.0).fold(u32::MAX, u32::min);
    let most = chunks.iter().map(|c| c.range.1).fold(0, u32::max);
    let bits = u32::BITS - (most - least).leading_zeros();
    let buckets = Buckets {
        least,
        shift: bits.saturating_sub(BITS),
    };
    let count = buckets.of(most) + 1;
    tasks::each(chunks.iter_mut(), |chunk| chunk.count(buckets, count));
    let totals: Vec<usize> = (0..count)
        .map(|b| chunks.iter().map(|c| c.starts[b] as usize).sum())
        .collect();
    let wanted = Wanted::new(&totals, &ranks);
    tasks::each(chunks.iter_mut(), |chunk| {
        chunk.order(buckets, &wanted.buckets)
    });

    // Buckets as tasks, each with its share of what is stored.
    let mut work = Vec::new();
    let mut rest = out;
    let (mut first, mut rank) = (wanted.buckets.start, wanted.rank);
    while first < wanted.buckets.end {
        let (mut last, mut end) = (first, rank);
        while last < wanted.buckets.end && end - rank < TASK {
            end += totals[last];
            last += 1;
        }
        let len = end.min(ranks.end) - rank.max(ranks.start);
        let (own, others) = rest.split_at_mut(len);
        work.push((first..last, rank, own));
        (rest, first, rank) = (others, last, end);
    }
    tasks::each(work.into_iter(), |(numbers, mut rank, out)| {
        let mut sorter = Sorter::default();
        let mut items: Vec<T> = Vec::new();
        let mut out = out.iter_mut();
        for bucket in numbers {
            let at = bucket - wanted.buckets.start;
            items.clear();
            for chunk in &chunks {
                let [start, end] = [at, at + 1].map(|b| chunk.starts[b] as usize);
                items.extend_from_slice(&chunk.ordered[start..end]);
            }
            let within = ranks.start.max(rank) - rank..ranks.end.min(rank + items.len()) - rank;
            let shift = buckets.shift;
            let least = least + ((bucket as u32) << shift);
            match 8 * within.len() < items.len() {
                true => sorter.select(&mut items, within.clone()),
                false => sorter.by_digits(&mut items, least, shift),
            }
            rank += items.len();
            for (item, out) in items[within].iter().zip(out.by_ref()) {
                *out = item.word();
            }
        }
    });
}

/// The buckets that hold wanted ranks, and the rank of the first item in them.
struct Wanted {
    buckets: Range<usize>,
    rank: usize,
}

impl Wanted {
    fn new(totals: &[usize], ranks: &Range<usize>) -> Self {
        let mut wanted = Self {
            buckets: 0..0,
            rank: 0,
        };
        let mut sum = 0;
        for (bucket, total) in totals.iter().enumerate() {
            if sum <= ranks.start {
                wanted.buckets.start = bucket;
                wanted.rank = sum;
            }
            if sum < ranks.end {
                wanted.buckets.end = bucket + 1;
            }
            sum += total;
        }
        wanted
    }
}

impl<T: Item> Chunk<'_, T> {
    /// Counts the items of each bucket.
    fn count(&mut self, buckets: Buckets, count: usize) {
        self.starts = vec![0; count];
        for item in self.items.iter() {
            self.starts[buckets.of(item.key())] += 1;
        }
    }

    /// Puts the items of some buckets in their order.
    fn order(&mut self, buckets: Buckets, wanted: &Range<usize>) {
        let mut sum = 0;
        let mut next: Vec<u32> = Vec::with_capacity(wanted.len() + 1);
        for count in &self.starts[wanted.clone()] {
            next.push(sum);
            sum += count;
        }
        next.push(sum);
        self.starts.clone_from(&next);
        for &item in self.items.iter() {
            let bucket = buckets.of(item.key()).wrapping_sub(wanted.start);
            if bucket < wanted.len() {
                self.ordered[next[bucket] as usize] = item;
                next[bucket] += 1;
            }
        }
    }
}
