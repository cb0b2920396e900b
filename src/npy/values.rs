//! The values of an npy file, as tensors and as bytes.

use std::io::Read;

use super::header::Header;
use crate::device::Device;
#[cfg(not(target_arch = "wasm32"))]
use crate::dtype::DType;
use crate::error::Result;
use crate::numbers::{Narrowing, Reading};
use crate::tensor::Tensor;

/// What a header tells of, to be read.
pub(super) struct Values<'a> {
    pub(super) op: &'static str,
    pub(super) name: &'a str,
    pub(super) header: &'a Header,
    pub(super) narrowing: Narrowing,
    /// Whether the values are known to be there.
    pub(super) certain: bool,
}

impl Values<'_> {
    /// The next values as a tensor.
    #[track_caller]
    pub(super) fn tensor(
        &self,
        reader: &mut impl Read,
        shape: &[usize],
        device: &Device,
    ) -> Result<Tensor> {
        let header = self.header;
        let reading = Reading {
            op: self.op,
            name: self.name,
            number: header.number,
            big_endian: header.big_endian,
            descr: &header.descr,
            whole: &header.shape,
            narrowing: self.narrowing,
            certain: self.certain,
        };
        if !header.fortran || shape.len() < 2 {
            return reading.tensor(reader, shape, device);
        }
        // Fortran order is C order of the transposed array.
        let sizes: Vec<usize> = shape.iter().rev().copied().collect();
        let axes: Vec<usize> = (0..sizes.len()).rev().collect();
        Ok(reading.tensor(reader, &sizes, device)?.permuted(&axes))
    }
}

/// A tensor's values on the host, to be written.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Stored {
    header: Vec<u8>,
    values: Vec<u8>,
}

#[cfg(not(target_arch = "wasm32"))]
impl Stored {
    #[track_caller]
    pub(super) fn of(tensor: &Tensor) -> Result<Self> {
        let descr = match tensor.dtype() {
            DType::Bool => "|b1",
            DType::U32 => "<u4",
            DType::I32 => "<i4",
            DType::F16 => "<f2",
            DType::F32 => "<f4",
        };
        let header = Header::write(descr, tensor.shape());
        let values = crate::numbers::bytes(tensor)?;
        Ok(Self { header, values })
    }

    pub(super) fn size(&self) -> u64 {
        (self.header.len() + self.values.len()) as u64
    }

    pub(super) fn write(&self, writer: &mut impl std::io::Write) -> std::io::Result<()> {
        writer.write_all(&self.header)?;
        writer.write_all(&self.values)?;
        writer.flush()
    }
}
