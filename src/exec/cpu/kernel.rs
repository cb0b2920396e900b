//! Kernels made ready to run.
//!
//! What follows from a kernel's structure alone is worked out once for a plan: the walks through its
//! operands, the places of its values, the way its core is computed.

use super::SlotMemory;
use super::block::{Faults, Inputs, Runner};
use super::code::Code;
use super::map::{Computed, Map, Part};
use super::matmul::Product;
use super::reduce::Reduce;
use super::rows::{Shares, Tile};
use super::scan::Scan;
use super::sort::Sort;
use super::workspace::Bytes;
use crate::dtype::DType;
use crate::op::Inst;
use crate::op::register::{register_size, words_of};
use crate::plan::{Core, Kernel, Store};

/// A kernel ready to run.
pub(crate) struct Prepared {
    core: Ready,
    /// The output that the core is computed in.
    direct: Option<usize>,
    /// What follows the core; `None` where it is stored as it is.
    map: Option<Map>,
}

/// The core of a kernel, ready to run.
enum Ready {
    Map,
    Reduce(Reduce),
    Scan(Scan),
    Sort(Sort),
    Matmul(Product),
}

impl Ready {
    fn new(core: &Core) -> Self {
        match core {
            Core::Map => Self::Map,
            Core::Reduce {
                op,
                dtype,
                prologue,
                kept,
                reduced,
            } => Self::Reduce(Reduce::new(*op, *dtype, prologue, kept, reduced)),
            Core::Scan {
                op,
                dtype,
                prologue,
                axis,
                shape,
            } => Self::Scan(Scan::new(*op, *dtype, prologue, *axis, shape)),
            Core::Sort {
                places,
                wanted,
                prologue,
                shape,
                ..
            } => Self::Sort(Sort::new(*places, *wanted, prologue, shape)),
            Core::Matmul { a, b, dtype, k, .. } => {
                Self::Matmul(Product::new(*dtype, &a.layout, &b.layout, *k))
            }
        }
    }

    /// Fills `out` with the core's results as registers.
    fn run(
        &self,
        core: &Core,
        memory: &[SlotMemory],
        scalars: &[u32],
        faults: &Faults,
        out: &mut [u8],
    ) {
        match (self, core) {
            (Self::Reduce(reduce), _) => {
                let inputs = Inputs::bind(&reduce.code, memory, scalars);
                reduce.run(&Runner::new(&reduce.code, &inputs, faults), out);
            }
            (Self::Scan(scan), _) => {
                let inputs = Inputs::bind(&scan.code, memory, scalars);
                scan.run(&Runner::new(&scan.code, &inputs, faults), out);
            }
            (Self::Sort(sort), _) => {
                let inputs = Inputs::bind(&sort.code, memory, scalars);
                let runner = Runner::new(&sort.code, &inputs, faults);
                sort.run(&runner, bytemuck::cast_slice_mut(out));
            }
            (Self::Matmul(product), Core::Matmul { a, b, .. }) => {
                let operand =
                    |m: &crate::plan::Matrix| (memory[m.slot].words(), m.layout.place(scalars));
                product.run(operand(a), operand(b), bytemuck::cast_slice_mut(out));
            }
            _ => {}
        }
    }
}

/// The output that a core can be computed in, before the body runs over it: a whole one whose elements
/// are registers like the core's, which the body does not read.
fn direct(kernel: &Kernel) -> Option<usize> {
    let fits = |store: &Store| {
        let mut streams = kernel.body.streams.iter();
        let alike = register_size(store.dtype) == core_size(kernel);
        store.dtype != DType::F16 && alike && !streams.any(|s| s.slot == Some(store.slot))
    };
    let whole = kernel.stores.iter().all(|s| s.layout.is_identity());
    match (&kernel.core, whole) {
        (Core::Map, _) | (_, false) => None,
        _ => kernel.stores.iter().position(fits),
    }
}

/// Bytes of a register of the core's result.
fn core_size(kernel: &Kernel) -> usize {
    let operation = kernel.core.operation();
    operation.map_or(4, |(_, dtype)| register_size(dtype))
}

impl Prepared {
    pub(crate) fn new(kernel: &Kernel, grouped: bool) -> Self {
        let direct = direct(kernel);
        // A core that is stored as it is needs no body.
        let bare = matches!(kernel.body.program.insts[..], [(Inst::Core, _)])
            && kernel.stores.len() == 1
            && direct.is_some();
        Self {
            core: Ready::new(&kernel.core),
            direct,
            map: (!bare).then(|| Map::new(kernel, direct, grouped)),
        }
    }

    /// Runs the kernel over the memory of its plan's slots.
    pub(crate) fn run(
        &self,
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
        let size = kernel.shape.size() * core_size(kernel);
        let mut words: Vec<u32> = Vec::new();
        let computed = match (&self.core, self.direct) {
            (Ready::Map, _) => Computed::Nothing,
            (core, Some(output)) => {
                let out = &mut bytemuck::cast_slice_mut(&mut outputs[output])[..size];
                core.run(&kernel.core, memory, scalars, faults, out);
                Computed::Output
            }
            (core, None) => {
                words.resize(size.div_ceil(4), 0);
                let registers = &mut bytemuck::cast_slice_mut(&mut words)[..size];
                core.run(&kernel.core, memory, scalars, faults, registers);
                Computed::Registers(registers)
            }
        };
        if let Some(map) = &self.map {
            let inputs = Inputs::bind(&map.code, memory, scalars);
            let runner = Runner::new(&map.code, &inputs, faults);
            map.run(&runner, computed, &mut outputs);
        }
        for (store, words) in kernel.stores.iter().zip(outputs) {
            memory[store.slot] = SlotMemory::Owned(words);
        }
    }
}

