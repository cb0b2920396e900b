//! Assigning places to the registers of a program.

use super::super::space::Space;
use super::{Action, Goal, Line, Place, Step};
use crate::dtype::DType;
use crate::op::register::register_size;
use crate::op::{Body, Inst, Pair, PointOp, Reg};

/// A program's steps, and where its values are.
pub(super) struct Placed {
    pub(super) steps: Vec<Step>,
    pub(super) results: Vec<Place>,
    /// The streams that are read where they lie.
    pub(super) in_place: Vec<usize>,
    /// Registers of a value for each element, and of one for all.
    pub(super) registers: usize,
    pub(super) singles: usize,
}

/// The steps of a body whose streams lie in order, if at all, within runs of that many elements.
pub(super) fn place(
    body: &Body,
    streams: &[Line],
    goal: Goal<'_>,
    space: &Space,
    run: usize,
) -> Placed {
    let mut placing = Placing {
        body,
        streams,
        goal,
        space,
        run,
        steps: Vec::new(),
        places: Vec::new(),
        free: Default::default(),
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
    Placed {
        steps: placing.steps,
        results,
        in_place,
        registers: placing.registers,
        singles: placing.singles,
    }
}

/// The state of the assignment.
struct Placing<'a> {
    body: &'a Body,
    streams: &'a [Line],
    goal: Goal<'a>,
    space: &'a Space,
    run: usize,
    steps: Vec<Step>,
    places: Vec<Place>,
    /// Registers that nothing is in any more, of bytes and of words: those of one run lie behind those of the run
    /// before, which one of another size would write over.
    free: [Vec<usize>; 2],
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
            _ => Place::Register(self.register(self.insts()[reg].1)),
        };
        self.spread(place, self.insts()[reg].1, to)
    }

    /// Where a register is, with a value for each element.
    fn each(&mut self, reg: Reg) -> Place {
        let place = self.places[reg as usize];
        if !place.is_single() {
            return place;
        }
        let dtype = self.body.program.dtype(reg);
        let to = Place::Register(self.register(dtype));
        self.spread(place, dtype, to)
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
        } = *self.steps.last()?
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
        self.steps.pop();
        let args = [a, b, c];
        Some((Action::Pair { pair, args }, register))
    }

    fn spread(&mut self, place: Place, dtype: DType, to: Place) -> Place {
        let action = Action::Spread(place);
        self.steps.push(Step { action, dtype, to });
        to
    }

    fn register(&mut self, dtype: DType) -> usize {
        self.free[is_word(dtype)].pop().unwrap_or_else(|| {
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
                index: self.places[index as usize],
                signed: self.body.program.dtype(index) == DType::I32,
            },
            Inst::Search {
                stream,
                value,
                right,
            } => Action::Search {
                stream: stream as usize,
                value: self.each(value),
                right,
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
            _ => Place::Register(own.unwrap_or_else(|| self.register(dtype))),
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
                self.free[is_word(self.insts()[r].1)].push(register);
            }
        }
        self.steps.push(Step { action, dtype, to });
        self.places.push(to);
    }
}

/// Which of the two kinds of registers values of a dtype are in.
fn is_word(dtype: DType) -> usize {
    usize::from(register_size(dtype) > 1)
}

/// The registers that an instruction reads.
fn operands(inst: &Inst) -> &[Reg] {
    match inst {
        Inst::Apply(op, args) => &args[..op.arity()],
        Inst::Gather { index, .. } => std::slice::from_ref(index),
        Inst::Search { value, .. } => std::slice::from_ref(value),
        _ => &[],
    }
}
