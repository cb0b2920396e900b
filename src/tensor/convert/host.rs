//! To and from the host's `Vec`s and arrays by `TryFrom`. It waits for values, and so is not for the web.

use super::Nested;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

const OP: &str = "try_from";

/// A number, or a `Vec` or array of such: what a tensor of as many dimensions can become.
pub trait FromNested: Sized {
    /// The type of the numbers.
    type Number: crate::dtype::Element;
    /// How deep it is nested; 0 for a number.
    #[doc(hidden)]
    const DEPTH: usize;
    /// `count` of these out of values in row-major order; `dims` are the sizes of one. An error says which
    /// size would be right.
    #[doc(hidden)]
    fn nest(
        count: usize,
        dims: &[usize],
        values: Vec<Self::Number>,
    ) -> std::result::Result<Vec<Self>, String>;
}

macro_rules! numbers {
    ($($t:ty)*) => {$(
        impl FromNested for $t {
            type Number = $t;
            const DEPTH: usize = 0;
            fn nest(_: usize, _: &[usize], values: Vec<$t>) -> std::result::Result<Vec<$t>, String> {
                Ok(values)
            }
        }
    )*};
}
numbers!(f32 f64 i32 i64 u32 bool half::f16);

impl<T: FromNested> FromNested for Vec<T> {
    type Number = T::Number;
    const DEPTH: usize = T::DEPTH + 1;
    fn nest(
        count: usize,
        dims: &[usize],
        values: Vec<T::Number>,
    ) -> std::result::Result<Vec<Self>, String> {
        let (&size, rest) = dims.split_first().ok_or("a dimension is missing")?;
        let mut items = T::nest(count * size, rest, values)?.into_iter();
        Ok((0..count)
            .map(|_| items.by_ref().take(size).collect())
            .collect())
    }
}

impl<T: FromNested, const N: usize> FromNested for [T; N] {
    type Number = T::Number;
    const DEPTH: usize = T::DEPTH + 1;
    fn nest(
        count: usize,
        dims: &[usize],
        values: Vec<T::Number>,
    ) -> std::result::Result<Vec<Self>, String> {
        let differs = |size: usize| format!("a dimension of size {size} is no array of {N}");
        let (&size, rest) = dims.split_first().ok_or("a dimension is missing")?;
        if size != N {
            return Err(differs(size));
        }
        let mut items = T::nest(count * N, rest, values)?.into_iter();
        let array = |_| <[T; N]>::try_from(items.by_ref().take(N).collect::<Vec<T>>());
        (0..count)
            .map(array)
            .map(|array| array.map_err(|rest| differs(rest.len())))
            .collect()
    }
}

/// The one item that a tensor is as a whole.
#[track_caller]
fn nested<T: FromNested>(tensor: &Tensor) -> Result<T> {
    if tensor.ndim() != T::DEPTH {
        let message = format!("{} dimensions are needed for this type", T::DEPTH);
        return Err(Error::shape(OP, tensor.shape_ref(), message));
    }
    let nest = T::nest(1, tensor.shape(), tensor.to_vec()?);
    match nest.map(|mut items| items.pop()) {
        Ok(Some(item)) => Ok(item),
        Ok(None) => unreachable!("one item was asked for"),
        Err(message) => Err(Error::shape(OP, tensor.shape_ref(), message)),
    }
}

macro_rules! out_of_tensors {
    ($([$($generic:tt)*] $t:ty;)*) => {$(
        /// Reads a tensor of as many dimensions as the type has; waits for what is recorded.
        impl<T: FromNested, $($generic)*> TryFrom<&Tensor> for $t {
            type Error = Error;
            #[track_caller]
            fn try_from(tensor: &Tensor) -> Result<Self> {
                nested(tensor)
            }
        }

        /// Reads a tensor of as many dimensions as the type has; waits for what is recorded.
        impl<T: FromNested, $($generic)*> TryFrom<Tensor> for $t {
            type Error = Error;
            #[track_caller]
            fn try_from(tensor: Tensor) -> Result<Self> {
                nested(&tensor)
            }
        }
    )*};
}
out_of_tensors! {
    [] Vec<T>;
    [const N: usize] [T; N];
}

macro_rules! into_tensors {
    ($([$($generic:tt)*] $t:ty;)*) => {$(
        /// A tensor on the [default device](Device::default); [`Tensor::new`] takes a device.
        impl<T: Nested, $($generic)*> TryFrom<$t> for Tensor {
            type Error = Error;
            #[track_caller]
            fn try_from(data: $t) -> Result<Self> {
                Tensor::new(data, &Device::try_default()?)
            }
        }
    )*};
}
into_tensors! {
    [] Vec<T>;
    [] &[T];
    [] &Vec<T>;
    [const N: usize] [T; N];
}
