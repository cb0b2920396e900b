//! The values of an npy file, as tensors and as bytes.

use std::fmt::Display;
use std::io::{ErrorKind, Read};

use half::f16;

use super::header::Header;
use super::{Narrowing, Words, fail};
use crate::device::Device;
use crate::dtype::{DType, Element};
use crate::error::Result;
use crate::exec::cpu::pages;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Bytes read at a time; a multiple of each element's size.
const CHUNK: usize = 1 << 16;

/// Values to be read, and where errors say they are from.
pub(super) struct Reading<'a> {
    pub(super) op: &'static str,
    pub(super) name: &'a str,
    pub(super) header: &'a Header,
    pub(super) narrowing: Narrowing,
    /// Whether the values are known to be there, so that memory for all of them may be taken.
    pub(super) certain: bool,
}

/// Reads elements of a type in the file's byte order.
macro_rules! collect {
    ($self:ident, $reader:ident, $count:ident, $t:ty, $narrow:expr) => {
        match $self.header.big_endian {
            true => $self.collect($reader, $count, <$t>::from_be_bytes, $narrow),
            false => $self.collect($reader, $count, <$t>::from_le_bytes, $narrow),
        }
    };
}

impl Reading<'_> {
    /// The next values as a tensor.
    #[track_caller]
    pub(super) fn tensor(
        &self,
        reader: &mut impl Read,
        shape: &[usize],
        device: &Device,
    ) -> Result<Tensor> {
        let f16_is_f32 = !device.supports_f16();
        let lossy = self.narrowing == Narrowing::Lossy;
        let shape = Shape::checked(self.op, shape)?;
        let (r, n) = (reader, shape.size());
        let dtype = match (self.header.kind, self.header.size) {
            (b'b', _) => DType::Bool,
            (b'u', _) => DType::U32,
            (b'i', _) => DType::I32,
            (_, 2) if !f16_is_f32 => DType::F16,
            _ => DType::F32,
        };
        device.check_size(self.op, &shape, dtype)?;
        match (self.header.kind, self.header.size) {
            (b'b', _) => self.upload(collect!(self, r, n, u8, |v| Some(v != 0)), shape, device),
            (b'u', 1) => self.upload(
                collect!(self, r, n, u8, |v| Some(u32::from(v))),
                shape,
                device,
            ),
            (b'u', 2) => self.upload(
                collect!(self, r, n, u16, |v| Some(u32::from(v))),
                shape,
                device,
            ),
            (b'u', 4) => self.upload(collect!(self, r, n, u32, Some), shape, device),
            (b'u', _) => {
                let narrow = |v: u64| match u32::try_from(v) {
                    Err(_) if lossy => Some(u32::MAX),
                    narrow => narrow.ok(),
                };
                self.upload(collect!(self, r, n, u64, narrow), shape, device)
            }
            (b'i', 1) => self.upload(
                collect!(self, r, n, i8, |v| Some(i32::from(v))),
                shape,
                device,
            ),
            (b'i', 2) => self.upload(
                collect!(self, r, n, i16, |v| Some(i32::from(v))),
                shape,
                device,
            ),
            (b'i', 4) => self.upload(collect!(self, r, n, i32, Some), shape, device),
            (b'i', _) => {
                let narrow = |v: i64| match i32::try_from(v) {
                    Err(_) if lossy && v < 0 => Some(i32::MIN),
                    Err(_) if lossy => Some(i32::MAX),
                    narrow => narrow.ok(),
                };
                self.upload(collect!(self, r, n, i64, narrow), shape, device)
            }
            (_, 2) if f16_is_f32 => self.upload(
                collect!(self, r, n, f16, |v| Some(v.to_f32())),
                shape,
                device,
            ),
            (_, 2) => self.upload(collect!(self, r, n, f16, Some), shape, device),
            (_, 4) => self.upload(collect!(self, r, n, f32, Some), shape, device),
            _ => {
                let narrow = |v: f64| {
                    let near = v as f32;
                    (lossy || near.is_finite() || !v.is_finite()).then_some(near)
                };
                self.upload(collect!(self, r, n, f64, narrow), shape, device)
            }
        }
    }

    /// So many values, each from its bytes by the first function, and to the tensor's type by the second,
    /// which gives none where it does not fit.
    fn collect<const N: usize, V: Display, T: Copy + Default>(
        &self,
        reader: &mut impl Read,
        count: usize,
        value: impl Fn([u8; N]) -> V,
        narrow: impl Fn(V) -> Option<T>,
    ) -> Words<Vec<T>> {
        let known = if self.certain {
            count
        } else {
            count.min(CHUNK)
        };
        let mut values = pages::reserve(known).map_err(|error| error.to_string())?;
        let mut buffer = vec![0; CHUNK.min(count.saturating_mul(N))];
        while values.len() < count {
            let bytes = buffer.len().min((count - values.len()).saturating_mul(N));
            let chunk = &mut buffer[..bytes];
            reader
                .read_exact(chunk)
                .map_err(|error| match error.kind() {
                    ErrorKind::UnexpectedEof => format!(
                        "the values are cut off: shape {:?} of {} needs {} bytes",
                        self.header.shape,
                        self.header.descr,
                        self.header.bytes()
                    ),
                    _ => error.to_string(),
                })?;
            let (items, _) = chunk.as_chunks::<N>();
            let misfit = items.iter().position(|&item| narrow(value(item)).is_none());
            if let Some(at) = misfit {
                return Err(format!(
                    "value {} at element {} in the file's order is out of the range of the tensor's dtype; \
                     Narrowing::Lossy takes the nearest",
                    value(items[at]),
                    values.len() + at
                ));
            }
            values.extend(
                items
                    .iter()
                    .map(|&item| narrow(value(item)).unwrap_or_default()),
            );
        }
        Ok(values)
    }

    #[track_caller]
    fn upload<T: Element>(
        &self,
        values: Words<Vec<T>>,
        shape: Shape,
        device: &Device,
    ) -> Result<Tensor> {
        let values = match values {
            Ok(values) => values,
            Err(message) => return fail(self.op, self.name, message),
        };
        if !self.header.fortran || shape.ndim() < 2 {
            return Tensor::from_slice(&values, shape, device);
        }
        // Fortran order is C order of the transposed array.
        let sizes: Vec<usize> = shape.dims().iter().rev().copied().collect();
        let axes: Vec<usize> = (0..sizes.len()).rev().collect();
        Ok(Tensor::from_slice(&values, Shape::of(&sizes), device)?.permuted(&axes))
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
        fn bytes<T: Element + bytemuck::Pod>(tensor: &Tensor) -> Result<Vec<u8>> {
            let values = tensor.to_vec::<T>()?;
            let mut bytes = bytemuck::allocation::pod_collect_to_vec(&values);
            if cfg!(target_endian = "big") {
                bytes
                    .chunks_exact_mut(size_of::<T>())
                    .for_each(<[u8]>::reverse);
            }
            Ok(bytes)
        }
        let (descr, values) = match tensor.dtype() {
            DType::Bool => {
                let values = tensor.to_vec::<bool>()?;
                ("|b1", values.into_iter().map(u8::from).collect())
            }
            DType::U32 => ("<u4", bytes::<u32>(tensor)?),
            DType::I32 => ("<i4", bytes::<i32>(tensor)?),
            DType::F16 => ("<f2", bytes::<f16>(tensor)?),
            DType::F32 => ("<f4", bytes::<f32>(tensor)?),
        };
        let header = Header::write(descr, tensor.shape());
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
