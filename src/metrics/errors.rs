//! How far predicted numbers are off.

use super::{Goal, Metric};
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{Outward, Result};
use crate::loss::{self, Loss, checks};
use crate::tensor::Tensor;

/// The mean of the squared differences.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{Metric, Mse};
/// let dev = Device::cpu();
/// let (x, y) = (Tensor::new([1f32, 2.], &dev)?, Tensor::new([1f32, 4.], &dev)?);
/// assert_eq!(Mse::new().measure(&x, &y)?.item::<f32>()?, 2.0);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "mean_squared_error")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Mse {}

impl Mse {
    /// Over all elements.
    pub fn new() -> Self {
        Self {}
    }
}

impl Metric for Mse {
    fn name(&self) -> String {
        "mse".into()
    }

    /// # Errors
    /// Shapes that differ, or tensors on different devices.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        no_grad(|| loss::Mse::new().loss(&wide(output), &wide(target))).outward()
    }

    fn is_mean(&self) -> bool {
        true
    }

    fn goal(&self) -> Goal {
        Goal::Small
    }
}

/// The mean of the absolute differences.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{Mae, Metric};
/// let dev = Device::cpu();
/// let (x, y) = (Tensor::new([1f32, 2.], &dev)?, Tensor::new([1f32, 4.], &dev)?);
/// assert_eq!(Mae::new().measure(&x, &y)?.item::<f32>()?, 1.0);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "mean_absolute_error")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Mae {}

impl Mae {
    /// Over all elements.
    pub fn new() -> Self {
        Self {}
    }
}

impl Metric for Mae {
    fn name(&self) -> String {
        "mae".into()
    }

    /// # Errors
    /// Shapes that differ, or tensors on different devices.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        no_grad(|| loss::Mae::new().loss(&wide(output), &wide(target))).outward()
    }

    fn is_mean(&self) -> bool {
        true
    }

    fn goal(&self) -> Goal {
        Goal::Small
    }
}

/// The coefficient of determination, 1 − Σ(y − x)² / Σ(y − mean y)²: 1 for predictions without error, 0 for those no
/// better than the mean of the targets, and below for worse ones.
///
/// Rows are the first axis. Of several outputs a row the mean of theirs is taken. Targets that are all equal give 1
/// where there is no error and 0 elsewhere, as in scikit-learn.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::metrics::{Metric, R2};
/// let dev = Device::cpu();
/// let x = Tensor::new([1f32, 2., 3., 5.], &dev)?;
/// let y = Tensor::new([1f32, 2., 3., 4.], &dev)?;
/// assert_eq!(R2::new().measure(&x, &y)?.item::<f32>()?, 0.8);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "r2_score")]
#[derive(Clone, Copy, Debug, Default)]
pub struct R2 {}

impl R2 {
    /// Of each output alike.
    pub fn new() -> Self {
        Self {}
    }
}

impl Metric for R2 {
    fn name(&self) -> String {
        "r2".into()
    }

    /// # Errors
    /// Shapes that differ or have no axis, or tensors on different devices.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        checks::paired("r2", output, target)?;
        no_grad(|| {
            let (x, y) = (wide(output), wide(target));
            let off = y.try_sub(x)?.square().sum(0)?;
            let spread = y.try_sub(y.mean_keepdims(0)?)?.square().sum(0)?;
            let exact = off.eq(0.0)?.to_dtype(DType::F32);
            let each = spread.eq(0.0)?.select(exact, 1.0 - off.try_div(&spread)?)?;
            each.mean(..)
        })
        .outward()
    }
}

/// The values as `f32`.
fn wide(x: &Tensor) -> Tensor {
    x.detach().to_dtype(DType::F32)
}
