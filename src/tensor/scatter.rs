//! Writing by tensors of indices: pure forms, which give a new tensor, and those that rebind one.

use std::panic::Location;

use super::take::Addressed;
use super::{Operand, Source, Tensor};
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::op::{Op, ReduceOp, ScatterOp};
use crate::queue::Arg;
use crate::shape::Shape;

impl Tensor {
    /// The tensor with `values` at the places that `index` names along an axis, NumPy's
    /// `put_along_axis`: `out[index[i][j]][j] = values[i][j]` for axis 0. The index broadcasts to the
    /// tensor on the other axes, and the values, which are cast to the tensor's dtype, to the index. Of
    /// several values for one place the last one stays. Gradients flow to the tensor and to the values.
    ///
    /// # Errors
    /// An axis out of range, an index of another rank or not of integers, shapes that do not broadcast.
    /// An index outside the axis is an error of the next read.
    #[doc(alias = "scatter")]
    #[track_caller]
    pub fn put_along_axis<'a>(
        &self,
        index: &Tensor,
        values: impl Into<Operand<'a>>,
        axis: isize,
    ) -> Result<Tensor> {
        const OP: &str = "put_along_axis";
        let (at, whole, index) = self.along(OP, index, axis)?;
        if whole.shape() != self.shape() {
            let message = format!(
                "the index must broadcast to the tensor's shape {} on all axes but {axis}",
                self.shape_ref()
            );
            return Err(Error::shape(OP, index.shape_ref(), message));
        }
        let places = self.target_along(OP, at, &index)?;
        self.scattered(OP, ScatterOp::Set, &places, values.into())
    }

    /// The tensor with `values` added at the places that `index` names along an axis: for axis 0
    /// `out[index[i][j]][j] += values[i][j]`, each of several values for one place. The index has the
    /// tensor's rank and, but for the axis, sizes not above its sizes; the values broadcast to it.
    /// Sums are taken in the same order each time.
    ///
    /// # Errors
    /// An axis out of range, an index of another rank, a larger shape or not of integers, values that do
    /// not broadcast to it. An index outside the axis is an error of the next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let index = Tensor::new([0, 2, 0], &dev)?;
    /// let sums = Tensor::zeros([3], &dev)?.scatter_add(0, &index, &Tensor::new([1f32, 2., 3.], &dev)?)?;
    /// assert_eq!(sums.to_vec::<f32>()?, [4., 0., 2.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn scatter_add<'a>(
        &self,
        axis: isize,
        index: &Tensor,
        values: impl Into<Operand<'a>>,
    ) -> Result<Tensor> {
        self.scatter_along("scatter_add", ReduceOp::Sum, axis, index, values.into())
    }

    /// As [`scatter_add`](Tensor::scatter_add), the largest of the element and the values that go to its
    /// place; NaN wins. Equal ones share the gradient.
    ///
    /// # Errors
    /// As [`scatter_add`](Tensor::scatter_add).
    #[doc(alias = "scatter_reduce")]
    #[track_caller]
    pub fn scatter_max<'a>(
        &self,
        axis: isize,
        index: &Tensor,
        values: impl Into<Operand<'a>>,
    ) -> Result<Tensor> {
        self.scatter_along("scatter_max", ReduceOp::Max, axis, index, values.into())
    }

    /// As [`scatter_max`](Tensor::scatter_max), the smallest.
    ///
    /// # Errors
    /// As [`scatter_add`](Tensor::scatter_add).
    #[doc(alias = "scatter_reduce")]
    #[track_caller]
    pub fn scatter_min<'a>(
        &self,
        axis: isize,
        index: &Tensor,
        values: impl Into<Operand<'a>>,
    ) -> Result<Tensor> {
        self.scatter_along("scatter_min", ReduceOp::Min, axis, index, values.into())
    }

    #[track_caller]
    fn scatter_along(
        &self,
        op: &'static str,
        combine: ReduceOp,
        axis: isize,
        index: &Tensor,
        values: Operand<'_>,
    ) -> Result<Tensor> {
        self.check_index(op, index)?;
        let at = self.shape_ref().axis(op, axis)?;
        self.check_along(op, at, index)?;
        let places = self.target_along(op, at, index)?;
        self.scattered(op, ScatterOp::Combine(combine), &places, values)
    }

    /// The tensor with `values` where tensors of indices point along the first axes, NumPy's
    /// `x[i, j] = values`: the indices are those of [`at`](Tensor::at), the values broadcast to what
    /// it would give and are cast to the tensor's dtype. Of several values for one place the last one
    /// stays. Gradients flow to the tensor and to the values.
    ///
    /// # Errors
    /// As [`at`](Tensor::at), and values that do not broadcast to its result.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::zeros([2, 3], &dev)?;
    /// let (rows, columns) = (Tensor::new([0, 1], &dev)?, Tensor::new([2, 0], &dev)?);
    /// let y = x.index_put(&[&rows, &columns], &Tensor::new([5f32, 7.], &dev)?)?;
    /// assert_eq!(y.to_vec::<f32>()?, [0., 0., 5., 7., 0., 0.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn index_put<'a>(
        &self,
        indices: &[&Tensor],
        values: impl Into<Operand<'a>>,
    ) -> Result<Tensor> {
        const OP: &str = "index_put";
        let places = self.target_at(OP, indices)?;
        self.scattered(OP, ScatterOp::Set, &places, values.into())
    }

    /// As [`index_put`](Tensor::index_put), with the values added to what is there, each of several for
    /// one place: NumPy's `add.at`.
    ///
    /// # Errors
    /// As [`index_put`](Tensor::index_put).
    #[track_caller]
    pub fn index_add<'a>(
        &self,
        indices: &[&Tensor],
        values: impl Into<Operand<'a>>,
    ) -> Result<Tensor> {
        const OP: &str = "index_add";
        let places = self.target_at(OP, indices)?;
        self.scattered(
            OP,
            ScatterOp::Combine(ReduceOp::Sum),
            &places,
            values.into(),
        )
    }

    /// Rebinds the variable to [`index_put`](Tensor::index_put): NumPy's `x[i, j] = values`. Other
    /// tensors that share the memory keep their values.
    ///
    /// # Errors
    /// As [`index_put`](Tensor::index_put); the variable stays as it is.
    #[track_caller]
    pub fn set_at<'a>(
        &mut self,
        indices: &[&Tensor],
        values: impl Into<Operand<'a>>,
    ) -> Result<()> {
        *self = self.index_put(indices, values)?;
        Ok(())
    }

    /// Rebinds the variable to [`index_add`](Tensor::index_add): NumPy's `add.at`.
    ///
    /// # Errors
    /// As [`index_add`](Tensor::index_add); the variable stays as it is.
    #[track_caller]
    pub fn add_at<'a>(
        &mut self,
        indices: &[&Tensor],
        values: impl Into<Operand<'a>>,
    ) -> Result<()> {
        *self = self.index_add(indices, values)?;
        Ok(())
    }

    /// The places that an index names along an axis; on the others it starts where the tensor does.
    #[track_caller]
    fn target_along(&self, op: &'static str, axis: usize, index: &Tensor) -> Result<Tensor> {
        let stride: usize = self.shape()[axis + 1..].iter().product();
        let along = index.places_on(op, axis, self.shape()[axis], stride)?;
        if index.size() == 0 {
            return Ok(along);
        }
        let mut numbers = Self::index(self.size(), &self.device)?.reshaped(self.shape_ref());
        for (i, &size) in index.shape().iter().enumerate() {
            numbers = numbers.sliced(i, 0, 1, if i == axis { 1 } else { size });
        }
        along.try_add(&numbers)
    }

    /// The places that indices along the first axes name.
    #[track_caller]
    fn target_at(&self, op: &'static str, indices: &[&Tensor]) -> Result<Tensor> {
        let Addressed { places, axes, .. } = self.addressed(op, indices)?;
        let rest = &self.shape()[axes..];
        let shape = Shape::checked(op, &[places.shape(), rest].concat())?;
        let inner: usize = rest.iter().product();
        if shape.size() == 0 {
            let none = Self::constant(Scalar::Int(0), DType::U32, shape, &self.device);
            return Ok(none);
        }
        let ones = vec![1; rest.len()];
        let first = places.reshaped(&Shape::of(&[places.shape(), &ones].concat()));
        let numbers = Self::index(inner, &self.device)?.reshaped(&Shape::of(rest));
        let inner = Scalar::from(inner as f64);
        let inner = Self::constant(inner, DType::U32, Shape::default(), &self.device);
        first.try_mul(&inner)?.try_add(&numbers)
    }

    /// The tensor with values put to places.
    #[track_caller]
    pub(super) fn scattered(
        &self,
        op: &'static str,
        how: ScatterOp,
        places: &Tensor,
        values: Operand<'_>,
    ) -> Result<Tensor> {
        let values = values.cast_to(op, self)?;
        let shape = places.shape_ref();
        let joined = values.shape_ref().broadcast(shape, op)?;
        if joined != *shape {
            let message = format!("the values must broadcast to the shape of the places, {shape}");
            return Err(Error::shape(op, values.shape_ref(), message));
        }
        self.scatter(how, places, &values.expanded(shape))
    }

    /// As an operation that is on the tape: `places` and `values` have one shape, `values` this tensor's
    /// dtype.
    #[track_caller]
    pub(crate) fn scatter(
        &self,
        how: ScatterOp,
        places: &Tensor,
        values: &Tensor,
    ) -> Result<Tensor> {
        let out = match how {
            _ if places.size() == 0 || self.size() == 0 => self.detach(),
            how if self.device.limits().abilities.scatters_in_order => {
                self.scatter_call(how, places, values)
            }
            ScatterOp::Set => self.put_last(places, values)?,
            ScatterOp::Combine(op) => self.combine(op, places, values)?,
        };
        Ok(track(out, &[self, places, values], Rule::Scatter(how)))
    }

    /// What of several updates to one place comes last stays, where an executor does not scatter in
    /// order: the largest number of an update is found for each place, and its value taken.
    #[track_caller]
    fn put_last(&self, places: &Tensor, values: &Tensor) -> Result<Tensor> {
        if let Source::Constant(_) = values.source {
            return Ok(self.scatter_call(ScatterOp::Set, places, values));
        }
        let last = self.last_updates(places)?;
        // Counted from 1: a place of 0 is left alone.
        let flat = values.detach().reshape([-1])?;
        let before = last.maximum(1)?.try_sub(1)?.reshape([-1])?;
        let taken = flat.index_select(0, &before)?.reshaped(self.shape_ref());
        last.ne(0)?.select(&taken, &self.detach())
    }

    /// For each place the number of the last update that goes there, counted from 1; 0 where none does.
    #[track_caller]
    pub(crate) fn last_updates(&self, places: &Tensor) -> Result<Tensor> {
        let none = Self::constant(
            Scalar::Int(0),
            DType::U32,
            self.shape_ref().clone(),
            &self.device,
        );
        let numbers = Self::index(places.size(), &self.device)?.try_add(1)?;
        let numbers = numbers.reshaped(places.shape_ref());
        Ok(none.scatter_call(ScatterOp::Combine(ReduceOp::Max), places, &numbers))
    }

    /// Records a scatter.
    #[track_caller]
    pub(crate) fn scatter_call(&self, op: ScatterOp, places: &Tensor, values: &Tensor) -> Tensor {
        let (place, layout) = places.stored();
        let value = match &values.source {
            Source::Constant(bits) => Arg::Scalar(*bits, values.dtype),
            Source::Stored(storage) => Arg::Value(storage, values.layout()),
        };
        let args = [self.arg(), Arg::Value(&place, &layout), value];
        let (shape, at) = (self.shape_ref(), Location::caller());
        Self::record(Op::Scatter(op), &args, shape, self.dtype, &self.device, at)
    }
}

