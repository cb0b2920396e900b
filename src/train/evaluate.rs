//! Measuring a model, and asking it.

use std::fmt;

use super::figures::{Batch, Pending, Totals};
use super::history::short;
use super::step::{measured, rows_of};
use super::trainer::Trainer;
use crate::autograd::no_grad;
use crate::data::{Dataset, Fit, Loader, Predict, TensorDataset};
use crate::device::Device;
use crate::error::{Error, Outward, Result};
use crate::generator::Generator;
use crate::nn::{Evaluating, Module};
use crate::tensor::Tensor;

/// Loss and metrics of a model on some data.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::{data, loss::CrossEntropy, metrics::Accuracy};
///
/// let dev = Device::cpu();
/// let model = nn::mlp([2, 8, 2], nn::Relu, &dev)?;
/// let trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new()).metric(Accuracy::new());
/// let scores = trainer.evaluate(&data::make_moons(100, 0.1, 0, &dev)?)?;
/// assert_eq!(scores.get("loss"), Some(scores.loss()));
/// assert!(scores.get("accuracy").expect("it is measured") <= 1.0);
/// println!("{scores}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation(Vec<(String, f64)>);

impl Evaluation {
    /// The loss, with the penalties.
    pub fn loss(&self) -> f64 {
        self.0[0].1
    }

    /// The loss or a metric by its name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| *value)
    }

    /// All of them: the loss, then the metrics in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.iter().enumerate() {
            let gap = if at > 0 { "  " } else { "" };
            write!(f, "{gap}{name} {}", short(value))?;
        }
        Ok(())
    }
}

