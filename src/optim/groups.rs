//! Parameters in groups, each with an optimiser of its own.

use rustc_hash::FxHashMap;

use super::Optimizer;
use crate::autograd::Gradients;
use crate::error::{Error, Result};
use crate::nn::Module;
use crate::tensor::Tensor;

/// Several optimisers, each for the parameters whose names it is given; together one optimiser.
///
/// A parameter belongs to the first group whose choice takes its dotted name, such as `0.weight`, and to the
/// rest where none does. One that several layers share goes by the name under which it is visited first.
///
/// The learning rate is that of the rest. Setting it keeps each group's rate in the proportion to it that it had
/// when the group was added, so that one schedule moves all.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut model = nn::mlp([3, 8, 1], nn::Relu, &dev)?;
/// // No decay of biases, and a slower first layer.
/// let mut optimizer = optim::Groups::new(optim::AdamW::new(1e-2))
///     .with(|name| name.ends_with("bias"), optim::AdamW::new(1e-2).weight_decay(0.0))
///     .with(|name| name.starts_with("0."), optim::AdamW::new(1e-3));
/// let grads = model.forward(&Tensor::ones([4, 3], &dev)?)?.mean(..)?.backward()?;
/// optimizer.step(&mut model, &grads)?;
/// optimizer.set_learning_rate(5e-3); // the first layer's weight now moves at 5e-4
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "param_groups")]
pub struct Groups {
    /// The last one takes what no other does.
    groups: Vec<Group>,
}

struct Group {
    takes: Box<dyn Fn(&str) -> bool + Send + Sync>,
    optimizer: Box<dyn Optimizer>,
    /// Its rate over that of the rest.
    proportion: f64,
}

impl Groups {
    /// One group, the rest, to which every parameter belongs.
    pub fn new(rest: impl Optimizer + 'static) -> Self {
        Self {
            groups: vec![Group {
                takes: Box::new(|_| true),
                optimizer: Box::new(rest),
                proportion: 1.0,
            }],
        }
    }

    /// With a group of the parameters whose names are chosen and that are in no group before. Where the rate of
    /// the rest is 0, a group's rate is set to that of the rest.
    pub fn with(
        mut self,
        takes: impl Fn(&str) -> bool + Send + Sync + 'static,
        optimizer: impl Optimizer + 'static,
    ) -> Self {
        let proportion = match self.learning_rate() {
            0.0 => 1.0,
            rest => optimizer.learning_rate() / rest,
        };
        let group = Group {
            takes: Box::new(takes),
            optimizer: Box::new(optimizer),
            proportion,
        };
        self.groups.insert(self.groups.len() - 1, group);
        self
    }

    /// The number of the group that takes a name.
    fn group(&self, name: &str) -> usize {
        let found = self.groups.iter().position(|group| (group.takes)(name));
        // The rest takes every name.
        found.unwrap_or(self.groups.len() - 1)
    }

    /// The group of each parameter, by its number and by its name.
    fn assign(&self, model: &dyn Module) -> (FxHashMap<u64, usize>, FxHashMap<String, usize>) {
        let (mut by_id, mut by_name) = (FxHashMap::default(), FxHashMap::default());
        for (name, value) in model.parameters() {
            let Some(id) = value.leaf() else { continue };
            let group = *by_id.entry(id).or_insert_with(|| self.group(&name));
            by_name.insert(name, group);
        }
        (by_id, by_name)
    }
}

impl Optimizer for Groups {
    #[track_caller]
    fn update(&mut self, model: &dyn Module, gradients: &Gradients) -> Result<()> {
        let (by_id, _) = self.assign(model);
        let mut moved = false;
        for (at, group) in self.groups.iter_mut().enumerate() {
            let share = gradients.of(|id| by_id.get(&id) == Some(&at));
            if !share.is_empty() {
                moved = true;
                group.optimizer.update(model, &share)?;
            }
        }
        if !moved {
            let message = "no parameter of the model has a gradient";
            return Err(Error::value("Groups::step", message));
        }
        Ok(())
    }

    fn learning_rate(&self) -> f64 {
        self.groups[self.groups.len() - 1].optimizer.learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) {
        for group in &mut self.groups {
            group.optimizer.set_learning_rate(rate * group.proportion);
        }
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        let each = self.groups.iter();
        each.flat_map(|group| group.optimizer.state(model))
            .collect()
    }

    #[track_caller]
    fn load_state(&mut self, model: &dyn Module, state: &[(String, Tensor)]) -> Result<()> {
        let (_, by_name) = self.assign(model);
        let rest = self.groups.len() - 1;
        let mut shares = vec![Vec::new(); self.groups.len()];
        let mut befores: Vec<Vec<(String, Tensor)>> = Vec::new();
        for (name, tensor) in state {
            let parameter = name.rsplit_once('.').map_or("", |(parameter, _)| parameter);
            // What belongs to no parameter is refused by the rest.
            let at = by_name.get(parameter).copied().unwrap_or(rest);
            shares[at].push((name.clone(), tensor.clone()));
        }
        for (at, share) in shares.iter().enumerate() {
            let optimizer = &mut self.groups[at].optimizer;
            let before = optimizer.state(model);
            if let Err(error) = optimizer.load_state(model, share) {
                // Those before have taken theirs; all groups take the new or none.
                for (group, before) in self.groups.iter_mut().zip(befores) {
                    group.optimizer.load_state(model, &before)?;
                }
                return Err(error);
            }
            befores.push(before);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rates = self.groups.iter().map(|g| g.optimizer.learning_rate());
        write!(f, "Groups(rates {:?})", rates.collect::<Vec<_>>())
    }
}
