//! What a network holds, taken out and put back.

use std::collections::HashMap;

use super::{Part, Visitor};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// How the names and shapes of a saved network must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Each name on either side has its like on the other.
    Exact,
    /// What fits by name and shape is loaded, and the rest is told.
    Matching,
}

/// What was not loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Names of the network for which there was nothing.
    pub missing: Vec<String>,
    /// Names of tensors for which the network has no place.
    pub unexpected: Vec<String>,
    /// Names whose tensor does not fit, with the reason.
    pub mismatched: Vec<(String, String)>,
}

/// Parameters and buffers, off any tape.
pub(super) fn state(walk: impl Fn(&mut Visitor)) -> Vec<(String, Tensor)> {
    let mut list = Vec::new();
    walk(&mut Visitor::new(&mut |name, part| {
        if let Some(value) = kept(part) {
            list.push((name.into(), value.detach()));
        }
    }));
    list
}

/// What of a part is kept.
fn kept(part: Part<'_>) -> Option<Tensor> {
    match part {
        Part::Param(param) => Some(param.value()),
        Part::Buffer(buffer) => Some(buffer.value()),
        Part::Training(_) | Part::Layer(_) => None,
    }
}

/// The sum of all penalties.
#[track_caller]
pub(super) fn penalty(walk: impl Fn(&mut Visitor)) -> Result<Option<Tensor>> {
    let mut seen = Vec::new();
    let mut sum: Result<Option<Tensor>> = Ok(None);
    walk(&mut Visitor::new(&mut |_, part| {
        let Part::Param(param) = part else { return };
        let Ok(before) = &sum else { return };
        let id = param.value().leaf();
        if seen.contains(&id) {
            return;
        }
        seen.push(id);
        sum = match (before, param.penalty()) {
            (_, Err(error)) => Err(error),
            (None, Ok(cost)) => Ok(cost),
            (Some(_), Ok(None)) => return,
            (Some(before), Ok(Some(cost))) => before.try_add(cost).map(Some),
        };
    }));
    sum
}

/// Sets what is kept to tensors of its names.
#[track_caller]
pub(super) fn load(
    walk: impl Fn(&mut Visitor),
    state: &[(String, Tensor)],
    how: Load,
) -> Result<Loaded> {
    const OP: &str = "load_state";
    let mut given: HashMap<&str, &Tensor> = HashMap::new();
    for (name, tensor) in state {
        if given.insert(name, tensor).is_some() {
            return Err(Error::value(OP, format!("{name:?} is given twice")));
        }
    }
    let mut told = Loaded::default();
    let mut new: HashMap<String, Tensor> = HashMap::new();
    let mut outcome = Ok(());
    walk(&mut Visitor::new(&mut |name, part| {
        let Some(old) = kept(part) else { return };
        let Some(tensor) = given.remove(name) else {
            // What is visited twice under one name was found the first time.
            if !new.contains_key(name) {
                told.missing.push(name.into());
            }
            return;
        };
        if let Some(why) = misfit(&old, tensor) {
            told.mismatched.push((name.into(), why));
            return;
        }
        match tensor
            .detach()
            .to_dtype(old.dtype())
            .on_device("load_state", old.device())
        {
            Ok(tensor) => drop(new.insert(name.into(), tensor)),
            Err(error) => outcome = Err(error),
        }
    }));
    outcome?;
    let left = state.iter().map(|(name, _)| name);
    told.unexpected = left
        .filter(|name| given.contains_key(name.as_str()))
        .cloned()
        .collect();
    if how == Load::Exact && told != Loaded::default() {
        return Err(Error::value(OP, told.to_string()));
    }
    let mut outcome = Ok(());
    walk(&mut Visitor::new(&mut |name, part| {
        let Some(tensor) = new.get(name) else { return };
        let set = match part {
            Part::Param(param) => param.set(tensor),
            Part::Buffer(buffer) => buffer.set(tensor),
            Part::Training(_) | Part::Layer(_) => return,
        };
        if outcome.is_ok() {
            outcome = set;
        }
    }));
    outcome.map(|()| told)
}

/// Why a tensor cannot take the place of another.
fn misfit(old: &Tensor, new: &Tensor) -> Option<String> {
    if old.shape() != new.shape() {
        let (old, new) = (old.shape_ref(), new.shape_ref());
        return Some(format!("its shape is {new}, and {old} is wanted"));
    }
    if old.dtype().is_float() != new.dtype().is_float() {
        return Some(format!(
            "it is of {}, and {} is wanted",
            new.dtype(),
            old.dtype()
        ));
    }
    None
}

impl std::fmt::Display for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("nothing is given for {}", self.missing.join(", ")));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("the network has no {}", self.unexpected.join(", ")));
        }
        for (name, why) in &self.mismatched {
            parts.push(format!("{name} does not fit: {why}"));
        }
        match parts.is_empty() {
            true => f.write_str("all was loaded"),
            false => f.write_str(&parts.join("; ")),
        }
    }
}
