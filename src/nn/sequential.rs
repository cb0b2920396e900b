//! Layers one after the other.

use super::{Linear, Module, Visitor};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Layers, each of which takes what the one before gives. Parameters are named by position:
/// `0.weight`, `0.bias`, `2.weight`, …
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Module>>,
}

impl Sequential {
    /// No layers: gives its input back.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more layer at the end.
    pub fn then(mut self, layer: impl Module + 'static) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

impl Module for Sequential {
    /// # Errors
    /// What the first layer says that fails.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut y = x.clone();
        for layer in &self.layers {
            y = match layer.forward(&y) {
                Ok(y) => y,
                Err(error) => return Err(error.outward()),
            };
        }
        Ok(y)
    }

    fn visit(&self, visitor: &mut Visitor) {
        for (i, layer) in self.layers.iter().enumerate() {
            visitor.module(&i.to_string(), layer);
        }
    }
}

/// A multi-layer perceptron: a [`Linear`] layer from each size to the next, with the activation
/// between them and none after the last. Inputs are `(…, first size)`, outputs `(…, last size)`.
///
/// # Errors
/// Fewer than two sizes, or weights that the device cannot hold.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let model = nn::mlp([784, 128, 10], nn::Relu, &dev)?;
/// assert_eq!(model.forward(&Tensor::zeros([32, 784], &dev)?)?.shape(), [32, 10]);
/// let names: Vec<String> = model.parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias"]);
/// assert_eq!(model.parameter_count(), 784 * 128 + 128 + 128 * 10 + 10);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn mlp(
    sizes: impl AsRef<[usize]>,
    activation: impl Module + Clone + 'static,
    device: &Device,
) -> Result<Sequential> {
    let sizes = sizes.as_ref();
    if sizes.len() < 2 {
        let message =
            format!("a network needs the size of its input and its output, not {sizes:?}");
        return Err(Error::value("mlp", message));
    }
    let mut model = Sequential::new();
    for pair in sizes.windows(2) {
        if !model.is_empty() {
            model = model.then(activation.clone());
        }
        model = model.then(Linear::new(pair[0], pair[1], device)?);
    }
    Ok(model)
}
