//! Bodies made ready to run: where each value is while a block runs.
//!
//! Values are computed into few registers, taken again once their last reader is done, so that a
//! long program stays in the first level of cache. What lies in order in memory is read where it
//! lies, and a result that nothing else reads is computed where it is stored.

use super::space::Space;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::program::Indexed;
use crate::op::{Body, Inst, PointOp, Reg};
use crate::plan::Store;
use crate::shape::Shape;

/// Where a value is while a block runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Register(usize),
    /// The stream of that number, which lies in order.
    Stream(usize),
    /// What the core computed, apart from the outputs.
    Core,
    /// The output of that number.
    Output(usize),
}

impl Place {
    fn stream(&self) -> Option<usize> {
        match self {
            Self::Stream(k) => Some(*k),
            _ => None,
        }
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
    Apply {
        op: PointOp,
        from: DType,
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

/// Most elements of a block, and least: enough that an instruction is worth its dispatch.
pub(super) const MOST: usize = 4096;
const LEAST: usize = 1024;
/// Words that a block may take, 48 KiB: what the first level of cache has or, on older processors, a
/// little more.
const NEAR: usize = 3 << 12;

/// A body ready to run.
pub(crate) struct Code {
    pub(super) steps: Vec<Step>,
    /// Elements that are computed at a time: a power of two, as many as let what a block reads and
    /// writes stay in the first level of cache.
    pub(crate) block: usize,
    pub(super) registers: usize,
    /// Registers that hold a scalar throughout, and its number among the body's.
    pub(super) constants: Vec<(usize, usize)>,
    /// Where each result is when a block has run.
    pub(super) results: Vec<Place>,
    pub(super) streams: Vec<Line>,
    /// The streams that are read where they lie.
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
        let mut placing = Placing {
            body,
            streams: &streams,
            goal,
            code: Vec::new(),
            places: Vec::new(),
            free: Vec::new(),
            registers: 0,
            constants: Vec::new(),
        };
        let last = placing.last_uses();
        for at in 0..body.program.insts.len() {
            placing.place(at, &last);
        }
        let mut in_order: Vec<usize> = placing.places.iter().filter_map(Place::stream).collect();
        in_order.sort_unstable();
        in_order.dedup();
        let results = body.program.results.iter();
        let results = results.map(|&r| placing.places[r as usize]).collect();
        let Placing {
            code: steps,
            registers,
            constants,
            ..
        } = placing;
        let lines = registers + in_order.len() + goal.stores.len();
        let fits = |block: &usize| block * lines <= NEAR;
        let mut blocks = std::iter::successors(Some(MOST), |block| Some(block / 2));
        let block = blocks.find(|b| fits(b) || *b == LEAST).unwrap_or(LEAST);
        let work: usize = steps.iter().map(Step::cost).sum();
        Self {
            steps,
            block,
            registers,
            constants,
            results,
            in_order,
            size: shape.size(),
            scalars: body.scalars.clone(),
            cost: work + streams.len() + goal.stores.len(),
            streams,
            space,
        }
    }
}

impl Step {
    fn cost(&self) -> usize {
        match self.action {
            Action::Apply { op, .. } => op.cost(),
            Action::Load(_) | Action::Before(..) | Action::Index(_) => 1,
            Action::Random { .. } | Action::Gather { .. } => 8,
        }
    }
}

/// The state of assigning places to the registers of a program.
struct Placing<'a> {
    body: &'a Body,
    streams: &'a [Line],
    goal: Goal<'a>,
    code: Vec<Step>,
    places: Vec<Place>,
    free: Vec<usize>,
    registers: usize,
    constants: Vec<(usize, usize)>,
}

/// The last reader of a value that is never read, and of one that is read after the block.
const UNREAD: usize = 0;
const KEPT: usize = usize::MAX;

impl Placing<'_> {
    fn insts(&self) -> &[(Inst, DType)] {
        &self.body.program.insts
    }

