//! The key of one rank of a long row, by all threads, and the row parted by it.
//!
//! Each chunk of a row counts how many of its keys fall into each of some buckets of equal width. The counts
//! tell which bucket holds the rank; its keys alone are looked at in the next round, with narrower
//! buckets, until they are few or one key is left. Counts of what came before are kept, so that every chunk
//! knows in the end how many of its keys are smaller.

use std::ops::Range;

use super::item::Item;
use super::kept;
use super::long::{BITS, Buckets, chunk_size};
use super::part::part;
use super::passes;
use crate::exec::cpu::block::Runner;
use crate::exec::cpu::tasks;

/// Keys of a bucket that one thread selects from.
const FEW: usize = 1 << 12;
/// The same where one thread has the whole row, and counting them once more costs no waiting.
const ROW_FEW: usize = 1 << 6;

/// A part of a row.
struct Chunk<'m> {
    keys: &'m [u32],
    /// The least and the largest key.
    range: (u32, u32),
    counts: Vec<u32>,
    /// The keys of the bucket that holds the rank, once there is one.
    open: Option<Vec<u32>>,
    /// Keys that are smaller than these and, once its key is known, than that of the rank; keys equal to it.
    smaller: usize,
    equal: usize,
}

/// The word of the element of one rank.
pub(super) fn one<T: Item>(runner: &Runner<'_>, row: Range<usize>, rank: usize) -> u32 {
    kept::lend(row.len(), |keys| {
        let (key, chunks) = find(runner, row.start, keys, rank);
        // Of equal ones the rank says which: those before it in its own chunk and in the ones before.
        let mut before = rank - chunks.iter().map(|c| c.smaller).sum::<usize>();
        let mut first = 0;
        for chunk in &chunks {
            if before < chunk.equal {
                let mut equal = chunk.keys.iter().zip(first..).filter(|(k, _)| **k == key);
                return equal
                    .nth(before)
                    .map_or(key, |(&key, place)| T::new(key, place).word());
            }
            before -= chunk.equal;
            first += chunk.keys.len() as u32;
        }
        unreachable!("a rank is below the number of elements")
    })
}

/// Fills `out` with the words of a row parted by the key of a rank.
pub(super) fn parted<T: Item>(
    runner: &Runner<'_>,
    row: Range<usize>,
    rank: usize,
    out: &mut [u32],
) {
    kept::lend(row.len(), |keys| {
        let (key, chunks) = find(runner, row.start, keys, rank);
        let smaller = chunks.iter().map(|c| c.smaller).sum();
        let equal = chunks.iter().map(|c| c.equal).sum();
        let (smaller, rest) = out.split_at_mut(smaller);
        let (equal, larger) = rest.split_at_mut(equal);
        let mut rests = [smaller, equal, larger];
        let mut tasks = Vec::with_capacity(chunks.len());
        let mut first = 0;
        for chunk in &chunks {
            let larger = chunk.keys.len() - chunk.smaller - chunk.equal;
            let counts = [chunk.smaller, chunk.equal, larger];
            let mut parts: [&mut [u32]; 3] = Default::default();
            for ((part, rest), count) in parts.iter_mut().zip(&mut rests).zip(counts) {
                *part = rest.split_off_mut(..count).unwrap_or_default();
            }
            tasks.push((chunk.keys, first, parts));
            first += chunk.keys.len() as u32;
        }
        tasks::each(tasks.into_iter(), |(keys, first, parts)| {
            part::<T>(keys, first, key, parts);
        });
    });
}

/// Computes the keys of a row; the one of a rank, and how many keys of each chunk are smaller or equal.
fn find<'m>(
    runner: &Runner<'_>,
    start: usize,
    keys: &'m mut [u32],
    rank: usize,
) -> (u32, Vec<Chunk<'m>>) {
    let size = chunk_size(keys.len());
    let shares: Vec<&mut [u32]> = keys.chunks_mut(size).collect();
    let mut chunks: Vec<Option<Chunk<'m>>> = shares.iter().map(|_| None).collect();
    let filling = chunks.iter_mut().zip(shares).enumerate();
    tasks::each(filling, |(i, (chunk, keys))| {
        let mut work = runner.workspace(Vec::new());
        runner.fill(&mut work, start + i * size, &mut [&mut *keys]);
        *chunk = Some(Chunk {
            range: passes::range(keys),
            keys,
            counts: Vec::new(),
            open: None,
            smaller: 0,
            equal: 0,
        });
    });
    let mut chunks: Vec<Chunk<'m>> = chunks.into_iter().flatten().collect();
    let least = chunks.iter().map(|c| c.range.0).fold(u32::MAX, u32::min);
    let most = chunks.iter().map(|c| c.range.1).fold(0, u32::max);
    let key = narrow(&mut chunks, rank, (least, most), (BITS, FEW));
    (key, chunks)
}

