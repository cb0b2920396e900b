//! Views: other shapes and orders of the same elements, without copies.

use super::{Source, Tensor};
use crate::autograd::{Rule, track};
use crate::error::{Error, Result};
use crate::layout::{Layout, infer_shape};
use crate::op::PointOp;
use crate::shape::{IntoShape, MAX_RANK, Shape};

/// What can be given as the sizes of a reshape, one of which may be −1: an integer or an array or
/// slice of integers.
pub trait IntoDims {
    /// The sizes.
    fn into_dims(self) -> Vec<isize>;
}

/// For each type that an integer literal or a length may have.
macro_rules! into_dims {
    ($($t:ty)*) => {$(
        impl IntoDims for $t {
            fn into_dims(self) -> Vec<isize> {
                [self].into_dims()
            }
        }
        impl<const N: usize> IntoDims for [$t; N] {
            fn into_dims(self) -> Vec<isize> {
                self[..].into_dims()
            }
        }
        impl IntoDims for &[$t] {
            fn into_dims(self) -> Vec<isize> {
                // A size beyond isize is one that no tensor has.
                self.iter().map(|&d| isize::try_from(d).unwrap_or(isize::MAX)).collect()
            }
        }
        impl<const N: usize> IntoDims for &[$t; N] {
            fn into_dims(self) -> Vec<isize> {
                self[..].into_dims()
            }
        }
        impl IntoDims for Vec<$t> {
            fn into_dims(self) -> Vec<isize> {
                self[..].into_dims()
            }
        }
        impl IntoDims for &Vec<$t> {
            fn into_dims(self) -> Vec<isize> {
                self[..].into_dims()
            }
        }
    )*};
}
into_dims!(i32 isize usize);

impl IntoDims for () {
    fn into_dims(self) -> Vec<isize> {
        vec![]
    }
}

impl IntoDims for &Shape {
    fn into_dims(self) -> Vec<isize> {
        self.dims().into_dims()
    }
}

impl Tensor {
    pub(crate) fn view(&self, layout: Layout, rule: Rule) -> Tensor {
        track(self.with_layout(layout), &[self], rule)
    }

    /// The same elements in another shape; one size may be −1 and is worked out. Copies only where
    /// the strides of a view cannot be expressed.
    ///
    /// # Errors
    /// Another number of elements, or more than one −1.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::arange(0, 6, 1, &Device::cpu())?;
    /// assert_eq!(x.reshape([2, -1])?.shape(), [2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "view")]
    #[track_caller]
    pub fn reshape(&self, dims: impl IntoDims) -> Result<Tensor> {
        let shape = infer_shape("reshape", self.shape_ref(), &dims.into_dims())?;
        Ok(self.reshaped(&shape))
    }

    /// To a shape of the same number of elements.
    #[track_caller]
    pub(crate) fn reshaped(&self, shape: &Shape) -> Tensor {
        match self.layout().reshape(shape) {
            Some(layout) => self.view(layout, Rule::Reshape),
            None => {
                let copy = Self::point(PointOp::Copy, [self], self.shape_ref(), self.dtype);
                self.view_of(&copy, Layout::contiguous(shape.clone()))
            }
        }
    }

    fn view_of(&self, copy: &Tensor, layout: Layout) -> Tensor {
        track(copy.with_layout(layout), &[self], Rule::Reshape)
    }

    /// The dimensions in another order: dimension `i` of the result is dimension `axes[i]` of this
    /// tensor; NumPy's `transpose` with arguments.
    ///
    /// # Errors
    /// Anything but each axis once.
    #[track_caller]
    pub fn permute(&self, axes: &[isize]) -> Result<Tensor> {
        const OP: &str = "permute";
        self.shape_ref().axis_set(OP, axes)?;
        if axes.len() != self.ndim() {
            let message = format!(
                "each of the {} axes must be named once, not {axes:?}",
                self.ndim()
            );
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        let order: Vec<usize> = axes
            .iter()
            .map(|&a| self.shape_ref().axis(OP, a))
            .collect::<Result<_>>()?;
        Ok(self.permuted(&order))
    }

    pub(crate) fn permuted(&self, order: &[usize]) -> Tensor {
        self.view(self.layout().permute(order), Rule::Permute(order.to_vec()))
    }

    /// Two dimensions exchanged.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn transpose(&self, axis0: isize, axis1: isize) -> Result<Tensor> {
        let a = self.shape_ref().axis("transpose", axis0)?;
        let b = self.shape_ref().axis("transpose", axis1)?;
        let mut order: Vec<usize> = (0..self.ndim()).collect();
        order.swap(a, b);
        Ok(self.permuted(&order))
    }

