//! The loop of training: [`Trainer`], and what it records.

mod callback;
#[cfg(feature = "safetensors")]
mod checkpoint;
mod evaluate;
mod figures;
mod fit;
mod history;
mod names;
mod progress;
mod rate;
#[cfg(feature = "safetensors")]
mod saved;
mod step;
mod stopping;
mod trainer;
mod watch;

pub use self::callback::{BatchEnd, EpochEnd, Flow, IntoFlow};
#[cfg(feature = "safetensors")]
pub use self::checkpoint::Checkpoint;
pub use self::evaluate::Evaluation;
pub use self::history::{History, Params};
pub use self::progress::Progress;
pub use self::stopping::EarlyStopping;
pub use self::trainer::Trainer;
pub use crate::optim::schedule::Goal;
