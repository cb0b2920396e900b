//! Profiles: what ran on a device while a closure did, how long each kernel took, and what the host
//! did meanwhile.

mod ceiling;
mod table;
mod trace;

use std::panic::Location;
use std::time::Duration;

use rustc_hash::FxHashMap;

pub use self::ceiling::Ceiling;
use crate::device::{Device, DeviceKind};
use crate::error::{Error, Result};
use crate::exec::record::{Ran, Recorder, Records, Span, Stage};
use crate::plan::explain::Summary;
use crate::shape::Shape;

/// What ran on a device while a closure did; [`Device::profile`] makes it.
///
/// Printed, it is a table of the kernels, the ones that took longest first, with the host's time below;
/// [`Profile::chrome_trace`] has every run of every kernel.
#[derive(Clone, Debug)]
pub struct Profile {
    device: String,
    clock: Clock,
    wall: Duration,
    /// The longest first.
    kernels: Vec<KernelProfile>,
    /// In the order of time.
    runs: Vec<Run>,
    spans: Vec<Span>,
    ceiling: Option<Ceiling>,
}

/// One run of a kernel.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Its place in the profile's kernels.
    kernel: usize,
    start: Duration,
    end: Duration,
}

/// Whose clock measured the kernels of a [`Profile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// The device stamped the start and the end of each kernel.
    Device,
    /// The host's, before and after each kernel: the CPU executor's kernels.
    Host,
    /// The host's, where a GPU cannot stamp what it runs. Each kernel was submitted alone and waited
    /// for, and the time of both counts as the kernel's.
    Submission,
}

/// The runs of one kernel in a [`Profile`]: those that compute the same operations, asked for by the
/// same lines, over the same shape.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KernelProfile {
    /// What it computes first: `map`, `reduce` or `matmul`, as [`Device::explain`] prints it, or `rows` for
    /// several of them that ran row by row as one.
    pub kind: &'static str,
    /// The operations fused in it, in program order: `matmul + add + relu`. Between those of several that
    /// ran as one stands `|`.
    pub operations: String,
    /// The shape it computes; of several, the largest.
    pub shape: Shape,
    /// The lines that asked for its operations, each once, in program order. A plan serves every batch
    /// of its structure; the lines are those of the first.
    pub lines: Vec<&'static Location<'static>>,
    /// How often it ran.
    pub count: usize,
    /// The time of all its runs.
    pub time: Duration,
    /// Bytes that one run reads and writes, each element of each operand counted once.
    pub bytes: u64,
    /// Operations on elements in one run; a multiply-add of a product counts as two.
    pub flops: u64,
}

/// What the host did during a [`Profile`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostTime {
    /// Finding the plans of batches, and making those of new ones.
    pub planning: Duration,
    /// Writing and compiling the shaders of plans that had not run before.
    pub preparing: Duration,
    /// Handing plans to the device, without the kernels that ran in the host's time.
    pub submitting: Duration,
    /// Waiting for values and for the device.
    pub waiting: Duration,
    /// Kernels that ran in the host's time: those of the CPU executor, and those that were submitted
    /// and waited for one by one.
    pub kernels: Duration,
    /// All the rest: the program itself, and the recording of its operations.
    pub program: Duration,
}

impl Device {
    /// Runs a closure and says what ran on the device: each kernel's time, bytes, arithmetic and
    /// source lines, and what the host did meanwhile.
    ///
    /// What this thread recorded before is run first and does not count. What the closure returns, and what
    /// outlives it, runs before the profile is made; a tensor that it drops without having read it is not
    /// computed, here as anywhere. Other threads' work is not in the profile, but takes its share of the
    /// device. A GPU stamps the kernels itself where it can
    /// (see [`Profile::clock`]); each then runs in a compute pass of its own. Nothing is measured, and
    /// nothing costs more, outside of a profile.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::ones([64, 64], &dev)?.contiguous();
    /// let profile = dev.profile(|| x.matmul(&x)?.relu().sum(..))?;
    /// println!("{profile}");
    /// assert_eq!(profile.kernels().iter().map(|k| k.count).sum::<usize>(), 2);
    /// # Ok::<(), tilewise::Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's own, a call from inside another profile or [`Device::autotune`] of the same device, and
    /// what [`Device::synchronize`] can fail with.
    #[track_caller]
    pub fn profile<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<Profile> {
        let (records, wall) = self.take_down("profile", false, work)?;
        let clock = match (self.limits().stamps, self.info().kind) {
            (true, _) => Clock::Device,
            (_, DeviceKind::Cpu) => Clock::Host,
            _ => Clock::Submission,
        };
        let (kernels, runs) = aggregate(&records.kernels);
        Ok(Profile {
            device: self.name(),
            clock,
            wall,
            kernels,
            runs,
            spans: records.spans,
            ceiling: None,
        })
    }

    /// Runs a closure and chooses, for each matrix product in it, the fastest of the kernels that can
    /// compute it on this GPU, by running each of them some times on memory of its own; products that nobody
    /// holds or reads are not in it. The choices stand
    /// from then on, for products of about the same sizes (the same powers of two) and the same layouts.
    ///
    /// Nothing is measured unless this is called: until then, and for products of other sizes, the
    /// adapter's kind decides. All kernels to choose from add in the same order, so that no result depends
    /// on the choice. [`Device::tuning`] has the choices, and
    /// [`DeviceOptions::tuning_file`](crate::DeviceOptions::tuning_file) keeps them. The CPU executor has
    /// nothing to choose.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let x = Tensor::ones([64, 64], &dev)?.contiguous();
    /// dev.autotune(|| x.matmul(&x))?;
    /// println!("{}", dev.tuning());
    /// # Ok::<(), tilewise::Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's own, a call from inside another one or [`Device::profile`], no memory for a product's operands, a
    /// file that cannot be written, or a fault of the device.
    #[track_caller]
    pub fn autotune<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<()> {
        self.take_down("autotune", true, work).map(drop)
    }

