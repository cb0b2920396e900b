//! The threads that share work.
//!
//! There is one thread less than the system has processors, since whoever has work takes part in it.
//! Work comes often and in small portions. A thread that has finished therefore looks out for more for
//! a while before it sleeps: to be woken takes longer than many a kernel. And whoever shares work waits
//! for those who have joined, never for those who are still waking.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread looks out before it sleeps: longer than programs take between two kernels that are
/// worth sharing.
const LOOKOUT: Duration = Duration::from_micros(200);
/// Looks until other threads of the processor have their turn.
const LOOKS: usize = 64;

/// Work for several threads: each calls it, and it returns once nothing is left to take.
type Work<'a> = &'a (dyn Fn() + Sync);

/// Does work on the calling thread, and on up to that many others as far as they are idle.
pub(super) fn share(helpers: usize, work: Work<'_>) {
    static TEAM: OnceLock<&Team> = OnceLock::new();
    let team = TEAM.get_or_init(Team::start);
    let helpers = helpers.min(team.threads);
    if helpers == 0 {
        return work();
    }
    // SAFETY: only threads that have joined the job call its work. The guard, which is dropped before
    // this function returns or unwinds, lets no more of them join and waits until they have finished.
    let lasting = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
    let job = Arc::new(Job {
        work: lasting,
        active: AtomicUsize::new(0),
        panic: Mutex::default(),
    });
    let posted = team.post(job.clone(), helpers);
    work();
    drop(posted);
    let panic = job
        .panic
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// Work that is shared.
struct Job {
    work: Work<'static>,
    /// Threads that have joined and not finished.
    active: AtomicUsize,
    /// What the first of them that panicked panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The threads that wait for work, and what is there for them.
#[derive(Default)]
struct Team {
    threads: usize,
    board: Mutex<Board>,
    /// Places in all posted jobs, to be looked at without the lock.
    places: AtomicUsize,
    /// Threads that look out.
    looking: AtomicUsize,
    /// Wakes those who sleep.
    posted: Condvar,
    /// Wakes those who wait for others to finish.
    finished: Condvar,
}

#[derive(Default)]
struct Board {
    /// Jobs with the number of threads that may still join, which is not 0.
    jobs: Vec<(Arc<Job>, usize)>,
    asleep: usize,
}

impl Team {
    /// Starts the threads, which last as long as the process.
    fn start() -> &'static Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let team: &'static Self = Box::leak(Box::new(Self {
            threads: processors - 1,
            ..Self::default()
        }));
        for number in 1..processors {
            let thread = thread::Builder::new().name(format!("tilewise-{number}"));
            // Without one that cannot be started, the others do the work.
            let _ = thread.spawn(|| team.serve());
        }
        team
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a job to threads, until the guard is dropped.
    fn post(&'static self, job: Arc<Job>, places: usize) -> Posted {
        let mut board = self.lock();
        board.jobs.push((job.clone(), places));
        self.places.fetch_add(places, Ordering::Release);
        let missing = places.saturating_sub(self.looking.load(Ordering::Relaxed));
        let wake = missing.min(board.asleep);
        drop(board);
        (0..wake).for_each(|_| self.posted.notify_one());
        Posted { team: self, job }
    }

    /// Joins a job that has a place left.
    fn join(&self, board: &mut Board) -> Option<Arc<Job>> {
        let (job, places) = board.jobs.last_mut()?;
        let job = job.clone();
        job.active.fetch_add(1, Ordering::Relaxed);
        self.places.fetch_sub(1, Ordering::Relaxed);
        *places -= 1;
        if *places == 0 {
            board.jobs.pop();
        }
        Some(job)
    }

    fn serve(&self) {
        loop {
            let job = self.next();
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (job.work)())) {
                let mut first = job.panic.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(panic);
            }
            if job.active.fetch_sub(1, Ordering::Release) == 1 {
                // Whoever waits has the lock until it sleeps.
                drop(self.lock());
                self.finished.notify_all();
            }
        }
    }

    /// Joins the next job: looks out for one, then sleeps until there is one.
    fn next(&self) -> Arc<Job> {
        self.looking.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let mut joined = None;
        while joined.is_none() && look(begun, || self.places.load(Ordering::Acquire) > 0) {
            joined = self.join(&mut self.lock());
        }
        self.looking.fetch_sub(1, Ordering::Relaxed);
        if let Some(job) = joined {
            return job;
        }
        let mut board = self.lock();
        loop {
            if let Some(job) = self.join(&mut board) {
                return job;
            }
            board.asleep += 1;
            board = self
                .posted
                .wait(board)
                .unwrap_or_else(PoisonError::into_inner);
            board.asleep -= 1;
        }
    }
}

/// Looks until something is so, and says whether it has come within the time.
fn look(begun: Instant, so: impl Fn() -> bool) -> bool {
    loop {
        for _ in 0..LOOKS {
            if so() {
                return true;
            }
            std::hint::spin_loop();
        }
        if begun.elapsed() >= LOOKOUT {
            return false;
        }
        thread::yield_now();
    }
}

/// A job that is offered.
struct Posted {
    team: &'static Team,
    job: Arc<Job>,
}

impl Drop for Posted {
    /// Lets nobody join any more, and waits for those who have.
    fn drop(&mut self) {
        let Self { team, job } = self;
        let mut board = team.lock();
        if let Some(at) = board.jobs.iter().position(|(j, _)| Arc::ptr_eq(j, job)) {
            let (_, places) = board.jobs.remove(at);
            team.places.fetch_sub(places, Ordering::Relaxed);
        }
        drop(board);
        let done = || job.active.load(Ordering::Acquire) == 0;
        if look(Instant::now(), done) {
            return;
        }
        let mut board = team.lock();
        while !done() {
            board = team
                .finished
                .wait(board)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::share;

    /// Calls work with each number below one, on several threads.
    fn count_down(from: usize, work: impl Fn(usize) + Sync) {
        let left = AtomicUsize::new(from);
        share(3, &|| {
            while let Ok(n) =
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            {
                work(n - 1);
            }
        });
    }

    #[test]
    fn all_is_done_once_from_many_threads_and_within_one_another() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..200 {
                        let done = AtomicUsize::new(0);
                        count_down(7, |_| {
                            count_down(round % 5, |n| {
                                done.fetch_add(n + 1, Ordering::Relaxed);
                            });
                        });
                        let each: usize = (1..=round % 5).sum();
                        assert_eq!(done.into_inner(), 7 * each);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_whoever_shared_the_work_after_all_have_finished() {
        for _ in 0..50 {
            let running = AtomicUsize::new(0);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                count_down(8, |n| {
                    running.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_micros(100));
                    running.fetch_sub(1, Ordering::Relaxed);
                    assert_ne!(n, 5, "as it should");
                });
            }));
            assert!(outcome.is_err());
            assert_eq!(running.into_inner(), 0);
        }
    }
}
