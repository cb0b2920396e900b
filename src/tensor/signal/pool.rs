//! Pooling: the largest element, or the mean, of windows.

use super::options::Pair;
use crate::autograd::{OwnRule, Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::Windows;
use crate::shape::Shape;
use crate::tensor::{Pad, Tensor};

/// The windows of a pooling: PyTorch's arguments, with its defaults.
///
/// ```
/// use tilewise::Pool;
/// let options = Pool::new(3).stride(2).padding(1);
/// let last_one_partial = Pool::new([2, 3]).ceil_mode(true);
/// # let _ = (options, last_one_partial);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    size: Pair,
    stride: Option<Pair>,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
    count_include_pad: bool,
}

impl<P: Into<Pair>> From<P> for Pool {
    fn from(size: P) -> Self {
        Self::new(size)
    }
}

impl Pool {
    /// Windows of a size, one beside the other.
    pub fn new(size: impl Into<Pair>) -> Self {
        Self {
            size: size.into(),
            stride: None,
            padding: 0.into(),
            dilation: 1.into(),
            ceil_mode: false,
            count_include_pad: true,
        }
    }

    /// The step from window to window, instead of the window's size.
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.stride = Some(stride.into());
        self
    }

    /// What is added at both ends: −∞ for the largest element, zeros for the mean. At most half of a window.
    pub fn padding(mut self, padding: impl Into<Pair>) -> Self {
        self.padding = padding.into();
        self
    }

    /// The step from element to element of a window.
    pub fn dilation(mut self, dilation: impl Into<Pair>) -> Self {
        self.dilation = dilation.into();
        self
    }

    /// Whether a last window that reaches beyond the end counts too, with what it has.
    pub fn ceil_mode(mut self, yes: bool) -> Self {
        self.ceil_mode = yes;
        self
    }

    /// Whether the zeros of the padding count in a mean, as they do unless told otherwise.
    pub fn count_include_pad(mut self, yes: bool) -> Self {
        self.count_include_pad = yes;
        self
    }

    #[track_caller]
    fn axis(&self, op: &'static str, x: &Tensor, input: usize, at: usize) -> Result<Axis> {
        let axis = Axis {
            input,
            size: self.size.each()[at],
            stride: self.stride.unwrap_or(self.size).each()[at],
            padding: self.padding.each()[at],
            dilation: self.dilation.each()[at],
        };
        if axis.size == 0 || axis.stride == 0 || axis.dilation == 0 {
            let message = "size, stride and dilation of windows must be at least 1";
            return Err(Error::value(op, message));
        }
        if axis.padding > axis.size / 2 {
            let message = format!(
                "padding of {} is more than half of a window of {}",
                axis.padding, axis.size
            );
            return Err(Error::value(op, message));
        }
        if axis.padded() <= axis.reach() {
            let message = format!(
                "a window of {} with dilation {} does not fit {} places",
                axis.size,
                axis.dilation,
                axis.padded()
            );
            return Err(Error::shape(op, x.shape_ref(), message));
        }
        Ok(axis)
    }
}

/// Height or width of a pooling.
#[derive(Clone, Copy)]
struct Axis {
    input: usize,
    size: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
}

impl Axis {
    fn padded(&self) -> usize {
        self.input + 2 * self.padding
    }

    fn reach(&self) -> usize {
        (self.size - 1) * self.dilation
    }

    /// The number of windows. One that is partial starts within the input or the padding before it.
    fn count(&self, partial: bool) -> usize {
        let free = self.padded() - self.reach() - 1;
        let whole = free / self.stride + 1;
        let next = whole * self.stride;
        let more = partial && !free.is_multiple_of(self.stride) && next < self.input + self.padding;
        whole + usize::from(more)
    }

    /// What is added at the end, so that the last window is whole.
    fn behind(&self, partial: bool) -> usize {
        let covered = (self.count(partial) - 1) * self.stride + self.reach() + 1;
        covered
            .saturating_sub(self.input + self.padding)
            .max(self.padding)
    }

