//! What is done to data before a model sees it, and what stands at the end.

use crate::error::{Error, Outward, Result};
use crate::nn::{Evaluating, Module};
use crate::no_grad;
use crate::tensor::Tensor;

/// A transformation of `(rows, features)` that learns from data what it does, as scikit-learn's transformers.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::Transform;
///
/// /// Takes the mean of all numbers away.
/// #[derive(Default)]
/// struct Centred(Option<Tensor>);
///
/// impl Transform for Centred {
///     fn fit(&mut self, x: &Tensor) -> Result<()> {
///         self.0 = Some(x.mean(..)?);
///         Ok(())
///     }
///
///     fn transform(&self, x: &Tensor) -> Result<Tensor> {
///         x.try_sub(self.0.as_ref().expect("it is fitted"))
///     }
/// }
///
/// let x = Tensor::new([[1f32], [5.]], &Device::cpu())?;
/// assert_eq!(Centred::default().fit_transform(&x)?.to_vec::<f32>()?, [-2., 2.]);
/// # Ok::<(), Error>(())
/// ```
pub trait Transform: Send + Sync {
    /// Learns from rows.
    ///
    /// # Errors
    /// Rows from which it cannot learn.
    #[track_caller]
    fn fit(&mut self, x: &Tensor) -> Result<()>;

    /// The rows transformed, as it has learnt.
    ///
    /// # Errors
    /// Nothing learnt yet, or rows of another number of features.
    #[track_caller]
    fn transform(&self, x: &Tensor) -> Result<Tensor>;

    /// The rows of which [`transform`](Transform::transform) makes these.
    ///
    /// # Errors
    /// As there, or a transformation that has no inverse.
    #[track_caller]
    fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        let _ = y;
        Err(Error::value("inverse", "this transformation has none"))
    }

    /// Learns from rows and transforms them.
    ///
    /// # Errors
    /// As [`fit`](Transform::fit) and [`transform`](Transform::transform).
    #[track_caller]
    fn fit_transform(&mut self, x: &Tensor) -> Result<Tensor> {
        self.fit(x)?;
        self.transform(x)
    }
}

/// What predicts: any [`Module`] without its gradient and in evaluation, a [`Pipeline`](super::Pipeline), and
/// whatever else implements it.
pub trait Predict: Send + Sync {
    /// What it says of rows.
    ///
    /// # Errors
    /// Rows that it does not take.
    #[track_caller]
    fn predict(&self, x: &Tensor) -> Result<Tensor>;
}

impl<M: Module + ?Sized> Predict for M {
    /// The layers evaluate meanwhile, and then are as they were.
    #[track_caller]
    fn predict(&self, x: &Tensor) -> Result<Tensor> {
        let _evaluating = Evaluating::start(self);
        // A layer that gives its input back gives a variable back.
        Ok(no_grad(|| self.forward(x)).outward()?.detach())
    }
}

/// What learns from inputs and targets to predict.
pub trait Fit: Predict {
    /// Learns from rows and their targets.
    ///
    /// # Errors
    /// Rows or targets from which it cannot learn.
    #[track_caller]
    fn fit(&mut self, x: &Tensor, targets: &Tensor) -> Result<()>;
}

/// An error unless this is a matrix of `(rows, features)`; the number of features.
#[track_caller]
pub(super) fn features(op: &'static str, x: &Tensor) -> Result<usize> {
    match *x.shape() {
        [_, features] => Ok(features),
        _ => {
            let message = "a matrix of (rows, features) is needed";
            Err(Error::shape(op, x.shape_ref(), message))
        }
    }
}

/// As [`features`], with at least one row to learn from.
#[track_caller]
pub(super) fn learnt_features(op: &'static str, x: &Tensor) -> Result<usize> {
    let features = features(op, x)?;
    match x.shape()[0] {
        0 => Err(Error::shape(
            op,
            x.shape_ref(),
            "there is no row to learn from",
        )),
        _ => Ok(features),
    }
}

/// As [`features`], of as many as were learnt from.
#[track_caller]
pub(super) fn check_features(op: &'static str, x: &Tensor, learnt: usize) -> Result<()> {
    if features(op, x)? == learnt {
        return Ok(());
    }
    let message = format!("it was fitted to {learnt} features, (rows, {learnt})");
    Err(Error::shape(op, x.shape_ref(), message))
}

/// What was learnt, or an error.
#[track_caller]
pub(super) fn fitted<'a, T>(op: &'static str, learnt: &'a Option<T>) -> Result<&'a T> {
    match learnt {
        Some(learnt) => Ok(learnt),
        None => {
            let message = "it is not fitted yet: call fit with the data to learn from";
            Err(Error::value(op, message))
        }
    }
}
