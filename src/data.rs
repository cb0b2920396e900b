//! Data: sets of examples, and how they come in batches.

mod dataset;
mod loader;

pub use self::dataset::{Dataset, TensorDataset};
pub use self::loader::Loader;
