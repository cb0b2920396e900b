//! Pipelines that nobody waits for, compiled by a thread.
//!
//! Where a general shader serves until a special one is there, the choice changes no bit of a result, so
//! that results do not depend on when the thread is done.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustc_hash::FxHashSet;

use super::pipeline::Compiler;
use super::shader::Shader;

pub(super) struct Background {
    shared: Arc<Shared>,
    /// The thread starts with the first shader.
    worker: Mutex<Option<Worker>>,
}

struct Shared {
    compiler: Arc<Compiler>,
    /// Set when the device is dropped: what waits then is not compiled.
    stop: AtomicBool,
    /// Shaders that have been seen to, compiled or not.
    done: AtomicU64,
    compiled: AtomicU64,
}

struct Worker {
    jobs: Sender<Shader>,
    thread: JoinHandle<()>,
    /// The texts that were given to the thread; none is tried twice.
    asked: FxHashSet<String>,
}

impl Background {
    pub(super) fn new(compiler: Arc<Compiler>) -> Self {
        Self {
            shared: Arc::new(Shared {
                compiler,
                stop: AtomicBool::new(false),
                done: AtomicU64::new(0),
                compiled: AtomicU64::new(0),
            }),
            worker: Mutex::default(),
        }
    }

    /// Pipelines that the thread has compiled.
    pub(super) fn compiled(&self) -> u64 {
        self.shared.compiled.load(Ordering::Acquire)
    }

    /// Shaders that the thread has seen to: a change says that it is worth to look for a pipeline
    /// again.
    pub(super) fn done(&self) -> u64 {
        self.shared.done.load(Ordering::Acquire)
    }

    /// Asks for a shader that has no pipeline yet. Where no thread can be had, nothing comes of it.
    pub(super) fn ask(&self, shader: &Shader) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            *worker = Worker::start(self.shared.clone());
        }
        if let Some(worker) = &mut *worker
            && worker.asked.insert(shader.text.clone())
        {
            // A thread that has ended compiles nothing more; the general shader stays.
            let _ = worker.jobs.send(shader.clone());
        }
    }
}

impl Worker {
    fn start(shared: Arc<Shared>) -> Option<Self> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("tilewise-compile".into())
            .spawn(move || shared.work(&waiting))
            .ok()?;
        Some(Self {
            jobs,
            thread,
            asked: FxHashSet::default(),
        })
    }
}

impl Shared {
    fn work(&self, jobs: &Receiver<Shader>) {
        for shader in jobs {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if self.compiler.try_get(&shader).is_some() {
                self.compiled.fetch_add(1, Ordering::Release);
            }
            self.done.fetch_add(1, Ordering::Release);
        }
    }
}

impl Drop for Background {
    /// Waits for the shader that is being compiled, if one is.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let worker = self
            .worker
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(Worker { jobs, thread, .. }) = worker.take() {
            drop(jobs);
            // A panic of the thread has been told where it happened.
            let _ = thread.join();
        }
    }
}
