//! Metrics: how good predictions are, in numbers that people read.
//!
//! All are computed on the device and leave nothing for gradients; values are scikit-learn's.
//!
//! ```
//! use tilewise::prelude::*;
//! use tilewise::metrics::{Accuracy, F1, Metric};
//!
//! let dev = Device::cpu();
//! let logits = Tensor::new([[2f32, 0., 1.], [0., 3., 1.], [0., 2., 1.]], &dev)?;
//! let labels = Tensor::new([0, 1, 2], &dev)?;
//! assert_eq!(Accuracy::new().measure(&logits, &labels)?.item::<f32>()?, 2.0 / 3.0);
//! let f1 = F1::new();
//! assert_eq!(f1.per_class(&logits, &labels)?.to_vec::<f32>()?, [1., 2. / 3., 0.]);
//! # Ok::<(), Error>(())
//! ```
//!
//! Accuracies and mean errors of batches average to that of all their rows, each batch weighed by its rows
//! ([`Metric::is_mean`]). The others are no means over rows: give them all rows at once, or add up the
//! [`ConfusionMatrix`] of each batch.

mod accuracy;
mod classes;
mod confusion;
mod curve;
mod errors;
mod scores;

pub use self::accuracy::{Accuracy, TopK};
pub use self::confusion::{ConfusionMatrix, Share};
pub use self::curve::RocAuc;
pub use self::errors::{Mae, Mse, R2};
pub use self::scores::{Average, F1, Precision, Recall};

use crate::error::Result;
pub use crate::optim::schedule::Goal;
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

    /// Whether the number of several batches is the mean of theirs, each weighed by its rows, as an accuracy is and
    /// F1 is not. Of one that is none, a trainer keeps
    /// the outputs of all batches, and measures them at once.
    fn is_mean(&self) -> bool {
        false
    }

    /// Whether the number should become large, as an accuracy, or small, as an error.
    fn goal(&self) -> Goal {
        Goal::Large
    }
}
