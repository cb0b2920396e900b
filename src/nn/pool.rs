//! Pooling: fewer places, each of which stands for several.

use super::Module;
use super::observe::told;
use crate::error::{Error, Result};
use crate::tensor::{Pair, Pool, Tensor};

/// The largest element of each window of sequences, `(…, w)`.
pub type MaxPool1d = MaxPool<1>;
/// The largest element of each window of images, `(…, h, w)`.
pub type MaxPool2d = MaxPool<2>;
/// The mean of each window of sequences, `(…, w)`.
pub type AvgPool1d = AvgPool<1>;
/// The mean of each window of images, `(…, h, w)`.
pub type AvgPool2d = AvgPool<2>;
/// The mean of sequences, `(…, w)` to `(…)`.
pub type GlobalAvgPool1d = GlobalAvgPool<1>;
/// The mean of images, `(…, h, w)` to `(…)`.
pub type GlobalAvgPool2d = GlobalAvgPool<2>;
/// Means that make sequences of any length one length, `(…, w)` to `(…, size)`.
pub type AdaptiveAvgPool1d = AdaptiveAvgPool<1>;
/// Means that make images of any size one size, `(…, h, w)` to `(…, height, width)`.
pub type AdaptiveAvgPool2d = AdaptiveAvgPool<2>;

/// The largest element of each window of the last `RANK` axes: [`MaxPool1d`], [`MaxPool2d`]. What
/// [`Tensor::max_pool2d`] says holds here.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::Pool;
/// let dev = Device::cpu();
/// let x = Tensor::zeros([2, 3, 8, 8], &dev)?;
/// assert_eq!(nn::MaxPool2d::new(2).forward(&x)?.shape(), [2, 3, 4, 4]);
/// let pool = nn::MaxPool2d::new(Pool::new(3).stride(2).padding(1));
/// assert_eq!(pool.forward(&x)?.shape(), [2, 3, 4, 4]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaxPool<const RANK: usize>(Pool);

impl<const RANK: usize> MaxPool<RANK> {
    /// A layer of windows: their size, or a [`Pool`] with stride, padding and so on.
    pub fn new(options: impl Into<Pool>) -> Self {
        Self(options.into())
    }
}

impl<const RANK: usize> Module for MaxPool<RANK> {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match RANK {
            1 => x.max_pool1d(self.0)?,
            _ => x.max_pool2d(self.0)?,
        };
        Ok(told(self, y))
    }

    fn kind(&self) -> String {
        format!("MaxPool{RANK}d")
    }
}

/// The mean of each window of the last `RANK` axes: [`AvgPool1d`], [`AvgPool2d`]. What
/// [`Tensor::avg_pool2d`] says holds here.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool<const RANK: usize>(Pool);

impl<const RANK: usize> AvgPool<RANK> {
    /// A layer of windows: their size, or a [`Pool`] with stride, padding and so on.
    pub fn new(options: impl Into<Pool>) -> Self {
        Self(options.into())
    }
}

impl<const RANK: usize> Module for AvgPool<RANK> {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match RANK {
            1 => x.avg_pool1d(self.0)?,
            _ => x.avg_pool2d(self.0)?,
        };
        Ok(told(self, y))
    }

    fn kind(&self) -> String {
        format!("AvgPool{RANK}d")
    }
}

/// The mean over the last `RANK` axes, which go: [`GlobalAvgPool1d`], [`GlobalAvgPool2d`]. PyTorch's
/// `AdaptiveAvgPool2d(1)` with `flatten` behind it, Keras's `GlobalAveragePooling2D`.
#[doc(alias = "GlobalAveragePooling2D")]
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalAvgPool<const RANK: usize>;

impl<const RANK: usize> GlobalAvgPool<RANK> {
    /// The layer.
    pub fn new() -> Self {
        Self
    }
}

impl<const RANK: usize> Module for GlobalAvgPool<RANK> {
    /// # Errors
    /// An input with fewer axes, or with an axis without elements.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        check_places("GlobalAvgPool", x, RANK)?;
        let last: Vec<isize> = (-(RANK as isize)..0).collect();
        Ok(told(self, x.mean(last)?))
    }

    fn kind(&self) -> String {
        format!("GlobalAvgPool{RANK}d")
    }
}

/// The mean of as many windows as the output has places, over the last `RANK` axes:
/// [`AdaptiveAvgPool1d`], [`AdaptiveAvgPool2d`]. Window `i` of an axis with `n` places and `m` windows
/// reaches from ⌊i·n/m⌋ up to ⌈(i + 1)·n/m⌉; where m does not divide n, some overlap.
///
/// ```
/// use tilewise::prelude::*;
/// let x = Tensor::arange(0.0, 5.0, 1.0, &Device::cpu())?;
/// let y = nn::AdaptiveAvgPool1d::new(2).forward(&x)?; // of 0, 1, 2 and of 2, 3, 4
/// assert_eq!(y.to_vec::<f32>()?, [1., 3.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveAvgPool<const RANK: usize>(Pair);

impl<const RANK: usize> AdaptiveAvgPool<RANK> {
    /// A layer whose output has this size.
    pub fn new(size: impl Into<Pair>) -> Self {
        Self(size.into())
    }
}

impl<const RANK: usize> Module for AdaptiveAvgPool<RANK> {
    /// # Errors
    /// An input with fewer axes, or with an axis without elements; an output without elements.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "AdaptiveAvgPool";
        let sizes = &self.0.each()[2 - RANK..];
        if sizes.contains(&0) {
            return Err(Error::value(OP, "the output must have at least one place"));
        }
        check_places(OP, x, RANK)?;
        let places = &x.shape()[x.ndim() - RANK..];
        if places.iter().zip(sizes).all(|(n, m)| n.is_multiple_of(*m)) {
            let windows: Vec<usize> = places.iter().zip(sizes).map(|(n, m)| n / m).collect();
            let y = match windows[..] {
                [width] => x.avg_pool1d(width)?,
                _ => x.avg_pool2d([windows[0], windows[1]])?,
            };
            return Ok(told(self, y));
        }
        let axes = (-(RANK as isize)..0).zip(sizes);
        let y = axes
            .into_iter()
            .try_fold(x.clone(), |x, (axis, &size)| means(&x, axis, size))?;
        Ok(told(self, y))
    }

    fn kind(&self) -> String {
        format!("AdaptiveAvgPool{RANK}d")
    }
}

/// The means of so many windows of an axis.
#[track_caller]
fn means(x: &Tensor, axis: isize, windows: usize) -> Result<Tensor> {
    let n = x.shape()[x.shape_ref().axis("AdaptiveAvgPool", axis)?];
    let mut parts = Vec::with_capacity(windows);
    for i in 0..windows {
        let (start, end) = (i * n / windows, ((i + 1) * n).div_ceil(windows));
        parts.push(x.narrow(axis, start, end - start)?.mean_keepdims(axis)?);
    }
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), axis)
}

/// An error unless there are so many last axes, each with an element.
#[track_caller]
fn check_places(op: &'static str, x: &Tensor, rank: usize) -> Result<()> {
    let last = x.ndim().checked_sub(rank).map(|first| &x.shape()[first..]);
    if last.is_some_and(|last| !last.contains(&0)) {
        return Ok(());
    }
    let message = format!("the last {rank} axes must be there and have elements");
    Err(Error::shape(op, x.shape_ref(), message))
}
