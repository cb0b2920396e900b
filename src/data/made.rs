//! Sets made by formulas, with noise by a seed: the shapes of scikit-learn's, from the crate's own generator.
//!
//! Each is drawn from `Generator::new(seed)`: first the order of the examples, then what is random in them.

use std::f64::consts::{PI, TAU};

use super::{Dataset, TensorDataset};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// Two half circles that reach into one another, of classes 0 and 1: inputs `(n, 2)` and targets `(n)`, `u32`.
/// The half circle from (1, 0) over (0, 1) to (−1, 0) has n/2 points, that from (0, ½) under (1, −½) to (2, ½)
/// the others; `noise` is the deviation of normal numbers added to them.
///
/// # Errors
/// A noise that is negative or not finite, or no memory on the device.
///
/// ```
/// use tilewise::{data::make_moons, Device};
/// let moons = make_moons(100, 0.1, 5, &Device::cpu())?;
/// assert_eq!((moons.inputs().shape(), moons.targets().shape()), (&[100, 2][..], &[100][..]));
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn make_moons(n: usize, noise: f64, seed: u64, device: &Device) -> Result<TensorDataset> {
    let outer = |t: f64| [t.cos(), t.sin()];
    let inner = |t: f64| [1.0 - t.cos(), 0.5 - t.sin()];
    let [first, second] = [n / 2, n - n / 2];
    let points = spaced(first, PI, true).map(outer);
    let points: Vec<[f64; 2]> = points.chain(spaced(second, PI, true).map(inner)).collect();
    let mut set = Made::new("make_moons", n, noise, seed, device)?;
    let points = set.jittered(&set.points(&points)?)?;
    set.shuffled(&points, &classes_of(&[first, second], device)?)
}

/// A circle of radius 1, class 0, and one of radius `factor` inside it, class 1: inputs `(n, 2)` and targets
/// `(n)`, `u32`. The outer one has n/2 points; scikit-learn's factor is 0.8, and `noise` the deviation of normal
/// numbers added to the points.
///
/// # Errors
/// A factor that is not from 0 to below 1, a noise that is negative or not finite, or no memory on the device.
///
/// ```
/// use tilewise::{data::make_circles, Device};
/// let circles = make_circles(100, 0.5, 0.05, 0, &Device::cpu())?;
/// assert_eq!(circles.inputs().shape(), [100, 2]);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn make_circles(
    n: usize,
    factor: f64,
    noise: f64,
    seed: u64,
    device: &Device,
) -> Result<TensorDataset> {
    const OP: &str = "make_circles";
    if !(0.0..1.0).contains(&factor) {
        let message = format!("the inner radius is from 0 to below 1, not {factor}");
        return Err(Error::value(OP, message));
    }
    let [first, second] = [n / 2, n - n / 2];
    let circle = |n, radius: f64| {
        spaced(n, TAU, false).map(move |t: f64| [radius * t.cos(), radius * t.sin()])
    };
    let points: Vec<[f64; 2]> = circle(first, 1.0).chain(circle(second, factor)).collect();
    let mut set = Made::new(OP, n, noise, seed, device)?;
    let points = set.jittered(&set.points(&points)?)?;
    set.shuffled(&points, &classes_of(&[first, second], device)?)
}

/// Normal clouds of deviation `deviation` about centres that are uniform from −10 to 10 in each of `features`:
/// inputs `(n, features)` and targets `(n)`, `u32`, a class a centre. The first have one point more where `n`
/// does not divide.
///
/// # Errors
/// No centres for points, a deviation that is negative or not finite, or no memory on the device.
///
/// ```
/// use tilewise::{data::make_blobs, Device};
/// let blobs = make_blobs(100, 3, 2, 1.0, 0, &Device::cpu())?;
/// assert_eq!(blobs.inputs().shape(), [100, 2]);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn make_blobs(
    n: usize,
    centres: usize,
    features: usize,
    deviation: f64,
    seed: u64,
    device: &Device,
) -> Result<TensorDataset> {
    // A stream apart from that of the points.
    let mut generator = Generator::after(seed, 2);
    let centres = generator.uniform_in(-10.0, 10.0, [centres, features], device)?;
    make_blobs_at(n, &centres, deviation, seed)
}

