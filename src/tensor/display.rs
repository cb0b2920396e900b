//! Printing, as NumPy prints arrays.

mod float;
mod nest;

use std::fmt;

use half::f16;

use self::float::Number;
use super::Tensor;
use crate::dtype::DType;
use crate::error::Result;

/// Beyond this many elements only the edges are shown; NumPy's `threshold`.
const THRESHOLD: usize = 1000;
/// Elements shown at each end of an axis of an elided tensor; NumPy's `edgeitems`.
const EDGE: usize = 3;
/// Digits after the point; NumPy's `precision`.
const PRECISION: usize = 8;

#[cfg(not(target_arch = "wasm32"))]
impl fmt::Display for Tensor {
    /// The elements, as NumPy's `print` shows them: columns aligned, large and small numbers in
    /// scientific notation, and of more than 1000 elements only the edges, which are all that is
    /// read back. A precision limits the digits after the point: `{:.3}`.
    ///
    /// Runs what is recorded. Where that fails the error is printed in the place of the elements.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[0.5, -1.25], [100., 3.]], &Device::cpu())?;
    /// assert_eq!(x.to_string(), "[[  0.5   -1.25]\n [100.     3.  ]]");
    /// # Ok::<(), Error>(())
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Printed::of(self) {
            Ok(printed) => f.write_str(&printed.text(f.precision())),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

impl fmt::Debug for Tensor {
    /// Shape, dtype, device and layout; reads nothing back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Tensor({} {} on {}",
            self.dtype,
            self.shape_ref(),
            self.device.name()
        )?;
        if !self.is_contiguous() {
            write!(f, ", strides {:?}", self.layout().strides())?;
        }
        f.write_str(")")
    }
}

/// What is shown of a tensor.
struct Printed {
    /// Sizes of what is shown, and for each axis whether elements in its middle are left out.
    axes: Vec<(usize, bool)>,
    values: Values,
}

enum Values {
    Float(Vec<Number>),
    Int(Vec<i64>),
    Bool(Vec<bool>),
}

impl Printed {
    /// Reads what is shown.
    #[cfg(not(target_arch = "wasm32"))]
    fn of(tensor: &Tensor) -> Result<Self> {
        let elided = tensor.size() > THRESHOLD;
        let axes = tensor
            .shape()
            .iter()
            .map(|&size| match elided && size > 2 * EDGE {
                true => (2 * EDGE, true),
                false => (size, false),
            });
        let axes = axes.collect();
        let shown = if elided {
            tensor.detach().edges(0)?
        } else {
            tensor.detach()
        };
        let values = match tensor.dtype {
            DType::F32 => Values::Float(
                shown
                    .to_vec::<f32>()?
                    .into_iter()
                    .map(Number::from)
                    .collect(),
            ),
            DType::F16 => Values::Float(
                shown
                    .to_vec::<f16>()?
                    .into_iter()
                    .map(Number::from)
                    .collect(),
            ),
            DType::I32 | DType::U32 => Values::Int(shown.to_vec()?),
            DType::Bool => Values::Bool(shown.to_vec()?),
        };
        Ok(Self { axes, values })
    }

    fn text(&self, precision: Option<usize>) -> String {
        let alone = self.axes.is_empty();
        let items = match &self.values {
            Values::Float(values) if alone && precision.is_none() => vec![values[0].scalar()],
            Values::Float(values) => float::column(values, precision.unwrap_or(PRECISION)),
            Values::Int(values) => align(values.iter().map(i64::to_string).collect()),
            Values::Bool(values) => {
                // A bool takes five columns, whether or not there is a False.
                let width = if alone { 0 } else { 5 };
                let word = |&b: &bool| format!("{:>width$}", if b { "True" } else { "False" });
                values.iter().map(word).collect()
            }
        };
        nest::text(&self.axes, &items)
    }
}

/// Texts of one width.
fn align(items: Vec<String>) -> Vec<String> {
    let width = items.iter().map(String::len).max().unwrap_or(0);
    items
        .into_iter()
        .map(|item| format!("{item:>width$}"))
        .collect()
}

impl Tensor {
    /// The first and last [`EDGE`] elements of each axis from `axis` on, or all where there are no
    /// more; a small tensor, made on the device.
    fn edges(&self, axis: usize) -> Result<Tensor> {
        let Some(&size) = self.shape().get(axis) else {
            return Ok(self.clone());
        };
        if size <= 2 * EDGE {
            return self.edges(axis + 1);
        }
        let part = |start| self.sliced(axis, start as isize, 1, EDGE).edges(axis + 1);
        Tensor::concat(&[&part(0)?, &part(size - EDGE)?], axis as isize)
    }
}
