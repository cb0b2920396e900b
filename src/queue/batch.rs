//! The calls of a queue that have not run yet, written down in canonical numbering as they come.
//!
//! A value gets the next number where it first appears, and the key of the plan grows with each call,
//! so that a flush has nothing left to do but to look the key up.

use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::call::{Arg, Call};
use super::storage::State;
use super::{MAX_CALLS, Queue, Storage};
use crate::dtype::DType;
use crate::error::Error;
use crate::layout::Layout;
use crate::op::Op;
use crate::plan::cache::PlanCache;
use crate::plan::{Abilities, Graph, Input, Node, Plan, Value};
use crate::shape::Shape;

/// A batch of calls with its values numbered in the order they appear.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) calls: Vec<Call>,
    /// The operands of the calls, one after the other.
    operands: Vec<Operand>,
    /// The layouts of those that do not lie like the result.
    layouts: Vec<Layout>,
    /// Every storage of the batch, by number.
    pub(super) values: Vec<Arc<Storage>>,
    /// The numbers of the values that were made before, by the address of their storage.
    outside: FxHashMap<usize, usize>,
    /// The scalars that say where views of such values start.
    offsets: FxHashMap<(usize, usize), usize>,
    /// Whether somebody outside the batch holds the value: as of the last [`Batch::plan`].
    held: Vec<bool>,
    /// The values of the scalars, which are no part of the key.
    pub(super) scalars: Vec<u32>,
    key: Recorder,
    /// Of the results.
    pub(super) bytes: u64,
    /// Storages that nobody holds any more, for results to come. They hold the queue that holds them,
    /// until [`Batch::close`].
    pub(super) spare: Vec<Arc<Storage>>,
    closed: bool,
}

