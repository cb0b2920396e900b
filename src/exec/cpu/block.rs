//! Running programs over blocks of elements.

use std::cell::Cell;
use std::sync::Mutex;

use super::SlotMemory;
use super::code::{Action, Code, Place};
use super::stream;
use crate::error::ErrorKind;

/// The first fault that a run met.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Option<ErrorKind>>);

impl Faults {
    pub(super) fn index(&self, index: i64, axis: usize, size: usize) {
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

/// What a block is computed from besides streams, and where its results go.
#[derive(Default)]
pub(crate) struct Beside<'a, 'o> {
    /// The core's results for the block.
    pub(crate) core: &'a [u32],
    /// The task's share of each output: what was there before, until it is written.
    pub(crate) outputs: &'a mut [&'o mut [u32]],
    /// The element of that share at which the block starts.
    pub(crate) at: usize,
}

/// What a body reads, bound to memory.
pub(crate) struct Inputs<'a> {
    /// Of each stream its words and the place of its first element, which may lie before them if the
    /// words are those of a later part.
    pub(super) streams: Vec<(&'a [u32], isize)>,
    scalars: Vec<u32>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn bind(code: &Code, memory: &'a [SlotMemory], scalars: &[u32]) -> Self {
        Self::bind_to(code, scalars, |slot| (memory[slot].words(), 0))
    }

    /// Binds to what `words` gives for a slot: words, and the place in the slot of the first.
    pub(super) fn bind_to(
        code: &Code,
        scalars: &[u32],
        words: impl Fn(usize) -> (&'a [u32], usize),
    ) -> Self {
        let streams = code.streams.iter().map(|s| {
            let (words, first) = s.slot.map_or((&[][..], 0), &words);
            (words, s.layout.place(scalars) as isize - first as isize)
        });
        Self {
            streams: streams.collect(),
            scalars: code.scalars.iter().map(|&n| scalars[n]).collect(),
        }
    }
}

/// A body bound to what it reads.
pub(crate) struct Runner<'a> {
    pub(super) code: &'a Code,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) faults: &'a Faults,
}

thread_local! {
    /// The memory of this thread's registers between tasks.
    static SPARE: Cell<Vec<u32>> = const { Cell::new(Vec::new()) };
}

/// Words of a line of cache, at which registers start.
pub(super) const LINE: usize = 16;

/// The registers of one task.
pub(crate) struct Registers {
    words: Vec<u32>,
    first: usize,
}

impl Registers {
    /// Registers of undefined content, that many words in all.
    fn new(size: usize) -> Self {
        let mut words = SPARE.take();
        let least = size + LINE;
        if words.len() < least {
            words.resize(least, 0);
        }
        let first = words.as_ptr().align_offset(4 * LINE).min(LINE);
        Self { words, first }
    }

    fn all(&self) -> &[u32] {
        &self.words[self.first..]
    }

    fn all_mut(&mut self) -> &mut [u32] {
        &mut self.words[self.first..]
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        SPARE.set(std::mem::take(&mut self.words));
    }
}

/// The registers apart from the one that is written, the core's results, and the streams of a block.
struct Sources<'a> {
    before: &'a [u32],
    after: &'a [u32],
    core: &'a [u32],
    streams: &'a [(&'a [u32], isize)],
    /// Words of a register.
    block: usize,
    start: usize,
    len: usize,
}

impl<'a> Sources<'a> {
    #[inline(always)]
    fn get(&self, place: Place) -> &'a [u32] {
        let (words, at) = match place {
            Place::Register(r) if r * self.block < self.before.len() => {
                (self.before, r * self.block)
            }
            Place::Register(r) => (self.after, (r - 1) * self.block - self.before.len()),
            Place::Stream(k) => {
                let (words, first) = self.streams[k];
                (words, (first + self.start as isize) as usize)
            }
            Place::Core => (self.core, 0),
            Place::Output(_) => unreachable!("what is computed in an output has no other reader"),
        };
        &words[at..][..self.len]
    }
}

