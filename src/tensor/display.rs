//! Printing, as NumPy prints arrays.

mod float;
mod nest;

use std::fmt;

use half::f16;

use self::float::Number;
use super::Tensor;
use crate::dtype::DType;
use crate::error::Result;

/// How a tensor is printed, with NumPy's names and defaults: `x.display(&options)`.
///
/// ```
/// use tilewise::{PrintOptions, prelude::*};
/// let x = Tensor::arange(0.0, 100.0, 1.0, &Device::cpu())? / 3.0;
/// let short = PrintOptions::new().precision(2).threshold(10).edgeitems(2);
/// assert_eq!(x.display(&short).to_string(), "[ 0.    0.33 ... 32.67 33.  ]");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintOptions {
    precision: Option<usize>,
    threshold: usize,
    edgeitems: usize,
    linewidth: usize,
    suppress: bool,
}

impl Default for PrintOptions {
    fn default() -> Self {
        Self {
            precision: None,
            threshold: 1000,
            edgeitems: 3,
            linewidth: 75,
            suppress: false,
        }
    }
}

impl PrintOptions {
    /// Digits after the point where nothing else is said.
    const PRECISION: usize = 8;

    /// NumPy's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many digits after the point. Unset it is 8, and a scalar has all of its digits.
    pub fn precision(self, digits: usize) -> Self {
        Self {
            precision: Some(digits),
            ..self
        }
    }

    /// Beyond so many elements only the edges are shown, and read back; 1000. `usize::MAX` shows all.
    pub fn threshold(self, threshold: usize) -> Self {
        Self { threshold, ..self }
    }

    /// So many elements, at least one, at each end of an axis whose middle is left out; 3.
    pub fn edgeitems(self, edgeitems: usize) -> Self {
        Self {
            edgeitems: edgeitems.max(1),
            ..self
        }
    }

    /// Lines are broken at so many columns; 75.
    pub fn linewidth(self, linewidth: usize) -> Self {
        Self { linewidth, ..self }
    }

    /// Numbers near zero do not turn the others to scientific notation, but are shown as zero; large ones
    /// still do.
    pub fn suppress(self, suppress: bool) -> Self {
        Self { suppress, ..self }
    }
}

/// A tensor with how to print it; made by [`Tensor::display`].
#[cfg(not(target_arch = "wasm32"))]
pub struct Displayed<'a> {
    tensor: &'a Tensor,
    options: PrintOptions,
}

#[cfg(not(target_arch = "wasm32"))]
impl fmt::Display for Displayed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = self.options.clone();
        options.precision = f.precision().or(options.precision);
        match Printed::of(self.tensor, &options) {
            Ok(printed) => f.write_str(&printed.text(&options)),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Tensor {
    /// The tensor, to be printed by these options. Nothing is read until it is.
    #[doc(alias("array2string", "printoptions", "set_printoptions"))]
    pub fn display(&self, options: &PrintOptions) -> Displayed<'_> {
        Displayed {
            tensor: self,
            options: options.clone(),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl fmt::Display for Tensor {
    /// The elements, as NumPy's `print` shows them: columns aligned, large and small numbers in
    /// scientific notation, and of more than 1000 elements only the edges, which are all that is
    /// read back. A precision limits the digits after the point: `{:.3}`. See [`PrintOptions`] for more.
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
        self.display(&PrintOptions::new()).fmt(f)
    }
}

impl fmt::Debug for Tensor {
    /// Dtype, shape, device, and how the elements lie in memory: contiguous, or by which strides, and from
    /// which element on. Reads nothing back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Tensor({} {} on {}, ",
            self.dtype,
            self.shape_ref(),
            self.device.name()
        )?;
        match self.is_contiguous() {
            true => f.write_str("contiguous")?,
            false => write!(f, "strides {:?}", self.layout().strides())?,
        }
        match self.layout().offset() {
            0 => {}
            offset => write!(f, ", offset {offset}")?,
        }
        f.write_str(")")
    }
}

/// What is shown of a tensor.
struct Printed {
    /// Sizes of what is shown, and where elements in an axis' middle are left out, how many stand before.
    axes: Vec<(usize, Option<usize>)>,
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
    fn of(tensor: &Tensor, options: &PrintOptions) -> Result<Self> {
        let elided = tensor.size() > options.threshold;
        let edge = options.edgeitems;
        let axes = tensor
            .shape()
            .iter()
            .map(|&size| match elided && elides(size, edge) {
                true => (2 * edge, Some(edge)),
                false => (size, None),
            });
        let axes = axes.collect();
        let shown = if elided {
            tensor.detach().edges(0, edge)?
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

    fn text(&self, options: &PrintOptions) -> String {
        let alone = self.axes.is_empty();
        let items = match &self.values {
            Values::Float(values) if alone && options.precision.is_none() => {
                vec![values[0].scalar()]
            }
            Values::Float(values) => {
                let precision = options.precision.unwrap_or(PrintOptions::PRECISION);
                float::column(values, precision, options.suppress)
            }
            Values::Int(values) => align(values.iter().map(i64::to_string).collect()),
            Values::Bool(values) => {
                // A bool takes five columns, whether or not there is a False.
                let width = if alone { 0 } else { 5 };
                let word = |&b: &bool| format!("{:>width$}", if b { "True" } else { "False" });
                values.iter().map(word).collect()
            }
        };
        nest::text(&self.axes, &items, options.linewidth)
    }
}

/// Whether an axis has more elements than its two edges.
fn elides(size: usize, edge: usize) -> bool {
    size > edge.saturating_mul(2)
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
    /// The first and last elements of each axis from `axis` on, so many of each, or all where there are no
    /// more; a small tensor, made on the device.
    fn edges(&self, axis: usize, edge: usize) -> Result<Tensor> {
        let Some(&size) = self.shape().get(axis) else {
            return Ok(self.clone());
        };
        if !elides(size, edge) {
            return self.edges(axis + 1, edge);
        }
        let part = |start| {
            self.sliced(axis, start as isize, 1, edge)
                .edges(axis + 1, edge)
        };
        Tensor::concat(&[&part(0)?, &part(size - edge)?], axis as isize)
    }
}
