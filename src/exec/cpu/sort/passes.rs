//! Passes over keys.

/// The least and the largest key.
pub(super) fn range(keys: &[u32]) -> (u32, u32) {
    struct Ends<'a>(&'a [u32]);
    impl pulp::WithSimd for Ends<'_> {
        type Output = (u32, u32);

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> (u32, u32) {
            let least = self.0.iter().copied().fold(u32::MAX, u32::min);
            (least, self.0.iter().copied().fold(0, u32::max))
        }
    }
    pulp::Arch::new().dispatch(Ends(keys))
}

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

/// The keys from one on that are no farther from it than that; `found` is about their number.
pub(super) fn within(keys: &[u32], least: u32, width: u32, found: usize) -> Vec<u32> {
    struct Within<'a>(&'a [u32], u32, u32, usize);
    impl pulp::WithSimd for Within<'_> {
        type Output = Vec<u32>;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<u32> {
            let Self(keys, least, width, found) = self;
            let mut kept = Vec::with_capacity(found);
            let is_within = |key: u32| key.wrapping_sub(least) <= width;
            let (blocks, rest) = keys.as_chunks::<64>();
            for block in blocks {
                // Few are, so that they are looked for by their bits.
                let mut flags = [0u8; 64];
                for (flag, &key) in flags.iter_mut().zip(block) {
                    *flag = u8::from(is_within(key));
                }
                let mut bits = 0u64;
                for (i, &eight) in flags.as_chunks::<8>().0.iter().enumerate() {
                    // Each flag becomes a bit of the highest byte.
                    let byte = u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
                    bits |= byte << (8 * i);
                }
                while bits != 0 {
                    kept.push(block[bits.trailing_zeros() as usize]);
                    bits &= bits - 1;
                }
            }
            kept.extend(rest.iter().copied().filter(|&key| is_within(key)));
            kept
        }
    }
    pulp::Arch::new().dispatch(Within(keys, least, width, found))
}