impl<'a> Runner<'a> {
    pub(crate) fn new(code: &'a Code, inputs: &'a Inputs<'a>, faults: &'a Faults) -> Self {
        Self {
            code,
            inputs,
            faults,
        }
    }

    /// Registers for blocks of up to `len` elements, and no more than a block.
    pub(crate) fn registers(&self, len: usize) -> Registers {
        let block = self.code.block;
        let mut registers = Registers::new(self.code.registers * block);
        let words = registers.all_mut();
        for &(register, scalar) in &self.code.constants {
            let out = &mut words[register * block..][..len.min(block)];
            stream::fill(self.inputs.scalars[scalar], out);
        }
        registers
    }

    /// Runs elements `start..start + len`, at most a block.
    pub(crate) fn run(
        &self,
        regs: &mut Registers,
        start: usize,
        len: usize,
        beside: &mut Beside<'_, '_>,
    ) {
        let words = regs.all_mut();
        let block = self.code.block;
        for (number, step) in self.code.steps.iter().enumerate() {
            self.fetch_ahead(start + len, number);
            let (before, out, after, outputs) = match step.to {
                Place::Register(r) => {
                    let (before, rest) = words.split_at_mut(r * block);
                    let (out, after) = rest.split_at_mut(block);
                    (&*before, &mut out[..len], &*after, &*beside.outputs)
                }
                Place::Output(k) => {
                    let out = &mut beside.outputs[k][beside.at..][..len];
                    (&*words, out, &[][..], &[][..])
                }
                Place::Stream(_) | Place::Core => unreachable!("steps write registers and outputs"),
            };
            let sources = Sources {
                before,
                after,
                core: beside.core,
                streams: &self.inputs.streams,
                block,
                start,
                len,
            };
            match step.action {
                Action::Apply { op, from, args } => {
                    let [a, b, c] = args;
                    let args = [sources.get(a), sources.get(b), sources.get(c)];
                    op.apply(from, step.dtype, args, out);
                }
                Action::Load(k) => self.load(k, start, out),
                Action::Before(k, dtype) => stream::copy(dtype, outputs[k], beside.at, out),
                Action::Index(k) => self.places(k, start, out),
                Action::Random {
                    stream,
                    params,
                    lane,
                } => {
                    let [k0, k1, c0, c1] = params.map(|p| self.inputs.scalars[p as usize]);
                    self.places(stream, start, out);
                    stream::random([k0, k1], [c0, c1], lane, out);
                }
                Action::Gather {
                    stream,
                    index,
                    signed,
                } => self.gather(stream, start, sources.get(index), signed, out),
            }
        }
    }

    /// Asks for a step's share of what the next block reads. The processor sees far ahead within a
    /// loop, but not past its end, and a block is as many loops as it has steps.
    fn fetch_ahead(&self, next: usize, step: usize) {
        if next >= self.code.size {
            return;
        }
        let len = self.code.block.min(self.code.size - next);
        let part = |step: usize| next + len * step / self.code.steps.len();
        for &k in &self.code.in_order {
            let (words, first) = self.inputs.streams[k];
            let at = |step: usize| (first + part(step) as isize) as usize;
            // The words may be those of a part alone.
            if let Some(words) = words.get(at(step)..at(step + 1)) {
                stream::prefetch(words);
            }
        }
    }

    /// The values of a result for the block that was run; `None` if they are in its output.
    pub(crate) fn result<'r>(
        &'r self,
        regs: &'r Registers,
        result: usize,
        (start, len): (usize, usize),
        core: &'r [u32],
    ) -> Option<&'r [u32]> {
        let sources = Sources {
            before: regs.all(),
            after: &[],
            core,
            streams: &self.inputs.streams,
            block: self.code.block,
            start,
            len,
        };
        match self.code.results[result] {
            Place::Output(_) => None,
            place => Some(sources.get(place)),
        }
    }
}
