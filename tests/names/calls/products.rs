//! Products, norms and convolutions.

use tilewise::{Mode, Norm, Tensor};

use super::{Call, Results, one};

pub(super) fn run(call: &Call) -> Option<Results> {
    let x = call.x;
    Some(one(match call.name {
        "matmul" => x.matmul(call.y()),
        "dot" => x.dot(call.y()),
        "vdot" => x.vdot(call.y()),
        "inner" => x.inner(call.y()),
        "outer" => x.outer(call.y()),
        "kron" => x.kron(call.y()),
        "cross" => x.cross(call.y(), call.number(1)),
        "tensordot" => x.tensordot(call.y(), call.number::<usize>(1)),
        "einsum" => Tensor::einsum(&call.args.join(","), &[x, call.y()]),
        "multi_dot" => Tensor::multi_dot(&[x, call.y()]),
        "cdist" => x.cdist(call.y(), call.number::<f64>(1)),
        "convolve" => x.convolve(call.y(), mode(call.args[1])),
        "correlate" => x.correlate(call.y(), mode(call.args[1])),
        "norm" if call.args[0] == "fro" => x.norm(Norm::Fro, call.axes(1)),
        "norm" => x.norm(call.number::<f64>(0), call.axes(1)),
        _ => return None,
    }))
}

fn mode(name: &str) -> Mode {
    match name {
        "full" => Mode::Full,
        "same" => Mode::Same,
        "valid" => Mode::Valid,
        _ => panic!("{name:?} is no mode of convolve"),
    }
}
