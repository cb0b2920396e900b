//! Writing by tensors of indices: pure forms, which give a new tensor, and those that rebind one.

mod updates;

pub(crate) use self::updates::Places;
use super::{Operand, Tensor};
use crate::error::{Error, Result};
use crate::op::{ReduceOp, ScatterOp};

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
        let places = Places::along(OP, self, at, &index)?;
        self.scattered(OP, ScatterOp::Set, &places, values.into())
    }

    /// The tensor with `values` added at the places that `index` names along an axis: for axis 0
    /// `out[index[i][j]][j] += values[i][j]`, each of several values for one place. The index has the
    /// tensor's rank and, but for the axis, sizes not above its sizes; the values broadcast to it.
    /// The sums are the same each time, and within 350 roundings of the sum of magnitudes.
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
        let places = Places::along(op, self, at, index)?;
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
        let places = Places::at(OP, self, indices)?;
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
        let places = Places::at(OP, self, indices)?;
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
}
