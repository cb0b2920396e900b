//! Sets of examples.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Examples by number: inputs and what a network should give for them.
///
/// A set of one's own implements the two methods: files that are read when they are asked for, for instance.
pub trait Dataset: Send + Sync {
    /// The number of examples.
    fn len(&self) -> usize;

    /// Inputs `(rows, …)` and targets `(rows, …)` of these examples, in this order.
    ///
    /// # Errors
    /// An example that there is not, or that cannot be read.
    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)>;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! handles {
    ($($handle:ty)*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $handle {
            fn len(&self) -> usize {
                (**self).len()
            }

            #[track_caller]
            fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
                (**self).batch(rows)
            }
        }
    )*};
}

handles!(&D Box<D> Arc<D>);

/// Inputs and targets that are in memory, along the first axis of a tensor each.
#[derive(Clone, Debug)]
pub struct TensorDataset {
    inputs: Tensor,
    targets: Tensor,
}

impl TensorDataset {
    /// Inputs `(n, …)` and targets `(n, …)`.
    ///
    /// # Errors
    /// Tensors without a first axis, of different lengths, or on different devices.
    #[track_caller]
    pub fn new(inputs: &Tensor, targets: &Tensor) -> Result<Self> {
        const OP: &str = "TensorDataset";
        inputs.same_device(OP, targets)?;
        if inputs.ndim() == 0 || inputs.shape().first() != targets.shape().first() {
            let message = format!(
                "as many targets as inputs are needed; the inputs are {}",
                inputs.shape_ref()
            );
            return Err(Error::shape(OP, targets.shape_ref(), message));
        }
        Ok(Self {
            inputs: inputs.detach(),
            targets: targets.detach(),
        })
    }

    /// The inputs, `(n, …)`.
    pub fn inputs(&self) -> &Tensor {
        &self.inputs
    }

    /// The targets, `(n, …)`.
    pub fn targets(&self) -> &Tensor {
        &self.targets
    }
}

impl Dataset for TensorDataset {
    fn len(&self) -> usize {
        self.inputs.shape()[0]
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let rows: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let rows = Tensor::new(rows, self.inputs.device())?;
        Ok((self.inputs.take(&rows, 0)?, self.targets.take(&rows, 0)?))
    }
}
