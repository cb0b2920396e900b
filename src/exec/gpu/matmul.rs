//! Products of matrices as shaders.
//!
//! A family of kernels adds the products over k in the same order, so that the choice among them
//! changes no bit, and a row of a product does not depend on how many rows there are:
//!
//! - `Registers` keeps a tile in registers and reads operands straight from the buffers;
//! - `Workgroup` stages blocks of the operands in workgroup memory.
//!
//! A product with a vector is `Vector`: a reduction whose prologue multiplies.

use std::fmt::Write;

use super::codegen;
use super::kernel::{Bound, Shader, Target, Writer, accumulator, body_space};
use super::reduce::Flat;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::program::Stream;
use crate::op::{Body, Inst, PointOp, Program};
use crate::plan::{Kernel, Matrix};
use crate::shape::{MAX_RANK, Shape};

/// The kernel that computes a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatmulKernel {
    /// Tiles in registers, operands straight from memory: for adapters that run on the CPU.
    Registers,
    /// Blocks of the operands in workgroup memory, tiles in registers.
    Workgroup,
    /// Lanes that share a result, as in a reduction: for products with a vector.
    Vector,
}

/// A product, taken from a kernel's core.
pub(super) struct Product<'a> {
    pub(super) a: &'a Matrix,
    pub(super) b: &'a Matrix,
    pub(super) dtype: DType,
    pub(super) k: usize,
    /// Whether an operand was given as a vector.
    pub(super) vector: bool,
}

/// The size of a tile, and of the block that a workgroup shares.
#[derive(Clone, Copy, Debug)]
struct Tile {
    rows: usize,
    columns: usize,
    block: Option<Block>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    m: usize,
    n: usize,
    depth: usize,
}

impl Tile {
    fn registers(narrow: bool) -> Self {
        let side = if narrow { 4 } else { 8 };
        Self {
            rows: side,
            columns: side,
            block: None,
        }
    }

    fn workgroup(narrow: bool) -> Self {
        // 64 invocations either way, and at most 8 KiB of workgroup memory.
        let (tile, block) = if narrow { (4, 32) } else { (8, 64) };
        Self {
            rows: tile,
            columns: tile,
            block: Some(Block {
                m: block,
                n: block,
                depth: 16,
            }),
        }
    }
}

