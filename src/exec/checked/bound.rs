//! How far the results of two devices may be apart.
//!
//! Both compute the same program from the same words, each operation within its own bound. A running
//! error goes through the program beside the values: an operation is applied to its operands and to
//! its operands pushed by their errors either way, and what the results spread is the error it hands
//! on, to which its own rounding on either device is added. The push carries an error over the jump
//! of a `floor` or a comparison too, so that at such an edge either side is accepted. An infinite
//! error stands for "anything".
//!
//! Subnormal numbers may be taken for zero, and given as zero: they err by as much as they are.

use crate::dtype::DType;
use crate::exec::cpu::SlotMemory;
use crate::exec::cpu::block::{Faults, Inputs, Runner};
use crate::exec::cpu::code::Code;
use crate::exec::cpu::kernel::run_core;
use crate::exec::cpu::matmul::product;
use crate::op::{Body, Inst, PointOp, ReduceOp, Reg};
use crate::plan::{Core, Kernel, Matrix};
use crate::shape::Shape;

/// The rounding error of one `f32` operation on each of two devices, relative to its result.
const ROUNDING: f64 = f32::EPSILON as f64;
const TINY: f64 = f32::MIN_POSITIVE as f64;
/// What comes after the largest finite number.
const BEYOND: f64 = 2.0 * (1u128 << 127) as f64;

/// For each store of the kernel the largest difference of each element.
pub(super) fn kernel(kernel: &Kernel, memory: &[SlotMemory], scalars: &[u32]) -> Vec<Vec<f64>> {
    let faults = Faults::default();
    let core = run_core(kernel, memory, scalars, &faults);
    let core_errors = match &kernel.core {
        Core::Map => vec![],
        Core::Reduce {
            op,
            dtype,
            prologue,
            kept,
            reduced,
        } => {
            let whole: Shape = kept.dims().iter().chain(reduced.dims()).copied().collect();
            let mut fold = Fold::new(*op, *dtype, reduced.size(), &core);
            walk(prologue, &whole, (&[], &[]), memory, scalars, |_, x, e| {
                fold.push(x, e);
            });
            fold.errors
        }
        Core::Matmul { a, b, dtype, k, .. } => {
            let [a, b] = [a, b].map(|m| Matrix {
                slot: m.slot,
                layout: m.layout.resolve(scalars),
            });
            matmul(*dtype, (&a, &b), *k, memory, &core)
        }
    };
    let mut out = vec![Vec::with_capacity(kernel.shape.size()); kernel.stores.len()];
    let beside = (&core[..], &core_errors[..]);
    walk(
        &kernel.body,
        &kernel.shape,
        beside,
        memory,
        scalars,
        |i, _, errors| {
            out[i].extend_from_slice(errors);
        },
    );
    out
}

/// Runs a body over a shape and visits the blocks of each result: its number, values and errors.
/// `core` is what the core computed, and its errors.
fn walk(
    body: &Body,
    shape: &Shape,
    core: (&[u32], &[f64]),
    memory: &[SlotMemory],
    scalars: &[u32],
    mut visit: impl FnMut(usize, &[u32], &[f64]),
) {
    let faults = Faults::default();
    // Every register is looked at.
    let mut whole = body.clone();
    whole.program.results = (0..body.program.insts.len() as Reg).collect();
    let code = Code::new(&whole, shape);
    let inputs = Inputs::bind(&code, memory, scalars);
    let runner = Runner::new(&code, &inputs, &faults);
    let size = shape.size();
    let mut work = runner.workspace(Vec::new());
    for start in (0..size).step_by(code.block) {
        let len = code.block.min(size - start);
        let values = core.0.get(start..).unwrap_or_default();
        runner.run(&mut work, (start, len), 0, values);
        let value = |reg: Reg| {
            let result = runner.result(&work, reg as usize, (start, len), values);
            // No result is in an output, where there is none.
            result.unwrap_or_default()
        };
        let given = core.1.get(start..).unwrap_or_default();
        let errors = errors(body, value, len, given);
        for (i, &reg) in body.program.results.iter().enumerate() {
            visit(i, value(reg), &errors[reg as usize]);
        }
    }
}

