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

use super::graph::{Graph, Input};
use super::rows::{self, Step};
use super::{Abilities, RowGroups};
use crate::layout::Layout;
use crate::op::Op;
use crate::shape::Shape;

/// The most operations in one program.
const MAX_OPS: usize = 24;
/// The most operations in the epilogue of a product, where each thread holds many results.
const MAX_EPILOGUE: usize = 8;
/// A chain longer than this is stored rather than computed once for each of its users.
const MAX_RECOMPUTED: usize = 8;

/// A kernel in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The reduction or product whose result the body starts from.
    pub(super) core: Option<usize>,
    /// The calls whose results the kernel stores, in program order; not the core.
    pub(super) roots: Vec<usize>,
    /// For one region of an assembled value: the call and the region's number; `None` for the zeros
    /// under the regions.
    pub(super) region: Option<(usize, Option<usize>)>,
    /// All that it reads.
    loads: Vec<Load>,
}

impl Draft {
    pub(super) fn loads(&self) -> &[Load] {
        &self.loads
    }

    fn new(core: Option<usize>, roots: Vec<usize>) -> Self {
        Self {
            core,
            roots,
            region: None,
            loads: vec![],
        }
    }

    fn region(call: usize, number: Option<usize>) -> Self {
        Self {
            core: None,
            roots: vec![],
            region: Some((call, number)),
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

/// Decides which pointwise calls are stored, besides those that are `wanted`.
fn choose_stored(graph: &Graph, buffers: usize, wanted: &[usize]) -> Vec<bool> {
    let needs =
        |n: usize| graph.alive(n) || !graph.call(n).op.is_pointwise() || wanted.contains(&n);
    let mut stored: Vec<bool> = (0..graph.len())
        .map(|n| graph.live[n] && needs(n))
        .collect();
    let mut users = vec![0usize; graph.len()];
    for n in (0..graph.len()).filter(|&n| graph.live[n]) {
        for operand in 0..graph.inputs(n).len() {
            if let Input::Value(value, _) = graph.inputs(n)[operand]
                && let Some(maker) = graph.maker[value]
            {
                users[maker] += 1;
                stored[maker] |=
                    graph.inlinable(n, operand).is_none() && graph.numbering(n, operand).is_none();
            }
        }
    }
    // Sizes grow along chains; where a chain would grow past a limit it is cut at its longest arm.
    let most_loads = (buffers - 2).max(3);
    let mut ops = vec![0usize; graph.len()];
    // Chains that start at a product or reduction nobody else reads: stored as its epilogue, they
    // save the write of what they start from.
    let mut epilogue = vec![false; graph.len()];
    let mut loads: Vec<Vec<Load>> = vec![Vec::new(); graph.len()];
    for n in (0..graph.len()).filter(|&n| graph.live[n]) {
        if matches!(graph.call(n).op, Op::Matmul { .. }) {
            continue;
        }
        // Each region of an assembled value is a kernel of its own.
        if matches!(graph.call(n).op, Op::Assemble { .. }) {
            continue;
        }
        loop {
            let mut total = 1;
            let mut reads: Vec<Load> = Vec::new();
            let mut longest = None;
            for operand in 0..graph.inputs(n).len() {
                if graph.numbering(n, operand).is_some() {
                    continue;
                }
                match graph.inlinable(n, operand).filter(|&m| !stored[m]) {
                    Some(maker) => {
                        total += ops[maker];
                        for load in &loads[maker] {
                            push_new(&mut reads, load.clone());
                        }
                        if longest.is_none_or(|l| ops[maker] > ops[l]) {
                            longest = Some(maker);
                        }
                    }
                    None => {
                        if let Input::Value(v, layout) = &graph.inputs(n)[operand] {
                            push_new(&mut reads, (*v, layout.clone()));
                        }
                    }
                }
            }
            let fits = total <= MAX_OPS && reads.len() <= most_loads;
            match longest {
                Some(longest) if !fits => stored[longest] = true,
                _ => {
                    (ops[n], loads[n]) = (total, reads);
                    break;
                }
            }
        }
        epilogue[n] = (0..graph.inputs(n).len()).any(|operand| {
            graph.direct(n, operand).is_some_and(|m| {
                let core = matches!(graph.call(m).op, Op::Matmul { .. } | Op::Reduce { .. });
                let continues = epilogue[m] && !stored[m];
                (core || continues) && users[m] == 1 && graph.shape(m) == graph.shape(n)
            })
        });
        if users[n] > 1 && (ops[n] > MAX_RECOMPUTED || epilogue[n]) {
            stored[n] = true;
        }
    }
    stored
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
            stored: choose_stored(graph, abilities.buffers, wanted),
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
        let source = |n: usize| match (&self.graph.call(n).op, self.graph.inputs(n)) {
            (Op::Gather(_), [Input::Value(value, _), ..]) => Some(*value),
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
                    let covered: usize = regions.iter().map(|r| r.shape().size()).sum();
                    if covered < graph.shape(n).size() {
                        self.push(Draft::region(n, None));
                    }
                    for i in 0..regions.len() {
                        self.push(Draft::region(n, Some(i)));
                    }
                }
                Op::Reduce { .. } | Op::Matmul { .. } => {
                    self.push(Draft::new(Some(n), vec![]));
                }
                _ => self.push(Draft::new(None, vec![n])),
            }
            self.home[n] = self.drafts.len() - 1;
        }
    }

