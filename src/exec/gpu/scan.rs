//! Scans as shaders.

use super::body::streams_space;
use super::kernel::{Writer, accumulator};
use super::reduce::Flat;
use super::shader::{Bound, MAX_LOOPS, Shader, Target};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::op::{Body, ReduceOp};
use crate::plan::{Kernel, around};
use crate::shape::Shape;

/// Elements of a lane where neighbours are to be busy together.
const SHARE: usize = 16;
/// The most elements of a lane: it goes through them twice.
const MOST: usize = 1 << 13;
const _: () = assert!(2 * MOST < MAX_LOOPS);

/// What a scan scans, taken from a kernel's core.
pub(super) struct Scan<'a> {
    pub(super) op: ReduceOp,
    pub(super) dtype: DType,
    pub(super) prologue: &'a Body,
    pub(super) axis: usize,
    pub(super) shape: &'a Shape,
}

/// How an axis is shared out. It decides the order of accumulation, and depends on the shape alone.
struct Tiles {
    /// Lanes of a tile, and elements of a lane.
    width: usize,
    share: usize,
    count: usize,
}

impl Tiles {
    /// Tiles of `n` elements along each of some rows.
    fn new(target: &Target, rows: usize, n: usize) -> Self {
        let least = match target.software {
            true => n.div_ceil(target.busy.div_ceil(rows)),
            false => SHARE.max(n.div_ceil(target.busy.div_ceil(rows))),
        };
        let share = least.clamp(1, MOST);
        let lanes = n.div_ceil(share);
        let width = lanes.next_power_of_two().min(target.group);
        Self {
            width,
            share,
            count: lanes.div_ceil(width),
        }
    }

    /// One tile, whatever its lanes have to do.
    fn one(target: &Target, n: usize) -> Self {
        let width = n.next_power_of_two().min(target.group);
        Self {
            width,
            share: n.div_ceil(width),
            count: 1,
        }
    }

    /// Workgroups for a tile of each row.
    fn blocks(&self, target: &Target, rows: usize) -> usize {
        rows.div_ceil(target.group / self.width)
    }
}

impl Scan<'_> {
    fn space(&self) -> Space {
        streams_space(self.shape, self.prologue)
    }

    /// The walks that can be lines.
    pub(super) fn flat(&self, kernel: &Kernel) -> Flat {
        Flat::one_by_one(&self.space(), kernel)
    }

    /// The shader; `flat` may claim no more than [`Scan::flat`].
    pub(super) fn shader(&self, kernel: &Kernel, target: &Target, flat: Flat) -> Shader {
        let (outer, n, inner) = around(self.shape, self.axis);
        let rows = outer * inner;
        let tiles = Tiles::new(target, rows, n);
        let words = |mode: usize, length: usize, tiles: &Tiles| {
            let blocks = tiles.blocks(target, rows);
            let sizes = [
                rows,
                inner,
                mode,
                length,
                tiles.width,
                tiles.share,
                blocks,
                n,
            ];
            sizes.map(|v| v as u32)
        };
        let mut writer = Writer::new(target);
        writer.push(words(3, n, &tiles));
        writer.bind(Bound::Scratch(0), "Acc", true);
        let (types, fold, total) = self.fold();
        let results = &self.prologue.program.results;
        let value = match self.dtype {
            DType::Bool => format!("select(0u, 1u, v{})", results[0]),
            _ => format!("v{}", results[0]),
        };
        let value = match results.get(1) {
            Some(begins) => format!("Acc({value}, select(0u, 1u, v{begins}))"),
            None => value,
        };
        let element = writer.element(self.prologue, &self.space(), flat.kept, ("Acc", &value));
        let body = writer.finisher(kernel, flat.body, ("Acc", &total));
        let slots = [("fold", &*fold), ("element", &*element), ("body", &*body)];
        let source = include_str!("../../../shaders/scan.wgsl");
        let groups = tiles.blocks(target, rows) * tiles.count;
        let mut shader = writer.finish("scan", source, (&types, target.group), &slots, groups);
        if tiles.count > 1 {
            let totals = Tiles::one(target, tiles.count);
            let whole = shader.dispatches[0].clone();
            let run = |words: [u32; 8], groups| {
                let mut dispatch = whole.clone();
                dispatch.words[..words.len()].copy_from_slice(&words);
                dispatch.groups = groups;
                dispatch
            };
            shader.dispatches = vec![
                run(words(0, n, &tiles), groups),
                run(words(1, tiles.count, &totals), totals.blocks(target, rows)),
                run(words(2, n, &tiles), groups),
            ];
            shader.scratch = vec![tiles.count * rows * (1 + self.segmented() as usize)];
        }
        shader
    }

    fn segmented(&self) -> bool {
        self.prologue.program.results.len() > 1
    }

    /// The accumulator's type, the functions that fold it, and the element that it gives.
    fn fold(&self) -> (String, String, String) {
        let element = accumulator(self.dtype);
        let (combine, _) = self.op.wgsl(self.dtype);
        let combine = combine.replace("{a}", "a").replace("{b}", "b");
        // By its bits, which no compiler takes for another zero.
        let identity = self.op.scan_identity(self.dtype);
        let functions = format!(
            "fn nothing() -> {element} {{\n    return bitcast<{element}>({identity:#x}u);\n}}\n\n\
             fn combine(a: {element}, b: {element}) -> {element} {{\n    return {combine};\n}}\n"
        );
        let (types, folds, total) = match self.segmented() {
            false => (
                format!("alias Acc = {element};\n"),
                "fn identity() -> Acc {\n    return nothing();\n}\n\n\
                 fn fold(a: Acc, b: Acc) -> Acc {\n    return combine(a, b);\n}\n",
                "total",
            ),
            true => (
                format!("struct Acc {{ value: {element}, begun: u32 }}\n"),
                "fn identity() -> Acc {\n    return Acc(nothing(), 0u);\n}\n\n\
                 fn fold(a: Acc, b: Acc) -> Acc {\n\
                 \x20   if b.begun != 0u { return b; }\n\
                 \x20   return Acc(combine(a.value, b.value), a.begun);\n}\n",
                "total.value",
            ),
        };
        let total = match self.dtype {
            DType::Bool => format!("({total} != 0u)"),
            DType::F16 => format!("f32(f16({total}))"),
            _ => total.to_string(),
        };
        (types, functions + folds, total)
    }
}
