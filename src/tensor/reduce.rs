//! Reductions, and what is composed of them.

use std::panic::Location;

use super::Tensor;
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::op::{Op, ReduceOp};
use crate::queue::Arg;
use crate::shape::{MAX_RANK, Shape};

/// The axes of a reduction: one, several, or all.
///
/// `x.sum(0)`, `x.sum([0, -1])`, `x.sum(..)` for all of them.
pub trait IntoAxes {
    /// The axes; `None` for all.
    fn into_axes(self) -> Option<Vec<isize>>;
}

/// For each type that an integer literal or the number of an axis may have.
macro_rules! into_axes {
    ($($t:ty)*) => {$(
        impl IntoAxes for $t {
            fn into_axes(self) -> Option<Vec<isize>> {
                [self].into_axes()
            }
        }
        impl<const N: usize> IntoAxes for [$t; N] {
            fn into_axes(self) -> Option<Vec<isize>> {
                self[..].into_axes()
            }
        }
        impl<const N: usize> IntoAxes for &[$t; N] {
            fn into_axes(self) -> Option<Vec<isize>> {
                self[..].into_axes()
            }
        }
        impl IntoAxes for Vec<$t> {
            fn into_axes(self) -> Option<Vec<isize>> {
                self[..].into_axes()
            }
        }
        impl IntoAxes for &[$t] {
            fn into_axes(self) -> Option<Vec<isize>> {
                // An axis beyond isize is one that no tensor has.
                Some(self.iter().map(|&a| isize::try_from(a).unwrap_or(isize::MAX)).collect())
            }
        }
    )*};
}
into_axes!(i32 isize usize);

impl IntoAxes for std::ops::RangeFull {
    fn into_axes(self) -> Option<Vec<isize>> {
        None
    }
}

/// The axes of a reduction, resolved.
#[derive(Clone)]
pub(super) struct AxisSet {
    /// A flag a dimension.
    reduced: [bool; MAX_RANK],
    /// Whether the result keeps them with size 1.
    keepdims: bool,
}

impl AxisSet {
    fn new(reduced: [bool; MAX_RANK]) -> Self {
        Self {
            reduced,
            keepdims: true,
        }
    }

    /// The same axes, gone from the result.
    pub(super) fn dropped(self) -> Self {
        Self {
            keepdims: false,
            ..self
        }
    }

    /// Whether a dimension is reduced.
    pub(super) fn contains(&self, axis: usize) -> bool {
        self.reduced[axis]
    }

    /// The shape that a tensor of the shape is reduced to.
    pub(super) fn result(&self, shape: &Shape) -> Shape {
        shape.reduced(&self.reduced, self.keepdims)
    }
}