impl Product<'_> {
    /// The walks of the tiled kernels that can be lines.
    pub(super) fn flat(&self, kernel: &Kernel) -> Flat {
        let (batches, ..) = self.batches(kernel);
        Flat {
            kept: batches.dims.len() == 1,
            reduced: false,
            body: body_space(kernel).dims.len() == 1,
        }
    }

    /// The batch dimensions walked through both operands, and where each starts.
    fn batches(&self, kernel: &Kernel) -> (Space, usize, usize) {
        let rank = kernel.shape.ndim();
        let batch = Shape::of(&kernel.shape.dims()[..rank - 2]);
        let over_batch = |x: &Matrix| {
            let strides = &x.layout.strides()[..rank - 2];
            Layout::from_parts(batch.clone(), strides, x.layout.offset())
        };
        let (a, b) = (over_batch(self.a), over_batch(self.b));
        let space = Space::new(&batch, [&a, &b].into_iter());
        (space, a.offset(), b.offset())
    }

    /// Whether few columns suit the smaller of the two tiles.
    pub(super) fn narrow(kernel: &Kernel) -> bool {
        kernel.shape.dims()[kernel.shape.ndim() - 1] < 64
    }

    /// The kernel that suits the target, or the one that was asked for. It depends on the adapter and
    /// on how the operands were given, never on a batch size.
    pub(super) fn choose(
        &self,
        kernel: &Kernel,
        target: &Target,
        forced: Option<MatmulKernel>,
    ) -> MatmulKernel {
        let tiled = match target.software {
            true => MatmulKernel::Registers,
            false => MatmulKernel::Workgroup,
        };
        // The sum needs one dimension more than the result has.
        match forced.unwrap_or(if self.vector { MatmulKernel::Vector } else { tiled }) {
            MatmulKernel::Vector if kernel.shape.ndim() == MAX_RANK => tiled,
            which => which,
        }
    }

    pub(super) fn shader(
        &self,
        kernel: &Kernel,
        target: &Target,
        blocks: bool,
        narrow: bool,
        flat: Flat,
    ) -> Shader {
        let tile = match blocks {
            true => Tile::workgroup(narrow),
            false => Tile::registers(narrow),
        };
        self.tiled(kernel, target, tile, flat)
    }

    fn tiled(
        &self,
        kernel: &Kernel,
        target: &Target,
        tile: Tile,
        flat: Flat,
    ) -> Shader {
        let rank = kernel.shape.ndim();
        let (m, n) = (kernel.shape.dims()[rank - 2], kernel.shape.dims()[rank - 1]);
        let batch = Shape::of(&kernel.shape.dims()[..rank - 2]);
        let (batches, a_offset, b_offset) = self.batches(kernel);
        let body = body_space(kernel);
        let [a_row, a_step] = [rank - 2, rank - 1].map(|i| self.a.layout.strides()[i] as u32);
        let [b_step, b_column] = [rank - 2, rank - 1].map(|i| self.b.layout.strides()[i] as u32);
        let (block_m, block_n) = match tile.block {
            Some(block) => (block.m, block.n),
            None => (tile.rows, tile.columns),
        };
        let across = n.div_ceil(block_n);
        let tiles = m.div_ceil(block_m) * across;
        let total = tiles * batch.size();

        let mut writer = Writer::new(kernel, target);
        writer.push([m, n, self.k, across, tiles].map(|v| v as u32));
        writer.push([a_row, a_step, b_step, b_column, total as u32]);
        writer.push([(a_row == 1) as u32, (b_column == 1) as u32]);
        let stored = codegen::stored(self.dtype);
        let a = writer.bind(Bound::Slot(self.a.slot), stored, false);
        let b = writer.bind(Bound::Slot(self.b.slot), stored, false);
        let offsets = writer.push([a_offset as u32, b_offset as u32]);
        let walk = writer.walk(&batches, flat.kept);
        let mut operands = format!(
            "    var a = word({offsets}u);\n    var b = word({}u);\n",
            offsets + 1
        );
        operands += &walk.text(&["a".into(), "b".into()], "batch");

        let acc = accumulator(self.dtype);
        let register = codegen::register(self.dtype);
        let rounded = if self.dtype == DType::F16 {
            "f32(f16(core))"
        } else {
            "core"
        };
        let statements = writer.body(kernel, &body, flat.body, rounded);
        let finish = format!("fn finish(i: u32, core: {register}) {{\n{statements}}}\n");
        let constants = tile_constants(&tile, acc);
        let (start, step) = unrolled(&tile, acc, self.dtype, (&a, &b));
        let finishes = finishes(&tile);
        let group = match tile.block {
            Some(block) => block.m / tile.rows * (block.n / tile.columns),
            None => target.group,
        };
        let load = |buffer: &str| codegen::load(self.dtype, false, &format!("{buffer}[place]"));
        let left = format!(
            "    left[d * BM + r] = select({acc}(0), {}, inside);\n",
            load(&a)
        );
        let right = format!(
            "    right[d * BN + c] = select({acc}(0), {}, inside);\n",
            load(&b)
        );
        let mut slots = vec![
            ("tile", constants.as_str()),
            ("finish", finish.as_str()),
            ("operands", operands.as_str()),
            ("start", start.as_str()),
            ("step", step.as_str()),
            ("finishes", finishes.as_str()),
        ];
        let (name, source, groups) = match tile.block {
            Some(_) => {
                slots.extend([("left", left.as_str()), ("right", right.as_str())]);
                let source = include_str!("../../../shaders/matmul_workgroup.wgsl");
                ("matmul_workgroup", source, total)
            }
            None => {
                let source = include_str!("../../../shaders/matmul_registers.wgsl");
                ("matmul_registers", source, total.div_ceil(group))
            }
        };
        writer.finish(name, source, ("", group), &slots, groups)
    }

    /// The product as the sum over k of a prologue that multiplies: that prologue, and the shape that
    /// is summed over.
    pub(super) fn summed(&self, kernel: &Kernel) -> (Body, Shape) {
        let rank = kernel.shape.ndim();
        let (rows, columns) = (rank - 2, rank - 1);
        let whole: Shape = kernel
            .shape
            .dims()
            .iter()
            .copied()
            .chain([self.k])
            .collect();
        let laid = |x: &Matrix, row: isize, column: isize, step: isize| {
            let mut strides = x.layout.strides()[..rows].to_vec();
            strides.extend([row, column, step]);
            Stream {
                slot: Some(x.slot),
                dtype: self.dtype,
                layout: Layout::from_parts(whole.clone(), &strides, x.layout.offset()),
                gather: None,
            }
        };
        let stride = |x: &Matrix, axis: usize| x.layout.strides()[axis];
        let a = laid(self.a, stride(self.a, rows), 0, stride(self.a, columns));
        let b = laid(self.b, 0, stride(self.b, columns), stride(self.b, rows));
        // Products are not rounded to f16: the sum accumulates in f32.
        let dtype = if self.dtype == DType::F16 {
            DType::F32
        } else {
            self.dtype
        };
        let program = Program {
            insts: vec![
                (Inst::Load(0), dtype),
                (Inst::Load(1), dtype),
                (Inst::Apply(PointOp::Mul, [0, 1, 1]), dtype),
            ],
            results: vec![2],
        };
        let prologue = Body {
            program,
            streams: vec![a, b],
            ..Body::default()
        };
        (prologue, Shape::of(&[self.k]))
    }
}

