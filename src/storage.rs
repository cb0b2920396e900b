//! Storages: the values that calls produce and tensors view.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::dtype::{DType, words};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::{BufferId, Executor};

/// A one-dimensional run of elements on a device: recorded, computed, or failed.
pub(crate) struct Storage {
    executor: Arc<dyn Executor>,
    dtype: DType,
    len: usize,
    state: Mutex<State>,
}

/// Where a recorded value waits to be computed.
pub(crate) trait Pending: Send + Sync {
    /// Computes all that waits; a failure is told by the storages it concerns.
    fn flush(&self);
}

/// How far the value of a storage has come.
#[derive(Clone)]
pub(crate) enum State {
    /// Recorded in a queue that has not been flushed.
    Pending(Weak<dyn Pending>),
    /// In the device's memory, or on its way there in program order.
    Ready(BufferId),
    /// Its buffer now holds the result of an operation that was its last use.
    Given,
    /// The batch that should have computed it failed.
    Failed(Error),
}

impl Storage {
    pub(crate) fn new(executor: Arc<dyn Executor>, dtype: DType, len: usize, state: State) -> Self {
        Self {
            executor,
            dtype,
            len,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// 32-bit words of memory.
    pub(crate) fn words(&self) -> usize {
        words(self.len, self.dtype)
    }

    pub(crate) fn state(&self) -> State {
        self.lock().clone()
    }

    pub(crate) fn set(&self, state: State) {
        *self.lock() = state;
    }

    /// The queue the value waits in, if it does.
    pub(crate) fn pending(&self) -> Option<Weak<dyn Pending>> {
        match &*self.lock() {
            State::Pending(queue) => Some(queue.clone()),
            _ => None,
        }
    }

    /// The buffer, after flushing the queue the value waits in.
    #[track_caller]
    pub(crate) fn ready(&self) -> Result<BufferId> {
        if let Some(queue) = self.pending().and_then(|q| q.upgrade()) {
            queue.flush();
        }
        match self.state() {
            State::Ready(buffer) => Ok(buffer),
            // What a call asked for is told at its line, a fault of the device where it is met.
            State::Failed(error) => Err(match error.kind() {
                ErrorKind::Index { .. } | ErrorKind::TooLarge { .. } | ErrorKind::DType { .. } => {
                    error
                }
                _ => error.again(),
            }),
            State::Pending(_) | State::Given => {
                Err(Error::value("read", "the device of this tensor is gone"))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let State::Ready(buffer) = *self.lock() {
            self.executor.free(buffer);
        }
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.dtype, self.len)
    }
}
