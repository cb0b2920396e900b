//! The checked executor: the GPU, with each kernel's results compared with the CPU's.
//!
//! A plan runs kernel by kernel. The CPU executor runs the same kernel on what the GPU read, and
//! every element that the GPU wrote must be as close to the CPU's as the operations allow
//! ([`bound`]). Where one is not, the kernel is taken apart: each of its registers is computed by a
//! kernel of its own ([`blame`]), and the first that differs names the operation.

mod blame;
mod bound;
mod compare;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cpu::SlotMemory;
use super::cpu::block::Faults;
use super::cpu::kernel::run_kernel;
use super::gpu::{Gpu, Tuning};
use super::stats::{Counters, MemoryStats};
use super::{BufferId, Executor, Limits, Reading, Run};
use crate::dtype::{Bools, DType};
use crate::error::ErrorKind;
use crate::plan::{Kernel, Plan, RowGroups, Store};

pub(crate) struct Checked {
    gpu: Gpu,
    /// An index out of range that was met while a plan ran: told by the next read, as the GPU does.
    fault: Mutex<Option<ErrorKind>>,
}

/// What the slots of a plan hold, as far as it has been looked at.
type Contents = Vec<Option<Arc<Vec<u32>>>>;

impl Checked {
    pub(crate) fn new(gpu: Gpu) -> Self {
        Self {
            gpu,
            fault: Mutex::default(),
        }
    }

    fn read_slot(&self, plan: &Plan, slot: usize, buffer: BufferId) -> Words {
        self.read_now(buffer, plan.slots[slot].words).map(Arc::new)
    }

    fn read_now(&self, buffer: BufferId, words: usize) -> Result<Vec<u32>, ErrorKind> {
        match self.gpu.read(buffer, 0, words).wait() {
            // The GPU tells it once.
            Err(fault @ ErrorKind::Index { .. }) => {
                self.lock().get_or_insert(fault);
                self.gpu.read(buffer, 0, words).wait()
            }
            done => done,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ErrorKind>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a kernel on both; `contents` is what the slots held before and hold afterwards.
    fn run_kernel(
        &self,
        run: Run<'_>,
        number: usize,
        contents: &mut Contents,
    ) -> Result<(), ErrorKind> {
        let Run {
            plan,
            slots,
            scalars,
            ..
        } = run;
        let kernel = &plan.kernels[number];
        for slot in kernel.slots() {
            if contents[slot].is_none() {
                contents[slot] = Some(self.read_slot(plan, slot, slots[slot])?);
            }
        }
        let before = contents.clone();
        self.gpu.run_kernel(run, number)?;
        for store in &kernel.stores {
            let slot = store.slot;
            contents[slot] = Some(self.read_slot(plan, slot, slots[slot])?);
        }
        let mut memory = memory(kernel, &before);
        let bounds = bound::kernel(kernel, &memory, scalars);
        run_kernel(kernel, &mut memory, scalars, &Faults::default());
        for (store, bounds) in kernel.stores.iter().zip(&bounds) {
            let Some(found) = &contents[store.slot] else {
                continue;
            };
            let wanted = wanted(store, &memory, found.len());
            if let Some(difference) = compare::store(store, found, &wanted, bounds) {
                return Err(self.blame(kernel, &before, scalars, &difference));
            }
        }
        Ok(())
    }
}

type Words = Result<Arc<Vec<u32>>, ErrorKind>;

/// What the CPU stored, as that many words of the GPU's memory.
fn wanted<'m>(store: &Store, memory: &'m [SlotMemory], words: usize) -> Cow<'m, [u32]> {
    Bools::Words.store(memory[store.slot].words(), words, store.dtype)
}

/// The memory that the CPU runs a kernel on.
fn memory(kernel: &Kernel, contents: &Contents) -> Vec<SlotMemory> {
    let written = |slot: usize| kernel.stores.iter().any(|s| s.slot == slot);
    let bools = kernel.slots_of(DType::Bool);
    let memory = |(slot, content): (usize, &Option<Arc<Vec<u32>>>)| match content {
        Some(words) if bools.contains(&slot) => {
            let len = words.len();
            SlotMemory::Owned(Bools::Words.load(words.to_vec(), len, DType::Bool))
        }
        Some(words) if written(slot) => SlotMemory::Owned(words.to_vec()),
        Some(words) => SlotMemory::Shared(words.clone()),
        None => SlotMemory::Owned(vec![]),
    };
    contents.iter().enumerate().map(memory).collect()
}

impl Executor for Checked {
    fn name(&self) -> String {
        self.gpu.name()
    }

    fn limits(&self) -> Limits {
        let mut limits = self.gpu.limits();
        limits.by_line = true;
        // Each kernel's results are looked at before the next one runs.
        limits.abilities.rows = RowGroups::None;
        limits
    }

    fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        self.gpu.alloc(words)
    }

    fn free(&self, buffer: BufferId) {
        self.gpu.free(buffer);
    }

    fn write(&self, buffer: BufferId, words: &[u32]) -> Result<(), ErrorKind> {
        self.gpu.write(buffer, words)
    }

    /// Times that are taken down are the GPU's; between its kernels the CPU runs and compares.
    fn run(&self, run: Run<'_>) -> Result<(), ErrorKind> {
        let mut contents = vec![None; run.slots.len()];
        let mut kernels = 0..run.plan.kernels.len();
        kernels.try_for_each(|kernel| self.run_kernel(run, kernel, &mut contents))
    }

    fn read(&self, buffer: BufferId, start: usize, words: usize) -> Reading {
        match self.lock().take() {
            Some(fault) => Reading::done(Err(fault)),
            None => self.gpu.read(buffer, start, words),
        }
    }

    fn synchronize(&self) -> Result<(), ErrorKind> {
        match self.lock().take() {
            Some(fault) => Err(fault),
            None => self.gpu.synchronize(),
        }
    }

    fn tune(&self, plan: &Plan, scalars: &[u32]) -> Result<(), ErrorKind> {
        self.gpu.tune(plan, scalars)
    }

    fn tuning(&self) -> Tuning {
        self.gpu.tuning()
    }

    fn measure_flops(&self) -> Result<Option<f64>, ErrorKind> {
        self.gpu.measure_flops()
    }

    fn memory(&self) -> MemoryStats {
        self.gpu.memory()
    }

    fn counters(&self) -> Counters {
        self.gpu.counters()
    }

    fn trim(&self) {
        self.gpu.trim();
    }
}
