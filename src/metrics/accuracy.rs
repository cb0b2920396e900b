//! How many answers are right.

use super::Metric;
use super::classes::Says;
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{Error, Outward, Result};
use crate::loss::checks;
use crate::tensor::Tensor;

/// The part of the answers that are right, from 0 to 1; NaN for none.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{Accuracy, Metric};
/// let dev = Device::cpu();
/// let logits = Tensor::new([[2f32, 0.], [1., 3.], [1., 0.], [2., 5.]], &dev)?;
/// let labels = Tensor::new([0, 1, 1, 1], &dev)?;
/// assert_eq!(Accuracy::new().measure(&logits, &labels)?.item::<f32>()?, 0.75);
/// let chances = Tensor::new([0.9f32, 0.2, 0.6, 0.5], &dev)?;
/// assert_eq!(Accuracy::binary(0.5).measure(&chances, &labels)?.item::<f32>()?, 0.25);
/// let near = Accuracy::within(0.45).measure(&chances, &Tensor::new([1f32, 0., 0., 0.], &dev)?)?;
/// assert_eq!(near.item::<f32>()?, 0.5);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Accuracy {
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Classes(Says),
    Within(f64),
}

impl Accuracy {
    /// Of classes: outputs are scores `(…, classes)`, logits or probabilities, of which the first of the largest
    /// counts, and targets class numbers `(…)` from 0 on or scores too; or both are class numbers.
    pub fn new() -> Self {
        Self {
            kind: Kind::Classes(Says::Largest),
        }
    }

    /// Of two classes: an output above the threshold says 1, any other 0; the target of its shape holds 1 and 0, or 1
    /// and −1. The threshold is 0.5 for probabilities and 0 for logits and the scores of a hinge loss.
    pub fn binary(threshold: f64) -> Self {
        Self {
            kind: Kind::Classes(Says::Above(threshold)),
        }
    }

    /// Of numbers: an output that differs from the target of its shape by less than the tolerance is right.
    pub fn within(tolerance: f64) -> Self {
        Self {
            kind: Kind::Within(tolerance),
        }
    }
}

impl Default for Accuracy {
    fn default() -> Self {
        Self::new()
    }
}

impl Metric for Accuracy {
    fn name(&self) -> String {
        "accuracy".into()
    }

    /// # Errors
    /// Shapes or kinds of numbers that do not fit each other, or tensors on different devices.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "accuracy";
        let right = match self.kind {
            Kind::Classes(says) => {
                let answers = says.answers(OP, output, target)?;
                answers.guess.eq(&answers.right)?
            }
            Kind::Within(tolerance) => {
                checks::paired(OP, output, target)?;
                no_grad(|| output.try_sub(target)?.abs().lt(tolerance))?
            }
        };
        right.to_dtype(DType::F32).mean(..)
    }

    fn is_mean(&self) -> bool {
        true
    }
}

/// The part of the rows whose right class is among the k largest scores; NaN for no rows.
///
/// Outputs are scores `(…, classes)` and targets class numbers `(…)` from 0 on. Of equal scores the first class counts
/// as the largest; scikit-learn takes the last.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{Metric, TopK};
/// let dev = Device::cpu();
/// let scores = Tensor::new([[0.1f32, 0.5, 0.4], [0.7, 0.2, 0.1]], &dev)?;
/// let labels = Tensor::new([2, 2], &dev)?;
/// assert_eq!(TopK::new(2).measure(&scores, &labels)?.item::<f32>()?, 0.5);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "top_k_accuracy")]
#[derive(Clone, Copy, Debug)]
pub struct TopK {
    k: usize,
}

impl TopK {
    /// Among so many.
    pub fn new(k: usize) -> Self {
        Self { k }
    }
}

impl Metric for TopK {
    fn name(&self) -> String {
        format!("top-{}", self.k)
    }

    /// # Errors
    /// Labels of another shape or no integers, tensors on different devices, or a k of 0 or beyond the classes.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "top_k";
        checks::labels(OP, output, target)?;
        let classes = checks::classes(OP, output)?;
        if self.k == 0 || self.k > classes {
            let message = format!("k must be from 1 to the {classes} classes, not {}", self.k);
            return Err(Error::value(OP, message));
        }
        no_grad(|| {
            let (_, first) = output.detach().topk(self.k, -1)?;
            let first = first.to_dtype(DType::I32);
            let right = target.to_dtype(DType::I32).unsqueeze(-1)?;
            let found = first.eq(&right)?.any(-1)?;
            found.to_dtype(DType::F32).mean(..)
        })
        .outward()
    }

    fn is_mean(&self) -> bool {
        true
    }
}
