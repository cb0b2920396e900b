//! Pipelines, by the text of their shader.

use std::sync::atomic::{AtomicU64, Ordering};
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

pub(super) struct Pipelines {
    device: wgpu::Device,
    /// The layout of the parameter block.
    params: wgpu::BindGroupLayout,
    made: Mutex<FxHashMap<String, Arc<Pipeline>>>,
    count: AtomicU64,
    dump: Option<std::path::PathBuf>,
}

impl Pipelines {
    /// Shaders are written to `dump`, or to where the environment asks for.
    pub(super) fn new(device: wgpu::Device, dump: Option<std::path::PathBuf>) -> Self {
        let params = super::run::params_layout(&device);
        let dump = dump.or_else(|| std::env::var_os(DUMP).map(Into::into));
        Self {
            device,
            params,
            made: Mutex::default(),
            count: AtomicU64::new(0),
            dump,
        }
    }

    pub(super) fn made(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
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
        let id = self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(folder) = &self.dump {
            dump(folder, shader);
        }
        let pipeline = Arc::new(self.compile(shader, id));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(shader.text.clone()).or_insert(pipeline).clone()
    }

    fn compile(&self, shader: &Shader, id: u64) -> Pipeline {
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
            id,
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
