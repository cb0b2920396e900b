//! Plans: a batch of calls as few kernels over buffers.
//!
//! [`cache::PlanCache`] finds the plan made for a structure before, or has [`fuse`] group the calls into kernels,
//! [`rows`] find those that may run row by row, [`lower`] write each kernel's programs, and [`slots`] assign buffers by liveness.

pub(crate) mod cache;
pub(crate) mod explain;
mod fuse;
mod graph;
mod lower;
mod rows;
mod slots;
#[cfg(test)]
mod tests;
mod views;

use std::ops::Range;

pub(crate) use self::graph::{Graph, Input, Node, Value};
pub(crate) use self::rows::{Group, Rows};
use crate::dtype::{Bools, DType};
use crate::layout::Layout;
use crate::op::{Body, Inst, ReduceOp, ScatterOp, Wanted};
use crate::shape::Shape;

/// What of an executor its plans depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abilities {
    /// Storage buffers that one kernel may bind.
    pub(crate) buffers: usize,
    /// How it stores bools.
    pub(crate) bools: Bools,
    pub(crate) rows: RowGroups,
    /// Whether its products of floats read the right operand through any view ([`Matrix`]).
    pub(crate) packs_views: bool,
    /// Whether a scatter's elements go to their places one after the other, so that it may add floats, and
    /// the last of several for one place stays.
    pub(crate) scatters_in_order: bool,
}

/// Whether and how an executor runs groups of kernels row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowGroups {
    /// Kernel by kernel.
    None,
    /// Row by row; what several kernels of a group need is computed by each.
    Computed,
    /// Row by row; what is dear to compute is stored by the first and read by the others.
    Stored,
}

/// What a batch of calls runs as. Scalars are parameters of the run, not of the plan.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Unique among all plans of the process.
    pub(crate) id: u64,
    pub(crate) kernels: Vec<Kernel>,
    /// Runs of kernels that may be run row by row.
    pub(crate) groups: Vec<Group>,
    pub(crate) slots: Vec<Slot>,
    /// How bools are stored in them.
    pub(crate) bools: Bools,
    /// Values that outlive the plan, and the slots that hold them.
    pub(crate) outputs: Vec<(usize, usize)>,
}

impl Plan {
    /// The kernels in the order they run, by number: those of a group together, each other by itself.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Range<usize>, Option<&Group>)> {
        let mut groups = self.groups.iter().peekable();
        let mut at = 0;
        std::iter::from_fn(move || {
            let group = groups.next_if(|group| group.kernels.start == at);
            let kernels = group.map_or(at..at + 1, |group| group.kernels.clone());
            at = kernels.end;
            (at <= self.kernels.len()).then_some((kernels, group))
        })
    }
}

/// A buffer of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) words: usize,
    /// The number of the value it holds on entry; `None` for one that the plan allocates.
    pub(crate) input: Option<usize>,
    /// Whether the plan writes to it; an input that is written to was given up by its holder.
    pub(crate) written: bool,
}

/// One kernel: a core, then a pointwise program over the core's result, then stores.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) core: Core,
    /// The iteration shape of the body.
    pub(crate) shape: Shape,
    pub(crate) body: Body,
    /// One per result of the body's program; a scatter has one, and a second result.
    pub(crate) stores: Vec<Store>,
    /// The operations in program order, with the lines that asked for them.
    pub(crate) ops: Vec<OpNote>,
}

impl Kernel {
    /// Whether it would store what is there already: the copy of a value that dies into the result that
    /// takes its buffer.
    fn keeps_all(&self) -> bool {
        let (Core::Map, [store], [(Inst::Load(at), _)]) =
            (&self.core, &self.stores[..], &self.body.program.insts[..])
        else {
            return false;
        };
        let stream = &self.body.streams[*at as usize];
        let same = (stream.slot, stream.dtype) == (Some(store.slot), store.dtype);
        let in_place = stream.layout.is_identity() && store.layout.is_identity();
        same && in_place && stream.gather.is_none()
    }
}

