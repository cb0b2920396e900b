//! The errors of reductions.

use super::number::{ROUNDING, TINY, distance, narrowed, real};
use crate::dtype::DType;
use crate::op::ReduceOp;

/// The errors of a reduction, fed with the reduced elements in order.
pub(super) struct Fold<'a> {
    op: ReduceOp,
    dtype: DType,
    /// Elements of a result.
    elements: usize,
    /// What the CPU computed.
    results: &'a [u32],
    row: Vec<(u32, f64)>,
    pub(super) errors: Vec<f64>,
}

impl<'a> Fold<'a> {
    pub(super) fn new(op: ReduceOp, dtype: DType, elements: usize, results: &'a [u32]) -> Self {
        Self {
            op,
            dtype,
            elements,
            results,
            row: Vec::new(),
            errors: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, values: &[u32], errors: &[f64]) {
        for (&value, &error) in values.iter().zip(errors) {
            self.row.push((value, error));
            if self.row.len() == self.elements {
                let result = self.results[self.errors.len()];
                let error = self.error(result);
                self.errors.push(error);
                self.row.clear();
            }
        }
    }

    /// The error of the row's result.
    fn error(&self, result: u32) -> f64 {
        if self.row.iter().any(|(_, e)| *e == f64::INFINITY) {
            return f64::INFINITY;
        }
        let error = match self.op {
            ReduceOp::ArgMax | ReduceOp::ArgMin => return self.place(result),
            ReduceOp::Max | ReduceOp::Min | ReduceOp::Fmax | ReduceOp::Fmin => self.extreme(result),
            _ if !self.dtype.is_float() => match self.row.iter().all(|(_, e)| *e == 0.0) {
                true => 0.0,
                false => f64::INFINITY,
            },
            ReduceOp::Sum => self.sum(),
            ReduceOp::Prod => self.prod(),
        };
        if !self.dtype.is_float() {
            return error;
        }
        let value = real(self.dtype, result);
        narrowed(self.dtype, value, error)
    }

    fn reals(&self) -> impl Iterator<Item = (f64, f64)> {
        self.row.iter().map(|&(v, e)| (real(self.dtype, v), e))
    }

    /// Additions that follow one another: lanes fold blocks of 32, then the blocks, then a tree.
    fn depth(&self) -> f64 {
        let n = self.row.len() as f64;
        n.min(64.0 + n / 32.0)
    }

    fn sum(&self) -> f64 {
        let finite = self.reals().filter(|(v, _)| v.is_finite());
        let (size, error) = finite.fold((0.0, 0.0), |(s, t), (v, e)| (s + v.abs() + e, t + e));
        if size > f32::MAX as f64 {
            return f64::INFINITY;
        }
        error + self.depth() * (ROUNDING * size + if size < 1e-20 { TINY } else { 0.0 })
    }

    fn prod(&self) -> f64 {
        // Partial products in another order must neither overflow nor vanish.
        let (mut low, mut high, mut size, mut grown) = (0f64, 0f64, 1f64, 1f64);
        for (v, e) in self.reals() {
            if !v.is_finite() || (v == 0.0 && e == 0.0) {
                continue;
            }
            let bits = v.abs().log2();
            low += bits.min(0.0);
            high += bits.max(0.0);
            size *= v.abs();
            grown *= v.abs() + e;
        }
        let zero = self.reals().any(|(v, e)| v == 0.0 && e == 0.0);
        let special = self.reals().any(|(v, _)| !v.is_finite());
        match (
            high > 127.0,
            low < -126.0 && (special || !zero),
            zero || special,
        ) {
            (true, ..) | (_, true, _) => f64::INFINITY,
            (_, _, true) => 0.0,
            _ => grown - size + 2.0 * self.row.len() as f64 * ROUNDING * grown,
        }
    }

    fn extreme(&self, result: u32) -> f64 {
        let value = real(self.dtype, result);
        if value.is_nan() {
            return 0.0;
        }
        let better = |a: f64, b: f64| {
            if matches!(self.op, ReduceOp::Max | ReduceOp::Fmax) {
                a.max(b)
            } else {
                a.min(b)
            }
        };
        let by = |way: f64| self.reals().map(|(v, e)| v + way * e).reduce(better);
        let (low, high) = (by(-1.0), by(1.0));
        let apart =
            |x: Option<f64>| x.map_or(0.0, |x| if x == value { 0.0 } else { (x - value).abs() });
        // Of elements that may be equal, either can be given as it is.
        let either = self
            .reals()
            .filter(|(v, e)| (v - value).abs() <= *e)
            .map(|(v, _)| (v - value).abs())
            .fold(0.0, f64::max);
        apart(low).max(apart(high)).max(either)
    }

    /// How far the place of the extreme element may move: to any that might be as extreme.
    fn place(&self, result: u32) -> f64 {
        let Some(&(winner, error)) = self.row.get(result as usize) else {
            return 0.0;
        };
        let near = |(i, &(v, e)): (usize, &(u32, f64))| {
            let close = e + error > 0.0 && distance(self.dtype, v, winner) <= e + error;
            close.then(|| (i as f64 - result as f64).abs())
        };
        self.row
            .iter()
            .enumerate()
            .filter_map(near)
            .fold(0.0, f64::max)
    }
}
