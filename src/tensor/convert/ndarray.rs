//! To and from the arrays of the `ndarray` crate.

use ndarray::{Array, ArrayBase, ArrayD, Axis, Data, Dimension, IxDyn};

use super::IntoData;
use crate::device::Device;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// An array of any rank up to eight and any strides. One whose elements lie in memory without gaps, in any
/// order of its axes and in any direction, is uploaded as it lies.
impl<S: Data<Elem: Element>, D: Dimension> IntoData for &ArrayBase<S, D> {
    #[track_caller]
    fn into_tensor(self, device: &Device) -> Result<Tensor> {
        let rank = self.ndim();
        let dims = Shape::checked("Tensor::new", self.shape())?;
        let Some(values) = self.as_slice_memory_order() else {
            let values: Vec<S::Elem> = self.iter().copied().collect();
            return Tensor::from_slice(&values, dims, device);
        };
        // The axes from the one that moves furthest in memory to the one that moves least.
        let mut order: Vec<usize> = (0..rank).collect();
        order.sort_by_key(|&axis| std::cmp::Reverse(self.stride_of(Axis(axis)).unsigned_abs()));
        let sizes: Vec<usize> = order.iter().map(|&axis| dims.dims()[axis]).collect();
        let stored = Tensor::from_slice(values, Shape::of(&sizes), device)?;
        let mut back = vec![0; rank];
        order
            .iter()
            .enumerate()
            .for_each(|(at, &axis)| back[axis] = at);
        let mut tensor = stored;
        if back.iter().enumerate().any(|(axis, &at)| axis != at) {
            tensor = tensor.permuted(&back);
        }
        for axis in (0..rank).filter(|&axis| self.stride_of(Axis(axis)) < 0) {
            tensor = tensor.flipped(axis);
        }
        Ok(tensor)
    }
}

impl<S: Data<Elem: Element>, D: Dimension> IntoData for ArrayBase<S, D> {
    #[track_caller]
    fn into_tensor(self, device: &Device) -> Result<Tensor> {
        (&self).into_tensor(device)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Tensor {
    /// The elements as an array of the `ndarray` crate, in row-major order; waits for what is recorded.
    /// `Array2::<f32>::try_from(&x)` gives one of a fixed rank.
    ///
    /// # Errors
    /// As [`Tensor::to_vec`].
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new(&ndarray::arr2(&[[1.0f32, 2.0], [3.0, 4.0]]), &Device::cpu())?;
    /// assert_eq!(x.t().to_ndarray::<f32>()?, ndarray::arr2(&[[1.0f32, 3.0], [2.0, 4.0]]).into_dyn());
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        let values = self.to_vec()?;
        ArrayD::from_shape_vec(IxDyn(self.shape()), values)
            .map_err(|error| Error::shape("to_ndarray", self.shape_ref(), error.to_string()))
    }
}

/// As [`Tensor::to_ndarray`], for a tensor of the array's rank.
#[cfg(not(target_arch = "wasm32"))]
impl<T: Element, D: Dimension> TryFrom<&Tensor> for Array<T, D> {
    type Error = Error;
    #[track_caller]
    fn try_from(tensor: &Tensor) -> Result<Self> {
        const OP: &str = "try_from";
        if let Some(rank) = D::NDIM
            && rank != tensor.ndim()
        {
            let message = format!("{rank} dimensions are needed for this type");
            return Err(Error::shape(OP, tensor.shape_ref(), message));
        }
        let array = tensor.to_ndarray::<T>()?.into_dimensionality::<D>();
        array.map_err(|error| Error::shape(OP, tensor.shape_ref(), error.to_string()))
    }
}
