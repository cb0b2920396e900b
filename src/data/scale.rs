//! Columns brought to a common scale.

use super::transform::{Transform, check_features, fitted, learnt_features};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Columns of mean 0 and deviation 1: `(x − mean)/deviation`, as scikit-learn's.
///
/// The deviation is the population's (of n, not n − 1). A column of equal values becomes 0, and NaN is left out
/// of what is learnt and stays NaN. Integers become `f32`; halves stay halves, and what is learnt is `f32`.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{StandardScaler, Transform};
///
/// let x = Tensor::new([[1f32, 7.], [3., 7.]], &Device::cpu())?;
/// let mut scaler = StandardScaler::new();
/// let y = scaler.fit_transform(&x)?;
/// assert_eq!(y.to_vec::<f32>()?, [-1., 0., 1., 0.]);
/// assert_eq!(scaler.inverse(&y)?.to_vec::<f32>()?, [1., 7., 3., 7.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StandardScaler {
    centred: bool,
    scaled: bool,
    learnt: Option<Scale>,
}

/// How far each column's values are from an origin, in a unit: `(x − origin)/unit`.
#[derive(Clone, Debug)]
struct Scale {
    /// What is taken away, `(features)`.
    origin: Tensor,
    /// What one stands for, `(features)`.
    unit: Tensor,
}

impl Scale {
    /// The rows in these units from the origin.
    #[track_caller]
    fn apply(&self, op: &'static str, x: &Tensor) -> Result<Tensor> {
        check_features(op, x, self.unit.size())?;
        let scaled = wide(op, x)?.try_sub(&self.origin)?.try_div(&self.unit)?;
        Ok(scaled.to_dtype(x.dtype().to_float()))
    }

    #[track_caller]
    fn undo(&self, op: &'static str, y: &Tensor) -> Result<Tensor> {
        check_features(op, y, self.unit.size())?;
        let x = wide(op, y)?.try_mul(&self.unit)?.try_add(&self.origin)?;
        Ok(x.to_dtype(y.dtype().to_float()))
    }
}

/// Numbers as `f32`: sums of halves reach their limits.
#[track_caller]
fn wide(op: &'static str, x: &Tensor) -> Result<Tensor> {
    if x.dtype() == DType::Bool {
        return Err(Error::value(
            op,
            "bools have no scale; convert them to floats",
        ));
    }
    Ok(x.to_dtype(DType::F32))
}

impl Default for StandardScaler {
    fn default() -> Self {
        Self {
            centred: true,
            scaled: true,
            learnt: None,
        }
    }
}

impl StandardScaler {
    /// One that centres and scales.
    pub fn new() -> Self {
        Self::default()
    }

    /// The means stay: scikit-learn's `with_mean=False`.
    pub fn without_mean(self) -> Self {
        Self {
            centred: false,
            ..self
        }
    }

    /// The deviations stay: scikit-learn's `with_std=False`.
    pub fn without_std(self) -> Self {
        Self {
            scaled: false,
            ..self
        }
    }

    /// What is taken away from each column, `(features)`, once it is fitted: the means, or zeros.
    #[doc(alias = "mean_")]
    pub fn mean(&self) -> Option<&Tensor> {
        Some(&self.learnt.as_ref()?.origin)
    }

    /// What each column is divided by, `(features)`, once it is fitted: the deviations, with 1 for 0, or ones.
    #[doc(alias = "scale_")]
    pub fn scale(&self) -> Option<&Tensor> {
        Some(&self.learnt.as_ref()?.unit)
    }
}

impl Transform for StandardScaler {
    #[track_caller]
    fn fit(&mut self, x: &Tensor) -> Result<()> {
        const OP: &str = "StandardScaler::fit";
        learnt_features(OP, x)?;
        let x = wide(OP, &x.detach())?;
        let (least, most) = (x.nanmin(0)?, x.nanmax(0)?);
        let equal = least.eq(&most)?;
        // The mean of equal values may be rounded to another.
        let mean = equal.select(&least, x.nanmean(0)?)?;
        // Nothing is divided by 0.
        let deviation = equal.select(1.0, x.nanstd(0, 0)?)?;
        self.learnt = Some(Scale {
            origin: if self.centred {
                mean
            } else {
                mean.zeros_like()
            },
            unit: if self.scaled {
                deviation
            } else {
                deviation.ones_like()
            },
        });
        Ok(())
    }

