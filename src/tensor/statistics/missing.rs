//! Reductions that leave NaN out, as values that are missing.

use super::super::reduce::AxisSet;
use super::super::{IntoAxes, Tensor};
use crate::dtype::DType;
use crate::error::Result;
use crate::op::ReduceOp;

impl Tensor {
    /// The sum over the axes of the elements that are not NaN; 0 where there is none.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1f32, f32::NAN, 3.], &Device::cpu())?;
    /// assert_eq!(x.nansum(..)?.item::<f32>()?, 4.0);
    /// assert_eq!(x.nanmean(..)?.item::<f32>()?, 2.0);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn nansum(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("nansum", axes)?.dropped();
        self.without_nan(0.0)?.sum_set(&set)
    }

    /// The mean over the axes of the elements that are not NaN, in floating point; NaN where there is
    /// none.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[track_caller]
    pub fn nanmean(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("nanmean", axes)?.dropped();
        self.nanmean_set(&set)
    }

    /// The largest over the axes of the elements that are not NaN; NaN where there is none.
    ///
    /// # Errors
    /// An axis out of range or named twice; no elements.
    #[track_caller]
    pub fn nanmax(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("nanmax", axes)?.dropped();
        match self.dtype.is_float() {
            true => self.reduce(ReduceOp::Fmax, &set),
            // What is no float is no NaN.
            false => self.max_set(&set),
        }
    }

    /// The smallest over the axes of the elements that are not NaN; NaN where there is none.
    ///
    /// # Errors
    /// An axis out of range or named twice; no elements.
    #[track_caller]
    pub fn nanmin(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("nanmin", axes)?.dropped();
        match self.dtype.is_float() {
            true => self.reduce(ReduceOp::Fmin, &set),
            false => self.min_set(&set),
        }
    }

    /// The variance over the axes of the elements that are not NaN, as [`var`](Tensor::var); NaN where
    /// they are no more than `ddof`.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[track_caller]
    pub fn nanvar(&self, axes: impl IntoAxes, ddof: usize) -> Result<Tensor> {
        let set = self.axes("nanvar", axes)?;
        let x = self.to_dtype(self.dtype.to_float());
        let present = x.is_nan().logical_not();
        let off = x.try_sub(x.nanmean_set(&set)?)?;
        let set = set.dropped();
        let squares = present.select(&off, 0.0)?.square().sum_set(&set)?;
        let free = present
            .sum_set(&set)?
            .to_dtype(x.dtype)
            .try_sub(ddof as f64)?;
        // No degrees of freedom left: 0/0 is NaN, as NumPy has it.
        free.gt(0.0)?.select(squares.try_div(&free)?, f64::NAN)
    }

    /// The square root of [`nanvar`](Tensor::nanvar).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn nanstd(&self, axes: impl IntoAxes, ddof: usize) -> Result<Tensor> {
        let variance = self.nanvar(axes, ddof);
        Ok(variance.map_err(|error| error.of("nanstd"))?.sqrt())
    }

    /// The median over the axes of the elements that are not NaN, as [`median`](Tensor::median); NaN
    /// where there is none.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[track_caller]
    pub fn nanmedian(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let set = self.axes("nanmedian", axes)?.dropped();
        let x = self.to_dtype(self.dtype.to_float());
        let rows = x.rows_of(&set)?;
        let shape = set.result(self.shape_ref());
        if rows.size() == 0 {
            return Ok(Self::constant(f64::NAN.into(), x.dtype, shape, &x.device));
        }
        // NaN is last, so that the others' ranks are their places.
        let sorted = rows.smallest("nanmedian", 1, 0..rows.shape()[1])?;
        let present = rows.is_nan().logical_not().sum_keepdims(1)?;
        let low = present.try_sub(1)?.maximum(0)?.floor_divide(2)?;
        let most = (rows.shape()[1] - 1) as i64;
        let high = present.floor_divide(2)?.minimum(most)?;
        let even = present.remainder(2)?.eq(0)?;
        let low = sorted.gather(1, &low)?;
        let high = sorted.gather(1, &high)?;
        let between = (&low * 0.5).try_add(high * 0.5)?;
        // Where none is left, the first element is NaN.
        let whole = even.logical_and(present.gt(0)?)?;
        Ok(whole.select(&between, &low)?.reshaped(&shape))
    }

    #[track_caller]
    fn nanmean_set(&self, set: &AxisSet) -> Result<Tensor> {
        let x = self.to_dtype(self.dtype.to_float());
        let count = x.is_nan().logical_not().sum_set(set)?;
        let sum = x.without_nan(0.0)?.sum_set(set)?;
        sum.try_div(count.to_dtype(x.dtype))
    }

    /// The elements with a number in the place of each NaN.
    #[track_caller]
    fn without_nan(&self, number: f64) -> Result<Tensor> {
        match self.dtype {
            DType::F32 | DType::F16 => self.is_nan().select(number, self),
            _ => Ok(self.clone()),
        }
    }
}
