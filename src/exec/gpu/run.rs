//! Running plans: from kernels to dispatches.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::Gpu;
use super::program::{Bindings, Prepared, Program};
use super::shader::{Binding, Bound, Dispatch, Shader};
use super::stamps::Stamps;
use super::work::Work;
use crate::error::ErrorKind;
use crate::exec::{BufferId, Executor, Run};
use crate::plan::Kernel;

/// The largest parameter block in bytes.
pub(super) const BLOCK_BYTES: u64 = 4096;
/// Submissions that may be under way at a time.
const IN_FLIGHT: usize = 3;
/// Programs kept.
const PROGRAMS: usize = 512;
/// Bind groups kept.
const BIND_GROUPS: usize = 8192;

/// What running needs from one plan to the next.
pub(super) struct Runner {
    align: usize,
    most_groups: usize,
    fault_buffer: wgpu::Buffer,
    state: Mutex<State>,
}

struct State {
    params: Params,
    /// By plan.
    programs: FxHashMap<u64, Arc<Program>>,
    bind_groups: FxHashMap<(u64, Vec<BufferId>), wgpu::BindGroup>,
    under_way: VecDeque<wgpu::SubmissionIndex>,
}

/// The uniform buffer that holds the parameter blocks of a run.
struct Params {
    buffer: wgpu::Buffer,
    group: wgpu::BindGroup,
}

pub(super) fn params_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("parameters"),
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: true,
                min_binding_size: None,
            },
            count: None,
        }],
    })
}

impl Params {
    fn new(device: &wgpu::Device, bytes: u64) -> Self {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("parameters"),
            size: bytes + BLOCK_BYTES,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("parameters"),
            layout: &params_layout(device),
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &buffer,
                    offset: 0,
                    size: wgpu::BufferSize::new(BLOCK_BYTES),
                }),
            }],
        });
        Self { buffer, group }
    }
}

impl Runner {
    pub(super) fn new(device: &wgpu::Device, limits: &wgpu::Limits) -> Self {
        let fault_buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("faults"),
            size: 16,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let state = State {
            params: Params::new(device, 1 << 16),
            programs: FxHashMap::default(),
            bind_groups: FxHashMap::default(),
            under_way: VecDeque::new(),
        };
        Self {
            align: limits.min_uniform_buffer_offset_alignment as usize,
            most_groups: limits.max_compute_workgroups_per_dimension as usize,
            fault_buffer,
            state: Mutex::new(state),
        }
    }

    /// Where gathers report.
    pub(super) fn fault_buffer(&self) -> &wgpu::Buffer {
        &self.fault_buffer
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program of a plan.
    pub(super) fn program(&self, plan: u64) -> Option<Arc<Program>> {
        self.lock().programs.get(&plan).cloned()
    }

    pub(super) fn keep(&self, plan: u64, program: Arc<Program>) {
        let mut state = self.lock();
        if state.programs.len() >= PROGRAMS {
            state.programs.clear();
        }
        state.programs.insert(plan, program);
    }

    /// Forgets the programs of plans: their next run looks again at what is decided.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn forget_plans(&self) {
        self.lock().programs.clear();
    }

    /// Forgets the bind groups of buffers that are gone.
    pub(super) fn forget(&self, gone: &[BufferId]) {
        let mut state = self.lock();
        state
            .bind_groups
            .retain(|(_, buffers), _| !buffers.iter().any(|b| gone.contains(b)));
        for program in state.programs.values() {
            *program.last() = None;
        }
    }
}

