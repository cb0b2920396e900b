//! AdamW.

use super::{Adam, Optimizer};
use crate::autograd::Gradients;
use crate::error::Result;
use crate::nn::Module;
use crate::tensor::Tensor;

/// AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019), as PyTorch computes it:
/// [`Adam`] with [`decoupled_weight_decay`](Adam::decoupled_weight_decay), 0.01 unless another is given.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut model = nn::Linear::new(3, 1, &dev)?;
/// let mut adamw = optim::AdamW::new(1e-3).weight_decay(0.1);
/// let grads = model.forward(&Tensor::ones([4, 3], &dev)?)?.mean(..)?.backward()?;
/// adamw.step(&mut model, &grads)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AdamW(Adam);

impl AdamW {
    /// AdamW at a learning rate, which is at least 0, with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ and a decay of 0.01.
    pub fn new(rate: f64) -> Self {
        Self(Adam::new(rate).decoupled_weight_decay(0.01))
    }

    /// With other rates of decay of the moments, each at least 0 and less than 1.
    pub fn betas(self, first: f64, second: f64) -> Self {
        Self(self.0.betas(first, second))
    }

    /// With another ε, at least 0.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Self(self.0.epsilon(epsilon))
    }

    /// With w shrunk by rate·decay·w before each step, apart from the gradients. At least 0.
    pub fn weight_decay(self, decay: f64) -> Self {
        Self(self.0.decoupled_weight_decay(decay))
    }

    /// With the largest second moment so far: see [`Adam::amsgrad`].
    pub fn amsgrad(self) -> Self {
        Self(self.0.amsgrad())
    }
}

impl Optimizer for AdamW {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        self.0.update(model, gradients)
    }

    fn learning_rate(&self) -> f64 {
        self.0.learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.0.set_learning_rate(rate);
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.0.state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        self.0.load_state(model, state)
    }
}
