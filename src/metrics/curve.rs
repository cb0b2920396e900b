//! The area under a curve.

use super::Metric;
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{Error, Outward, Result};
use crate::loss::checks;
use crate::tensor::Tensor;

/// The area under the receiver operating characteristic: the chance that of two rows, one of class 1 and one of class
/// 0, the first has the larger score, where equal scores count half (Hanley and McNeil, "The meaning and use of the
/// area under a ROC curve", 1982).
///
/// Outputs are scores, probabilities or logits, and targets of their shape are 0 or 1. It is NaN where one of the
/// classes is missing or a score is NaN. Of several classes, outputs `(…, classes)` with targets of class numbers
/// `(…)` from 0 on, it is the mean of the areas of each class against the rest (scikit-learn's `multi_class="ovr"`).
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{Metric, RocAuc};
/// let dev = Device::cpu();
/// let scores = Tensor::new([0.1f32, 0.4, 0.35, 0.8], &dev)?;
/// let labels = Tensor::new([0, 0, 1, 1], &dev)?;
/// assert_eq!(RocAuc::new().measure(&scores, &labels)?.item::<f32>()?, 0.75);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "roc_auc_score")]
#[derive(Clone, Copy, Debug, Default)]
pub struct RocAuc {}

impl RocAuc {
    /// Of two classes, or of several as the mean over them.
    pub fn new() -> Self {
        Self {}
    }
}

impl Metric for RocAuc {
    fn name(&self) -> String {
        "auc".into()
    }

    /// # Errors
    /// Shapes that differ by other than an axis of classes, tensors on different devices, or scores that are no floats.
    /// A class number that is no class is an error of the next read.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        if !output.dtype().is_float() {
            return Err(Error::value(OP, "scores are floats, not class numbers"));
        }
        no_grad(|| {
            let output = output.detach();
            if output.ndim() != target.ndim() + 1 {
                checks::paired(OP, &output, target)?;
                return area(&output.ravel(), &target.detach().gt(0)?.ravel());
            }
            checks::labels(OP, &output, target)?;
            let classes = checks::classes(OP, &output)?;
            let rows = output.reshape([target.size(), classes])?;
            let right = target.detach().ravel().one_hot(classes)?.ne(0)?;
            let area = |class| {
                let of = |x: &Tensor| x.narrow(1, class, 1)?.squeeze(1);
                area(&of(&rows)?, &of(&right)?)
            };
            let areas = (0..classes).map(area).collect::<Result<Vec<_>>>()?;
            Tensor::stack(&areas.iter().collect::<Vec<_>>(), 0)?.mean(..)
        })
        .outward()
    }
}

const OP: &str = "roc_auc";

/// The area of scores, and whether each is of class 1; both are vectors.
#[track_caller]
fn area(score: &Tensor, positive: &Tensor) -> Result<Tensor> {
    let score = score.to_dtype(DType::F32);
    let positives = positive.to_dtype(DType::F32).sum(..)?;
    let negatives = score.size() as f64 - &positives;
    // Scores of class 0 in order; those of class 1 are out of the way at the end.
    let sorted = positive.select(f32::INFINITY, &score)?.sort(0)?;
    let below = sorted.searchsorted(&score, false)?.to_dtype(DType::F32);
    let not_above = sorted.searchsorted(&score, true)?.to_dtype(DType::F32);
    // A score of ∞ would count those at the end.
    let not_above = not_above.minimum(&negatives)?;
    let beaten = (below.try_add(not_above)? * 0.5).try_div(&negatives)?;
    let area = positive.select(beaten, 0.0)?.sum(..)?.try_div(&positives)?;
    let known = score.is_nan().any(..)?.logical_not();
    known.select(area, f32::NAN)
}
