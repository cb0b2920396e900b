//! How the kernels of a product read its operands.

use super::Product;
use super::direction::{Direction, direction};
use crate::plan::{Kernel, Matrix};

/// How an operand is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// One element at a time, at any strides.
    Single,
    /// Four neighbours along k.
    AlongK,
    /// Four neighbouring rows of the left operand, or columns of the right.
    Across,
}

impl Product<'_> {
    /// The directions in which the operands are contiguous.
    pub(super) fn directions(&self, kernel: &Kernel) -> [Direction; 2] {
        let rank = kernel.shape.ndim();
        let (m, n) = (kernel.shape.dims()[rank - 2], kernel.shape.dims()[rank - 1]);
        let [a_row, a_step] = [rank - 2, rank - 1].map(|i| self.a.layout.strides()[i]);
        let [b_step, b_column] = [rank - 2, rank - 1].map(|i| self.b.layout.strides()[i]);
        [
            direction((self.k, a_step), (m, a_row)),
            direction((self.k, b_step), (n, b_column)),
        ]
    }

    /// How a block may read its operands: in vec4s along the dimension in which an operand is
    /// contiguous, where each vec4 is one of the buffer's. The right one only if it may be read `across`,
    /// if it is contiguous in that way.
    pub(super) fn reads(
        &self,
        kernel: &Kernel,
        directions: [Direction; 2],
        across: bool,
    ) -> [Reads; 2] {
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
}
