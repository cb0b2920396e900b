//! Which calls are stored, and which are computed inside the kernels that use them.

use super::{Load, MAX_OPS, push_new};
use crate::op::Op;
use crate::plan::graph::{Graph, Input};

/// A chain longer than this is stored rather than computed once for each of its users.
const MAX_RECOMPUTED: usize = 8;

/// Decides which pointwise calls are stored, besides those that are `wanted`.
pub(super) fn choose(graph: &Graph, buffers: usize, wanted: &[usize]) -> Vec<bool> {
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
        // Each region of an assembled value is a kernel of its own.
        if matches!(graph.call(n).op, Op::Matmul { .. } | Op::Assemble { .. }) {
            continue;
        }
        (ops[n], loads[n]) = loop {
            let chain = Chain::of(graph, n, &stored, &ops, &loads);
            let bound = chain.loads.len() + graph.call(n).op.buffers();
            let fits = chain.ops <= MAX_OPS && bound <= most_loads;
            match chain.longest {
                Some(longest) if !fits => stored[longest] = true,
                _ => break (chain.ops, chain.loads),
            }
        };
        epilogue[n] = (0..graph.inputs(n).len()).any(|operand| {
            graph.direct(n, operand).is_some_and(|m| {
                let core = graph.call(m).op.is_core();
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

/// What is computed inside a kernel for a call, the call with it.
struct Chain {
    ops: usize,
    loads: Vec<Load>,
    /// The operand with the most operations, among those that are not stored.
    longest: Option<usize>,
}

impl Chain {
    /// `ops` and `loads` are those of the calls before.
    fn of(graph: &Graph, n: usize, stored: &[bool], ops: &[usize], loads: &[Vec<Load>]) -> Self {
        let mut chain = Self {
            ops: 1,
            loads: Vec::new(),
            longest: None,
        };
        for operand in 0..graph.inputs(n).len() {
            if graph.numbering(n, operand).is_some() {
                continue;
            }
            if let Some(maker) = graph.inlinable(n, operand).filter(|&m| !stored[m]) {
                chain.ops += ops[maker];
                for load in &loads[maker] {
                    push_new(&mut chain.loads, load.clone());
                }
                if chain.longest.is_none_or(|l| ops[maker] > ops[l]) {
                    chain.longest = Some(maker);
                }
            } else if let Input::Value(value, layout) = &graph.inputs(n)[operand] {
                push_new(&mut chain.loads, (*value, layout.clone()));
            }
        }
        chain
    }
}
