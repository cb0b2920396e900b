//! The text of a product whose tiles are in registers and whose operands are read from memory.

use std::fmt::Write;

use super::{Text, Tile};
use crate::dtype::DType;
use crate::exec::gpu::codegen;

/// The text for results of that many columns.
pub(super) fn text(
    dtype: DType,
    acc: &str,
    (a, b): (&str, &str),
    width: usize,
    group: usize,
) -> Text {
    let (rows, columns) = if width < 64 { (4, 4) } else { (8, 16) };
    let (mut start, mut step) = (String::new(), String::new());
    for r in 0..rows {
        let _ = writeln!(start, "    let a{r} = a + min(row + {r}u, m - 1u) * a_row;");
        let load = codegen::load(dtype, &format!("{a}[a{r} + k * a_step]"));
        let _ = writeln!(step, "    let x{r} = {load};");
    }
    for c in 0..columns {
        let _ = writeln!(
            start,
            "    let at{c} = b + min(column + {c}u, n - 1u) * b_column;"
        );
        let load = codegen::load(dtype, &format!("{b}[at{c} + k * b_step]"));
        let _ = writeln!(step, "    let y{c} = {load};");
    }
    for r in 0..rows {
        for c in 0..columns {
            let _ = writeln!(start, "    var c{r}_{c} = {acc}(0);");
            let _ = writeln!(step, "    c{r}_{c} += x{r} * y{c};");
        }
    }
    Text {
        name: "matmul_registers",
        source: include_str!("../../../../shaders/matmul_registers.wgsl"),
        group,
        per_group: group,
        tile: Tile::of_registers([rows, columns], 0..rows, 0..columns),
        slots: vec![
            (
                "tile",
                format!("const ROWS = {rows}u;\nconst COLUMNS = {columns}u;\n"),
            ),
            ("start", start),
            ("step", step),
        ],
    }
}
