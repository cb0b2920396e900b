//! Products of matrices as shaders.
//!
//! A family of kernels adds the products over k in the same order, so that the choice among them
//! changes no bit, and a row of a product does not depend on how many rows there are:
//!
//! - `Subgroup` keeps a block in the registers of a subgroup, whose lanes share the left operand;
//! - `Registers` keeps a tile in registers and reads operands straight from the buffers;
//! - `Workgroup` stages blocks of the operands in workgroup memory.
//!
//! A product with a vector is `Vector`: a reduction whose prologue multiplies.
//!
//! Each of the family has a general text, which serves every product with its operands' directions,
//! dtype and epilogue. Narrow results have blocks of their own, and aligned operands are read in
//! vec4s; both only where the general text is no slower to come by: see `Gpu::choose`.

mod direction;
mod registers;
pub(super) mod subgroup;
mod tile;
mod tuning;
mod workgroup;

use self::direction::{Direction, direction};
use self::subgroup::Reads;
use self::tile::Tile;
pub use self::tuning::Tuning;
use super::body::body_layouts;
use super::codegen;
use super::kernel::{Writer, accumulator};
use super::reduce::Flat;
use super::shader::{Bound, MAX_LOOPS, Shader, Target};
use super::template;
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
    /// Blocks in the registers of a subgroup whose lanes share the left operand, operands straight
    /// from memory: for adapters that run on the CPU. `Registers` where an adapter has no subgroups
    /// of a fixed size.
    Subgroup,
    /// Tiles in registers, operands straight from memory.
    Registers,
    /// Blocks of the operands in workgroup memory, tiles in registers.
    Workgroup,
    /// Lanes that share a result, as in a reduction: for products with a vector.
    Vector,
}

impl MatmulKernel {
    /// The kernels that add over k in the same order.
    const TILED: [Self; 3] = [Self::Subgroup, Self::Registers, Self::Workgroup];

    fn name(self) -> &'static str {
        match self {
            Self::Subgroup => "subgroup",
            Self::Registers => "registers",
            Self::Workgroup => "workgroup",
            Self::Vector => "vector",
        }
    }
}

/// A product, taken from a kernel's core.
#[derive(Clone)]
pub(super) struct Product<'a> {
    pub(super) a: &'a Matrix,
    pub(super) b: &'a Matrix,
    pub(super) dtype: DType,
    pub(super) k: usize,
    /// Whether an operand was given as a vector.
    pub(super) vector: bool,
}

/// The walks of a product over its batch dimensions.
struct Spaces {
    /// Through both operands.
    operands: Space,
    /// Through what the body reads and writes.
    body: Space,
    /// The operands over the batch dimensions alone.
    starts: [Layout; 2],
}

/// What one kernel of the family adds to the text that all share.
struct Text {
    name: &'static str,
    source: &'static str,
    /// Invocations of a workgroup.
    group: usize,
    /// Blocks that a workgroup computes.
    per_group: usize,
    tile: Tile,
    slots: Vec<(&'static str, String)>,
}

/// Characters that the epilogues of a tile, with all that they call, may have together for them to be
/// repeated for each result: compilers inline every one. Mesa's takes minutes for 128 of 1200.
const LONG_EPILOGUES: usize = 64 * 1500;

impl Product<'_> {
    /// The kernel that suits the target, or the one that was asked for. It depends on the adapter and
    /// on how the operands were given, never on a batch size.
    pub(super) fn choose(
        &self,
        kernel: &Kernel,
        target: &Target,
        forced: Option<MatmulKernel>,
    ) -> MatmulKernel {
        let tiled = match target.software {
            true => MatmulKernel::Subgroup,
            false => MatmulKernel::Workgroup,
        };
        let suits = if self.vector {
            MatmulKernel::Vector
        } else {
            tiled
        };
        let which = match target.software && self.k > MAX_LOOPS {
            // A reduction cuts k into slices.
            true => MatmulKernel::Vector,
            false => forced.unwrap_or(suits),
        };
        match which {
            // The sum needs one dimension more than the result has.
            MatmulKernel::Vector if kernel.shape.ndim() == MAX_RANK => tiled,
            which => which,
        }
    }

