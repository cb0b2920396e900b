//! tilewise itself, on the CPU or a GPU.

use ::tilewise::{Device, Tensor};

use super::{Job, Peer};
use crate::works::{self, Op};
use crate::{Result, machine};

pub struct Tilewise(Device);

impl Tilewise {
    pub fn open(device: &str) -> Result<Self> {
        Ok(Self(Device::named(device)?))
    }
}

impl Peer for Tilewise {
    type Value = Tensor;

    fn version(&self) -> String {
        machine::version_of("tilewise")
    }

    fn device(&self) -> String {
        self.0.info().to_string()
    }

    fn prepare(&self, op: &Op) -> Result<Option<Job<Tensor>>> {
        let mut job = works::tilewise::prepare(op, &self.0)?;
        Ok(Some(Box::new(move || Ok(job()?))))
    }

    fn finish(&self, _: &Tensor) -> Result<()> {
        Ok(self.0.synchronize()?)
    }

    fn read(&self, value: Tensor) -> Result<Vec<f32>> {
        Ok(value.to_vec()?)
    }
}
