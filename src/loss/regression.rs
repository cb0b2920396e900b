//! Losses of predicted numbers.

use super::{Loss, Reduction, checks};
use crate::error::Result;
use crate::tensor::Tensor;

/// The squared difference, (x − y)².
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{Loss, Mse, Reduction};
/// let dev = Device::cpu();
/// let (x, y) = (Tensor::new([1f32, 2.], &dev)?, Tensor::new([1f32, 4.], &dev)?);
/// let each = Mse::new().reduction(Reduction::None).loss(&x, &y)?;
/// assert_eq!(each.to_vec::<f32>()?, [0., 4.]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "MSELoss")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Mse {
    reduction: Reduction,
}

impl Mse {
    /// The mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }
}

impl Loss for Mse {
    /// # Errors
    /// Shapes that differ, or tensors on different devices.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        checks::paired("mse", output, target)?;
        self.reduction.of(&output.try_sub(target)?.square())
    }
}

/// The absolute difference, |x − y|. Where there is none the gradient is 0.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{Loss, Mae};
/// let dev = Device::cpu();
/// let (x, y) = (Tensor::new([1f32, 2.], &dev)?, Tensor::new([0f32, 4.], &dev)?);
/// assert_eq!(Mae::new().loss(&x, &y)?.item::<f32>()?, 1.5);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "L1Loss")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Mae {
    reduction: Reduction,
}

impl Mae {
    /// The mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }
}

impl Loss for Mae {
    /// # Errors
    /// Shapes that differ, or tensors on different devices.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        checks::paired("mae", output, target)?;
        self.reduction.of(&output.try_sub(target)?.abs())
    }
}

/// Half the square of a small difference and a line beyond δ (Huber, "Robust estimation of a location parameter",
/// 1964): with d = |x − y|, d²/2 up to δ and δ·(d − δ/2) from there.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{Huber, Loss, Reduction};
/// let dev = Device::cpu();
/// let (x, y) = (Tensor::new([1f32, 5.], &dev)?, Tensor::new([0f32, 0.], &dev)?);
/// let each = Huber::new(2.0).reduction(Reduction::None).loss(&x, &y)?;
/// assert_eq!(each.to_vec::<f32>()?, [0.5, 8.0]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "HuberLoss")]
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    delta: f64,
    reduction: Reduction,
}

impl Huber {
    /// The mean over all elements, of a δ above 0; PyTorch's default is 1.
    pub fn new(delta: f64) -> Self {
        Self {
            delta,
            reduction: Reduction::Mean,
        }
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }
}

impl Loss for Huber {
    /// # Errors
    /// Shapes that differ, tensors on different devices, or a δ that is not above 0 and finite.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        checks::paired("huber", output, target)?;
        checks::at_least("huber", "delta", self.delta, f64::MIN_POSITIVE)?;
        self.reduction.of(&huber(output, target, self.delta)?)
    }
}

/// As [`Huber`], over β: the line has slope 1 whatever β is, and β = 0 is [`Mae`] (Girshick, "Fast R-CNN", 2015).
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::loss::{Loss, Reduction, SmoothL1};
/// let dev = Device::cpu();
/// let (x, y) = (Tensor::new([1f32, 5.], &dev)?, Tensor::new([0f32, 0.], &dev)?);
/// let each = SmoothL1::new(2.0).reduction(Reduction::None).loss(&x, &y)?;
/// assert_eq!(each.to_vec::<f32>()?, [0.25, 4.0]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "SmoothL1Loss")]
#[derive(Clone, Copy, Debug)]
pub struct SmoothL1 {
    beta: f64,
    reduction: Reduction,
}

impl SmoothL1 {
    /// The mean over all elements, of a β of at least 0; PyTorch's default is 1.
    pub fn new(beta: f64) -> Self {
        Self {
            beta,
            reduction: Reduction::Mean,
        }
    }

    /// With another reduction than the mean.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }
}

impl Loss for SmoothL1 {
    /// # Errors
    /// Shapes that differ, tensors on different devices, or a β that is negative or not finite.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        checks::paired("smooth_l1", output, target)?;
        checks::at_least("smooth_l1", "beta", self.beta, 0.0)?;
        let each = match self.beta {
            0.0 => output.try_sub(target)?.abs(),
            beta => huber(output, target, beta)? * (1.0 / beta),
        };
        self.reduction.of(&each)
    }
}

/// q·(d − q/2) with q = min(d, δ): both of the cases in one formula, and at δ their common slope.
#[track_caller]
fn huber(output: &Tensor, target: &Tensor, delta: f64) -> Result<Tensor> {
    let d = output.try_sub(target)?.abs();
    let q = d.minimum(delta)?;
    q.try_mul(d.try_sub(&q * 0.5)?)
}
