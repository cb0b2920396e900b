//! What kinds of hardware there are, and how a GPU is opened.

use std::fmt;
use std::path::PathBuf;

use super::gpu::{MatmulKernel, Tuning};

/// What kind of hardware a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DeviceKind {
    /// A GPU with memory of its own.
    DiscreteGpu,
    /// A GPU that shares the host's memory.
    IntegratedGpu,
    /// A GPU behind a hypervisor.
    VirtualGpu,
    /// A GPU of unknown kind.
    OtherGpu,
    /// A GPU driver that runs shaders on the CPU, such as Mesa's lavapipe.
    SoftwareGpu,
    /// The CPU executor of this crate.
    Cpu,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DiscreteGpu => "discrete GPU",
            Self::IntegratedGpu => "integrated GPU",
            Self::VirtualGpu => "virtual GPU",
            Self::OtherGpu => "GPU",
            Self::SoftwareGpu => "software GPU",
            Self::Cpu => "CPU",
        })
    }
}

/// How a device is opened; the defaults suit every program.
///
/// ```
/// use tilewise::{Device, DeviceOptions, MatmulKernel};
/// let options = DeviceOptions::new().matmul(MatmulKernel::Workgroup);
/// // A device of its own with those options, if there is a GPU.
/// let device = Device::open("gpu", options);
/// # let _ = device;
/// ```
#[derive(Clone, Debug, Default)]
pub struct DeviceOptions {
    pub(crate) matmul: Option<MatmulKernel>,
    pub(crate) webgpu_limits: bool,
    pub(crate) uniform_params: bool,
    pub(crate) memory_budget: Option<u64>,
    pub(crate) dump: Option<PathBuf>,
    pub(crate) sentinels: bool,
    pub(crate) processors: Option<usize>,
    pub(crate) tuning: Tuning,
    pub(crate) tuning_file: Option<PathBuf>,
    pub(crate) background_tuning: bool,
    /// The size of fragments that the adapter is taken to list.
    #[cfg(test)]
    pub(crate) fragments: Option<usize>,
    /// A text of generated shaders and what replaces it: a defect for tests to find.
    #[cfg(test)]
    pub(crate) sabotage: Option<(&'static str, &'static str)>,
}

impl DeviceOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Computes every matrix product with this kernel, instead of the one that suits the adapter.
    pub fn matmul(mut self, kernel: MatmulKernel) -> Self {
        self.matmul = Some(kernel);
        self
    }

    /// Asks the adapter for no more than every WebGPU device has: its default limits, no features.
    pub fn webgpu_limits(mut self) -> Self {
        self.webgpu_limits = true;
        self
    }

    /// Passes sizes and scalars to every kernel through a uniform buffer, also where the adapter has
    /// immediates for them.
    pub fn uniform_params(mut self) -> Self {
        self.uniform_params = true;
        self
    }

    /// Holds at most so many bytes of the adapter's memory; beyond it, memory that waits to be used
    /// again is given back, and if that is not enough, an operation fails as out of memory.
    pub fn memory_budget(mut self, bytes: u64) -> Self {
        self.memory_budget = Some(bytes);
        self
    }

    /// Writes every generated shader to a file of the folder, as the environment variable
    /// `TILEWISE_DUMP_SHADERS` does.
    pub fn dump_shaders(mut self, folder: impl Into<PathBuf>) -> Self {
        self.dump = Some(folder.into());
        self
    }

    /// Starts with choices that were measured before: they stand, and [`Device::autotune`] adds to them.
    ///
    /// [`Device::autotune`]: crate::Device::autotune
    pub fn tuning(mut self, tuning: Tuning) -> Self {
        self.tuning = tuning;
        self
    }

    /// Starts with the choices of a file, if there is one, and keeps there what [`Device::autotune`]
    /// chooses. A file that holds no choices, or damaged ones, is not used; a line on the standard error
    /// output says why, and the next choice writes it anew. One file serves several adapters.
    ///
    /// [`Device::autotune`]: crate::Device::autotune
    pub fn tuning_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tuning_file = Some(path.into());
        self
    }

    /// Chooses kernels by measuring while the device works, as [`Device::autotune`] does when it is asked:
    /// a batch of calls that comes a second time has its products measured by a thread of its own, on
    /// memory of their own. No step waits for it, and no bit of a result depends on it; but it takes its
    /// share of the device, and what else the device does disturbs the measurement. The web has no threads,
    /// and the CPU executor nothing to choose.
    ///
    /// [`Device::autotune`]: crate::Device::autotune
    pub fn background_tuning(mut self) -> Self {
        self.background_tuning = true;
        self
    }

    /// Cuts long products as for a GPU of so many processors. For tests.
    #[doc(hidden)]
    pub fn processors(mut self, count: usize) -> Self {
        self.processors = Some(count);
        self
    }

    /// Fails a kernel that writes beyond the content of a buffer. Slow: for tests.
    #[doc(hidden)]
    pub fn sentinels(mut self) -> Self {
        self.sentinels = true;
        self
    }
}
