//! Running a kernel's body over its shape and storing the results.

use super::block::Runner;
use super::code::{Code, Goal};
use super::space::Space;
use super::workspace::Workspace;
use super::{scatter, stream, tasks};
use crate::dtype::{Bools, DType};
use crate::op::Inst;
use crate::op::register::register_size;
use crate::plan::{Core, Kernel, Store};

/// Where the results of a kernel's core are.
#[derive(Clone, Copy)]
pub(super) enum Computed<'a> {
    Nothing,
    Registers(&'a [u8]),
    /// In the output of that number, which is whole, and whose elements are registers.
    Output,
}

impl Computed<'_> {
    /// From a byte on.
    fn from(self, byte: usize) -> Self {
        match self {
            Self::Registers(registers) => Self::Registers(&registers[byte..]),
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
    /// Each in order.
    Lines(Vec<Line>),
    /// The one result, put to the places that a second one gives, or packed where that is true.
    Scattered(Store),
    /// A region of a larger result, which a kernel of its own stores, without a core.
    Region(Region),
}

/// A region of a result.
struct Region {
    dtype: DType,
    /// The path of the store; then, if the region is a copy, that of what is copied.
    space: Space,
    /// The stream that is copied as it is.
    copied: Option<usize>,
}

impl Region {
    fn new(kernel: &Kernel, store: &Store) -> Self {
        let body = &kernel.body;
        let copied = match body.program.insts[..] {
            [(Inst::Load(k), _)] => Some(k as usize),
            _ => None,
        };
        let source = copied.map(|k| &body.streams[k].layout);
        let layouts = std::iter::once(&store.layout).chain(source);
        Self {
            dtype: store.dtype,
            space: Space::new(&kernel.shape, layouts),
            copied,
        }
    }
}

/// How a result is stored in order.
struct Line {
    dtype: DType,
    /// The place of the first element.
    start: usize,
    /// Whether it is stored past the caches.
    past: bool,
}

/// Elements of a body.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) first: usize,
    pub(super) len: usize,
    /// The place of the first in the outputs.
    pub(super) at: usize,
}

/// Bytes that a kernel moves from which on what it stores has left the caches before it is read.
const PAST: usize = 3 << 24;

fn line(kernel: &Kernel, store: &Store, grouped: bool) -> Line {
    // What is read in place is in the caches anyway, and what a group stores has come a tile before.
    let mut streams = kernel.body.streams.iter();
    let own = matches!(kernel.core, Core::Map) && !streams.any(|s| s.slot == Some(store.slot));
    let past = own && !grouped && store.dtype != DType::F16 && kernel.bytes(Bools::Bytes) >= PAST;
    Line {
        dtype: store.dtype,
        start: store.layout.offset(),
        past,
    }
}

impl Map {
    /// `core` is the output that holds what the core computed, if one does; `grouped` says whether the
    /// kernel is one of a group that runs tile by tile.
    pub(super) fn new(kernel: &Kernel, core: Option<usize>, grouped: bool) -> Self {
        let scattered = kernel.stores.iter().any(Store::is_scattered);
        let in_order = !scattered && kernel.stores.iter().all(|s| s.layout.is_contiguous());
        let lines: Vec<Line> = kernel
            .stores
            .iter()
            .map(|s| line(kernel, s, grouped))
            .collect();
        let direct = |line: &Line| in_order && !line.past && line.dtype != DType::F16;
        let direct: Vec<bool> = lines.iter().map(direct).collect();
        let goal = Goal {
            stores: &kernel.stores,
            direct: &direct,
            core,
            streaming: lines.iter().any(|line| line.past),
        };
        let stores = match (scattered, in_order) {
            (true, _) => Stores::Scattered(kernel.stores[0].clone()),
            (false, true) => Stores::Lines(lines),
            (false, false) => Stores::Region(Region::new(kernel, &kernel.stores[0])),
        };
        Self {
            code: Code::with_goal(&kernel.body, &kernel.shape, None, goal),
            size: kernel.shape.size(),
            stores,
        }
    }

    pub(super) fn run(&self, runner: &Runner<'_>, core: Computed<'_>, outputs: &mut [Vec<u32>]) {
        match &self.stores {
            Stores::Lines(lines) => self.lines(lines, runner, core, outputs),
            Stores::Scattered(store) => scatter::run(store, runner, &mut outputs[0]),
            Stores::Region(region) => self.region(region, runner, &mut outputs[0]),
        }
    }

