//! The CPU executor: the reference for what every plan means.
//!
//! Plans are interpreted: a body runs over blocks of elements whose registers stay in the first
//! level of cache ([`block`]), reductions combine blocks pairwise ([`reduce`]), and products are
//! left to a SIMD library ([`matmul`]).

pub(crate) mod block;
mod matmul;
mod memory;
mod reduce;
mod space;

pub(crate) use self::memory::size_class;
pub(crate) use self::space::Space;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::block::{Computed, Faults, Inputs};
use self::memory::Pool;
#[cfg(not(target_arch = "wasm32"))]
use super::record::Recorder;
use super::{BufferId, Counters, Executor, Limits, Memory, Reading};
use crate::dtype::DType;
use crate::error::ErrorKind;
use crate::layout::Layout;
use crate::op::Inst;
use crate::plan::{Abilities, Core, Kernel, Matrix, Plan, RowGroups, Store};

/// The largest buffer, in bytes; offsets in kernels are 32-bit words on every device.
const MAX_BYTES: u64 = 1 << 34;

#[derive(Default)]
pub(crate) struct Cpu {
    pool: Pool,
    kernels: AtomicU64,
}

impl Executor for Cpu {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn limits(&self) -> Limits {
        Limits {
            abilities: Abilities {
                buffers: 16,
                rows: RowGroups::None,
            },
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
        self.run_plan(plan, slots, scalars, |_, kernel| kernel())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn run_recorded(
        &self,
        plan: &Arc<Plan>,
        slots: &[BufferId],
        scalars: &[u32],
        recorder: &Recorder,
    ) -> Result<(), ErrorKind> {
        self.run_plan(plan, slots, scalars, |number, kernel| {
            recorder.kernels(plan, number..number + 1, kernel)
        })
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
    /// Runs a plan, each of its kernels inside `around`, which gets the kernel's number.
    fn run_plan(
        &self,
        plan: &Plan,
        slots: &[BufferId],
        scalars: &[u32],
        around: impl Fn(usize, &mut dyn FnMut()),
    ) -> Result<(), ErrorKind> {
        let mut memory: Vec<SlotMemory> = plan
            .slots
            .iter()
            .zip(slots)
            .map(|(slot, &id)| match slot.written {
                false => SlotMemory::Shared(self.pool.get(id)),
                true => SlotMemory::Owned(self.pool.take(id)),
            })
            .collect();
        let faults = Faults::default();
        for (number, kernel) in plan.kernels.iter().enumerate() {
            around(number, &mut || {
                run_kernel(kernel, &mut memory, scalars, &faults);
            });
        }
        self.kernels
            .fetch_add(plan.kernels.len() as u64, Ordering::Relaxed);
        for (memory, &id) in memory.into_iter().zip(slots) {
            if let SlotMemory::Owned(words) = memory {
                self.pool.put(id, words);
            }
        }
        match faults.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
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

/// The output that a product can be computed in, before the body runs over it: a whole one of words
/// that are registers, which the body does not read.
fn direct(kernel: &Kernel) -> Option<usize> {
    let fits = |store: &Store| {
        let read = kernel
            .body
            .streams
            .iter()
            .any(|s| s.slot == Some(store.slot));
        store.dtype != DType::F16 && !read
    };
    let whole = kernel.stores.iter().all(|s| s.layout.is_identity());
    if whole {
        kernel.stores.iter().position(fits)
    } else {
        None
    }
}

/// Runs one kernel over the memory of its plan's slots.
pub(crate) fn run_kernel(
    kernel: &Kernel,
    memory: &mut [SlotMemory],
    scalars: &[u32],
    faults: &Faults,
) {
    // The outputs leave the slots while the rest is borrowed; each slot is stored to once.
    let mut outputs: Vec<Vec<u32>> = kernel
        .stores
        .iter()
        .map(|store| match &mut memory[store.slot] {
            SlotMemory::Owned(words) => std::mem::take(words),
            SlotMemory::Shared(_) => unreachable!("inputs are never stored to"),
        })
        .collect();
    let words;
    let core = match (&kernel.core, direct(kernel)) {
        (Core::Matmul { a, b, dtype, k, .. }, Some(output)) => {
            let operand = |m: &Matrix| (memory[m.slot].words(), m.layout.resolve(scalars));
            let size = kernel.shape.size();
            matmul::run(
                *dtype,
                operand(a),
                operand(b),
                *k,
                &mut outputs[output][..size],
            );
            Computed::Output(output)
        }
        _ => match run_core(kernel, memory, scalars, faults) {
            Some(computed) => {
                words = computed;
                Computed::Words(&words)
            }
            None => Computed::Nothing,
        },
    };
    // A product that is stored as it is needs no body.
    let bare = matches!(kernel.body.program.insts[..], [(Inst::Core, _)]);
    if !(bare && kernel.stores.len() == 1 && matches!(core, Computed::Output(_))) {
        let inputs = Inputs::bind(&kernel.body, &kernel.stores, memory, scalars);
        block::map(kernel, &inputs, core, &mut outputs, faults);
    }
    for (store, words) in kernel.stores.iter().zip(outputs) {
        memory[store.slot] = SlotMemory::Owned(words);
    }
}

/// What a kernel computes before its body, as registers.
pub(crate) fn run_core(
    kernel: &Kernel,
    memory: &[SlotMemory],
    scalars: &[u32],
    faults: &Faults,
) -> Option<Vec<u32>> {
    match &kernel.core {
        Core::Map => None,
        Core::Reduce {
            op,
            dtype,
            prologue,
            kept,
            reduced,
        } => {
            let inputs = Inputs::bind(prologue, &[], memory, scalars);
            Some(reduce::run(
                *op, *dtype, prologue, &inputs, kept, reduced, faults,
            ))
        }
        Core::Matmul { a, b, dtype, k, .. } => {
            let operand = |m: &Matrix| (memory[m.slot].words(), m.layout.resolve(scalars));
            let mut product = vec![0; kernel.shape.size()];
            matmul::run(*dtype, operand(a), operand(b), *k, &mut product);
            Some(product)
        }
    }
}

/// The product of two matrices of registers (see [`matmul`]).
pub(crate) fn product(
    dtype: DType,
    a: (&[u32], &Layout),
    b: (&[u32], &Layout),
    k: usize,
) -> Vec<u32> {
    let columns = b.1.dims().last().copied().unwrap_or(1);
    let mut product = vec![0; a.1.shape().size() / k * columns];
    matmul::run(
        dtype,
        (a.0, a.1.clone()),
        (b.0, b.1.clone()),
        k,
        &mut product,
    );
    product
}
