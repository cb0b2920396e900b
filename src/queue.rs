//! Queues: the calls of one thread on one device, in program order, until they are flushed.

mod batch;

use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustc_hash::FxHashMap;

use self::batch::Batch;
use crate::call::{Arg, Call};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
#[cfg(not(target_arch = "wasm32"))]
use crate::exec::record::{Recorder, Stage};
use crate::exec::{BufferId, Executor, Limits};
use crate::op::Op;
use crate::plan::Plan;
use crate::plan::cache::PlanCache;
use crate::shape::Shape;
use crate::storage::{Pending, State, Storage};

/// A batch is run when it holds this many calls, mark or no mark.
const MAX_CALLS: usize = 4096;
/// A batch is run when the results of its calls add up to this many bytes.
const MAX_BYTES: u64 = 1 << 30;

/// What a queue needs of its device.
pub(crate) struct Engine {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) plans: PlanCache,
}

/// The pending calls of one thread.
pub(crate) struct Queue {
    engine: Arc<Engine>,
    limits: Limits,
    pending: Mutex<Calls>,
    /// Takes down what is run, while a profile is taken.
    #[cfg(not(target_arch = "wasm32"))]
    recorder: Mutex<Option<Arc<Recorder>>>,
}

#[derive(Default)]
struct Calls {
    calls: Vec<Call>,
    bytes: u64,
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
        args: Vec<Arg>,
        shape: Shape,
        dtype: DType,
        at: &'static Location<'static>,
    ) -> Arc<Storage> {
        for arg in &args {
            if let Arg::Value(storage, _) = arg
                && let Some(queue) = storage.pending()
                && !std::ptr::addr_eq(queue.as_ptr(), Arc::as_ptr(self))
                && let Some(other) = queue.upgrade()
            {
                other.flush();
            }
        }
        let executor = self.engine.executor.clone();
        if let Some(kind) = self.refusal(&op, &shape, dtype) {
            // Told to whoever reads it; what else is recorded is not concerned.
            let error = failure(&args).unwrap_or_else(|| Error::new(kind).at(at));
            let state = State::Failed(error);
            return Arc::new(Storage::new(executor, dtype, shape.size(), state));
        }
        let queue: Weak<dyn Pending> = Arc::<Self>::downgrade(self);
        let state = State::Pending(queue);
        let out = Arc::new(Storage::new(executor, dtype, shape.size(), state));
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.bytes += 4 * out.words() as u64;
        pending.calls.push(Call {
            op,
            args,
            shape,
            dtype,
            out: out.clone(),
            at,
        });
        if pending.calls.len() >= MAX_CALLS || pending.bytes >= MAX_BYTES {
            // Told by the storages whose values it concerns.
            let _ = self.run(&mut pending);
        }
        out
    }

    /// Why the device cannot hold a result, if it cannot.
    fn refusal(&self, op: &Op, shape: &Shape, dtype: DType) -> Option<ErrorKind> {
        let (op, executor) = (op.name(), &self.engine.executor);
        let bytes = shape.bytes(dtype.size());
        if bytes > self.limits.bytes {
            let (limit, device) = (self.limits.bytes, executor.name());
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
        self.run(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The plan that a flush would run now; nothing is run.
    pub(crate) fn plan(&self) -> Option<Arc<Plan>> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (calls, _) = split_failed(pending.calls.clone());
        // The copies made above hold each storage once more.
        let batch = Batch::new(&calls, 1);
        (!calls.is_empty()).then(|| self.plan_of(&batch))
    }

    fn run(&self, pending: &mut Calls) -> Result<(), ErrorKind> {
        let Calls { calls, .. } = std::mem::take(pending);
        if calls.is_empty() {
            return Ok(());
        }
        let (calls, mut result) = split_failed(calls);
        if let Err(kind) = self.execute(&calls) {
            self.fail(&calls, &kind);
            result = Err(kind);
        }
        result
    }

    /// Fails the results that a failed batch did not compute. An index out of range fails the gathers
    /// of the batch, at their lines, and what was computed from them; the rest stands.
    fn fail(&self, calls: &[Call], kind: &ErrorKind) {
        let error = Error::new(kind.clone());
        let index = matches!(kind, ErrorKind::Index { .. });
        let mut failed = FxHashMap::<*const Storage, Error>::default();
        for call in calls {
            let inherited = call.args.iter().find_map(|arg| match arg {
                Arg::Value(storage, _) => failed.get(&Arc::as_ptr(storage)).cloned(),
                Arg::Scalar(..) => None,
            });
            let error = match (inherited, &call.op) {
                (Some(error), _) => error,
                (None, Op::Gather(_)) if index => error.clone().at(call.at),
                _ if matches!(call.out.state(), State::Pending(_)) && !index => error.clone(),
                _ => continue,
            };
            if let State::Ready(buffer) = call.out.state() {
                self.engine.executor.free(buffer);
            }
            call.out.set(State::Failed(error.clone()));
            failed.insert(Arc::as_ptr(&call.out), error);
        }
    }

    fn plan_of(&self, batch: &Batch<'_>) -> Arc<Plan> {
        let (plans, abilities) = (&self.engine.plans, self.limits.abilities);
        if !self.limits.by_line {
            return plans.get(&batch.key, abilities, || batch.graph());
        }
        let lines = batch.calls.iter().map(|c| std::ptr::from_ref(c.at) as u64);
        let key: Vec<u64> = batch.key.iter().copied().chain(lines).collect();
        plans.get(&key, abilities, || batch.graph())
    }

    /// The batch of the calls, and its plan.
    fn planned<'a>(&self, calls: &'a [Call]) -> (Batch<'a>, Arc<Plan>) {
        let planned = || {
            let batch = Batch::new(calls, 0);
            let plan = self.plan_of(&batch);
            (batch, plan)
        };
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(recorder) = self.recorder() {
            return recorder.span(Stage::Plan, planned);
        }
        planned()
    }

    /// Has the executor run a plan.
    fn hand_over(
        &self,
        plan: &Arc<Plan>,
        slots: &[BufferId],
        scalars: &[u32],
    ) -> Result<(), ErrorKind> {
        let executor = &self.engine.executor;
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(recorder) = self.recorder() {
            if recorder.tunes() {
                executor.tune(plan, scalars)?;
            }
            let run = || executor.run_recorded(plan, slots, scalars, &recorder);
            return recorder.span(Stage::Run, run);
        }
        executor.run(plan, slots, scalars)
    }

    fn execute(&self, calls: &[Call]) -> Result<(), ErrorKind> {
        let executor = &self.engine.executor;
        let (batch, plan) = self.planned(calls);
        let mut slots = Vec::with_capacity(plan.slots.len());
        let mut owned = Vec::new();
        let give_back = |owned: &[_]| owned.iter().for_each(|&id| executor.free(id));
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
                    give_back(&owned);
                    return Err(kind);
                }
            }
            if slot.input.is_none() {
                owned.push(slots[slots.len() - 1]);
            }
        }
        let ran = self.hand_over(&plan, &slots, &batch.scalars);
        if let Err(kind) = &ran
            && !matches!(kind, ErrorKind::Index { .. })
        {
            give_back(&owned);
            return ran;
        }
        let mut kept = FxHashMap::default();
        for slot in plan.slots.iter().filter(|slot| slot.written) {
            if let Some(value) = slot.input {
                batch.values[value].set(State::Given);
            }
        }
        for &(value, slot) in &plan.outputs {
            batch.values[value].set(State::Ready(slots[slot]));
            kept.insert(slots[slot], ());
        }
        owned.retain(|buffer| !kept.contains_key(buffer));
        give_back(&owned);
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