/// As [`make_blobs`], about given centres, `(centres, features)`.
///
/// # Errors
/// As there, and centres that are no matrix.
#[track_caller]
pub fn make_blobs_at(
    n: usize,
    centres: &Tensor,
    deviation: f64,
    seed: u64,
) -> Result<TensorDataset> {
    const OP: &str = "make_blobs";
    let [count, _] = *centres.shape() else {
        let message = "the centres are a matrix, (centres, features)";
        return Err(Error::shape(OP, centres.shape_ref(), message));
    };
    if count == 0 && n > 0 {
        return Err(Error::value(OP, "points need a centre at least"));
    }
    let sizes: Vec<usize> = (0..count)
        .map(|centre| n / count + usize::from(centre < n % count))
        .collect();
    let mut set = Made::new(OP, n, deviation, seed, centres.device())?;
    let classes = classes_of(&sizes, centres.device())?;
    let points = set.jittered(&centres.to_dtype(DType::F32).take(&classes, 0)?)?;
    set.shuffled(&points, &classes)
}

/// Arms of a spiral, a class each, of `n` points each: inputs `(n·arms, 2)` and targets `(n·arms)`, `u32`. On arm
/// k the radius r goes from 0 to 1 and t from 4k to 4(k + 1), to which normal numbers of deviation `noise` are
/// added; the points are r·(sin 2.5t, cos 2.5t), as in Kinsley and Kukieła's "Neural Networks from Scratch", with a
/// noise of 0.2 and three arms, which overlap. The course CS231n, from which they stem, winds them less: r·(sin t, cos t).
///
/// # Errors
/// A noise that is negative or not finite, more points than `u32` counts, or no memory on the device.
///
/// ```
/// use tilewise::{data::make_spiral, Device};
/// let spiral = make_spiral(100, 3, 0.2, 0, &Device::cpu())?;
/// assert_eq!(spiral.inputs().shape(), [300, 2]);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn make_spiral(
    n: usize,
    arms: usize,
    noise: f64,
    seed: u64,
    device: &Device,
) -> Result<TensorDataset> {
    let mut set = Made::new("make_spiral", n.saturating_mul(arms), noise, seed, device)?;
    let radius: Vec<f64> = (0..arms).flat_map(|_| spaced(n, 1.0, true)).collect();
    let angle = |arm: usize| spaced(n, 4.0, true).map(move |t| t + 4.0 * arm as f64);
    let angle: Vec<f64> = (0..arms).flat_map(angle).collect();
    let radius = Tensor::new(radius, device)?;
    let angle = set.jittered(&Tensor::new(angle, device)?)?.try_mul(2.5)?;
    let axes = [radius.try_mul(angle.sin())?, radius.try_mul(angle.cos())?];
    let points = Tensor::stack(&[&axes[0], &axes[1]], 1)?;
    set.shuffled(&points, &classes_of(&vec![n; arms], device)?)
}

/// A linear relation: normal inputs `(n, features)`, targets `(n, 1)` that are their product with
/// coefficients, plus `bias` and normal numbers of deviation `noise`; and the coefficients, `(features, 1)`,
/// uniform from 0 to 100. scikit-learn's targets are `(n)`: here they are a column, as a network of one output
/// has it.
///
/// # Errors
/// A noise that is negative or not finite, or no memory on the device.
///
/// ```
/// use tilewise::{data::make_regression, Device};
/// let (data, coefficients) = make_regression(50, 3, 2.0, 0.0, 0, &Device::cpu())?;
/// let exact = data.inputs().matmul(&coefficients)? + 2.0;
/// assert!(data.targets().allclose(&exact, 1e-5, 1e-3, false)?);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn make_regression(
    n: usize,
    features: usize,
    bias: f64,
    noise: f64,
    seed: u64,
    device: &Device,
) -> Result<(TensorDataset, Tensor)> {
    let mut set = Made::new("make_regression", n, noise, seed, device)?;
    let inputs = set.generator.normal([n, features], device)?;
    let coefficients = set.generator.uniform([features, 1], device)?.try_mul(100)?;
    let targets = set.jittered(&inputs.matmul(&coefficients)?.try_add(bias)?)?;
    Ok((TensorDataset::new(&inputs, &targets)?, coefficients))
}

