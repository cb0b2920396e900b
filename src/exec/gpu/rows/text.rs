//! The statements of the steps of a row kernel.
//!
//! A lane takes four neighbouring elements of its row at a time, each folded into a sum of its own, in
//! the same order whether or not they are read as a vec4.

use std::fmt::Write;

use super::Step;
use super::line::Line;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::exec::gpu::body::body_space;
use crate::exec::gpu::codegen;
use crate::exec::gpu::kernel::Writer;
use crate::exec::gpu::quads::Lie;
use crate::exec::gpu::reduce::Flat;
use crate::exec::gpu::reduce::element::Number;
use crate::exec::gpu::shader::Bound;
use crate::exec::gpu::{template, windows};
use crate::op::{ReduceOp, Reg};
use crate::plan::Store;

/// Steps that share a walk along the rows.
pub(super) struct Pass<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) flat: Flat,
    /// Where rows end, if four elements are read and written at a time.
    pub(super) quads: Option<Ends>,
}

/// Where rows that are walked along in vec4s end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// At a multiple of four elements.
    Whole,
    /// Anywhere.
    Ragged,
}

/// A step of a pass.
pub(super) struct Part<'a> {
    pub(super) step: &'a Step<'a>,
    pub(super) number: usize,
    /// The spaces of the kept and of the reduced dimensions, over the streams and then the stores.
    pub(super) kept: Space,
    pub(super) reduced: Space,
    /// How each path lies, where four elements are taken at a time.
    pub(super) lies: Option<Vec<Lie>>,
}

/// Slots whose value is in a register.
pub(super) type Held = Vec<(usize, String)>;

impl Pass<'_> {
    /// The statements that walk along the rows, and those that then compute and store what rows are
    /// reduced to; their registers are added to what is held.
    pub(super) fn text(&self, writer: &mut Writer, held: &mut Held) -> String {
        let mut begin = String::new();
        let mut lines = Vec::new();
        // What a step stores of an element, the steps after it have in a register.
        let mut inside = held.clone();
        for part in &self.parts {
            lines.push(part.line(writer, self.flat, &inside, &mut begin));
            inside.retain(|(slot, _)| !part.stores().iter().any(|s| s.slot == *slot));
            let results = &part.step.along().0.program.results;
            let stored = part.stores().iter().zip(results);
            inside.extend(stored.map(|(s, result)| (s.slot, part.register(*result))));
        }
        let (words, four) = template::hoist(&self.four(&lines));
        let end: String = lines.iter().map(Line::close).collect();
        let mut text = self.walk(&(begin + &words), &four, &end);
        for part in &self.parts {
            text += &part.results(writer, self.flat, held);
            held.retain(|(slot, _)| !part.step.kept_stores().any(|(s, _)| s == *slot));
            let n = part.number;
            held.extend(
                part.step
                    .kept_stores()
                    .map(|(s, r)| (s, format!("h{n}_{r}"))),
            );
        }
        text
    }

    fn reductions(&self) -> impl Iterator<Item = (usize, ReduceOp)> {
        let op = |part: &Part<'_>| match part.step {
            Step::Reduce { op, .. } => Some((part.number, *op)),
            Step::Map { .. } => None,
        };
        self.parts.iter().filter_map(op)
    }

    /// Whether elements beyond `stop` may be gone through.
    fn guarded(&self) -> bool {
        self.quads != Some(Ends::Whole)
    }

    /// The loop over the elements of a lane.
    fn walk(&self, begin: &str, four: &str, end: &str) -> String {
        let stores = self.parts.iter().any(|part| !part.stores().is_empty());
        let beyond = match self.quads {
            Some(Ends::Ragged) if stores => windows::BEYOND,
            _ => 0,
        };
        let begin = format!("    {{\n{begin}    let far = stop + {beyond}u;\n");
        let each = |line: &dyn Fn(usize, usize, &str) -> String| -> String {
            let all = self
                .reductions()
                .flat_map(|(n, op)| (0..4).map(move |j| (n, op, j)));
            all.map(|(n, op, j)| line(n, j, op.name())).collect()
        };
        if self.reductions().next().is_none() {
            return format!(
                "{begin}    for (var k = start; k < far; k += step) {{\n{four}    }}\n{end}    }}\n"
            );
        }
        let mut sums = String::new();
        let mut blocks = String::new();
        for (n, op) in self.reductions() {
            let (_, identity) = op.wgsl(DType::F32);
            for j in 0..4 {
                let _ = writeln!(sums, "    var s{n}_{j} = {identity};");
                let _ = writeln!(blocks, "    var block{n}_{j} = {identity};");
            }
        }
        let folds =
            each(&|n, j, name| format!("    s{n}_{j} = fold_{name}(s{n}_{j}, block{n}_{j});\n"));
        let mut text = format!(
            "{sums}{begin}    var k = start;\n    while k < far {{\n{blocks}\
             \x20   for (var n = 0u; n < BLOCK && k < far; n += 1u) {{\n{four}\
             \x20   k += step;\n    }}\n{folds}    }}\n{end}    }}\n"
        );
        for (n, op) in self.reductions() {
            let name = op.name();
            let _ = writeln!(
                text,
                "    let t{n} = across_{name}(fold_{name}(fold_{name}(s{n}_0, s{n}_1), \
                 fold_{name}(s{n}_2, s{n}_3)), seat, lane, width);"
            );
        }
        text
    }

    /// The statements for elements `k..k + 4`.
    fn four(&self, lines: &[Line<'_>]) -> String {
        let element =
            |j: Number| -> String { lines.iter().map(|line| self.element(line, j)).collect() };
        let long = template::too_long(&element(Number::Known(0)), 4);
        let mut text = String::new();
        if self.quads.is_some() {
            for line in lines {
                text += &line.open_four();
            }
        }
        text += &Number::each("j", 4, long, element);
        if self.quads.is_some() {
            for line in lines {
                text += &line.close_four();
            }
        }
        text
    }

    /// The statements of a part for element `k + j`.
    fn element(&self, line: &Line<'_>, j: Number) -> String {
        let part = line.part;
        let (body, _) = part.step.along();
        let prefix = part.prefix();
        let mut text = match &part.lies {
            Some(lies) => line
                .head
                .quad_statements(body, &prefix, lies, &j.to_string()),
            None => {
                let places = line.places(&format!("min(k + {j}, stop - 1u)"));
                places + &line.head.statements(body, &prefix, "")
            }
        };
        let mut last = String::new();
        match part.step {
            Step::Reduce { op, .. } => {
                let (n, name) = (part.number, op.name());
                let value = part.register(body.program.results[0]);
                for a in (0..4).filter(|&a| j.may_be(a)) {
                    let fold = format!("block{n}_{a} = fold_{name}(block{n}_{a}, {value});");
                    let _ = match j {
                        Number::Known(_) => writeln!(last, "    {fold}"),
                        Number::Loop(_) => writeln!(last, "    if {j} == {a}u {{ {fold} }}"),
                    };
                }
            }
            Step::Map { stores, .. } => {
                let places = &line.head.places[body.streams.len()..];
                let results = stores.iter().zip(&body.program.results);
                for ((store, result), (place, buffer)) in
                    results.zip(places.iter().zip(&line.stores))
                {
                    let value = codegen::store(store.dtype, &part.register(*result));
                    let _ = match part.lies {
                        Some(_) => writeln!(text, "    o{place}[{j}] = {value};"),
                        None => writeln!(last, "    {buffer}[{place}] = {value};"),
                    };
                }
            }
        }
        if self.guarded() && !last.is_empty() {
            last = format!("    if k + {j} < stop {{\n{last}    }}\n");
        }
        text + &last
    }
}