    /// The instruction that reads each register last.
    fn last_uses(&self) -> Vec<usize> {
        let mut last = vec![UNREAD; self.insts().len()];
        for (at, (inst, _)) in self.insts().iter().enumerate() {
            operands(inst).iter().for_each(|&r| last[r as usize] = at);
        }
        for (k, &r) in self.body.program.results.iter().enumerate() {
            if !self.in_output(k, r as usize, &last) {
                last[r as usize] = KEPT;
            }
        }
        last
    }

    /// The output that a stream reads in place, before it is written.
    fn own(&self, stream: usize) -> Option<usize> {
        let slot = self.streams[stream].slot?;
        self.goal.stores.iter().position(|s| s.slot == slot)
    }

    /// Whether the result can be computed in its output: no instruction reads it, and none that
    /// comes later reads what the output held before.
    fn in_output(&self, result: usize, at: usize, last: &[usize]) -> bool {
        let before = |inst: &Inst| match inst {
            Inst::Load(k) => self.own(*k as usize),
            Inst::Core => self.goal.core,
            _ => None,
        };
        let computed = match &self.insts()[at].0 {
            Inst::Param(_) => false,
            Inst::Load(k) => self.own(*k as usize).is_none() && !self.in_order(*k as usize),
            Inst::Core => false,
            _ => true,
        };
        let results = &self.body.program.results;
        self.goal.direct.get(result) == Some(&true)
            && computed
            && last[at] == UNREAD
            && results.iter().filter(|&&r| r as usize == at).count() == 1
            && self.insts()[at..]
                .iter()
                .all(|(inst, _)| before(inst) != Some(result))
    }

    /// Whether a stream can be read where it lies.
    fn in_order(&self, stream: usize) -> bool {
        let line = &self.streams[stream];
        line.layout.is_contiguous() && line.dtype != DType::F16
    }

    fn register(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        })
    }

    fn place(&mut self, at: usize, last: &[usize]) {
        let (inst, dtype) = self.insts()[at].clone();
        let place = |r: Reg| self.places[r as usize];
        let action = match inst {
            Inst::Param(k) => {
                // Kept from block to block, so that it is filled in once.
                self.registers += 1;
                let register = self.registers - 1;
                self.constants.push((register, k as usize));
                return self.places.push(Place::Register(register));
            }
            Inst::Load(k) => match self.own(k as usize) {
                Some(output) => Action::Before(output, self.goal.stores[output].dtype),
                None if self.in_order(k as usize) => {
                    return self.places.push(Place::Stream(k as usize));
                }
                None => Action::Load(k as usize),
            },
            Inst::Core => match self.goal.core {
                Some(output) => Action::Before(output, self.goal.stores[output].dtype),
                None => return self.places.push(Place::Core),
            },
            Inst::Index(k) => Action::Index(k as usize),
            Inst::Random {
                stream,
                params,
                lane,
            } => Action::Random {
                stream: stream as usize,
                params,
                lane: lane as usize,
            },
            Inst::Gather { stream, index } => Action::Gather {
                stream: stream as usize,
                index: place(index),
                signed: self.body.program.dtype(index) == DType::I32,
            },
            Inst::Apply(op, args) => Action::Apply {
                op,
                from: self.body.program.dtype(args[op.arity() - 1]),
                args: args.map(place),
            },
        };
        let results = &self.body.program.results;
        let output = results.iter().position(|&r| r as usize == at);
        let to = match output {
            Some(k) if last[at] != KEPT => Place::Output(k),
            _ => Place::Register(self.register()),
        };
        // After the step has its own register: a step never writes where it reads.
        let mut done: Vec<usize> = operands(&self.insts()[at].0)
            .iter()
            .map(|&r| r as usize)
            .filter(|&r| last[r] == at)
            .collect();
        done.sort_unstable();
        done.dedup();
        for r in done {
            if let Place::Register(register) = self.places[r]
                && !self.constants.iter().any(|(c, _)| *c == register)
            {
                self.free.push(register);
            }
        }
        self.code.push(Step { action, dtype, to });
        self.places.push(to);
    }
}

/// The registers that an instruction reads.
fn operands(inst: &Inst) -> &[Reg] {
    match inst {
        Inst::Apply(op, args) => &args[..op.arity()],
        Inst::Gather { index, .. } => std::slice::from_ref(index),
        _ => &[],
    }
}
