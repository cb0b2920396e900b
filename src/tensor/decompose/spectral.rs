//! Singular values and eigenvalues.

use faer::traits::RealField;
use faer::{MatRef, Side};

use super::host::rule;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Why a decomposition failed.
pub(super) const FAILED: &str = "it did not converge; are all values finite?";

/// An error for values that are not finite, which would give more such.
pub(super) fn finite<E: RealField>(a: MatRef<'_, E>) -> Result<(), &'static str> {
    if a.is_all_finite() {
        Ok(())
    } else {
        Err(FAILED)
    }
}

/// The singular value decomposition of matrices: `u · diag(s) · vt`.
#[derive(Clone, Debug)]
pub struct Svd {
    /// Orthonormal columns, `(…, m, k)`.
    pub u: Tensor,
    /// The singular values in descending order, `(…, min(m, n))`.
    pub s: Tensor,
    /// Orthonormal rows, `(…, k, n)`.
    pub vt: Tensor,
}

/// Eigenvalues and eigenvectors of symmetric matrices.
#[derive(Clone, Debug)]
pub struct Eigh {
    /// The eigenvalues in ascending order, `(…, n)`.
    pub values: Tensor,
    /// The eigenvectors, one a column, `(…, n, n)`.
    pub vectors: Tensor,
}

impl Tensor {
    /// The singular value decomposition of matrices, `(…, m, n)`. `u` and `vt` are square with `full`,
    /// else they have as many columns and rows as there are singular values. Computed on the host: it waits.
    ///
    /// The signs of a pair of vectors are not determined. The gradient, of the decomposition that is not
    /// full, is that of values that differ from one another and from zero; it is undefined for others.
    ///
    /// # Errors
    /// Less than two dimensions, or values that are not finite; in the walk of the gradients, a full
    /// decomposition of a matrix that is not square.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let a = Tensor::new([[3f32, 0.], [0., -5.], [0., 0.]], &Device::cpu())?;
    /// let svd = a.svd(false)?;
    /// assert_eq!((svd.u.shape(), svd.vt.shape()), (&[3, 2][..], &[2, 2][..]));
    /// assert_eq!(svd.s.to_vec::<f32>()?, [5., 3.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn svd(&self, full: bool) -> Result<Svd> {
        const OP: &str = "svd";
        let (m, n) = self.matrix_shape(OP)?;
        let k = m.min(n);
        let (left, right) = if full { (m, n) } else { (k, k) };
        // One row holds U, V and the values.
        let parts = move |row: &Tensor| {
            let u = row.matrix(0, m, left);
            let v = row.matrix(m * left, n, right);
            (u, row.matrix(m * left + n * right, 1, k), v)
        };
        let own = rule(move |step| {
            if full && m != n {
                let message = "the full decomposition has a gradient for square matrices only";
                return Err(Error::value(OP, message));
            }
            let (u, s, v) = parts(&step.result());
            let (gu, gs, gv) = parts(step.gradient);
            svd_gradient([&u, &s, &v], [&gu, &gs, &gv])
        });
        let width = m * left + n * right + k;
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            width,
            own.with_result(),
            |[a]: [MatRef<'_, f32>; 1], rows| {
                finite(a)?;
                let svd = if full { a.svd() } else { a.thin_svd() };
                let svd = svd.map_err(|_| FAILED)?;
                rows.push(svd.U());
                rows.push(svd.V());
                rows.push_all(svd.S().column_vector().iter().copied());
                Ok(())
            },
        )?;
        let dtype = self.dtype.to_float();
        let (u, s, v) = parts(&rows);
        Ok(Svd {
            u: u.to_dtype(dtype),
            s: s.squeeze(-2)?.to_dtype(dtype),
            vt: v.transposed().to_dtype(dtype),
        })
    }

    /// The singular values of matrices, `(…, m, n)`, in descending order. Computed on the host: it waits.
    ///
    /// # Errors
    /// Less than two dimensions, or values that are not finite.
    #[track_caller]
    pub fn svdvals(&self) -> Result<Tensor> {
        const OP: &str = "svdvals";
        let (m, n) = self.matrix_shape(OP)?;
        let own = rule(|step| {
            let svd = step.input(0).svd(false)?;
            let scaled = svd.u.try_mul(step.gradient.unsqueeze(-2)?)?;
            scaled.matmul(&svd.vt)
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            m.min(n),
            own,
            |[a]: [MatRef<'_, f32>; 1], rows| {
                finite(a)?;
                rows.push_all(a.singular_values().map_err(|_| FAILED)?);
                Ok(())
            },
        )?;
        Ok(rows.to_dtype(self.dtype.to_float()))
    }

    /// The eigenvalues and eigenvectors of symmetric matrices, `(…, n, n)`, of which only the lower
    /// triangle is read. Computed on the host: it waits.
    ///
    /// The sign of a vector is not determined. The gradient is that of eigenvalues that differ, and
    /// for an operand that stays symmetric; of the vectors it is undefined where values repeat.
    ///
    /// # Errors
    /// A matrix that is not square, or values that are not finite.
    #[track_caller]
    pub fn eigh(&self) -> Result<Eigh> {
        const OP: &str = "eigh";
        self.check_square(OP)?;
        let (n, _) = self.matrix_shape(OP)?;
        let own = rule(move |step| {
            let (y, g) = (step.result(), step.gradient);
            let (v, w) = (y.matrix(0, n, n), y.matrix(n * n, 1, n));
            let (gv, gw) = (g.matrix(0, n, n), g.matrix(n * n, 1, n));
            // V·(diag(Gw) + F∘(Vᵀ·Gv))·Vᵀ with Fᵢⱼ = 1/(wⱼ − wᵢ) beside the diagonal, made symmetric.
            let apart = w.try_sub(w.transposed())?;
            let inner = v.transposed().matmul(&gv)?.try_mul(reciprocal(&apart)?)?;
            let product = v.matmul(&inner)?.try_add(v.try_mul(&gw)?)?;
            let product = product.matmul(&v.transposed())?;
            Ok((product.try_add(product.transposed())?) * 0.5)
        });
        let width = n * n + n;
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            width,
            own.with_result(),
            |[a]: [MatRef<'_, f32>; 1], rows| {
                finite(a)?;
                let eigen = a.self_adjoint_eigen(Side::Lower).map_err(|_| FAILED)?;
                rows.push(eigen.U());
                rows.push_all(eigen.S().column_vector().iter().copied());
                Ok(())
            },
        )?;
        let dtype = self.dtype.to_float();
        Ok(Eigh {
            vectors: rows.matrix(0, n, n).to_dtype(dtype),
            values: rows.matrix(n * n, 1, n).squeeze(-2)?.to_dtype(dtype),
        })
    }

    /// The eigenvalues of symmetric matrices, `(…, n, n)`, in ascending order; only the lower triangle is
    /// read. Computed on the host: it waits.
    ///
    /// # Errors
    /// A matrix that is not square, or values that are not finite.
    #[track_caller]
    pub fn eigvalsh(&self) -> Result<Tensor> {
        const OP: &str = "eigvalsh";
        self.check_square(OP)?;
        let (n, _) = self.matrix_shape(OP)?;
        let own = rule(|step| {
            let v = step.input(0).eigh()?.vectors;
            let scaled = v.try_mul(step.gradient.unsqueeze(-2)?)?;
            scaled.matmul(&v.transposed())
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            n,
            own,
            |[a]: [MatRef<'_, f32>; 1], rows| {
                finite(a)?;
                let values = a.self_adjoint_eigenvalues(Side::Lower);
                rows.push_all(values.map_err(|_| FAILED)?);
                Ok(())
            },
        )?;
        Ok(rows.to_dtype(self.dtype.to_float()))
    }
}

