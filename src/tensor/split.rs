//! Parts of an axis, as views.

use super::Tensor;
use crate::error::{Error, Result};

/// How an axis is split: into a number of parts, or before each of some indices.
#[derive(Clone, Debug, PartialEq)]
pub enum Sections {
    /// This many parts.
    Count(usize),
    /// Before each of these indices, as slices have them: negative ones count from the end, and those
    /// beyond the axis are its end.
    At(Vec<isize>),
}

/// For each type that an integer literal or a length may have.
macro_rules! into_sections {
    ($($t:ty)*) => {$(
        impl From<$t> for Sections {
            fn from(count: $t) -> Self {
                // Fewer than none are none, which is an error where they are used.
                Self::Count(usize::try_from(count).unwrap_or(0))
            }
        }
        impl<const N: usize> From<[$t; N]> for Sections {
            fn from(at: [$t; N]) -> Self {
                Self::from(&at[..])
            }
        }
        impl From<&[$t]> for Sections {
            fn from(at: &[$t]) -> Self {
                // An index beyond isize is beyond any axis.
                Self::At(at.iter().map(|&i| isize::try_from(i).unwrap_or(isize::MAX)).collect())
            }
        }
        impl From<Vec<$t>> for Sections {
            fn from(at: Vec<$t>) -> Self {
                Self::from(&at[..])
            }
        }
    )*};
}
into_sections!(i32 isize usize);

impl Tensor {
    /// The axis in equal parts, or cut before each of some indices; no copies.
    ///
    /// `x.split(3, 0)` gives three parts, `x.split([2, 5], 0)` the elements before 2, those from 2 to 5,
    /// and the rest.
    ///
    /// # Errors
    /// An axis out of range, or a number of parts that does not divide its size (see
    /// [`array_split`](Tensor::array_split), and [`chunk`](Tensor::chunk) for PyTorch's way).
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::arange(0, 6, 1, &Device::cpu())?;
    /// let parts = x.split([1, 3], 0)?;
    /// assert_eq!(parts[1].to_vec::<i32>()?, [1, 2]);
    /// assert_eq!(parts[2].to_vec::<i32>()?, [3, 4, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "tensor_split")]
    #[track_caller]
    pub fn split(&self, sections: impl Into<Sections>, axis: isize) -> Result<Vec<Tensor>> {
        const OP: &str = "split";
        let at = self.shape_ref().axis(OP, axis)?;
        let (sections, size) = (sections.into(), self.shape()[at]);
        if let Sections::Count(count) = sections
            && count > 0
            && !size.is_multiple_of(count)
        {
            let message = format!(
                "axis {axis} of size {size} has no {count} equal parts; array_split gives unequal ones"
            );
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        self.parts(OP, sections, at)
    }

    /// As [`split`](Tensor::split), where the first parts are one longer if the number of parts does
    /// not divide the size.
    ///
    /// # Errors
    /// An axis out of range, or no parts.
    #[track_caller]
    pub fn array_split(&self, sections: impl Into<Sections>, axis: isize) -> Result<Vec<Tensor>> {
        const OP: &str = "array_split";
        let at = self.shape_ref().axis(OP, axis)?;
        self.parts(OP, sections.into(), at)
    }

    #[track_caller]
    fn parts(&self, op: &'static str, sections: Sections, axis: usize) -> Result<Vec<Tensor>> {
        let size = self.shape()[axis];
        let cuts: Vec<usize> = match sections {
            Sections::Count(0) => return Err(Error::value(op, "at least one part is needed")),
            Sections::Count(count) => (1..count)
                .map(|i| i * (size / count) + i.min(size % count))
                .collect(),
            Sections::At(indices) => {
                let from_start = |&i: &isize| match i < 0 {
                    true => size.saturating_sub(i.unsigned_abs()),
                    false => (i as usize).min(size),
                };
                indices.iter().map(from_start).collect()
            }
        };
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([size]);
        let part = |(start, end): (usize, usize)| {
            self.sliced(axis, start as isize, 1, end.saturating_sub(start))
        };
        Ok(starts.zip(ends).map(part).collect())
    }

    /// At most `count` parts of an axis, all of one size but the last, which may be smaller; no copies.
    ///
    /// # Errors
    /// An axis out of range, or no parts.
    #[track_caller]
    pub fn chunk(&self, count: usize, axis: isize) -> Result<Vec<Tensor>> {
        const OP: &str = "chunk";
        let at = self.shape_ref().axis(OP, axis)?;
        if count == 0 {
            return Err(Error::value(OP, "at least one part is needed"));
        }
        let size = self.shape()[at];
        if size == 0 {
            return Ok(vec![self.clone(); count]);
        }
        let each = size.div_ceil(count);
        let part = |start: usize| self.sliced(at, start as isize, 1, each.min(size - start));
        Ok((0..size).step_by(each).map(part).collect())
    }

    /// The slices of an axis, which goes; no copies. PyTorch's `unbind`.
    ///
    /// # Errors
    /// An axis out of range.
    #[doc(alias = "unbind")]
    #[track_caller]
    pub fn unstack(&self, axis: isize) -> Result<Vec<Tensor>> {
        let at = self.shape_ref().axis("unstack", axis)?;
        (0..self.shape()[at])
            .map(|i| self.sliced(at, i as isize, 1, 1).squeeze(at as isize))
            .collect()
    }
}
