//! What a device can do at most.

use std::fmt;

/// What a device can do at most in a second: the roof over its kernels.
///
/// [`Device::ceiling`](crate::Device::ceiling) measures it; a data sheet has it too.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ceiling {
    /// Bytes read and written in a second by a large copy.
    pub bytes_per_second: f64,
    /// Operations on `f32` in a second; a multiply-add counts as two.
    pub flops_per_second: f64,
}

impl Ceiling {
    /// A ceiling that is known, as from a data sheet.
    pub fn new(bytes_per_second: f64, flops_per_second: f64) -> Self {
        Self {
            bytes_per_second,
            flops_per_second,
        }
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, flops) = (self.bytes_per_second / 1e9, self.flops_per_second / 1e9);
        write!(f, "{bytes:.1} GB/s, {flops:.1} GFLOP/s")
    }
}
