//! What becomes of an element that a scatter puts to a place.

use super::ReduceOp;

/// How an element is put to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ScatterOp {
    /// It takes the place. Where several go to one place, the last stays on an executor that scatters in
    /// order; on others no two may.
    Set,
    /// It is combined with what is there: a sum, a maximum or a minimum. Floats only on an executor that
    /// scatters in order.
    Combine(ReduceOp),
}

impl ScatterOp {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Set => "scatter",
            Self::Combine(ReduceOp::Sum) => "scatter_add",
            Self::Combine(ReduceOp::Max) => "scatter_max",
            Self::Combine(ReduceOp::Min) => "scatter_min",
            Self::Combine(_) => "scatter_reduce",
        }
    }

    /// The WGSL function that does it atomically.
    pub(crate) const fn atomic(self) -> Option<&'static str> {
        match self {
            Self::Combine(ReduceOp::Sum) => Some("atomicAdd"),
            Self::Combine(ReduceOp::Max) => Some("atomicMax"),
            Self::Combine(ReduceOp::Min) => Some("atomicMin"),
            _ => None,
        }
    }
}
