//! Activations as layers.

use super::Module;
use super::observe::told;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// A function without parameters, element by element but for those that name an axis.
///
/// Each is found in [`nn`](super) too: `nn::Relu`, `nn::LeakyRelu(0.01)`. Numbers that PyTorch has a
/// default for are given here; the default is said with each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// max(x, 0).
    #[doc(alias = "ReLU")]
    Relu,
    /// min(max(x, 0), 6).
    #[doc(alias = "ReLU6")]
    Relu6,
    /// x where it is positive, slope·x elsewhere. PyTorch's slope is 0.01.
    #[doc(alias = "LeakyReLU")]
    LeakyRelu(f64),
    /// x where it is positive, alpha·(eˣ − 1) elsewhere (Clevert et al., 2015). PyTorch's alpha is 1.
    #[doc(alias = "ELU")]
    Elu(f64),
    /// [`Elu`](Activation::Elu) scaled so that layers of it keep mean 0 and variance 1 (Klambauer et al.,
    /// "Self-normalizing neural networks", 2017).
    #[doc(alias = "SELU")]
    Selu,
    /// x where it is positive, alpha·(e^(x/alpha) − 1) elsewhere, whose slope does not jump (Barron, 2017).
    /// PyTorch's alpha is 1.
    #[doc(alias = "CELU")]
    Celu(f64),
    /// x·Φ(x) (Hendrycks and Gimpel, 2016).
    #[doc(alias = "GELU")]
    Gelu,
    /// The tanh approximation of [`Gelu`](Activation::Gelu).
    GeluTanh,
    /// x·sigmoid(x), also called swish.
    #[doc(alias = "SiLU")]
    #[doc(alias = "Swish")]
    Silu,
    /// x·tanh(ln(1 + eˣ)) (Misra, 2019).
    Mish,
    /// ln(1 + eˣ).
    Softplus,
    /// x / (1 + |x|).
    Softsign,
    /// 1/(1 + e⁻ˣ).
    Sigmoid,
    /// ln sigmoid(x), which does not overflow.
    LogSigmoid,
    /// x between two bounds, the nearer bound elsewhere. PyTorch's are −1 and 1.
    Hardtanh(f64, f64),
    /// (x + 3)/6 between −3 and 3, 0 below and 1 above.
    Hardsigmoid,
    /// x·hardsigmoid(x) (Howard et al., "Searching for MobileNetV3", 2019).
    Hardswish,
    /// x where |x| is above the bound, 0 elsewhere. PyTorch's bound is 0.5.
    Hardshrink(f64),
    /// x moved towards 0 by the bound, and 0 where it is nearer. PyTorch's bound is 0.5.
    Softshrink(f64),
    /// x where it is above the first number, the second elsewhere.
    Threshold(f64, f64),
    /// The hyperbolic tangent.
    Tanh,
    /// x − tanh(x).
    Tanhshrink,
    /// eˣ / Σ eˣ over an axis. Not before [`cross_entropy`](Tensor::cross_entropy), which takes
    /// logits.
    Softmax(isize),
    /// [`Softmax`](Activation::Softmax) of −x.
    Softmin(isize),
    /// The logarithm of [`Softmax`](Activation::Softmax), without overflow.
    LogSoftmax(isize),
    /// The first half of an axis times the sigmoid of the second (Dauphin et al., "Language modeling with
    /// gated convolutional networks", 2016): the axis is half as long behind it.
    #[doc(alias = "GLU")]
    Glu(isize),
}

impl Activation {
    /// How many times larger weights should be in front of this function than in front of none, so that
    /// signals keep their size: PyTorch's `calculate_gain`. √2 for [`Relu`](Activation::Relu), √(2/(1 +
    /// slope²)) for a leaky one, 5/3 for [`Tanh`](Activation::Tanh), 3/4 for [`Selu`](Activation::Selu), 1
    /// for the sigmoid and functions that are near x at 0. The functions that are near a rectifier, which
    /// PyTorch has no number for, take its √2.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use nn::{Fan, Init};
    /// let gain = nn::Tanh.gain();
    /// assert_eq!(gain, 5.0 / 3.0);
    /// let init = Init::ScaledUniform { gain, fan: Fan::Mean }; // Xavier's, for tanh
    /// # let _ = init;
    /// ```
    #[doc(alias = "calculate_gain")]
    pub fn gain(self) -> f64 {
        match self {
            Self::Relu
            | Self::Relu6
            | Self::Elu(_)
            | Self::Celu(_)
            | Self::Gelu
            | Self::GeluTanh
            | Self::Silu
            | Self::Mish
            | Self::Softplus
            | Self::Hardswish
            | Self::Threshold(..) => std::f64::consts::SQRT_2,
            Self::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
            Self::Tanh => 5.0 / 3.0,
            Self::Selu => 0.75,
            Self::Softsign
            | Self::Sigmoid
            | Self::LogSigmoid
            | Self::Hardtanh(..)
            | Self::Hardsigmoid
            | Self::Hardshrink(_)
            | Self::Softshrink(_)
            | Self::Tanhshrink
            | Self::Softmax(_)
            | Self::Softmin(_)
            | Self::LogSoftmax(_)
            | Self::Glu(_) => 1.0,
        }
    }
}

