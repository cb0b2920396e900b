//! Devices: choosing one, describing it, and what it has done.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
#[cfg(not(target_arch = "wasm32"))]
use crate::exec::ceiling::Ceiling;
#[cfg(not(target_arch = "wasm32"))]
use crate::exec::checked::Checked;
use crate::exec::cpu::Cpu;
use crate::exec::gpu::{self, Gpu, Tuning};
pub use crate::exec::options::{DeviceKind, DeviceOptions};
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
    ceiling: OnceLock<Ceiling>,
}

/// A device that a program can ask for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// What `TILEWISE_DEVICE` and [`Device::named`] call it: `cpu`, `gpu:0`, …
    pub id: String,
    /// The adapter's name.
    pub name: String,
    /// The kind of hardware.
    pub kind: DeviceKind,
    /// The interface to it: `vulkan`, `metal`, `dx12`, `webgpu`, `gl` or `cpu`.
    pub backend: String,
    /// The driver's name and version, as far as they are known.
    pub driver: String,
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}  {}  {}  {}",
            self.id, self.name, self.backend, self.kind
        )?;
        if self.driver.is_empty() {
            Ok(())
        } else {
            write!(f, "  {}", self.driver)
        }
    }
}

/// Memory of a device, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Held by tensors and pending results.
    pub in_use: u64,
    /// The most that was ever in use.
    pub peak: u64,
    /// Held from the driver, with what waits to be used again.
    pub reserved: u64,
}

/// What a device has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Plans made: batches whose structure was new.
    pub plans: u64,
    /// Batches that ran a plan made before.
    pub plan_hits: u64,
    /// Shader pipelines compiled while a run waited for them.
    pub pipelines: u64,
    /// Shader pipelines compiled by a thread while more general ones served.
    pub background_pipelines: u64,
    /// Kernels run.
    pub dispatches: u64,
    /// Command buffers submitted.
    pub submissions: u64,
    /// Bind groups created.
    pub bind_groups: u64,
    /// Buffers allocated from the driver.
    pub buffers: u64,
}

/// The environment variable that chooses the default device.
const VARIABLE: &str = "TILEWISE_DEVICE";

impl Device {
    pub(crate) fn over(executor: Arc<dyn Executor>, info: DeviceInfo) -> Self {
        let limits = executor.limits();
        let engine = Arc::new(Engine {
            executor,
            plans: Default::default(),
        });
        let generator = Mutex::new(Generator::new(0));
        Self(Arc::new(Inner {
            engine,
            queues: Queues::default(),
            info,
            limits,
            generator,
            #[cfg(not(target_arch = "wasm32"))]
            ceiling: OnceLock::new(),
        }))
    }

    /// The CPU executor.
    pub fn cpu() -> Self {
        static CPU: OnceLock<Device> = OnceLock::new();
        CPU.get_or_init(Self::new_cpu).clone()
    }

    /// A CPU executor of its own, with its own memory and counters.
    pub fn new_cpu() -> Self {
        Self::over(Arc::new(Cpu::default()), cpu_info())
    }

    /// The best GPU: discrete before integrated, software only if there is no other.
    ///
    /// # Errors
    /// No adapter, or one that cannot be opened.
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn gpu() -> Result<Self> {
        Self::named("gpu")
    }

    /// The device of that id (`cpu`, `gpu`, `gpu:1`, `checked`, `checked:1`) or with an adapter's
    /// name that contains the text, upper or lower case.
    ///
    /// # Errors
    /// No such device; the error lists what there is.
    ///
    /// ```
    /// use tilewise::Device;
    /// assert_eq!(Device::named("cpu")?, Device::cpu());
    /// assert!(Device::named("no such adapter").is_err());
    /// # Ok::<(), tilewise::Error>(())
    /// ```
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn named(name: &str) -> Result<Self> {
        if name == "cpu" {
            return Ok(Self::cpu());
        }
        pollster::block_on(Self::named_async(name))
    }

