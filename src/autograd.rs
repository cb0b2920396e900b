//! Reverse-mode differentiation.
//!
//! An operation on a tensor that gradients flow to leaves a [`Node`]: which nodes its operands came
//! from, the [`Rule`] that turns the gradient of its result into theirs, and what the rule needs
//! kept. [`Tensor::backward`] walks the nodes from the last made to the first. Rules are written in
//! tensor operations, so that they run on every device, fuse, and can be differentiated again.

mod arrived;
mod gradients;
mod rules;

pub use self::gradients::Gradients;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self::arrived::Front;
use crate::dtype::DType;
use crate::error::{Error, Result};
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

/// What a backward walk does besides.
#[derive(Clone, Default)]
pub struct Backward {
    create_graph: bool,
    retain_tape: bool,
    seed: Option<Tensor>,
}

impl Backward {
    /// The defaults: the tape is consumed, the gradients are plain values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the walk itself, so that gradients can be differentiated again; keeps the tape.
    pub fn create_graph(mut self) -> Self {
        (self.create_graph, self.retain_tape) = (true, true);
        self
    }

    /// Keeps the tape for another walk.
    pub fn retain_tape(mut self) -> Self {
        self.retain_tape = true;
        self
    }

    /// Starts from this gradient, of the tensor's shape, instead of 1.
    pub fn seed(mut self, gradient: &Tensor) -> Self {
        self.seed = Some(gradient.clone());
        self
    }
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

    /// The gradients of this tensor of one element with respect to the variables it was computed
    /// from. Consumes what was recorded for it.
    ///
    /// # Errors
    /// A tensor of another size (see [`Backward::seed`]), one that depends on no variable, or a
    /// tape that was consumed before.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3f32], &Device::cpu())?.variable();
    /// let grads = x.square().sum(..)?.backward()?;
    /// assert_eq!(grads.get(&x).unwrap().item::<f32>()?, 6.0);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn backward(&self) -> Result<Gradients> {
        self.backward_with(Backward::new())
    }

    /// As [`backward`](Tensor::backward), with options.
    ///
    /// # Errors
    /// As there, or a seed of another shape.
    #[track_caller]
    pub fn backward_with(&self, options: Backward) -> Result<Gradients> {
        const OP: &str = "backward";
        let Some(root) = self.tape() else {
            let message = "the tensor depends on no variable: make one with variable(), and \
                           compute outside of no_grad";
            return Err(Error::value(OP, message));
        };
        let seed = match options.seed {
            Some(seed) if seed.shape() == self.shape() => seed.to_dtype(self.dtype()),
            Some(seed) => {
                let message = format!("the seed must have the tensor's shape {}", self.shape_ref());
                return Err(Error::shape(OP, seed.shape_ref(), message));
            }
            None if self.size() == 1 => self.ones_like(),
            None => {
                let message = "gradients start from a tensor of one element, as a loss is; reduce \
                               it with sum or mean, or give a seed with backward_with";
                return Err(Error::shape(OP, self.shape_ref(), message));
            }
        };
        let _recording = Recording::set(options.create_graph);
        walk(root, seed, options.retain_tape)
    }
}

#[track_caller]
fn walk(root: &Arc<Node>, seed: Tensor, retain: bool) -> Result<Gradients> {
    let mut gradients = Gradients::default();
    let mut front = Front::default();
    front.at(root, seed.shape_ref()).add(seed)?;
    while let Some(arrived) = front.pop() {
        let node = arrived.node.clone();
        let Some(gradient) = arrived.sum()? else {
            continue;
        };
        if let Rule::Leaf(leaf) = node.rule {
            gradients.insert(leaf, gradient);
            continue;
        }
        let saved = {
            let mut saved = node.saved.lock().unwrap_or_else(PoisonError::into_inner);
            if retain { saved.clone() } else { saved.take() }
        };
        let Some(mut saved) = saved else {
            let message = "what was recorded has been used by an earlier backward; keep it there \
                           with Backward::new().retain_tape()";
            return Err(Error::value("backward", message));
        };
        saved.output = saved.output.map(|y| y.with_tape(Some(node.clone())));
        let parts = rules::gradients(&node.rule, &gradient, &saved, &node.parents)?;
        for (parent, part) in node.parents.iter().zip(parts) {
            let (Some(target), Some(part)) = (&parent.node, part) else {
                continue;
            };
            let arrived = front.at(target, &parent.shape);
            match &node.rule {
                Rule::Region(region) => arrived.add_part(part, region.clone()),
                _ => arrived.add(part.sum_to(&parent.shape)?.to_dtype(parent.dtype))?,
            }
        }
    }
    Ok(gradients)
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
