//! Layouts: how a shape lies over a storage. Every view is a new layout over the same storage.

use crate::error::{Error, Result};
use crate::shape::{MAX_RANK, Shape};

/// Windows along an axis: element `k` of window `c` is element `c·step + k·dilation` of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) axis: usize,
    pub(crate) size: usize,
    pub(crate) step: usize,
    pub(crate) dilation: usize,
}

impl Windows {
    /// From the first element of a window to its last.
    pub(crate) fn reach(&self) -> usize {
        (self.size - 1) * self.dilation
    }

    /// From the first window's start to the last one's.
    pub(crate) fn travel(&self, count: usize) -> usize {
        (count - 1) * self.step
    }

    /// Whether no element is in two windows.
    pub(crate) fn are_apart(&self, count: usize) -> bool {
        self.step > self.reach() || self.dilation > self.travel(count)
    }
}

/// Offsets from here on name a scalar of the plan; storages are far smaller.
const PARAMETER: usize = 1 << (usize::BITS - 2);

/// A shape with a stride per dimension and an offset, all counted in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    shape: Shape,
    strides: [isize; MAX_RANK],
    offset: usize,
}

impl Layout {
    /// The one element of a constant without dimensions.
    pub(crate) const SCALAR: &'static Self = &Self {
        shape: Shape::SCALAR,
        strides: [0; MAX_RANK],
        offset: 0,
    };

    /// Row-major, without gaps, from the start of the storage.
    pub(crate) fn contiguous(shape: Shape) -> Self {
        let mut strides = [0; MAX_RANK];
        row_major(&shape, &mut strides);
        Self {
            shape,
            strides,
            offset: 0,
        }
    }

    /// Becomes [`Layout::contiguous`] of a shape.
    pub(crate) fn lay_out(&mut self, shape: &Shape) {
        self.shape.clone_from(shape);
        row_major(shape, &mut self.strides);
        self.offset = 0;
    }

    /// Whether this is what [`Layout::contiguous`] gives for the shape, to the last stride.
    pub(crate) fn is_whole(&self, shape: &Shape) -> bool {
        let mut step = 1;
        let mut dims = self.dims().iter().zip(self.strides()).rev();
        let in_order = |(&size, &stride): (&usize, &isize)| {
            let fits = stride == step;
            step *= size.max(1) as isize;
            fits
        };
        self.offset == 0 && self.shape == *shape && dims.all(in_order)
    }

    /// Every element at the same place: how a constant fills a shape.
    pub(crate) fn splat(shape: Shape) -> Self {
        Self {
            shape,
            strides: [0; MAX_RANK],
            offset: 0,
        }
    }

    pub(crate) fn from_parts(shape: Shape, strides: &[isize], offset: usize) -> Self {
        let mut all = [0; MAX_RANK];
        all[..strides.len()].copy_from_slice(strides);
        Self {
            shape,
            strides: all,
            offset,
        }
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn dims(&self) -> &[usize] {
        self.shape.dims()
    }

    pub(crate) fn strides(&self) -> &[isize] {
        &self.strides[..self.shape.ndim()]
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the elements lie in order without gaps, from any offset. Strides of dimensions of
    /// size 1 do not matter.
    pub(crate) fn is_contiguous(&self) -> bool {
        let mut step = 1;
        for (&d, &s) in self.dims().iter().zip(self.strides()).rev() {
            if d != 1 && s != step {
                return self.shape.size() == 0;
            }
            step *= d as isize;
        }
        true
    }

    /// Whether this is the whole of a storage that was made with this shape.
    pub(crate) fn is_identity(&self) -> bool {
        self.offset == 0 && self.is_contiguous()
    }

    /// The layout with its offset as a parameter of the plan: the scalar of that number. What
    /// remains of the offset is its remainder by 4, by which kernels may read in vectors.
    pub(crate) fn with_parameter(&self, scalar: usize) -> Self {
        let offset = PARAMETER + 4 * scalar + self.offset % 4;
        Self {
            offset,
            ..self.clone()
        }
    }

    /// The number of the scalar that is the offset, if it is one.
    pub(crate) fn parameter(&self) -> Option<usize> {
        (self.offset >= PARAMETER).then(|| (self.offset - PARAMETER) / 4)
    }

    /// The offset, looked up among the plan's scalars if it is one.
    pub(crate) fn place(&self, scalars: &[u32]) -> usize {
        self.parameter()
            .map_or(self.offset, |n| scalars[n] as usize)
    }

    /// The layout with its offset looked up among the plan's scalars, if it is one.
    pub(crate) fn resolve(&self, scalars: &[u32]) -> Self {
        Self {
            offset: self.place(scalars),
            ..self.clone()
        }
    }

    pub(crate) fn permute(&self, axes: &[usize]) -> Self {
        let shape = axes.iter().map(|&a| self.dims()[a]).collect();
        let strides: Vec<isize> = axes.iter().map(|&a| self.strides[a]).collect();
        Self::from_parts(shape, &strides, self.offset)
    }

    /// Broadcasts to a shape that this one is known to fit: stride 0 on each new or stretched axis.
    pub(crate) fn expand(&self, shape: &Shape) -> Self {
        let shift = shape.ndim() - self.shape.ndim();
        let mut strides = [0; MAX_RANK];
        for (i, &s) in self.strides().iter().enumerate() {
            let same = self.dims()[i] == shape.dims()[shift + i];
            strides[shift + i] = if same { s } else { 0 };
        }
        Self {
            shape: shape.clone(),
            strides,
            offset: self.offset,
        }
    }

    /// The same elements in another shape, where that needs no copy.
    pub(crate) fn reshape(&self, shape: &Shape) -> Option<Self> {
        if self.shape.size() == 0 {
            return Some(Self::contiguous(shape.clone()));
        }
        let old: Vec<(usize, isize)> = self
            .dims()
            .iter()
            .zip(self.strides())
            .filter(|(d, _)| **d != 1)
            .map(|(&d, &s)| (d, s))
            .collect();
        let new = shape.dims();
        let mut strides = [0isize; MAX_RANK];
        // Both shapes are cut into groups with equal products; within a group the old dimensions
        // must be evenly spaced, and the new ones divide that span.
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            let (mut i_end, mut j_end) = (i + 1, j + 1);
            let (mut have, mut want) = (old[i].0, new[j]);
            while have != want {
                if have < want {
                    have *= old[i_end].0;
                    i_end += 1;
                } else {
                    want *= new[j_end];
                    j_end += 1;
                }
            }
            if old[i..i_end]
                .windows(2)
                .any(|w| w[0].1 != w[1].1 * w[1].0 as isize)
            {
                return None;
            }
            let mut step = old[i_end - 1].1;
            for k in (j..j_end).rev() {
                strides[k] = step;
                step *= new[k] as isize;
            }
            (i, j) = (i_end, j_end);
        }
        // Trailing ones have any stride; contiguous views keep contiguous strides.
        strides[j..new.len()].fill(1);
        Some(Self {
            shape: shape.clone(),
            strides,
            offset: self.offset,
        })
    }

    pub(crate) fn flip(&self, axis: usize) -> Self {
        let n = self.dims()[axis];
        self.slice(axis, n.saturating_sub(1) as isize, -1, n)
    }

    /// `len` elements of an axis from `start` by `step`, known to be in range.
    pub(crate) fn slice(&self, axis: usize, start: isize, step: isize, len: usize) -> Self {
        let mut out = self.clone();
        if len > 0 {
            out.offset = (self.offset as isize + start * self.strides[axis]) as usize;
        }
        // Between fewer than two elements a step, however far it reaches, is never made.
        if len > 1 {
            out.strides[axis] = self.strides[axis] * step;
        }
        out.shape = self.with_dim(axis, len);
        out
    }

    /// The windows of an axis, which then counts them; a new last axis walks through one.
    pub(crate) fn windows(&self, windows: Windows) -> Self {
        let Windows {
            axis,
            size,
            step,
            dilation,
        } = windows;
        let count = (self.dims()[axis] - windows.reach() - 1) / step + 1;
        let mut out = self.slice(axis, 0, step as isize, count);
        let rank = self.dims().len();
        if size > 1 {
            out.strides[rank] = self.strides[axis] * dilation as isize;
        }
        out.shape = out.dims().iter().copied().chain([size]).collect();
        out
    }

    /// The places where two axes have the same index, but for an offset of the second; the two go, and a
    /// new last axis walks along.
    pub(crate) fn diagonal(&self, axis0: usize, axis1: usize, offset: isize) -> Self {
        let (rows, columns) = (self.dims()[axis0], self.dims()[axis1]);
        let (down, right) = match offset < 0 {
            true => (offset.unsigned_abs(), 0),
            false => (0, offset.unsigned_abs()),
        };
        let len = rows.saturating_sub(down).min(columns.saturating_sub(right));
        let corner = |axis, start: usize| (axis, if len > 0 { start as isize } else { 0 });
        let (first, second) = (corner(axis0, down), corner(axis1, right));
        let mut out = self
            .slice(first.0, first.1, 1, len)
            .slice(second.0, second.1, 1, len);
        out = out
            .remove_axis(axis0.max(axis1))
            .remove_axis(axis0.min(axis1));
        out.strides[out.shape.ndim()] = self.strides[axis0] + self.strides[axis1];
        out.shape = out.dims().iter().copied().chain([len]).collect();
        out
    }

    /// Each step along one axis is also `by` steps along another, beyond its ends: read only where
    /// there are elements.
    pub(crate) fn skewed(&self, axis: usize, along: usize, by: isize) -> Self {
        let mut out = self.clone();
        out.strides[axis] += by * self.strides[along];
        out
    }

    pub(crate) fn insert_axis(&self, axis: usize, size: usize) -> Self {
        let mut dims = self.dims().to_vec();
        let mut strides = self.strides().to_vec();
        // A new axis of size 1 keeps a contiguous layout recognisable.
        let stride = match (size, dims.get(axis)) {
            (1, Some(&d)) => strides[axis] * d as isize,
            (1, None) => 1,
            _ => 0,
        };
        dims.insert(axis, size);
        strides.insert(axis, stride);
        Self::from_parts(Shape::of(&dims), &strides, self.offset)
    }

    pub(crate) fn remove_axis(&self, axis: usize) -> Self {
        let mut dims = self.dims().to_vec();
        let mut strides = self.strides().to_vec();
        dims.remove(axis);
        strides.remove(axis);
        Self::from_parts(Shape::of(&dims), &strides, self.offset)
    }

    fn with_dim(&self, axis: usize, size: usize) -> Shape {
        self.dims()
            .iter()
            .enumerate()
            .map(|(i, &d)| if i == axis { size } else { d })
            .collect()
    }
}

