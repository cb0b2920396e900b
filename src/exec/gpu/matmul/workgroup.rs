//! The text of a product whose operands are staged in workgroup memory.

use std::fmt::Write;

use super::reads::Reads;
use super::{Text, Tile};
use crate::dtype::DType;
use crate::exec::gpu::codegen;

/// Steps of k that are staged at a time: with blocks of 64, 8.5 KiB of workgroup memory.
const DEPTH: usize = 16;
/// Steps of k that are unrolled.
const UNROLL: usize = 4;

/// The text for results of that many columns.
///
/// 64 invocations, 8 × 8 of them in a block. An invocation has one or two groups of four rows and as
/// many of four columns, half a block apart, so that neighbours read neighbouring vec4s.
pub(super) fn text(
    dtype: DType,
    acc: &str,
    (a, b): ((&str, Reads), (&str, Reads)),
    width: usize,
) -> Text {
    let quads = if width < 64 { 1 } else { 2 };
    let block = 32 * quads;
    let left = Stage {
        dtype,
        acc,
        operand: a,
        memory: "left",
        start: "a",
        first: "block_row",
        edge: "m",
        strides: ["a_row", "a_step"],
    };
    let right = Stage {
        operand: b,
        memory: "right",
        start: "b",
        first: "block_column",
        edge: "n",
        strides: ["b_column", "b_step"],
        ..left
    };
    let (left, right) = (left.text(), right.text());
    let (mut start, mut steps) = (String::new(), String::new());
    for r in 0..4 * quads {
        for q in 0..quads {
            let _ = writeln!(start, "    var t{r}_{q} = vec4<{acc}>(0);");
        }
    }
    for u in 0..UNROLL {
        steps += "    {\n";
        for q in 0..quads {
            let _ = writeln!(
                steps,
                "    let x{q} = left[(d + {u}u) * LINE + {}u + lane_row];",
                8 * q
            );
            let _ = writeln!(
                steps,
                "    let y{q} = right[(d + {u}u) * LINE + {}u + lane_column];",
                8 * q
            );
        }
        for r in 0..4 * quads {
            for q in 0..quads {
                let _ = writeln!(steps, "    t{r}_{q} += x{}[{}] * y{q};", r / 4, r % 4);
            }
        }
        steps += "    }\n";
    }
    let mut results = String::new();
    for r in 0..4 * quads {
        for c in 0..4 * quads {
            let _ = writeln!(results, "    let c{r}_{c} = t{r}_{}[{}];", c / 4, c % 4);
        }
    }
    let offsets: Vec<usize> = (0..4 * quads).map(|i| i / 4 * 32 + i % 4).collect();
    Text {
        name: "matmul_workgroup",
        source: include_str!("../../../../shaders/matmul_workgroup.wgsl"),
        group: 64,
        per_group: 1,
        tile: Tile {
            block: [block, block],
            rows: offsets.clone(),
            columns: offsets,
        },
        slots: vec![
            (
                "tile",
                format!(
                    "alias Acc = {acc};\nconst BLOCK = {block}u;\nconst DEPTH = {DEPTH}u;\nconst UNROLL = {UNROLL}u;\n"
                ),
            ),
            ("left", left),
            ("right", right),
            ("start", start),
            ("steps", steps),
            ("results", results),
        ],
    }
}

/// Copying four elements of an operand to workgroup memory, zeros beyond its edges.
#[derive(Clone, Copy)]
struct Stage<'a> {
    dtype: DType,
    acc: &'a str,
    operand: (&'a str, Reads),
    memory: &'a str,
    /// Where the operand starts.
    start: &'a str,
    /// The first row or column of the block, and how many there are in all.
    first: &'a str,
    edge: &'a str,
    /// From a row or column to the next, and from a step of k.
    strides: [&'a str; 2],
}

impl Stage<'_> {
    fn text(&self) -> String {
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
        let load = |element: String| codegen::load(self.dtype, &element);
        let mut text = String::new();
        if reads == Reads::AlongK {
            // Neighbouring invocations read neighbouring vec4s of a row or column.
            let _ = write!(
                text,
                "    let r = e / (DEPTH / 4u);\n\
                 \x20   let l = e % (DEPTH / 4u) * 4u;\n\
                 \x20   let at = {start} + min({first} + r, {edge} - 1u) * {stride};\n\
                 \x20   let v = {buffer}[(at + min(base + l, (inner - 1u) / 4u * 4u)) / 4u];\n"
            );
            for i in 0..4 {
                let element = load(format!("v[{i}]"));
                let _ = writeln!(
                    text,
                    "    {memory}[(l + {i}u) * LINE + r / 4u][r % 4u] = \
                     select({acc}(0), {element}, {first} + r < {edge} && base + l + {i}u < inner);"
                );
            }
            return text;
        }
        let _ = write!(
            text,
            "    let line = {start} + min(base + d, inner - 1u) * {step};\n\
             \x20   let first = {first} + q * 4u;\n\
             \x20   let inside = base + d < inner;\n"
        );
        if reads == Reads::Across {
            let _ = writeln!(
                text,
                "    let v = {buffer}[(line + min(first, ({edge} - 1u) / 4u * 4u)) / 4u];"
            );
        }
        for i in 0..4 {
            let element = match reads {
                Reads::Across => format!("v[{i}]"),
                _ => format!("{buffer}[line + min(first + {i}u, {edge} - 1u) * {stride}]"),
            };
            let _ = writeln!(
                text,
                "    let e{i} = select({acc}(0), {}, inside && first + {i}u < {edge});",
                load(element)
            );
        }
        let _ = writeln!(text, "    {memory}[d * LINE + q] = vec4(e0, e1, e2, e3);");
        text
    }
}
