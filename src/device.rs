//! Devices: the handle, its state, and what it has done.

mod choose;

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::choose::DeviceInfo;
use crate::dtype::DType;
use crate::error::Result;
#[cfg(not(target_arch = "wasm32"))]
use crate::exec::ceiling::Ceiling;
use crate::exec::gpu::Tuning;
pub use crate::exec::options::{DeviceKind, DeviceOptions};
pub use crate::exec::stats::{Counters, MemoryStats};
use crate::exec::{Executor, Limits};
use crate::generator::Generator;
use crate::op::Op;
use crate::queue::{Arg, Engine, Queue, Queues, Storage};
use crate::shape::Shape;

/// Where tensors live and operations run: a GPU, or the CPU.
///
/// A handle is cheap to clone; two handles are equal if they are of the same device. Work is recorded
/// per thread and run in batches: by reading a value, by [`Device::flush`], by an optimiser's step.
#[derive(Clone)]
pub struct Device(Arc<Inner>);

struct Inner {
    engine: Arc<Engine>,
    queues: Queues,
    info: DeviceInfo,
    limits: Limits,
    generator: Mutex<Generator>,
    /// Measured when it is first asked for.
    #[cfg(not(target_arch = "wasm32"))]
    ceiling: std::sync::OnceLock<Ceiling>,
}

impl Device {
    pub(crate) fn over(executor: Arc<dyn Executor>, info: DeviceInfo) -> Self {
        let limits = executor.limits();
        let engine = Arc::new(Engine::new(executor));
        let generator = Mutex::new(Generator::new(0));
        Self(Arc::new(Inner {
            engine,
            queues: Queues::default(),
            info,
            limits,
            generator,
            #[cfg(not(target_arch = "wasm32"))]
            ceiling: std::sync::OnceLock::new(),
        }))
    }

    /// A short description: the id and the adapter's name.
    pub fn name(&self) -> String {
        match self.0.info.kind {
            DeviceKind::Cpu => "cpu".into(),
            _ => format!("{} ({})", self.0.info.id, self.0.info.name),
        }
    }

    /// What the device is.
    pub fn info(&self) -> &DeviceInfo {
        &self.0.info
    }

    /// The largest tensor it can hold, in bytes.
    pub fn max_tensor_bytes(&self) -> u64 {
        self.0.limits.bytes
    }

    /// Whether tensors of `f16` can live on it.
    pub fn supports_f16(&self) -> bool {
        self.0.limits.f16
    }

    /// Restarts the device's own generator at a seed.
    pub fn seed(&self, seed: u64) {
        self.set_generator(Generator::new(seed));
    }

    /// A copy of the device's own generator, as it stands.
    pub fn generator(&self) -> Generator {
        self.with_generator(|generator| generator.clone())
    }

    /// Replaces the device's own generator.
    pub fn set_generator(&self, generator: Generator) {
        self.with_generator(|own| *own = generator);
    }

    pub(crate) fn with_generator<T>(&self, f: impl FnOnce(&mut Generator) -> T) -> T {
        f(&mut self
            .0
            .generator
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts to run what this thread has recorded; does not wait for it.
    ///
    /// # Errors
    /// No memory for the results, or a fault of the device.
    #[track_caller]
    pub fn flush(&self) -> Result<()> {
        Ok(self.queue().flush()?)
    }

    /// Runs what all threads have recorded and waits until it is done.
    ///
    /// # Errors
    /// As [`Device::flush`], and an index that was out of range in a gather.
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn synchronize(&self) -> Result<()> {
        self.0.queues.flush()?;
        Ok(self.executor().synchronize()?)
    }

    /// Memory in use.
    pub fn memory(&self) -> MemoryStats {
        self.executor().memory()
    }

    /// Gives memory that waits to be used again back to the driver.
    pub fn trim(&self) {
        self.executor().trim();
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        let (plans, plan_hits) = self.0.engine.plans.counts();
        Counters {
            plans,
            plan_hits,
            ..self.executor().counters()
        }
    }

    /// What a flush would run now for this thread: kernels, the operations in each, bytes moved and
    /// arithmetic. Runs nothing.
    pub fn explain(&self) -> String {
        match self.queue().plan() {
            Some(plan) => plan.explain(),
            None => "nothing is recorded\n".into(),
        }
    }

    /// The choices among kernels that were measured or given so far.
    pub fn tuning(&self) -> Tuning {
        self.executor().tuning()
    }

    pub(crate) fn executor(&self) -> &Arc<dyn Executor> {
        &self.0.engine.executor
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn known_ceiling(&self) -> &std::sync::OnceLock<Ceiling> {
        &self.0.ceiling
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Records a call on the calling thread's queue.
    pub(crate) fn record(
        &self,
        op: Op,
        args: &[Arg<'_>],
        shape: &Shape,
        dtype: DType,
        at: &'static Location<'static>,
    ) -> Arc<Storage> {
        let record = |queue: &Arc<Queue>| queue.record(op, args, shape, dtype, at);
        self.0.queues.with_local(&self.0.engine, args, record)
    }

    pub(crate) fn queue(&self) -> Arc<Queue> {
        self.0.queues.local(&self.0.engine)
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Device {}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.0.info)
    }
}
