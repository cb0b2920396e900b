//! Sharing work among threads.

use std::sync::{Mutex, PoisonError};

use super::threads;

/// Work that is worth a task of its own, in the unit of [`Code::cost`](super::code::Code::cost): some
/// 30 µs, a few times what it takes to wake a thread.
const GRAIN: usize = 1 << 19;

/// Elements of each task, a multiple of `step`, where there are `len` elements and each takes `cost`.
/// Depends on neither the number of threads nor the time.
pub(super) fn share(len: usize, cost: usize, step: usize) -> usize {
    let tasks = (len.saturating_mul(cost) / GRAIN).max(1);
    len.div_ceil(tasks).next_multiple_of(step)
}

/// Does every task; the calling thread starts at once, and others that are idle join.
pub(super) fn each<T: Send>(
    tasks: impl ExactSizeIterator<Item = T> + Send,
    work: impl Fn(T) + Sync,
) {
    let helpers = tasks.len().max(1) - 1;
    if helpers == 0 {
        return tasks.for_each(work);
    }
    let queue = Mutex::new(tasks);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    threads::share(helpers, &|| {
        while let Some(task) = next() {
            work(task);
        }
    });
}
