//! Products of matrices as shaders.
//!
//! A family of kernels adds the products over k in the same order, so that the choice among them
//! changes no bit:
//!
//! - `Subgroup` keeps a block in the registers of a subgroup, whose lanes share the left operand;
//! - `Registers` keeps a tile in registers and reads operands straight from the buffers;
//! - `Workgroup` stages blocks of the operands in workgroup memory, by one of four sizes of blocks.
//!
//! `Cooperative` multiplies f16 by the hardware's units for matrices, which add in an order of their own: where
//! a device has them and computes right, such products are never left to the others, nor measured against them.
//!
//! A product with a vector is `Vector`: a reduction whose prologue multiplies. Long sums of small results
//! are cut along k into [`slices`], the same for all of the family.
//!
//! Each of the family has a general text, which serves every product with its operands' directions,
//! dtype and epilogue. Narrow results have blocks of their own, and aligned operands are read in
//! vec4s; both only where the general text is no slower to come by: see `Gpu::choose`.

mod choice;
pub(super) mod cooperative;
mod direction;
mod family;
mod reads;
mod registers;
mod slices;
mod stage;
pub(super) mod subgroup;
mod tile;
mod tuning;
mod vector;
mod workgroup;

pub use self::choice::MatmulKernel;
use self::family::Family;
use self::reads::Reads;
use self::slices::Slices;
use self::tile::Tile;
pub use self::tuning::Tuning;
use super::body::body_layouts;
use super::codegen;
use super::kernel::{Writer, accumulator};
use super::reduce::Flat;
use super::shader::{Bound, Shader, Target};
use super::template;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::plan::{Kernel, Matrix};
use crate::shape::Shape;

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
        let slices = Slices::new(batch.size(), [m, n, self.k], target);
        let family = Family::new(which, [batch.size(), m, n], slices, target, flat);
        let acc = accumulator(self.dtype);
        let stored = codegen::stored(self.dtype);
        let mut writer = Writer::new(target);
        writer.cooperative = family.is_cooperative();
        let reads = match family.reads().filter(|_| flat.reduced) {
            Some(across) => self.reads(kernel, directions, across),
            None => [Reads::Single; 2],
        };
        let mut bind = |x: &Matrix, reads: Reads| {
            let element = match reads {
                Reads::Single => stored,
                _ => codegen::vec4(stored),
            };
            writer.bind(Bound::Slot(x.slot), element, false)
        };
        let (a, b) = (bind(self.a, reads[0]), bind(self.b, reads[1]));
        let text = family.text(self.dtype, acc, (&a, reads[0]), (&b, reads[1]));

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
        let results = kernel.shape.size();
        let sliced = slices.write(results, acc, target, &mut writer);
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
        let mut finish = format!(
            "fn finish(batch: u32, row: u32, column: u32, core: {register}) {{\n    \
             let i = (batch * word(0u) + row) * word(1u) + column;\n{statements}}}\n"
        );
        let keep = match &sliced {
            Some(sliced) => {
                finish += &sliced.keep(register);
                "keep(group.z, batch"
            }
            None => "finish(batch",
        };
        let length = template::inlined(&statements);
        // A walk that is no line is a loop.
        let short = family.compiles_slowly()
            || !flat.body
            || text.tile.epilogues() * length > LONG_EPILOGUES;
        let finishes = text.tile.finishes(short, keep);
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
        let (steps, planes);
        if let Some(sliced) = &sliced {
            (steps, planes) = (sliced.steps(), sliced.planes());
            slots.extend([("slice", steps.as_str()), ("planes", planes.as_str())]);
        }
        slots.extend(
            text.slots[1..]
                .iter()
                .map(|(name, text)| (*name, text.as_str())),
        );
        let groups = total.div_ceil(text.per_group);
        let mut shader = writer.finish(text.name, text.source, ("", text.group), &slots, groups);
        if let Some(sliced) = &sliced {
            sliced.run(&mut shader, text.group);
        }
        shader
    }
}
