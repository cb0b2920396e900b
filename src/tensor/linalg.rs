//! Products of matrices and what is built on them.

mod contract;
mod distance;
mod einsum;
mod norm;
mod powers;
mod products;

pub(super) use self::contract::numbers;
pub use self::norm::Norm;
pub use self::products::Contraction;

use std::borrow::Cow;
use std::panic::Location;

use super::Tensor;
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Op;
use crate::queue::Arg;
use crate::shape::{MAX_RANK, Shape};

impl Tensor {
    /// The matrix product, as NumPy's `matmul`: the last two dimensions are matrices, those before
    /// are batch dimensions and broadcast; a vector on the left counts as one row, on the right as
    /// one column, and that dimension goes from the result. Operands may have any strides: a
    /// transposed one is not copied.
    ///
    /// Integers are multiplied in their type and wrap; bools as `i32`; `f16` accumulates in `f32`.
    ///
    /// # Errors
    /// Inner sizes that differ, batch dimensions that do not broadcast, a scalar, or tensors on
    /// different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let w = Tensor::new([[1f32, 2.], [3., 4.]], &dev)?;
    /// let x = Tensor::new([1f32, 10.], &dev)?;
    /// assert_eq!(w.matmul(&x)?.to_vec::<f32>()?, [21., 43.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("bmm", "mm"))]
    #[track_caller]
    pub fn matmul(&self, rhs: &Tensor) -> Result<Tensor> {
        const OP: &str = "matmul";
        self.same_device(OP, rhs)?;
        for operand in [self, rhs] {
            if operand.ndim() == 0 {
                let message = "a scalar is no operand of a matrix product, use * instead";
                return Err(Error::shape(OP, operand.shape_ref(), message));
            }
        }
        let dtype = match self.dtype.promote(rhs.dtype) {
            DType::Bool => DType::I32,
            dtype => dtype,
        };
        let (left_axis, right_axis) = (self.ndim() - 1, rhs.ndim().saturating_sub(2));
        let (left, right) = (self.shape()[left_axis], rhs.shape()[right_axis]);
        if left != right {
            return Err(Error::new(ErrorKind::NotAligned {
                op: OP,
                lhs: self.shape_ref().clone(),
                rhs: rhs.shape_ref().clone(),
                left,
                left_dim: left_axis,
                right,
                right_dim: right_axis,
                hint: transpose_hint(self.shape(), rhs.shape()),
            }));
        }
        let (mut a, mut b) = (self.as_dtype(dtype), rhs.as_dtype(dtype));
        if a.ndim() == 1 {
            a = Cow::Owned(a.unsqueeze(0)?);
        }
        if b.ndim() == 1 {
            b = Cow::Owned(b.unsqueeze(1)?);
        }
        let mut out = a.product(&b, OP, self.ndim() == 1 || rhs.ndim() == 1)?;
        if rhs.ndim() == 1 {
            out = out.squeeze(-1)?;
        }
        if self.ndim() == 1 {
            out = out.squeeze(if rhs.ndim() == 1 { -1 } else { -2 })?;
        }
        Ok(out)
    }

    /// The product of `(…, m, k)` and `(…, k, n)` of one dtype.
    #[track_caller]
    fn product(&self, rhs: &Tensor, op: &'static str, vector: bool) -> Result<Tensor> {
        let split = |t: &Tensor| {
            let at = t.ndim() - 2;
            (
                Shape::of(&t.shape()[..at]),
                t.shape()[at],
                t.shape()[at + 1],
            )
        };
        let ((batch_a, m, k), (batch_b, _, n)) = (split(self), split(rhs));
        let batch = batch_a.broadcast(&batch_b, op)?;
        if batch.ndim() + 2 > MAX_RANK {
            let message = format!("the result would have more than {MAX_RANK} dimensions");
            return Err(Error::shape(op, self.shape_ref(), message));
        }
        let with = |rows: usize, columns: usize| -> Shape {
            batch
                .dims()
                .iter()
                .copied()
                .chain([rows, columns])
                .collect()
        };
        let shape = Shape::checked(op, with(m, n).dims())?;
        self.device.check_size(op, &shape, self.dtype)?;
        let out = if shape.size() == 0 || k == 0 {
            Self::constant(Scalar::Int(0), self.dtype, shape, &self.device)
        } else {
            let ((a, left), (b, right)) = (self.stored(), rhs.stored());
            let (left, right) = (left.expand(&with(m, k)), right.expand(&with(k, n)));
            let args = [Arg::Value(&a, &left), Arg::Value(&b, &right)];
            let at = Location::caller();
            Self::record(
                Op::Matmul { vector },
                &args,
                &shape,
                self.dtype,
                &self.device,
                at,
            )
        };
        Ok(track(out, &[self, rhs], Rule::Matmul))
    }

    /// Whether the matrix lies column after column.
    pub(crate) fn is_transposed(&self) -> bool {
        matches!(self.layout().strides(), [.., 1, column] if *column != 1)
    }

    /// The matrix with its last two dimensions exchanged.
    pub(crate) fn transposed(&self) -> Tensor {
        let rank = self.ndim();
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 1, rank - 2);
        self.permuted(&order)
    }
}

/// Which transposition would align the two, if one would.
fn transpose_hint(a: &[usize], b: &[usize]) -> String {
    let (n, m) = (a.len(), b.len());
    let inner_b = b[m.saturating_sub(2)];
    if m == 2 && a[n - 1] == b[m - 1] {
        "; the right operand transposed would fit: a.matmul(&b.t())".into()
    } else if n == 2 && a[0] == inner_b {
        "; the left operand transposed would fit: a.t().matmul(&b)".into()
    } else if n == 2 && m == 2 && a[0] == b[1] {
        "; the other order would fit: b.matmul(&a)".into()
    } else {
        String::new()
    }
}
