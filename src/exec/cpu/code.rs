//! Bodies made ready to run: where each value is while a block runs.
//!
//! Values are computed into few registers, taken again once their last reader is done, so that a
//! long program stays in the first level of cache. What lies in order in memory is read where it
//! lies, and a result that nothing else reads is computed where it is stored.

mod placing;

use self::placing::Placed;
use super::space::Space;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::program::Indexed;
use crate::op::register::register_size;
use crate::op::{Body, Inst, Pair, PointOp};
use crate::plan::Store;
use crate::shape::Shape;

/// Where a value is while a block runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Register(usize),
    /// A register of one value, which the elements of a run share.
    Single(usize),
    /// The scalar of that number.
    Scalar(usize),
    /// The stream of that number, which lies in order within a run.
    Stream(usize),
    /// The one element of the stream of that number that a run shares.
    Shared(usize),
    /// What the core computed, apart from the outputs.
    Core,
    /// The output of that number.
    Output(usize),
}

impl Place {
    /// The stream that is read where it lies.
    fn stream(&self) -> Option<usize> {
        match self {
            Self::Stream(k) | Self::Shared(k) => Some(*k),
            _ => None,
        }
    }

    /// Whether it holds one value for all elements of a run.
    fn is_single(&self) -> bool {
        matches!(self, Self::Single(_) | Self::Scalar(_) | Self::Shared(_))
    }
}

/// One step of a block.
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) dtype: DType,
    /// A register or an output.
    pub(super) to: Place,
}

/// What a step computes.
pub(super) enum Action {
    /// The elements of a stream.
    Load(usize),
    /// What is in the output of that number, of that dtype, before it is written.
    Before(usize, DType),
    /// A value at the place for each element.
    Spread(Place),
    /// The places of a stream's elements.
    Index(usize),
    Random {
        stream: usize,
        params: [u8; 4],
        lane: usize,
    },
    Gather {
        stream: usize,
        index: Place,
        signed: bool,
    },
    /// How many elements of a stream's sorted axis come before a value.
    Search {
        stream: usize,
        value: Place,
        right: bool,
    },
    Apply {
        op: PointOp,
        from: DType,
        args: [Place; 3],
    },
    Pair {
        pair: Pair,
        args: [Place; 3],
    },
}

/// A stream over the space of its body.
pub(super) struct Line {
    pub(super) slot: Option<usize>,
    pub(super) dtype: DType,
    pub(super) gather: Option<Indexed>,
    pub(super) layout: Layout,
}

/// Most elements of a block, and least, where they are words: enough that an instruction is worth its dispatch.
pub(super) const MOST: usize = 4096;
const LEAST: usize = 1024;
/// Elements of a block whose operands come from memory: as steps alternate with asking for what
/// comes next, short ones keep memory busy.
const STREAMING: usize = 512;
/// Bytes that a block may take, 48 KiB: what the first level of cache has or, on older processors, a
/// little more.
const NEAR: usize = 3 << 14;
/// Elements from which on it is worth to run those that lie in one row by themselves.
const ROW: usize = 256;

/// A body ready to run.
pub(crate) struct Code {
    pub(super) steps: Vec<Step>,
    /// Elements that are computed at a time: a power of two, as many as let what a block reads and
    /// writes stay in the first level of cache.
    pub(crate) block: usize,
    registers: usize,
    /// Bytes of an element of the widest register.
    width: usize,
    /// Registers of one value.
    singles: usize,
    /// Outputs that are stored to.
    pub(super) outputs: usize,
    /// Where each result is when a block has run.
    pub(super) results: Vec<Place>,
    pub(super) dtypes: Vec<DType>,
    /// Bytes of what the core computed for an element.
    pub(super) core: usize,
    pub(super) streams: Vec<Line>,
    /// Elements of a run, in which what is read where it lies is in order or shared.
    pub(super) run: usize,
    /// Elements between the end of a block and what is asked for while it runs.
    pub(super) lead: usize,
    /// The streams that are read where they lie, and those of them that lie in order throughout.
    pub(super) in_place: Vec<usize>,
    pub(super) in_order: Vec<usize>,
    /// Numbers of the plan's scalars.
    pub(super) scalars: Vec<usize>,
    /// Elements of the space.
    pub(super) size: usize,
    pub(super) space: Space,
    /// The time an element takes, in units of an addition's: some 0.06 ns.
    pub(super) cost: usize,
}

