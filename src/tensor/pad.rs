//! Padding.

use super::Tensor;
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::shape::Shape;

/// What [`Tensor::pad`] puts around a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pad {
    /// One value.
    Constant(Scalar),
    /// The outermost element, over and over. PyTorch's `replicate`.
    Edge,
    /// The tensor mirrored at its outermost elements, which are not repeated: `c b | a b c | b a`.
    Reflect,
    /// The tensor mirrored at its edges: `b a | a b c | c b`.
    Symmetric,
    /// The tensor over and over. PyTorch's `circular`.
    Wrap,
}

impl Pad {
    /// One value.
    pub fn constant(value: impl Into<Scalar>) -> Self {
        Self::Constant(value.into())
    }
}

/// How much [`Tensor::pad`] adds before and behind each axis: one number for all ends, a pair for all
/// axes, or a pair for each axis.
pub trait IntoWidths {
    /// The elements before and behind each of `rank` axes.
    ///
    /// # Errors
    /// The number of pairs, if it is another than that of the axes.
    fn into_widths(self, rank: usize) -> std::result::Result<Vec<(usize, usize)>, usize>;
}

impl IntoWidths for usize {
    fn into_widths(self, rank: usize) -> std::result::Result<Vec<(usize, usize)>, usize> {
        (self, self).into_widths(rank)
    }
}

impl IntoWidths for (usize, usize) {
    fn into_widths(self, rank: usize) -> std::result::Result<Vec<(usize, usize)>, usize> {
        Ok(vec![self; rank])
    }
}

impl IntoWidths for &[(usize, usize)] {
    fn into_widths(self, rank: usize) -> std::result::Result<Vec<(usize, usize)>, usize> {
        match self.len() == rank {
            true => Ok(self.to_vec()),
            false => Err(self.len()),
        }
    }
}

impl<const N: usize> IntoWidths for [(usize, usize); N] {
    fn into_widths(self, rank: usize) -> std::result::Result<Vec<(usize, usize)>, usize> {
        self[..].into_widths(rank)
    }
}

impl IntoWidths for Vec<(usize, usize)> {
    fn into_widths(self, rank: usize) -> std::result::Result<Vec<(usize, usize)>, usize> {
        self[..].into_widths(rank)
    }
}

/// A piece of a padded axis: `len` elements from `start` by `step`, or the one there stretched to `len`.
#[derive(Clone, Copy)]
struct Piece {
    start: usize,
    step: isize,
    len: usize,
}

impl Tensor {
    /// The tensor with elements added before and behind its axes. Widths are one number for all ends, a
    /// pair for all axes, or an array of pairs, one an axis. Widths beyond the size mirror or repeat
    /// the tensor as often as it takes.
    ///
    /// # Errors
    /// Another number of widths than axes, a value that does not fit the dtype, an empty axis where the
    /// mode needs an element, or more elements than the device can hold.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::Pad;
    /// let x = Tensor::new([1, 2, 3], &Device::cpu())?;
    /// assert_eq!(x.pad((1, 2), Pad::constant(9))?.to_vec::<i32>()?, [9, 1, 2, 3, 9, 9]);
    /// assert_eq!(x.pad(2, Pad::Reflect)?.to_vec::<i32>()?, [3, 2, 1, 2, 3, 2, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn pad(&self, widths: impl IntoWidths, mode: Pad) -> Result<Tensor> {
        const OP: &str = "pad";
        let widths = match widths.into_widths(self.ndim()) {
            Ok(widths) => widths,
            Err(given) => {
                let message = format!(
                    "{given} pairs of widths do not go with {} axes",
                    self.ndim()
                );
                return Err(Error::shape(OP, self.shape_ref(), message));
            }
        };
        let each = self.shape().iter().zip(&widths);
        let wide = |(&size, &(before, behind)): (&usize, &(usize, usize))| {
            size.saturating_add(before).saturating_add(behind)
        };
        let dims: Vec<usize> = each.map(wide).collect();
        let shape = Shape::checked(OP, &dims)?;
        self.device.check_size(OP, &shape, self.dtype)?;
        if let Pad::Constant(value) = mode {
            value.check_fits(OP, self.dtype)?;
            return Ok(self.framed(&widths, value, shape));
        }
        let empty = (0..self.ndim()).find(|&i| self.shape()[i] == 0 && dims[i] > 0);
        if let Some(axis) = empty {
            let message = format!("axis {axis} has no element to pad with; a constant can");
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        if shape.size() == 0 {
            // Empty before: nothing is cut, and the gradient is empty too.
            let none = vec![Layout::contiguous(self.shape_ref().clone())];
            return Ok(Self::assemble(&[self], none, shape, self.dtype));
        }
        let mut x = self.clone();
        let mut pieces = Vec::with_capacity(self.ndim());
        for (axis, &(before, behind)) in widths.iter().enumerate() {
            let size = self.shape()[axis];
            let near = match mode {
                Pad::Reflect => size.saturating_sub(1),
                _ => size,
            };
            let list = match mode {
                Pad::Edge | Pad::Constant(_) => edges(size, before, behind),
                _ if before.max(behind) > near => {
                    x = x.cycled(mode, axis, before, dims[axis])?;
                    whole(dims[axis])
                }
                Pad::Wrap => wrapped(size, before, behind),
                Pad::Reflect => mirrored(size, before, behind, 1),
                Pad::Symmetric => mirrored(size, before, behind, 0),
            };
            pieces.push(list);
        }
        Ok(x.pieced(&pieces, shape))
    }

