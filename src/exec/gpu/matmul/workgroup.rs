//! The text of a product whose operands are staged in workgroup memory.

use std::fmt::Write;

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
pub(super) fn text(dtype: DType, acc: &str, (a, b): (&str, &str), width: usize) -> Text {
    let quads = if width < 64 { 1 } else { 2 };
    let block = 32 * quads;
    let load = |buffer: &str, place: String| codegen::load(dtype, &format!("{buffer}[{place}]"));
    let stage = |buffer: &str, edge: &str| {
        let mut text = String::new();
        for i in 0..4 {
            let place = format!("{edge}_{i}");
            let load = load(buffer, format!("line + {place}"));
            let _ = writeln!(
                text,
                "    let {place} = min(first + {i}u, {edge} - 1u) * step;"
            );
            let _ = writeln!(
                text,
                "    let e{i} = select({acc}(0), {load}, inside && first + {i}u < {edge});"
            );
        }
        text
    };
    let left = stage(a, "m") + "    left[d * LINE + q] = vec4(e0, e1, e2, e3);\n";
    let right = stage(b, "n") + "    right[d * LINE + q] = vec4(e0, e1, e2, e3);\n";
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
