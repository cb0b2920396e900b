//! Executors: what runs a plan.
//!
//! The trait never grows with the set of operations: an executor gets valid plans, and what an
//! operation means is in the plan's programs.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod ceiling;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod checked;
pub(crate) mod cpu;
pub(crate) mod gpu;
pub(crate) mod options;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod record;
pub(crate) mod stats;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use self::gpu::Tuning;
#[cfg(not(target_arch = "wasm32"))]
use self::record::{Recorder, Stage};
use self::stats::{Counters, MemoryStats};
use crate::dtype::DType;
use crate::error::ErrorKind;
use crate::plan::{Abilities, Plan};

/// Names a buffer of one executor.
pub(crate) type BufferId = u64;

/// What planning must know of an executor.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) abilities: Abilities,
    /// The largest buffer in bytes.
    pub(crate) bytes: u64,
    /// Whether `f16` can be stored and computed.
    pub(crate) f16: bool,
    /// Whether the device stamps the kernels that it runs with its own clock.
    pub(crate) stamps: bool,
    /// Whether what can be chosen for a plan is to be measured while plans run.
    pub(crate) tunes: bool,
    /// Whether a plan must serve only the lines it was made for, because its operations are named by
    /// their lines.
    pub(crate) by_line: bool,
}

impl Limits {
    /// Bytes of the largest value of a dtype: its elements are counted in 32 bits.
    pub(crate) fn largest(&self, dtype: DType) -> u64 {
        let counted = (self.abilities.bools.size(dtype) as u64) << 32;
        self.bytes.min(counted)
    }
}

/// One run of a plan.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Arc<Plan>,
    /// A buffer per slot.
    pub(crate) slots: &'a [BufferId],
    /// The values of the scalars.
    pub(crate) scalars: &'a [u32],
    /// Takes down when each kernel ran.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) recorder: Option<&'a Recorder>,
}

/// Memory and the running of plans on one device.
pub(crate) trait Executor: Send + Sync {
    fn name(&self) -> String;
    fn limits(&self) -> Limits;
    /// A buffer of at least `words` 32-bit words; its content is undefined.
    fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind>;
    /// Gives a buffer back; work already given to `run` and `read` still finds its content.
    fn free(&self, buffer: BufferId);
    /// Fills the start of a buffer, after all that was given before and before all that comes after.
    fn write(&self, buffer: BufferId, words: &[u32]) -> Result<(), ErrorKind>;
    fn run(&self, run: Run<'_>) -> Result<(), ErrorKind>;
    /// Starts to read words `start..start + words` of a buffer.
    fn read(&self, buffer: BufferId, start: usize, words: usize) -> Reading;
    /// Waits until all that was given has been done.
    fn synchronize(&self) -> Result<(), ErrorKind>;
    /// Measures what can be chosen for a plan's kernels and is not decided yet.
    #[cfg(not(target_arch = "wasm32"))]
    fn tune(&self, _plan: &Plan, _scalars: &[u32]) -> Result<(), ErrorKind> {
        Ok(())
    }
    /// What was decided by measuring.
    fn tuning(&self) -> Tuning {
        Tuning::default()
    }
    /// Operations on `f32` that the device does in a second on registers alone, measured; `None` where
    /// nothing is faster than a large product.
    #[cfg(not(target_arch = "wasm32"))]
    fn measure_flops(&self) -> Result<Option<f64>, ErrorKind> {
        Ok(None)
    }
    /// Bytes in use by live buffers, the most there ever were, and bytes held from the driver.
    fn memory(&self) -> MemoryStats;
    /// Counts of what was done so far, but for the plans.
    fn counters(&self) -> Counters;
    /// Gives idle memory back to the driver.
    fn trim(&self);
}

type ReadResult = Result<Vec<u32>, ErrorKind>;

/// How hard to press a device for progress on a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nudge {
    /// Look whether something has finished.
    Look,
    /// Block until it has.
    #[cfg_attr(
        target_arch = "wasm32",
        expect(dead_code, reason = "the web cannot block")
    )]
    Block,
    /// See to it that the future is woken.
    Wake,
}

/// A read under way.
pub(crate) struct Reading {
    future: Pin<Box<dyn Future<Output = ReadResult> + Send>>,
    nudge: Box<dyn Fn(Nudge) -> Result<(), ErrorKind> + Send>,
    woken: bool,
    /// Whether the result has been given.
    taken: bool,
    /// Takes down how long the host waits.
    #[cfg(not(target_arch = "wasm32"))]
    recorder: Option<Arc<Recorder>>,
}

impl Reading {
    pub(crate) fn new(
        future: impl Future<Output = ReadResult> + Send + 'static,
        nudge: impl Fn(Nudge) -> Result<(), ErrorKind> + Send + 'static,
    ) -> Self {
        Self {
            future: Box::pin(future),
            nudge: Box::new(nudge),
            woken: false,
            taken: false,
            #[cfg(not(target_arch = "wasm32"))]
            recorder: None,
        }
    }

    /// The read, with its wait taken down.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn recorded(mut self, recorder: Option<Arc<Recorder>>) -> Self {
        self.recorder = recorder;
        self
    }

    /// A read that has its result.
    pub(crate) fn done(result: ReadResult) -> Self {
        Self::new(std::future::ready(result), |_| Ok(()))
    }

    /// The words, if they are there; does not block.
    pub(crate) fn try_take(&mut self) -> Option<ReadResult> {
        if self.taken {
            return Some(Err(taken()));
        }
        if let Err(fault) = (self.nudge)(Nudge::Look) {
            return Some(Err(fault));
        }
        match self
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(result) => {
                self.taken = true;
                Some(result)
            }
            Poll::Pending => None,
        }
    }

    /// The words; blocks until they are there.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn wait(self) -> ReadResult {
        if self.taken {
            return Err(taken());
        }
        let wait = || {
            (self.nudge)(Nudge::Block)?;
            pollster::block_on(self.future)
        };
        match self.recorder {
            Some(recorder) => recorder.span(Stage::Wait, wait),
            None => wait(),
        }
    }
}

/// The values of a read are given once.
fn taken() -> ErrorKind {
    ErrorKind::Value {
        op: "read",
        message: "the values were taken from this handle before; read the tensor again".into(),
    }
}

impl Future for Reading {
    type Output = ReadResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ReadResult> {
        if self.taken {
            return Poll::Ready(Err(taken()));
        }
        let result = self.future.as_mut().poll(cx);
        self.taken = result.is_ready();
        if result.is_pending()
            && !std::mem::replace(&mut self.woken, true)
            && let Err(fault) = (self.nudge)(Nudge::Wake)
        {
            return Poll::Ready(Err(fault));
        }
        result
    }
}
