//! What attention needs of other layers.

use crate::device::Device;
use crate::error::{Error, Result};
use crate::nn::{Module, Param, Training, Visitor};
use crate::tensor::Tensor;

/// The last axis shifted and scaled to mean 0 and deviation 1, then by `weight` and `bias`.
#[derive(Clone, Debug)]
pub(super) struct LayerNorm {
    weight: Param,
    bias: Param,
}

impl LayerNorm {
    #[track_caller]
    pub(super) fn new(features: usize, device: &Device) -> Result<Self> {
        Ok(Self {
            weight: Param::new(&Tensor::ones([features], device)?),
            bias: Param::new(&Tensor::zeros([features], device)?),
        })
    }
}

impl Module for LayerNorm {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let centred = x.try_sub(x.mean_keepdims(-1)?)?;
        let variance = centred.square().mean_keepdims(-1)?;
        let normal = centred.try_mul(variance.try_add(1e-5)?.rsqrt())?;
        normal
            .try_mul(self.weight.value())?
            .try_add(self.bias.value())
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.param("weight", &self.weight);
        visitor.param("bias", &self.bias);
    }
}

/// In training each value is 0 with probability p, and the others are larger by 1/(1 − p).
#[derive(Clone, Debug)]
pub(super) struct Dropout {
    p: f64,
    training: Training,
}

impl Dropout {
    pub(super) fn new(p: f64) -> Self {
        Self {
            p,
            training: Training::new(),
        }
    }
}

impl Module for Dropout {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !(0.0..=1.0).contains(&self.p) {
            let message = format!("a probability is from 0 to 1, not {}", self.p);
            return Err(Error::value("dropout", message));
        }
        if self.p == 0.0 || !self.training.is_on() {
            return Ok(x.clone());
        }
        let device = x.device();
        let drawn = device.with_generator(|generator| generator.uniform(x.shape(), device))?;
        let scaled = x.try_mul(1.0 / (1.0 - self.p).max(f64::MIN_POSITIVE))?;
        drawn.lt(self.p)?.select(0.0, scaled)
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.training(&self.training);
    }
}
