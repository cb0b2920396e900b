//! Merging drafts: maps with one another, and into the products and reductions they follow.

use super::{Draft, Fusion, MAX_OPS};
use crate::op::Op;

/// The most operations in the epilogue of a product, where each thread holds many results.
const MAX_EPILOGUE: usize = 8;

impl Fusion<'_> {
    /// Merges maps that feed one another over the same shape.
    pub(super) fn merge_maps(&mut self) {
        for k in 0..self.drafts.len() {
            while let Some(current) = self.drafts[k].clone() {
                if current.core.is_some() || current.piece.is_some() {
                    break;
                }
                let deps = self.deps(&current);
                let joined = deps.iter().rev().find_map(|&j| {
                    let earlier = self.drafts[j].as_ref()?;
                    let same = earlier.core.is_none()
                        && earlier.piece.is_none()
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

    /// Makes short maps the epilogues of the cores they follow.
    pub(super) fn fold_epilogues(&mut self) {
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
                    || later.piece.is_some()
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

    /// Whether a draft fits the limits of a kernel.
    fn fits(&self, draft: &Draft, most_ops: usize) -> bool {
        let body = self.body(draft);
        let loads = body.loads.len() + self.prologue(draft).loads.len();
        // Every root might have to be stored, and the core too.
        let stores = draft.roots.len() + draft.core.is_some() as usize;
        let scratch = draft
            .core
            .map_or(0, |core| self.graph.call(core).op.buffers());
        body.members.len() <= most_ops && loads + stores + scratch <= self.abilities.buffers
    }

    /// Whether a draft loads a result of its own: used in place a result is a register, but through
    /// a view it must have been stored by a kernel before.
    fn reads_itself(&self, draft: &Draft) -> bool {
        self.loads(draft).iter().any(|(value, _)| {
            let maker = self.graph.maker[*value];
            maker.is_some_and(|m| draft.core == Some(m) || draft.roots.contains(&m))
        })
    }
}