impl Tensor {
    /// Combines where an executor does not scatter in order: integers by atomic operations, whose order
    /// does not matter.
    #[track_caller]
    fn combine(&self, op: ReduceOp, places: &Tensor, values: &Tensor) -> Result<Tensor> {
        let (base, values) = (self.detach(), values.detach());
        let how = ScatterOp::Combine(op);
        match (self.dtype, op) {
            (DType::I32 | DType::U32, _) => Ok(base.scatter_call(how, places, &values)),
            (DType::Bool, _) => {
                let (base, values) = (base.to_dtype(DType::U32), values.to_dtype(DType::U32));
                Ok(base
                    .scatter_call(how, places, &values)
                    .to_dtype(DType::Bool))
            }
            (DType::F32 | DType::F16, ReduceOp::Sum) => base.add_sorted(places, &values),
            // The order of floats is that of their keys.
            (DType::F32 | DType::F16, _) => {
                let (base, values) = (base.keys(), values.keys());
                Ok(base
                    .scatter_call(how, places, &values)
                    .from_keys(self.dtype))
            }
        }
    }

    /// Sums of floats in an order of their own: the updates are sorted by their places, in which equal ones
    /// stay in order, summed segment by segment, and each sum goes to its place.
    #[track_caller]
    fn add_sorted(&self, places: &Tensor, values: &Tensor) -> Result<Tensor> {
        let n = places.size();
        // What goes nowhere comes last.
        let places = places.reshape([-1])?.minimum(self.size())?;
        let order = places.argsort(0, false)?;
        let places = places.index_select(0, &order)?;
        let values = values
            .to_dtype(DType::F32)
            .reshape([-1])?
            .index_select(0, &order)?;
        // Whether a segment begins with an element, and whether one ends: the neighbour's place is another.
        let number = Self::index(n, &self.device)?;
        let before = places.index_select(0, &number.maximum(1)?.try_sub(1)?)?;
        let after = places.index_select(0, &number.try_add(1)?.minimum(n - 1)?)?;
        let begins = places.ne(&before)?.logical_or(&number.eq(0)?)?;
        let ends = places.ne(&after)?.logical_or(&number.eq(n - 1)?)?;
        let sums = values.segmented_sums(0, &begins)?;
        let ends = ends.select(&places, u32::MAX)?;
        let zeros = Self::constant(
            Scalar::Int(0),
            DType::F32,
            self.shape_ref().clone(),
            &self.device,
        );
        let sums = zeros.scatter_call(ScatterOp::Set, &ends, &sums);
        Ok(self
            .to_dtype(DType::F32)
            .try_add(&sums)?
            .to_dtype(self.dtype))
    }
}
