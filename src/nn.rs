//! Neural networks: parameters, layers and their initialisation.
//!
//! A layer is any type that implements [`Module`]: a plain struct with a forward pass, which names
//! the parameters it holds. There is no derive macro and no registry.
//!
//! ```
//! use tilewise::prelude::*;
//!
//! /// y = x + relu(W·x + b)
//! struct Residual {
//!     inner: nn::Linear,
//! }
//!
//! impl Module for Residual {
//!     fn forward(&self, x: &Tensor) -> Result<Tensor> {
//!         x.try_add(self.inner.forward(x)?.relu())
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
//!     .then(Residual { inner: nn::Linear::new(8, 8, &dev)? })
//!     .then(|x: &Tensor| x.sum(-1));
//! assert_eq!(model.forward(&Tensor::ones([5, 4], &dev)?)?.shape(), [5]);
//! assert_eq!(model.parameters()[2].0, "1.inner.weight");
//! # Ok::<(), Error>(())
//! ```

mod activation;
mod attention;
mod buffer;
mod init;
mod linear;
mod param;
mod recurrent;
mod sequential;
mod stand_in;
mod state;
mod training;
mod visitor;

pub use self::activation::Activation;
pub use self::activation::Activation::{
    Elu, Gelu, GeluTanh, LeakyRelu, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
pub use self::attention::{
    Attended, Mask, MultiHeadAttention, PositionalEncoding, TransformerBlock,
    scaled_dot_product_attention, sinusoidal_positions,
};
pub use self::buffer::Buffer;
pub use self::init::Init;
pub use self::linear::Linear;
pub use self::param::Param;
pub use self::recurrent::{Gru, GruCell, Lstm, LstmCell, Rnn, RnnCell};
pub use self::sequential::{Sequential, mlp};
pub use self::state::{Load, Loaded};
pub use self::training::Training;
pub use self::visitor::{Part, Visitor};

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
}
