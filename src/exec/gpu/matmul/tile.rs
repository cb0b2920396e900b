//! The share of an invocation in a product, and how its results are handed on.

use std::fmt::Write;

/// The block that is computed together, and an invocation's share of it.
pub(super) struct Tile {
    /// Rows and columns of the block.
    pub(super) block: [usize; 2],
    /// The invocation's rows, counted from its first.
    pub(super) rows: Vec<usize>,
    /// Its columns, counted from its first.
    pub(super) columns: Vec<usize>,
}

impl Tile {
    /// The statements that hand each result inside the product to `finish`.
    pub(super) fn finishes(&self, acc: &str, long: bool) -> String {
        let mut text = String::new();
        if !long {
            for (r, row) in self.rows.iter().enumerate() {
                let _ = writeln!(text, "    if row + {row}u < m {{");
                for (c, column) in self.columns.iter().enumerate() {
                    let _ = writeln!(
                        text,
                        "        if column + {column}u < n {{ finish(batch, row + {row}u, column + {column}u, c{r}_{c}); }}"
                    );
                }
                text += "    }\n";
            }
            return text;
        }
        let list = |values: Vec<String>| values.join(", ");
        let sums = (0..self.rows.len())
            .flat_map(|r| (0..self.columns.len()).map(move |c| format!("c{r}_{c}")))
            .collect();
        let numbers = |offsets: &[usize]| list(offsets.iter().map(|o| format!("{o}u")).collect());
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let _ = writeln!(
            text,
            "    var sums = array<{acc}, {}>({});",
            rows * columns,
            list(sums)
        );
        let _ = writeln!(
            text,
            "    var rows = array<u32, {rows}>({});",
            numbers(&self.rows)
        );
        let _ = writeln!(
            text,
            "    var columns = array<u32, {columns}>({});",
            numbers(&self.columns)
        );
        let _ = writeln!(
            text,
            "    for (var s = 0u; s < {}u; s += 1u) {{",
            rows * columns
        );
        let _ = writeln!(text, "        let r = rows[s / {columns}u];");
        let _ = writeln!(text, "        let c = columns[s % {columns}u];");
        text += "        if row + r < m && column + c < n { finish(batch, row + r, column + c, sums[s]); }\n    }\n";
        text
    }
}
