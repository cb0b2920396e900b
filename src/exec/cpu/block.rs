//! Running programs over blocks of elements.

use std::sync::Mutex;

use half::f16;
use rayon::prelude::*;

use super::SlotMemory;
use super::space::Space;
use crate::dtype::DType;
use crate::error::ErrorKind;
use crate::layout::Layout;
use crate::op::program::Indexed;
use crate::op::{Body, Inst, Reg, math};
use crate::plan::{Kernel, Store};
use crate::shape::Shape;

/// Elements of a block: with the 24 registers of a long program, 24 KiB.
pub(crate) const BLOCK: usize = 256;
/// Elements that are worth a task of their own on another thread.
const GRAIN: usize = 1 << 15;

/// The first fault that a run met.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Option<ErrorKind>>);

impl Faults {
    fn index(&self, index: i64, axis: usize, size: usize) {
        if let Ok(mut fault) = self.0.lock() {
            fault.get_or_insert(ErrorKind::Index {
                op: "gather",
                index,
                axis,
                size,
            });
        }
    }

    pub(crate) fn take(&self) -> Option<ErrorKind> {
        self.0.lock().ok()?.take()
    }
}

/// Where a stream reads.
#[derive(Clone, Copy)]
enum Source<'a> {
    Words(&'a [u32]),
    /// The output of that number, in place, before it is written.
    Output(usize),
}

/// What a block is computed from besides streams.
#[derive(Clone, Copy, Default)]
pub(crate) struct Beside<'a, 'o> {
    /// The core's results for the block.
    pub(crate) core: &'a [u32],
    /// The task's share of the outputs, and the number of the element it starts at.
    pub(crate) outputs: (&'a [&'o mut [u32]], usize),
}

/// What a body reads, bound to memory.
pub(crate) struct Inputs<'a> {
    streams: Vec<Source<'a>>,
    layouts: Vec<Layout>,
    scalars: Vec<u32>,
}

impl<'a> Inputs<'a> {
    /// The outputs have left the slots of `stores`.
    pub(crate) fn bind(
        body: &Body,
        stores: &[Store],
        memory: &'a [SlotMemory],
        scalars: &[u32],
    ) -> Self {
        let source = |slot: usize| match stores.iter().position(|s| s.slot == slot) {
            Some(output) => Source::Output(output),
            None => Source::Words(memory[slot].words()),
        };
        let streams = body
            .streams
            .iter()
            .map(|s| s.slot.map_or(Source::Words(&[]), source));
        Self {
            streams: streams.collect(),
            layouts: body
                .streams
                .iter()
                .map(|s| s.layout.resolve(scalars))
                .collect(),
            scalars: body.scalars.iter().map(|&n| scalars[n]).collect(),
        }
    }
}

/// A body ready to run over an iteration space.
pub(crate) struct Runner<'a> {
    body: &'a Body,
    inputs: &'a Inputs<'a>,
    space: Space,
    faults: &'a Faults,
}

/// The registers of one thread.
pub(crate) struct Registers(Vec<u32>);

impl<'a> Runner<'a> {
    /// `order` permutes the dimensions that the body's streams are laid over.
    pub(crate) fn new(
        body: &'a Body,
        inputs: &'a Inputs<'a>,
        shape: &Shape,
        order: Option<&[usize]>,
        faults: &'a Faults,
    ) -> Self {
        let layouts: Vec<Layout> = inputs
            .layouts
            .iter()
            .map(|l| order.map_or_else(|| l.clone(), |order| l.permute(order)))
            .collect();
        let shape = match order {
            Some(order) => order.iter().map(|&i| shape.dims()[i]).collect(),
            None => shape.clone(),
        };
        Self {
            body,
            inputs,
            space: Space::new(&shape, layouts.iter()),
            faults,
        }
    }

    pub(crate) fn registers(&self) -> Registers {
        Registers(vec![0; self.body.program.insts.len() * BLOCK])
    }

