//! Triangular factors: Cholesky and QR.

use faer::{Mat, MatRef, Side};

use super::host::rule;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

const INDEFINITE: &str = "the matrix is not positive definite";

impl Tensor {
    /// The lower triangular `l` with `l·lᵀ = a`, for symmetric positive definite matrices `a`, `(…, n, n)`,
    /// of which only the lower triangle is read. Computed on the host: it waits.
    ///
    /// # Errors
    /// A matrix that is not positive definite or not square.
    #[track_caller]
    pub fn cholesky(&self) -> Result<Tensor> {
        const OP: &str = "cholesky";
        self.check_square(OP)?;
        let (n, _) = self.matrix_shape(OP)?;
        let own = rule(move |step| {
            let l = step.result().matrix(0, n, n);
            let gradient = step.gradient.matrix(0, n, n);
            // L⁻ᵀ·Φ(Lᵀ·G)·L⁻¹, made symmetric, where Φ halves the diagonal of the lower triangle.
            let inner = l.transposed().matmul(&gradient)?;
            let phi = inner.tril(0)?.try_add(inner.tril(-1)?)? * 0.5;
            let inverse = l.inv()?;
            let product = inverse.transposed().matmul(&phi)?.matmul(&inverse)?;
            Ok((product.try_add(product.transposed())?) * 0.5)
        });
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            n * n,
            own.with_result(),
            |[a]: [MatRef<'_, f64>; 1], rows| {
                let llt = a.llt(Side::Lower).map_err(|_| INDEFINITE)?;
                rows.push(llt.L());
                Ok(())
            },
        )?;
        Ok(rows.matrix(0, n, n).to_dtype(self.dtype.to_float()))
    }

    /// Matrices `(…, m, n)` as `q·r`: `q` with orthonormal columns, `(…, m, k)`, and `r` upper triangular,
    /// `(…, k, n)`, where `k` is the smaller of m and n, or m if the decomposition is to be `complete`.
    /// Signs are those of Householder's reflections, as LAPACK's are. Computed on the host: it waits.
    ///
    /// Gradients flow where `q` has no more columns than the matrix and r is invertible in its first k.
    ///
    /// # Errors
    /// Less than two dimensions; in the walk of the gradients, a complete `q` of a tall matrix or
    /// dependent columns.
    #[track_caller]
    pub fn qr(&self, complete: bool) -> Result<(Tensor, Tensor)> {
        const OP: &str = "qr";
        let (m, n) = self.matrix_shape(OP)?;
        let k = if complete { m } else { m.min(n) };
        let own = rule(move |step| {
            if k > n {
                let message = "the complete decomposition of a tall matrix has no gradient; \
                               the reduced one has";
                return Err(Error::value(OP, message));
            }
            let (y, g) = (step.result(), step.gradient);
            let (q, r) = (y.matrix(0, m, k), y.matrix(m * k, k, n));
            let (gq, gr) = (g.matrix(0, m, k), g.matrix(m * k, k, n));
            if k == n {
                return square_gradient(&q, &r, &gq, &gr);
            }
            // Of a wide matrix [X Y] = Q·[U V] the first part is decomposed, and V = Qᵀ·Y follows.
            let y = step.input(0).narrow(-1, k, n - k)?;
            let (gu, gv) = (gr.narrow(-1, 0, k)?, gr.narrow(-1, k, n - k)?);
            let gq = gq.try_add(y.matmul(&gv.transposed())?)?;
            let first = square_gradient(&q, &r.narrow(-1, 0, k)?, &gq, &gu)?;
            Tensor::concat(&[&first, &q.matmul(&gv)?], -1)
        });
        let width = m * k + k * n;
        let rows = Tensor::by_matrix(
            OP,
            [&self.real()],
            width,
            own.with_result(),
            |[a]: [MatRef<'_, f64>; 1], rows| {
                let qr = a.qr();
                let q = if complete {
                    qr.compute_Q()
                } else {
                    qr.compute_thin_Q()
                };
                rows.push(q.as_ref());
                let mut r = Mat::<f64>::zeros(k, n);
                let upper = qr.thin_R();
                r.get_mut(..upper.nrows(), ..).copy_from(upper);
                rows.push(r.as_ref());
                Ok(())
            },
        )?;
        let dtype = self.dtype.to_float();
        let (q, r) = (rows.matrix(0, m, k), rows.matrix(m * k, k, n));
        Ok((q.to_dtype(dtype), r.to_dtype(dtype)))
    }
}

/// (Gq + Q·M)·R⁻ᵀ with M the lower triangle of R·Grᵀ − Gqᵀ·Q and its mirror image.
fn square_gradient(q: &Tensor, r: &Tensor, gq: &Tensor, gr: &Tensor) -> Result<Tensor> {
    let inner = r
        .matmul(&gr.transposed())?
        .try_sub(gq.transposed().matmul(q)?)?;
    let mirrored = inner.tril(0)?.try_add(inner.tril(-1)?.transposed())?;
    let sum = gq.try_add(q.matmul(&mirrored)?)?;
    // X·R⁻ᵀ = (R⁻¹·Xᵀ)ᵀ.
    Ok(r.solve(&sum.transposed())?.transposed())
}
