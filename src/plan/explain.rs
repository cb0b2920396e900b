//! Plans for people.

use std::fmt::Write;

use super::{Core, Kernel, Plan};
use crate::op::Body;

impl Plan {
    /// A line per kernel: what it computes, the operations fused in it, bytes and arithmetic.
    pub(crate) fn explain(&self) -> String {
        let mut text = String::new();
        let (mut bytes, mut flops) = (0, 0);
        for (i, kernel) in self.kernels.iter().enumerate() {
            let (b, f) = (kernel.bytes(), kernel.flops());
            let place = kernel
                .ops
                .last()
                .map_or(String::new(), |note| note.at.to_string());
            let _ = writeln!(
                text,
                "{i:>3}  {:<6}  {:<16}  {:<40}  {:>10} B  {:>12} flop  {place}",
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

impl Kernel {
    /// What the core computes.
    pub(crate) fn kind(&self) -> &'static str {
        match self.core {
            Core::Map => "map",
            Core::Reduce { .. } => "reduce",
            Core::Matmul { .. } => "matmul",
        }
    }

    /// The operations in program order.
    pub(crate) fn operations(&self) -> String {
        let names: Vec<&str> = self.ops.iter().map(|note| note.name).collect();
        names.join(" + ")
    }

    /// Bytes read and written, each element of each operand counted once.
    pub(crate) fn bytes(&self) -> usize {
        let reads = |body: &Body| -> usize {
            let streams = body.streams.iter().filter(|s| s.slot.is_some());
            streams.map(|s| distinct(&s.layout) * s.dtype.size()).sum()
        };
        let core = match &self.core {
            Core::Map => 0,
            Core::Reduce { prologue, .. } => reads(prologue),
            Core::Matmul { a, b, dtype, .. } => {
                (distinct(&a.layout) + distinct(&b.layout)) * dtype.size()
            }
        };
        let writes: usize = self
            .stores
            .iter()
            .map(|s| s.layout.shape().size() * s.dtype.size())
            .sum();
        core + reads(&self.body) + writes
    }

    /// Operations on elements; a multiply-add of a product counts as two.
    pub(crate) fn flops(&self) -> usize {
        let size = self.shape.size();
        let core = match &self.core {
            Core::Map => 0,
            Core::Reduce {
                prologue, reduced, ..
            } => (prologue.program.ops() + 1) * size * reduced.size(),
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
