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
    /// The statements that call `keep` with each result inside the product; in a loop over the rows if the
    /// text is to be short. The loop picks a row's results by selects: some compilers make branches of an
    /// array that is indexed.
    pub(super) fn finishes(&self, short: bool, keep: &str) -> String {
        let rows = 0..self.rows.len();
        if !short {
            let row = |r: usize| {
                let at = format!("row + {}u", self.rows[r]);
                self.finish_row(keep, &at, &|c| format!("c{r}_{c}"))
            };
            return rows.map(row).collect();
        }
        let mut text = format!("    for (var r = 0u; r < {}u; r += 1u) {{\n", rows.end);
        text += &pick("at", self.rows.iter().map(|row| format!("row + {row}u")));
        for c in 0..self.columns.len() {
            let column = rows.clone().map(|r| format!("c{r}_{c}"));
            text += &pick(&format!("x{c}"), column);
        }
        text += &self.finish_row(keep, "at", &|c| format!("x{c}"));
        text + "    }\n"
    }

    /// The statements that hand on the results of a row.
    fn finish_row(&self, keep: &str, row: &str, value: &dyn Fn(usize) -> String) -> String {
        let mut text = format!("    if {row} < m {{\n");
        for (c, column) in self.columns.iter().enumerate() {
            let _ = writeln!(
                text,
                "        if column + {column}u < n {{ {keep}, {row}, column + {column}u, {}); }}",
                value(c)
            );
        }
        text + "    }\n"
    }
}

/// A variable that has the value of number `r`.
fn pick(name: &str, values: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (i, value) in values.enumerate() {
        let _ = match i {
            0 => writeln!(text, "    var {name} = {value};"),
            _ => writeln!(text, "    {name} = select({name}, {value}, r == {i}u);"),
        };
    }
    text
}
