//! Shapes: up to eight dimensions, held inline.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// The largest rank of a tensor.
pub const MAX_RANK: usize = 8;

/// The sizes of a tensor's dimensions, outermost first; no dimensions at all is a scalar.
#[derive(Eq, Default)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: u8,
}

impl Shape {
    /// No dimensions.
    pub(crate) const SCALAR: Self = Self {
        dims: [0; MAX_RANK],
        rank: 0,
    };

    /// A shape of the given sizes.
    ///
    /// # Errors
    /// More than [`MAX_RANK`] dimensions, or more elements than `usize` counts.
    #[track_caller]
    pub fn new(dims: &[usize]) -> Result<Self> {
        Self::checked("shape", dims)
    }

    #[track_caller]
    pub(crate) fn checked(op: &'static str, dims: &[usize]) -> Result<Self> {
        if dims.len() > MAX_RANK {
            let message = format!(
                "{dims:?} has {} dimensions, at most {MAX_RANK} are possible",
                dims.len()
            );
            return Err(Error::value(op, message));
        }
        if dims
            .iter()
            .try_fold(4usize, |n, &d| n.checked_mul(d.max(1)))
            .is_none()
        {
            return Err(Error::value(
                op,
                format!("{dims:?} has too many elements to count"),
            ));
        }
        Ok(Self::of(dims))
    }

    /// A shape whose rank is known to be in range.
    pub(crate) fn of(dims: &[usize]) -> Self {
        let mut shape = Self {
            dims: [0; MAX_RANK],
            rank: dims.len() as u8,
        };
        shape.dims[..dims.len()].copy_from_slice(dims);
        shape
    }

    /// The sizes, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank as usize]
    }

    /// The number of dimensions.
    pub fn ndim(&self) -> usize {
        self.rank as usize
    }

    /// The number of elements; 1 for a scalar.
    pub fn size(&self) -> usize {
        self.dims().iter().product()
    }

    /// The bytes of the elements, `each` bytes an element; the largest number if they are more.
    pub(crate) fn bytes(&self, each: usize) -> u64 {
        if self.dims().contains(&0) {
            return 0;
        }
        let times = |bytes: u64, &d: &usize| bytes.saturating_mul(d as u64);
        self.dims().iter().fold(each as u64, times)
    }

    /// The axis counted from the front; negative ones count from the end.
    #[track_caller]
    pub(crate) fn axis(&self, op: &'static str, axis: isize) -> Result<usize> {
        let rank = self.ndim() as isize;
        if (-rank..rank).contains(&axis) {
            return Ok(if axis < 0 { axis + rank } else { axis } as usize);
        }
        Err(Error::new(ErrorKind::Axis {
            op,
            axis,
            shape: self.clone(),
            problem: "out of range",
        }))
    }

    /// A set of axes as one flag a dimension; an axis named twice is an error.
    #[track_caller]
    pub(crate) fn axis_set(&self, op: &'static str, axes: &[isize]) -> Result<[bool; MAX_RANK]> {
        let mut set = [false; MAX_RANK];
        for &axis in axes {
            let at = self.axis(op, axis)?;
            if std::mem::replace(&mut set[at], true) {
                let problem = "named twice";
                let shape = self.clone();
                return Err(Error::new(ErrorKind::Axis {
                    op,
                    axis,
                    shape,
                    problem,
                }));
            }
        }
        Ok(set)
    }

    /// The shape both broadcast to, by NumPy's rules: sizes are aligned at the end, missing ones
    /// count as 1, and equal sizes or a 1 fit.
    #[track_caller]
    pub(crate) fn broadcast(&self, other: &Self, op: &'static str) -> Result<Self> {
        if other.rank == 0 || self == other {
            return Ok(self.clone());
        }
        let (long, short) = if self.rank >= other.rank {
            (self, other)
        } else {
            (other, self)
        };
        let shift = long.ndim() - short.ndim();
        let mut out = long.clone();
        for (i, &b) in short.dims().iter().enumerate().rev() {
            let a = out.dims[shift + i];
            if a == 1 {
                out.dims[shift + i] = b;
            } else if b != 1 && a != b {
                let from_end = short.ndim() - i;
                let at = |s: &Self| s.dims()[s.ndim() - from_end];
                return Err(Error::new(ErrorKind::Broadcast {
                    op,
                    lhs: self.clone(),
                    rhs: other.clone(),
                    axis: -(from_end as isize),
                    left: at(self),
                    right: at(other),
                    hint: broadcast_hint(long, short),
                }));
            }
        }
        // Two shapes that fit may broadcast to one that does not.
        if out == *self || out == *other {
            Ok(out)
        } else {
            Self::checked(op, out.dims())
        }
    }

    /// The shape without the flagged axes, or with 1 in their place.
    pub(crate) fn reduced(&self, axes: &[bool; MAX_RANK], keepdims: bool) -> Self {
        let kept = self
            .dims()
            .iter()
            .zip(axes)
            .filter_map(|(&d, &gone)| match (gone, keepdims) {
                (false, _) => Some(d),
                (true, true) => Some(1),
                (true, false) => None,
            });
        Self::from_iter(kept)
    }
}

