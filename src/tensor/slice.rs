//! Slicing as NumPy means it, and the macro that spells it.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use super::Tensor;
use crate::autograd::Rule;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::shape::MAX_RANK;

/// One entry of a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dim {
    /// One element of the axis, which goes; negative counts from the end.
    At(isize),
    /// A range with a step; bounds as in NumPy: negative ones count from the end, those beyond the
    /// axis are cut, and a negative step walks down.
    Range(Option<isize>, Option<isize>, isize),
    /// A new axis of size 1.
    NewAxis,
    /// As many whole axes as are left.
    Ellipsis,
}

/// A new axis of size 1 in a slice: `s![NewAxis, ..]`.
#[derive(Clone, Copy, Debug)]
pub struct NewAxis;

/// All the axes that the other entries leave: `s![Ellipsis, 0]`.
#[derive(Clone, Copy, Debug)]
pub struct Ellipsis;

macro_rules! into_dim {
    ($($t:ty, |$r:ident| $dim:expr;)*) => {$(
        impl From<$t> for Dim {
            fn from($r: $t) -> Self {
                $dim
            }
        }
    )*};
}
into_dim! {
    isize, |i| Dim::At(i);
    i32, |i| Dim::At(i as isize);
    usize, |i| Dim::At(i as isize);
    NewAxis, |_n| Dim::NewAxis;
    Ellipsis, |_e| Dim::Ellipsis;
    RangeFull, |_r| Dim::Range(None, None, 1);
    Range<isize>, |r| Dim::Range(Some(r.start), Some(r.end), 1);
    Range<usize>, |r| Dim::Range(Some(r.start as isize), Some(r.end as isize), 1);
    Range<i32>, |r| Dim::Range(Some(r.start as isize), Some(r.end as isize), 1);
    RangeFrom<isize>, |r| Dim::Range(Some(r.start), None, 1);
    RangeFrom<usize>, |r| Dim::Range(Some(r.start as isize), None, 1);
    RangeFrom<i32>, |r| Dim::Range(Some(r.start as isize), None, 1);
    RangeTo<isize>, |r| Dim::Range(None, Some(r.end), 1);
    RangeTo<usize>, |r| Dim::Range(None, Some(r.end as isize), 1);
    RangeTo<i32>, |r| Dim::Range(None, Some(r.end as isize), 1);
    RangeInclusive<i32>, |r| Dim::Range(Some(*r.start() as isize), after(*r.end() as isize), 1);
    RangeInclusive<usize>, |r| Dim::Range(Some(*r.start() as isize), after(*r.end() as isize), 1);
    RangeToInclusive<i32>, |r| Dim::Range(None, after(r.end as isize), 1);
    RangeToInclusive<usize>, |r| Dim::Range(None, after(r.end as isize), 1);
}

/// The exclusive end behind an inclusive one; the last element has none.
fn after(end: isize) -> Option<isize> {
    (end != -1).then_some(end + 1)
}

impl Dim {
    /// The same range by a step; an index has no step.
    pub fn by(self, step: isize) -> Self {
        match self {
            Self::Range(start, end, _) => Self::Range(start, end, step),
            other => other,
        }
    }
}

/// The entries of a slice, made by [`s!`](crate::s).
#[derive(Clone, Debug, PartialEq)]
pub struct SliceSpec(pub Vec<Dim>);

/// The entries of a slice for [`Tensor::slice`], as in NumPy's brackets: an index, a range, a range
/// with `;step`, `NewAxis` or `Ellipsis`.
///
/// | NumPy | here |
/// |---|---|
/// | `a[1, -1]` | `a.slice(s![1, -1])` |
/// | `a[:, ::-1]` | `a.slice(s![.., ..;-1])` |
/// | `a[1:10:3]` | `a.slice(s![1..10;3])` |
/// | `a[5:1:-2]` | `a.slice(s![5..1;-2])` |
/// | `a[..., None]` | `a.slice(s![Ellipsis, NewAxis])` |
#[macro_export]
macro_rules! s {
    (@entries [$($done:expr,)*]) => { $crate::SliceSpec(vec![$($done,)*]) };
    (@entry $entry:expr) => {{
        // The end of a range may be counted from the end of the axis.
        #[allow(clippy::reversed_empty_ranges)]
        let entry = $entry;
        $crate::Dim::from(entry)
    }};
    (@stepped $range:expr; $step:expr) => {{
        // Ranges that a negative step walks down.
        #[allow(clippy::reversed_empty_ranges)]
        let range = $range;
        $crate::Dim::from(range).by($step)
    }};
    (@entries [$($done:expr,)*] $range:expr; $step:expr, $($rest:tt)*) => {
        $crate::s!(@entries [$($done,)* $crate::s!(@stepped $range; $step),] $($rest)*)
    };
    (@entries [$($done:expr,)*] $range:expr; $step:expr) => {
        $crate::s!(@entries [$($done,)* $crate::s!(@stepped $range; $step),])
    };
    (@entries [$($done:expr,)*] $entry:expr, $($rest:tt)*) => {
        $crate::s!(@entries [$($done,)* $crate::s!(@entry $entry),] $($rest)*)
    };
    (@entries [$($done:expr,)*] $entry:expr) => {
        $crate::s!(@entries [$($done,)* $crate::s!(@entry $entry),])
    };
    ($($entries:tt)*) => { $crate::s!(@entries [] $($entries)*) };
}