impl Batch {
    /// Records a call and gives the storage of its result. A value that waits waits in this batch; if
    /// one failed, so has the result.
    pub(super) fn push(
        &mut self,
        home: &Arc<Queue>,
        op: Op,
        args: &[Arg<'_>],
        shape: &Shape,
        dtype: DType,
        at: &'static Location<'static>,
    ) -> Arc<Storage> {
        if let Some(error) = failure(args) {
            let failed = Storage::failed(home.clone(), dtype, shape.clone(), error.clone());
            return Arc::new(failed);
        }
        op.hash(&mut self.key);
        self.key
            .pack([dtype as u64, shape.ndim() as u64, args.len() as u64]);
        self.key.sizes(shape.dims());
        let start = self.operands.len();
        for arg in args {
            let operand = match arg {
                Arg::Spread(storage, layout) if layout.shape() != shape => {
                    self.value(storage, &layout.expand(shape), shape)
                }
                Arg::Value(storage, layout) | Arg::Spread(storage, layout) => {
                    self.value(storage, layout, shape)
                }
                Arg::Scalar(bits, dtype) => {
                    self.key.pack([Recorder::SCALAR, *dtype as u64, 0]);
                    Operand::Scalar(self.scalar(*bits), *dtype)
                }
            };
            self.operands.push(operand);
        }
        let result = self.values.len();
        let out = self.storage(home, dtype, shape, result);
        self.values.push(out.clone());
        self.bytes += 4 * out.words() as u64;
        self.calls.push(Call {
            op,
            operands: start..self.operands.len(),
            result,
            at,
        });
        out
    }

    /// The storage of a result: one that has been used before, or a new one.
    fn storage(
        &mut self,
        home: &Arc<Queue>,
        dtype: DType,
        shape: &Shape,
        number: usize,
    ) -> Arc<Storage> {
        if let Some(mut spare) = self.spare.pop()
            && let Some(storage) = Arc::get_mut(&mut spare)
        {
            storage.renew(dtype, shape, number);
            return spare;
        }
        let new = Storage::pending(home.clone(), dtype, shape.clone(), number);
        Arc::new(new)
    }

    fn scalar(&mut self, bits: u32) -> usize {
        self.scalars.push(bits);
        self.scalars.len() - 1
    }

    /// A value as an operand of a call of the shape.
    fn value(&mut self, storage: &Arc<Storage>, layout: &Layout, shape: &Shape) -> Operand {
        if storage.is_pending() {
            return self.operand(storage.number(), layout, shape);
        }
        let next = self.values.len();
        let number = *self
            .outside
            .entry(Arc::as_ptr(storage) as usize)
            .or_insert(next);
        if number == next {
            self.values.push(storage.clone());
            self.key
                .pack([Recorder::NEW, storage.dtype() as u64, storage.len() as u64]);
        }
        // Where a view of an older value starts is a parameter: a program that walks through its data
        // batch by batch has one plan.
        match layout.offset() {
            0 => self.operand(number, layout, shape),
            offset => {
                let scalar = match self.offsets.get(&(number, offset)) {
                    Some(&scalar) => scalar,
                    None => {
                        let scalar = self.scalar(offset as u32);
                        self.offsets.insert((number, offset), scalar);
                        scalar
                    }
                };
                self.operand(number, &layout.with_parameter(scalar), shape)
            }
        }
    }

    /// Writes down an operand; most lie like the result.
    fn operand(&mut self, number: usize, layout: &Layout, shape: &Shape) -> Operand {
        if layout.is_whole(shape) {
            self.key.pack([Recorder::WHOLE, 0, number as u64]);
            return Operand::Whole(number);
        }
        let rank = layout.dims().len() as u64;
        self.key.pack([Recorder::LAID, rank, number as u64]);
        self.key.sizes(layout.dims());
        self.key
            .0
            .extend(layout.strides().iter().map(|&s| s as u64));
        self.key.0.push(layout.offset() as u64);
        self.layouts.push(layout.clone());
        Operand::Laid(number, self.layouts.len() - 1)
    }

    /// The operands of a call, for the planner.
    pub(super) fn inputs(&self, call: &Call) -> impl Iterator<Item = Input> {
        let whole = self.values[call.result].layout();
        let input = move |operand: &Operand| match *operand {
            Operand::Whole(number) => Input::Value(number, whole.clone()),
            Operand::Laid(number, layout) => Input::Value(number, self.layouts[layout].clone()),
            Operand::Scalar(number, dtype) => Input::Scalar(number, dtype),
        };
        self.operands[call.operands.clone()].iter().map(input)
    }

    /// The plan of the calls. Where `by_line` is set, plans serve the lines they were made for alone.
    pub(super) fn plan(
        &mut self,
        plans: &PlanCache,
        abilities: Abilities,
        by_line: bool,
    ) -> Arc<Plan> {
        let mut key = std::mem::take(&mut self.key);
        let calls = key.0.len();
        // Asked once: another thread may drop a tensor meanwhile.
        let held = self.values.iter().map(|v| Arc::strong_count(v) > 1);
        self.held.clear();
        self.held.extend(held);
        let word = |held: &[bool]| held.iter().fold(0, |word, &held| word << 1 | held as u64);
        key.0.extend(self.held.chunks(64).map(word));
        if by_line {
            let lines = self.calls.iter().map(|c| std::ptr::from_ref(c.at) as u64);
            key.0.extend(lines);
        }
        let plan = plans.get(&key.0, abilities, || self.graph(abilities));
        key.0.truncate(calls);
        self.key = key;
        plan
    }

    /// The batch for the planner.
    fn graph(&self, abilities: Abilities) -> Graph {
        let node = |call: &Call| Node {
            op: call.op.clone(),
            inputs: self.inputs(call).collect(),
            shape: self.values[call.result].shape().clone(),
            dtype: self.values[call.result].dtype(),
            result: call.result,
            at: call.at,
        };
        let value = |(storage, &held): (&Arc<Storage>, &bool)| Value {
            dtype: storage.dtype(),
            words: storage.words(),
            held,
        };
        let nodes = self.calls.iter().map(node).collect();
        Graph::new(
            nodes,
            self.values.iter().zip(&self.held).map(value).collect(),
            abilities,
        )
    }

    /// Empties the batch of a queue and keeps its memory for the next.
    pub(super) fn clear(&mut self, home: &Queue) {
        for value in self.values.drain(..) {
            let unheld = Arc::strong_count(&value) == 1 && std::ptr::eq(&**value.home(), home);
            if unheld && !self.closed {
                value.release();
                self.spare.push(value);
            }
        }
        self.spare.truncate(MAX_CALLS);
        self.calls.clear();
        self.operands.clear();
        self.layouts.clear();
        self.held.clear();
        self.outside.clear();
        self.offsets.clear();
        self.scalars.clear();
        self.key.0.clear();
        self.bytes = 0;
    }

    /// Keeps no storages from now on, and gives those it has, to be dropped.
    pub(super) fn close(&mut self) -> Vec<Arc<Storage>> {
        self.closed = true;
        std::mem::take(&mut self.spare)
    }
}

/// An operand of a call; values and scalars by their numbers.
enum Operand {
    /// A value that lies like the result.
    Whole(usize),
    /// A value through that one of the batch's layouts.
    Laid(usize, usize),
    Scalar(usize, DType),
}

/// Why an operand failed, if one did.
pub(super) fn failure<'a>(args: &[Arg<'a>]) -> Option<&'a Error> {
    args.iter().find_map(|arg| match arg.storage()?.state() {
        State::Failed(error) => Some(error),
        _ => None,
    })
}

/// A hasher that keeps what it is given: equal structures give equal words and no others do.
#[derive(Default)]
struct Recorder(Vec<u64>);

impl Recorder {
    /// What an operand's word starts with.
    const SCALAR: u64 = 0;
    const NEW: u64 = 1;
    const WHOLE: u64 = 2;
    const LAID: u64 = 3;

    /// Two small numbers, below 16, and any one below 2⁵⁶ as a word.
    fn pack(&mut self, [a, b, c]: [u64; 3]) {
        self.0.push(a | b << 4 | c << 8);
    }

    fn sizes(&mut self, sizes: &[usize]) {
        self.0.extend(sizes.iter().map(|&d| d as u64));
    }
}

impl Hasher for Recorder {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0.push(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, v: u8) {
        self.0.push(v as u64);
    }

    fn write_usize(&mut self, v: usize) {
        self.0.push(v as u64);
    }

    fn write_isize(&mut self, v: isize) {
        self.0.push(v as u64);
    }

    fn finish(&self) -> u64 {
        unreachable!("a recorder is read, not finished")
    }
}
