//! Reading streams whose elements do not lie in order or are computed from their places, and storing.

use bytemuck::Pod;
use half::f16;

use super::block::Runner;
use super::workspace::LINE;
use crate::dtype::DType;
use crate::op::math;

impl Runner<'_> {
    /// The elements of a stream.
    pub(super) fn load(&self, k: usize, outputs: &[&mut [u8]], start: usize, out: &mut [u8]) {
        let (bytes, base) = self.inputs.streams[k];
        let bytes = bytes.get(outputs);
        let walk = (k, base, start);
        match self.code.streams[k].dtype {
            DType::F16 => self.load_halves(walk, bytemuck::cast_slice(bytes), out),
            DType::Bool => self.load_as(walk, bytes, out),
            DType::U32 | DType::I32 | DType::F32 => self.load_as::<u32>(
                walk,
                bytemuck::cast_slice(bytes),
                bytemuck::cast_slice_mut(out),
            ),
        }
    }

    /// Elements that are stored as registers are.
    fn load_as<T: Pod>(
        &self,
        (k, base, start): (usize, isize, usize),
        source: &[T],
        out: &mut [T],
    ) {
        let (space, len) = (&self.code.space, out.len());
        if space.dims.last().is_some_and(|&size| size <= SHORT) {
            let each = |done, [rows, size]: [usize; 2], place, strides| {
                let out = &mut out[done..done + rows * size];
                load_rows(source, place, strides, size, out);
            };
            return space.rows_from(k, base, start, len, each);
        }
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            let out = &mut out[done..done + run];
            match stride {
                1 => out.copy_from_slice(&source[place as usize..][..run]),
                0 => fill(source[place as usize], out),
                _ => {
                    for (i, value) in out.iter_mut().enumerate() {
                        *value = source[(place + i as isize * stride) as usize];
                    }
                }
            }
        });
    }

    fn load_halves(&self, (k, base, start): (usize, isize, usize), source: &[f16], out: &mut [u8]) {
        let out: &mut [f32] = bytemuck::cast_slice_mut(out);
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            for (i, value) in out[done..done + run].iter_mut().enumerate() {
                *value = source[(place + i as isize * stride) as usize].to_f32();
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
fn load_rows<T: Pod>(source: &[T], place: isize, strides: [isize; 2], size: usize, out: &mut [T]) {
    fn rows<const N: usize, T: Pod>(
        source: &[T],
        mut place: isize,
        strides: [isize; 2],
        out: &mut [T],
    ) {
        let [step, stride] = strides;
        for row in out.as_chunks_mut::<N>().0 {
            *row = match stride {
                0 => [source[place as usize]; N],
                1 => *source[place as usize..]
                    .first_chunk()
                    .unwrap_or(&[T::zeroed(); N]),
                _ => std::array::from_fn(|i| source[(place + i as isize * stride) as usize]),
            };
            place += step;
        }
    }
    match size {
        1 => rows::<1, T>(source, place, strides, out),
        2 => rows::<2, T>(source, place, strides, out),
        3 => rows::<3, T>(source, place, strides, out),
        4 => rows::<4, T>(source, place, strides, out),
        5 => rows::<5, T>(source, place, strides, out),
        6 => rows::<6, T>(source, place, strides, out),
        7 => rows::<7, T>(source, place, strides, out),
        _ => rows::<SHORT, T>(source, place, strides, out),
    }
}

/// Fills registers with one value, by the widest vectors there are.
fn fill<T: Pod>(value: T, out: &mut [T]) {
    struct Fill<'a, T>(T, &'a mut [T]);
    impl<T: Pod> pulp::WithSimd for Fill<'_, T> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            self.1.fill(self.0);
        }
    }
    match size_of_val(out) < LINE {
        // Not worth the dispatch.
        true => out.fill(value),
        false => pulp::Arch::new().dispatch(Fill(value, out)),
    }
}

/// Fills registers with the value of one.
pub(super) fn spread(value: &[u8], out: &mut [u8]) {
    match *value {
        [byte] => fill(byte, out),
        _ => fill(
            bytemuck::pod_read_unaligned::<u32>(value),
            bytemuck::cast_slice_mut(out),
        ),
    }
}

/// A word for each bool.
pub(super) fn widen(bools: &[u8], out: &mut [u32]) {
    out.iter_mut()
        .zip(bools)
        .for_each(|(word, &b)| *word = b as u32);
}

