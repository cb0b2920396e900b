//! Putting elements to places, whatever an executor can do.
//!
//! One that scatters in order does as it is told. On others, where elements arrive in any order, integers
//! are combined by atomic operations; of several elements for one place the last is looked for; and sums of
//! floats, which depend on their order, are taken after sorting the elements by their places.

use std::panic::Location;

use super::super::take::Addressed;
use super::super::{Operand, Source, Tensor};
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::op::{Op, PointOp, ReduceOp, ScatterOp, Wanted};
use crate::queue::Arg;
use crate::shape::Shape;

/// Where updates of a tensor go: whole slices of it, or single elements.
pub(crate) struct Places {
    /// For each update the number of a slice, as `u32`; one that there is not goes nowhere.
    slices: Tensor,
    /// The shape of a slice: the last dimensions of the tensor.
    rest: Shape,
}

impl Places {
    /// As numbers of slices of a shape.
    pub(crate) fn new(slices: Tensor, rest: Shape) -> Self {
        Self { slices, rest }
    }

    /// The elements that an index names along an axis; on the other axes it starts where the tensor does.
    #[track_caller]
    pub(crate) fn along(
        op: &'static str,
        tensor: &Tensor,
        axis: usize,
        index: &Tensor,
    ) -> Result<Self> {
        let stride: usize = tensor.shape()[axis + 1..].iter().product();
        let along = index.places_on(op, axis, tensor.shape()[axis], stride)?;
        if index.size() == 0 {
            return Ok(Self::new(along, Shape::default()));
        }
        let mut numbers = Tensor::index(tensor.size(), &tensor.device)?;
        numbers = numbers.reshaped(tensor.shape_ref());
        for (i, &size) in index.shape().iter().enumerate() {
            numbers = numbers.sliced(i, 0, 1, if i == axis { 1 } else { size });
        }
        Ok(Self::new(along.try_add(&numbers)?, Shape::default()))
    }

    /// The slices that indices along the first axes name.
    #[track_caller]
    pub(crate) fn at(op: &'static str, tensor: &Tensor, indices: &[&Tensor]) -> Result<Self> {
        let Addressed { places, axes, .. } = tensor.addressed(op, indices)?;
        let rest = Shape::of(&tensor.shape()[axes..]);
        // Of a rank that there may be.
        Shape::checked(op, &[places.shape(), rest.dims()].concat())?;
        Ok(Self::new(places, rest))
    }

    /// The shape of all updates together.
    fn shape(&self) -> Shape {
        Shape::of(&[self.slices.shape(), self.rest.dims()].concat())
    }

    /// The places of single elements, in the shape of all updates.
    #[track_caller]
    fn elements(&self) -> Result<Tensor> {
        if self.rest.ndim() == 0 {
            return Ok(self.slices.clone());
        }
        let ones = vec![1; self.rest.ndim()];
        let first = Shape::of(&[self.slices.shape(), &ones].concat());
        let first = self.slices.reshaped(&first);
        let inner = self.rest.size();
        let numbers = Tensor::index(inner, &self.slices.device)?.reshaped(&self.rest);
        let in_range = first.try_mul(inner)?.try_add(&numbers)?;
        // A product that wraps must not come back into the tensor.
        let most = (u32::MAX as usize / inner.max(1)) as i64;
        first.lt(most)?.select(&in_range, u32::MAX)
    }

    /// A tensor as its slices.
    #[track_caller]
    pub(crate) fn of(&self, tensor: &Tensor) -> Result<Tensor> {
        let count = tensor.size() / self.rest.size().max(1);
        let shape = Shape::of(&[&[count], self.rest.dims()].concat());
        Ok(tensor.reshaped(&shape))
    }

    /// The slices that the places name, in the shape of all updates; the first for those that are nowhere.
    #[track_caller]
    pub(crate) fn take(&self, tensor: &Tensor) -> Result<Tensor> {
        let slices = self.of(tensor)?;
        let count = slices.shape()[0];
        let inside = self.slices.lt(count)?.select(&self.slices, 0)?;
        let taken = slices.index_select(0, &inside.reshape([-1])?)?;
        Ok(taken.reshaped(&self.shape()))
    }

    /// For each slice of a tensor the number of the last update that goes there, counted from 1, and 0
    /// where none does; to be broadcast to the slices. Beside it the number of each update.
    #[track_caller]
    pub(crate) fn last(&self, tensor: &Tensor) -> Result<(Tensor, Tensor)> {
        let count = tensor.size() / self.rest.size().max(1);
        let device = &self.slices.device;
        let none = Tensor::constant(Scalar::Int(0), DType::U32, Shape::of(&[count]), device);
        let numbers = Tensor::index(self.slices.size(), device)?.try_add(1)?;
        let numbers = numbers.reshaped(self.slices.shape_ref());
        let max = ScatterOp::Combine(ReduceOp::Max);
        Ok((none.scatter_call(max, &self.slices, &numbers), numbers))
    }

    /// What there is one of for each update, with dimensions of 1 for a slice's.
    pub(crate) fn beside_slices(&self, each: &Tensor) -> Tensor {
        let ones = vec![1; self.rest.ndim()];
        each.reshaped(&Shape::of(&[each.shape(), &ones].concat()))
    }
}

impl Tensor {
    /// The tensor with values put to places, which they broadcast to and whose dtype they are cast to.
    #[track_caller]
    pub(in super::super) fn scattered(
        &self,
        op: &'static str,
        how: ScatterOp,
        places: &Places,
        values: Operand<'_>,
    ) -> Result<Tensor> {
        let values = self.value_for(op, values, &places.shape())?;
        self.scatter(how, places, &values)
    }

