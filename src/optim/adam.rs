//! Adam.

use super::memory::Memory;
use super::{Optimizer, check, move_each};
use crate::autograd::Gradients;
use crate::error::Result;
use crate::nn::Module;
use crate::tensor::Tensor;

/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015), as PyTorch computes it:
///
/// - m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g², which start at 0;
/// - w ← w − rate·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε), with t the number of the step.
///
/// Hyperparameters are checked by [`step`](Optimizer::step).
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f64,
    betas: (f64, f64),
    epsilon: f64,
    weight_decay: f64,
    decoupled: bool,
    amsgrad: bool,
    /// m, v and with AMSGrad the largest v so far.
    moments: Memory<3>,
}

impl Adam {
    /// Adam at a learning rate, which is at least 0, with β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁸.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            amsgrad: false,
            moments: Memory::new([Some("m"), Some("v"), None]),
        }
    }

    /// With other rates of decay of the moments, each at least 0 and less than 1.
    pub fn betas(mut self, first: f64, second: f64) -> Self {
        self.betas = (first, second);
        self
    }

    /// With another ε, at least 0.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// With decay·w added to each gradient: a penalty of decay/2·|w|². At least 0.
    pub fn weight_decay(mut self, decay: f64) -> Self {
        (self.weight_decay, self.decoupled) = (decay, false);
        self
    }

    /// With w shrunk by rate·decay·w before each step, apart from the gradients: AdamW (Loshchilov
    /// and Hutter, "Decoupled weight decay regularization", 2019). At least 0.
    pub fn decoupled_weight_decay(mut self, decay: f64) -> Self {
        (self.weight_decay, self.decoupled) = (decay, true);
        self
    }

    /// With the largest v of all steps so far in the place of v (Reddi, Kale and Kumar, "On the convergence of
    /// Adam and beyond", 2018).
    pub fn amsgrad(mut self) -> Self {
        self.amsgrad = true;
        self.moments.keep(2, "v_max");
        self
    }
}

impl Optimizer for Adam {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        const OP: &str = "Adam::step";
        check(OP, "learning rate", self.rate, 0.0..f64::INFINITY)?;
        check(OP, "first beta", self.betas.0, 0.0..1.0)?;
        check(OP, "second beta", self.betas.1, 0.0..1.0)?;
        check(OP, "epsilon", self.epsilon, 0.0..f64::INFINITY)?;
        check(OP, "weight decay", self.weight_decay, 0.0..f64::INFINITY)?;
        let Self {
            rate,
            betas,
            epsilon,
            weight_decay,
            decoupled,
            amsgrad,
            ref mut moments,
        } = *self;
        move_each(model, gradients, |id, w, g| {
            let (w, g) = match weight_decay {
                0.0 => (w.clone(), g.clone()),
                decay if decoupled => (w.try_mul(1.0 - rate * decay)?, g.clone()),
                decay => (w.clone(), w.try_mul(decay)?.try_add(g)?),
            };
            let state = moments.entry(id, || [(); 3].map(|()| w.zeros_like()));
            state.t += 1;
            let [m, v, largest] = &mut state.tensors;
            *m = (&*m * betas.0).try_add(&g * (1.0 - betas.0))?;
            *v = (&*v * betas.1).try_add(g.square() * (1.0 - betas.1))?;
            // The corrections are numbers: parameters of the plan, like the rate.
            let (first, second) = (1.0 - betas.0.powi(state.t), 1.0 - betas.1.powi(state.t));
            let second_moment = match amsgrad {
                true => {
                    *largest = largest.maximum(&*v)?;
                    &*largest
                }
                false => &*v,
            };
            let spread = second_moment.sqrt() * second.sqrt().recip() + epsilon;
            w.try_sub(m.try_div(spread)? * (rate / first))
        })
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.moments.state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        self.moments.load("Adam::load_state", model, state)
    }
}
