//! Reductions as shaders.

pub(super) mod element;
pub(super) mod grid;

use std::borrow::Cow;

use self::element::Element;
use self::grid::Grid;
use super::body::body_space;
use super::codegen;
use super::kernel::{Writer, accumulator};
use super::quads::{self, LEAST_SKEW, Lie};
use super::shader::{Bound, Shader, Target};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::{Body, ReduceOp};
use crate::plan::Kernel;
use crate::shape::Shape;

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
    /// Whether elements are taken four at a time.
    pub(super) quads: bool,
}

impl Flat {
    /// The walks that can be lines where elements are taken one by one: over the operands' space, and the
    /// body's.
    pub(super) fn one_by_one(operands: &Space, kernel: &Kernel) -> Self {
        Self {
            kept: operands.is_line(),
            reduced: true,
            body: body_space(kernel).is_line(),
            quads: false,
        }
    }

    /// The choices that serve where these walks can be lines, those with most lines first.
    pub(super) fn choices(self) -> Vec<Self> {
        let offered = |can: bool| if can { vec![true, false] } else { vec![false] };
        let mut all = Vec::new();
        for kept in offered(self.kept) {
            for reduced in offered(self.reduced) {
                for body in offered(self.body) {
                    for quads in offered(self.quads) {
                        all.push(Self {
                            kept,
                            reduced,
                            body,
                            quads,
                        });
                    }
                }
            }
        }
        all.sort_by_key(|f| {
            let general = [f.quads, f.kept, f.reduced, f.body].map(|special| !special as u8);
            3 * general[0] + general[1..].iter().sum::<u8>()
        });
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
    pub(super) fn flat(&self, kernel: &Kernel, target: &Target) -> Flat {
        let (kept, reduced) = self.spaces();
        Flat {
            kept: kept.is_line(),
            reduced: reduced.is_line(),
            body: body_space(kernel).is_line(),
            quads: self.vectors(kernel, target, &kept, &reduced).is_some(),
        }
    }

    /// Along which dimension the prologue's streams can be read in vec4s, and how each lies along it.
    fn vectors(
        &self,
        kernel: &Kernel,
        target: &Target,
        kept: &Space,
        reduced: &Space,
    ) -> Option<(Along, Vec<Lie>)> {
        let elsewhere = |slot: Option<usize>| {
            kernel.body.streams.iter().any(|s| s.slot == slot)
                || kernel.stores.iter().any(|s| Some(s.slot) == slot)
        };
        let lies = |along: &Space, across: &Space| {
            let last = along.dims.len() - 1;
            let paths = along.paths.iter().zip(&across.paths);
            let all = paths.zip(&self.prologue.streams);
            let all = all.map(|(((_, strides), (_, others)), stream)| {
                let others = strides[..last].iter().chain(others).copied();
                match Lie::of(stream.layout.offset() as isize, strides[last], others) {
                    Lie::Quad if elsewhere(stream.slot) => Lie::Apart,
                    lie => lie,
                }
            });
            let all = all.collect();
            let settled = quads::settle(&self.prologue, &[], all);
            settled.filter(|lies| lies.contains(&Lie::Quad))
        };
        let whole = |space: &Space| space.dims[space.dims.len() - 1].is_multiple_of(4);
        let gathers = self.prologue.streams.iter().any(|s| s.gather.is_some());
        // The last group of a line may reach beyond its end.
        let fits = whole(reduced) || (reduced.is_line() && !gathers);
        let quads = lies(reduced, kept).filter(|_| fits);
        // On hardware neighbouring lanes read neighbouring elements, one by one as well.
        let skew = || {
            let offered = target.software && self.reduced.size() >= LEAST_SKEW;
            offered.then(|| self.skew(reduced, &elsewhere)).flatten()
        };
        let single = |lies: &Vec<Lie>| {
            let mut all = lies.iter().zip(&self.prologue.streams);
            all.any(|(lie, stream)| *lie == Lie::Apart && stream.slot.is_some())
        };
        let along = match quads {
            Some(lies) if !single(&lies) => Some(lies),
            quads => skew().or(quads),
        };
        along.map(|l| (Along::Reduced, l)).or_else(|| {
            let along = lies(kept, reduced).filter(|_| whole(kept) && by_columns(kept, reduced));
            along.map(|l| (Along::Kept, l))
        })
    }

    /// How the streams lie along rows if each has a window. A buffer that is read `elsewhere` is bound by
    /// element.
    fn skew(&self, reduced: &Space, elsewhere: &dyn Fn(Option<usize>) -> bool) -> Option<Vec<Lie>> {
        let streams = &self.prologue.streams;
        let strides = reduced.paths.iter().map(|(_, s)| s[0]);
        let lies = reduced
            .is_line()
            .then(|| quads::skew(&self.prologue, strides))
            .flatten()?;
        let of = |skew: bool| {
            let pairs = streams.iter().zip(&lies);
            pairs
                .filter(move |(_, lie)| (**lie == Lie::Skew) == skew)
                .map(|(s, _)| s.slot)
        };
        let apart = !of(true).any(|slot| elsewhere(slot) || of(false).any(|other| other == slot));
        (apart && of(true).next().is_some()).then_some(lies)
    }

    /// The shader; `flat` may claim no more than [`Reduction::flat`].
    pub(super) fn shader(&self, kernel: &Kernel, target: &Target, flat: Flat) -> Shader {
        let (kept, reduced) = self.spaces();
        let (results, elements) = (self.kept.size(), self.reduced.size());
        let vectors = self.vectors(kernel, target, &kept, &reduced);
        let columns = by_columns(&kept, &reduced);
        let grid = Grid::new(target, results, elements, columns);
        let vectors = vectors.filter(|_| flat.quads);
        // The results that an invocation holds, and the sums of each.
        let inner = kept.dims[kept.dims.len() - 1];
        let held = match vectors {
            Some((Along::Kept, _)) => element::results(&self.prologue, inner, target),
            _ => 1,
        };
        let sums = if columns { 1 } else { 4 };
        let mut writer = Writer::new(target);
        writer.push(grid.words(results, elements, target, held));
        let element_type = accumulator(self.dtype);
        writer.bind(Bound::Scratch(0), "Acc", true);
        let (types, fold, result) = self.fold(element_type);
        let element = Element {
            reduction: self,
            kept: (&kept, flat.kept),
            reduced: (&reduced, flat.reduced),
            vectors: vectors.as_ref(),
            columns,
            results: held,
        };
        let (begin, element) = element.text(&mut writer);
        let body = writer.body(kernel, &body_space(kernel), flat.body, &result);
        let each = |line: &dyn Fn(usize, usize) -> String| {
            let pairs = (0..sums).flat_map(|j| (0..held).map(move |c| (j, c)));
            pairs.map(|(j, c)| line(j, c)).collect::<String>()
        };
        let starts = each(&|j, c| format!("    var sum{j}_{c} = identity();\n"));
        let blocks = each(&|j, c| format!("    var block{j}_{c} = identity();\n"));
        let folds = each(&|j, c| format!("    sum{j}_{c} = fold(sum{j}_{c}, block{j}_{c});\n"));
        let column = |line: &dyn Fn(usize) -> String| (0..held).map(line).collect::<String>();
        let partials = column(&|c| {
            format!("    block0_{c} = fold(block0_{c}, scratch[k * results + o + {c}u]);\n")
        });
        let seats = column(&|c| match columns {
            true => format!("    lanes[seat * RESULTS + {c}u] = sum0_{c};\n"),
            false => "    lanes[seat] = fold(fold(sum0_0, sum1_0), fold(sum2_0, sum3_0));\n".into(),
        });
        let slots = [
            ("results", &*format!("const RESULTS = {held}u;")),
            ("fold", &fold),
            ("sums", &starts),
            ("blocks", &blocks),
            ("partials", &partials),
            ("folds", &folds),
            ("begin", &begin),
            ("element", &element),
            ("seats", &seats),
            ("body", &body),
        ];
        let source = include_str!("../../../shaders/reduce.wgsl");
        let groups = grid.blocks(results, target, held) * grid.slices;
        let mut shader = writer.finish("reduce", source, (&types, target.group), &slots, groups);
        if grid.slices > 1 {
            // The partial results of a result are as many as there are slices.
            let second = Grid::of_slices(target, results, grid.slices);
            let mut last = shader.dispatches[0].clone();
            let words = second.words(results, grid.slices, target, held);
            last.words[..words.len()].copy_from_slice(&words);
            last.words[2] = 2;
            last.groups = second.blocks(results, target, held);
            shader.dispatches.push(last);
            let words = if self.op.is_arg() { 2 } else { 1 };
            shader.scratch = vec![grid.slices * results * words];
        }
        shader
    }

    /// The accumulator's type, the functions that fold it, and its result.
    fn fold(&self, element: &str) -> (String, String, String) {
        if self.op.is_arg() {
            return (
                format!("struct Acc {{ value: {element}, place: u32 }}\n"),
                arg_fold(self.op, self.dtype, element),
                "total.place".to_string(),
            );
        }
        let (combine, identity) = self.op.wgsl(self.dtype);
        let combine = combine.replace("{a}", "a").replace("{b}", "b");
        let total = match self.dtype {
            DType::Bool => "(total != 0u)",
            DType::F16 => "f32(f16(total))",
            _ => "total",
        };
        (
            format!("alias Acc = {element};\n"),
            format!(
                "fn identity() -> Acc {{\n    return {identity};\n}}\n\n\
                 fn fold(a: Acc, b: Acc) -> Acc {{\n    return {combine};\n}}\n"
            ),
            total.to_string(),
        )
    }
}

/// The dimension along which a reduction reads four neighbours at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    Reduced,
    Kept,
}

/// Whether neighbouring results lie next to each other and neighbouring elements do not.
fn by_columns(kept: &Space, reduced: &Space) -> bool {
    let unit = |space: &Space| space.paths.iter().any(|(_, s)| s[s.len() - 1] == 1);
    unit(kept) && !unit(reduced)
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
