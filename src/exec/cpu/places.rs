//! Reading and writing at places that only running tells: gathers, searches, scatters.

use half::f16;

use super::block::Runner;
use crate::dtype::DType;
use crate::op::program::Indexed;
use crate::op::reduce::Loop;
use crate::op::{ReduceOp, ScatterOp};

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
        let Some(Indexed { axis, stride, size }) = stream.gather else {
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
                return at as isize * stride;
            }
            self.faults.index(wanted, axis, size);
            0
        };
        let halves: &[f16] = match stream.dtype {
            DType::F16 => bytemuck::cast_slice(words),
            _ => &[],
        };
        let space = &self.code.space;
        space.runs_from(k, base, start, out.len(), |done, run, place, stride| {
            let places = index[done..done + run].iter().enumerate();
            let places =
                places.map(|(i, &given)| (place + i as isize * stride + place_of(given)) as usize);
            let out = out[done..done + run].iter_mut().zip(places);
            match (stream.slot, stream.dtype) {
                (None, _) => out.for_each(|(word, at)| *word = at as u32),
                (_, DType::F16) => out.for_each(|(word, at)| *word = halves[at].to_f32().to_bits()),
                _ => out.for_each(|(word, at)| *word = words[at]),
            }
        });
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

/// Puts elements to places of an output, one after the other; those beyond its `size` go nowhere.
pub(super) struct Scatter<'o> {
    op: ScatterOp,
    dtype: DType,
    size: usize,
    out: &'o mut [u32],
    /// Sums of floats, which may be of many: rounded once.
    sums: Option<Vec<f64>>,
}

impl<'o> Scatter<'o> {
    /// A scatter of so many elements.
    pub(super) fn new(
        op: ScatterOp,
        dtype: DType,
        size: usize,
        elements: usize,
        out: &'o mut [u32],
    ) -> Self {
        let floats = matches!(dtype, DType::F32 | DType::F16);
        // Few elements for a large output are not worth a pass through it.
        let many = elements >= size / 16;
        let sums = floats && many && op == ScatterOp::Combine(ReduceOp::Sum);
        let halves = |out: &[u32]| -> Vec<f64> {
            let out: &[f16] = bytemuck::cast_slice(out);
            out[..size].iter().map(|h| h.to_f64()).collect()
        };
        let sums = sums.then(|| match dtype {
            DType::F16 => halves(out),
            _ => out[..size]
                .iter()
                .map(|&w| f32::from_bits(w) as f64)
                .collect(),
        });
        Self {
            op,
            dtype,
            size,
            out,
            sums,
        }
    }

    pub(super) fn put(&mut self, values: &[u32], places: &[u32]) {
        let size = self.size;
        let inside = move |(at, _): &(usize, u32)| *at < size;
        let updates = places.iter().zip(values);
        let updates = updates.map(|(&at, &v)| (at as usize, v)).filter(inside);
        if let Some(sums) = &mut self.sums {
            updates.for_each(|(at, v)| sums[at] += f32::from_bits(v) as f64);
            return;
        }
        match (self.op, self.dtype) {
            (ScatterOp::Set, DType::F16) => {
                let out: &mut [f16] = bytemuck::cast_slice_mut(self.out);
                updates.for_each(|(at, v)| out[at] = f16::from_f32(f32::from_bits(v)));
            }
            (ScatterOp::Set, _) => updates.for_each(|(at, v)| self.out[at] = v),
            (ScatterOp::Combine(op), dtype) => op.with(
                dtype,
                Combine {
                    updates,
                    halves: dtype == DType::F16,
                    out: self.out,
                },
            ),
        }
    }

    pub(super) fn finish(self) {
        let Some(sums) = self.sums else { return };
        match self.dtype {
            DType::F16 => {
                let out: &mut [f16] = bytemuck::cast_slice_mut(self.out);
                let out = out.iter_mut().zip(sums);
                out.for_each(|(half, sum)| *half = f16::from_f64(sum));
            }
            _ => {
                let out = self.out.iter_mut().zip(sums);
                out.for_each(|(word, sum)| *word = (sum as f32).to_bits());
            }
        }
    }
}

/// Combines elements with what is at their places.
struct Combine<'o, U> {
    updates: U,
    halves: bool,
    out: &'o mut [u32],
}

impl<U: Iterator<Item = (usize, u32)>> Loop for Combine<'_, U> {
    type Output = ();

    fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
        if self.halves {
            let out: &mut [f16] = bytemuck::cast_slice_mut(self.out);
            for (at, value) in self.updates {
                let sum = combine(out[at].to_f32().to_bits(), value);
                out[at] = f16::from_f32(f32::from_bits(sum));
            }
            return;
        }
        for (at, value) in self.updates {
            self.out[at] = combine(self.out[at], value);
        }
    }
}
