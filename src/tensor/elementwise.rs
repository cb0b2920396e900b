//! Elementwise functions that are made of others.

use std::f64::consts::{LN_2, PI};

use super::{Operand, Tensor};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};

/// Elementwise functions made of others, with broadcasting; each has its gradient from its parts. `f16` is
/// computed in `f32` and rounded once, as by a single function.
impl Tensor {
    /// Radians as degrees, a·180/π.
    #[doc(alias = "rad2deg")]
    #[track_caller]
    pub fn degrees(&self) -> Tensor {
        self.scaled(180.0 / PI)
    }

    /// Degrees as radians, a·π/180.
    #[doc(alias = "deg2rad")]
    #[track_caller]
    pub fn radians(&self) -> Tensor {
        self.scaled(PI / 180.0)
    }

    #[track_caller]
    fn scaled(&self, by: f64) -> Tensor {
        must(self.as_dtype(self.dtype.to_float()).try_mul(by))
    }

    /// sin(πa)/(πa), and 1 at 0. It is exactly 0 at the other whole numbers, where NumPy's is 10⁻¹⁷ or so.
    ///
    /// Its gradients are those of the function at 0 and near it too.
    #[track_caller]
    pub fn sinc(&self) -> Tensor {
        // Taylor's series in (πa)², to 2⁻³⁰ for |a| ≤ 1/4: no quotient of two small numbers, in no derivative.
        const TERMS: [f64; 6] = [
            -1.0 / 39_916_800.0,
            1.0 / 362_880.0,
            -1.0 / 5_040.0,
            1.0 / 120.0,
            -1.0 / 6.0,
            1.0,
        ];
        self.in_f32(|x| {
            let near = x.abs().le(0.25)?;
            let angle = near.select(x, 0.0)?.try_mul(PI)?.square();
            let mut series = angle.try_mul(TERMS[0])?.try_add(TERMS[1])?;
            for term in &TERMS[2..] {
                series = series.try_mul(&angle)?.try_add(*term)?;
            }
            // Reduced before π makes it inexact: sin(πa) = ± sin(π(a − n)).
            let far = near.select(1.0, x)?;
            let whole = far.round();
            let half = whole.try_mul(0.5)?;
            let odd = half.try_sub(half.floor())?;
            let turned = odd.try_mul(-4.0)?.try_add(1.0)?;
            let sine = far.try_sub(&whole)?.try_mul(PI)?.sin().try_mul(&turned)?;
            near.select(&series, sine.try_div(far.try_mul(PI)?)?)
        })
    }

