//! What a device holds and what it has done.

/// Memory of a device, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Held by tensors and pending results.
    pub in_use: u64,
    /// The most that was ever in use.
    pub peak: u64,
    /// Held from the driver, with what waits to be used again.
    pub reserved: u64,
}

/// What a device has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Plans made: batches whose structure was new.
    pub plans: u64,
    /// Batches that ran a plan made before.
    pub plan_hits: u64,
    /// Shader pipelines compiled while a run, or a measurement, waited for them.
    pub pipelines: u64,
    /// Shader pipelines compiled by a thread while more general ones served.
    pub background_pipelines: u64,
    /// Kernels run.
    pub dispatches: u64,
    /// Command buffers submitted.
    pub submissions: u64,
    /// Bind groups created.
    pub bind_groups: u64,
    /// Buffers allocated from the driver.
    pub buffers: u64,
}