impl<'a> Part<'a> {
    /// What the registers of an element start with.
    fn prefix(&self) -> String {
        format!("v{}_", self.number)
    }

    fn register(&self, result: Reg) -> String {
        format!("{}{result}", self.prefix())
    }

    /// What is stored of each element.
    pub(super) fn stores(&self) -> &[Store] {
        self.step.along().1
    }

    /// The places along the row, after what declares the row's own.
    fn line(
        &'a self,
        writer: &mut Writer,
        flat: Flat,
        held: &Held,
        begin: &mut String,
    ) -> Line<'a> {
        let (body, stores) = self.step.along();
        let (n, lies) = (self.number, self.lies.as_deref());
        let mut head = writer.head(body, &self.kept, &format!("q{n}_"), lies);
        head.hold(body, held);
        let outer = writer.walk(&self.kept, flat.kept);
        let inner = match lies {
            None => Some(writer.walk(&self.reduced, flat.reduced)),
            Some(_) => None,
        };
        *begin += &head.start();
        *begin += &outer.text(&head.places, "o");
        let from = head.places.clone();
        if let Some(lies) = lies {
            *begin += &head.single_loads(body, lies);
            for (k, (_, strides)) in self.reduced.paths.iter().enumerate() {
                if lies[k] == Lie::Apart {
                    let word = writer.push([strides[0] as u32]);
                    let _ = writeln!(begin, "    let {} = word({word}u);", head.stride(k));
                }
            }
        }
        let head = head.renamed(&format!("e{n}_"));
        *begin += &lies.map_or(String::new(), |lies| head.windows(lies, &from));
        let mut buffers = Vec::new();
        for (path, store) in (body.streams.len()..).zip(stores) {
            let stored = codegen::stored(store.dtype);
            let element = lies.map_or(stored, |_| codegen::vec4(stored));
            buffers.push(writer.bind(Bound::Slot(store.slot), element, true));
            if lies.is_some_and(|lies| lies[path] == Lie::Skew) {
                *begin += &windows::open_write(&head.places[path], &from[path], element);
            }
        }
        Line {
            part: self,
            from,
            head,
            inner,
            stores: buffers,
        }
    }

    /// The statements of a reduction's body, of one element a row, and those that store its results.
    /// Its registers are `h`, the step's number and theirs.
    fn results(&self, writer: &mut Writer, flat: Flat, held: &Held) -> String {
        let Step::Reduce { dtype, kernel, .. } = self.step else {
            return String::new();
        };
        let (body, n) = (&kernel.body, self.number);
        let space = body_space(kernel);
        let mut head = writer.head(body, &space, &format!("p{n}_"), None);
        let walk = writer.walk(&space, flat.body);
        let mut text = head.start() + &walk.text(&head.places, "o");
        head.hold(body, held);
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