/// From the gradients of U, s and V that of the matrix, with s as a row, by
///
/// U·[(F∘(Uᵀ·Gu − Guᵀ·U))·S + S·(F∘(Vᵀ·Gv − Gvᵀ·V)) + diag(Gs)]·Vᵀ
///   + (I − U·Uᵀ)·Gu·S⁻¹·Vᵀ + U·S⁻¹·Gvᵀ·(I − V·Vᵀ),  Fᵢⱼ = 1/(sⱼ² − sᵢ²) beside the diagonal.
fn svd_gradient([u, s, v]: [&Tensor; 3], [gu, gs, gv]: [&Tensor; 3]) -> Result<Tensor> {
    // (sⱼ − sᵢ)·(sⱼ + sᵢ) loses no digits where two values are close.
    let column = s.transposed();
    let f = reciprocal(&s.try_sub(&column)?.try_mul(s.try_add(&column)?)?)?;
    let turned = |x: &Tensor, g: &Tensor| -> Result<(Tensor, Tensor)> {
        let across = x.transposed().matmul(g)?;
        let inner = across.try_sub(across.transposed())?.try_mul(&f)?;
        // What of the gradient lies outside of the columns.
        Ok((inner, g.try_sub(x.matmul(&across)?)?))
    };
    let ((left, u_out), (right, v_out)) = (turned(u, gu)?, turned(v, gv)?);
    let inverse = reciprocal(s)?;
    // U·left·S + U·diag(Gs) + (Gu outside)·S⁻¹, all times Vᵀ.
    let inner = left.try_mul(s)?.try_add(right.try_mul(&column)?)?;
    let first = u.matmul(&inner)?.try_add(u.try_mul(gs)?)?;
    let first = first.try_add(u_out.try_mul(&inverse)?)?;
    let second = u.try_mul(&inverse)?.matmul(&v_out.transposed())?;
    first.matmul(&v.transposed())?.try_add(second)
}

/// 1/x, and 0 for 0.
fn reciprocal(x: &Tensor) -> Result<Tensor> {
    let zero = x.eq(0.0)?;
    zero.select(0.0, zero.select(1.0, x)?.reciprocal())
}
