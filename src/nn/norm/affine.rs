//! The scale and the shift that follow a normalisation.

use crate::device::Device;
use crate::error::Result;
use crate::nn::{Param, Visitor};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A scale `weight` and, if there is one, a shift `bias`, of one shape; or neither.
#[derive(Clone, Debug, Default)]
pub(super) struct Affine {
    weight: Option<Param>,
    bias: Option<Param>,
}

impl Affine {
    /// A scale of ones and a shift of zeros.
    #[track_caller]
    pub(super) fn new(shape: &Shape, device: &Device) -> Result<Self> {
        let (ones, zeros) = (Tensor::ones(shape, device)?, Tensor::zeros(shape, device)?);
        Ok(Self {
            weight: Some(Param::new(&ones)),
            bias: Some(Param::new(&zeros)),
        })
    }

    pub(super) fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// x·weight + bias, both read in a shape that broadcasts to that of x.
    #[track_caller]
    pub(super) fn apply(&self, x: Tensor, shape: &Shape) -> Result<Tensor> {
        let mut y = x;
        if let Some(weight) = &self.weight {
            y = y.try_mul(weight.value().reshaped(shape))?;
        }
        if let Some(bias) = &self.bias {
            y = y.try_add(bias.value().reshaped(shape))?;
        }
        Ok(y)
    }

    pub(super) fn weight(&self) -> Option<&Param> {
        self.weight.as_ref()
    }

    pub(super) fn bias(&self) -> Option<&Param> {
        self.bias.as_ref()
    }

    pub(super) fn visit(&self, visitor: &mut Visitor) {
        if let Some(weight) = &self.weight {
            visitor.param("weight", weight);
        }
        if let Some(bias) = &self.bias {
            visitor.param("bias", bias);
        }
    }
}
