//! The Kullback-Leibler divergence.

use super::{Loss, Reduction, checks};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// The Kullback-Leibler divergence of log-probabilities x from probabilities t, t·(ln t − x), element by element; 0
/// where t is 0 (Kullback and Leibler, "On information and sufficiency", 1951).
///
/// The output is a logarithm, as [`Tensor::log_softmax`] gives it. As in PyTorch the mean is over all elements;
/// the divergence itself is a sum over the classes of a row, and [`batch_mean`](KlDivergence::batch_mean) its mean
/// over the rows.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{KlDivergence, Loss};
/// let dev = Device::cpu();
/// let guess = Tensor::new([[0.5f32, 0.5]], &dev)?.ln();
/// let right = Tensor::new([[1f32, 0.]], &dev)?;
/// let loss = KlDivergence::new().batch_mean().loss(&guess, &right)?;
/// assert!((loss.item::<f32>()? - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "KLDivLoss")]
#[derive(Clone, Copy, Debug, Default)]
pub struct KlDivergence {
    log_target: bool,
    by_rows: bool,
    reduction: Reduction,
}

impl KlDivergence {
    /// The mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// With targets that are logarithms too: eᵗ·(t − x).
    pub fn log_target(mut self) -> Self {
        self.log_target = true;
        self
    }

    /// The sum over the size of the first axis.
    #[doc(alias = "batchmean")]
    pub fn batch_mean(mut self) -> Self {
        (self.by_rows, self.reduction) = (true, Reduction::Sum);
        self
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        (self.by_rows, self.reduction) = (false, reduction);
        self
    }
}

impl Loss for KlDivergence {
    /// # Errors
    /// Shapes that differ, tensors on different devices, outputs or targets that are no floats, or a mean over the
    /// batch of a tensor without axes.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "kl_divergence";
        checks::floats(OP, output, "log-probabilities are floats")?;
        checks::floats(OP, target, "the target is probabilities, as floats")?;
        checks::paired(OP, output, target)?;
        let each = match self.log_target {
            true => target.exp().try_mul(target.try_sub(output)?)?,
            false => {
                // 0·ln 0 is 0, and so is its gradient.
                let safe = target.eq(0.0)?.select(1.0, target)?;
                safe.ln().try_mul(&safe)?.try_sub(target.try_mul(output)?)?
            }
        };
        let reduced = self.reduction.of(&each)?;
        if !self.by_rows {
            return Ok(reduced);
        }
        let Some(&rows) = output.shape().first() else {
            let message = "the mean over a batch needs an axis of rows";
            return Err(Error::shape(OP, output.shape_ref(), message));
        };
        Ok(reduced * (1.0 / rows as f64))
    }
}
