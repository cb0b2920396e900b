//! IDX files: the format of MNIST and the sets made after it, as they are downloaded, plain or compressed with
//! gzip (behind the feature `flate2`).
//!
//! ```
//! use tilewise::{data::idx, prelude::*};
//!
//! // Two images of 1×2 bytes.
//! let file = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 7, 8];
//! let images = idx::read(&file[..], &Device::cpu())?;
//! assert_eq!(images.shape(), [2, 1, 2]);
//! assert_eq!(images.to_vec::<u32>()?, [0, 255, 7, 8]);
//! # Ok::<(), Error>(())
//! ```
//!
//! A file is trusted in nothing: a header that promises more than there is allocates no memory for it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::TensorDataset;
use crate::device::Device;
use crate::dtype::{DType, Element};
use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A failure in words, to be told with the operation and the file.
type Words<T> = std::result::Result<T, String>;

/// Loads a file. Bytes become `u32`, signed bytes and integers of 16 and 32 bits `i32`, floats of 32 and 64 bits
/// `f32`.
///
/// # Errors
/// A file that cannot be read, is no IDX file, is shorter or longer than its header says, or is compressed while
/// the feature `flate2` is off; or a tensor that the device cannot hold.
#[track_caller]
pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Tensor> {
    let (path, op) = (path.as_ref(), "idx::load");
    let values = File::open(path)
        .map_err(in_words)
        .and_then(|file| Values::read(BufReader::new(file), device));
    finish(op, &path.display().to_string(), values, device)
}

/// Reads a file to its end; see [`load`].
///
/// # Errors
/// As there.
#[track_caller]
pub fn read(reader: impl Read, device: &Device) -> Result<Tensor> {
    let values = Values::read(reader, device);
    finish("idx::read", "the stream", values, device)
}

/// The sets to learn from and to test on of MNIST, Fashion-MNIST and others that have its four files, from a
/// folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, or these compressed, with `.gz` after the name. Inputs are `(n, 1, height, width)`
/// from 0 to 1, targets `(n)`, `u32`.
///
/// # Errors
/// A file that is missing, as [`load`], or images and labels of different numbers.
///
/// ```no_run
/// use tilewise::{data::idx, Device};
/// // https://github.com/zalandoresearch/fashion-mnist has them.
/// let (train, test) = idx::mnist("data/fashion", &Device::default())?;
/// assert_eq!(train.inputs().shape(), [60_000, 1, 28, 28]);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn mnist(folder: impl AsRef<Path>, device: &Device) -> Result<(TensorDataset, TensorDataset)> {
    let folder = folder.as_ref();
    Ok((
        part(folder, "train", device)?,
        part(folder, "t10k", device)?,
    ))
}

/// The images and labels whose files' names start so.
#[track_caller]
fn part(folder: &Path, name: &str, device: &Device) -> Result<TensorDataset> {
    let images = found(folder, &format!("{name}-images-idx3-ubyte"));
    let labels = found(folder, &format!("{name}-labels-idx1-ubyte"));
    let inputs = load(&images, device)?;
    if inputs.ndim() != 3 || inputs.dtype() != DType::U32 {
        let message = "images are bytes of (n, height, width)";
        return Err(Error::shape("idx::mnist", inputs.shape_ref(), message));
    }
    let targets = load(&labels, device)?;
    if targets.ndim() != 1 {
        let message = "labels are a vector";
        return Err(Error::shape("idx::mnist", targets.shape_ref(), message));
    }
    let inputs = inputs.unsqueeze(1)?.to_dtype(DType::F32).try_div(255)?;
    TensorDataset::new(&inputs, &targets)
}

/// A file of that name, or the compressed one where that is there instead.
fn found(folder: &Path, name: &str) -> PathBuf {
    let plain = folder.join(name);
    let packed = folder.join(format!("{name}.gz"));
    if !plain.exists() && packed.exists() {
        packed
    } else {
        plain
    }
}

#[track_caller]
fn finish(op: &'static str, file: &str, values: Words<Values>, device: &Device) -> Result<Tensor> {
    let message = match values {
        Ok(Values { shape, kind, bytes }) => return kind.tensor(&bytes, shape, device),
        Err(message) => message,
    };
    Err(Error::new(ErrorKind::File {
        op,
        file: file.into(),
        message,
    }))
}

fn in_words(error: std::io::Error) -> String {
    error.to_string()
}

