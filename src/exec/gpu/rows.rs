//! Groups of kernels that run row by row, as one shader.

use std::fmt::Write;

use super::kernel::{Shader, Target, Writer, body_space, is_flat};
use super::reduce::{Flat, halves};
use super::run::BLOCK_BYTES;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::op::{Body, ReduceOp};
use crate::plan::{Core, Kernel, Rows, Store};
use crate::shape::{MAX_RANK, Shape};

/// Elements of a row that a lane has at least, where a row is shared.
const MIN_LANE: usize = 4;

/// The most words of a parameter block.
const MAX_WORDS: usize = BLOCK_BYTES as usize / 4;
/// Words that every kernel of rows has.
const OWN_WORDS: usize = 4;

/// A group of kernels.
pub(super) struct RowKernel<'a> {
    steps: Vec<Step<'a>>,
    kept: Shape,
    reduced: Shape,
}

/// A kernel of a group, its bodies laid over the kept dimensions and then the reduced ones.
enum Step<'a> {
    Reduce {
        op: ReduceOp,
        dtype: DType,
        prologue: &'a Body,
        kernel: &'a Kernel,
    },
    Map {
        body: Body,
        stores: Vec<Store>,
    },
}

impl Step<'_> {
    /// The body that is walked along the rows, and what it stores of each element.
    fn along(&self) -> (&Body, &[Store]) {
        match self {
            Self::Reduce { prologue, .. } => (prologue, &[]),
            Self::Map { body, stores } => (body, stores),
        }
    }

    fn spaces(&self, kept: &Shape, reduced: &Shape) -> (Space, Space) {
        let (body, stores) = self.along();
        let streams = body.streams.iter().map(|s| &s.layout);
        halves(
            kept,
            reduced,
            streams.chain(stores.iter().map(|s| &s.layout)),
        )
    }

    /// The most parameter words that the step's text can take.
    fn words(&self) -> usize {
        let body = |body: &Body, stores: usize, walks: usize| {
            let paths = body.streams.len() + stores;
            let walk = 1 + MAX_RANK * (1 + paths);
            paths + walks * walk + 3 * body.streams.len() + body.scalars.len()
        };
        match self {
            Self::Reduce {
                prologue, kernel, ..
            } => body(prologue, 0, 2) + body(&kernel.body, 0, 1),
            Self::Map { body: b, stores } => body(b, stores.len(), 2),
        }
    }
}

impl<'a> RowKernel<'a> {
    /// The kernels of a group as one, if its parameters fit a block.
    pub(super) fn new(kernels: &'a [Kernel], rows: &Rows) -> Option<Self> {
        let order = rows.order();
        let steps = kernels.iter().map(|kernel| match &kernel.core {
            Core::Reduce {
                op,
                dtype,
                prologue,
                ..
            } => Step::Reduce {
                op: *op,
                dtype: *dtype,
                prologue,
                kernel,
            },
            _ => {
                let mut body = kernel.body.clone();
                for stream in &mut body.streams {
                    stream.layout = stream.layout.permute(&order);
                }
                let mut stores = kernel.stores.clone();
                for store in &mut stores {
                    store.layout = store.layout.permute(&order);
                }
                Step::Map { body, stores }
            }
        });
        let all = Self {
            steps: steps.collect(),
            kept: rows.kept(),
            reduced: rows.reduced(),
        };
        let words: usize = all.steps.iter().map(Step::words).sum();
        (OWN_WORDS + words <= MAX_WORDS).then_some(all)
    }

