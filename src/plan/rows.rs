//! Groups of kernels that work on one row after the other.
//!
//! A softmax is a maximum, a sum that needs the maximum, and a quotient that needs both. As kernels
//! they each read the whole operand; but a row of the result depends on the same row of the operand
//! alone, so that all of them can be done with one row while it is near, then with the next. A group
//! is a run of kernels of which this is true: reductions of one shape over the same axes, and maps
//! over that shape. Each still stores what it did, and running a group kernel by kernel gives the
//! same: a group is an offer that an executor may take.
//!
//! Normalisations, log-sum-exps and losses become groups as they are written, and so do their
//! gradients.

use std::ops::Range;

use super::fuse::{Draft, Fusion};
use super::graph::Input;
use crate::layout::Layout;
use crate::op::{Op, PointOp};
use crate::shape::{MAX_RANK, Shape};

/// The longest row: longer ones keep a device busy by themselves.
const MAX_ROW: usize = 1 << 17;

/// A run of kernels that may be run row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// The kernels, by number.
    pub(crate) kernels: Range<usize>,
    pub(crate) rows: Rows,
}

/// How a shape falls into rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rows {
    /// The shape that the maps compute and the reductions read.
    pub(crate) shape: Shape,
    /// The axes that a row extends along.
    axes: [bool; MAX_RANK],
}

impl Rows {
    fn sizes(&self, along: bool) -> Shape {
        let axes = (0..self.shape.ndim()).filter(|&i| self.axes[i] == along);
        axes.map(|i| self.shape.dims()[i]).collect()
    }

    /// The dimensions that number the rows.
    pub(crate) fn kept(&self) -> Shape {
        self.sizes(false)
    }

    /// The dimensions of a row.
    pub(crate) fn reduced(&self) -> Shape {
        self.sizes(true)
    }

    /// The axes of the shape, those that number the rows first.
    pub(crate) fn order(&self) -> Vec<usize> {
        let (along, across): (Vec<usize>, Vec<usize>) =
            (0..self.shape.ndim()).partition(|&i| self.axes[i]);
        [across, along].concat()
    }

    /// Whether the elements of a row lie one after the other, and so do the rows.
    pub(crate) fn in_order(&self) -> bool {
        self.order().is_sorted()
    }

    /// Whether a value read through the layout, over the whole shape, is read row for row: either
    /// each element where it is computed, or one value a row.
    pub(crate) fn aligned(&self, layout: &Layout) -> bool {
        layout.is_identity() || self.one_a_row(layout)
    }

    /// Whether each row reads the value of the row's number.
    pub(crate) fn one_a_row(&self, layout: &Layout) -> bool {
        let contiguous = Layout::contiguous(self.kept());
        let mut kept = contiguous.strides().iter();
        let fits = |i: usize| {
            let own = if self.axes[i] { Some(&0) } else { kept.next() };
            self.shape.dims()[i] == 1 || own == Some(&layout.strides()[i])
        };
        layout.offset() == 0 && (0..self.shape.ndim()).all(fits)
    }
}

/// The rows that a draft reduces; `None` for what no group begins with.
fn reduced_by(fusion: &Fusion<'_>, draft: &Draft) -> Option<Rows> {
    let graph = fusion.graph;
    let call = graph.call(draft.core?);
    let (Op::Reduce { op, axes }, [Input::Value(value, layout)]) = (&call.op, &call.inputs[..])
    else {
        return None;
    };
    let rows = Rows {
        shape: layout.shape().clone(),
        axes: *axes,
    };
    let (kept, reduced) = (rows.kept().size(), rows.reduced().size());
    let fits = kept > 0 && (2..=MAX_ROW).contains(&reduced);
    (fits && !op.is_arg() && graph.dtype(*value).is_float()).then_some(rows)
}

/// The rows that a draft of a group may be run by.
enum Role {
    /// Reduces each row.
    Reduce,
    /// Maps each row.
    Map,
}

fn role(fusion: &Fusion<'_>, draft: &Draft, rows: &Rows) -> Option<Role> {
    if draft.piece.is_some() {
        None
    } else if draft.core.is_some() {
        (reduced_by(fusion, draft)? == *rows).then_some(Role::Reduce)
    } else {
        (*fusion.shape(draft) == rows.shape).then_some(Role::Map)
    }
}

/// Whether all that a draft reads of the values is read row for row.
fn reads_rows(fusion: &Fusion<'_>, draft: &Draft, rows: &Rows, of: impl Fn(usize) -> bool) -> bool {
    // The body of a reduction has one element a row.
    let body_of_rows = draft.core.is_some();
    let fits = |layout: &Layout, one_a_row: bool| match one_a_row {
        true => layout.is_identity(),
        false => *layout.shape() == rows.shape && rows.aligned(layout),
    };
    let body = fusion.body(draft).loads;
    let before = fusion.prologue(draft).loads;
    let gathered = fusion.gathered(draft);
    body.iter()
        .map(|load| (load, body_of_rows))
        .chain(before.iter().map(|load| (load, false)))
        .filter(|((value, _), _)| of(*value))
        .all(|((value, layout), one_a_row)| !gathered.contains(value) && fits(layout, one_a_row))
}

/// Drafts that run one after the other, those of a group together.
pub(super) struct Step {
    pub(super) drafts: Vec<usize>,
    pub(super) rows: Option<Rows>,
}

impl Step {
    /// Whether every draft of a group reads the value row for row.
    pub(super) fn reads_rows(&self, fusion: &Fusion<'_>, value: usize) -> bool {
        let drafts = || {
            self.drafts
                .iter()
                .filter_map(|&d| fusion.drafts[d].as_ref())
        };
        let fits = |rows: &Rows| drafts().all(|d| reads_rows(fusion, d, rows, |v| v == value));
        self.rows.as_ref().is_none_or(fits)
    }
}

