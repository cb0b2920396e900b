//! Reading by tensors of indices, and the places that they name.

use std::borrow::Cow;
use std::panic::Location;

use super::{Source, Tensor};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Op;
use crate::op::program::Indexed;
use crate::queue::Arg;
use crate::shape::Shape;

impl Tensor {
    /// The slices of an axis that an index of any shape names: its shape takes the place of the axis.
    /// Negative indices count from the end. Of the flattened tensor: `x.ravel()?.take(&index, 0)`.
    ///
    /// # Errors
    /// An axis out of range, or indices that are no integers. An index outside the axis is an error of the
    /// next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::new([[1, 2, 3], [4, 5, 6]], &dev)?;
    /// let columns = Tensor::new([[0, -1], [1, 1]], &dev)?;
    /// assert_eq!(x.take(&columns, 1)?.shape(), [2, 2, 2]);
    /// assert_eq!(x.take(&columns, 1)?.to_vec::<i32>()?, [1, 3, 2, 2, 4, 6, 5, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn take(&self, index: &Tensor, axis: isize) -> Result<Tensor> {
        const OP: &str = "take";
        self.check_index(OP, index)?;
        let at = self.shape_ref().axis(OP, axis)?;
        let dims = self.shape();
        let dims = [&dims[..at], index.shape(), &dims[at + 1..]].concat();
        let shape = Shape::checked(OP, &dims)?;
        let flat = index.reshape([-1])?;
        Ok(self.selected(OP, at, &flat)?.reshaped(&shape))
    }

    /// The elements at `index` along an axis, NumPy's `take_along_axis`: as [`gather`](Tensor::gather),
    /// but on the other axes the index and the tensor broadcast together.
    ///
    /// # Errors
    /// An axis out of range, an index of another rank, or one that does not broadcast or is not of an
    /// integer dtype. An index outside the axis is an error of the next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[3, 1, 2], [6, 5, 4]], &Device::cpu())?;
    /// let smallest = x.argmin_keepdims(1)?;
    /// assert_eq!(x.take_along_axis(&smallest, 1)?.to_vec::<i32>()?, [1, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "take_along_dim")]
    #[track_caller]
    pub fn take_along_axis(&self, index: &Tensor, axis: isize) -> Result<Tensor> {
        const OP: &str = "take_along_axis";
        let (at, whole, index) = self.along(OP, index, axis)?;
        let mut dims = index.shape().to_vec();
        dims[at] = self.shape()[at];
        whole.broadcast_to(&dims[..])?.along_axis(OP, axis, &index)
    }

    /// An index along an axis and this tensor, broadcast together on the other axes.
    #[track_caller]
    pub(super) fn along(
        &self,
        op: &'static str,
        index: &Tensor,
        axis: isize,
    ) -> Result<(usize, Tensor, Tensor)> {
        self.check_index(op, index)?;
        let at = self.shape_ref().axis(op, axis)?;
        if index.ndim() != self.ndim() {
            let message = format!(
                "the index must have as many dimensions as the tensor of shape {}",
                self.shape_ref()
            );
            return Err(Error::shape(op, index.shape_ref(), message));
        }
        // The axis itself does not take part.
        let other = |t: &Tensor| {
            let mut dims = t.shape().to_vec();
            dims[at] = 1;
            Shape::of(&dims)
        };
        let others = other(self).broadcast(&other(index), op)?;
        let with = |size: usize| {
            let mut dims = others.dims().to_vec();
            dims[at] = size;
            Shape::checked(op, &dims)
        };
        let whole = self.expanded(&with(self.shape()[at])?);
        Ok((at, whole, index.expanded(&with(index.shape()[at])?)))
    }

    /// The elements that tensors of indices name along the first axes, NumPy's `x[i, j]`: the indices
    /// broadcast to one shape, which takes the place of these axes. Negative indices count from the end.
    /// A mask (a tensor of bools) stands for the indices of its true elements, along as many axes as it
    /// has, and is read back for it.
    ///
    /// For slices and single indices see [`slice`](Tensor::slice).
    ///
    /// # Errors
    /// More indices than axes, indices that do not broadcast or are not integers or bools, a mask whose
    /// shape is not that of the axes. An index outside its axis is an error of the next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::arange(0, 12, 1, &dev)?.reshape([3, 4])?;
    /// let (rows, columns) = (Tensor::new([0, 2], &dev)?, Tensor::new([1, -1], &dev)?);
    /// assert_eq!(x.at(&[&rows, &columns])?.to_vec::<i32>()?, [1, 11]);
    /// assert_eq!(x.at(&[&rows])?.shape(), [2, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "gather_nd")]
    #[doc(alias = "index")]
    #[track_caller]
    pub fn at(&self, indices: &[&Tensor]) -> Result<Tensor> {
        const OP: &str = "at";
        let Addressed {
            places,
            axes,
            slices,
        } = self.addressed(OP, indices)?;
        let rest = &self.shape()[axes..];
        let shape = Shape::checked(OP, &[places.shape(), rest].concat())?;
        if shape.size() == 0 {
            self.device.check_size(OP, &shape, self.dtype)?;
            return self.slice_of_none(&shape);
        }
        let rows = self.reshape([&[slices as isize], &signed(rest)[..]].concat())?;
        let flat = places.reshape([-1])?;
        Ok(rows.selected(OP, 0, &flat)?.reshaped(&shape))
    }

    /// An empty tensor of the shape, made of this one, so that it stays on the tape.
    #[track_caller]
    fn slice_of_none(&self, shape: &Shape) -> Result<Tensor> {
        let none = self.reshape([-1])?.sliced(0, 0, 1, 0);
        Ok(none.reshaped(shape))
    }

    /// The slices that indices along the first axes name, numbered in row-major order.
    #[track_caller]
    pub(super) fn addressed(&self, op: &'static str, indices: &[&Tensor]) -> Result<Addressed> {
        let indices = self.without_masks(op, indices)?;
        let axes = indices.len();
        if axes > self.ndim() {
            let message = format!("{axes} indices are too many for {} axes", self.ndim());
            return Err(Error::shape(op, self.shape_ref(), message));
        }
        let mut shape = Shape::default();
        for index in &indices {
            self.check_index(op, index)?;
            shape = shape.broadcast(index.shape_ref(), op)?;
        }
        let sizes = &self.shape()[..axes];
        let mut places: Option<Tensor> = None;
        let mut stride = sizes.iter().product::<usize>();
        let slices = stride;
        for (axis, (index, &size)) in indices.iter().zip(sizes).enumerate() {
            stride /= size.max(1);
            let along = index.places_on(op, axis, size, stride)?;
            places = Some(match places {
                Some(places) => places.try_add(&along)?,
                None => along,
            });
        }
        let Some(places) = places else {
            return Err(Error::value(op, "at least one index is needed"));
        };
        Ok(Addressed {
            places: places.expanded(&shape),
            axes,
            slices,
        })
    }

    /// Indices with those of its true elements in the place of each mask.
    #[track_caller]
    fn without_masks<'a>(
        &self,
        op: &'static str,
        indices: &[&'a Tensor],
    ) -> Result<Vec<Cow<'a, Tensor>>> {
        let mut all = Vec::with_capacity(indices.len());
        for &index in indices {
            if index.dtype != DType::Bool {
                all.push(Cow::Borrowed(index));
                continue;
            }
            self.check_mask(op, index)?;
            let axes = self.shape().get(all.len()..).unwrap_or_default();
            if index.ndim() == 0 || axes.get(..index.ndim()) != Some(index.shape()) {
                let message = format!(
                    "a mask must have the sizes of the axes that it chooses from, which start with axis {} of shape {}",
                    all.len(),
                    self.shape_ref()
                );
                return Err(Error::shape(op, index.shape_ref(), message));
            }
            all.extend(chosen(op, index)?.into_iter().map(Cow::Owned));
        }
        Ok(all)
    }

    /// An error unless a tensor is a mask for this one.
    #[track_caller]
    pub(super) fn check_mask(&self, op: &'static str, mask: &Tensor) -> Result<()> {
        self.same_device(op, mask)?;
        match mask.dtype {
            DType::Bool => Ok(()),
            dtype => {
                let expected = "a mask is of bools; compare, or use to_dtype";
                Err(Error::new(ErrorKind::DType {
                    op,
                    dtype,
                    expected,
                }))
            }
        }
    }

    /// The places on an axis of a size that the elements of this tensor, indices, name, times a stride.
    #[track_caller]
    pub(super) fn places_on(
        &self,
        op: &'static str,
        axis: usize,
        size: usize,
        stride: usize,
    ) -> Result<Tensor> {
        let constant = |place: usize| {
            let shape = self.shape_ref().clone();
            Self::constant(Scalar::from(place as f64), DType::U32, shape, &self.device)
        };
        if self.size() == 0 {
            return Ok(constant(0));
        }
        if let Source::Constant(bits) = self.source {
            let index = Scalar::from_bits(bits, self.dtype).to_f64() as i64;
            let place = if index < 0 {
                index + size as i64
            } else {
                index
            };
            if !(0..size as i64).contains(&place) {
                return Err(Error::new(ErrorKind::Index {
                    op,
                    index,
                    axis,
                    size,
                }));
            }
            return Ok(constant(place as usize * stride));
        }
        if size == 0 {
            let message = format!("axis {axis} has size 0, and nothing of it can be indexed");
            return Err(Error::value(op, message));
        }
        let stride = stride as isize;
        let place = Op::Place(Indexed {
            method: op,
            axis,
            stride,
            size,
        });
        let (shape, at) = (self.shape_ref(), Location::caller());
        let args: [Arg<'_>; 1] = [self.arg()];
        Ok(Self::record(
            place,
            &args,
            shape,
            DType::U32,
            &self.device,
            at,
        ))
    }
}

/// What indices along the first axes name.
pub(super) struct Addressed {
    /// The number of the slice for each, as `u32`.
    pub(super) places: Tensor,
    /// How many axes are indexed.
    pub(super) axes: usize,
    /// How many slices there are.
    pub(super) slices: usize,
}

/// Sizes as [`reshape`](Tensor::reshape) takes them.
fn signed(dims: &[usize]) -> Vec<isize> {
    dims.iter().map(|&size| size as isize).collect()
}

/// The places that a mask chooses, along each of its axes; their number is read back.
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
fn chosen(_op: &'static str, mask: &Tensor) -> Result<Vec<Tensor>> {
    mask.nonzero()
}

#[cfg(target_arch = "wasm32")]
#[track_caller]
fn chosen(op: &'static str, mask: &Tensor) -> Result<Vec<Tensor>> {
    let message =
        "how many elements a mask chooses has to be waited for, which nothing may do on the web";
    Err(Error::shape(op, mask.shape_ref(), message))
}
