//! What is sorted, and sorting what is at hand.

use std::ops::Range;

/// A key, with its place or without.
pub(super) trait Item: bytemuck::Pod + Ord + Default + Send + Sync {
    /// A vector of items.
    type Vector<S: pulp::Simd>: bytemuck::Pod;

    /// No item is larger.
    const LAST: Self;

    fn new(key: u32, place: u32) -> Self;
    fn key(self) -> u32;
    /// What is asked for: the place, or else the key.
    fn word(self) -> u32;
    /// The smaller and the larger one, lane by lane.
    fn exchange<S: pulp::Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
    ) -> (Self::Vector<S>, Self::Vector<S>);
}

impl Item for u32 {
    type Vector<S: pulp::Simd> = S::u32s;

    const LAST: Self = Self::MAX;

    #[inline(always)]
    fn new(key: u32, _place: u32) -> Self {
        key
    }

    #[inline(always)]
    fn key(self) -> u32 {
        self
    }

    #[inline(always)]
    fn word(self) -> u32 {
        self
    }

    #[inline(always)]
    fn exchange<S: pulp::Simd>(simd: S, a: S::u32s, b: S::u32s) -> (S::u32s, S::u32s) {
        let less = simd.less_than_u32s(a, b);
        (simd.select_u32s(less, a, b), simd.select_u32s(less, b, a))
    }
}

impl Item for u64 {
    type Vector<S: pulp::Simd> = S::u64s;

    const LAST: Self = Self::MAX;

    #[inline(always)]
    fn new(key: u32, place: u32) -> Self {
        (key as u64) << 32 | place as u64
    }

    #[inline(always)]
    fn key(self) -> u32 {
        (self >> 32) as u32
    }

    #[inline(always)]
    fn word(self) -> u32 {
        self as u32
    }

    #[inline(always)]
    fn exchange<S: pulp::Simd>(simd: S, a: S::u64s, b: S::u64s) -> (S::u64s, S::u64s) {
        let less = simd.less_than_u64s(a, b);
        (simd.select_u64s(less, a, b), simd.select_u64s(less, b, a))
    }
}

/// Items from which going through them digit by digit is faster than comparing them.
const MANY: usize = 192;
/// Items from which digits may have more bits, and the most bits of a digit.
const MOST: usize = 1 << 13;
const SHORT: u32 = 8;
const WIDE: u32 = 11;

/// Sorts items, with memory that it keeps.
pub(super) struct Sorter<T> {
    spare: Vec<T>,
    counts: Vec<u32>,
}

impl<T> Default for Sorter<T> {
    fn default() -> Self {
        Self {
            spare: Vec::new(),
            counts: Vec::new(),
        }
    }
}

impl<T: Item> Sorter<T> {
    /// Has the items of some ranks in their places, in order.
    pub(super) fn select(&mut self, items: &mut [T], ranks: Range<usize>) {
        let n = items.len();
        if 4 * ranks.len() > n || n < MANY {
            return self.sort(items);
        }
        if ranks.is_empty() {
            return;
        }
        // No two items with places are equal, so that order is kept.
        let (_, _, behind) = items.select_nth_unstable(ranks.start);
        if ranks.len() > 1 {
            behind.select_nth_unstable(ranks.len() - 2);
        }
        self.sort(&mut items[ranks]);
    }

    /// Sorts the items by their keys, those that are equal by their places.
    pub(super) fn sort(&mut self, items: &mut [T]) {
        if items.len() < MANY {
            return items.sort_unstable();
        }
        let keys = || items.iter().map(|item| item.key());
        let least = keys().fold(u32::MAX, u32::min);
        let most = keys().fold(0, u32::max);
        self.by_digits(items, least, u32::BITS - (most - least).leading_zeros());
    }

    /// Sorts items that stand in the order of their places, whose keys less the least have so many bits.
    pub(super) fn by_digits(&mut self, items: &mut [T], least: u32, bits: u32) {
        if bits == 0 {
            return;
        }
        if items.len() < MANY {
            return items.sort_unstable();
        }
        let most = if items.len() < MOST { SHORT } else { WIDE };
        let digits = bits.div_ceil(most);
        let width = bits.div_ceil(digits);
        let mask = (1u32 << width) - 1;
        let Self { spare, counts } = self;
        if spare.len() < items.len() {
            spare.resize(items.len(), T::default());
        }
        let spare = &mut spare[..items.len()];
        counts.clear();
        counts.resize((digits as usize) << width, 0);
        for item in items.iter() {
            let mut rest = item.key() - least;
            for counts in counts.chunks_exact_mut(1 << width) {
                counts[(rest & mask) as usize] += 1;
                rest >>= width;
            }
        }
        let (mut from, mut to) = (&mut *items, &mut *spare);
        for (digit, counts) in (0..digits).zip(counts.chunks_exact_mut(1 << width)) {
            let mut sum = 0;
            for count in counts.iter_mut() {
                (*count, sum) = (sum, sum + *count);
            }
            for &item in from.iter() {
                let place = &mut counts[((item.key() - least) >> (digit * width) & mask) as usize];
                to[*place as usize] = item;
                *place += 1;
            }
            std::mem::swap(&mut from, &mut to);
        }
        if !digits.is_multiple_of(2) {
            to.copy_from_slice(from);
        }
    }
}
