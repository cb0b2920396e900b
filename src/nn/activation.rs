//! Activations as layers.

use super::Module;
use crate::error::Result;
use crate::tensor::Tensor;

/// A function without parameters, element by element but for [`Softmax`](Activation::Softmax).
///
/// Each is found in [`nn`](super) too: `nn::Relu`, `nn::LeakyRelu(0.01)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// x where it is positive, slope·x elsewhere.
    LeakyRelu(f64),
    /// x where it is positive, alpha·(eˣ − 1) elsewhere (Clevert et al., 2015).
    Elu(f64),
    /// x·Φ(x) (Hendrycks and Gimpel, 2016).
    Gelu,
    /// The tanh approximation of [`Gelu`](Activation::Gelu).
    GeluTanh,
    /// x·sigmoid(x), also called swish.
    Silu,
    /// ln(1 + eˣ).
    Softplus,
    /// 1/(1 + e⁻ˣ).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// eˣ / Σ eˣ over an axis. Not before [`cross_entropy`](Tensor::cross_entropy), which takes
    /// logits.
    Softmax(isize),
}

impl Module for Activation {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(match *self {
            Self::Relu => x.relu(),
            Self::LeakyRelu(slope) => x.leaky_relu(slope)?,
            Self::Elu(alpha) => x.elu(alpha)?,
            Self::Gelu => x.gelu(),
            Self::GeluTanh => x.gelu_tanh(),
            Self::Silu => x.silu(),
            Self::Softplus => x.softplus(),
            Self::Sigmoid => x.sigmoid(),
            Self::Tanh => x.tanh(),
            Self::Softmax(axis) => x.softmax(axis)?,
        })
    }
}