/// The drafts in the order they run, each by itself.
pub(super) fn alone(fusion: &Fusion<'_>) -> Vec<Step> {
    let drafts = (0..fusion.drafts.len()).filter(|&d| fusion.drafts[d].is_some());
    let step = |d| Step {
        drafts: vec![d],
        rows: None,
    };
    drafts.map(step).collect()
}

/// The drafts in the order they run, with the groups found.
pub(super) fn steps(fusion: &Fusion<'_>) -> Vec<Step> {
    let mut steps: Vec<Option<Step>> = Vec::new();
    for (k, draft) in fusion.drafts.iter().enumerate() {
        let Some(draft) = draft else { continue };
        let alone = Step {
            drafts: vec![k],
            rows: reduced_by(fusion, draft),
        };
        let end = steps.len();
        let joined = (0..end).rev().find_map(|at| joins(fusion, &steps, at, k));
        match joined {
            Some((at, Place::There)) => {
                if let Some(step) = &mut steps[at] {
                    step.drafts.push(k);
                }
            }
            Some((at, Place::Here)) => {
                let mut step = steps[at].take();
                if let Some(step) = &mut step {
                    step.drafts.push(k);
                }
                steps.push(step);
            }
            None => steps.push(Some(alone)),
        }
    }
    let settled = |step: Step| Step {
        rows: step.rows.filter(|_| step.drafts.len() > 1),
        drafts: step.drafts,
    };
    steps.into_iter().flatten().map(settled).collect()
}

/// Where a group and a draft that joins it meet.
enum Place {
    /// The draft runs earlier, where the group does.
    There,
    /// The group runs later, where the draft does.
    Here,
}

/// Whether a draft joins the group of an earlier step, and where they meet.
fn joins(
    fusion: &Fusion<'_>,
    steps: &[Option<Step>],
    at: usize,
    k: usize,
) -> Option<(usize, Place)> {
    let step = steps[at].as_ref()?;
    let rows = step.rows.as_ref()?;
    let draft = fusion.drafts[k].as_ref()?;
    let role = role(fusion, draft, rows)?;
    let members = || {
        step.drafts
            .iter()
            .filter_map(|&d| fusion.drafts[d].as_ref())
    };
    let deps = fusion.deps(draft);
    let own = deps.iter().any(|d| step.drafts.contains(d));
    // Reductions that read the same go together too.
    let shares = || members().any(|m| m.loads().iter().any(|load| draft.loads().contains(load)));
    let wanted = own || (matches!(role, Role::Reduce) && shares());
    let made = |value: usize| {
        let maker = fusion.graph.maker[value];
        maker.is_some_and(|m| step.drafts.contains(&fusion.home(m)))
    };
    if !wanted || !reads_rows(fusion, draft, rows, made) || !fits(fusion, members(), draft) {
        return None;
    }
    let runs = |step: &Option<Step>, d: usize| step.as_ref().is_some_and(|s| s.drafts.contains(&d));
    let ready = |d: &usize| steps[..=at].iter().any(|step| runs(step, *d));
    if deps.iter().all(ready) {
        return Some((at, Place::There));
    }
    let waits = |&d: &usize| {
        let draft = fusion.drafts[d].as_ref();
        draft.is_some_and(|d| fusion.deps(d).iter().any(|d| step.drafts.contains(d)))
    };
    let between = steps[at + 1..].iter().flatten().flat_map(|s| &s.drafts);
    (!between.into_iter().any(waits)).then_some((at, Place::Here))
}

/// Whether a group with one more draft binds no more buffers than a kernel may.
fn fits<'a>(
    fusion: &Fusion<'_>,
    members: impl Iterator<Item = &'a Draft>,
    draft: &'a Draft,
) -> bool {
    let mut values: Vec<usize> = Vec::new();
    for draft in members.chain([draft]) {
        let made = draft.core.iter().chain(&draft.roots);
        values.extend(made.map(|&n| fusion.graph.result(n)));
        values.extend(draft.loads().iter().map(|(value, _)| *value));
    }
    values.sort_unstable();
    values.dedup();
    values.len() <= fusion.abilities.buffers
}

/// The calls that several kernels of a group compute, each of which is dear: where storing is cheap
/// beside computing, each is better stored once and read by the others while it is near.
pub(super) fn worth_storing(fusion: &Fusion<'_>, steps: &[Step]) -> Vec<usize> {
    let mut wanted = Vec::new();
    for step in steps {
        let Some(rows) = &step.rows else { continue };
        let mut seen: Vec<usize> = Vec::new();
        for draft in step
            .drafts
            .iter()
            .filter_map(|&d| fusion.drafts[d].as_ref())
        {
            let mut members = fusion.body(draft).members;
            members.extend(fusion.prologue(draft).members);
            members.sort_unstable();
            members.dedup();
            for node in members {
                let whole = *fusion.graph.shape(node) == rows.shape;
                if whole && is_dear(&fusion.graph.call(node).op) && seen.contains(&node) {
                    wanted.push(node);
                }
                seen.push(node);
            }
        }
    }
    wanted
}

/// Whether computing an operation takes longer than storing its result and reading it again.
fn is_dear(op: &Op) -> bool {
    match op {
        Op::Random { .. } => true,
        Op::Point(op) => op.ulp() >= 2.0 && !matches!(op, PointOp::Div | PointOp::Sqrt),
        _ => false,
    }
}
