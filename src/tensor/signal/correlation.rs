//! The three products of a convolution.
//!
//! Images x, kernels w and outputs y meet in one form that is linear in each, Σ y·(x ⋆ w). Its
//! derivatives are the three products here: [`Geometry::correlate`] by y, [`Geometry::spread`] by x
//! (the transposed convolution) and [`Geometry::weigh`] by w. The gradients of each are the other two, so
//! that all orders are there.
//!
//! Each is a product of matrices, of which one holds the windows: `c·kh·kw` rows of `oh·ow` columns. It
//! is written for a part of the batch at a time, unless the executor reads the windows through their view.

use crate::autograd::{OwnRule, Rule, track};
use crate::error::Result;
use crate::layout::{Layout, Windows};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The most elements of windows that are in memory at once, unless one image has more: 64 MiB.
const COLUMNS: usize = 1 << 24;

/// Height or width of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) input: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    /// Zeros before and behind the input.
    pub(super) before: usize,
    pub(super) behind: usize,
}

impl Axis {
    /// An axis of one element that meets one.
    const NONE: Self = Self {
        input: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        before: 0,
        behind: 0,
    };

    /// With steps of 1, and zeros before and behind.
    pub(super) fn plain(input: usize, kernel: usize, (before, behind): (usize, usize)) -> Self {
        Self {
            input,
            kernel,
            before,
            behind,
            ..Self::NONE
        }
    }

    pub(super) fn padded(&self) -> usize {
        self.input + self.before + self.behind
    }

    fn reach(&self) -> usize {
        (self.kernel - 1) * self.dilation
    }

    /// The number of windows; `None` where not one fits.
    pub(super) fn output(&self) -> Option<usize> {
        let reach = self.kernel.checked_sub(1)?.checked_mul(self.dilation)?;
        let free = self.padded().checked_sub(reach + 1)?;
        Some(free / self.stride + 1)
    }
}

/// The sizes of a convolution, which are known to fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    axes: [Axis; 2],
    groups: usize,
}

impl Geometry {
    /// Of a width, or of a height and a width.
    pub(super) fn new(axes: Vec<Axis>, groups: usize) -> Self {
        let axes = match axes[..] {
            [height, width] => [height, width],
            [width] => [Axis::NONE, width],
            _ => unreachable!("images have one dimension or two"),
        };
        Self { axes, groups }
    }