/// The error of every register of a block.
fn errors<'r>(
    body: &Body,
    value: impl Fn(Reg) -> &'r [u32],
    len: usize,
    core: &[f64],
) -> Vec<Vec<f64>> {
    let program = &body.program;
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(program.insts.len());
    for (at, (inst, dtype)) in program.insts.iter().enumerate() {
        let here = value(at as Reg);
        let flushed = || here.iter().map(|&v| flush(*dtype, v)).collect::<Vec<f64>>();
        all.push(match inst {
            Inst::Index(_) | Inst::Random { .. } => vec![0.0; len],
            Inst::Load(_) | Inst::Param(_) => flushed(),
            Inst::Core => core[..len].to_vec(),
            Inst::Gather { index, .. } => {
                let mut errors = flushed();
                for (error, index) in errors.iter_mut().zip(&all[*index as usize]) {
                    if *index > 0.0 {
                        *error = f64::INFINITY;
                    }
                }
                errors
            }
            Inst::Apply(op, args) => {
                let operand = |&r: &Reg| Operand {
                    dtype: program.dtype(r),
                    values: value(r),
                    errors: &all[r as usize],
                };
                let args: Vec<Operand<'_>> = args[..op.arity()].iter().map(operand).collect();
                apply(*op, &args, *dtype, here)
            }
        });
    }
    all
}

#[derive(Clone, Copy)]
struct Operand<'a> {
    dtype: DType,
    values: &'a [u32],
    errors: &'a [f64],
}

/// The errors of an operation's results.
fn apply(op: PointOp, args: &[Operand<'_>], to: DType, results: &[u32]) -> Vec<f64> {
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
        op.apply(from, to, &[arg(0), arg(1), arg(2)], &mut out);
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
        PointOp::Div | PointOp::Rem | PointOp::FloorDiv if around_zero(1) => f64::INFINITY,
        PointOp::Rem if error(0) >= size(1) => size(1) + error(1),
        PointOp::Sin | PointOp::Cos if error(0) > 0.5 => 2.0,
        PointOp::Tan if error(0) > 0.5 || spread > 1.0 + size(0) => f64::INFINITY,
        // Of two that may be equal, either can be given as it is.
        PointOp::Minimum | PointOp::Maximum => {
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
        PointOp::FloorDiv if size > (1 << 24) as f64 => 2.0 * PointOp::Div.ulp() as f64,
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

/// What a number that is, or may be, subnormal errs by when it becomes zero.
fn vanish(dtype: DType, value: f64, error: f64) -> f64 {
    let tiny = smallest(dtype);
    match value.abs() - error < tiny && (value != 0.0 || error > 0.0) {
        true => (value.abs() + error).min(tiny),
        false => 0.0,
    }
}

fn flush(dtype: DType, bits: u32) -> f64 {
    match dtype.is_float() {
        true => vanish(dtype, real(dtype, bits), 0.0),
        false => 0.0,
    }
}

/// The smallest normal number.
fn smallest(dtype: DType) -> f64 {
    if dtype == DType::F16 {
        2f64.powi(-14)
    } else {
        TINY
    }
}

/// The unit in the last place of an `f32` of that size.
fn ulp(size: f64) -> f64 {
    let bits = (size.clamp(TINY, f32::MAX as f64) as f32).to_bits();
    2f64.powi(((bits >> 23) as i32).clamp(1, 254) - 150)
}

/// The unit in the last place of an `f16` of that size.
fn half_ulp(size: f64) -> f64 {
    (ulp(size) * 8192.0).max(2f64.powi(-24))
}

/// A register as a number.
fn real(dtype: DType, bits: u32) -> f64 {
    match dtype {
        DType::F16 | DType::F32 => f32::from_bits(bits) as f64,
        DType::I32 => bits as i32 as f64,
        DType::U32 | DType::Bool => bits as f64,
    }
}

/// How far two registers are apart. Infinities count as what comes after the largest number, NaN is
/// infinitely far from all but NaN.
pub(super) fn distance(dtype: DType, a: u32, b: u32) -> f64 {
    let (a, b) = (real(dtype, a), real(dtype, b));
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a.clamp(-BEYOND, BEYOND) - b.clamp(-BEYOND, BEYOND)).abs(),
        _ => f64::INFINITY,
    }
}

/// The register pushed by an error.
fn shift(dtype: DType, bits: u32, by: f64) -> u32 {
    match dtype {
        _ if by == 0.0 => bits,
        // Away from the value, so that the push is not lost in rounding.
        DType::F16 | DType::F32 => {
            let pushed = (f32::from_bits(bits) as f64 + by) as f32;
            match (pushed.to_bits() == bits, by > 0.0) {
                (false, _) => pushed.to_bits(),
                (true, true) => pushed.next_up().to_bits(),
                (true, false) => pushed.next_down().to_bits(),
            }
        }
        DType::I32 => (bits as i32 as f64 + by) as i32 as u32,
        DType::U32 => (bits as f64 + by) as u32,
        DType::Bool => (by > 0.0) as u32,
    }
}

/// The errors of a reduction, fed with the reduced elements in order.
struct Fold<'a> {
    op: ReduceOp,
    dtype: DType,
    /// Elements of a result.
    elements: usize,
    /// What the CPU computed.
    results: &'a [u32],
    row: Vec<(u32, f64)>,
    errors: Vec<f64>,
}

