//! Batches made ahead on another thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::Dataset;
use super::loader::Plan;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

type Batch = Result<(Tensor, Tensor)>;

/// The near end of a thread that makes the batches of an epoch.
pub(super) struct Ahead {
    /// `None` once the thread is to end.
    batches: Option<Receiver<Batch>>,
    thread: Option<JoinHandle<()>>,
    /// Why there is no thread.
    failed: Option<Error>,
}

impl Ahead {
    /// Starts the thread, which keeps up to `ahead` batches ready, at least one.
    pub(super) fn start<D: Dataset + 'static>(data: Arc<D>, plan: Plan, ahead: usize) -> Self {
        // One more is in the thread's hands, waiting for a place.
        let (sender, batches) = sync_channel(ahead.saturating_sub(1));
        let thread = Builder::new().name("tilewise prefetch".into());
        let (thread, failed) = match thread.spawn(move || make(&*data, &plan, &sender)) {
            Ok(thread) => (Some(thread), None),
            Err(error) => {
                let message = format!("no thread to prefetch on: {error}");
                (None, Some(Error::value("Loader", message)))
            }
        };
        Self {
            batches: Some(batches),
            thread,
            failed,
        }
    }

    /// The next batch, when it is ready.
    pub(super) fn next(&mut self) -> Option<Batch> {
        match self.failed.take() {
            Some(error) => Some(Err(error)),
            None => self.batches.as_ref()?.recv().ok(),
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // The thread's next send fails, and it ends.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // It catches the panics of a set; none is left to tell of.
            let _ = thread.join();
        }
    }
}

/// Makes the batches one after another, until all are made or nobody wants more.
fn make<D: Dataset>(data: &D, plan: &Plan, sender: &SyncSender<Batch>) {
    for rows in plan.rows.chunks(plan.size) {
        // The set is not used again after a panic.
        let made = catch_unwind(AssertUnwindSafe(|| computed(data, rows)));
        let (batch, last) = match made {
            Ok(batch) => (batch, false),
            Err(panic) => {
                let words = words_of(&*panic);
                let message = format!("the thread that makes batches ahead panicked: {words}");
                (Err(Error::value("Loader", message)), true)
            }
        };
        if sender.send(batch).is_err() || last {
            return;
        }
    }
}

/// A batch whose computation has been started: what waits in this thread's queue would start only when it is used.
fn computed<D: Dataset>(data: &D, rows: &[usize]) -> Batch {
    let batch = data.batch(rows)?;
    batch.0.device().flush()?;
    batch.1.device().flush()?;
    Ok(batch)
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}
