//! Which classes are taken for which.

use super::classes::Says;
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// What the counts of a [`ConfusionMatrix`] are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// The rows of each right class: the diagonal is recall. scikit-learn's `normalize="true"`.
    OfRight,
    /// The rows of each predicted class: the diagonal is precision. scikit-learn's `normalize="pred"`.
    OfPredicted,
    /// All rows. scikit-learn's `normalize="all"`.
    OfAll,
}

/// How often each class was taken for each: `(classes, classes)`, with the right class down and the predicted one
/// across.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{ConfusionMatrix, Share};
/// let dev = Device::cpu();
/// let guesses = Tensor::new([0, 1, 1, 0], &dev)?;
/// let labels = Tensor::new([0, 1, 0, 0], &dev)?;
/// let matrix = ConfusionMatrix::new(2);
/// assert_eq!(matrix.count(&guesses, &labels)?.to_vec::<i32>()?, [2, 1, 0, 1]);
/// let shares = matrix.share(&guesses, &labels, Share::OfPredicted)?;
/// assert_eq!(shares.to_vec::<f32>()?, [1., 0.5, 0., 0.5]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ConfusionMatrix {
    classes: usize,
    says: Says,
}

impl ConfusionMatrix {
    /// Of so many classes: outputs are scores `(…, classes)` or class numbers, targets class numbers `(…)` from 0 on.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            says: Says::Largest,
        }
    }

    /// Of two classes: an output above the threshold says 1. Targets may call class 0 −1.
    pub fn binary(threshold: f64) -> Self {
        Self {
            classes: 2,
            says: Says::Above(threshold),
        }
    }

    /// The counts, as `i32`; those of several batches add up. It stays on the device.
    ///
    /// # Errors
    /// Shapes or kinds of numbers that do not fit, or scores of another number of classes. A number that is no class is
    /// an error of the next read.
    #[track_caller]
    pub fn count(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "confusion_matrix";
        let answers = self.says.answers(OP, output, target)?;
        if answers.classes.is_some_and(|n| n != self.classes) {
            let message = format!("scores of {} classes are wanted", self.classes);
            return Err(Error::shape(OP, output.shape_ref(), message));
        }
        answers.counts(self.classes)
    }

    /// The counts as parts of a whole, as `f32`; 0 where the whole is.
    ///
    /// # Errors
    /// As [`count`](ConfusionMatrix::count).
    #[track_caller]
    pub fn share(&self, output: &Tensor, target: &Tensor, share: Share) -> Result<Tensor> {
        let counts = self.count(output, target)?;
        no_grad(|| {
            let whole = match share {
                Share::OfRight => counts.sum_keepdims(1)?,
                Share::OfPredicted => counts.sum_keepdims(0)?,
                Share::OfAll => counts.sum_keepdims(..)?,
            };
            quotient(&counts, &whole)
        })
    }
}

/// The quotient in `f32`, and 0 where the divisor is 0.
#[track_caller]
pub(super) fn quotient(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (a, b) = (a.to_dtype(DType::F32), b.to_dtype(DType::F32));
    b.eq(0.0)?.select(0.0, a.try_div(&b)?)
}
