//! Binary cross-entropy.

use super::{Loss, Reduction, checks};
use crate::error::Result;
use crate::tensor::Tensor;

/// The cross-entropy of yes-or-no answers, −t·ln p − (1 − t)·ln(1 − p), element by element.
///
/// The target has the output's shape: 0 and 1 as any numbers, or probabilities. From probabilities each logarithm is
/// at least −100, as in PyTorch, so that a wrong certainty costs 100 and not ∞; at a logarithm so limited the gradient
/// is 0. [`from_logits`](BinaryCrossEntropy::from_logits) is exact for outputs of any size: prefer it.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{BinaryCrossEntropy, Loss};
/// let dev = Device::cpu();
/// let logits = Tensor::new([0.5f32, -3., 200.], &dev)?;
/// let labels = Tensor::new([1, 0, 0], &dev)?;
/// let stable = BinaryCrossEntropy::from_logits().loss(&logits, &labels)?;
/// assert!((stable.item::<f32>()? - (0.474077 + 0.048587 + 200.0) / 3.0).abs() < 1e-4);
/// let clamped = BinaryCrossEntropy::new().loss(&logits.sigmoid(), &labels)?;
/// assert!((clamped.item::<f32>()? - (0.474077 + 0.048587 + 100.0) / 3.0).abs() < 1e-4);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("BCELoss", "BCEWithLogitsLoss"))]
#[derive(Clone, Debug, Default)]
pub struct BinaryCrossEntropy {
    logits: bool,
    positive: Option<Tensor>,
    reduction: Reduction,
}

impl BinaryCrossEntropy {
    /// From probabilities, between 0 and 1; the mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// From logits, of which the sigmoid is part of the loss.
    pub fn from_logits() -> Self {
        Self {
            logits: true,
            ..Self::default()
        }
    }

    /// With −t·ln p times a weight, which broadcasts to the output: above 1 for recall, below for precision.
    #[doc(alias = "pos_weight")]
    pub fn positive_weight(mut self, weight: &Tensor) -> Self {
        self.positive = Some(weight.clone());
        self
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }
}

impl Loss for BinaryCrossEntropy {
    /// # Errors
    /// Shapes that differ, tensors on different devices, an output that is no floats, or a weight that does not
    /// broadcast to it.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "binary_cross_entropy";
        checks::floats(OP, output, "outputs are floats; the labels are the target")?;
        checks::paired(OP, output, target)?;
        let target = target.to_dtype(output.dtype());
        // Each costs what is said of the other answer.
        let (yes, no) = match self.logits {
            true => ((-output).softplus(), output.softplus()),
            false => {
                let none = output.eq(0.0)?;
                let all = output.eq(1.0)?;
                // A logarithm that is not used must not be infinite: its gradient would be 0·∞.
                let yes = none.select(1.0, output)?.ln().maximum(-100.0)?;
                let no = (-all.select(0.0, output)?).log1p().maximum(-100.0)?;
                (-none.select(-100.0, yes)?, -all.select(-100.0, no)?)
            }
        };
        let mut yes = yes.try_mul(&target)?;
        if let Some(weight) = &self.positive {
            output.same_device(OP, weight)?;
            yes = yes.try_mul(
                weight
                    .to_dtype(output.dtype())
                    .broadcast_to(output.shape())?,
            )?;
        }
        self.reduction.of(&yes.try_add(no.try_mul(1.0 - target)?)?)
    }
}
