//! Sharing work among threads.

use std::sync::{Mutex, PoisonError};

/// Work that is worth a task of its own, in the unit of [`Code::cost`](super::code::Code::cost):
/// about ten times what it takes to wake a thread.
const GRAIN: usize = 1 << 18;

/// Elements of a task where each takes `cost`; a multiple of `step`. Depends on neither the number
/// of threads nor the time.
pub(super) fn grain(cost: usize, step: usize) -> usize {
    (GRAIN / cost.max(1)).next_multiple_of(step)
}

/// Does every task; the calling thread starts at once, and others that are idle join.
pub(super) fn each<T: Send>(
    tasks: impl ExactSizeIterator<Item = T> + Send,
    work: impl Fn(T) + Sync,
) {
    let helpers = (tasks.len().max(1) - 1).min(rayon::current_num_threads().max(1) - 1);
    if helpers == 0 {
        return tasks.for_each(work);
    }
    let queue = Mutex::new(tasks);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let drain = || {
        while let Some(task) = next() {
            work(task);
        }
    };
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| drain());
        }
        drain();
    });
}