impl std::hash::Hash for Layout {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.shape, self.strides(), self.offset).hash(state);
    }
}

/// Writes the strides of a shape in row-major order without gaps.
fn row_major(shape: &Shape, strides: &mut [isize; MAX_RANK]) {
    let mut step = 1;
    for (stride, &size) in strides[..shape.ndim()].iter_mut().zip(shape.dims()).rev() {
        *stride = step;
        step *= size.max(1) as isize;
    }
}

/// Resolves the one −1 of a reshape.
#[track_caller]
pub(crate) fn infer_shape(op: &'static str, from: &Shape, dims: &[isize]) -> Result<Shape> {
    if let Some(bad) = dims.iter().find(|&&d| d < -1) {
        return Err(Error::shape(
            op,
            from,
            format!("size {bad} in {dims:?} is negative"),
        ));
    }
    if dims.iter().filter(|&&d| d == -1).count() > 1 {
        let message = format!("can only specify one unknown dimension, {dims:?} has several");
        return Err(Error::shape(op, from, message));
    }
    let known = dims
        .iter()
        .filter(|&&d| d >= 0)
        .try_fold(1usize, |n, &d| n.checked_mul(d as usize));
    let size = from.size();
    let unknown = match known {
        Some(known) if dims.contains(&-1) => {
            (known > 0 && size.is_multiple_of(known)).then(|| size / known)
        }
        known => (known == Some(size)).then_some(0),
    };
    let Some(unknown) = unknown else {
        let message = format!("cannot reshape {size} elements into {dims:?}");
        return Err(Error::shape(op, from, message));
    };
    let sizes: Vec<usize> = dims
        .iter()
        .map(|&d| if d == -1 { unknown } else { d as usize })
        .collect();
    Shape::checked(op, &sizes)
}
