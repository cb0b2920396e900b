//! Bodies made ready to run: where each value is while a block runs.
//!
//! Values are computed into few registers, taken again once their last reader is done, so that a
//! long program stays in the first level of cache. What lies in order in memory is read where it
//! lies, and a result that nothing else reads is computed where it is stored.

use super::space::Space;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::program::Indexed;
use crate::op::{Body, Inst, Pair, PointOp, Reg};
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

/// Most elements of a block, and least: enough that an instruction is worth its dispatch.
pub(super) const MOST: usize = 4096;
const LEAST: usize = 1024;
/// Elements of a block whose operands come from memory: as steps alternate with asking for what
/// comes next, short ones keep memory busy.
const STREAMING: usize = 512;
/// Words that a block may take, 48 KiB: what the first level of cache has or, on older processors, a
/// little more.
const NEAR: usize = 3 << 12;
/// Elements from which on it is worth to run those that lie in one row by themselves.
const ROW: usize = 256;

/// A body ready to run.
pub(crate) struct Code {
    pub(super) steps: Vec<Step>,
    /// Elements that are computed at a time: a power of two, as many as let what a block reads and
    /// writes stay in the first level of cache.
    pub(crate) block: usize,
    pub(super) registers: usize,
    /// Registers of one value.
    singles: usize,
    /// Outputs that are stored to.
    pub(super) outputs: usize,
    /// Where each result is when a block has run.
    pub(super) results: Vec<Place>,
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
        let mut placing = Placing {
            body,
            streams: &streams,
            goal,
            space: &space,
            run,
            code: Vec::new(),
            places: Vec::new(),
            free: Vec::new(),
            registers: 0,
            singles: 0,
        };
        let last = placing.last_uses();
        for at in 0..body.program.insts.len() {
            placing.place(at, &last);
        }
        let results = (0..body.program.results.len()).map(|k| placing.settle(k));
        let results = results.collect();
        let mut in_place: Vec<usize> = placing.places.iter().filter_map(Place::stream).collect();
        in_place.sort_unstable();
        in_place.dedup();
        let Placing {
            code: steps,
            registers,
            singles,
            ..
        } = placing;
        let whole = |&k: &usize| streams[k].layout.is_contiguous();
        let in_order: Vec<usize> = in_place.iter().copied().filter(whole).collect();
        let lines = registers + in_place.len() + goal.stores.len();
        let fits = |block: &usize| block * lines <= NEAR;
        // A register is used again for each run.
        let most = match run < size {
            true => MOST.min(run.next_power_of_two()),
            false => MOST,
        };
        let mut blocks = std::iter::successors(Some(most), |block| Some(block / 2));
        let block = match goal.streaming {
            true => STREAMING,
            false => blocks.find(|b| fits(b) || *b <= LEAST).unwrap_or(LEAST),
        };
        let work: usize = steps.iter().map(Step::cost).sum();
        Self {
            steps,
            block,
            registers,
            singles,
            outputs: goal.stores.len(),
            results,
            run,
            lead: if goal.streaming { block } else { 0 },
            in_place,
            in_order,
            size,
            scalars: body.scalars.clone(),
            cost: work + streams.len() + goal.stores.len(),
            streams,
            space,
        }
    }

    /// Words of all registers.
    pub(super) fn words(&self) -> usize {
        self.registers * self.block + self.singles
    }
}

impl Step {
    fn cost(&self) -> usize {
        match self.action {
            Action::Apply { op, .. } => op.cost(),
            Action::Pair { pair, .. } => pair.cost(),
            Action::Load(_) | Action::Before(..) | Action::Spread(_) | Action::Index(_) => 1,
            Action::Random { .. } | Action::Gather { .. } => 8,
        }
    }
}

