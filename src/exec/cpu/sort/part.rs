//! Parting keys: one pass that puts each item to its side, in order.

use super::item::Item;

/// Items that are put to their sides before these are stored.
const BLOCK: usize = 256;
/// Items that are put to their sides at once where vectors can be compressed (AVX-512).
const LANES: usize = 16;

/// Puts the words of the items whose keys are smaller than one, equal to it, and larger, to a part each, in
/// their order. The first has that place; each part has room for its items.
pub(super) fn part<T: Item>(keys: &[u32], first: u32, key: u32, parts: [&mut [u32]; 3]) {
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => {
            pulp::Simd::vectorize(simd, Part::<T, _>::new(simd, keys, first, key, parts));
        }
        arch => arch.dispatch(Part::<T, _>::new(OneByOne, keys, first, key, parts)),
    }
}

/// Words of one side.
#[derive(Clone, Copy)]
struct Side {
    words: [u32; BLOCK + LANES],
    count: usize,
}

/// How items are put to their sides.
trait Split: Copy {
    /// Puts words behind those of the side that their keys belong to.
    fn split(self, keys: &[u32; LANES], words: &[u32; LANES], key: u32, sides: &mut [Side; 3]);
}

#[derive(Clone, Copy)]
struct OneByOne;

impl OneByOne {
    #[inline(always)]
    fn put(k: u32, word: u32, key: u32, sides: &mut [Side; 3]) {
        // Stored to all and counted for its own: to choose one is dearer.
        for (side, is) in sides.iter_mut().zip([k < key, k == key, k > key]) {
            side.words[side.count] = word;
            side.count += usize::from(is);
        }
    }
}

impl Split for OneByOne {
    #[inline(always)]
    fn split(self, keys: &[u32; LANES], words: &[u32; LANES], key: u32, sides: &mut [Side; 3]) {
        for (&k, &word) in keys.iter().zip(words) {
            Self::put(k, word, key, sides);
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Split for pulp::x86::V4 {
    #[inline(always)]
    fn split(self, keys: &[u32; LANES], words: &[u32; LANES], key: u32, sides: &mut [Side; 3]) {
        let avx = self.avx512f;
        let (keys, words) = (pulp::cast(*keys), pulp::cast(*words));
        let key = avx._mm512_set1_epi32(key.cast_signed());
        let masks = [
            avx._mm512_cmplt_epu32_mask(keys, key),
            avx._mm512_cmpeq_epu32_mask(keys, key),
            avx._mm512_cmplt_epu32_mask(key, keys),
        ];
        for (side, mask) in sides.iter_mut().zip(masks) {
            let packed: [u32; LANES] = pulp::cast(avx._mm512_maskz_compress_epi32(mask, words));
            side.words[side.count..][..LANES].copy_from_slice(&packed);
            side.count += mask.count_ones() as usize;
        }
    }
}

struct Part<'a, T, B> {
    by: B,
    keys: &'a [u32],
    first: u32,
    key: u32,
    parts: [&'a mut [u32]; 3],
    items: std::marker::PhantomData<T>,
}

impl<'a, T, B> Part<'a, T, B> {
    fn new(by: B, keys: &'a [u32], first: u32, key: u32, parts: [&'a mut [u32]; 3]) -> Self {
        Self {
            by,
            keys,
            first,
            key,
            parts,
            items: std::marker::PhantomData,
        }
    }
}

impl<T: Item, B: Split> pulp::WithSimd for Part<'_, T, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            by,
            keys,
            mut first,
            key,
            mut parts,
            ..
        } = self;
        let empty = Side {
            words: [0; BLOCK + LANES],
            count: 0,
        };
        let mut sides = [empty; 3];
        for block in keys.chunks(BLOCK) {
            let (vectors, rest) = block.as_chunks::<LANES>();
            for keys in vectors {
                let mut words = [0; LANES];
                for ((word, &k), place) in words.iter_mut().zip(keys).zip(0..) {
                    *word = T::new(k, first + place).word();
                }
                by.split(keys, &words, key, &mut sides);
                first += LANES as u32;
            }
            for (&k, place) in rest.iter().zip(first..) {
                OneByOne::put(k, T::new(k, place).word(), key, &mut sides);
            }
            for (part, side) in parts.iter_mut().zip(&mut sides) {
                let words = &side.words[..side.count];
                if let Some(own) = part.split_off_mut(..words.len()) {
                    own.copy_from_slice(words);
                }
                side.count = 0;
            }
        }
    }
}
