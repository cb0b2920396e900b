//! Dropout.

use super::init::by_device;
use super::observe::told;
use super::{Module, Training, Visitor};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// In training each element becomes 0 with chance `p`, and the others are multiplied by 1/(1 − p), so that
/// means stay what they are; in evaluation nothing happens (Srivastava et al., "Dropout: a simple way to
/// prevent neural networks from overfitting", 2014).
///
/// What is dropped comes from the device's own generator (see [`Device::seed`](crate::Device::seed)), and is
/// the same on each device.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let (dropout, x) = (nn::Dropout::new(0.5)?, Tensor::ones([1000], &dev)?);
/// let y = dropout.forward(&x)?;
/// assert!(y.to_vec::<f32>()?.iter().all(|&v| v == 0. || v == 2.));
/// dropout.eval();
/// assert!(dropout.forward(&x)?.array_equal(&x, false)?);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dropout {
    p: f64,
    training: Training,
}

impl Dropout {
    /// A layer that drops so large a part of what it gets.
    ///
    /// # Errors
    /// A chance that is not in 0 to 1.
    #[track_caller]
    pub fn new(p: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&p) {
            let message = format!("the chance to drop an element must be in 0 to 1, not {p}");
            return Err(Error::value("Dropout", message));
        }
        Ok(Self {
            p,
            training: Training::new(),
        })
    }

    /// The chance to drop an element.
    pub fn p(&self) -> f64 {
        self.p
    }
}

impl Module for Dropout {
    /// # Errors
    /// In training, an input whose random numbers the device cannot hold.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !self.training.is_on() || self.p == 0.0 {
            return Ok(told(self, x.clone()));
        }
        let x = x.to_dtype(x.dtype().to_float());
        let drawn = by_device(x.device(), |g| g.uniform(x.shape_ref().clone(), x.device()))?;
        // Where all are dropped nothing is left to scale, and 1/0 would make NaN of the gradient's zeros.
        let scale = if self.p < 1.0 {
            1.0 / (1.0 - self.p)
        } else {
            0.0
        };
        let y = drawn.ge(self.p)?.select(&x.try_mul(scale)?, 0.0)?;
        Ok(told(self, y))
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.training(&self.training);
    }
}