/// An operation inside a kernel, for people.
#[derive(Clone, Debug)]
pub(crate) struct OpNote {
    pub(crate) name: &'static str,
    pub(crate) at: &'static std::panic::Location<'static>,
}

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) slot: usize,
    pub(crate) dtype: DType,
    pub(crate) layout: Layout,
    pub(crate) extent: Extent,
}

/// How much of a value a kernel stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    /// All of it, in order; the layout is contiguous.
    Whole,
    /// The region that the layout gives.
    Region,
    /// The places that the program's second result gives. The layout is that of the whole, which the
    /// kernel before has stored.
    Places(ScatterOp),
    /// One behind the other, those for which the program's second result is true: all of it.
    Packed,
}

impl Store {
    pub(crate) fn is_whole(&self) -> bool {
        self.extent == Extent::Whole
    }

    /// How the elements are put to places, if they are.
    pub(crate) fn scatter(&self) -> Option<ScatterOp> {
        match self.extent {
            Extent::Places(op) => Some(op),
            _ => None,
        }
    }

    /// Whether only running tells where the elements go.
    pub(crate) fn is_scattered(&self) -> bool {
        matches!(self.extent, Extent::Places(_) | Extent::Packed)
    }
}

/// What a kernel computes before its body.
#[derive(Clone, Debug)]
pub(crate) enum Core {
    /// Nothing: the body is all.
    Map,
    /// A reduction of the prologue's one result. The prologue's streams are laid over the kept
    /// dimensions followed by the reduced ones.
    Reduce {
        op: ReduceOp,
        dtype: DType,
        prologue: Body,
        kept: Shape,
        reduced: Shape,
    },
    /// A scan of the prologue's first result along an axis of the kernel's shape; a second one marks
    /// where it begins anew.
    Scan {
        op: ReduceOp,
        dtype: DType,
        prologue: Body,
        axis: usize,
        shape: Shape,
    },
    /// The prologue's one result, `u32` keys over the shape, in order along the last axis: see
    /// [`Op::Sort`](crate::op::Op::Sort).
    Sort {
        places: bool,
        wanted: Wanted,
        bits: u32,
        prologue: Body,
        shape: Shape,
    },
    /// Products of matrices over batch dimensions; the body's shape is `(batch…, m, n)`.
    Matmul {
        a: Matrix,
        b: Matrix,
        dtype: DType,
        k: usize,
        vector: bool,
    },
}

impl Core {
    /// What computes the core's operands element by element, and the shape of these.
    pub(crate) fn prologue(&self) -> Option<(&Body, Shape)> {
        match self {
            Self::Map | Self::Matmul { .. } => None,
            Self::Reduce {
                prologue,
                kept,
                reduced,
                ..
            } => {
                let dims = kept.dims().iter().chain(reduced.dims());
                Some((prologue, dims.copied().collect()))
            }
            Self::Scan {
                prologue, shape, ..
            }
            | Self::Sort {
                prologue, shape, ..
            } => Some((prologue, shape.clone())),
        }
    }

    /// The name of the operation that it computes, and the dtype of that.
    pub(crate) fn operation(&self) -> Option<(&'static str, DType)> {
        match self {
            Self::Map => None,
            Self::Reduce { op, dtype, .. } => Some((op.name(), op.result(*dtype))),
            Self::Scan { op, dtype, .. } => Some((op.scan_name(), *dtype)),
            Self::Sort { places, wanted, .. } => Some((wanted.name(*places), DType::U32)),
            Self::Matmul { dtype, .. } => Some(("matmul", *dtype)),
        }
    }
}

/// How a shape falls into what lies outside an axis, the axis, and what lies inside.
pub(crate) fn around(shape: &Shape, axis: usize) -> (usize, usize, usize) {
    let dims = shape.dims();
    let size = |dims: &[usize]| dims.iter().product();
    (size(&dims[..axis]), dims[axis], size(&dims[axis + 1..]))
}

/// An operand of a product: `(batch…, rows, columns)`, batch dimensions already broadcast. Where the executor
/// [packs views](Abilities::packs_views), the right one may have several dimensions instead of the rows, the
/// product of which is `k`, and several instead of the columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Matrix {
    pub(crate) slot: usize,
    pub(crate) layout: Layout,
}
