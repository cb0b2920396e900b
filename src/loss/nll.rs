//! The negative log-likelihood.

use super::classes::{Classes, by_class};
use super::{Loss, checks};
use crate::error::Result;
use crate::tensor::Tensor;

/// The negative log-likelihood of log-probabilities `(…, classes)`, as [`Tensor::log_softmax`] gives them: the
/// negative of that of the right class, whose number the target `(…)` has. [`CrossEntropy`](super::CrossEntropy)
/// takes logits and does both at once.
///
/// The classes are the last axis; PyTorch has them in axis 1.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{Loss, Nll};
/// let dev = Device::cpu();
/// let chances = Tensor::new([[0.25f32, 0.75], [0.5, 0.5]], &dev)?;
/// let loss = Nll::new().loss(&chances.ln(), &Tensor::new([1, 0], &dev)?)?;
/// assert!((loss.item::<f32>()? + (0.75f32.ln() + 0.5f32.ln()) / 2.0).abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "NLLLoss")]
#[derive(Clone, Debug, Default)]
pub struct Nll {
    classes: Classes,
}

impl Nll {
    /// The mean over the rows, all classes alike.
    pub fn new() -> Self {
        Self::default()
    }
}

by_class!(Nll);

impl Loss for Nll {
    /// # Errors
    /// Labels of another shape or no integers, an output that is no floats, or weights that are not one for each
    /// class. A label that is no class is an error of the next read.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "nll";
        checks::floats(
            OP,
            output,
            "log-probabilities are floats; the labels are the target",
        )?;
        let rows = self.classes.rows(OP, output, target)?;
        let right = output.along_axis(OP, -1, &rows.labels.unsqueeze(-1)?)?;
        let each = rows.weighted(-right.squeeze(-1)?)?;
        self.classes.reduce(&rows, &each)
    }
}
