//! burn: its CPU back end `flex`, and wgpu with shaders in WGSL, or in SPIR-V if it is built so.

use ::burn::module::Param;
use ::burn::nn::loss::CrossEntropyLossConfig;
use ::burn::nn::{LayerNormConfig, Linear, LinearConfig};
use ::burn::optim::{AdamConfig, GradientsParams};
use ::burn::prelude::*;
use ::burn::tensor::{DeviceKind, activation};

use super::{Job, Peer, operands};
use crate::works::{EPSILON, LEARNING_RATE, Op, data};
use crate::{Result, machine};

pub struct Burn {
    device: Device,
    name: String,
}

impl Burn {
    pub fn open(name: &str) -> Result<Self> {
        let device = match name {
            "burn-flex" => Device::flex(),
            // Which shaders it writes is decided when it is built.
            _ => Device::wgpu(DeviceKind::DefaultDevice),
        };
        Ok(Self {
            device,
            name: name.into(),
        })
    }
}

/// A tensor, whose rank is part of its type.
pub enum Value {
    Line(Tensor<1>),
    Matrix(Tensor<2>),
    Batch(Tensor<3>),
}

impl From<Tensor<1>> for Value {
    fn from(tensor: Tensor<1>) -> Self {
        Self::Line(tensor)
    }
}

impl From<Tensor<2>> for Value {
    fn from(tensor: Tensor<2>) -> Self {
        Self::Matrix(tensor)
    }
}

impl From<Tensor<3>> for Value {
    fn from(tensor: Tensor<3>) -> Self {
        Self::Batch(tensor)
    }
}

fn job<V: Into<Value>>(mut work: impl FnMut() -> V + 'static) -> Option<Job<Value>> {
    Some(Box::new(move || Ok(work().into())))
}

impl Peer for Burn {
    type Value = Value;

    fn version(&self) -> String {
        machine::version_of("burn")
    }

    fn device(&self) -> String {
        self.name.clone()
    }

    fn prepare(&self, op: &Op) -> Result<Option<Job<Value>>> {
        let mut arrays = operands(op).map(|(values, shape)| TensorData::new(values, shape));
        let mut next = || arrays.next().ok_or("an operand is missing");
        let on = &self.device;
        Ok(match *op {
            Op::Matmul {
                batch: 1,
                left_transposed,
                right_transposed,
                ..
            } => {
                let a = turned(Tensor::<2>::from_data(next()?, on), left_transposed);
                let b = turned(Tensor::<2>::from_data(next()?, on), right_transposed);
                job(move || a.clone().matmul(b.clone()))
            }
            Op::Matmul {
                left_transposed,
                right_transposed,
                ..
            } => {
                let a = turned(Tensor::<3>::from_data(next()?, on), left_transposed);
                let b = turned(Tensor::<3>::from_data(next()?, on), right_transposed);
                job(move || a.clone().matmul(b.clone()))
            }
            Op::Chain { .. } => {
                let a = Tensor::<1>::from_data(next()?, on);
                let b = Tensor::<1>::from_data(next()?, on);
                let c = Tensor::<1>::from_data(next()?, on);
                job(move || activation::relu(a.clone() * b.clone() + c.clone()) * 0.5 - a.clone())
            }
            Op::Softmax { axis, .. } => {
                let x = Tensor::<2>::from_data(next()?, on);
                job(move || activation::softmax(x.clone(), axis))
            }
            Op::Sum {
                axis: Some(axis), ..
            } => {
                let x = Tensor::<2>::from_data(next()?, on);
                job(move || x.clone().sum_dim(axis))
            }
            Op::Sum { axis: None, .. } => {
                let x = Tensor::<2>::from_data(next()?, on);
                job(move || x.clone().sum())
            }
            Op::LayerNorm { cols, .. } => {
                let x = Tensor::<2>::from_data(next()?, on);
                let mut layer = LayerNormConfig::new(cols).with_epsilon(EPSILON).init(on);
                layer.gamma = Param::from_data(next()?, on);
                layer.beta = Some(Param::from_data(next()?, on));
                job(move || layer.forward(x.clone()))
            }
            Op::Sines { count, .. } => {
                let x = Tensor::<1>::from_data(next()?, on);
                job(move || (0..count).fold(x.clone(), |y, _| y.sin()))
            }
            Op::Training {
                sizes,
                batch,
                steps,
            } => {
                let arrays = operands(op).map(|(values, shape)| TensorData::new(values, shape));
                training(sizes, batch, steps, arrays.collect(), on.clone().autodiff())
            }
            Op::Upload { .. } => {
                let (values, on) = (next()?, on.clone());
                job(move || Tensor::<1>::from_data(values.clone(), &on))
            }
            Op::Readback { .. } => {
                let x = Tensor::<1>::from_data(next()?, on);
                job(move || {
                    std::hint::black_box(x.clone().into_data());
                    x.clone()
                })
            }
        })
    }

    fn finish(&self, _: &Value) -> Result<()> {
        self.device
            .sync()
            .map_err(|error| format!("{error:?}").into())
    }

    fn read(&self, value: Value) -> Result<Vec<f32>> {
        let data = match value {
            Value::Line(tensor) => tensor.into_data(),
            Value::Matrix(tensor) => tensor.into_data(),
            Value::Batch(tensor) => tensor.into_data(),
        };
        data.try_to_vec()
            .map_err(|error| format!("{error:?}").into())
    }
}

fn turned<const D: usize>(tensor: Tensor<D>, transposed: bool) -> Tensor<D> {
    if transposed {
        tensor.transpose()
    } else {
        tensor
    }
}

#[derive(Module, Debug)]
struct Perceptron {
    layers: Vec<Linear>,
}

impl Perceptron {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let layers = self.layers.iter().enumerate();
        layers.fold(x, |x, (i, layer)| {
            layer.forward(if i > 0 { activation::relu(x) } else { x })
        })
    }
}

fn training(
    sizes: &'static [usize],
    batch: usize,
    steps: usize,
    arrays: Vec<TensorData>,
    on: Device,
) -> Option<Job<Value>> {
    let mut arrays = arrays.into_iter();
    let x = Tensor::<2>::from_data(arrays.next()?, &on);
    let layers = sizes.windows(2).zip(arrays).map(|(size, weight)| {
        // burn keeps weights as (inputs, outputs).
        let weight = Tensor::<2>::from_data(weight, &on).transpose().into_data();
        let mut layer = LinearConfig::new(size[0], size[1]).init(&on);
        layer.weight = Param::from_data(weight, &on);
        layer.bias = Some(Param::from_tensor(Tensor::zeros([size[1]], &on)));
        layer
    });
    let mut model = Perceptron {
        layers: layers.collect(),
    };
    let classes = sizes[sizes.len() - 1];
    let labels: Vec<i32> = data::labels(batch, classes)
        .into_iter()
        .map(|l| l as i32)
        .collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch]), &on);
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let entropy = CrossEntropyLossConfig::new().init(&on);
    job(move || {
        let mut step = || {
            let loss = entropy.forward(model.forward(x.clone()), labels.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = adam.step(LEARNING_RATE, model.clone(), gradients);
            loss.detach()
        };
        for _ in 1..steps {
            step();
        }
        step()
    })
}
