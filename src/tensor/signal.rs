//! Convolutions and pooling.

mod conv;
mod convolve;
mod correlation;
mod pool;

pub use self::conv::{Conv, Padding, Pair};
pub use self::convolve::Mode;
pub use self::pool::Pool;
