//! Running programs over blocks of elements.

use std::sync::Mutex;

use super::SlotMemory;
use super::code::{Action, Code, Place, Step};
use super::stream;
use super::workspace::{Bytes, Rest, Workspace};
use crate::dtype::DType;
use crate::error::ErrorKind;
use crate::op::PointOp;
use crate::op::program::Indexed;
use crate::op::register::register_size;

/// The first fault that a run met.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Option<ErrorKind>>);

impl Faults {
    /// An index that is out of range.
    pub(super) fn index(&self, index: i64, axis: Indexed) {
        if let Ok(mut fault) = self.0.lock() {
            fault.get_or_insert(ErrorKind::Index {
                op: axis.method,
                index,
                axis: axis.axis,
                size: axis.size,
            });
        }
    }

    pub(crate) fn take(&self) -> Option<ErrorKind> {
        self.0.lock().ok()?.take()
    }
}

/// What a body reads and writes, bound to memory.
pub(crate) struct Inputs<'a> {
    /// Of each stream its bytes and the place of its first element, which may lie before them if the
    /// bytes are those of a later part.
    pub(super) streams: Vec<(Bytes<'a>, isize)>,
    /// Bytes of an element of each stream.
    sizes: Vec<usize>,
    scalars: Vec<u32>,
    /// The scalars as the registers of bools.
    bools: Vec<u8>,
    /// Of each store the number of its output.
    pub(super) outputs: Vec<usize>,
    /// The streams of which the next block is asked for while one runs.
    pub(super) ahead: Vec<usize>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn bind(code: &Code, memory: &'a [SlotMemory], scalars: &[u32]) -> Self {
        let bytes = |slot: usize| (Bytes::Memory(memory[slot].bytes()), 0);
        let outputs = (0..code.outputs).collect();
        Self::bind_to(code, scalars, bytes, outputs, |_| false)
    }

    /// Binds to what `bytes` gives for a slot: bytes, and the element of the slot that they start at. Every
    /// store goes to the output that `outputs` numbers; what is in `near` is not asked for ahead.
    pub(super) fn bind_to(
        code: &Code,
        scalars: &[u32],
        bytes: impl Fn(usize) -> (Bytes<'a>, usize),
        outputs: Vec<usize>,
        near: impl Fn(usize) -> bool,
    ) -> Self {
        let far = |k: &usize| code.streams[*k].slot.is_some_and(|slot| !near(slot));
        Self {
            streams: Self::streams(code, scalars, bytes),
            scalars: code.scalars.iter().map(|&n| scalars[n]).collect(),
            sizes: code.streams.iter().map(|s| s.dtype.size()).collect(),
            bools: code.scalars.iter().map(|&n| scalars[n] as u8).collect(),
            outputs,
            ahead: code.in_order.iter().copied().filter(far).collect(),
        }
    }

    fn streams(
        code: &Code,
        scalars: &[u32],
        bytes: impl Fn(usize) -> (Bytes<'a>, usize),
    ) -> Vec<(Bytes<'a>, isize)> {
        let bind = |s: &super::code::Line| {
            let (bytes, first) = s.slot.map_or((Bytes::Memory(&[]), 0), &bytes);
            (bytes, s.layout.place(scalars) as isize - first as isize)
        };
        code.streams.iter().map(bind).collect()
    }
}

impl<'a> Inputs<'a> {
    /// What is asked for ahead: what it is in, the place of its first element, and bytes of an element.
    pub(super) fn ahead(&self) -> impl Iterator<Item = (Bytes<'a>, isize, usize)> {
        let each = self.ahead.iter().map(|&k| (self.streams[k], self.sizes[k]));
        each.map(|((bytes, first), size)| (bytes, first, size))
    }
}

/// A body bound to what it reads.
pub(crate) struct Runner<'a> {
    pub(super) code: &'a Code,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) faults: &'a Faults,
}

/// Elements that are computed at once.
#[derive(Clone, Copy)]
struct Run<'a> {
    /// The first, and how many.
    start: usize,
    len: usize,
    /// The place of the first in its block, and in the outputs.
    done: usize,
    at: usize,
    /// The core's results for them.
    core: &'a [u8],
}

impl<'a> Runner<'a> {
    pub(crate) fn new(code: &'a Code, inputs: &'a Inputs<'a>, faults: &'a Faults) -> Self {
        Self {
            code,
            inputs,
            faults,
        }
    }

