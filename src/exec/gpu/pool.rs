//! Buffers, whole, reused by size class.
//!
//! A buffer keeps its name for as long as the driver holds it, so that bind groups made for it can be
//! used again. A buffer that is freed while the GPU still works on it may be given out at once:
//! whatever is submitted or written later comes after.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::error::ErrorKind;
use crate::exec::BufferId;
use crate::exec::cpu::size_class;
use crate::exec::options::DeviceOptions;
use crate::exec::stats::MemoryStats;

pub(super) struct Pool {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    /// The largest buffer in bytes. Every buffer is whole vec4s.
    largest: u64,
    /// Bytes that may be held from the driver.
    budget: u64,
    sentinels: bool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: BufferId,
    all: FxHashMap<BufferId, wgpu::Buffer>,
    /// By size. The lowest number is given out first, so that equal steps find equal buffers, and with
    /// them the bind groups made before.
    idle: FxHashMap<u64, BTreeSet<BufferId>>,
    memory: MemoryStats,
    made: u64,
    /// With sentinels: the words of each buffer in use that kernels may write.
    words: FxHashMap<BufferId, usize>,
}

impl Pool {
    pub(super) fn new(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        name: String,
        largest: u64,
        options: &DeviceOptions,
    ) -> Self {
        Self {
            device: device.clone(),
            queue: queue.clone(),
            name,
            largest: largest / 16 * 16,
            budget: options.memory_budget.unwrap_or(u64::MAX),
            sentinels: options.sentinels,
            inner: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        let guard = if self.sentinels { SENTINELS } else { 0 };
        // The last class is cut at what can be bound.
        let bytes = (4 * size_class(words + guard) as u64).min(self.largest);
        if 4 * words as u64 > bytes {
            return Err(ErrorKind::TooLarge {
                op: "alloc",
                bytes: 4 * words as u64,
                limit: self.largest,
                device: self.name.clone(),
            });
        }
        let id = match self.reuse(bytes) {
            Some(id) => id,
            None => self.create(bytes)?,
        };
        if self.sentinels {
            self.guard(id, words);
        }
        Ok(id)
    }

    fn reuse(&self, bytes: u64) -> Option<BufferId> {
        let mut inner = self.lock();
        let id = inner.idle.get_mut(&bytes)?.pop_first()?;
        inner.take(bytes);
        Some(id)
    }

    /// A new buffer, in use.
    fn create(&self, bytes: u64) -> Result<BufferId, ErrorKind> {
        let reserved = self.lock().memory.reserved;
        if reserved + bytes > self.budget {
            return Err(self.out_of_memory(format!(
                "{bytes} bytes more than the {reserved} held would exceed the budget of {}",
                self.budget
            )));
        }
        #[cfg(not(target_arch = "wasm32"))]
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        // On the web the answer comes later, to the device's handler.
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(self.out_of_memory(format!("{bytes} bytes asked for: {error}")));
        }
        let mut inner = self.lock();
        inner.next += 1;
        let id = inner.next;
        inner.made += 1;
        inner.memory.reserved += bytes;
        inner.all.insert(id, buffer);
        inner.take(bytes);
        Ok(id)
    }

    fn out_of_memory(&self, message: String) -> ErrorKind {
        ErrorKind::OutOfMemory {
            device: self.name.clone(),
            message,
        }
    }

    pub(super) fn free(&self, id: BufferId) {
        let mut inner = self.lock();
        let Some(bytes) = inner.all.get(&id).map(wgpu::Buffer::size) else {
            return;
        };
        inner.memory.in_use -= bytes;
        inner.words.remove(&id);
        inner.idle.entry(bytes).or_default().insert(id);
    }

    pub(super) fn get(&self, id: BufferId) -> wgpu::Buffer {
        self.lock().all[&id].clone()
    }

    pub(super) fn memory(&self) -> MemoryStats {
        self.lock().memory
    }

    pub(super) fn made(&self) -> u64 {
        self.lock().made
    }

    /// Drops the idle buffers and says which they were.
    pub(super) fn trim(&self) -> Vec<BufferId> {
        let mut inner = self.lock();
        let gone: Vec<BufferId> = inner.idle.drain().flat_map(|(_, ids)| ids).collect();
        for id in &gone {
            if let Some(buffer) = inner.all.remove(id) {
                inner.memory.reserved -= buffer.size();
            }
        }
        gone
    }
}

impl Inner {
    fn take(&mut self, bytes: u64) {
        self.memory.in_use += bytes;
        self.memory.peak = self.memory.peak.max(self.memory.in_use);
    }
}

/// Words beyond its content that a buffer has at least, with sentinels.
const SENTINELS: usize = 64;
/// What they hold; as a float, a NaN.
const SENTINEL: u32 = 0xfff1_a5c3;

/// Sentinels: every buffer is filled with a pattern when it is given out, and what lies beyond its
/// content must still hold the pattern after each kernel. The pattern is inside what kernels bind,
/// so that a stray write arrives there instead of being dropped by the driver.
impl Pool {
    fn guard(&self, id: BufferId, words: usize) {
        let buffer = self.get(id);
        let pattern = vec![SENTINEL; buffer.size() as usize / 4];
        self.queue
            .write_buffer(&buffer, 0, bytemuck::cast_slice(&pattern));
        // Kernels that store vec4s may store the whole of the last one.
        self.lock().words.insert(id, words.next_multiple_of(4));
    }

    /// An error if a kernel wrote beyond the content of one of the buffers.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn check_sentinels(
        &self,
        buffers: impl Iterator<Item = BufferId>,
        kernels: &[&str],
    ) -> Result<(), ErrorKind> {
        if !self.sentinels {
            return Ok(());
        }
        for id in buffers {
            let Some(words) = self.lock().words.get(&id).copied() else {
                continue;
            };
            let beyond = self.peek(&self.get(id), words);
            if let Some(at) = beyond.iter().position(|&w| w != SENTINEL) {
                let message = format!(
                    "{kernels:?} wrote {:#010x} at word {} of a buffer of {words}",
                    beyond[at],
                    words + at
                );
                let device = self.name.clone();
                return Err(ErrorKind::Gpu { device, message });
            }
        }
        Ok(())
    }

    /// The words of a buffer from one on.
    #[cfg(not(target_arch = "wasm32"))]
    fn peek(&self, buffer: &wgpu::Buffer, start: usize) -> Vec<u32> {
        let (from, bytes) = (4 * start as u64, buffer.size() - 4 * start as u64);
        if bytes == 0 {
            return vec![];
        }
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("sentinels"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(buffer, from, &staging, 0, bytes);
        self.queue.submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        // A device that fails here fails the next use as well, which tells.
        let polled = self.device.poll(wgpu::PollType::wait_indefinitely());
        match (polled, staging.slice(..).get_mapped_range()) {
            (Ok(_), Ok(view)) => bytemuck::pod_collect_to_vec(&view),
            _ => vec![],
        }
    }
}
