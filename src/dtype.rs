//! Element types: what a tensor stores, and what a host program hands in and takes out.

use std::borrow::Cow;
use std::fmt;

use half::f16;

use crate::error::{Error, Result};

/// The type of a tensor's elements.
///
/// `f64` and `i64` are host types only (see [`Element`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DType {
    /// `true` or `false`; a byte on the CPU, four on a GPU, since WGSL has no smaller storage.
    Bool,
    /// 32-bit unsigned integer; arithmetic wraps.
    U32,
    /// 32-bit signed integer; arithmetic wraps.
    I32,
    /// IEEE half precision: a storage type, computed in `f32` and rounded after every operation.
    F16,
    /// IEEE single precision.
    F32,
}

impl DType {
    /// Bytes an element takes; a GPU stores a `bool` in four, which [`Tensor::nbytes`](crate::Tensor::nbytes)
    /// knows.
    pub const fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::F16 => 2,
            _ => 4,
        }
    }

    /// Whether the type is `f16` or `f32`.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32)
    }

    /// Whether the type is `i32` or `u32`.
    pub const fn is_int(self) -> bool {
        matches!(self, Self::I32 | Self::U32)
    }

    /// The name as Rust spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// The type two tensors meet in: the later of `bool < u32 < i32 < f16 < f32`, except that an
    /// integer and `f16` give `f32`.
    ///
    /// `u32` with `i32` gives `i32`, and values of 2³¹ and more wrap.
    pub fn promote(self, other: Self) -> Self {
        match (self.min(other), self.max(other)) {
            (Self::I32 | Self::U32, Self::F16) => Self::F32,
            (_, wider) => wider,
        }
    }

    /// The type a tensor of this dtype and a Rust scalar meet in. Scalars are weak: they take the
    /// tensor's type, unless a float meets integers (`f32`) or a number meets `bool`.
    pub(crate) fn promote_scalar(self, scalar: Scalar) -> Self {
        match (self, scalar) {
            (Self::F16 | Self::F32, _) | (_, Scalar::Bool(_)) => self,
            (_, Scalar::Float(_)) => Self::F32,
            (Self::Bool, Scalar::Int(_)) => Self::I32,
            (_, Scalar::Int(_)) => self,
        }
    }

    /// The float type that unary maths computes in: the type itself, or `f32` for the others.
    pub(crate) fn to_float(self) -> Self {
        if self.is_float() { self } else { Self::F32 }
    }
}

/// How an executor stores bools. Any other dtype takes [`DType::size`] bytes in every memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bools {
    /// A byte each, as values are handed in and out too.
    Bytes,
    /// A word of 32 bits each.
    Words,
}

impl Bools {
    /// Bytes an element takes in the executor's memory.
    pub(crate) const fn size(self, dtype: DType) -> usize {
        match (dtype, self) {
            (DType::Bool, Self::Words) => 4,
            _ => dtype.size(),
        }
    }

    /// Words that hold `len` elements of the dtype.
    pub(crate) fn words(self, len: usize, dtype: DType) -> usize {
        (len * self.size(dtype)).div_ceil(4)
    }

    /// What this memory holds for words that [`Element::encode`] gave.
    pub(crate) fn store(self, words: &[u32], len: usize, dtype: DType) -> Cow<'_, [u32]> {
        match (dtype, self) {
            (DType::Bool, Self::Words) => {
                let bytes: &[u8] = bytemuck::cast_slice(words);
                bytes[..len].iter().map(|&byte| byte as u32).collect()
            }
            _ => Cow::Borrowed(words),
        }
    }

    /// Words for [`Element::decode`], of those that this memory holds.
    pub(crate) fn load(self, words: Vec<u32>, len: usize, dtype: DType) -> Vec<u32> {
        match (dtype, self) {
            (DType::Bool, Self::Words) => {
                pack(words[..len].iter().map(|&word| (word != 0) as u8), len)
            }
            _ => words,
        }
    }
}

