//! Groups of kernels that run row by row, as one shader.

mod text;

use self::text::Text;
use super::body::body_space;
use super::kernel::Writer;
use super::quads::Lie;
use super::reduce::grid::{Grid, LARGE};
use super::reduce::{Flat, halves};
use super::run::BLOCK_BYTES;
use super::shader::{MAX_LOOPS, Shader, Target};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::op::{Body, ReduceOp};
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

    /// The slots of which the step reads or stores one element a row.
    fn row_slots(&self) -> Vec<Option<usize>> {
        match self {
            Self::Map { .. } => vec![],
            Self::Reduce { kernel, .. } => {
                let streams = kernel.body.streams.iter().map(|s| s.slot);
                streams
                    .chain(kernel.stores.iter().map(|s| Some(s.slot)))
                    .collect()
            }
        }
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
    pub(super) fn flat(&self) -> Flat {
        let mut flat = Flat {
            kept: true,
            reduced: true,
            body: true,
            quads: self.lies().is_some(),
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

    /// How the paths of each step lie along a row, if four elements of it can be taken at a time: its
    /// streams, then its stores.
    fn lies(&self) -> Option<Vec<Vec<Lie>>> {
        if !self.reduced.size().is_multiple_of(4) {
            return None;
        }
        let mut all: Vec<Vec<Lie>> = Vec::new();
        for step in &self.steps {
            let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
            if !reduced.is_line() {
                return None;
            }
            let paths = kept.paths.iter().zip(&reduced.paths);
            let lie = |((offset, outer), (_, inner)): (&(isize, Vec<isize>), &(_, Vec<isize>))| {
                Lie::of(*offset, inner[0], outer.iter().copied())
            };
            all.push(paths.map(lie).collect());
        }
        self.settle(all)
            .filter(|all| all.iter().flatten().any(|l| *l == Lie::Quad))
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

    /// The shader; `flat` may claim no more than [`RowKernel::flat`].
    pub(super) fn shader(&self, target: &Target, flat: Flat) -> Shader {
        let (rows, elements) = (self.kept.size(), self.reduced.size());
        let grid = Grid::of_rows(target, rows, elements, self.by_columns(), self.len());
        let lies = self.lies().filter(|_| flat.quads);
        let mut writer = Writer::new(target);
        writer.push(grid.row_words(rows, elements, target));
        let mut folds: Vec<ReduceOp> = Vec::new();
        let mut steps = String::new();
        // Slots whose value for the row is in a register.
        let mut held: Vec<(usize, String)> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
            let text = Text {
                step,
                number,
                spaces: (&kept, &reduced),
                flat,
                lies: lies.as_ref().map(|all| &all[number][..]),
                held: &held,
            };
            steps += &text.along(&mut writer);
            if let Step::Reduce { op, kernel, .. } = step {
                if !folds.contains(op) {
                    folds.push(*op);
                }
                steps += &text.results(&mut writer);
                for (store, result) in kernel.stores.iter().zip(&kernel.body.program.results) {
                    held.retain(|(slot, _)| *slot != store.slot);
                    held.push((store.slot, format!("h{number}_{result}")));
                }
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
