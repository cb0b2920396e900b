//! Copying an operand to workgroup memory, by way of registers.

use std::fmt::Write;

use super::reads::Reads;
use crate::dtype::DType;
use crate::exec::gpu::codegen;

/// The copies of an invocation: groups of four elements, zeros beyond the operand's edges. They are fetched
/// into registers before the arithmetic on what was staged before them, and staged after it, so that the wait
/// for memory passes with work.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    dtype: DType,
    /// The type of an element that is staged, and whether that is the one it is stored as.
    acc: &'a str,
    as_stored: bool,
    operand: (&'a str, Reads),
    memory: &'a str,
    /// Where the operand starts.
    start: &'a str,
    /// The first row or column of the block, and how many there are in all.
    first: &'a str,
    edge: &'a str,
    /// From a row or column to the next, and from a step of k.
    strides: [&'a str; 2],
    /// Whether rows, or columns, lie next to each other.
    by_lines: &'a str,
    /// Groups of four that an invocation copies.
    count: usize,
}

impl<'a> Stage<'a> {
    /// The copies of the left and the right operand of a block, `count` groups of each.
    pub(super) fn both(
        dtype: DType,
        (acc, as_stored): (&'a str, bool),
        [a, b]: [(&'a str, Reads); 2],
        count: usize,
    ) -> [Self; 2] {
        let left = Self {
            dtype,
            acc,
            as_stored,
            operand: a,
            memory: "left",
            start: "a",
            first: "block_row",
            edge: "m",
            strides: ["a_row", "a_step"],
            by_lines: "a_by_rows",
            count,
        };
        let right = Self {
            operand: b,
            memory: "right",
            start: "b",
            first: "block_column",
            edge: "n",
            strides: ["b_column", "b_step"],
            by_lines: "b_by_columns",
            ..left
        };
        [left, right]
    }

    /// What each group is, and the registers that it travels in. Four steps of k of row or column `line`, or
    /// four rows or columns of step `step`, number `line` of those of the block.
    pub(super) fn places(&self) -> String {
        let (acc, memory) = (self.acc, self.memory);
        let mut text = String::new();
        for i in 0..self.count {
            let e = format!("(local + {i}u * GROUP)");
            let (line, step) = match self.operand.1 {
                // Neighbouring invocations read neighbouring vec4s of a row or column.
                Reads::AlongK => (
                    format!("{e} / (DEPTH / 4u)"),
                    format!("{e} % (DEPTH / 4u) * 4u"),
                ),
                // And neighbouring elements, along whichever dimension is contiguous.
                _ => (
                    format!("select({e} / DEPTH, {e} % (BLOCK / 4u), {})", self.by_lines),
                    format!("select({e} % DEPTH, {e} / (BLOCK / 4u), {})", self.by_lines),
                ),
            };
            let _ = write!(
                text,
                "    let {memory}_line{i} = {line};\n\
                 \x20   let {memory}_step{i} = {step};\n\
                 \x20   var {memory}_next{i} = vec4<{acc}>(0);\n"
            );
        }
        text
    }

    /// The groups of the steps from `next` on, into registers.
    pub(super) fn fetch(&self) -> String {
        (0..self.count).map(|i| self.fetch_group(i)).collect()
    }

    fn fetch_group(&self, i: usize) -> String {
        let &Self {
            acc,
            memory,
            start,
            first,
            edge,
            strides: [stride, step],
            operand: (buffer, reads),
            ..
        } = self;
        let (head, elements, inside): (String, [String; 4], [String; 4]) = match reads {
            Reads::AlongK => (
                format!(
                    "    let r = {first} + {memory}_line{i};\n\
                     \x20   let l = next + {memory}_step{i};\n\
                     \x20   let at = {start} + min(r, {edge} - 1u) * {stride};\n\
                     \x20   let v = {buffer}[(at + min(l, (inner - 1u) / 4u * 4u)) / 4u];\n"
                ),
                std::array::from_fn(|j| format!("v[{j}]")),
                std::array::from_fn(|j| format!("(r < {edge}) & (l + {j}u < inner)")),
            ),
            _ => {
                let mut head = format!(
                    "    let r = {first} + {memory}_line{i} * 4u;\n\
                     \x20   let l = next + {memory}_step{i};\n\
                     \x20   let at = {start} + min(l, inner - 1u) * {step};\n"
                );
                if reads == Reads::Across {
                    let _ = writeln!(
                        head,
                        "    let v = {buffer}[(at + min(r, ({edge} - 1u) / 4u * 4u)) / 4u];"
                    );
                }
                let element = |j| match reads {
                    Reads::Across => format!("v[{j}]"),
                    _ => format!("{buffer}[at + min(r + {j}u, {edge} - 1u) * {stride}]"),
                };
                (
                    head,
                    std::array::from_fn(element),
                    std::array::from_fn(|j| format!("(l < inner) & (r + {j}u < {edge})")),
                )
            }
        };
        let mut text = format!("    {{\n{head}");
        for (j, (element, inside)) in elements.iter().zip(inside).enumerate() {
            let element = match self.as_stored {
                true => element.clone(),
                false => codegen::load(self.dtype, element),
            };
            let _ = writeln!(
                text,
                "    let e{j} = select({acc}(0), {element}, {inside});"
            );
        }
        let _ = writeln!(text, "    {memory}_next{i} = vec4(e0, e1, e2, e3);\n    }}");
        text
    }

    /// The groups from registers to workgroup memory, element by element; `place` is where that of a row or
    /// column and of a step goes.
    pub(super) fn put_each(&self, place: &dyn Fn(&str, &str) -> String) -> String {
        let memory = self.memory;
        let mut text = String::new();
        for (i, j) in (0..self.count).flat_map(|i| (0..4).map(move |j| (i, j))) {
            let (line, step) = (format!("{memory}_line{i}"), format!("{memory}_step{i}"));
            let place = match self.operand.1 {
                Reads::AlongK => place(&line, &format!("({step} + {j}u)")),
                _ => place(&format!("({line} * 4u + {j}u)"), &step),
            };
            let _ = writeln!(text, "    {memory}[{place}] = {memory}_next{i}[{j}];");
        }
        text
    }

    /// The groups from registers to workgroup memory as vec4s of rows or columns, step after step.
    pub(super) fn put(&self) -> String {
        let memory = self.memory;
        let mut text = String::new();
        for i in 0..self.count {
            let (line, step) = (format!("{memory}_line{i}"), format!("{memory}_step{i}"));
            let _ = match self.operand.1 {
                Reads::AlongK => (0..4).try_for_each(|j| {
                    writeln!(
                        text,
                        "    {memory}[({step} + {j}u) * LINE + {line} / 4u][{line} % 4u] = \
                         {memory}_next{i}[{j}];"
                    )
                }),
                _ => writeln!(
                    text,
                    "    {memory}[{step} * LINE + {line}] = {memory}_next{i};"
                ),
            };
        }
        text
    }
}
