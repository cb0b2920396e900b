//! Taking four neighbouring elements at a time.
//!
//! A path that is contiguous along the innermost dimension, and starts each row of it at a multiple of
//! four, is read and written in vec4s; one that stays in place is read once; any other is read four
//! times. The last vec4 of a tensor may reach beyond it: buffers end at a multiple of four elements,
//! and nothing reads what is stored there.

use crate::exec::cpu::Space;
use crate::op::Body;
use crate::plan::Store;

/// How four neighbours lie along a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// One after the other, as a vec4 of the buffer.
    Quad,
    /// All at the same place.
    Same,
    /// A stride apart.
    Apart,
}

impl Lie {
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
        let vector = store.whole || regions.next() == Some(&Lie::Quad);
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
