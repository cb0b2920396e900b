//! The plans made so far, found by the structure of the calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{Abilities, Graph, Plan, fuse, slots};

/// Plans kept; beyond this the one unused for longest goes.
const CAPACITY: usize = 256;

#[derive(Default)]
pub(crate) struct PlanCache {
    plans: Mutex<FxHashMap<Box<[u64]>, Entry>>,
    clock: AtomicU64,
    made: AtomicU64,
    hits: AtomicU64,
}

struct Entry {
    plan: Arc<Plan>,
    used: u64,
}

impl PlanCache {
    /// The plan for calls of the structure that the key writes down; `graph` gives the calls.
    pub(crate) fn get(
        &self,
        key: &[u64],
        abilities: Abilities,
        graph: impl FnOnce() -> Graph,
    ) -> Arc<Plan> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = plans.get_mut(key) {
                entry.used = now;
                self.hits.fetch_add(1, Ordering::Relaxed);
                return entry.plan.clone();
            }
        }
        self.made.fetch_add(1, Ordering::Relaxed);
        let plan = Arc::new(build(&graph(), abilities));
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= CAPACITY
            && let Some(oldest) = plans
                .iter()
                .min_by_key(|(_, e)| e.used)
                .map(|(k, _)| k.clone())
        {
            plans.remove(&oldest);
        }
        plans.insert(
            key.into(),
            Entry {
                plan: plan.clone(),
                used: now,
            },
        );
        plan
    }

    /// Plans made, and lookups that found one.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (
            self.made.load(Ordering::Relaxed),
            self.hits.load(Ordering::Relaxed),
        )
    }
}

fn build(graph: &Graph, abilities: Abilities) -> Plan {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (fusion, steps) = fuse::group(graph, abilities);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    slots::assign(graph, &fusion, &steps, abilities.bools, id)
}
