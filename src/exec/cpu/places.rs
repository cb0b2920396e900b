//! Reading at places that only running tells: gathers and searches.

use half::f16;

use super::block::Runner;
use super::code::Line;
use crate::dtype::DType;
use crate::op::program::Indexed;
use crate::op::register::register_size;

/// Bools that are gathered at once.
const AT_ONCE: usize = 256;

impl Runner<'_> {
    /// The elements of a stream whose place on one axis is given by an index; of one that only counts
    /// places, the places.
    pub(super) fn gather(
        &self,
        k: usize,
        outputs: &[&mut [u8]],
        start: usize,
        index: &[u32],
        signed: bool,
        out: &mut [u8],
    ) {
        let (bytes, base) = self.inputs.streams[k];
        let bytes = bytes.get(outputs);
        let stream = &self.code.streams[k];
        let Some(indexed) = stream.gather else {
            return;
        };
        let (space, each) = (&self.code.space, register_size(stream.dtype));
        let len = out.len() / each;
        space.runs_from(k, base, start, len, |done, run, place, along| {
            let out = &mut out[done * each..(done + run) * each];
            if let &[given] = index {
                // One index for all: a part of a slice.
                let named = self.checked(given, signed, &indexed) as isize;
                return fetch_line(stream, bytes, place + named * indexed.stride, along, out);
            }
            // The places first, and then what is there, in short loops.
            let given = &index[done..done + run];
            if stream.dtype != DType::Bool {
                let out = bytemuck::cast_slice_mut(out);
                self.named(given, signed, &indexed, (place, along), out);
                return fetch(stream, bytes, out);
            }
            // There is no room for places among bytes.
            let mut places = [0; AT_ONCE];
            let mut place = place;
            for (out, given) in out.chunks_mut(AT_ONCE).zip(given.chunks(AT_ONCE)) {
                let places = &mut places[..given.len()];
                self.named(given, signed, &indexed, (place, along), places);
                let each = out.iter_mut().zip(places);
                each.for_each(|(byte, &mut at)| *byte = bytes[at as usize]);
                place += given.len() as isize * along;
            }
        });
    }

    /// The places of the elements that indices name on an axis, for elements that lie evenly from a place
    /// on.
    #[inline(always)]
    fn named(
        &self,
        given: &[u32],
        signed: bool,
        indexed: &Indexed,
        (place, along): (isize, isize),
        out: &mut [u32],
    ) {
        let size = indexed.size;
        let mut wrong = false;
        let mut put = |i: usize, word: &mut u32, named: u32| {
            wrong |= named as usize >= size;
            let at = place + i as isize * along + named as isize * indexed.stride;
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
                let named = self.checked(given, signed, indexed);
                *word = (place + i as isize * along + named as isize * indexed.stride) as u32;
            }
        }
    }

    /// The place on an axis that an index names; a fault and the first where there is none.
    #[cold]
    fn checked(&self, given: u32, signed: bool, axis: &Indexed) -> usize {
        let wanted = match signed {
            true => given as i32 as i64,
            false => given as i64,
        };
        let size = axis.size as i64;
        let at = if wanted < 0 { wanted + size } else { wanted };
        if (0..size).contains(&at) {
            return at as usize;
        }
        self.faults.index(wanted, *axis);
        0
    }

    /// How many elements along the sorted axis of a stream come before each value, NaN last; with `right`,
    /// those equal to it too.
    pub(super) fn search(
        &self,
        k: usize,
        outputs: &[&mut [u8]],
        start: usize,
        values: &[u32],
        right: bool,
        out: &mut [u32],
    ) {
        let (bytes, base) = self.inputs.streams[k];
        let bytes = bytes.get(outputs);
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
            let words = || -> &[u32] { bytemuck::cast_slice(bytes) };
            match stream.dtype {
                DType::F32 => {
                    let words = words();
                    let element = |i: usize, at: isize| words[(first(i) + at) as usize];
                    search.run(float, |i, at| float(element(i, at)), out);
                }
                DType::F16 => {
                    let halves: &[f16] = bytemuck::cast_slice(bytes);
                    let half = |i: usize, at: isize| halves[(first(i) + at) as usize].to_f32();
                    search.run(float, |i, at| order(half(i, at)), out);
                }
                DType::I32 => {
                    let words = words();
                    let element = |i: usize, at: isize| words[(first(i) + at) as usize] as i32;
                    search.run(|v| v as i32, element, out);
                }
                DType::U32 => {
                    let words = words();
                    let element = |i: usize, at: isize| words[(first(i) + at) as usize];
                    search.run(int, |i, at| int(element(i, at)), out);
                }
                DType::Bool => unreachable!("bools are searched as integers"),
            }
        });
    }
}

/// Replaces places by what a stream has there; that of one that only counts places is the place.
fn fetch(stream: &Line, bytes: &[u8], out: &mut [u32]) {
    match (stream.slot, stream.dtype) {
        (None, _) => {}
        (_, DType::F16) => {
            let halves: &[f16] = bytemuck::cast_slice(bytes);
            for word in out {
                *word = halves[*word as usize].to_f32().to_bits();
            }
        }
        _ => {
            let words: &[u32] = bytemuck::cast_slice(bytes);
            for word in out {
                *word = words[*word as usize];
            }
        }
    }
}

/// What a stream has at evenly spaced places.
fn fetch_line(stream: &Line, bytes: &[u8], first: isize, stride: isize, out: &mut [u8]) {
    let at = |i: usize| (first + i as isize * stride) as usize;
    if stream.slot.is_some() && stream.dtype != DType::F16 && stride == 1 {
        let start = at(0) * stream.dtype.size();
        out.copy_from_slice(&bytes[start..][..out.len()]);
        return;
    }
    if stream.dtype == DType::Bool {
        let each = out.iter_mut().enumerate();
        return each.for_each(|(i, byte)| *byte = bytes[at(i)]);
    }
    let out = bytemuck::cast_slice_mut(out);
    for (i, word) in out.iter_mut().enumerate() {
        *word = at(i) as u32;
    }
    fetch(stream, bytes, out);
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