    /// The same with values of the places' shape and this tensor's dtype.
    #[track_caller]
    pub(crate) fn scatter(
        &self,
        how: ScatterOp,
        places: &Places,
        values: &Tensor,
    ) -> Result<Tensor> {
        let (base, new) = (self.detach(), values.detach());
        let how = match (self.dtype, how) {
            // A bool is true or false: a sum of them says whether there is a true one.
            (DType::Bool, ScatterOp::Combine(ReduceOp::Sum)) => ScatterOp::Combine(ReduceOp::Max),
            _ => how,
        };
        let out = match how {
            _ if values.size() == 0 || self.size() == 0 => base,
            how if self.device.limits().abilities.scatters_in_order => {
                base.scatter_call(how, &places.elements()?, &new)
            }
            ScatterOp::Set => base.put_last(places, &new)?,
            ScatterOp::Combine(op) => base.combine(op, places, &new)?,
        };
        Ok(track(
            out,
            &[self, &places.slices, values],
            Rule::Scatter(how),
        ))
    }

    /// Puts the last of several updates to each place: the largest number of an update is found for it,
    /// and its values taken.
    #[track_caller]
    fn put_last(&self, places: &Places, values: &Tensor) -> Result<Tensor> {
        if let Source::Constant(_) = values.source {
            return Ok(self.scatter_call(ScatterOp::Set, &places.elements()?, values));
        }
        let (last, _) = places.last(self)?;
        let updates = Shape::of(&[&[places.slices.size()], places.rest.dims()].concat());
        let taken = values
            .reshaped(&updates)
            .index_select(0, &last.maximum(1)?.try_sub(1)?)?;
        let given = places.beside_slices(&last.ne(0)?);
        let slices = given.select(&taken, &places.of(self)?)?;
        Ok(slices.reshaped(self.shape_ref()))
    }

    /// Combines: integers by atomic operations, whose order does not matter.
    #[track_caller]
    fn combine(&self, op: ReduceOp, places: &Places, values: &Tensor) -> Result<Tensor> {
        let how = ScatterOp::Combine(op);
        match (self.dtype, op) {
            (DType::I32 | DType::U32, _) => Ok(self.scatter_call(how, &places.elements()?, values)),
            (DType::Bool, _) => {
                let (base, values) = (self.to_dtype(DType::U32), values.to_dtype(DType::U32));
                let out = base.scatter_call(how, &places.elements()?, &values);
                Ok(out.to_dtype(DType::Bool))
            }
            (DType::F32 | DType::F16, ReduceOp::Sum) => self.add_sorted(places, values),
            // The order of floats is that of their keys.
            (DType::F32 | DType::F16, _) => {
                let keys = |t: &Self| {
                    let keys = Self::point(PointOp::Key, [t], t.shape_ref(), DType::U32);
                    // The key of NaN is the largest, and that of another NaN the smallest.
                    match op {
                        ReduceOp::Min => t.is_nan().select(0u32, &keys),
                        _ => Ok(keys),
                    }
                };
                let elements = places.elements()?;
                let out = keys(self)?.scatter_call(how, &elements, &keys(values)?);
                Ok(Self::point(
                    PointOp::FromKey,
                    [&out],
                    self.shape_ref(),
                    self.dtype,
                ))
            }
        }
    }

    /// Adds floats: the updates are sorted by their slices, in which equal ones stay in order, summed
    /// segment by segment, and each sum goes to its slice.
    #[track_caller]
    fn add_sorted(&self, places: &Places, values: &Tensor) -> Result<Tensor> {
        let n = places.slices.size();
        let count = self.size() / places.rest.size();
        // What goes nowhere comes last.
        let slices = places.slices.reshape([-1])?.minimum(count)?;
        let bits = usize::BITS - count.leading_zeros();
        let order = slices.in_order("scatter_add", 0, true, Wanted::Ranks(0, n), bits)?;
        let slices = slices.index_select(0, &order)?;
        let updates = Shape::of(&[&[n], places.rest.dims()].concat());
        let values = values.to_dtype(DType::F32).reshaped(&updates);
        let values = values.index_select(0, &order)?;
        // Whether a segment begins with an update, and whether one ends: the neighbour's slice is another.
        let number = Self::index(n, &self.device)?;
        let before = slices.index_select(0, &number.maximum(1)?.try_sub(1)?)?;
        let after = slices.index_select(0, &number.try_add(1)?.minimum(n - 1)?)?;
        let begins = slices.ne(&before)?.logical_or(&number.eq(0)?)?;
        let ends = slices.ne(&after)?.logical_or(&number.eq(n - 1)?)?;
        let begins = places.beside_slices(&begins).expanded(&updates);
        let sums = values.segmented_sums(0, &begins)?;
        let ends = Places::new(ends.select(&slices, u32::MAX)?, places.rest.clone());
        let shape = self.shape_ref().clone();
        let zeros = Self::constant(Scalar::Int(0), DType::F32, shape, &self.device);
        let sums = zeros.scatter_call(ScatterOp::Set, &ends.elements()?, &sums);
        let all = self.to_dtype(DType::F32).try_add(&sums)?;
        Ok(all.to_dtype(self.dtype))
    }

    /// Records a scatter.
    #[track_caller]
    pub(in super::super) fn scatter_call(
        &self,
        op: ScatterOp,
        places: &Tensor,
        values: &Tensor,
    ) -> Tensor {
        let (place, layout) = places.stored();
        let args = [self.arg(), Arg::Value(&place, &layout), values.own_arg()];
        let (shape, at) = (self.shape_ref(), Location::caller());
        Self::record(Op::Scatter(op), &args, shape, self.dtype, &self.device, at)
    }
}
