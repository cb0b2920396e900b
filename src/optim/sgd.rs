//! Stochastic gradient descent.

use super::memory::Memory;
use super::{Optimizer, check, move_each};
use crate::autograd::Gradients;
use crate::error::Result;
use crate::nn::Module;
use crate::tensor::Tensor;

/// Stochastic gradient descent, with momentum if asked for, as PyTorch computes it:
///
/// - b ← momentum·b + g, which starts at the first gradient;
/// - w ← w − rate·b.
///
/// Hyperparameters are checked by [`step`](Optimizer::step).
#[derive(Clone, Debug)]
pub struct Sgd {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    /// b of each parameter.
    velocity: Memory<1>,
}

impl Sgd {
    /// Plain descent at a learning rate, which is at least 0.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            velocity: Memory::new([Some("b")]),
        }
    }

    /// With momentum, at least 0 and less than 1.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// With Nesterov's momentum: the step looks ahead, w ← w − rate·(g + momentum·b) (Sutskever et
    /// al., "On the importance of initialization and momentum in deep learning", 2013).
    pub fn nesterov(mut self, momentum: f64) -> Self {
        (self.momentum, self.nesterov) = (momentum, true);
        self
    }

    /// With decay·w added to each gradient: a penalty of decay/2·|w|². At least 0.
    pub fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = decay;
        self
    }
}

impl Optimizer for Sgd {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        const OP: &str = "Sgd::step";
        check(OP, "learning rate", self.rate, 0.0..f64::INFINITY)?;
        check(OP, "momentum", self.momentum, 0.0..1.0)?;
        check(OP, "weight decay", self.weight_decay, 0.0..f64::INFINITY)?;
        let Self {
            rate,
            momentum,
            nesterov,
            weight_decay,
            ref mut velocity,
        } = *self;
        move_each(model, gradients, |id, w, g| {
            let g = match weight_decay {
                0.0 => g.clone(),
                decay => w.try_mul(decay)?.try_add(g)?,
            };
            if momentum == 0.0 {
                return w.try_sub(g * rate);
            }
            let state = velocity.entry(id, || [g.clone()]);
            let [b] = &mut state.tensors;
            if state.t > 0 {
                *b = b.try_mul(momentum)?.try_add(&g)?;
            }
            state.t += 1;
            let step = match nesterov {
                true => b.try_mul(momentum)?.try_add(&g)?,
                false => b.clone(),
            };
            w.try_sub(step * rate)
        })
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.velocity.state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        self.velocity.load("Sgd::load_state", model, state)
    }
}
