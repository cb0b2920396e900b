//! What plots take as data.

use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// A row of numbers: slices, arrays and vectors of Rust's numbers, and tensors of any rank, in row-major order.
///
/// A tensor is read once, when it is given; what fails then is an error when the picture is drawn.
pub trait IntoValues {
    #[doc(hidden)]
    fn into_values(self) -> Result<Vec<f64>>;
}

/// A table of numbers: nested slices, arrays and vectors with rows of one length, and tensors of two axes.
pub trait IntoMatrix {
    #[doc(hidden)]
    fn into_matrix(self, op: &'static str) -> Result<Matrix>;
}

/// Numbers in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    pub(crate) fn column(&self, column: usize) -> Vec<f64> {
        (0..self.rows).map(|row| self.at(row, column)).collect()
    }
}

fn wide<T: Copy + Into<Scalar>>(values: &[T]) -> Vec<f64> {
    values.iter().map(|&v| v.into().to_f64()).collect()
}

impl<T: Copy + Into<Scalar>> IntoValues for &[T] {
    fn into_values(self) -> Result<Vec<f64>> {
        Ok(wide(self))
    }
}

impl<T: Copy + Into<Scalar>, const N: usize> IntoValues for &[T; N] {
    fn into_values(self) -> Result<Vec<f64>> {
        Ok(wide(self))
    }
}

impl<T: Copy + Into<Scalar>, const N: usize> IntoValues for [T; N] {
    fn into_values(self) -> Result<Vec<f64>> {
        Ok(wide(&self))
    }
}

impl<T: Copy + Into<Scalar>> IntoValues for &Vec<T> {
    fn into_values(self) -> Result<Vec<f64>> {
        Ok(wide(self))
    }
}

impl<T: Copy + Into<Scalar>> IntoValues for Vec<T> {
    fn into_values(self) -> Result<Vec<f64>> {
        Ok(wide(&self))
    }
}

impl IntoValues for &Tensor {
    #[track_caller]
    fn into_values(self) -> Result<Vec<f64>> {
        self.to_vec()
    }
}

impl IntoValues for Tensor {
    #[track_caller]
    fn into_values(self) -> Result<Vec<f64>> {
        self.to_vec()
    }
}

#[track_caller]
fn rows<'a, T: Copy + Into<Scalar> + 'a>(
    op: &'static str,
    rows: impl ExactSizeIterator<Item = &'a [T]> + Clone,
) -> Result<Matrix> {
    let columns = rows.clone().next().map_or(0, <[T]>::len);
    if let Some(other) = rows.clone().find(|row| row.len() != columns) {
        let message = format!(
            "rows must be of one length, and there are of {columns} and of {}",
            other.len()
        );
        return Err(Error::value(op, message));
    }
    Ok(Matrix {
        rows: rows.len(),
        columns,
        values: rows.flat_map(wide).collect(),
    })
}

impl<T: Copy + Into<Scalar>, const C: usize, const R: usize> IntoMatrix for &[[T; C]; R] {
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        rows(op, self.iter().map(|row| &row[..]))
    }
}

impl<T: Copy + Into<Scalar>, const C: usize, const R: usize> IntoMatrix for [[T; C]; R] {
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        rows(op, self.iter().map(|row| &row[..]))
    }
}

impl<T: Copy + Into<Scalar>> IntoMatrix for &[Vec<T>] {
    #[track_caller]
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        rows(op, self.iter().map(|row| &row[..]))
    }
}

impl<T: Copy + Into<Scalar>> IntoMatrix for &Vec<Vec<T>> {
    #[track_caller]
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        rows(op, self.iter().map(|row| &row[..]))
    }
}

impl<T: Copy + Into<Scalar>> IntoMatrix for Vec<Vec<T>> {
    #[track_caller]
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        rows(op, self.iter().map(|row| &row[..]))
    }
}

impl IntoMatrix for &Tensor {
    #[track_caller]
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        let &[rows, columns] = self.shape() else {
            let message = "a table has two axes, (rows, columns)";
            return Err(Error::shape(op, self.shape_ref(), message));
        };
        Ok(Matrix {
            rows,
            columns,
            values: self.to_vec()?,
        })
    }
}

impl IntoMatrix for Tensor {
    #[track_caller]
    fn into_matrix(self, op: &'static str) -> Result<Matrix> {
        (&self).into_matrix(op)
    }
}