    fn push(&mut self, mut draft: Draft) {
        draft.loads = self.loads(&draft);
        self.drafts.push(Some(draft));
    }

    /// The iteration shape of a draft's body.
    pub(super) fn shape(&self, draft: &Draft) -> &Shape {
        match (draft.core, draft.region) {
            (_, Some((call, None))) => self.graph.shape(call),
            (_, Some((call, Some(i)))) => match &self.graph.inputs(call)[i] {
                Input::Value(_, layout) => layout.shape(),
                Input::Scalar(..) => match &self.graph.call(call).op {
                    Op::Assemble { regions } => regions[i].shape(),
                    _ => unreachable!("only an assembled value has regions"),
                },
            },
            (Some(core), None) => self.graph.shape(core),
            (None, None) => self.graph.shape(draft.roots[0]),
        }
    }

    /// The calls that the kernel computes pointwise in its body, and the body's loads.
    pub(super) fn body(&self, draft: &Draft) -> Cone {
        let mut cone = Cone::default();
        match draft.region {
            Some((call, Some(i))) => self.visit_operand(call, i, draft, &mut cone),
            Some((_, None)) => {}
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

    /// Whether a draft fits the limits of a kernel.
    fn fits(&self, draft: &Draft, most_ops: usize) -> bool {
        let body = self.body(draft);
        let loads = body.loads.len() + self.prologue(draft).loads.len();
        // Every root might have to be stored, and the core too.
        let stores = draft.roots.len() + draft.core.is_some() as usize;
        body.members.len() <= most_ops && loads + stores <= self.abilities.buffers
    }

    /// Whether a draft loads a result of its own: used in place a result is a register, but through
    /// a view it must have been stored by a kernel before.
    fn reads_itself(&self, draft: &Draft) -> bool {
        self.loads(draft).iter().any(|(value, _)| {
            let maker = self.graph.maker[*value];
            maker.is_some_and(|m| draft.core == Some(m) || draft.roots.contains(&m))
        })
    }

    fn merge_maps(&mut self) {
        for k in 0..self.drafts.len() {
            while let Some(current) = self.drafts[k].clone() {
                if current.core.is_some() || current.region.is_some() {
                    break;
                }
                let deps = self.deps(&current);
                let joined = deps.iter().rev().find_map(|&j| {
                    let earlier = self.drafts[j].as_ref()?;
                    let same = earlier.core.is_none()
                        && earlier.region.is_none()
                        && j != k
                        && self.shape(earlier) == self.shape(&current);
                    if !same {
                        return None;
                    }
                    let mut roots = [earlier.roots.clone(), current.roots.clone()].concat();
                    roots.sort_unstable();
                    let merged = Draft::new(None, roots);
                    if self.reads_itself(&merged) || !self.fits(&merged, MAX_OPS) {
                        return None;
                    }
                    // Down to the later place, or up to the earlier one.
                    let between = || (j + 1..k).filter_map(|i| self.drafts[i].as_ref());
                    if !between().any(|d| self.deps(d).contains(&j)) {
                        Some((merged, k, j))
                    } else if deps.iter().all(|&d| d <= j) {
                        Some((merged, j, k))
                    } else {
                        None
                    }
                });
                let Some((merged, to, from)) = joined else {
                    break;
                };
                self.place(merged, to, from);
                if to != k {
                    break;
                }
            }
        }
    }

    fn place(&mut self, mut draft: Draft, to: usize, from: usize) {
        draft.loads = self.loads(&draft);
        for &root in &draft.roots {
            self.home[root] = to;
        }
        self.drafts[from] = None;
        self.drafts[to] = Some(draft);
    }

    fn fold_epilogues(&mut self) {
        for c in 0..self.drafts.len() {
            let Some(core) = self.drafts[c].as_ref().and_then(|d| d.core) else {
                continue;
            };
            let most_ops = match self.graph.call(core).op {
                Op::Matmul { .. } => MAX_EPILOGUE,
                _ => MAX_OPS,
            };
            for k in c + 1..self.drafts.len() {
                let Some(later) = &self.drafts[k] else {
                    continue;
                };
                if later.core.is_some()
                    || later.region.is_some()
                    || self.shape(later) != self.graph.shape(core)
                {
                    continue;
                }
                let deps = self.deps(later);
                if !deps.contains(&c) || deps.iter().any(|&d| d > c) {
                    continue;
                }
                let mut roots = self.drafts[c].as_ref().map_or(vec![], |d| d.roots.clone());
                roots.extend(&later.roots);
                let merged = Draft::new(Some(core), roots);
                if !self.reads_itself(&merged) && self.fits(&merged, most_ops) {
                    self.place(merged, c, k);
                }
            }
        }
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
