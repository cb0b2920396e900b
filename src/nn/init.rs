//! Initial values of weights.

mod orthogonal;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::shape::{IntoShape, Shape};
use crate::tensor::Tensor;

/// How the values of a new weight are drawn.
///
/// The fans of a weight are the numbers of values that each of its outputs is computed from
/// (`fan_in`) and that each of its inputs goes to (`fan_out`).
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut generator = Generator::new(3);
/// let layer = nn::Linear::with_init(64, 32, nn::Init::LecunNormal, &mut generator, &dev)?;
/// let square = nn::Init::Orthogonal(1.0).draw([4, 4], &mut generator, &dev)?;
/// assert!(square.matmul(&square.t())?.allclose(Tensor::eye(4, 4, &dev)?, 0.0, 1e-6, false)?);
/// # let _ = layer;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// 0 everywhere.
    Zeros,
    /// 1 everywhere.
    Ones,
    /// The same value everywhere.
    Constant(f64),
    /// Uniform between two bounds.
    Uniform(f64, f64),
    /// Normal of a mean and a deviation.
    Normal(f64, f64),
    /// Normal of a mean and a deviation (before truncation), without what is more than two deviations away
    /// from the mean.
    TruncatedNormal(f64, f64),
    /// Uniform of deviation √(2/fan_in): keeps the size of signals through layers of rectifiers
    /// (He et al., "Delving deep into rectifiers", 2015).
    #[doc(alias = "kaiming_uniform")]
    HeUniform,
    /// Normal of deviation √(2/fan_in).
    #[doc(alias = "kaiming_normal")]
    HeNormal,
    /// Uniform of deviation √(2/(fan_in + fan_out)): keeps the size of signals and of gradients
    /// through layers that are linear near zero, such as tanh (Glorot and Bengio, "Understanding the
    /// difficulty of training deep feedforward neural networks", 2010).
    #[doc(alias = "glorot_uniform")]
    XavierUniform,
    /// Normal of deviation √(2/(fan_in + fan_out)).
    #[doc(alias = "glorot_normal")]
    XavierNormal,
    /// Uniform of deviation √(1/fan_in) (LeCun et al., "Efficient backprop", 1998); for
    /// [`Selu`](super::Activation::Selu), by its authors.
    LecunUniform,
    /// Normal of deviation √(1/fan_in).
    LecunNormal,
    /// Uniform of deviation gain/√fan: the three above for any function, whose gain
    /// [`Activation::gain`](super::Activation::gain) knows, and for any fan.
    #[doc(alias = "VarianceScaling")]
    ScaledUniform {
        /// The deviation of the outputs, where inputs have deviation 1.
        gain: f64,
        /// What the number of values is counted along.
        fan: Fan,
    },
    /// Normal of deviation gain/√fan.
    ScaledNormal {
        /// The deviation of the outputs, where inputs have deviation 1.
        gain: f64,
        /// What the number of values is counted along.
        fan: Fan,
    },
    /// A gain times a matrix with orthonormal rows, or columns where there are fewer of them, drawn evenly
    /// from all such (Saxe et al., "Exact solutions to the nonlinear dynamics of learning", 2013). A weight
    /// with a window is one of `(outputs, inputs·window)`. Computed on the host in f64; the same bits for
    /// each device.
    Orthogonal(f64),
}

/// What the values that a weight's output or input meets are counted along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fan {
    /// Values that an output is computed from: signals keep their size.
    In,
    /// Values that an input goes to: gradients keep their size.
    Out,
    /// The mean of both.
    Mean,
}

