//! Reading at places that only running tells: gathers and searches.

use half::f16;

use super::block::Runner;
use super::code::Line;
use crate::dtype::DType;
use crate::op::program::Indexed;

impl Runner<'_> {
    /// The elements of a stream whose place on one axis is given by an index; of one that only counts
    /// places, the places.
    pub(super) fn gather(
        &self,
        k: usize,
        outputs: &[&mut [u32]],
        start: usize,
        index: &[u32],
        signed: bool,
        out: &mut [u32],
    ) {
        let (words, base) = self.inputs.streams[k];
        let words = words.get(outputs);
        let stream = &self.code.streams[k];
        let Some(Indexed {
            axis,
            stride: axis_stride,
            size,
        }) = stream.gather
        else {
            return;
        };
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, along| {
            let out = &mut out[done..done + run];
            if let &[given] = index {
                // One index for all: a part of a slice.
                let at = place + self.checked(given, signed, axis, size) as isize * axis_stride;
                return fetch_line(stream, words, at, along, out);
            }
            // The places first, and then what is there, in short loops.
            let given = &index[done..done + run];
            let mut wrong = false;
            let mut put = |i: usize, word: &mut u32, named: u32| {
                wrong |= named as usize >= size;
                let at = place + i as isize * along + named as isize * axis_stride;
                *word = at as u32;
            };
            let each = out.iter_mut().zip(given).enumerate();
            match signed {
                // From the end, if it is negative; one that is out of range stays so.
                true if size <= i32::MAX as usize => each.for_each(|(i, (word, &given))| {
                    let from_end = (given as i32 >> 31) as u32 & size as u32;
                    put(i, word, given.wrapping_add(from_end));
                }),
                true => wrong = true,
                false => each.for_each(|(i, (word, &given))| put(i, word, given)),
            }
            if wrong {
                for (i, (word, &given)) in out.iter_mut().zip(given).enumerate() {
                    let named = self.checked(given, signed, axis, size);
                    *word = (place + i as isize * along + named as isize * axis_stride) as u32;
                }
            }
            fetch(stream, words, out);
        });
    }

    /// The place on an axis that an index names; a fault and the first where there is none.
    #[cold]
    fn checked(&self, given: u32, signed: bool, axis: usize, size: usize) -> usize {
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
            return at as usize;
        }
        self.faults.index(wanted, axis, size);
        0
    }

    /// How many elements along the sorted axis of a stream come before each value, NaN last; with `right`,
    /// those equal to it too.
    pub(super) fn search(
        &self,
        k: usize,
        outputs: &[&mut [u32]],
        start: usize,
        values: &[u32],
        right: bool,
        out: &mut [u32],
    ) {
        let (words, base) = self.inputs.streams[k];
        let words = words.get(outputs);
        let stream = &self.code.streams[k];
        let Some(axis) = stream.gather else { return };
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            let first = |i: usize| place + i as isize * stride;
            let values = values[done..done + run].iter().enumerate();
            let out = out[done..done + run].iter_mut().zip(values);
            let float = |word: u32| order(f32::from_bits(word));
            let int = |word: u32| (word ^ (1 << 31)) as i32;
            match stream.dtype {
                DType::F32 => {
                    out.for_each(|(out, (i, &v))| {
                        *out = count(float(v), right, axis, |at| {
                            float(words[(first(i) + at) as usize])
                        });
                    });
                }
                DType::F16 => {
                    let halves: &[f16] = bytemuck::cast_slice(words);
                    out.for_each(|(out, (i, &v))| {
                        *out = count(float(v), right, axis, |at| {
                            order(halves[(first(i) + at) as usize].to_f32())
                        });
                    });
                }
                DType::I32 => {
                    out.for_each(|(out, (i, &v))| {
                        *out = count(v as i32, right, axis, |at| {
                            words[(first(i) + at) as usize] as i32
                        });
                    });
                }
                DType::U32 | DType::Bool => {
                    out.for_each(|(out, (i, &v))| {
                        *out = count(int(v), right, axis, |at| {
                            int(words[(first(i) + at) as usize])
                        });
                    });
                }
            }
        });
    }
}

/// Replaces places by what a stream has there; that of one that only counts places is the place.
fn fetch(stream: &Line, words: &[u32], out: &mut [u32]) {
    match (stream.slot, stream.dtype) {
        (None, _) => {}
        (_, DType::F16) => {
            let halves: &[f16] = bytemuck::cast_slice(words);
            for word in out {
                *word = halves[*word as usize].to_f32().to_bits();
            }
        }
        _ => {
            for word in out {
                *word = words[*word as usize];
            }
        }
    }
}

/// What a stream has at evenly spaced places.
fn fetch_line(stream: &Line, words: &[u32], first: isize, stride: isize, out: &mut [u32]) {
    if stream.slot.is_some() && stream.dtype != DType::F16 && stride == 1 {
        out.copy_from_slice(&words[first as usize..][..out.len()]);
        return;
    }
    for (i, word) in out.iter_mut().enumerate() {
        *word = (first + i as isize * stride) as u32;
    }
    fetch(stream, words, out);
}

/// An integer whose order is that of floats, with both zeros equal and NaN last.
fn order(value: f32) -> i32 {
    if value.is_nan() {
        return i32::MAX;
    }
    // Adding zero makes of −0 the other; the bits of negative numbers count down.
    let bits = (value + 0.0).to_bits() as i32;
    bits ^ (((bits >> 31) as u32) >> 1) as i32
}

/// How many elements of a sorted axis come before a value; `element` gives the one at a place.
fn count(value: i32, right: bool, axis: Indexed, element: impl Fn(isize) -> i32) -> u32 {
    let before = |at: usize| {
        let element = element(at as isize * axis.stride);
        element < value || right && element == value
    };
    // By halves, without a branch: `found` elements come before, and the answer is at most `left` more.
    let (mut found, mut left) = (0, axis.size);
    while left > 1 {
        let half = left / 2;
        found += if before(found + half - 1) { half } else { 0 };
        left -= half;
    }
    (found + (left == 1 && before(found)) as usize) as u32
}
