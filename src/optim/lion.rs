//! Lion.

use super::memory::Memory;
use super::{Optimizer, check, move_each};
use crate::autograd::Gradients;
use crate::error::Result;
use crate::nn::Module;
use crate::tensor::Tensor;

/// Lion (Chen et al., "Symbolic discovery of optimization algorithms", 2023), which is not in PyTorch. Every
/// element moves by the same amount, and one tensor is remembered of each parameter:
///
/// - w ← w − rate·(sign(β₁·m + (1 − β₁)·g) + decay·w);
/// - m ← β₂·m + (1 − β₂)·g, which starts at 0.
///
/// The paper advises a rate 3 to 10 times smaller than for [`AdamW`](super::AdamW), and a decay larger by as
/// much. Hyperparameters are checked by [`step`](Optimizer::step).
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut model = nn::Linear::from_tensors(&Tensor::new([[4f32]], &dev)?, None)?;
/// let mut lion = optim::Lion::new(0.25);
/// let grads = model.forward(&Tensor::full([1, 1], 1e-3, DType::F32, &dev)?)?.sum(..)?.backward()?;
/// lion.step(&mut model, &grads)?;
/// assert_eq!(model.weight().value().item::<f32>()?, 3.75);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lion {
    rate: f64,
    betas: (f64, f64),
    weight_decay: f64,
    /// m of each parameter.
    momentum: Memory<1>,
}

impl Lion {
    /// Lion at a learning rate, which is at least 0, with β₁ = 0.9 and β₂ = 0.99. The paper's default rate is
    /// 10⁻⁴.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            betas: (0.9, 0.99),
            weight_decay: 0.0,
            momentum: Memory::new([Some("m")]),
        }
    }

    /// With other betas, each at least 0 and less than 1, the second above 0.
    pub fn betas(mut self, first: f64, second: f64) -> Self {
        self.betas = (first, second);
        self
    }

    /// With w shrunk by rate·decay·w in each step, apart from the gradients. At least 0.
    pub fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = decay;
        self
    }
}

impl Optimizer for Lion {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        const OP: &str = "Lion::step";
        check(OP, "learning rate", self.rate, 0.0..f64::INFINITY)?;
        check(OP, "first beta", self.betas.0, 0.0..1.0)?;
        check(OP, "second beta", self.betas.1, f64::MIN_POSITIVE..1.0)?;
        check(OP, "weight decay", self.weight_decay, 0.0..f64::INFINITY)?;
        let Self {
            rate,
            betas,
            weight_decay,
            ref mut momentum,
        } = *self;
        move_each(model, gradients, |id, w, g| {
            let state = momentum.entry(id, || [w.zeros_like()]);
            state.t += 1;
            let [m] = &mut state.tensors;
            *m = (&*m * betas.1).try_add(g * (1.0 - betas.1))?;
            // β₁·m + (1 − β₁)·g of the m before, from the new one: so both are one kernel.
            let share = betas.0 / betas.1;
            let way = (&*m * share).try_add(g * (1.0 - share))?.sign();
            let w = match weight_decay {
                0.0 => w.clone(),
                decay => w.try_mul(1.0 - rate * decay)?,
            };
            w.try_sub(way * rate)
        })
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.momentum.state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        self.momentum.load("Lion::load_state", model, state)
    }
}
