//! The GPU executor: plans as WGSL compute shaders through wgpu.
//!
//! A kernel becomes a shader ([`map`], [`reduce`], [`matmul`]) whose text is the key of its pipeline
//! ([`pipeline`]): it holds structure, dtypes and how each operand is walked, never sizes, which
//! travel in a parameter block ([`frame`]). A plan becomes a [`program`] once and is then only dispatched
//! ([`run`]). Buffers are reused by size class ([`pool`]).

#[cfg(not(target_arch = "wasm32"))]
mod background;
mod body;
mod codegen;
mod fault;
mod frame;
mod kernel;
mod map;
mod matmul;
mod method;
#[cfg(not(target_arch = "wasm32"))]
mod peak;
mod pipeline;
mod pool;
mod program;
mod quads;
mod read;
mod reduce;
mod rows;
mod run;
mod scan;
mod shader;
mod sort;
#[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "profiles block"))]
mod stamps;
mod template;
#[cfg(test)]
mod tests;
#[cfg(not(target_arch = "wasm32"))]
mod trial;
mod tune;
mod windows;
mod work;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use self::fault::Fault;
use self::matmul::cooperative::Fragments;
pub use self::matmul::{MatmulKernel, Tuning};
use self::pipeline::Pipelines;
use self::pool::Pool;
use self::read::Staging;
use self::run::Runner;
use self::shader::Target;
use super::options::{DeviceKind, DeviceOptions};
use super::stats::{Counters, MemoryStats};
use super::{BufferId, Executor, Limits, Reading, Run};
use crate::dtype::Bools;
use crate::error::{ErrorKind, Result};
use crate::plan::{Abilities, Plan, RowGroups};

/// Storage buffers that a kernel may need besides those of its plan: partial results of a reduction,
/// and the place where gathers report faults.
const OWN_BUFFERS: usize = 2;

pub(crate) struct Gpu {
    pub(super) device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    limits: Limits,
    pub(crate) options: DeviceOptions,
    target: Target,
    pool: Pool,
    pipelines: Pipelines,
    runner: Runner,
    staging: Staging,
    fault: Arc<Fault>,
    counts: Counts,
    /// Nanoseconds to a tick of the device's clock, if it can stamp what it runs.
    stamp_period: Option<f64>,
    /// The adapter and its driver, in a line.
    adapter: String,
    tuned: Mutex<Tuning>,
}

#[derive(Default)]
struct Counts {
    dispatches: AtomicU64,
    submissions: AtomicU64,
    bind_groups: AtomicU64,
}

/// The adapters there are, best first. Those of OpenGL count only where there is nothing else to
/// take.
pub(crate) async fn adapters() -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(descriptor);
    let mut adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    adapters.sort_by_key(|a| kind(a.get_info().device_type));
    adapters
}

pub(crate) fn kind(device: wgpu::DeviceType) -> DeviceKind {
    match device {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu,
        wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu,
        wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu,
        wgpu::DeviceType::Cpu => DeviceKind::SoftwareGpu,
        wgpu::DeviceType::Other => DeviceKind::OtherGpu,
    }
}

/// The lanes of a subgroup, if all subgroups have the same number and products have blocks for it.
fn lanes(info: &wgpu::AdapterInfo, features: wgpu::Features) -> Option<usize> {
    let lanes = info.subgroup_min_size as usize;
    let fixed = info.subgroup_min_size == info.subgroup_max_size && lanes.is_power_of_two();
    let known = features.contains(wgpu::Features::SUBGROUP) && fixed;
    (known && matmul::subgroup::LANES.contains(&lanes)).then_some(lanes)
}

/// Processors to cut long products for, which no interface tells: as many as larger GPUs of the kind have. A
/// number, and not the device's own, keeps the order of sums the same on all of them. Drivers that run
/// shaders on the CPU have work enough in one block a thread.
fn processors(device: wgpu::DeviceType) -> Option<usize> {
    match device {
        wgpu::DeviceType::Cpu => None,
        wgpu::DeviceType::DiscreteGpu | wgpu::DeviceType::VirtualGpu => Some(128),
        wgpu::DeviceType::IntegratedGpu | wgpu::DeviceType::Other => Some(32),
    }
}