impl Init {
    /// A tensor of drawn values, as `f32`. The fans are those of a matrix of `(out, in)`, as
    /// [`Linear`](super::Linear) has; the dimensions after these two, a kernel's window, count for
    /// both. A vector of n values has fans of n and 1.
    ///
    /// # Errors
    /// Bounds that are out of order or numbers that are not finite, an orthogonal tensor of less than two
    /// dimensions, or a shape that the device cannot hold.
    #[track_caller]
    pub fn draw(
        self,
        shape: impl IntoShape,
        generator: &mut Generator,
        device: &Device,
    ) -> Result<Tensor> {
        let shape = shape.into_shape()?;
        match self {
            Self::Zeros => Tensor::zeros(shape, device),
            Self::Ones => Tensor::ones(shape, device),
            Self::Constant(value) => Tensor::full(shape, value, DType::F32, device),
            Self::Uniform(low, high) => generator.uniform_in(low, high, shape, device),
            Self::Normal(mean, deviation) => {
                check_finite(&[mean, deviation])?;
                let drawn = generator.normal(shape, device)?;
                drawn.try_mul(deviation)?.try_add(mean)
            }
            Self::TruncatedNormal(mean, deviation) => {
                check_finite(&[mean, deviation])?;
                let drawn = truncated_normal(shape, generator, device)?;
                drawn.try_mul(deviation)?.try_add(mean)
            }
            Self::ScaledUniform { gain, fan } => {
                // The uniform distribution over ±√3 has deviation 1.
                check_finite(&[gain])?;
                let bound = gain.abs() * (3.0 / fans(&shape, fan)).sqrt();
                match bound > 0.0 {
                    true => generator.uniform_in(-bound, bound, shape, device),
                    false => Tensor::zeros(shape, device),
                }
            }
            Self::ScaledNormal { gain, fan } => {
                check_finite(&[gain])?;
                let deviation = gain / fans(&shape, fan).sqrt();
                generator.normal(shape, device)?.try_mul(deviation)
            }
            Self::Orthogonal(gain) => {
                check_finite(&[gain])?;
                orthogonal::draw(&shape, gain, generator, device)
            }
            Self::HeUniform => Self::uniform(HE, Fan::In).draw(shape, generator, device),
            Self::HeNormal => Self::normal(HE, Fan::In).draw(shape, generator, device),
            Self::XavierUniform => Self::uniform(1.0, Fan::Mean).draw(shape, generator, device),
            Self::XavierNormal => Self::normal(1.0, Fan::Mean).draw(shape, generator, device),
            Self::LecunUniform => Self::uniform(1.0, Fan::In).draw(shape, generator, device),
            Self::LecunNormal => Self::normal(1.0, Fan::In).draw(shape, generator, device),
        }
    }

    fn uniform(gain: f64, fan: Fan) -> Self {
        Self::ScaledUniform { gain, fan }
    }

    fn normal(gain: f64, fan: Fan) -> Self {
        Self::ScaledNormal { gain, fan }
    }
}

/// What is made with the device's own generator; an error in it is the caller's.
#[track_caller]
pub(super) fn by_device<T>(
    device: &Device,
    make: impl FnOnce(&mut Generator) -> Result<T>,
) -> Result<T> {
    match device.with_generator(make) {
        Ok(made) => Ok(made),
        Err(error) => Err(error.outward()),
    }
}

/// The gain of a rectifier, which lets half of the signal through.
const HE: f64 = std::f64::consts::SQRT_2;

#[track_caller]
fn check_finite(numbers: &[f64]) -> Result<()> {
    match numbers.iter().all(|number| number.is_finite()) {
        true => Ok(()),
        false => {
            let message = format!("means, deviations and gains must be finite, not {numbers:?}");
            Err(Error::value("Init::draw", message))
        }
    }
}

/// A fan of a weight, at least 1 so that an empty one has finite bounds.
fn fans(shape: &Shape, fan: Fan) -> f64 {
    let at_least_one = |n: usize| n.max(1) as f64;
    let (fan_in, fan_out) = match *shape.dims() {
        [] => (1.0, 1.0),
        [n] => (at_least_one(n), 1.0),
        [outputs, inputs, ref window @ ..] => {
            let window: usize = window.iter().product();
            (
                at_least_one(inputs * window),
                at_least_one(outputs * window),
            )
        }
    };
    match fan {
        Fan::In => fan_in,
        Fan::Out => fan_out,
        Fan::Mean => (fan_in + fan_out) / 2.0,
    }
}

/// Normal numbers within two deviations: √2·erf⁻¹ of uniform ones in ±erf(√2), where a polynomial suffices
/// (Giles, "Approximating the erfinv function", 2011: within 3·10⁻⁷ of the value).
#[track_caller]
fn truncated_normal(shape: Shape, generator: &mut Generator, device: &Device) -> Result<Tensor> {
    const ERF_OF_ROOT_2: f64 = 0.954_499_736_103_641_6;
    const COEFFICIENTS: [f64; 9] = [
        2.810_226_36e-8,
        3.432_739_39e-7,
        -3.523_387_7e-6,
        -4.391_506_54e-6,
        0.000_218_580_87,
        -0.001_253_725_03,
        -0.004_177_681_64,
        0.246_640_727,
        1.501_409_41,
    ];
    let x = generator.uniform_in(-ERF_OF_ROOT_2, ERF_OF_ROOT_2, shape, device)?;
    let w = x.square().negative().log1p().negative().try_sub(2.5)?;
    let mut sum = Tensor::full((), COEFFICIENTS[0], DType::F32, device)?;
    for coefficient in &COEFFICIENTS[1..] {
        sum = sum.try_mul(&w)?.try_add(*coefficient)?;
    }
    let drawn = sum.try_mul(x)?.try_mul(std::f64::consts::SQRT_2)?;
    // The bounds, which rounding may pass.
    drawn.maximum(-2.0)?.minimum(2.0)
}
