//! Groups of kernels that run row by row, as one shader.

mod line;
mod text;

use std::ops::Range;

use self::text::{Ends, Held, Part, Pass};
use super::body::body_space;
use super::kernel::Writer;
use super::quads::{self, LEAST_SKEW, Lie};
use super::reduce::grid::{Grid, LARGE};
use super::reduce::{Flat, halves};
use super::run::BLOCK_BYTES;
use super::shader::{MAX_LOOPS, Shader, Target};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::program::Stream;
use crate::op::{Body, ReduceOp, Reg};
use crate::plan::{Core, Kernel, Rows, Store};
use crate::shape::{MAX_RANK, Shape};

/// The most words of a parameter block.
const MAX_WORDS: usize = BLOCK_BYTES as usize / 4;
/// Words that every kernel of rows has.
const OWN_WORDS: usize = 7;

/// A group of kernels.
pub(super) struct RowKernel<'a> {
    steps: Vec<Step<'a>>,
    kept: Shape,
    reduced: Shape,
}

/// A kernel of a group, its bodies laid over the kept dimensions and then the reduced ones.
enum Step<'a> {
    Reduce {
        op: ReduceOp,
        dtype: DType,
        prologue: &'a Body,
        kernel: &'a Kernel,
    },
    Map {
        body: Body,
        stores: Vec<Store>,
    },
}

impl Step<'_> {
    /// The body that is walked along the rows, and what it stores of each element.
    fn along(&self) -> (&Body, &[Store]) {
        match self {
            Self::Reduce { prologue, .. } => (prologue, &[]),
            Self::Map { body, stores } => (body, stores),
        }
    }

    fn spaces(&self, kept: &Shape, reduced: &Shape) -> (Space, Space) {
        let (body, stores) = self.along();
        let streams = body.streams.iter().map(|s| &s.layout);
        halves(
            kept,
            reduced,
            streams.chain(stores.iter().map(|s| &s.layout)),
        )
    }

    /// The slot of each path along the rows.
    fn slots(&self) -> Vec<Option<usize>> {
        let (body, stores) = self.along();
        let streams = body.streams.iter().map(|s| s.slot);
        streams.chain(stores.iter().map(|s| Some(s.slot))).collect()
    }

    /// What the step stores of a row, with the registers.
    fn kept_stores(&self) -> impl Iterator<Item = (usize, Reg)> {
        let kernel = match self {
            Self::Map { .. } => None,
            Self::Reduce { kernel, .. } => Some(kernel),
        };
        kernel.into_iter().flat_map(|kernel| {
            let slots = kernel.stores.iter().map(|store| store.slot);
            slots.zip(kernel.body.program.results.iter().copied())
        })
    }

    /// The slots of which the step reads or stores one element a row.
    fn row_slots(&self) -> Vec<Option<usize>> {
        let Self::Reduce { kernel, .. } = self else {
            return vec![];
        };
        let read = kernel.body.streams.iter().map(|s| s.slot);
        read.chain(self.kept_stores().map(|(slot, _)| Some(slot)))
            .collect()
    }

    /// Whether each element can be gone through by an earlier step and then by this one, instead of all
    /// by the one and then all by the other.
    fn joins(&self, earlier: &Self) -> bool {
        // What is read or stored of a row comes after all of its elements.
        let rows = earlier.row_slots();
        if self.slots().iter().any(|s| s.is_some() && rows.contains(s)) {
            return false;
        }
        let (body, stores) = self.along();
        let (before, stored) = earlier.along();
        let apart = |store: &Store, slot: Option<usize>, layout: &Layout| {
            slot != Some(store.slot) || *layout == store.layout
        };
        let reads = |store: &Store, body: &Body| {
            let alike = |s: &Stream| apart(store, s.slot, &s.layout);
            let given = |s: &Stream| s.gather.is_some() && s.slot == Some(store.slot);
            body.streams.iter().all(|s| alike(s) && !given(s))
        };
        stored.iter().all(|store| {
            reads(store, body) && stores.iter().all(|s| apart(store, Some(s.slot), &s.layout))
        }) && stores.iter().all(|store| reads(store, before))
    }

    /// The most parameter words that the step's text can take.
    fn words(&self) -> usize {
        let body = |body: &Body, stores: usize, walks: usize| {
            let paths = body.streams.len() + stores;
            let walk = 1 + MAX_RANK * (1 + paths);
            2 * paths + walks * walk + 3 * body.streams.len() + body.scalars.len()
        };
        match self {
            Self::Reduce {
                prologue, kernel, ..
            } => body(prologue, 0, 2) + body(&kernel.body, 0, 1),
            Self::Map { body: b, stores } => body(b, stores.len(), 2),
        }
    }
}

