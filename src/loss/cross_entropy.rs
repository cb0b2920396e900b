//! Cross-entropy.

use super::classes::{Classes, by_class};
use super::{Loss, checks};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// The cross-entropy of logits `(…, classes)` with what the classes should be, −Σ p·ln softmax(logits).
///
/// The target is the number of the right class of each row, `(…)`, as an integer, where a negative one counts from
/// the last class; or the probability of each class, floats of the logits' shape. The softmax is part of the loss:
/// give the last layer's output as it is. Large logits do not overflow.
///
/// The classes are the last axis; PyTorch has them in axis 1.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{CrossEntropy, Loss};
/// let dev = Device::cpu();
/// let logits = Tensor::new([[2f32, 0.], [0., 0.]], &dev)?;
/// let weighted = CrossEntropy::new().weights(&Tensor::new([1f32, 3.], &dev)?);
/// let by_number = weighted.loss(&logits, &Tensor::new([0, 1], &dev)?)?;
/// let by_hand = ((1f32 + (-2f32).exp()).ln() + 3.0 * 2f32.ln()) / 4.0;
/// assert!((by_number.item::<f32>()? - by_hand).abs() < 1e-6);
/// let soft = Tensor::new([[0.9f32, 0.1], [0.5, 0.5]], &dev)?;
/// assert_eq!(CrossEntropy::new().loss(&logits, &soft)?.shape(), [0usize; 0]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "CrossEntropyLoss")]
#[derive(Clone, Debug, Default)]
pub struct CrossEntropy {
    classes: Classes,
    smoothing: f64,
}

impl CrossEntropy {
    /// The mean over the rows, all classes alike.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this part of each row's probability spread over all classes evenly, from 0 to 1 (Szegedy et al.,
    /// "Rethinking the Inception architecture for computer vision", 2016).
    #[doc(alias = "label_smoothing")]
    pub fn smoothing(mut self, part: f64) -> Self {
        self.smoothing = part;
        self
    }

    /// −ln softmax of the right class, and where labels are smoothed the mean of all classes besides.
    #[track_caller]
    fn by_number(&self, op: &'static str, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let rows = self.classes.rows(op, logits, labels)?;
        let (largest, shifted, all) = shifted(logits)?;
        let right = logits.along_axis(op, -1, &rows.labels.unsqueeze(-1)?)?;
        let nll = all.try_sub(right.try_sub(&largest)?)?.squeeze(-1)?;
        let nll = rows.weighted(nll)?;
        if self.smoothing == 0.0 {
            return self.classes.reduce(&rows, &nll);
        }
        let each = all.try_sub(&shifted)?;
        let each = match self.classes.weights_for(op, logits)? {
            Some(weights) => each.try_mul(&weights)?,
            None => each,
        };
        let spread = each.mean(-1)? * self.smoothing;
        let each = (nll * (1.0 - self.smoothing)).try_add(spread)?;
        self.classes.reduce(&rows, &each)
    }

    #[track_caller]
    fn by_probability(&self, op: &'static str, logits: &Tensor, target: &Tensor) -> Result<Tensor> {
        logits.same_device(op, target)?;
        if self.classes.ignored.is_some() {
            let message = "a class is ignored by its number, and the target holds probabilities";
            return Err(Error::value(op, message));
        }
        let classes = checks::classes(op, logits)?;
        let target = match self.smoothing {
            0.0 => target.clone(),
            part => target * (1.0 - part) + part / classes as f64,
        };
        let (_, shifted, all) = shifted(logits)?;
        let each = all.try_sub(&shifted)?.try_mul(&target)?;
        let each = match self.classes.weights_for(op, logits)? {
            Some(weights) => each.try_mul(&weights)?,
            None => each,
        };
        self.classes.reduction.of(&each.sum(-1)?)
    }
}

/// The largest of each row, the logits less it, and ln Σ e^x of these: neither overflows, and a large maximum does
/// not cancel the digits of a small loss.
#[track_caller]
fn shifted(logits: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
    let largest = logits.detach().max_keepdims(-1)?;
    let shifted = logits.try_sub(&largest)?;
    let all = shifted.exp().sum_keepdims(-1)?.ln();
    Ok((largest, shifted, all))
}

by_class!(CrossEntropy);

impl Loss for CrossEntropy {
    /// # Errors
    /// A target of another shape or kind, logits that are no floats, weights that are not one for each class, or a
    /// smoothing that is not from 0 to 1. A label that is no class is an error of the next read.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "cross_entropy";
        checks::floats(
            OP,
            output,
            "the logits must be floats; the labels are the argument",
        )?;
        checks::classes(OP, output)?;
        if !(0.0..=1.0).contains(&self.smoothing) {
            let message = format!("the smoothing must be from 0 to 1, not {}", self.smoothing);
            return Err(Error::value(OP, message));
        }
        match target.dtype().is_float() {
            false => self.by_number(OP, output, target),
            true if target.shape() == output.shape() => self.by_probability(OP, output, target),
            true => Err(Error::new(ErrorKind::DType {
                op: OP,
                dtype: target.dtype(),
                expected: "labels are class numbers, u32 or i32, or probabilities in the shape of the logits",
            })),
        }
    }
}
