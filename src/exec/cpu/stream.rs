//! Reading streams: elements that do not lie in order, and those that are computed from places.

use half::f16;

use super::block::Runner;
use crate::dtype::DType;
use crate::op::math;
use crate::op::program::Indexed;

impl Runner<'_> {
    /// The elements of a stream.
    pub(super) fn load(&self, k: usize, start: usize, out: &mut [u32]) {
        let (words, base) = self.inputs.streams[k];
        let halves = self.code.streams[k].dtype == DType::F16;
        let space = &self.code.space;
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
                0 => out.fill(words[place as usize]),
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
            for (i, word) in out[done..done + run].iter_mut().enumerate() {
                *word = (place + i as isize * stride) as u32;
            }
        });
    }

    /// The elements of a stream whose place on one axis is given by an index.
    pub(super) fn gather(
        &self,
        k: usize,
        start: usize,
        index: &[u32],
        signed: bool,
        out: &mut [u32],
    ) {
        let (words, base) = self.inputs.streams[k];
        let stream = &self.code.streams[k];
        let Some(Indexed {
            axis,
            stride: axis_stride,
            size,
        }) = stream.gather
        else {
            return;
        };
        let place_of = |given: u32| {
            let wanted = match signed {
                true => given as i32 as i64,
                false => given as i64,
            };
            let at = if wanted < 0 {
                wanted + size as i64
            } else {
                wanted
            };
            if (0..size as i64).contains(&at) {
                return at as isize;
            }
            self.faults.index(wanted, axis, size);
            0
        };
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            for i in 0..run {
                let along = place_of(index[done + i]) * axis_stride;
                let at = (place + i as isize * stride + along) as usize;
                out[done + i] = match stream.dtype {
                    DType::F16 => bytemuck::cast_slice::<u32, f16>(words)[at]
                        .to_f32()
                        .to_bits(),
                    _ => words[at],
                };
            }
        });
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
    } else {
        for (i, &value) in values.iter().enumerate() {
            out[at(i)] = value;
        }
    }
}

/// Replaces numbers of elements by words of Philox.
pub(super) fn random(key: [u32; 2], counter: [u32; 2], lane: usize, out: &mut [u32]) {
    struct Random<'a>([u32; 2], [u32; 2], usize, &'a mut [u32]);
    impl pulp::WithSimd for Random<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self(key, [c0, c1], lane, out) = self;
            for word in out {
                *word = math::philox([*word, 0, c0, c1], key)[lane];
            }
        }
    }
    pulp::Arch::new().dispatch(Random(key, counter, lane, out));
}
