//! Which kernel computes a product.

use super::Product;
use super::cooperative::Fragments;
use super::workgroup::{self, Block};
use crate::dtype::DType;
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
    /// Blocks of the operands in workgroup memory, tiles in registers; of the sizes below, the one that suits
    /// the result.
    Workgroup,
    /// `Workgroup` with blocks of 128 × 128 results and 16 steps of k, 8 × 16 results an invocation. Takes
    /// 16.5 KiB of workgroup memory: the next one serves where an adapter has less.
    Workgroup128,
    /// `Workgroup` with blocks of 128 × 128 results and 8 steps of k, 8 × 8 results an invocation. Takes 256
    /// invocations: a smaller one serves where an adapter has fewer.
    Workgroup128Shallow,
    /// `Workgroup` with blocks of 64 × 64 results and 16 steps of k, 8 × 8 results an invocation.
    Workgroup64,
    /// `Workgroup` with blocks of 32 × 32 results and 16 steps of k, 4 × 4 results an invocation.
    Workgroup32,
    /// Products of f16 by the units for matrices of the hardware, where an adapter lists them and has
    /// computed some products right; `Workgroup` elsewhere. It adds over k in an order of its
    /// own, in f32. **It has not run on hardware yet**: its text is validated, and a device that fails its own
    /// test does without.
    Cooperative,
    /// Lanes that share a result, as in a reduction: for products with a vector.
    Vector,
}

impl MatmulKernel {
    /// The kernels that add over k in the same order.
    pub(super) const TILED: [Self; 7] = [
        Self::Subgroup,
        Self::Registers,
        Self::Workgroup,
        Self::Workgroup128,
        Self::Workgroup128Shallow,
        Self::Workgroup64,
        Self::Workgroup32,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Subgroup => "subgroup",
            Self::Registers => "registers",
            Self::Workgroup => "workgroup",
            Self::Workgroup128 => "workgroup-128",
            Self::Workgroup128Shallow => "workgroup-128-shallow",
            Self::Workgroup64 => "workgroup-64",
            Self::Workgroup32 => "workgroup-32",
            Self::Cooperative => "cooperative",
            Self::Vector => "vector",
        }
    }

    /// The block in workgroup memory, where the kernel is of one size.
    pub(super) fn block(self) -> Option<Block> {
        match self {
            Self::Workgroup128 => Some(workgroup::LARGE),
            Self::Workgroup128Shallow => Some(workgroup::SHALLOW),
            Self::Workgroup64 => Some(workgroup::MEDIUM),
            Self::Workgroup32 => Some(workgroup::SMALL),
            _ => None,
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
            _ if self.is_cooperative(kernel, target) => MatmulKernel::Cooperative,
            true => MatmulKernel::Subgroup,
            false => MatmulKernel::Workgroup,
        };
        let suits = if self.vector {
            MatmulKernel::Vector
        } else {
            tiled
        };
        match forced.unwrap_or(suits) {
            MatmulKernel::Cooperative if !self.is_cooperative(kernel, target) => {
                MatmulKernel::Workgroup
            }
            // The sum needs one dimension more than the result has.
            MatmulKernel::Vector if kernel.shape.ndim() == MAX_RANK => tiled,
            which => which,
        }
    }

    /// Whether cooperative matrices can compute the product.
    fn is_cooperative(&self, kernel: &Kernel, target: &Target) -> bool {
        let (_, [_, n]) = self.sizes(kernel);
        let suit = |fragments: Fragments| fragments.suit(n, self.k);
        self.dtype == DType::F16 && target.cooperative.is_some_and(suit)
    }

    /// The kernels to choose from for a product that `first` computes without measuring: `first`, then
    /// the others that the target can run, that give the same bits, and that are not the same again. Six
    /// at most.
    #[cfg(not(target_arch = "wasm32"))]
    pub(in crate::exec::gpu) fn candidates(
        &self,
        kernel: &Kernel,
        first: MatmulKernel,
        target: &Target,
    ) -> Vec<MatmulKernel> {
        if first == MatmulKernel::Cooperative {
            return vec![first];
        }
        let (batch, [m, n]) = self.sizes(kernel);
        let slices = super::slices::Slices::new(batch, [m, n, self.k], target);
        let suits = Block::suiting([batch, m, n], slices.count, target);
        let possible = |which: &MatmulKernel| match (which.block(), which) {
            // On the CPU, larger tiles than those of `Workgroup` are beyond the registers.
            (Some(block), _) => {
                !target.software && block != suits && block.fitting(target) == block
            }
            (None, MatmulKernel::Subgroup) => target.subgroup.is_some(),
            // Without subgroups of a fixed size, registers stand in.
            (None, MatmulKernel::Registers) => {
                first != MatmulKernel::Subgroup || target.subgroup.is_some()
            }
            _ => true,
        };
        let others = MatmulKernel::TILED.into_iter().filter(|k| *k != first);
        [first].into_iter().chain(others.filter(possible)).collect()
    }

    /// The number of products, and their rows and columns.
    pub(super) fn sizes(&self, kernel: &Kernel) -> (usize, [usize; 2]) {
        let dims = kernel.shape.dims();
        let (batch, matrix) = dims.split_at(dims.len() - 2);
        (batch.iter().product(), [matrix[0], matrix[1]])
    }
}
