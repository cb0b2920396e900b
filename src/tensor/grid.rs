//! Grids of coordinates, and places of a shape by number.

use super::Tensor;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::shape::{IntoShape, MAX_RANK, Shape};

/// Which way the axes of [`Tensor::meshgrid`] lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// The first vector along axis 0, the second along axis 1: as a matrix is indexed.
    Ij,
    /// The first vector along axis 1, the second along axis 0: as a plot has x and y. NumPy's default.
    Xy,
}

impl Tensor {
    /// The coordinates of a grid: for each vector a tensor of the grid's shape, or, where `sparse` says
    /// so, of size 1 on the other axes, which broadcasts to it. Both are views.
    ///
    /// # Errors
    /// A tensor that is no vector and no scalar, or more than eight of them.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::Indexing;
    /// let dev = Device::cpu();
    /// let (x, y) = (Tensor::new([1, 2, 3], &dev)?, Tensor::new([10, 20], &dev)?);
    /// let grid = Tensor::meshgrid(&[&x, &y], Indexing::Xy, false)?;
    /// assert_eq!(grid[0].to_vec::<i32>()?, [1, 2, 3, 1, 2, 3]);
    /// assert_eq!(grid[1].to_vec::<i32>()?, [10, 10, 10, 20, 20, 20]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn meshgrid(vectors: &[&Tensor], indexing: Indexing, sparse: bool) -> Result<Vec<Tensor>> {
        const OP: &str = "meshgrid";
        let rank = vectors.len();
        if rank > MAX_RANK {
            let message = format!("{rank} vectors, at most {MAX_RANK} are possible");
            return Err(Error::value(OP, message));
        }
        if let Some(odd) = vectors.iter().find(|x| x.ndim() > 1) {
            let message = "it takes vectors; see ravel";
            return Err(Error::shape(OP, odd.shape_ref(), message));
        }
        let axis = |i: usize| match (indexing, i) {
            (Indexing::Xy, 0 | 1) if rank > 1 => 1 - i,
            _ => i,
        };
        let mut whole = vec![1; rank];
        let mut grid = Vec::with_capacity(rank);
        for (i, vector) in vectors.iter().enumerate() {
            vectors[0].same_device(OP, vector)?;
            let mut dims = vec![1; rank];
            (dims[axis(i)], whole[axis(i)]) = (vector.size(), vector.size());
            grid.push(vector.reshaped(&Shape::of(&dims)));
        }
        let whole = Shape::checked(OP, &whole)?;
        if !sparse {
            grid.iter_mut().for_each(|x| *x = x.expanded(&whole));
        }
        Ok(grid)
    }

    /// The places of a shape that have these row-major numbers: for each of its axes the index. Negative
    /// numbers count from the end.
    ///
    /// # Errors
    /// Elements that are no integers, or a shape beyond eight dimensions. A number outside the shape is
    /// an error of the next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let numbers = Tensor::new([22, 41, 37], &Device::cpu())?;
    /// let places = numbers.unravel_index([7, 6])?;
    /// assert_eq!(places[0].to_vec::<i32>()?, [3, 6, 6]);
    /// assert_eq!(places[1].to_vec::<i32>()?, [4, 5, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn unravel_index(&self, shape: impl IntoShape) -> Result<Vec<Tensor>> {
        const OP: &str = "unravel_index";
        let shape = shape.into_shape()?;
        self.check_places(OP, shape.size())?;
        let mut left = self.in_range(OP, shape.size())?;
        let mut places = Vec::with_capacity(shape.ndim());
        for (axis, &size) in shape.dims().iter().enumerate().rev() {
            // The first axis has what is left.
            if axis == 0 {
                places.push(left.clone());
            } else {
                let size = Scalar::Int(size.max(1) as i64);
                places.push(left.remainder(size)?);
                left = left.floor_divide(size)?;
            }
        }
        places.reverse();
        Ok(places)
    }

    /// The row-major numbers of places of a shape, one tensor of indices for each of its axes, which
    /// broadcast together. Negative indices count from the end.
    ///
    /// # Errors
    /// Another number of tensors than axes, elements that are no integers, or shapes that do not
    /// broadcast. An index outside its axis is an error of the next read.
    #[track_caller]
    pub fn ravel_multi_index(places: &[&Tensor], shape: impl IntoShape) -> Result<Tensor> {
        const OP: &str = "ravel_multi_index";
        let shape = shape.into_shape()?;
        if places.len() != shape.ndim() || places.is_empty() {
            let message = format!("{} tensors of indices do not fit its axes", places.len());
            return Err(Error::shape(OP, &shape, message));
        }
        let mut number: Option<Tensor> = None;
        for (place, &size) in places.iter().zip(shape.dims()) {
            place.check_places(OP, shape.size())?;
            let place = place.in_range(OP, size)?;
            number = Some(match number {
                None => place,
                Some(number) => number.try_mul(Scalar::Int(size as i64))?.try_add(&place)?,
            });
        }
        number.ok_or_else(|| Error::value(OP, "at least one axis is needed"))
    }

    /// An error unless the elements are integers that can number `size` places.
    #[track_caller]
    fn check_places(&self, op: &'static str, size: usize) -> Result<()> {
        self.check_index(op, self)?;
        let most = match self.dtype {
            DType::I32 => i32::MAX as usize,
            _ => u32::MAX as usize,
        };
        if size <= most {
            return Ok(());
        }
        let message = format!("{size} places are more than {} counts", self.dtype);
        Err(Error::value(op, message))
    }

    /// Indices of an axis of the given size, counted from its start; one outside is a fault, which the
    /// next read tells: that of gathering from as many zeros, which take no memory.
    #[track_caller]
    fn in_range(&self, op: &'static str, size: usize) -> Result<Tensor> {
        let zero = Self::index(1, &self.device)?.to_dtype(self.dtype);
        let zeros = zero.contiguous().expanded(&Shape::of(&[size]));
        let flat = self.ravel();
        let fault = zeros.gathered(op, 0, &flat, flat.shape_ref())?;
        let index = match self.dtype {
            DType::I32 => self
                .lt(0)?
                .select(self.try_add(Scalar::Int(size as i64))?, self)?,
            _ => self.clone(),
        };
        index.try_add(fault.reshaped(self.shape_ref()))
    }
}