/// The state of assigning places to the registers of a program.
struct Placing<'a> {
    body: &'a Body,
    streams: &'a [Line],
    goal: Goal<'a>,
    space: &'a Space,
    run: usize,
    code: Vec<Step>,
    places: Vec<Place>,
    free: Vec<usize>,
    registers: usize,
    singles: usize,
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
            Inst::Load(k) => {
                let k = *k as usize;
                self.own(k).is_none() && self.where_it_lies(k).is_none()
            }
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

    /// Where a stream is read, if it can be read where it lies.
    fn where_it_lies(&self, stream: usize) -> Option<Place> {
        let line = &self.streams[stream];
        let strides = &self.space.paths[stream].1;
        let by_row = Some(&self.run) == self.space.dims.last();
        let inner = strides[strides.len() - 1];
        if line.dtype == DType::F16 {
            None
        } else if strides.iter().all(|&s| s == 0) || by_row && inner == 0 {
            Some(Place::Shared(stream))
        } else if line.layout.is_contiguous() || by_row && inner == 1 {
            Some(Place::Stream(stream))
        } else {
            None
        }
    }

    /// Where a result is, which has a value for each element and lies in order throughout.
    fn settle(&mut self, result: usize) -> Place {
        let reg = self.body.program.results[result] as usize;
        let place = self.places[reg];
        let scattered = |k: usize| !self.streams[k].layout.is_contiguous();
        if !place.is_single() && !place.stream().is_some_and(scattered) {
            return place;
        }
        let to = match self.goal.direct.get(result) {
            Some(true) => Place::Output(result),
            _ => Place::Register(self.register()),
        };
        self.spread(place, self.insts()[reg].1, to)
    }

    /// Where a register is, with a value for each element.
    fn each(&mut self, reg: Reg) -> Place {
        let place = self.places[reg as usize];
        if !place.is_single() {
            return place;
        }
        let to = Place::Register(self.register());
        self.spread(place, self.body.program.dtype(reg), to)
    }

    /// An instruction together with the step before, if that computes one of its operands for it
    /// alone, and the register that is free for the result. The step is taken back.
    fn paired(&mut self, at: usize, last: &[usize]) -> Option<(Action, usize)> {
        let (Inst::Apply(second, args), DType::F32) = self.insts()[at] else {
            return None;
        };
        let Step {
            action:
                Action::Apply {
                    op: first,
                    from: DType::F32,
                    args: [mut a, mut b, _],
                },
            dtype: DType::F32,
            to: Place::Register(register),
        } = *self.code.last()?
        else {
            return None;
        };
        let place = |k: usize| self.places[args[k] as usize];
        let given =
            |k: usize| place(k) == Place::Register(register) && last[args[k] as usize] == at;
        let (swapped, c) = match second.arity() {
            1 if given(0) => (false, a),
            2 if given(0) && !given(1) => (false, place(1)),
            2 if given(1) && !given(0) => (true, place(0)),
            _ => return None,
        };
        if a.is_single() && matches!(first, PointOp::Add | PointOp::Mul) {
            (a, b) = (b, a);
        }
        let pair = Pair::new(first, second, swapped).filter(|_| !a.is_single())?;
        self.code.pop();
        let args = [a, b, c];
        Some((Action::Pair { pair, args }, register))
    }

    fn spread(&mut self, place: Place, dtype: DType, to: Place) -> Place {
        let action = Action::Spread(place);
        self.code.push(Step { action, dtype, to });
        to
    }

    fn register(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        })
    }

    fn place(&mut self, at: usize, last: &[usize]) {
        let (inst, dtype) = self.insts()[at].clone();
        let action = match inst {
            Inst::Param(k) => return self.places.push(Place::Scalar(k as usize)),
            Inst::Load(k) => match (self.own(k as usize), self.where_it_lies(k as usize)) {
                (Some(output), _) => Action::Before(output, self.goal.stores[output].dtype),
                (_, Some(place)) => return self.places.push(place),
                _ => Action::Load(k as usize),
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
                index: self.each(index),
                signed: self.body.program.dtype(index) == DType::I32,
            },
            Inst::Apply(op, args) => Action::Apply {
                op,
                from: self.body.program.dtype(args[op.arity() - 1]),
                args: args.map(|r| self.places[r as usize]),
            },
        };
        let single = match &action {
            Action::Apply { args, .. } => args.iter().all(Place::is_single),
            _ => false,
        };
        let (action, own) = match self.paired(at, last) {
            Some((action, register)) => (action, Some(register)),
            None => (action, None),
        };
        let results = &self.body.program.results;
        let output = results.iter().position(|&r| r as usize == at);
        let to = match output {
            _ if single => {
                self.singles += 1;
                Place::Single(self.singles - 1)
            }
            Some(k) if last[at] != KEPT => Place::Output(k),
            // That of the first of a pair is none that the pair reads.
            _ => Place::Register(own.unwrap_or_else(|| self.register())),
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
                && self.places[r] != to
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
