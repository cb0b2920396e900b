//! The classes that labels name, on the host.

use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// The distinct labels, and which of them each example has.
pub(super) struct Classes {
    /// The labels in rising order.
    pub(super) labels: Vec<f64>,
    /// For each example the place of its label among them.
    pub(super) of: Vec<usize>,
    /// How many examples have each.
    pub(super) counts: Vec<usize>,
}

impl Classes {
    /// Those of a vector of labels, or of a column of them; waits for it.
    #[track_caller]
    pub(super) fn of(op: &'static str, labels: &Tensor) -> Result<Self> {
        if !matches!(labels.shape(), [_] | [_, 1]) {
            let message = "labels are a vector, (n), or a column, (n, 1)";
            return Err(Error::shape(op, labels.shape_ref(), message));
        }
        let values: Vec<f64> = labels.to_vec()?;
        if let Some(at) = values.iter().position(|v| v.is_nan()) {
            let message = format!("the label of example {at} is NaN, which is no class");
            return Err(Error::value(op, message));
        }
        let mut labels = values.clone();
        labels.sort_unstable_by(f64::total_cmp);
        // Zeros of both signs are one class.
        labels.dedup_by(|a, b| a == b);
        let mut counts = vec![0; labels.len()];
        let place = |value: &f64| {
            let class = labels.partition_point(|label| label < value);
            counts[class] += 1;
            class
        };
        let of = values.iter().map(place).collect();
        Ok(Self { labels, of, counts })
    }
}
