//! The kernels of the family with the blocks that suit a product.

use super::cooperative::Fragments;
use super::reads::Reads;
use super::slices::Slices;
use super::{MatmulKernel, Text, registers, subgroup, workgroup};
use crate::dtype::DType;
use crate::exec::gpu::reduce::Flat;
use crate::exec::gpu::shader::Target;

/// A kernel of the family, and its blocks.
pub(super) enum Family {
    Subgroup(subgroup::Block),
    /// Tiles for results of that many columns, by workgroups of that many invocations.
    Registers(usize, usize),
    Workgroup(workgroup::Block),
    Cooperative(Fragments),
}

/// How many products there are, their rows and their columns.
pub(super) type Sizes = [usize; 3];

impl Family {
    /// The blocks for some products; those for any products unless `flat` has them special.
    pub(super) fn new(
        which: MatmulKernel,
        sizes: Sizes,
        slices: Slices,
        target: &Target,
        flat: Flat,
    ) -> Self {
        // Narrow results have narrower blocks.
        let width = if flat.reduced { sizes[2] } else { usize::MAX };
        if let Some(fragments) = target
            .cooperative
            .filter(|_| which == MatmulKernel::Cooperative)
        {
            return Self::Cooperative(fragments);
        }
        match (which.block(), target.subgroup) {
            (Some(block), _) => Self::Workgroup(block.fitting(target)),
            (None, Some(lanes)) if which == MatmulKernel::Subgroup => {
                Self::Subgroup(subgroup::Block::new(lanes, width, flat.quads))
            }
            _ if matches!(which, MatmulKernel::Subgroup | MatmulKernel::Registers) => {
                Self::Registers(width, target.group)
            }
            _ if flat.reduced => {
                Self::Workgroup(workgroup::Block::suiting(sizes, slices.count, target))
            }
            _ => Self::Workgroup(workgroup::MEDIUM),
        }
    }

    /// Whether operands can be read in vec4s, and the right one also across k.
    pub(super) fn reads(&self) -> Option<bool> {
        match self {
            Self::Subgroup(block) => Some(block.reads_across()),
            Self::Registers(..) => None,
            Self::Workgroup(_) | Self::Cooperative(_) => Some(true),
        }
    }

    /// Whether the epilogue takes longer to compile than to run: on the CPU, for which the blocks of subgroups
    /// are.
    pub(super) fn compiles_slowly(&self) -> bool {
        matches!(self, Self::Subgroup(_))
    }

    /// Whether the text is in an extension of the language.
    pub(super) fn is_cooperative(&self) -> bool {
        matches!(self, Self::Cooperative(_))
    }

    pub(super) fn text(&self, dtype: DType, acc: &str, a: (&str, Reads), b: (&str, Reads)) -> Text {
        match *self {
            Self::Subgroup(block) => block.text(dtype, acc, a, b),
            Self::Registers(width, group) => registers::text(dtype, acc, (a.0, b.0), width, group),
            Self::Workgroup(block) => block.text(dtype, acc, a, b),
            Self::Cooperative(fragments) => fragments.text(a, b),
        }
    }
}
