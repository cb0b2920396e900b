//! Reductions.

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("sum", "np.sum(m)", |a| a.m.sum(..)),
        case("sum 0", "np.sum(m, 0)", |a| a.m.sum(0)),
        case("sum 1", "np.sum(m, 1)", |a| a.m.sum(1)),
        case("prod", "np.prod(m)", |a| a.m.prod(..)),
        case("prod 0", "np.prod(m, 0)", |a| a.m.prod(0)),
        case("prod 1", "np.prod(m, 1)", |a| a.m.prod(1)),
        case("mean", "np.mean(m)", |a| a.m.mean(..)),
        case("mean 0", "np.mean(m, 0)", |a| a.m.mean(0)),
        case("mean 1", "np.mean(m, 1)", |a| a.m.mean(1)),
        case("max", "np.max(m)", |a| a.m.max(..)),
        case("max 0", "np.max(m, 0)", |a| a.m.max(0)),
        case("max 1", "np.max(m, 1)", |a| a.m.max(1)),
        case("min", "np.min(m)", |a| a.m.min(..)),
        case("min 0", "np.min(m, 0)", |a| a.m.min(0)),
        case("min 1", "np.min(m, 1)", |a| a.m.min(1)),
        case("argmax", "np.argmax(m)", |a| a.m.argmax(..)),
        case("argmax 0", "np.argmax(m, 0)", |a| a.m.argmax(0)),
        case("argmax 1", "np.argmax(m, 1)", |a| a.m.argmax(1)),
        case("argmin", "np.argmin(m)", |a| a.m.argmin(..)),
        case("argmin 0", "np.argmin(m, 0)", |a| a.m.argmin(0)),
        case("argmin 1", "np.argmin(m, 1)", |a| a.m.argmin(1)),
        case("var", "np.var(m)", |a| a.m.var(.., 0)),
        case("var 0", "np.var(m, 0)", |a| a.m.var(0, 0)),
        case("var 1", "np.var(m, 1)", |a| a.m.var(1, 0)),
        case("std", "np.std(m)", |a| a.m.std(.., 0)),
        case("std 0", "np.std(m, 0)", |a| a.m.std(0, 0)),
        case("std 1", "np.std(m, 1)", |a| a.m.std(1, 0)),
        case("any", "np.any(never)", |a| a.never.any(..)),
        case("any 0", "np.any(never, 0)", |a| a.never.any(0)),
        case("any 1", "np.any(never, 1)", |a| a.never.any(1)),
        case("all", "np.all(ever)", |a| a.ever.all(..)),
        case("all 0", "np.all(ever, 0)", |a| a.ever.all(0)),
        case("all 1", "np.all(ever, 1)", |a| a.ever.all(1)),
        case("sum of integers", "np.sum(small)", |a| a.small.sum(..)),
        case("sum of a mask", "np.sum(mask)", |a| a.mask.sum(..)),
        case("logsumexp 1", "scipy.special.logsumexp(m, 1)", |a| {
            a.m.logsumexp(1)
        }),
        case("softmax 1", "scipy.special.softmax(m, 1)", |a| {
            a.m.softmax(1)
        }),
        case("trace", "np.trace(m)", |a| a.m.trace(0, 0, 1)),
    ]
}