/// What choices by measuring depend on: the adapter, its interface and its driver.
fn signature(info: &wgpu::AdapterInfo) -> String {
    let parts = [
        info.name.as_str(),
        &info.backend.to_string(),
        &info.driver,
        &info.driver_info,
    ];
    let words: Vec<&str> = parts.iter().flat_map(|p| p.split_whitespace()).collect();
    words.join(" ")
}

impl Gpu {
    pub(crate) async fn open(adapter: &wgpu::Adapter, options: DeviceOptions) -> Result<Self> {
        // The web lists no cooperative matrices, and a trial waits for its results.
        #[cfg(target_arch = "wasm32")]
        let fragments = None;
        #[cfg(not(target_arch = "wasm32"))]
        let fragments = trial::fragments(adapter, &options).await;
        Self::open_with(adapter, options, fragments).await
    }

    /// Opens the adapter; with cooperative matrices if a size of their fragments is given.
    async fn open_with(
        adapter: &wgpu::Adapter,
        options: DeviceOptions,
        fragments: Option<usize>,
    ) -> Result<Self> {
        let info = adapter.get_info();
        let offered = adapter.features();
        let mut wanted = if options.webgpu_limits {
            wgpu::Features::empty()
        } else {
            wgpu::Features::SHADER_F16
                | wgpu::Features::IMMEDIATES
                | wgpu::Features::SUBGROUP
                | wgpu::Features::TIMESTAMP_QUERY
        };
        let mut experimental = wgpu::ExperimentalFeatures::disabled();
        if fragments.is_some() {
            wanted |= wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX;
            // SAFETY: only texts of this crate reach the device. Those with cooperative matrices stay inside
            // their workgroup memory, bind pointers and strides by `let` and multiply in uniform control flow
            // alone, which wgpu's open defects ask for.
            experimental = unsafe { wgpu::ExperimentalFeatures::enabled() };
        }
        let features = offered & wanted;
        let asked = if options.webgpu_limits {
            wgpu::Limits::default()
        } else {
            adapter.limits()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("tilewise"),
            required_features: features,
            required_limits: asked,
            experimental_features: experimental,
            ..Default::default()
        };
        let (device, queue) =
            adapter
                .request_device(&descriptor)
                .await
                .map_err(|error| ErrorKind::NoDevice {
                    message: format!("{} cannot be opened: {error}", info.name),
                })?;
        let fault = Fault::watch(&device, &info.name);
        let bounds = device.limits();
        let software = info.device_type == wgpu::DeviceType::Cpu;
        // A binding of 2 GiB and more is beyond what Vulkan takes through wgpu.
        let bytes = bounds
            .max_storage_buffer_binding_size
            .min(bounds.max_buffer_size);
        let limits = Limits {
            abilities: Abilities {
                bools: Bools::Words,
                buffers: (bounds.max_storage_buffers_per_shader_stage as usize).min(18)
                    - OWN_BUFFERS,
                // Arithmetic is cheap beside memory, except where it is done by a processor.
                rows: match software {
                    true => RowGroups::Stored,
                    false => RowGroups::Computed,
                },
                packs_views: false,
                scatters_in_order: false,
            },
            bytes: bytes.min((1 << 31) - 4),
            f16: features.contains(wgpu::Features::SHADER_F16),
            stamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
            tunes: options.background_tuning,
            by_line: false,
        };
        let mut target = Target {
            group: if software {
                64
            } else {
                256.min(bounds.max_compute_invocations_per_workgroup as usize)
            },
            fill: if software { 8 } else { 1024 },
            busy: if software { 256 } else { 1 << 16 },
            software,
            processors: options.processors.or(processors(info.device_type)),
            workgroup_memory: bounds.max_compute_workgroup_storage_size as usize,
            invocations: bounds.max_compute_invocations_per_workgroup as usize,
            immediates: match options.uniform_params {
                true => 0,
                false => bounds.max_immediate_size as usize,
            },
            subgroup: lanes(&info, features),
            cooperative: None,
        };
        target.cooperative = fragments
            .filter(|_| limits.f16)
            .and_then(|size| Fragments::new(size, &target));
        let pool = Pool::new(&device, &queue, info.name.clone(), limits.bytes, &options);
        let stamp_period = limits.stamps.then(|| queue.get_timestamp_period() as f64);
        Ok(Self {
            stamp_period,
            adapter: signature(&info),
            tuned: Mutex::new(tune::start(&options)),
            pool,
            pipelines: Pipelines::new(device.clone(), options.dump.clone()),
            runner: Runner::new(&device, &bounds),
            staging: Staging::default(),
            name: info.name,
            device,
            queue,
            limits,
            options,
            target,
            fault,
            counts: Counts::default(),
        })
    }

