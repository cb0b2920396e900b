//! Layers one after the other.

use super::{Linear, Module, Visitor, observe};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Layers, each of which takes what the one before gives. Parameters are named by position,
/// `0.weight`, `0.bias`, `2.weight`, …, or by the name that a layer was given.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let model = nn::Sequential::new()
///     .then_named("encoder", nn::mlp([8, 4, 2], nn::Tanh, &dev)?)
///     .then(nn::Relu)
///     .then_named("decoder", nn::Linear::new(2, 8, &dev)?);
/// assert_eq!(model.parameters()[0].0, "encoder.0.weight");
/// let x = Tensor::zeros([3, 8], &dev)?;
/// let code = model.forward_to("encoder", &x)?;
/// assert_eq!(code.shape(), [3, 2]);
/// let decoder = model.layer("decoder").expect("a layer of that name");
/// assert_eq!(decoder.forward(&code)?.shape(), [3, 8]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<(String, Box<dyn Module>)>,
}

impl Sequential {
    /// No layers: gives its input back.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more layer at the end, named by its position.
    pub fn then(mut self, layer: impl Module + 'static) -> Self {
        let name = self.layers.len().to_string();
        self.layers.push((name, Box::new(layer)));
        self
    }

    /// With one more layer at the end, under a name of its own.
    ///
    /// # Panics
    /// A name that is empty, holds a dot, is a number, or belongs to another layer: names lead to
    /// parameters, and each must lead to one.
    #[doc(alias = "add_module")]
    #[track_caller]
    pub fn then_named(mut self, name: &str, layer: impl Module + 'static) -> Self {
        let number = name.bytes().all(|byte| byte.is_ascii_digit());
        assert!(
            !number && !name.contains('.'),
            "a layer's name must not be empty, a number or hold a dot, and {name:?} does"
        );
        assert!(
            self.layer(name).is_none(),
            "there is a layer {name:?} already"
        );
        self.layers.push((name.into(), Box::new(layer)));
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

    /// The layer of a name, which is its position as text where none was given.
    pub fn layer(&self, name: &str) -> Option<&dyn Module> {
        self.layers().find(|l| l.0 == name).map(|l| l.1)
    }

    /// The layers with their names, in order.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = (&str, &dyn Module)> {
        self.layers
            .iter()
            .map(|(name, layer)| (name.as_str(), &**layer))
    }

    /// What the layer of a name gives: the forward pass up to it, and it included.
    ///
    /// # Errors
    /// A name that no layer has; what the first layer says that fails.
    #[track_caller]
    pub fn forward_to(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let Some(last) = self.layers().position(|layer| layer.0 == name) else {
            let names: Vec<&str> = self.layers().map(|layer| layer.0).collect();
            let message = format!("there is no layer {name:?} among {}", names.join(", "));
            return Err(Error::value("forward_to", message));
        };
        run(&self.layers[..=last], x)
    }
}

/// The layers one after the other.
#[track_caller]
fn run(layers: &[(String, Box<dyn Module>)], x: &Tensor) -> Result<Tensor> {
    let mut y = x.clone();
    for (_, layer) in layers {
        y = observe::forward(&**layer, &y)?;
    }
    Ok(y)
}

impl Module for Sequential {
    /// # Errors
    /// What the first layer says that fails.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        run(&self.layers, x)
    }

    fn visit(&self, visitor: &mut Visitor) {
        for (name, layer) in &self.layers {
            // The layer itself, not the box that it is in.
            visitor.module(name, &**layer);
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
