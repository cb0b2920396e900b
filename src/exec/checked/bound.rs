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

mod fold;
mod number;
mod point;
mod product;
mod scan;

pub(super) use self::number::distance;

use std::borrow::Cow;

use self::fold::Fold;
use self::number::flush;
use self::point::{Operand, apply};
use self::product::matmul;
use crate::dtype::DType;
use crate::exec::cpu::SlotMemory;
use crate::exec::cpu::block::{Faults, Inputs, Runner};
use crate::exec::cpu::code::Code;
use crate::exec::cpu::kernel::run_core;
use crate::op::register::{registers_of, words_of};
use crate::op::{Body, Inst, ReduceOp, Reg, ScatterOp, Wanted};
use crate::plan::{Core, Kernel, Matrix, Store};
use crate::shape::Shape;

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
        Core::Scan {
            op,
            dtype,
            prologue,
            axis,
            shape,
        } => scan::errors((*op, *dtype), shape, *axis, &core, |visit| {
            walk(prologue, shape, (&[], &[]), memory, scalars, visit);
        }),
        Core::Sort {
            places,
            wanted,
            prologue,
            shape,
            ..
        } => {
            // Keys that may differ move those in order by as much at most; places, and what is only parted,
            // anywhere.
            let row = shape.dims().last().copied().unwrap_or(1);
            let mut keys = Vec::with_capacity(shape.size());
            walk(prologue, shape, (&[], &[]), memory, scalars, |_, _, e| {
                keys.extend_from_slice(e);
            });
            let largest = |row: &[f64]| match row.iter().copied().fold(0.0, f64::max) {
                error if error > 0.0 && (*places || matches!(wanted, Wanted::Parted(_))) => {
                    f64::INFINITY
                }
                error => error,
            };
            let rows = keys.chunks(row).map(largest);
            rows.flat_map(|e| std::iter::repeat_n(e, wanted.count(row)))
                .collect()
        }
        Core::Matmul { a, b, dtype, k, .. } => {
            let [a, b] = [a, b].map(|m| Matrix {
                slot: m.slot,
                layout: m.layout.resolve(scalars),
            });
            matmul(*dtype, (&a, &b), *k, memory, &core)
        }
    };
    let results = kernel.body.program.results.len();
    let mut out = vec![Vec::with_capacity(kernel.shape.size()); results];
    let mut last = Vec::new();
    let beside = (&core[..], &core_errors[..]);
    walk(
        &kernel.body,
        &kernel.shape,
        beside,
        memory,
        scalars,
        |i, values, errors| {
            out[i].extend_from_slice(errors);
            if i + 1 == results {
                last.extend_from_slice(values);
            }
        },
    );
    if let [store] = &kernel.stores[..]
        && let Some(op) = store.scatter()
    {
        return vec![scattered(op, store, &out[0], &last)];
    }
    out
}

/// The errors of elements that are put to places, as they stand in the whole.
fn scattered(op: ScatterOp, store: &Store, errors: &[f64], places: &[u32]) -> Vec<f64> {
    let mut whole = vec![0.0; store.layout.shape().size()];
    for (&place, &error) in places.iter().zip(errors) {
        if let Some(there) = whole.get_mut(place as usize) {
            *there = match op {
                ScatterOp::Combine(ReduceOp::Sum) => *there + error,
                _ => error.max(*there),
            };
        }
    }
    whole
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
    let mut insts = body.program.insts.iter();
    let core_dtype = insts.find(|(inst, _)| *inst == Inst::Core);
    let core_dtype = core_dtype.map_or(DType::F32, |(_, dtype)| *dtype);
    for start in (0..size).step_by(code.block) {
        let len = code.block.min(size - start);
        let values = registers_of(core_dtype, core.0.get(start..).unwrap_or_default());
        runner.run(&mut work, (start, len), 0, &values);
        let words = |reg: usize| {
            let result = runner.result(&work, reg, (start, len), &values);
            // No result is in an output, where there is none.
            words_of(whole.program.dtype(reg as Reg), result.unwrap_or_default())
        };
        let words: Vec<Cow<'_, [u32]>> = (0..whole.program.insts.len()).map(words).collect();
        let value = |reg: Reg| &*words[reg as usize];
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
            // Beside an uncertain value, any number of elements may come before it.
            Inst::Search { value, .. } => {
                let uncertain = |e: &f64| if *e > 0.0 { f64::INFINITY } else { 0.0 };
                all[*value as usize].iter().map(uncertain).collect()
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