    /// Runs elements `start..start + len`, at most a block.
    pub(crate) fn run(
        &self,
        regs: &mut Registers,
        start: usize,
        len: usize,
        beside: Beside<'_, '_>,
    ) {
        for (at, (inst, dtype)) in self.body.program.insts.iter().enumerate() {
            let (before, rest) = regs.0.split_at_mut(at * BLOCK);
            let reg = |r: u16| &before[r as usize * BLOCK..][..len];
            let out = &mut rest[..len];
            match inst {
                Inst::Load(k) => self.load(*k as usize, start, out, beside),
                Inst::Param(k) => out.fill(self.inputs.scalars[*k as usize]),
                Inst::Core => out.copy_from_slice(&beside.core[..len]),
                Inst::Index(k) => self.places(*k as usize, start, out),
                Inst::Random {
                    stream,
                    params,
                    lane,
                } => {
                    self.places(*stream as usize, start, out);
                    let [k0, k1, c0, c1] = params.map(|p| self.inputs.scalars[p as usize]);
                    for word in out {
                        *word = math::philox([*word, 0, c0, c1], [k0, k1])[*lane as usize];
                    }
                }
                Inst::Gather { stream, index } => {
                    let signed = self.body.program.dtype(*index) == DType::I32;
                    self.gather(*stream as usize, start, reg(*index), signed, out);
                }
                Inst::Apply(op, args) => {
                    let from = self.body.program.dtype(args[op.arity() - 1]);
                    op.apply(from, *dtype, args.map(reg), out);
                }
            }
        }
    }

    /// The block of a register.
    pub(crate) fn register<'r>(&self, regs: &'r Registers, reg: Reg, len: usize) -> &'r [u32] {
        &regs.0[reg as usize * BLOCK..][..len]
    }

    /// The block of a result of the program.
    pub(super) fn result<'r>(&self, regs: &'r Registers, result: usize, len: usize) -> &'r [u32] {
        &regs.0[self.body.program.results[result] as usize * BLOCK..][..len]
    }

    fn load(&self, k: usize, start: usize, out: &mut [u32], beside: Beside<'_, '_>) {
        let source = match self.inputs.streams[k] {
            Source::Words(words) => words,
            // Read in place: the layout is the output's own.
            Source::Output(output) => {
                let (outputs, first) = beside.outputs;
                return copy_own(
                    self.body.streams[k].dtype,
                    outputs[output],
                    start - first,
                    out,
                );
            }
        };
        let len = out.len();
        if self.body.streams[k].dtype == DType::F16 {
            let source: &[f16] = bytemuck::cast_slice(source);
            return self.space.runs(k, start, len, |done, run, place, stride| {
                for (i, word) in out[done..done + run].iter_mut().enumerate() {
                    *word = source[(place + i as isize * stride) as usize]
                        .to_f32()
                        .to_bits();
                }
            });
        }
        self.space.runs(k, start, len, |done, run, place, stride| {
            let out = &mut out[done..done + run];
            match stride {
                1 => out.copy_from_slice(&source[place as usize..][..run]),
                0 => out.fill(source[place as usize]),
                _ => {
                    for (i, word) in out.iter_mut().enumerate() {
                        *word = source[(place + i as isize * stride) as usize];
                    }
                }
            }
        });
    }

    fn places(&self, k: usize, start: usize, out: &mut [u32]) {
        self.space
            .runs(k, start, out.len(), |done, run, place, stride| {
                for (i, word) in out[done..done + run].iter_mut().enumerate() {
                    *word = (place + i as isize * stride) as u32;
                }
            });
    }

    fn gather(&self, k: usize, start: usize, index: &[u32], signed: bool, out: &mut [u32]) {
        let Source::Words(source) = self.inputs.streams[k] else {
            unreachable!("the source of a gather is read anywhere, so never written in place");
        };
        let stream = &self.body.streams[k];
        let Some(Indexed {
            axis,
            stride: axis_stride,
            size,
        }) = stream.gather
        else {
            return;
        };
        self.space
            .runs(k, start, index.len(), |done, run, place, stride| {
                for i in 0..run {
                    let given = index[done + i];
                    let wanted = if signed {
                        given as i32 as i64
                    } else {
                        given as i64
                    };
                    let mut at = if wanted < 0 {
                        wanted + size as i64
                    } else {
                        wanted
                    };
                    if at < 0 || at >= size as i64 {
                        self.faults.index(wanted, axis, size);
                        at = 0;
                    }
                    let at = (place + i as isize * stride + at as isize * axis_stride) as usize;
                    out[done + i] = match stream.dtype {
                        DType::F16 => bytemuck::cast_slice::<u32, f16>(source)[at]
                            .to_f32()
                            .to_bits(),
                        _ => source[at],
                    };
                }
            });
    }
}

