//! The plans made so far, found by the structure of the calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::key::Batch;
use super::{Plan, fuse, graph::Graph, slots};
use crate::exec::Limits;

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
    pub(crate) fn get(&self, batch: &Batch<'_>, limits: &Limits) -> Arc<Plan> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = plans.get_mut(batch.key.as_slice()) {
                entry.used = now;
                self.hits.fetch_add(1, Ordering::Relaxed);
                return entry.plan.clone();
            }
        }
        self.made.fetch_add(1, Ordering::Relaxed);
        let plan = Arc::new(build(batch, limits));
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
            batch.key.clone().into(),
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

fn build(batch: &Batch<'_>, limits: &Limits) -> Plan {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let graph = Graph::new(batch);
    let drafts = fuse::group(&graph, limits);
    slots::assign(&graph, &drafts, NEXT.fetch_add(1, Ordering::Relaxed))
}