impl<'a> RowKernel<'a> {
    /// The kernels of a group as one, if its parameters fit a block.
    pub(super) fn new(kernels: &'a [Kernel], rows: &Rows) -> Option<Self> {
        let order = rows.order();
        let steps = kernels.iter().map(|kernel| match &kernel.core {
            Core::Reduce {
                op,
                dtype,
                prologue,
                ..
            } => Step::Reduce {
                op: *op,
                dtype: *dtype,
                prologue,
                kernel,
            },
            _ => {
                let mut body = kernel.body.clone();
                for stream in &mut body.streams {
                    stream.layout = stream.layout.permute(&order);
                }
                let mut stores = kernel.stores.clone();
                for store in &mut stores {
                    store.layout = store.layout.permute(&order);
                }
                Step::Map { body, stores }
            }
        });
        let all = Self {
            steps: steps.collect(),
            kept: rows.kept(),
            reduced: rows.reduced(),
        };
        let words: usize = all.steps.iter().map(Step::words).sum();
        (OWN_WORDS + words <= MAX_WORDS).then_some(all)
    }

    /// Whether the group is better run as one kernel. Not on the CPU down columns, where each step of a
    /// lane is in another page: kernels of their own can be cut into short slices.
    pub(super) fn suits(&self, target: &Target) -> bool {
        let (rows, elements) = (self.kept.size(), self.reduced.size());
        let large = rows * elements >= LARGE && self.by_columns();
        // All lanes of a workgroup together may not be enough for a long row in many steps.
        let long = 2 * self.len() * elements > MAX_LOOPS * target.group;
        !(target.software && (large || long))
    }

