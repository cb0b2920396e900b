//! Matrices from a device to the host and back.

use faer::MatRef;
use faer::traits::RealField;

use crate::autograd::{OwnRule, Rule, Step, track};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// What the host computes in: f64 where that takes hardly longer, f32 for singular values and eigenvalues.
pub(super) trait Number: Element + RealField + Copy + Into<f64> {}

impl Number for f32 {}
impl Number for f64 {}

/// Matrices on the host, column by column, one behind the other.
struct Matrices<E> {
    values: Vec<E>,
    rows: usize,
    columns: usize,
}

impl<E: Number> Matrices<E> {
    /// One of the matrices.
    fn at(&self, number: usize) -> MatRef<'_, E> {
        let size = self.rows * self.columns;
        let values = &self.values[number * size..][..size];
        MatRef::from_column_major_slice(values, self.rows, self.columns)
    }
}

/// The results of all matrices: for each of them a row of numbers, in which parts of several shapes follow
/// one another, each column by column.
pub(super) struct Rows {
    values: Vec<f32>,
}

impl Rows {
    /// Adds a part to the current row.
    pub(super) fn push<E: Number>(&mut self, part: MatRef<'_, E>) {
        for column in part.col_iter() {
            match column.try_as_col_major() {
                Some(column) => self.push_all(column.as_slice().iter().copied()),
                None => self.push_all(column.iter().copied()),
            }
        }
    }

    pub(super) fn push_all<E: Number>(&mut self, numbers: impl IntoIterator<Item = E>) {
        let narrow = |v: E| v.into() as f32;
        self.values.extend(numbers.into_iter().map(narrow));
    }
}

impl Tensor {
    /// An error for tensors of less than two dimensions.
    #[track_caller]
    pub(super) fn matrix_shape(&self, op: &'static str) -> Result<(usize, usize)> {
        match self.shape() {
            [.., rows, columns] => Ok((*rows, *columns)),
            _ => {
                let message = "a matrix has two dimensions";
                Err(Error::shape(op, self.shape_ref(), message))
            }
        }
    }

    /// The sizes before the last two.
    pub(super) fn batch(&self) -> &[usize] {
        &self.shape()[..self.ndim() - 2]
    }

    /// In the type that decompositions are differentiated in: f32, or f16 as f32.
    pub(super) fn real(&self) -> Tensor {
        self.to_dtype(DType::F32)
    }

    /// The matrices on the host.
    #[track_caller]
    fn matrices<E: Number>(&self) -> Result<Matrices<E>> {
        let (rows, columns) = (self.shape()[self.ndim() - 2], self.shape()[self.ndim() - 1]);
        Ok(Matrices {
            values: self.transposed().to_vec()?,
            rows,
            columns,
        })
    }

    /// Computes, in `E`, a row of `width` numbers from the matrices of the same number in each operand, which
    /// are f32 and have the same batch dimensions: a tensor of these and a last one of `width`. Where it
    /// fails, the words say why.
    #[track_caller]
    pub(super) fn by_matrix<E: Number, const N: usize>(
        op: &'static str,
        operands: [&Tensor; N],
        width: usize,
        rule: OwnRule,
        compute: impl Fn([MatRef<'_, E>; N], &mut Rows) -> Result<(), &'static str>,
    ) -> Result<Tensor> {
        let batch = operands[0].batch();
        let shape = Shape::checked(op, &[batch, &[width]].concat())?;
        let mut matrices = Vec::with_capacity(N);
        for operand in operands {
            matrices.push(operand.detach().matrices()?);
        }
        let mut rows = Rows {
            values: Vec::with_capacity(shape.size()),
        };
        // Of matrices without elements there is nothing to compute, unless they have a determinant.
        let count = if width == 0 {
            0
        } else {
            batch.iter().product()
        };
        for number in 0..count {
            let each: [MatRef<'_, E>; N] = std::array::from_fn(|i| matrices[i].at(number));
            if let Err(what) = compute(each, &mut rows) {
                let which = match batch {
                    [] => String::new(),
                    _ => format!(" (matrix {number} of {count})"),
                };
                return Err(Error::value(op, format!("{what}{which}")));
            }
        }
        let out = Tensor::from_slice(&rows.values, shape, operands[0].device())?;
        Ok(track(out, &operands, Rule::Own(rule)))
    }

    /// The part of each row from `start` on as a matrix of these sizes.
    pub(super) fn matrix(&self, start: usize, rows: usize, columns: usize) -> Tensor {
        let axis = self.ndim() - 1;
        let flat = self.sliced(axis, start as isize, 1, rows * columns);
        let batch = self.shape()[..axis].iter().copied();
        let shape: Shape = batch.chain([columns, rows]).collect();
        flat.reshaped(&shape).transposed()
    }
}

/// A rule for one operand, from the gradient and what was kept.
pub(super) fn rule(f: impl Fn(&Step<'_>) -> Result<Tensor> + Send + Sync + 'static) -> OwnRule {
    OwnRule::new(move |step| Ok(vec![Some(f(step)?)]))
}