    /// The kernels to choose from for a product that `first` computes without measuring: `first`, then
    /// the others that the target can run and that give the same bits.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn candidates(first: MatmulKernel, target: &Target) -> Vec<MatmulKernel> {
        // Without subgroups of a fixed size, registers stand in.
        let possible = |which: &MatmulKernel| match which {
            MatmulKernel::Subgroup => target.subgroup.is_some(),
            MatmulKernel::Registers => first != MatmulKernel::Subgroup || target.subgroup.is_some(),
            _ => true,
        };
        let others = MatmulKernel::TILED.into_iter().filter(|k| *k != first);
        [first].into_iter().chain(others.filter(possible)).collect()
    }

    /// The directions in which the operands are contiguous.
    fn directions(&self, kernel: &Kernel) -> [Direction; 2] {
        let rank = kernel.shape.ndim();
        let (m, n) = (kernel.shape.dims()[rank - 2], kernel.shape.dims()[rank - 1]);
        let [a_row, a_step] = [rank - 2, rank - 1].map(|i| self.a.layout.strides()[i]);
        let [b_step, b_column] = [rank - 2, rank - 1].map(|i| self.b.layout.strides()[i]);
        [
            direction((self.k, a_step), (m, a_row)),
            direction((self.k, b_step), (n, b_column)),
        ]
    }

    /// What can be special about the kernel: walks that are lines, as `reduced` a text for operands that
    /// are aligned and results that are narrow, and as `quads` one for few rows.
    pub(super) fn flat(&self, kernel: &Kernel) -> Flat {
        let spaces = self.spaces(kernel);
        Flat {
            kept: spaces.operands.is_line(),
            reduced: true,
            body: spaces.body.is_line(),
            quads: kernel.shape.dims()[kernel.shape.ndim() - 2] <= subgroup::FEW,
        }
    }

    /// The walks over the batch dimensions.
    fn spaces(&self, kernel: &Kernel) -> Spaces {
        let rank = kernel.shape.ndim();
        let batch = Shape::of(&kernel.shape.dims()[..rank - 2]);
        let over_batch = |layout: &Layout| {
            let strides = &layout.strides()[..rank - 2];
            Layout::from_parts(batch.clone(), strides, layout.offset())
        };
        let starts = [over_batch(&self.a.layout), over_batch(&self.b.layout)];
        let streams: Vec<Layout> = body_layouts(kernel).map(over_batch).collect();
        Spaces {
            operands: Space::new(&batch, starts.iter()),
            body: Space::new(&batch, streams.iter()),
            starts,
        }
    }

    /// The shader of a tiled kernel; `flat` may claim no more than [`Product::flat`].
    pub(super) fn shader(
        &self,
        kernel: &Kernel,
        target: &Target,
        which: MatmulKernel,
        flat: Flat,
    ) -> Shader {
        let rank = kernel.shape.ndim();
        let (m, n) = (kernel.shape.dims()[rank - 2], kernel.shape.dims()[rank - 1]);
        let batch = Shape::of(&kernel.shape.dims()[..rank - 2]);
        let spaces = self.spaces(kernel);
        let [a_row, a_step] = [rank - 2, rank - 1].map(|i| self.a.layout.strides()[i]);
        let [b_step, b_column] = [rank - 2, rank - 1].map(|i| self.b.layout.strides()[i]);
        let directions = self.directions(kernel);
        // Narrow results have narrower blocks.
        let width = if flat.reduced { n } else { usize::MAX };
        let acc = accumulator(self.dtype);
        let stored = codegen::stored(self.dtype);
        let mut writer = Writer::new(target);
        let block = target
            .subgroup
            .filter(|_| which == MatmulKernel::Subgroup)
            .map(|lanes| subgroup::Block::new(lanes, width, flat.quads));
        let reads = match &block {
            Some(block) if flat.reduced => self.reads(kernel, directions, block.reads_across()),
            None if flat.reduced && which == MatmulKernel::Workgroup => {
                self.reads(kernel, directions, true)
            }
            _ => [Reads::Single; 2],
        };
        let mut bind = |x: &Matrix, reads: Reads| {
            let element = match reads {
                Reads::Single => stored,
                _ => codegen::vec4(stored),
            };
            writer.bind(Bound::Slot(x.slot), element, false)
        };
        let (a, b) = (bind(self.a, reads[0]), bind(self.b, reads[1]));
        let text = match (&block, which) {
            (Some(block), _) => block.text(self.dtype, acc, (&a, reads[0]), (&b, reads[1])),
            (None, MatmulKernel::Workgroup) => {
                workgroup::text(self.dtype, acc, ((&a, reads[0]), (&b, reads[1])), width)
            }
            (None, _) => registers::text(self.dtype, acc, (&a, &b), width, target.group),
        };

        let [block_m, block_n] = text.tile.block;
        let across = n.div_ceil(block_n);
        let tiles = m.div_ceil(block_m) * across;
        let total = tiles * batch.size();
        writer.push([m, n, self.k, across, tiles].map(|v| v as u32));
        writer.push([a_row, a_step, b_step, b_column].map(|v| v as u32));
        writer.push([total as u32, (a_row == 1) as u32, (b_column == 1) as u32]);
        let offsets = writer.push(spaces.starts.iter().map(|l| l.offset() as u32));
        for (i, start) in spaces.starts.iter().enumerate() {
            writer.parameter(offsets + i, start);
        }
        let walk = writer.walk(&spaces.operands, flat.kept);
        let mut operands = format!(
            "    var a = word({offsets}u);\n    var b = word({}u);\n",
            offsets + 1
        );
        operands += &walk.text(&["a".into(), "b".into()], "batch");

        let register = codegen::register(self.dtype);
        let rounded = if self.dtype == DType::F16 {
            "f32(f16(core))"
        } else {
            "core"
        };
        let statements = writer.matrix_body(kernel, &spaces.body, flat.body, rounded);
        let finish = format!(
            "fn finish(batch: u32, row: u32, column: u32, core: {register}) {{\n    \
             let i = (batch * word(0u) + row) * word(1u) + column;\n{statements}}}\n"
        );
        let results = text.tile.rows.len() * text.tile.columns.len();
        let length = template::inlined(&statements);
        // On the CPU, for which the blocks of subgroups are, an epilogue takes longer to compile than to run.
        // A walk that is no line is a loop.
        let short = block.is_some() || !flat.body || results * length > LONG_EPILOGUES;
        let finishes = text.tile.finishes(short);
        // The general text of one pair of directions is not to be taken for another's.
        let tile = format!(
            "// The left operand {}, the right one {}.\n{}",
            directions[0], directions[1], text.slots[0].1
        );
        let mut slots = vec![
            (text.slots[0].0, tile.as_str()),
            ("finish", finish.as_str()),
            ("operands", operands.as_str()),
            ("finishes", finishes.as_str()),
        ];
        slots.extend(
            text.slots[1..]
                .iter()
                .map(|(name, text)| (*name, text.as_str())),
        );
        let groups = total.div_ceil(text.per_group);
        writer.finish(text.name, text.source, ("", text.group), &slots, groups)
    }

    /// How a block may read its operands: in vec4s along the dimension in which an operand is
    /// contiguous, where each vec4 is one of the buffer's. The right one only if it may be read `across`,
    /// if it is contiguous in that way.
    fn reads(&self, kernel: &Kernel, directions: [Direction; 2], across: bool) -> [Reads; 2] {
        let reads = |x: &Matrix, direction: Direction| {
            let dims = x.layout.dims();
            let strides = x.layout.strides();
            let unit = match direction {
                Direction::Neither => return Reads::Single,
                Direction::AlongK => 1,
                Direction::Across => 0,
            };
            // The place of the contiguous dimension: (rows, k) on the left, (k, columns) on the right.
            let unit = dims.len() - 2
                + if std::ptr::eq(x, self.a) {
                    unit
                } else {
                    1 - unit
                };
            let aligned = x.layout.offset().is_multiple_of(4)
                && (0..dims.len()).all(|i| i == unit || dims[i] == 1 || strides[i] % 4 == 0);
            // The body reads its streams by element.
            let elsewhere = kernel.body.streams.iter().any(|s| s.slot == Some(x.slot))
                || kernel.stores.iter().any(|s| s.slot == x.slot);
            match direction {
                _ if !aligned || elsewhere => Reads::Single,
                Direction::AlongK => Reads::AlongK,
                _ => Reads::Across,
            }
        };
        let a = reads(self.a, directions[0]);
        let b = match reads(self.b, directions[1]) {
            Reads::Across if !across => Reads::Single,
            b => b,
        };
        // A buffer is bound once.
        if self.a.slot == self.b.slot && (a == Reads::Single || b == Reads::Single) {
            return [Reads::Single; 2];
        }
        [a, b]
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
