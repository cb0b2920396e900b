//! What a mask chooses, and the distinct values of a tensor.
//!
//! How many elements there are only running tells, so that these methods read one number back.

use std::panic::Location;

use super::Tensor;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::op::{Op, ScatterOp};
use crate::queue::Arg;
use crate::shape::Shape;

/// The distinct values of a tensor, in rising order, and where they are; see
/// [`unique_all`](Tensor::unique_all).
#[derive(Clone, Debug)]
pub struct Unique {
    /// The values, each once.
    pub values: Tensor,
    /// The place of the first occurrence of each value in the flattened tensor, as `u32`.
    pub indices: Tensor,
    /// For each element of the tensor, in its shape, the place of its value among the values, as `u32`.
    pub inverse: Tensor,
    /// How often each value occurs, as `u32`.
    pub counts: Tensor,
}

impl Tensor {
    /// The places of the elements that are not zero (or are true) in the flattened tensor, as a vector of
    /// `u32`; their number is read back.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn flatnonzero(&self) -> Result<Tensor> {
        let mask = self.detach().to_dtype(DType::Bool).reshape([-1])?;
        let numbers = Self::index(mask.size(), &self.device)?;
        mask.compress_by(&numbers)
    }

    /// The elements of a vector of one dtype where this vector of bools is true.
    #[track_caller]
    fn compress_by(&self, values: &Tensor) -> Result<Tensor> {
        const OP: &str = "nonzero";
        let empty = |count: usize| {
            let shape = Shape::of(&[count]);
            Self::constant(Scalar::Int(0), values.dtype, shape, &self.device)
        };
        if self.size() == 0 {
            return Ok(empty(0));
        }
        if self.device.limits().abilities.scatters_in_order {
            let count = self.to_dtype(DType::U32).sum(0)?.item::<u32>()? as usize;
            self.device
                .check_size(OP, &Shape::of(&[count]), values.dtype)?;
            return Ok(match count {
                0 => empty(0),
                _ => self.compress_call(values, count),
            });
        }
        // The number of true elements up to each.
        let ranks = self.to_dtype(DType::U32).cumsum(0)?;
        let last = ranks.sliced(0, self.size() as isize - 1, 1, 1);
        let count = last.reshaped(&Shape::default()).item::<u32>()? as usize;
        self.device
            .check_size(OP, &Shape::of(&[count]), values.dtype)?;
        if count == 0 {
            return Ok(empty(0));
        }
        let places = self.select(&ranks.try_sub(1)?, u32::MAX)?;
        Ok(empty(count).scatter_call(ScatterOp::Set, &places, values))
    }

    /// Records the choice of elements, of which there are so many.
    #[track_caller]
    fn compress_call(&self, values: &Tensor, count: usize) -> Tensor {
        let (mask, layout) = self.stored();
        let args = [Arg::Value(&mask, &layout), values.own_arg()];
        let (shape, at) = (Shape::of(&[count]), Location::caller());
        Self::record(Op::Compress, &args, &shape, values.dtype, &self.device, at)
    }

    /// The indices of the elements that are not zero (or are true): for each axis a vector of `u32`, in
    /// row-major order, as [`at`](Tensor::at) takes them. Their number is read back.
    ///
    /// # Errors
    /// A tensor without dimensions, or a fault of the device.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[0f32, 2.], [3., 0.]], &Device::cpu())?;
    /// let places = x.nonzero()?;
    /// assert_eq!(places[0].to_vec::<u32>()?, [0, 1]);
    /// assert_eq!(places[1].to_vec::<u32>()?, [1, 0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "where")]
    #[track_caller]
    pub fn nonzero(&self) -> Result<Vec<Tensor>> {
        const OP: &str = "nonzero";
        if self.ndim() == 0 {
            let message = "a tensor without dimensions has no indices; see flatnonzero";
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        let flat = self.flatnonzero()?;
        let mut stride = self.size();
        let mut axes = Vec::with_capacity(self.ndim());
        for &size in self.shape() {
            stride /= size.max(1);
            let index = flat.floor_divide(stride.max(1))?;
            axes.push(index.remainder(size.max(1))?);
        }
        Ok(axes)
    }

    /// The indices of the elements that are not zero (or are true) as the rows of a `(count, rank)` tensor
    /// of `u32`; NumPy's `argwhere` and PyTorch's `nonzero`. Their number is read back.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn argwhere(&self) -> Result<Tensor> {
        if self.ndim() == 0 {
            let shape = Shape::of(&[self.flatnonzero()?.size(), 0]);
            return Ok(Self::constant(
                Scalar::Int(0),
                DType::U32,
                shape,
                &self.device,
            ));
        }
        let axes = self.nonzero()?;
        Self::stack(&axes.iter().collect::<Vec<_>>(), 1)
    }

    /// The elements where a mask is true, as a vector in row-major order: NumPy's `x[mask]` for a mask of
    /// the tensor's shape. The mask and the tensor broadcast together. Their number is read back.
    ///
    /// # Errors
    /// Shapes that do not broadcast, a mask of another dtype than bool, or a fault of the device.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3f32, -1., 2.], &Device::cpu())?;
    /// assert_eq!(x.masked_select(&x.gt(0.0)?)?.to_vec::<f32>()?, [3., 2.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "extract")]
    #[doc(alias = "compress")]
    #[track_caller]
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        const OP: &str = "masked_select";
        self.check_mask(OP, mask)?;
        let shape = self.shape_ref().broadcast(mask.shape_ref(), OP)?;
        let (values, mask) = (self.expanded(&shape), mask.expanded(&shape));
        if self.is_tracked() {
            let chosen = mask.flatnonzero()?;
            return values.reshape([-1])?.index_select(0, &chosen);
        }
        let flat = Shape::of(&[shape.size()]);
        mask.reshaped(&flat).compress_by(&values.reshaped(&flat))
    }

    /// The distinct elements as a vector in rising order, NaN as one and last. Their number is read back.
    ///
    /// # Errors
    /// A fault of the device.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3, 1, 3, 2], &Device::cpu())?;
    /// assert_eq!(x.unique()?.to_vec::<i32>()?, [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "unique_values")]
    #[track_caller]
    pub fn unique(&self) -> Result<Tensor> {
        let sorted = self.detach().reshape([-1])?.sort(0)?;
        sorted.heads()?.compress_by(&sorted)
    }

    /// The distinct elements, and how often each occurs, as `u32`.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn unique_counts(&self) -> Result<(Tensor, Tensor)> {
        let sorted = self.detach().reshape([-1])?.sort(0)?;
        let starts = sorted.heads()?.flatnonzero()?;
        Ok((sorted.index_select(0, &starts)?, sorted.lengths(&starts)?))
    }

    /// The distinct elements, and for each element of the tensor the place of its value among them.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn unique_inverse(&self) -> Result<(Tensor, Tensor)> {
        let Unique {
            values, inverse, ..
        } = self.unique_all()?;
        Ok((values, inverse))
    }

    /// The distinct elements with the place of the first of each, the place of each element's value, and
    /// how often each occurs.
    ///
    /// # Errors
    /// A fault of the device.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3, 1, 3, 2], &Device::cpu())?;
    /// let unique = x.unique_all()?;
    /// assert_eq!(unique.values.to_vec::<i32>()?, [1, 2, 3]);
    /// assert_eq!(unique.indices.to_vec::<u32>()?, [1, 3, 0]);
    /// assert_eq!(unique.inverse.to_vec::<u32>()?, [2, 0, 2, 1]);
    /// assert_eq!(unique.counts.to_vec::<u32>()?, [1, 1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn unique_all(&self) -> Result<Unique> {
        let flat = self.detach().reshape([-1])?;
        let order = flat.argsort(0)?;
        let sorted = flat.index_select(0, &order)?;
        let heads = sorted.heads()?;
        let starts = heads.flatnonzero()?;
        let inverse = match flat.size() {
            0 => order.clone(),
            _ => {
                let group = heads.to_dtype(DType::U32).cumsum(0)?.try_sub(1)?;
                order
                    .zeros_like()
                    .scatter_call(ScatterOp::Set, &order, &group)
            }
        };
        Ok(Unique {
            values: sorted.index_select(0, &starts)?,
            indices: order.index_select(0, &starts)?,
            inverse: inverse.reshaped(self.shape_ref()),
            counts: sorted.lengths(&starts)?,
        })
    }

    /// Whether each element of a sorted vector is the first of its value.
    #[track_caller]
    fn heads(&self) -> Result<Tensor> {
        let size = self.size();
        let one = Self::constant(
            true.into(),
            DType::Bool,
            Shape::of(&[size.min(1)]),
            &self.device,
        );
        if size < 2 {
            return Ok(one);
        }
        let (before, here) = (
            self.sliced(0, 0, 1, size - 1),
            self.sliced(0, 1, 1, size - 1),
        );
        let mut differs = here.ne(&before)?;
        if self.dtype.is_float() {
            differs = differs.logical_and(before.is_nan().logical_not())?;
        }
        Self::concat(&[&one, &differs], 0)
    }

    /// The distances between the starts of groups, the last of which ends with this vector.
    #[track_caller]
    fn lengths(&self, starts: &Tensor) -> Result<Tensor> {
        let count = starts.size();
        let end = Scalar::from(self.size() as f64);
        let end = Self::constant(end, DType::U32, Shape::of(&[count.min(1)]), &self.device);
        let next = starts.sliced(0, count.min(1) as isize, 1, count.saturating_sub(1));
        Self::concat(&[&next, &end], 0)?.try_sub(starts)
    }
}
