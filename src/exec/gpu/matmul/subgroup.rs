//! The text of a product whose left operand is shared among the lanes of a subgroup.

use std::fmt::Write;

use super::reads::Reads;
use super::{Text, Tile};
use crate::dtype::DType;
use crate::exec::gpu::codegen;

/// Steps of k that are taken at a time where an operand is read in vec4s. More make longer texts, and
/// were measured to make products no faster; but for few rows, which then have blocks of as few.
const CHUNK: usize = 4;
const CHUNK_OF_FEW: usize = 8;
/// Columns of a lane, at most.
const COLUMNS: usize = 4;
/// Columns from which the rows of a right operand are in pages of their own; the subgroups, and the
/// invocations at most, that then go through neighbouring blocks together; and the steps of k after which
/// they wait for one another.
const WIDE: usize = 4096;
const TOGETHER: usize = 16;
const MOST: usize = 256;
const APART: usize = 64;
/// Columns of a block, at least.
const BLOCK: usize = 32;

/// Rows of a result up to which it has blocks of its own.
pub(super) const FEW: usize = 4;

/// The subgroup sizes that a block is made for.
pub(in crate::exec::gpu) const LANES: std::ops::RangeInclusive<usize> = 4..=32;

/// The block of a subgroup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    lanes: usize,
    rows: usize,
    columns: usize,
    /// Neighbouring columns of a lane.
    run: usize,
    /// Steps of k that are taken at a time.
    chunk: usize,
    /// Whether there are few rows, and many columns.
    wide: bool,
}

impl Block {
    /// A block for a subgroup of that many lanes and a result of that many columns, and of no more than
    /// [`FEW`] rows if `few` says so.
    pub(super) fn new(lanes: usize, n: usize, few: bool) -> Self {
        let chunk = if few { CHUNK_OF_FEW } else { CHUNK };
        let rows = match few {
            // A chunk of the left operand is a vec4 for each lane at least.
            true => FEW.max(4 * lanes / chunk),
            false if lanes <= 8 => 2 * lanes,
            false => lanes,
        };
        let most = (BLOCK / lanes).max(COLUMNS) * if few { 2 } else { 1 };
        // A power of two that does not go far beyond n.
        let columns = n.div_ceil(lanes).clamp(1, most).next_power_of_two();
        Self {
            lanes,
            rows,
            columns,
            run: columns.min(4),
            chunk,
            wide: few && n >= WIDE,
        }
    }

    /// Subgroups of a workgroup.
    fn together(&self, b: Reads) -> usize {
        match self.wide && b == Reads::Across {
            true => TOGETHER.min(MOST / self.lanes),
            false => 1,
        }
    }

    /// Whether a lane has neighbouring columns to read at once.
    pub(super) fn reads_across(&self) -> bool {
        self.run == 4
    }

    /// Where a lane's column lies, counted from its first.
    fn column(&self, c: usize) -> usize {
        c / self.run * self.run * self.lanes + c % self.run
    }

    pub(super) fn text(&self, dtype: DType, acc: &str, a: (&str, Reads), b: (&str, Reads)) -> Text {
        let &Self {
            lanes,
            rows,
            columns,
            run,
            ..
        } = self;
        let constants = format!(
            "const LANES = {lanes}u;\nconst ROWS = {rows}u;\nconst COLUMNS = {columns}u;\nconst RUN = {run}u;\n"
        );
        let operands = Operands {
            block: self,
            dtype,
            a,
            b,
        };
        let mut start = operands.start();
        for r in 0..rows {
            for c in 0..columns {
                let _ = writeln!(start, "    var c{r}_{c} = {acc}(0);");
            }
        }
        let chunks = match (a.1, b.1) {
            (Reads::Single, Reads::Single) => String::new(),
            _ => operands.chunks(),
        };
        let together = self.together(b.1);
        Text {
            name: "matmul_subgroup",
            source: include_str!("../../../../shaders/matmul_subgroup.wgsl"),
            group: lanes * together,
            per_group: together,
            tile: Tile::of_registers(
                [rows, columns * lanes],
                0..rows,
                (0..columns).map(|c| self.column(c)),
            ),
            slots: vec![
                ("tile", constants),
                ("start", start),
                ("chunks", chunks),
                ("step", operands.step()),
            ],
        }
    }

    /// The sums of one step of k, from `x` and `y` of that step.
    fn sums(&self) -> String {
        let mut text = String::new();
        for r in 0..self.rows {
            for c in 0..self.columns {
                let _ = writeln!(text, "    c{r}_{c} += x{r} * y{c};");
            }
        }
        text
    }
}

