//! The figures of batches: on their way from the device, and added up.

use std::collections::VecDeque;

use super::watch::{Places, Watched};
use crate::dtype::DType;
use crate::error::Result;
use crate::tensor::{ReadHandle, Tensor};

/// Sums of figures, each times its weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) sums: Vec<f64>,
    pub(super) weight: f64,
}

impl Sums {
    pub(super) fn add(&mut self, values: &[f32], weight: usize) {
        self.sums.resize(values.len(), 0.0);
        for (sum, &value) in self.sums.iter_mut().zip(values) {
            *sum += value as f64 * weight as f64;
        }
        self.weight += weight as f64;
    }

    /// The mean of each figure.
    pub(super) fn means(&self) -> impl Iterator<Item = f64> {
        self.sums.iter().map(|sum| sum / self.weight)
    }
}

/// The figures of a batch, read in one piece.
pub(super) struct Batch {
    handle: ReadHandle<f32>,
    parts: Parts,
}

/// What the numbers are that are read of a batch.
struct Parts {
    /// How many are means over the rows of the batch.
    means: usize,
    rows: usize,
    /// How many follow that are of the gradients of a step, and the rows that these are of.
    norms: usize,
    step_rows: usize,
    /// What the rest says is finite.
    watched: Option<Places>,
}

impl Batch {
    /// Starts to read scalars; what was recorded runs now.
    #[track_caller]
    pub(super) fn read(
        means: &[Tensor],
        rows: usize,
        norms: &[Tensor],
        step_rows: usize,
        watched: Option<Watched>,
    ) -> Result<Self> {
        let (flags, watched) = match watched {
            Some(Watched { flags, places }) => (flags, Some(places)),
            None => (Vec::new(), None),
        };
        let all = means.iter().chain(norms).chain(&flags);
        let all: Vec<Tensor> = all.map(|t| t.detach().to_dtype(DType::F32)).collect();
        let all: Vec<&Tensor> = all.iter().collect();
        Ok(Self {
            handle: Tensor::stack(&all, 0)?.read()?,
            parts: Parts {
                means: means.len(),
                rows,
                norms: norms.len(),
                step_rows,
                watched,
            },
        })
    }
}

impl Parts {
    #[track_caller]
    fn count(&self, values: &[f32], into: &mut Totals) -> Result<()> {
        let (means, rest) = values.split_at(self.means);
        let (norms, flags) = rest.split_at(self.norms);
        if let Some(places) = &self.watched {
            places.check(flags)?;
        }
        into.means.add(means, self.rows);
        if !norms.is_empty() {
            into.norms.add(norms, self.step_rows);
        }
        Ok(())
    }
}

/// The figures of an epoch so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) means: Sums,
    pub(super) norms: Sums,
}

/// Batches whose figures are on their way, the oldest first. They are counted in that order, whenever they arrive.
#[derive(Default)]
pub(super) struct Pending(VecDeque<Batch>);

impl Pending {
    pub(super) fn push(&mut self, batch: Batch) {
        self.0.push_back(batch);
    }

    /// Counts what has arrived; does not wait.
    #[track_caller]
    pub(super) fn take_ready(&mut self, into: &mut Totals) -> Result<()> {
        while let Some(batch) = self.0.front_mut() {
            let Some(values) = batch.handle.try_take()? else {
                return Ok(());
            };
            if let Some(batch) = self.0.pop_front() {
                batch.parts.count(&values, into)?;
            }
        }
        Ok(())
    }

    /// Counts all, and waits for what has not arrived.
    #[track_caller]
    pub(super) fn wait(&mut self, into: &mut Totals) -> Result<()> {
        self.take_ready(into)?;
        while let Some(Batch { handle, parts }) = self.0.pop_front() {
            parts.count(&handle.wait()?, into)?;
        }
        Ok(())
    }
}
