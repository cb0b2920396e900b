//! NumPy's products: dot, inner, outer, tensordot, kron, cross and powers of matrices.

use super::contract::{Label, Named, contract, numbers};
use crate::error::{Error, ErrorKind, Result};
use crate::shape::{MAX_RANK, Shape};
use crate::tensor::Tensor;

/// The axes that [`Tensor::tensordot`] sums over: a number `n` for the last `n` of the left operand
/// with the first `n` of the right one, or a pair of an axis, or of a list of axes, of each.
#[derive(Clone, Debug)]
pub enum Contraction {
    /// The last axes of the left operand with the first of the right.
    Count(usize),
    /// These axes of the left operand with those of the right, one by one.
    Pairs(Vec<isize>, Vec<isize>),
}

macro_rules! contraction {
    ($($t:ty)*) => {$(
        impl From<$t> for Contraction {
            fn from(count: $t) -> Self {
                // A count that no tensor has, or none at all, is refused when it is used.
                Self::Count(usize::try_from(count).unwrap_or(usize::MAX))
            }
        }
        impl From<($t, $t)> for Contraction {
            fn from((left, right): ($t, $t)) -> Self {
                ([left], [right]).into()
            }
        }
        impl<const N: usize, const M: usize> From<([$t; N], [$t; M])> for Contraction {
            fn from((left, right): ([$t; N], [$t; M])) -> Self {
                (&left[..], &right[..]).into()
            }
        }
        impl From<(&[$t], &[$t])> for Contraction {
            fn from((left, right): (&[$t], &[$t])) -> Self {
                let axes = |list: &[$t]| -> Vec<isize> {
                    list.iter().map(|&a| isize::try_from(a).unwrap_or(isize::MAX)).collect()
                };
                Self::Pairs(axes(left), axes(right))
            }
        }
    )*};
}
contraction!(i32 isize usize);

