//! numr on the CPU and through wgpu. It has gradients but no optimiser, and so no training here.

use ::numr::prelude::*;

use super::{Job, Peer, operands};
use crate::works::{EPSILON, Op, data};
use crate::{Result, machine};

pub struct Numr<R: Runtime> {
    device: R::Device,
    client: R::Client,
    name: String,
}

pub fn cpu() -> Numr<CpuRuntime> {
    let device = CpuDevice::new();
    let client = CpuRuntime::default_client(&device);
    let name = format!("{} threads", machine::cores());
    Numr {
        device,
        client,
        name,
    }
}

pub fn gpu() -> Result<Numr<WgpuRuntime>> {
    let device = WgpuDevice::new(0);
    let client = WgpuClient::new(device.clone())?;
    let name = client.device().adapter_name();
    Ok(Numr {
        device,
        client,
        name,
    })
}

fn job<R: Runtime>(
    mut work: impl FnMut() -> ::numr::error::Result<Tensor<R>> + 'static,
) -> Result<Option<Job<Tensor<R>>>> {
    Ok(Some(Box::new(move || Ok(work()?))))
}

impl<R> Peer for Numr<R>
where
    R: Runtime<DType = DType> + 'static,
    R::Client: RuntimeClient<R>
        + TensorOps<R>
        + ScalarOps<R>
        + BinaryOps<R>
        + UnaryOps<R>
        + MatmulOps<R>
        + ActivationOps<R>
        + ReduceOps<R>
        + NormalizationOps<R>
        + Clone
        + 'static,
{
    type Value = Tensor<R>;

    fn version(&self) -> String {
        machine::version_of("numr")
    }

    fn device(&self) -> String {
        self.name.clone()
    }

    fn prepare(&self, op: &Op) -> Result<Option<Job<Tensor<R>>>> {
        let tensors = operands(op).map(|(v, shape)| Tensor::from_slice(&v, &shape, &self.device));
        let tensors = tensors.collect::<::numr::error::Result<Vec<Tensor<R>>>>()?;
        let x = tensors[0].clone();
        let on = self.client.clone();
        match *op {
            Op::Matmul {
                left_transposed,
                right_transposed,
                ..
            } => {
                let view = |t: &Tensor<R>, transposed| match transposed {
                    true => t.transpose(-2, -1),
                    false => Ok(t.clone()),
                };
                let left = view(&x, left_transposed)?;
                let right = view(&tensors[1], right_transposed)?;
                job(move || on.matmul(&left, &right))
            }
            Op::Chain { .. } => job(move || {
                let [a, b, c] = [0, 1, 2].map(|i| &tensors[i]);
                let y = on.relu(&on.add(&on.mul(a, b)?, c)?)?;
                on.sub(&on.mul_scalar(&y, 0.5)?, a)
            }),
            Op::Softmax { axis, .. } => job(move || on.softmax(&x, axis as isize)),
            Op::Sum { axis, .. } => job(move || match axis {
                Some(axis) => on.sum(&x, &[axis], false),
                None => on.sum(&x, &[0, 1], false),
            }),
            Op::LayerNorm { .. } => {
                job(move || on.layer_norm(&x, &tensors[1], &tensors[2], EPSILON as f32))
            }
            Op::Sines { count, .. } => {
                job(move || (0..count).try_fold(x.clone(), |y, _| on.sin(&y)))
            }
            Op::Training { .. } => Ok(None),
            Op::Upload { size } => {
                let (values, device) = (data::operand(op, 0), self.device.clone());
                job(move || Tensor::from_slice(&values, &[size], &device))
            }
            Op::Readback { .. } => job(move || {
                std::hint::black_box(x.try_to_vec::<f32>()?);
                Ok(x.clone())
            }),
        }
    }

    fn finish(&self, _: &Tensor<R>) -> Result<()> {
        self.client.synchronize();
        Ok(())
    }

    fn read(&self, value: Tensor<R>) -> Result<Vec<f32>> {
        Ok(value.contiguous()?.try_to_vec()?)
    }
}
