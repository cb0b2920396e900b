//! Short rows, many at a time.
//!
//! A network exchanges the same places in every row (Batcher's merging of odds and evens), so that a
//! vector holds one place of [`ROWS`] rows and an exchange is a minimum and a maximum.

use super::item::Item;

/// Rows that are sorted together: a vector of keys where vectors are widest.
pub(super) const ROWS: usize = 16;

/// Places that are sorted before they are merged with others.
const NEAR: usize = 256;

/// Sorts the rows that are columns here; as many places as a power of two.
pub(super) fn sort<T: Item>(places: &mut [[T; ROWS]]) {
    pulp::Arch::new().dispatch(Network(places));
}

struct Network<'a, T>(&'a mut [[T; ROWS]]);

impl<T: Item> pulp::WithSimd for Network<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        // As far as they stay in the first level of cache, then all.
        for near in self.0.chunks_mut(NEAR) {
            stretches(near, 1);
        }
        stretches(self.0, NEAR);
    }
}

/// Merges sorted stretches of so many places two by two, until all are one.
#[inline(always)]
fn stretches<T: Item>(places: &mut [[T; ROWS]], mut sorted: usize) {
    while sorted < places.len() {
        for pair in places.chunks_exact_mut(2 * sorted) {
            merge(pair);
        }
        sorted *= 2;
    }
}

/// Merges two sorted halves.
#[inline(always)]
fn merge<T: Item>(places: &mut [[T; ROWS]]) {
    let half = places.len() / 2;
    let mut apart = half;
    while apart > 0 {
        // What lies before stands right already.
        let first = apart % half;
        for both in places[first..].chunks_mut(2 * apart) {
            let at = apart.min(both.len());
            let (low, high) = both.split_at_mut(at);
            for (low, high) in low.iter_mut().zip(high) {
                exchange(low, high);
            }
        }
        apart /= 2;
    }
}

#[inline(always)]
fn exchange<T: Item>(low: &mut [T; ROWS], high: &mut [T; ROWS]) {
    // Both are read before either is written: only then the compiler makes vectors of them.
    let (a, b) = (*low, *high);
    *low = std::array::from_fn(|row| a[row].min(b[row]));
    *high = std::array::from_fn(|row| a[row].max(b[row]));
}
