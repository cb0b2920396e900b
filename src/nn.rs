//! Neural networks: parameters, layers and their initialisation.
//!
//! A network is layers one after the other, or a type of one's own that holds them:
//!
//! ```
//! use tilewise::prelude::*;
//!
//! let dev = Device::cpu();
//! let mut model = nn::Sequential::new()
//!     .then(nn::Conv2d::new(1, 8, 3, &dev)?.padding(1).without_bias())
//!     .then(nn::BatchNorm2d::new(8, &dev)?)
//!     .then(nn::Relu)
//!     .then(nn::MaxPool2d::new(2))
//!     .then(nn::Flatten)
//!     .then(nn::Dropout::new(0.5)?)
//!     .then_named("head", nn::Linear::new(8 * 4 * 4, 10, &dev)?.l2(1e-4));
//! let (x, y) = (Tensor::normal([2, 1, 8, 8], &dev)?, Tensor::new([3, 7], &dev)?);
//! let loss = model.forward(&x)?.cross_entropy(&y)?;
//! let loss = loss + model.penalty()?.expect("the penalty of the head");
//! optim::Adam::new(1e-3).step(&mut model, &loss.backward()?)?;
//! model.eval(); // dropout lets all through, normalisation takes its running moments
//! assert_eq!(model.forward(&x)?.shape(), [2, 10]);
//! # Ok::<(), Error>(())
//! ```
//!
//! | what they do | layers |
//! |---|---|
//! | are trained | [`Linear`], [`Conv1d`], [`Conv2d`], [`ConvTranspose1d`], [`ConvTranspose2d`], [`Embedding`] |
//! | take places together | [`MaxPool1d`], [`MaxPool2d`], [`AvgPool1d`], [`AvgPool2d`], [`AdaptiveAvgPool1d`], [`AdaptiveAvgPool2d`], [`GlobalAvgPool1d`], [`GlobalAvgPool2d`], [`Flatten`] |
//! | normalise | [`BatchNorm1d`], [`BatchNorm2d`], [`LayerNorm`], [`RmsNorm`], [`GroupNorm`] (and instances) |
//! | regularise | [`Dropout`]; the penalties `.l1(λ)` and `.l2(λ)` of layers that are trained |
//! | bend | [`Relu`], [`Gelu`], [`Tanh`] and more: [`Activation`] lists them; [`Prelu`] |
//! | hold layers | [`Sequential`], [`Residual`], [`mlp`] |
//!
//! First values are drawn as [`Init`] says. Names, shapes and meaning of parameters and buffers are PyTorch's,
//! so that what it saved can be loaded by name ([`Module::load_state`]).
//!
//! # A layer of one's own
//!
//! A layer is any type that implements [`Module`]: a plain struct with a forward pass, which names
//! the parameters it holds. There is no derive macro and no registry.
//!
//! ```
//! use tilewise::prelude::*;
//!
//! /// y = x·sigmoid(W·x + b)
//! struct Gate {
//!     inner: nn::Linear,
//! }
//!
//! impl Module for Gate {
//!     fn forward(&self, x: &Tensor) -> Result<Tensor> {
//!         x.try_mul(self.inner.forward(x)?.sigmoid())
//!     }
//!
//!     fn visit(&self, visitor: &mut nn::Visitor) {
//!         visitor.module("inner", &self.inner);
//!     }
//! }
//!
//! let dev = Device::cpu();
//! let model = nn::Sequential::new()
//!     .then(nn::Linear::new(4, 8, &dev)?)
//!     .then(Gate { inner: nn::Linear::new(8, 8, &dev)? })
//!     .then(|x: &Tensor| x.sum(-1));
//! assert_eq!(model.forward(&Tensor::ones([5, 4], &dev)?)?.shape(), [5]);
//! assert_eq!(model.parameters()[2].0, "1.inner.weight");
//! # Ok::<(), Error>(())
//! ```

mod activation;
mod attention;
mod buffer;
mod conv;
mod dropout;
mod embedding;
mod flatten;
mod init;
mod linear;
mod norm;
mod observe;
mod param;
mod pool;
mod prelu;
mod recurrent;
mod residual;
mod sequential;
mod state;
mod summary;
mod training;
mod visitor;
mod weights;