    /// One task per chunk, with its share of every output.
    fn lines(
        &self,
        lines: &[Line],
        runner: &Runner<'_>,
        core: Computed<'_>,
        outputs: &mut [Vec<u32>],
    ) {
        let share = tasks::share(self.size, self.code.cost, self.code.block);
        let mut shares: Vec<_> = lines
            .iter()
            .zip(outputs)
            .map(|(line, out)| {
                let size = line.dtype.size();
                let bytes: &mut [u8] = bytemuck::cast_slice_mut(out);
                bytes[line.start * size..][..self.size * size].chunks_mut(share * size)
            })
            .collect();
        let chunks = self.size.div_ceil(share);
        let tasks: Vec<Vec<&mut [u8]>> = (0..chunks)
            .map(|_| shares.iter_mut().filter_map(|s| s.next()).collect())
            .collect();
        tasks::each(tasks.into_iter().enumerate(), |(i, chunk)| {
            let first = i * share;
            let part = Part {
                first,
                len: share.min(self.size - first),
                at: 0,
            };
            let mut work = runner.workspace(chunk);
            self.part(runner, &mut work, core.from(first * self.code.core), part);
        });
    }

    /// Some elements, by the block; the core's results are those of these elements.
    pub(super) fn part<'m>(
        &self,
        runner: &Runner<'m>,
        work: &mut Workspace<'m, '_>,
        core: Computed<'_>,
        part: Part,
    ) {
        let Stores::Lines(lines) = &self.stores else {
            return;
        };
        let block = self.code.block;
        for done in (0..part.len).step_by(block) {
            let block = (part.first + done, block.min(part.len - done));
            let at = part.at + done;
            let core = match core {
                Computed::Registers(registers) => &registers[done * self.code.core..],
                _ => &[],
            };
            runner.run(work, block, at, core);
            for (k, line) in lines.iter().enumerate() {
                let output = runner.inputs.outputs[k];
                // A result that is read from memory is not read from its own output.
                let out = std::mem::take(&mut work.outputs[output]);
                match runner.result(work, k, block, core) {
                    Some(values) if line.past => {
                        let start = at * line.dtype.size();
                        stream::store_past(values, &mut out[start..][..values.len()]);
                    }
                    Some(values) => stream::scatter(line.dtype, values, out, at as isize, 1),
                    None => {}
                }
                work.outputs[output] = out;
            }
        }
        if lines.iter().any(|line| line.past) {
            stream::fence();
        }
    }

    /// A task has some rows of the outermost dimension, where none reaches into the next.
    fn region(&self, region: &Region, runner: &Runner<'_>, out: &mut [u32]) {
        let out: &mut [u8] = bytemuck::cast_slice_mut(out);
        let space = &region.space;
        let (rows, (first, strides)) = (space.dims[0], &space.paths[0]);
        let each = self.size / rows;
        let inner = space.dims.iter().zip(strides).skip(1);
        let reach: isize = inner.map(|(&d, &s)| (d as isize - 1) * s).sum();
        let apart = strides.iter().all(|&s| s > 0) && reach < strides[0];
        let per_task = match apart {
            true => tasks::share(rows, each * self.code.cost, 1),
            false => rows,
        };
        if per_task >= rows {
            return self.stretch(region, runner, (0, self.size), (0, out));
        }
        let (step, size) = (per_task * strides[0] as usize, region.dtype.size());
        let shares = out[*first as usize * size..].chunks_mut(step * size);
        let shares = shares.take(rows.div_ceil(per_task)).enumerate();
        tasks::each(shares, |(i, share)| {
            let start = i * per_task * each;
            let len = (per_task * each).min(self.size - start);
            let place = first + (i * step) as isize;
            self.stretch(region, runner, (start, len), (place, share));
        });
    }

    /// Elements `start..start + len` of a region; the bytes are those of the result from `first` on.
    fn stretch(
        &self,
        region: &Region,
        runner: &Runner<'_>,
        (start, len): (usize, usize),
        (first, out): (isize, &mut [u8]),
    ) {
        let space = &region.space;
        let offset = space.paths[0].0 - first;
        if let Some(stream) = region.copied {
            let (bytes, source) = runner.inputs.streams[stream];
            let bytes = bytes.get(&[]);
            space.runs_of(
                [0, 1],
                [offset, source],
                (start, len),
                |_, run, [to, from], strides| {
                    let (from, to) = ((from, strides[1]), (to, strides[0]));
                    stream::copy_run(region.dtype, run, bytes, from, out, to);
                },
            );
            return;
        }
        let size = register_size(region.dtype);
        let mut work = runner.workspace(Vec::new());
        let end = start + len;
        for start in (start..end).step_by(self.code.block) {
            let block = (start, self.code.block.min(end - start));
            runner.run(&mut work, block, 0, &[]);
            let Some(values) = runner.result(&work, 0, block, &[]) else {
                continue;
            };
            space.runs_from(0, offset, block.0, block.1, |done, run, place, stride| {
                let values = &values[done * size..(done + run) * size];
                stream::scatter(region.dtype, values, out, place, stride);
            });
        }
    }
}
