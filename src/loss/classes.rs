//! What losses over class numbers share: weights of the classes, and rows that do not count.

use super::{Reduction, checks};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// The options.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    pub(super) weights: Option<Tensor>,
    pub(super) ignored: Option<i32>,
    pub(super) reduction: Reduction,
}

/// The rows of a batch.
pub(super) struct Rows {
    /// Class numbers, of shape `(…)`; where a row does not count, that of the first class.
    pub(super) labels: Tensor,
    /// The weight of each row's class, of shape `(…)`; `None` where all are 1.
    weights: Option<Tensor>,
    /// Which rows count, of shape `(…)`; `None` where all do.
    counted: Option<Tensor>,
}

impl Classes {
    /// The weights of the classes in the dtype of outputs `(…, classes)`, checked.
    #[track_caller]
    pub(super) fn weights_for(&self, op: &'static str, output: &Tensor) -> Result<Option<Tensor>> {
        let Some(weights) = &self.weights else {
            return Ok(None);
        };
        output.same_device(op, weights)?;
        let classes = checks::classes(op, output)?;
        if weights.shape() != [classes] {
            let message = format!("the weights must be one for each of {classes} classes");
            return Err(Error::shape(op, weights.shape_ref(), message));
        }
        Ok(Some(weights.to_dtype(output.dtype())))
    }

    /// The rows of labels that go with outputs `(…, classes)`.
    #[track_caller]
    pub(super) fn rows(&self, op: &'static str, output: &Tensor, labels: &Tensor) -> Result<Rows> {
        checks::labels(op, output, labels)?;
        let (labels, counted) = match self.ignored {
            None => (labels.clone(), None),
            Some(ignored) => {
                let labels = labels.to_dtype(DType::I32);
                let counted = labels.ne(ignored)?;
                (counted.select(&labels, 0)?, Some(counted))
            }
        };
        let weights = self.weights_for(op, output)?;
        let weights = weights.map(|w| w.take(&labels, 0)).transpose()?;
        Ok(Rows {
            labels,
            weights,
            counted,
        })
    }

    /// The losses of rows, weighted before, reduced: the mean is over the weights of the rows that count, as
    /// PyTorch's.
    #[track_caller]
    pub(super) fn reduce(&self, rows: &Rows, each: &Tensor) -> Result<Tensor> {
        let each = rows.only_counted(each.clone())?;
        if self.reduction != Reduction::Mean {
            return self.reduction.of(&each);
        }
        let total = match (&rows.weights, &rows.counted) {
            (None, None) => return each.mean(..),
            (Some(weights), _) => rows.only_counted(weights.clone())?,
            (None, Some(counted)) => counted.to_dtype(DType::F32),
        };
        let mean = each.sum(..)?.try_div(total.sum(..)?)?;
        Ok(mean.to_dtype(each.dtype()))
    }
}

impl Rows {
    /// Losses of rows times the weights of their classes.
    #[track_caller]
    pub(super) fn weighted(&self, each: Tensor) -> Result<Tensor> {
        match &self.weights {
            None => Ok(each),
            Some(weights) => each.try_mul(weights),
        }
    }

    #[track_caller]
    fn only_counted(&self, each: Tensor) -> Result<Tensor> {
        match &self.counted {
            None => Ok(each),
            Some(counted) => counted.select(&each, 0.0),
        }
    }
}

/// The options of a loss that has [`Classes`].
macro_rules! by_class {
    ($loss:ty) => {
        impl $loss {
            /// With a weight for each class, `(classes)`.
            #[doc(alias = "weight")]
            pub fn weights(mut self, weights: &Tensor) -> Self {
                self.classes.weights = Some(weights.clone());
                self
            }

            /// Rows of this class number do not count: neither in the loss, nor in its mean, nor for gradients. PyTorch
            /// ignores −100 unless told otherwise; here no row is ignored unless asked for.
            #[doc(alias = "ignore_index")]
            pub fn ignore(mut self, class: i32) -> Self {
                self.classes.ignored = Some(class);
                self
            }

            /// With another reduction than the mean. The mean of class numbers is over the weights of the rows that count.
            pub fn reduction(mut self, reduction: $crate::loss::Reduction) -> Self {
                self.classes.reduction = reduction;
                self
            }
        }
    };
}
pub(super) use by_class;
