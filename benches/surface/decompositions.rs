//! Decompositions of matrices of 1000 × 1000; with the feature `linalg`.

use tilewise::prelude::*;

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("inv", "np.linalg.inv(a)", |a| a.a.inv()),
        case("solve", "np.linalg.solve(a, b)", |a| a.a.solve(&a.b)),
        case("solve, a vector", "np.linalg.solve(a, b[0])", |a| {
            a.a.solve(&a.b.slice(s![0])?)
        }),
        case("det", "np.linalg.det(a)", |a| a.a.det()),
        case("slogdet", "np.linalg.slogdet(a)", |a| a.a.slogdet()),
        case("cholesky", "np.linalg.cholesky(spd)", |a| a.spd.cholesky()),
        case("qr", "np.linalg.qr(a)", |a| a.a.qr(false)),
        case("eigh", "np.linalg.eigh(spd)", |a| Ok(a.spd.eigh()?.vectors)),
        case("eigvalsh", "np.linalg.eigvalsh(spd)", |a| a.spd.eigvalsh()),
        case("svd", "np.linalg.svd(a, full_matrices=False)", |a| {
            Ok(a.a.svd(false)?.u)
        }),
        case("svdvals", "np.linalg.svdvals(a)", |a| a.a.svdvals()),
        case("pinv", "np.linalg.pinv(a, 1e-6)", |a| a.a.pinv(1e-6)),
        case("lstsq", "np.linalg.lstsq(a, b[0], 1e-6)", |a| {
            a.a.lstsq(&a.b.slice(s![0])?, 1e-6)
        }),
        case("matrix_rank", "np.linalg.matrix_rank(a)", |a| {
            a.a.matrix_rank(None)
        }),
    ]
}
