//! What ran while a profile was taken: kernels with their times, and what the host did meanwhile.
//!
//! All times count from the recorder's start. A device that stamps its kernels itself has a clock of
//! its own, which [`Recorder::finish`] lays over the host's.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Reading;
use crate::error::ErrorKind;
use crate::plan::Plan;

/// Readings of stamps that may be under way before the oldest is looked at.
const READINGS: usize = 64;

/// What the host does while a profile is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Finds the plan of a batch, or makes it.
    Plan,
    /// Has shaders written and compiled, for a plan that has not run before.
    Prepare,
    /// Hands a plan to the device; on the CPU executor, runs it.
    Run,
    /// Waits for values or for the device.
    Wait,
}

/// A stretch of the host's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) stage: Stage,
    pub(crate) start: Duration,
    pub(crate) end: Duration,
}

/// A kernel that ran, or a group of kernels that ran as one.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) plan: Arc<Plan>,
    /// Its numbers in the plan.
    pub(crate) kernels: Range<usize>,
    pub(crate) start: Duration,
    pub(crate) end: Duration,
}

/// Kernels of a plan that the device stamps.
struct Stamped {
    plan: Arc<Plan>,
    /// What each two stamps are of.
    kernels: Vec<Range<usize>>,
    /// When they were submitted.
    submitted: Duration,
    /// Nanoseconds to a tick.
    period: f64,
    ticks: Ticks,
}

/// The start and the end of each kernel, in ticks, as two words each.
enum Ticks {
    Coming(Reading),
    Here(Vec<u32>),
}

#[derive(Default)]
pub(crate) struct Records {
    pub(crate) kernels: Vec<Ran>,
    pub(crate) spans: Vec<Span>,
    stamped: VecDeque<Stamped>,
}

/// Takes down what a queue runs.
pub(crate) struct Recorder {
    start: Instant,
    tunes: bool,
    records: Mutex<Records>,
}

impl Recorder {
    /// A recorder that starts now. Where it `tunes`, the executor measures what it can choose before it
    /// runs a plan.
    pub(crate) fn start(tunes: bool) -> Self {
        Self {
            start: Instant::now(),
            tunes,
            records: Mutex::default(),
        }
    }

    pub(crate) fn tunes(&self) -> bool {
        self.tunes
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Does a part of the host's work.
    pub(crate) fn span<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = self.now();
        let done = work();
        let end = self.now();
        self.lock().spans.push(Span { stage, start, end });
        done
    }

    /// Runs kernels as one, which is done when `run` returns.
    pub(crate) fn kernels<T>(
        &self,
        plan: &Arc<Plan>,
        kernels: Range<usize>,
        run: impl FnOnce() -> T,
    ) -> T {
        let start = self.now();
        let done = run();
        let (plan, end) = (plan.clone(), self.now());
        self.lock().kernels.push(Ran {
            plan,
            kernels,
            start,
            end,
        });
        done
    }

    /// Notes kernels that were submitted with stamps, `period` nanoseconds to a tick.
    pub(crate) fn stamped(
        &self,
        plan: &Arc<Plan>,
        kernels: Vec<Range<usize>>,
        submitted: Option<Instant>,
        period: f64,
        reading: Reading,
    ) -> Result<(), ErrorKind> {
        let mut records = self.lock();
        records.stamped.push_back(Stamped {
            plan: plan.clone(),
            kernels,
            submitted: submitted.map_or(Duration::ZERO, |at| at.duration_since(self.start)),
            period,
            ticks: Ticks::Coming(reading),
        });
        // Few submissions are under way at a time, so that an older one is done.
        let oldest = records.stamped.len().checked_sub(READINGS);
        if let Some(stamped) = oldest.map(|i| &mut records.stamped[i])
            && let Ticks::Coming(reading) = &mut stamped.ticks
            && let Some(ticks) = reading.try_take()
        {
            stamped.ticks = Ticks::Here(ticks?);
        }
        Ok(())
    }

    /// All that was taken down, in the order of time.
    pub(crate) fn finish(&self) -> Result<Records, ErrorKind> {
        let mut records = std::mem::take(&mut *self.lock());
        let mut runs = Vec::new();
        for stamped in std::mem::take(&mut records.stamped) {
            let words = match stamped.ticks {
                Ticks::Coming(reading) => reading.wait()?,
                Ticks::Here(words) => words,
            };
            let ticks = |at: usize| words[2 * at] as u64 | (words[2 * at + 1] as u64) << 32;
            let time = |at: usize| (ticks(at) as f64 * stamped.period) as i128;
            for (i, kernels) in stamped.kernels.into_iter().enumerate() {
                let ran = Ran {
                    plan: stamped.plan.clone(),
                    kernels,
                    start: stamped.submitted,
                    end: Duration::ZERO,
                };
                runs.push((ran, time(2 * i), time(2 * i + 1)));
            }
        }
        // No kernel starts before it is submitted, and some kernel starts at once: that lays the
        // device's clock over the host's.
        let offset = |(ran, start, _): &(Ran, i128, i128)| ran.start.as_nanos() as i128 - start;
        let offset = runs.iter().map(offset).max().unwrap_or(0);
        let mut free = Duration::ZERO;
        for (mut ran, start, end) in runs {
            let host = |time: i128| Duration::from_nanos((time + offset).max(0) as u64);
            // The ticks of two kernels may fall together.
            ran.start = host(start).max(free);
            ran.end = host(end).max(ran.start);
            free = ran.end;
            records.kernels.push(ran);
        }
        Ok(records)
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
