//! Powers of matrices.

use super::contract::numbers;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

impl Tensor {
    /// The matrix multiplied with itself `n` times: `(…, m, m)`. 0 gives the identity; a negative
    /// `n` powers of the inverse, with the feature `linalg`.
    ///
    /// # Errors
    /// Matrices that are not square; a negative power of a singular one, or of any without the
    /// feature.
    #[track_caller]
    pub fn matrix_power(&self, n: i32) -> Result<Tensor> {
        const OP: &str = "matrix_power";
        self.check_square(OP)?;
        let mut power = match n < 0 {
            true => self.inverse(OP)?,
            false => numbers(&[self])[0].as_ref().clone(),
        };
        let mut left = n.unsigned_abs();
        let mut result: Option<Tensor> = None;
        while left > 0 {
            if left % 2 == 1 {
                result = Some(match result {
                    Some(result) => result.matmul(&power)?,
                    None => power.clone(),
                });
            }
            left /= 2;
            if left > 0 {
                power = power.matmul(&power)?;
            }
        }
        match result {
            Some(result) => Ok(result),
            None => {
                let m = self.shape()[self.ndim() - 1];
                let eye = Tensor::eye(m, m, &self.device)?.to_dtype(power.dtype);
                Ok(eye.expanded(self.shape_ref()))
            }
        }
    }

    /// The inverse, for an operation that only sometimes needs one.
    #[cfg(feature = "linalg")]
    #[track_caller]
    fn inverse(&self, _op: &'static str) -> Result<Tensor> {
        self.inv()
    }

    #[cfg(not(feature = "linalg"))]
    #[track_caller]
    fn inverse(&self, op: &'static str) -> Result<Tensor> {
        Err(Error::value(
            op,
            "a negative power needs the feature `linalg`",
        ))
    }

    /// An error for anything but square matrices in the last two dimensions.
    #[track_caller]
    pub(in crate::tensor) fn check_square(&self, op: &'static str) -> Result<()> {
        match self.shape() {
            [.., n, m] if n == m => Ok(()),
            _ => {
                let message = "the last two dimensions must be those of square matrices";
                Err(Error::shape(op, self.shape_ref(), message))
            }
        }
    }
}