    /// A workspace for this body alone.
    pub(crate) fn workspace<'o>(&self, outputs: Vec<&'o mut [u8]>) -> Workspace<'a, 'o> {
        Workspace::new(self.code.bytes(), outputs)
    }

    /// Runs elements `start..start + len`, at most a block, which the outputs have from `at` on;
    /// `core` is what the core computed for them. Streams that lie in order may do so within a run
    /// alone, so that one run is computed after the other.
    pub(crate) fn run(
        &self,
        work: &mut Workspace<'a, '_>,
        (start, len): (usize, usize),
        at: usize,
        core: &[u8],
    ) {
        if !work.ahead.by_tile {
            self.look_ahead(work, start + len + self.code.lead);
        }
        let mut done = 0;
        while done < len {
            let first = start + done;
            let run = Run {
                start: first,
                len: (self.code.run - first % self.code.run).min(len - done),
                done,
                at: at + done,
                core: core.get(done * self.code.core..).unwrap_or_default(),
            };
            self.enter(first, &mut work.places);
            for step in &self.code.steps {
                work.ahead.step(&work.outputs);
                self.step(step, work, run);
            }
            done += run.len;
        }
        work.ahead.step(&work.outputs);
    }

    /// Fills `outs` with the first results for the elements from one on, a word each; one may be empty.
    pub(super) fn fill(&self, work: &mut Workspace<'a, '_>, first: usize, outs: &mut [&mut [u32]]) {
        let size = outs.first().map_or(0, |out| out.len());
        for at in (0..size).step_by(self.code.block) {
            let block = (first + at, self.code.block.min(size - at));
            self.run(work, block, 0, &[]);
            for (k, out) in outs.iter_mut().enumerate() {
                // No result is in an output, where there is none.
                if let Some(out) = out.get_mut(at..at + block.1)
                    && let Some(result) = self.result(work, k, block, &[])
                {
                    match self.code.dtypes[k] {
                        DType::Bool => stream::widen(result, out),
                        _ => out.copy_from_slice(bytemuck::cast_slice(result)),
                    }
                }
            }
        }
    }

    /// The registers of the first result for the elements `start..start + len`, at most a block.
    pub(super) fn values<'r>(
        &'r self,
        work: &'r mut Workspace<'a, '_>,
        start: usize,
        len: usize,
    ) -> &'r [u8] {
        self.run(work, (start, len), 0, &[]);
        // No result is in an output, where there is none.
        let values = self.result(work, 0, (start, len), &[]);
        values.unwrap_or_default()
    }

    /// Has what the block that starts at an element reads asked for.
    fn look_ahead(&self, work: &mut Workspace<'a, '_>, next: usize) {
        let Self { code, inputs, .. } = self;
        let len = code.block.min(code.size.saturating_sub(next));
        work.ahead.begin(code.steps.len() + 1);
        // Within one loop from memory to memory the processor sees ahead by itself, and what it is asked for
        // besides, many lines at once, holds up the arithmetic.
        let one_loop = match code.steps[..] {
            [] => true,
            [Step { to, .. }] => matches!(to, Place::Output(_)),
            _ => false,
        };
        if len == 0 || one_loop {
            return;
        }
        for &k in &inputs.ahead {
            let (bytes, first) = inputs.streams[k];
            let size = inputs.sizes[k];
            let start = (first + next as isize) as usize * size;
            work.ahead.add(bytes, start..start + len * size);
        }
    }

    /// Finds where the streams that are read where they lie have the element at which a run starts.
    fn enter(&self, first: usize, places: &mut Vec<isize>) {
        places.resize(self.inputs.streams.len(), 0);
        let space = &self.code.space;
        let index = space.index(first);
        for &k in &self.code.in_place {
            places[k] = space.place(k, self.inputs.streams[k].1, &index);
        }
    }

    fn step(&self, step: &Step, work: &mut Workspace<'_, '_>, run: Run<'_>) {
        let (code, size) = (self.code, register_size(step.dtype));
        let (at, written) = match step.to {
            Place::Register(r) => (code.register(r) + run.done * size, run.len * size),
            Place::Single(r) => (code.single(r), size),
            Place::Output(k) => {
                // It leaves the others while it is written.
                let k = self.inputs.outputs[k];
                let bytes = std::mem::take(&mut work.outputs[k]);
                let (rest, _) = work.split(0, 0);
                let out = &mut bytes[run.at * size..][..run.len * size];
                self.compute(step, &rest, run, out);
                work.outputs[k] = bytes;
                return;
            }
            _ => unreachable!("steps write registers and outputs"),
        };
        let (rest, out) = work.split(at, written);
        self.compute(step, &rest, run, out);
    }

    fn compute(&self, step: &Step, rest: &Rest<'_, '_>, run: Run<'_>, out: &mut [u8]) {
        match step.action {
            Action::Apply { op, from, args } => {
                let chosen = match op {
                    PointOp::Select => DType::Bool,
                    _ => from,
                };
                let args = self.operands(args, [chosen, from].map(register_size), rest, run);
                op.apply(from, step.dtype, &args, out);
            }
            Action::Pair { pair, args } => {
                let sizes = [register_size(step.dtype); 2];
                pair.apply(&self.operands(args, sizes, rest, run), out);
            }
            Action::Load(k) => self.load(k, rest.outputs, run.start, out),
            Action::Before(k, dtype) => {
                let output = &rest.outputs[self.inputs.outputs[k]];
                stream::copy(dtype, output, run.at, out);
            }
            Action::Spread(place) => {
                let values = self.get(place, register_size(step.dtype), rest, run);
                match values.len() < out.len() {
                    true => stream::spread(values, out),
                    false => out.copy_from_slice(values),
                }
            }
            Action::Index(k) => self.places(k, run.start, bytemuck::cast_slice_mut(out)),
            Action::Random {
                stream,
                params,
                lane,
            } => {
                let [k0, k1, c0, c1] = params.map(|p| self.inputs.scalars[p as usize]);
                let out = bytemuck::cast_slice_mut(out);
                self.places(stream, run.start, out);
                stream::random([k0, k1], [c0, c1], lane, out);
            }
            Action::Gather {
                stream,
                index,
                signed,
            } => {
                let index = bytemuck::cast_slice(self.get(index, 4, rest, run));
                self.gather(stream, rest.outputs, run.start, index, signed, out);
            }
            Action::Search {
                stream,
                value,
                right,
            } => {
                let values = bytemuck::cast_slice(self.get(value, 4, rest, run));
                let out = bytemuck::cast_slice_mut(out);
                self.search(stream, rest.outputs, run.start, values, right, out);
            }
        }
    }

    /// The operands of an operation; the sizes are those of the first and of the others' registers.
    #[inline(always)]
    fn operands<'r>(
        &'r self,
        [a, b, c]: [Place; 3],
        [first_size, size]: [usize; 2],
        rest: &Rest<'r, '_>,
        run: Run<'r>,
    ) -> [&'r [u8]; 3] {
        let first = self.get(a, first_size, rest, run);
        // What an operation does not take repeats what it takes.
        let second = if b == a && first_size == size {
            first
        } else {
            self.get(b, size, rest, run)
        };
        let third = if c == b {
            second
        } else {
            self.get(c, size, rest, run)
        };
        [first, second, third]
    }

    /// The registers at a place, of that size.
    #[inline(always)]
    fn get<'r>(&'r self, place: Place, size: usize, rest: &Rest<'r, '_>, run: Run<'r>) -> &'r [u8] {
        let Self { code, inputs, .. } = self;
        let stream = |k: usize, len: usize| {
            let bytes = inputs.streams[k].0.get(rest.outputs);
            &bytes[rest.places[k] as usize * size..][..len * size]
        };
        match place {
            Place::Register(r) => rest.bytes(code.register(r) + run.done * size, run.len * size),
            Place::Single(r) => rest.bytes(code.single(r), size),
            Place::Scalar(k) if size == 1 => std::slice::from_ref(&inputs.bools[k]),
            Place::Scalar(k) => bytemuck::bytes_of(&inputs.scalars[k]),
            Place::Stream(k) => stream(k, run.len),
            Place::Shared(k) => stream(k, 1),
            Place::Core => &run.core[..run.len * size],
            Place::Output(_) => unreachable!("what is computed in an output has no other reader"),
        }
    }

    /// The registers of a result for the block that was run; `None` if they are in its output.
    pub(crate) fn result<'r>(
        &'r self,
        work: &'r Workspace<'_, '_>,
        result: usize,
        (start, len): (usize, usize),
        core: &'r [u8],
    ) -> Option<&'r [u8]> {
        let size = register_size(self.code.dtypes[result]);
        let bytes = match self.code.results[result] {
            Place::Output(_) => return None,
            Place::Register(r) => &work.registers()[self.code.register(r)..],
            Place::Core => core,
            // Results are streams only where these lie in order throughout.
            Place::Stream(k) => {
                let (bytes, first) = self.inputs.streams[k];
                &bytes.get(&work.outputs)[(first + start as isize) as usize * size..]
            }
            _ => unreachable!("results have a value for each element"),
        };
        Some(&bytes[..len * size])
    }
}
