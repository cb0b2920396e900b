//! The statements that fold four elements of a reduction.

use std::fmt::Write;

use super::{Along, Reduction};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::exec::gpu::body::BodyText;
use crate::exec::gpu::frame::Walk;
use crate::exec::gpu::kernel::Writer;
use crate::exec::gpu::quads::Lie;
use crate::exec::gpu::template;
use crate::op::Body;

/// Characters that the programs of an element's copies, with all that they call, may have together for
/// them to be repeated: compilers inline every one.
pub(in crate::exec::gpu) const LONG: usize = 16_000;

/// The prologue for elements `k..k + 4` of result `o`, or of four results from `o` on. Element `j` of
/// result `c` is folded into `block{j}_{c}`.
pub(super) struct Element<'a> {
    pub(super) reduction: &'a Reduction<'a>,
    /// The walk over the kept dimensions, and whether it is a line.
    pub(super) kept: (&'a Space, bool),
    /// That over the reduced ones.
    pub(super) reduced: (&'a Space, bool),
    pub(super) vectors: Option<&'a (Along, Vec<Lie>)>,
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
                let _ = writeln!(begin, "    let s{k} = word({}u);", strides + k);
            }
        }
        let text = Text {
            element: self,
            body,
            from: head.places.clone(),
            head: head.renamed("e"),
            inner,
        };
        let program = text.head.statements(body, "v", "");
        let length = program.len() + template::library(&program).len();
        (begin, text.four(length))
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
    /// The statements for all four elements; the program and what it calls have so many characters.
    fn four(&self, length: usize) -> String {
        let long = 4 * length > LONG;
        match self.element.vectors {
            None => Number::each("j", 4, long, |j| {
                let statements = self.head.statements(self.body, "v", "");
                self.places(j) + &statements + &self.fold(j, Number::Known(0))
            }),
            Some((Along::Reduced, lies)) => {
                let loads = self.places(Number::Known(0)) + &self.loads(lies);
                let each = Number::each("j", 4, long, |j| {
                    let statements =
                        self.head
                            .quad_statements(self.body, "v", lies, &j.to_string());
                    statements + &self.fold(j, Number::Known(0))
                });
                loads + &each
            }
            Some((Along::Kept, lies)) => Number::each("j", 4, long, |j| {
                let results = Number::each("c", 4, 16 * length > LONG, |c| {
                    self.head
                        .quad_statements(self.body, "v", lies, &c.to_string())
                        + &self.fold(j, c)
                });
                self.places(j) + &self.loads(lies) + &results
            }),
        }
    }

    /// The places of element `k + j`, or of the last one: reads under a condition cost more on the CPU.
    fn places(&self, j: Number) -> String {
        let mut text = String::new();
        for (place, from) in self.head.places.iter().zip(&self.from) {
            let _ = writeln!(text, "    var {place} = {from};");
        }
        text + &self
            .inner
            .text(&self.head.places, &format!("min(k + {j}, stop - 1u)"))
    }

    fn loads(&self, lies: &[Lie]) -> String {
        self.head.single_loads(self.body, lies) + &self.head.quad_loads(lies)
    }

    /// Folds the program's result into its block.
    fn fold(&self, j: Number, c: Number) -> String {
        let reduction = self.element.reduction;
        let value = format!("v{}", self.body.program.results[0]);
        let value = match reduction.dtype {
            DType::Bool => format!("select(0u, 1u, {value})"),
            _ => value,
        };
        let value = match reduction.op.is_arg() {
            true => format!("Acc({value}, k + {j})"),
            false => value,
        };
        let mut text = format!("    if k + {j} < stop {{\n");
        for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))) {
            if !j.may_be(a) || !c.may_be(b) {
                continue;
            }
            let fold = format!("block{a}_{b} = fold(block{a}_{b}, {value});");
            let _ = match (j, c) {
                (Number::Known(_), Number::Known(_)) => writeln!(text, "    {fold}"),
                (Number::Loop(_), Number::Known(_)) => {
                    writeln!(text, "    if {j} == {a}u {{ {fold} }}")
                }
                _ => writeln!(text, "    if {j} == {a}u && {c} == {b}u {{ {fold} }}"),
            };
        }
        text + "    }\n"
    }
}
