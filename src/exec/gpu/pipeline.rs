//! Pipelines, by the text of their shader.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::shader::{Binding, Shader};

/// Where generated shaders are written, if anywhere.
const DUMP: &str = "TILEWISE_DUMP_SHADERS";

/// A compiled shader with the layout of its storage buffers.
pub(super) struct Pipeline {
    pub(super) id: u64,
    pub(super) compute: wgpu::ComputePipeline,
    pub(super) storage: wgpu::BindGroupLayout,
}

/// Makes pipelines and keeps them.
pub(super) struct Compiler {
    device: wgpu::Device,
    /// The layout of the parameter block.
    params: wgpu::BindGroupLayout,
    made: Mutex<FxHashMap<String, Arc<Pipeline>>>,
    /// The number of the next pipeline.
    next: AtomicU64,
    dump: Option<std::path::PathBuf>,
}

impl Compiler {
    /// Shaders are written to `dump`, or to where the environment asks for.
    pub(super) fn new(device: wgpu::Device, dump: Option<std::path::PathBuf>) -> Self {
        let params = super::run::params_layout(&device);
        let dump = dump.or_else(|| std::env::var_os(DUMP).map(Into::into));
        Self {
            device,
            params,
            made: Mutex::default(),
            next: AtomicU64::new(0),
            dump,
        }
    }

    /// The pipeline of a shader, if it has been compiled.
    pub(super) fn find(&self, shader: &Shader) -> Option<Arc<Pipeline>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(&shader.text).cloned()
    }

    /// The pipeline of a shader.
    pub(super) fn get(&self, shader: &Shader) -> Arc<Pipeline> {
        if let Some(pipeline) = self.find(shader) {
            return pipeline;
        }
        let pipeline = self.compile(shader);
        self.keep(shader, pipeline)
    }

    /// As [`Compiler::get`], and nothing where the shader cannot be compiled: told to nobody.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn try_get(&self, shader: &Shader) -> Option<Arc<Pipeline>> {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [Internal, OutOfMemory, Validation].map(|f| self.device.push_error_scope(f));
        let pipeline = self.compile(shader);
        let mut failed = false;
        // The last one pushed goes first.
        for scope in scopes.into_iter().rev() {
            failed |= pollster::block_on(scope.pop()).is_some();
        }
        (!failed).then(|| self.keep(shader, pipeline))
    }

    fn keep(&self, shader: &Shader, pipeline: Pipeline) -> Arc<Pipeline> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been quicker.
        let kept = made.entry(shader.text.clone());
        kept.or_insert_with(|| Arc::new(pipeline)).clone()
    }

    fn compile(&self, shader: &Shader) -> Pipeline {
        if let Some(folder) = &self.dump {
            dump(folder, shader);
        }
        let module = self.module(shader);
        let entry = |(i, binding): (usize, &Binding)| wgpu::BindGroupLayoutEntry {
            binding: i as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage {
                    read_only: !binding.writable,
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let entries: Vec<_> = shader.bindings.iter().enumerate().map(entry).collect();
        let storage = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(shader.name),
                entries: &entries,
            });
        let (groups, immediate_size) = match shader.immediates {
            true => (vec![Some(&storage)], shader.block_bytes() as u32),
            false => (vec![Some(&storage), Some(&self.params)], 0),
        };
        let layout = self
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(shader.name),
                bind_group_layouts: &groups,
                immediate_size,
            });
        let compute = self
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(shader.name),
                layout: Some(&layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // Every kernel writes its workgroup memory before it reads it.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            });
        Pipeline {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            compute,
            storage,
        }
    }

    fn module(&self, shader: &Shader) -> wgpu::ShaderModule {
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl(shader.text.as_str().into()),
        };
        if cfg!(debug_assertions) {
            return self.device.create_shader_module(descriptor);
        }
        let checks = wgpu::ShaderRuntimeChecks {
            bounds_checks: false,
            force_loop_bounding: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        // SAFETY: a plan's layouts lie inside their storages, every loop of a kernel ends at a size,
        // and gathers check their indices. Debug builds, and so the tests, run the same shaders
        // with all checks, between sentinels.
        unsafe { self.device.create_shader_module_trusted(descriptor, checks) }
    }
}

/// The pipelines of a device: those that a run waits for, and those that it does not.
pub(super) struct Pipelines {
    compiler: Arc<Compiler>,
    #[cfg(not(target_arch = "wasm32"))]
    background: super::background::Background,
    /// Those that were waited for.
    count: AtomicU64,
}

impl Pipelines {
    pub(super) fn new(device: wgpu::Device, dump: Option<std::path::PathBuf>) -> Self {
        let compiler = Arc::new(Compiler::new(device, dump));
        Self {
            #[cfg(not(target_arch = "wasm32"))]
            background: super::background::Background::new(compiler.clone()),
            compiler,
            count: AtomicU64::new(0),
        }
    }

    /// Pipelines that a run waited for.
    pub(super) fn made(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Pipelines that came while others served.
    pub(super) fn made_behind(&self) -> u64 {
        #[cfg(not(target_arch = "wasm32"))]
        return self.background.compiled();
        #[cfg(target_arch = "wasm32")]
        0
    }

    /// The pipeline of a shader, if it has been compiled.
    pub(super) fn find(&self, shader: &Shader) -> Option<Arc<Pipeline>> {
        self.compiler.find(shader)
    }

    /// The pipeline of a shader.
    pub(super) fn get(&self, shader: &Shader) -> Arc<Pipeline> {
        self.compiler.get(shader)
    }

    /// As [`Pipelines::get`], and nothing where the shader cannot be compiled.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn try_get(&self, shader: &Shader) -> Option<Arc<Pipeline>> {
        self.compiler.try_get(shader)
    }

    /// Compiles shaders, several at a time.
    pub(super) fn compile(&self, shaders: &[Shader]) {
        self.count
            .fetch_add(shaders.len() as u64, Ordering::Relaxed);
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(shader) = shaders.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.compiler.get(shader);
            }
        };
        // Threads of its own: a pool's might take up other work of the caller, who holds a queue.
        #[cfg(not(target_arch = "wasm32"))]
        std::thread::scope(|scope| {
            let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
            for _ in 1..threads.min(shaders.len()) {
                scope.spawn(work);
            }
            work();
        });
        #[cfg(target_arch = "wasm32")]
        work();
    }

    /// Has a shader compiled while another serves.
    pub(super) fn ask(&self, shader: &Shader) {
        #[cfg(not(target_arch = "wasm32"))]
        self.background.ask(shader);
        #[cfg(target_arch = "wasm32")]
        let _ = shader;
    }

    /// Counts up when what was asked for may be there.
    pub(super) fn news(&self) -> u64 {
        #[cfg(not(target_arch = "wasm32"))]
        return self.background.done();
        #[cfg(target_arch = "wasm32")]
        0
    }
}

/// Writes a shader where its text can be read; a folder that cannot be written to is no reason to
/// stop.
fn dump(folder: &std::path::Path, shader: &Shader) {
    use std::hash::BuildHasher;
    let hash = rustc_hash::FxBuildHasher.hash_one(&shader.text);
    let file = folder.join(format!("{}-{hash:016x}.wgsl", shader.name));
    let written =
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, &shader.text));
    if let Err(error) = written {
        eprintln!("{DUMP}: {} cannot be written: {error}", file.display());
    }
}
