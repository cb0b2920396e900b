//! Reductions as shaders.

use std::borrow::Cow;

use super::codegen;
use super::kernel::{Bound, Dispatch, Shader, Target, Writer, accumulator, body_space};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::{Body, ReduceOp};
use crate::plan::Kernel;
use crate::shape::Shape;

/// Elements of a result from which it is worth cutting into slices.
const MIN_SLICE: usize = 4096;
/// Elements that a lane folds at most before slices are cut, however many results there are.
const MAX_LANE: usize = 1 << 12;

/// What a reduction reduces, taken from a kernel's core.
pub(super) struct Reduction<'a> {
    pub(super) op: ReduceOp,
    pub(super) dtype: DType,
    pub(super) prologue: Cow<'a, Body>,
    pub(super) kept: Shape,
    pub(super) reduced: Shape,
}

/// Which of a kernel's walks are lines: over the kept dimensions of a reduction (the batch of a
/// product), the reduced ones, those of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flat {
    pub(super) kept: bool,
    pub(super) reduced: bool,
    pub(super) body: bool,
}

impl Flat {
    /// The choices that serve where these walks can be lines, those with most lines first.
    pub(super) fn choices(self) -> Vec<Self> {
        let offered = |can: bool| if can { vec![true, false] } else { vec![false] };
        let mut all = Vec::new();
        for kept in offered(self.kept) {
            for reduced in offered(self.reduced) {
                for body in offered(self.body) {
                    all.push(Self {
                        kept,
                        reduced,
                        body,
                    });
                }
            }
        }
        all.sort_by_key(|f| !f.kept as u8 + !f.reduced as u8 + !f.body as u8);
        all
    }
}

/// The spaces of the kept and of the reduced dimensions of layouts over both.
pub(super) fn halves<'l>(
    kept: &Shape,
    reduced: &Shape,
    layouts: impl Iterator<Item = &'l Layout>,
) -> (Space, Space) {
    let parts = |layout: &Layout| {
        let (outer, inner) = layout.strides().split_at(kept.ndim());
        (
            Layout::from_parts(kept.clone(), outer, layout.offset()),
            Layout::from_parts(reduced.clone(), inner, 0),
        )
    };
    let (outer, inner): (Vec<Layout>, Vec<Layout>) = layouts.map(parts).unzip();
    (
        Space::new(kept, outer.iter()),
        Space::new(reduced, inner.iter()),
    )
}

