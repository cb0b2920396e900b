//! Reading streams whose elements do not lie in order or are computed from their places, and storing.

use half::f16;

use super::block::Runner;
use super::workspace::LINE;
use crate::dtype::DType;
use crate::op::math;

impl Runner<'_> {
    /// The elements of a stream.
    pub(super) fn load(&self, k: usize, outputs: &[&mut [u32]], start: usize, out: &mut [u32]) {
        let (words, base) = self.inputs.streams[k];
        let words = words.get(outputs);
        let halves = self.code.streams[k].dtype == DType::F16;
        let space = &self.code.space;
        if !halves && space.dims.last().is_some_and(|&size| size <= SHORT) {
            space.rows_from(
                k,
                base,
                start,
                out.len(),
                |done, [rows, size], place, strides| {
                    load_rows(
                        words,
                        place,
                        strides,
                        size,
                        &mut out[done..done + rows * size],
                    );
                },
            );
            return;
        }
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            let out = &mut out[done..done + run];
            if halves {
                let source: &[f16] = bytemuck::cast_slice(words);
                for (i, word) in out.iter_mut().enumerate() {
                    let value = source[(place + i as isize * stride) as usize];
                    *word = value.to_f32().to_bits();
                }
                return;
            }
            match stride {
                1 => out.copy_from_slice(&words[place as usize..][..run]),
                0 => fill(words[place as usize], out),
                _ => {
                    for (i, word) in out.iter_mut().enumerate() {
                        *word = words[(place + i as isize * stride) as usize];
                    }
                }
            }
        });
    }

    /// The places of a stream's elements.
    pub(super) fn places(&self, k: usize, start: usize, out: &mut [u32]) {
        let base = self.inputs.streams[k].1;
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            let (mut at, step) = (place as u32, stride as u32);
            for word in &mut out[done..done + run] {
                *word = at;
                at = at.wrapping_add(step);
            }
        });
    }
}

/// Rows up to this length are read several at a time.
const SHORT: usize = 8;

/// Reads short rows from a place on, with strides from row to row and along one.
fn load_rows(words: &[u32], place: isize, strides: [isize; 2], size: usize, out: &mut [u32]) {
    fn rows<const N: usize>(words: &[u32], mut place: isize, strides: [isize; 2], out: &mut [u32]) {
        let [step, stride] = strides;
        for row in out.as_chunks_mut::<N>().0 {
            *row = match stride {
                0 => [words[place as usize]; N],
                1 => *words[place as usize..].first_chunk().unwrap_or(&[0; N]),
                _ => std::array::from_fn(|i| words[(place + i as isize * stride) as usize]),
            };
            place += step;
        }
    }
    match size {
        1 => rows::<1>(words, place, strides, out),
        2 => rows::<2>(words, place, strides, out),
        3 => rows::<3>(words, place, strides, out),
        4 => rows::<4>(words, place, strides, out),
        5 => rows::<5>(words, place, strides, out),
        6 => rows::<6>(words, place, strides, out),
        7 => rows::<7>(words, place, strides, out),
        _ => rows::<SHORT>(words, place, strides, out),
    }
}

/// Fills registers with one value, by the widest vectors there are.
pub(super) fn fill(value: u32, out: &mut [u32]) {
    struct Fill<'a>(u32, &'a mut [u32]);
    impl pulp::WithSimd for Fill<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            self.1.fill(self.0);
        }
    }
    match out.len() < LINE {
        // Not worth the dispatch.
        true => out.fill(value),
        false => pulp::Arch::new().dispatch(Fill(value, out)),
    }
}

/// The elements from `start` of a buffer that lies in order.
pub(super) fn copy(dtype: DType, source: &[u32], start: usize, out: &mut [u32]) {
    match dtype {
        DType::F16 => {
            let source: &[f16] = &bytemuck::cast_slice(source)[start..];
            for (word, value) in out.iter_mut().zip(source) {
                *word = value.to_f32().to_bits();
            }
        }
        _ => out.copy_from_slice(&source[start..][..out.len()]),
    }
}

