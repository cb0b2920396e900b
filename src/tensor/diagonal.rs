//! Diagonals and triangles.

use super::Tensor;
use crate::autograd::Rule;
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::shape::Shape;

impl Tensor {
    /// The diagonals of two axes, as a view: the axes go, and a new last axis walks along each diagonal.
    /// It starts `offset` columns to the right on `axis1`, or, where negative, rows down on `axis0`.
    ///
    /// # Errors
    /// An axis out of range, or one axis twice.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::arange(0, 9, 1, &Device::cpu())?.reshape([3, 3])?;
    /// assert_eq!(x.diagonal(1, 0, 1)?.to_vec::<i32>()?, [1, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn diagonal(&self, offset: isize, axis0: isize, axis1: isize) -> Result<Tensor> {
        self.diagonal_of("diagonal", offset, axis0, axis1)
    }

    #[track_caller]
    fn diagonal_of(
        &self,
        op: &'static str,
        offset: isize,
        axis0: isize,
        axis1: isize,
    ) -> Result<Tensor> {
        let shape = self.shape_ref();
        shape.axis_set(op, &[axis0, axis1])?;
        let (first, second) = (shape.axis(op, axis0)?, shape.axis(op, axis1)?);
        let of = |layout: &Layout| layout.diagonal(first, second, offset);
        let region = of(&Layout::contiguous(shape.clone()));
        Ok(self.view(of(self.layout()), Rule::Region(region)))
    }

    /// The diagonal of a matrix, as a view; or a matrix with a vector on its diagonal and zeros elsewhere.
    /// The diagonal is `offset` columns to the right of the main one, or, where negative, rows below.
    ///
    /// # Errors
    /// A tensor that is no vector and no matrix, or a matrix that the device cannot hold.
    #[track_caller]
    pub fn diag(&self, offset: isize) -> Result<Tensor> {
        const OP: &str = "diag";
        match *self.shape() {
            [_, _] => self.diagonal_of(OP, offset, 0, 1),
            [n] => {
                let side = n.saturating_add(offset.unsigned_abs());
                let shape = Shape::checked(OP, &[side, side])?;
                self.device.check_size(OP, &shape, self.dtype)?;
                let region = Layout::contiguous(shape.clone()).diagonal(0, 1, offset);
                Ok(Self::assemble(&[self], vec![region], shape, self.dtype))
            }
            _ => {
                let message = "it takes a vector or a matrix; see diagonal for other ranks";
                Err(Error::shape(OP, self.shape_ref(), message))
            }
        }
    }

    /// The sums of the diagonals of two axes, which go; see [`diagonal`](Tensor::diagonal).
    ///
    /// # Errors
    /// An axis out of range, or one axis twice.
    #[track_caller]
    pub fn trace(&self, offset: isize, axis0: isize, axis1: isize) -> Result<Tensor> {
        self.diagonal_of("trace", offset, axis0, axis1)?.sum(-1)
    }

    /// The lower triangles of the last two axes: zeros above the diagonal that is `k` columns to the
    /// right of the main one.
    ///
    /// # Errors
    /// Fewer than two axes.
    #[track_caller]
    pub fn tril(&self, k: isize) -> Result<Tensor> {
        let lower = self.triangle("tril", k)?;
        lower.select(self, self.full_like(0))
    }

    /// The upper triangles of the last two axes: zeros below the diagonal that is `k` columns to the
    /// right of the main one.
    ///
    /// # Errors
    /// Fewer than two axes.
    #[track_caller]
    pub fn triu(&self, k: isize) -> Result<Tensor> {
        let below = self.triangle("triu", k.saturating_sub(1))?;
        below.select(self.full_like(0), self)
    }

    /// The `n × m` matrix with ones on and below the diagonal that is `k` columns to the right of the
    /// main one, and zeros elsewhere, as `f32`.
    ///
    /// # Errors
    /// More elements than the device can hold.
    #[track_caller]
    pub fn tri(n: usize, m: usize, k: isize, device: &Device) -> Result<Tensor> {
        device.check_size("tri", &Shape::checked("tri", &[n, m])?, DType::F32)?;
        Ok(Self::lower(n, m, k, device)?.to_dtype(DType::F32))
    }

    /// Where the last two axes have their lower triangles.
    #[track_caller]
    fn triangle(&self, op: &'static str, k: isize) -> Result<Tensor> {
        match *self.shape() {
            [.., rows, columns] => Self::lower(rows, columns, k, &self.device),
            _ => {
                let message = "a triangle needs two axes";
                Err(Error::shape(op, self.shape_ref(), message))
            }
        }
    }

    /// Whether column ≤ row + k, for each place of a matrix.
    #[track_caller]
    fn lower(rows: usize, columns: usize, k: isize, device: &Device) -> Result<Tensor> {
        // Beyond the matrix nothing changes, and so the sum stays in range.
        let k = k.clamp(-(rows as isize), columns as isize);
        let rows = Self::index(rows, device)?.to_dtype(DType::I32);
        let columns = Self::index(columns, device)?.to_dtype(DType::I32);
        columns.le(rows.try_add(k as i64)?.unsqueeze(1)?)
    }
}
