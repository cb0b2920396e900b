//! Taking a kernel apart to find the operation that differs.

use std::panic::Location;
use std::sync::Arc;

use super::compare::{self, Difference};
use super::{Checked, Contents, bound, memory, wanted};
use crate::dtype::Bools;
use crate::error::ErrorKind;
use crate::exec::cpu::block::Faults;
use crate::exec::cpu::kernel::run_kernel;
use crate::exec::{BufferId, Executor};
use crate::layout::Layout;
use crate::op::{Body, Inst, Program, Reg};
use crate::plan::{Core, Extent, Kernel, Store};
use crate::shape::Shape;

/// A kernel that computes one register of another, and the operation that the register is of.
struct Part {
    op: &'static str,
    line: Option<&'static Location<'static>>,
    kernel: Kernel,
}

impl Checked {
    /// The error that names the first operation of the kernel that differs. `before` is what the
    /// slots held when the kernel ran, `whole` what differed in its results.
    pub(super) fn blame(
        &self,
        kernel: &Kernel,
        before: &Contents,
        scalars: &[u32],
        whole: &Difference,
    ) -> ErrorKind {
        for part in parts(kernel, before.len()) {
            match self.differs(&part.kernel, before, scalars) {
                Ok(None) => {}
                Ok(Some(difference)) => {
                    return ErrorKind::Mismatch {
                        op: named(part.op, part.line),
                        message: difference.to_string(),
                    };
                }
                Err(fault) => return fault,
            }
        }
        // No operation differs on its own: it is their combination.
        let ops: Vec<String> = kernel
            .ops
            .iter()
            .map(|o| named(o.name, Some(o.at)))
            .collect();
        ErrorKind::Mismatch {
            op: format!("the kernel of {}", ops.join(", ")),
            message: format!("{whole}; each operation by itself agrees"),
        }
    }

    /// Runs a part of a kernel on memory of its own.
    fn differs(
        &self,
        part: &Kernel,
        before: &Contents,
        scalars: &[u32],
    ) -> Result<Option<Difference>, ErrorKind> {
        let out = before.len();
        let words = Bools::Words.words(part.shape.size(), part.stores[0].dtype);
        let mut contents = before.clone();
        contents.push(Some(Arc::new(vec![0; words])));
        let mut slots: Vec<BufferId> = vec![0; contents.len()];
        let mut owned = Vec::new();
        let run = |slots: &mut Vec<BufferId>, owned: &mut Vec<BufferId>| {
            for slot in part.slots() {
                let Some(content) = &contents[slot] else {
                    continue;
                };
                slots[slot] = self.gpu.alloc(content.len())?;
                owned.push(slots[slot]);
                self.gpu.write(slots[slot], content)?;
            }
            self.gpu.run_once(part, slots, scalars)?;
            self.read_now(slots[out], words)
        };
        let found = run(&mut slots, &mut owned);
        owned.into_iter().for_each(|id| self.gpu.free(id));
        let found = found?;
        let mut memory = memory(part, &contents);
        let bounds = bound::kernel(part, &memory, scalars);
        run_kernel(part, &mut memory, scalars, &Faults::default());
        let wanted = wanted(&part.stores[0], &memory, found.len());
        Ok(compare::store(&part.stores[0], &found, &wanted, &bounds[0]))
    }
}

fn named(op: &str, line: Option<&Location<'_>>) -> String {
    match line {
        Some(at) => format!("{op} ({}:{})", at.file(), at.line()),
        None => op.into(),
    }
}

/// The kernels that compute a kernel's registers, in order; each stores to the slot `out`.
fn parts(kernel: &Kernel, out: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some((prologue, shape)) = kernel.core.prologue() {
        registers(&Core::Map, prologue, &shape, out, &mut parts);
    }
    if let Some((op, dtype)) = kernel.core.operation() {
        let line = kernel.ops.iter().find(|o| o.name == op).map(|o| o.at);
        let body = Body {
            program: Program {
                insts: vec![(Inst::Core, dtype)],
                results: vec![0],
            },
            ..Body::default()
        };
        let kernel = part(&kernel.core, body, &kernel.shape, out);
        parts.push(Part { op, line, kernel });
    }
    registers(&kernel.core, &kernel.body, &kernel.shape, out, &mut parts);
    parts
}

/// One part for each register of a body that somebody computes.
fn registers(core: &Core, body: &Body, shape: &Shape, out: usize, parts: &mut Vec<Part>) {
    for (at, (inst, _)) in body.program.insts.iter().enumerate() {
        let op = match inst {
            Inst::Param(_) | Inst::Core => continue,
            Inst::Load(_) => "reading an operand",
            Inst::Index(_) => "index",
            Inst::Random { .. } => "random",
            Inst::Gather { .. } => "gather",
            Inst::Search { .. } => "searchsorted",
            Inst::Apply(op, _) => op.name(),
        };
        let mut prefix = body.clone();
        prefix.program.insts.truncate(at + 1);
        prefix.program.results = vec![at as Reg];
        // What does not come from the core is computed without it.
        let from_core = prefix.program.insts.iter().any(|(i, _)| *i == Inst::Core);
        let core = if from_core { core } else { &Core::Map };
        parts.push(Part {
            op,
            line: body.lines.get(at).copied().flatten(),
            kernel: part(core, prefix, shape, out),
        });
    }
}

fn part(core: &Core, body: Body, shape: &Shape, out: usize) -> Kernel {
    let store = Store {
        slot: out,
        dtype: body.program.dtype(body.program.results[0]),
        layout: Layout::contiguous(shape.clone()),
        extent: Extent::Whole,
    };
    Kernel {
        core: core.clone(),
        shape: shape.clone(),
        body,
        stores: vec![store],
        ops: vec![],
    }
}
