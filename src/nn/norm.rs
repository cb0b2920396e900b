//! Normalisation: outputs of mean 0 and variance 1, whatever the layers before do.
//!
//! Computed in `f32` also where the input is of `f16`, whose squares overflow early, and given back in the
//! input's dtype.

mod affine;
mod batch;
mod group;
mod layer;

pub use self::batch::{BatchNorm, BatchNorm1d, BatchNorm2d};
pub use self::group::GroupNorm;
pub use self::layer::{LayerNorm, RmsNorm};

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// The mean and the variance (over n, not n − 1) of some axes, which stay with size 1.
struct Moments {
    mean: Tensor,
    variance: Tensor,
    /// x − mean. Variance and result share it, so that going back the mean's gradient is one sum.
    centred: Tensor,
}

impl Moments {
    /// Those of a tensor.
    #[track_caller]
    fn of(x: &Tensor, axes: &[isize]) -> Result<Self> {
        let mean = x.mean_keepdims(axes)?;
        let centred = x.try_sub(&mean)?;
        let variance = centred.square().mean_keepdims(axes)?;
        Ok(Self {
            mean,
            variance,
            centred,
        })
    }

    /// (x − mean) / √(variance + eps).
    #[track_caller]
    fn normalized(&self, eps: f64) -> Result<Tensor> {
        normalized(&self.centred, &self.variance, eps)
    }
}

#[track_caller]
fn normalized(centred: &Tensor, variance: &Tensor, eps: f64) -> Result<Tensor> {
    centred.try_mul(variance.try_add(eps)?.rsqrt())
}

/// The input in the dtype that norms compute in.
#[track_caller]
fn widened(op: &'static str, x: &Tensor) -> Result<Tensor> {
    match x.dtype().is_float() {
        true => Ok(x.to_dtype(DType::F32)),
        false => Err(Error::new(ErrorKind::DType {
            op,
            dtype: x.dtype(),
            expected: "floats are normalised; convert with to_dtype",
        })),
    }
}

/// An error unless a number to add to variances is at least 0 and finite.
#[track_caller]
fn check_eps(op: &'static str, eps: f64) -> Result<()> {
    match eps >= 0.0 && eps.is_finite() {
        true => Ok(()),
        false => Err(Error::value(
            op,
            format!("eps must be at least 0 and finite, not {eps}"),
        )),
    }
}
