//! Elements several times: whole tensors side by side, or each element in a row.

use super::{IntoDims, Tensor};
use crate::error::{Error, Result};
use crate::shape::{MAX_RANK, Shape};

impl Tensor {
    /// The tensor set side by side with itself, as often along each axis as `repeats` says. Where the
    /// two have other numbers of axes, the missing ones come first and are 1. PyTorch's `repeat`.
    ///
    /// # Errors
    /// A negative number, a rank beyond 8, or more elements than the device can hold.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1, 2], &Device::cpu())?;
    /// assert_eq!(x.tile(2)?.to_vec::<i32>()?, [1, 2, 1, 2]);
    /// assert_eq!(x.tile([2, 1])?.shape(), [2, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn tile(&self, repeats: impl IntoDims) -> Result<Tensor> {
        const OP: &str = "tile";
        let given = repeats.into_dims();
        let mut counts = counts(OP, given)?;
        let mut dims = self.shape().to_vec();
        let rank = dims.len().max(counts.len());
        if rank > MAX_RANK {
            let message = format!("{rank} axes, at most {MAX_RANK} are possible");
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        counts.splice(..0, vec![1; rank - counts.len()]);
        dims.splice(..0, vec![1; rank - dims.len()]);
        let x = self.reshaped(&Shape::of(&dims));
        x.stretched(OP, &counts, Side::Before)
    }

    /// Each slice of an axis several times in a row: as often as one number says, or each as often as
    /// its own number says.
    ///
    /// # Errors
    /// An axis out of range, a negative number, other than one number or one for each slice, or more
    /// elements than the device can hold.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1, 2, 3], &Device::cpu())?;
    /// assert_eq!(x.repeat(2, 0)?.to_vec::<i32>()?, [1, 1, 2, 2, 3, 3]);
    /// assert_eq!(x.repeat([2, 0, 1], 0)?.to_vec::<i32>()?, [1, 1, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn repeat(&self, counts: impl IntoDims, axis: isize) -> Result<Tensor> {
        const OP: &str = "repeat";
        let at = self.shape_ref().axis(OP, axis)?;
        let each = self::counts(OP, counts.into_dims())?;
        match each[..] {
            [count] => {
                let mut counts = vec![1; self.ndim()];
                counts[at] = count;
                self.stretched(OP, &counts, Side::Behind)
            }
            _ if each.len() == self.shape()[at] => {
                let total = each.iter().fold(0, |sum: usize, &n| sum.saturating_add(n));
                let mut dims = self.shape().to_vec();
                dims[at] = total;
                let shape = Shape::checked(OP, &dims)?;
                self.device.check_size(OP, &shape, self.dtype)?;
                let index = Tensor::from_slice(&numbers(&each, total), total, &self.device)?;
                self.index_select(axis, &index)
            }
            _ => {
                let message = format!(
                    "{} numbers of repeats for {} slices along axis {axis}; one or as many fit",
                    each.len(),
                    self.shape()[at]
                );
                Err(Error::shape(OP, self.shape_ref(), message))
            }
        }
    }

    /// PyTorch's name of [`repeat`](Tensor::repeat).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn repeat_interleave(&self, counts: impl IntoDims, axis: isize) -> Result<Tensor> {
        self.repeat(counts, axis)
            .map_err(|error| error.of("repeat_interleave"))
    }

    /// Each axis as often as its count says, as a copy of a broadcast view: a new axis beside each that
    /// is repeated, merged with it.
    #[track_caller]
    fn stretched(&self, op: &'static str, counts: &[usize], side: Side) -> Result<Tensor> {
        let times = |i: usize| self.shape()[i].saturating_mul(counts[i]);
        let dims: Vec<usize> = (0..self.ndim()).map(times).collect();
        let shape = Shape::checked(op, &dims)?;
        self.device.check_size(op, &shape, self.dtype)?;
        let repeated = |i: &usize| counts[*i] != 1;
        let new = (0..self.ndim()).filter(repeated).count();
        if new == 0 {
            return Ok(self.clone());
        }
        if self.ndim() + new > MAX_RANK {
            // One after the other, what is before and behind each as one axis.
            let mut x = self.clone();
            for axis in (0..self.ndim()).filter(repeated) {
                let mut dims = x.shape().to_vec();
                let flat = [
                    dims[..axis].iter().product(),
                    dims[axis],
                    dims[axis + 1..].iter().product(),
                ];
                let flat = x.reshaped(&Shape::of(&flat));
                dims[axis] *= counts[axis];
                x = flat
                    .stretched(op, &[1, counts[axis], 1], side)?
                    .reshaped(&Shape::of(&dims));
            }
            return Ok(x);
        }
        let (mut apart, mut wide) = (Vec::new(), Vec::new());
        for (i, &size) in self.shape().iter().enumerate() {
            let pair = match side {
                Side::Before => [(1, counts[i]), (size, size)],
                Side::Behind => [(size, size), (1, counts[i])],
            };
            for (size, count) in pair.into_iter().filter(|_| repeated(&i)) {
                apart.push(size);
                wide.push(count);
            }
            if !repeated(&i) {
                apart.push(size);
                wide.push(size);
            }
        }
        let wide = self
            .reshaped(&Shape::of(&apart))
            .expanded(&Shape::of(&wide));
        Ok(wide.reshaped(&shape))
    }
}

/// Where the axis that counts the repeats is, beside the one that is repeated.
#[derive(Clone, Copy)]
enum Side {
    Before,
    Behind,
}

/// The number of each count, as often as it says.
fn numbers(counts: &[usize], total: usize) -> Vec<u32> {
    /// So many places are written whatever the count is, without a branch to guess, as most counts are small; the
    /// next ones write over what is too much.
    const FEW: usize = 8;
    let mut numbers = vec![0; total + FEW];
    let mut at = 0;
    for (number, &count) in (0..).zip(counts) {
        numbers[at..at + FEW].fill(number);
        if count > FEW {
            numbers[at + FEW..at + count].fill(number);
        }
        at += count;
    }
    numbers.truncate(total);
    numbers
}

#[track_caller]
fn counts(op: &'static str, given: Vec<isize>) -> Result<Vec<usize>> {
    match given.iter().find(|&&n| n < 0) {
        Some(n) => Err(Error::value(
            op,
            format!("nothing can be repeated {n} times"),
        )),
        None => Ok(given.into_iter().map(|n| n as usize).collect()),
    }
}