fn tile_constants(tile: &Tile, acc: &str) -> String {
    let mut text = format!(
        "const ROWS = {}u;\nconst COLUMNS = {}u;\n",
        tile.rows, tile.columns
    );
    if let Some(Block { m, n, depth }) = tile.block {
        let _ = write!(
            text,
            "alias Acc = {acc};\nconst BM = {m}u;\nconst BN = {n}u;\nconst DEPTH = {depth}u;\n"
        );
    }
    text
}

/// The declarations of a tile and one step of k over it.
fn unrolled(tile: &Tile, acc: &str, dtype: DType, (a, b): (&str, &str)) -> (String, String) {
    let (mut start, mut step) = (String::new(), String::new());
    let load = |element: String| codegen::load(dtype, false, &element);
    for r in 0..tile.rows {
        let x = match tile.block {
            Some(_) => format!("left[d * BM + lane_row + {r}u]"),
            None => {
                let _ = writeln!(start, "    let a{r} = a + min(row + {r}u, m - 1u) * a_row;");
                load(format!("{a}[a{r} + k * a_step]"))
            }
        };
        let _ = writeln!(step, "    let x{r} = {x};");
    }
    for c in 0..tile.columns {
        let y = match tile.block {
            Some(_) => format!("right[d * BN + lane_column + {c}u]"),
            None => {
                let _ = writeln!(
                    start,
                    "    let at{c} = b + min(column + {c}u, n - 1u) * b_column;"
                );
                load(format!("{b}[at{c} + k * b_step]"))
            }
        };
        let _ = writeln!(step, "    let y{c} = {y};");
    }
    for r in 0..tile.rows {
        for c in 0..tile.columns {
            let _ = writeln!(start, "    var c{r}_{c} = {acc}(0);");
            let _ = writeln!(step, "    c{r}_{c} += x{r} * y{c};");
        }
    }
    (start, step)
}

fn finishes(tile: &Tile) -> String {
    let mut text = String::new();
    for r in 0..tile.rows {
        let _ = writeln!(text, "    if row + {r}u < m {{");
        for c in 0..tile.columns {
            let _ = writeln!(
                text,
                "        if column + {c}u < n {{ finish(first + {r}u * n + {c}u, c{r}_{c}); }}"
            );
        }
        text += "    }\n";
    }
    text
}
