//! What a task works with: registers, its shares of what is stored, and what it asks for ahead.

use std::cell::Cell;
use std::ops::Range;

use super::stream;

thread_local! {
    /// The memory of this thread's registers between tasks.
    static SPARE: Cell<(Vec<u32>, Vec<isize>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Words of a line of cache, at which registers start.
pub(super) const LINE: usize = 16;

/// The registers and outputs of one task.
pub(crate) struct Workspace<'m, 'o> {
    words: Vec<u32>,
    first: usize,
    /// Where each stream is read that is read where it lies.
    pub(super) places: Vec<isize>,
    /// The task's shares of what is stored: what was there before, until it is written.
    pub(super) outputs: Vec<&'o mut [u32]>,
    pub(super) ahead: Ahead<'m>,
}

impl<'m, 'o> Workspace<'m, 'o> {
    /// Registers of undefined content, for bodies that need up to that many words.
    pub(super) fn new(size: usize, outputs: Vec<&'o mut [u32]>) -> Self {
        let (mut words, places) = SPARE.take();
        let least = size + LINE;
        if words.len() < least {
            words.resize(least, 0);
        }
        let first = words.as_ptr().align_offset(4 * LINE).min(LINE);
        Self {
            words,
            first,
            places,
            outputs,
            ahead: Ahead::default(),
        }
    }

    pub(super) fn registers(&self) -> &[u32] {
        &self.words[self.first..]
    }

    /// Lends some words of the registers to be written, and the rest to be read.
    pub(super) fn split(&mut self, at: usize, len: usize) -> (Rest<'_, 'o>, &mut [u32]) {
        let (before, rest) = self.words[self.first..].split_at_mut(at);
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
    before: &'a [u32],
    /// Where the registers after the written words start, and these.
    after: (usize, &'a [u32]),
    pub(super) places: &'a [isize],
    pub(super) outputs: &'a [&'o mut [u32]],
}

impl<'a> Rest<'a, '_> {
    /// Words of the registers.
    #[inline(always)]
    pub(super) fn words(&self, at: usize, len: usize) -> &'a [u32] {
        match at < self.before.len() {
            true => &self.before[at..][..len],
            false => &self.after.1[at - self.after.0..][..len],
        }
    }
}

/// The words of a stream.
#[derive(Clone, Copy)]
pub(super) enum Words<'a> {
    Memory(&'a [u32]),
    /// Those of a task's output of that number, which an earlier kernel of the group wrote.
    Output(usize),
}

impl<'a> Words<'a> {
    pub(super) fn get(self, outputs: &'a [&mut [u32]]) -> &'a [u32] {
        match self {
            Self::Memory(words) => words,
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

/// Words that are asked for, those that are left, and how many with each step.
struct Span<'m> {
    words: Words<'m>,
    rest: Range<usize>,
    part: usize,
}

impl<'m> Ahead<'m> {
    /// Begins anew, with nothing.
    pub(super) fn begin(&mut self, steps: usize) {
        self.spans.clear();
        self.steps = steps.max(1);
    }

    /// Adds a span of words; what lies beyond them is left out.
    pub(super) fn add(&mut self, words: Words<'m>, span: Range<usize>) {
        let part = span.len().div_ceil(self.steps).next_multiple_of(LINE);
        self.spans.push(Span {
            words,
            rest: span,
            part,
        });
    }

    /// Asks for a step's part of each span.
    pub(super) fn step(&mut self, outputs: &[&mut [u32]]) {
        for Span { words, rest, part } in &mut self.spans {
            let end = rest.end.min(rest.start + *part);
            if let Some(words) = words.get(outputs).get(rest.start..end) {
                stream::prefetch(words);
            }
            rest.start = end;
        }
    }
}
