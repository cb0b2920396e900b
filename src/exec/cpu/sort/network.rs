//! Short rows, many at a time.
//!
//! A network exchanges the same places in every row (Batcher's bitonic merging, all of it upwards), so that a
//! vector holds one place of as many rows as it has lanes, and an exchange is a minimum and a maximum.
//! Eight places go through three rounds of exchanges between being read and written.

use std::ops::Range;

use super::item::Item;

/// Places that stay in the first level of cache: these are sorted before they are merged with others.
const NEAR: usize = 256;
/// Places of a row that are turned into vectors at once: a line of cache.
const LINE: usize = 16;

/// Rows that are sorted side by side; 1 where there are no vectors.
pub(super) fn lanes<T: Item>() -> usize {
    struct Lanes<T>(std::marker::PhantomData<T>);
    impl<T: Item> pulp::WithSimd for Lanes<T> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> usize {
            lanes_of::<S, T>()
        }
    }
    pulp::Arch::new().dispatch(Lanes::<T>(std::marker::PhantomData))
}

#[inline(always)]
fn lanes_of<S: pulp::Simd, T: Item>() -> usize {
    size_of::<T::Vector<S>>() / size_of::<T>()
}

/// Rows of keys, and where the words of the wanted ranks of each go.
pub(super) struct Rows<'a, T> {
    pub(super) keys: &'a [u32],
    /// Keys of a row.
    pub(super) n: usize,
    pub(super) ranks: Range<usize>,
    /// Memory that is kept.
    pub(super) columns: &'a mut Vec<T>,
    pub(super) out: &'a mut [u32],
}

impl<T: Item> Rows<'_, T> {
    pub(super) fn sort(self) {
        pulp::Arch::new().dispatch(self);
    }
}

impl<T: Item> pulp::WithSimd for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let Self {
            keys,
            n,
            ranks,
            columns,
            out,
        } = self;
        let lanes = lanes_of::<S, T>();
        let width = n.next_power_of_two().max(8);
        let aligned = 64 / size_of::<T>();
        columns.clear();
        columns.resize(width * lanes + aligned, T::LAST);
        let first = columns.as_ptr().align_offset(64).min(aligned);
        let columns = &mut columns[first..][..width * lanes];
        let groups = out.chunks_mut(lanes * ranks.len());
        for (keys, out) in keys.chunks(lanes * n).zip(groups) {
            // A group of fewer rows sorts what is there in the other lanes.
            turn(keys, n, columns, lanes);
            let filled: &mut [T] = &mut columns[n * lanes..];
            filled.fill(T::LAST);
            let places = bytemuck::cast_slice_mut(columns);
            select::<S, T>(simd, places, n, ranks.end);
            turn_back(&columns[ranks.start * lanes..], lanes, out, ranks.len());
        }
    }
}

/// Has each place of all rows side by side.
#[inline(always)]
fn turn<T: Item>(keys: &[u32], n: usize, columns: &mut [T], lanes: usize) {
    for start in (0..n).step_by(LINE) {
        let columns = &mut columns[start * lanes..];
        for (row, keys) in keys.chunks_exact(n).enumerate() {
            let keys = &keys[start..n.min(start + LINE)];
            for ((column, &key), place) in columns.chunks_exact_mut(lanes).zip(keys).zip(start..) {
                column[row] = T::new(key, place as u32);
            }
        }
    }
}

/// Has the words of each row in order, `n` of them.
#[inline(always)]
fn turn_back<T: Item>(columns: &[T], lanes: usize, out: &mut [u32], n: usize) {
    for start in (0..n).step_by(LINE) {
        let columns = &columns[start * lanes..];
        for (row, out) in out.chunks_exact_mut(n).enumerate() {
            let out = &mut out[start..n.min(start + LINE)];
            for (out, column) in out.iter_mut().zip(columns.chunks_exact(lanes)) {
                *out = column[row].word();
            }
        }
    }
}

/// Sorts the first `n` places as far as the ranks below `end` are concerned; no other item is smaller than
/// those behind.
#[inline(always)]
fn select<S: pulp::Simd, T: Item>(simd: S, places: &mut [T::Vector<S>], n: usize, end: usize) {
    let kept = end.next_power_of_two().max(8);
    if 4 * kept > places.len() {
        return sort::<S, T>(simd, places, n);
    }
    for (start, part) in (0..n).step_by(kept).zip(places.chunks_exact_mut(kept)) {
        sort::<S, T>(simd, part, (n - start).min(kept));
    }
    // Of two sorted parts, the smaller ones of pairs from opposite ends are the smaller half.
    let (least, rest) = places.split_at_mut(kept);
    for (_, part) in (kept..n).step_by(kept).zip(rest.chunks_exact(kept)) {
        for (least, &other) in least.iter_mut().zip(part.iter().rev()) {
            *least = T::exchange(simd, *least, other).0;
        }
        clean::<S, T>(simd, least, kept / 2);
    }
}

