//! Storages: the values that calls produce and tensors view.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::Queue;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::BufferId;
use crate::layout::Layout;
use crate::shape::Shape;

/// A run of elements on a device: recorded, computed, or failed.
///
/// How far it has come is one atomic word, since every call that uses a value asks for it. A value
/// waits at first and comes to one of the other states once; only [`State::Given`] follows
/// [`State::Ready`].
pub(crate) struct Storage {
    /// Where it waits, and whose device its memory is of.
    home: Arc<Queue>,
    dtype: DType,
    /// The whole of it, in the shape it was made with.
    layout: Layout,
    /// The number it has in the batch that computes it.
    number: usize,
    /// A buffer, or one of the marks below.
    state: AtomicU64,
    /// Why it failed, if it did; there before the mark.
    failure: OnceLock<Error>,
}

const PENDING: u64 = u64::MAX;
const GIVEN: u64 = u64::MAX - 1;
const FAILED: u64 = u64::MAX - 2;

/// How far the value of a storage has come.
pub(super) enum State<'a> {
    /// Recorded in its home, which has not been flushed.
    Pending,
    /// In the device's memory, or on its way there in program order.
    Ready(BufferId),
    /// Its buffer now holds the result of an operation that was its last use.
    Given,
    /// The batch that should have computed it failed.
    Failed(&'a Error),
}

impl Storage {
    fn new(home: Arc<Queue>, dtype: DType, shape: Shape, number: usize, state: u64) -> Self {
        Self {
            home,
            dtype,
            layout: Layout::contiguous(shape),
            number,
            state: AtomicU64::new(state),
            failure: OnceLock::new(),
        }
    }

    /// A value that its home's batch computes under that number.
    pub(super) fn pending(home: Arc<Queue>, dtype: DType, shape: Shape, number: usize) -> Self {
        Self::new(home, dtype, shape, number, PENDING)
    }

    /// Becomes another value that waits, in the same home.
    pub(super) fn renew(&mut self, dtype: DType, shape: &Shape, number: usize) {
        self.dtype = dtype;
        self.layout.lay_out(shape);
        self.number = number;
        self.failure.take();
        *self.state.get_mut() = PENDING;
    }

    /// A value in memory.
    pub(crate) fn held(home: Arc<Queue>, dtype: DType, shape: Shape, buffer: BufferId) -> Self {
        Self::new(home, dtype, shape, 0, buffer)
    }

    /// A value that cannot be computed.
    pub(super) fn failed(home: Arc<Queue>, dtype: DType, shape: Shape, error: Error) -> Self {
        let storage = Self::new(home, dtype, shape, 0, PENDING);
        storage.fail(error);
        storage
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn shape(&self) -> &Shape {
        self.layout.shape()
    }

    /// Elements.
    pub(super) fn len(&self) -> usize {
        self.shape().size()
    }

    /// 32-bit words of memory.
    pub(super) fn words(&self) -> usize {
        let bools = self.home.limits.abilities.bools;
        bools.words(self.len(), self.dtype)
    }

    pub(super) fn home(&self) -> &Arc<Queue> {
        &self.home
    }

    /// The number in the batch that the value waits in.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state.load(Ordering::Acquire) == PENDING
    }

    pub(super) fn state(&self) -> State<'_> {
        match (self.state.load(Ordering::Acquire), self.failure.get()) {
            (PENDING, _) => State::Pending,
            (_, Some(error)) => State::Failed(error),
            (GIVEN, _) => State::Given,
            (buffer, None) => State::Ready(buffer),
        }
    }

    /// The value has been computed.
    pub(super) fn arrive(&self, buffer: BufferId) {
        self.state.store(buffer, Ordering::Release);
    }

    /// The buffer belongs to another value from now on.
    pub(super) fn give(&self) {
        self.state.store(GIVEN, Ordering::Release);
    }

    /// Frees the buffer, which nobody asks for any more.
    pub(super) fn release(&self) {
        if let State::Ready(buffer) = self.state() {
            self.home.engine.executor.free(buffer);
            self.give();
        }
    }

    /// The value will not be computed.
    pub(super) fn fail(&self, error: Error) {
        let _first = self.failure.set(error);
        self.state.store(FAILED, Ordering::Release);
    }

    /// The buffer, after flushing the queue the value waits in.
    #[track_caller]
    pub(crate) fn ready(&self) -> Result<BufferId> {
        if self.is_pending() {
            // A failure is told by the storages it concerns, of which this may be one.
            let _ = self.home.flush();
        }
        match self.state() {
            State::Ready(buffer) => Ok(buffer),
            // What a call asked for is told at its line, a fault of the device where it is met.
            State::Failed(error) => Err(match error.kind() {
                ErrorKind::Index { .. } | ErrorKind::TooLarge { .. } | ErrorKind::DType { .. } => {
                    error.clone()
                }
                _ => error.again(),
            }),
            State::Pending | State::Given => {
                Err(Error::value("read", "the device of this tensor is gone"))
            }
        }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.release();
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.dtype, self.len())
    }
}