impl<M: Module> Trainer<'_, M> {
    /// Loss and metrics of the model on other data, in batches: layers evaluate meanwhile, nothing is recorded for
    /// gradients, and the random state is as it was.
    ///
    /// The loss and metrics that are means over rows are averaged over the batches, each weighed by its rows; the
    /// others are of all rows at once.
    ///
    /// # Errors
    /// No rows, or data that do not fit the model, the loss or a metric.
    #[track_caller]
    pub fn evaluate<D: Dataset + ?Sized>(&self, data: &D) -> Result<Evaluation> {
        self.check_figures()?;
        if data.is_empty() {
            return Err(Error::value("evaluate", "there are no rows to measure"));
        }
        let loader = Loader::new(data, self.check_batch_size()?)?;
        let _evaluating = Evaluating::start(&self.model);
        let _kept = Kept::of(self.devices());
        let names = std::iter::once("loss").chain(self.metric_names());
        let names = names.map(String::from);
        let values = no_grad(|| self.measure(&loader)).outward()?;
        Ok(Evaluation(names.zip(values).collect()))
    }

    /// Loss and metrics in their order.
    #[track_caller]
    fn measure<D: Dataset>(&self, loader: &Loader<D>) -> Result<Vec<f64>> {
        let (mut pending, mut totals) = (Pending::default(), Totals::default());
        let mut kept = Vec::new();
        for batch in loader.epoch(0) {
            let (x, y) = batch?;
            let rows = rows_of(&x)?;
            let output = self.model.forward(&x)?;
            let mut means = vec![self.loss_of(&output, &y)?];
            for (name, metric) in &self.options.metrics {
                if metric.is_mean() {
                    means.push(measured(name, metric.as_ref(), &output, &y)?);
                }
            }
            if self.keeps_outputs() {
                kept.push((output, y));
            }
            pending.push(Batch::read(&means, rows, &[], 0, None)?);
            pending.take_ready(&mut totals)?;
        }
        pending.wait(&mut totals)?;
        self.figures(&totals, &kept)
    }

    /// Loss and metrics in their order: the means of batches, and what is measured of all outputs at once.
    #[track_caller]
    pub(super) fn figures(&self, totals: &Totals, kept: &[(Tensor, Tensor)]) -> Result<Vec<f64>> {
        let mut means = totals.means.means();
        let mut figures: Vec<f64> = means.next().into_iter().collect();
        let all = match kept {
            [] => None,
            kept => {
                let outputs: Vec<&Tensor> = kept.iter().map(|(output, _)| output).collect();
                let targets: Vec<&Tensor> = kept.iter().map(|(_, target)| target).collect();
                Some((Tensor::concat(&outputs, 0)?, Tensor::concat(&targets, 0)?))
            }
        };
        for (name, metric) in &self.options.metrics {
            let figure = match (&all, metric.is_mean()) {
                (Some((output, target)), false) => {
                    let value = measured(name, metric.as_ref(), output, target)?;
                    Some(value.item::<f64>()?)
                }
                _ => means.next(),
            };
            figures.extend(figure);
        }
        Ok(figures)
    }

    /// What the model gives for inputs `(rows, …)`, in batches: layers evaluate meanwhile, nothing is recorded for
    /// gradients, and the random state is as it was.
    ///
    /// # Errors
    /// Inputs that the model does not take.
    #[track_caller]
    pub fn predict(&self, x: &Tensor) -> Result<Tensor> {
        let size = self.check_batch_size()?;
        let _evaluating = Evaluating::start(&self.model);
        let _kept = Kept::of(self.devices());
        no_grad(|| {
            let Some(&rows) = x.shape().first() else {
                let message = "inputs are (rows, …)";
                return Err(Error::shape("predict", x.shape_ref(), message));
            };
            let mut outputs = Vec::new();
            for start in (0..rows).step_by(size) {
                let batch = x.narrow(0, start, size.min(rows - start))?;
                outputs.push(self.model.forward(&batch)?.detach());
                // What a batch needs on the way is free for the next.
                x.device().flush()?;
            }
            match outputs.as_slice() {
                // Its shape is that of no rows, if the model takes such.
                [] => Ok(self.model.forward(x)?.detach()),
                [all] => Ok(all.clone()),
                outputs => Tensor::concat(&outputs.iter().collect::<Vec<_>>(), 0),
            }
        })
        .outward()
    }

    /// As [`predict`](Trainer::predict), as probabilities: the softmax of outputs `(…, classes)`, the sigmoid of one
    /// column `(…, 1)`. For a model that gives logits, as those do that are trained with a
    /// [`CrossEntropy`](crate::loss::CrossEntropy) or a [`BinaryCrossEntropy`](crate::loss::BinaryCrossEntropy) of
    /// logits, one class a row. Where a row may have several labels at once, the chance of each is
    /// `trainer.predict(&x)?.sigmoid()`.
    ///
    /// # Errors
    /// As there, and outputs without an axis of classes.
    #[track_caller]
    pub fn predict_probabilities(&self, x: &Tensor) -> Result<Tensor> {
        let logits = self.predict(x)?;
        match classes(&logits)? {
            1 => Ok(logits.sigmoid()),
            _ => logits.softmax(-1),
        }
    }

    /// The class that the model holds for the likeliest, as numbers from 0 on: of outputs `(…, classes)` the largest,
    /// of one column `(…, 1)` whether its sigmoid is above a half; both `(…)`.
    ///
    /// # Errors
    /// As [`predict_probabilities`](Trainer::predict_probabilities).
    #[track_caller]
    pub fn predict_classes(&self, x: &Tensor) -> Result<Tensor> {
        let logits = self.predict(x)?;
        let first = match classes(&logits)? {
            1 => logits.squeeze(-1)?.gt(0.0)?,
            _ => logits.argmax(-1)?,
        };
        Ok(first.to_dtype(crate::dtype::DType::I32))
    }
}

#[track_caller]
fn classes(logits: &Tensor) -> Result<usize> {
    match logits.shape() {
        [_, .., classes] if *classes > 0 => Ok(*classes),
        _ => {
            let message = "outputs of (rows, …, classes) are needed";
            Err(Error::shape("predict", logits.shape_ref(), message))
        }
    }
}

/// Generators of devices, which are put back when this is dropped.
struct Kept(Vec<(Device, Generator)>);

impl Kept {
    fn of(devices: Vec<Device>) -> Self {
        let each = devices.into_iter();
        let each = each.map(|device| {
            let generator = device.generator();
            (device, generator)
        });
        Self(each.collect())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for (device, generator) in self.0.drain(..) {
            device.set_generator(generator);
        }
    }
}

impl<M: Module> Predict for Trainer<'_, M> {
    #[track_caller]
    fn predict(&self, x: &Tensor) -> Result<Tensor> {
        self.predict(x)
    }
}

impl<M: Module> Fit for Trainer<'_, M> {
    #[track_caller]
    fn fit(&mut self, x: &Tensor, targets: &Tensor) -> Result<()> {
        self.fit(&TensorDataset::new(x, targets)?)?;
        Ok(())
    }
}