/// Sorts places, as many as a power of two, of which those from `n` on hold the last items.
#[inline(always)]
fn sort<S: pulp::Simd, T: Item>(simd: S, places: &mut [T::Vector<S>], n: usize) {
    for (start, near) in (0..n).step_by(NEAR).zip(places.chunks_mut(NEAR)) {
        for eight in near.as_chunks_mut::<8>().0 {
            exchange::<S, T, 8>(simd, eight, &FOURS);
            exchange::<S, T, 8>(simd, eight, &EIGHT);
        }
        merge::<S, T>(simd, near, 16, n - start);
    }
    merge::<S, T>(simd, places, 2 * NEAR, n);
}

/// Merges sorted halves of stretches of that size, then of longer ones, until all are one.
#[inline(always)]
fn merge<S: pulp::Simd, T: Item>(simd: S, places: &mut [T::Vector<S>], mut size: usize, n: usize) {
    while size <= places.len() {
        for (start, both) in (0..n).step_by(size).zip(places.chunks_exact_mut(size)) {
            // The last items stand behind already.
            if start + size / 2 >= n {
                break;
            }
            let part = size / 8;
            for i in 0..part {
                let mirrored = part - 1 - i;
                let at = |j: usize| j * part + if j < 4 { i } else { mirrored };
                through::<S, T>(simd, both, at, &FLIPPED);
            }
            clean::<S, T>(simd, both, part / 2);
        }
        size *= 2;
    }
}

/// Sorts stretches of twice that many places which rise and fall once each.
#[inline(always)]
fn clean<S: pulp::Simd, T: Item>(simd: S, places: &mut [T::Vector<S>], mut apart: usize) {
    while apart >= 4 {
        let part = apart / 4;
        for both in places.chunks_exact_mut(2 * apart) {
            for i in 0..part {
                through::<S, T>(simd, both, |j| j * part + i, &HALVES);
            }
        }
        apart /= 8;
    }
    match apart {
        2 => {
            for four in places.as_chunks_mut::<4>().0 {
                exchange::<S, T, 4>(simd, four, &[(0, 2), (1, 3), (0, 1), (2, 3)]);
            }
        }
        1 => {
            for two in places.as_chunks_mut::<2>().0 {
                exchange::<S, T, 2>(simd, two, &[(0, 1)]);
            }
        }
        _ => {}
    }
}

/// Exchanges among eight, in which each list of pairs is of independent rounds: sorted fours; those merged;
/// halves merged of which the second stands mirrored; what rises and falls sorted.
const FOURS: [(usize, usize); 10] = [
    (0, 1),
    (2, 3),
    (4, 5),
    (6, 7),
    (0, 2),
    (1, 3),
    (4, 6),
    (5, 7),
    (1, 2),
    (5, 6),
];
const EIGHT: [(usize, usize); 9] = [
    (0, 4),
    (3, 7),
    (1, 5),
    (2, 6),
    (1, 4),
    (3, 6),
    (2, 4),
    (3, 5),
    (3, 4),
];
const FLIPPED: [(usize, usize); 12] = [
    (0, 7),
    (1, 6),
    (2, 5),
    (3, 4),
    (0, 2),
    (1, 3),
    (4, 6),
    (5, 7),
    (0, 1),
    (2, 3),
    (4, 5),
    (6, 7),
];
const HALVES: [(usize, usize); 12] = [
    (0, 4),
    (1, 5),
    (2, 6),
    (3, 7),
    (0, 2),
    (1, 3),
    (4, 6),
    (5, 7),
    (0, 1),
    (2, 3),
    (4, 5),
    (6, 7),
];

/// Has eight places go through exchanges in registers.
#[inline(always)]
fn through<S: pulp::Simd, T: Item>(
    simd: S,
    places: &mut [T::Vector<S>],
    at: impl Fn(usize) -> usize,
    pairs: &[(usize, usize)],
) {
    let mut eight: [T::Vector<S>; 8] = [
        places[at(0)],
        places[at(1)],
        places[at(2)],
        places[at(3)],
        places[at(4)],
        places[at(5)],
        places[at(6)],
        places[at(7)],
    ];
    exchange::<S, T, 8>(simd, &mut eight, pairs);
    for (j, &place) in eight.iter().enumerate() {
        places[at(j)] = place;
    }
}

/// Lists of more than twelve pairs would stay a loop, and their places in memory.
#[inline(always)]
fn exchange<S: pulp::Simd, T: Item, const N: usize>(
    simd: S,
    places: &mut [T::Vector<S>; N],
    pairs: &[(usize, usize)],
) {
    for &(a, b) in pairs {
        (places[a], places[b]) = T::exchange(simd, places[a], places[b]);
    }
}
