//! Order statistics, and reductions that leave NaN out.

mod missing;

use super::reduce::AxisSet;
use super::{IntoAxes, Tensor};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;

/// What a quantile is that falls between two elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interpolation {
    /// What lies between them in proportion.
    #[default]
    Linear,
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
    /// Their mean.
    Midpoint,
    /// The nearer one; half-way, that of the even rank.
    Nearest,
}

/// The quantiles that are asked for: one number, or several, which become the first axis.
pub trait IntoQuantiles {
    /// The numbers, and whether they become an axis.
    fn into_quantiles(self) -> (Vec<f64>, bool);
}

impl IntoQuantiles for f64 {
    fn into_quantiles(self) -> (Vec<f64>, bool) {
        (vec![self], false)
    }
}

impl<const N: usize> IntoQuantiles for [f64; N] {
    fn into_quantiles(self) -> (Vec<f64>, bool) {
        (self.to_vec(), true)
    }
}

impl IntoQuantiles for &[f64] {
    fn into_quantiles(self) -> (Vec<f64>, bool) {
        (self.to_vec(), true)
    }
}

/// Where among sorted elements a quantile lies: the ranks beside it, and the higher one's share.
struct Position {
    low: usize,
    high: usize,
    share: f64,
}

impl Position {
    fn new(q: f64, n: usize, method: Interpolation) -> Self {
        let at = q * (n - 1) as f64;
        let (low, high) = (at.floor() as usize, at.ceil() as usize);
        let one = |rank: usize| Self {
            low: rank,
            high: rank,
            share: 0.0,
        };
        let between = |share: f64| match low == high {
            true => one(low),
            false => Self { low, high, share },
        };
        match method {
            Interpolation::Linear => between(at - at.floor()),
            Interpolation::Midpoint => between(0.5),
            Interpolation::Lower => one(low),
            Interpolation::Higher => one(high),
            Interpolation::Nearest => one(at.round_ties_even() as usize),
        }
    }
}

