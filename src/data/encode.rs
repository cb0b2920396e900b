//! Classes as numbers, and numbers as rows of 0 and 1.

use super::transform::{Transform, check_features, fitted, learnt_features};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Labels that are any numbers as classes from 0, in the order of the labels: scikit-learn's.
///
/// [`Tensor::one_hot`] makes rows of 0 and 1 of classes.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::LabelEncoder;
///
/// let labels = Tensor::new([30, 10, 30, 20], &Device::cpu())?;
/// let mut encoder = LabelEncoder::new();
/// let classes = encoder.fit_transform(&labels)?;
/// assert_eq!(classes.to_vec::<u32>()?, [2, 0, 2, 1]);
/// assert_eq!(encoder.inverse(&classes)?.to_vec::<i32>()?, [30, 10, 30, 20]);
/// assert_eq!(classes.one_hot(3)?.shape(), [4, 3]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LabelEncoder {
    /// The labels in rising order.
    labels: Option<Tensor>,
}

impl LabelEncoder {
    /// One that has learnt no labels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns the labels in a tensor of any shape; reads back how many there are.
    ///
    /// # Errors
    /// Labels that are NaN.
    #[track_caller]
    pub fn fit(&mut self, labels: &Tensor) -> Result<()> {
        self.labels = Some(distinct("LabelEncoder::fit", labels)?);
        Ok(())
    }

    /// The class of each label, `u32` of the same shape; reads back whether all are known.
    ///
    /// # Errors
    /// Nothing learnt yet, or a label that was not among those learnt from.
    #[track_caller]
    pub fn transform(&self, labels: &Tensor) -> Result<Tensor> {
        const OP: &str = "LabelEncoder::transform";
        let known = fitted(OP, &self.labels)?;
        labels.same_device(OP, known)?;
        if known.size() == 0 || labels.size() == 0 {
            return match labels.size() {
                0 => Ok(labels.detach().to_dtype(DType::U32)),
                _ => Err(Error::value(OP, "it was fitted to no label at all")),
            };
        }
        let most = known.size() as i64 - 1;
        let classes = known.searchsorted(labels, false)?.minimum(most)?;
        let unknown = known.take(&classes, 0)?.ne(labels)?;
        refuse_unknown(OP, labels, &unknown)?;
        Ok(classes.to_dtype(DType::U32))
    }

    /// Learns the labels and gives the class of each.
    ///
    /// # Errors
    /// As [`LabelEncoder::fit`].
    #[track_caller]
    pub fn fit_transform(&mut self, labels: &Tensor) -> Result<Tensor> {
        self.fit(labels)?;
        self.transform(labels)
    }

    /// The label of each class.
    ///
    /// # Errors
    /// Nothing learnt yet, or classes that are no integers. A class that there is not is an error of the next
    /// read.
    #[track_caller]
    pub fn inverse(&self, classes: &Tensor) -> Result<Tensor> {
        fitted("LabelEncoder::inverse", &self.labels)?.take(classes, 0)
    }

    /// The labels in rising order, once it is fitted: the label of class 0, of class 1 and so on.
    #[doc(alias = "classes_")]
    pub fn labels(&self) -> Option<&Tensor> {
        self.labels.as_ref()
    }
}

/// The distinct values of a tensor in rising order.
#[track_caller]
fn distinct(op: &'static str, x: &Tensor) -> Result<Tensor> {
    if x.size() > 0 && x.is_nan().any(..)?.item::<bool>()? {
        return Err(Error::value(op, "NaN is no class"));
    }
    x.detach().ravel().unique()
}

/// An error that names the first value where a mask says that it is unknown.
#[track_caller]
fn refuse_unknown(op: &'static str, x: &Tensor, unknown: &Tensor) -> Result<()> {
    if x.size() == 0 || !unknown.any(..)?.item::<bool>()? {
        return Ok(());
    }
    let first: Vec<f64> = x.detach().masked_select(unknown)?.to_vec()?;
    let first = first.first().copied().unwrap_or(f64::NAN);
    let message = format!("{first} was not among the values that it was fitted to");
    Err(Error::value(op, message))
}

/// Each column of categories, which are numbers, as a column of 0 and 1 for each of its categories in rising
/// order: `(rows, columns)` becomes `(rows, all categories)`, `f32`, as scikit-learn's.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{OneHotEncoder, Transform};
///
/// let x = Tensor::new([[5, 0], [7, 0], [5, 1]], &Device::cpu())?;
/// let mut encoder = OneHotEncoder::new();
/// let y = encoder.fit_transform(&x)?;
/// assert_eq!(y.to_string(), "[[1. 0. 1. 0.]\n [0. 1. 1. 0.]\n [1. 0. 0. 1.]]");
/// assert_eq!(encoder.inverse(&y)?.to_vec::<i32>()?, [5, 0, 7, 0, 5, 1]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct OneHotEncoder {
    lenient: bool,
    categories: Option<Vec<Tensor>>,
}

impl OneHotEncoder {
    /// One that takes only the categories that it learnt.
    pub fn new() -> Self {
        Self::default()
    }

    /// An unknown category gives zeros and is no error: scikit-learn's `handle_unknown="ignore"`. Then nothing
    /// is read back to transform.
    pub fn ignore_unknown(self) -> Self {
        Self {
            lenient: true,
            ..self
        }
    }

    /// The categories of each column in rising order, once it is fitted.
    #[doc(alias = "categories_")]
    pub fn categories(&self) -> Option<&[Tensor]> {
        self.categories.as_deref()
    }
}

impl Transform for OneHotEncoder {
    /// Reads back how many categories there are.
    #[track_caller]
    fn fit(&mut self, x: &Tensor) -> Result<()> {
        const OP: &str = "OneHotEncoder::fit";
        let columns = learnt_features(OP, x)?;
        let mut categories = Vec::with_capacity(columns);
        for column in 0..columns {
            categories.push(distinct(OP, &x.narrow(1, column, 1)?)?);
        }
        self.categories = Some(categories);
        Ok(())
    }

    #[track_caller]
    fn transform(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "OneHotEncoder::transform";
        let categories = fitted(OP, &self.categories)?;
        check_features(OP, x, categories.len())?;
        let mut blocks = Vec::with_capacity(categories.len());
        for (column, known) in categories.iter().enumerate() {
            let values = x.narrow(1, column, 1)?;
            let same = values.eq(known)?;
            if !self.lenient && x.size() > 0 {
                refuse_unknown(OP, &values, &same.any_keepdims(1)?.logical_not())?;
            }
            blocks.push(same.to_dtype(DType::F32));
        }
        joined(x, &blocks)
    }

    /// The category of the largest of each column's numbers; of an unknown one, the first.
    #[track_caller]
    fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        const OP: &str = "OneHotEncoder::inverse";
        let categories = fitted(OP, &self.categories)?;
        check_features(OP, y, categories.iter().map(Tensor::size).sum())?;
        let (mut columns, mut start) = (Vec::with_capacity(categories.len()), 0);
        for known in categories {
            let block = y.narrow(1, start, known.size())?;
            columns.push(known.take(&block.argmax_keepdims(1)?, 0)?);
            start += known.size();
        }
        joined(y, &columns)
    }
}

/// Blocks of columns side by side, of as many rows as a matrix.
#[track_caller]
fn joined(rows: &Tensor, blocks: &[Tensor]) -> Result<Tensor> {
    if blocks.is_empty() {
        return Tensor::zeros([rows.shape()[0], 0], rows.device());
    }
    Tensor::concat(&blocks.iter().collect::<Vec<_>>(), 1)
}