    /// For each window the elements that lie in the input, or in that and the padding.
    fn elements(&self, partial: bool, with_padding: bool) -> Vec<f32> {
        let (low, high) = match with_padding {
            true => (0, self.padded()),
            false => (self.padding, self.padding + self.input),
        };
        let count = |window: usize| {
            let places = (0..self.size).map(|k| window * self.stride + k * self.dilation);
            places.filter(|place| (low..high).contains(place)).count() as f32
        };
        (0..self.count(partial)).map(count).collect()
    }
}

impl Tensor {
    /// The largest element of each window of images, `(…, h, w)`; PyTorch's `max_pool2d`. NaN if there is
    /// one. Elements that share the largest place of a window share its gradient.
    ///
    /// # Errors
    /// Less than two dimensions, a window that does not fit, a size, stride or dilation of 0, or
    /// padding of more than half a window.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::arange(0.0, 16.0, 1.0, &Device::cpu())?.reshape([1, 1, 4, 4])?;
    /// assert_eq!(x.max_pool2d(2)?.to_vec::<f32>()?, [5., 7., 13., 15.]);
    /// assert_eq!(x.avg_pool2d(2)?.to_vec::<f32>()?, [2.5, 4.5, 10.5, 12.5]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn max_pool2d(&self, options: impl Into<Pool>) -> Result<Tensor> {
        self.max_pool("max_pool2d", 2, options.into())
    }

    /// As [`max_pool2d`](Tensor::max_pool2d), of sequences, `(…, w)`.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn max_pool1d(&self, options: impl Into<Pool>) -> Result<Tensor> {
        self.max_pool("max_pool1d", 1, options.into())
    }

    /// The mean of each window of images, `(…, h, w)`, in floating point; PyTorch's `avg_pool2d`.
    ///
    /// # Errors
    /// As [`max_pool2d`](Tensor::max_pool2d).
    #[track_caller]
    pub fn avg_pool2d(&self, options: impl Into<Pool>) -> Result<Tensor> {
        self.avg_pool("avg_pool2d", 2, options.into())
    }

    /// As [`avg_pool2d`](Tensor::avg_pool2d), of sequences, `(…, w)`.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn avg_pool1d(&self, options: impl Into<Pool>) -> Result<Tensor> {
        self.avg_pool("avg_pool1d", 1, options.into())
    }

    #[track_caller]
    fn max_pool(&self, op: &'static str, rank: usize, options: Pool) -> Result<Tensor> {
        let least: Scalar = match self.dtype {
            DType::F32 | DType::F16 => f64::NEG_INFINITY.into(),
            DType::I32 => i32::MIN.into(),
            DType::U32 => 0u32.into(),
            DType::Bool => false.into(),
        };
        let (padded, axes) = self.padded(op, rank, options, least)?;
        let windows = windows(&padded, &axes);
        let mut out = padded.detach();
        for &window in &windows {
            out = slid(&out, window, |a, b| match a.dtype() {
                DType::Bool => a.logical_or(b),
                _ => a.maximum(b),
            })?;
        }
        let own = OwnRule::new(move |step| {
            let x = step.input(0);
            let all: Vec<isize> = (-(rank as isize)..0).collect();
            let every = windows
                .iter()
                .fold(x.detach(), |x, &window| x.windowed(window));
            let spread = |y: &Tensor| all.iter().try_fold(y.clone(), |y, _| y.unsqueeze(-1));
            let hit = every
                .eq(spread(&step.result().detach())?)?
                .to_dtype(x.dtype());
            // Shared evenly among equals.
            let share = hit.try_div(&hit.sum_keepdims(&all[..])?)?;
            let part = share.try_mul(spread(step.gradient)?)?;
            Ok(vec![Some(folded(part, &windows, &x)?)])
        });
        Ok(track(out, &[&padded], Rule::Own(own.with_result())))
    }

    #[track_caller]
    fn avg_pool(&self, op: &'static str, rank: usize, options: Pool) -> Result<Tensor> {
        let x = self.to_dtype(self.dtype.to_float());
        let (padded, axes) = x.padded(op, rank, options, 0.0.into())?;
        let windows = windows(&padded, &axes);
        let mut sums = padded.detach();
        for &window in &windows {
            sums = slid(&sums, window, |a, b| a.try_add(b))?;
        }
        let own = OwnRule::new(move |step| {
            let x = step.input(0);
            let every = windows
                .iter()
                .fold(x.detach(), |x, &window| x.windowed(window));
            let gradient = windows
                .iter()
                .try_fold(step.gradient.clone(), |g, _| g.unsqueeze(-1))?;
            let gradient = gradient.expanded(every.shape_ref());
            Ok(vec![Some(folded(gradient, &windows, &x)?)])
        });
        let mut mean = track(sums, &[&padded], Rule::Own(own));
        for (i, axis) in axes.iter().enumerate() {
            let elements = axis.elements(options.ceil_mode, options.count_include_pad);
            if elements.iter().all(|&n| n == axis.size as f32) {
                mean = mean.try_mul(1.0 / axis.size as f64)?;
                continue;
            }
            let shares: Vec<f32> = elements.iter().map(|n| 1.0 / n).collect();
            let shares = Tensor::from_slice(&shares, [shares.len()], &self.device)?;
            let mut dims = vec![1; rank];
            dims[i] = elements.len();
            mean = mean.try_mul(shares.to_dtype(x.dtype).reshaped(&Shape::of(&dims)))?;
        }
        Ok(mean)
    }

    /// The padded tensor, and its axes with windows.
    #[track_caller]
    fn padded(
        &self,
        op: &'static str,
        rank: usize,
        options: Pool,
        value: Scalar,
    ) -> Result<(Tensor, Vec<Axis>)> {
        let Some(first) = self.ndim().checked_sub(rank) else {
            let message = format!("at least {rank} dimensions are needed");
            return Err(Error::shape(op, self.shape_ref(), message));
        };
        let (mut axes, mut ends) = (Vec::with_capacity(rank), vec![(0, 0); self.ndim()]);
        for i in 0..rank {
            let axis = options.axis(op, self, self.shape()[first + i], 2 - rank + i)?;
            ends[first + i] = (axis.padding, axis.behind(options.ceil_mode));
            axes.push(axis);
        }
        Ok((self.pad(ends, Pad::Constant(value))?, axes))
    }
}

