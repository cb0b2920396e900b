//! The fully connected layer.

use super::init::by_device;
use super::observe::told;
use super::weights::Weights;
use super::{Init, Module, Param, Visitor};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// A fully connected layer, y = x·Wᵀ + b, over the last axis: `(…, inputs)` becomes `(…, outputs)`.
///
/// The parameters are `weight` of shape `(outputs, inputs)`, as PyTorch has it, and `bias` of
/// `(outputs)`.
#[derive(Clone, Debug)]
pub struct Linear {
    weights: Weights,
}

impl Linear {
    /// A layer whose weights come from [`Init::HeUniform`] and the device's own generator (see
    /// [`Device::seed`]), with a bias of zeros.
    ///
    /// # Errors
    /// Weights that the device cannot hold.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, device: &Device) -> Result<Self> {
        by_device(device, |generator| {
            Self::with_init(inputs, outputs, Init::HeUniform, generator, device)
        })
    }

    /// A layer with drawn weights and a bias of zeros.
    ///
    /// # Errors
    /// Weights that the device cannot hold, or bounds that [`Init::draw`] does not take.
    #[track_caller]
    pub fn with_init(
        inputs: usize,
        outputs: usize,
        init: Init,
        generator: &mut Generator,
        device: &Device,
    ) -> Result<Self> {
        let weight = init.draw([outputs, inputs], generator, device)?;
        let bias = Tensor::zeros([outputs], device)?;
        Self::from_tensors(&weight, Some(&bias))
    }

    /// A layer of given weights `(outputs, inputs)` and, if there is one, bias `(outputs)`.
    ///
    /// # Errors
    /// Shapes that do not fit each other, a weight that is no matrix of floats, or tensors on
    /// different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let w = Tensor::new([[1f32, 2.], [3., 4.], [5., 6.]], &dev)?;
    /// let layer = nn::Linear::from_tensors(&w, None)?;
    /// let y = layer.forward(&Tensor::new([1f32, 10.], &dev)?)?;
    /// assert_eq!(y.to_vec::<f32>()?, [21., 43., 65.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn from_tensors(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        const OP: &str = "linear";
        if weight.ndim() != 2 {
            let message = "the weight must be a matrix of (outputs, inputs)";
            return Err(Error::shape(OP, weight.shape_ref(), message));
        }
        let weights = Weights::new(OP, weight, bias, weight.shape()[0])?;
        Ok(Self { weights })
    }

    /// The layer without a bias, for where a normalisation follows.
    pub fn without_bias(self) -> Self {
        Self {
            weights: self.weights.without_bias(),
        }
    }

    /// With a cost of `factor`·Σ|w| of the weight, which [`Module::penalty`] adds up: drives weights to 0.
    pub fn l1(self, factor: f64) -> Self {
        Self {
            weights: self.weights.map_weight(|weight| weight.with_l1(factor)),
        }
    }

    /// With a cost of `factor`·Σw² of the weight, which [`Module::penalty`] adds up: keeps weights small.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let w = Tensor::new([[1f32, 2.], [3., 4.]], &dev)?;
    /// let layer = nn::Linear::from_tensors(&w, None)?.l1(0.5).l2(0.1);
    /// let cost = layer.penalty()?.expect("a penalty"); // to be added to the loss
    /// assert_eq!(cost.item::<f32>()?, 0.5 * 10. + 0.1 * 30.);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn l2(self, factor: f64) -> Self {
        Self {
            weights: self.weights.map_weight(|weight| weight.with_l2(factor)),
        }
    }

    /// As [`l1`](Linear::l1), of the bias.
    pub fn bias_l1(self, factor: f64) -> Self {
        Self {
            weights: self.weights.map_bias(|bias| bias.with_l1(factor)),
        }
    }

    /// As [`l2`](Linear::l2), of the bias.
    pub fn bias_l2(self, factor: f64) -> Self {
        Self {
            weights: self.weights.map_bias(|bias| bias.with_l2(factor)),
        }
    }

    /// The weight, `(outputs, inputs)`.
    pub fn weight(&self) -> &Param {
        &self.weights.weight
    }

    /// The bias, `(outputs)`.
    pub fn bias(&self) -> Option<&Param> {
        self.weights.bias.as_ref()
    }
}

impl Module for Linear {
    /// # Errors
    /// An input whose last axis has not the layer's number of inputs.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let weight = self.weights.weight.value();
        let inputs = weight.shape()[1];
        if x.shape().last() != Some(&inputs) {
            let message =
                format!("the layer takes {inputs} features in the last axis, (…, {inputs})");
            return Err(Error::shape("linear", x.shape_ref(), message));
        }
        let product = x.matmul(&weight.t())?;
        let y = match &self.weights.bias {
            Some(bias) => product.try_add(bias.value())?,
            None => product,
        };
        Ok(told(self, y))
    }

    fn visit(&self, visitor: &mut Visitor) {
        self.weights.visit(visitor);
    }
}
