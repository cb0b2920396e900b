//! Long rows, by all threads.
//!
//! A row is cut into chunks, and the range of its keys into buckets of equal width. Each chunk puts its
//! items in the order of the buckets; then each bucket is put together from all chunks and sorted by
//! itself. Of the buckets only those are looked at that hold wanted ranks. Chunks and buckets depend on
//! the row alone.

use std::ops::Range;

use super::item::{Item, Sorter};
use crate::exec::cpu::block::Runner;
use crate::exec::cpu::tasks;

/// Chunks of a row, and the least and most elements of one.
const CHUNKS: usize = 16;
const LEAST: usize = 1 << 14;
const MOST: usize = 1 << 18;
/// Buckets are numbered with so many bits.
const BITS: u32 = 11;
/// Elements that a task sorts at least.
const TASK: usize = 1 << 14;

/// A part of a row.
struct Chunk<T> {
    items: Vec<T>,
    /// The least and the largest key.
    range: (u32, u32),
    /// Where each bucket starts, once the items are in their order, and where the last one ends.
    starts: Vec<u32>,
}

/// How keys fall into buckets.
#[derive(Clone, Copy)]
struct Buckets {
    least: u32,
    /// Bits by which keys of one bucket may differ.
    shift: u32,
}

impl Buckets {
    #[inline(always)]
    fn of(self, key: u32) -> usize {
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
    let size = n.div_ceil(CHUNKS).clamp(LEAST, MOST);
    let mut chunks: Vec<Chunk<T>> = Vec::new();
    chunks.resize_with(n.div_ceil(size), || Chunk {
        items: Vec::new(),
        range: (u32::MAX, 0),
        starts: Vec::new(),
    });
    tasks::each(chunks.iter_mut().enumerate(), |(i, chunk)| {
        let first = i * size;
        let mut keys = vec![0; size.min(n - first)];
        let mut work = runner.workspace(Vec::new());
        runner.fill(&mut work, row.start + first, &mut [&mut keys]);
        let least = keys.iter().copied().fold(u32::MAX, u32::min);
        chunk.range = (least, keys.iter().copied().fold(0, u32::max));
        let places = first as u32..;
        chunk.items = keys
            .iter()
            .zip(places)
            .map(|(&key, place)| T::new(key, place))
            .collect();
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
                items.extend_from_slice(&chunk.items[start..end]);
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

impl<T: Item> Chunk<T> {
    /// Counts the items of each bucket.
    fn count(&mut self, buckets: Buckets, count: usize) {
        self.starts = vec![0; count];
        for item in &self.items {
            self.starts[buckets.of(item.key())] += 1;
        }
    }

    /// Puts the items of some buckets in their order; the others go.
    fn order(&mut self, buckets: Buckets, wanted: &Range<usize>) {
        let mut sum = 0;
        let mut next: Vec<u32> = Vec::with_capacity(wanted.len() + 1);
        for count in &self.starts[wanted.clone()] {
            next.push(sum);
            sum += count;
        }
        next.push(sum);
        self.starts.clone_from(&next);
        let mut items = vec![T::default(); sum as usize];
        for &item in &self.items {
            let bucket = buckets.of(item.key()).wrapping_sub(wanted.start);
            if bucket < wanted.len() {
                items[next[bucket] as usize] = item;
                next[bucket] += 1;
            }
        }
        self.items = items;
    }
}
