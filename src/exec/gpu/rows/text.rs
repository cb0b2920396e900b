//! The statements of the steps of a row kernel.
//!
//! A lane takes four neighbouring elements of its row at a time, each folded into a sum of its own, in
//! the same order whether or not they are read as a vec4.

use std::fmt::Write;

use super::Step;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::exec::gpu::body::{BodyText, body_space};
use crate::exec::gpu::codegen;
use crate::exec::gpu::frame::Walk;
use crate::exec::gpu::kernel::Writer;
use crate::exec::gpu::quads::Lie;
use crate::exec::gpu::reduce::Flat;
use crate::exec::gpu::reduce::element::Number;
use crate::exec::gpu::shader::Bound;
use crate::exec::gpu::template;
use crate::op::ReduceOp;

/// A step and what its text depends on.
pub(super) struct Text<'a> {
    pub(super) step: &'a Step<'a>,
    pub(super) number: usize,
    /// The spaces of the kept and of the reduced dimensions, over the streams and then the stores.
    pub(super) spaces: (&'a Space, &'a Space),
    pub(super) flat: Flat,
    /// How the paths lie, where four elements are read and written at a time.
    pub(super) lies: Option<&'a [Lie]>,
    /// Slots whose value for the row is in a register.
    pub(super) held: &'a [(usize, String)],
}

/// A step's places: those of the row's first element are variables, those of an element are added.
struct Places {
    from: Vec<String>,
    head: BodyText,
    inner: Walk,
}

impl Places {
    /// The places of an element of the row.
    fn at(&self, element: &str) -> String {
        let mut text = String::new();
        for (place, from) in self.head.places.iter().zip(&self.from) {
            let _ = writeln!(text, "    var {place} = {from};");
        }
        text + &self.inner.text(&self.head.places, element)
    }
}