/// The key of a rank of a row that one thread looks at, how many keys are smaller, and how many equal to it; with
/// memory that is kept.
pub(super) fn in_row(keys: &[u32], rank: usize, counts: &mut Vec<u32>) -> (u32, [usize; 2]) {
    let mut chunk = Chunk {
        keys,
        range: passes::range(keys),
        counts: std::mem::take(counts),
        open: None,
        smaller: 0,
        equal: 0,
    };
    // Half as many buckets as keys, which take as long to go through as these.
    let bits = keys.len().ilog2().saturating_sub(1).clamp(1, BITS);
    let range = chunk.range;
    let key = narrow(
        std::slice::from_mut(&mut chunk),
        rank,
        range,
        (bits, ROW_FEW),
    );
    *counts = chunk.counts;
    (key, [chunk.smaller, chunk.equal])
}

/// Finds the key of a rank among keys from `least` to `most`, by buckets of so many bits until so few keys are left.
fn narrow(
    chunks: &mut [Chunk<'_>],
    mut rank: usize,
    (mut least, most): (u32, u32),
    (digit, few): (u32, usize),
) -> u32 {
    let mut bits = u32::BITS - (most - least).leading_zeros();
    loop {
        let shift = bits.saturating_sub(digit);
        let buckets = Buckets { least, shift };
        let count = 1 << (bits - shift);
        tasks::each(chunks.iter_mut(), |chunk| chunk.count(buckets, count));
        let total = |b: usize| chunks.iter().map(|c| c.counts[b] as usize).sum::<usize>();
        let (mut bucket, mut items) = (0, total(0));
        while rank >= items {
            rank -= items;
            bucket += 1;
            items = total(bucket);
        }
        least += (bucket as u32) << shift;
        bits = shift;
        for chunk in chunks.iter_mut() {
            let before: u32 = chunk.counts[..bucket].iter().sum();
            chunk.smaller += before as usize;
            chunk.equal = chunk.counts[bucket] as usize;
        }
        if bits == 0 {
            return least;
        }
        tasks::each(chunks.iter_mut(), |chunk| chunk.keep(buckets, bucket));
        if items <= few {
            break;
        }
    }
    let open = chunks.iter().flat_map(|c| c.open.iter().flatten());
    let mut keys: Vec<u32> = open.copied().collect();
    let key = *keys.select_nth_unstable(rank).1;
    for chunk in chunks {
        let [smaller, equal] = passes::count(chunk.open.as_deref().unwrap_or_default(), key);
        chunk.smaller += smaller;
        chunk.equal = equal;
    }
    key
}

impl Chunk<'_> {
    /// Counts the keys of each bucket.
    fn count(&mut self, buckets: Buckets, count: usize) {
        self.counts.clear();
        self.counts.resize(2 * count, 0);
        // By turns in two memories, since neighbours are often of one bucket.
        let (even, odd) = self.counts.split_at_mut(count);
        let (pairs, rest) = self.open.as_deref().unwrap_or(self.keys).as_chunks::<2>();
        for &[a, b] in pairs {
            even[buckets.of(a)] += 1;
            odd[buckets.of(b)] += 1;
        }
        for &key in rest {
            even[buckets.of(key)] += 1;
        }
        for (even, odd) in even.iter_mut().zip(odd) {
            *even += *odd;
        }
    }

    /// Keeps the keys of one bucket.
    fn keep(&mut self, buckets: Buckets, bucket: usize) {
        let keys = self.open.as_deref().unwrap_or(self.keys);
        let (least, width) = buckets.range(bucket);
        self.open = Some(passes::within(keys, least, width, self.equal));
    }
}
