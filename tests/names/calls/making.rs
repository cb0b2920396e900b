//! Tensors made of numbers.

use tilewise::{DType, Result, Tensor};

use super::{Call, Results, one};

pub(super) fn run(call: &Call) -> Option<Results> {
    let device = call.x.device();
    let dims = || {
        call.numbers()
            .iter()
            .map(|&n| n as usize)
            .collect::<Vec<_>>()
    };
    Some(one(match call.name {
        "arange" => arange(call),
        "linspace" => Tensor::linspace(call.number(0), call.number(1), call.number(2), device),
        "eye" => Tensor::eye(call.number(0), call.number(1), device),
        "tri" => Tensor::tri(call.number(0), call.number(1), call.number(2), device),
        "zeros" => Tensor::zeros(dims(), device),
        "ones" => Tensor::ones(dims(), device),
        "full" => {
            let shape: [usize; 2] = [call.number(0), call.number(1)];
            Tensor::full(shape, call.number::<f64>(2), DType::F32, device)
        }
        "broadcast_shapes" => {
            Tensor::broadcast_shapes(&[call.x.shape(), &dims()]).and_then(|shape| {
                let sizes: Vec<i32> = shape.dims().iter().map(|&size| size as i32).collect();
                Tensor::new(sizes, device)
            })
        }
        _ => return None,
    }))
}

/// Of integers, unless one of the numbers has a point.
fn arange(call: &Call) -> Result<Tensor> {
    let device = call.x.device();
    if call.args.iter().any(|text| text.contains('.')) {
        return Tensor::arange(
            call.number::<f64>(0),
            call.number::<f64>(1),
            call.number::<f64>(2),
            device,
        );
    }
    Tensor::arange(
        call.number::<i32>(0),
        call.number::<i32>(1),
        call.number::<i32>(2),
        device,
    )
}