    pub(super) fn inputs(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.input)
    }

    pub(super) fn outputs(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.output().unwrap_or_default())
    }

    fn kernels(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.kernel)
    }

    /// `(n, c, h, w)` with `(o, c/g, kh, kw)` to `(n, g, o/g, oh·ow)`.
    #[track_caller]
    pub(super) fn correlate(self, x: &Tensor, w: &Tensor) -> Result<Tensor> {
        let padded = self.axes.map(|axis| Place {
            size: axis.padded(),
            start: axis.before as isize,
            step: 1,
        });
        let framed = placed(&x.detach(), padded);
        let kernels = split(&w.detach(), 0, self.groups);
        let out = products(&split(&framed, 1, self.groups), &kernels, self.axes)?;
        let rule = OwnRule::new(move |step| {
            let (x, w) = (step.input(0), step.input(1));
            let g = joined(step.gradient, self.outputs());
            let by_x = step.wants(0).then(|| self.spread(&g, &w));
            let by_w = step.wants(1).then(|| self.weigh(&x, &g));
            let by_x = by_x.transpose()?.map(|flat| joined(&flat, self.inputs()));
            Ok(vec![by_x, by_w.transpose()?])
        });
        Ok(track(out, &[x, w], Rule::Own(rule)))
    }

    /// `(n, o, oh, ow)` with `(o, c/g, kh, kw)` to `(n, g, c/g, h·w)`: the outputs, with zeros between them
    /// where the stride left places out, correlated with the kernels the other way round.
    #[track_caller]
    pub(super) fn spread(self, y: &Tensor, w: &Tensor) -> Result<Tensor> {
        let apart = self.axes.map(|axis| Place {
            size: axis.input + axis.reach(),
            start: axis.reach() as isize - axis.before as isize,
            step: axis.stride,
        });
        let framed = placed(&y.detach(), apart);
        let turned = split(&w.detach(), 0, self.groups).permuted(&[0, 2, 1, 3, 4]);
        let turned = turned.flipped(3).flipped(4);
        let axes = self.axes.map(|axis| Axis { stride: 1, ..axis });
        let out = products(&split(&framed, 1, self.groups), &turned, axes)?;
        let rule = OwnRule::new(move |step| {
            let (y, w) = (step.input(0), step.input(1));
            let g = joined(step.gradient, self.inputs());
            let by_y = step.wants(0).then(|| self.correlate(&g, &w));
            let by_w = step.wants(1).then(|| self.weigh(&g, &y));
            let by_y = by_y.transpose()?.map(|flat| joined(&flat, self.outputs()));
            Ok(vec![by_y, by_w.transpose()?])
        });
        Ok(track(out, &[y, w], Rule::Own(rule)))
    }

    /// `(n, c, h, w)` with `(n, o, oh, ow)` to `(o, c/g, kh, kw)`.
    #[track_caller]
    fn weigh(self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let padded = self.axes.map(|axis| Place {
            size: axis.padded(),
            start: axis.before as isize,
            step: 1,
        });
        let framed = split(&placed(&x.detach(), padded), 1, self.groups);
        let outputs = split(&y.detach(), 1, self.groups);
        let [n, groups, channels] = [0, 1, 2].map(|i| framed.shape()[i]);
        let (out, places) = (outputs.shape()[2], self.outputs().iter().product::<usize>());
        let [kh, kw] = self.kernels();
        let mut sum: Option<Tensor> = None;
        for (start, len) in parts(n, groups * channels * kh * kw * places) {
            // Places by rows: (g, n·oh·ow, c·kh·kw), and outputs (g, o, n·oh·ow).
            let windows = windows(&framed.sliced(0, start, 1, len), self.axes);
            let windows = windows.permuted(&[1, 0, 3, 4, 2, 5, 6]);
            let rows = windows.reshaped(&Shape::of(&[groups, len * places, channels * kh * kw]));
            let y = outputs.sliced(0, start, 1, len).permuted(&[1, 2, 0, 3, 4]);
            let y = y.reshaped(&Shape::of(&[groups, out, len * places]));
            let part = y.matmul(&rows)?;
            sum = Some(match sum {
                Some(sum) => sum.try_add(&part)?,
                None => part,
            });
        }
        let shape = Shape::of(&[groups * out, channels, kh, kw]);
        let weights = match sum {
            Some(sum) => sum.reshaped(&shape),
            None => Tensor::constant(0.into(), x.dtype(), shape, x.device()),
        };
        let rule = OwnRule::new(move |step| {
            let (x, y) = (step.input(0), step.input(1));
            let by_x = step.wants(0).then(|| self.spread(&y, step.gradient));
            let by_y = step.wants(1).then(|| self.correlate(&x, step.gradient));
            let by_x = by_x.transpose()?.map(|flat| joined(&flat, self.inputs()));
            let by_y = by_y.transpose()?.map(|flat| joined(&flat, self.outputs()));
            Ok(vec![by_x, by_y])
        });
        Ok(track(weights, &[x, y], Rule::Own(rule)))
    }
}

/// The channels as groups of channels.
fn split(x: &Tensor, axis: usize, groups: usize) -> Tensor {
    let mut dims = x.shape().to_vec();
    dims[axis] /= groups;
    dims.insert(axis, groups);
    x.reshaped(&Shape::of(&dims))
}

/// `(n, g, c/g, h·w)` as `(n, c, h, w)`.
fn joined(flat: &Tensor, [height, width]: [usize; 2]) -> Tensor {
    let [n, groups, channels] = [0, 1, 2].map(|i| flat.shape()[i]);
    flat.reshaped(&Shape::of(&[n, groups * channels, height, width]))
}

