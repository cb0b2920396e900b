//! Looking up values in sorted ones.

use std::panic::Location;

use super::{Operand, Tensor};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::op::Op;
use crate::op::program::Indexed;
use crate::queue::Arg;

impl Tensor {
    /// Where values would go into this sorted vector to keep it sorted, as `u32` in the values' shape: the
    /// number of its elements that are smaller, or with `right` those that are not larger. NaN is taken for
    /// the largest, as a sort puts it. Of a tensor of more dimensions the last is sorted, and the values
    /// have the same sizes on the others.
    ///
    /// # Errors
    /// A tensor without dimensions, values of other sizes, or tensors on different devices. Whether the
    /// tensor is sorted is not checked.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let edges = Tensor::new([1f32, 2., 2., 5.], &dev)?;
    /// let x = Tensor::new([0f32, 2., 9.], &dev)?;
    /// assert_eq!(edges.searchsorted(&x, false)?.to_vec::<u32>()?, [0, 1, 4]);
    /// assert_eq!(edges.searchsorted(&x, true)?.to_vec::<u32>()?, [0, 3, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn searchsorted<'a>(&self, values: impl Into<Operand<'a>>, right: bool) -> Result<Tensor> {
        const OP: &str = "searchsorted";
        let Some((&size, outer)) = self.shape().split_last() else {
            let message = "the sorted tensor needs a dimension to search";
            return Err(Error::shape(OP, self.shape_ref(), message));
        };
        let (values, dtype) = values.into().meet(OP, self)?;
        let rows = outer.len();
        let fits = rows == 0 || values.ndim() == rows + 1 && values.shape()[..rows] == *outer;
        if !fits {
            let message = format!(
                "the values must have the sizes {outer:?} of the sorted tensor on all but the last axis"
            );
            return Err(Error::shape(OP, values.shape_ref(), message));
        }
        let shape = values.shape_ref();
        self.device.check_size(OP, shape, DType::U32)?;
        if shape.size() == 0 || size == 0 {
            let none = Scalar::Int(0);
            return Ok(Self::constant(
                none,
                DType::U32,
                shape.clone(),
                &self.device,
            ));
        }
        let dtype = match dtype {
            DType::Bool => DType::U32,
            dtype => dtype,
        };
        let (sorted, values) = (
            self.detach().to_dtype(dtype),
            values.detach().to_dtype(dtype),
        );
        let (storage, layout) = sorted.stored();
        let (strides, stride) = (layout.strides(), layout.strides()[rows]);
        // Each value starts at the first element of its row.
        let strides = match rows {
            0 => vec![0; shape.ndim()],
            _ => [&strides[..rows], &[0]].concat(),
        };
        let laid = Layout::from_parts(shape.clone(), &strides, layout.offset());
        let axis = Indexed {
            method: "searchsorted",
            axis: rows,
            stride,
            size,
        };
        let args = [Arg::Value(&storage, &laid), values.arg()];
        let (search, at) = (Op::Search { axis, right }, Location::caller());
        Ok(Self::record(
            search,
            &args,
            shape,
            DType::U32,
            &self.device,
            at,
        ))
    }

    /// The bin of each element among rising edges, as `u32`: the number of edges that are not larger, or
    /// with `right` that are smaller. NumPy's `digitize` and PyTorch's `bucketize`, of which the one's
    /// `right` is the other's opposite; this is NumPy's.
    ///
    /// # Errors
    /// Edges that are no vector, or tensors on different devices.
    #[doc(alias = "bucketize")]
    #[track_caller]
    pub fn digitize(&self, edges: &Tensor, right: bool) -> Result<Tensor> {
        const OP: &str = "digitize";
        if edges.ndim() != 1 {
            let message = "the edges must be a vector of rising values";
            return Err(Error::shape(OP, edges.shape_ref(), message));
        }
        edges.searchsorted(self, !right)
    }
}