impl Gpu {
    pub(super) fn run_plan(&self, run: Run<'_>) -> Result<(), ErrorKind> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(recorder) = run.recorder {
            return self.run_timed(run, 0..run.plan.kernels.len(), recorder);
        }
        let program = self.program(run.plan);
        let kernels = &program.kernels;
        self.run_prepared(kernels, Some(&program), run.slots, run.scalars, None)
    }

    /// Runs one kernel of a plan without groups.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn run_kernel(&self, run: Run<'_>, kernel: usize) -> Result<(), ErrorKind> {
        match run.recorder {
            Some(recorder) => self.run_timed(run, kernel..kernel + 1, recorder)?,
            None => {
                let kernels = &self.program(run.plan).kernels[kernel..=kernel];
                self.run_prepared(kernels, None, run.slots, run.scalars, None)?;
            }
        }
        self.fault.check()
    }

    /// Runs a kernel that will not be run again.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn run_once(
        &self,
        kernel: &Kernel,
        slots: &[BufferId],
        scalars: &[u32],
    ) -> Result<(), ErrorKind> {
        let work = Work::of_kernel(kernel, &self.target, &|p, k| self.decided(p, k));
        let kernels = &self.prepare(&[work]).kernels;
        self.run_prepared(kernels, None, slots, scalars, None)?;
        self.fault.check()
    }

    /// Runs kernels, each stamped by the device where stamps are given; if they are a whole program,
    /// with the bind groups of its last run.
    pub(super) fn run_prepared(
        &self,
        prepared: &[Prepared],
        program: Option<&Program>,
        slots: &[BufferId],
        scalars: &[u32],
        stamps: Option<&Stamps>,
    ) -> Result<(), ErrorKind> {
        let mut scratch: Vec<Vec<BufferId>> = Vec::with_capacity(prepared.len());
        let allocated = prepared.iter().try_for_each(|kernel| {
            let Shader {
                bindings,
                scratch: words,
                ..
            } = &kernel.shader;
            let is_scratch = |b: &&Binding| matches!(b.bound, Bound::Scratch(_));
            let mut own = Vec::new();
            let all = (0..bindings.iter().filter(is_scratch).count()).try_for_each(|number| {
                // A kernel that needs none still binds some.
                let words = words.get(number).map_or(1, |&words| words.max(1));
                own.push(self.alloc(words)?);
                Ok(())
            });
            scratch.push(own);
            all
        });
        let result = match allocated {
            Err(kind) => Err(kind),
            Ok(()) => self.submit(prepared, program, slots, &scratch, scalars, stamps),
        };
        #[cfg(not(target_arch = "wasm32"))]
        let result = result.and_then(|()| {
            let names: Vec<&str> = prepared.iter().map(|p| p.shader.name).collect();
            let bound = slots.iter().chain(scratch.iter().flatten());
            self.pool.check_sentinels(bound.copied(), &names)
        });
        scratch
            .into_iter()
            .flatten()
            .for_each(|id| self.pool.free(id));
        result
    }

    fn submit(
        &self,
        prepared: &[Prepared],
        program: Option<&Program>,
        slots: &[BufferId],
        scratch: &[Vec<BufferId>],
        scalars: &[u32],
        stamps: Option<&Stamps>,
    ) -> Result<(), ErrorKind> {
        let runner = &self.runner;
        let mut state = runner.lock();
        let state = &mut *state;
        // All blocks of the run that go through the uniform buffer, each at an aligned offset.
        let mut blocks: Vec<u8> = Vec::new();
        let mut offsets = Vec::new();
        for kernel in prepared.iter().filter(|k| !k.shader.immediates) {
            for dispatch in &kernel.shader.dispatches {
                blocks.resize(blocks.len().next_multiple_of(runner.align), 0);
                offsets.push(blocks.len() as u32);
                write_block(dispatch, scalars, &mut blocks);
            }
        }
        if !blocks.is_empty() {
            if blocks.len() as u64 + BLOCK_BYTES > state.params.buffer.size() {
                let bytes = (blocks.len() as u64).next_power_of_two();
                state.params = Params::new(&self.device, bytes);
            }
            // A write comes after the last submission and before the next: blocks under way are safe.
            self.queue.write_buffer(&state.params.buffer, 0, &blocks);
        }

        let last = program.and_then(|program| program.last().take());
        let same = |last: &Bindings| last.slots == slots && last.scratch == scratch;
        let groups = match last.filter(same) {
            Some(last) => last.groups,
            None => {
                let group = |(kernel, scratch): (&Prepared, &Vec<BufferId>)| {
                    self.bind_group(state, kernel, slots, scratch)
                };
                prepared.iter().zip(scratch).map(group).collect()
            }
        };

        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut offsets = offsets.into_iter();
        let mut block = Vec::new();
        // One pass for all kernels, or a pass for each one that is stamped.
        let together = match stamps {
            Some(_) => 1,
            None => prepared.len().max(1),
        };
        let passes = prepared.chunks(together).zip(groups.chunks(together));
        for (number, (kernels, groups)) in passes.enumerate() {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: None,
                timestamp_writes: stamps.map(|stamps| stamps.writes(number)),
            });
            for (kernel, group) in kernels.iter().zip(groups) {
                let dispatches = kernel.shader.dispatches.len() as u64;
                self.counts
                    .dispatches
                    .fetch_add(dispatches, Ordering::Relaxed);
                pass.set_pipeline(&kernel.pipeline.compute);
                pass.set_bind_group(0, group, &[]);
                for dispatch in &kernel.shader.dispatches {
                    if kernel.shader.immediates {
                        block.clear();
                        write_block(dispatch, scalars, &mut block);
                        // The shader declares whole vectors, and all of them must be set.
                        block.resize(kernel.shader.block_bytes(), 0);
                        pass.set_immediates(0, &block);
                    } else if let Some(offset) = offsets.next() {
                        pass.set_bind_group(1, &state.params.group, &[offset]);
                    }
                    let x = dispatch.groups.min(runner.most_groups);
                    let y = dispatch.groups.div_ceil(x);
                    pass.dispatch_workgroups(x as u32, y as u32, dispatch.slices as u32);
                }
            }
        }
        if let Some(stamps) = stamps {
            stamps.collect(&mut encoder);
        }
        if let Some(program) = program {
            *program.last() = Some(Bindings {
                slots: slots.to_vec(),
                scratch: scratch.to_vec(),
                groups,
            });
        }
        let index = self.queue.submit([encoder.finish()]);
        self.counts.submissions.fetch_add(1, Ordering::Relaxed);
        state.under_way.push_back(index);
        let oldest = match state.under_way.len() > IN_FLIGHT && cfg!(not(target_arch = "wasm32")) {
            true => state.under_way.pop_front(),
            false => None,
        };
        self.poll(oldest)
    }

    fn bind_group(
        &self,
        state: &mut State,
        kernel: &Prepared,
        slots: &[BufferId],
        scratch: &[BufferId],
    ) -> wgpu::BindGroup {
        let name = |bound: &Bound| match bound {
            Bound::Slot(slot) => slots[*slot],
            Bound::Scratch(n) => scratch[*n],
            Bound::Fault => 0,
        };
        let buffers: Vec<BufferId> = kernel
            .shader
            .bindings
            .iter()
            .map(|b| name(&b.bound))
            .collect();
        let key = (kernel.pipeline.id, buffers);
        if let Some(group) = state.bind_groups.get(&key) {
            return group.clone();
        }
        let bound: Vec<wgpu::Buffer> = kernel
            .shader
            .bindings
            .iter()
            .zip(&key.1)
            .map(|(b, &id)| match b.bound {
                Bound::Fault => self.runner.fault_buffer.clone(),
                _ => self.pool.get(id),
            })
            .collect();
        let entries: Vec<wgpu::BindGroupEntry<'_>> = bound
            .iter()
            .enumerate()
            .map(|(i, buffer)| wgpu::BindGroupEntry {
                binding: i as u32,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        self.counts.bind_groups.fetch_add(1, Ordering::Relaxed);
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.shader.name),
            layout: &kernel.pipeline.storage,
            entries: &entries,
        });
        if state.bind_groups.len() >= BIND_GROUPS {
            state.bind_groups.clear();
        }
        state.bind_groups.insert(key, group.clone());
        group
    }
}

fn write_block(dispatch: &Dispatch, scalars: &[u32], block: &mut Vec<u8>) {
    let start = block.len();
    block.extend_from_slice(bytemuck::cast_slice(&dispatch.words));
    for &(word, scalar) in &dispatch.scalars {
        block[start + 4 * word..][..4].copy_from_slice(&scalars[scalar].to_ne_bytes());
    }
}
