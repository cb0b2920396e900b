//! Indexing and assignment.

use tilewise::prelude::*;

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("take", "np.take(x, i)", |a| a.x.take(&a.i, 0)),
        case("take rows", "np.take(m, rows, 0)", |a| a.m.take(&a.rows, 0)),
        case("take columns", "np.take(m, rows, 1)", |a| {
            a.m.take(&a.rows, 1)
        }),
        case("take_along_axis 1", "np.take_along_axis(m, sm, 1)", |a| {
            a.m.take_along_axis(&a.sm, 1)
        }),
        case("take_along_axis 0", "np.take_along_axis(m, sm, 0)", |a| {
            a.m.take_along_axis(&a.sm, 0)
        }),
        case("at", "m[small, small]", |a| a.m.at(&[&a.small, &a.small])),
        case("masked_select", "x[mask]", |a| a.x.masked_select(&a.mask)),
        case("slice_assign", "exec c = m.copy(); c[1:-1, ::2] = 0", |a| {
            a.m.slice_assign(s![1..-1, ..;2], 0.)
        }),
        case("masked_fill", "exec c = x.copy(); c[mask] = 0", |a| {
            a.x.masked_fill(&a.mask, 0.)
        }),
        case("index_put", "exec c = x.copy(); c[i] = y", |a| {
            a.x.index_put(&[&a.i], &a.y)
        }),
        case("index_add", "exec c = x.copy(); np.add.at(c, i, y)", |a| {
            a.x.index_add(&[&a.i], &a.y)
        }),
        case(
            "index_add, few places",
            "exec c = x.copy(); np.add.at(c, small, y)",
            |a| a.x.index_add(&[&a.small], &a.y),
        ),
        case(
            "put_along_axis",
            "exec c = m.copy(); np.put_along_axis(c, sm, w, 1)",
            |a| a.m.put_along_axis(&a.sm, &a.w, 1),
        ),
        case(
            "scatter_add",
            "torch.scatter_add(t['m'], 1, t['sm'], t['w'])",
            |a| a.m.scatter_add(1, &a.sm, &a.w),
        ),
        case(
            "scatter_max",
            "exec c = x.copy(); np.maximum.at(c, i, y)",
            |a| a.x.scatter_max(0, &a.i, &a.y),
        ),
        case("select", "np.where(mask, x, y)", |a| {
            a.mask.select(&a.x, &a.y)
        }),
        case("nonzero", "np.nonzero(mm)", |a| a.mm.nonzero()),
        case("flatnonzero", "np.flatnonzero(mask)", |a| {
            a.mask.flatnonzero()
        }),
        case("argwhere", "np.argwhere(mm)", |a| a.mm.argwhere()),
        case("unravel_index", "np.unravel_index(i, (1024, 1024))", |a| {
            a.i.unravel_index([1024, 1024])
        }),
        case(
            "ravel_multi_index",
            "np.ravel_multi_index((small, small), (1024, 1024))",
            |a| Tensor::ravel_multi_index(&[&a.small, &a.small], [1024, 1024]),
        ),
    ]
}