/// Where the results of a body go.
#[derive(Clone, Copy, Default)]
pub(super) struct Goal<'a> {
    /// The outputs that its results are stored to.
    pub(super) stores: &'a [Store],
    /// Whether each result may be computed in its output.
    pub(super) direct: &'a [bool],
    /// The output that holds what the core computed.
    pub(super) core: Option<usize>,
    /// Whether what it reads and stores exceeds the caches.
    pub(super) streaming: bool,
}

impl Code {
    /// A body over a shape, whose results stay where they are computed.
    pub(crate) fn new(body: &Body, shape: &Shape) -> Self {
        Self::with_goal(body, shape, None, Goal::default())
    }

    /// `order` permutes the dimensions that the body's streams are laid over.
    pub(super) fn with_goal(
        body: &Body,
        shape: &Shape,
        order: Option<&[usize]>,
        goal: Goal<'_>,
    ) -> Self {
        let permuted = |l: &Layout| order.map_or_else(|| l.clone(), |order| l.permute(order));
        let streams: Vec<Line> = body
            .streams
            .iter()
            .map(|s| Line {
                slot: s.slot,
                dtype: s.dtype,
                gather: s.gather,
                layout: permuted(&s.layout),
            })
            .collect();
        let shape = match order {
            Some(order) => order.iter().map(|&i| shape.dims()[i]).collect(),
            None => shape.clone(),
        };
        let space = Space::new(&shape, streams.iter().map(|s| &s.layout));
        let size = shape.size();
        let run = match space.dims.last() {
            Some(&row) if row >= ROW => row,
            _ => size.max(1),
        };
        let Placed {
            steps,
            results,
            in_place,
            registers,
            singles,
        } = placing::place(body, &streams, goal, &space, run);
        let whole = |&k: &usize| streams[k].layout.is_contiguous();
        let in_order: Vec<usize> = in_place.iter().copied().filter(whole).collect();
        // Bytes of all that an element touches.
        let computed = steps
            .iter()
            .filter(|step| matches!(step.to, Place::Register(_)));
        let width = computed
            .map(|step| register_size(step.dtype))
            .max()
            .unwrap_or(1);
        let read = in_place.iter().map(|&k| streams[k].dtype);
        let touched = read.chain(goal.stores.iter().map(|s| s.dtype));
        let sizes: Vec<usize> = touched
            .map(DType::size)
            .chain(vec![width; registers])
            .collect();
        let lines: usize = sizes.iter().sum();
        // As many bytes of bools as of words: four times the elements.
        let more = 4 / sizes.iter().copied().max().unwrap_or(4);
        let fits = |block: &usize| block * lines <= NEAR;
        // A register is used again for each run.
        let most = match run < size {
            true => (more * MOST).min(run.next_power_of_two()),
            false => more * MOST,
        };
        let mut blocks = std::iter::successors(Some(most), |block| Some(block / 2));
        let least = more * LEAST;
        let block = match goal.streaming {
            true => more * STREAMING,
            false => blocks.find(|b| fits(b) || *b <= least).unwrap_or(least),
        };
        let work: usize = steps.iter().map(Step::cost).sum();
        let insts = &body.program.insts;
        let core = insts.iter().find(|(inst, _)| *inst == Inst::Core);
        Self {
            steps,
            block,
            registers,
            width,
            singles,
            dtypes: body
                .program
                .results
                .iter()
                .map(|&r| body.program.dtype(r))
                .collect(),
            core: core.map_or(4, |(_, dtype)| register_size(*dtype)),
            outputs: goal.stores.len(),
            results,
            run,
            lead: if goal.streaming { block } else { 0 },
            in_place,
            in_order,
            size,
            scalars: body.scalars.clone(),
            cost: (work + streams.len() + goal.stores.len()).div_ceil(more),
            streams,
            space,
        }
    }

    /// Bytes of all registers.
    pub(super) fn bytes(&self) -> usize {
        self.single(self.singles)
    }

    /// Where a register starts.
    #[inline(always)]
    pub(super) fn register(&self, number: usize) -> usize {
        number * self.block * self.width
    }

    /// Where a register of one value is, which has a word.
    #[inline(always)]
    pub(super) fn single(&self, number: usize) -> usize {
        self.register(self.registers) + 4 * number
    }
}

impl Step {
    fn cost(&self) -> usize {
        match self.action {
            Action::Apply { op, .. } => op.cost(),
            Action::Pair { pair, .. } => pair.cost(),
            Action::Load(_) | Action::Before(..) | Action::Spread(_) | Action::Index(_) => 1,
            Action::Gather { .. } => 8,
            // Ten rounds of four products.
            Action::Random { .. } => 32,
            // Some twenty steps, each of which waits for memory.
            Action::Search { .. } => 128,
        }
    }
}
