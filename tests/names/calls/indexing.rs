//! Elements by places, searches and counts.

use tilewise::Tensor;

use super::{Call, Results, one, two};

pub(super) fn run(call: &Call) -> Option<Results> {
    let x = call.x;
    Some(one(match call.name {
        "take" => x.take(call.y(), 0),
        "index_select" => x.index_select(0, call.y()),
        "at" => x.at(&[call.y()]),
        "take_along_axis" => x.take_along_axis(call.y(), 0),
        "gather" => x.gather(0, call.y()),
        "index_put" => x.index_put(&[call.y()], call.z()),
        "index_add" => x.index_add(&[call.y()], call.z()),
        "put_along_axis" => x.put_along_axis(call.y(), call.z(), 0),
        "scatter_add" => x.scatter_add(0, call.y(), call.z()),
        "scatter_max" => x.scatter_max(0, call.y(), call.z()),
        "scatter_min" => x.scatter_min(0, call.y(), call.z()),
        "searchsorted" => x.searchsorted(call.y(), call.number::<u8>(1) == 1),
        "digitize" => call.y().digitize(x, false),
        "bincount" => x.bincount(None, 0),
        "one_hot" => x.one_hot(call.number(0)),
        "unravel_index" => return Some(x.unravel_index([2, 3])),
        "ravel_multi_index" => Tensor::ravel_multi_index(&[x, x], [2, 3]),
        "histogram" => {
            let range = (call.number::<f64>(1), call.number::<f64>(2));
            return Some(two(
                x.histogram((call.number::<usize>(0), range.0, range.1), None)
            ));
        }
        _ => return None,
    }))
}
