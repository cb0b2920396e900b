//! Running a kernel's body over its shape and storing the results.

use super::block::{BLOCK, Beside, Runner};
use super::code::{Code, Goal};
use super::space::Space;
use super::{stream, tasks};
use crate::dtype::DType;
use crate::plan::{Kernel, Store};

/// Where the results of a kernel's core are.
#[derive(Clone, Copy)]
pub(super) enum Computed<'a> {
    Nothing,
    Words(&'a [u32]),
    /// In the output of that number, which is whole, and whose words are registers.
    Output,
}

impl Computed<'_> {
    /// From an element on.
    fn from(self, element: usize) -> Self {
        match self {
            Self::Words(words) => Self::Words(&words[element..]),
            core => core,
        }
    }
}

/// The body of a kernel, ready to run, and how its results are stored.
pub(super) struct Map {
    pub(super) code: Code,
    size: usize,
    stores: Stores,
}

enum Stores {
    /// Each in order: the dtype, and the place of the first element.
    Lines(Vec<(DType, usize)>),
    /// Regions of larger results.
    Regions(Space),
}

/// Whether a result is stored in order, in words that no other store shares.
fn in_order(store: &Store) -> bool {
    match store.dtype {
        DType::F16 => store.layout.is_identity(),
        _ => store.layout.is_contiguous(),
    }
}

impl Map {
    /// `core` is the output that holds what the core computed, if one does.
    pub(super) fn new(kernel: &Kernel, core: Option<usize>) -> Self {
        let lines = kernel.stores.iter().all(in_order);
        let goal = Goal {
            stores: &kernel.stores,
            direct: lines,
            core,
        };
        let stores = match lines {
            true => {
                let line = |s: &Store| (s.dtype, s.layout.offset());
                Stores::Lines(kernel.stores.iter().map(line).collect())
            }
            false => Stores::Regions(Space::new(
                &kernel.shape,
                kernel.stores.iter().map(|s| &s.layout),
            )),
        };
        Self {
            code: Code::with_goal(&kernel.body, &kernel.shape, None, goal),
            size: kernel.shape.size(),
            stores,
        }
    }

    pub(super) fn run(
        &self,
        kernel: &Kernel,
        runner: &Runner<'_>,
        core: Computed<'_>,
        outputs: &mut [Vec<u32>],
    ) {
        match &self.stores {
            Stores::Lines(lines) => self.lines(lines, runner, core, outputs),
            Stores::Regions(space) => self.regions(space, kernel, runner, core, outputs),
        }
    }

    /// One task per chunk, with its share of every output.
    fn lines(
        &self,
        lines: &[(DType, usize)],
        runner: &Runner<'_>,
        core: Computed<'_>,
        outputs: &mut [Vec<u32>],
    ) {
        let grain = tasks::grain(self.code.cost, BLOCK);
        let mut shares: Vec<_> = lines
            .iter()
            .zip(outputs)
            .map(|(&(dtype, place), out)| {
                let per_word = 4 / dtype.size();
                let words = self.size.div_ceil(per_word);
                out[place..place + words].chunks_mut(grain / per_word)
            })
            .collect();
        let chunks = self.size.div_ceil(grain);
        let tasks: Vec<Vec<&mut [u32]>> = (0..chunks)
            .map(|_| shares.iter_mut().filter_map(|s| s.next()).collect())
            .collect();
        tasks::each(tasks.into_iter().enumerate(), |(i, mut chunk)| {
            let first = i * grain;
            let len = grain.min(self.size - first);
            self.chunk(runner, core.from(first), (first, len), &mut chunk);
        });
    }

    /// Elements `first..first + len`, by the block; the core's results and the outputs are those of
    /// these elements.
    pub(super) fn chunk(
        &self,
        runner: &Runner<'_>,
        core: Computed<'_>,
        (first, len): (usize, usize),
        outputs: &mut [&mut [u32]],
    ) {
        let Stores::Lines(lines) = &self.stores else {
            return;
        };
        let mut regs = runner.registers(len);
        for at in (0..len).step_by(BLOCK) {
            let (start, len) = (first + at, BLOCK.min(len - at));
            let core = match core {
                Computed::Words(words) => &words[at..],
                _ => &[],
            };
            let mut beside = Beside { core, outputs, at };
            runner.run(&mut regs, start, len, &mut beside);
            for (k, &(dtype, _)) in lines.iter().enumerate() {
                if let Some(values) = runner.result(&regs, k, (start, len), core) {
                    stream::scatter(dtype, values, outputs[k], at as isize, 1);
                }
            }
        }
    }

    /// Regions are walked by the thread that has them.
    fn regions(
        &self,
        space: &Space,
        kernel: &Kernel,
        runner: &Runner<'_>,
        core: Computed<'_>,
        outputs: &mut [Vec<u32>],
    ) {
        let mut regs = runner.registers(self.size);
        for start in (0..self.size).step_by(BLOCK) {
            let len = BLOCK.min(self.size - start);
            let core = match core {
                Computed::Words(words) => &words[start..],
                _ => &[],
            };
            let mut beside = Beside {
                core,
                ..Beside::default()
            };
            runner.run(&mut regs, start, len, &mut beside);
            for (k, (store, out)) in kernel.stores.iter().zip(outputs.iter_mut()).enumerate() {
                let Some(values) = runner.result(&regs, k, (start, len), core) else {
                    continue;
                };
                space.runs(k, start, len, |done, run, place, stride| {
                    stream::scatter(store.dtype, &values[done..done + run], out, place, stride);
                });
            }
        }
    }
}