struct Operands<'a> {
    block: &'a Block,
    dtype: DType,
    a: (&'a str, Reads),
    b: (&'a str, Reads),
}

impl Operands<'_> {
    /// The left operand's elements that the lanes load in one step.
    fn loads(&self) -> usize {
        self.block.rows.div_ceil(self.block.lanes)
    }

    /// The vec4s of the left operand that each lane loads for a chunk.
    fn quads(&self) -> usize {
        self.block.chunk / 4 * self.block.rows / self.block.lanes
    }

    /// One element of an operand, as a register.
    fn single(&self, (buffer, reads): (&str, Reads), place: &str) -> String {
        let element = match reads {
            Reads::Single => format!("{buffer}[{place}]"),
            _ => format!("{buffer}[({place}) / 4u][({place}) % 4u]"),
        };
        codegen::load(self.dtype, &element)
    }

    /// The four elements around a place that is a multiple of four, as registers.
    fn quad(&self, (buffer, _): (&str, Reads), place: &str) -> String {
        let element = format!("{buffer}[({place}) / 4u]");
        match self.dtype {
            DType::F16 => format!("vec4<f32>({element})"),
            _ => element,
        }
    }

    /// Where each lane reads.
    fn start(&self) -> String {
        let mut text = String::new();
        let block = self.block;
        let (chunk, quads) = (block.chunk, block.chunk / 4);
        for i in 0..self.loads() {
            let _ = writeln!(
                text,
                "    let a{i} = a + min(row + {}u + lane, m - 1u) * a_row;",
                i * block.lanes
            );
        }
        for c in 0..block.columns {
            let _ = writeln!(
                text,
                "    let at{c} = b + min(column + {}u, n - 1u) * b_column;",
                block.column(c)
            );
        }
        for q in 0..self.quads() {
            // Which of the vec4s of a chunk a lane loads: those of one row, then the next; or those
            // of one step, for all steps, then those of the next four rows.
            let number = format!("({}u + lane)", q * block.lanes);
            let _ = match self.a.1 {
                Reads::Single => Ok(()),
                Reads::AlongK => writeln!(
                    text,
                    "    let aq{q} = a + min(row + {number} / {quads}u, m - 1u) * a_row + {number} % {quads}u * 4u;"
                ),
                Reads::Across => writeln!(
                    text,
                    "    let aq{q} = a + min(row + {number} / {chunk}u * 4u, (m - 1u) / 4u * 4u) + {number} % {chunk}u * a_step;"
                ),
            };
        }
        if self.b.1 == Reads::Across {
            for q in 0..block.columns / 4 {
                let _ = writeln!(
                    text,
                    "    let bq{q} = b + min(column + {}u, (n - 1u) / 4u * 4u);",
                    block.column(4 * q)
                );
            }
        }
        text
    }

    /// One step of k: each lane loads a row's element, and has those of the others by broadcast.
    fn step(&self) -> String {
        self.step_left("k") + &self.step_right("k") + &self.block.sums()
    }

    fn step_left(&self, k: &str) -> String {
        let mut text = String::new();
        for i in 0..self.loads() {
            let load = self.single(self.a, &format!("a{i} + {k} * a_step"));
            let _ = writeln!(text, "    let v{i} = {load};");
        }
        let lanes = self.block.lanes;
        for r in 0..self.block.rows {
            let _ = writeln!(
                text,
                "    let x{r} = subgroupBroadcast(v{}, {}u);",
                r / lanes,
                r % lanes
            );
        }
        text
    }

    fn step_right(&self, k: &str) -> String {
        let mut text = String::new();
        for c in 0..self.block.columns {
            let load = self.single(self.b, &format!("at{c} + {k} * b_step"));
            let _ = writeln!(text, "    let y{c} = {load};");
        }
        text
    }

    /// The loop over chunks of k.
    fn chunks(&self) -> String {
        let block = self.block;
        let chunk = block.chunk;
        let mut text = format!("    for (; k + {chunk}u <= inner; k += {chunk}u) {{\n");
        if block.together(self.b.1) > 1 {
            let _ = writeln!(text, "    if k % {APART}u == 0u {{ workgroupBarrier(); }}");
        }
        if self.a.1 != Reads::Single {
            let step = if self.a.1 == Reads::AlongK {
                "k"
            } else {
                "k * a_step"
            };
            for q in 0..self.quads() {
                let load = self.quad(self.a, &format!("aq{q} + {step}"));
                let _ = writeln!(text, "    let q{q} = {load};");
            }
        }
        for l in 0..chunk {
            // Four steps of the right operand are in registers at a time.
            if self.b.1 == Reads::AlongK && l % 4 == 0 {
                text += if l == 0 { "    {\n" } else { "    }\n    {\n" };
                for c in 0..block.columns {
                    let load = self.quad(self.b, &format!("at{c} + k + {l}u"));
                    let _ = writeln!(text, "    let w{c} = {load};");
                }
            }
            text += "    {\n";
            if self.a.1 == Reads::Single {
                text += &self.step_left(&format!("(k + {l}u)"));
            }
            for r in 0..block.rows {
                let (number, component) = match self.a.1 {
                    Reads::Single => break,
                    Reads::AlongK => (chunk / 4 * r + l / 4, l % 4),
                    Reads::Across => (r / 4 * chunk + l, r % 4),
                };
                let _ = writeln!(
                    text,
                    "    let x{r} = subgroupBroadcast(q{}[{component}], {}u);",
                    number / block.lanes,
                    number % block.lanes
                );
            }
            match self.b.1 {
                Reads::Single => text += &self.step_right(&format!("(k + {l}u)")),
                Reads::AlongK => {
                    for c in 0..block.columns {
                        let _ = writeln!(text, "    let y{c} = w{c}[{}];", l % 4);
                    }
                }
                Reads::Across => {
                    for q in 0..block.columns / 4 {
                        let load = self.quad(self.b, &format!("bq{q} + (k + {l}u) * b_step"));
                        let _ = writeln!(text, "    let w{q} = {load};");
                    }
                    for c in 0..block.columns {
                        let _ = writeln!(text, "    let y{c} = w{}[{}];", c / 4, c % 4);
                    }
                }
            }
            text += &block.sums();
            text += "    }\n";
        }
        if self.b.1 == Reads::AlongK {
            text += "    }\n";
        }
        text + "    }\n"
    }
}
