//! The errors of scans.

use super::number::{ROUNDING, TINY, narrowed, real};
use crate::dtype::DType;
use crate::op::ReduceOp;
use crate::plan::around;
use crate::shape::Shape;

/// Additions that follow one another at most before an element of a sum, whatever comes before it:
/// blocks, chains and tiles of either device.
const DEPTH: f64 = 512.0;

/// What is known of an axis up to an element.
#[derive(Clone)]
struct Prefix {
    count: f64,
    /// Of the finite elements: the sum of sizes and of errors, the product of sizes, and of sizes with
    /// errors.
    sizes: f64,
    errors: f64,
    product: f64,
    grown: f64,
    /// Powers of two that partial products may fall and rise by.
    low: f64,
    high: f64,
    zero: bool,
    special: bool,
    /// The extreme of the elements pushed either way.
    below: Option<f64>,
    above: Option<f64>,
    /// An error of which nothing is known.
    lost: bool,
}

impl Prefix {
    const NOTHING: Self = Self {
        count: 0.0,
        sizes: 0.0,
        errors: 0.0,
        product: 1.0,
        grown: 1.0,
        low: 0.0,
        high: 0.0,
        zero: false,
        special: false,
        below: None,
        above: None,
        lost: false,
    };

    fn push(&mut self, op: ReduceOp, v: f64, e: f64) {
        self.lost |= e == f64::INFINITY;
        self.count += 1.0;
        let better = |a: Option<f64>, b: f64| match (a, op) {
            (None, _) => Some(b),
            (Some(a), ReduceOp::Max) => Some(a.max(b)),
            (Some(a), _) => Some(a.min(b)),
        };
        self.below = better(self.below, v - e);
        self.above = better(self.above, v + e);
        self.zero |= v == 0.0 && e == 0.0;
        self.special |= !v.is_finite();
        if !v.is_finite() {
            return;
        }
        self.sizes += v.abs() + e;
        self.errors += e;
        if v != 0.0 || e != 0.0 {
            let bits = v.abs().log2();
            self.low += bits.min(0.0);
            self.high += bits.max(0.0);
            self.product *= v.abs();
            self.grown *= v.abs() + e;
        }
    }

    fn error(&self, op: ReduceOp, dtype: DType, result: u32) -> f64 {
        let value = real(dtype, result);
        let error = match op {
            _ if self.lost => return f64::INFINITY,
            ReduceOp::Max | ReduceOp::Min if value.is_nan() => 0.0,
            ReduceOp::Max | ReduceOp::Min => {
                let apart = |x: Option<f64>| x.filter(|x| *x != value).map(|x| (x - value).abs());
                let ways = [self.below, self.above].into_iter().filter_map(apart);
                ways.fold(0.0, f64::max)
            }
            _ if !dtype.is_float() => match self.errors == 0.0 {
                true => 0.0,
                false => f64::INFINITY,
            },
            ReduceOp::Sum if self.sizes > f32::MAX as f64 => f64::INFINITY,
            ReduceOp::Sum => {
                let tiny = if self.sizes < 1e-20 { TINY } else { 0.0 };
                self.errors + self.count.min(DEPTH) * (ROUNDING * self.sizes + tiny)
            }
            // Partial products in another order must neither overflow nor vanish.
            _ if self.high > 127.0 => f64::INFINITY,
            _ if self.low < -126.0 && (self.special || !self.zero) => f64::INFINITY,
            _ if self.zero || self.special => 0.0,
            _ => self.grown - self.product + 2.0 * self.count * ROUNDING * self.grown,
        };
        match dtype.is_float() {
            true => narrowed(dtype, value, error),
            false => error,
        }
    }
}

/// Visits the blocks of each result of a prologue: its number, values and errors.
type Visit<'v> = dyn FnMut(usize, &[u32], &[f64]) + 'v;

/// The errors of a scan's results; `walk` visits what is scanned and, if there is a second result, where
/// it begins anew.
pub(super) fn errors(
    (op, dtype): (ReduceOp, DType),
    shape: &Shape,
    axis: usize,
    results: &[u32],
    walk: impl FnOnce(&mut Visit<'_>),
) -> Vec<f64> {
    let mut given: [Vec<(u32, f64)>; 2] = Default::default();
    walk(&mut |k, values, errors| {
        given[k].extend(values.iter().copied().zip(errors.iter().copied()));
    });
    let [values, heads] = given;
    let (_, n, inner) = around(shape, axis);
    let mut errors = Vec::with_capacity(values.len());
    for (line, values) in values.chunks(n * inner).enumerate() {
        let mut columns = vec![Prefix::NOTHING; inner];
        for (i, &(value, error)) in values.iter().enumerate() {
            let prefix = &mut columns[i % inner];
            let at = line * n * inner + i;
            if let Some(&(head, unsure)) = heads.get(at) {
                if head != 0 {
                    *prefix = Prefix::NOTHING;
                }
                prefix.lost |= unsure > 0.0;
            }
            prefix.push(op, real(dtype, value), error);
            errors.push(prefix.error(op, dtype, results[at]));
        }
    }
    errors
}
