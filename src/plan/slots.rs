//! Assigning buffers by liveness.

use super::fuse::Fusion;
use super::lower::lower;
use super::{Kernel, Plan, Slot};

/// Writes the plan of the grouped kernels.
pub(super) fn assign(graph: &super::graph::Graph<'_>, fusion: &Fusion<'_>, id: u64) -> Plan {
    let stores = fusion.stores();
    // Values a kernel touches, and the last kernel that touches each.
    let touched: Vec<Vec<usize>> = fusion
        .drafts
        .iter()
        .zip(&stores)
        .map(|(draft, stores)| {
            let Some(draft) = draft else { return vec![] };
            let mut values: Vec<usize> = draft.loads().iter().map(|(v, _)| *v).collect();
            values.extend(stores.iter().map(|&n| graph.result(n)));
            values.extend(draft.region.map(|(call, _)| graph.result(call)));
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
    for (k, draft) in fusion.drafts.iter().enumerate() {
        let Some(draft) = draft else { continue };
        for &value in &touched[k] {
            if slot_of[value] != usize::MAX {
                continue;
            }
            let words = graph.words(value);
            let temporary = graph.maker[value].is_some_and(|n| !graph.alive(n));
            let input = graph.maker[value].is_none().then_some(value);
            // A temporary takes the tightest freed slot of at most twice its size.
            let reuse = (0..free.len())
                .filter(|&i| temporary && (words..=2 * words).contains(&slots[free[i]].words))
                .min_by_key(|&i| slots[free[i]].words);
            slot_of[value] = match reuse {
                Some(i) => free.swap_remove(i),
                None => {
                    slots.push(Slot { words, input });
                    slots.len() - 1
                }
            };
        }
        let kernel = lower(fusion, draft, &stores[k], &|value| slot_of[value]);
        if kernel.stores.is_empty() {
            continue;
        }
        kernels.push(kernel);
        let mut seen: Vec<usize> = Vec::new();
        for &value in &touched[k] {
            let temporary = graph.maker[value].is_some_and(|n| !graph.alive(n));
            if temporary && last[value] == k && !seen.contains(&value) {
                seen.push(value);
                free.push(slot_of[value]);
            }
        }
    }
    let outputs = (0..graph.values())
        .filter(|&v| graph.maker[v].is_some_and(|n| graph.alive(n)))
        .map(|v| (v, slot_of[v]))
        .collect();
    Plan {
        id,
        kernels,
        slots,
        outputs,
    }
}
