//! candle on the CPU.

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, loss, ops};

use super::{Job, Peer, operands};
use crate::machine;
use crate::works::{EPSILON, LEARNING_RATE, Op, data};

pub struct Candle;

/// The jobs of this engine end in its own errors.
fn job(mut work: impl FnMut() -> Result<Tensor> + 'static) -> crate::Result<Option<Job<Tensor>>> {
    Ok(Some(Box::new(move || Ok(work()?))))
}

impl Peer for Candle {
    type Value = Tensor;

    fn version(&self) -> String {
        machine::version_of("candle-core")
    }

    fn prepare(&self, op: &Op) -> crate::Result<Option<Job<Tensor>>> {
        let tensors = operands(op).map(|(v, shape)| Tensor::from_vec(v, shape, &Device::Cpu));
        let tensors = tensors.collect::<Result<Vec<_>>>()?;
        let x = tensors[0].clone();
        match *op {
            Op::Matmul {
                left_transposed,
                right_transposed,
                ..
            } => {
                let view = |t: &Tensor, transposed| match transposed {
                    true => t.t(),
                    false => Ok(t.clone()),
                };
                let left = view(&x, left_transposed)?;
                let right = view(&tensors[1], right_transposed)?;
                job(move || left.matmul(&right))
            }
            Op::Chain { .. } => job(move || {
                let [a, b, c] = [0, 1, 2].map(|i| &tensors[i]);
                ((((a * b)? + c)?.relu()? * 0.5)? - a)?.contiguous()
            }),
            Op::Softmax { axis: 1, .. } => job(move || ops::softmax_last_dim(&x)),
            Op::Softmax { axis, .. } => job(move || ops::softmax(&x, axis)),
            Op::Sum { axis, .. } => job(move || match axis {
                Some(axis) => x.sum(axis),
                None => x.sum_all(),
            }),
            Op::LayerNorm { .. } => {
                job(move || ops::layer_norm(&x, &tensors[1], &tensors[2], EPSILON as f32))
            }
            Op::Sines { count, .. } => job(move || (0..count).try_fold(x.clone(), |y, _| y.sin())),
            Op::Training {
                sizes,
                batch,
                steps,
            } => training(sizes, batch, steps, &tensors),
            Op::Upload { size } => {
                let values = data::operand(op, 0);
                job(move || Tensor::from_slice(&values, size, &Device::Cpu))
            }
            Op::Readback { .. } => job(move || {
                std::hint::black_box(x.to_vec1::<f32>()?);
                Ok(x.clone())
            }),
        }
    }

    fn finish(&self, _: &Tensor) -> crate::Result<()> {
        Ok(())
    }

    fn read(&self, value: Tensor) -> crate::Result<Vec<f32>> {
        Ok(value.flatten_all()?.to_vec1()?)
    }
}

fn training(
    sizes: &[usize],
    batch: usize,
    steps: usize,
    tensors: &[Tensor],
) -> crate::Result<Option<Job<Tensor>>> {
    let x = tensors[0].clone();
    let labels = data::labels(batch, sizes[sizes.len() - 1]);
    let labels = Tensor::from_vec(labels, batch, &Device::Cpu)?;
    let mut parameters = Vec::new();
    let mut layers = Vec::new();
    for weight in &tensors[1..] {
        let weight = Var::from_tensor(weight)?;
        let bias = Var::zeros(weight.dims()[0], DType::F32, &Device::Cpu)?;
        let (w, b) = (weight.as_tensor().clone(), bias.as_tensor().clone());
        layers.push(Linear::new(w, Some(b)));
        parameters.extend([weight, bias]);
    }
    let settings = ParamsAdamW {
        lr: LEARNING_RATE,
        weight_decay: 0.0,
        ..Default::default()
    };
    let mut adam = AdamW::new(parameters, settings)?;
    let mut step = move || {
        let mut y = x.clone();
        for (i, layer) in layers.iter().enumerate() {
            y = if i > 0 { y.relu()? } else { y };
            y = layer.forward(&y)?;
        }
        let loss = loss::cross_entropy(&y, &labels)?;
        adam.backward_step(&loss)?;
        Ok(loss)
    };
    job(move || {
        for _ in 1..steps {
            step()?;
        }
        step()
    })
}
