//! Grouping calls into kernels.
//!
//! 1. A pointwise call is *stored* only if it must be: it outlives the batch, something needs it in
//!    another shape or layout, or recomputing it would cost too much. All others are computed inside
//!    each kernel that uses them.
//! 2. Every stored call starts a kernel of its own, in program order. A reduction computes its
//!    pointwise operand as a prologue.
//! 3. Map kernels that feed one another over the same shape are merged (several results each), and
//!    a short map kernel after a product or reduction becomes its epilogue.
//!
//! Everything here depends on the structure of the calls alone, never on time or on what is
//! compiled, so that a program gives the same kernels and the same bits each run.

mod merge;
mod stored;

use super::graph::{Graph, Input};
use super::rows::{self, Step};
use super::{Abilities, RowGroups};
use crate::layout::Layout;
use crate::op::Op;
use crate::shape::Shape;

/// The most operations in one program.
const MAX_OPS: usize = 24;

/// A kernel in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The reduction or product whose result the body starts from.
    pub(super) core: Option<usize>,
    /// The calls whose results the kernel stores, in program order; not the core.
    pub(super) roots: Vec<usize>,
    /// For one of several kernels that store a value together: the call, and the part of its result.
    pub(super) piece: Option<(usize, Piece)>,
    /// All that it reads.
    loads: Vec<Load>,
}

/// A part of a value that several kernels store, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The operand of that number: in its region, or under a scatter.
    Operand(usize),
    /// What a scatter puts to places.
    Updates,
}

impl Draft {
    pub(super) fn loads(&self) -> &[Load] {
        &self.loads
    }

    fn new(core: Option<usize>, roots: Vec<usize>) -> Self {
        Self {
            core,
            roots,
            piece: None,
            loads: vec![],
        }
    }

    fn piece(call: usize, piece: Piece) -> Self {
        Self {
            core: None,
            roots: vec![],
            piece: Some((call, piece)),
            loads: vec![],
        }
    }
}

/// What a kernel reads: a value through a layout.
pub(super) type Load = (usize, Layout);

/// The calls computed inside a kernel and what they read.
#[derive(Default)]
pub(super) struct Cone {
    /// In program order.
    pub(super) members: Vec<usize>,
    pub(super) loads: Vec<Load>,
}

pub(super) struct Fusion<'a> {
    pub(super) graph: &'a Graph,
    /// Whether the call's result is not inlined into its users.
    stored: Vec<bool>,
    pub(super) drafts: Vec<Option<Draft>>,
    /// The draft that stores or computes each stored call.
    home: Vec<usize>,
    pub(super) abilities: Abilities,
}

