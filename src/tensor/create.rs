//! Creation.

use std::panic::Location;
use std::sync::Arc;

use super::{Tensor, convert::IntoData};
use crate::device::Device;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::op::Op;
use crate::queue::Storage;
use crate::shape::{IntoShape, Shape};

impl Tensor {
    /// A tensor of the values, row-major, in the given shape.
    ///
    /// `f64` values are rounded to `f32`, `i64` values must fit `i32`.
    ///
    /// # Errors
    /// Another number of values than the shape has elements, an `i64` out of range, or no memory.
    #[doc(alias("array", "asarray"))]
    #[track_caller]
    pub fn from_slice<T: Element>(
        values: &[T],
        shape: impl IntoShape,
        device: &Device,
    ) -> Result<Tensor> {
        const OP: &str = "from_slice";
        let shape = shape.into_shape()?;
        if values.len() != shape.size() {
            let message = format!(
                "{} values do not fill its {} elements",
                values.len(),
                shape.size()
            );
            return Err(Error::shape(OP, &shape, message));
        }
        if T::DTYPE == DType::F16 {
            device.check_dtype(OP, T::DTYPE)?;
        }
        let words = match T::encode(values) {
            Ok(words) => words,
            Err(at) => {
                let message = format!("value {:?} at {at} does not fit {}", values[at], T::DTYPE);
                return Err(Error::value(OP, message));
            }
        };
        Self::from_words(OP, &words, T::DTYPE, shape, device)
    }

    /// A tensor of the words that [`Element::encode`] gives.
    #[track_caller]
    pub(crate) fn from_words(
        op: &'static str,
        words: &[u32],
        dtype: DType,
        shape: Shape,
        device: &Device,
    ) -> Result<Tensor> {
        if shape.size() == 0 {
            return Ok(Self::constant(Scalar::Int(0), dtype, shape, device));
        }
        device.check_size(op, &shape, dtype)?;
        let executor = device.executor();
        let bools = device.limits().abilities.bools;
        let words = bools.store(words, shape.size(), dtype);
        let buffer = executor.alloc(words.len())?;
        // Owned from here on, so that a failed upload frees it.
        let storage = Storage::held(device.queue(), dtype, shape, buffer);
        executor.write(buffer, &words)?;
        Ok(Self::over(Arc::new(storage), device))
    }

    /// A tensor of nested arrays or `Vec`s, or of one number: `Tensor::new([[1., 2.], [3., 4.]], &dev)`.
    ///
    /// # Errors
    /// Rows of unequal length: the error names the row.
    #[doc(alias("array", "asarray", "tensor"))]
    #[track_caller]
    pub fn new(data: impl IntoData, device: &Device) -> Result<Tensor> {
        data.into_tensor(device)
    }

    /// A tensor filled with one value; takes no memory until it is written to.
    ///
    /// # Errors
    /// A shape beyond eight dimensions, or a value that does not fit the dtype.
    #[track_caller]
    pub fn full(
        shape: impl IntoShape,
        value: impl Into<Scalar>,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        device.check_dtype("full", dtype)?;
        let value = value.into();
        // A whole number beyond the dtype, or a fraction in an integer.
        let lost = match value {
            Scalar::Float(v) => {
                dtype.is_int() && Scalar::from_bits(value.to_bits(dtype), dtype).to_f64() != v
            }
            _ => value.overflows(dtype),
        };
        if lost {
            return Err(Error::value(
                "full",
                format!("{value:?} does not fit {dtype}"),
            ));
        }
        Ok(Self::constant(value, dtype, shape.into_shape()?, device))
    }

    /// A tensor of `f32` zeros.
    ///
    /// # Errors
    /// A shape beyond eight dimensions.
    #[doc(alias = "empty")]
    #[track_caller]
    pub fn zeros(shape: impl IntoShape, device: &Device) -> Result<Tensor> {
        Self::full(shape, 0.0, DType::F32, device)
    }

    /// A tensor of `f32` ones.
    ///
    /// # Errors
    /// A shape beyond eight dimensions.
    #[track_caller]
    pub fn ones(shape: impl IntoShape, device: &Device) -> Result<Tensor> {
        Self::full(shape, 1.0, DType::F32, device)
    }

    /// Zeros in this tensor's shape, dtype and device.
    pub fn zeros_like(&self) -> Tensor {
        self.full_like(0)
    }

    /// Ones in this tensor's shape, dtype and device.
    pub fn ones_like(&self) -> Tensor {
        self.full_like(1)
    }

    /// A value in this tensor's shape, dtype and device; converted to the dtype as a cast does.
    pub fn full_like(&self, value: impl Into<Scalar>) -> Tensor {
        Self::constant(
            value.into(),
            self.dtype,
            self.shape_ref().clone(),
            &self.device,
        )
    }

