//! Programs: the shaders and pipelines of a plan, chosen once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Gpu;
use super::pipeline::Pipeline;
use super::reduce::Flat;
use super::shader::Shader;
use super::work::Work;
use crate::exec::BufferId;
use crate::plan::Plan;

/// A kernel, or a group of kernels that runs as one, whose pipeline is at hand.
pub(super) struct Prepared {
    /// Kernels of the plan that it computes.
    pub(super) kernels: usize,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) shader: Shader,
}

/// The dispatches of a plan.
pub(super) struct Program {
    pub(super) kernels: Vec<Prepared>,
    /// Where a more special shader was asked for: [`Pipelines::news`](super::pipeline::Pipelines::news)
    /// of that moment.
    awaits: Option<u64>,
    /// The bind groups of the last run, one a kernel: equal steps find equal buffers.
    last: Mutex<Option<Bindings>>,
}

impl Program {
    pub(super) fn last(&self) -> MutexGuard<'_, Option<Bindings>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bind groups and the buffers they were made for.
pub(super) struct Bindings {
    pub(super) slots: Vec<BufferId>,
    pub(super) scratch: Vec<Vec<BufferId>>,
    pub(super) groups: Vec<wgpu::BindGroup>,
}

impl Gpu {
    /// The dispatches of a plan.
    pub(super) fn program(&self, plan: &Plan) -> Arc<Program> {
        let news = self.pipelines.news();
        if let Some(program) = self.runner.program(plan.id)
            && program.awaits.is_none_or(|then| then == news)
        {
            return program;
        }
        let works = Work::of_plan(plan, &self.target, &|p, k| self.decided(p, k));
        let program = Arc::new(self.prepare(&works));
        self.runner.keep(plan.id, program.clone());
        program
    }

    /// The shaders of some works and their pipelines; those that are missing are compiled together.
    pub(super) fn prepare(&self, works: &[Work<'_>]) -> Program {
        let news = self.pipelines.news();
        let mut missing: Vec<Shader> = Vec::new();
        let mut special: Vec<(usize, Shader)> = Vec::new();
        let mut shaders = Vec::with_capacity(works.len());
        for (i, work) in works.iter().enumerate() {
            let (shader, faster) = self.choose(work, &mut missing);
            shaders.push(shader);
            special.extend(faster.map(|shader| (i, shader)));
        }
        let mut awaits = None;
        for (i, shader) in special {
            // A run that has to wait anyway has them at once: later ones change nothing.
            if missing.is_empty() {
                self.pipelines.ask(&shader);
                awaits = Some(news);
            } else {
                if missing.iter().all(|other| other.text != shader.text) {
                    missing.push(shader.clone());
                }
                shaders[i] = shader;
            }
        }
        self.pipelines.compile(&missing);
        let kernels = shaders
            .into_iter()
            .zip(works)
            .map(|(shader, work)| Prepared {
                kernels: work.kernels(),
                pipeline: self.pipelines.get(&shader),
                shader,
            });
        Program {
            kernels: kernels.collect(),
            awaits,
            last: Mutex::default(),
        }
    }

    /// The shader of some work. Where every walk of a kernel is a line, a shorter shader will do, but a
    /// more general one serves too: one that is compiled, or is going to be, is taken, so that a new
    /// shape compiles nothing. The second is one that would be faster.
    fn choose(&self, work: &Work<'_>, missing: &mut Vec<Shader>) -> (Shader, Option<Shader>) {
        let lines = work.lines(&self.target);
        let mut special = None;
        for flat in lines.choices() {
            let shader = self.shader(work, flat);
            let awaited = missing.iter().any(|other| other.text == shader.text);
            if awaited || self.pipelines.find(&shader).is_some() {
                // Both give the same bits: what is added, and in which order, is no part of the choice.
                let slower = flat.reduced != lines.reduced || flat.quads != lines.quads;
                return (shader, special.filter(|_| slower && work.repays()));
            }
            special.get_or_insert(shader);
        }
        let sure = work.sure();
        let flat = Flat {
            kept: lines.kept && sure.kept,
            reduced: lines.reduced && sure.reduced,
            body: lines.body && sure.body,
            quads: lines.quads,
        };
        let shader = self.shader(work, flat);
        // Whether elements can be taken four at a time, and whether a product is narrow, may depend on a
        // batch size, so that the text which serves any other one is compiled now, while the structure
        // is new.
        if let Some(general) = work.for_any_size(flat) {
            let general = self.shader(work, general);
            if general.text != shader.text {
                missing.push(general);
            }
        }
        missing.push(shader.clone());
        (shader, None)
    }

    pub(super) fn shader(&self, work: &Work<'_>, flat: Flat) -> Shader {
        let shader = work.shader(&self.target, flat);
        #[cfg(test)]
        if let Some((from, to)) = self.options.sabotage {
            let text = shader.text.replace(from, to);
            return Shader { text, ..shader };
        }
        shader
    }
}
