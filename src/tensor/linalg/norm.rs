//! Norms of vectors and matrices.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::{IntoAxes, Tensor};

/// Which norm [`Tensor::norm`] takes; a number is [`Norm::P`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    /// Of a vector (Σ|x|ᵖ)^(1/p): 2 is its length, 0 counts what is not zero, ±∞ is the largest or
    /// smallest |x|. Of a matrix 1 and −1 are the largest and smallest sum of a column of |x|, ∞ and
    /// −∞ those of a row, 2 and −2 the largest and smallest singular value.
    P(f64),
    /// The root of the sum of all squares, over any number of axes; NumPy's default, `ord=None`.
    Fro,
    /// The sum of the singular values of a matrix.
    Nuc,
}

macro_rules! into_norm {
    ($($t:ty)*) => {$(
        impl From<$t> for Norm {
            fn from(p: $t) -> Self {
                Self::P(p.into())
            }
        }
    )*};
}
into_norm!(i32 f32 f64);

/// The name of all methods here in errors.
const OP: &str = "norm";

impl Tensor {
    /// The norm over one axis (of vectors), two axes (of matrices: rows, then columns), or `..`,
    /// which is one of these by the number of dimensions; NumPy's `linalg.norm`. In floating point.
    ///
    /// Singular values need the feature `linalg`. Where a vector is
    /// all zeros its norm passes a gradient of 0.
    ///
    /// # Errors
    /// An axis out of range or named twice; another number of axes, but for [`Norm::Fro`]; an order
    /// that matrices do not have; no elements where there is no largest.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::Norm;
    /// let x = Tensor::new([[3f32, -4.], [0., 12.]], &Device::cpu())?;
    /// assert_eq!(x.norm(2, 1)?.to_vec::<f32>()?, [5., 12.]);
    /// assert_eq!(x.norm(Norm::Fro, ..)?.item::<f32>()?, 13.);
    /// assert_eq!(x.norm(1, ..)?.item::<f32>()?, 16.);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "vector_norm")]
    #[doc(alias = "matrix_norm")]
    #[track_caller]
    pub fn norm(&self, norm: impl Into<Norm>, axes: impl IntoAxes) -> Result<Tensor> {
        let axes = self.axes_of_norm(axes)?;
        let kept = self.norm_over(norm.into(), &axes)?;
        let mut gone: Vec<usize> = axes.iter().map(|&a| a as usize).collect();
        gone.sort_unstable();
        gone.iter()
            .rev()
            .try_fold(kept, |x, &a| x.squeeze(a as isize))
    }

