//! One batch: forward, backward and, when it completes a step, the update.

use super::figures::Batch;
use super::trainer::{Clip, Trainer};
use super::watch::Watched;
use crate::autograd::Gradients;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::nn::Module;
use crate::tensor::Tensor;

/// The batches of a step so far.
#[derive(Default)]
pub(super) struct Group {
    gradients: Option<Gradients>,
    batches: usize,
    rows: usize,
}

/// What came of a batch.
pub(super) struct Made {
    pub(super) figures: Batch,
    pub(super) rows: usize,
    /// The loss, on the device.
    pub(super) loss: Tensor,
    /// The learning rate, if the batch completed a step.
    pub(super) rate: Option<f64>,
}

impl<M: Module> Trainer<'_, M> {
    /// Learns from a batch. `last` says that the epoch ends with it, and the step too.
    #[track_caller]
    pub(super) fn learn(
        &mut self,
        x: &Tensor,
        y: &Tensor,
        group: &mut Group,
        last: bool,
    ) -> Result<Made> {
        let rows = rows_of(x)?;
        let mut watched = self.options.watch.then(|| {
            let (step, epoch) = (self.run.step + 1, self.run.history.len() + 1);
            Watched::new(step, epoch)
        });
        let output = match &mut watched {
            Some(watched) => watched.forward(&self.model, x)?,
            None => self.model.forward(x)?,
        };
        let mut loss = self.loss_of(&output, y)?;
        if let Some(watched) = &mut watched {
            watched.add("the loss", &loss)?;
        }
        let mut means = vec![loss.detach()];
        for (name, metric) in &self.options.metrics {
            if metric.is_mean() {
                means.push(measured(name, metric.as_ref(), &output.detach(), y)?);
            }
        }
        if self.keeps_outputs() {
            self.run.kept.push((output.detach(), y.detach()));
        }
        self.add(group, loss.backward()?, rows)?;
        // What nobody holds when the plan ends is not stored: neither the output nor the tape.
        drop(output);
        loss = loss.detach();
        let (mut norms, step_rows) = (Vec::new(), group.rows);
        let mut rate = None;
        if last || group.batches == self.options.accumulate {
            let gradients = self.gathered(std::mem::take(group), &mut norms, &mut watched)?;
            let next = self.learning_rate();
            self.optimizer.set_learning_rate(next);
            self.optimizer.update(&self.model, &gradients)?;
            self.run.step += 1;
            rate = Some(next);
        }
        if let Some(watched) = &mut watched {
            watched.values(&self.model)?;
        }
        Ok(Made {
            // Ends the plan, of which the update is a part.
            figures: Batch::read(&means, rows, &norms, step_rows, watched)?,
            rows,
            loss,
            rate,
        })
    }

    /// The loss of a batch and the penalties: one number.
    #[track_caller]
    pub(super) fn loss_of(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        let loss = self.options.loss.loss(output, target)?;
        if loss.ndim() > 0 {
            let message = "the loss of a batch must be one number; let it be reduced to its mean";
            return Err(Error::shape("Trainer", loss.shape_ref(), message));
        }
        match self.model.penalty()? {
            Some(penalty) => loss.try_add(penalty),
            None => Ok(loss),
        }
    }

    /// Whether a metric needs the outputs of all batches at once.
    pub(super) fn keeps_outputs(&self) -> bool {
        let mut metrics = self.options.metrics.iter();
        metrics.any(|(_, metric)| !metric.is_mean())
    }

    /// Adds the gradients of a batch to those of its step.
    #[track_caller]
    fn add(&self, group: &mut Group, mut gradients: Gradients, rows: usize) -> Result<()> {
        if self.options.accumulate > 1 {
            gradients.scale(rows as f64)?;
        }
        match &mut group.gradients {
            None => group.gradients = Some(gradients),
            Some(sum) => sum.accumulate(&gradients)?,
        }
        group.batches += 1;
        group.rows += rows;
        Ok(())
    }

    /// The gradients of a step, as the optimiser gets them.
    #[track_caller]
    fn gathered(
        &self,
        group: Group,
        norms: &mut Vec<Tensor>,
        watched: &mut Option<Watched>,
    ) -> Result<Gradients> {
        let mut gradients = group.gradients.unwrap_or_default();
        if self.options.accumulate > 1 {
            gradients.scale(1.0 / group.rows as f64)?;
        }
        if let Some(watched) = watched {
            watched.gradients(&self.model, &gradients)?;
        }
        if self.options.norms {
            for (_, value) in self.model.parameters() {
                norms.push(gradients.norm_of(&value)?);
            }
        }
        for clip in &self.options.clips {
            match *clip {
                Clip::Norm(limit) => drop(gradients.clip_norm(limit)?),
                Clip::Value(limit) => gradients.clip_value(limit)?,
            }
        }
        Ok(gradients)
    }
}

/// The rows of a batch.
#[track_caller]
pub(super) fn rows_of(x: &Tensor) -> Result<usize> {
    match x.shape().first() {
        Some(&rows) if rows > 0 => Ok(rows),
        _ => {
            let message = "a batch is (rows, …) with at least one row";
            Err(Error::shape("Trainer", x.shape_ref(), message))
        }
    }
}

/// A metric of outputs and targets, which must be one number.
#[track_caller]
pub(super) fn measured(
    name: &str,
    metric: &dyn Metric,
    output: &Tensor,
    target: &Tensor,
) -> Result<Tensor> {
    let value = metric.measure(output, target)?;
    if value.ndim() > 0 {
        let message = format!("a metric is one number, and {name} gives several");
        return Err(Error::shape("Trainer", value.shape_ref(), message));
    }
    Ok(value)
}