macro_rules! reduction_methods {
    ($($(#[$doc:meta])* $name:ident $keep:ident $how:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// The axes are one, an array of several, or `..` for all; they go from the shape.
        ///
        /// # Errors
        /// An axis out of range or named twice; no elements where the reduction has no identity.
        #[track_caller]
        pub fn $name(&self, axes: impl IntoAxes) -> Result<Tensor> {
            self.$how(&self.axes(stringify!($name), axes)?.dropped())
        }

        #[doc = concat!("As [`", stringify!($name), "`](Tensor::", stringify!($name), "), with size 1 in the place of each reduced axis.")]
        ///
        /// # Errors
        /// As there.
        #[track_caller]
        pub fn $keep(&self, axes: impl IntoAxes) -> Result<Tensor> {
            self.$how(&self.axes(stringify!($name), axes)?)
        }
    )*};
}

impl Tensor {
    reduction_methods! {
        /// The sum. Integers stay in their type and wrap; bools are counted as `i32`.
        sum sum_keepdims sum_set;
        /// The product. Integers stay in their type and wrap.
        prod prod_keepdims prod_set;
        /// The largest element; NaN if there is one.
        #[doc(alias = "amax")]
        max max_keepdims max_set;
        /// The smallest element; NaN if there is one.
        #[doc(alias = "amin")]
        min min_keepdims min_set;
        /// The arithmetic mean, in floating point; NaN for no elements.
        mean mean_keepdims mean_set;
        /// Whether any element is true (or not zero).
        any any_keepdims any_set;
        /// Whether all elements are true (or not zero).
        all all_keepdims all_set;
        /// The position of the largest element as `u32`, the first of equals, NaN winning; over
        /// several axes it counts row-major through them.
        argmax argmax_keepdims argmax_set;
        /// The position of the smallest element as `u32`, the first of equals, NaN winning.
        argmin argmin_keepdims argmin_set;
        /// ln Σ eˣ, without overflow.
        logsumexp logsumexp_keepdims logsumexp_set;
    }

    #[track_caller]
    pub(super) fn axes(&self, op: &'static str, axes: impl IntoAxes) -> Result<AxisSet> {
        Ok(AxisSet::new(match axes.into_axes() {
            Some(axes) => self.shape_ref().axis_set(op, &axes)?,
            None => [true; MAX_RANK],
        }))
    }

    /// Elements per result.
    fn count(&self, set: &AxisSet) -> usize {
        self.shape()
            .iter()
            .zip(&set.reduced)
            .filter(|(_, s)| **s)
            .map(|(d, _)| d)
            .product()
    }

    #[track_caller]
    pub(super) fn reduce(&self, op: ReduceOp, set: &AxisSet) -> Result<Tensor> {
        let shape = set.result(self.shape_ref());
        let dtype = op.result(self.dtype);
        // Places are counted in 32 bits; a view that repeats its elements may have more.
        let (bytes, limit) = (self.shape_ref().bytes(4), 4 * u32::MAX as u64);
        if bytes > limit {
            return Err(Error::new(ErrorKind::TooLarge {
                op: op.name(),
                bytes,
                limit,
                device: self.device.name(),
            }));
        }
        if self.size() == 0 {
            let defined = matches!(op, ReduceOp::Sum | ReduceOp::Prod);
            if shape.size() > 0 && !defined {
                let message = format!(
                    "zero-size array to reduction {}, which has no identity",
                    op.name()
                );
                return Err(Error::shape(op.name(), self.shape_ref(), message));
            }
            let identity = Scalar::from_bits(op.identity(self.dtype), dtype);
            let out = Self::constant(identity, dtype, shape, &self.device);
            let kept = self.shape_ref().reduced(&set.reduced, true);
            return Ok(track(out, &[self], Rule::Reduce { op, kept }));
        }
        // A reduction over axes of size 1 alone changes nothing.
        if self.count(set) == 1 && !op.is_arg() {
            return Ok(self.reshaped(&shape));
        }
        let (storage, layout) = self.stored();
        let axes = std::array::from_fn(|i| set.reduced[i] && i < self.ndim());
        let args = [Arg::Value(&storage, &layout)];
        let at = Location::caller();
        let out = Self::record(
            Op::Reduce { op, axes },
            &args,
            &shape,
            dtype,
            &self.device,
            at,
        );
        let kept = self.shape_ref().reduced(&axes, true);
        Ok(track(out, &[self], Rule::Reduce { op, kept }))
    }

    #[track_caller]
    pub(super) fn sum_set(&self, set: &AxisSet) -> Result<Tensor> {
        let x = if self.dtype == DType::Bool {
            self.to_dtype(DType::I32)
        } else {
            self.clone()
        };
        x.reduce(ReduceOp::Sum, set)
    }

    #[track_caller]
    fn prod_set(&self, set: &AxisSet) -> Result<Tensor> {
        let x = if self.dtype == DType::Bool {
            self.to_dtype(DType::I32)
        } else {
            self.clone()
        };
        x.reduce(ReduceOp::Prod, set)
    }

    #[track_caller]
    pub(super) fn max_set(&self, set: &AxisSet) -> Result<Tensor> {
        self.reduce(ReduceOp::Max, set)
    }

    #[track_caller]
    pub(super) fn min_set(&self, set: &AxisSet) -> Result<Tensor> {
        self.reduce(ReduceOp::Min, set)
    }

    #[track_caller]
    fn any_set(&self, set: &AxisSet) -> Result<Tensor> {
        self.to_dtype(DType::Bool).truth(ReduceOp::Max, set)
    }

    #[track_caller]
    pub(super) fn all_set(&self, set: &AxisSet) -> Result<Tensor> {
        self.to_dtype(DType::Bool).truth(ReduceOp::Min, set)
    }

    /// The extreme of bools, which for none is what NumPy's `any` and `all` say.
    #[track_caller]
    fn truth(&self, op: ReduceOp, set: &AxisSet) -> Result<Tensor> {
        if self.size() > 0 {
            return self.reduce(op, set);
        }
        let shape = set.result(self.shape_ref());
        Ok(Self::constant(
            Scalar::Bool(op == ReduceOp::Min),
            DType::Bool,
            shape,
            &self.device,
        ))
    }

    #[track_caller]
    fn argmax_set(&self, set: &AxisSet) -> Result<Tensor> {
        self.reduce(ReduceOp::ArgMax, set)
    }

    #[track_caller]
    fn argmin_set(&self, set: &AxisSet) -> Result<Tensor> {
        self.reduce(ReduceOp::ArgMin, set)
    }

    #[track_caller]
    fn mean_set(&self, set: &AxisSet) -> Result<Tensor> {
        // In f32: the sum of halves may be beyond the largest where the mean is not.
        let sum = self.to_dtype(DType::F32).reduce(ReduceOp::Sum, set)?;
        let mean = sum.try_mul(1.0 / self.count(set) as f64)?;
        Ok(mean.to_dtype(self.dtype.to_float()))
    }

    #[track_caller]
    fn logsumexp_set(&self, set: &AxisSet) -> Result<Tensor> {
        let x = self.to_dtype(self.dtype.to_float());
        if x.size() == 0 {
            let shape = set.result(x.shape_ref());
            return Ok(Self::constant(
                f64::NEG_INFINITY.into(),
                x.dtype,
                shape,
                &self.device,
            ));
        }
        let shift = x.shift(set)?;
        let sum = x.try_sub(&shift)?.exp().reduce(ReduceOp::Sum, set)?;
        let shape = set.result(x.shape_ref());
        sum.ln().try_add(shift.reshaped(&shape))
    }

    /// The largest elements as a shift that does not change a result: off the tape, and 0 where the
    /// largest is infinite, so that a row of −∞ alone gives no NaN.
    #[track_caller]
    fn shift(&self, set: &AxisSet) -> Result<Tensor> {
        let kept = AxisSet::new(set.reduced);
        let largest = self.detach().reduce(ReduceOp::Max, &kept)?;
        largest.is_inf().select(0.0, &largest)
    }

    /// The variance over the axes, Σ(x − mean)²/(n − ddof), in two passes. `ddof` 0 is NumPy's
    /// default, 1 PyTorch's.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[track_caller]
    pub fn var(&self, axes: impl IntoAxes, ddof: usize) -> Result<Tensor> {
        self.var_set(&self.axes("var", axes)?.dropped(), ddof)
    }

    /// As [`var`](Tensor::var), with size 1 in the place of each reduced axis.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn var_keepdims(&self, axes: impl IntoAxes, ddof: usize) -> Result<Tensor> {
        self.var_set(&self.axes("var", axes)?, ddof)
    }

    /// The standard deviation: the square root of [`var`](Tensor::var).
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[track_caller]
    pub fn std(&self, axes: impl IntoAxes, ddof: usize) -> Result<Tensor> {
        let set = self.axes("std", axes)?.dropped();
        Ok(self.var_set(&set, ddof)?.sqrt())
    }

    /// As [`std`](Tensor::std), with size 1 in the place of each reduced axis.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn std_keepdims(&self, axes: impl IntoAxes, ddof: usize) -> Result<Tensor> {
        Ok(self.var_set(&self.axes("std", axes)?, ddof)?.sqrt())
    }

    #[track_caller]
    fn var_set(&self, set: &AxisSet, ddof: usize) -> Result<Tensor> {
        let x = self.to_dtype(self.dtype.to_float());
        let mean = x.mean_set(&AxisSet::new(set.reduced))?;
        let squares = x.try_sub(mean)?.square().reduce(ReduceOp::Sum, set)?;
        // No degrees of freedom left: 0/0 and 0/negative are NaN, as NumPy has it.
        let free = self.count(set) as f64 - ddof as f64;
        squares.try_div(free.max(0.0))
    }

    /// The softmax over an axis, eˣ / Σ eˣ, computed after subtracting the largest element.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Result<Tensor> {
        let set = AxisSet::new(self.shape_ref().axis_set("softmax", &[axis])?);
        let x = self.to_dtype(self.dtype.to_float());
        if x.size() == 0 {
            return Ok(x);
        }
        let powers = x.try_sub(&x.detach().reduce(ReduceOp::Max, &set)?)?.exp();
        // One division a row.
        powers.try_mul(powers.reduce(ReduceOp::Sum, &set)?.reciprocal())
    }

    /// The logarithm of the [`softmax`](Tensor::softmax) over an axis, without leaving logarithms.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn log_softmax(&self, axis: isize) -> Result<Tensor> {
        let set = AxisSet::new(self.shape_ref().axis_set("log_softmax", &[axis])?);
        let x = self.to_dtype(self.dtype.to_float());
        if x.size() == 0 {
            return Ok(x);
        }
        let shifted = x.try_sub(&x.detach().reduce(ReduceOp::Max, &set)?)?;
        shifted.try_sub(shifted.exp().reduce(ReduceOp::Sum, &set)?.ln())
    }

    /// The sum over what broadcasting to this tensor's shape repeated, in the given shape.
    #[track_caller]
    pub(crate) fn sum_to(&self, shape: &Shape) -> Result<Tensor> {
        if self.shape_ref() == shape {
            return Ok(self.clone());
        }
        let shift = self.ndim() - shape.ndim();
        let mut set = [false; MAX_RANK];
        for (i, (&d, flag)) in self.shape().iter().zip(&mut set).enumerate() {
            *flag = i < shift || (shape.dims()[i - shift] == 1 && d != 1);
        }
        Ok(self
            .reduce(ReduceOp::Sum, &AxisSet::new(set))?
            .reshaped(shape))
    }
}
