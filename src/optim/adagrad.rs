//! Adagrad.

use super::memory::Memory;
use super::{Optimizer, check, move_each};
use crate::autograd::Gradients;
use crate::error::Result;
use crate::nn::Module;
use crate::tensor::Tensor;

/// Adagrad (Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
/// optimization", 2011), as PyTorch computes it:
///
/// - s ← s + g², which starts at 0;
/// - w ← w − rate/(1 + (t − 1)·rate_decay)·g / (√s + ε), with t the number of the step.
///
/// Hyperparameters are checked by [`step`](Optimizer::step).
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut model = nn::Linear::from_tensors(&Tensor::new([[4f32]], &dev)?, None)?;
/// let mut adagrad = optim::Adagrad::new(0.5);
/// let grads = model.forward(&Tensor::ones([1, 1], &dev)?)?.sum(..)?.backward()?;
/// adagrad.step(&mut model, &grads)?;
/// assert_eq!(model.weight().value().item::<f32>()?, 3.5);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adagrad {
    rate: f64,
    rate_decay: f64,
    weight_decay: f64,
    initial: f64,
    epsilon: f64,
    /// s of each parameter.
    sums: Memory<1>,
}

impl Adagrad {
    /// Adagrad at a learning rate, which is at least 0, with ε = 10⁻¹⁰. PyTorch's default rate is 0.01.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            rate_decay: 0.0,
            weight_decay: 0.0,
            initial: 0.0,
            epsilon: 1e-10,
            sums: Memory::new([Some("s")]),
        }
    }

    /// With a rate that falls with the steps of a parameter, as above. At least 0.
    #[doc(alias = "lr_decay")]
    pub fn rate_decay(mut self, decay: f64) -> Self {
        self.rate_decay = decay;
        self
    }

    /// With decay·w added to each gradient: a penalty of decay/2·|w|². At least 0.
    pub fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = decay;
        self
    }

    /// With sums that start at a value, at least 0.
    pub fn initial_accumulator(mut self, initial: f64) -> Self {
        self.initial = initial;
        self
    }

    /// With another ε, at least 0.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }
}

impl Optimizer for Adagrad {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        const OP: &str = "Adagrad::step";
        check(OP, "learning rate", self.rate, 0.0..f64::INFINITY)?;
        check(OP, "rate decay", self.rate_decay, 0.0..f64::INFINITY)?;
        check(OP, "weight decay", self.weight_decay, 0.0..f64::INFINITY)?;
        check(OP, "initial accumulator", self.initial, 0.0..f64::INFINITY)?;
        check(OP, "epsilon", self.epsilon, 0.0..f64::INFINITY)?;
        let Self {
            rate,
            rate_decay,
            weight_decay,
            initial,
            epsilon,
            ref mut sums,
        } = *self;
        move_each(model, gradients, |id, w, g| {
            let g = match weight_decay {
                0.0 => g.clone(),
                decay => w.try_mul(decay)?.try_add(g)?,
            };
            let state = sums.entry(id, || [w.full_like(initial)]);
            let rate = rate / (1.0 + state.t as f64 * rate_decay);
            state.t += 1;
            let [s] = &mut state.tensors;
            *s = s.try_add(g.square())?;
            w.try_sub(g.try_div(s.sqrt() + epsilon)? * rate)
        })
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.sums.state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        self.sums.load("Adagrad::load_state", model, state)
    }
}
