//! Taking four neighbouring elements at a time.
//!
//! A path that is contiguous along the innermost dimension, and starts each row of it at a multiple of
//! four, is read and written in vec4s; one that stays in place is read once; any other is read four
//! times, or through a [window](super::windows). The last vec4 of a tensor may reach beyond it: buffers end at a multiple of four elements,
//! and nothing reads what is stored there.

use crate::exec::cpu::Space;
use crate::op::Body;
use crate::plan::Store;

/// How four neighbours lie along a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// One after the other, as a vec4 of the buffer.
    Quad,
    /// One after the other, from anywhere in a vec4 on.
    Skew,
    /// All at the same place.
    Same,
    /// A stride apart.
    Apart,
}

impl Lie {
    /// Whether the buffer is one of vec4s.
    pub(super) fn in_vectors(self) -> bool {
        matches!(self, Self::Quad | Self::Skew)
    }

    /// How a path lies that starts at `offset`, goes on by `inner` along the dimension in question and
    /// by `outer` along all others.
    pub(super) fn of(offset: isize, inner: isize, outer: impl IntoIterator<Item = isize>) -> Self {
        match inner {
            0 => Self::Same,
            1 if offset % 4 == 0 && outer.into_iter().all(|s| s % 4 == 0) => Self::Quad,
            _ => Self::Apart,
        }
    }

    /// How the paths of a space lie along its innermost dimension.
    pub(super) fn along(space: &Space) -> Vec<Self> {
        let inner = space.dims.len() - 1;
        space
            .paths
            .iter()
            .map(|(offset, s)| Self::of(*offset, s[inner], s[..inner].iter().copied()))
            .collect()
    }
}

/// Reads by element what cannot be read in vec4s throughout, since a buffer is bound once. `lies` belong
/// to the body's streams, then to the stores that are regions. Nothing if a store cannot be a vec4.
pub(super) fn settle(body: &Body, stores: &[Store], mut lies: Vec<Lie>) -> Option<Vec<Lie>> {
    let streams = body.streams.len();
    for (lie, stream) in lies.iter_mut().zip(&body.streams) {
        if *lie == Lie::Quad && (stream.slot.is_none() || stream.gather.is_some()) {
            *lie = Lie::Apart;
        }
    }
    let slot_of = |i: usize| body.streams[i].slot;
    let single = |slot: Option<usize>, lies: &[Lie]| {
        (0..streams).any(|i| slot_of(i) == slot && lies[i] != Lie::Quad)
    };
    let mut regions = lies[streams..].iter();
    for store in stores {
        let vector = store.is_whole() || regions.next() == Some(&Lie::Quad);
        if !vector || single(Some(store.slot), &lies) {
            return None;
        }
    }
    for i in 0..streams {
        if lies[i] == Lie::Quad && single(slot_of(i), &lies) {
            lies[i] = Lie::Apart;
        }
    }
    Some(lies)
}

/// Elements of a line from which windows are worth the time that it takes to compile them.
pub(super) const LEAST_SKEW: usize = 32;

/// How the paths of a body lie that go on along a line by the given strides, its streams and then its
/// stores, where each has a window. Nothing if one has none: it would be read beyond the ends of lines.
pub(super) fn skew(body: &Body, strides: impl Iterator<Item = isize>) -> Option<Vec<Lie>> {
    let lie = |(k, stride): (usize, isize)| match (stride, body.streams.get(k)) {
        (_, Some(stream)) if stream.gather.is_some() => None,
        (_, Some(stream)) if stream.slot.is_none() => Some(Lie::Apart),
        (1, _) => Some(Lie::Skew),
        (0, Some(_)) => Some(Lie::Same),
        _ => None,
    };
    strides.enumerate().map(lie).collect()
}
