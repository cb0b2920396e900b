//! Contraction of two tensors with named axes: what `tensordot` and `einsum` come down to.
//!
//! The axes of the operands fall into four groups: those that both have and the result keeps
//! (batch), those that both have and that are summed over, and those of one operand alone. A
//! product of matrices takes each group but the first as one dimension, so that a group is merged: in
//! the order that its axes lie in memory, in which most merges are views.

use std::borrow::Cow;

use crate::dtype::DType;
use crate::error::Result;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The name of an axis.
pub(super) type Label = u8;

/// A tensor whose axes have names, each once.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) tensor: Tensor,
    pub(super) labels: Vec<Label>,
}

impl Named {
    fn axis(&self, label: Label) -> Option<usize> {
        self.labels.iter().position(|&l| l == label)
    }

    fn has(&self, label: Label) -> bool {
        self.labels.contains(&label)
    }

    /// The size of an axis that is there.
    fn size(&self, label: Label) -> usize {
        self.axis(label).map_or(1, |i| self.tensor.shape()[i])
    }

    fn stride(&self, label: Label) -> isize {
        self.axis(label)
            .map_or(0, |i| self.tensor.layout().strides()[i])
    }

    /// Summed over the axes that are not to be kept.
    #[track_caller]
    pub(super) fn summed(self, kept: impl Fn(Label) -> bool) -> Result<Self> {
        let gone: Vec<isize> = (0..self.labels.len())
            .filter(|&i| !kept(self.labels[i]))
            .map(|i| i as isize)
            .collect();
        if gone.is_empty() {
            return Ok(self);
        }
        let tensor = self.tensor.sum(gone)?;
        let labels = self.labels.into_iter().filter(|&l| kept(l)).collect();
        Ok(Self { tensor, labels })
    }

    /// The axes in this order, those that the tensor lacks with size 1.
    pub(super) fn ordered(&self, labels: &[Label]) -> Tensor {
        let order: Vec<usize> = labels.iter().filter_map(|&l| self.axis(l)).collect();
        let there = self.tensor.permuted(&order);
        let dims: Shape = labels.iter().map(|&l| self.size(l)).collect();
        there.reshaped(&dims)
    }

    /// The groups of axes as one dimension each, behind the batch axes.
    fn matrices(&self, batch: &[Label], groups: [&[Label]; 2]) -> Tensor {
        let [rows, columns] = groups;
        let ordered = self.ordered(&[batch, rows, columns].concat());
        let product = |group: &[Label]| group.iter().map(|&l| self.size(l)).product::<usize>();
        let dims: Shape = batch
            .iter()
            .map(|&l| self.size(l))
            .chain([product(rows), product(columns)])
            .collect();
        ordered.reshaped(&dims)
    }

    /// Whether the axes, in this order, are one walk through memory.
    fn merges(&self, group: &[Label]) -> bool {
        let wide = group.iter().filter(|&&l| self.size(l) != 1);
        let pairs = wide.clone().zip(wide.skip(1));
        pairs
            .into_iter()
            .all(|(&l, &r)| self.stride(l) == self.stride(r) * self.size(r) as isize)
    }

    /// The axes from the farthest apart to the nearest in memory.
    fn by_stride(&self, mut group: Vec<Label>) -> Vec<Label> {
        group.sort_by_key(|&l| std::cmp::Reverse(self.stride(l).unsigned_abs()));
        group
    }
}

/// The contraction of two tensors of one dtype, neither of which has an axis that is in the result
/// nowhere and in the other operand neither. The axes of the result come in an order of their own.
#[track_caller]
pub(super) fn contract(
    op: &'static str,
    a: &Named,
    b: &Named,
    kept: impl Fn(Label) -> bool,
) -> Result<Named> {
    let both = |keep: bool| -> Vec<Label> {
        let shared = a.labels.iter().copied().filter(|&l| b.has(l));
        shared.filter(|&l| kept(l) == keep).collect()
    };
    let alone = |x: &Named, other: &Named| -> Vec<Label> {
        x.labels
            .iter()
            .copied()
            .filter(|&l| !other.has(l))
            .collect()
    };
    let (batch, inner) = (both(true), both(false));
    let (rows, columns) = (alone(a, b), alone(b, a));
    if inner.is_empty() || (rows.is_empty() && columns.is_empty()) {
        return multiply(op, a, b, [&batch, &rows, &columns, &inner]);
    }
    let (rows, columns) = (a.by_stride(rows), b.by_stride(columns));
    // The inner axes must come in one order for both. The larger operand has the first say, unless
    // that copies it and the other's order copies nothing.
    let [first, second] = match a.tensor.size() >= b.tensor.size() {
        true => [a, b],
        false => [b, a],
    };
    let orders = [first.by_stride(inner.clone()), second.by_stride(inner)];
    let copies = |order: &[Label]| {
        let weight = |x: &Named| if x.merges(order) { 0 } else { x.tensor.size() };
        weight(a) + weight(b)
    };
    let inner = match copies(&orders[1]) < copies(&orders[0]) {
        true => &orders[1],
        false => &orders[0],
    };
    let left = a.matrices(&batch, [&rows, inner]);
    let right = b.matrices(&batch, [inner, &columns]);
    let product = left.matmul(&right)?;
    let labels = [batch, rows, columns].concat();
    let shape = shape_of(op, a, b, &labels)?;
    Ok(Named {
        tensor: product.reshaped(&shape),
        labels,
    })
}

/// The sizes of axes of which each is in one of the two at least.
#[track_caller]
fn shape_of(op: &'static str, a: &Named, b: &Named, labels: &[Label]) -> Result<Shape> {
    let size = |&l: &Label| if a.has(l) { a.size(l) } else { b.size(l) };
    Shape::checked(op, &labels.iter().map(size).collect::<Vec<_>>())
}

/// Products element by element, summed over the inner axes: one fused kernel. For no inner axes, or
/// for no axes but the batch and the inner ones, it reads as little as a product of matrices would.
#[track_caller]
fn multiply(op: &'static str, a: &Named, b: &Named, groups: [&[Label]; 4]) -> Result<Named> {
    let [batch, rows, columns, inner] = groups;
    let labels = groups.concat();
    shape_of(op, a, b, &labels)?;
    let dtype = a.tensor.dtype();
    // Halves are summed as they are in a product of matrices: with the products in f32.
    let wide = match dtype {
        DType::F16 if !inner.is_empty() => DType::F32,
        dtype => dtype,
    };
    let operand = |x: &Named| x.ordered(&labels).to_dtype(wide);
    let mut product = operand(a).try_mul(operand(b))?;
    if !inner.is_empty() {
        let first = labels.len() - inner.len();
        let axes: Vec<isize> = (first..labels.len()).map(|i| i as isize).collect();
        product = product.sum(axes)?.to_dtype(dtype);
    }
    Ok(Named {
        tensor: product,
        labels: [batch, rows, columns].concat(),
    })
}

/// Tensors with elements of the dtype in which they can be multiplied and added: bools count as `i32`.
pub(in crate::tensor) fn numbers<'a>(tensors: &[&'a Tensor]) -> Vec<Cow<'a, Tensor>> {
    let dtype = tensors
        .iter()
        .map(|t| t.dtype())
        .reduce(DType::promote)
        .filter(|&dtype| dtype != DType::Bool)
        .unwrap_or(DType::I32);
    tensors.iter().map(|t| t.as_dtype(dtype)).collect()
}