/// What a file holds.
struct Values {
    shape: Shape,
    kind: Kind,
    /// Big-endian, row-major.
    bytes: Vec<u8>,
}

impl Values {
    /// Reads a file, plain or compressed, which its first bytes tell.
    fn read(mut reader: impl Read, device: &Device) -> Words<Self> {
        let mut start = Vec::new();
        (&mut reader)
            .take(4)
            .read_to_end(&mut start)
            .map_err(in_words)?;
        let whole = start.as_slice().chain(reader);
        match start.starts_with(&[0x1f, 0x8b]) {
            true => Self::unpack(whole, device),
            false => Self::parse(whole, device),
        }
    }

    #[cfg(feature = "flate2")]
    fn unpack(packed: impl Read, device: &Device) -> Words<Self> {
        Self::parse(flate2::read::MultiGzDecoder::new(packed), device)
    }

    #[cfg(not(feature = "flate2"))]
    fn unpack(_: impl Read, _: &Device) -> Words<Self> {
        Err("it is compressed with gzip: unpack it, or turn on the feature `flate2`".into())
    }

    fn parse(mut reader: impl Read, device: &Device) -> Words<Self> {
        let mut magic = [0; 4];
        let short = |_| "it ends within the header: this is no IDX file".to_string();
        reader.read_exact(&mut magic).map_err(short)?;
        let [0, 0, code, rank] = magic else {
            return Err(format!(
                "it starts with the bytes {magic:02x?}: an IDX file starts with two zeros"
            ));
        };
        let kind = Kind::of(code)?;
        let mut dims = Vec::with_capacity(rank.into());
        for _ in 0..rank {
            let mut size = [0; 4];
            reader.read_exact(&mut size).map_err(short)?;
            dims.push(u32::from_be_bytes(size) as usize);
        }
        let said = || format!("its header promises {dims:?} elements");
        let shape = Shape::checked("idx", &dims)
            .and_then(|shape| {
                device
                    .check_size("idx", &shape, kind.dtype())
                    .map(|()| shape)
            })
            .map_err(|error| format!("{}: {}", said(), error.kind()))?;
        let size = (shape.size() * kind.bytes()) as u64;
        let mut bytes = Vec::new();
        (&mut reader)
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(in_words)?;
        if bytes.len() as u64 != size {
            let there = bytes.len();
            return Err(format!("{}, {size} bytes, but there are {there}", said()));
        }
        let more = reader.read(&mut [0]).map_err(in_words)?;
        if more != 0 {
            return Err(format!("{}, {size} bytes, but there are more", said()));
        }
        Ok(Self { shape, kind, bytes })
    }
}

/// The types of elements that the format has.
#[derive(Clone, Copy)]
enum Kind {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Kind {
    fn of(code: u8) -> Words<Self> {
        Ok(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0b => Self::I16,
            0x0c => Self::I32,
            0x0d => Self::F32,
            0x0e => Self::F64,
            _ => return Err(format!("{code:#04x} is no type of elements of an IDX file")),
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    fn dtype(self) -> DType {
        match self {
            Self::U8 => DType::U32,
            Self::I8 | Self::I16 | Self::I32 => DType::I32,
            Self::F32 | Self::F64 => DType::F32,
        }
    }

    #[track_caller]
    fn tensor(self, bytes: &[u8], shape: Shape, device: &Device) -> Result<Tensor> {
        match self {
            Self::U8 => filled(bytes, |[v]: [u8; 1]| u32::from(v), shape, device),
            Self::I8 => filled(bytes, |[v]: [u8; 1]| i32::from(v as i8), shape, device),
            Self::I16 => filled(bytes, |v| i32::from(i16::from_be_bytes(v)), shape, device),
            Self::I32 => filled(bytes, i32::from_be_bytes, shape, device),
            Self::F32 => filled(bytes, f32::from_be_bytes, shape, device),
            Self::F64 => filled(bytes, |v| f64::from_be_bytes(v) as f32, shape, device),
        }
    }
}

/// A tensor of the elements that each so many bytes make.
#[track_caller]
fn filled<const N: usize, T: Element>(
    bytes: &[u8],
    element: impl Fn([u8; N]) -> T,
    shape: Shape,
    device: &Device,
) -> Result<Tensor> {
    let values: Vec<T> = bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|&v| element(v))
        .collect();
    Tensor::from_slice(&values, shape, device)
}
