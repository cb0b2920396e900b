//! Whether tensors are equal, or nearly so.

use super::{Operand, Tensor};
use crate::dtype::DType;
use crate::error::Result;

impl Tensor {
    /// Where the elements are nearly equal: `|a − b| ≤ atol + rtol·|b|` with finite `b`, or equal;
    /// NaN with NaN where `equal_nan` says so. The two broadcast. NumPy's defaults are an `rtol` of 1e-5
    /// and an `atol` of 1e-8.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    #[track_caller]
    pub fn isclose<'a>(
        &self,
        other: impl Into<Operand<'a>>,
        rtol: f64,
        atol: f64,
        equal_nan: bool,
    ) -> Result<Tensor> {
        let (other, dtype) = other.into().meet("isclose", self)?;
        self.is_close("isclose", &other, dtype, [rtol, atol], equal_nan)
    }

    /// `dtype` is the one that the two meet in.
    #[track_caller]
    fn is_close(
        &self,
        op: &'static str,
        other: &Tensor,
        dtype: DType,
        [rtol, atol]: [f64; 2],
        equal_nan: bool,
    ) -> Result<Tensor> {
        self.shape_ref().broadcast(other.shape_ref(), op)?;
        let (a, b) = (
            self.detach().to_dtype(dtype),
            other.detach().to_dtype(dtype),
        );
        let equal = a.eq(&b)?;
        let (a, b) = match dtype {
            // In f32: the limit of numbers beyond f16 is one too.
            DType::F16 => (a.to_dtype(DType::F32), b.to_dtype(DType::F32)),
            _ => (a, b),
        };
        let limit = b.to_dtype(DType::F32).abs().try_mul(rtol)?.try_add(atol)?;
        let near = distance(&a, &b)?.le(limit)?;
        let close = match dtype.is_float() {
            true => near.logical_and(b.is_finite())?.logical_or(equal)?,
            false => near.logical_or(equal)?,
        };
        match equal_nan && dtype.is_float() {
            true => close.logical_or(a.is_nan().logical_and(b.is_nan())?),
            false => Ok(close),
        }
    }

    /// Whether all elements are nearly equal, as [`isclose`](Tensor::isclose) says; reads the answer.
    ///
    /// # Errors
    /// Shapes that do not broadcast, tensors on different devices, or a fault of the device.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1.0, 2.0], &Device::cpu())?;
    /// assert!(x.allclose(&x + 1e-6, 1e-5, 1e-8, false)?);
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn allclose<'a>(
        &self,
        other: impl Into<Operand<'a>>,
        rtol: f64,
        atol: f64,
        equal_nan: bool,
    ) -> Result<bool> {
        let (other, dtype) = other.into().meet("allclose", self)?;
        let close = self.is_close("allclose", &other, dtype, [rtol, atol], equal_nan)?;
        close.all(..)?.item()
    }

    /// Whether the two have one shape and equal elements, and, where `equal_nan` says so, NaN where the
    /// other has it; reads the answer. Dtypes may differ.
    ///
    /// # Errors
    /// Tensors on different devices, or a fault of the device.
    #[doc(alias = "equal")]
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn array_equal(&self, other: &Tensor, equal_nan: bool) -> Result<bool> {
        self.same_device("array_equal", other)?;
        if self.shape() != other.shape() {
            return Ok(false);
        }
        let (a, b) = (self.detach(), other.detach());
        let mut equal = a.eq(&b)?;
        if equal_nan && a.dtype.is_float() && b.dtype.is_float() {
            equal = equal.logical_or(a.is_nan().logical_and(b.is_nan())?)?;
        }
        equal.all(..)?.item()
    }
}

/// |a − b| as `f32`; of integers too, whose difference may be beyond their type.
#[track_caller]
fn distance(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dtype.is_float() {
        return Ok(a.try_sub(b)?.abs());
    }
    let difference = a.maximum(b)?.try_sub(a.minimum(b)?)?.to_dtype(DType::F32);
    // Wrapped around in i32.
    let wrapped = difference.lt(0.0)?;
    wrapped.select(difference.try_add(4_294_967_296.0)?, &difference)
}
