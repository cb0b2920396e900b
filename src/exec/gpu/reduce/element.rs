//! The statements that fold four elements of a reduction.

use std::fmt::Write;

use super::{Along, Reduction};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::exec::gpu::body::BodyText;
use crate::exec::gpu::frame::Walk;
use crate::exec::gpu::kernel::Writer;
use crate::exec::gpu::quads::Lie;
use crate::exec::gpu::shader::Target;
use crate::exec::gpu::template;
use crate::op::Body;

/// The prologue for elements `k..k + 4`, of which element `k + j` is folded into `block{j}_0`; down
/// columns, for element `k` of the results `o + c`, folded into `block0_{c}`.
pub(super) struct Element<'a> {
    pub(super) reduction: &'a Reduction<'a>,
    /// The walk over the kept dimensions, and whether it is a line.
    pub(super) kept: (&'a Space, bool),
    /// That over the reduced ones.
    pub(super) reduced: (&'a Space, bool),
    pub(super) vectors: Option<&'a (Along, Vec<Lie>)>,
    pub(super) columns: bool,
    /// Results of an invocation.
    pub(super) results: usize,
}

/// A number in the text: known, or the variable of a loop.
#[derive(Clone, Copy)]
pub(in crate::exec::gpu) enum Number {
    Known(usize),
    Loop(&'static str),
}

impl Number {
    /// The statements for each number below `count`, one after the other or in a loop.
    pub(in crate::exec::gpu) fn each(
        var: &'static str,
        count: usize,
        long: bool,
        text: impl Fn(Self) -> String,
    ) -> String {
        if long {
            let body = text(Self::Loop(var));
            return format!(
                "    for (var {var} = 0u; {var} < {count}u; {var} += 1u) {{\n{body}    }}\n"
            );
        }
        let known = |n| format!("    {{\n{}    }}\n", text(Self::Known(n)));
        (0..count).map(known).collect()
    }

    pub(in crate::exec::gpu) fn may_be(self, n: usize) -> bool {
        match self {
            Self::Known(known) => known == n,
            Self::Loop(_) => true,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(n) => write!(f, "{n}u"),
            Self::Loop(var) => f.write_str(var),
        }
    }
}

/// Results that an invocation has where neighbours lie next to each other: on the CPU, whole lines of
/// the cache, if the prologue is short.
pub(super) fn results(body: &Body, inner: usize, target: &Target) -> usize {
    let lines = target.software && inner.is_multiple_of(32);
    if lines && !too_long(body, 32) { 32 } else { 4 }
}

/// Whether the prologue of so many elements is too long to be repeated.
fn too_long(body: &Body, elements: usize) -> bool {
    let program = BodyText::nameless(body).statements(body, "v", "");
    template::too_long(&program, elements)
}

impl Element<'_> {
    /// The statements before the loop over elements, and those of the loop.
    pub(super) fn text(&self, writer: &mut Writer) -> (String, String) {
        let body = &*self.reduction.prologue;
        let lies = self.vectors.map(|(_, lies)| lies.as_slice());
        let head = writer.head(body, self.kept.0, "q", lies);
        let outer = writer.walk(self.kept.0, self.kept.1);
        let inner = writer.walk(self.reduced.0, self.reduced.1);
        let mut begin = head.start() + &outer.text(&head.places, "o");
        if let Some((along, _)) = self.vectors {
            let space = match along {
                Along::Reduced => self.reduced.0,
                Along::Kept => self.kept.0,
            };
            let last = space.dims.len() - 1;
            let strides = writer.push(space.paths.iter().map(|(_, s)| s[last] as u32));
            for k in 0..space.paths.len() {
                let _ = writeln!(
                    begin,
                    "    let {} = word({}u);",
                    head.stride(k),
                    strides + k
                );
            }
        }
        let from = head.places.clone();
        let head = head.renamed("e");
        if let Some(lies) = lies {
            begin += &head.windows(lies, &from);
        }
        let text = Text {
            element: self,
            body,
            from,
            head,
            inner,
        };
        let (words, elements) = template::hoist(&text.elements());
        (begin + &words, elements)
    }
}

struct Text<'a> {
    element: &'a Element<'a>,
    body: &'a Body,
    /// The places of result `o`.
    from: Vec<String>,
    /// Those of its elements.
    head: BodyText,
    inner: Walk,
}

impl Text<'_> {
    /// The statements of the loop.
    fn elements(&self) -> String {
        let long = too_long(self.body, 4);
        match self.element.vectors {
            None if self.element.columns => {
                let fold = format!("    block0_0 = fold(block0_0, {});\n", self.value("k"));
                self.places("k") + &self.head.statements(self.body, "v", "") + &fold
            }
            None => Number::each("j", 4, long, |j| {
                // Reads under a condition cost more on the CPU: the last element may be read again.
                let at = format!("min(k + {j}, stop - 1u)");
                self.places(&at) + &self.head.statements(self.body, "v", "") + &self.fold(j)
            }),
            Some((Along::Reduced, lies)) => {
                let each = Number::each("j", 4, long, |j| {
                    let e = j.to_string();
                    self.head.quad_statements(self.body, "v", lies, &e) + &self.fold(j)
                });
                self.places("k") + &self.loads(lies) + &each
            }
            Some((Along::Kept, lies)) => {
                let mut text = self.places("k") + &self.head.single_loads(self.body, lies);
                for first in (0..self.element.results).step_by(4) {
                    text += "    {\n";
                    let head = self.head.clone().renamed("f");
                    for (i, (f, e)) in head.places.iter().zip(&self.head.places).enumerate() {
                        let _ =
                            writeln!(text, "    let {f} = {e} + {first}u * {};", head.stride(i));
                    }
                    text += &head.quad_loads(self.body, lies);
                    for c in 0..4 {
                        let e = format!("{c}u");
                        let statements = head.quad_statements(self.body, "v", lies, &e);
                        let block = format!("block0_{}", first + c);
                        let value = self.value("k");
                        let _ = writeln!(
                            text,
                            "    {{\n{statements}    {block} = fold({block}, {value});\n    }}"
                        );
                    }
                    text += "    }\n";
                }
                text
            }
        }
    }

    /// The places of an element.
    fn places(&self, number: &str) -> String {
        let mut text = String::new();
        for (place, from) in self.head.places.iter().zip(&self.from) {
            let _ = writeln!(text, "    var {place} = {from};");
        }
        text + &self.inner.text(&self.head.places, number)
    }

    fn loads(&self, lies: &[Lie]) -> String {
        self.head.single_loads(self.body, lies) + &self.head.quad_loads(self.body, lies)
    }

    /// The program's result for an element.
    fn value(&self, number: &str) -> String {
        let reduction = self.element.reduction;
        let value = format!("v{}", self.body.program.results[0]);
        let value = match reduction.dtype {
            DType::Bool => format!("select(0u, 1u, {value})"),
            _ => value,
        };
        match reduction.op.is_arg() {
            true => format!("Acc({value}, {number})"),
            false => value,
        }
    }

    /// Folds the program's result for element `k + j` into its block.
    fn fold(&self, j: Number) -> String {
        let value = self.value(&format!("k + {j}"));
        let fold = |n: usize| format!("block{n}_0 = fold(block{n}_0, {value});");
        let mut text = format!("    if k + {j} < stop {{\n");
        match j {
            Number::Known(n) => {
                let _ = writeln!(text, "    {}", fold(n));
            }
            Number::Loop(_) => {
                for n in 0..4 {
                    let _ = writeln!(text, "    if {j} == {n}u {{ {} }}", fold(n));
                }
            }
        }
        text + "    }\n"
    }
}
