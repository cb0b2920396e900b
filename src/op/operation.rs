//! What a call computes.

use super::program::Indexed;
use super::{PointOp, ReduceOp, ScatterOp};
use crate::layout::Layout;
use crate::shape::MAX_RANK;

/// What a call computes; its operands, shape and dtype are beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// A pointwise operation; each operand has the call's shape.
    Point(PointOp),
    /// The row-major number of each element, as `u32`.
    Index,
    /// Word `lane` of Philox per element; four scalar operands: seed low, high, counter low, high.
    Random { lane: u8 },
    /// The first operand with its place on an axis given by the second, which has the call's shape.
    /// The first's layout is already laid over the call's shape, with stride 0 on that axis.
    Gather(Indexed),
    /// The place on an axis that the operand, an index, names, times the axis' stride.
    Place(Indexed),
    /// The number of elements along a sorted axis of the first operand that come before the second, which
    /// has the call's shape; with `right`, those equal to it too. The first is laid as a gather's.
    Search { axis: Indexed, right: bool },
    /// A reduction of the one operand over the flagged axes, dropping them.
    Reduce {
        op: ReduceOp,
        axes: [bool; MAX_RANK],
    },
    /// The inclusive scan of the first operand along an axis: each element combined with all before
    /// it. `segmented`: a second operand of bools marks where it begins anew.
    Scan {
        op: ReduceOp,
        axis: usize,
        segmented: bool,
    },
    /// The `u32` keys of the one operand in an order along the last axis or, with `places`, where they
    /// stood. No key has a bit above the lowest `bits`.
    Sort {
        places: bool,
        wanted: Wanted,
        bits: u32,
    },
    /// The product of `(…, m, k)` and `(…, k, n)`, both laid over the call's batch dimensions.
    /// `vector` tells that one was given as a vector.
    Matmul { vector: bool },
    /// Each operand written to its region of the result, one after the other. They cover it: apart from
    /// one another, or over a first one that is the whole.
    Assemble { regions: Vec<Layout> },
    /// The first operand with the elements of the third put to the row-major places that the second gives,
    /// which are `u32`; those beyond the last place go nowhere.
    Scatter(ScatterOp),
    /// The elements of the second operand where the first, of bools, is true, one behind the other; there are
    /// as many as the call's shape has elements. Only for an executor that scatters in order.
    Compress,
}

/// What a sort gives of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    /// The elements of the ranks from the first to before the second, in ascending order; equal keys in
    /// the order they had.
    Ranks(usize, usize),
    /// All elements, parted by the one of a rank: smaller ones, equal ones, larger ones, each in the order
    /// they had.
    Parted(usize),
}

impl Wanted {
    /// Elements that a row of that many gives.
    pub(crate) fn count(self, row: usize) -> usize {
        match self {
            Self::Ranks(first, last) => last - first,
            Self::Parted(_) => row,
        }
    }

    /// What a sort is called that gives these, or their places.
    pub(crate) fn name(self, places: bool) -> &'static str {
        match (self, places) {
            (Self::Ranks(..), false) => "sort",
            (Self::Ranks(..), true) => "argsort",
            (Self::Parted(_), false) => "partition",
            (Self::Parted(_), true) => "argpartition",
        }
    }
}

impl Op {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Point(op) => op.name(),
            Self::Index => "index",
            Self::Random { .. } => "random",
            Self::Gather(_) => "gather",
            Self::Place(_) => "index",
            Self::Search { .. } => "searchsorted",
            Self::Reduce { op, .. } => op.name(),
            Self::Scan { op, .. } => op.scan_name(),
            Self::Sort { places, wanted, .. } => wanted.name(*places),
            Self::Matmul { .. } => "matmul",
            Self::Assemble { .. } => "assemble",
            Self::Scatter(op) => op.name(),
            Self::Compress => "compress",
        }
    }

    /// Whether the call is the core of a kernel: computed from a prologue, and before a body.
    pub(crate) fn is_core(&self) -> bool {
        matches!(
            self,
            Self::Reduce { .. } | Self::Scan { .. } | Self::Sort { .. } | Self::Matmul { .. }
        )
    }

    /// Buffers that its kernel binds besides operands, results and one for partial results.
    pub(crate) fn buffers(&self) -> usize {
        match self {
            Self::Sort { .. } => 2,
            _ => 0,
        }
    }

    /// Whether each element of the result depends on one place of each operand, so that the call
    /// can be computed inside another kernel.
    pub(crate) fn is_pointwise(&self) -> bool {
        matches!(
            self,
            Self::Point(_)
                | Self::Index
                | Self::Random { .. }
                | Self::Gather(_)
                | Self::Place(_)
                | Self::Search { .. }
        )
    }

    /// Whether the operand of that number is read at places that only running tells.
    pub(crate) fn reads_anywhere(&self, operand: usize) -> bool {
        operand == 0 && matches!(self, Self::Gather(_) | Self::Search { .. })
    }

    /// Of a call whose elements go to places that only running tells: the operands that say where, and what.
    pub(crate) fn updates(&self) -> Option<(usize, usize)> {
        match self {
            Self::Scatter(_) => Some((1, 2)),
            Self::Compress => Some((0, 1)),
            _ => None,
        }
    }

    /// Whether it checks indices while it runs.
    pub(crate) fn checks_indices(&self) -> bool {
        matches!(self, Self::Gather(_) | Self::Place(_))
    }
}
