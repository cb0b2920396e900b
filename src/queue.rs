//! Queues: the calls of one thread on one device, in program order, until they are flushed.

mod batch;
mod call;
mod storage;
#[cfg(test)]
mod tests;
#[cfg(not(target_arch = "wasm32"))]
mod tuner;

use std::cell::RefCell;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use self::batch::Batch;
pub(crate) use self::call::Arg;
use self::storage::State;
pub(crate) use self::storage::Storage;
#[cfg(not(target_arch = "wasm32"))]
use self::tuner::Tuner;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
#[cfg(not(target_arch = "wasm32"))]
use crate::exec::record::{Recorder, Stage};
use crate::exec::{BufferId, Executor, Limits, Run};
use crate::op::Op;
use crate::plan::cache::PlanCache;
use crate::plan::{Input, Plan};
use crate::shape::Shape;

/// A batch is run when it holds this many calls, mark or no mark.
const MAX_CALLS: usize = 4096;
/// A batch is run when the results of its calls add up to this many bytes.
const MAX_BYTES: u64 = 1 << 30;

/// What a queue needs of its device.
pub(crate) struct Engine {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) plans: PlanCache,
    /// Measures what can be chosen for the plans that run, where it is asked for.
    #[cfg(not(target_arch = "wasm32"))]
    tuner: Option<Tuner>,
}

impl Engine {
    pub(crate) fn new(executor: Arc<dyn Executor>) -> Self {
        Self {
            #[cfg(not(target_arch = "wasm32"))]
            tuner: executor
                .limits()
                .tunes
                .then(|| Tuner::start(&executor))
                .flatten(),
            executor,
            plans: PlanCache::default(),
        }
    }
}

/// The pending calls of one thread.
pub(crate) struct Queue {
    engine: Arc<Engine>,
    limits: Limits,
    pending: Mutex<Batch>,
    /// Takes down what is run, while a profile is taken.
    #[cfg(not(target_arch = "wasm32"))]
    recorder: Mutex<Option<Arc<Recorder>>>,
}