impl Text<'_> {
    /// The statements that walk along the row: a map's, or those that leave a fold in `t` and the
    /// step's number.
    pub(super) fn along(&self, writer: &mut Writer) -> String {
        let (body, _) = self.step.along();
        let (kept, reduced) = self.spaces;
        let mut head = writer.head(body, kept, "q", self.lies);
        head.hold(body, self.held);
        let outer = writer.walk(kept, self.flat.kept);
        let inner = writer.walk(reduced, self.flat.reduced);
        let mut begin = head.start() + &outer.text(&head.places, "o");
        if let Some(lies) = self.lies {
            let strides = writer.push(reduced.paths.iter().map(|(_, s)| s[0] as u32));
            for k in 0..reduced.paths.len() {
                let _ = writeln!(begin, "    let s{k} = word({}u);", strides + k);
            }
            begin += &head.single_loads(body, lies);
        }
        let places = Places {
            from: head.places.clone(),
            head: head.renamed("e"),
            inner,
        };
        match self.step {
            Step::Map { .. } => self.map(writer, &begin, &places),
            Step::Reduce { op, .. } => self.reduce(*op, &begin, &places),
        }
    }

    fn map(&self, writer: &mut Writer, begin: &str, places: &Places) -> String {
        let (body, stores) = self.step.along();
        let head = &places.head;
        let each = match self.lies {
            None => {
                let mut text = places.at("j") + &head.statements(body, "v", "");
                let paths = &head.places[body.streams.len()..];
                for ((store, result), place) in stores.iter().zip(&body.program.results).zip(paths)
                {
                    let stored = codegen::stored(store.dtype);
                    let buffer = writer.bind(Bound::Slot(store.slot), stored, true);
                    let value = codegen::store(store.dtype, &format!("v{result}"));
                    let _ = writeln!(text, "    {buffer}[{place}] = {value};");
                }
                format!("    for (var j = k; j < min(k + 4u, stop); j += 1u) {{\n{text}    }}\n")
            }
            Some(lies) => {
                let paths = &head.places[body.streams.len()..];
                let targets: Vec<(&_, &str)> = stores
                    .iter()
                    .zip(paths.iter().map(String::as_str))
                    .collect();
                places.at("k") + &writer.four(body, &targets, head, lies)
            }
        };
        let (words, each) = template::hoist(&each);
        format!(
            "    {{\n{begin}{words}    for (var k = start; k < stop; k += step) {{\n{each}    }}\n    }}\n"
        )
    }

    fn reduce(&self, op: ReduceOp, begin: &str, places: &Places) -> String {
        let (body, _) = self.step.along();
        let (head, name, n) = (&places.head, op.name(), self.number);
        let value = format!("v{}", body.program.results[0]);
        let long = template::too_long(&head.statements(body, "v", ""), 4);
        let fold = |j: Number| {
            let mut text = String::new();
            for a in (0..4).filter(|&a| j.may_be(a)) {
                let fold = format!("block{a} = fold_{name}(block{a}, {value});");
                let _ = match j {
                    Number::Known(_) => writeln!(text, "    {fold}"),
                    Number::Loop(_) => writeln!(text, "    if {j} == {a}u {{ {fold} }}"),
                };
            }
            text
        };
        let element = match self.lies {
            None => Number::each("j", 4, long, |j| {
                let text = places.at(&format!("min(k + {j}, stop - 1u)"));
                text + &head.statements(body, "v", "")
                    + &format!("    if k + {j} < stop {{\n{}    }}\n", fold(j))
            }),
            Some(lies) => {
                let loads = places.at("k") + &head.quad_loads(lies);
                loads
                    + &Number::each("j", 4, long, |j| {
                        head.quad_statements(body, "v", lies, &j.to_string()) + &fold(j)
                    })
            }
        };
        let (words, element) = template::hoist(&element);
        let (_, identity) = op.wgsl(DType::F32);
        let four = |line: &dyn Fn(usize) -> String| (0..4).map(line).collect::<String>();
        let sums = four(&|j| format!("    var s{n}_{j} = {identity};\n"));
        let blocks = four(&|j| format!("    var block{j} = {identity};\n"));
        let folds = four(&|j| format!("    s{n}_{j} = fold_{name}(s{n}_{j}, block{j});\n"));
        format!(
            "{sums}    {{\n{begin}{words}    var k = start;\n    while k < stop {{\n{blocks}\
             \x20   for (var n = 0u; n < BLOCK && k < stop; n += 1u) {{\n{element}\
             \x20   k += step;\n    }}\n{folds}    }}\n    }}\n\
             \x20   let t{n} = across_{name}(fold_{name}(fold_{name}(s{n}_0, s{n}_1), \
             fold_{name}(s{n}_2, s{n}_3)), seat, lane, width);\n"
        )
    }

    /// The statements of a reduction's body, of one element a row, and those that store its results.
    /// Its registers are `h`, the step's number and theirs.
    pub(super) fn results(&self, writer: &mut Writer) -> String {
        let Step::Reduce { dtype, kernel, .. } = self.step else {
            return String::new();
        };
        let (body, n) = (&kernel.body, self.number);
        let space = body_space(kernel);
        let mut head = writer.head(body, &space, &format!("p{n}_"), None);
        let walk = writer.walk(&space, self.flat.body);
        let mut text = head.start() + &walk.text(&head.places, "o");
        head.hold(body, self.held);
        let total = match dtype {
            DType::F16 => format!("f32(f16(t{n}))"),
            _ => format!("t{n}"),
        };
        let prefix = format!("h{n}_");
        text += &head.statements(body, &prefix, &total);
        let reads = |slot| body.streams.iter().any(|s| s.slot == Some(slot));
        if kernel.stores.iter().any(|store| reads(store.slot)) {
            // Each lane has read what one of them now writes over.
            text += "    storageBarrier();\n";
        }
        text += "    if live && lane == 0u {\n";
        for (store, result) in kernel.stores.iter().zip(&body.program.results) {
            let stored = codegen::stored(store.dtype);
            let buffer = writer.bind(Bound::Slot(store.slot), stored, true);
            let value = codegen::store(store.dtype, &format!("{prefix}{result}"));
            let _ = writeln!(text, "    {buffer}[o] = {value};");
        }
        text + "    }\n"
    }
}

/// The functions that fold by an operation.
pub(super) fn fold(op: ReduceOp) -> String {
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
