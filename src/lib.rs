//! tilewise: a NumPy-shaped tensor engine for any GPU.

#![warn(missing_docs)]

mod autograd;
mod device;
mod dtype;
mod error;
mod exec;
mod layout;
mod loss;
pub mod nn;
mod op;
pub mod optim;
mod plan;
mod queue;
mod shape;
mod storage;
mod tensor;

pub use autograd::{Backward, Gradients, no_grad};
pub use device::{Counters, Device, DeviceInfo, DeviceKind, MemoryStats};
pub use dtype::{DType, Element, Scalar};
pub use error::{Error, ErrorKind, Result};
pub use half::f16;
pub use shape::{IntoShape, MAX_RANK, Shape};
pub use tensor::{Dim, Ellipsis, Generator, IntoAxes, IntoData, IntoDims, NewAxis, Operand, ReadHandle, SliceSpec, Tensor};

/// What most programs use: `use tilewise::prelude::*;`
pub mod prelude {
    pub use crate::nn::{self, Module};
    pub use crate::optim::{self, Optimizer};
    pub use crate::{
        DType, Device, Ellipsis, Error, Generator, NewAxis, Result, Shape, Tensor, no_grad, s,
    };
}