    /// The numbers `start, start + step, …` below `end` (above it for a negative step): `f32` if one
    /// of the three is a float, else `i32`. Each is computed as `start + i·step`.
    ///
    /// # Errors
    /// A step of zero, or a range that is not finite or too long.
    #[track_caller]
    pub fn arange(
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        step: impl Into<Scalar>,
        device: &Device,
    ) -> Result<Tensor> {
        const OP: &str = "arange";
        let (start, end, step) = (start.into(), end.into(), step.into());
        let (from, to, by) = (start.to_f64(), end.to_f64(), step.to_f64());
        let len = ((to - from) / by).ceil();
        if by == 0.0 || !len.is_finite() || !from.is_finite() || len > usize::MAX as f64 {
            let message = format!("no range from {from} to {to} by {by}");
            return Err(Error::value(OP, message));
        }
        let float = [start, end, step]
            .iter()
            .any(|s| matches!(s, Scalar::Float(_)));
        let dtype = if float { DType::F32 } else { DType::I32 };
        let index = Self::index(len.max(0.0) as usize, device)?.to_dtype(dtype);
        index.try_mul(step)?.try_add(start)
    }

    /// `n` numbers from `start` to `end`, both included, evenly spaced, as `f32`.
    ///
    /// # Errors
    /// Bounds that are not finite.
    #[track_caller]
    pub fn linspace(start: f64, end: f64, n: usize, device: &Device) -> Result<Tensor> {
        const OP: &str = "linspace";
        if !start.is_finite() || !end.is_finite() {
            return Err(Error::value(
                OP,
                format!("the bounds {start} and {end} must be finite"),
            ));
        }
        device.check_size(OP, &Shape::checked(OP, &[n])?, DType::F32)?;
        let index = Self::index(n, device)?;
        let last = n.saturating_sub(1).max(1);
        let steps = index.to_dtype(DType::F32);
        let line = (steps * ((end - start) / last as f64)).try_add(start)?;
        // The last number is the bound itself, whatever rounding gave.
        if n < 2 {
            Ok(line)
        } else {
            index.eq(last)?.select(end, &line)
        }
    }

    /// The `n × m` matrix with ones on the diagonal, as `f32`.
    ///
    /// # Errors
    /// More elements than the device can hold.
    #[doc(alias = "identity")]
    #[track_caller]
    pub fn eye(n: usize, m: usize, device: &Device) -> Result<Tensor> {
        let shape = Shape::checked("eye", &[n, m])?;
        device.check_size("eye", &shape, DType::F32)?;
        let diagonal = Layout::contiguous(shape.clone()).diagonal(0, 1, 0);
        let ones = Self::constant(1.0.into(), DType::F32, diagonal.shape().clone(), device);
        Ok(Self::assemble(&[&ones], vec![diagonal], shape, DType::F32))
    }

    /// `0, 1, …, n − 1` as `u32`.
    #[track_caller]
    pub(crate) fn index(n: usize, device: &Device) -> Result<Tensor> {
        let shape = Shape::of(&[n]);
        if n == 0 {
            return Ok(Self::constant(Scalar::Int(0), DType::U32, shape, device));
        }
        device.check_size("arange", &shape, DType::U32)?;
        Ok(Self::record(
            Op::Index,
            &[],
            &shape,
            DType::U32,
            device,
            Location::caller(),
        ))
    }

    /// The tensor on another device, off the tape; the same tensor if it is there already.
    ///
    /// # Errors
    /// A fault of either device, or no memory.
    #[doc(alias = "to")]
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn to_device(&self, device: &Device) -> Result<Tensor> {
        if self.device == *device {
            return Ok(self.clone());
        }
        device.check_dtype("to_device", self.dtype)?;
        let words = self.read_words()?.wait()?;
        let bools = self.device.limits().abilities.bools;
        let words = bools.load(words, self.size(), self.dtype);
        Self::from_words(
            "to_device",
            &words,
            self.dtype,
            self.shape_ref().clone(),
            device,
        )
    }
}

impl Device {
    #[track_caller]
    pub(crate) fn check_dtype(&self, op: &'static str, dtype: DType) -> Result<()> {
        if dtype != DType::F16 || self.limits().f16 {
            return Ok(());
        }
        let expected = "this adapter has no SHADER_F16; use f32 or another device";
        Err(Error::new(ErrorKind::DType {
            op,
            dtype,
            expected,
        }))
    }

    #[track_caller]
    pub(crate) fn check_size(&self, op: &'static str, shape: &Shape, dtype: DType) -> Result<()> {
        let limits = self.limits();
        let bytes = shape.bytes(limits.abilities.bools.size(dtype));
        let limit = limits.largest(dtype);
        if bytes <= limit {
            return Ok(());
        }
        Err(Error::new(ErrorKind::TooLarge {
            op,
            bytes,
            limit,
            device: self.name(),
        }))
    }
}