    /// The number of kernels.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn kept(&self) -> &Shape {
        &self.kept
    }

    pub(super) fn reduced(&self) -> &Shape {
        &self.reduced
    }

    /// The walks that can be lines.
    pub(super) fn flat(&self, target: &Target) -> Flat {
        let mut flat = Flat {
            kept: true,
            reduced: true,
            body: true,
            quads: self.quads(target).is_some(),
        };
        for step in &self.steps {
            let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
            flat.kept &= kept.is_line();
            flat.reduced &= reduced.is_line();
            if let Step::Reduce { kernel, .. } = step {
                flat.body &= body_space(kernel).is_line();
            }
        }
        flat
    }

    /// How the paths of each step lie along a row, its streams and then its stores, if four elements of
    /// it can be taken at a time.
    fn quads(&self, target: &Target) -> Option<(Ends, Vec<Vec<Lie>>)> {
        let mut all: Vec<Vec<Lie>> = Vec::new();
        let mut aligned = self.reduced.size().is_multiple_of(4);
        for step in &self.steps {
            let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
            if !reduced.is_line() {
                return None;
            }
            let paths = kept.paths.iter().zip(&reduced.paths);
            let lie = |((offset, outer), (_, inner)): (&(isize, Vec<isize>), &(_, Vec<isize>))| {
                let lie = Lie::of(*offset, inner[0], outer.iter().copied());
                aligned &= lie == Lie::Quad || inner[0] != 1;
                lie
            };
            all.push(paths.map(lie).collect());
        }
        // On hardware neighbouring lanes read neighbouring elements, one by one as well.
        if !aligned
            && target.software
            && self.reduced.size() >= LEAST_SKEW
            && let Some(skew) = self.skew()
        {
            return Some((Ends::Ragged, skew));
        }
        let some = |all: &Vec<Vec<Lie>>| all.iter().flatten().any(|l| *l == Lie::Quad);
        let whole = self.reduced.size().is_multiple_of(4);
        let settled = whole.then(|| self.settle(all)).flatten().filter(some);
        settled.map(|all| (Ends::Whole, all))
    }

    /// The same where each path along the rows has a window.
    fn skew(&self) -> Option<Vec<Vec<Lie>>> {
        let mut all = Vec::new();
        // A buffer is bound once.
        let mut single: Vec<Option<usize>> = self.steps.iter().flat_map(Step::row_slots).collect();
        let mut vectors = Vec::new();
        for step in &self.steps {
            let (_, reduced) = step.spaces(&self.kept, &self.reduced);
            let lies = quads::skew(step.along().0, reduced.paths.iter().map(|(_, s)| s[0]))?;
            for (slot, lie) in step.slots().into_iter().zip(&lies) {
                match lie {
                    Lie::Skew => vectors.push(slot),
                    _ => single.push(slot),
                }
            }
            all.push(lies);
        }
        let apart = !vectors.iter().any(|slot| single.contains(slot));
        (apart && !vectors.is_empty()).then_some(all)
    }

    /// Reads by element what cannot be read in vec4s throughout, since a buffer is bound once. Nothing
    /// if a store cannot be a vec4.
    fn settle(&self, mut all: Vec<Vec<Lie>>) -> Option<Vec<Vec<Lie>>> {
        let slots: Vec<Vec<Option<usize>>> = self.steps.iter().map(Step::slots).collect();
        for (step, lies) in self.steps.iter().zip(&mut all) {
            let (body, _) = step.along();
            for (lie, stream) in lies.iter_mut().zip(&body.streams) {
                if *lie == Lie::Quad && (stream.slot.is_none() || stream.gather.is_some()) {
                    *lie = Lie::Apart;
                }
            }
        }
        let uses = |all: &[Vec<Lie>]| -> Vec<(Option<usize>, Lie)> {
            let pairs = slots.iter().flatten().zip(all.iter().flatten());
            pairs.map(|(slot, lie)| (*slot, *lie)).collect()
        };
        let rows: Vec<Option<usize>> = self.steps.iter().flat_map(Step::row_slots).collect();
        let used = uses(&all);
        let single = |slot: Option<usize>| {
            rows.contains(&slot) || used.iter().any(|(s, lie)| *s == slot && *lie != Lie::Quad)
        };
        for (step, (slots, lies)) in self.steps.iter().zip(slots.iter().zip(&mut all)) {
            let streams = step.along().0.streams.len();
            for (at, (slot, lie)) in slots.iter().zip(lies).enumerate() {
                match (at < streams, *lie == Lie::Quad && !single(*slot)) {
                    (_, true) => {}
                    (true, false) if *lie == Lie::Quad => *lie = Lie::Apart,
                    (true, false) => {}
                    (false, false) => return None,
                }
            }
        }
        Some(all)
    }

    /// The steps by the walks along the rows that they can share.
    fn passes(&self) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            match all.last_mut() {
                Some(pass) if self.steps[pass.clone()].iter().all(|s| step.joins(s)) => {
                    pass.end = number + 1;
                }
                _ => all.push(number..number + 1),
            }
        }
        all
    }

    /// The shader; `flat` may claim no more than [`RowKernel::flat`].
    pub(super) fn shader(&self, target: &Target, flat: Flat) -> Shader {
        let (rows, elements) = (self.kept.size(), self.reduced.size());
        let columns = self.by_columns();
        let grid = Grid::of_rows(target, rows, elements, columns, self.len());
        let (ends, mut lies) = self.quads(target).filter(|_| flat.quads).unzip();
        let mut writer = Writer::new(target);
        writer.push(grid.row_words(rows, elements, target));
        let mut steps = String::new();
        let mut held = Held::new();
        for pass in self.passes() {
            let part = |number: usize| {
                let step = &self.steps[number];
                let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
                Part {
                    step,
                    number,
                    kept,
                    reduced,
                    lies: lies.as_mut().map(|all| std::mem::take(&mut all[number])),
                }
            };
            let pass = Pass {
                parts: pass.map(part).collect(),
                flat,
                quads: ends,
            };
            steps += &pass.text(&mut writer, &mut held);
        }
        let mut folds: Vec<ReduceOp> = Vec::new();
        for step in &self.steps {
            if let Step::Reduce { op, .. } = step
                && !folds.contains(op)
            {
                folds.push(*op);
            }
        }
        let folds: String = folds.into_iter().map(text::fold).collect();
        let source = include_str!("../../../shaders/rows.wgsl");
        let groups = grid.blocks(rows, target, 1);
        let slots = [("folds", folds.as_str()), ("steps", steps.as_str())];
        writer.finish("rows", source, ("", target.group), &slots, groups)
    }

    /// Whether neighbouring rows lie next to each other, and neighbouring elements of a row do not.
    fn by_columns(&self) -> bool {
        let unit = |space: &Space| space.paths.iter().any(|(_, s)| s[s.len() - 1] == 1);
        let spaces: Vec<(Space, Space)> = self
            .steps
            .iter()
            .map(|step| step.spaces(&self.kept, &self.reduced))
            .collect();
        spaces.iter().any(|(kept, _)| unit(kept)) && !spaces.iter().any(|(_, along)| unit(along))
    }
}
