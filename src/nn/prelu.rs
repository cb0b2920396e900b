//! A rectifier with a trained slope.

use super::observe::told;
use super::{Module, Param, Visitor};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// x where it is positive, and elsewhere a trained slope times x: one slope, or one for each channel of
/// `(n, channels, …)` (He et al., "Delving deep into rectifiers", 2015).
///
/// The parameter is `weight` of shape `(1)` or `(channels)`, 0.25 at first, as in PyTorch.
#[doc(alias = "PReLU")]
#[derive(Clone, Debug)]
pub struct Prelu {
    weight: Param,
}

impl Prelu {
    /// A layer of one slope, or of one a channel.
    ///
    /// # Errors
    /// No slopes.
    #[track_caller]
    pub fn new(slopes: usize, device: &Device) -> Result<Self> {
        let weight = Tensor::full([slopes], 0.25, DType::F32, device)?;
        Self::from_tensors(&weight)
    }

    /// A layer of given slopes, a vector.
    ///
    /// # Errors
    /// A tensor that is no vector of at least one float.
    #[track_caller]
    pub fn from_tensors(weight: &Tensor) -> Result<Self> {
        if weight.ndim() != 1 || weight.size() == 0 || !weight.dtype().is_float() {
            let message = "the slopes must be a vector of one float, or of one a channel";
            return Err(Error::shape("Prelu", weight.shape_ref(), message));
        }
        Ok(Self {
            weight: Param::new(weight),
        })
    }

    /// The slopes.
    pub fn weight(&self) -> &Param {
        &self.weight
    }
}

impl Module for Prelu {
    /// # Errors
    /// With several slopes, an input of another number of channels.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let weight = self.weight.value();
        let slopes = weight.size();
        if slopes == 1 {
            let y = x.leaky_relu(weight.reshaped(&Shape::SCALAR))?;
            return Ok(told(self, y));
        }
        if x.shape().get(1) != Some(&slopes) {
            let message = format!("the input must be (n, channels, …) with {slopes} channels");
            return Err(Error::shape("Prelu", x.shape_ref(), message));
        }
        let mut dims = vec![1; x.ndim() - 1];
        dims[0] = slopes;
        let y = x.leaky_relu(weight.reshaped(&Shape::of(&dims)))?;
        Ok(told(self, y))
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.param("weight", &self.weight);
    }
}
