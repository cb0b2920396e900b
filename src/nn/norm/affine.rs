//! The scale and the shift that follow a normalisation.

use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
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

    /// A given scale and, if there is one, shift.
    #[track_caller]
    pub(super) fn from_tensors(
        op: &'static str,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Self> {
        match bias {
            Some(bias) => check_alike(op, &[weight, bias])?,
            None => check_alike(op, &[weight])?,
        }
        Ok(Self {
            weight: Some(Param::new(weight)),
            bias: bias.map(Param::new),
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

/// An error unless what a norm keeps is of floats, of one shape and on one device.
#[track_caller]
pub(super) fn check_alike(op: &'static str, tensors: &[&Tensor]) -> Result<()> {
    for tensor in tensors {
        tensors[0].same_device(op, tensor)?;
        if tensor.shape() != tensors[0].shape() {
            return Err(Error::new(ErrorKind::Shapes {
                op,
                lhs: tensors[0].shape_ref().clone(),
                rhs: tensor.shape_ref().clone(),
                message: "what a norm keeps must have one shape",
                hint: String::new(),
            }));
        }
        if !tensor.dtype().is_float() {
            return Err(Error::new(ErrorKind::DType {
                op,
                dtype: tensor.dtype(),
                expected: "parameters are floats",
            }));
        }
    }
    Ok(())
}