/// One wave of a sine: inputs `(n, 1)`, k/n for k from 0 to n − 1 in this order, and targets `(n, 1)`, sin 2πx
/// plus normal numbers of deviation `noise`.
///
/// # Errors
/// A noise that is negative or not finite, or no memory on the device.
///
/// ```
/// use tilewise::{data::make_sine, Device};
/// let wave = make_sine(1000, 0.0, 0, &Device::cpu())?;
/// assert_eq!(wave.targets().max(..)?.item::<f32>()?, 1.0);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[track_caller]
pub fn make_sine(n: usize, noise: f64, seed: u64, device: &Device) -> Result<TensorDataset> {
    let mut set = Made::new("make_sine", n, noise, seed, device)?;
    let x: Vec<f64> = spaced(n, 1.0, false).collect();
    let y: Vec<f64> = x.iter().map(|x| (TAU * x).sin()).collect();
    let inputs = Tensor::from_slice(&x, [n, 1], device)?;
    let targets = set.jittered(&Tensor::from_slice(&y, [n, 1], device)?)?;
    TensorDataset::new(&inputs, &targets)
}

/// A set in the making.
struct Made<'a> {
    device: &'a Device,
    generator: Generator,
    order: Vec<u32>,
    noise: f64,
}

impl<'a> Made<'a> {
    #[track_caller]
    fn new(op: &'static str, n: usize, noise: f64, seed: u64, device: &'a Device) -> Result<Self> {
        if !(noise >= 0.0 && noise.is_finite()) {
            let message = format!("the noise is a deviation of 0 or more, not {noise}");
            return Err(Error::value(op, message));
        }
        if u32::try_from(n).is_err() {
            let message = format!("{n} examples are more than u32 counts");
            return Err(Error::value(op, message));
        }
        let mut generator = Generator::new(seed);
        Ok(Self {
            device,
            order: generator.order(n),
            generator,
            noise,
        })
    }

    #[track_caller]
    fn points(&self, points: &[[f64; 2]]) -> Result<Tensor> {
        Tensor::from_slice(points.as_flattened(), [points.len(), 2], self.device)
    }

    /// Values with the noise added.
    #[track_caller]
    fn jittered(&mut self, values: &Tensor) -> Result<Tensor> {
        let noise = self.generator.normal(values.shape(), self.device)?;
        match self.noise {
            0.0 => Ok(values.clone()),
            deviation => values.try_add(noise.try_mul(deviation)?),
        }
    }

    #[track_caller]
    fn shuffled(&self, points: &Tensor, classes: &Tensor) -> Result<TensorDataset> {
        let rows: Vec<usize> = self.order.iter().map(|&row| row as usize).collect();
        let (inputs, targets) = TensorDataset::new(points, classes)?.batch(&rows)?;
        TensorDataset::new(&inputs, &targets)
    }
}

/// `n` numbers evenly from 0 to an end, which is the last one or comes after it.
fn spaced(n: usize, end: f64, reached: bool) -> impl Iterator<Item = f64> {
    let steps = if reached { n.saturating_sub(1) } else { n };
    (0..n).map(move |i| end * i as f64 / steps.max(1) as f64)
}

/// Each class as often as it has members.
#[track_caller]
fn classes_of(sizes: &[usize], device: &Device) -> Result<Tensor> {
    let classes = (0u32..).zip(sizes);
    let classes: Vec<u32> = classes
        .flat_map(|(class, &size)| std::iter::repeat_n(class, size))
        .collect();
    Tensor::new(classes, device)
}
