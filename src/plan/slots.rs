//! Assigning buffers by liveness.
//!
//! A temporary takes a slot that is free again. A result takes the slot of an operand that dies in its
//! kernel, where each element of the operand is read only by the invocation that writes the result
//! there: an optimiser's step needs no second copy of the model.

use super::fuse::{Draft, Fusion};
use super::graph::Graph;
use super::lower::lower;
use super::rows::{Group, Step};
use super::{Kernel, Plan, Slot};
use crate::dtype::{Bools, DType};

/// Writes the plan of the grouped kernels.
pub(super) fn assign(
    graph: &Graph,
    fusion: &Fusion<'_>,
    steps: &[Step],
    bools: Bools,
    id: u64,
) -> Plan {
    let stores = fusion.stores();
    // Values a kernel touches, in the order of the steps, and the last kernel that touches each.
    let touched: Vec<Vec<usize>> = steps
        .iter()
        .flat_map(|step| &step.drafts)
        .map(|&d| {
            let Some(draft) = &fusion.drafts[d] else {
                return vec![];
            };
            let stores = &stores[d];
            let mut values: Vec<usize> = draft.loads().iter().map(|(v, _)| *v).collect();
            values.extend(stores.iter().map(|&n| graph.result(n)));
            values.extend(draft.piece.map(|(call, _)| graph.result(call)));
            values
        })
        .collect();
    let mut last = vec![0; graph.values()];
    for (k, values) in touched.iter().enumerate() {
        values.iter().for_each(|&v| last[v] = k);
    }

    let mut slots: Vec<Slot> = Vec::new();
    let mut slot_of = vec![usize::MAX; graph.values()];
    let mut free: Vec<usize> = Vec::new();
    let mut kernels: Vec<Kernel> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut first = 0;
    for step in steps {
        let begun = kernels.len();
        // Within a group a row of one kernel may come before another row of a kernel before it, so
        // that slots are free again only after all of them.
        let mut freed: Vec<usize> = Vec::new();
        for (k, &d) in (first..).zip(&step.drafts) {
            let Some(draft) = &fusion.drafts[d] else {
                continue;
            };
            // Operands have their slots by now, unless they come from outside.
            for &value in &touched[k] {
                if graph.maker[value].is_none() && slot_of[value] == usize::MAX {
                    slot_of[value] = slots.len();
                    slots.push(Slot {
                        words: graph.words(value),
                        input: Some(value),
                        written: false,
                    });
                }
            }
            let mut given: Vec<usize> = Vec::new();
            for &value in &touched[k] {
                if slot_of[value] != usize::MAX {
                    continue;
                }
                let words = graph.words(value);
                let donor = donors(graph, fusion, draft, step).into_iter().find(|&d| {
                    last[d] == k
                        && !given.contains(&d)
                        // A binding has one type.
                        && graph.dtype(d) == graph.dtype(value)
                        && graph.words(d) == words
                });
                if let Some(donor) = donor {
                    given.push(donor);
                    slot_of[value] = slot_of[donor];
                    slots[slot_of[donor]].written = true;
                    continue;
                }
                let temporary = graph.maker[value].is_some_and(|n| !graph.alive(n));
                // A temporary takes the tightest freed slot of at most twice its size.
                let reuse = (0..free.len())
                    .filter(|&i| temporary && (words..=2 * words).contains(&slots[free[i]].words))
                    .min_by_key(|&i| slots[free[i]].words);
                slot_of[value] = match reuse {
                    Some(i) => free.swap_remove(i),
                    None => {
                        slots.push(Slot {
                            words,
                            input: None,
                            written: true,
                        });
                        slots.len() - 1
                    }
                };
            }
            let kernel = lower(fusion, draft, &stores[d], &|value| slot_of[value]);
            if kernel.stores.is_empty() {
                continue;
            }
            debug_assert!(one_type_a_slot(&kernel), "{kernel:#?}");
            if !kernel.keeps_all() {
                kernels.push(kernel);
            }
            let mut seen: Vec<usize> = given;
            for &value in &touched[k] {
                let temporary = graph.maker[value].is_some_and(|n| !graph.alive(n));
                if temporary && last[value] == k && !seen.contains(&value) {
                    seen.push(value);
                    freed.push(slot_of[value]);
                }
            }
        }
        first += step.drafts.len();
        free.extend(freed);
        if let Some(rows) = &step.rows
            && kernels.len() > begun + 1
        {
            groups.push(Group {
                kernels: begun..kernels.len(),
                rows: rows.clone(),
            });
        }
    }
    let outputs = (0..graph.values())
        .filter(|&v| graph.maker[v].is_some_and(|n| graph.alive(n)))
        .map(|v| (v, slot_of[v]))
        .collect();
    Plan {
        id,
        kernels,
        groups,
        slots,
        bools,
        outputs,
    }
}

/// Whether a kernel reads and stores each slot as one dtype, as a binding has one type.
fn one_type_a_slot(kernel: &Kernel) -> bool {
    let bodies = [
        Some(&kernel.body),
        kernel.core.prologue().map(|(body, _)| body),
    ];
    let streams = bodies.into_iter().flatten().flat_map(|body| &body.streams);
    let reads = streams.filter_map(|s| Some((s.slot?, s.dtype)));
    let uses = reads.chain(kernel.stores.iter().map(|s| (s.slot, s.dtype)));
    let mut seen: Vec<(usize, DType)> = Vec::new();
    uses.into_iter().all(|(slot, dtype)| {
        let before = seen.iter().find(|(s, _)| *s == slot);
        let same = before.is_none_or(|(_, d)| *d == dtype);
        seen.push((slot, dtype));
        same
    })
}

/// The operands of a draft whose slots its results may take, were this their last use: read in place
/// by the body alone, and held by nobody outside. In a group, where rows of several kernels take
/// turns, all of them must read the operand row for row.
fn donors(graph: &Graph, fusion: &Fusion<'_>, draft: &Draft, step: &Step) -> Vec<usize> {
    if !fusion.stores_whole(draft) {
        return vec![];
    }
    let shape = fusion.shape(draft);
    let body = fusion.body(draft).loads;
    let before = fusion.prologue(draft).loads;
    let gathered = fusion.gathered(draft);
    let in_place = |value: usize| {
        let here = body.iter().filter(|(v, _)| *v == value);
        here.into_iter()
            .all(|(_, l)| l.is_identity() && l.shape() == shape)
            && before.iter().all(|(v, _)| *v != value)
    };
    body.iter()
        .map(|(v, _)| *v)
        .filter(|v| !graph.held(*v) && !gathered.contains(v) && in_place(*v))
        .filter(|v| step.reads_rows(fusion, *v))
        .collect()
}
