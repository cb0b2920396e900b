//! Parting keys.

use super::item::Item;

/// How many keys are smaller than one, and how many are equal to it.
pub(super) fn count(keys: &[u32], key: u32) -> [usize; 2] {
    struct Count<'a>(&'a [u32], u32);
    impl pulp::WithSimd for Count<'_> {
        type Output = [usize; 2];

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> [usize; 2] {
            let Self(keys, key) = self;
            let mut counts = [0u32; 2];
            for &k in keys {
                counts[0] += u32::from(k < key);
                counts[1] += u32::from(k == key);
            }
            counts.map(|count| count as usize)
        }
    }
    pulp::Arch::new().dispatch(Count(keys, key))
}

/// Puts the words of the items whose keys are smaller than one, equal to it, and larger, to a part each, in
/// their order. The first has that place; each part has room for its items.
pub(super) fn part<T: Item>(keys: &[u32], first: u32, key: u32, parts: [&mut [u32]; 3]) {
    let [smaller, equal, larger] = parts;
    let mut next = [0; 3];
    for (&k, place) in keys.iter().zip(first..) {
        // Stored to all and counted for its own: to choose one is dearer.
        let word = T::new(k, place).word();
        if let Some(out) = smaller.get_mut(next[0]) {
            *out = word;
        }
        if let Some(out) = equal.get_mut(next[1]) {
            *out = word;
        }
        if let Some(out) = larger.get_mut(next[2]) {
            *out = word;
        }
        next[0] += usize::from(k < key);
        next[1] += usize::from(k == key);
        next[2] += usize::from(k > key);
    }
}
