//! Counting: occurrences of integers, and of values in bins.

use super::scatter::Places;
use super::{Operand, Tensor};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::op::{ReduceOp, ScatterOp};
use crate::shape::Shape;

/// The bins of a [`histogram`](Tensor::histogram): a number of equal ones over all values, a number of
/// equal ones over a range, or the edges, which rise.
///
/// Made from `10`, from `(10, 0.0, 1.0)` and from `&edges`.
#[derive(Clone, Copy, Debug)]
pub enum Bins<'a> {
    /// So many of equal width, from the smallest value to the largest.
    Number(usize),
    /// So many of equal width between two values.
    Range(usize, f64, f64),
    /// Between neighbours of a vector of rising edges.
    Edges(&'a Tensor),
}

impl From<usize> for Bins<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<(usize, f64, f64)> for Bins<'_> {
    fn from((number, low, high): (usize, f64, f64)) -> Self {
        Self::Range(number, low, high)
    }
}

impl<'a> From<&'a Tensor> for Bins<'a> {
    fn from(edges: &'a Tensor) -> Self {
        Self::Edges(edges)
    }
}

/// Bins from which on a number of one may be inexact as `f32`.
const MANY: usize = 1 << 20;

impl Tensor {
    /// How often each integer from 0 on occurs, as a vector of `u32`; with weights, the sum of the weights of
    /// its occurrences, as `f32`. The vector reaches to the largest element, and has at least `minlength`
    /// elements; to know it, the largest element is read back.
    ///
    /// # Errors
    /// Elements that are no integers or are negative, weights of another shape, or a fault of the device.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([0, 1, 1, 3], &Device::cpu())?;
    /// assert_eq!(x.bincount(None, 0)?.to_vec::<u32>()?, [1, 2, 0, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn bincount(&self, weights: Option<&Tensor>, minlength: usize) -> Result<Tensor> {
        const OP: &str = "bincount";
        self.check_index(OP, self)?;
        let size = match self.size() {
            0 => minlength,
            _ => {
                let both = Self::stack(&[&self.min(..)?, &self.max(..)?], 0)?;
                let ends: Vec<f64> = both.to_vec()?;
                if ends[0] < 0.0 {
                    let message =
                        format!("the elements must not be negative, but one is {}", ends[0]);
                    return Err(Error::value(OP, message));
                }
                minlength.max(ends[1] as usize + 1)
            }
        };
        self.occurrences(OP, &self.to_dtype(DType::U32), size, weights)
    }

    /// How many elements are in each bin, as `u32` (with weights the sum of their weights, as `f32`), and
    /// the edges, one more than bins. A bin holds its lower edge, and the last one both. What is outside of
    /// all of them, or NaN, is not counted.
    ///
    /// # Errors
    /// No bins, edges that are no vector of two or more, a range that is not finite or falls, or weights
    /// of another shape. Whether edges rise is not checked.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([0f32, 0.4, 0.5, 1.0, 2.0], &Device::cpu())?;
    /// let (counts, edges) = x.histogram((2, 0.0, 1.0), None)?;
    /// assert_eq!(counts.to_vec::<u32>()?, [2, 2]);
    /// assert_eq!(edges.to_vec::<f32>()?, [0.0, 0.5, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "histc")]
    #[track_caller]
    pub fn histogram<'a>(
        &self,
        bins: impl Into<Bins<'a>>,
        weights: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        const OP: &str = "histogram";
        let bins = bins.into();
        let edges = self.bin_edges(OP, bins)?;
        let number = edges.size() - 1;
        let end = |i: usize| {
            edges
                .sliced(0, i as isize, 1, 1)
                .reshaped(&Shape::default())
        };
        let (low, top) = (end(0), end(number));
        // The number of edges that are not above it; none is 2³² − 1 below, and goes nowhere.
        let below = match bins {
            Bins::Edges(_) | Bins::Number(MANY..) | Bins::Range(MANY.., ..) => {
                self.digitize(&edges, false)?
            }
            // Of equal bins the nearest edge is told by a product, and is one of two beside the element.
            _ => {
                let x = self.detach().to_dtype(DType::F32);
                let part = top.try_sub(&low)?.reciprocal().try_mul(number as f32)?;
                let near = x.try_sub(&low)?.try_mul(&part)?.round();
                let near = near.clamp(0.0, number as f32)?.to_dtype(DType::U32);
                let edge = edges.index_select(0, &near.reshape([-1])?)?;
                let above = x.ge(edge.reshaped(x.shape_ref()))?.to_dtype(DType::U32);
                let inside = x.ge(&low)?.logical_and(&x.le(&top)?)?;
                inside.select(&near.try_add(&above)?, 0)?
            }
        };
        let last = Self::constant(number.into(), DType::U32, Shape::default(), &self.device);
        let bin = self.eq(&top)?.select(&last, &below)?.try_sub(1)?;
        Ok((self.occurrences(OP, &bin, number, weights)?, edges))
    }

    /// As [`histogram`](Tensor::histogram), the counts (or sums of weights) as a density over the bins: its
    /// integral is 1.
    ///
    /// # Errors
    /// As [`histogram`](Tensor::histogram).
    #[track_caller]
    pub fn histogram_density<'a>(
        &self,
        bins: impl Into<Bins<'a>>,
        weights: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let (counts, edges) = self.histogram(bins, weights)?;
        let number = counts.size();
        let widths = edges
            .sliced(0, 1, 1, number)
            .try_sub(edges.sliced(0, 0, 1, number))?;
        let counts = counts.to_dtype(DType::F32);
        let density = counts.try_div(widths)?.try_div(counts.sum(..)?)?;
        Ok((density, edges))
    }

    /// The edges of bins for the elements.
    #[track_caller]
    fn bin_edges(&self, op: &'static str, bins: Bins<'_>) -> Result<Tensor> {
        match bins {
            Bins::Number(0) | Bins::Range(0, ..) => {
                Err(Error::value(op, "at least one bin is needed"))
            }
            Bins::Range(_, low, high) if !(low <= high && (high - low).is_finite()) => {
                let message = format!("the range from {low} to {high} must be finite and rise");
                Err(Error::value(op, message))
            }
            Bins::Range(number, low, high) => {
                // Equal ends get a bin around them, as equal values do.
                let around = if low == high { 0.5 } else { 0.0 };
                Self::linspace(low - around, high + around, number + 1, &self.device)
            }
            Bins::Number(number) if self.size() == 0 => {
                Self::linspace(0.0, 1.0, number + 1, &self.device)
            }
            Bins::Number(number) => {
                let values = self.detach().to_dtype(DType::F32);
                let (low, high) = (values.min(..)?, values.max(..)?);
                // Equal values get a bin around them.
                let around = low.eq(&high)?.select(0.5, 0.0)?;
                let (low, high) = (low.try_sub(&around)?, high.try_add(&around)?);
                let part = Self::linspace(0.0, 1.0, number + 1, &self.device)?;
                let inner = low.try_add(high.try_sub(&low)?.try_mul(&part)?)?;
                // Rounding must not push the largest value over the last edge.
                part.eq(1.0)?.select(&high, &inner)
            }
            Bins::Edges(edges) if edges.ndim() != 1 || edges.size() < 2 => {
                let message = "the edges must be a vector of at least two rising values";
                Err(Error::shape(op, edges.shape_ref(), message))
            }
            Bins::Edges(edges) => Ok(edges.clone()),
        }
    }

    /// How often each place of a vector occurs, or the sums of weights for them.
    #[track_caller]
    fn occurrences(
        &self,
        op: &'static str,
        places: &Tensor,
        size: usize,
        weights: Option<&Tensor>,
    ) -> Result<Tensor> {
        let one = Operand::Scalar(Scalar::Int(1));
        let (values, dtype) = match weights {
            None => (one, DType::U32),
            Some(weights) if weights.shape() != self.shape() => {
                let message = format!(
                    "the weights must have the shape of the values, {}",
                    self.shape_ref()
                );
                return Err(Error::shape(op, weights.shape_ref(), message));
            }
            Some(weights) => (Operand::from(weights), DType::F32),
        };
        let shape = Shape::checked(op, &[size])?;
        self.device.check_size(op, &shape, dtype)?;
        let none = Self::constant(Scalar::Int(0), dtype, shape, &self.device);
        let places = Places::new(places.clone(), Shape::default());
        none.scattered(op, ScatterOp::Combine(ReduceOp::Sum), &places, values)
    }
}
