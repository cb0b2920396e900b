//! A weight and the bias that goes with it.

use super::{Param, Visitor};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// What a layer multiplies by and, unless it has none, what it then adds.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub(super) weight: Param,
    pub(super) bias: Option<Param>,
}

impl Weights {
    /// Parameters of given values: a weight of floats and a bias a channel of the output.
    #[track_caller]
    pub(super) fn new(
        op: &'static str,
        weight: &Tensor,
        bias: Option<&Tensor>,
        outputs: usize,
    ) -> Result<Self> {
        if !weight.dtype().is_float() {
            return Err(Error::new(ErrorKind::DType {
                op,
                dtype: weight.dtype(),
                expected: "parameters are floats",
            }));
        }
        if let Some(bias) = bias {
            weight.same_device(op, bias)?;
            if bias.shape() != [outputs] {
                return Err(Error::new(ErrorKind::Shapes {
                    op,
                    lhs: weight.shape_ref().clone(),
                    rhs: bias.shape_ref().clone(),
                    message: "the bias goes with the weight's outputs, (outputs,)",
                    hint: format!("; this weight gives {outputs} outputs"),
                }));
            }
        }
        Ok(Self {
            weight: Param::new(weight),
            bias: bias.map(|bias| Param::new(&bias.to_dtype(weight.dtype()))),
        })
    }

    pub(super) fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    pub(super) fn map_weight(self, f: impl FnOnce(Param) -> Param) -> Self {
        Self {
            weight: f(self.weight),
            ..self
        }
    }

    pub(super) fn map_bias(self, f: impl FnOnce(Param) -> Param) -> Self {
        Self {
            bias: self.bias.map(f),
            ..self
        }
    }

    pub(super) fn visit(&self, visitor: &mut Visitor) {
        visitor.param("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.param("bias", bias);
        }
    }
}
