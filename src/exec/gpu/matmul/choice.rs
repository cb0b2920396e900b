//! Which kernel computes a product.

use super::Product;
use crate::exec::gpu::shader::Target;
use crate::plan::Kernel;
use crate::shape::MAX_RANK;

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
    pub(super) const TILED: [Self; 3] = [Self::Subgroup, Self::Registers, Self::Workgroup];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Subgroup => "subgroup",
            Self::Registers => "registers",
            Self::Workgroup => "workgroup",
            Self::Vector => "vector",
        }
    }
}

impl Product<'_> {
    /// The kernel that suits the target, or the one that was asked for. It depends on the adapter and
    /// on how the operands were given, never on a batch size.
    pub(in crate::exec::gpu) fn choose(
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
        match forced.unwrap_or(suits) {
            // The sum needs one dimension more than the result has.
            MatmulKernel::Vector if kernel.shape.ndim() == MAX_RANK => tiled,
            which => which,
        }
    }

    /// The kernels to choose from for a product that `first` computes without measuring: `first`, then
    /// the others that the target can run and that give the same bits.
    #[cfg(not(target_arch = "wasm32"))]
    pub(in crate::exec::gpu) fn candidates(
        first: MatmulKernel,
        target: &Target,
    ) -> Vec<MatmulKernel> {
        // Without subgroups of a fixed size, registers stand in.
        let possible = |which: &MatmulKernel| match which {
            MatmulKernel::Subgroup => target.subgroup.is_some(),
            MatmulKernel::Registers => first != MatmulKernel::Subgroup || target.subgroup.is_some(),
            _ => true,
        };
        let others = MatmulKernel::TILED.into_iter().filter(|k| *k != first);
        [first].into_iter().chain(others.filter(possible)).collect()
    }
}