    /// Runs a closure and takes down what ran, and how long it all took.
    #[track_caller]
    fn take_down<T>(
        &self,
        op: &'static str,
        tunes: bool,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<(Records, Duration)> {
        let queue = self.queue();
        let nested =
            "this thread is taking a profile of this device, or tuning it; the two do not nest";
        if queue.recorder().is_some() {
            return Err(Error::value(op, nested));
        }
        queue.flush()?;
        self.executor().synchronize()?;
        let Some(recording) = queue.start_recording(Recorder::start(tunes)) else {
            return Err(Error::value(op, nested));
        };
        let recorder = recording.recorder.clone();
        // What the closure returns is held until all has run: a result that nobody holds is not
        // computed.
        let result = work()?;
        queue.flush()?;
        recorder.span(Stage::Wait, || self.executor().synchronize())?;
        let wall = recorder.now();
        drop((recording, result));
        Ok((recorder.finish()?, wall))
    }
}

impl Profile {
    /// The kernels that ran, the one that took longest in all first.
    pub fn kernels(&self) -> &[KernelProfile] {
        &self.kernels
    }

    /// The time from the closure's start until all that it recorded was done.
    pub fn wall(&self) -> Duration {
        self.wall
    }

    /// The time of all kernels.
    pub fn busy(&self) -> Duration {
        self.kernels.iter().map(|k| k.time).sum()
    }

    /// The time in which no kernel ran.
    pub fn idle(&self) -> Duration {
        self.wall.saturating_sub(self.busy())
    }

    /// Whose clock measured the kernels.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What the host did.
    pub fn host(&self) -> HostTime {
        let of = |stage: Stage| -> Duration {
            let spans = self.spans.iter().filter(|s| s.stage == stage);
            spans.map(|s| s.end - s.start).sum()
        };
        let kernels = match self.clock {
            Clock::Device => Duration::ZERO,
            Clock::Host | Clock::Submission => self.busy(),
        };
        let (planning, preparing) = (of(Stage::Plan), of(Stage::Prepare));
        let (running, waiting) = (of(Stage::Run), of(Stage::Wait));
        HostTime {
            planning,
            preparing,
            // Shaders are prepared, and kernels of the host's time run, while a plan is handed over.
            submitting: running.saturating_sub(preparing + kernels),
            waiting,
            kernels,
            program: self.wall.saturating_sub(planning + running + waiting),
        }
    }

    /// The profile with what the device can do at most, so that the table says how close to it each
    /// kernel comes: [`Device::ceiling`] measures it.
    pub fn with_ceiling(mut self, ceiling: Ceiling) -> Self {
        self.ceiling = Some(ceiling);
        self
    }
}

impl KernelProfile {
    /// Bytes read and written in a second, on the average of the runs.
    pub fn bytes_per_second(&self) -> f64 {
        self.bytes as f64 * self.count as f64 / self.time.as_secs_f64()
    }

    /// Operations on elements in a second, on the average of the runs.
    pub fn flops_per_second(&self) -> f64 {
        self.flops as f64 * self.count as f64 / self.time.as_secs_f64()
    }

    fn new(ran: &Ran) -> Self {
        let kernels = &ran.plan.kernels[ran.kernels.clone()];
        let summary = Summary::of(kernels, ran.plan.bools);
        let mut lines: Vec<&'static Location<'static>> = Vec::new();
        for note in kernels.iter().flat_map(|kernel| &kernel.ops) {
            if !lines.contains(&note.at) {
                lines.push(note.at);
            }
        }
        Self {
            kind: summary.kind,
            operations: summary.operations,
            shape: summary.shape,
            lines,
            count: 0,
            time: Duration::ZERO,
            bytes: summary.bytes as u64,
            flops: summary.flops as u64,
        }
    }

    /// Whether the runs of two kernels are told apart by nothing that a user sees.
    fn like(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.operations == other.operations
            && self.shape == other.shape
            && self.lines == other.lines
            && (self.bytes, self.flops) == (other.bytes, other.flops)
    }
}

/// The kernels, the ones that took longest first, and their runs in the order of time.
fn aggregate(all: &[Ran]) -> (Vec<KernelProfile>, Vec<Run>) {
    let mut kernels: Vec<KernelProfile> = Vec::new();
    let mut known = FxHashMap::<(u64, usize), usize>::default();
    let mut runs = Vec::with_capacity(all.len());
    for ran in all {
        let number = (ran.plan.id, ran.kernels.start);
        let kernel = *known.entry(number).or_insert_with(|| {
            let new = KernelProfile::new(ran);
            let at = kernels.iter().position(|k| k.like(&new));
            at.unwrap_or_else(|| {
                kernels.push(new);
                kernels.len() - 1
            })
        });
        kernels[kernel].count += 1;
        kernels[kernel].time += ran.end - ran.start;
        runs.push(Run {
            kernel,
            start: ran.start,
            end: ran.end,
        });
    }
    let mut order: Vec<usize> = (0..kernels.len()).collect();
    order.sort_by_key(|&k| std::cmp::Reverse(kernels[k].time));
    let mut place = vec![0; kernels.len()];
    order.iter().enumerate().for_each(|(at, &k)| place[k] = at);
    runs.iter_mut()
        .for_each(|run| run.kernel = place[run.kernel]);
    let kernels = order.iter().map(|&k| kernels[k].clone()).collect();
    (kernels, runs)
}
