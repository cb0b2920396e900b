//! The CPU executor: the reference for what every plan means.
//!
//! Plans are interpreted. A kernel is made ready once ([`kernel`], [`code`]); a body then runs over
//! blocks of elements whose registers stay in the first level of cache ([`block`], [`map`]),
//! reductions fold in lanes and combine pairwise ([`reduce`], [`fold`]), scans go by spans ([`scan`]), sorts by digits ([`sort`]), and products are left to a
//! SIMD library ([`matmul`]). Groups of kernels run over some rows at a time ([`rows`]). Large work is cut into tasks for threads ([`tasks`]), always in the same
//! places.

pub(crate) mod block;
pub(crate) mod code;
mod fold;
pub(crate) mod kernel;
mod map;
pub(crate) mod matmul;
mod memory;
pub(crate) mod pages;
mod places;
mod reduce;
mod rows;
mod scan;
mod scatter;
mod sort;
mod space;
mod stream;
mod tasks;
mod threads;
mod workspace;

pub(crate) use self::memory::size_class;
pub(crate) use self::space::Space;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use self::block::Faults;
use self::kernel::Prepared;
use self::memory::Pool;
use self::rows::Tiles;
#[cfg(not(target_arch = "wasm32"))]
use super::record::Stage;
use super::stats::{Counters, MemoryStats};
use super::{BufferId, Executor, Limits, Reading, Run};
use crate::dtype::Bools;
use crate::error::ErrorKind;
use crate::plan::{Abilities, Group, Plan, RowGroups};

/// The largest buffer, in bytes; offsets in kernels are 32-bit words on every device.
const MAX_BYTES: u64 = 1 << 34;
/// Plans kept ready to run.
const PREPARED: usize = 256;

pub(crate) struct Cpu {
    abilities: Abilities,
    pool: Pool,
    /// The kernels of each plan, by its number.
    plans: Mutex<FxHashMap<u64, Arc<Ready>>>,
    kernels: AtomicU64,
}

/// A plan ready to run.
struct Ready(Vec<Part>);

/// Kernels of a plan, ready to run: those of a group, or one.
struct Part {
    kernels: Range<usize>,
    ready: Vec<Prepared>,
    /// What the group runs by, unless it runs kernel by kernel.
    tiles: Option<Tiles>,
}

impl Ready {
    fn new(plan: &Plan, abilities: Abilities) -> Self {
        debug_assert!(
            plan.kernels
                .iter()
                .all(|k| k.slots().len() <= abilities.buffers),
            "a kernel binds more buffers than there may be"
        );
        let part = |(kernels, group): (Range<usize>, Option<&Group>)| {
            let prepare = |grouped| -> Vec<Prepared> {
                let kernels = plan.kernels[kernels.clone()].iter();
                kernels.map(|k| Prepared::new(k, grouped)).collect()
            };
            let rows = group.and_then(|group| {
                let ready = prepare(true);
                Tiles::new(plan, group, &ready).map(|tiles| (ready, Some(tiles)))
            });
            let (ready, tiles) = rows.unwrap_or_else(|| (prepare(false), None));
            Part {
                kernels,
                ready,
                tiles,
            }
        };
        Self(plan.parts().map(part).collect())
    }

    /// Runs the plan; each kernel, or group that runs as one, inside `around`, which gets its numbers.
    fn run(
        &self,
        plan: &Plan,
        memory: &mut [SlotMemory],
        scalars: &[u32],
        faults: &Faults,
        around: impl Fn(Range<usize>, &mut dyn FnMut()),
    ) {
        for part in &self.0 {
            let kernels = &plan.kernels[part.kernels.clone()];
            if let Some(tiles) = &part.tiles {
                around(part.kernels.clone(), &mut || {
                    tiles.run(kernels, &part.ready, memory, scalars, faults);
                });
                continue;
            }
            for ((at, kernel), ready) in part.kernels.clone().zip(kernels).zip(&part.ready) {
                around(at..at + 1, &mut || {
                    ready.run(kernel, memory, scalars, faults)
                });
            }
        }
    }
}

impl Executor for Cpu {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn limits(&self) -> Limits {
        Limits {
            abilities: self.abilities,
            bytes: MAX_BYTES,
            f16: true,
            stamps: false,
            tunes: false,
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

    fn run(&self, run: Run<'_>) -> Result<(), ErrorKind> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(recorder) = run.recorder {
            let ready = recorder.span(Stage::Prepare, || self.ready(run.plan));
            let around =
                |kernels, work: &mut dyn FnMut()| recorder.kernels(run.plan, kernels, work);
            return self.run_ready(&ready, run, around);
        }
        self.run_ready(&self.ready(run.plan), run, |_, work| work())
    }

    fn read(&self, buffer: BufferId, start: usize, words: usize) -> Reading {
        let memory = self.pool.get(buffer);
        Reading::done(Ok(pages::copy(&memory[start..start + words])))
    }

    fn synchronize(&self) -> Result<(), ErrorKind> {
        // Every run is done when it returns.
        Ok(())
    }

    fn memory(&self) -> MemoryStats {
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

impl Default for Cpu {
    fn default() -> Self {
        Self::new(Abilities {
            buffers: 16,
            bools: Bools::Bytes,
            rows: RowGroups::Stored,
            packs_views: true,
            scatters_in_order: true,
        })
    }
}

impl Cpu {
    /// An executor with the abilities of another, but for its own memory: its plans are those that the
    /// other would get.
    pub(crate) fn new(abilities: Abilities) -> Self {
        Self {
            abilities: Abilities {
                bools: Bools::Bytes,
                ..abilities
            },
            pool: Pool::default(),
            plans: Mutex::default(),
            kernels: AtomicU64::default(),
        }
    }

    /// Runs a plan over the memory of its slots, its kernels inside `around` (see [`Ready::run`]).
    fn run_ready(
        &self,
        ready: &Ready,
        run: Run<'_>,
        around: impl Fn(Range<usize>, &mut dyn FnMut()),
    ) -> Result<(), ErrorKind> {
        let mut memory = self.pool.take_slots(run.plan.slots.iter().zip(run.slots));
        let faults = Faults::default();
        ready.run(run.plan, &mut memory, run.scalars, &faults, around);
        self.kernels
            .fetch_add(run.plan.kernels.len() as u64, Ordering::Relaxed);
        self.pool.put_slots(memory, run.slots);
        match faults.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// A plan, made ready when it first runs.
    fn ready(&self, plan: &Plan) -> Arc<Ready> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = plans.get(&plan.id) {
            return ready.clone();
        }
        if plans.len() >= PREPARED {
            plans.clear();
        }
        let ready = Arc::new(Ready::new(plan, self.abilities));
        plans.entry(plan.id).or_insert(ready).clone()
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

    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self.words())
    }
}
