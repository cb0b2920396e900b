//! What a task works with: registers, its shares of what is stored, and what it asks for ahead.

use std::cell::Cell;
use std::ops::Range;

use super::stream;

thread_local! {
    /// The memory of this thread's registers between tasks.
    static SPARE: Cell<(Vec<u32>, Vec<isize>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Bytes of a line of cache, at which registers start.
pub(super) const LINE: usize = 64;

/// The registers and outputs of one task.
pub(crate) struct Workspace<'m, 'o> {
    words: Vec<u32>,
    first: usize,
    /// Where each stream is read that is read where it lies.
    pub(super) places: Vec<isize>,
    /// The task's shares of what is stored: what was there before, until it is written.
    pub(super) outputs: Vec<&'o mut [u8]>,
    pub(super) ahead: Ahead<'m>,
}

impl<'m, 'o> Workspace<'m, 'o> {
    /// Registers of undefined content, for bodies that need up to that many bytes.
    pub(super) fn new(size: usize, outputs: Vec<&'o mut [u8]>) -> Self {
        let (mut words, places) = SPARE.take();
        let least = (size + LINE).div_ceil(4);
        if words.len() < least {
            words.resize(least, 0);
        }
        let bytes: &[u8] = bytemuck::cast_slice(&words);
        let first = bytes.as_ptr().align_offset(LINE).min(LINE);
        Self {
            words,
            first,
            places,
            outputs,
            ahead: Ahead::default(),
        }
    }

    pub(super) fn registers(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[self.first..]
    }

    /// Lends some bytes of the registers to be written, and the rest to be read.
    pub(super) fn split(&mut self, at: usize, len: usize) -> (Rest<'_, 'o>, &mut [u8]) {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        let (before, rest) = bytes[self.first..].split_at_mut(at);
        let (written, after) = rest.split_at_mut(len);
        let rest = Rest {
            before,
            after: (at + len, after),
            places: &self.places,
            outputs: &self.outputs,
        };
        (rest, written)
    }
}

impl Drop for Workspace<'_, '_> {
    fn drop(&mut self) {
        let Self { words, places, .. } = self;
        SPARE.set((std::mem::take(words), std::mem::take(places)));
    }
}

/// A workspace apart from what is written.
pub(super) struct Rest<'a, 'o> {
    before: &'a [u8],
    /// Where the registers after the written bytes start, and these.
    after: (usize, &'a [u8]),
    pub(super) places: &'a [isize],
    pub(super) outputs: &'a [&'o mut [u8]],
}

impl<'a> Rest<'a, '_> {
    /// Bytes of the registers.
    #[inline(always)]
    pub(super) fn bytes(&self, at: usize, len: usize) -> &'a [u8] {
        match at < self.before.len() {
            true => &self.before[at..][..len],
            false => &self.after.1[at - self.after.0..][..len],
        }
    }
}

/// The bytes that a stream is in.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'a> {
    Memory(&'a [u8]),
    /// Those of a task's output of that number, which an earlier kernel of the group wrote.
    Output(usize),
}

impl<'a> Bytes<'a> {
    pub(super) fn get(self, outputs: &'a [&mut [u8]]) -> &'a [u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::Output(k) => outputs[k],
        }
    }
}

/// What is asked for while other work is done, a part with each step of it. The processor sees far
/// ahead within a loop, but not past its end, and a block is as many loops as it has steps.
#[derive(Default)]
pub(super) struct Ahead<'m> {
    spans: Vec<Span<'m>>,
    /// Steps that the spans are shared among.
    steps: usize,
    /// Whether they are those of the next tile; else each block begins with those of the next.
    pub(super) by_tile: bool,
}

/// Bytes that are asked for, those that are left, and how many with each step.
struct Span<'m> {
    bytes: Bytes<'m>,
    rest: Range<usize>,
    part: usize,
}

impl<'m> Ahead<'m> {
    /// Begins anew, with nothing.
    pub(super) fn begin(&mut self, steps: usize) {
        self.spans.clear();
        self.steps = steps.max(1);
    }

    /// Adds a span of bytes; what lies beyond them is left out.
    pub(super) fn add(&mut self, bytes: Bytes<'m>, span: Range<usize>) {
        let part = span.len().div_ceil(self.steps).next_multiple_of(LINE);
        self.spans.push(Span {
            bytes,
            rest: span,
            part,
        });
    }

    /// Asks for a step's part of each span.
    pub(super) fn step(&mut self, outputs: &[&mut [u8]]) {
        for Span { bytes, rest, part } in &mut self.spans {
            let end = rest.end.min(rest.start + *part);
            if let Some(bytes) = bytes.get(outputs).get(rest.start..end) {
                stream::prefetch(bytes);
            }
            rest.start = end;
        }
    }
}
