//! Tensors that a layer keeps and nobody trains.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::param::check_replacement;
use crate::error::Result;
use crate::tensor::Tensor;

/// A tensor that a layer keeps from call to call and that is saved with it, but has no gradient: a running
/// mean, for instance.
///
/// A clone is a copy of its own.
pub struct Buffer(RwLock<Tensor>);

impl Buffer {
    /// A buffer that starts at a value; on no tape.
    pub fn new(value: &Tensor) -> Self {
        Self(RwLock::new(value.detach()))
    }

    /// The present value.
    pub fn value(&self) -> Tensor {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the value. What led to the new one is not recorded for gradients.
    ///
    /// # Errors
    /// Another shape, dtype or device than the buffer has.
    #[track_caller]
    pub fn set(&self, value: &Tensor) -> Result<()> {
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        check_replacement("Buffer::set", &slot, value)?;
        *slot = value.detach();
        Ok(())
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::new(&self.value())
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        write!(f, "Buffer({} {})", value.dtype(), value.shape_ref())
    }
}