    /// As [`Device::named`], without blocking the thread.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn named_async(name: &str) -> impl Future<Output = Result<Self>> {
        let at = Location::caller();
        async move { Self::find(name).await.map_err(|error| error.at(at)) }
    }

    async fn find(name: &str) -> Result<Self> {
        if name == "cpu" {
            return Ok(Self::cpu());
        }
        let (adapter, info) = find(name).await?;
        // One handle per adapter and kind of executor.
        static OPEN: Mutex<Vec<(DeviceInfo, Device)>> = Mutex::new(Vec::new());
        let known = |info: &DeviceInfo| {
            let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
            open.iter().find(|(i, _)| i == info).map(|(_, d)| d.clone())
        };
        if let Some(device) = known(&info) {
            return Ok(device);
        }
        let device = Self::over_adapter(&adapter, info.clone(), DeviceOptions::new()).await?;
        // Another thread may have been quicker.
        let device = known(&info).unwrap_or(device);
        OPEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((info, device.clone()));
        Ok(device)
    }

    /// A device of its own, with its own memory and counters, opened with options.
    ///
    /// # Errors
    /// As [`Device::named`].
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn open(name: &str, options: DeviceOptions) -> Result<Self> {
        pollster::block_on(Self::open_async(name, options))
    }

    /// As [`Device::open`], without blocking the thread.
    ///
    /// # Errors
    /// As there.
    pub async fn open_async(name: &str, options: DeviceOptions) -> Result<Self> {
        if name == "cpu" {
            return Ok(Self::new_cpu());
        }
        let (adapter, info) = find(name).await?;
        Self::over_adapter(&adapter, info, options).await
    }

    async fn over_adapter(
        adapter: &wgpu::Adapter,
        info: DeviceInfo,
        options: DeviceOptions,
    ) -> Result<Self> {
        let gpu = Gpu::open(adapter, options).await?;
        #[cfg(not(target_arch = "wasm32"))]
        if info.id.starts_with(CHECKED) {
            return Ok(Self::over(Arc::new(Checked::new(gpu)), info));
        }
        let executor: Arc<dyn Executor> = Arc::new(gpu);
        Ok(Self::over(executor, info))
    }

    /// What [`Device::default`] gives.
    ///
    /// # Errors
    /// `TILEWISE_DEVICE` names no device that there is.
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn try_default() -> Result<Self> {
        static DEFAULT: OnceLock<Device> = OnceLock::new();
        if let Some(device) = DEFAULT.get() {
            return Ok(device.clone());
        }
        let device = match std::env::var(VARIABLE) {
            // An empty variable counts as none.
            Ok(name) if !name.is_empty() => match Self::named(&name) {
                Ok(device) => device,
                Err(error) => {
                    let kind = match error.kind() {
                        ErrorKind::NoDevice { message } => ErrorKind::NoDevice {
                            message: format!("{VARIABLE} is {message}"),
                        },
                        kind => kind.clone(),
                    };
                    return Err(Error::new(kind));
                }
            },
            // A software GPU is slower than the CPU executor, so it must be asked for.
            _ => match Self::list().first() {
                Some(best) if best.kind < DeviceKind::SoftwareGpu => Self::named(&best.id)?,
                _ => Self::cpu(),
            },
        };
        Ok(DEFAULT.get_or_init(|| device).clone())
    }

    /// All devices that there are: GPUs, best first, then the CPU.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn list() -> Vec<DeviceInfo> {
        let adapters = pollster::block_on(gpu::adapters());
        let gpus = adapters.iter().enumerate().map(|(i, a)| describe(i, a));
        gpus.chain([cpu_info()]).collect()
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
        *self
            .0
            .generator
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Generator::new(seed);
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
        let memory = self.executor().memory();
        MemoryStats {
            in_use: memory.in_use,
            peak: memory.peak,
            reserved: memory.reserved,
        }
    }

    /// Gives memory that waits to be used again back to the driver.
    pub fn trim(&self) {
        self.executor().trim();
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        let done = self.executor().counters();
        let (plans, plan_hits) = self.0.engine.plans.counts();
        Counters {
            plans,
            plan_hits,
            pipelines: done.pipelines,
            background_pipelines: done.background_pipelines,
            dispatches: done.dispatches,
            submissions: done.submissions,
            bind_groups: done.bind_groups,
            buffers: done.buffers,
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
    pub(crate) fn known_ceiling(&self) -> &OnceLock<Ceiling> {
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

/// What the ids of devices that check the GPU against the CPU start with.
const CHECKED: &str = "checked";

/// The adapter that a name means.
async fn find(name: &str) -> Result<(wgpu::Adapter, DeviceInfo)> {
    let (checked, wanted) = match name.strip_prefix(CHECKED) {
        Some("") => (true, "gpu".to_string()),
        Some(rest) => (true, format!("gpu{rest}")),
        None => (false, name.to_lowercase()),
    };
    let mut adapters = gpu::adapters().await;
    let infos: Vec<DeviceInfo> = adapters
        .iter()
        .enumerate()
        .map(|(i, a)| describe(i, a))
        .collect();
    let at = match wanted.as_str() {
        "gpu" => (!infos.is_empty()).then_some(0),
        "" => None,
        id => infos.iter().position(|i| i.id == id).or_else(|| {
            infos
                .iter()
                .position(|i| i.name.to_lowercase().contains(id))
        }),
    };
    let Some(at) = at else {
        let listed = infos.iter().map(|i| format!(", {} ({})", i.id, i.name));
        let known: String = std::iter::once("cpu".to_string()).chain(listed).collect();
        return Err(ErrorKind::NoDevice {
            message: format!("{name:?}; there are: {known}"),
        }
        .into());
    };
    let mut info = infos[at].clone();
    if checked {
        info.id = info.id.replace("gpu", CHECKED);
    }
    Ok((adapters.swap_remove(at), info))
}

pub(crate) fn cpu_info() -> DeviceInfo {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    DeviceInfo {
        id: "cpu".into(),
        name: format!("CPU, {threads} threads"),
        kind: DeviceKind::Cpu,
        backend: "cpu".into(),
        driver: String::new(),
    }
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> DeviceInfo {
    let info = adapter.get_info();
    DeviceInfo {
        id: format!("gpu:{index}"),
        kind: gpu::kind(info.device_type),
        backend: info.backend.to_string(),
        driver: format!("{} {}", info.driver, info.driver_info)
            .trim()
            .into(),
        name: info.name,
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Default for Device {
    /// The best GPU, or the CPU where there is none or only a software one; `TILEWISE_DEVICE`
    /// overrides it.
    ///
    /// # Panics
    /// `TILEWISE_DEVICE` names no device that there is; [`Device::try_default`] returns the error.
    fn default() -> Self {
        match Self::try_default() {
            Ok(device) => device,
            Err(error) => panic!("{}", error.kind()),
        }
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
