//! Order, scans, statistics and counting.

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("sort", "np.sort(x)", |a| a.x.sort(0)),
        case("sort rows", "np.sort(m, 1)", |a| a.m.sort(1)),
        case("sort columns", "np.sort(m, 0)", |a| a.m.sort(0)),
        case("sort integers", "np.sort(i)", |a| a.i.sort(0)),
        case("argsort", "np.argsort(x)", |a| a.x.argsort(0)),
        case("argsort, stable", "np.argsort(x, stable=True)", |a| {
            a.x.argsort(0)
        }),
        case("argsort rows", "np.argsort(m, 1)", |a| a.m.argsort(1)),
        case(
            "topk 10",
            "exec p = np.argpartition(x, -10)[-10:]; x[p[np.argsort(x[p])]]",
            |a| a.x.topk(10, 0),
        ),
        case("topk 10 of rows", "torch.topk(t['m'], 10)", |a| {
            a.m.topk(10, 1)
        }),
        case("kthvalue", "np.partition(x, 500000)[500000]", |a| {
            a.x.kthvalue(500001, 0)
        }),
        case("partition", "np.partition(x, 500000)", |a| {
            a.x.partition(500000, 0)
        }),
        case("partition rows", "np.partition(m, 500, 1)", |a| {
            a.m.partition(500, 1)
        }),
        case("argpartition", "np.argpartition(x, 500000)", |a| {
            a.x.argpartition(500000, 0)
        }),
        case("cumsum", "np.cumsum(x)", |a| a.x.cumsum(0)),
        case("cumsum 0", "np.cumsum(m, 0)", |a| a.m.cumsum(0)),
        case("cumsum 1", "np.cumsum(m, 1)", |a| a.m.cumsum(1)),
        case("cumprod", "np.cumprod(x)", |a| a.x.cumprod(0)),
        case("cummax", "np.maximum.accumulate(x)", |a| a.x.cummax(0)),
        case("cummax 0", "np.maximum.accumulate(m, 0)", |a| a.m.cummax(0)),
        case("cummin", "np.minimum.accumulate(x)", |a| a.x.cummin(0)),
        case("diff", "np.diff(x)", |a| a.x.diff(1, 0)),
        case("diff 0", "np.diff(m, axis=0)", |a| a.m.diff(1, 0)),
        case("median", "np.median(x)", |a| a.x.median(..)),
        case("median 1", "np.median(m, 1)", |a| a.m.median(1)),
        case("median 0", "np.median(m, 0)", |a| a.m.median(0)),
        case("quantile", "np.quantile(x, [.1, .5, .9])", |a| {
            a.x.quantile([0.1, 0.5, 0.9], ..)
        }),
        case("percentile 1", "np.percentile(m, 30, 1)", |a| {
            a.m.percentile(30., 1)
        }),
        case("ptp", "np.ptp(x)", |a| a.x.ptp(..)),
        case("average", "np.average(x, weights=y * y)", |a| {
            a.x.average(.., &a.y.square())
        }),
        case("count_nonzero", "np.count_nonzero(x)", |a| {
            a.x.count_nonzero(..)
        }),
        case("count_nonzero of a mask", "np.count_nonzero(mask)", |a| {
            a.mask.count_nonzero(..)
        }),
        case("nansum", "np.nansum(n)", |a| a.n.nansum(..)),
        case("nansum 0", "np.nansum(nm, 0)", |a| a.nm.nansum(0)),
        case("nanmean", "np.nanmean(n)", |a| a.n.nanmean(..)),
        case("nanmax", "np.nanmax(n)", |a| a.n.nanmax(..)),
        case("nanmax 0", "np.nanmax(nm, 0)", |a| a.nm.nanmax(0)),
        case("nanmax 1", "np.nanmax(nm, 1)", |a| a.nm.nanmax(1)),
        case("nanmin", "np.nanmin(n)", |a| a.n.nanmin(..)),
        case("nanmedian", "np.nanmedian(n)", |a| a.n.nanmedian(..)),
        case("nanvar", "np.nanvar(n)", |a| a.n.nanvar(.., 0)),
        case("nanstd 1", "np.nanstd(nm, 1)", |a| a.nm.nanstd(1, 0)),
        case("searchsorted", "np.searchsorted(s, y)", |a| {
            a.s.searchsorted(&a.y, false)
        }),
        case("searchsorted, sorted", "np.searchsorted(s, s)", |a| {
            a.s.searchsorted(&a.s, false)
        }),
        case("digitize", "np.digitize(x, edges)", |a| {
            a.x.digitize(&a.edges, false)
        }),
        case("bincount", "np.bincount(small)", |a| {
            a.small.bincount(None, 0)
        }),
        case("bincount, weights", "np.bincount(small, y)", |a| {
            a.small.bincount(Some(&a.y), 0)
        }),
        case("histogram", "np.histogram(x, 100)", |a| {
            a.x.histogram(100, None)
        }),
        case(
            "histogram_density",
            "np.histogram(x, 100, density=True)",
            |a| a.x.histogram_density(100, None),
        ),
        case("unique", "np.unique(i)", |a| a.i.unique()),
        case("unique of few", "np.unique(small)", |a| a.small.unique()),
        case("unique_counts", "np.unique_counts(i)", |a| {
            a.i.unique_counts()
        }),
        case("unique_inverse", "np.unique_inverse(i)", |a| {
            a.i.unique_inverse()
        }),
        case("unique_all", "np.unique_all(i)", |a| a.i.unique_all()),
    ]
}
