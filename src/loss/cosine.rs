//! Losses of directions.

use super::{Loss, Reduction, checks};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// What is added to each squared length, so that a vector of zeros has a direction: PyTorch's.
const LENGTH: f64 = 1e-12;

/// How far two vectors point apart, 1 − cos(x, y), along the last axis: `(…, features)` gives `(…)`.
///
/// Lengths do not matter. [`embedding`](Cosine::embedding) takes pairs that should and pairs that should not be alike.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{Cosine, Loss, Reduction};
/// let dev = Device::cpu();
/// let x = Tensor::new([[1f32, 0.], [0., 2.]], &dev)?;
/// let y = Tensor::new([[3f32, 0.], [1., 0.]], &dev)?;
/// let loss = Cosine::new().reduction(Reduction::None);
/// assert_eq!(loss.loss(&x, &y)?.to_vec::<f32>()?, [0., 1.]);
/// // The first pair should be alike, and the second should not, which costs what is above the margin.
/// let alike = Tensor::new([1, -1], &dev)?;
/// assert_eq!(loss.embedding(&x, &y, &alike)?.to_vec::<f32>()?, [0., 0.]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "CosineEmbeddingLoss")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Cosine {
    margin: f64,
    reduction: Reduction,
}

impl Cosine {
    /// The mean over the rows, with a margin of 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another margin, from −1 to 1: the cosine up to which pairs that should differ cost nothing.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of pairs `(…, features)` by labels `(…)`: 1 − cos where the label is 1, max(0, cos − margin) where it
    /// is −1. PyTorch's `CosineEmbeddingLoss`.
    ///
    /// # Errors
    /// Shapes that differ, tensors on different devices, vectors that are no floats, or a margin that is not from −1
    /// to 1.
    #[track_caller]
    pub fn embedding(&self, x: &Tensor, y: &Tensor, labels: &Tensor) -> Result<Tensor> {
        const OP: &str = "cosine_embedding";
        if !(-1.0..=1.0).contains(&self.margin) {
            let message = format!("the margin must be from -1 to 1, not {}", self.margin);
            return Err(Error::value(OP, message));
        }
        let cosine = cosine(OP, x, y)?;
        x.same_device(OP, labels)?;
        if labels.shape() != cosine.shape() {
            return Err(Error::new(ErrorKind::Shapes {
                op: OP,
                lhs: x.shape_ref().clone(),
                rhs: labels.shape_ref().clone(),
                message: "vectors of (…, features) go with labels of (…), 1 or -1 a pair",
                hint: String::new(),
            }));
        }
        let apart = (&cosine - self.margin).relu();
        self.reduction
            .of(&labels.gt(0)?.select(1.0 - cosine, apart)?)
    }
}

impl Loss for Cosine {
    /// # Errors
    /// Shapes that differ, tensors on different devices, or vectors that are no floats.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        self.reduction
            .of(&(1.0 - cosine("cosine", output, target)?))
    }
}

/// The cosine of the angle between vectors along the last axis.
#[track_caller]
fn cosine(op: &'static str, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    checks::floats(op, x, "vectors are floats")?;
    checks::floats(op, y, "vectors are floats")?;
    checks::paired(op, x, y)?;
    let lengths = (x.square().sum(-1)? + LENGTH).try_mul(y.square().sum(-1)? + LENGTH)?;
    x.try_mul(y)?.sum(-1)?.try_div(lengths.sqrt())
}
