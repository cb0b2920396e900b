//! Convolutions and pooling.

mod conv;
mod convolve;
mod correlation;
mod options;
mod pool;

pub use self::convolve::Mode;
pub use self::options::{Conv, Padding, Pair};
pub use self::pool::Pool;
