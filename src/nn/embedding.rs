//! A table of vectors.

use super::init::by_device;
use super::observe::told;
use super::{Init, Module, Param, Visitor};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// A trained vector for each of so many words, letters or other things that have a number: integers of any
/// shape `(…)` become `(…, size)`.
///
/// The parameter is `weight` of shape `(count, size)`, normal numbers at first, as in PyTorch. Negative
/// numbers count from the last row. Gradients of a row that is named several times are added in one order,
/// the same bits each time.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let table = Tensor::new([[0f32, 0.], [1., 2.], [3., 4.]], &dev)?;
/// let embedding = nn::Embedding::from_tensors(&table)?;
/// let words = Tensor::new([[2, 1], [1, 0]], &dev)?;
/// assert_eq!(embedding.forward(&words)?.to_vec::<f32>()?, [3., 4., 1., 2., 1., 2., 0., 0.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Embedding {
    weight: Param,
    padding: Option<usize>,
}

impl Embedding {
    const OP: &'static str = "Embedding";

    /// A table of `count` rows of `size` numbers.
    ///
    /// # Errors
    /// A table that the device cannot hold.
    #[track_caller]
    pub fn new(count: usize, size: usize, device: &Device) -> Result<Self> {
        by_device(device, |generator| {
            Self::with_init(count, size, Init::Normal(0.0, 1.0), generator, device)
        })
    }

    /// A table of drawn numbers.
    ///
    /// # Errors
    /// As [`new`](Embedding::new), and what [`Init::draw`] does not take.
    #[track_caller]
    pub fn with_init(
        count: usize,
        size: usize,
        init: Init,
        generator: &mut Generator,
        device: &Device,
    ) -> Result<Self> {
        Self::from_tensors(&init.draw([count, size], generator, device)?)
    }

    /// A given table, `(count, size)`.
    ///
    /// # Errors
    /// A tensor that is no matrix, or of numbers that are no floats.
    #[doc(alias = "from_pretrained")]
    #[track_caller]
    pub fn from_tensors(weight: &Tensor) -> Result<Self> {
        if weight.ndim() != 2 {
            let message = "the table must be a matrix of (count, size)";
            return Err(Error::shape(Self::OP, weight.shape_ref(), message));
        }
        if !weight.dtype().is_float() {
            return Err(Error::new(ErrorKind::DType {
                op: Self::OP,
                dtype: weight.dtype(),
                expected: "parameters are floats",
            }));
        }
        Ok(Self {
            weight: Param::new(weight),
            padding: None,
        })
    }

    /// With a row that stands for nothing, to fill sequences up: zeros, and never trained.
    ///
    /// # Errors
    /// A row that the table does not have.
    #[doc(alias = "padding_idx")]
    #[track_caller]
    pub fn padding(mut self, row: usize) -> Result<Self> {
        let table = self.weight.value();
        let count = table.shape()[0];
        if row >= count {
            return Err(Error::new(ErrorKind::Index {
                op: Self::OP,
                index: i64::try_from(row).unwrap_or(i64::MAX),
                axis: 0,
                size: count,
            }));
        }
        let rows = Tensor::arange(0, count, 1, table.device())?.unsqueeze(1)?;
        let blank = rows.eq(row as i64)?.select(0.0, table.detach())?;
        self.weight.set(&blank)?;
        self.padding = Some(row);
        Ok(self)
    }

    /// With a cost of `factor`·Σ|w| of the table, which [`Module::penalty`] adds up.
    pub fn l1(mut self, factor: f64) -> Self {
        self.weight = self.weight.with_l1(factor);
        self
    }

    /// With a cost of `factor`·Σw² of the table, which [`Module::penalty`] adds up.
    pub fn l2(mut self, factor: f64) -> Self {
        self.weight = self.weight.with_l2(factor);
        self
    }

    /// The table, `(count, size)`.
    pub fn weight(&self) -> &Param {
        &self.weight
    }
}

impl Module for Embedding {
    /// # Errors
    /// Numbers that are no integers. One outside of the table is an error of the next read.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !x.dtype().is_int() {
            return Err(Error::new(ErrorKind::DType {
                op: Self::OP,
                dtype: x.dtype(),
                expected: "rows are named by i32 or u32; convert with to_dtype",
            }));
        }
        let table = self.weight.value();
        let rows = table.take(x, 0)?;
        let Some(padding) = self.padding else {
            return Ok(told(self, rows));
        };
        // The row counted from either end.
        let (front, count) = (padding as i64, table.shape()[0] as i64);
        let number = x.to_dtype(DType::I32);
        let blank = number.eq(front)?.logical_or(&number.eq(front - count)?)?;
        let rows = blank.unsqueeze(-1)?.select(rows.detach(), &rows)?;
        Ok(told(self, rows))
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.param("weight", &self.weight);
    }
}
