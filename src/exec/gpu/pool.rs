//! Buffers, whole, reused by size class.
//!
//! A buffer keeps its name for as long as the driver holds it, so that bind groups made for it can be
//! used again. A buffer that is freed while the GPU still works on it may be given out at once:
//! whatever is submitted or written later comes after.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::fault::Fault;
use crate::error::ErrorKind;
use crate::exec::cpu::size_class;
use crate::exec::{BufferId, Memory};

pub(super) struct Pool {
    device: wgpu::Device,
    name: String,
    fault: Arc<Fault>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: BufferId,
    all: FxHashMap<BufferId, wgpu::Buffer>,
    idle: FxHashMap<u64, Vec<BufferId>>,
    memory: Memory,
    made: u64,
}

impl Pool {
    pub(super) fn new(device: wgpu::Device, name: String, fault: Arc<Fault>) -> Self {
        Self {
            device,
            name,
            fault,
            inner: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        let limit = self.device.limits().max_storage_buffer_binding_size;
        // The last class is cut at what can be bound.
        let bytes = (4 * size_class(words) as u64).min(limit / 4 * 4);
        if 4 * words as u64 > bytes {
            let device = self.name.clone();
            return Err(ErrorKind::TooLarge {
                op: "alloc",
                bytes: 4 * words as u64,
                limit,
                device,
            });
        }
        if let Some(id) = self.reuse(bytes) {
            return Ok(id);
        }
        let buffer = match self.create(bytes) {
            Ok(buffer) => buffer,
            // What waits to be used again may be what is missing.
            Err(ErrorKind::OutOfMemory { .. }) => {
                self.trim();
                self.fault
                    .poll(&self.device, wgpu::PollType::wait_indefinitely())?;
                self.create(bytes)?
            }
            Err(other) => return Err(other),
        };
        let mut inner = self.lock();
        inner.next += 1;
        let id = inner.next;
        inner.made += 1;
        inner.memory.reserved += bytes;
        inner.all.insert(id, buffer);
        inner.take(bytes);
        Ok(id)
    }

    fn reuse(&self, bytes: u64) -> Option<BufferId> {
        let mut inner = self.lock();
        let id = inner.idle.get_mut(&bytes)?.pop()?;
        inner.take(bytes);
        Some(id)
    }

    fn create(&self, bytes: u64) -> Result<wgpu::Buffer, ErrorKind> {
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.fault.check()?;
        Ok(buffer)
    }

    pub(super) fn free(&self, id: BufferId) {
        let mut inner = self.lock();
        let Some(bytes) = inner.all.get(&id).map(wgpu::Buffer::size) else {
            return;
        };
        inner.memory.in_use -= bytes;
        inner.idle.entry(bytes).or_default().push(id);
    }

    pub(super) fn get(&self, id: BufferId) -> wgpu::Buffer {
        self.lock().all[&id].clone()
    }

    pub(super) fn memory(&self) -> Memory {
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
