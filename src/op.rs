//! The operations: what they are and what they mean.
#[allow(dead_code, unused_imports)]
pub(crate) mod math;
