//! A batch as a graph: which call makes each value, who uses it, and which calls matter.

use std::panic::Location;

use super::{Abilities, views};
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::Op;
use crate::shape::Shape;

/// An operand of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// The value with that number, through a layout.
    Value(usize, Layout),
    /// The scalar with that number.
    Scalar(usize, DType),
}

/// A call of the batch.
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<Input>,
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    /// The number of the value it makes.
    pub(crate) result: usize,
    pub(crate) at: &'static Location<'static>,
}

/// A value of the batch.
pub(crate) struct Value {
    pub(crate) dtype: DType,
    pub(crate) words: usize,
    /// Whether somebody outside the batch holds it.
    pub(crate) held: bool,
}

/// The calls of a batch in program order, over numbered values.
pub(crate) struct Graph {
    nodes: Vec<Node>,
    values: Vec<Value>,
    /// The call that makes each value; `None` for values from outside the batch.
    pub(crate) maker: Vec<Option<usize>>,
    /// Whether a call's result reaches a value that outlives the batch.
    pub(crate) live: Vec<bool>,
}

impl Graph {
    pub(crate) fn new(mut nodes: Vec<Node>, values: Vec<Value>, abilities: Abilities) -> Self {
        if abilities.packs_views {
            views::read_through(&mut nodes, &values);
        }
        let mut maker = vec![None; values.len()];
        for (n, node) in nodes.iter().enumerate() {
            maker[node.result] = Some(n);
        }
        let mut live = vec![false; nodes.len()];
        let mut wanted: Vec<bool> = values.iter().map(|v| v.held).collect();
        for (n, node) in nodes.iter().enumerate().rev() {
            live[n] = wanted[node.result];
            if live[n] {
                for input in &node.inputs {
                    if let Input::Value(value, _) = input {
                        wanted[*value] = true;
                    }
                }
            }
        }
        Self {
            nodes,
            values,
            maker,
            live,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn call(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    pub(crate) fn inputs(&self, node: usize) -> &[Input] {
        &self.nodes[node].inputs
    }

    pub(crate) fn shape(&self, node: usize) -> &Shape {
        &self.nodes[node].shape
    }

    /// The value that the call makes.
    pub(crate) fn result(&self, node: usize) -> usize {
        self.nodes[node].result
    }

    /// Whether the call's result outlives the batch.
    pub(crate) fn alive(&self, node: usize) -> bool {
        self.held(self.result(node))
    }

    /// Whether somebody outside the batch holds the value.
    pub(crate) fn held(&self, value: usize) -> bool {
        self.values[value].held
    }

    pub(crate) fn values(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn dtype(&self, value: usize) -> DType {
        self.values[value].dtype
    }

    pub(crate) fn words(&self, value: usize) -> usize {
        self.values[value].words
    }

    /// The call behind an operand if the operand is that call's result as it was made: an element
    /// of the consumer's iteration space is the same element of the producer's.
    pub(crate) fn direct(&self, node: usize, operand: usize) -> Option<usize> {
        let Input::Value(value, layout) = &self.inputs(node)[operand] else {
            return None;
        };
        if self.call(node).op.reads_anywhere(operand) {
            return None;
        }
        let maker = self.maker[*value]?;
        (layout.is_identity() && layout.shape() == self.shape(maker)).then_some(maker)
    }

    /// The layout of an operand that only numbers its elements: computed where it is used, through
    /// any view.
    pub(crate) fn numbering(&self, node: usize, operand: usize) -> Option<&Layout> {
        let Input::Value(value, layout) = &self.inputs(node)[operand] else {
            return None;
        };
        let numbers = matches!(self.call(self.maker[*value]?).op, Op::Index);
        (numbers && !self.stands_alone(node, operand)).then_some(layout)
    }

    /// Whether an operand must be in memory: of a product, or one that is read anywhere.
    fn stands_alone(&self, node: usize, operand: usize) -> bool {
        let op = &self.call(node).op;
        matches!(op, Op::Matmul { .. }) || op.reads_anywhere(operand)
    }

    /// As [`Graph::direct`], where the consumer can also compute the producer inside itself.
    pub(crate) fn inlinable(&self, node: usize, operand: usize) -> Option<usize> {
        let maker = self.direct(node, operand)?;
        let consumer = &self.call(node).op;
        let consumes = match consumer {
            Op::Matmul { .. } => false,
            Op::Reduce { .. }
            | Op::Sort { .. }
            | Op::Assemble { .. }
            | Op::Scatter(_)
            | Op::Compress => true,
            _ => self.shape(node) == self.shape(maker),
        };
        (consumes && self.call(maker).op.is_pointwise()).then_some(maker)
    }
}
