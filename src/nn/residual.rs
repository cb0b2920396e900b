//! A layer beside its input.

use super::{Module, Visitor, observe};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// x + inner(x): what a layer changes of its input, which gradients pass by (He et al., "Deep residual
/// learning for image recognition", 2015). The names of the layer inside start with `inner`.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let block = nn::Residual::new(nn::mlp([4, 16, 4], nn::Relu, &dev)?);
/// assert_eq!(block.forward(&Tensor::ones([2, 4], &dev)?)?.shape(), [2, 4]);
/// assert_eq!(block.parameters()[0].0, "inner.0.weight");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Residual<M> {
    inner: M,
}

impl<M: Module> Residual<M> {
    /// A layer whose output has the shape of its input, beside that input.
    pub fn new(inner: M) -> Self {
        Self { inner }
    }

    /// The layer inside.
    pub fn inner(&self) -> &M {
        &self.inner
    }
}

impl<M: Module> Module for Residual<M> {
    /// # Errors
    /// What the layer inside says, or an output of it in another shape than the input.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let change = observe::forward(&self.inner, x)?;
        // Broadcasting would hide a mistake here.
        if change.shape() != x.shape() {
            return Err(Error::new(ErrorKind::Shapes {
                op: "Residual",
                lhs: x.shape_ref().clone(),
                rhs: change.shape_ref().clone(),
                message: "the layer inside must keep the shape of its input",
                hint: String::new(),
            }));
        }
        x.try_add(&change)
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.module("inner", &self.inner);
    }
}
