//! A recorded operation: plain data.

use std::panic::Location;
use std::sync::Arc;

use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::Op;
use crate::shape::Shape;
use crate::storage::Storage;

/// An operand.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    /// A stored value seen through a layout.
    Value(Arc<Storage>, Layout),
    /// A constant, the same everywhere: a parameter of the plan, never part of its key.
    Scalar(u32, DType),
}

/// An operation as plain data.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) args: Vec<Arg>,
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    pub(crate) out: Arc<Storage>,
    /// The line of the user's program.
    pub(crate) at: &'static Location<'static>,
}
