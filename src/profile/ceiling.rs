//! Measuring what a device can do at most, and how close a kernel comes.

use super::KernelProfile;
use crate::device::{Device, DeviceKind};
use crate::error::Result;
pub use crate::exec::ceiling::Ceiling;
use crate::tensor::Tensor;

/// Runs of what is measured; the fastest counts.
const RUNS: usize = 5;

impl Device {
    /// What the device can do at most: the bytes that a large copy moves in a second, and the
    /// multiplications and additions that are done in one (on a GPU, by a kernel that works on registers
    /// alone; on the CPU, by a product of matrices). Measured once, in a fraction of a second (on a checked
    /// device, which compares what it copies, in some), when it is first asked for; [`Device::counters`]
    /// counts what that takes.
    ///
    /// # Errors
    /// No memory for the copy, a fault of the device, or a call from inside [`Device::profile`].
    #[track_caller]
    pub fn ceiling(&self) -> Result<Ceiling> {
        if let Some(ceiling) = self.known_ceiling().get() {
            return Ok(*ceiling);
        }
        let bytes = self.measure_copy()?;
        let flops = match self.executor().measure_flops()? {
            Some(flops) => flops,
            None => self.measure_product()?,
        };
        Ok(*self
            .known_ceiling()
            .get_or_init(|| Ceiling::new(bytes, flops)))
    }

    /// Bytes in a second, of a map kernel that reads one large operand and writes as much.
    #[track_caller]
    fn measure_copy(&self) -> Result<f64> {
        // Far more than caches hold.
        let words: u64 = match self.info().kind {
            DeviceKind::Cpu | DeviceKind::SoftwareGpu => 1 << 24,
            _ => 1 << 26,
        };
        let words = words.min(self.max_tensor_bytes() / 4);
        let x = Tensor::arange(0.0, words as f64, 1.0, self)?;
        self.fastest(|| Ok(&x + 1.0), KernelProfile::bytes_per_second)
    }

    /// Operations in a second, of a product of matrices.
    #[track_caller]
    fn measure_product(&self) -> Result<f64> {
        let x = Tensor::ones([1024, 1024], self)?.contiguous();
        self.fastest(|| x.matmul(&x), KernelProfile::flops_per_second)
    }

    /// The highest rate of a kernel over some runs.
    #[track_caller]
    fn fastest(
        &self,
        work: impl Fn() -> Result<Tensor>,
        rate: fn(&KernelProfile) -> f64,
    ) -> Result<f64> {
        let mut best = 0.0;
        for _ in 0..RUNS {
            let profile = self.profile(&work)?;
            best = profile.kernels().iter().map(rate).fold(best, f64::max);
        }
        Ok(best)
    }
}

/// The share of what the device can do that a kernel reaches, and what bounds it: the time that its bytes
/// or its arithmetic take at the ceiling, whichever is longer, over the time that it took. What is
/// read from caches may go beyond 1.
pub(super) fn share(ceiling: &Ceiling, kernel: &KernelProfile) -> (f64, &'static str) {
    let memory = kernel.bytes_per_second() / ceiling.bytes_per_second;
    let arithmetic = kernel.flops_per_second() / ceiling.flops_per_second;
    match memory >= arithmetic {
        true => (memory, "memory"),
        false => (arithmetic, "flops"),
    }
}