impl Tensor {
    /// A part of the tensor, as NumPy's brackets give it; no copy. Axes without an entry are whole.
    ///
    /// # Errors
    /// More entries than axes, an index out of range, a step of zero, or several ellipses.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::arange(0, 12, 1, &Device::cpu())?.reshape([3, 4])?;
    /// assert_eq!(x.slice(s![-1])?.to_vec::<i32>()?, [8, 9, 10, 11]);
    /// assert_eq!(x.slice(s![.., ..;-2])?.to_vec::<i32>()?, [3, 1, 7, 5, 11, 9]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn slice(&self, spec: SliceSpec) -> Result<Tensor> {
        const OP: &str = "slice";
        let layout = spec.apply(OP, self.layout())?;
        let region = spec.apply(OP, &Layout::contiguous(self.shape_ref().clone()))?;
        if region.is_whole(self.shape_ref()) {
            return Ok(self.clone());
        }
        let rule = match region.is_identity() && region.shape().size() == self.size() {
            true => Rule::Reshape,
            false => Rule::Region(region),
        };
        Ok(self.view(layout, rule))
    }
}

impl SliceSpec {
    /// The layout of the part of a tensor that lies in the given one.
    #[track_caller]
    pub(crate) fn apply(&self, op: &'static str, whole: &Layout) -> Result<Layout> {
        let shape = whole.shape();
        let entries = &self.0;
        let count = |wanted: fn(&Dim) -> bool| entries.iter().filter(|&d| wanted(d)).count();
        if count(|d| matches!(d, Dim::Ellipsis)) > 1 {
            return Err(Error::value(op, "an index can only have a single ellipsis"));
        }
        let named = count(|d| matches!(d, Dim::At(_) | Dim::Range(..)));
        if named > shape.ndim() {
            let message = format!("too many indices: {named} for {} dimensions", shape.ndim());
            return Err(Error::shape(op, shape, message));
        }
        let gone = count(|d| matches!(d, Dim::At(_)));
        if shape.ndim() - gone + count(|d| matches!(d, Dim::NewAxis)) > MAX_RANK {
            let message = format!("the result would have more than {MAX_RANK} dimensions");
            return Err(Error::shape(op, shape, message));
        }
        let mut out = whole.clone();
        // Axes go before new ones come, so that the rank stays in bounds. `axis` walks the result,
        // `source` the whole.
        let (mut axis, mut source) = (0, 0);
        for entry in entries {
            match *entry {
                Dim::Ellipsis => {
                    axis += shape.ndim() - named;
                    source += shape.ndim() - named;
                }
                Dim::NewAxis => {}
                Dim::At(index) => {
                    let size = shape.dims()[source];
                    let at = if index < 0 {
                        index + size as isize
                    } else {
                        index
                    };
                    if at < 0 || at >= size as isize {
                        return Err(Error::new(ErrorKind::Index {
                            op,
                            index: index as i64,
                            axis: source,
                            size,
                        }));
                    }
                    out = out.slice(axis, at, 1, 1).remove_axis(axis);
                    source += 1;
                }
                Dim::Range(start, end, step) => {
                    if step == 0 {
                        return Err(Error::value(op, "slice step cannot be zero"));
                    }
                    let (start, len) = resolve(start, end, step, shape.dims()[source]);
                    out = out.slice(axis, start, step, len);
                    axis += 1;
                    source += 1;
                }
            }
        }
        let mut axis = 0;
        for entry in entries {
            match entry {
                Dim::Ellipsis => axis += shape.ndim() - named,
                Dim::NewAxis => {
                    out = out.insert_axis(axis, 1);
                    axis += 1;
                }
                Dim::Range(..) => axis += 1,
                Dim::At(_) => {}
            }
        }
        Ok(out)
    }
}

/// The first element and the number of elements of a range, by Python's rules.
fn resolve(start: Option<isize>, end: Option<isize>, step: isize, size: usize) -> (isize, usize) {
    let size = size as isize;
    let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let bound = |given: Option<isize>, default: isize| match given {
        None => default,
        Some(v) => (if v < 0 { v.saturating_add(size) } else { v }).clamp(low, high),
    };
    let (first, last) = if step > 0 { (low, high) } else { (high, low) };
    let (start, end) = (bound(start, first), bound(end, last));
    let span = if step > 0 { end - start } else { start - end };
    let len = if span <= 0 {
        0
    } else {
        (span as usize - 1) / step.unsigned_abs() + 1
    };
    (if len == 0 { 0 } else { start }, len)
}