    /// As [`norm`](Tensor::norm), with size 1 in the place of each axis.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn norm_keepdims(&self, norm: impl Into<Norm>, axes: impl IntoAxes) -> Result<Tensor> {
        let axes = self.axes_of_norm(axes)?;
        self.norm_over(norm.into(), &axes)
    }

    /// Divided by the norm along an axis, or by `eps` where that is smaller; PyTorch's
    /// `F.normalize`, whose defaults are 2, 1 and 1e-12.
    ///
    /// # Errors
    /// An axis out of range.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[0f32, 3., 4.], [0., 0., 0.]], &Device::cpu())?;
    /// let unit = x.normalize(2, 1, 1e-12)?;
    /// assert_eq!(unit.to_vec::<f32>()?, [0., 0.6, 0.8, 0., 0., 0.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn normalize(&self, p: impl Into<f64>, axis: isize, eps: f64) -> Result<Tensor> {
        let axis = self.shape_ref().axis("normalize", axis)?;
        let length = self.vector_norm(p.into(), &[axis as isize])?;
        self.try_div(length.maximum(eps)?)
    }

    /// The axes as they are named, from the front.
    #[track_caller]
    fn axes_of_norm(&self, axes: impl IntoAxes) -> Result<Vec<isize>> {
        let Some(axes) = axes.into_axes() else {
            return Ok((0..self.ndim() as isize).collect());
        };
        self.shape_ref().axis_set(OP, &axes)?;
        let resolve = |&axis: &isize| Ok(self.shape_ref().axis(OP, axis)? as isize);
        axes.iter().map(resolve).collect()
    }

    /// The norm with size 1 in the place of each axis.
    #[track_caller]
    fn norm_over(&self, norm: Norm, axes: &[isize]) -> Result<Tensor> {
        match (norm, axes) {
            (Norm::Fro, _) => self.vector_norm(2.0, axes),
            (Norm::P(p), [_]) => self.vector_norm(p, axes),
            (_, &[row, column]) => self.matrix_norm(norm, row, column),
            (Norm::Nuc, _) | (Norm::P(_), _) => {
                let (norm, fit) = match norm {
                    Norm::P(p) => (format!("the norm of order {p}"), "one axis or two"),
                    _ => ("the nuclear norm".into(), "two axes"),
                };
                let message = format!(
                    "{norm} is for {fit}, not for {}; name them, or take Norm::Fro, which is for any number",
                    axes.len()
                );
                Err(Error::shape(OP, self.shape_ref(), message))
            }
        }
    }

    /// (Σ|x|ᵖ)^(1/p) over any axes, which keep size 1. Computed in f32, since squares of f16 overflow.
    #[track_caller]
    pub(super) fn vector_norm(&self, p: f64, axes: &[isize]) -> Result<Tensor> {
        let dtype = self.dtype.to_float();
        let x = self.to_dtype(DType::F32);
        let norm = match p {
            f64::INFINITY => largest(&x.abs(), axes)?,
            f64::NEG_INFINITY => smallest(&x.abs(), axes)?,
            0.0 => x.ne(0.0)?.to_dtype(DType::F32).sum_keepdims(axes)?,
            1.0 => x.abs().sum_keepdims(axes)?,
            2.0 => root(&x.square().sum_keepdims(axes)?, |sum| Ok(sum.sqrt()))?,
            // Below 1 the power is infinitely steep at 0.
            p if p > 0.0 && p < 1.0 => {
                let powers = root(&x.abs(), |x| x.pow(p))?;
                root(&powers.sum_keepdims(axes)?, |sum| sum.pow(1.0 / p))?
            }
            p => {
                let sum = x.abs().pow(p)?.sum_keepdims(axes)?;
                match p > 0.0 {
                    true => root(&sum, |sum| sum.pow(1.0 / p))?,
                    false => sum.pow(1.0 / p)?,
                }
            }
        };
        Ok(norm.to_dtype(dtype))
    }

    /// The norm of the matrices of two axes, which keep size 1.
    #[track_caller]
    fn matrix_norm(&self, norm: Norm, row: isize, column: isize) -> Result<Tensor> {
        let x = self.to_dtype(self.dtype.to_float());
        let sums = |axis: isize| x.abs().sum_keepdims(axis);
        match norm {
            Norm::P(1.0) => largest(&sums(row)?, &[column]),
            Norm::P(-1.0) => smallest(&sums(row)?, &[column]),
            Norm::P(f64::INFINITY) => largest(&sums(column)?, &[row]),
            Norm::P(f64::NEG_INFINITY) => smallest(&sums(column)?, &[row]),
            Norm::P(2.0 | -2.0) | Norm::Nuc => {
                let values = x.singular_values(row as usize, column as usize)?;
                let one = match norm {
                    Norm::Nuc => values.sum_keepdims(-1)?,
                    Norm::P(p) if p > 0.0 => largest(&values, &[-1])?,
                    _ => smallest(&values, &[-1])?,
                };
                let dims = (0..x.ndim()).map(|i| {
                    let gone = i as isize == row || i as isize == column;
                    if gone { 1 } else { x.shape()[i] }
                });
                Ok(one.reshaped(&dims.collect()))
            }
            Norm::P(p) => {
                let message = format!("matrices have norms of order ±1, ±2 and ±∞, not {p}");
                Err(Error::value(OP, message))
            }
            Norm::Fro => unreachable!("taken as that of a vector"),
        }
    }

    /// The singular values of the matrices of two axes, along a last axis.
    #[cfg(feature = "linalg")]
    #[track_caller]
    fn singular_values(&self, row: usize, column: usize) -> Result<Tensor> {
        let others = (0..self.ndim()).filter(|&i| i != row && i != column);
        let order: Vec<usize> = others.chain([row, column]).collect();
        self.permuted(&order).svdvals()
    }

    #[cfg(not(feature = "linalg"))]
    #[track_caller]
    fn singular_values(&self, _row: usize, _column: usize) -> Result<Tensor> {
        let message = "norms by singular values need the feature `linalg`";
        Err(Error::value(OP, message))
    }
}

/// The largest of numbers that are not negative: of none of them it is 0.
#[track_caller]
fn largest(x: &Tensor, axes: &[isize]) -> Result<Tensor> {
    match x.size() {
        0 => x.sum_keepdims(axes),
        _ => x.max_keepdims(axes),
    }
}

/// The smallest, of one at least.
#[track_caller]
fn smallest(x: &Tensor, axes: &[isize]) -> Result<Tensor> {
    x.min_keepdims(axes).map_err(|error| error.of(OP))
}

/// A function of numbers that are not negative, which is 0 at 0 and infinitely steep there: that passes a
/// gradient of 0, where the slope times 0 would be NaN.
#[track_caller]
fn root(x: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let zero = x.eq(0.0)?;
    zero.select(0.0, f(&zero.select(1.0, x)?)?)
}
