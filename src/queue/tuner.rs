//! Choosing kernels by measuring while plans run.
//!
//! A plan that comes a second time is worth it: a thread of its own has the executor measure what is not
//! decided for it. Until then, and for every other plan, what the executor takes unmeasured serves, with the
//! same bits.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use rustc_hash::FxHashMap;

use crate::exec::Executor;
use crate::plan::Plan;

/// Plans that are remembered.
const KNOWN: usize = 4096;

pub(crate) struct Tuner {
    /// Nothing once the tuner is being dropped.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// The plans that have run, by number, and whether they were given to the thread.
    known: Mutex<FxHashMap<u64, bool>>,
}

/// A plan, and the scalars of one of its runs.
type Job = (Arc<Plan>, Vec<u32>);

impl Tuner {
    /// A tuner of the executor; nothing if no thread can be had.
    pub(crate) fn start(executor: &Arc<dyn Executor>) -> Option<Self> {
        let (jobs, waiting) = channel();
        // Whoever drops the device need not wait for more than the measurement under way.
        let executor = Arc::downgrade(executor);
        let thread = std::thread::Builder::new()
            .name("tilewise-tune".into())
            .spawn(move || tune(&executor, &waiting))
            .ok()?;
        Some(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            known: Mutex::default(),
        })
    }

    /// Takes note that a plan runs.
    pub(crate) fn runs(&self, plan: &Arc<Plan>, scalars: &[u32]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        match known.get_mut(&plan.id) {
            None => {
                known.insert(plan.id, false);
            }
            Some(given) if !*given => {
                *given = true;
                if let Some(jobs) = &self.jobs {
                    // A thread that has ended measures nothing more.
                    let _ = jobs.send((plan.clone(), scalars.to_vec()));
                }
            }
            Some(_) => {}
        }
    }
}

/// Has the executor measure for one plan after the other, until there are no more or one fails.
fn tune(executor: &Weak<dyn Executor>, jobs: &Receiver<Job>) {
    for (plan, scalars) in jobs {
        let Some(executor) = executor.upgrade() else {
            return;
        };
        if let Err(why) = executor.tune(&plan, &scalars) {
            eprintln!("tilewise: no more kernels are chosen by measuring: {why}");
            return;
        }
    }
}

impl Drop for Tuner {
    /// Waits for the measurement under way.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told where it happened.
            let _ = thread.join();
        }
    }
}
