//! Convolution of signals, as NumPy and SciPy have it: the kernel is turned round.

use super::correlation::{Axis, Geometry};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::linalg::numbers;
use crate::tensor::{Pad, Tensor};

/// How much of a convolution is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every place where the two overlap: `n + k − 1`.
    Full,
    /// The middle of that: as much as the first operand has (of vectors: the longer one).
    Same,
    /// Where the two overlap fully: `n − k + 1`.
    Valid,
}

impl Mode {
    /// How far a kernel of a size reaches over the two ends.
    fn ends(self, kernel: usize) -> (usize, usize) {
        match self {
            Self::Full => (kernel - 1, kernel - 1),
            Self::Same => (kernel / 2, kernel - 1 - kernel / 2),
            Self::Valid => (0, 0),
        }
    }
}

impl Tensor {
    /// The convolution of two vectors, Σᵢ aᵢ·v₍ₖ₋ᵢ₎; NumPy's `convolve`, whose default is
    /// [`Mode::Full`]. The order of the two does not matter.
    ///
    /// # Errors
    /// A tensor that is no vector or is empty, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::Mode;
    /// let dev = Device::cpu();
    /// let (a, v) = (Tensor::new([1, 2, 3], &dev)?, Tensor::new([0, 1, 5], &dev)?);
    /// assert_eq!(a.convolve(&v, Mode::Full)?.to_vec::<i32>()?, [0, 1, 7, 13, 15]);
    /// assert_eq!(a.convolve(&v, Mode::Same)?.to_vec::<i32>()?, [1, 7, 13]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn convolve(&self, v: &Tensor, mode: Mode) -> Result<Tensor> {
        self.vectors("convolve", v)?;
        match self.size() < v.size() {
            true => v.slid(&self.flipped(0), mode),
            false => self.slid(&v.flipped(0), mode),
        }
    }

    /// The correlation of two vectors, Σᵢ a₍ᵢ₊ₖ₎·vᵢ; NumPy's `correlate`, whose default is
    /// [`Mode::Valid`].
    ///
    /// # Errors
    /// As [`convolve`](Tensor::convolve).
    #[track_caller]
    pub fn correlate(&self, v: &Tensor, mode: Mode) -> Result<Tensor> {
        self.vectors("correlate", v)?;
        match self.size() < v.size() {
            true => Ok(v.slid(self, mode)?.flipped(0)),
            false => self.slid(v, mode),
        }
    }

    #[track_caller]
    fn vectors(&self, op: &'static str, v: &Tensor) -> Result<()> {
        self.same_device(op, v)?;
        for vector in [self, v] {
            if vector.ndim() != 1 || vector.size() == 0 {
                let message = "vectors of at least one element are needed";
                return Err(Error::shape(op, vector.shape_ref(), message));
            }
        }
        Ok(())
    }

    /// A vector with a window that is no longer sliding over it.
    #[track_caller]
    fn slid(&self, window: &Tensor, mode: Mode) -> Result<Tensor> {
        let image = |x: &Tensor| x.reshape([1, 1, 1, -1]);
        let (before, behind) = mode.ends(window.size());
        let axis = Axis::plain(self.size(), window.size(), (before, behind));
        let operands = numbers(&[self, window]);
        let geometry = Geometry::new(vec![axis], 1);
        let (x, w) = (image(&operands[0])?, image(&operands[1])?);
        geometry.correlate(&x, &w)?.reshape([-1])
    }

    /// The convolution of an image with a kernel, both matrices; SciPy's `signal.convolve2d`, whose
    /// defaults are [`Mode::Full`] and [`Pad::constant`]`(0)`. `boundary` is what lies around the image:
    /// SciPy's `symm` is [`Pad::Symmetric`], its `wrap` is [`Pad::Wrap`]. Of [`Mode::Valid`], one must
    /// be at least as large as the other in both directions.
    ///
    /// # Errors
    /// Tensors that are no matrices or empty, or are on different devices; of [`Mode::Valid`], two of which
    /// neither covers the other.
    #[track_caller]
    pub fn convolve2d(&self, kernel: &Tensor, mode: Mode, boundary: Pad) -> Result<Tensor> {
        const OP: &str = "convolve2d";
        self.same_device(OP, kernel)?;
        for image in [self, kernel] {
            if image.ndim() != 2 || image.size() == 0 {
                let message = "matrices of at least one element are needed";
                return Err(Error::shape(OP, image.shape_ref(), message));
            }
        }
        let covers = |a: &Tensor, b: &Tensor| (0..2).all(|i| a.shape()[i] >= b.shape()[i]);
        if mode == Mode::Valid && !covers(self, kernel) {
            if covers(kernel, self) {
                return kernel.convolve2d(self, mode, boundary);
            }
            return Err(Error::new(ErrorKind::Shapes {
                op: OP,
                lhs: self.shape_ref().clone(),
                rhs: kernel.shape_ref().clone(),
                message: "for Mode::Valid one must cover the other",
                hint: String::new(),
            }));
        }
        let operands = numbers(&[self, kernel]);
        let ends = [0, 1].map(|i| mode.ends(kernel.shape()[i]));
        // Zeros are the convolution's own padding.
        let zeros = matches!(boundary, Pad::Constant(value) if value.to_f64() == 0.0);
        let (image, ends) = match zeros {
            true => (operands[0].as_ref().clone(), ends),
            false => (operands[0].pad(ends, boundary)?, [(0, 0); 2]),
        };
        let axes = [0, 1].map(|i| Axis::plain(image.shape()[i], kernel.shape()[i], ends[i]));
        let geometry = Geometry::new(axes.to_vec(), 1);
        let lifted = |x: &Tensor| x.unsqueeze(0)?.unsqueeze(0);
        let turned = lifted(&operands[1].flipped(0).flipped(1))?;
        let [height, width] = geometry.outputs().map(|n| n as isize);
        geometry
            .correlate(&lifted(&image)?, &turned)?
            .reshape([height, width])
    }
}
