//! Decompositions of matrices and what follows from them, computed on the host by `faer`.
//!
//! Every method reads its operands, which runs what is recorded and waits for it, computes on the calling
//! thread, and uploads the result. Systems of equations and triangular factors are computed in f64, which
//! was measured to take hardly longer than f32; singular values and eigenvalues in f32, as NumPy does, since
//! there it takes half the time. (A second thread gained nothing at 1000 × 1000.) The last two dimensions are
//! matrices, those before are batch dimensions. Integers give `f32`; `f16` stays.

mod factor;
mod host;
mod solve;
mod spectral;

pub use self::spectral::{Eigh, Svd};
