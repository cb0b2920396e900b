//! Reading by index.

use std::panic::Location;

use super::{Source, Tensor};
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::op::Op;
use crate::op::program::Indexed;
use crate::queue::Arg;
use crate::shape::Shape;

impl Tensor {
    #[track_caller]
    pub(super) fn check_index(&self, op: &'static str, index: &Tensor) -> Result<()> {
        self.same_device(op, index)?;
        if index.dtype.is_int() {
            return Ok(());
        }
        let expected = "indices are u32 or i32";
        Err(Error::new(ErrorKind::DType {
            op,
            dtype: index.dtype,
            expected,
        }))
    }

    /// An error unless an index along an axis has this tensor's rank and reaches no further than it on
    /// the other axes.
    #[track_caller]
    pub(super) fn check_along(&self, op: &'static str, axis: usize, index: &Tensor) -> Result<()> {
        let fits = index.ndim() == self.ndim()
            && (0..self.ndim()).all(|i| i == axis || index.shape()[i] <= self.shape()[i]);
        if fits {
            return Ok(());
        }
        let message = format!(
            "the index must have as many dimensions and, but for axis {axis}, sizes not above those of \
             the source {}",
            self.shape_ref()
        );
        Err(Error::shape(op, index.shape_ref(), message))
    }

    /// The elements at `index` along an axis: `out[i][j] = x[index[i][j]][j]` for axis 0, as
    /// PyTorch's `gather`. The index has the shape of the result; on the other axes it must
    /// not reach beyond this tensor. Negative indices count from the end.
    ///
    /// # Errors
    /// An axis out of range, an index of another rank, a larger shape or not of an integer dtype.
    /// An index outside the axis is an error of the next read.
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Tensor) -> Result<Tensor> {
        self.along_axis("gather", axis, index)
    }

    /// What [`gather`](Tensor::gather) does, for a method of that name.
    #[track_caller]
    pub(crate) fn along_axis(
        &self,
        op: &'static str,
        axis: isize,
        index: &Tensor,
    ) -> Result<Tensor> {
        self.check_index(op, index)?;
        let at = self.shape_ref().axis(op, axis)?;
        self.check_along(op, at, index)?;
        let mut source = self.clone();
        for i in (0..self.ndim()).filter(|&i| i != at) {
            source = source.sliced(i, 0, 1, index.shape()[i]);
        }
        source.gathered(op, at, index, index.shape_ref())
    }

    /// The slices of an axis that a vector of indices names, in its order; NumPy's `take`.
    /// Negative indices count from the end.
    ///
    /// # Errors
    /// An axis out of range, an index that is no vector of integers. An index outside the axis is an
    /// error of the next read.
    #[track_caller]
    pub fn index_select(&self, axis: isize, index: &Tensor) -> Result<Tensor> {
        const OP: &str = "index_select";
        self.check_index(OP, index)?;
        let at = self.shape_ref().axis(OP, axis)?;
        if index.ndim() != 1 {
            let message = "the index must be a vector; see gather for one index per element";
            return Err(Error::shape(OP, index.shape_ref(), message));
        }
        self.selected(OP, at, index)
    }

    /// The slices that a vector of indices names, for a method of that name.
    #[track_caller]
    pub(super) fn selected(&self, op: &'static str, at: usize, index: &Tensor) -> Result<Tensor> {
        let mut dims = self.shape().to_vec();
        dims[at] = index.size();
        let mut along = vec![1; self.ndim()];
        along[at] = index.size();
        let shape = Shape::checked(op, &dims)?;
        let index = index.reshaped(&Shape::of(&along));
        self.gathered(op, at, &index, &shape)
    }

    /// Gathers along an axis; the index broadcasts to the result's shape, and so does this tensor
    /// on the other axes.
    #[track_caller]
    pub(super) fn gathered(
        &self,
        op: &'static str,
        axis: usize,
        index: &Tensor,
        shape: &Shape,
    ) -> Result<Tensor> {
        self.device.check_size(op, shape, self.dtype)?;
        let size = self.shape()[axis];
        if shape.size() == 0 {
            return Ok(Self::constant(
                Scalar::Int(0),
                self.dtype,
                shape.clone(),
                &self.device,
            ));
        }
        if let Source::Constant(bits) = index.source {
            let given = Scalar::from_bits(bits, index.dtype).to_f64() as i64;
            if given < -(size as i64) || given >= size as i64 {
                return Err(Error::new(ErrorKind::Index {
                    op,
                    index: given,
                    axis,
                    size,
                }));
            }
        }
        if size == 0 {
            let message = "nothing can be gathered from an axis of size 0";
            return Err(Error::shape(op, self.shape_ref(), message));
        }
        let (storage, layout) = self.stored();
        let stride = layout.strides()[axis];
        // On the indexed axis every place of the result starts from the axis' first element.
        let mut strides = layout.strides().to_vec();
        strides[axis] = 0;
        let laid = Layout::from_parts(shape.clone(), &strides, layout.offset());
        let args = [Arg::Value(&storage, &laid), index.arg()];
        let gather = Op::Gather(Indexed {
            method: op,
            axis,
            stride,
            size,
        });
        let at = Location::caller();
        let out = Self::record(gather, &args, shape, self.dtype, &self.device, at);
        Ok(track(out, &[self, index], Rule::Gather { axis }))
    }

    /// One-hot rows: a new last axis of `classes` with 1 at the class that the element names and 0
    /// elsewhere, as `f32`. Negative elements count from the last class.
    ///
    /// # Errors
    /// Elements that are no integers, or a rank beyond 8. An element that is no class is an error of the
    /// next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let labels = Tensor::new([2, 0], &Device::cpu())?;
    /// assert_eq!(labels.one_hot(3)?.to_vec::<f32>()?, [0., 0., 1., 1., 0., 0.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Result<Tensor> {
        const OP: &str = "one_hot";
        self.check_index(OP, self)?;
        let dims: Vec<usize> = self.shape().iter().copied().chain([classes]).collect();
        let shape = Shape::checked(OP, &dims)?;
        self.device.check_size(OP, &shape, DType::F32)?;
        let range = Self::index(classes, &self.device)?;
        let class = self.places_on(OP, self.ndim(), classes, 1)?;
        Ok(class.unsqueeze(-1)?.eq(&range)?.to_dtype(DType::F32))
    }
}
