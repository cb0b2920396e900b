//! Linear systems: solutions, inverses and determinants.

use faer::MatRef;
use faer::linalg::solvers::{DenseSolveCore, PartialPivLu, Solve};

use super::host::rule;
use super::spectral::{FAILED, finite};
use crate::autograd::OwnRule;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

const SINGULAR: &str = "the matrix is singular; lstsq and pinv take such ones";

/// The factors of a matrix, and whether a pivot is zero: then it is singular, as LAPACK has it.
fn factors(a: MatRef<'_, f64>) -> (PartialPivLu<f64>, bool) {
    let lu = a.partial_piv_lu();
    let singular = lu.U().diagonal().column_vector().iter().any(|&u| u == 0.0);
    (lu, singular)
}

/// The sign of a determinant and the logarithm of its absolute value.
fn sign_and_logarithm(a: MatRef<'_, f64>) -> (f64, f64) {
    let lu = a.partial_piv_lu();
    let mut sign = if odd(lu.P().arrays().0) { -1.0 } else { 1.0 };
    let mut logarithm = 0.0;
    for &u in lu.U().diagonal().column_vector().iter() {
        sign *= if u == 0.0 { 0.0 } else { u.signum() };
        logarithm += u.abs().ln();
    }
    (sign, logarithm)
}

/// Whether a permutation is one of an odd number of exchanges.
fn odd(permutation: &[usize]) -> bool {
    let mut seen = vec![false; permutation.len()];
    let mut exchanges = 0;
    for start in 0..permutation.len() {
        let mut at = start;
        while !std::mem::replace(&mut seen[at], true) {
            at = permutation[at];
            exchanges += usize::from(at != start);
        }
    }
    exchanges % 2 == 1
}

