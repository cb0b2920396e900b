//! The share of an invocation in a product, and how its results are handed on.

use std::fmt::Write;

/// The block that is computed together, and an invocation's share of it.
pub(super) struct Tile {
    /// Rows and columns of the block.
    pub(super) block: [usize; 2],
    share: Share,
}

enum Share {
    /// Results in registers `c{r}_{c}`: its rows and its columns, counted from its first.
    Registers {
        rows: Vec<usize>,
        columns: Vec<usize>,
    },
    /// So many fragments `c{r}_{c}`, down and across, of so many rows and columns, with the other lanes of its
    /// subgroup.
    Fragments { count: usize, size: usize },
}

impl Tile {
    /// A share in registers.
    pub(super) fn of_registers(
        block: [usize; 2],
        rows: impl IntoIterator<Item = usize>,
        columns: impl IntoIterator<Item = usize>,
    ) -> Self {
        let rows = rows.into_iter().collect();
        let columns = columns.into_iter().collect();
        Self {
            block,
            share: Share::Registers { rows, columns },
        }
    }

    /// A share of fragments.
    pub(super) fn of_fragments(block: usize, count: usize, size: usize) -> Self {
        Self {
            block: [block; 2],
            share: Share::Fragments { count, size },
        }
    }

    /// How often the text of `finishes` has an epilogue if it is not to be short.
    pub(super) fn epilogues(&self) -> usize {
        match &self.share {
            Share::Registers { rows, columns } => rows.len() * columns.len(),
            Share::Fragments { count, .. } => count * count,
        }
    }

    /// The statements that call `keep` with each result inside the product; if the text is to be short, those
    /// in registers in a loop over the rows. The loop picks a row's results by selects: some compilers make
    /// branches of an array that is indexed.
    pub(super) fn finishes(&self, short: bool, keep: &str) -> String {
        let (rows, columns) = match &self.share {
            Share::Registers { rows, columns } => (rows, columns),
            Share::Fragments { count, size } => return finish_fragments(*count, *size, keep),
        };
        let numbers = 0..rows.len();
        if !short {
            let row = |r: usize| {
                let at = format!("row + {}u", rows[r]);
                finish_row(columns, keep, &at, &|c| format!("c{r}_{c}"))
            };
            return numbers.map(row).collect();
        }
        let mut text = format!("    for (var r = 0u; r < {}u; r += 1u) {{\n", numbers.end);
        text += &pick("at", rows.iter().map(|row| format!("row + {row}u")));
        for c in 0..columns.len() {
            let column = numbers.clone().map(|r| format!("c{r}_{c}"));
            text += &pick(&format!("x{c}"), column);
        }
        text += &finish_row(columns, keep, "at", &|c| format!("x{c}"));
        text + "    }\n"
    }
}

/// The statements that hand on the results of a row.
fn finish_row(columns: &[usize], keep: &str, row: &str, value: &dyn Fn(usize) -> String) -> String {
    let mut text = format!("    if {row} < m {{\n");
    for (c, column) in columns.iter().enumerate() {
        let _ = writeln!(
            text,
            "        if column + {column}u < n {{ {keep}, {row}, column + {column}u, {}); }}",
            value(c)
        );
    }
    text + "    }\n"
}

/// The statements that hand on fragments, each through the patch of its subgroup.
fn finish_fragments(count: usize, size: usize, keep: &str) -> String {
    let mut text = String::new();
    for (r, c) in (0..count).flat_map(|r| (0..count).map(move |c| (r, c))) {
        let (down, right) = (r * size, c * size);
        let _ = write!(
            text,
            "    workgroupBarrier();\n\
             \x20   let fragment{r}_{c} = c{r}_{c};\n\
             \x20   coopStoreT(fragment{r}_{c}, patch_at, patch_stride);\n\
             \x20   workgroupBarrier();\n\
             \x20   for (var e = lane; e < SIZE * SIZE; e += LANES) {{\n\
             \x20       let r = row + {down}u + e / SIZE;\n\
             \x20       let c = column + {right}u + e % SIZE;\n\
             \x20       if (r < m) & (c < n) {{ {keep}, r, c, patches[patch_start + e]); }}\n\
             \x20   }}\n"
        );
    }
    text
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
