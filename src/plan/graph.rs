//! A batch as a graph: which call makes each value, who uses it, and which calls matter.

use super::key::Batch;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::{Arg, Call, Op};
use crate::shape::Shape;

/// An operand of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// The value with that number, through a layout.
    Value(usize, Layout),
    /// The scalar with that number.
    Scalar(usize, DType),
}

pub(crate) struct Graph<'a> {
    batch: &'a Batch<'a>,
    /// The operands of each call.
    pub(crate) inputs: Vec<Vec<Input>>,
    /// The call that makes each value; `None` for values from outside the batch.
    pub(crate) maker: Vec<Option<usize>>,
    /// Whether a call's result reaches a value that outlives the batch.
    pub(crate) live: Vec<bool>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(batch: &'a Batch<'a>) -> Self {
        let mut maker = vec![None; batch.values.len()];
        for (call, &value) in batch.results.iter().enumerate() {
            maker[value] = Some(call);
        }
        let inputs: Vec<Vec<Input>> = batch
            .calls
            .iter()
            .zip(&batch.operands)
            .map(|(call, operands)| {
                let input = |(arg, &n): (&Arg, &usize)| match arg {
                    Arg::Value(_, layout) => Input::Value(n, layout.clone()),
                    Arg::Scalar(_, dtype) => Input::Scalar(n, *dtype),
                };
                call.args.iter().zip(operands).map(input).collect()
            })
            .collect();
        let mut live = vec![false; batch.calls.len()];
        let mut wanted = batch.alive.clone();
        for call in (0..batch.calls.len()).rev() {
            live[call] = wanted[batch.results[call]];
            if live[call] {
                for input in &inputs[call] {
                    if let Input::Value(value, _) = input {
                        wanted[*value] = true;
                    }
                }
            }
        }
        Self {
            batch,
            inputs,
            maker,
            live,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.inputs.len()
    }

    pub(crate) fn call(&self, node: usize) -> &Call {
        &self.batch.calls[node]
    }

    pub(crate) fn shape(&self, node: usize) -> &Shape {
        &self.call(node).shape
    }

    /// The value that the call makes.
    pub(crate) fn result(&self, node: usize) -> usize {
        self.batch.results[node]
    }

    /// Whether the call's result outlives the batch.
    pub(crate) fn alive(&self, node: usize) -> bool {
        self.batch.alive[self.result(node)]
    }

    /// Whether somebody outside the batch holds the value.
    pub(crate) fn held(&self, value: usize) -> bool {
        self.batch.alive[value]
    }

    pub(crate) fn values(&self) -> usize {
        self.batch.values.len()
    }

    pub(crate) fn dtype(&self, value: usize) -> DType {
        self.batch.values[value].dtype()
    }

    pub(crate) fn words(&self, value: usize) -> usize {
        self.batch.values[value].words()
    }

    /// The call behind an operand if the operand is that call's result as it was made: an element
    /// of the consumer's iteration space is the same element of the producer's.
    pub(crate) fn direct(&self, node: usize, operand: usize) -> Option<usize> {
        let Input::Value(value, layout) = &self.inputs[node][operand] else {
            return None;
        };
        // The source of a gather is read anywhere.
        if operand == 0 && matches!(self.call(node).op, Op::Gather(_)) {
            return None;
        }
        let maker = self.maker[*value]?;
        (layout.is_identity() && layout.shape() == self.shape(maker)).then_some(maker)
    }

    /// As [`Graph::direct`], where the consumer can also compute the producer inside itself.
    pub(crate) fn inlinable(&self, node: usize, operand: usize) -> Option<usize> {
        let maker = self.direct(node, operand)?;
        let consumer = &self.call(node).op;
        let consumes = match consumer {
            Op::Matmul { .. } => false,
            Op::Reduce { .. } | Op::Assemble { .. } => true,
            _ => self.shape(node) == self.shape(maker),
        };
        (consumes && self.call(maker).op.is_pointwise()).then_some(maker)
    }
}
