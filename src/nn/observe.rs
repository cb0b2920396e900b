//! What layers give, told during a forward pass to who asked for it.
//!
//! A layer tells what it gives when it is done, and so do those that hold layers of those inside. It is known by its
//! address and its kind: a visit finds the same, and with it the name. A type of the user's own need do nothing:
//! what holds it tells of it, and the crate's layers inside it tell of themselves.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Module, Part, Visitor};
use crate::error::Result;
use crate::tensor::Tensor;

thread_local! {
    /// What was told since somebody asked; `None` while nobody does.
    static TOLD: RefCell<Option<Vec<(Identity, Tensor)>>> = const { RefCell::new(None) };
}

/// Which layer: those without fields may share an address, and a first field has that of what it is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    address: usize,
    kind: String,
}

impl Identity {
    pub(super) fn of<M: Module + ?Sized>(layer: &M) -> Self {
        Self {
            address: std::ptr::from_ref(layer).cast::<()>().addr(),
            kind: layer.kind(),
        }
    }
}

/// Tells what a layer gives, and gives it on.
pub(super) fn told<M: Module + ?Sized>(layer: &M, output: Tensor) -> Tensor {
    TOLD.with_borrow_mut(|told| {
        if let Some(told) = told {
            told.push((Identity::of(layer), output.clone()));
        }
    });
    output
}

/// What a layer inside gives, for a layer that holds others.
#[track_caller]
pub(super) fn forward<M: Module + ?Sized>(layer: &M, x: &Tensor) -> Result<Tensor> {
    let before = TOLD.with_borrow(|told| told.as_ref().map(Vec::len));
    let y = match layer.forward(x) {
        Ok(y) => y,
        Err(error) => return Err(error.outward()),
    };
    let told_itself = TOLD.with_borrow(|told| match (told, before) {
        (Some(told), Some(before)) => {
            let last = told[before..].last();
            last.is_some_and(|(identity, _)| *identity == Identity::of(layer))
        }
        _ => true,
    });
    Ok(if told_itself { y } else { told(layer, y) })
}

/// The output of a model, and what its layers gave on the way, in order: by dotted name, with the kind.
#[track_caller]
pub(crate) fn observed(model: &dyn Module, x: &Tensor) -> Result<(Tensor, Vec<Given>)> {
    let before = TOLD.replace(Some(Vec::new()));
    let output = model.forward(x);
    let told = TOLD.replace(before).unwrap_or_default();
    // Several names where layers cannot be told apart, in the order of the visit.
    let mut names: HashMap<Identity, Vec<String>> = HashMap::new();
    model.visit(&mut Visitor::new(&mut |name, part| {
        if let Part::Layer(layer) = part {
            names.entry(layer.identity()).or_default().push(name.into());
        }
    }));
    let mut calls: HashMap<Identity, usize> = HashMap::new();
    let given = told.into_iter().filter_map(|(identity, output)| {
        let names = names.get(&identity)?;
        let call = calls.entry(identity.clone()).or_default();
        let name = names[*call % names.len()].clone();
        *call += 1;
        Some(Given {
            name,
            kind: identity.kind,
            output,
        })
    });
    let given = given.collect();
    Ok((output?, given))
}

/// What a layer gave.
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) output: Tensor,
}
