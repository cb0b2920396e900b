//! The errors of pointwise operations.

use super::number::{distance, half_ulp, real, shift, ulp, vanish};
use crate::dtype::DType;
use crate::op::PointOp;

#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub(super) dtype: DType,
    pub(super) values: &'a [u32],
    pub(super) errors: &'a [f64],
}

/// The errors of an operation's results.
pub(super) fn apply(op: PointOp, args: &[Operand<'_>], to: DType, results: &[u32]) -> Vec<f64> {
    let spread = match op {
        PointOp::Select => select(args, to),
        _ if args.iter().all(|a| a.errors.iter().all(|&e| e == 0.0)) => vec![0.0; results.len()],
        PointOp::Eq | PointOp::Ne | PointOp::Lt | PointOp::Le | PointOp::Gt | PointOp::Ge => {
            overlap(args)
        }
        _ => pushed(op, args, to, results),
    };
    let own =
        |(spread, &result): (f64, &u32)| spread + rounding(op, args[0].dtype, to, result, spread);
    spread.into_iter().zip(results).map(own).collect()
}

/// An element is chosen: where it is not certain which, the two may be confused.
fn select(args: &[Operand<'_>], to: DType) -> Vec<f64> {
    let [c, a, b] = [0, 1, 2].map(|i| args[i]);
    let one = |i: usize| match (c.errors[i] > 0.0, c.values[i] != 0) {
        (false, true) => a.errors[i],
        (false, false) => b.errors[i],
        (true, _) => distance(to, a.values[i], b.values[i]) + a.errors[i] + b.errors[i],
    };
    (0..c.values.len()).map(one).collect()
}

/// A comparison is uncertain where its operands may be equal on one device and not on the other.
fn overlap(args: &[Operand<'_>]) -> Vec<f64> {
    let [a, b] = [0, 1].map(|i| args[i]);
    let one = |i: usize| {
        let error = a.errors[i] + b.errors[i];
        let near = error > 0.0 && distance(a.dtype, a.values[i], b.values[i]) <= error;
        near as u32 as f64
    };
    (0..a.values.len()).map(one).collect()
}

/// How far the results move when the operands are pushed by their errors.
fn pushed(op: PointOp, args: &[Operand<'_>], to: DType, results: &[u32]) -> Vec<f64> {
    let len = results.len();
    let from = args[args.len() - 1].dtype;
    let mut spread = vec![0f64; len];
    let mut out = vec![0u32; len];
    let push = |arg: &Operand<'_>, way: u32| -> Vec<u32> {
        let one = |(&v, &e): (&u32, &f64)| match way {
            0 => v,
            way => shift(arg.dtype, v, if way == 1 { e } else { -e }),
        };
        arg.values.iter().zip(arg.errors).map(one).collect()
    };
    for ways in 1..3u32.pow(args.len() as u32) {
        let moved: Vec<Vec<u32>> = (0..args.len())
            .map(|i| push(&args[i], ways / 3u32.pow(i as u32) % 3))
            .collect();
        let arg = |i: usize| moved[i.min(moved.len() - 1)].as_slice();
        op.apply_to_words(from, to, &[arg(0), arg(1), arg(2)], &mut out);
        for (s, (&moved, &result)) in spread.iter_mut().zip(out.iter().zip(results)) {
            *s = s.max(distance(to, moved, result));
        }
    }
    for (i, s) in spread.iter_mut().enumerate() {
        *s = s.max(inside(op, args, to, i, *s));
    }
    spread
}

/// What lies between the pushed operands and cannot be seen from them: poles, periods, NaN.
fn inside(op: PointOp, args: &[Operand<'_>], to: DType, i: usize, spread: f64) -> f64 {
    let error = |k: usize| args[k].errors[i];
    let size = |k: usize| real(args[k].dtype, args[k].values[i]).abs();
    if args.iter().any(|a| a.errors[i] == f64::INFINITY) {
        return if to == DType::Bool {
            1.0
        } else {
            f64::INFINITY
        };
    }
    let around_zero = |k: usize| error(k) > 0.0 && size(k) <= error(k);
    match op {
        PointOp::Reciprocal | PointOp::Rsqrt if around_zero(0) => f64::INFINITY,
        PointOp::Div | PointOp::Rem | PointOp::FloorDiv | PointOp::Fmod | PointOp::TruncDiv
            if around_zero(1) =>
        {
            f64::INFINITY
        }
        PointOp::Rem | PointOp::Fmod if error(0) >= size(1) => size(1) + error(1),
        PointOp::Sin | PointOp::Cos if error(0) > 0.5 => 2.0,
        PointOp::Tan if error(0) > 0.5 || spread > 1.0 + size(0) => f64::INFINITY,
        // Of two that may be equal, either can be given as it is.
        PointOp::Minimum | PointOp::Maximum | PointOp::Fmin | PointOp::Fmax => {
            let apart = distance(to, args[0].values[i], args[1].values[i]);
            let near = apart <= error(0) + error(1);
            if near {
                apart + error(0).max(error(1))
            } else {
                0.0
            }
        }
        // Zero for a tiny number, times infinity.
        PointOp::LeakyRelu | PointOp::Elu if size(1).is_infinite() && around_zero(0) => {
            f64::INFINITY
        }
        PointOp::Atan2 if around_zero(0) && around_zero(1) => f64::INFINITY,
        _ => 0.0,
    }
}

/// The rounding of the operation itself, on both devices.
fn rounding(op: PointOp, from: DType, to: DType, result: u32, spread: f64) -> f64 {
    if !to.is_float() {
        return 0.0;
    }
    let value = real(to, result);
    if value.is_nan() {
        return 0.0;
    }
    let size = value.abs() + spread;
    let ulps = match op {
        // Beyond, a quotient has no fraction to round down and is as good as a division.
        PointOp::FloorDiv | PointOp::TruncDiv if size > (1 << 24) as f64 => {
            2.0 * PointOp::Div.ulp() as f64
        }
        PointOp::Cast if from.is_int() && size > (1 << 24) as f64 => 1.0,
        op => 2.0 * op.ulp() as f64,
    };
    let mut error = ulps * ulp(size);
    let narrowed = to == DType::F16
        && (ulps > 0.0 || spread > 0.0 || (op == PointOp::Cast && from != DType::F16));
    if narrowed {
        error += half_ulp(size);
    }
    error + vanish(to, value, spread + error)
}
