//! Operations, asked for and recorded, as plain data.

use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use super::Storage;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::Op;

/// An operand of an operation that is to be recorded.
pub(crate) enum Arg<'a> {
    /// A stored value seen through a layout.
    Value(&'a Arc<Storage>, &'a Layout),
    /// The same, broadcast to the shape of the result.
    Spread(&'a Arc<Storage>, &'a Layout),
    /// A constant, the same everywhere: a parameter of the plan, never part of its key.
    Scalar(u32, DType),
}

impl<'a> Arg<'a> {
    pub(super) fn storage(&self) -> Option<&'a Arc<Storage>> {
        match *self {
            Self::Value(storage, _) | Self::Spread(storage, _) => Some(storage),
            Self::Scalar(..) => None,
        }
    }
}

/// An operation as plain data, over the numbered values of its batch.
pub(super) struct Call {
    pub(super) op: Op,
    /// Where its operands are among those of the batch.
    pub(super) operands: Range<usize>,
    /// The number of the value it makes, whose shape and dtype are the call's.
    pub(super) result: usize,
    /// The line of the user's program.
    pub(super) at: &'static Location<'static>,
}
