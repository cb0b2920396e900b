//! Numbers as they lie in files, read as the values of tensors.

use std::fmt::Display;
use std::io::{ErrorKind as Io, Read};

use half::{bf16, f16};

use crate::device::Device;
use crate::dtype::{DType, Element};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::cpu::pages;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Bytes read at a time; a multiple of each number's size.
const CHUNK: usize = 1 << 16;

/// What becomes of a value that the tensor's dtype cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Narrowing {
    /// It is an error, which names the value and its place. Rounding a `float64` to the nearest `f32` is none.
    #[default]
    Checked,
    /// It becomes the nearest that the dtype holds: integers saturate, floats become ±∞.
    Lossy,
}

/// A failure in words, to be told with the operation and the file.
pub(crate) type Words<T> = std::result::Result<T, String>;

/// An error about a file, at the caller's line.
#[track_caller]
pub(crate) fn fail<T>(op: &'static str, file: &str, message: impl ToString) -> Result<T> {
    Err(Error::new(ErrorKind::File {
        op,
        file: file.into(),
        message: message.to_string(),
    }))
}

/// The types of numbers that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    #[cfg_attr(
        not(feature = "safetensors"),
        expect(dead_code, reason = "NumPy has none")
    )]
    Bf16,
    F32,
    F64,
}

impl Number {
    /// Bytes of one.
    #[cfg(feature = "npy")]
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// What they become on a device.
    fn dtype(self, device: &Device) -> DType {
        match self {
            Self::Bool => DType::Bool,
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => DType::U32,
            Self::I8 | Self::I16 | Self::I32 | Self::I64 => DType::I32,
            Self::F16 if device.supports_f16() => DType::F16,
            Self::F16 | Self::Bf16 | Self::F32 | Self::F64 => DType::F32,
        }
    }
}

/// Values to be read, and where errors say they are from.
pub(crate) struct Reading<'a> {
    pub(crate) op: &'static str,
    pub(crate) name: &'a str,
    pub(crate) number: Number,
    pub(crate) big_endian: bool,
    /// The file's word for the type.
    pub(crate) descr: &'a str,
    /// The shape of all that the file says to hold.
    pub(crate) whole: &'a [usize],
    pub(crate) narrowing: Narrowing,
    /// Whether the values are known to be there, so that memory for all of them may be taken.
    pub(crate) certain: bool,
}

impl Reading<'_> {
    /// The next values as a tensor.
    #[track_caller]
    pub(crate) fn tensor(
        &self,
        reader: &mut impl Read,
        shape: &[usize],
        device: &Device,
    ) -> Result<Tensor> {
        let shape = Shape::checked(self.op, shape)?;
        let dtype = self.number.dtype(device);
        device.check_size(self.op, &shape, dtype)?;
        let count = shape.size();
        let lossy = self.narrowing == Narrowing::Lossy;
        // Reads numbers of a type in the file's byte order and uploads what they become.
        macro_rules! read {
            ($t:ty, $narrow:expr) => {{
                let values = match self.big_endian {
                    true => self.collect(reader, count, <$t>::from_be_bytes, $narrow),
                    false => self.collect(reader, count, <$t>::from_le_bytes, $narrow),
                };
                self.upload(values, shape, device)
            }};
        }
        match self.number {
            Number::Bool => read!(u8, |v| Some(v != 0)),
            Number::U8 => read!(u8, |v| Some(u32::from(v))),
            Number::U16 => read!(u16, |v| Some(u32::from(v))),
            Number::U32 => read!(u32, Some),
            Number::U64 => read!(u64, |v: u64| match u32::try_from(v) {
                Err(_) if lossy => Some(u32::MAX),
                narrow => narrow.ok(),
            }),
            Number::I8 => read!(i8, |v| Some(i32::from(v))),
            Number::I16 => read!(i16, |v| Some(i32::from(v))),
            Number::I32 => read!(i32, Some),
            Number::I64 => read!(i64, |v: i64| match i32::try_from(v) {
                Err(_) if lossy && v < 0 => Some(i32::MIN),
                Err(_) if lossy => Some(i32::MAX),
                narrow => narrow.ok(),
            }),
            Number::F16 if dtype == DType::F32 => read!(f16, |v| Some(v.to_f32())),
            Number::F16 => read!(f16, Some),
            Number::Bf16 => read!(bf16, |v| Some(v.to_f32())),
            Number::F32 => read!(f32, Some),
            Number::F64 => read!(f64, |v: f64| {
                let near = v as f32;
                (lossy || near.is_finite() || !v.is_finite()).then_some(near)
            }),
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
                    Io::UnexpectedEof => format!(
                        "the values are cut off: shape {:?} of {} needs {} bytes",
                        self.whole,
                        self.descr,
                        self.whole.iter().product::<usize>() * N
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
        match values {
            Ok(values) => Tensor::from_slice(&values, shape, device),
            Err(message) => fail(self.op, self.name, message),
        }
    }
}

/// A tensor's values as bytes in little-endian order, a bool in a byte; waits for what is recorded.
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub(crate) fn bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    #[track_caller]
    fn plain<T: Element + bytemuck::Pod>(tensor: &Tensor) -> Result<Vec<u8>> {
        let values = tensor.to_vec::<T>()?;
        let mut bytes = bytemuck::allocation::pod_collect_to_vec(&values);
        if cfg!(target_endian = "big") {
            bytes
                .chunks_exact_mut(size_of::<T>())
                .for_each(<[u8]>::reverse);
        }
        Ok(bytes)
    }
    match tensor.dtype() {
        DType::Bool => {
            let values = tensor.to_vec::<bool>()?;
            Ok(values.into_iter().map(u8::from).collect())
        }
        DType::U32 => plain::<u32>(tensor),
        DType::I32 => plain::<i32>(tensor),
        DType::F16 => plain::<f16>(tensor),
        DType::F32 => plain::<f32>(tensor),
    }
}
