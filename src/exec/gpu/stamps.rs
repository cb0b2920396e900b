//! Times of kernels, stamped by the device.
//!
//! Each kernel gets a compute pass of its own, which writes the device's clock at its start and end:
//! the one place that every backend can stamp. Passes cost next to nothing beside a dispatch.

use std::sync::OnceLock;
use std::time::Instant;

#[cfg(not(target_arch = "wasm32"))]
use {
    super::program::Prepared,
    super::{Gpu, read},
    crate::error::ErrorKind,
    crate::exec::record::{Recorder, Stage},
    crate::exec::{BufferId, Nudge, Reading, Run},
    std::ops::Range,
    std::time::Duration,
};

/// Kernels that one set of stamps serves.
pub(super) const MOST: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

/// Bytes of the two stamps of a kernel.
const BYTES: u64 = 16;

/// The stamps of the kernels of one submission.
pub(super) struct Stamps {
    set: wgpu::QuerySet,
    kernels: u32,
    resolved: wgpu::Buffer,
    staging: wgpu::Buffer,
    /// When they were handed to the device.
    submitted: OnceLock<Instant>,
}

impl Stamps {
    pub(super) fn new(device: &wgpu::Device, kernels: usize) -> Self {
        let label = Some("stamps");
        let buffer = |usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label,
                size: BYTES * kernels as u64,
                usage,
                mapped_at_creation: false,
            })
        };
        use wgpu::BufferUsages as Usage;
        Self {
            set: device.create_query_set(&wgpu::QuerySetDescriptor {
                label,
                ty: wgpu::QueryType::Timestamp,
                count: 2 * kernels as u32,
            }),
            kernels: kernels as u32,
            resolved: buffer(Usage::QUERY_RESOLVE | Usage::COPY_SRC),
            staging: buffer(Usage::COPY_DST | Usage::MAP_READ),
            submitted: OnceLock::new(),
        }
    }

    /// What the pass of a kernel writes.
    pub(super) fn writes(&self, kernel: usize) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.set,
            beginning_of_pass_write_index: Some(2 * kernel as u32),
            end_of_pass_write_index: Some(2 * kernel as u32 + 1),
        }
    }

    /// Has all that was stamped brought to where it can be read, as the last thing of a submission.
    pub(super) fn collect(&self, encoder: &mut wgpu::CommandEncoder) {
        let bytes = BYTES * self.kernels as u64;
        encoder.resolve_query_set(&self.set, 0..2 * self.kernels, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, bytes);
        self.submitted.get_or_init(Instant::now);
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Gpu {
    /// Runs kernels of a plan and takes down when each ran: by the device's stamps, or, where it has
    /// none, by submitting each kernel alone and waiting for it.
    pub(super) fn run_timed(
        &self,
        run: Run<'_>,
        kernels: Range<usize>,
        recorder: &Recorder,
    ) -> Result<(), ErrorKind> {
        let Run {
            plan,
            slots,
            scalars,
            ..
        } = run;
        let program = recorder.span(Stage::Prepare, || self.program(plan));
        let prepared = &program.kernels;
        // What each of those computes.
        let mut at = 0;
        let computes = prepared.iter().map(|p| {
            at += p.kernels;
            at - p.kernels..at
        });
        let wanted = |(_, c): &(usize, Range<usize>)| kernels.contains(&c.start);
        let computes: Vec<_> = computes.enumerate().filter(wanted).collect();
        let Some(period) = self.stamp_period else {
            return computes.into_iter().try_for_each(|(number, kernels)| {
                recorder.kernels(plan, kernels, || {
                    self.run_prepared(&prepared[number..=number], None, slots, scalars, None)?;
                    self.wait()
                })
            });
        };
        for chunk in computes.chunks(MOST) {
            let stamps = Stamps::new(&self.device, chunk.len());
            let numbers = chunk[0].0..chunk[0].0 + chunk.len();
            self.run_prepared(&prepared[numbers], None, slots, scalars, Some(&stamps))?;
            let submitted = stamps.submitted.get().copied();
            let kernels = chunk.iter().map(|(_, kernels)| kernels.clone()).collect();
            let reading = self.read_stamps(stamps);
            recorder.stamped(plan, kernels, submitted, period, reading)?;
        }
        Ok(())
    }

    /// The time of one run of a kernel.
    pub(super) fn time_prepared(
        &self,
        prepared: &Prepared,
        slots: &[BufferId],
        scalars: &[u32],
    ) -> Result<Duration, ErrorKind> {
        let prepared = std::slice::from_ref(prepared);
        let Some(period) = self.stamp_period else {
            self.wait()?;
            let start = Instant::now();
            self.run_prepared(prepared, None, slots, scalars, None)?;
            self.wait()?;
            return Ok(start.elapsed());
        };
        let stamps = Stamps::new(&self.device, 1);
        self.run_prepared(prepared, None, slots, scalars, Some(&stamps))?;
        let words = self.read_stamps(stamps).wait()?;
        let ticks = |at: usize| words[at] as u64 | (words[at + 1] as u64) << 32;
        let nanoseconds = ticks(2).saturating_sub(ticks(0)) as f64 * period;
        Ok(Duration::from_nanos(nanoseconds as u64))
    }

    fn read_stamps(&self, stamps: Stamps) -> Reading {
        let bytes = stamps.staging.size();
        let mapped = read::mapped(stamps.staging, bytes, self.name.clone(), self.fault.clone());
        let future = async move { Ok(mapped.await?.0) };
        let (device, fault) = (self.device.clone(), self.fault.clone());
        Reading::new(future, move |nudge| {
            fault.poll(
                &device,
                match nudge {
                    Nudge::Look => wgpu::PollType::Poll,
                    Nudge::Block | Nudge::Wake => wgpu::PollType::wait_indefinitely(),
                },
            )
        })
    }
}
