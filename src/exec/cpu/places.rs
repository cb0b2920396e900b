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
        let Some(axis) = stream.gather else { return };
        let (axis_stride, size) = (axis.stride, axis.size);
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, along| {
            let out = &mut out[done..done + run];
            if let &[given] = index {
                // One index for all: a part of a slice.
                let at = place + self.checked(given, signed, axis) as isize * axis_stride;
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
                    let named = self.checked(given, signed, axis);
                    *word = (place + i as isize * along + named as isize * axis_stride) as u32;
                }
            }
            fetch(stream, words, out);
        });
    }

    /// The place on an axis that an index names; a fault and the first where there is none.
    #[cold]
    fn checked(&self, given: u32, signed: bool, axis: Indexed) -> usize {
        let wanted = match signed {
            true => given as i32 as i64,
            false => given as i64,
        };
        let size = axis.size as i64;
        let at = if wanted < 0 { wanted + size } else { wanted };
        if (0..size).contains(&at) {
            return at as usize;
        }
        self.faults.index(wanted, axis);
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
            let search = Search {
                values: &values[done..done + run],
                right,
                axis,
            };
            let out = &mut out[done..done + run];
            let float = |word: u32| order(f32::from_bits(word));
            let int = |word: u32| (word ^ (1 << 31)) as i32;
            let word = |i: usize, at: isize| words[(first(i) + at) as usize];
            match stream.dtype {
                DType::F32 => search.run(float, |i, at| float(word(i, at)), out),
                DType::F16 => {
                    let halves: &[f16] = bytemuck::cast_slice(words);
                    let half = |i: usize, at: isize| halves[(first(i) + at) as usize].to_f32();
                    search.run(float, |i, at| order(half(i, at)), out);
                }
                DType::I32 => search.run(|v| v as i32, |i, at| word(i, at) as i32, out),
                DType::U32 | DType::Bool => search.run(int, |i, at| int(word(i, at)), out),
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

/// Values that are searched for at once: each waits for one element after the other, but not for those of the
/// others.
const ABREAST: usize = 8;

/// Values to count the elements of a sorted axis before.
struct Search<'a> {
    values: &'a [u32],
    /// Whether those equal to a value count too.
    right: bool,
    axis: Indexed,
}

impl Search<'_> {
    /// `key` gives an integer of a value's order, and `element` that of the element at a place, for the value of
    /// a number.
    fn run(
        &self,
        key: impl Fn(u32) -> i32,
        element: impl Fn(usize, isize) -> i32,
        out: &mut [u32],
    ) {
        let (many, last) = self.values.as_chunks::<ABREAST>();
        let (outs, rest) = out.as_chunks_mut::<ABREAST>();
        for (n, (out, values)) in outs.iter_mut().zip(many).enumerate() {
            *out = self.count(values.map(&key), |i, at| element(n * ABREAST + i, at));
        }
        let done = many.len() * ABREAST;
        for (n, (out, &value)) in rest.iter_mut().zip(last).enumerate() {
            [*out] = self.count([key(value)], |_, at| element(done + n, at));
        }
    }

    /// How many elements come before each value.
    #[inline(always)]
    fn count<const N: usize>(
        &self,
        values: [i32; N],
        element: impl Fn(usize, isize) -> i32,
    ) -> [u32; N] {
        let before = |i: usize, at: usize| {
            let element = element(i, at as isize * self.axis.stride);
            element < values[i] || self.right && element == values[i]
        };
        // By halves, without a branch: `found` elements come before, and the answer is at most `left` more.
        let (mut found, mut left) = ([0; N], self.axis.size);
        while left > 1 {
            let half = left / 2;
            for (i, found) in found.iter_mut().enumerate() {
                *found += if before(i, *found + half - 1) {
                    half
                } else {
                    0
                };
            }
            left -= half;
        }
        std::array::from_fn(|i| (found[i] + (left == 1 && before(i, found[i])) as usize) as u32)
    }
}