/// Whether a new axis on the shorter operand would make the two fit.
fn broadcast_hint(long: &Shape, short: &Shape) -> String {
    let fits = |at: usize| {
        let mut dims = short.dims().to_vec();
        dims.insert(at, 1);
        let shift = long.ndim().wrapping_sub(dims.len());
        shift < MAX_RANK
            && dims
                .iter()
                .zip(&long.dims()[shift..])
                .all(|(a, b)| a == b || *a == 1 || *b == 1)
    };
    match (1..=short.ndim())
        .rev()
        .find(|&at| short.ndim() < long.ndim() && fits(at))
    {
        Some(at) => format!("; {short} would fit after unsqueeze({at})"),
        None => String::new(),
    }
}

impl Clone for Shape {
    fn clone(&self) -> Self {
        Self { ..*self }
    }

    /// Writes the sizes that there are and no more.
    fn clone_from(&mut self, other: &Self) {
        self.rank = other.rank;
        let sizes = self.dims.iter_mut().zip(other.dims());
        sizes.for_each(|(to, &from)| *to = from);
    }
}

impl PartialEq for Shape {
    /// Size by size: few are compared, and a call to compare them as bytes takes longer.
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank && self.dims().iter().zip(other.dims()).all(|(a, b)| a == b)
    }
}

impl std::hash::Hash for Shape {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.dims().hash(state);
    }
}

impl FromIterator<usize> for Shape {
    /// Collects at most [`MAX_RANK`] sizes; callers know their rank.
    fn from_iter<I: IntoIterator<Item = usize>>(iter: I) -> Self {
        let mut shape = Self::default();
        for d in iter {
            shape.dims[shape.rank as usize] = d;
            shape.rank += 1;
        }
        shape
    }
}

impl fmt::Display for Shape {
    /// As NumPy writes it: `(2,3)`, `(5,)`, `()`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dims() {
            [] => f.write_str("()"),
            [n] => write!(f, "({n},)"),
            [first, rest @ ..] => {
                write!(f, "({first}")?;
                rest.iter().try_for_each(|d| write!(f, ",{d}"))?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq<[usize]> for Shape {
    fn eq(&self, other: &[usize]) -> bool {
        self.dims() == other
    }
}

impl<const N: usize> PartialEq<[usize; N]> for Shape {
    fn eq(&self, other: &[usize; N]) -> bool {
        self.dims() == other
    }
}

/// What can be given as a shape: a number, an array, a slice or a `Vec` of sizes, a [`Shape`].
pub trait IntoShape {
    /// The shape.
    ///
    /// # Errors
    /// More than [`MAX_RANK`] dimensions.
    #[track_caller]
    fn into_shape(self) -> Result<Shape>;
}

macro_rules! into_shape {
    ($([$($generic:tt)*] $t:ty, |$s:ident| $dims:expr;)*) => {$(
        impl<$($generic)*> IntoShape for $t {
            #[track_caller]
            fn into_shape(self) -> Result<Shape> {
                let $s = self;
                Shape::new($dims)
            }
        }
    )*};
}
into_shape! {
    [] usize, |s| &[s];
    [] (), |_s| &[];
    [const N: usize] [usize; N], |s| &s;
    [const N: usize] &[usize; N], |s| s;
    [] &[usize], |s| s;
    [] Vec<usize>, |s| &s;
    [] &Vec<usize>, |s| s;
}

impl IntoShape for Shape {
    fn into_shape(self) -> Result<Shape> {
        Ok(self)
    }
}

impl IntoShape for &Shape {
    fn into_shape(self) -> Result<Shape> {
        Ok(self.clone())
    }
}
