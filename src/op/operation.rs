//! What a call computes.

use super::program::Indexed;
use super::{PointOp, ReduceOp};
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
    /// A reduction of the one operand over the flagged axes, dropping them.
    Reduce {
        op: ReduceOp,
        axes: [bool; MAX_RANK],
    },
    /// The product of `(…, m, k)` and `(…, k, n)`, both laid over the call's batch dimensions.
    /// `vector` tells that one was given as a vector.
    Matmul { vector: bool },
    /// Each operand written to its region of the result, one after the other. They cover it: apart from
    /// one another, or over a first one that is the whole.
    Assemble { regions: Vec<Layout> },
}

impl Op {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Point(op) => op.name(),
            Self::Index => "index",
            Self::Random { .. } => "random",
            Self::Gather(_) => "gather",
            Self::Reduce { op, .. } => op.name(),
            Self::Matmul { .. } => "matmul",
            Self::Assemble { .. } => "assemble",
        }
    }

    /// Whether each element of the result depends on one place of each operand, so that the call
    /// can be computed inside another kernel.
    pub(crate) fn is_pointwise(&self) -> bool {
        matches!(
            self,
            Self::Point(_) | Self::Index | Self::Random { .. } | Self::Gather(_)
        )
    }
}