    /// With a value around it: the tensor in its place, and a box of the value at each end of each axis.
    #[track_caller]
    fn framed(&self, widths: &[(usize, usize)], value: Scalar, shape: Shape) -> Tensor {
        let mut inner = Layout::contiguous(shape.clone());
        let (mut parts, mut regions) = (Vec::new(), Vec::new());
        for (axis, &(before, behind)) in widths.iter().enumerate() {
            let size = self.shape()[axis];
            for (start, len) in [(0, before), (before + size, behind)] {
                if len > 0 {
                    let region = inner.slice(axis, start as isize, 1, len);
                    let part = region.shape().clone();
                    parts.push(Self::constant(value, self.dtype, part, &self.device));
                    regions.push(region);
                }
            }
            inner = inner.slice(axis, before as isize, 1, size);
        }
        if parts.is_empty() {
            return self.clone();
        }
        parts.push(self.clone());
        regions.push(inner);
        let parts: Vec<&Tensor> = parts.iter().collect();
        Self::assemble(&parts, regions, shape, self.dtype)
    }

    /// An axis of some length that repeats or mirrors this one's without end, from `before` elements
    /// before its first: a slice of one period, tiled.
    #[track_caller]
    fn cycled(&self, mode: Pad, axis: usize, before: usize, len: usize) -> Result<Tensor> {
        let size = self.shape()[axis];
        let back = |from: usize, len: usize| self.sliced(axis, from as isize, -1, len);
        let period = match mode {
            // The ends are met once a period.
            Pad::Reflect if size > 2 => {
                Self::concat(&[self, &back(size - 2, size - 2)], axis as isize)?
            }
            Pad::Symmetric => Self::concat(&[self, &self.flipped(axis)], axis as isize)?,
            _ => self.clone(),
        };
        let cycle = period.shape()[axis];
        let first = (cycle - before % cycle) % cycle;
        let mut counts = vec![1; self.ndim()];
        counts[axis] = (first + len).div_ceil(cycle);
        let tiled = period.tile(counts)?;
        Ok(tiled.sliced(axis, first as isize, 1, len))
    }

    /// Each axis as the sequence of its pieces.
    #[track_caller]
    fn pieced(&self, pieces: &[Vec<Piece>], shape: Shape) -> Tensor {
        let mut boxes = vec![(self.clone(), Layout::contiguous(shape.clone()))];
        for (axis, pieces) in pieces.iter().enumerate() {
            let cut = |(part, region): &(Tensor, Layout)| {
                let mut place = 0;
                let each = |piece: &Piece| {
                    let region = region.slice(axis, place, 1, piece.len);
                    place += piece.len as isize;
                    let part = match piece.step {
                        0 => part
                            .sliced(axis, piece.start as isize, 1, 1)
                            .stretched_to(axis, piece.len),
                        step => part.sliced(axis, piece.start as isize, step, piece.len),
                    };
                    (part, region)
                };
                pieces.iter().map(each).collect::<Vec<_>>()
            };
            boxes = boxes.iter().flat_map(cut).collect();
        }
        if let [(part, _)] = &boxes[..] {
            return part.clone();
        }
        let (parts, regions): (Vec<Tensor>, Vec<Layout>) = boxes.into_iter().unzip();
        let parts: Vec<&Tensor> = parts.iter().collect();
        Self::assemble(&parts, regions, shape, self.dtype)
    }

    fn stretched_to(&self, axis: usize, len: usize) -> Tensor {
        let mut dims = self.shape().to_vec();
        dims[axis] = len;
        self.expanded(&Shape::of(&dims))
    }
}

/// The pieces that have elements.
fn some(pieces: [Piece; 3]) -> Vec<Piece> {
    pieces.into_iter().filter(|piece| piece.len > 0).collect()
}

fn whole(size: usize) -> Vec<Piece> {
    vec![run(0, size)]
}

fn run(start: usize, len: usize) -> Piece {
    Piece {
        start,
        step: 1,
        len,
    }
}

fn edges(size: usize, before: usize, behind: usize) -> Vec<Piece> {
    let still = |start, len| Piece {
        start,
        step: 0,
        len,
    };
    some([
        still(0, before),
        run(0, size),
        still(size.saturating_sub(1), behind),
    ])
}

fn wrapped(size: usize, before: usize, behind: usize) -> Vec<Piece> {
    some([run(size - before, before), run(0, size), run(0, behind)])
}

/// Mirrored at the ends, leaving out the outermost `skip` elements.
fn mirrored(size: usize, before: usize, behind: usize, skip: usize) -> Vec<Piece> {
    let back = |start, len| Piece {
        start,
        step: -1,
        len,
    };
    some([
        back((before + skip).saturating_sub(1), before),
        run(0, size),
        back(size.saturating_sub(1 + skip), behind),
    ])
}