    /// Lets wgpu call back and free what is no longer used; waits for a submission if one is given.
    fn poll(&self, wait: Option<wgpu::SubmissionIndex>) -> Result<(), ErrorKind> {
        let poll = match wait {
            Some(index) => wgpu::PollType::Wait {
                submission_index: Some(index),
                timeout: None,
            },
            None => wgpu::PollType::Poll,
        };
        self.fault.poll(&self.device, poll)
    }

    /// Waits until all that was submitted is done.
    #[cfg(not(target_arch = "wasm32"))]
    fn wait(&self) -> Result<(), ErrorKind> {
        self.fault
            .poll(&self.device, wgpu::PollType::wait_indefinitely())
    }
}

impl Executor for Gpu {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn limits(&self) -> Limits {
        self.limits.clone()
    }

    fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        self.fault.check()?;
        match self.pool.alloc(words) {
            // What waits to be used again may be what is missing.
            Err(ErrorKind::OutOfMemory { .. }) => {
                self.trim();
                #[cfg(not(target_arch = "wasm32"))]
                self.wait()?;
                self.pool.alloc(words)
            }
            done => done,
        }
    }

    fn free(&self, buffer: BufferId) {
        self.pool.free(buffer);
    }

    fn write(&self, buffer: BufferId, words: &[u32]) -> Result<(), ErrorKind> {
        self.fault.check()?;
        // Every recorded run has been submitted, so that this comes after all that reads the buffer.
        self.queue
            .write_buffer(&self.pool.get(buffer), 0, bytemuck::cast_slice(words));
        self.fault.check()
    }

    fn run(&self, run: Run<'_>) -> Result<(), ErrorKind> {
        self.fault.check()?;
        self.run_plan(run)?;
        self.fault.check()
    }

    fn read(&self, buffer: BufferId, start: usize, words: usize) -> Reading {
        match self.fault.check() {
            Ok(()) => self.start_read(buffer, start, words),
            Err(kind) => Reading::done(Err(kind)),
        }
    }

    fn synchronize(&self) -> Result<(), ErrorKind> {
        #[cfg(not(target_arch = "wasm32"))]
        {
            // A read of nothing brings the fault word and waits for all before it.
            let buffer = self.alloc(1)?;
            let done = self.read(buffer, 0, 1).wait();
            self.pool.free(buffer);
            done?;
        }
        self.fault.check()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn tune(&self, plan: &Plan, scalars: &[u32]) -> Result<(), ErrorKind> {
        self.tune_plan(plan, scalars)
    }

    fn tuning(&self) -> Tuning {
        self.tuned().clone()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn measure_flops(&self) -> Result<Option<f64>, ErrorKind> {
        self.time_arithmetic().map(Some)
    }

    fn memory(&self) -> MemoryStats {
        self.pool.memory()
    }

    fn counters(&self) -> Counters {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counters {
            dispatches: load(&self.counts.dispatches),
            pipelines: self.pipelines.made(),
            background_pipelines: self.pipelines.made_behind(),
            submissions: load(&self.counts.submissions),
            bind_groups: load(&self.counts.bind_groups),
            buffers: self.pool.made(),
            ..Counters::default()
        }
    }

    fn trim(&self) {
        let gone = self.pool.trim();
        self.runner.forget(&gone);
        self.staging.trim();
    }
}