    /// The number of kernels.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn kept(&self) -> &Shape {
        &self.kept
    }

    pub(super) fn reduced(&self) -> &Shape {
        &self.reduced
    }

    /// The walks that can be lines.
    pub(super) fn flat(&self) -> Flat {
        let mut flat = Flat {
            kept: true,
            reduced: true,
            body: true,
        };
        for step in &self.steps {
            let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
            flat.kept &= is_flat(&kept);
            flat.reduced &= is_flat(&reduced);
            if let Step::Reduce { kernel, .. } = step {
                flat.body &= is_flat(&body_space(kernel));
            }
        }
        flat
    }

    /// The shader; `flat` may claim no more than [`RowKernel::flat`].
    pub(super) fn shader(&self, target: &Target, flat: Flat) -> Shader {
        let (rows, elements) = (self.kept.size(), self.reduced.size());
        let columns = self.by_columns();
        let width = width(target, rows, elements, columns);
        let mut writer = Writer::new(target);
        writer.push([rows as u32, elements as u32, width as u32, columns as u32]);
        let mut folds: Vec<ReduceOp> = Vec::new();
        let mut text = String::new();
        // Slots whose value for the row is in a register.
        let mut held: Vec<(usize, String)> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let (kept, reduced) = step.spaces(&self.kept, &self.reduced);
            let (body, stores) = step.along();
            let (begin, element) = writer.row_body(body, stores, (&kept, &reduced), flat, &held);
            match step {
                Step::Map { .. } => text += &map_text(&begin, &element),
                Step::Reduce {
                    op, dtype, kernel, ..
                } => {
                    if !folds.contains(op) {
                        folds.push(*op);
                    }
                    let value = format!("v{}", body.program.results[0]);
                    text += &reduce_text(number, *op, &begin, &element, &value);
                    let total = match dtype {
                        DType::F16 => format!("f32(f16(t{number}))"),
                        _ => format!("t{number}"),
                    };
                    let prefix = format!("r{number}_");
                    let (results, stores) =
                        writer.row_results(kernel, flat.body, &total, &prefix, &held);
                    text += &results;
                    let reads = |slot| kernel.body.streams.iter().any(|s| s.slot == Some(slot));
                    if kernel.stores.iter().any(|store| reads(store.slot)) {
                        // Each lane has read what one of them now writes over.
                        text += "    storageBarrier();\n";
                    }
                    let _ = writeln!(text, "    if live && lane == 0u {{\n{stores}    }}");
                    for (store, result) in kernel.stores.iter().zip(&kernel.body.program.results) {
                        held.retain(|(slot, _)| *slot != store.slot);
                        held.push((store.slot, format!("{prefix}{result}")));
                    }
                }
            }
        }
        let folds: String = folds.into_iter().map(fold_text).collect();
        let source = include_str!("../../../shaders/rows.wgsl");
        let groups = rows.div_ceil(target.group / width);
        let slots = [("folds", folds.as_str()), ("steps", text.as_str())];
        writer.finish("rows", source, ("", target.group), &slots, groups)
    }

    /// Whether neighbouring rows lie next to each other, and neighbouring elements of a row do not.
    fn by_columns(&self) -> bool {
        let unit = |space: &Space| space.paths.iter().any(|(_, s)| s[s.len() - 1] == 1);
        let spaces: Vec<(Space, Space)> = self
            .steps
            .iter()
            .map(|step| step.spaces(&self.kept, &self.reduced))
            .collect();
        spaces.iter().any(|(kept, _)| unit(kept)) && !spaces.iter().any(|(_, along)| unit(along))
    }
}

/// Lanes that share a row.
fn width(target: &Target, rows: usize, elements: usize, columns: bool) -> usize {
    let wanted = if columns || target.software {
        target.busy.div_ceil(rows)
    } else {
        elements.div_ceil(MIN_LANE)
    };
    let most = elements.next_power_of_two().min(target.group);
    wanted.next_power_of_two().clamp(1, most)
}

fn map_text(begin: &str, element: &str) -> String {
    format!(
        "    {{\n{begin}    for (var k = lane; k < elements; k += width) {{\n{element}    }}\n    }}\n"
    )
}

fn reduce_text(number: usize, op: ReduceOp, begin: &str, element: &str, value: &str) -> String {
    let name = op.name();
    let (_, identity) = op.wgsl(DType::F32);
    format!(
        "    var s{number} = {identity};\n    {{\n{begin}\
         \x20   var k = lane;\n    while k < elements {{\n\
         \x20   var block = {identity};\n\
         \x20   for (var n = 0u; n < BLOCK && k < elements; n += 1u) {{\n{element}\
         \x20   block = fold_{name}(block, {value});\n    k += width;\n    }}\n\
         \x20   s{number} = fold_{name}(s{number}, block);\n    }}\n    }}\n\
         \x20   let t{number} = across_{name}(s{number}, seat, lane, width);\n"
    )
}

/// The functions that fold by an operation.
fn fold_text(op: ReduceOp) -> String {
    let name = op.name();
    let (combine, _) = op.wgsl(DType::F32);
    let combine = combine.replace("{a}", "a").replace("{b}", "b");
    format!(
        "fn fold_{name}(a: f32, b: f32) -> f32 {{\n    return {combine};\n}}\n\n\
         fn across_{name}(value: f32, seat: u32, lane: u32, width: u32) -> f32 {{\n\
         \x20   lanes[seat] = value;\n\
         \x20   for (var half = width / 2u; half > 0u; half /= 2u) {{\n\
         \x20       workgroupBarrier();\n\
         \x20       if lane < half {{\n\
         \x20           lanes[seat] = fold_{name}(lanes[seat], lanes[seat + half]);\n\
         \x20       }}\n    }}\n    workgroupBarrier();\n\
         \x20   let total = lanes[seat - lane];\n    workgroupBarrier();\n    return total;\n}}\n\n"
    )
}
