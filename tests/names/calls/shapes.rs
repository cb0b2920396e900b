//! Views, joining, padding, slices and masks.

use tilewise::{Indexing, Pad, Result, SliceSpec, Tensor, s};

use super::{Call, Results, one, two};

pub(super) fn run(call: &Call) -> Option<Results> {
    let x = call.x;
    let whole = several(call).or_else(|| joined(call));
    whole.or_else(|| {
        Some(one(match call.name {
            "reshape" => x.reshape(call.numbers()),
            "ravel" => Ok(x.ravel()),
            "flatten" => x.flatten(call.number(0), call.number(1)),
            "t" => Ok(x.t()),
            "transpose" => x.transpose(call.number(0), call.number(1)),
            "swapaxes" => x.swapaxes(call.number(0), call.number(1)),
            "moveaxis" => x.moveaxis(call.number::<isize>(0), call.number::<isize>(1)),
            "permute" => x.permute(&call.numbers()),
            "squeeze_all" => Ok(x.squeeze_all()),
            "expand_dims" => x.expand_dims(call.number::<isize>(0)),
            "unsqueeze" => x.unsqueeze(call.number(0)),
            "broadcast_to" => x.broadcast_to([2, 3, 3]),
            "atleast_1d" => Ok(x.atleast_1d()),
            "atleast_2d" => Ok(x.atleast_2d()),
            "atleast_3d" => Ok(x.atleast_3d()),
            "flip" => x.flip(call.axes(0)),
            "rot90" => x.rot90(call.number(0), [0, 1]),
            "roll" => x.roll(call.number::<isize>(0), call.axes(1)),
            "diagonal" => x.diagonal(call.number(0), 0, 1),
            "diag" => x.diag(call.number(0)),
            "trace" => x.trace(call.number(0), 0, 1),
            "tril" => x.tril(call.number(0)),
            "triu" => x.triu(call.number(0)),
            "tile" => x.tile(call.numbers()),
            "repeat" => x.repeat(call.number::<isize>(0), call.number(1)),
            "repeat_interleave" => x.repeat_interleave(call.number::<isize>(0), call.number(1)),
            "pad" => x.pad(call.number::<usize>(0), mode(call.args[1])),
            "windows" => x.windows(call.number(1), call.number(0), 1, 1),
            "slice" => x.slice(part(call)),
            "slice_assign" => x.slice_assign(s![1..], call.number::<i32>(1)),
            "masked_select" => positive(x).and_then(|mask| x.masked_select(&mask)),
            "masked_fill" => positive(x).and_then(|mask| x.masked_fill(&mask, 1)),
            "unique" => x.unique(),
            "flatnonzero" => x.flatnonzero(),
            "argwhere" => x.argwhere(),
            _ => return None,
        }))
    })
}

/// Calls of several results.
fn several(call: &Call) -> Option<Results> {
    let x = call.x;
    Some(match call.name {
        "unstack" => x.unstack(call.number(0)),
        "split" => x.split(call.number::<usize>(0), call.number(1)),
        "array_split" => x.array_split(call.number::<usize>(0), call.number(1)),
        "chunk" => x.chunk(call.number(0), call.number(1)),
        "nonzero" => x.nonzero(),
        "unique_counts" => two(x.unique_counts()),
        "unique_all" => x
            .unique_all()
            .map(|found| vec![found.values, found.indices, found.inverse, found.counts]),
        "unique_inverse" => two(x.unique_inverse()),
        "broadcast_arrays" => Tensor::broadcast_arrays(&[x, call.y()]),
        "meshgrid" => first_two(x).and_then(|few| {
            let indexing = if call.args[0] == "xy" {
                Indexing::Xy
            } else {
                Indexing::Ij
            };
            Tensor::meshgrid(&[x, &few], indexing, false)
        }),
        _ => return None,
    })
}

/// The tensor joined with itself.
fn joined(call: &Call) -> Option<Results> {
    let both = [call.x, call.x];
    Some(one(match call.name {
        "concat" => Tensor::concat(&both, call.number(0)),
        "stack" => Tensor::stack(&both, call.number(0)),
        "vstack" => Tensor::vstack(&both),
        "hstack" => Tensor::hstack(&both),
        "dstack" => Tensor::dstack(&both),
        "column_stack" => Tensor::column_stack(&both),
        _ => return None,
    }))
}

/// The first two elements; of a number there are none to have, which meshgrid is to say.
fn first_two(x: &Tensor) -> Result<Tensor> {
    if x.ndim() == 1 {
        x.slice(s![..2])
    } else {
        Ok(x.clone())
    }
}

fn positive(x: &Tensor) -> Result<Tensor> {
    x.gt(0)
}

fn mode(name: &str) -> Pad {
    match name {
        "constant" => Pad::constant(0),
        "edge" => Pad::Edge,
        "reflect" => Pad::Reflect,
        "symmetric" => Pad::Symmetric,
        "wrap" => Pad::Wrap,
        _ => panic!("{name:?} is no mode of pad"),
    }
}

fn part(call: &Call) -> SliceSpec {
    use tilewise::{Ellipsis, NewAxis};
    match call.args[..] {
        ["1:"] => s![1..],
        ["::-2"] => s![..;-2],
        ["-1"] => s![-1],
        ["...", "0"] => s![Ellipsis, 0],
        ["None", "..."] => s![NewAxis, Ellipsis],
        _ => panic!("no such part: {:?}", call.args),
    }
}