/// Why an operand failed, if one did.
fn failure(args: &[Arg]) -> Option<Error> {
    args.iter().find_map(|arg| match arg {
        Arg::Value(storage, _) => match storage.state() {
            State::Failed(error) => Some(error),
            _ => None,
        },
        Arg::Scalar(..) => None,
    })
}

impl Pending for Queue {
    fn flush(&self) {
        // A failure is told by the storages it concerns.
        let _ = Queue::flush(self);
    }
}

/// Takes out the calls that depend on a failed value and fails their results too.
fn split_failed(calls: Vec<Call>) -> (Vec<Call>, Result<(), ErrorKind>) {
    let mut result = Ok(());
    let calls = calls
        .into_iter()
        .filter(|call| match failure(&call.args) {
            Some(error) => {
                result = Err(error.kind().clone());
                call.out.set(State::Failed(error));
                false
            }
            None => true,
        })
        .collect();
    (calls, result)
}

/// The queues of a device, one a thread.
#[derive(Default)]
pub(crate) struct Queues(Mutex<Vec<Arc<Queue>>>);

thread_local! {
    /// This thread's queues, by the address of their engine.
    static LOCAL: std::cell::RefCell<Vec<(*const Engine, Weak<Queue>)>> =
        const { std::cell::RefCell::new(Vec::new()) };
}

impl Queues {
    /// The calling thread's queue.
    pub(crate) fn local(&self, engine: &Arc<Engine>) -> Arc<Queue> {
        let key = Arc::as_ptr(engine);
        LOCAL.with_borrow_mut(|local| {
            let found = local
                .iter()
                .find(|(k, _)| *k == key)
                .and_then(|(_, q)| q.upgrade());
            found.unwrap_or_else(|| {
                local.retain(|(k, q)| *k != key && q.strong_count() > 0);
                let queue = Queue::new(engine.clone());
                let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                // The queue of a thread that has ended goes once nothing is pending in it.
                all.retain(|q| Arc::weak_count(q) > 0);
                all.push(queue.clone());
                local.push((key, Arc::downgrade(&queue)));
                queue
            })
        })
    }

    /// Flushes every thread's queue.
    pub(crate) fn flush(&self) -> Result<(), ErrorKind> {
        let all = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        all.iter().try_for_each(|queue| queue.flush())
    }
}
