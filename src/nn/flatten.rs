//! From images to vectors.

use super::Module;
use super::observe::told;
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// All axes behind the first as one: `(n, …)` becomes `(n, features)`, between convolutions and
/// [`Linear`](super::Linear) layers.
///
/// ```
/// use tilewise::prelude::*;
/// let x = Tensor::zeros([2, 3, 4, 4], &Device::cpu())?;
/// assert_eq!(nn::Flatten.forward(&x)?.shape(), [2, 48]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Flatten;

impl Module for Flatten {
    /// # Errors
    /// An input without axes.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match *x.shape() {
            [] => {
                let message = "an axis for the batch is needed, (n, …)";
                Err(Error::shape("Flatten", x.shape_ref(), message))
            }
            [n, ref rest @ ..] => {
                let y = x.reshaped(&Shape::of(&[n, rest.iter().product()]));
                Ok(told(self, y))
            }
        }
    }
}
