//! Initial values of weights.

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
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// The same value everywhere.
    Constant(f64),
    /// Uniform between two bounds.
    Uniform(f64, f64),
    /// Normal of a mean and a deviation.
    Normal(f64, f64),
    /// Uniform of deviation √(2/fan_in): keeps the size of signals through layers of rectifiers
    /// (He et al., "Delving deep into rectifiers", 2015).
    HeUniform,
    /// Normal of deviation √(2/fan_in).
    HeNormal,
    /// Uniform of deviation √(2/(fan_in + fan_out)): keeps the size of signals and of gradients
    /// through layers that are linear near zero, such as tanh (Glorot and Bengio, "Understanding the
    /// difficulty of training deep feedforward neural networks", 2010).
    XavierUniform,
    /// Normal of deviation √(2/(fan_in + fan_out)).
    XavierNormal,
}

impl Init {
    /// A tensor of drawn values, as `f32`. The fans are those of a matrix of `(out, in)`, as
    /// [`Linear`](super::Linear) has; the dimensions after these two, a kernel's window, count for
    /// both. A vector of n values has fans of n and 1.
    ///
    /// # Errors
    /// Bounds that are out of order or not finite, or a shape that the device cannot hold.
    #[track_caller]
    pub fn draw(
        self,
        shape: impl IntoShape,
        generator: &mut Generator,
        device: &Device,
    ) -> Result<Tensor> {
        let shape = shape.into_shape()?;
        let (fan_in, fan_out) = fans(&shape);
        let he = (2.0 / fan_in).sqrt();
        let xavier = (2.0 / (fan_in + fan_out)).sqrt();
        // The uniform distribution over ±√3 has deviation 1.
        let width = 3f64.sqrt();
        match self {
            Self::Constant(value) => Tensor::full(shape, value, DType::F32, device),
            Self::Uniform(low, high) => generator.uniform_in(low, high, shape, device),
            Self::HeUniform => generator.uniform_in(-width * he, width * he, shape, device),
            Self::XavierUniform => {
                generator.uniform_in(-width * xavier, width * xavier, shape, device)
            }
            Self::Normal(mean, deviation) => {
                if !mean.is_finite() || !deviation.is_finite() {
                    let message =
                        format!("mean and deviation must be finite, not {mean} and {deviation}");
                    return Err(Error::value("normal", message));
                }
                let drawn = generator.normal(shape, device)?;
                drawn.try_mul(deviation)?.try_add(mean)
            }
            Self::HeNormal => generator.normal(shape, device)?.try_mul(he),
            Self::XavierNormal => generator.normal(shape, device)?.try_mul(xavier),
        }
    }
}

/// The fans of a weight, at least 1 so that an empty one has finite bounds.
fn fans(shape: &Shape) -> (f64, f64) {
    let at_least_one = |n: usize| n.max(1) as f64;
    match *shape.dims() {
        [] => (1.0, 1.0),
        [n] => (at_least_one(n), 1.0),
        [outputs, inputs, ref window @ ..] => {
            let window: usize = window.iter().product();
            (
                at_least_one(inputs * window),
                at_least_one(outputs * window),
            )
        }
    }
}
