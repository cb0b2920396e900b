//! Parameters.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// A trainable tensor: a variable that keeps its identity from update to update, so that gradients
/// and an optimiser's state are found under it.
///
/// An update replaces the value for all who hold a reference; tensors taken before keep the old one.
/// A clone is a copy of its own, of the same identity: a snapshot that can be put back with
/// [`Param::set`]. To share a parameter between layers, hold it in an `Arc`.
///
/// ```
/// use tilewise::prelude::*;
///
/// let dev = Device::cpu();
/// let w = nn::Param::new(&Tensor::new([2f32, 3.], &dev)?);
/// let grads = w.value().square().sum(..)?.backward()?;
/// w.set(&(w.value() - 0.5 * grads.get(&w.value()).unwrap()))?;
/// assert_eq!(w.value().to_vec::<f32>()?, [0., 0.]);
/// # Ok::<(), Error>(())
/// ```
pub struct Param(RwLock<Tensor>);

impl Param {
    /// A parameter that starts at a value; on no tape before.
    pub fn new(value: &Tensor) -> Self {
        Self(RwLock::new(value.variable()))
    }

    /// The present value, as a variable.
    pub fn value(&self) -> Tensor {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the value. What led to the new one is not recorded for gradients.
    ///
    /// # Errors
    /// Another shape, dtype or device than the parameter has.
    #[track_caller]
    pub fn set(&self, value: &Tensor) -> Result<()> {
        const OP: &str = "Param::set";
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        slot.same_device(OP, value)?;
        if slot.shape() != value.shape() {
            return Err(Error::new(ErrorKind::Shapes {
                op: OP,
                lhs: slot.shape_ref().clone(),
                rhs: value.shape_ref().clone(),
                message: "a parameter keeps its shape",
                hint: String::new(),
            }));
        }
        if slot.dtype() != value.dtype() {
            let message = format!(
                "a parameter of {} cannot become {}; convert the value with to_dtype",
                slot.dtype(),
                value.dtype()
            );
            return Err(Error::value(OP, message));
        }
        // A variable always has its number.
        if let Some(id) = slot.leaf() {
            *slot = value.variable_as(id);
        }
        Ok(())
    }
}

impl Clone for Param {
    fn clone(&self) -> Self {
        Self(RwLock::new(self.value()))
    }
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        write!(f, "Param({} {})", value.dtype(), value.shape_ref())
    }
}