    #[track_caller]
    fn transform(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "StandardScaler::transform";
        fitted(OP, &self.learnt)?.apply(OP, x)
    }

    #[track_caller]
    fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        const OP: &str = "StandardScaler::inverse";
        fitted(OP, &self.learnt)?.undo(OP, y)
    }
}

/// Columns from 0 to 1, or between other limits: `(x − least)/(most − least)`, as scikit-learn's.
///
/// Values outside what was learnt from come to lie outside, too, unless it [clips](MinMaxScaler::clip). A column
/// of equal values is shifted to the lower limit, and NaN is left out of what is learnt and stays NaN. Integers
/// become `f32`.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{MinMaxScaler, Transform};
///
/// let x = Tensor::new([[1f32], [2.], [5.]], &Device::cpu())?;
/// let y = MinMaxScaler::new().fit_transform(&x)?;
/// assert_eq!(y.to_vec::<f32>()?, [0., 0.25, 1.]);
/// let y = MinMaxScaler::new().range(-1.0, 1.0)?.fit_transform(&x)?;
/// assert_eq!(y.to_vec::<f32>()?, [-1., -0.5, 1.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MinMaxScaler {
    low: f64,
    high: f64,
    clip: bool,
    learnt: Option<Extremes>,
}

/// What a [`MinMaxScaler`] learns: from the least value, in units of the whole range.
#[derive(Clone, Debug)]
struct Extremes {
    scale: Scale,
    most: Tensor,
}

impl Default for MinMaxScaler {
    fn default() -> Self {
        Self {
            low: 0.0,
            high: 1.0,
            clip: false,
            learnt: None,
        }
    }
}

impl MinMaxScaler {
    /// From 0 to 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// Between these limits: scikit-learn's `feature_range`.
    ///
    /// # Errors
    /// Limits that are not finite or out of order.
    #[track_caller]
    pub fn range(self, low: f64, high: f64) -> Result<Self> {
        if !(low < high && low.is_finite() && high.is_finite()) {
            let message = format!("the limits must be finite and in order, not {low} and {high}");
            return Err(Error::value("MinMaxScaler", message));
        }
        Ok(Self { low, high, ..self })
    }

    /// What lies outside the range that was learnt from is put on its limits.
    pub fn clip(self) -> Self {
        Self { clip: true, ..self }
    }

    /// The least value of each column, `(features)`, once it is fitted.
    #[doc(alias = "data_min_")]
    pub fn least(&self) -> Option<&Tensor> {
        Some(&self.learnt.as_ref()?.scale.origin)
    }

    /// The greatest value of each column, `(features)`, once it is fitted.
    #[doc(alias = "data_max_")]
    pub fn most(&self) -> Option<&Tensor> {
        Some(&self.learnt.as_ref()?.most)
    }
}

impl Transform for MinMaxScaler {
    #[track_caller]
    fn fit(&mut self, x: &Tensor) -> Result<()> {
        const OP: &str = "MinMaxScaler::fit";
        learnt_features(OP, x)?;
        let x = wide(OP, &x.detach())?;
        let (least, most) = (x.nanmin(0)?, x.nanmax(0)?);
        // Nothing is divided by 0.
        let unit = least.eq(&most)?.select(1.0, most.try_sub(&least)?)?;
        self.learnt = Some(Extremes {
            scale: Scale {
                origin: least,
                unit,
            },
            most,
        });
        Ok(())
    }

    #[track_caller]
    fn transform(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "MinMaxScaler::transform";
        let unit = fitted(OP, &self.learnt)?.scale.apply(OP, x)?;
        let scaled = unit.try_mul(self.high - self.low)?.try_add(self.low)?;
        match self.clip {
            true => scaled.clamp(self.low, self.high),
            false => Ok(scaled),
        }
    }

    #[track_caller]
    fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        const OP: &str = "MinMaxScaler::inverse";
        let learnt = fitted(OP, &self.learnt)?;
        check_features(OP, y, learnt.most.size())?;
        let unit = y.try_sub(self.low)?.try_div(self.high - self.low)?;
        learnt.scale.undo(OP, &unit)
    }
}
