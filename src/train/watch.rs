//! Where the first number that is not finite turns up.

use crate::autograd::{Gradients, no_grad};
use crate::error::{Error, Result};
use crate::nn::{Module, Part, Visitor, observed};
use crate::tensor::Tensor;

/// Whether what a step computed is finite, as scalars on the device that are 1 or 0, in the order in which it was
/// computed.
pub(super) struct Watched {
    pub(super) flags: Vec<Tensor>,
    pub(super) places: Places,
}

/// What each flag is of, and the step.
pub(super) struct Places {
    names: Vec<String>,
    step: usize,
    epoch: usize,
}

impl Watched {
    /// Nothing yet of a step of an epoch, both counted from 1.
    pub(super) fn new(step: usize, epoch: usize) -> Self {
        Self {
            flags: Vec::new(),
            places: Places {
                names: Vec::new(),
                step,
                epoch,
            },
        }
    }

    /// Watches a tensor; integers are always finite.
    #[track_caller]
    pub(super) fn add(&mut self, name: impl Into<String>, tensor: &Tensor) -> Result<()> {
        if !tensor.dtype().is_float() {
            return Ok(());
        }
        let flag = no_grad(|| tensor.detach().is_finite().all(..))?;
        self.flags.push(flag);
        self.places.names.push(name.into());
        Ok(())
    }

    /// What a model gives; watches what it is given, and what each of its layers gives.
    #[track_caller]
    pub(super) fn forward(&mut self, model: &dyn Module, x: &Tensor) -> Result<Tensor> {
        self.add("what the model is given", x)?;
        let (output, given) = observed(model, x)?;
        for layer in given {
            let name = format!("what layer {} ({}) gives", layer.name, layer.kind);
            self.add(name, &layer.output)?;
        }
        self.add("what the model gives", &output)?;
        Ok(output)
    }

    /// Watches the gradients of a model's parameters.
    #[track_caller]
    pub(super) fn gradients(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        // Found from the last layer to the first: where one is not finite, those before it follow.
        let mut parameters = model.parameters();
        parameters.reverse();
        for (name, value) in parameters {
            if let Some(gradient) = gradients.get(&value) {
                self.add(format!("the gradient of {name}"), gradient)?;
            }
        }
        Ok(())
    }

    /// Watches what a model keeps: parameters and buffers.
    #[track_caller]
    pub(super) fn values(&mut self, model: &dyn Module) -> Result<()> {
        let mut outcome = Ok(());
        model.visit(&mut Visitor::new(&mut |name, part| {
            let (kind, value) = match part {
                Part::Param(param) => ("parameter", param.value()),
                Part::Buffer(buffer) => ("buffer", buffer.value()),
                _ => return,
            };
            if outcome.is_ok() {
                outcome = self.add(format!("the {kind} {name}"), &value);
            }
        }));
        outcome
    }
}

impl Places {
    /// An error that names the first place that is not finite.
    #[track_caller]
    pub(super) fn check(&self, flags: &[f32]) -> Result<()> {
        let Some(first) = flags.iter().position(|&flag| flag == 0.0) else {
            return Ok(());
        };
        let (step, epoch) = (self.step, self.epoch);
        let message = format!(
            "{} is not finite in step {step} (epoch {epoch}); what was computed before it is",
            self.names[first]
        );
        Err(Error::value("Trainer::watch", message))
    }
}