impl Reduction<'_> {
    fn spaces(&self) -> (Space, Space) {
        let layouts = self.prologue.streams.iter().map(|s| &s.layout);
        halves(&self.kept, &self.reduced, layouts)
    }

    /// The walks that can be lines.
    pub(super) fn flat(&self, kernel: &Kernel) -> Flat {
        let (kept, reduced) = self.spaces();
        let line = |space: &Space| space.dims.len() == 1;
        Flat {
            kept: line(&kept),
            reduced: line(&reduced),
            body: line(&body_space(kernel)),
        }
    }

    /// The shader; `flat` may claim no more than [`Reduction::flat`].
    pub(super) fn shader(&self, kernel: &Kernel, target: &Target, flat: Flat) -> Shader {
        let (kept, reduced) = self.spaces();
        let (results, elements) = (self.kept.size(), self.reduced.size());
        let grid = self.grid(target, results, elements, &kept, &reduced);
        let mut writer = Writer::new(target);
        writer.push([
            results as u32,
            elements as u32,
            (grid.slices > 1) as u32,
            grid.width as u32,
            elements.div_ceil(grid.slices) as u32,
            grid.blocks as u32,
            grid.columns as u32,
        ]);
        let element_type = accumulator(self.dtype);
        writer.bind(Bound::Scratch, "Acc", true);
        let (begin, element) = writer.row_body(&self.prologue, &[], (&kept, &reduced), flat, &[]);
        let value = format!("v{}", self.prologue.program.results[0]);
        let value = match self.dtype {
            DType::Bool => format!("select(0u, 1u, {value})"),
            _ => value,
        };
        let (types, fold, take, result) = if self.op.is_arg() {
            (
                format!("struct Acc {{ value: {element_type}, place: u32 }}\n"),
                arg_fold(self.op, self.dtype, element_type),
                format!("    value = Acc({value}, k);\n"),
                "total.place".to_string(),
            )
        } else {
            let (combine, identity) = self.op.wgsl(self.dtype);
            let combine = combine.replace("{a}", "a").replace("{b}", "b");
            let total = match self.dtype {
                DType::Bool => "(total != 0u)",
                DType::F16 => "f32(f16(total))",
                _ => "total",
            };
            (
                format!("alias Acc = {element_type};\n"),
                format!(
                    "fn identity() -> Acc {{\n    return {identity};\n}}\n\n\
                     fn fold(a: Acc, b: Acc) -> Acc {{\n    return {combine};\n}}\n"
                ),
                format!("    value = {value};\n"),
                total.to_string(),
            )
        };
        let body = writer.body(kernel, &body_space(kernel), flat.body, &result);
        let element = element + &take;
        let slots = [
            ("fold", fold.as_str()),
            ("begin", begin.as_str()),
            ("element", element.as_str()),
            ("body", body.as_str()),
        ];
        let source = include_str!("../../../shaders/reduce.wgsl");
        let groups = grid.blocks * grid.slices;
        let mut shader = writer.finish("reduce", source, (&types, target.group), &slots, groups);
        if grid.slices > 1 {
            // The partial results of a result are as many as there are slices.
            let last = self.second(&shader.dispatches[0], &grid, target, results);
            shader.dispatches.push(last);
            let words = if self.op.is_arg() { 2 } else { 1 };
            shader.scratch = grid.slices * results * words;
        }
        shader
    }

    fn grid(
        &self,
        target: &Target,
        results: usize,
        elements: usize,
        kept: &Space,
        reduced: &Space,
    ) -> Grid {
        let unit = |space: &Space| space.paths.iter().any(|(_, s)| s[s.len() - 1] == 1);
        let columns = unit(kept) && !unit(reduced);
        // Neighbouring lanes of a row read neighbouring elements; columns need lanes only where
        // there are too few results to keep the device busy.
        let wanted = if columns || target.software {
            target.busy.div_ceil(results)
        } else {
            elements.div_ceil(4)
        };
        let most = elements.next_power_of_two().min(target.group);
        let width = wanted.next_power_of_two().clamp(1, most);
        let blocks = results.div_ceil(target.group / width);
        let by_fill = (target.fill / blocks).min(elements / MIN_SLICE);
        let by_length = elements.div_ceil(MAX_LANE * width);
        let slices = by_fill.max(by_length).max(1);
        // No slice is empty.
        let slices = elements.div_ceil(elements.div_ceil(slices));
        Grid {
            columns,
            width,
            blocks,
            slices,
        }
    }

    /// The dispatch that folds the slices.
    fn second(&self, first: &Dispatch, grid: &Grid, target: &Target, results: usize) -> Dispatch {
        let mut last = first.clone();
        let width = grid.slices.next_power_of_two().min(target.group);
        let blocks = results.div_ceil(target.group / width);
        let words = [results, grid.slices, 2, width, grid.slices, blocks, 0];
        for (word, value) in last.words.iter_mut().zip(words) {
            *word = value as u32;
        }
        last.groups = blocks;
        last
    }
}

struct Grid {
    columns: bool,
    /// Lanes a result.
    width: usize,
    /// Workgroups a slice.
    blocks: usize,
    slices: usize,
}

/// Folding pairs of a value and its place: the better value, the earlier place among equals, and NaN
/// before all others. A place of `u32::MAX` marks no element.
fn arg_fold(op: ReduceOp, dtype: DType, element: &str) -> String {
    let better = if op == ReduceOp::ArgMax { ">" } else { "<" };
    let (same, ahead) = match dtype.is_float() {
        true => (
            "(tw_is_nan(a.value) && tw_is_nan(b.value)) || a.value == b.value".to_string(),
            format!(
                "(tw_is_nan(b.value) && !tw_is_nan(a.value)) || \
                 (!tw_is_nan(a.value) && b.value {better} a.value)"
            ),
        ),
        false => (
            "a.value == b.value".into(),
            format!("b.value {better} a.value"),
        ),
    };
    let none = codegen::register(DType::U32);
    format!(
        "fn identity() -> Acc {{\n    return Acc({element}(0), {none}(0xffffffffu));\n}}\n\n\
         fn fold(a: Acc, b: Acc) -> Acc {{\n\
         \x20   if a.place == 0xffffffffu {{ return b; }}\n\
         \x20   if b.place == 0xffffffffu {{ return a; }}\n\
         \x20   if {same} {{\n        if b.place < a.place {{ return b; }}\n        return a;\n    }}\n\
         \x20   if {ahead} {{ return b; }}\n    return a;\n}}\n"
    )
}
