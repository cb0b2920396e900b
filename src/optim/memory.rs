//! What optimisers remember of each parameter.

use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::nn::Module;
use crate::tensor::Tensor;

/// Tensors under names, and the number of steps, for each parameter that has been moved.
///
/// A tensor that only an option asks for has no name until then, and is neither saved nor loaded.
#[derive(Clone, Debug)]
pub(super) struct Memory<const N: usize> {
    names: [Option<&'static str>; N],
    slots: FxHashMap<u64, Slots<N>>,
}

/// What is remembered of a parameter.
#[derive(Clone, Debug)]
pub(super) struct Slots<const N: usize> {
    /// Steps made.
    pub(super) t: i32,
    pub(super) tensors: [Tensor; N],
}

impl<const N: usize> Memory<N> {
    /// Nothing yet; the names are those under which the tensors are saved.
    pub(super) fn new(names: [Option<&'static str>; N]) -> Self {
        Self {
            names,
            slots: FxHashMap::default(),
        }
    }

    /// Names the tensor of a slot, which is saved from then on.
    pub(super) fn keep(&mut self, slot: usize, name: &'static str) {
        self.names[slot] = Some(name);
    }

    /// What is remembered of a parameter by its number; at first what `start` gives.
    pub(super) fn entry(&mut self, id: u64, start: impl FnOnce() -> [Tensor; N]) -> &mut Slots<N> {
        self.slots.entry(id).or_insert_with(|| Slots {
            t: 0,
            tensors: start(),
        })
    }

    /// All of it, as tensors named by the model's parameters: `0.weight.m`, `0.weight.step`, …
    pub(super) fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        let mut list = Vec::new();
        for (name, value) in model.parameters() {
            let Some(slots) = value.leaf().and_then(|id| self.slots.get(&id)) else {
                continue;
            };
            for (slot, tensor) in self.names.iter().zip(&slots.tensors) {
                list.extend(slot.map(|slot| (format!("{name}.{slot}"), tensor.clone())));
            }
            let step = Tensor::new(slots.t, value.device());
            list.extend(step.map(|step| (format!("{name}.step"), step)));
        }
        list
    }

    /// Remembers what [`Memory::state`] gave, and nothing else.
    #[track_caller]
    pub(super) fn load(
        &mut self,
        op: &'static str,
        model: &dyn Module,
        state: &[(String, Tensor)],
    ) -> Result<()> {
        let given: FxHashMap<&str, &Tensor> = state.iter().map(|(n, t)| (n.as_str(), t)).collect();
        let mut used = 0;
        let mut slots = FxHashMap::default();
        for (name, value) in model.parameters() {
            let Some(step) = given.get(format!("{name}.step").as_str()) else {
                continue;
            };
            let find = |slot: &Option<&str>| {
                let Some(slot) = slot else {
                    return Ok(value.detach().zeros_like());
                };
                let name = format!("{name}.{slot}");
                let tensor = given.get(name.as_str());
                let tensor =
                    tensor.ok_or_else(|| Error::value(op, format!("{name} is missing")))?;
                if tensor.shape() != value.shape() {
                    let message = format!(
                        "{name} must have the shape of its parameter, {}",
                        value.shape_ref()
                    );
                    return Err(Error::shape(op, tensor.shape_ref(), message));
                }
                tensor
                    .detach()
                    .to_dtype(value.dtype())
                    .on_device(op, value.device())
            };
            let tensors: Vec<Tensor> = self.names.iter().map(find).collect::<Result<_>>()?;
            used += self.names.iter().flatten().count() + 1;
            let t = step.waited_for(op)?;
            if let (Some(id), Ok(tensors)) = (value.leaf(), tensors.try_into()) {
                slots.insert(id, Slots { t, tensors });
            }
        }
        if used < state.len() {
            let message = format!(
                "{} of {} tensors belong to no parameter of the model, or to another optimiser",
                state.len() - used,
                state.len()
            );
            return Err(Error::value(op, message));
        }
        self.slots = slots;
        Ok(())
    }
}