/// Where the elements of an axis lie among zeros; those before the first place or behind the last go.
#[derive(Clone, Copy)]
struct Place {
    size: usize,
    start: isize,
    step: usize,
}

/// The last two axes spread over zeros.
#[track_caller]
fn placed(x: &Tensor, places: [Place; 2]) -> Tensor {
    let first = x.ndim() - 2;
    let still = |i: usize, place: &Place| {
        place.start == 0
            && place.size == x.shape()[first + i]
            && (place.step == 1 || place.size == 1)
    };
    if places.iter().enumerate().all(|(i, place)| still(i, place)) {
        return x.clone();
    }
    let mut dims = x.shape().to_vec();
    dims[first..].copy_from_slice(&places.map(|place| place.size));
    let shape = Shape::of(&dims);
    let (mut part, mut region) = (x.clone(), Layout::contiguous(shape.clone()));
    for (i, place) in places.into_iter().enumerate() {
        let (axis, step) = (first + i, place.step as isize);
        let from = (-place.start).max(0).unsigned_abs().div_ceil(place.step);
        let free = place.size as isize - place.start;
        let to = (free.max(0).unsigned_abs())
            .div_ceil(place.step)
            .min(x.shape()[axis]);
        let len = to.saturating_sub(from);
        let start = if len > 0 {
            place.start + from as isize * step
        } else {
            0
        };
        part = part.sliced(axis, if len > 0 { from as isize } else { 0 }, 1, len);
        region = region.slice(axis, start, step, len);
    }
    Tensor::assemble(&[&part], vec![region], shape, x.dtype())
}

/// The windows of `(n, g, c, h, w)` as a view: `(n, g, c, oh, ow, kh, kw)`.
fn windows(x: &Tensor, axes: [Axis; 2]) -> Tensor {
    let of = |axis: usize, sizes: Axis| Windows {
        axis,
        size: sizes.kernel,
        step: sizes.stride,
        dilation: sizes.dilation,
    };
    x.windowed(of(3, axes[0])).windowed(of(4, axes[1]))
}

/// The parts of a batch, as starts and lengths, of images that take so many elements each.
fn parts(n: usize, each: usize) -> impl Iterator<Item = (isize, usize)> {
    let most = (COLUMNS / each.max(1)).clamp(1, n.max(1));
    (0..n)
        .step_by(most)
        .map(move |start| (start as isize, most.min(n - start)))
}

/// `(n, g, c, h, w)`, which needs no more padding, with `(g, o, c, kh, kw)` to `(n, g, o, oh·ow)`.
#[track_caller]
fn products(x: &Tensor, kernels: &Tensor, axes: [Axis; 2]) -> Result<Tensor> {
    let [n, groups, channels] = [0, 1, 2].map(|i| x.shape()[i]);
    let [out, kh, kw] = [1, 3, 4].map(|i| kernels.shape()[i]);
    let inner = channels * kh * kw;
    let matrix = kernels.reshaped(&Shape::of(&[groups, out, inner]));
    let mut products = Vec::new();
    let all = windows(x, axes);
    let places = all.shape()[3] * all.shape()[4];
    for (start, len) in parts(n, groups * inner * places) {
        let part = all
            .sliced(0, start, 1, len)
            .permuted(&[0, 1, 2, 5, 6, 3, 4]);
        let columns = part.reshaped(&Shape::of(&[len, groups, inner, places]));
        products.push(matrix.matmul(&columns)?);
    }
    match &products[..] {
        [] => {
            let shape = Shape::of(&[0, groups, out, places]);
            Ok(Tensor::constant(0.into(), x.dtype(), shape, x.device()))
        }
        [one] => Ok(one.clone()),
        several => Tensor::concat(&several.iter().collect::<Vec<_>>(), 0),
    }
}