pub use self::activation::Activation;
pub use self::activation::Activation::{
    Celu, Elu, Gelu, GeluTanh, Glu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu,
    LogSigmoid, LogSoftmax, Mish, Relu, Relu6, Selu, Sigmoid, Silu, Softmax, Softmin, Softplus,
    Softshrink, Softsign, Tanh, Tanhshrink, Threshold,
};
pub use self::attention::{
    Attended, Mask, MultiHeadAttention, PositionalEncoding, TransformerBlock,
    scaled_dot_product_attention, sinusoidal_positions,
};
pub use self::buffer::Buffer;
pub use self::conv::{Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Convolution};
pub use self::dropout::Dropout;
pub use self::embedding::Embedding;
pub use self::flatten::Flatten;
pub use self::init::{Fan, Init};
pub use self::linear::Linear;
pub use self::norm::{BatchNorm, BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, RmsNorm};
pub(crate) use self::observe::observed;
pub use self::param::Param;
pub use self::pool::{
    AdaptiveAvgPool, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool, AvgPool1d, AvgPool2d,
    GlobalAvgPool, GlobalAvgPool1d, GlobalAvgPool2d, MaxPool, MaxPool1d, MaxPool2d,
};
pub use self::prelu::Prelu;
pub use self::recurrent::{Gru, GruCell, Lstm, LstmCell, Rnn, RnnCell};
pub use self::residual::Residual;
pub use self::sequential::{Sequential, mlp};
pub use self::state::{Load, Loaded};
pub use self::summary::{Summary, SummaryRow, summary, summary_of};
pub(crate) use self::training::Evaluating;
pub use self::training::Training;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::training::{switch, switch_back};
pub use self::visitor::{Layer, Part, Visitor};

use crate::error::Result;
use crate::tensor::Tensor;

/// A layer, or a network of layers: a forward pass, and parameters by name.
///
/// Closures and functions of `&Tensor` that give a `Result<Tensor>` are layers without parameters.
pub trait Module: Send + Sync {
    /// The output for a batch of inputs.
    ///
    /// # Errors
    /// An input whose shape or dtype the layer does not take.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor>;

    /// Shows each part to the visitor under its name, and each layer inside under its own, in an order that
    /// does not change. A layer without parts needs no such method.
    fn visit(&self, visitor: &mut Visitor) {
        let _ = visitor;
    }

    /// The parameters' present values by dotted name, such as `0.weight`. Each is a variable:
    /// gradients are found under it.
    fn parameters(&self) -> Vec<(String, Tensor)> {
        let mut list = Vec::new();
        self.visit(&mut Visitor::new(&mut |name, part| {
            if let Part::Param(param) = part {
                list.push((name.into(), param.value()));
            }
        }));
        list
    }

    /// What kind of layer it is, for people to read: the name of its type, such as `Linear`.
    fn kind(&self) -> String {
        short_type_name::<Self>()
    }

    /// The number of trainable numbers. A parameter that is visited twice counts twice.
    fn parameter_count(&self) -> usize {
        let sizes = self.parameters().into_iter();
        sizes.map(|(_, value)| value.size()).sum()
    }

    /// From here on the layers do what is right in training: dropout drops, batch normalisation takes the
    /// batch's own mean. So they are when they are made.
    fn train(&self) {
        self.set_training(true);
    }

    /// From here on the layers do what is right in evaluation: the same for a row whatever else is in the
    /// batch, and the same each time.
    fn eval(&self) {
        self.set_training(false);
    }

    /// [`train`](Module::train) or [`eval`](Module::eval).
    fn set_training(&self, on: bool) {
        self.visit(&mut Visitor::new(&mut |_, part| {
            if let Part::Training(training) = part {
                training.set(on);
            }
        }));
    }

    /// What the parameters cost besides the loss: the sum of the penalties of those that were made with one,
    /// a scalar to be added to the loss; `None` where there are none. A parameter that is visited twice costs
    /// once.
    ///
    /// # Errors
    /// A factor that is negative or not finite.
    #[track_caller]
    fn penalty(&self) -> Result<Option<Tensor>> {
        state::penalty(|visitor| self.visit(visitor))
    }

    /// What is kept of the network: its parameters and buffers by dotted name, off any tape.
    fn state(&self) -> Vec<(String, Tensor)> {
        state::state(|visitor| self.visit(visitor))
    }

    /// Sets parameters and buffers to tensors of their names; all of them or, where there is an error, none.
    /// Floats of another precision are converted, and tensors of another device are copied.
    ///
    /// # Errors
    /// With [`Load::Exact`] a name that only one side has, or a shape or kind of number that differs; with
    /// [`Load::Matching`] a fault of the device.
    #[track_caller]
    fn load_state(&self, state: &[(String, Tensor)], how: Load) -> Result<Loaded> {
        state::load(|visitor| self.visit(visitor), state, how)
    }
}

impl<F: Fn(&Tensor) -> Result<Tensor> + Send + Sync> Module for F {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self(x)
    }
}

impl Module for Box<dyn Module> {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        (**self).forward(x)
    }

    fn visit(&self, visitor: &mut Visitor) {
        (**self).visit(visitor);
    }

    fn kind(&self) -> String {
        (**self).kind()
    }
}

/// The name of a type without the modules that lead to it and without its parameters.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    let name = std::any::type_name::<T>();
    if name.ends_with("{{closure}}") {
        return "closure".into();
    }
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name).into()
}
