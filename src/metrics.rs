//! Metrics: how good predictions are, in numbers that people read.

use crate::error::Result;
use crate::tensor::Tensor;

/// A number that tells how good what a network gives is, beside what it should give.
pub trait Metric: Send + Sync {
    /// The name under which it is shown and recorded: `accuracy`.
    fn name(&self) -> String;

    /// The number, a scalar of `f32`, for outputs and targets of any number of rows; it stays on the device.
    ///
    /// # Errors
    /// An output and a target that do not fit each other or the metric.
    #[track_caller]
    fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor>;
}
