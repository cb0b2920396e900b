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
mod init;
mod linear;
mod param;
mod sequential;
mod visitor;

pub use self::activation::Activation;
pub use self::activation::Activation::{
    Elu, Gelu, GeluTanh, LeakyRelu, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
pub use self::init::Init;
pub use self::linear::Linear;
pub use self::param::Param;
pub use self::sequential::{Sequential, mlp};
pub use self::visitor::Visitor;

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

    /// Shows each parameter to the visitor under its name, and each layer inside under its own, in an
    /// order that does not change. A layer without parameters needs no such method.
    fn visit(&self, visitor: &mut Visitor) {
        let _ = visitor;
    }

    /// The parameters' present values by dotted name, such as `0.weight`. Each is a variable:
    /// gradients are found under it.
    fn parameters(&self) -> Vec<(String, Tensor)> {
        let mut list = Vec::new();
        self.visit(&mut Visitor::new(&mut |name, param| {
            list.push((name.into(), param.value()));
        }));
        list
    }

    /// The number of trainable numbers. A parameter that is visited twice counts twice.
    fn parameter_count(&self) -> usize {
        let mut count = 0;
        self.visit(&mut Visitor::new(&mut |_, param| {
            count += param.value().size();
        }));
        count
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
