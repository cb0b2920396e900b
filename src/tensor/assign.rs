//! Assignment: a tensor with some of its elements replaced, as a new tensor or in place of the old.

use std::borrow::Cow;

use super::{Operand, SliceSpec, Tensor};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::shape::Shape;

impl Tensor {
    /// The tensor with a part replaced by a value, which broadcasts to the part and is cast to the
    /// tensor's dtype; what NumPy's `x[…] = value` does, as a new tensor. Gradients flow to the value, and
    /// to the tensor where it is not replaced.
    ///
    /// # Errors
    /// A slice that [`slice`](Tensor::slice) refuses, a value that does not broadcast to the part, an
    /// integer beyond the dtype, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::zeros([2, 3], &Device::cpu())?;
    /// let y = x.slice_assign(s![.., 1..], 5.0)?;
    /// assert_eq!(y.to_vec::<f32>()?, [0., 5., 5., 0., 5., 5.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "slice_scatter")]
    #[doc(alias = "select_scatter")]
    #[track_caller]
    pub fn slice_assign<'a>(
        &self,
        spec: SliceSpec,
        value: impl Into<Operand<'a>>,
    ) -> Result<Tensor> {
        self.assigned("slice_assign", spec, value.into())
    }

    /// Replaces a part of the tensor: `x.set(s![1..], 0.0)` is NumPy's `x[1:] = 0`. Other tensors that
    /// share its elements keep theirs; where there are none, the memory is used again.
    ///
    /// # Errors
    /// As [`slice_assign`](Tensor::slice_assign); the tensor is then as it was.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let mut x = Tensor::arange(0, 5, 1, &Device::cpu())?;
    /// x.set(s![..;2], -1)?;
    /// assert_eq!(x.to_vec::<i32>()?, [-1, 1, -1, 3, -1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn set<'a>(&mut self, spec: SliceSpec, value: impl Into<Operand<'a>>) -> Result<()> {
        *self = self.assigned("set", spec, value.into())?;
        Ok(())
    }

    /// The tensor with a value where the mask is true (or not zero). Mask and value broadcast to the
    /// tensor's shape; the value is cast to its dtype.
    ///
    /// # Errors
    /// A mask or value that does not broadcast to the tensor's shape, an integer beyond the dtype, or
    /// tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1.0, -2.0, 3.0], &Device::cpu())?;
    /// let y = x.masked_fill(&x.lt(0.0)?, 0.0)?;
    /// assert_eq!(y.to_vec::<f32>()?, [1., 0., 3.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn masked_fill<'a>(&self, mask: &Tensor, value: impl Into<Operand<'a>>) -> Result<Tensor> {
        self.filled("masked_fill", mask, value.into())
    }

    /// Replaces the elements where the mask is true: NumPy's `x[mask] = value`, for a value that
    /// broadcasts to the tensor's shape.
    ///
    /// # Errors
    /// As [`masked_fill`](Tensor::masked_fill); the tensor is then as it was.
    #[doc(alias = "putmask")]
    #[track_caller]
    pub fn set_where<'a>(&mut self, mask: &Tensor, value: impl Into<Operand<'a>>) -> Result<()> {
        *self = self.filled("set_where", mask, value.into())?;
        Ok(())
    }

    #[track_caller]
    fn filled(&self, op: &'static str, mask: &Tensor, value: Operand<'_>) -> Result<Tensor> {
        self.same_device(op, mask)?;
        if mask.shape_ref().broadcast(self.shape_ref(), op)? != *self.shape_ref() {
            let message = format!("the mask does not broadcast to {}", self.shape_ref());
            return Err(Error::shape(op, mask.shape_ref(), message));
        }
        let value = self.value_for(op, value, self.shape_ref())?;
        mask.select(&*value, self)
    }

    #[track_caller]
    fn assigned(&self, op: &'static str, spec: SliceSpec, value: Operand<'_>) -> Result<Tensor> {
        let region = spec.apply(op, &Layout::contiguous(self.shape_ref().clone()))?;
        let value = self.value_for(op, value, region.shape())?;
        if region.shape().size() == 0 {
            return Ok(self.clone());
        }
        Ok(self.overlaid(&value, region))
    }

    /// A value that goes into a part of this tensor: of the tensor's dtype, broadcast to the part. As in
    /// NumPy, leading axes of size 1 may be too many.
    #[track_caller]
    pub(super) fn value_for<'a>(
        &self,
        op: &'static str,
        value: Operand<'a>,
        part: &Shape,
    ) -> Result<Cow<'a, Tensor>> {
        let value = match value {
            Operand::Scalar(scalar) => {
                scalar.check_fits(op, self.dtype)?;
                let constant = Self::constant(scalar, self.dtype, part.clone(), &self.device);
                return Ok(Cow::Owned(constant));
            }
            Operand::Tensor(value) => value,
        };
        self.same_device(op, &value)?;
        let mut dims = value.shape();
        while dims.len() > part.ndim() && dims[0] == 1 {
            dims = &dims[1..];
        }
        let shape = Shape::of(dims);
        if shape.broadcast(part, op).ok().as_ref() != Some(part) {
            let message = format!("the value does not broadcast to {part}, which it is to replace");
            return Err(Error::shape(op, value.shape_ref(), message));
        }
        let cast = value.as_dtype(self.dtype);
        Ok(Cow::Owned(cast.reshaped(&shape).expanded(part)))
    }
}