impl Tensor {
    /// The median over the axes, in floating point: the mean of the two middle elements where there is no
    /// one in the middle. NaN if there is one, or no element at all.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3f32, 1., 10., 2.], &Device::cpu())?;
    /// assert_eq!(x.median(..)?.item::<f32>()?, 2.5);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn median(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("median", axes)?.dropped();
        self.quantiles("median", &[0.5], &set, Interpolation::Midpoint, false)
    }

    /// The quantiles over the axes, in floating point, by linear interpolation: 0 is the smallest
    /// element, 1 the largest. Several quantiles, as `[0.25, 0.75]`, become the first axis. NaN if there
    /// is one, or no element at all.
    ///
    /// # Errors
    /// An axis out of range or named twice; a quantile outside of 0 to 1.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1f32, 2., 3., 4., 5.], &Device::cpu())?;
    /// assert_eq!(x.quantile([0.25, 0.5], 0)?.to_vec::<f32>()?, [2., 3.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn quantile(&self, q: impl IntoQuantiles, axes: impl IntoAxes) -> Result<Tensor> {
        self.quantile_with(q, axes, Interpolation::Linear)
    }

    /// As [`quantile`](Tensor::quantile), with another way to choose between two elements.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn quantile_with(
        &self,
        q: impl IntoQuantiles,
        axes: impl IntoAxes,
        method: Interpolation,
    ) -> Result<Tensor> {
        let (q, several) = q.into_quantiles();
        let set = self.axes("quantile", axes)?.dropped();
        self.quantiles("quantile", &q, &set, method, several)
    }

    /// As [`quantile`](Tensor::quantile), with numbers from 0 to 100.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn percentile(&self, q: impl IntoQuantiles, axes: impl IntoAxes) -> Result<Tensor> {
        self.percentile_with(q, axes, Interpolation::Linear)
    }

    /// As [`quantile_with`](Tensor::quantile_with), with numbers from 0 to 100.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn percentile_with(
        &self,
        q: impl IntoQuantiles,
        axes: impl IntoAxes,
        method: Interpolation,
    ) -> Result<Tensor> {
        let (mut q, several) = q.into_quantiles();
        q.iter_mut().for_each(|q| *q /= 100.0);
        let set = self.axes("percentile", axes)?.dropped();
        self.quantiles("percentile", &q, &set, method, several)
    }

    #[track_caller]
    fn quantiles(
        &self,
        op: &'static str,
        q: &[f64],
        set: &AxisSet,
        method: Interpolation,
        several: bool,
    ) -> Result<Tensor> {
        if let Some(q) = q.iter().find(|q| !(0.0..=1.0).contains(*q)) {
            let message = format!("quantiles are from 0 to 1 (percentiles to 100), not {q}");
            return Err(Error::value(op, message));
        }
        let x = self.to_dtype(self.dtype.to_float());
        let rows = x.rows_of(set)?;
        let (kept, n) = (set.result(self.shape_ref()), rows.shape()[1]);
        let mut dims = kept.dims().to_vec();
        if several {
            dims.insert(0, q.len());
        }
        let shape = Shape::checked(op, &dims)?;
        if n == 0 || shape.size() == 0 {
            return Ok(Self::constant(f64::NAN.into(), x.dtype, shape, &x.device));
        }
        let positions: Vec<Position> = q.iter().map(|&q| Position::new(q, n, method)).collect();
        let first = positions.iter().map(|p| p.low).min().unwrap_or(0);
        let last = positions.iter().map(|p| p.high).max().unwrap_or(0);
        let sorted = rows.smallest(op, 1, first..last + 1)?;
        let rank = |rank: usize| sorted.sliced(1, (rank - first) as isize, 1, 1);
        let mut all = Vec::with_capacity(q.len());
        for p in &positions {
            let low = rank(p.low);
            all.push(match p.share {
                0.0 => low,
                // Each with its share, so that equal infinities stay what they are.
                share => (low * (1.0 - share)).try_add(rank(p.high) * share)?,
            });
        }
        let quantiles = Self::concat(&all.iter().collect::<Vec<_>>(), 1)?;
        let lost = rows.is_nan().any_keepdims(1)?;
        let quantiles = lost.select(f64::NAN, &quantiles)?;
        Ok(quantiles.transposed().reshaped(&shape))
    }

    /// A matrix of one row for each result of a reduction.
    #[track_caller]
    fn rows_of(&self, set: &AxisSet) -> Result<Tensor> {
        let (along, kept): (Vec<usize>, Vec<usize>) =
            (0..self.ndim()).partition(|&i| set.contains(i));
        let size = |axes: &[usize]| axes.iter().map(|&i| self.shape()[i]).product();
        let shape = Shape::of(&[size(&kept), size(&along)]);
        Ok(self.permuted(&[kept, along].concat()).reshaped(&shape))
    }

    /// The largest element less the smallest over the axes; NaN if there is one.
    ///
    /// # Errors
    /// An axis out of range or named twice; no elements.
    #[track_caller]
    pub fn ptp(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("ptp", axes)?.dropped();
        let x = self.counted();
        let largest = x.max_set(&set).map_err(|error| error.of("ptp"))?;
        largest.try_sub(x.min_set(&set)?)
    }

    /// The mean over the axes with a weight for each element, Σ wx / Σ w; the weights broadcast. For one axis
    /// they may be a vector, which lies along it.
    ///
    /// # Errors
    /// An axis out of range or named twice; weights that do not broadcast to this tensor's shape, or a
    /// vector that has not the axis's size.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::new([[1f32, 2.], [3., 6.]], &dev)?;
    /// let weights = Tensor::new([3f32, 1.], &dev)?;
    /// assert_eq!(x.average(0, &weights)?.to_vec::<f32>()?, [1.5, 3.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn average(&self, axes: impl IntoAxes, weights: &Tensor) -> Result<Tensor> {
        const OP: &str = "average";
        let set = self.axes(OP, axes)?.dropped();
        self.same_device(OP, weights)?;
        let mut over = (0..self.ndim()).filter(|&i| set.contains(i));
        let weights = &match (weights.ndim(), over.next(), over.next()) {
            (1, Some(axis), None) if weights.size() == self.shape()[axis] => {
                let mut dims = vec![1; self.ndim()];
                dims[axis] = weights.size();
                weights.reshaped(&Shape::of(&dims))
            }
            (1, Some(axis), None) => {
                let message = format!(
                    "a vector of weights must have the size {} of its axis",
                    self.shape()[axis]
                );
                return Err(Error::shape(OP, weights.shape_ref(), message));
            }
            _ => weights.clone(),
        };
        let shape = self.shape_ref().broadcast(weights.shape_ref(), OP)?;
        if shape != *self.shape_ref() {
            let message = format!("weights must broadcast to {}", self.shape_ref());
            return Err(Error::shape(OP, weights.shape_ref(), message));
        }
        let x = self.to_dtype(self.dtype.promote(weights.dtype).to_float());
        let weights = weights.to_dtype(x.dtype).expanded(&shape);
        let sum = x.try_mul(&weights)?.sum_set(&set)?;
        sum.try_div(weights.sum_set(&set)?)
    }

    /// How many elements over the axes are true or not zero, as `i32`; NaN is not zero.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[track_caller]
    pub fn count_nonzero(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("count_nonzero", axes)?.dropped();
        self.to_dtype(DType::Bool).sum_set(&set)
    }

    /// The differences of neighbours along an axis, taken `n` times. Of bools: whether they differ.
    ///
    /// # Errors
    /// An axis out of range.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1, 4, 9, 16], &Device::cpu())?;
    /// assert_eq!(x.diff(1, 0)?.to_vec::<i32>()?, [3, 5, 7]);
    /// assert_eq!(x.diff(2, 0)?.to_vec::<i32>()?, [2, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn diff(&self, n: usize, axis: isize) -> Result<Tensor> {
        let at = self.shape_ref().axis("diff", axis)?;
        let mut out = self.clone();
        for _ in 0..n.min(self.shape()[at]) {
            let len = out.shape()[at].saturating_sub(1);
            let first = out.sliced(at, 0, 1, len);
            let second = out.sliced(at, (out.shape()[at] - len) as isize, 1, len);
            out = match self.dtype {
                DType::Bool => second.ne(&first)?,
                _ => second.try_sub(&first)?,
            };
        }
        Ok(out)
    }
}
