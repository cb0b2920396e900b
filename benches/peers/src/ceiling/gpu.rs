//! The ceilings of an adapter, by two kernels in WGSL.

use std::time::{Duration, Instant};

use wgpu::util::DeviceExt;

use super::{ARRAYS, Ceiling, Copy, ROUNDS};
use crate::Result;

/// As in `ceiling.wgsl`.
const THREADS: usize = 64;
/// Operations of an invocation: 256 rounds of 32 vectors of 4, multiplied and added.
const FLOPS: f64 = 256.0 * 32.0 * 4.0 * 2.0;
/// Bytes of an element.
const VECTOR: usize = 16;
/// A measurement lasts about so long, since submitting takes its time too.
const LASTS: Duration = Duration::from_millis(50);

pub fn measure() -> Result<Ceiling> {
    let gpu = pollster::block_on(Gpu::open())?;
    let invocations = 1 << 16;
    let flops = FLOPS * invocations as f64 * gpu.rate("multiply_add", invocations)?;
    let mut copies = Vec::new();
    for array in ARRAYS {
        let most = gpu.device.limits().max_storage_buffer_binding_size;
        let array = array.min(usize::try_from(most)?);
        let rate = gpu.rate("copy", array / VECTOR)?;
        copies.push(Copy {
            array,
            bandwidth: 2.0 * array as f64 * rate,
        });
    }
    Ok(Ceiling { flops, copies })
}

struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    module: wgpu::ShaderModule,
}

impl Gpu {
    async fn open() -> Result<Self> {
        let instance = wgpu::Instance::default();
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await?;
        let descriptor = wgpu::DeviceDescriptor {
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&descriptor).await?;
        let module = device.create_shader_module(wgpu::include_wgsl!("ceiling.wgsl"));
        Ok(Self {
            device,
            queue,
            module,
        })
    }

    /// How often a second a kernel of so many invocations can run.
    fn rate(&self, kernel: &str, invocations: usize) -> Result<f64> {
        let pipeline = self
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: None,
                module: &self.module,
                entry_point: Some(kernel),
                compilation_options: Default::default(),
                cache: None,
            });
        let buffer = |value: f32| {
            let contents = vec![value; invocations * VECTOR / 4];
            self.device
                .create_buffer_init(&wgpu::util::BufferInitDescriptor {
                    label: None,
                    contents: bytemuck::cast_slice(&contents),
                    usage: wgpu::BufferUsages::STORAGE,
                })
        };
        let (source, result) = (buffer(0.5), buffer(0.0));
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[entry(0, &source), entry(1, &result)],
        });
        // Within the 65,535 of a dimension.
        let groups = invocations.div_ceil(THREADS);
        let wide = groups.min(1 << 15);
        let run = |times: usize| -> Result<f64> {
            let start = Instant::now();
            let mut encoder = self.device.create_command_encoder(&Default::default());
            for _ in 0..times {
                let mut pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(wide as u32, groups.div_ceil(wide) as u32, 1);
            }
            self.queue.submit([encoder.finish()]);
            self.device.poll(wgpu::PollType::wait_indefinitely())?;
            Ok(start.elapsed().as_secs_f64() / times as f64)
        };
        // Compiles, then finds how often to run.
        run(1)?;
        let once = run(1)?;
        let times = (LASTS.as_secs_f64() / once).clamp(1.0, 1000.0) as usize;
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            best = best.min(run(times)?);
        }
        Ok(1.0 / best)
    }
}

fn entry(binding: u32, buffer: &wgpu::Buffer) -> wgpu::BindGroupEntry<'_> {
    wgpu::BindGroupEntry {
        binding,
        resource: buffer.as_entire_binding(),
    }
}
