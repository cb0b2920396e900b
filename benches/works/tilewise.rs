//! The works on tilewise.

use ::tilewise::prelude::*;

use super::{EPSILON, LEARNING_RATE, Op, data};

/// Work whose operands are on the device: a call records it, and gives the result.
pub(crate) type Job = Box<dyn FnMut() -> Result<Tensor>>;

/// Puts an operation's operands on a device.
pub(crate) fn prepare(op: &Op, device: &Device) -> Result<Job> {
    let shapes = op.operands();
    let operands = shapes
        .iter()
        .enumerate()
        .map(|(index, shape)| Tensor::from_slice(&data::operand(op, index), &shape[..], device));
    let operands = operands.collect::<Result<Vec<_>>>()?;
    let x = operands[0].clone();
    Ok(match *op {
        Op::Matmul {
            left_transposed,
            right_transposed,
            ..
        } => {
            let view = |t: &Tensor, transposed| {
                if transposed {
                    t.transpose(-2, -1)
                } else {
                    Ok(t.clone())
                }
            };
            let left = view(&x, left_transposed)?;
            let right = view(&operands[1], right_transposed)?;
            Box::new(move || left.matmul(&right))
        }
        Op::Chain { .. } => Box::new(move || {
            let [a, b, c] = [0, 1, 2].map(|i| &operands[i]);
            Ok((a * b + c).relu() * 0.5 - a)
        }),
        Op::Softmax { axis, .. } => Box::new(move || x.softmax(axis as isize)),
        Op::Sum { axis, .. } => Box::new(move || match axis {
            Some(axis) => x.sum(axis as isize),
            None => x.sum(..),
        }),
        Op::LayerNorm { .. } => Box::new(move || {
            let centred = &x - x.mean_keepdims(-1)?;
            let variance = centred.square().mean_keepdims(-1)?;
            Ok(centred * (variance + EPSILON).rsqrt() * &operands[1] + &operands[2])
        }),
        Op::Sines { count, .. } => Box::new(move || Ok((0..count).fold(x.clone(), |y, _| y.sin()))),
        Op::Training {
            sizes,
            batch,
            steps,
        } => training(sizes, batch, steps, operands)?,
        Op::Upload { .. } => {
            let (values, device) = (data::operand(op, 0), device.clone());
            Box::new(move || Tensor::from_slice(&values, [values.len()], &device))
        }
        Op::Readback { .. } => Box::new(move || {
            std::hint::black_box(x.to_vec::<f32>()?);
            Ok(x.clone())
        }),
    })
}

fn training(sizes: &[usize], batch: usize, steps: usize, operands: Vec<Tensor>) -> Result<Job> {
    let x = operands[0].clone();
    let classes = sizes[sizes.len() - 1];
    let labels = Tensor::from_slice(&data::labels(batch, classes), [batch], x.device())?;
    let mut model = nn::Sequential::new();
    for weight in &operands[1..] {
        if !model.is_empty() {
            model = model.then(nn::Relu);
        }
        let bias = Tensor::zeros([weight.shape()[0]], x.device())?;
        model = model.then(nn::Linear::from_tensors(weight, Some(&bias))?);
    }
    let mut adam = optim::Adam::new(LEARNING_RATE);
    Ok(Box::new(move || {
        let mut step = || {
            let loss = model.forward(&x)?.cross_entropy(&labels)?;
            adam.step(&mut model, &loss.backward()?)?;
            Ok(loss)
        };
        for _ in 1..steps {
            step()?;
        }
        step()
    }))
}
