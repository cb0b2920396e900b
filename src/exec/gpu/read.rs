//! Reading back through mapped staging buffers.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_intrusive::channel::shared::oneshot_channel;
use rustc_hash::FxHashMap;

use super::Gpu;
use super::fault::Fault;
use super::method;
use crate::error::ErrorKind;
use crate::exec::cpu::size_class;
use crate::exec::{BufferId, Nudge, Reading};

/// Words at the end of a staging buffer that hold the fault record.
const FAULT_WORDS: usize = 4;

/// The bytes of staging buffers that are kept to be used again.
const MOST_IDLE: u64 = 1 << 28;

/// Staging buffers of more bytes than this come in multiples of it, smaller ones by size class.
const LARGE: u64 = 1 << 16;

/// Staging buffers that wait to be used again.
#[derive(Default, Clone)]
pub(super) struct Staging(Arc<Mutex<Idle>>);

#[derive(Default)]
struct Idle {
    /// By size in bytes.
    buffers: FxHashMap<u64, Vec<wgpu::Buffer>>,
    bytes: u64,
}

impl Staging {
    fn take(&self, device: &wgpu::Device, bytes: u64) -> wgpu::Buffer {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(buffer) = idle.buffers.get_mut(&bytes).and_then(Vec::pop) {
            idle.bytes -= bytes;
            return buffer;
        }
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    /// Drops the idle buffers.
    pub(super) fn trim(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Idle::default();
    }

    fn put(&self, buffer: wgpu::Buffer) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.bytes + buffer.size() <= MOST_IDLE {
            idle.bytes += buffer.size();
            idle.buffers.entry(buffer.size()).or_default().push(buffer);
        }
    }
}

/// The size of the staging buffer for so many bytes.
fn class(bytes: u64) -> u64 {
    match bytes > LARGE {
        true => bytes.next_multiple_of(LARGE),
        false => 4 * size_class(bytes as usize / 4) as u64,
    }
}

impl Gpu {
    pub(super) fn start_read(&self, buffer: BufferId, start: usize, words: usize) -> Reading {
        let bytes = 4 * words as u64;
        let end = bytes + 4 * FAULT_WORDS as u64;
        let largest = self.device.limits().max_buffer_size / 4 * 4;
        let staging = self
            .staging
            .take(&self.device, class(end).min(largest).max(end));
        let source = self.pool.get(buffer);
        let faults = self.runner.fault_buffer();
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&source, 4 * start as u64, &staging, 0, bytes);
        encoder.copy_buffer_to_buffer(faults, 0, &staging, bytes, 4 * FAULT_WORDS as u64);
        let index = self.queue.submit([encoder.finish()]);

        let mapped = mapped(staging, end, self.name.clone(), self.fault.clone());
        let pool = self.staging.clone();
        let (queue, record_buffer) = (self.queue.clone(), faults.clone());
        let future = async move {
            let (mut all, staging) = mapped.await?;
            pool.put(staging);
            let record = all.split_off(words);
            match record[0] {
                0 => Ok(all),
                _ => {
                    // Told now: later reads start clean.
                    queue.write_buffer(&record_buffer, 0, &[0; 4 * FAULT_WORDS]);
                    let (axis, op) = method::of_word(record[3]);
                    Err(ErrorKind::Index {
                        op,
                        index: record[1] as i32 as i64,
                        axis,
                        size: record[2] as usize,
                    })
                }
            }
        };
        let (device, fault) = (self.device.clone(), self.fault.clone());
        Reading::new(future, move |nudge| match nudge {
            Nudge::Look => fault.poll(&device, wgpu::PollType::Poll),
            Nudge::Block => fault.poll(&device, wait_for(&index)),
            Nudge::Wake => {
                wake(&device, &fault, &index);
                Ok(())
            }
        })
    }
}

/// Maps the start of a staging buffer; gives its words, and the buffer once it is free again.
pub(super) fn mapped(
    staging: wgpu::Buffer,
    bytes: u64,
    name: String,
    fault: Arc<Fault>,
) -> impl Future<Output = Result<(Vec<u32>, wgpu::Buffer), ErrorKind>> + Send {
    let (sender, receiver) = oneshot_channel();
    staging
        .slice(..bytes)
        .map_async(wgpu::MapMode::Read, move |result| {
            // Nobody may be waiting any more.
            let _ = sender.send(result);
        });
    async move {
        let mapped = receiver.receive().await;
        fault.check()?;
        let lost = |message: String| ErrorKind::DeviceLost {
            device: name,
            message,
        };
        match mapped {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(lost(error.to_string())),
            None => return Err(lost("a read was given up".into())),
        }
        let words = match staging.slice(..bytes).get_mapped_range() {
            Ok(view) => bytemuck::pod_collect_to_vec(&view),
            Err(error) => return Err(lost(error.to_string())),
        };
        staging.unmap();
        Ok((words, staging))
    }
}

fn wait_for(index: &wgpu::SubmissionIndex) -> wgpu::PollType {
    wgpu::PollType::Wait {
        submission_index: Some(index.clone()),
        timeout: None,
    }
}

/// Sees to it that the read's future is woken: natively nothing polls the device by itself, so a
/// thread does until the submission is done. The web does so on its own.
fn wake(device: &wgpu::Device, fault: &Arc<Fault>, index: &wgpu::SubmissionIndex) {
    #[cfg(not(target_arch = "wasm32"))]
    {
        let (device, fault, poll) = (device.clone(), fault.clone(), wait_for(index));
        std::thread::spawn(move || {
            // A fault is told by the future, which is woken by it.
            let _ = fault.poll(&device, poll);
        });
    }
    #[cfg(target_arch = "wasm32")]
    let _ = (device, fault, index);
}
