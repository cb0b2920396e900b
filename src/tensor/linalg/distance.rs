//! Distances between points.

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::shape::MAX_RANK;
use crate::tensor::Tensor;

impl Tensor {
    /// The distance of each row of this tensor, `(…, n, d)`, from each row of the other, `(…, m, d)`:
    /// `(…, n, m)`; PyTorch's `cdist`. It is the `p`-norm of the difference: 2 is Euclid's
    /// distance, 1 the sum of |differences|, ∞ the largest, 0 the number of those that differ.
    ///
    /// The differences are reduced as they are computed and never stored, and squares of them are
    /// summed: two points that are close to one another lose no digits. Equal points pass a gradient of 0.
    ///
    /// # Errors
    /// Points of different dimensions, leading dimensions that do not broadcast, a tensor that is no
    /// matrix, a negative `p`, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::new([[1f32, 1.]], &dev)?;
    /// let y = Tensor::new([[1f32, 1.], [4., 5.]], &dev)?;
    /// assert_eq!(x.cdist(&y, 2.0)?.to_vec::<f32>()?, [0., 5.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn cdist(&self, rhs: &Tensor, p: impl Into<f64>) -> Result<Tensor> {
        const OP: &str = "cdist";
        self.same_device(OP, rhs)?;
        let p = p.into();
        if p < 0.0 || p.is_nan() {
            let message = format!("the order of a distance is 0 or more, not {p}");
            return Err(Error::value(OP, message));
        }
        for points in [self, rhs] {
            if !(2..MAX_RANK).contains(&points.ndim()) {
                let message = "points are the rows of a matrix, of at most 7 dimensions";
                return Err(Error::shape(OP, points.shape_ref(), message));
            }
        }
        let (left, right) = (self.shape()[self.ndim() - 1], rhs.shape()[rhs.ndim() - 1]);
        if left != right {
            return Err(Error::new(ErrorKind::Shapes {
                op: OP,
                lhs: self.shape_ref().clone(),
                rhs: rhs.shape_ref().clone(),
                message: "points must have equally many coordinates",
                hint: String::new(),
            }));
        }
        let dtype = self.dtype.promote(rhs.dtype).to_float();
        let (x, y) = (self.to_dtype(DType::F32), rhs.to_dtype(DType::F32));
        // Coordinates outermost, so that a sum of few of them is no short row: whole rows of distances are
        // added up, of points that lie in order for each coordinate.
        let (x, y) = (x.transposed().contiguous(), y.transposed().contiguous());
        let difference = x.unsqueeze(-1)?.try_sub(y.unsqueeze(-2)?)?;
        // The largest of no coordinates is 0 too, as their sum is.
        let p = if left == 0 { 1.0 } else { p };
        let distance = difference.vector_norm(p, &[-3])?.squeeze(-3)?;
        Ok(distance.to_dtype(dtype))
    }
}
