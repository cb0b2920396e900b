//! More views: axes added, moved and merged; tensors broadcast together.

use super::{IntoAxes, Tensor};
use crate::autograd::Rule;
use crate::error::{Error, Result};
use crate::shape::{MAX_RANK, Shape};

impl Tensor {
    /// With new axes of size 1, which have the given places in the result; no copy.
    ///
    /// `x.expand_dims([0, -1])` of `(3, 4)` is `(1, 3, 4, 1)`.
    ///
    /// # Errors
    /// A place out of range or named twice, or a rank beyond 8.
    #[track_caller]
    pub fn expand_dims(&self, axes: impl IntoAxes) -> Result<Tensor> {
        const OP: &str = "expand_dims";
        let Some(axes) = axes.into_axes() else {
            return Err(Error::value(
                OP,
                "the places of new axes are named one by one",
            ));
        };
        let rank = self.ndim() + axes.len();
        if rank > MAX_RANK {
            let message = format!(
                "with {} new axes it would have more than {MAX_RANK} dimensions",
                axes.len()
            );
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        // The places are those of the result.
        let new = Shape::of(&[1; MAX_RANK][..rank]).axis_set(OP, &axes)?;
        let mut layout = self.layout().clone();
        for at in (0..rank).filter(|&i| new[i]) {
            layout = layout.insert_axis(at, 1);
        }
        Ok(self.view(layout, Rule::Reshape))
    }

    /// Two axes exchanged; no copy.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn swapaxes(&self, axis0: isize, axis1: isize) -> Result<Tensor> {
        self.transpose(axis0, axis1)
            .map_err(|error| error.of("swapaxes"))
    }

    /// Axes moved to other places, the others in their order around them; no copy.
    ///
    /// # Errors
    /// An axis or place out of range or named twice, or other numbers of them.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::zeros([3, 4, 5], &Device::cpu())?;
    /// assert_eq!(x.moveaxis(0, -1)?.shape(), [4, 5, 3]);
    /// assert_eq!(x.moveaxis([0, 1], [-1, -2])?.shape(), [5, 4, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "movedim")]
    #[track_caller]
    pub fn moveaxis(&self, source: impl IntoAxes, destination: impl IntoAxes) -> Result<Tensor> {
        const OP: &str = "moveaxis";
        let (Some(source), Some(destination)) = (source.into_axes(), destination.into_axes())
        else {
            return Err(Error::value(OP, "the axes that move are named one by one"));
        };
        if source.len() != destination.len() {
            let message = format!(
                "{} axes cannot move to {} places",
                source.len(),
                destination.len()
            );
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        let shape = self.shape_ref();
        let moved = shape.axis_set(OP, &source)?;
        shape.axis_set(OP, &destination)?;
        let mut places = vec![None; self.ndim()];
        for (&from, &to) in source.iter().zip(&destination) {
            places[shape.axis(OP, to)?] = Some(shape.axis(OP, from)?);
        }
        let mut others = (0..self.ndim()).filter(|&i| !moved[i]);
        let order: Vec<usize> = places
            .into_iter()
            .filter_map(|axis| axis.or_else(|| others.next()))
            .collect();
        Ok(self.permuted(&order))
    }

    /// The axes from one to another, both included, as one; copies only where the strides of a view
    /// cannot be expressed. A tensor of rank 0 becomes a vector of one element. For all axes there is
    /// [`ravel`](Tensor::ravel).
    ///
    /// # Errors
    /// An axis out of range, or the first behind the last.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::zeros([2, 3, 4, 5], &Device::cpu())?;
    /// assert_eq!(x.flatten(1, -1)?.shape(), [2, 60]);
    /// assert_eq!(x.flatten(0, -2)?.shape(), [24, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn flatten(&self, first: isize, last: isize) -> Result<Tensor> {
        const OP: &str = "flatten";
        // Rank 0 counts as one axis.
        let x = self.atleast_1d();
        let shape = x.shape_ref();
        let (first, last) = (shape.axis(OP, first)?, shape.axis(OP, last)?);
        if first > last {
            let message = format!("axis {first} is behind axis {last}");
            return Err(Error::shape(OP, shape, message));
        }
        let dims = shape.dims();
        let merged: usize = dims[first..=last].iter().product();
        let dims = [&dims[..first], &[merged], &dims[last + 1..]].concat();
        Ok(x.reshaped(&Shape::of(&dims)))
    }

    /// All elements as a vector, row-major; copies only where they do not lie evenly.
    #[track_caller]
    pub fn ravel(&self) -> Tensor {
        self.reshaped(&Shape::of(&[self.size()]))
    }

    /// The tensor, or a vector of one element instead of rank 0.
    pub fn atleast_1d(&self) -> Tensor {
        match self.ndim() {
            0 => self.ravel(),
            _ => self.clone(),
        }
    }

    /// The tensor with at least two axes: a vector becomes a row, `(1, n)`.
    pub fn atleast_2d(&self) -> Tensor {
        match *self.shape() {
            [] => self.reshaped(&Shape::of(&[1, 1])),
            [n] => self.reshaped(&Shape::of(&[1, n])),
            _ => self.clone(),
        }
    }

    /// The tensor with at least three axes: a vector becomes `(1, n, 1)`, a matrix `(m, n, 1)`.
    pub fn atleast_3d(&self) -> Tensor {
        match *self.shape() {
            [] => self.reshaped(&Shape::of(&[1, 1, 1])),
            [n] => self.reshaped(&Shape::of(&[1, n, 1])),
            [m, n] => self.reshaped(&Shape::of(&[m, n, 1])),
            _ => self.clone(),
        }
    }

    /// The shape that all of the shapes broadcast to.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or a rank beyond 8.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let shape = Tensor::broadcast_shapes(&[&[3, 1], &[1, 4], &[2, 1, 1]])?;
    /// assert_eq!(shape.dims(), [2, 3, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn broadcast_shapes(shapes: &[&[usize]]) -> Result<Shape> {
        const OP: &str = "broadcast_shapes";
        let mut all = Shape::SCALAR;
        for shape in shapes {
            all = all.broadcast(&Shape::checked(OP, shape)?, OP)?;
        }
        Ok(all)
    }

    /// The tensors broadcast to the shape that all of them fit; no copies.
    ///
    /// # Errors
    /// Shapes that do not broadcast.
    #[doc(alias = "broadcast_tensors")]
    #[track_caller]
    pub fn broadcast_arrays(tensors: &[&Tensor]) -> Result<Vec<Tensor>> {
        let mut all = Shape::SCALAR;
        for tensor in tensors {
            all = all.broadcast(tensor.shape_ref(), "broadcast_arrays")?;
        }
        Ok(tensors.iter().map(|x| x.expanded(&all)).collect())
    }
}