/// The windows of the last axes.
fn windows(padded: &Tensor, axes: &[Axis]) -> Vec<Windows> {
    let first = padded.ndim() - axes.len();
    let of = |(i, axis): (usize, &Axis)| Windows {
        axis: first + i,
        size: axis.size,
        step: axis.stride,
        dilation: axis.dilation,
    };
    axes.iter().enumerate().map(of).collect()
}

/// The elements of each window of an axis combined one after the other: whole rows at a time, where
/// reducing windows would walk through a few elements each.
#[track_caller]
fn slid(
    x: &Tensor,
    windows: Windows,
    combine: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let count = (x.shape()[windows.axis] - windows.reach() - 1) / windows.step + 1;
    let tap = |k: usize| {
        let start = (k * windows.dilation) as isize;
        x.sliced(windows.axis, start, windows.step as isize, count)
    };
    (1..windows.size).try_fold(tap(0), |sum, k| combine(&sum, &tap(k)))
}

/// Elements of windows, added up where they lie in the tensor that the windows are of.
#[track_caller]
fn folded(every: Tensor, windows: &[Windows], x: &Tensor) -> Result<Tensor> {
    // Before the last axis was taken in windows, the first had been.
    windows
        .iter()
        .enumerate()
        .rev()
        .try_fold(every, |sum, (i, &window)| {
            let before = windows[..i]
                .iter()
                .fold(x.detach(), |x, &window| x.windowed(window));
            sum.folded(window, before.shape_ref())
        })
}
