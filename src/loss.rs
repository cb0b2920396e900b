//! Losses: how far predictions are from what they should be, as one number.
//!
//! A loss is a value: it holds its options and is asked for the loss of a batch by [`Loss::loss`]. The common ones
//! are methods of [`Tensor`] too, with the defaults: [`Tensor::cross_entropy`], [`Tensor::mse`] and others.
//!
//! ```
//! use tilewise::prelude::*;
//! use tilewise::loss::{CrossEntropy, Loss, Reduction};
//!
//! let dev = Device::cpu();
//! let logits = Tensor::new([[2f32, 0., -1.], [0., 0., 0.]], &dev)?;
//! let labels = Tensor::new([0, -100], &dev)?;
//! let loss = CrossEntropy::new().smoothing(0.1).ignore(-100).reduction(Reduction::Sum);
//! assert!(loss.loss(&logits, &labels)?.item::<f32>()? < 0.4); // the second row does not count
//! # Ok::<(), Error>(())
//! ```
//!
//! The classes are the last axis everywhere. PyTorch has them in axis 1; the two agree on matrices, and
//! `logits.moveaxis(1, -1)` turns what is meant for its axis 1.

mod binary;
pub(crate) mod checks;
mod classes;
mod cosine;
mod cross_entropy;
mod divergence;
mod hinge;
mod nll;
mod regression;
mod shorthands;

pub use self::binary::BinaryCrossEntropy;
pub use self::cosine::Cosine;
pub use self::cross_entropy::CrossEntropy;
pub use self::divergence::KlDivergence;
pub use self::hinge::{Hinge, SquaredHinge};
pub use self::nll::Nll;
pub use self::regression::{Huber, Mae, Mse, SmoothL1};

use crate::error::Result;
use crate::tensor::Tensor;

/// What training makes small: a number for what a network gives and what it should give.
///
/// A function or closure of the two tensors is a loss, `Tensor::cross_entropy` for instance.
pub trait Loss: Send + Sync {
    /// The loss of a batch: a scalar, unless the loss was made to keep that of each element
    /// ([`Reduction::None`]).
    ///
    /// # Errors
    /// An output and a target that do not fit each other or the loss.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor>;
}

impl<F: Fn(&Tensor, &Tensor) -> Result<Tensor> + Send + Sync> Loss for F {
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        self(output, target)
    }
}

/// What becomes of the losses of a batch's elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Each stays, in the shape of the batch.
    None,
    /// Their mean, a scalar.
    #[default]
    Mean,
    /// Their sum, a scalar.
    Sum,
}

impl Reduction {
    /// What becomes of each loss.
    #[track_caller]
    fn of(self, each: &Tensor) -> Result<Tensor> {
        match self {
            Self::None => Ok(each.clone()),
            Self::Mean => each.mean(..),
            Self::Sum => each.sum(..),
        }
    }
}
