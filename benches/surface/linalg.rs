//! Products, norms and distances.

use tilewise::Norm;
use tilewise::prelude::*;

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("matmul", "m @ w", |a| a.m.matmul(&a.w)),
        case("matmul, transposed", "m @ w.T", |a| a.m.matmul(&a.w.t())),
        case("matrix · vector", "m @ x[:1024]", |a| {
            a.m.matmul(&a.x.slice(s![..1024])?)
        }),
        case("vector · matrix", "x[:1024] @ m", |a| {
            a.x.slice(s![..1024])?.matmul(&a.m)
        }),
        case("matmul of a batch", "b3 @ c3", |a| a.b3.matmul(&a.c3)),
        case("dot", "np.dot(x, y)", |a| a.x.dot(&a.y)),
        case("vdot", "np.vdot(m, w)", |a| a.m.vdot(&a.w)),
        case("inner", "np.inner(m, w)", |a| a.m.inner(&a.w)),
        case("outer", "np.outer(x[:1024], y[:1024])", |a| {
            a.x.slice(s![..1024])?.outer(&a.y.slice(s![..1024])?)
        }),
        case("kron", "np.kron(m[:32, :32], w[:32, :32])", |a| {
            a.m.slice(s![..32, ..32])?.kron(&a.w.slice(s![..32, ..32])?)
        }),
        case("cross", "np.cross(v3, u3)", |a| a.v3.cross(&a.u3, -1)),
        case("tensordot", "np.tensordot(b3, c3, ([1, 2], [1, 2]))", |a| {
            a.b3.tensordot(&a.c3, ([1, 2], [1, 2]))
        }),
        case("multi_dot", "np.linalg.multi_dot([m, w, m[:, :16]])", |a| {
            Tensor::multi_dot(&[&a.m, &a.w, &a.m.slice(s![.., ..16])?])
        }),
        case("matrix_power 8", "np.linalg.matrix_power(m, 8)", |a| {
            a.m.matrix_power(8)
        }),
        case(
            "einsum ij,jk->ik",
            "np.einsum('ij,jk->ik', m, w, optimize=True)",
            |a| Tensor::einsum("ij,jk->ik", &[&a.m, &a.w]),
        ),
        case(
            "einsum ij,kj->ik",
            "np.einsum('ij,kj->ik', m, w, optimize=True)",
            |a| Tensor::einsum("ij,kj->ik", &[&a.m, &a.w]),
        ),
        case(
            "einsum ij,ij->ij",
            "np.einsum('ij,ij->ij', m, w, optimize=True)",
            |a| Tensor::einsum("ij,ij->ij", &[&a.m, &a.w]),
        ),
        case(
            "einsum ij,ij->i",
            "np.einsum('ij,ij->i', m, w, optimize=True)",
            |a| Tensor::einsum("ij,ij->i", &[&a.m, &a.w]),
        ),
        case(
            "einsum ij,ij->j",
            "np.einsum('ij,ij->j', m, w, optimize=True)",
            |a| Tensor::einsum("ij,ij->j", &[&a.m, &a.w]),
        ),
        case(
            "einsum ij,ij->",
            "np.einsum('ij,ij->', m, w, optimize=True)",
            |a| Tensor::einsum("ij,ij->", &[&a.m, &a.w]),
        ),
        case(
            "einsum ij->j",
            "np.einsum('ij->j', m, optimize=True)",
            |a| Tensor::einsum("ij->j", &[&a.m]),
        ),
        case(
            "einsum ij->i",
            "np.einsum('ij->i', m, optimize=True)",
            |a| Tensor::einsum("ij->i", &[&a.m]),
        ),
        case(
            "einsum ii->i",
            "np.einsum('ii->i', m, optimize=True)",
            |a| Tensor::einsum("ii->i", &[&a.m]),
        ),
        case(
            "einsum ijk,ilk->ijl",
            "np.einsum('ijk,ilk->ijl', b3, c3, optimize=True)",
            |a| Tensor::einsum("ijk,ilk->ijl", &[&a.b3, &a.c3]),
        ),
        case(
            "einsum ijk,jil->kl",
            "np.einsum('ijk,jil->kl', b3, c3, optimize=True)",
            |a| Tensor::einsum("ijk,jil->kl", &[&a.b3, &a.c3]),
        ),
        case(
            "einsum bqhd,bkhd->bhqk",
            "np.einsum('bqhd,bkhd->bhqk', q, k, optimize=True)",
            |a| Tensor::einsum("bqhd,bkhd->bhqk", &[&a.q, &a.k]),
        ),
        case("norm", "np.linalg.norm(m)", |a| a.m.norm(Norm::Fro, ..)),
        case("norm 0 of rows", "np.linalg.norm(m, 0, 1)", |a| {
            a.m.norm(0, 1)
        }),
        case("norm 1 of rows", "np.linalg.norm(m, 1, 1)", |a| {
            a.m.norm(1, 1)
        }),
        case("norm 2 of rows", "np.linalg.norm(m, 2, 1)", |a| {
            a.m.norm(2, 1)
        }),
        case("norm 3 of rows", "np.linalg.norm(m, 3, 1)", |a| {
            a.m.norm(3, 1)
        }),
        case("norm inf of rows", "np.linalg.norm(m, np.inf, 1)", |a| {
            a.m.norm(f64::INFINITY, 1)
        }),
        case("norm 2 of columns", "np.linalg.norm(m, 2, 0)", |a| {
            a.m.norm(2, 0)
        }),
        case("norm 1 of a matrix", "np.linalg.norm(m, 1)", |a| {
            a.m.norm(1, [0, 1])
        }),
        case(
            "normalize",
            "m / np.maximum(np.linalg.norm(m, 2, 1, True), 1e-12)",
            |a| a.m.normalize(2, 1, 1e-12),
        ),
        case("cdist, 3 coordinates", "cdist(p3, p3)", |a| {
            a.p3.cdist(&a.p3, 2)
        }),
        case("cdist, 32 coordinates", "cdist(p32, p32)", |a| {
            a.p32.cdist(&a.p32, 2)
        }),
        case("cdist, 128 coordinates", "cdist(p128, p128)", |a| {
            a.p128.cdist(&a.p128, 2)
        }),
        case("cdist, p = 1", "cdist(p3, p3, 'cityblock')", |a| {
            a.p3.cdist(&a.p3, 1)
        }),
        case("cdist, p = ∞", "cdist(p3, p3, 'chebyshev')", |a| {
            a.p3.cdist(&a.p3, f64::INFINITY)
        }),
        case("cdist, p = 3", "cdist(p3, p3, 'minkowski', p=3)", |a| {
            a.p3.cdist(&a.p3, 3)
        }),
    ]
}
