//! Random choice and random orders.

use super::Tensor;
use super::random::{scaled, unit};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::generator::Generator;
use crate::shape::{IntoShape, Shape};

/// What a [`choice`](Generator::choice) is made among: the slices along a tensor's first axis, or the numbers
/// below one.
///
/// Made from `&tensor` and from `(10, &device)`.
#[derive(Clone, Copy, Debug)]
pub enum Choices<'a> {
    /// The numbers from 0 up to but not including it, as `u32`, on a device.
    Numbers(usize, &'a Device),
    /// The elements of a vector, the rows of a matrix.
    Slices(&'a Tensor),
}

impl<'a> From<(usize, &'a Device)> for Choices<'a> {
    fn from((count, device): (usize, &'a Device)) -> Self {
        Self::Numbers(count, device)
    }
}

impl<'a> From<&'a Tensor> for Choices<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Slices(tensor)
    }
}

impl Generator {
    /// Random numbers below `n`, or random slices of a tensor along its first axis: a choice in the given
    /// shape, each drawn anew (`replace`) or none twice, in random order. With weights, which are a vector of
    /// a number for each, not negative, of any sum, the chance of each draw is in proportion to them; without
    /// replacement to those that are left. NumPy's `Generator.choice`.
    ///
    /// Chosen on the device: with replacement by a search in the sums of the weights, in `f32`, so that a
    /// chance is exact to 2⁻²⁴; without by the smallest of exponential times (Efraimidis and Spirakis, "Weighted
    /// random sampling with a reservoir", 2006). With weights their smallest, their largest, and whether enough
    /// are above zero are read back.
    ///
    /// # Errors
    /// More draws without replacement than there are to choose among, or than have a weight above zero; a
    /// draw among none; weights that are no vector of one for each, negative, NaN, infinite, or all zero; a
    /// tensor without dimensions.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let mut random = Generator::new(1);
    /// let dice = random.choice((6, &dev), [100], true, None)?;
    /// assert_eq!(dice.shape(), [100]);
    /// let cards = Tensor::new([7, 8, 9, 10], &dev)?;
    /// let hand = random.choice(&cards, [4], false, None)?;
    /// assert_eq!(hand.sort(0)?.to_vec::<i32>()?, [7, 8, 9, 10]);
    /// let weights = Tensor::new([0.5, 0.0, 0.5, 0.0], &dev)?;
    /// let hand = random.choice(&cards, [2], false, Some(&weights))?;
    /// assert_eq!(hand.sort(0)?.to_vec::<i32>()?, [7, 9]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "multinomial")]
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn choice<'a>(
        &mut self,
        from: impl Into<Choices<'a>>,
        shape: impl IntoShape,
        replace: bool,
        weights: Option<&Tensor>,
    ) -> Result<Tensor> {
        const OP: &str = "choice";
        let (from, shape, draw) = (from.into(), shape.into_shape()?, self.next());
        let (count, device) = match from {
            Choices::Numbers(count, device) => (count, device),
            Choices::Slices(x) if x.ndim() == 0 => {
                let message = "a tensor without dimensions has nothing to choose among";
                return Err(Error::shape(OP, x.shape_ref(), message));
            }
            Choices::Slices(x) => (x.shape()[0], x.device()),
        };
        let Ok(among) = u32::try_from(count) else {
            let message = format!("{count} numbers are more than u32 counts");
            return Err(Error::value(OP, message));
        };
        let draws = shape.size();
        let possible = if replace && count > 0 {
            usize::MAX
        } else {
            count
        };
        if draws > possible {
            let how = if replace { "" } else { " without replacement" };
            let message = format!("{draws} draws{how} are not possible among {count}");
            return Err(Error::value(OP, message));
        }
        // Weights above zero, without which no draw is possible.
        let needed = if replace { draws.min(1) } else { draws };
        let places = match weights {
            Some(weights) => {
                let weights = relative(weights, count, device, needed)?;
                match replace {
                    true => {
                        let bits = self.bits(draw, 0, &shape, device)?;
                        by_sums(&weights, &unit(&bits))?
                    }
                    false => {
                        let bits = self.bits(draw, 0, &Shape::of(&[count]), device)?;
                        let (_, places) = times(&weights, &bits)?.topk_smallest(draws, 0)?;
                        places.reshaped(&shape)
                    }
                }
            }
            None if replace => scaled(&self.bits(draw, 0, &shape, device)?, among),
            None => {
                let bits = self.bits(draw, 0, &Shape::of(&[count]), device)?;
                bits.topk_smallest(draws, 0)?.1.reshaped(&shape)
            }
        };
        match from {
            Choices::Numbers(..) => Ok(places),
            Choices::Slices(x) => x.take(&places, 0),
        }
    }

    /// Puts the slices along an axis into random order, in place; `x.take(&order, axis)` with `order` of
    /// [`permutation`](Generator::permutation) is the same out of place. The variable is bound anew: views of
    /// the old value keep it.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn shuffle(&mut self, x: &mut Tensor, axis: isize) -> Result<()> {
        let (at, draw) = (x.shape_ref().axis("shuffle", axis)?, self.next());
        let size = Shape::of(&[x.shape()[at]]);
        let order = self.bits(draw, 0, &size, x.device())?.argsort(0)?;
        *x = x.take(&order, axis)?;
        Ok(())
    }

    /// The elements along an axis in random order, each line of them in one of its own.
    ///
    /// # Errors
    /// An axis out of range.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[1, 2, 3], [4, 5, 6]], &Device::cpu())?;
    /// let y = Generator::new(3).permuted(&x, 1)?;
    /// assert_eq!(y.sort(1)?.to_vec::<i32>()?, [1, 2, 3, 4, 5, 6]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn permuted(&mut self, x: &Tensor, axis: isize) -> Result<Tensor> {
        x.shape_ref().axis("permuted", axis)?;
        let draw = self.next();
        let order = self.bits(draw, 0, x.shape_ref(), x.device())?;
        x.gather(axis, &order.argsort(axis)?)
    }
}