impl Module for Activation {
    /// # Errors
    /// An axis out of range, one of odd size for [`Glu`](Activation::Glu), or numbers that make no function:
    /// bounds out of order, an alpha of [`Celu`](Activation::Celu) that is not positive.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match *self {
            Self::Relu => x.relu(),
            Self::Relu6 => clipped(x, 0.0, 6.0)?,
            Self::LeakyRelu(slope) => x.leaky_relu(slope)?,
            Self::Elu(alpha) => x.elu(alpha)?,
            Self::Selu => x
                .elu(1.673_263_242_354_377_2)?
                .try_mul(1.050_700_987_355_480_5)?,
            Self::Celu(alpha) => celu(x, alpha)?,
            Self::Gelu => x.gelu(),
            Self::GeluTanh => x.gelu_tanh(),
            Self::Silu => x.silu(),
            Self::Mish => x.softplus().tanh().try_mul(x)?,
            Self::Softplus => x.softplus(),
            Self::Softsign => x.try_div(x.abs().try_add(1.0)?)?,
            Self::Sigmoid => x.sigmoid(),
            Self::LogSigmoid => x.negative().softplus().negative(),
            Self::Hardtanh(low, high) => clipped(x, low, high)?,
            Self::Hardsigmoid => hardsigmoid(x)?,
            Self::Hardswish => hardsigmoid(x)?.try_mul(x)?,
            Self::Hardshrink(bound) => x.abs().le(bound)?.select(0.0, x)?,
            Self::Softshrink(bound) => x.try_sub(clipped(x, -bound, bound)?)?,
            Self::Threshold(above, value) => x.le(above)?.select(value, x)?,
            Self::Tanh => x.tanh(),
            Self::Tanhshrink => x.try_sub(x.tanh())?,
            Self::Softmax(axis) => x.softmax(axis)?,
            Self::Softmin(axis) => x.negative().softmax(axis)?,
            Self::LogSoftmax(axis) => x.log_softmax(axis)?,
            Self::Glu(axis) => glu(x, axis)?,
        };
        Ok(told(self, y))
    }

    /// The function's name.
    fn kind(&self) -> String {
        let shown = format!("{self:?}");
        shown.split('(').next().unwrap_or_default().into()
    }
}

/// x between two bounds and the nearer one elsewhere, where, and at which, the slope is 0.
#[track_caller]
fn clipped(x: &Tensor, low: f64, high: f64) -> Result<Tensor> {
    // Of NaN too.
    if !matches!(low.partial_cmp(&high), Some(order) if order.is_le()) {
        let message = format!("the lower bound {low} must not be above the upper one {high}");
        return Err(Error::value("Activation", message));
    }
    let bounded = x.detach().maximum(low)?.minimum(high)?;
    let inside = x.gt(low)?.logical_and(&x.lt(high)?)?;
    inside.select(x, &bounded)
}

#[track_caller]
fn hardsigmoid(x: &Tensor) -> Result<Tensor> {
    clipped(&x.try_add(3.0)?, 0.0, 6.0)?.try_mul(1.0 / 6.0)
}

#[track_caller]
fn celu(x: &Tensor, alpha: f64) -> Result<Tensor> {
    if !(alpha > 0.0 && alpha.is_finite()) {
        let message = format!("alpha must be positive and finite, not {alpha}");
        return Err(Error::value("Activation", message));
    }
    x.try_div(alpha)?.elu(1.0)?.try_mul(alpha)
}

#[track_caller]
fn glu(x: &Tensor, axis: isize) -> Result<Tensor> {
    let at = x.shape_ref().axis("Glu", axis)?;
    let size = x.shape()[at];
    if !size.is_multiple_of(2) {
        let message = format!("axis {axis} must have an even size, to be cut into halves");
        return Err(Error::shape("Glu", x.shape_ref(), message));
    }
    let half = |start| x.narrow(axis, start, size / 2);
    half(0)?.try_mul(half(size / 2)?.sigmoid())
}
