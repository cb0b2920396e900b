//! Functions along axes: reductions, scans, orders.

use tilewise::{Result, Tensor};

use super::{Call, Results, one, two};

macro_rules! reductions {
    ($call:ident, $($name:ident)*) => {
        match $call.name {
            $(stringify!($name) => Some(one($call.x.$name($call.axes(0)))),)*
            _ => None,
        }
    };
}

macro_rules! along {
    ($call:ident, $($name:ident)*) => {
        match $call.name {
            $(stringify!($name) => Some(one($call.x.$name($call.number(0)))),)*
            _ => None,
        }
    };
}

pub(super) fn run(call: &Call) -> Option<Results> {
    let reduced = reductions!(
        call, sum prod mean max min argmax argmin any all ptp count_nonzero logsumexp median nansum
        nanmean nanmax nanmin nanmedian
    );
    let along = along!(
        call, cumsum cumprod cummax cummin cummax_indices cummin_indices sort argsort
        sort_descending argsort_descending softmax log_softmax squeeze
    );
    reduced.or(along).or_else(|| with_arguments(call))
}

fn with_arguments(call: &Call) -> Option<Results> {
    let x = call.x;
    Some(one(match call.name {
        "var" => x.var(call.axes(0), 0),
        "std" => x.std(call.axes(0), 1),
        "nanvar" => x.nanvar(call.axes(0), 0),
        "nanstd" => x.nanstd(call.axes(0), 0),
        "quantile" => x.quantile(0.3, call.axes(0)),
        "percentile" => x.percentile(75.0, call.axes(0)),
        "average" => {
            let axis = call.number::<isize>(0);
            rising(x, axis).and_then(|weights| x.average(axis, &weights))
        }
        "diff" => x.diff(call.number(0), call.number(1)),
        "partition" => x.partition(call.number(0), call.number(1)),
        "argpartition" => x.argpartition(call.number(0), call.number(1)),
        "topk" => return Some(two(x.topk(call.number(0), call.number(1)))),
        "topk_smallest" => return Some(two(x.topk_smallest(call.number(0), call.number(1)))),
        "kthvalue" => return Some(two(x.kthvalue(call.number(0), call.number(1)))),
        "normalize" => x.normalize(call.number::<f64>(0), call.number(1), call.number(2)),
        _ => return None,
    }))
}

/// The weights 1, 2, … for an axis; one for an axis that there is not, which `average` is to say.
fn rising(x: &Tensor, axis: isize) -> Result<Tensor> {
    let at = if axis < 0 {
        axis + x.ndim() as isize
    } else {
        axis
    };
    let size = x.shape().get(at as usize).copied().unwrap_or(1);
    Tensor::arange(1, size as f64 + 1.0, 1, x.device())
}
