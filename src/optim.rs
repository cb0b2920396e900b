//! Optimisers: how parameters follow their gradients.
//!
//! A step replaces the value of each parameter that has a gradient, records nothing for gradients,
//! and ends the plan: forward pass, backward pass and update run as one piece. Learning rates and
//! step counts are parameters of the plan, so that a step after the first few plans nothing, whatever
//! schedule the rate follows.
//!
//! ```
//! use tilewise::prelude::*;
//!
//! let dev = Device::cpu();
//! let x = Tensor::new([[0f32], [1.], [2.]], &dev)?;
//! let y = Tensor::new([[1f32], [3.], [5.]], &dev)?;
//! let mut model = nn::Linear::new(1, 1, &dev)?;
//! let mut sgd = optim::Sgd::new(0.1).momentum(0.9);
//! for _ in 0..200 {
//!     let loss = model.forward(&x)?.mse(&y)?;
//!     let grads = loss.backward()?;
//!     sgd.step(&mut model, &grads)?;
//! }
//! assert!((model.weight().value().item::<f32>()? - 2.0).abs() < 1e-3);
//! # Ok::<(), Error>(())
//! ```

mod adagrad;
mod adam;
mod adamw;
mod groups;
mod lion;
mod memory;
mod rmsprop;
pub mod schedule;
mod sgd;

pub use self::adagrad::Adagrad;
pub use self::adam::Adam;
pub use self::adamw::AdamW;
pub use self::groups::Groups;
pub use self::lion::Lion;
pub use self::rmsprop::RmsProp;
pub use self::schedule::Schedule;
pub use self::sgd::Sgd;

use crate::autograd::{Gradients, no_grad};
use crate::error::{Error, Result};
use crate::nn::{Module, Part, Visitor, short_type_name};
use crate::tensor::Tensor;

/// Updates the parameters of a network from their gradients.
pub trait Optimizer: Send + Sync {
    /// Moves each parameter that has a gradient, and starts to run all that is recorded. Parameters
    /// without one stay as they are, and so does what the optimiser remembers of them.
    ///
    /// # Errors
    /// A hyperparameter out of its range, no parameter with a gradient, or a fault of the device.
    #[track_caller]
    fn step(&mut self, model: &mut dyn Module, gradients: &Gradients) -> Result<()> {
        self.update(model, gradients)?;
        gradients.flush()
    }

    /// As [`step`](Optimizer::step), but only records the moves: what is done next may join their plan. This
    /// is what an optimiser implements.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()>;

    /// The learning rate of the next step.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate from the next step on; makes no plan anew.
    fn set_learning_rate(&mut self, rate: f64);

    /// What the optimiser remembers of the model's parameters, by their names (`0.weight.m`): with it, with
    /// the model's own [`state`](Module::state) and with the learning rate a run goes on as if it had never
    /// stopped.
    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)>;

    /// Remembers what [`state`](Optimizer::state) gave, and nothing else. Reads the numbers of steps.
    ///
    /// # Errors
    /// Tensors that are missing, that do not fit, or that belong to no parameter of the model.
    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()>;

    /// What it is called where a run is described: the name of its type, such as `Adam`.
    fn name(&self) -> String {
        short_type_name::<Self>()
    }
}

impl<O: Optimizer + ?Sized> Optimizer for Box<O> {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        (**self).update(model, gradients)
    }

    fn learning_rate(&self) -> f64 {
        (**self).learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) {
        (**self).set_learning_rate(rate);
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        (**self).state(model)
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        (**self).load_state(model, state)
    }

    fn name(&self) -> String {
        (**self).name()
    }
}

/// Gives each parameter that has a gradient the value that the rule makes of its number, its value
/// and its gradient. A parameter shared by several layers is moved once.
#[track_caller]
fn move_each(
    model: &dyn Module,
    gradients: &Gradients,
    mut rule: impl FnMut(u64, &Tensor, &Tensor) -> Result<Tensor>,
) -> Result<()> {
    let mut moved: Vec<u64> = Vec::new();
    let mut outcome = Ok(());
    no_grad(|| {
        model.visit(&mut Visitor::new(&mut |_, part| {
            let Part::Param(param) = part else { return };
            let value = param.value();
            let (Some(id), Some(gradient)) = (value.leaf(), gradients.get(&value)) else {
                return;
            };
            if outcome.is_err() || moved.contains(&id) {
                return;
            }
            moved.push(id);
            let value = value.detach();
            outcome = rule(id, &value, &gradient.detach()).and_then(|new| param.set(&new));
        }));
    });
    outcome?;
    if moved.is_empty() {
        let message = "no parameter of the model has a gradient: the gradients are of another model, \
                       or its visit() names no parameters";
        return Err(Error::value("step", message));
    }
    Ok(())
}

/// An error that names a hyperparameter whose value is not in its range.
#[track_caller]
fn check(op: &'static str, name: &str, value: f64, range: std::ops::Range<f64>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let end = match range.end {
        end if end.is_finite() => format!("less than {end}"),
        _ => "finite".into(),
    };
    let start = match range.start {
        f64::MIN_POSITIVE => "above 0".into(),
        start => format!("at least {start}"),
    };
    let message = format!("the {name} must be {start} and {end}, not {value}");
    Err(Error::value(op, message))
}
