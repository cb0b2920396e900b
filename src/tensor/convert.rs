//! From nested arrays and `Vec`s, and back.

#[cfg(not(target_arch = "wasm32"))]
mod host;
#[cfg(feature = "ndarray")]
mod ndarray;

use super::Tensor;
use crate::device::Device;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::shape::{MAX_RANK, Shape};

#[cfg(not(target_arch = "wasm32"))]
pub use self::host::FromNested;

/// What [`Tensor::new`] takes: a number, or arrays, slices and `Vec`s of numbers, nested to any depth
/// up to eight.
pub trait IntoData {
    /// The tensor of the data on the device.
    ///
    /// # Errors
    /// Rows of unequal length.
    #[track_caller]
    fn into_tensor(self, device: &Device) -> Result<Tensor>;
}

/// A number or a nest of numbers: adds its values and checks its shape.
pub trait Nested {
    /// The type of the numbers.
    type Number: Element;
    /// Adds the values in order. `dims` holds the sizes met first at each depth, `path` the rows
    /// that lead here; an error says where a length differs.
    #[doc(hidden)]
    fn collect(
        &self,
        depth: usize,
        dims: &mut Vec<usize>,
        path: &mut Vec<usize>,
        values: &mut Vec<Self::Number>,
    ) -> std::result::Result<(), String>;
}

macro_rules! numbers {
    ($($t:ty)*) => {$(
        impl Nested for $t {
            type Number = $t;
            fn collect(
                &self,
                depth: usize,
                dims: &mut Vec<usize>,
                path: &mut Vec<usize>,
                values: &mut Vec<$t>,
            ) -> std::result::Result<(), String> {
                debug_assert!(depth <= dims.len() && path.len() == depth);
                values.push(*self);
                Ok(())
            }
        }
    )*};
}
numbers!(f32 f64 i32 i64 u32 bool half::f16);

fn collect_row<T: Nested>(
    row: &[T],
    depth: usize,
    dims: &mut Vec<usize>,
    path: &mut Vec<usize>,
    values: &mut Vec<T::Number>,
) -> std::result::Result<(), String> {
    match dims.get(depth) {
        None => dims.push(row.len()),
        Some(&size) if size != row.len() => {
            let index: String = path.iter().map(|i| format!("[{i}]")).collect();
            return Err(format!(
                "the nested data is not homogeneous: row {index} has {} elements where earlier \
                 rows have {size}",
                row.len()
            ));
        }
        Some(_) => {}
    }
    for (i, item) in row.iter().enumerate() {
        path.push(i);
        item.collect(depth + 1, dims, path, values)?;
        path.pop();
    }
    Ok(())
}

macro_rules! nests {
    ($([$($generic:tt)*] $t:ty;)*) => {$(
        impl<T: Nested, $($generic)*> Nested for $t {
            type Number = T::Number;
            fn collect(
                &self,
                depth: usize,
                dims: &mut Vec<usize>,
                path: &mut Vec<usize>,
                values: &mut Vec<T::Number>,
            ) -> std::result::Result<(), String> {
                collect_row(self, depth, dims, path, values)
            }
        }
    )*};
}
nests! {
    [const N: usize] [T; N];
    [] Vec<T>;
    [] &[T];
}

impl<T: Nested> Nested for &Vec<T> {
    type Number = T::Number;
    fn collect(
        &self,
        depth: usize,
        dims: &mut Vec<usize>,
        path: &mut Vec<usize>,
        values: &mut Vec<T::Number>,
    ) -> std::result::Result<(), String> {
        collect_row(self, depth, dims, path, values)
    }
}

impl<T: Nested> IntoData for T {
    #[track_caller]
    fn into_tensor(self, device: &Device) -> Result<Tensor> {
        const OP: &str = "Tensor::new";
        let (mut dims, mut values) = (Vec::new(), Vec::new());
        if let Err(message) = self.collect(0, &mut dims, &mut Vec::new(), &mut values) {
            return Err(Error::value(OP, message));
        }
        if dims.len() > MAX_RANK {
            let message = format!(
                "{} levels of nesting, at most {MAX_RANK} are possible",
                dims.len()
            );
            return Err(Error::value(OP, message));
        }
        Tensor::from_slice(&values, Shape::of(&dims), device)
    }
}
