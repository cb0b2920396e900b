//! RMSprop.

use super::memory::Memory;
use super::{Optimizer, check, move_each};
use crate::autograd::Gradients;
use crate::error::Result;
use crate::nn::Module;
use crate::tensor::Tensor;

/// RMSprop (Hinton, "Neural networks for machine learning", lecture 6e, 2012), as PyTorch computes it:
///
/// - v ← α·v + (1 − α)·g², which starts at 0;
/// - w ← w − rate·g / (√v + ε).
///
/// Hyperparameters are checked by [`step`](Optimizer::step).
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut model = nn::Linear::from_tensors(&Tensor::new([[4f32]], &dev)?, None)?;
/// let mut rmsprop = optim::RmsProp::new(0.25).alpha(0.75);
/// let grads = model.forward(&Tensor::ones([1, 1], &dev)?)?.sum(..)?.backward()?;
/// rmsprop.step(&mut model, &grads)?;
/// assert!((model.weight().value().item::<f32>()? - 3.5).abs() < 1e-6); // 4 − 0.25/√0.25
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "RMSprop")]
#[derive(Clone, Debug)]
pub struct RmsProp {
    rate: f64,
    alpha: f64,
    epsilon: f64,
    weight_decay: f64,
    momentum: f64,
    centered: bool,
    /// v, with momentum b, centred the mean of g.
    means: Memory<3>,
}

impl RmsProp {
    /// RMSprop at a learning rate, which is at least 0, with α = 0.99 and ε = 10⁻⁸. PyTorch's default rate is
    /// 0.01.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            alpha: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.0,
            momentum: 0.0,
            centered: false,
            means: Memory::new([Some("v"), None, None]),
        }
    }

    /// With another rate of decay of v, at least 0 and less than 1.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// With another ε, at least 0.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// With decay·w added to each gradient: a penalty of decay/2·|w|². At least 0.
    pub fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = decay;
        self
    }

    /// With momentum, at least 0 and less than 1: b ← momentum·b + g / (√v + ε), which starts at 0, and
    /// w ← w − rate·b.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self.means.keep(1, "b");
        self
    }

    /// With the variance of the gradient in the place of its square: v less the square of the gradient's own
    /// mean, which decays by α too (Graves, "Generating sequences with recurrent neural networks", 2013).
    /// Where rounding makes it negative it counts as 0.
    pub fn centered(mut self) -> Self {
        self.centered = true;
        self.means.keep(2, "mean");
        self
    }
}

impl Optimizer for RmsProp {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        const OP: &str = "RmsProp::step";
        check(OP, "learning rate", self.rate, 0.0..f64::INFINITY)?;
        check(OP, "alpha", self.alpha, 0.0..1.0)?;
        check(OP, "epsilon", self.epsilon, 0.0..f64::INFINITY)?;
        check(OP, "weight decay", self.weight_decay, 0.0..f64::INFINITY)?;
        check(OP, "momentum", self.momentum, 0.0..1.0)?;
        let Self {
            rate,
            alpha,
            epsilon,
            weight_decay,
            momentum,
            centered,
            ref mut means,
        } = *self;
        move_each(model, gradients, |id, w, g| {
            let g = match weight_decay {
                0.0 => g.clone(),
                decay => w.try_mul(decay)?.try_add(g)?,
            };
            let state = means.entry(id, || [(); 3].map(|()| w.zeros_like()));
            state.t += 1;
            let [v, b, mean] = &mut state.tensors;
            *v = (&*v * alpha).try_add(g.square() * (1.0 - alpha))?;
            let spread = match centered {
                true => {
                    *mean = (&*mean * alpha).try_add(&g * (1.0 - alpha))?;
                    v.try_sub(mean.square())?.relu()
                }
                false => v.clone(),
            };
            let step = g.try_div(spread.sqrt() + epsilon)?;
            if momentum == 0.0 {
                return w.try_sub(step * rate);
            }
            *b = (&*b * momentum).try_add(step)?;
            w.try_sub(&*b * rate)
        })
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.means.state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        self.means.load("RmsProp::load_state", model, state)
    }
}
