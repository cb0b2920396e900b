//! Reverse-mode differentiation.
//!
//! An operation on a tensor that gradients flow to leaves a [`Node`]: which nodes its operands came
//! from, the [`Rule`] that turns the gradient of its result into theirs, and what the rule needs
//! kept. [`Tensor::backward`] walks the nodes from the last made to the first. Rules are written in
//! tensor operations, so that they run on every device, fuse, and can be differentiated again.

mod arrived;
mod backward;
mod gradients;
mod rules;

pub use self::backward::Backward;
pub use self::gradients::Gradients;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::dtype::DType;
use crate::error::Result;
use crate::layout::{Layout, Windows};
use crate::op::{PointOp, ReduceOp, ScatterOp};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// How the gradients of operands follow from that of the result.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// A variable: gradients end here, under this number.
    Leaf(u64),
    Point(PointOp),
    /// The extremum of an element and its bound, where the bound has the gradient of equals.
    Limit {
        upper: bool,
    },
    Cast,
    /// The same elements in the same shape.
    Identity,
    Reshape,
    Permute(Vec<usize>),
    Expand,
    Flip(usize),
    /// A part of the operand: the layout it has in a contiguous whole, in which no element lies twice.
    Region(Layout),
    /// Windows that overlap.
    Windows(Windows),
    /// Windows added up to what they are of.
    Fold(Windows),
    /// With the shape that keeps each reduced axis with size 1.
    Reduce {
        op: ReduceOp,
        kept: Shape,
    },
    Scan {
        op: ReduceOp,
        axis: usize,
    },
    /// A sum that begins anew at marks, the second operand.
    Segments {
        axis: usize,
    },
    Matmul,
    Gather {
        axis: usize,
    },
    Assemble {
        regions: Vec<Layout>,
    },
    /// Of the base, the places and the values.
    Scatter(ScatterOp),
    /// The first operand, with the second in a region of it.
    Overlay(Layout),
    /// That of an operation whose gradient is not what falls out of its parts.
    Own(OwnRule),
}

/// A rule that comes with the operation: the gradients of the operands in tensor operations.
#[derive(Clone)]
pub(crate) struct OwnRule {
    rule: Arc<Derive>,
    /// Whether it reads the result, which is kept then.
    output: bool,
}

type Derive = dyn Fn(&Step<'_>) -> Result<Vec<Option<Tensor>>> + Send + Sync;

/// What an [`OwnRule`] is given.
pub(crate) struct Step<'a> {
    /// The gradient of the result.
    pub(crate) gradient: &'a Tensor,
    saved: &'a Saved,
    operands: &'a [Parent],
}

impl OwnRule {
    /// A rule that reads operands alone.
    pub(crate) fn new(
        rule: impl Fn(&Step<'_>) -> Result<Vec<Option<Tensor>>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            rule: Arc::new(rule),
            output: false,
        }
    }

    /// The rule, of which the result is kept too.
    pub(crate) fn with_result(self) -> Self {
        Self {
            output: true,
            ..self
        }
    }
}

impl std::fmt::Debug for OwnRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnRule")
    }
}

/// What a rule needs kept, besides shapes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// The operands, by position.
    inputs: [bool; 3],
    output: bool,
}

/// A step of the recorded computation.
pub(crate) struct Node {
    /// Counts up, so that operands have smaller numbers than results.
    id: u64,
    rule: Rule,
    parents: Vec<Parent>,
    saved: Mutex<Option<Saved>>,
}

/// An operand of a step.
struct Parent {
    node: Option<Arc<Node>>,
    shape: Shape,
    dtype: DType,
}

/// Values kept for a rule; taken by the backward walk that uses them.
#[derive(Clone, Default)]
pub(crate) struct Saved {
    inputs: [Option<Tensor>; 3],
    /// The result; kept without its node, which holds this.
    output: Option<Tensor>,
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(true) };
}

/// Sets whether this thread records for gradients, until dropped.
struct Recording(bool);

impl Recording {
    fn set(on: bool) -> Self {
        Self(RECORDING.replace(on))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        RECORDING.set(self.0);
    }
}

/// Runs a closure whose operations leave nothing for gradients: evaluation, updates of parameters.
///
/// ```
/// use tilewise::prelude::*;
/// let x = Tensor::new([1f32, 2.], &Device::cpu())?.variable();
/// let y = no_grad(|| &x * 2.0);
/// assert!(!y.is_tracked());
/// # Ok::<(), Error>(())
/// ```
pub fn no_grad<T>(f: impl FnOnce() -> T) -> T {
    let _recording = Recording::set(false);
    f()
}

/// Puts the result of an operation on the tape, if gradients flow to one of its operands.
#[inline]
pub(crate) fn track(mut out: Tensor, operands: &[&Tensor], rule: Rule) -> Tensor {
    let flows = |t: &&Tensor| t.tape().is_some() && t.dtype().is_float();
    if operands.iter().any(flows) && out.dtype().is_float() && RECORDING.get() {
        leave_node(&mut out, operands, rule);
    }
    out
}

fn leave_node(out: &mut Tensor, operands: &[&Tensor], rule: Rule) {
    let needs = rule.needs();
    let kept = |i: usize| {
        operands
            .get(i)
            .filter(|_| needs.inputs[i])
            .map(|t| (*t).clone())
    };
    let saved = Saved {
        inputs: std::array::from_fn(kept),
        output: needs.output.then(|| out.detach()),
    };
    let parent = |t: &&Tensor| Parent {
        node: t.tape().filter(|_| t.dtype().is_float()).cloned(),
        shape: t.shape_ref().clone(),
        dtype: t.dtype(),
    };
    let node = Node {
        id: next_id(),
        rule,
        parents: operands.iter().map(parent).collect(),
        saved: Mutex::new(Some(saved)),
    };
    out.set_tape(Some(Arc::new(node)));
}

impl Tensor {
    /// The tensor as a variable: gradients flow to it and are found under it.
    #[doc(alias = "requires_grad")]
    pub fn variable(&self) -> Tensor {
        self.variable_as(next_id())
    }

    /// The tensor as the value of an existing variable: a parameter keeps its identity from step to
    /// step.
    pub(crate) fn variable_as(&self, leaf: u64) -> Tensor {
        let node = Node {
            id: next_id(),
            rule: Rule::Leaf(leaf),
            parents: vec![],
            saved: Mutex::new(Some(Saved::default())),
        };
        self.clone().with_tape(Some(Arc::new(node)))
    }

    /// The number of the variable that this tensor is.
    pub(crate) fn leaf(&self) -> Option<u64> {
        match self.tape()?.rule {
            Rule::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// Whether gradients flow through this tensor.
    pub fn is_tracked(&self) -> bool {
        self.tape().is_some()
    }

    /// The same values as a constant to gradients.
    pub fn detach(&self) -> Tensor {
        self.clone().with_tape(None)
    }
}

impl Drop for Node {
    /// Frees the chain behind a node without recursion, however deep it is.
    fn drop(&mut self) {
        let mut chain = Vec::new();
        self.unlink(&mut chain);
        while let Some(node) = chain.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                node.unlink(&mut chain);
            }
        }
    }
}

impl Node {
    fn unlink(&mut self, chain: &mut Vec<Arc<Node>>) {
        chain.extend(self.parents.iter_mut().filter_map(|p| p.node.take()));
        let saved = self.saved.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(saved) = saved {
            chain.extend(
                saved
                    .inputs
                    .iter_mut()
                    .flatten()
                    .filter_map(Tensor::take_tape),
            );
        }
    }
}