impl Queue {
    pub(crate) fn new(engine: Arc<Engine>) -> Arc<Self> {
        let limits = engine.executor.limits();
        Arc::new(Self {
            engine,
            limits,
            pending: Mutex::default(),
            #[cfg(not(target_arch = "wasm32"))]
            recorder: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What takes down what is run, if a profile is being taken.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn recorder(&self) -> Option<Arc<Recorder>> {
        self.lock_recorder().clone()
    }

    /// Has what is run taken down until the guard is dropped; `None` if it is already.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn start_recording(self: &Arc<Self>, recorder: Recorder) -> Option<Recording> {
        let mut current = self.lock_recorder();
        if current.is_some() {
            return None;
        }
        let recorder = current.insert(Arc::new(recorder)).clone();
        Some(Recording {
            queue: self.clone(),
            recorder,
        })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn lock_recorder(&self) -> MutexGuard<'_, Option<Arc<Recorder>>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call and returns the storage of its result. The operands are valid, and none is
    /// pending in another queue after this.
    pub(crate) fn record(
        self: &Arc<Self>,
        op: Op,
        args: &[Arg<'_>],
        shape: &Shape,
        dtype: DType,
        at: &'static Location<'static>,
    ) -> Arc<Storage> {
        for arg in args {
            if let Some(storage) = arg.storage()
                && storage.is_pending()
                && !Arc::ptr_eq(storage.home(), self)
            {
                // A failure is told by the storages it concerns.
                let _ = storage.home().flush();
            }
        }
        if let Some(kind) = self.refusal(&op, shape, dtype) {
            // Told to whoever reads it; what else is recorded is not concerned.
            let error = batch::failure(args).cloned();
            let error = error.unwrap_or_else(|| Error::new(kind).at(at));
            let failed = Storage::failed(self.clone(), dtype, shape.clone(), error);
            return Arc::new(failed);
        }
        let mut pending = self.lock();
        let out = pending.push(self, op, args, shape, dtype, at);
        if pending.calls.len() >= MAX_CALLS || pending.bytes >= MAX_BYTES {
            // Told by the storages whose values it concerns.
            let _ = self.run(&mut pending);
        }
        out
    }

    /// Why the device cannot hold a result, if it cannot.
    fn refusal(&self, op: &Op, shape: &Shape, dtype: DType) -> Option<ErrorKind> {
        let (op, executor) = (op.name(), &self.engine.executor);
        let bytes = shape.bytes(self.limits.abilities.bools.size(dtype));
        let limit = self.limits.largest(dtype);
        if bytes > limit {
            let device = executor.name();
            return Some(ErrorKind::TooLarge {
                op,
                bytes,
                limit,
                device,
            });
        }
        (dtype == DType::F16 && !self.limits.f16).then_some(ErrorKind::DType {
            op,
            dtype,
            expected: "this adapter has no SHADER_F16; use f32 or another device",
        })
    }

    /// Runs all that is pending.
    pub(crate) fn flush(&self) -> Result<(), ErrorKind> {
        self.run(&mut self.lock())
    }

    /// Keeps nothing for calls to come: no more are recorded.
    fn close(&self) {
        let spare = self.lock().close();
        drop(spare);
    }

    /// The plan that a flush would run now; nothing is run.
    pub(crate) fn plan(&self) -> Option<Arc<Plan>> {
        let mut pending = self.lock();
        (!pending.calls.is_empty()).then(|| self.plan_of(&mut pending))
    }

    fn run(&self, batch: &mut Batch) -> Result<(), ErrorKind> {
        if batch.calls.is_empty() {
            return Ok(());
        }
        let result = self.execute(batch);
        if let Err(kind) = &result {
            // What was not computed before the fault.
            let error = Error::new(kind.clone());
            let results = batch.calls.iter().map(|call| &batch.values[call.result]);
            let waiting = results.filter(|value| value.is_pending());
            waiting.for_each(|value| value.fail(error.clone()));
        }
        batch.clear(self);
        result
    }

    fn plan_of(&self, batch: &mut Batch) -> Arc<Plan> {
        batch.plan(
            &self.engine.plans,
            self.limits.abilities,
            self.limits.by_line,
        )
    }

    /// The plan of the batch.
    fn planned(&self, batch: &mut Batch) -> Arc<Plan> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(recorder) = self.recorder() {
            return recorder.span(Stage::Plan, || self.plan_of(batch));
        }
        self.plan_of(batch)
    }

    /// Has the executor run a plan.
    fn hand_over(
        &self,
        plan: &Arc<Plan>,
        slots: &[BufferId],
        scalars: &[u32],
    ) -> Result<(), ErrorKind> {
        let executor = &self.engine.executor;
        let run = Run {
            plan,
            slots,
            scalars,
            #[cfg(not(target_arch = "wasm32"))]
            recorder: None,
        };
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(recorder) = &self.recorder() {
            if recorder.tunes() {
                executor.tune(plan, scalars)?;
            }
            let run = Run {
                recorder: Some(recorder),
                ..run
            };
            return recorder.span(Stage::Run, || executor.run(run));
        }
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(tuner) = &self.engine.tuner {
            tuner.runs(plan, scalars);
        }
        executor.run(run)
    }

    /// Runs the batch and says what has become of its results; those that wait on after an error
    /// were not computed.
    fn execute(&self, batch: &mut Batch) -> Result<(), ErrorKind> {
        let executor = &self.engine.executor;
        let plan = self.planned(batch);
        let mut slots = Vec::with_capacity(plan.slots.len());
        let give_back = |slots: &[BufferId]| {
            let owned = plan.slots.iter().zip(slots);
            let owned = owned.filter(|(slot, _)| slot.input.is_none());
            owned.for_each(|(_, &id)| executor.free(id));
        };
        for slot in &plan.slots {
            let buffer = match slot.input {
                Some(value) => match batch.values[value].state() {
                    State::Ready(buffer) => Ok(buffer),
                    _ => unreachable!("operands of a batch are ready or computed in it"),
                },
                None => executor.alloc(slot.words),
            };
            match buffer {
                Ok(buffer) => slots.push(buffer),
                Err(kind) => {
                    give_back(&slots);
                    return Err(kind);
                }
            }
        }
        let ran = self.hand_over(&plan, &slots, &batch.scalars);
        let failed = match &ran {
            Err(kind @ ErrorKind::Index { .. }) => concerned(batch, kind),
            Err(_) => {
                give_back(&slots);
                return ran;
            }
            Ok(()) => vec![],
        };
        // What the plan wrote goes back, but for what holds a result.
        let mut idle: Vec<bool> = plan.slots.iter().map(|slot| slot.written).collect();
        for slot in plan.slots.iter().filter(|slot| slot.written) {
            if let Some(value) = slot.input {
                batch.values[value].give();
            }
        }
        for &(value, slot) in &plan.outputs {
            match failed.get(value) {
                Some(Some(error)) => batch.values[value].fail(error.clone()),
                _ => {
                    batch.values[value].arrive(slots[slot]);
                    idle[slot] = false;
                }
            }
        }
        let idle = slots.iter().zip(idle).filter(|(_, idle)| *idle);
        idle.for_each(|(&buffer, _)| executor.free(buffer));
        ran
    }
}

/// The time in which a queue's recorder is set.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Recording {
    queue: Arc<Queue>,
    pub(crate) recorder: Arc<Recorder>,
}

#[cfg(not(target_arch = "wasm32"))]
impl Drop for Recording {
    fn drop(&mut self) {
        *self.queue.lock_recorder() = None;
    }
}

/// What an index out of range fails: the gathers of the batch, at their lines, and what was computed
/// from them; the rest stands. By the number of the value.
fn concerned(batch: &Batch, kind: &ErrorKind) -> Vec<Option<Error>> {
    let error = Error::new(kind.clone());
    let mut failed: Vec<Option<Error>> = vec![None; batch.values.len()];
    for call in &batch.calls {
        let inherited = batch.inputs(call).find_map(|input| match input {
            Input::Value(value, _) => failed[value].clone(),
            Input::Scalar(..) => None,
        });
        failed[call.result] = inherited.or_else(|| match &call.op {
            op if op.checks_indices() => Some(error.clone().at(call.at)),
            _ => None,
        });
    }
    failed
}

/// The queues of a device, one a thread.
#[derive(Default)]
pub(crate) struct Queues(Mutex<Vec<Arc<Queue>>>);

/// A thread's queues, by the address of their engine.
struct Local(Vec<(*const Engine, Weak<Queue>)>);

impl Drop for Local {
    /// The thread ends. What it has recorded is still run, for whoever holds it.
    fn drop(&mut self) {
        let queues = self.0.iter().filter_map(|(_, queue)| queue.upgrade());
        queues.for_each(|queue| queue.close());
    }
}

thread_local! {
    static LOCAL: RefCell<Local> = const { RefCell::new(Local(Vec::new())) };
}

impl Queues {
    /// The calling thread's queue, of which most operands come: then it need not be looked for.
    pub(crate) fn with_local<T>(
        &self,
        engine: &Arc<Engine>,
        args: &[Arg<'_>],
        f: impl FnOnce(&Arc<Queue>) -> T,
    ) -> T {
        let key = Arc::as_ptr(engine);
        let local = LOCAL.with_borrow(|Local(local)| {
            let found = local.iter().find(|(k, _)| *k == key);
            found.map(|(_, queue)| queue.as_ptr())
        });
        match args.first().and_then(Arg::storage) {
            Some(storage) if local == Some(Arc::as_ptr(storage.home())) => f(storage.home()),
            _ => f(&self.local(engine)),
        }
    }

    /// The calling thread's queue.
    pub(crate) fn local(&self, engine: &Arc<Engine>) -> Arc<Queue> {
        let key = Arc::as_ptr(engine);
        LOCAL.with_borrow_mut(|Local(local)| {
            let found = local
                .iter()
                .find(|(k, _)| *k == key)
                .and_then(|(_, q)| q.upgrade());
            found.unwrap_or_else(|| {
                local.retain(|(k, q)| *k != key && q.strong_count() > 0);
                let queue = Queue::new(engine.clone());
                let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                // The queue of a thread that has ended goes once nothing is pending in it.
                all.retain(|q| Arc::weak_count(q) > 0 || Arc::strong_count(q) > 1);
                all.push(queue.clone());
                local.push((key, Arc::downgrade(&queue)));
                queue
            })
        })
    }

    fn all(&self) -> Vec<Arc<Queue>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Flushes every thread's queue.
    pub(crate) fn flush(&self) -> Result<(), ErrorKind> {
        self.all().iter().try_for_each(|queue| queue.flush())
    }
}

impl Drop for Queues {
    /// The device is gone, and nobody can ask for what waits. A value that waits holds its queue,
    /// which holds the value.
    fn drop(&mut self) {
        for queue in self.all() {
            queue.close();
            queue.lock().clear(&queue);
        }
    }
}
