//! Operations as plain data: what the queue records, the planner fuses and the executors run.

#[allow(clippy::excessive_precision)]
pub(crate) mod math;
mod operation;
mod pair;
pub(crate) mod pointwise;
pub(crate) mod program;
pub(crate) mod reduce;
pub(crate) mod register;
mod scatter;
mod table;

pub(crate) use operation::{Op, Wanted};
pub(crate) use pair::Pair;
pub(crate) use pointwise::PointOp;
pub(crate) use program::{Body, Inst, Program, Reg};
pub(crate) use reduce::ReduceOp;
pub(crate) use scatter::ScatterOp;
pub(crate) use table::pointwise_table;
