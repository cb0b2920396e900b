//! How a convolution walks.

use crate::error::{Error, Result};

/// A number for height and width each; one number is for both. Of sequences only the width counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    height: usize,
    width: usize,
}

impl Pair {
    /// The height, then the width.
    pub(crate) fn each(self) -> [usize; 2] {
        [self.height, self.width]
    }
}

impl From<usize> for Pair {
    fn from(both: usize) -> Self {
        [both; 2].into()
    }
}

impl From<[usize; 2]> for Pair {
    fn from([height, width]: [usize; 2]) -> Self {
        Self { height, width }
    }
}

impl From<(usize, usize)> for Pair {
    fn from((height, width): (usize, usize)) -> Self {
        Self { height, width }
    }
}

/// The zeros around the input of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// None.
    Valid,
    /// As many as give an output of the input's size, with a stride of 1; where they are odd in number, one
    /// more at the end.
    Same,
    /// As many at both ends.
    Each(Pair),
}

impl<P: Into<Pair>> From<P> for Padding {
    fn from(both: P) -> Self {
        Self::Each(both.into())
    }
}

/// How a convolution walks: PyTorch's arguments, with its defaults.
///
/// ```
/// use tilewise::{Conv, Padding};
/// let options = Conv::new().stride(2).padding([0, 1]).groups(2);
/// let same = Conv::new().padding(Padding::Same).dilation(2);
/// # let _ = (options, same);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    pub(super) stride: Pair,
    pub(super) padding: Padding,
    pub(super) dilation: Pair,
    pub(crate) groups: usize,
    pub(super) output_padding: Pair,
}

impl Default for Conv {
    fn default() -> Self {
        Self::new()
    }
}

impl Conv {
    /// Steps of 1, no padding, one group.
    pub fn new() -> Self {
        Self {
            stride: 1.into(),
            padding: Padding::Valid,
            dilation: 1.into(),
            groups: 1,
            output_padding: 0.into(),
        }
    }

    /// The step from window to window.
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.stride = stride.into();
        self
    }

    /// The zeros around the input: a number for both ends of each axis, or [`Padding::Same`].
    pub fn padding(mut self, padding: impl Into<Padding>) -> Self {
        self.padding = padding.into();
        self
    }

    /// The step from element to element of a window.
    pub fn dilation(mut self, dilation: impl Into<Pair>) -> Self {
        self.dilation = dilation.into();
        self
    }

    /// The groups of channels that meet only one another.
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// What a transposed convolution adds to its output's size at the end.
    pub fn output_padding(mut self, more: impl Into<Pair>) -> Self {
        self.output_padding = more.into();
        self
    }

    /// Zeros before and behind, of a height and a width.
    #[track_caller]
    pub(crate) fn ends(&self, op: &'static str, kernel: [usize; 2]) -> Result<[(usize, usize); 2]> {
        let (stride, dilation) = (self.stride.each(), self.dilation.each());
        for (name, pair) in [("stride", stride), ("dilation", dilation)] {
            if pair.contains(&0) {
                return Err(Error::value(op, format!("the {name} must be at least 1")));
            }
        }
        match self.padding {
            Padding::Valid => Ok([(0, 0); 2]),
            Padding::Each(pair) => Ok(pair.each().map(|p| (p, p))),
            Padding::Same if (0..2).any(|i| stride[i] != 1 && kernel[i] > 0) => {
                let message = "padding of Padding::Same goes with a stride of 1 only";
                Err(Error::value(op, message))
            }
            Padding::Same => Ok(std::array::from_fn(|i| {
                let reach = dilation[i] * kernel[i].saturating_sub(1);
                (reach / 2, reach - reach / 2)
            })),
        }
    }
}