impl Prepared {
    /// Whether the kernel can be run for some rows of a group at a time.
    pub(super) fn has_rows(&self) -> bool {
        match &self.core {
            Ready::Map => true,
            Ready::Reduce(reduce) => reduce.has_rows(),
            Ready::Scan(_) | Ready::Sort(_) | Ready::Matmul(_) => false,
        }
    }

    /// The time that an element of a row takes, as [`Code::cost`](super::code::Code::cost).
    pub(super) fn cost(&self) -> usize {
        match (&self.core, &self.map) {
            (Ready::Reduce(reduce), _) => reduce.code.cost,
            (_, Some(map)) => map.code.cost,
            _ => 0,
        }
    }

    /// The slots that its bodies read.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> {
        let codes = self.codes().into_iter().flatten();
        codes.flat_map(|code| code.streams.iter().filter_map(|s| s.slot))
    }

    /// What computes its core's elements, and its body.
    fn codes(&self) -> [Option<&Code>; 2] {
        let core = match &self.core {
            Ready::Reduce(reduce) => Some(&reduce.code),
            _ => None,
        };
        [core, self.map.as_ref().map(|map| &map.code)]
    }

    /// Bytes of the registers that its bodies need.
    pub(super) fn registers(&self) -> usize {
        let codes = self.codes().into_iter().flatten();
        codes.map(Code::bytes).max().unwrap_or(0)
    }

    /// Steps that are taken for a tile of some elements, roughly.
    pub(super) fn steps(&self, elements: usize) -> usize {
        let codes = self.codes().into_iter().flatten();
        let steps = |code: &Code| elements.div_ceil(code.block) * (code.steps.len() + 1);
        codes.map(steps).sum()
    }

    /// Binds the kernel to the memory of a task of its group; what it reads of the slots in `near`
    /// is in the caches by then.
    pub(super) fn bind<'a>(
        &self,
        kernel: &Kernel,
        shares: &Shares<'_>,
        memory: &'a [SlotMemory],
        scalars: &[u32],
        near: impl Fn(usize) -> bool,
    ) -> Bound<'a> {
        let bind = |code| {
            let bytes = |slot| shares.bytes(slot, memory);
            let outputs = kernel.stores.iter().map(|s| shares.number(s.slot));
            Inputs::bind_to(code, scalars, bytes, outputs.collect(), &near)
        };
        let [core, map] = self.codes().map(|code| code.map(bind));
        Bound { core, map }
    }

    /// Runs the kernel for the rows of a tile.
    pub(super) fn run_tile<'m>(
        &'m self,
        bound: &'m Bound<'m>,
        tile: &mut Tile<'_, 'm, '_>,
        faults: &'m Faults,
    ) {
        let Tile {
            first, rows, at, ..
        } = *tile;
        let mut words: Vec<u32> = Vec::new();
        let (computed, width) = match (&self.core, &bound.core) {
            (Ready::Reduce(reduce), Some(inputs)) => {
                let runner = Runner::new(&reduce.code, inputs, faults);
                let size = reduce.result_size();
                let computed = match self.direct {
                    Some(store) => {
                        let output = inputs.outputs[store];
                        let own = std::mem::take(&mut tile.work.outputs[output]);
                        let results = &mut own[at * size..][..rows * size];
                        reduce.rows(&runner, tile.work, first, results);
                        tile.work.outputs[output] = own;
                        Computed::Output
                    }
                    None => {
                        words.resize((rows * size).div_ceil(4), 0);
                        let results = &mut bytemuck::cast_slice_mut(&mut words)[..rows * size];
                        reduce.rows(&runner, tile.work, first, results);
                        Computed::Registers(results)
                    }
                };
                (computed, 1)
            }
            _ => (Computed::Nothing, tile.columns),
        };
        if let (Some(map), Some(inputs)) = (&self.map, &bound.map) {
            let part = Part {
                first: first * width,
                len: rows * width,
                at: at * width,
            };
            let runner = Runner::new(&map.code, inputs, faults);
            map.part(&runner, tile.work, computed, part);
        }
    }
}

/// A kernel bound to the memory of a task of its group.
pub(super) struct Bound<'a> {
    core: Option<Inputs<'a>>,
    map: Option<Inputs<'a>>,
}

impl<'a> Bound<'a> {
    /// The streams that lie in order and are first read here, as [`Inputs::ahead`].
    pub(super) fn ahead(&self) -> impl Iterator<Item = (Bytes<'a>, isize, usize)> {
        let inputs = self.core.iter().chain(&self.map).take(1);
        inputs.flat_map(Inputs::ahead)
    }
}

/// Runs one kernel over the memory of its plan's slots.
pub(crate) fn run_kernel(
    kernel: &Kernel,
    memory: &mut [SlotMemory],
    scalars: &[u32],
    faults: &Faults,
) {
    Prepared::new(kernel, false).run(kernel, memory, scalars, faults);
}

/// What a kernel computes before its body, a word each; nothing, where the body is all.
pub(crate) fn run_core(
    kernel: &Kernel,
    memory: &[SlotMemory],
    scalars: &[u32],
    faults: &Faults,
) -> Vec<u32> {
    let Some((_, dtype)) = kernel.core.operation() else {
        return vec![];
    };
    let size = kernel.shape.size() * register_size(dtype);
    let mut out = vec![0u32; size.div_ceil(4)];
    let registers = &mut bytemuck::cast_slice_mut(&mut out)[..size];
    Ready::new(&kernel.core).run(&kernel.core, memory, scalars, faults, registers);
    words_of(dtype, registers).into_owned()
}
