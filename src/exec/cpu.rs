//! The CPU executor: the reference for what every plan means.
//!
//! Plans are interpreted. A kernel is made ready once ([`kernel`], [`code`]); a body then runs over
//! blocks of elements whose registers stay in the first level of cache ([`block`], [`map`]),
//! reductions fold in lanes and combine pairwise ([`reduce`], [`fold`]), and products are left to a
//! SIMD library ([`matmul`]). Large work is cut into tasks for threads ([`tasks`]), always in the same
//! places.

pub(crate) mod block;
pub(crate) mod code;
mod fold;
pub(crate) mod kernel;
mod map;
pub(crate) mod matmul;
mod memory;
mod reduce;
mod space;
mod stream;
mod tasks;

pub(crate) use self::memory::size_class;
pub(crate) use self::space::Space;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use self::block::Faults;
use self::kernel::Prepared;
use self::memory::Pool;
use super::{BufferId, Counters, Executor, Limits, Memory, Reading};
use crate::error::ErrorKind;
use crate::plan::Plan;

/// The largest buffer, in bytes; offsets in kernels are 32-bit words on every device.
const MAX_BYTES: u64 = 1 << 34;
/// Plans kept ready to run.
const PREPARED: usize = 256;

#[derive(Default)]
pub(crate) struct Cpu {
    pool: Pool,
    /// The kernels of each plan, by its number.
    plans: Mutex<FxHashMap<u64, Arc<Vec<Prepared>>>>,
    kernels: AtomicU64,
}

impl Executor for Cpu {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn limits(&self) -> Limits {
        Limits {
            buffers: 16,
            bytes: MAX_BYTES,
            f16: true,
            by_line: false,
        }
    }

    fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        self.pool.alloc(words)
    }

    fn free(&self, buffer: BufferId) {
        self.pool.free(buffer);
    }

    fn write(&self, buffer: BufferId, words: &[u32]) -> Result<(), ErrorKind> {
        let mut memory = self.pool.take(buffer);
        memory[..words.len()].copy_from_slice(words);
        self.pool.put(buffer, memory);
        Ok(())
    }

    fn run(&self, plan: &Arc<Plan>, slots: &[BufferId], scalars: &[u32]) -> Result<(), ErrorKind> {
        let mut memory = self.pool.take_slots(plan.slots.iter().zip(slots));
        let faults = Faults::default();
        for (kernel, ready) in plan.kernels.iter().zip(&*self.prepared(plan)) {
            ready.run(kernel, &mut memory, scalars, &faults);
        }
        self.kernels
            .fetch_add(plan.kernels.len() as u64, Ordering::Relaxed);
        self.pool.put_slots(memory, slots);
        match faults.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    fn read(&self, buffer: BufferId, start: usize, words: usize) -> Reading {
        Reading::done(Ok(self.pool.get(buffer)[start..start + words].to_vec()))
    }

    fn synchronize(&self) -> Result<(), ErrorKind> {
        // Every run is done when it returns.
        Ok(())
    }

    fn memory(&self) -> Memory {
        self.pool.memory()
    }

    fn counters(&self) -> Counters {
        Counters {
            dispatches: self.kernels.load(Ordering::Relaxed),
            buffers: self.pool.made(),
            ..Counters::default()
        }
    }

    fn trim(&self) {
        self.pool.trim();
    }
}

impl Cpu {
    /// The kernels of a plan, made ready when it first runs.
    fn prepared(&self, plan: &Plan) -> Arc<Vec<Prepared>> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = plans.get(&plan.id) {
            return prepared.clone();
        }
        if plans.len() >= PREPARED {
            plans.clear();
        }
        let prepared = Arc::new(plan.kernels.iter().map(Prepared::new).collect());
        plans.entry(plan.id).or_insert(prepared).clone()
    }
}

/// The memory of a slot during a run: another holder's, or the plan's own.
pub(crate) enum SlotMemory {
    Shared(Arc<Vec<u32>>),
    Owned(Vec<u32>),
}

impl SlotMemory {
    pub(crate) fn words(&self) -> &[u32] {
        match self {
            Self::Shared(words) => words,
            Self::Owned(words) => words,
        }
    }
}
