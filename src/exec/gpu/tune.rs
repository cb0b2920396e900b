//! Choosing among the kernels of a product by measuring them.
//!
//! All candidates add over k in the same order, so that a choice changes no bit; and a choice is made
//! once for a case of products: then it stands.

use std::path::Path;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::matmul::{MatmulKernel, Product, Tuning};
use super::work::Work;
use super::{Executor, Gpu};
use crate::error::ErrorKind;
use crate::exec::BufferId;
use crate::exec::options::DeviceOptions;
use crate::plan::{Kernel, Plan};

/// Timed runs of a candidate; the fastest counts.
const RUNS: usize = 5;
/// What a candidate may take at most, of the time of the kernel that is taken without measuring.
const GAIN: f64 = 0.95;

/// The choices that a device starts with: those it is given, and those of its file. A file that holds none
/// is no reason to stop: it is written anew when there is something to keep.
pub(super) fn start(options: &DeviceOptions) -> Tuning {
    let mut tuning = Tuning::default();
    if let Some(path) = options.tuning_file.as_deref().filter(|path| path.exists()) {
        match read(path) {
            Ok(kept) => tuning = kept,
            Err(why) => eprintln!("tilewise: {} is not used: {why}", path.display()),
        }
    }
    tuning.merge(options.tuning.clone());
    tuning
}

fn read(path: &Path) -> Result<Tuning, String> {
    // Not a device that never ends.
    if !path.is_file() {
        return Err("it is not a file".into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let tuning = text.parse::<Tuning>();
    tuning.map_err(|error| error.kind().to_string())
}

/// Adds choices to those of the file, which other devices keep there too; the file is written whole or
/// not at all, and only if it lacks any.
#[cfg(not(target_arch = "wasm32"))]
fn keep(path: &Path, tuning: &Tuning) -> Result<(), ErrorKind> {
    let kept = read(path);
    let mut tuning = tuning.clone();
    if let Ok(kept) = &kept {
        let ours = std::mem::replace(&mut tuning, kept.clone());
        tuning.merge(ours);
    }
    if kept.is_ok_and(|kept| kept == tuning) {
        return Ok(());
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let written = std::fs::write(&draft, tuning.to_string());
    let moved = written.and_then(|()| std::fs::rename(&draft, path));
    moved.map_err(|error| ErrorKind::Value {
        op: "autotune",
        message: format!("{} cannot be written: {error}", path.display()),
    })
}

impl Gpu {
    /// The choices made so far.
    pub(super) fn tuned(&self) -> MutexGuard<'_, Tuning> {
        self.tuned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kernel that a product shall be computed by, if that is decided.
    pub(super) fn decided(&self, product: &Product<'_>, kernel: &Kernel) -> Option<MatmulKernel> {
        let case = || product.case(kernel, &self.adapter);
        self.options.matmul.or_else(|| self.tuned().get(&case()))
    }

    /// Measures the candidates for each product of a plan that is not decided yet, on memory of its own.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn tune_plan(&self, plan: &Plan, scalars: &[u32]) -> Result<(), ErrorKind> {
        if self.options.matmul.is_some() {
            return Ok(());
        }
        let before = self.tuned().len();
        for kernel in &plan.kernels {
            if let Work::Tiled(_, product, first) =
                Work::of_kernel(kernel, &self.target, &|_, _| None)
            {
                self.tune_product(plan, kernel, &product, first, scalars)?;
            }
        }
        let tuned = self.tuned().clone();
        if tuned.len() > before {
            self.runner.forget_plans();
        }
        match &self.options.tuning_file {
            Some(path) if tuned != Tuning::default() => keep(path, &tuned),
            _ => Ok(()),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn tune_product(
        &self,
        plan: &Plan,
        kernel: &Kernel,
        product: &Product<'_>,
        first: MatmulKernel,
        scalars: &[u32],
    ) -> Result<(), ErrorKind> {
        let case = product.case(kernel, &self.adapter);
        if self.tuned().contains(&case) {
            return Ok(());
        }
        let (touched, slots) = self.blank_slots(plan, kernel)?;
        let time = |candidate| {
            let work = Work::Tiled(kernel, product.clone(), candidate);
            self.time_work(&work, &slots, scalars)
        };
        let times: Result<Vec<(MatmulKernel, Duration)>, ErrorKind> = product
            .candidates(kernel, first, &self.target)
            .into_iter()
            .map(|candidate| Ok((candidate, time(candidate)?)))
            .collect();
        touched.into_iter().for_each(|id| self.free(id));
        let times = times?;
        let enough = times[0].1.mul_f64(GAIN);
        let faster = times[1..].iter().filter(|(_, time)| *time <= enough);
        let (best, _) = faster.min_by_key(|(_, time)| *time).unwrap_or(&times[0]);
        self.tuned().insert(case, *best);
        Ok(())
    }

    /// The least time of some runs.
    #[cfg(not(target_arch = "wasm32"))]
    fn time_work(
        &self,
        work: &Work<'_>,
        slots: &[BufferId],
        scalars: &[u32],
    ) -> Result<Duration, ErrorKind> {
        let program = self.prepare(std::slice::from_ref(work));
        let mut best = Duration::MAX;
        // The first run warms up.
        for run in 0..=RUNS {
            let time = self.time_prepared(&program.kernels[0], slots, scalars)?;
            if run > 0 {
                best = best.min(time);
            }
        }
        Ok(best)
    }

    /// Zeroed memory for the slots that a kernel touches, and one buffer per slot of the plan: the program's
    /// own memory is left alone, since a kernel may write where it reads.
    #[cfg(not(target_arch = "wasm32"))]
    fn blank_slots(
        &self,
        plan: &Plan,
        kernel: &Kernel,
    ) -> Result<(Vec<BufferId>, Vec<BufferId>), ErrorKind> {
        let wanted = kernel.slots();
        let mut touched = Vec::new();
        let mut encoder = self.device.create_command_encoder(&Default::default());
        for &slot in &wanted {
            match self.alloc(plan.slots[slot].words) {
                Ok(id) => {
                    encoder.clear_buffer(&self.pool.get(id), 0, None);
                    touched.push(id);
                }
                Err(kind) => {
                    touched.into_iter().for_each(|id| self.free(id));
                    return Err(kind);
                }
            }
        }
        self.queue.submit([encoder.finish()]);
        // Slots that the kernel does not touch are not bound.
        let of = |slot| match wanted.iter().position(|w| *w == slot) {
            Some(at) => touched[at],
            None => touched[0],
        };
        let slots = (0..plan.slots.len()).map(of).collect();
        Ok((touched, slots))
    }
}
