//! Choosing a device: what there is, by name, and the default.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Device, DeviceKind, DeviceOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::Executor;
#[cfg(not(target_arch = "wasm32"))]
use crate::exec::checked::Checked;
use crate::exec::cpu::Cpu;
use crate::exec::gpu::{self, Gpu};

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

impl DeviceInfo {
    pub(crate) fn cpu() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self {
            id: "cpu".into(),
            name: format!("CPU, {threads} threads"),
            kind: DeviceKind::Cpu,
            backend: "cpu".into(),
            driver: String::new(),
        }
    }

    /// Of the adapter of that number.
    fn gpu(number: usize, adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        Self {
            id: format!("gpu:{number}"),
            kind: gpu::kind(info.device_type),
            backend: info.backend.to_string(),
            driver: format!("{} {}", info.driver, info.driver_info)
                .trim()
                .into(),
            name: info.name,
        }
    }
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

/// The environment variable that chooses the default device.
const VARIABLE: &str = "TILEWISE_DEVICE";

/// What the ids of devices that check the GPU against the CPU start with.
const CHECKED: &str = "checked";

impl Device {
    /// The CPU executor.
    pub fn cpu() -> Self {
        static CPU: OnceLock<Device> = OnceLock::new();
        CPU.get_or_init(Self::new_cpu).clone()
    }

    /// A CPU executor of its own, with its own memory and counters.
    pub fn new_cpu() -> Self {
        Self::over(Arc::new(Cpu::default()), DeviceInfo::cpu())
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
        let gpus = adapters
            .iter()
            .enumerate()
            .map(|(i, a)| DeviceInfo::gpu(i, a));
        gpus.chain([DeviceInfo::cpu()]).collect()
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
        .map(|(i, a)| DeviceInfo::gpu(i, a))
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
