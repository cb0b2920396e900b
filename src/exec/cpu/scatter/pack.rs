//! Packing: what a mask chooses, one behind the other.
//!
//! Each thread packs what it has computed; where each part starts in the result is known once all of a
//! stretch are counted, and the parts are copied side by side.

use super::super::block::Runner;
use super::super::{stream, tasks};
use crate::dtype::DType;
use crate::op::register::{registers_of, words_of};

/// Elements that are packed before they are copied: they stay in the caches until then.
const STRETCH: usize = 1 << 18;
/// The time that packing takes an element, as [`Code::cost`](super::super::code::Code::cost).
const COST: usize = 8;
/// Elements that are packed at once.
const WIDE: usize = 16;

/// Packs the first result of a body over all its elements where the second is true. `words` is memory
/// for what a stretch packs.
pub(super) fn run(dtype: DType, runner: &Runner<'_>, words: &mut Vec<u32>, out: &mut [u8]) {
    let (code, size) = (runner.code, runner.code.size);
    let share = tasks::share(STRETCH, code.cost + COST, code.block).min(STRETCH);
    words.resize(words.len().max(STRETCH.min(size)), 0);
    let mut rest = out;
    for first in (0..size).step_by(STRETCH) {
        let len = STRETCH.min(size - first);
        let mut counts = vec![0; len.div_ceil(share)];
        let parts = words[..len].chunks_mut(share).zip(&mut counts);
        tasks::each(parts.enumerate(), |(i, (part, count))| {
            *count = self::part(runner, first + i * share, part);
        });
        let mut copies = Vec::with_capacity(counts.len());
        for (part, &count) in words[..len].chunks(share).zip(&counts) {
            let (to, after) = rest.split_at_mut(count * dtype.size());
            copies.push((&part[..count], to));
            rest = after;
        }
        tasks::each(copies.into_iter(), |(part, to)| {
            stream::scatter(dtype, &registers_of(dtype, part), to, 0, 1);
        });
    }
}

/// Packs the elements from one on, of which the part has room for all; gives how many there are.
fn part(runner: &Runner<'_>, first: usize, part: &mut [u32]) -> usize {
    let code = runner.code;
    let mut work = runner.workspace(Vec::new());
    let mut packed = 0;
    for done in (0..part.len()).step_by(code.block) {
        let block = (first + done, code.block.min(part.len() - done));
        runner.run(&mut work, block, 0, &[]);
        let result = |k| runner.result(&work, k, block, &[]).unwrap_or_default();
        let values = words_of(code.dtypes[0], result(0));
        packed += pack(&values, result(1), &mut part[packed..]);
    }
    packed
}

/// Puts the values that are marked one behind the other; gives how many there are. There is room for all.
fn pack(values: &[u32], marks: &[u8], out: &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V4::try_new() {
        return simd.vectorize(Compress {
            simd,
            values,
            marks,
            out,
        });
    }
    one_by_one(values, marks, out, 0)
}

/// Packs behind those that are packed already; gives how many there are then.
#[inline(always)]
fn one_by_one(values: &[u32], marks: &[u8], out: &mut [u32], mut packed: usize) -> usize {
    // Each is written, and the next overwrites one that is not marked: no branch to guess.
    for (&value, &mark) in values.iter().zip(marks) {
        out[packed] = value;
        packed += (mark != 0) as usize;
    }
    packed
}

/// Packs by the vector, with an instruction of AVX-512.
#[cfg(target_arch = "x86_64")]
struct Compress<'a> {
    simd: pulp::x86::V4,
    values: &'a [u32],
    marks: &'a [u8],
    out: &'a mut [u32],
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for Compress<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let (values, last) = self.values.as_chunks::<WIDE>();
        let (marks, last_marks) = self.marks.as_chunks::<WIDE>();
        let mut packed = 0;
        for (&values, marks) in values.iter().zip(marks) {
            let marks = bits(marks);
            let chosen = self
                .simd
                .avx512f
                ._mm512_maskz_compress_epi32(marks, pulp::cast(values));
            // What lies behind those that are chosen is overwritten by the next.
            self.out[packed..][..WIDE].copy_from_slice(&pulp::cast::<_, [u32; WIDE]>(chosen));
            packed += marks.count_ones() as usize;
        }
        one_by_one(last, last_marks, self.out, packed)
    }
}

/// A bit for each of 16 bytes that are 0 or 1, the lowest for the first.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bits(marks: &[u8; WIDE]) -> u16 {
    // Each byte's bit moves to a place of its own in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let bits = |half: &[u8]| {
        let bytes = half.iter().rev().fold(0, |word, &b| word << 8 | b as u64);
        (bytes.wrapping_mul(GATHER) >> 56) as u16
    };
    bits(&marks[..WIDE / 2]) | bits(&marks[WIDE / 2..]) << 8
}

#[cfg(test)]
mod tests {
    use super::{one_by_one, pack};

    #[test]
    fn what_is_marked_stays_in_order() {
        for len in [0, 1, 15, 16, 17, 31, 64, 1001] {
            let values: Vec<u32> = (0..len).map(|i| i * 3 + 1).collect();
            for modulus in [1, 2, 3, 7, 2000] {
                let marks: Vec<u8> = (0..len)
                    .map(|i| (i * i + i / 5).is_multiple_of(modulus).into())
                    .collect();
                let pairs = values.iter().zip(&marks);
                let want: Vec<u32> = pairs.filter(|(_, m)| **m == 1).map(|(&v, _)| v).collect();
                for pack in [pack, |v: &[u32], m: &[u8], o: &mut [u32]| {
                    one_by_one(v, m, o, 0)
                }] {
                    let mut out = vec![0; values.len()];
                    let packed = pack(&values, &marks, &mut out);
                    assert_eq!(out[..packed], want, "{len}, {modulus}");
                }
            }
        }
    }
}