/// Where the results of a kernel's core are.
#[derive(Clone, Copy)]
pub(super) enum Computed<'a> {
    Nothing,
    Words(&'a [u32]),
    /// In the output of that number, which is whole, and whose words are registers.
    Output(usize),
}

/// Runs a kernel's body over its shape and stores the results.
pub(super) fn map(
    kernel: &Kernel,
    inputs: &Inputs<'_>,
    core: Computed<'_>,
    outputs: &mut [Vec<u32>],
    faults: &Faults,
) {
    let size = kernel.shape.size();
    let runner = Runner::new(&kernel.body, inputs, &kernel.shape, None, faults);
    let whole = kernel.stores.iter().all(|s| s.layout.is_identity());
    if !whole {
        // A region of a larger result: walked by the thread that has it.
        let space = Space::new(&kernel.shape, kernel.stores.iter().map(|s| &s.layout));
        let mut regs = runner.registers();
        for start in (0..size).step_by(BLOCK) {
            let len = BLOCK.min(size - start);
            let beside = Beside {
                core: match core {
                    Computed::Words(words) => &words[start..],
                    _ => &[],
                },
                ..Beside::default()
            };
            runner.run(&mut regs, start, len, beside);
            for (k, (store, out)) in kernel.stores.iter().zip(outputs.iter_mut()).enumerate() {
                let values = runner.result(&regs, k, len);
                space.runs(k, start, len, |done, run, place, stride| {
                    scatter(store.dtype, &values[done..done + run], out, place, stride);
                });
            }
        }
        return;
    }
    // One task per chunk, with its share of every output.
    let mut tasks: Vec<Vec<&mut [u32]>> = Vec::new();
    for (store, out) in kernel.stores.iter().zip(outputs) {
        let per_word = 4 / store.dtype.size();
        let words = size.div_ceil(per_word);
        for (i, chunk) in out[..words].chunks_mut(GRAIN / per_word).enumerate() {
            if i == tasks.len() {
                tasks.push(Vec::new());
            }
            tasks[i].push(chunk);
        }
    }
    let task = |(i, mut chunks): (usize, Vec<&mut [u32]>)| {
        let mut regs = runner.registers();
        let end = size.min((i + 1) * GRAIN);
        for start in (i * GRAIN..end).step_by(BLOCK) {
            let len = BLOCK.min(end - start);
            let beside = Beside {
                core: match core {
                    Computed::Nothing => &[],
                    Computed::Words(words) => &words[start..],
                    Computed::Output(k) => &chunks[k][start - i * GRAIN..],
                },
                outputs: (&chunks[..], i * GRAIN),
            };
            runner.run(&mut regs, start, len, beside);
            for (k, (store, chunk)) in kernel.stores.iter().zip(&mut chunks).enumerate() {
                let values = runner.result(&regs, k, len);
                match store.dtype {
                    DType::F16 => {
                        scatter(DType::F16, values, chunk, (start - i * GRAIN) as isize, 1)
                    }
                    _ => chunk[start - i * GRAIN..][..len].copy_from_slice(values),
                }
            }
        }
    };
    if tasks.len() == 1 {
        tasks.into_iter().enumerate().for_each(task);
    } else {
        tasks.into_par_iter().enumerate().for_each(task);
    }
}

fn copy_own(dtype: DType, source: &[u32], start: usize, out: &mut [u32]) {
    match dtype {
        DType::F16 => {
            let source: &[f16] = &bytemuck::cast_slice(source)[start..];
            for (word, value) in out.iter_mut().zip(source) {
                *word = value.to_f32().to_bits();
            }
        }
        _ => out.copy_from_slice(&source[start..][..out.len()]),
    }
}

fn scatter(dtype: DType, values: &[u32], out: &mut [u32], place: isize, stride: isize) {
    let at = |i: usize| (place + i as isize * stride) as usize;
    if dtype == DType::F16 {
        let out: &mut [f16] = bytemuck::cast_slice_mut(out);
        for (i, &value) in values.iter().enumerate() {
            out[at(i)] = f16::from_f32(f32::from_bits(value));
        }
    } else {
        for (i, &value) in values.iter().enumerate() {
            out[at(i)] = value;
        }
    }
}