/// The elements from `start` of a buffer that lies in order.
pub(super) fn copy(dtype: DType, source: &[u8], start: usize, out: &mut [u8]) {
    match dtype {
        DType::F16 => {
            let source: &[f16] = &bytemuck::cast_slice(source)[start..];
            let out: &mut [f32] = bytemuck::cast_slice_mut(out);
            out.iter_mut()
                .zip(source)
                .for_each(|(o, v)| *o = v.to_f32());
        }
        _ => out.copy_from_slice(&source[start * dtype.size()..][..out.len()]),
    }
}

/// Copies evenly spaced elements of a dtype from a place on, by a stride, to such others.
pub(super) fn copy_run(
    dtype: DType,
    len: usize,
    source: &[u8],
    from: (isize, isize),
    out: &mut [u8],
    to: (isize, isize),
) {
    fn run<T: Pod>(
        len: usize,
        source: &[u8],
        (from, step): (isize, isize),
        out: &mut [u8],
        (to, stride): (isize, isize),
    ) {
        let (source, out) = (
            bytemuck::cast_slice::<u8, T>(source),
            bytemuck::cast_slice_mut::<u8, T>(out),
        );
        match step {
            1 => store(&source[from as usize..][..len], out, to, stride),
            0 if stride == 1 => fill(source[from as usize], &mut out[to as usize..][..len]),
            _ => {
                for i in 0..len as isize {
                    out[(to + i * stride) as usize] = source[(from + i * step) as usize];
                }
            }
        }
    }
    match dtype.size() {
        1 => run::<u8>(len, source, from, out, to),
        2 => run::<u16>(len, source, from, out, to),
        _ => run::<u32>(len, source, from, out, to),
    }
}

/// Stores registers at evenly spaced places.
pub(super) fn scatter(dtype: DType, values: &[u8], out: &mut [u8], place: isize, stride: isize) {
    match dtype {
        DType::F16 => {
            let values: &[f32] = bytemuck::cast_slice(values);
            let out: &mut [f16] = bytemuck::cast_slice_mut(out);
            for (i, &value) in values.iter().enumerate() {
                out[(place + i as isize * stride) as usize] = f16::from_f32(value);
            }
        }
        DType::Bool => store(values, out, place, stride),
        DType::U32 | DType::I32 | DType::F32 => store::<u32>(
            bytemuck::cast_slice(values),
            bytemuck::cast_slice_mut(out),
            place,
            stride,
        ),
    }
}

fn store<T: Copy>(values: &[T], out: &mut [T], place: isize, stride: isize) {
    if stride == 1 {
        out[place as usize..][..values.len()].copy_from_slice(values);
    } else if stride > 1 {
        let places = out[place as usize..].iter_mut().step_by(stride as usize);
        places.zip(values).for_each(|(out, &value)| *out = value);
    } else {
        for (i, &value) in values.iter().enumerate() {
            out[(place + i as isize * stride) as usize] = value;
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

/// Asks for bytes that are about to be read.
pub(super) fn prefetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes.as_chunks::<LINE>().0 {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint that reads nothing, and every x86-64 has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

/// Stores registers past the caches, which saves reading the lines that are overwritten. To be
/// followed by a [`fence`] on the same thread.
pub(super) fn store_past(values: &[u8], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
        let (values, out) = (&values[..out.len()], out);
        let head = out.as_ptr().align_offset(16).min(out.len());
        let (first, aligned) = out.split_at_mut(head);
        first.copy_from_slice(&values[..head]);
        let (parts, rest) = aligned.as_chunks_mut::<16>();
        let (from, last) = values[head..].as_chunks::<16>();
        for (part, from) in parts.iter_mut().zip(from) {
            let (part, from) = (part.as_mut_ptr(), from.as_ptr());
            // SAFETY: both are 16 bytes; those stored to start at a multiple of 16, since the bytes
            // before them were split off. SSE 2 is part of x86-64.
            unsafe { _mm_stream_si128(part.cast::<__m128i>(), _mm_loadu_si128(from.cast())) };
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
        let values: Vec<u8> = (1..=100).collect();
        for (start, len) in [(0, 100), (1, 99), (3, 64), (2, 1), (5, 0), (7, 6)] {
            let mut out = [0; 110];
            store_past(&values[..len], &mut out[start..start + len]);
            fence();
            assert_eq!(out[start..start + len], values[..len]);
            assert!(
                out[..start]
                    .iter()
                    .chain(&out[start + len..])
                    .all(|&b| b == 0)
            );
        }
    }
}
