//! Plans for people.

use std::fmt::Write;

use super::{Core, Extent, Kernel, Matrix, Plan, Store};
use crate::dtype::Bools;
use crate::op::Body;
use crate::op::program::Stream;
use crate::shape::Shape;

impl Plan {
    /// A line per kernel: what it computes, the operations fused in it, bytes and arithmetic. A
    /// bracket holds those that may run row by row.
    pub(crate) fn explain(&self) -> String {
        let mut text = String::new();
        let (mut bytes, mut flops) = (0, 0);
        for (i, kernel) in self.kernels.iter().enumerate() {
            let mark = match self.groups.iter().find(|g| g.kernels.contains(&i)) {
                Some(group) if group.kernels.start == i => '┌',
                Some(group) if group.kernels.end == i + 1 => '└',
                Some(_) => '│',
                None => ' ',
            };
            let (b, f) = (kernel.bytes(self.bools), kernel.flops());
            let place = kernel
                .ops
                .last()
                .map_or(String::new(), |note| note.at.to_string());
            let _ = writeln!(
                text,
                "{i:>3} {mark} {:<6}  {:<16}  {:<40}  {:>10} B  {:>12} flop  {place}",
                kernel.kind(),
                kernel.shape.to_string(),
                kernel.operations(),
                b,
                f,
            );
            bytes += b;
            flops += f;
        }
        let _ = writeln!(
            text,
            "{} kernels, {} buffers, {bytes} bytes moved, {flops} flop",
            self.kernels.len(),
            self.slots.len(),
        );
        text
    }
}

/// What a kernel does, or a group of kernels that runs as one, for people.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) kind: &'static str,
    pub(crate) operations: String,
    pub(crate) shape: Shape,
    pub(crate) bytes: usize,
    pub(crate) flops: usize,
}

impl Summary {
    /// The summary of neighbouring kernels of a plan. What one of them stores, the others have without
    /// reading it; what several read is read once.
    pub(crate) fn of(kernels: &[Kernel], bools: Bools) -> Self {
        let mut bytes = 0;
        for (i, kernel) in kernels.iter().enumerate() {
            let before = &kernels[..i];
            let at_hand = |read: &(usize, usize)| {
                let stored = |k: &Kernel| k.stores.iter().any(|s| s.slot == read.0);
                before
                    .iter()
                    .any(|k| stored(k) || k.reads(bools).contains(read))
            };
            let reads = kernel.reads(bools);
            let fresh = reads.iter().filter(|read| !at_hand(read));
            bytes += fresh.map(|(_, bytes)| bytes).sum::<usize>() + kernel.writes(bools);
        }
        let operations: Vec<String> = kernels.iter().map(Kernel::operations).collect();
        let largest = kernels.iter().map(|k| &k.shape).max_by_key(|s| s.size());
        Self {
            kind: match kernels {
                [kernel] => kernel.kind(),
                _ => "rows",
            },
            operations: operations.join(" | "),
            shape: largest.cloned().unwrap_or_default(),
            bytes,
            flops: kernels.iter().map(Kernel::flops).sum(),
        }
    }
}

impl Kernel {
    /// What the core computes.
    pub(crate) fn kind(&self) -> &'static str {
        match self.core {
            Core::Map => "map",
            Core::Reduce { .. } => "reduce",
            Core::Scan { .. } => "scan",
            Core::Sort { .. } => "sort",
            Core::Matmul { .. } => "matmul",
        }
    }

    /// The operations in program order.
    pub(crate) fn operations(&self) -> String {
        let names: Vec<&str> = self.ops.iter().map(|note| note.name).collect();
        names.join(" + ")
    }

    /// Bytes read and written, each element of each operand counted once.
    pub(crate) fn bytes(&self, bools: Bools) -> usize {
        let reads: usize = self.reads(bools).iter().map(|(_, bytes)| bytes).sum();
        reads + self.writes(bools)
    }

    /// The slots that it reads or writes, each once.
    pub(crate) fn slots(&self) -> Vec<usize> {
        let reads = self.reads(Bools::Bytes);
        let read = reads.iter().map(|(slot, _)| *slot);
        let mut slots: Vec<usize> = read.chain(self.stores.iter().map(|s| s.slot)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// The slots that it reads or writes as elements of the dtype.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn slots_of(&self, dtype: crate::dtype::DType) -> Vec<usize> {
        let prologue = self.core.prologue().map(|(body, _)| body);
        let bodies = prologue.into_iter().chain([&self.body]);
        let streams = bodies.flat_map(|body| &body.streams);
        let reads = streams.filter(|s| s.dtype == dtype).filter_map(|s| s.slot);
        let stores = self.stores.iter().filter(|s| s.dtype == dtype);
        reads.chain(stores.map(|s| s.slot)).collect()
    }

    /// The slots that are read, and the bytes of each.
    fn reads(&self, bools: Bools) -> Vec<(usize, usize)> {
        let mut reads = Vec::new();
        let mut streams = |body: &Body| {
            let bytes = |s: &Stream| Some((s.slot?, distinct(&s.layout) * bools.size(s.dtype)));
            reads.extend(body.streams.iter().filter_map(bytes));
        };
        streams(&self.body);
        if let Some((prologue, _)) = self.core.prologue() {
            streams(prologue);
        }
        if let Core::Matmul { a, b, dtype, .. } = &self.core {
            let bytes = |m: &Matrix| (m.slot, distinct(&m.layout) * bools.size(*dtype));
            reads.extend([a, b].map(bytes));
        }
        reads
    }

    /// Bytes that are written.
    fn writes(&self, bools: Bools) -> usize {
        let bytes = |s: &Store| match s.extent {
            Extent::Places(_) => self.shape.size() * bools.size(s.dtype),
            _ => s.layout.shape().size() * bools.size(s.dtype),
        };
        self.stores.iter().map(bytes).sum()
    }

    /// Operations on elements; a multiply-add of a product counts as two.
    pub(crate) fn flops(&self) -> usize {
        let size = self.shape.size();
        let core = match &self.core {
            Core::Map => 0,
            Core::Reduce {
                prologue, reduced, ..
            } => (prologue.program.ops() + 1) * size * reduced.size(),
            Core::Scan { prologue, .. } => (prologue.program.ops() + 1) * size,
            // Comparisons of a sort that compares.
            Core::Sort {
                prologue, shape, ..
            } => {
                let row = shape.dims().last().copied().unwrap_or(1);
                let compared = row.max(1).ilog2() as usize;
                (prologue.program.ops() + compared) * shape.size()
            }
            Core::Matmul { k, .. } => 2 * size * k,
        };
        core + self.body.program.ops() * size
    }
}

/// Places that a layout touches.
fn distinct(layout: &crate::layout::Layout) -> usize {
    layout
        .dims()
        .iter()
        .zip(layout.strides())
        .filter(|(_, s)| **s != 0)
        .map(|(d, _)| d)
        .product()
}
