//! The walk from a result to the variables it depends on.

use std::sync::{Arc, PoisonError};

use super::arrived::Front;
use super::{Gradients, Node, Recording, Rule, rules};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// What a backward walk does besides.
#[derive(Clone, Default)]
pub struct Backward {
    create_graph: bool,
    retain_tape: bool,
    seed: Option<Tensor>,
}

impl Backward {
    /// The defaults: the tape is consumed, the gradients are plain values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the walk itself, so that gradients can be differentiated again; keeps the tape.
    pub fn create_graph(mut self) -> Self {
        (self.create_graph, self.retain_tape) = (true, true);
        self
    }

    /// Keeps the tape for another walk.
    pub fn retain_tape(mut self) -> Self {
        self.retain_tape = true;
        self
    }

    /// Starts from this gradient, of the tensor's shape, instead of 1.
    pub fn seed(mut self, gradient: &Tensor) -> Self {
        self.seed = Some(gradient.clone());
        self
    }
}

impl Tensor {
    /// The gradients of this tensor of one element with respect to the variables it was computed
    /// from. Consumes what was recorded for it.
    ///
    /// # Errors
    /// A tensor of another size (see [`Backward::seed`]), one that depends on no variable, or a
    /// tape that was consumed before.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3f32], &Device::cpu())?.variable();
    /// let grads = x.square().sum(..)?.backward()?;
    /// assert_eq!(grads.get(&x).unwrap().item::<f32>()?, 6.0);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn backward(&self) -> Result<Gradients> {
        self.backward_with(Backward::new())
    }

    /// As [`backward`](Tensor::backward), with options.
    ///
    /// # Errors
    /// As there, or a seed of another shape.
    #[track_caller]
    pub fn backward_with(&self, options: Backward) -> Result<Gradients> {
        const OP: &str = "backward";
        let Some(root) = self.tape() else {
            let message = "the tensor depends on no variable: make one with variable(), and \
                           compute outside of no_grad";
            return Err(Error::value(OP, message));
        };
        let seed = match options.seed {
            Some(seed) if seed.shape() == self.shape() => seed.to_dtype(self.dtype()),
            Some(seed) => {
                let message = format!("the seed must have the tensor's shape {}", self.shape_ref());
                return Err(Error::shape(OP, seed.shape_ref(), message));
            }
            None if self.size() == 1 => self.ones_like(),
            None => {
                let message = "gradients start from a tensor of one element, as a loss is; reduce \
                               it with sum or mean, or give a seed with backward_with";
                return Err(Error::shape(OP, self.shape_ref(), message));
            }
        };
        let _recording = Recording::set(options.create_graph);
        walk(root, seed, options.retain_tape)
    }
}

#[track_caller]
fn walk(root: &Arc<Node>, seed: Tensor, retain: bool) -> Result<Gradients> {
    let mut gradients = Gradients::default();
    let mut front = Front::default();
    front.at(root, seed.shape_ref()).add(seed)?;
    while let Some(arrived) = front.pop() {
        let node = arrived.node.clone();
        let Some(gradient) = arrived.sum()? else {
            continue;
        };
        if let Rule::Leaf(leaf) = node.rule {
            gradients.insert(leaf, gradient);
            continue;
        }
        let saved = {
            let mut saved = node.saved.lock().unwrap_or_else(PoisonError::into_inner);
            if retain { saved.clone() } else { saved.take() }
        };
        let Some(mut saved) = saved else {
            let message = "what was recorded has been used by an earlier backward; keep it there \
                           with Backward::new().retain_tape()";
            return Err(Error::value("backward", message));
        };
        saved.output = saved.output.map(|y| y.with_tape(Some(node.clone())));
        let parts = rules::gradients(&node.rule, &gradient, &saved, &node.parents)?;
        for (parent, part) in node.parents.iter().zip(parts) {
            let (Some(target), Some(part)) = (&parent.node, part) else {
                continue;
            };
            let arrived = front.at(target, &parent.shape);
            match &node.rule {
                Rule::Region(region) => arrived.add_part(part, region.clone()),
                _ => arrived.add(part.sum_to(&parent.shape)?.to_dtype(parent.dtype))?,
            }
        }
    }
    Ok(gradients)
}
