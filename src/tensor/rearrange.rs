//! The elements of axes in another order: reversed, turned, moved around.

use super::{IntoAxes, IntoDims, Tensor};
use crate::autograd::Rule;
use crate::error::{Error, Result};
use crate::layout::Layout;

impl Tensor {
    /// The elements of one axis or of several in reverse order (`..` for all axes); no copy.
    ///
    /// # Errors
    /// An axis out of range or named twice.
    #[doc(alias = "fliplr")]
    #[doc(alias = "flipud")]
    #[track_caller]
    pub fn flip(&self, axes: impl IntoAxes) -> Result<Tensor> {
        let axes = match axes.into_axes() {
            Some(axes) => self.shape_ref().axis_set("flip", &axes)?,
            None => [true; crate::MAX_RANK],
        };
        let flipped = (0..self.ndim()).filter(|&i| axes[i]);
        Ok(flipped.fold(self.clone(), |x, axis| x.flipped(axis)))
    }

    pub(crate) fn flipped(&self, axis: usize) -> Tensor {
        self.view(self.layout().flip(axis), Rule::Flip(axis))
    }

    /// Turned `k` times by 90° from the first axis towards the second; no copy.
    ///
    /// # Errors
    /// An axis out of range, or one axis twice.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[1, 2], [3, 4]], &Device::cpu())?;
    /// assert_eq!(x.rot90(1, [0, 1])?.to_vec::<i32>()?, [2, 4, 1, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn rot90(&self, k: isize, axes: [isize; 2]) -> Result<Tensor> {
        const OP: &str = "rot90";
        let shape = self.shape_ref();
        shape.axis_set(OP, &axes)?;
        let (first, second) = (shape.axis(OP, axes[0])?, shape.axis(OP, axes[1])?);
        let exchanged = |x: &Tensor| x.transpose(first as isize, second as isize);
        match k.rem_euclid(4) {
            0 => Ok(self.clone()),
            1 => exchanged(&self.flipped(second)),
            2 => Ok(self.flipped(first).flipped(second)),
            _ => Ok(exchanged(self)?.flipped(second)),
        }
    }

    /// The elements moved along axes by some places, those that leave at one end coming back at the
    /// other. One shift and one axis, as many of each, or one of either for all of the other; with `..`
    /// for the axes the tensor is moved as the vector of its elements.
    ///
    /// # Errors
    /// An axis out of range, or numbers of shifts and axes that do not go together.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([[1, 2, 3], [4, 5, 6]], &Device::cpu())?;
    /// assert_eq!(x.roll(1, 1)?.to_vec::<i32>()?, [3, 1, 2, 6, 4, 5]);
    /// assert_eq!(x.roll([1, -1], [0, 1])?.to_vec::<i32>()?, [5, 6, 4, 2, 3, 1]);
    /// assert_eq!(x.roll(2, ..)?.to_vec::<i32>()?, [5, 6, 1, 2, 3, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn roll(&self, shifts: impl IntoDims, axes: impl IntoAxes) -> Result<Tensor> {
        const OP: &str = "roll";
        let shifts = shifts.into_dims();
        let (x, axes) = match axes.into_axes() {
            Some(axes) => (self.clone(), axes),
            None => (self.ravel(), vec![0]),
        };
        let pairs = match (shifts.len(), axes.len()) {
            (1, n) | (n, 1) => n,
            (m, n) if m == n => n,
            (m, n) => {
                let message = format!("{m} shifts do not go with {n} axes");
                return Err(Error::shape(OP, self.shape_ref(), message));
            }
        };
        // By how much each axis moves, all shifts that name it together.
        let mut by = vec![0; x.ndim()];
        for i in 0..pairs {
            let axis = x.shape_ref().axis(OP, axes[i.min(axes.len() - 1)])?;
            let size = x.shape()[axis].max(1) as isize;
            let shift = shifts[i.min(shifts.len() - 1)].rem_euclid(size);
            by[axis] = (by[axis] + shift) % size;
        }
        Ok(x.rolled(&by).reshaped(self.shape_ref()))
    }

    /// Moved by less than its size along each axis: each axis is cut in two, and each of the boxes
    /// has its place in the result.
    #[track_caller]
    fn rolled(&self, by: &[isize]) -> Tensor {
        if self.size() == 0 || by.iter().all(|&shift| shift == 0) {
            return self.clone();
        }
        let whole = Layout::contiguous(self.shape_ref().clone());
        let mut boxes = vec![(self.clone(), whole)];
        for (axis, &shift) in by.iter().enumerate().filter(|(_, shift)| **shift > 0) {
            let (moved, size) = (shift as usize, self.shape()[axis]);
            let half = |(part, region): &(Tensor, Layout), from: usize, to: usize, len: usize| {
                (
                    part.sliced(axis, from as isize, 1, len),
                    region.slice(axis, to as isize, 1, len),
                )
            };
            boxes = boxes
                .iter()
                .flat_map(|whole| {
                    let last = half(whole, size - moved, 0, moved);
                    [last, half(whole, 0, moved, size - moved)]
                })
                .collect();
        }
        let (parts, regions): (Vec<Tensor>, Vec<Layout>) = boxes.into_iter().unzip();
        let parts: Vec<&Tensor> = parts.iter().collect();
        Self::assemble(&parts, regions, self.shape_ref().clone(), self.dtype)
    }
}
