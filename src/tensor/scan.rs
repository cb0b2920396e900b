//! Scans: what an axis adds up to, element by element.

use std::panic::Location;

use super::Tensor;
use crate::autograd::{Rule, track};
use crate::dtype::DType;
use crate::error::Result;
use crate::op::{Op, ReduceOp};
use crate::queue::Arg;
use crate::shape::Shape;

impl Tensor {
    /// The sums of each element and all before it along an axis. Integers stay in their type and wrap;
    /// bools are counted as `i32`.
    ///
    /// Within 350 roundings of the sum of magnitudes, however long the axis (up to 16 M elements): sums
    /// are made in blocks. `f16` is summed in `f32`.
    ///
    /// # Errors
    /// An axis out of range.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::from_slice(&[1f32, 2., 3., 4.], [2, 2], &Device::cpu())?;
    /// assert_eq!(x.cumsum(0)?.to_vec::<f32>()?, [1., 2., 4., 6.]);
    /// assert_eq!(x.cumsum(-1)?.to_vec::<f32>()?, [1., 3., 3., 7.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn cumsum(&self, axis: isize) -> Result<Tensor> {
        self.counted().scan(ReduceOp::Sum, axis)
    }

    /// The products of each element and all before it along an axis. Integers stay in their type and
    /// wrap.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn cumprod(&self, axis: isize) -> Result<Tensor> {
        self.counted().scan(ReduceOp::Prod, axis)
    }

    /// The largest of each element and all before it along an axis, NumPy's `maximum.accumulate`; NaN
    /// from the first one on. The gradient goes to the element that was taken, the first of equals; see
    /// [`cummax_indices`](Tensor::cummax_indices) for its place.
    ///
    /// # Errors
    /// An axis out of range.
    #[doc(alias = "accumulate")]
    #[track_caller]
    pub fn cummax(&self, axis: isize) -> Result<Tensor> {
        self.scan(ReduceOp::Max, axis)
    }

    /// The smallest of each element and all before it along an axis, NumPy's `minimum.accumulate`; as
    /// [`cummax`](Tensor::cummax).
    ///
    /// # Errors
    /// An axis out of range.
    #[doc(alias = "accumulate")]
    #[track_caller]
    pub fn cummin(&self, axis: isize) -> Result<Tensor> {
        self.scan(ReduceOp::Min, axis)
    }

    /// Bools as integers.
    #[track_caller]
    pub(super) fn counted(&self) -> Tensor {
        match self.dtype {
            DType::Bool => self.to_dtype(DType::I32),
            _ => self.clone(),
        }
    }

    #[track_caller]
    pub(crate) fn scan(&self, op: ReduceOp, axis: isize) -> Result<Tensor> {
        let axis = self.shape_ref().axis(op.scan_name(), axis)?;
        let out = self.scanned(op, axis, None);
        Ok(track(out, &[self], Rule::Scan { op, axis }))
    }

    /// The sums of each element and those before it along an axis, which begin anew where a mark is set;
    /// `heads` are bools of this tensor's shape.
    #[track_caller]
    pub(crate) fn segmented_sums(&self, axis: isize, heads: &Tensor) -> Result<Tensor> {
        let axis = self.shape_ref().axis("segmented sums", axis)?;
        let out = self.scanned(ReduceOp::Sum, axis, Some(heads));
        Ok(track(out, &[self, heads], Rule::Segments { axis }))
    }

    /// Off the tape.
    #[track_caller]
    fn scanned(&self, op: ReduceOp, axis: usize, heads: Option<&Tensor>) -> Tensor {
        // One element along the axis, or none at all.
        if self.size() <= 1 || self.shape()[axis] == 1 {
            return self.detach();
        }
        let values = self.stored();
        let marks = heads.map(Tensor::stored);
        let mut args = vec![Arg::Value(&values.0, &values.1)];
        args.extend(
            marks
                .iter()
                .map(|(storage, layout)| Arg::Value(storage, layout)),
        );
        let op = Op::Scan {
            op,
            axis,
            segmented: heads.is_some(),
        };
        let at = Location::caller();
        Self::record(op, &args, self.shape_ref(), self.dtype, &self.device, at)
    }

    /// Whether the largest (or smallest) element so far is the one at hand, the last of equals.
    #[track_caller]
    pub(crate) fn taken(&self, op: ReduceOp, axis: usize) -> Result<Tensor> {
        let extreme = self.scanned(op, axis, None);
        let equal = self.eq(&extreme)?;
        match self.dtype.is_float() {
            true => equal.logical_or(self.is_nan()),
            false => Ok(equal),
        }
    }

    /// Where along the axis the largest element so far stands, as `u32`: the last of equals, and of
    /// NaN, as PyTorch's `cummax` gives it.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn cummax_indices(&self, axis: isize) -> Result<Tensor> {
        self.scan_indices("cummax_indices", ReduceOp::Max, axis)
    }

    /// Where along the axis the smallest element so far stands, as
    /// [`cummax_indices`](Tensor::cummax_indices).
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn cummin_indices(&self, axis: isize) -> Result<Tensor> {
        self.scan_indices("cummin_indices", ReduceOp::Min, axis)
    }

    #[track_caller]
    fn scan_indices(&self, name: &'static str, op: ReduceOp, axis: isize) -> Result<Tensor> {
        let axis = self.shape_ref().axis(name, axis)?;
        let places = self.places(axis)?;
        let taken = self.detach().taken(op, axis)?.select(&places, 0)?;
        taken.scan(ReduceOp::Max, axis as isize)
    }

    /// The numbers of the places along an axis, as `u32`, to be broadcast to this tensor's shape.
    #[track_caller]
    pub(crate) fn places(&self, axis: usize) -> Result<Tensor> {
        let n = self.shape()[axis];
        let mut dims = vec![1; self.ndim()];
        dims[axis] = n;
        Ok(Self::index(n, &self.device)?.reshaped(&Shape::of(&dims)))
    }
}
