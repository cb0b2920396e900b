//! What a run recorded.

use std::fmt::{self, Write};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::optim::schedule::Goal;

/// The figures of each epoch of a run, by name: `loss`, each metric, `val_loss` and the metrics of the validation,
/// `learning_rate`, and whatever else the trainer was asked to record.
///
/// Shown as text it is a table of the last epochs.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::{data, loss::Mse};
///
/// let dev = Device::cpu();
/// let line = data::make_sine(64, 0.1, 0, &dev)?;
/// let mut trainer = Trainer::new(nn::mlp([1, 8, 1], nn::Tanh, &dev)?, optim::Adam::new(0.01), Mse::new()).epochs(12);
/// let history = trainer.fit(&line)?;
/// assert_eq!(history.len(), 12);
/// assert_eq!(history.names().collect::<Vec<_>>(), ["loss", "learning_rate"]);
/// let losses = history.values("loss").expect("it is always recorded");
/// assert!(losses[11] < losses[0]);
/// assert_eq!(history.params().steps, 2); // an epoch
/// println!("{history}");
/// assert!(history.to_csv().starts_with("epoch,loss,learning_rate\n1,"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Names with a value for each epoch, NaN for one that did not record it.
    columns: Vec<(String, Vec<f64>)>,
    epochs: usize,
    params: Params,
}

/// With what a run was made; of several calls of `fit` that of the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Params {
    /// Epochs that the run was to have at most.
    pub epochs: usize,
    /// Steps of the optimiser in an epoch.
    pub steps: usize,
    /// Rows in a batch; the last of an epoch may have fewer.
    pub batch_size: usize,
    /// Rows to learn from.
    pub rows: usize,
    /// Rows of the validation; 0 without one.
    pub validation_rows: usize,
    /// The number of trainable numbers.
    pub parameters: usize,
    /// The optimiser's name.
    pub optimizer: String,
}

impl History {
    /// The number of epochs.
    pub fn len(&self) -> usize {
        self.epochs
    }

    /// Whether no epoch is done.
    pub fn is_empty(&self) -> bool {
        self.epochs == 0
    }

    /// The names of the figures, in the order in which they are shown.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The values of a figure, one an epoch; NaN for an epoch that did not record it.
    pub fn values(&self, name: &str) -> Option<&[f64]> {
        let column = self.columns.iter().find(|(own, _)| own == name)?;
        Some(&column.1)
    }

    /// The value of a figure in the last epoch.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.values(name)?.last().copied()
    }

    /// The best value of a figure and its epoch, counted from 1; the first of several. `None` where there is no
    /// such figure, or no value that is a number.
    pub fn best(&self, name: &str, goal: Goal) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        for (at, &value) in self.values(name)?.iter().enumerate() {
            if better(goal, value, best.map(|(_, best)| best), 0.0) {
                best = Some((at + 1, value));
            }
        }
        best
    }

    /// With what the run was made.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The last so many epochs as a table.
    pub fn to_table(&self, rows: usize) -> String {
        let first = self.epochs.saturating_sub(rows);
        let mut table: Vec<Vec<String>> = Vec::new();
        let names = self.names().map(String::from);
        table.push(std::iter::once("epoch".into()).chain(names).collect());
        for epoch in first..self.epochs {
            let values = self.columns.iter().map(|(_, values)| short(values[epoch]));
            table.push(
                std::iter::once((epoch + 1).to_string())
                    .chain(values)
                    .collect(),
            );
        }
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..table[0].len()).filter_map(width).collect();
        let mut text = String::new();
        for (at, row) in table.iter().enumerate() {
            for (cell, &width) in row.iter().zip(&widths) {
                let gap = if text.is_empty() || text.ends_with('\n') {
                    ""
                } else {
                    "  "
                };
                let _ = write!(text, "{gap}{cell:>width$}");
            }
            text.push('\n');
            if at == 0 && first > 0 {
                let _ = writeln!(text, "{:>width$}", "…", width = widths[0]);
            }
        }
        text
    }

    /// All epochs as a table in text, with a line of names before: for a spreadsheet, or for
    /// `csv::read` behind the feature `csv`. Values have all their digits.
    pub fn to_csv(&self) -> String {
        let mut text = String::from("epoch");
        for name in self.names() {
            // As RFC 4180 has it.
            match name.contains([',', '"', '\n', '\r']) {
                true => _ = write!(text, ",\"{}\"", name.replace('"', "\"\"")),
                false => _ = write!(text, ",{name}"),
            }
        }
        text.push('\n');
        for epoch in 0..self.epochs {
            let _ = write!(text, "{}", epoch + 1);
            for (_, values) in &self.columns {
                let _ = write!(text, ",{}", values[epoch]);
            }
            text.push('\n');
        }
        text
    }

    /// Writes [`to_csv`](History::to_csv) to a file, in place of one that was there.
    ///
    /// # Errors
    /// A file that cannot be written.
    #[track_caller]
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        match std::fs::write(path, self.to_csv()) {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::new(ErrorKind::File {
                op: "History::write_csv",
                file: path.display().to_string(),
                message: error.to_string(),
            })),
        }
    }

    /// One more epoch.
    pub(super) fn push(&mut self, figures: &[(String, f64)]) {
        for (name, _) in figures {
            if self.values(name).is_none() {
                let column = vec![f64::NAN; self.epochs];
                self.columns.push((name.clone(), column));
            }
        }
        for (name, values) in &mut self.columns {
            let figure = figures.iter().find(|(own, _)| own == name);
            values.push(figure.map_or(f64::NAN, |(_, value)| *value));
        }
        self.epochs += 1;
    }

    pub(super) fn set_params(&mut self, params: Params) {
        self.params = params;
    }

    /// Names with their values.
    #[cfg(feature = "safetensors")]
    pub(super) fn columns(&self) -> &[(String, Vec<f64>)] {
        &self.columns
    }

    /// A history of names with their values, each for so many epochs.
    #[cfg(feature = "safetensors")]
    pub(super) fn of(columns: Vec<(String, Vec<f64>)>, epochs: usize, params: Params) -> Self {
        Self {
            columns,
            epochs,
            params,
        }
    }
}

/// The last five epochs as a table; all of them with `{:#}`.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if f.alternate() { usize::MAX } else { 5 };
        f.write_str(self.to_table(rows).trim_end())
    }
}

/// A figure for people to read.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        _ if !size.is_finite() => value.to_string(),
        _ if (1e-3..1e4).contains(&size) => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    }
}

/// Whether a figure is better by more than a margin than the best before. NaN never is.
pub(super) fn better(goal: Goal, value: f64, best: Option<f64>, margin: f64) -> bool {
    match (best, goal) {
        (None, _) => !value.is_nan(),
        (Some(best), Goal::Small) => value < best - margin,
        (Some(best), Goal::Large) => value > best + margin,
    }
}