impl Tensor {
    /// The `x` with `a·x = b`, for square matrices `a`, `(…, n, n)`; `b` is a vector of `n` or
    /// matrices `(…, n, k)`, and the leading dimensions broadcast. NumPy's `linalg.solve`. Computed
    /// on the host: it waits.
    ///
    /// # Errors
    /// A singular matrix, one that is not square, sizes that do not meet, or tensors on different
    /// devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let a = Tensor::new([[2f32, 0.], [0., 4.]], &dev)?;
    /// let b = Tensor::new([2f32, 2.], &dev)?;
    /// assert_eq!(a.solve(&b)?.to_vec::<f32>()?, [1., 0.5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn solve(&self, b: &Tensor) -> Result<Tensor> {
        const OP: &str = "solve";
        self.check_square(OP)?;
        let (a, b, vector) = self.system(OP, b)?;
        let dtype = self.dtype.promote(b.dtype).to_float();
        let (n, k) = b.matrix_shape(OP)?;
        let own = OwnRule::new(move |step| {
            let (a, x) = (step.input(0), step.result().matrix(0, n, k));
            let b_gradient = a.transposed().solve(&step.gradient.matrix(0, n, k))?;
            let a_gradient = match step.wants(0) {
                true => Some(-b_gradient.matmul(&x.transposed())?),
                false => None,
            };
            Ok(vec![a_gradient, Some(b_gradient)])
        });
        let rows = Tensor::by_matrix(
            OP,
            [&a, &b],
            n * k,
            own.with_result(),
            |[a, b]: [MatRef<'_, f64>; 2], rows| {
                let (lu, singular) = factors(a);
                if singular {
                    return Err(SINGULAR);
                }
                rows.push(lu.solve(b).as_ref());
                Ok(())
            },
        )?;
        let x = rows.matrix(0, n, k).to_dtype(dtype);
        if vector { x.squeeze(-1) } else { Ok(x) }
    }

    /// The operands of a system of equations in f32 and with the same leading dimensions, and whether
    /// the right side was a vector, which now is a column.
    #[track_caller]
    fn system(&self, op: &'static str, b: &Tensor) -> Result<(Tensor, Tensor, bool)> {
        self.same_device(op, b)?;
        let (rows, columns) = self.matrix_shape(op)?;
        let vector = b.ndim() == 1;
        let b = if vector { b.unsqueeze(-1)? } else { b.clone() };
        let (others, k) = b.matrix_shape(op)?;
        if others != rows {
            return Err(Error::new(ErrorKind::Shapes {
                op,
                lhs: self.shape_ref().clone(),
                rhs: b.shape_ref().clone(),
                message: "both sides must have equally many rows",
                hint: String::new(),
            }));
        }
        let batch = Shape::of(self.batch()).broadcast(&Shape::of(b.batch()), op)?;
        let with = |rows, columns| Shape::checked(op, &[batch.dims(), &[rows, columns]].concat());
        let a = self.real().expanded(&with(rows, columns)?);
        let b = b.real().expanded(&with(rows, k)?);
        Ok((a, b, vector))
    }

    /// The inverse of square matrices, `(…, n, n)`. Computed on the host: it waits. Where the
    /// inverse only meets a product, [`solve`](Tensor::solve) is faster and closer.
    ///
    /// # Errors
    /// A singular matrix, or one that is not square.
    #[doc(alias = "inverse")]
    #[track_caller]
    pub fn inv(&self) -> Result<Tensor> {
        const OP: &str = "inv";
        self.check_square(OP)?;
        let (n, _) = self.matrix_shape(OP)?;
        let own = rule(move |step| {
            let y = step.result().matrix(0, n, n).transposed();
            let gradient = step.gradient.matrix(0, n, n);
            Ok(-y.matmul(&gradient)?.matmul(&y)?)
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            n * n,
            own.with_result(),
            |[a]: [MatRef<'_, f64>; 1], rows| {
                let (lu, singular) = factors(a);
                if singular {
                    return Err(SINGULAR);
                }
                rows.push(lu.inverse().as_ref());
                Ok(())
            },
        )?;
        Ok(rows.matrix(0, n, n).to_dtype(self.dtype.to_float()))
    }

    /// The determinant of square matrices, `(…, n, n)`: `(…)`. Computed on the host: it waits.
    ///
    /// # Errors
    /// A matrix that is not square; in the walk of the gradients, a singular one.
    #[track_caller]
    pub fn det(&self) -> Result<Tensor> {
        const OP: &str = "det";
        self.check_square(OP)?;
        let own = rule(|step| {
            let scale = (step.gradient * step.result()).unsqueeze(-1)?;
            step.input(0).inv()?.transposed().try_mul(scale)
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            1,
            own.with_result(),
            |[a]: [MatRef<'_, f64>; 1], rows| {
                let (sign, logarithm) = sign_and_logarithm(a);
                rows.push_all([sign * logarithm.exp()]);
                Ok(())
            },
        )?;
        rows.squeeze(-1).map(|y| y.to_dtype(self.dtype.to_float()))
    }

    /// The sign of the determinant of square matrices, `(…, n, n)`, and the logarithm of its absolute
    /// value, both `(…)`: of a singular matrix 0 and −∞. Computed on the host: it waits.
    ///
    /// # Errors
    /// A matrix that is not square; in the walk of the gradients, a singular one.
    #[track_caller]
    pub fn slogdet(&self) -> Result<(Tensor, Tensor)> {
        const OP: &str = "slogdet";
        self.check_square(OP)?;
        let own = rule(|step| {
            // The sign is flat.
            let gradient = step.gradient.narrow(-1, 1, 1)?.unsqueeze(-1)?;
            step.input(0).inv()?.transposed().try_mul(gradient)
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            2,
            own,
            |[a]: [MatRef<'_, f64>; 1], rows| {
                let (sign, logarithm) = sign_and_logarithm(a);
                rows.push_all([sign, logarithm]);
                Ok(())
            },
        )?;
        let dtype = self.dtype.to_float();
        let sign = rows.narrow(-1, 0, 1)?.squeeze(-1)?.detach();
        let logarithm = rows.narrow(-1, 1, 1)?.squeeze(-1)?;
        Ok((sign.to_dtype(dtype), logarithm.to_dtype(dtype)))
    }

    /// The pseudo-inverse of Moore and Penrose, `(…, m, n)` to `(…, n, m)`, by the singular values:
    /// those not above `rcond` times the largest count as zero. Computed on the host: it waits.
    /// The gradient takes the rank for constant.
    ///
    /// # Errors
    /// Less than two dimensions, or values that are not finite.
    #[track_caller]
    pub fn pinv(&self, rcond: f64) -> Result<Tensor> {
        const OP: &str = "pinv";
        let (m, n) = self.matrix_shape(OP)?;
        let own = rule(move |step| {
            let (a, p) = (step.input(0), step.result().matrix(0, n, m));
            let g = step.gradient.matrix(0, n, m).transposed();
            let q = p.transposed();
            // −Pᵀ·G·Pᵀ + (I − A·P)·Gᵀ·P·Pᵀ + Pᵀ·P·Gᵀ·(I − P·A), with G of the shape of P.
            let direct = q.matmul(&g.transposed())?.matmul(&q)?;
            let right = g.matmul(&p)?.matmul(&q)?;
            let right = right.try_sub(a.matmul(&p)?.matmul(&right)?)?;
            let left = q.matmul(&p)?.matmul(&g)?;
            let left = left.try_sub(left.matmul(&p)?.matmul(&a)?)?;
            right.try_add(left)?.try_sub(direct)
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            n * m,
            own.with_result(),
            |[a]: [MatRef<'_, f32>; 1], rows| {
                finite(a)?;
                let svd = a.thin_svd().map_err(|_| FAILED)?;
                let values: Vec<f32> = svd.S().column_vector().iter().copied().collect();
                let least = rcond * f64::from(values.first().copied().unwrap_or_default());
                let mut scaled = svd.V().to_owned();
                for (column, &s) in scaled.col_iter_mut().zip(&values) {
                    let factor = if f64::from(s) > least { 1.0 / s } else { 0.0 };
                    column.iter_mut().for_each(|v| *v *= factor);
                }
                rows.push((scaled * svd.U().transpose()).as_ref());
                Ok(())
            },
        )?;
        Ok(rows.matrix(0, n, m).to_dtype(self.dtype.to_float()))
    }

    /// The `x` of least ‖x‖ that makes ‖a·x − b‖ least, for matrices `a`, `(…, m, n)`; `b` is a
    /// vector of `m` or matrices `(…, m, k)`. Singular values not above `rcond` times the largest
    /// count as zero, as in [`pinv`](Tensor::pinv); NumPy takes 1.2e-7 times the larger of m and n in f32.
    /// Computed on the host: it waits.
    ///
    /// # Errors
    /// Sizes that do not meet, values that are not finite, or tensors on different devices.
    #[track_caller]
    pub fn lstsq(&self, b: &Tensor, rcond: f64) -> Result<Tensor> {
        const OP: &str = "lstsq";
        let (a, columns, vector) = self.system(OP, b)?;
        let x = a.pinv(rcond)?.matmul(&columns)?;
        let x = x.to_dtype(self.dtype.promote(b.dtype).to_float());
        if vector { x.squeeze(-1) } else { Ok(x) }
    }

    /// The number of singular values above `tolerance` of matrices, `(…, m, n)`, as `u32` `(…)`.
    /// Without a tolerance it is 1.2e-7 times the largest value and the larger of m and n, as NumPy's
    /// for f32. Computed on the host: it waits.
    ///
    /// # Errors
    /// Less than two dimensions, or values that are not finite.
    #[track_caller]
    pub fn matrix_rank(&self, tolerance: Option<f64>) -> Result<Tensor> {
        let (m, n) = self.matrix_shape("matrix_rank")?;
        let values = self.detach().svdvals()?;
        let above = match tolerance {
            Some(tolerance) => values.gt(tolerance)?,
            None if m.min(n) == 0 => values.gt(0.0)?,
            None => {
                let share = m.max(n) as f64 * f64::from(f32::EPSILON);
                values.gt(values.max_keepdims(-1)? * share)?
            }
        };
        above.to_dtype(DType::U32).sum(-1)
    }
}