    /// ln(eᵃ + eᵇ) without overflow, for probabilities that are kept as logarithms.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    #[track_caller]
    pub fn logaddexp<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        self.two_in_f32("logaddexp", other.into(), |a, b| {
            // Of equal infinities the difference is no number, and does not matter.
            let equal = a.eq(b)?.logical_and(a.is_inf())?;
            let difference = equal.select(0.0, a.try_sub(b)?)?;
            let first = a.try_add((-&difference).softplus())?;
            a.gt(b)?.select(&first, b.try_add(difference.softplus())?)
        })
    }

    /// log₂(2ᵃ + 2ᵇ) without overflow.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    #[track_caller]
    pub fn logaddexp2<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        self.two_in_f32("logaddexp2", other.into(), |a, b| {
            let sum = a.try_mul(LN_2)?.logaddexp(b.try_mul(LN_2)?)?;
            sum.try_mul(1.0 / LN_2)
        })
    }

    /// 0 where a is negative, 1 where it is positive, and b where it is 0; NaN stays NaN.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    #[track_caller]
    pub fn heaviside<'a>(&self, at_zero: impl Into<Operand<'a>>) -> Result<Tensor> {
        self.two_in_f32("heaviside", at_zero.into(), |a, b| {
            a.eq(0.0)?.select(b, a.sign().maximum(0.0)?)
        })
    }

    /// The quotient rounded down and the remainder, as Python's `divmod`: `floor_divide` and `remainder`.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let (quotient, rest) = Tensor::new([7, -7], &Device::cpu())?.divmod(3)?;
    /// assert_eq!(quotient.to_vec::<i32>()?, [2, -3]);
    /// assert_eq!(rest.to_vec::<i32>()?, [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn divmod<'a>(&self, divisor: impl Into<Operand<'a>>) -> Result<(Tensor, Tensor)> {
        let divisor = divisor.into();
        let quotient = self.floor_divide(divisor.clone());
        let quotient = quotient.map_err(|error| error.of("divmod"))?;
        Ok((quotient, self.remainder(divisor)?))
    }

    /// The least common multiple of two integers' magnitudes, wrapping; 0 where one of them is 0.
    ///
    /// # Errors
    /// Floats, shapes that do not broadcast, or tensors on different devices.
    #[track_caller]
    pub fn lcm<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        let (b, dtype) = other.into().meet("lcm", self)?;
        if dtype.is_float() {
            let expected = "it is of integers";
            return Err(Error::new(ErrorKind::DType {
                op: "lcm",
                dtype,
                expected,
            }));
        }
        self.shape_ref().broadcast(b.shape_ref(), "lcm")?;
        // As u32, which holds the magnitude of the least i32 too.
        let magnitude = |x: &Tensor| x.abs().to_dtype(DType::U32);
        let (a, b) = (magnitude(self), magnitude(&b));
        let multiple = a.trunc_divide(a.gcd(&b)?)?.try_mul(&b)?;
        Ok(multiple.to_dtype(if dtype == DType::Bool {
            DType::I32
        } else {
            dtype
        }))
    }

    /// NaN replaced by `nan`, +∞ by `posinf` and −∞ by `neginf`; `None` stands for the largest and the least
    /// number of the dtype. What was replaced gets no gradient.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([f32::NAN, f32::INFINITY, 1.0], &Device::cpu())?;
    /// assert_eq!(x.nan_to_num(0.0, 9.0, None).to_vec::<f32>()?, [0.0, 9.0, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn nan_to_num(
        &self,
        nan: f64,
        posinf: impl Into<Option<f64>>,
        neginf: impl Into<Option<f64>>,
    ) -> Tensor {
        let largest = match self.dtype {
            DType::F16 => f64::from(half::f16::MAX),
            DType::F32 => f64::from(f32::MAX),
            // Integers and bools are all numbers.
            _ => return self.clone(),
        };
        let (high, low) = (
            posinf.into().unwrap_or(largest),
            neginf.into().unwrap_or(-largest),
        );
        let replaced = || {
            let low = self.eq(f64::NEG_INFINITY)?.select(low, self)?;
            let both = self.eq(f64::INFINITY)?.select(high, &low)?;
            self.is_nan().select(nan, &both)
        };
        must(replaced())
    }

    /// The point at `weight` of the way from a to `end`: a + weight·(end − a), which is `end` itself at 1.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    #[track_caller]
    pub fn lerp<'a, 'b>(
        &self,
        end: impl Into<Operand<'a>>,
        weight: impl Into<Operand<'b>>,
    ) -> Result<Tensor> {
        let (end, dtype) = end.into().meet("lerp", self)?;
        // A difference of integers may wrap.
        let (start, end) = (
            self.as_dtype(dtype.to_float()),
            end.as_dtype(dtype.to_float()),
        );
        let (weight, _) = weight.into().meet("lerp", self)?;
        let both = self.shape_ref().broadcast(end.shape_ref(), "lerp")?;
        both.broadcast(weight.shape_ref(), "lerp")?;
        let way = end.try_sub(&*start)?;
        let from_start = start.try_add(way.try_mul(&*weight)?)?;
        let rest = weight.negative().try_add(1.0)?;
        let from_end = end.try_sub(way.try_mul(rest)?)?;
        weight.lt(0.5)?.select(&from_start, &from_end)
    }

    /// Rounded to so many decimals, halves to the even one: a·10ⁿ, rounded, over 10ⁿ; a negative n rounds to
    /// tens, hundreds, … NumPy's `round` with `decimals`. Integers stay in their type and wrap.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([0.125, 2.5], &Device::cpu())?;
    /// assert_eq!(x.round_to(2).to_vec::<f32>()?, [0.12, 2.5]);
    /// let n = Tensor::new([15, 25, -37], &Device::cpu())?;
    /// assert_eq!(n.round_to(-1).to_vec::<i32>()?, [20, 20, -40]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "around")]
    #[track_caller]
    pub fn round_to(&self, decimals: i32) -> Tensor {
        if !self.dtype.is_float() {
            return must(self.rounded_to_tens(decimals));
        }
        // From 38 on, every float is a multiple of the last decimal.
        let scale = 10f64.powi(decimals.unsigned_abs().min(38) as i32);
        self.in_f32(|x| {
            let scaled = |x: &Tensor, up: bool| {
                if up {
                    x.try_mul(scale)
                } else {
                    x.try_div(scale)
                }
            };
            let shifted = scaled(x, decimals >= 0)?;
            // What overflows has no digit that far behind the point.
            let rounded = scaled(&shifted.round(), decimals < 0)?;
            shifted.is_finite().select(rounded, x)
        })
    }

    /// Integers, rounded to a multiple of a power of ten.
    #[track_caller]
    fn rounded_to_tens(&self, decimals: i32) -> Result<Tensor> {
        let x = self.counted();
        if decimals >= 0 {
            return Ok(x);
        }
        // Half of 10¹⁰ is more than any integer.
        let Some(scale) = 10i32.checked_pow(decimals.unsigned_abs()) else {
            return Ok(x.zeros_like());
        };
        let rest = x.remainder(scale)?;
        let odd = x.floor_divide(scale)?.bitwise_and(1)?.eq(1)?;
        let half = rest.eq(scale / 2)?.logical_and(&odd)?;
        let up = rest.gt(scale / 2)?.logical_or(&half)?;
        x.try_sub(rest)?
            .try_add(up.select(scale, 0)?.to_dtype(x.dtype))
    }

    /// A function of floats, computed in `f32` and rounded once; its operations fit by construction.
    #[track_caller]
    fn in_f32(&self, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Tensor {
        let y = must(f(&self.as_dtype(DType::F32)));
        y.to_dtype(self.dtype.to_float())
    }

    /// As [`Tensor::in_f32`], of two operands that broadcast.
    #[track_caller]
    fn two_in_f32(
        &self,
        op: &'static str,
        other: Operand<'_>,
        f: impl FnOnce(&Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let (b, dtype) = other.meet(op, self)?;
        self.shape_ref().broadcast(b.shape_ref(), op)?;
        let y = f(&self.as_dtype(DType::F32), &b.as_dtype(DType::F32))?;
        Ok(y.to_dtype(dtype.to_float()))
    }
}

/// The result of operations on one tensor and scalars, whose shapes always fit.
#[track_caller]
fn must(result: Result<Tensor>) -> Tensor {
    match result {
        Ok(tensor) => tensor,
        Err(error) => unreachable!("an elementwise function met shapes that do not fit: {error}"),
    }
}
