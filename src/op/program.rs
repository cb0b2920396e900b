//! Programs: fused pointwise expressions as straight-line code over registers.
//!
//! A program is the structure that pipelines are keyed by. It names what it reads by number; the
//! [`Body`] around it binds the numbers to buffers, layouts and scalars.

use std::panic::Location;

use super::PointOp;
use crate::dtype::DType;
use crate::layout::Layout;

/// The register an instruction writes: its position in the program.
pub(crate) type Reg = u16;

/// One instruction; its result has the dtype it is paired with in [`Program::insts`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Inst {
    /// The element of a stream at this place.
    Load(u8),
    /// A scalar parameter.
    Param(u8),
    /// What the kernel's core computed for this place: the product or the reduction.
    Core,
    /// The row-major number of the element at this place; a stream gives the layout.
    Index(u8),
    /// A word of Philox 4×32-10: the element's number is counted through the stream of its layout,
    /// `params` are seed low, seed high, counter low, counter high, and `lane` one of the four words.
    Random {
        stream: u8,
        params: [u8; 4],
        lane: u8,
    },
    /// The element of a stream whose place on one axis is given by an index register; of a stream that
    /// only counts places, the place.
    Gather { stream: u8, index: Reg },
    /// The number of elements along a sorted axis of a stream that come before a value, NaN last; with
    /// `right`, those equal to it too.
    Search { stream: u8, value: Reg, right: bool },
    /// A pointwise operation on registers; unused operands repeat the first.
    Apply(PointOp, [Reg; 3]),
}

/// Straight-line code; instruction `i` writes register `i`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    pub(crate) insts: Vec<(Inst, DType)>,
    /// The registers that are results, in the order of the kernel's stores.
    pub(crate) results: Vec<Reg>,
}

impl Program {
    pub(crate) fn dtype(&self, reg: Reg) -> DType {
        self.insts[reg as usize].1
    }

    /// The number of operations, loads and parameters not counted.
    pub(crate) fn ops(&self) -> usize {
        let count = |(inst, _): &&(Inst, DType)| {
            !matches!(
                inst,
                Inst::Load(_) | Inst::Param(_) | Inst::Core | Inst::Index(_)
            )
        };
        self.insts.iter().filter(count).count()
    }
}

/// What one numbered read of a program means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stream {
    /// The buffer; `None` for a stream that only counts places.
    pub(crate) slot: Option<usize>,
    pub(crate) dtype: DType,
    /// Over the program's iteration shape.
    pub(crate) layout: Layout,
    pub(crate) gather: Option<Indexed>,
}

/// The axis that a gather indexes, or a search looks through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Indexed {
    /// The method that was called, which an error names.
    pub(crate) method: &'static str,
    pub(crate) axis: usize,
    pub(crate) stride: isize,
    pub(crate) size: usize,
}

/// A program with its reads bound to buffers and its parameters to the plan's scalars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) program: Program,
    pub(crate) streams: Vec<Stream>,
    /// Numbers of the plan's scalars.
    pub(crate) scalars: Vec<usize>,
    /// The line that asked for each instruction of the program.
    pub(crate) lines: Vec<Option<&'static Location<'static>>>,
}
