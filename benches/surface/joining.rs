//! Joining, repeating, padding and making tensors.

use tilewise::Pad;
use tilewise::prelude::*;

use super::cases::{Case, case, stored};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("concat 0", "np.concatenate([m, w], 0)", |a| {
            Tensor::concat(&[&a.m, &a.w], 0)
        }),
        case("concat 1", "np.concatenate([m, w], 1)", |a| {
            Tensor::concat(&[&a.m, &a.w], 1)
        }),
        case("stack 0", "np.stack([x, y], 0)", |a| {
            Tensor::stack(&[&a.x, &a.y], 0)
        }),
        case("stack last", "np.stack([x, y], -1)", |a| {
            Tensor::stack(&[&a.x, &a.y], -1)
        }),
        case("dstack", "np.dstack([m, w])", |a| {
            Tensor::dstack(&[&a.m, &a.w])
        }),
        case("column_stack", "np.column_stack([x, y])", |a| {
            Tensor::column_stack(&[&a.x, &a.y])
        }),
        case("tile", "np.tile(x[:4096], 256)", |a| {
            a.x.slice(s![..4096])?.tile(256)
        }),
        case("tile 2-D", "np.tile(m[:256, :256], (4, 4))", |a| {
            a.m.slice(s![..256, ..256])?.tile([4, 4])
        }),
        case("tile by twos", "np.tile(m, (1, 2))", |a| a.m.tile([1, 2])),
        case("repeat", "np.repeat(x[:1 << 18], 4)", |a| {
            a.x.slice(s![..1 << 18])?.repeat(4, 0)
        }),
        case("repeat 0", "np.repeat(m[:256], 4, 0)", |a| {
            a.m.slice(s![..256])?.repeat(4, 0)
        }),
        case("repeat 1", "np.repeat(m[:, :256], 4, 1)", |a| {
            a.m.slice(s![.., ..256])?.repeat(4, 1)
        }),
        case(
            "repeat, own counts",
            "np.repeat(x[:1 << 18], counts)",
            |a| a.x.slice(s![..1 << 18])?.repeat(&a.counts, 0),
        ),
        case("pad constant", "np.pad(m, 2)", |a| {
            a.m.pad(2, Pad::constant(0.0))
        }),
        case("pad edge", "np.pad(m, 2, 'edge')", |a| {
            a.m.pad(2, Pad::Edge)
        }),
        case("pad reflect", "np.pad(m, 2, 'reflect')", |a| {
            a.m.pad(2, Pad::Reflect)
        }),
        case("pad symmetric", "np.pad(m, 2, 'symmetric')", |a| {
            a.m.pad(2, Pad::Symmetric)
        }),
        case("pad wrap", "np.pad(m, 2, 'wrap')", |a| {
            a.m.pad(2, Pad::Wrap)
        }),
        case("roll", "np.roll(x, 1000)", |a| a.x.roll(1000, ..)),
        case("roll 1", "np.roll(m, 10, 1)", |a| a.m.roll(10, 1)),
        case("flip, stored", "np.ascontiguousarray(m[:, ::-1])", |a| {
            Ok(a.m.flip(1)?.contiguous())
        }),
        case("transpose, stored", "np.ascontiguousarray(m.T)", |a| {
            Ok(a.m.t().contiguous())
        }),
        case("rot90, stored", "np.ascontiguousarray(np.rot90(m))", |a| {
            Ok(a.m.rot90(1, [0, 1])?.contiguous())
        }),
        case("tril", "np.tril(m)", |a| a.m.tril(0)),
        case("triu", "np.triu(m)", |a| a.m.triu(0)),
        case("diag of a vector", "np.diag(x[:1024])", |a| {
            a.x.slice(s![..1024])?.diag(0)
        }),
        case("eye", "np.eye(1024, dtype=np.float32)", |a| {
            stored(Tensor::eye(1024, 1024, &a.dev)?)
        }),
        case("tri", "np.tri(1024, dtype=np.float32)", |a| {
            stored(Tensor::tri(1024, 1024, 0, &a.dev)?)
        }),
        case("arange", "np.arange(1 << 20, dtype=np.int32)", |a| {
            stored(Tensor::arange(0, 1 << 20, 1, &a.dev)?)
        }),
        case(
            "linspace",
            "np.linspace(0, 1, 1 << 20, dtype=np.float32)",
            |a| stored(Tensor::linspace(0., 1., 1 << 20, &a.dev)?),
        ),
        case("to_dtype", "x.astype(np.int32)", |a| {
            Ok(a.x.to_dtype(DType::I32))
        }),
    ]
}
