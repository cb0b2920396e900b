//! Running programs over blocks of elements.

use std::sync::Mutex;

use super::SlotMemory;
use super::code::{Action, Code, Place, Step};
use super::stream;
use super::workspace::{Rest, Words, Workspace};
use crate::error::ErrorKind;
use crate::op::program::Indexed;

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
    /// Of each stream its words and the place of its first element, which may lie before them if the
    /// words are those of a later part.
    pub(super) streams: Vec<(Words<'a>, isize)>,
    scalars: Vec<u32>,
    /// Of each store the number of its output.
    pub(super) outputs: Vec<usize>,
    /// The streams of which the next block is asked for while one runs.
    pub(super) ahead: Vec<usize>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn bind(code: &Code, memory: &'a [SlotMemory], scalars: &[u32]) -> Self {
        Self {
            streams: Self::streams(code, scalars, |slot| {
                (Words::Memory(memory[slot].words()), 0)
            }),
            scalars: code.scalars.iter().map(|&n| scalars[n]).collect(),
            outputs: (0..code.outputs).collect(),
            ahead: code.in_order.clone(),
        }
    }

    /// Binds to what `words` gives for a slot: words, and the place in the slot of the first. Every
    /// store goes to the output that `outputs` numbers; what is in `near` is not asked for ahead.
    pub(super) fn bind_to(
        code: &Code,
        scalars: &[u32],
        words: impl Fn(usize) -> (Words<'a>, usize),
        outputs: Vec<usize>,
        near: impl Fn(usize) -> bool,
    ) -> Self {
        let far = |k: &usize| code.streams[*k].slot.is_some_and(|slot| !near(slot));
        Self {
            streams: Self::streams(code, scalars, words),
            scalars: code.scalars.iter().map(|&n| scalars[n]).collect(),
            outputs,
            ahead: code.in_order.iter().copied().filter(far).collect(),
        }
    }

    fn streams(
        code: &Code,
        scalars: &[u32],
        words: impl Fn(usize) -> (Words<'a>, usize),
    ) -> Vec<(Words<'a>, isize)> {
        let bind = |s: &super::code::Line| {
            let (words, first) = s.slot.map_or((Words::Memory(&[]), 0), &words);
            (words, s.layout.place(scalars) as isize - first as isize)
        };
        code.streams.iter().map(bind).collect()
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
    core: &'a [u32],
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
    pub(crate) fn workspace<'o>(&self, outputs: Vec<&'o mut [u32]>) -> Workspace<'a, 'o> {
        Workspace::new(self.code.words(), outputs)
    }

    /// Runs elements `start..start + len`, at most a block, which the outputs have from `at` on;
    /// `core` is what the core computed for them. Streams that lie in order may do so within a run
    /// alone, so that one run is computed after the other.
    pub(crate) fn run(
        &self,
        work: &mut Workspace<'a, '_>,
        (start, len): (usize, usize),
        at: usize,
        core: &[u32],
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
                core: core.get(done..).unwrap_or_default(),
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

    /// Fills `outs` with the first results for the elements from one on; one may be empty.
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
                    out.copy_from_slice(result);
                }
            }
        }
    }

    /// Has what the block that starts at an element reads asked for.
    fn look_ahead(&self, work: &mut Workspace<'a, '_>, next: usize) {
        let Self { code, inputs, .. } = self;
        let len = code.block.min(code.size.saturating_sub(next));
        work.ahead.begin(code.steps.len() + 1);
        // Within one loop, the processor sees ahead by itself.
        if len == 0 || code.steps.is_empty() {
            return;
        }
        for &k in &inputs.ahead {
            let (words, first) = inputs.streams[k];
            let start = (first + next as isize) as usize;
            work.ahead.add(words, start..start + len);
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
        let code = self.code;
        let (at, written) = match step.to {
            Place::Register(r) => (r * code.block + run.done, run.len),
            Place::Single(r) => (code.registers * code.block + r, 1),
            Place::Output(k) => {
                // It leaves the others while it is written.
                let k = self.inputs.outputs[k];
                let words = std::mem::take(&mut work.outputs[k]);
                let (rest, _) = work.split(0, 0);
                self.compute(step, &rest, run, &mut words[run.at..][..run.len]);
                work.outputs[k] = words;
                return;
            }
            _ => unreachable!("steps write registers and outputs"),
        };
        let (rest, out) = work.split(at, written);
        self.compute(step, &rest, run, out);
    }

    fn compute(&self, step: &Step, rest: &Rest<'_, '_>, run: Run<'_>, out: &mut [u32]) {
        match step.action {
            Action::Apply { op, from, args } => {
                let args = self.operands(args, rest, run);
                op.apply(from, step.dtype, &args, out);
            }
            Action::Pair { pair, args } => pair.apply(&self.operands(args, rest, run), out),
            Action::Load(k) => self.load(k, rest.outputs, run.start, out),
            Action::Before(k, dtype) => {
                let output = &rest.outputs[self.inputs.outputs[k]];
                stream::copy(dtype, output, run.at, out);
            }
            Action::Spread(place) => match self.get(place, rest, run) {
                &[value] => stream::fill(value, out),
                values => out.copy_from_slice(values),
            },
            Action::Index(k) => self.places(k, run.start, out),
            Action::Random {
                stream,
                params,
                lane,
            } => {
                let [k0, k1, c0, c1] = params.map(|p| self.inputs.scalars[p as usize]);
                self.places(stream, run.start, out);
                stream::random([k0, k1], [c0, c1], lane, out);
            }
            Action::Gather {
                stream,
                index,
                signed,
            } => {
                let index = self.get(index, rest, run);
                self.gather(stream, rest.outputs, run.start, index, signed, out);
            }
            Action::Search {
                stream,
                value,
                right,
            } => {
                let values = self.get(value, rest, run);
                self.search(stream, rest.outputs, run.start, values, right, out);
            }
        }
    }

    #[inline(always)]
    fn operands<'r>(
        &'r self,
        [a, b, c]: [Place; 3],
        rest: &Rest<'r, '_>,
        run: Run<'r>,
    ) -> [&'r [u32]; 3] {
        let first = self.get(a, rest, run);
        // What an operation does not take repeats what it takes.
        let second = if b == a {
            first
        } else {
            self.get(b, rest, run)
        };
        let third = if c == b {
            second
        } else {
            self.get(c, rest, run)
        };
        [first, second, third]
    }

    #[inline(always)]
    fn get<'r>(&'r self, place: Place, rest: &Rest<'r, '_>, run: Run<'r>) -> &'r [u32] {
        let Self { code, inputs, .. } = self;
        let stream = |k: usize, len: usize| {
            let words = inputs.streams[k].0.get(rest.outputs);
            &words[rest.places[k] as usize..][..len]
        };
        match place {
            Place::Register(r) => rest.words(r * code.block + run.done, run.len),
            Place::Single(r) => rest.words(code.registers * code.block + r, 1),
            Place::Scalar(k) => std::slice::from_ref(&inputs.scalars[k]),
            Place::Stream(k) => stream(k, run.len),
            Place::Shared(k) => stream(k, 1),
            Place::Core => &run.core[..run.len],
            Place::Output(_) => unreachable!("what is computed in an output has no other reader"),
        }
    }

    /// The values of a result for the block that was run; `None` if they are in its output.
    pub(crate) fn result<'r>(
        &'r self,
        work: &'r Workspace<'_, '_>,
        result: usize,
        (start, len): (usize, usize),
        core: &'r [u32],
    ) -> Option<&'r [u32]> {
        let words = match self.code.results[result] {
            Place::Output(_) => return None,
            Place::Register(r) => &work.registers()[r * self.code.block..],
            Place::Core => core,
            // Results are streams only where these lie in order throughout.
            Place::Stream(k) => {
                let (words, first) = self.inputs.streams[k];
                &words.get(&work.outputs)[(first + start as isize) as usize..]
            }
            _ => unreachable!("results have a value for each element"),
        };
        Some(&words[..len])
    }
}