impl Tensor {
    /// NumPy's `dot`: of two vectors the sum of their products, of two matrices their product; a
    /// scalar multiplies. Else the last axis of this tensor meets the last but one of `rhs` (the
    /// only one of a vector), and the other axes of both follow one another in the result.
    ///
    /// # Errors
    /// Sizes that differ on these axes, a result of more than 8 dimensions, or tensors on
    /// different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let a = Tensor::new([1, 2, 3, 4, 5], &dev)?;
    /// let b = Tensor::new([2, 4, 1, 1, 1], &dev)?;
    /// assert_eq!(a.dot(&b)?.item::<i32>()?, 22);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn dot(&self, rhs: &Tensor) -> Result<Tensor> {
        let axis = rhs.ndim().saturating_sub(2) as isize;
        self.dot_over("dot", rhs, axis)
    }

    /// The sum of the products of all elements, row-major, of two tensors of one size; NumPy's `vdot`.
    ///
    /// # Errors
    /// Different numbers of elements, or tensors on different devices.
    #[track_caller]
    pub fn vdot(&self, rhs: &Tensor) -> Result<Tensor> {
        let flat = |x: &Tensor| x.reshaped(&Shape::of(&[x.size()]));
        flat(self).dot_over("vdot", &flat(rhs), 0)
    }

    /// The sums of products over the last axis of both; NumPy's `inner`. A scalar multiplies.
    ///
    /// # Errors
    /// Last axes of different sizes, a result of more than 8 dimensions, or tensors on different
    /// devices.
    #[track_caller]
    pub fn inner(&self, rhs: &Tensor) -> Result<Tensor> {
        let axis = rhs.ndim().saturating_sub(1) as isize;
        self.dot_over("inner", rhs, axis)
    }

    /// The last axis of this tensor with the given one of the other.
    #[track_caller]
    fn dot_over(&self, op: &'static str, rhs: &Tensor, axis: isize) -> Result<Tensor> {
        if self.ndim() == 0 || rhs.ndim() == 0 {
            self.same_device(op, rhs)?;
            let operands = numbers(&[self, rhs]);
            return operands[0].try_mul(operands[1].as_ref());
        }
        self.contracted(op, rhs, &[self.ndim() as isize - 1], &[axis])
    }

    /// Each element of this tensor times each of the other, both taken as vectors: `(n, m)`.
    ///
    /// # Errors
    /// Tensors on different devices, or a result that the device cannot hold.
    #[doc(alias = "ger")]
    #[track_caller]
    pub fn outer(&self, rhs: &Tensor) -> Result<Tensor> {
        self.same_device("outer", rhs)?;
        let operands = numbers(&[self, rhs]);
        let column = operands[0].reshaped(&Shape::of(&[self.size(), 1]));
        column.try_mul(operands[1].reshaped(&Shape::of(&[rhs.size()])))
    }

    /// Sums of products over pairs of axes; the other axes of both follow one another in the
    /// result. See [`Contraction`] for how the axes are given; 2 is NumPy's default.
    ///
    /// # Errors
    /// Paired axes of different sizes, an axis out of range or named twice, lists of different
    /// lengths, a result of more than 8 dimensions, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let (a, b) = (Tensor::ones([3, 4, 5], &dev)?, Tensor::ones([4, 3, 2], &dev)?);
    /// assert_eq!(a.tensordot(&b, ([1, 0], [0, 1]))?.shape(), [5, 2]);
    /// assert_eq!(a.tensordot(&b.t(), 0)?.ndim(), 6);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn tensordot(&self, rhs: &Tensor, axes: impl Into<Contraction>) -> Result<Tensor> {
        const OP: &str = "tensordot";
        match axes.into() {
            Contraction::Pairs(left, right) => self.contracted(OP, rhs, &left, &right),
            Contraction::Count(n) if n <= self.ndim() && n <= rhs.ndim() => {
                let first = self.ndim() - n;
                let left: Vec<isize> = (first..self.ndim()).map(|i| i as isize).collect();
                let right: Vec<isize> = (0..n).map(|i| i as isize).collect();
                self.contracted(OP, rhs, &left, &right)
            }
            Contraction::Count(n) => {
                let (rank, other) = (self.ndim(), rhs.ndim());
                let n = if n == usize::MAX {
                    "that many".into()
                } else {
                    n.to_string()
                };
                let message =
                    format!("{n} axes cannot be paired, of {rank} and {other} dimensions");
                Err(Error::value(OP, message))
            }
        }
    }

    /// The axes of the two lists, pair by pair, summed over.
    #[track_caller]
    fn contracted(
        &self,
        op: &'static str,
        rhs: &Tensor,
        left: &[isize],
        right: &[isize],
    ) -> Result<Tensor> {
        self.same_device(op, rhs)?;
        if left.len() != right.len() {
            let message = format!("axes are paired, but the lists are {left:?} and {right:?}");
            return Err(Error::value(op, message));
        }
        self.shape_ref().axis_set(op, left)?;
        rhs.shape_ref().axis_set(op, right)?;
        // Names: an axis of this tensor is its number, one of the other follows those, a pair has
        // the name it has here.
        let rank = self.ndim();
        let mut names: Vec<Label> = (rank..rank + rhs.ndim()).map(|i| i as Label).collect();
        let mut summed = [false; MAX_RANK];
        for (&l, &r) in left.iter().zip(right) {
            let (l, r) = (self.shape_ref().axis(op, l)?, rhs.shape_ref().axis(op, r)?);
            self.check_aligned(op, l, rhs, r)?;
            names[r] = l as Label;
            summed[l] = true;
        }
        let kept = |label: Label| summed.get(label as usize) != Some(&true);
        let own: Vec<Label> = (0..rank).map(|i| i as Label).collect();
        let wanted: Vec<Label> = own
            .iter()
            .chain(&names)
            .copied()
            .filter(|&l| kept(l))
            .collect();
        let named = |tensor: &Tensor, labels| Named {
            tensor: tensor.clone(),
            labels,
        };
        let operands = numbers(&[self, rhs]);
        let (a, b) = (named(&operands[0], own), named(&operands[1], names));
        Ok(contract(op, &a, &b, kept)?.ordered(&wanted))
    }

    /// An error if the two differ in size on these axes.
    #[track_caller]
    fn check_aligned(&self, op: &'static str, at: usize, rhs: &Tensor, other: usize) -> Result<()> {
        let (left, right) = (self.shape()[at], rhs.shape()[other]);
        if left == right {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NotAligned {
            op,
            lhs: self.shape_ref().clone(),
            rhs: rhs.shape_ref().clone(),
            left,
            left_dim: at,
            right,
            right_dim: other,
            hint: String::new(),
        }))
    }

    /// The Kronecker product: each element of this tensor times the whole of the other, side by
    /// side. The tensor of fewer dimensions gets leading ones.
    ///
    /// # Errors
    /// More than 8 dimensions of the two together that are larger than 1, or tensors on different
    /// devices.
    #[track_caller]
    pub fn kron(&self, rhs: &Tensor) -> Result<Tensor> {
        const OP: &str = "kron";
        self.same_device(OP, rhs)?;
        let operands = numbers(&[self, rhs]);
        let rank = self.ndim().max(rhs.ndim());
        let size = |x: &Tensor, i: usize| match (i + x.ndim()).checked_sub(rank) {
            Some(at) => x.shape()[at],
            None => 1,
        };
        // Of each dimension the left one's, then the right one's; those of size 1 can be left out.
        let (mut left, mut right, mut dims) = (vec![], vec![], vec![]);
        for i in 0..rank {
            let (n, m) = (size(self, i), size(rhs, i));
            dims.push(n.saturating_mul(m));
            if n != 1 {
                left.push(n);
                right.push(1);
            }
            if m != 1 {
                left.push(1);
                right.push(m);
            }
        }
        let shape = Shape::checked(OP, &dims)?;
        let (left, right) = (Shape::checked(OP, &left)?, Shape::checked(OP, &right)?);
        let right = operands[1].reshaped(&right);
        let product = operands[0].reshaped(&left).try_mul(right)?;
        Ok(product.reshaped(&shape))
    }

    /// The cross products of the vectors of three that lie along an axis of both tensors; the other
    /// axes broadcast. The result has its vectors along the same axis.
    ///
    /// # Errors
    /// An axis out of range or not of size 3 in one of the two, shapes that do not broadcast, or
    /// tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let (x, y) = (Tensor::new([1, 0, 0], &dev)?, Tensor::new([0, 1, 0], &dev)?);
    /// assert_eq!(x.cross(&y, -1)?.to_vec::<i32>()?, [0, 0, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn cross(&self, rhs: &Tensor, axis: isize) -> Result<Tensor> {
        const OP: &str = "cross";
        self.same_device(OP, rhs)?;
        let operands = numbers(&[self, rhs]);
        let mut axes = [0; 2];
        for (x, at) in operands.iter().zip(&mut axes) {
            *at = x.shape_ref().axis(OP, axis)?;
            if x.shape()[*at] != 3 {
                let message = format!("axis {axis} must have size 3, it has {}", x.shape()[*at]);
                return Err(Error::shape(OP, x.shape_ref(), message));
            }
        }
        let last = |i: usize| operands[i].axis_moved(axes[i], operands[i].ndim() - 1);
        let (a, b) = (last(0), last(1));
        let part = |x: &Tensor, i: usize| {
            let at = x.ndim() - 1;
            x.sliced(at, (i % 3) as isize, 1, 1).squeeze(-1)
        };
        let mut parts = Vec::with_capacity(3);
        for i in 0..3 {
            let (j, k) = (i + 1, i + 2);
            let forth = part(&a, j)?.try_mul(part(&b, k)?)?;
            parts.push(forth.try_sub(part(&a, k)?.try_mul(part(&b, j)?)?)?);
        }
        // Each coordinate in one stretch of memory; where the axis is, is the view's affair.
        let product = Tensor::stack(&parts.iter().collect::<Vec<_>>(), 0)?;
        let to = product.shape_ref().axis(OP, axis)?;
        Ok(product.axis_moved(0, to))
    }

    /// An axis in another place, the others in their order.
    fn axis_moved(&self, from: usize, to: usize) -> Tensor {
        let mut order: Vec<usize> = (0..self.ndim()).filter(|&i| i != from).collect();
        order.insert(to, from);
        self.permuted(&order)
    }

    /// The product of several matrices in the order of least arithmetic; NumPy's
    /// `linalg.multi_dot`. The first may be a vector, a row, and the last one, a column.
    ///
    /// # Errors
    /// Fewer than two or more than 50 tensors, one that is no matrix, sizes that do not meet, or
    /// tensors on different devices.
    #[doc(alias = "chain_matmul")]
    #[track_caller]
    pub fn multi_dot(tensors: &[&Tensor]) -> Result<Tensor> {
        const OP: &str = "multi_dot";
        let last = tensors.len().saturating_sub(1);
        if !(1..50).contains(&last) {
            let message = format!("2 to 50 matrices are needed, not {}", tensors.len());
            return Err(Error::value(OP, message));
        }
        let letter = |i: usize| {
            char::from(if i < 26 {
                b'a' + i as u8
            } else {
                b'A' + (i - 26) as u8
            })
        };
        let (mut operands, mut result) = (Vec::new(), String::new());
        for (i, tensor) in tensors.iter().enumerate() {
            let (row, column) = (letter(i), letter(i + 1));
            match tensor.ndim() {
                2 => operands.push(format!("{row}{column}")),
                1 if i == 0 => operands.push(column.into()),
                1 if i == last => operands.push(row.into()),
                _ => {
                    let message = format!("operand {i} is no matrix");
                    return Err(Error::shape(OP, tensor.shape_ref(), message));
                }
            }
            if tensor.ndim() == 2 && i == 0 {
                result.push(row);
            }
            if tensor.ndim() == 2 && i == last {
                result.push(column);
            }
            if i > 0 {
                tensors[i - 1].check_aligned(OP, tensors[i - 1].ndim() - 1, tensor, 0)?;
            }
        }
        Tensor::einsum(&format!("{}->{result}", operands.join(",")), tensors)
    }
}