/// The weights over the largest of them, as `f32`. Reads back whether they are weights, and enough of them
/// above zero.
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
fn relative(weights: &Tensor, count: usize, device: &Device, needed: usize) -> Result<Tensor> {
    const OP: &str = "choice";
    if weights.shape() != [count] {
        let message =
            format!("the weights must be a vector of {count}, one for each to choose among");
        return Err(Error::shape(OP, weights.shape_ref(), message));
    }
    if weights.device() != device {
        return Err(Error::new(ErrorKind::Device {
            op: OP,
            lhs: device.name(),
            rhs: weights.device().name(),
        }));
    }
    let weights = weights.detach().to_dtype(DType::F32);
    if needed == 0 {
        return Ok(weights);
    }
    let largest = weights.max(..)?;
    let relative = weights.try_div(&largest)?;
    let few = relative.gt(0.0)?.count_nonzero(..)?.lt(needed)?;
    let told = [&weights.min(..)?, &largest, &few.to_dtype(DType::F32)];
    let told: Vec<f32> = Tensor::stack(&told, 0)?.to_vec()?;
    if !(told[0] >= 0.0 && told[1].is_finite()) {
        let worst = if told[0] >= 0.0 { told[1] } else { told[0] };
        let message = format!("the weights must be finite and not negative, but one is {worst}");
        return Err(Error::value(OP, message));
    }
    if told[1] == 0.0 || told[2] != 0.0 {
        let message = format!("{needed} draws without replacement need as many weights above zero");
        let message = if told[1] == 0.0 {
            "all weights are zero".into()
        } else {
            message
        };
        return Err(Error::value(OP, message));
    }
    Ok(relative)
}

/// The places whose share of the weights' sum holds each of some numbers in [0, 1).
#[track_caller]
fn by_sums(weights: &Tensor, at: &Tensor) -> Result<Tensor> {
    // Sums of blocks are rounded one by one: a weight of zero must not gain a share by it, and none must
    // fall behind the sum before it.
    let sums = weights
        .gt(0.0)?
        .select(weights.cumsum(0)?, 0.0)?
        .cummax(0)?;
    let total = sums.max(..)?;
    let found = sums.searchsorted(&at.try_mul(&total)?, true)?;
    // Rounding may reach the sum; it belongs to the last weight above zero.
    found.minimum(sums.searchsorted(&total, false)?)
}

/// For each weight the time of an event at that rate; infinite for zero.
#[track_caller]
fn times(weights: &Tensor, bits: &Tensor) -> Result<Tensor> {
    // The small times are those that are chosen: they come from all 32 bits of a word, near zero.
    let part = (bits.to_dtype(DType::F32) + 0.5) * (1.0 / (1u64 << 32) as f64);
    let part = part.minimum(1.0 - 1.0 / (1 << 24) as f32)?;
    let time = (-(-part).log1p()).try_div(weights)?.minimum(f32::MAX)?;
    weights.gt(0.0)?.select(time, f32::INFINITY)
}