/// The kernels of a batch in the order they run, and the groups of them that may run row by row.
pub(super) fn group(graph: &Graph, abilities: Abilities) -> (Fusion<'_>, Vec<Step>) {
    let fusion = Fusion::new(graph, abilities, &[]);
    if abilities.rows == RowGroups::None {
        let steps = rows::alone(&fusion);
        return (fusion, steps);
    }
    let steps = rows::steps(&fusion);
    let dear = match abilities.rows {
        RowGroups::Stored => rows::worth_storing(&fusion, &steps),
        _ => vec![],
    };
    if dear.is_empty() {
        return (fusion, steps);
    }
    let fusion = Fusion::new(graph, abilities, &dear);
    let steps = rows::steps(&fusion);
    (fusion, steps)
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

impl<'a> Fusion<'a> {
    fn new(graph: &'a Graph, abilities: Abilities, wanted: &[usize]) -> Self {
        let mut fusion = Self {
            graph,
            stored: stored::choose(graph, abilities.buffers, wanted),
            drafts: Vec::new(),
            home: vec![usize::MAX; graph.len()],
            abilities,
        };
        fusion.draft();
        fusion.merge_maps();
        fusion.fold_epilogues();
        fusion
    }

    /// The draft that makes the result of a stored call.
    pub(super) fn home(&self, call: usize) -> usize {
        self.home[call]
    }

    /// The values whose places an index chooses in a draft: read anywhere, though a layout may not
    /// tell.
    pub(super) fn gathered(&self, draft: &Draft) -> Vec<usize> {
        let members = [self.body(draft).members, self.prologue(draft).members].concat();
        let source = |n: usize| match self.graph.inputs(n) {
            [Input::Value(value, _), ..] if self.graph.call(n).op.reads_anywhere(0) => Some(*value),
            _ => None,
        };
        members.into_iter().filter_map(source).collect()
    }

    fn draft(&mut self) {
        let graph = self.graph;
        for n in 0..graph.len() {
            if !graph.live[n] || !self.stored[n] {
                continue;
            }
            match &graph.call(n).op {
                Op::Assemble { regions } => {
                    for i in 0..regions.len() {
                        self.push(Draft::piece(n, Piece::Operand(i)));
                    }
                }
                Op::Scatter(_) => {
                    self.push(Draft::piece(n, Piece::Operand(0)));
                    self.push(Draft::piece(n, Piece::Updates));
                }
                Op::Compress => self.push(Draft::piece(n, Piece::Updates)),
                op if op.is_core() => self.push(Draft::new(Some(n), vec![])),
                _ => self.push(Draft::new(None, vec![n])),
            }
            self.home[n] = self.drafts.len() - 1;
        }
    }

    /// Whether a draft stores all of its results, and not a part of one.
    pub(super) fn stores_whole(&self, draft: &Draft) -> bool {
        match draft.piece {
            Some((n, Piece::Operand(i))) => match &self.graph.call(n).op {
                Op::Assemble { regions } => regions[i].is_whole(self.graph.shape(n)),
                _ => true,
            },
            Some((_, Piece::Updates)) => false,
            None => true,
        }
    }

    fn push(&mut self, mut draft: Draft) {
        draft.loads = self.loads(&draft);
        self.drafts.push(Some(draft));
    }

    /// The iteration shape of a draft's body.
    pub(super) fn shape(&self, draft: &Draft) -> &Shape {
        let operand = |call: usize, i: usize| match &self.graph.inputs(call)[i] {
            Input::Value(_, layout) => Some(layout.shape()),
            Input::Scalar(..) => None,
        };
        match (draft.core, draft.piece) {
            (_, Some((call, Piece::Operand(i)))) => match &self.graph.call(call).op {
                Op::Assemble { regions } => regions[i].shape(),
                _ => self.graph.shape(call),
            },
            (_, Some((call, Piece::Updates))) => {
                let updates = self.graph.call(call).op.updates();
                match updates.and_then(|(places, _)| operand(call, places)) {
                    Some(shape) => shape,
                    None => unreachable!("the places of a scatter are stored"),
                }
            }
            (Some(core), None) => self.graph.shape(core),
            (None, None) => self.graph.shape(draft.roots[0]),
        }
    }

    /// The calls that the kernel computes pointwise in its body, and the body's loads.
    pub(super) fn body(&self, draft: &Draft) -> Cone {
        let mut cone = Cone::default();
        match draft.piece {
            Some((call, Piece::Operand(i))) => self.visit_operand(call, i, draft, &mut cone),
            Some((call, Piece::Updates)) => {
                if let Some((places, values)) = self.graph.call(call).op.updates() {
                    self.visit_operand(call, places, draft, &mut cone);
                    self.visit_operand(call, values, draft, &mut cone);
                }
            }
            None => {
                for &root in &draft.roots {
                    self.visit(root, draft, &mut cone);
                }
            }
        }
        cone.members.sort_unstable();
        cone
    }

    /// The calls computed before a reduction, and what it or a product loads.
    pub(super) fn prologue(&self, draft: &Draft) -> Cone {
        let mut cone = Cone::default();
        let Some(core) = draft.core else { return cone };
        let alone = Draft::new(None, vec![]);
        for operand in 0..self.graph.inputs(core).len() {
            self.visit_operand(core, operand, &alone, &mut cone);
        }
        cone.members.sort_unstable();
        cone
    }

    fn visit(&self, node: usize, draft: &Draft, cone: &mut Cone) {
        // Chains are cut at MAX_OPS, so that this recursion is shallow.
        if cone.members.contains(&node) {
            return;
        }
        for operand in 0..self.graph.inputs(node).len() {
            self.visit_operand(node, operand, draft, cone);
        }
        cone.members.push(node);
    }

    fn visit_operand(&self, node: usize, operand: usize, draft: &Draft, cone: &mut Cone) {
        let Input::Value(value, layout) = &self.graph.inputs(node)[operand] else {
            return;
        };
        if let Some(maker) = self.graph.direct(node, operand)
            && draft.core == Some(maker)
            && self.graph.shape(node) == self.graph.shape(maker)
        {
            return;
        }
        if self.graph.numbering(node, operand).is_some() {
            return;
        }
        match self.graph.inlinable(node, operand) {
            Some(maker) if !self.stored[maker] || draft.roots.contains(&maker) => {
                self.visit(maker, draft, cone);
            }
            _ => push_new(&mut cone.loads, (*value, layout.clone())),
        }
    }

    /// All loads of a draft.
    fn loads(&self, draft: &Draft) -> Vec<Load> {
        let mut loads = self.prologue(draft).loads;
        loads.extend(self.body(draft).loads);
        loads
    }

    /// The drafts whose results a draft loads; always earlier ones.
    pub(super) fn deps(&self, draft: &Draft) -> Vec<usize> {
        let mut deps = Vec::new();
        for (value, _) in &draft.loads {
            if let Some(maker) = self.graph.maker[*value] {
                push_new(&mut deps, self.home[maker]);
            }
        }
        deps
    }

    /// The calls whose results each draft must write, in the order of its stores.
    pub(super) fn stores(&self) -> Vec<Vec<usize>> {
        let mut wanted = vec![false; self.graph.len()];
        for draft in self.drafts.iter().flatten() {
            for (value, _) in &draft.loads {
                if let Some(maker) = self.graph.maker[*value] {
                    wanted[maker] = true;
                }
            }
        }
        let stores = |draft: &Option<Draft>| {
            let Some(draft) = draft else { return vec![] };
            let kept = |n: &usize| wanted[*n] || self.graph.alive(*n);
            draft
                .core
                .iter()
                .chain(&draft.roots)
                .copied()
                .filter(kept)
                .collect()
        };
        self.drafts.iter().map(stores).collect()
    }
}
