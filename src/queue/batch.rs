//! The structure of a batch, written down in canonical numbering.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::call::{Arg, Call};
use crate::plan::{Graph, Input, Node, Value};
use crate::storage::Storage;

/// A batch of calls with its values numbered in the order they appear.
pub(crate) struct Batch<'a> {
    pub(crate) calls: &'a [Call],
    /// Every storage of the batch, by number.
    pub(crate) values: Vec<&'a Arc<Storage>>,
    /// The operands of each call: the number of a value or of a scalar.
    pub(crate) operands: Vec<Vec<usize>>,
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
        let mut operands = Vec::with_capacity(calls.len());
        let mut results = Vec::with_capacity(calls.len());
        for call in calls {
            (&call.op, &call.shape, call.dtype, call.args.len()).hash(&mut key);
            let mut list = Vec::with_capacity(call.args.len());
            for arg in &call.args {
                match arg {
                    Arg::Value(storage, layout) => {
                        let n = number(storage);
                        (n, storage.dtype(), storage.len(), layout).hash(&mut key);
                        list.push(n);
                    }
                    Arg::Scalar(bits, dtype) => {
                        (usize::MAX, dtype).hash(&mut key);
                        list.push(scalars.len());
                        scalars.push(*bits);
                    }
                }
            }
            operands.push(list);
            results.push(number(&call.out));
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
        let node = |((call, operands), &result): ((&Call, &Vec<usize>), &usize)| {
            let input = |(arg, &n): (&Arg, &usize)| match arg {
                Arg::Value(_, layout) => Input::Value(n, layout.clone()),
                Arg::Scalar(_, dtype) => Input::Scalar(n, *dtype),
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