/// Elements smaller than a word, in as many words as they fill.
fn pack<T: bytemuck::Pod>(values: impl Iterator<Item = T>, len: usize) -> Vec<u32> {
    let mut words = vec![0u32; (len * size_of::<T>()).div_ceil(4)];
    let places = bytemuck::cast_slice_mut::<u32, T>(&mut words);
    places.iter_mut().zip(values).for_each(|(p, v)| *p = v);
    words
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A Rust number or bool used where a tensor could stand: `&x * 2.0`, `x.maximum(0)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar {
    /// A floating-point literal or value.
    Float(f64),
    /// An integer literal or value.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
}

impl Scalar {
    /// The scalar as the 32 bits that a kernel reads for the dtype (`f16` travels as `f32`).
    pub(crate) fn to_bits(self, dtype: DType) -> u32 {
        match (dtype, self) {
            (DType::F32, s) => (s.to_f64() as f32).to_bits(),
            (DType::F16, s) => f16::from_f64(s.to_f64()).to_f32().to_bits(),
            (DType::I32, Self::Float(v)) => v as i32 as u32,
            (DType::U32, Self::Float(v)) => v as u32,
            (DType::I32 | DType::U32, Self::Int(v)) => v as u32,
            (DType::I32 | DType::U32, Self::Bool(v)) => v as u32,
            (DType::Bool, s) => (s.to_f64() != 0.0) as u32,
        }
    }

    /// The value that [`Scalar::to_bits`] encodes.
    pub(crate) fn from_bits(bits: u32, dtype: DType) -> Self {
        match dtype {
            DType::F32 | DType::F16 => Self::Float(f32::from_bits(bits) as f64),
            DType::I32 => Self::Int(bits as i32 as i64),
            DType::U32 => Self::Int(bits as i64),
            DType::Bool => Self::Bool(bits != 0),
        }
    }

    /// The value as `f64`; bools are 0 and 1.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Float(v) => v,
            Self::Int(v) => v as f64,
            Self::Bool(v) => v as u8 as f64,
        }
    }

    /// An error if the scalar cannot stand in a tensor of the dtype.
    #[track_caller]
    pub(crate) fn check_fits(self, op: &'static str, dtype: DType) -> Result<()> {
        match self.overflows(dtype) {
            true => Err(Error::value(
                op,
                format!("{self:?} does not fit the tensor's dtype {dtype}"),
            )),
            false => Ok(()),
        }
    }

    /// Whether an integer scalar lies outside the range of an integer dtype.
    pub(crate) fn overflows(self, dtype: DType) -> bool {
        match (self, dtype) {
            (Self::Int(v), DType::I32) => i32::try_from(v).is_err(),
            (Self::Int(v), DType::U32) => u32::try_from(v).is_err(),
            _ => false,
        }
    }
}

macro_rules! scalar_from {
    ($($t:ty => $variant:ident as $as:ty),*) => {$(
        impl From<$t> for Scalar {
            fn from(v: $t) -> Self {
                Self::$variant(v as $as)
            }
        }
    )*};
}
scalar_from!(f32 => Float as f64, f64 => Float as f64, i32 => Int as i64, i64 => Int as i64,
    u32 => Int as i64, usize => Int as i64, bool => Bool as bool);

impl From<f16> for Scalar {
    fn from(v: f16) -> Self {
        Self::Float(v.to_f64())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A host type whose values go into tensors and come out of them.
///
/// `f32`, `f16`, `i32`, `u32` and `bool` are stored as they are. `f64` becomes `f32` (rounded to
/// nearest) and `i64` becomes `i32`, where a value out of range is an error; on the way out any
/// numeric tensor can be read as `f64`, and an integer or bool tensor as `i64`.
pub trait Element: sealed::Sealed + Copy + Send + Sync + PartialEq + fmt::Debug + 'static {
    /// The dtype that a slice of this type is stored as.
    const DTYPE: DType;
    /// The words that hold the values, each in [`DType::size`] bytes; an error names the first value
    /// that the stored type cannot hold.
    #[doc(hidden)]
    fn encode(values: &[Self]) -> Result<Cow<'_, [u32]>, usize>;
    /// The first `len` values of such words, which hold `dtype`; `None` if the type cannot be read so.
    #[doc(hidden)]
    fn decode(words: Vec<u32>, len: usize, dtype: DType) -> Option<Vec<Self>>;
}

macro_rules! stored {
    ($t:ty, $dtype:ident, $encode:expr, $decode:expr) => {
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$dtype;
            fn encode(values: &[Self]) -> Result<Cow<'_, [u32]>, usize> {
                let encode: fn(&[Self]) -> Cow<'_, [u32]> = $encode;
                Ok(encode(values))
            }
            fn decode(mut words: Vec<u32>, len: usize, dtype: DType) -> Option<Vec<Self>> {
                let decode: fn(Vec<u32>, usize) -> Vec<Self> = $decode;
                words.truncate(Bools::Bytes.words(len, dtype));
                (dtype == DType::$dtype).then(|| decode(words, len))
            }
        }
    };
}

/// The first bytes of words.
fn bytes(words: &[u32], len: usize) -> impl Iterator<Item = u8> {
    bytemuck::cast_slice(words)[..len].iter().copied()
}

// What is a word on the device as well is not copied.
stored!(
    f32,
    F32,
    |v| Cow::Borrowed(bytemuck::cast_slice(v)),
    |w, _| bytemuck::cast_vec(w)
);
stored!(
    i32,
    I32,
    |v| Cow::Borrowed(bytemuck::cast_slice(v)),
    |w, _| bytemuck::cast_vec(w)
);
stored!(u32, U32, |v| Cow::Borrowed(v), |w, _| w);
stored!(
    bool,
    Bool,
    |v| Cow::Owned(pack(v.iter().map(|&b| b as u8), v.len())),
    |w, n| bytes(&w, n).map(|b| b != 0).collect()
);
stored!(
    f16,
    F16,
    |v| Cow::Owned(pack(v.iter().copied(), v.len())),
    |w, n| bytemuck::cast_slice::<u32, f16>(&w)[..n].to_vec()
);

impl sealed::Sealed for f64 {}
impl Element for f64 {
    const DTYPE: DType = DType::F32;
    fn encode(values: &[Self]) -> Result<Cow<'_, [u32]>, usize> {
        Ok(values.iter().map(|&v| (v as f32).to_bits()).collect())
    }
    fn decode(words: Vec<u32>, len: usize, dtype: DType) -> Option<Vec<Self>> {
        Some(match dtype {
            DType::F16 => bytemuck::cast_slice::<u32, f16>(&words)[..len]
                .iter()
                .map(|v| v.to_f64())
                .collect(),
            DType::Bool => bytes(&words, len).map(f64::from).collect(),
            _ => words[..len]
                .iter()
                .map(|&w| Scalar::from_bits(w, dtype).to_f64())
                .collect(),
        })
    }
}

impl sealed::Sealed for i64 {}
impl Element for i64 {
    const DTYPE: DType = DType::I32;
    fn encode(values: &[Self]) -> Result<Cow<'_, [u32]>, usize> {
        let narrow = |(i, &v): (usize, &i64)| i32::try_from(v).map(|v| v as u32).map_err(|_| i);
        values.iter().enumerate().map(narrow).collect()
    }
    fn decode(words: Vec<u32>, len: usize, dtype: DType) -> Option<Vec<Self>> {
        Some(match dtype {
            DType::Bool => bytes(&words, len).map(i64::from).collect(),
            DType::I32 => words[..len].iter().map(|&w| w as i32 as i64).collect(),
            DType::U32 => words[..len].iter().map(|&w| w as i64).collect(),
            DType::F16 | DType::F32 => return None,
        })
    }
}