/// Copies evenly spaced words from a place on, by a stride, to such others.
pub(super) fn copy_run(
    len: usize,
    words: &[u32],
    (from, step): (isize, isize),
    out: &mut [u32],
    (to, stride): (isize, isize),
) {
    match step {
        1 => scatter(DType::U32, &words[from as usize..][..len], out, to, stride),
        0 if stride == 1 => fill(words[from as usize], &mut out[to as usize..][..len]),
        _ => {
            for i in 0..len as isize {
                out[(to + i * stride) as usize] = words[(from + i * step) as usize];
            }
        }
    }
}

/// Stores registers at evenly spaced places.
pub(super) fn scatter(dtype: DType, values: &[u32], out: &mut [u32], place: isize, stride: isize) {
    let at = |i: usize| (place + i as isize * stride) as usize;
    if dtype == DType::F16 {
        let out: &mut [f16] = bytemuck::cast_slice_mut(out);
        for (i, &value) in values.iter().enumerate() {
            out[at(i)] = f16::from_f32(f32::from_bits(value));
        }
    } else if stride == 1 {
        out[place as usize..][..values.len()].copy_from_slice(values);
    } else if stride > 1 {
        let places = out[place as usize..].iter_mut().step_by(stride as usize);
        places.zip(values).for_each(|(word, &value)| *word = value);
    } else {
        for (i, &value) in values.iter().enumerate() {
            out[at(i)] = value;
        }
    }
}

/// Replaces numbers of elements by words of Philox.
pub(super) fn random(key: [u32; 2], counter: [u32; 2], lane: usize, out: &mut [u32]) {
    /// The number of the lane is known when this is compiled: vectors are not made of a choice that is not.
    struct Random<'a, const LANE: usize>([u32; 2], [u32; 2], &'a mut [u32]);
    impl<const LANE: usize> pulp::WithSimd for Random<'_, LANE> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self(key, [c0, c1], out) = self;
            for word in out {
                *word = math::philox([*word, 0, c0, c1], key)[LANE];
            }
        }
    }
    let arch = pulp::Arch::new();
    match lane {
        0 => arch.dispatch(Random::<0>(key, counter, out)),
        1 => arch.dispatch(Random::<1>(key, counter, out)),
        2 => arch.dispatch(Random::<2>(key, counter, out)),
        _ => arch.dispatch(Random::<3>(key, counter, out)),
    }
}

/// Asks for words that are about to be read.
pub(super) fn prefetch(words: &[u32]) {
    #[cfg(target_arch = "x86_64")]
    for line in words.as_chunks::<LINE>().0 {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint that reads nothing, and every x86-64 has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = words;
}

/// Stores registers past the caches, which saves reading the lines that are overwritten. To be
/// followed by a [`fence`] on the same thread.
pub(super) fn store_past(values: &[u32], out: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
        let (values, out) = (&values[..out.len()], out);
        let head = out.as_ptr().align_offset(16).min(out.len());
        let (first, aligned) = out.split_at_mut(head);
        first.copy_from_slice(&values[..head]);
        let (quads, rest) = aligned.as_chunks_mut::<4>();
        let (from, last) = values[head..].as_chunks::<4>();
        for (quad, from) in quads.iter_mut().zip(from) {
            let (quad, from) = (quad.as_mut_ptr(), from.as_ptr());
            // SAFETY: both are four words; those stored to start at a multiple of 16 bytes, since
            // the words before them were split off. SSE 2 is part of x86-64.
            unsafe { _mm_stream_si128(quad.cast::<__m128i>(), _mm_loadu_si128(from.cast())) };
        }
        rest.copy_from_slice(last);
    }
    #[cfg(not(target_arch = "x86_64"))]
    out.copy_from_slice(values);
}

/// Makes what was stored past the caches visible to those who are told of it from now on.
pub(super) fn fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction orders stores and does nothing else; SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

#[cfg(test)]
mod tests {
    use super::{fence, store_past};

    #[test]
    fn what_is_stored_past_the_caches_is_all_there() {
        let values: Vec<u32> = (1..=100).collect();
        for (start, len) in [(0, 100), (1, 99), (3, 64), (2, 1), (5, 0), (7, 6)] {
            let mut out = vec![0; 110];
            store_past(&values[..len], &mut out[start..start + len]);
            fence();
            assert_eq!(out[start..start + len], values[..len]);
            assert!(
                out[..start]
                    .iter()
                    .chain(&out[start + len..])
                    .all(|&w| w == 0)
            );
        }
    }
}