impl<'a> Fold<'a> {
    fn new(op: ReduceOp, dtype: DType, elements: usize, results: &'a [u32]) -> Self {
        Self {
            op,
            dtype,
            elements,
            results,
            row: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn push(&mut self, values: &[u32], errors: &[f64]) {
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
            ReduceOp::Max | ReduceOp::Min => self.extreme(result),
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
            if self.op == ReduceOp::Max {
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

/// The error of a result that is computed in `f32` and stored in its own type.
fn narrowed(dtype: DType, value: f64, error: f64) -> f64 {
    if value.is_nan() {
        return error;
    }
    let error = match dtype {
        DType::F16 => error + half_ulp(value.abs() + error),
        _ => error,
    };
    error + vanish(dtype, value, error)
}

/// The errors of a product: those of its sums, from the product of the absolute values.
fn matmul(
    dtype: DType,
    (a, b): (&Matrix, &Matrix),
    k: usize,
    memory: &[SlotMemory],
    results: &[u32],
) -> Vec<f64> {
    if !dtype.is_float() {
        return vec![0.0; results.len()];
    }
    let size = |x: f64| if x.is_finite() { x.abs() } else { 0.0 };
    let lost = |x: f64| vanish(dtype, x, 0.0);
    let [(a_size, a_lost), (b_size, b_lost)] = [a, b].map(|m| {
        let all = wide(dtype, memory[m.slot].words());
        let part = |f: &dyn Fn(f64) -> f64| -> Vec<u32> {
            all.iter().map(|&x| (f(x) as f32).to_bits()).collect()
        };
        (part(&size), part(&lost))
    });
    let times = |x: &[u32], y: &[u32]| product(DType::F32, (x, &a.layout), (y, &b.layout), k);
    let mut errors: Vec<f64> = times(&a_size, &b_size)
        .into_iter()
        .map(|bits| {
            let size = real(DType::F32, bits);
            match size.is_finite() {
                true => (k + 2) as f64 * (ROUNDING * size + if size < 1e-20 { TINY } else { 0.0 }),
                false => f64::INFINITY,
            }
        })
        .collect();
    let some = |x: &[u32]| x.iter().any(|&v| v != 0);
    for (x, y, lost) in [(&a_lost, &b_size, &a_lost), (&a_size, &b_lost, &b_lost)] {
        if some(lost) {
            for (error, bits) in errors.iter_mut().zip(times(x, y)) {
                *error += real(DType::F32, bits);
            }
        }
    }
    let own = |(error, &bits): (f64, &u32)| narrowed(dtype, real(dtype, bits), error);
    errors.into_iter().zip(results).map(own).collect()
}

/// The stored elements as numbers.
fn wide(dtype: DType, words: &[u32]) -> Vec<f64> {
    match dtype {
        DType::F16 => bytemuck::cast_slice::<u32, half::f16>(words)
            .iter()
            .map(|v| v.to_f64())
            .collect(),
        _ => words.iter().map(|&v| real(dtype, v)).collect(),
    }
}
