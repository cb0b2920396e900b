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
use super::reduce::{Flat, Reduction};
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::program::Stream;
use crate::op::{Body, Inst, PointOp, Program, ReduceOp};
use crate::plan::{Kernel, Matrix};
use crate::shape::Shape;

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

impl Product<'_> {
    /// The kernel that suits the target. It depends on the adapter and on how the operands were
    /// given, never on a batch size.
    pub(super) fn choose(&self, target: &Target) -> MatmulKernel {
        match (self.vector, target.software) {
            (true, _) => MatmulKernel::Vector,
            (false, true) => MatmulKernel::Registers,
            (false, false) => MatmulKernel::Workgroup,
        }
    }

    pub(super) fn shader(
        &self,
        kernel: &Kernel,
        target: &Target,
        which: MatmulKernel,
        flat: impl Fn(Flat) -> Flat,
    ) -> Shader {
        match which {
            MatmulKernel::Vector => self.vector(kernel, target, flat),
            MatmulKernel::Registers => self.tiled(kernel, target, self.registers(kernel), flat),
            MatmulKernel::Workgroup => self.tiled(kernel, target, self.workgroup(kernel), flat),
        }
    }

    fn registers(&self, kernel: &Kernel) -> Tile {
        let n = kernel.shape.dims()[kernel.shape.ndim() - 1];
        let (rows, columns) = if n < 64 { (4, 4) } else { (8, 8) };
        Tile {
            rows,
            columns,
            block: None,
        }
    }

    fn workgroup(&self, kernel: &Kernel) -> Tile {
        let n = kernel.shape.dims()[kernel.shape.ndim() - 1];
        // 64 invocations either way, and at most 8 KiB of workgroup memory.
        let (tile, block) = if n < 64 { (4, 32) } else { (8, 64) };
        let block = Block {
            m: block,
            n: block,
            depth: 16,
        };
        Tile {
            rows: tile,
            columns: tile,
            block: Some(block),
        }
    }

    fn tiled(
        &self,
        kernel: &Kernel,
        target: &Target,
        tile: Tile,
        flat: impl Fn(Flat) -> Flat,
    ) -> Shader {
        let rank = kernel.shape.ndim();
        let (m, n) = (kernel.shape.dims()[rank - 2], kernel.shape.dims()[rank - 1]);
        let batch = Shape::of(&kernel.shape.dims()[..rank - 2]);
        let over_batch = |x: &Matrix| {
            Layout::from_parts(
                batch.clone(),
                &x.layout.strides()[..rank - 2],
                x.layout.offset(),
            )
        };
        let (a_batch, b_batch) = (over_batch(self.a), over_batch(self.b));
        let batches = Space::new(&batch, [&a_batch, &b_batch].into_iter());
        let body = body_space(kernel);
        let can = Flat {
            kept: batches.dims.len() == 1,
            reduced: true,
            body: body.dims.len() == 1,
        };
        let flat = flat(can);
        let [a_row, a_step] = [rank - 2, rank - 1].map(|i| self.a.layout.strides()[i] as u32);
        let [b_step, b_column] = [rank - 2, rank - 1].map(|i| self.b.layout.strides()[i] as u32);
        let (block_m, block_n) = match tile.block {
            Some(block) => (block.m, block.n),
            None => (tile.rows, tile.columns),
        };
        let across = n.div_ceil(block_n);
        let tiles = m.div_ceil(block_m) * across;
        let total = tiles * batch.size();

        let mut writer = Writer::default();
        writer.push([m, n, self.k, across, tiles].map(|v| v as u32));
        writer.push([a_row, a_step, b_step, b_column, total as u32]);
        writer.push([(a_row == 1) as u32, (b_column == 1) as u32]);
        let stored = codegen::stored(self.dtype);
        let a = writer.bind(Bound::Slot(self.a.slot), stored, false);
        let b = writer.bind(Bound::Slot(self.b.slot), stored, false);
        let offsets = writer.push([a_batch.offset() as u32, b_batch.offset() as u32]);
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
        let load = |buffer: &str| codegen::load(self.dtype, &format!("{buffer}[place]"));
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

    /// The product as the sum over k of a prologue that multiplies.
    fn vector(&self, kernel: &Kernel, target: &Target, flat: impl Fn(Flat) -> Flat) -> Shader {
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
            scalars: vec![],
        };
        let reduction = Reduction {
            op: ReduceOp::Sum,
            dtype: self.dtype,
            prologue: &prologue,
            kept: &kernel.shape,
            reduced: &Shape::of(&[self.k]),
        };
        let flat = flat(reduction.flat(kernel));
        reduction.shader(kernel, target, flat)
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
    let load = |element: String| codegen::load(dtype, &element);
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
