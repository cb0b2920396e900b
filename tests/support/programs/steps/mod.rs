//! The table of calls that programs are made of: a name, what bounds the results, and how a call is drawn.
//! A call that a user may get wrong is drawn wrong at times; it must fail alike everywhere.

mod index;
mod joining;
mod pointwise;
mod products;
mod reduce;
mod views;

use std::sync::OnceLock;

use tilewise::{DType, Result, Tensor};

use super::draw::{Class, Draw};
use super::program::Run;

/// The calls that programs with gradients are about.
pub(super) const VARIABLE: &Step = &pointwise::VARIABLE;
pub(super) const BACKWARD: &Step = &pointwise::BACKWARD;

/// A kind of call.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) class: Class,
    /// Its bits depend on the device.
    pub(super) inexact: bool,
    /// The call with operands and arguments drawn; `None` where nothing fits it.
    pub(super) draw: fn(&mut Draw) -> Option<Run>,
}

/// All calls.
pub(super) fn all() -> &'static [&'static Step] {
    static ALL: OnceLock<Vec<&'static Step>> = OnceLock::new();
    ALL.get_or_init(|| {
        let families = [
            views::STEPS,
            pointwise::STEPS,
            reduce::STEPS,
            index::STEPS,
            joining::STEPS,
            products::STEPS,
        ];
        families.into_iter().flatten().collect()
    })
}

const fn step(name: &'static str, class: Class, draw: fn(&mut Draw) -> Option<Run>) -> Step {
    Step {
        name,
        class,
        inexact: false,
        draw,
    }
}

/// A call whose results are whole numbers of what depends on the device.
const fn inexact(name: &'static str, draw: fn(&mut Draw) -> Option<Run>) -> Step {
    Step {
        name,
        class: Class::Whole,
        inexact: true,
        draw,
    }
}

/// A call of one result.
fn one(call: impl Fn(&[&Tensor]) -> Result<Tensor> + 'static) -> Option<Run> {
    Some(Box::new(move |v| Ok(vec![call(v)?])))
}

/// A call on any one tensor.
fn each(d: &mut Draw, call: fn(&Tensor) -> Result<Tensor>) -> Option<Run> {
    d.any()?;
    one(move |v| call(v[0]))
}

/// A call of two results.
fn two(call: impl Fn(&[&Tensor]) -> Result<(Tensor, Tensor)> + 'static) -> Option<Run> {
    Some(Box::new(move |v| {
        let (a, b) = call(v)?;
        Ok(vec![a, b])
    }))
}

/// A call of several results.
fn many(call: impl Fn(&[&Tensor]) -> Result<Vec<Tensor>> + 'static) -> Option<Run> {
    Some(Box::new(call))
}

/// Places on an axis of `n` elements, made of whatever values; counted from the end if `back`.
fn places(of: &Tensor, n: usize, back: bool) -> Result<Tensor> {
    let index = of.detach().to_dtype(DType::I32).remainder(n as i32)?;
    match back {
        true => index.try_sub(n as i32),
        false => Ok(index),
    }
}