    /// All dimensions in reverse order, NumPy's `.T`: rows and columns of a matrix exchanged, a
    /// vector as it is.
    #[doc(alias("T", "mT", "matrix_transpose"))]
    pub fn t(&self) -> Tensor {
        let order: Vec<usize> = (0..self.ndim()).rev().collect();
        self.permuted(&order)
    }

    /// Without the dimension of size 1 at `axis`.
    ///
    /// # Errors
    /// An axis out of range or of another size.
    #[track_caller]
    pub fn squeeze(&self, axis: isize) -> Result<Tensor> {
        let at = self.shape_ref().axis("squeeze", axis)?;
        if self.shape()[at] != 1 {
            let message = format!(
                "axis {axis} has size {}, only size 1 can go",
                self.shape()[at]
            );
            return Err(Error::shape("squeeze", self.shape_ref(), message));
        }
        Ok(self.view(self.layout().remove_axis(at), Rule::Reshape))
    }

    /// Without all dimensions of size 1.
    pub fn squeeze_all(&self) -> Tensor {
        let mut layout = self.layout().clone();
        for axis in (0..self.ndim()).rev().filter(|&i| self.shape()[i] == 1) {
            layout = layout.remove_axis(axis);
        }
        self.view(layout, Rule::Reshape)
    }

    /// With a new dimension of size 1 at `axis` of the result; −1 puts it last.
    ///
    /// # Errors
    /// An axis out of range, or a rank beyond 8.
    #[track_caller]
    pub fn unsqueeze(&self, axis: isize) -> Result<Tensor> {
        const OP: &str = "unsqueeze";
        let rank = self.ndim() as isize + 1;
        if rank as usize > MAX_RANK {
            let message = format!("the result would have more than {MAX_RANK} dimensions");
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        if !(-rank..rank).contains(&axis) {
            let message = format!(
                "axis {axis} is out of range, {} to {} are valid",
                -rank,
                rank - 1
            );
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        let at = if axis < 0 { axis + rank } else { axis } as usize;
        Ok(self.view(self.layout().insert_axis(at, 1), Rule::Reshape))
    }

    /// Repeated along new leading dimensions and dimensions of size 1, without copies; NumPy's
    /// `broadcast_to`, PyTorch's `expand`.
    ///
    /// # Errors
    /// A shape that this one does not broadcast to.
    #[doc(alias = "expand")]
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl IntoShape) -> Result<Tensor> {
        const OP: &str = "broadcast_to";
        let shape = shape.into_shape()?;
        if self.shape_ref().broadcast(&shape, OP)? != shape {
            let message = format!("it does not broadcast to {shape}, only sizes of 1 stretch");
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        Ok(self.expanded(&shape))
    }

    pub(crate) fn expanded(&self, shape: &Shape) -> Tensor {
        if self.shape_ref() == shape {
            return self.clone();
        }
        self.view(self.layout().expand(shape), Rule::Expand)
    }

    /// `len` elements of an axis from `start` by `step`, known to be in range.
    pub(crate) fn sliced(&self, axis: usize, start: isize, step: isize, len: usize) -> Tensor {
        if (start, step, len) == (0, 1, self.shape()[axis]) {
            return self.clone();
        }
        let region = Layout::contiguous(self.shape_ref().clone()).slice(axis, start, step, len);
        self.view(
            self.layout().slice(axis, start, step, len),
            Rule::Region(region),
        )
    }

    /// The part that has the given layout in a contiguous tensor of this shape.
    #[track_caller]
    pub(crate) fn region(&self, region: &Layout) -> Tensor {
        let layout = match self.source {
            Source::Constant(_) => Layout::splat(region.shape().clone()),
            Source::Stored(_) => {
                let whole = self.contiguous();
                let offset = whole.layout().offset() + region.offset();
                let layout = Layout::from_parts(region.shape().clone(), region.strides(), offset);
                return track(
                    whole.with_layout(layout),
                    &[self],
                    Rule::Region(region.clone()),
                );
            }
        };
        self.view(layout, Rule::Region(region.clone()))
    }

    /// `len` elements of an axis from `start`.
    ///
    /// # Errors
    /// An axis or a range outside the tensor.
    #[track_caller]
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Result<Tensor> {
        const OP: &str = "narrow";
        let at = self.shape_ref().axis(OP, axis)?;
        match start.checked_add(len) {
            Some(end) if end <= self.shape()[at] => Ok(self.sliced(at, start as isize, 1, len)),
            _ => {
                let message = format!(
                    "{len} elements from {start} do not fit axis {axis} of size {}",
                    self.shape()[at]
                );
                Err(Error::shape(OP, self.shape_ref(), message))
            }
        }
    }
}
