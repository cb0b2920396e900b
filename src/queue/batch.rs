//! The structure of a batch, written down in canonical numbering.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::call::{Arg, Call};
use crate::layout::Layout;
use crate::plan::{Graph, Input, Node, Value};
use crate::storage::Storage;

/// An operand of a call in the batch's numbering.
#[derive(Clone, Copy)]
struct Operand {
    /// Of a value, or of a scalar.
    number: usize,
    /// The scalar that is the offset of the operand's layout.
    start: Option<usize>,
}

impl Operand {
    fn layout<'l>(&self, layout: &'l Layout) -> Cow<'l, Layout> {
        match self.start {
            Some(scalar) => Cow::Owned(layout.with_parameter(scalar)),
            None => Cow::Borrowed(layout),
        }
    }
}

/// A batch of calls with its values numbered in the order they appear.
pub(crate) struct Batch<'a> {
    pub(crate) calls: &'a [Call],
    /// Every storage of the batch, by number.
    pub(crate) values: Vec<&'a Arc<Storage>>,
    operands: Vec<Vec<Operand>>,
    /// The result of each call.
    pub(crate) results: Vec<usize>,
    /// Whether somebody outside the batch holds the value.
    pub(crate) alive: Vec<bool>,
    /// The values of the scalars, which are no part of the key.
    pub(crate) scalars: Vec<u32>,
    pub(crate) key: Vec<u64>,
}

impl<'a> Batch<'a> {
    /// `copies` is the number of further copies of the calls that exist for a moment.
    pub(crate) fn new(calls: &'a [Call], copies: usize) -> Self {
        let mut numbers = FxHashMap::<*const Storage, usize>::default();
        let mut values: Vec<&'a Arc<Storage>> = Vec::new();
        let mut holds: Vec<usize> = Vec::new();
        let mut number = |storage: &'a Arc<Storage>| {
            let n = *numbers.entry(Arc::as_ptr(storage)).or_insert_with(|| {
                values.push(storage);
                holds.push(0);
                values.len() - 1
            });
            holds[n] += 1;
            n
        };
        let mut scalars = Vec::new();
        let mut key = Recorder(Vec::with_capacity(32 * calls.len()));
        let mut made = FxHashSet::default();
        let mut offsets = FxHashMap::<(usize, usize), usize>::default();
        let mut operands = Vec::with_capacity(calls.len());
        let mut results = Vec::with_capacity(calls.len());
        for call in calls {
            (&call.op, &call.shape, call.dtype, call.args.len()).hash(&mut key);
            let mut list = Vec::with_capacity(call.args.len());
            for arg in &call.args {
                match arg {
                    Arg::Value(storage, layout) => {
                        let n = number(storage);
                        // Where a view of an older value starts is a parameter: a program that
                        // walks through its data batch by batch has one plan.
                        let offset = layout.offset();
                        let start = (offset != 0 && !made.contains(&n)).then(|| {
                            *offsets.entry((n, offset)).or_insert_with(|| {
                                scalars.push(offset as u32);
                                scalars.len() - 1
                            })
                        });
                        let operand = Operand { number: n, start };
                        (n, storage.dtype(), storage.len()).hash(&mut key);
                        operand.layout(layout).hash(&mut key);
                        list.push(operand);
                    }
                    Arg::Scalar(bits, dtype) => {
                        (usize::MAX, dtype).hash(&mut key);
                        list.push(Operand {
                            number: scalars.len(),
                            start: None,
                        });
                        scalars.push(*bits);
                    }
                }
            }
            operands.push(list);
            let n = number(&call.out);
            made.insert(n);
            results.push(n);
        }
        let outside = |(storage, holds): (&&Arc<Storage>, &usize)| {
            Arc::strong_count(storage) > holds * (copies + 1)
        };
        let alive: Vec<bool> = values.iter().zip(&holds).map(outside).collect();
        alive.hash(&mut key);
        Self {
            calls,
            values,
            operands,
            results,
            alive,
            scalars,
            key: key.0,
        }
    }
}

impl Batch<'_> {
    /// The batch for the planner.
    pub(crate) fn graph(&self) -> Graph {
        let node = |((call, operands), &result): ((&Call, &Vec<Operand>), &usize)| {
            let input = |(arg, operand): (&Arg, &Operand)| match arg {
                Arg::Value(_, layout) => {
                    Input::Value(operand.number, operand.layout(layout).into_owned())
                }
                Arg::Scalar(_, dtype) => Input::Scalar(operand.number, *dtype),
            };
            Node {
                op: call.op.clone(),
                inputs: call.args.iter().zip(operands).map(input).collect(),
                shape: call.shape.clone(),
                dtype: call.dtype,
                result,
                at: call.at,
            }
        };
        let calls = self.calls.iter().zip(&self.operands).zip(&self.results);
        let value = |(storage, &held): (&&Arc<Storage>, &bool)| Value {
            dtype: storage.dtype(),
            words: storage.words(),
            held,
        };
        let values = self.values.iter().zip(&self.alive).map(value);
        Graph::new(calls.map(node).collect(), values.collect())
    }
}

/// A hasher that keeps what it is given: equal structures give equal words and no others do.
struct Recorder(Vec<u64>);

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
