//! Joining tensors, and writing parts into a whole.

use std::panic::Location;

use super::Tensor;
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::op::Op;
use crate::queue::Arg;
use crate::shape::Shape;

impl Tensor {
    /// Tensors joined along an axis; their dtypes meet as in arithmetic. NumPy's `concatenate`.
    ///
    /// # Errors
    /// No tensors, other sizes on the other axes, or tensors on different devices.
    #[doc(alias = "concatenate")]
    #[doc(alias = "cat")]
    #[track_caller]
    pub fn concat(tensors: &[&Tensor], axis: isize) -> Result<Tensor> {
        Self::concatenated("concat", tensors, axis)
    }

    #[track_caller]
    fn concatenated(op: &'static str, tensors: &[&Tensor], axis: isize) -> Result<Tensor> {
        let Some(first) = tensors.first() else {
            return Err(Error::value(op, "at least one tensor is needed"));
        };
        let at = first.shape_ref().axis(op, axis)?;
        let mut dtype = first.dtype;
        let mut dims = first.shape().to_vec();
        dims[at] = 0;
        for tensor in tensors {
            first.same_device(op, tensor)?;
            let same = tensor.ndim() == first.ndim()
                && (0..first.ndim()).all(|i| i == at || tensor.shape()[i] == first.shape()[i]);
            if !same {
                let message = format!(
                    "all sizes but that of axis {axis} must be those of the first tensor, {}",
                    first.shape_ref()
                );
                return Err(Error::shape(op, tensor.shape_ref(), message));
            }
            dtype = dtype.promote(tensor.dtype);
            dims[at] += tensor.shape()[at];
        }
        let shape = Shape::checked(op, &dims)?;
        first.device.check_size(op, &shape, dtype)?;
        let whole = Layout::contiguous(shape.clone());
        let mut parts = Vec::with_capacity(tensors.len());
        for tensor in tensors {
            parts.push(tensor.to_dtype(dtype));
        }
        let mut start = 0;
        let regions: Vec<Layout> = parts
            .iter()
            .map(|part| {
                let size = part.shape()[at];
                start += size;
                whole.slice(at, (start - size) as isize, 1, size)
            })
            .collect();
        let parts: Vec<&Tensor> = parts.iter().collect();
        Ok(Self::assemble(&parts, regions, shape, dtype))
    }

    /// Tensors of one shape joined along a new axis.
    ///
    /// # Errors
    /// No tensors, different shapes, an axis out of range, or tensors on different devices.
    #[track_caller]
    pub fn stack(tensors: &[&Tensor], axis: isize) -> Result<Tensor> {
        const OP: &str = "stack";
        if let Some(odd) = tensors.iter().find(|t| t.shape() != tensors[0].shape()) {
            let message = format!(
                "all tensors must have the first's shape, {}",
                tensors[0].shape_ref()
            );
            return Err(Error::shape(OP, odd.shape_ref(), message));
        }
        let mut slices = Vec::with_capacity(tensors.len());
        for tensor in tensors {
            slices.push(tensor.unsqueeze(axis)?);
        }
        Self::concatenated(OP, &slices.iter().collect::<Vec<_>>(), axis)
    }

    /// Tensors one below the other: joined along axis 0, where a vector counts as a row.
    ///
    /// # Errors
    /// No tensors, other sizes on the other axes, or tensors on different devices.
    #[doc(alias = "row_stack")]
    #[track_caller]
    pub fn vstack(tensors: &[&Tensor]) -> Result<Tensor> {
        Self::joined("vstack", tensors, Self::atleast_2d, |_| 0)
    }

    /// Tensors side by side: vectors joined along axis 0, all others along axis 1.
    ///
    /// # Errors
    /// As [`vstack`](Tensor::vstack).
    #[track_caller]
    pub fn hstack(tensors: &[&Tensor]) -> Result<Tensor> {
        Self::joined("hstack", tensors, Self::atleast_1d, |first| {
            (first.ndim() > 1) as usize
        })
    }

    /// Tensors one behind the other: joined along axis 2, where a vector counts as `(1, n, 1)` and a
    /// matrix as `(m, n, 1)`.
    ///
    /// # Errors
    /// As [`vstack`](Tensor::vstack).
    #[track_caller]
    pub fn dstack(tensors: &[&Tensor]) -> Result<Tensor> {
        Self::joined("dstack", tensors, Self::atleast_3d, |_| 2)
    }

    /// Vectors as the columns of a matrix; matrices are joined along axis 1 as they are.
    ///
    /// # Errors
    /// As [`vstack`](Tensor::vstack).
    #[track_caller]
    pub fn column_stack(tensors: &[&Tensor]) -> Result<Tensor> {
        let column = |x: &Tensor| match x.ndim() {
            0 | 1 => x.reshaped(&Shape::of(&[x.size(), 1])),
            _ => x.clone(),
        };
        Self::joined("column_stack", tensors, column, |_| 1)
    }

    /// Tensors made ready one by one, and joined along the axis that the first of them asks for.
    #[track_caller]
    fn joined(
        op: &'static str,
        tensors: &[&Tensor],
        ready: impl Fn(&Tensor) -> Tensor,
        axis: impl Fn(&Tensor) -> usize,
    ) -> Result<Tensor> {
        let ready: Vec<Tensor> = tensors.iter().map(|x| ready(x)).collect();
        let axis = ready.first().map_or(0, axis);
        Self::concatenated(op, &ready.iter().collect::<Vec<_>>(), axis as isize)
    }

    /// The parts in their regions of a result, over zeros. No region may overlap another.
    #[track_caller]
    pub(crate) fn assemble(
        parts: &[&Tensor],
        regions: Vec<Layout>,
        shape: Shape,
        dtype: DType,
    ) -> Tensor {
        let device = &parts[0].device;
        let at = Location::caller();
        let used = || parts.iter().zip(&regions).filter(|(p, _)| p.size() > 0);
        let out = if used().next().is_none() {
            Self::constant(Scalar::Int(0), dtype, shape, device)
        } else {
            let covered: usize = used().map(|(p, _)| p.size()).sum();
            let mut layouts: Vec<Layout> = used().map(|(_, r)| r.clone()).collect();
            let mut args: Vec<Arg<'_>> = used().map(|(p, _)| p.own_arg()).collect();
            if covered < shape.size() {
                layouts.insert(0, Layout::contiguous(shape.clone()));
                args.insert(0, Arg::Scalar(Scalar::Int(0).to_bits(dtype), dtype));
            }
            let op = Op::Assemble { regions: layouts };
            Self::record(op, &args, &shape, dtype, device, at)
        };
        track(out, parts, Rule::Assemble { regions })
    }

    /// The tensor with a part of its shape in a region of it.
    #[track_caller]
    pub(crate) fn overlaid(&self, part: &Tensor, region: Layout) -> Tensor {
        let shape = self.shape_ref();
        if region.shape().size() == shape.size() {
            return Self::assemble(&[part], vec![region], shape.clone(), self.dtype);
        }
        let regions = vec![Layout::contiguous(shape.clone()), region.clone()];
        let (op, args) = (Op::Assemble { regions }, [self.own_arg(), part.own_arg()]);
        let at = Location::caller();
        let out = Self::record(op, &args, shape, self.dtype, &self.device, at);
        track(out, &[self, part], Rule::Overlay(region))
    }
}
