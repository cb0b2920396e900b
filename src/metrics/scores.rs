//! Precision, recall and F1.

use super::Metric;
use super::classes::Says;
use super::confusion::quotient;
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{Error, Outward, Result};
use crate::tensor::Tensor;

/// How the scores of classes become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// The mean over the classes that are right or predicted somewhere, all alike.
    #[default]
    Macro,
    /// From the counts of all classes together: of single labels, the accuracy.
    Micro,
    /// The mean over the classes by how often each is right.
    Weighted,
}

/// What the scores are made of.
#[derive(Clone, Copy, Debug)]
struct Score {
    says: Says,
    /// Where outputs are class numbers, and do not tell.
    classes: Option<usize>,
    average: Average,
}

/// Counts by class, or of all: those found rightly, those predicted, those there are; all `f32`.
struct Counts {
    hits: Tensor,
    predicted: Tensor,
    right: Tensor,
}

impl Score {
    const MANY: Self = Self {
        says: Says::Largest,
        classes: None,
        average: Average::Macro,
    };

    #[track_caller]
    fn counts(&self, op: &'static str, output: &Tensor, target: &Tensor) -> Result<Counts> {
        let answers = self.says.answers(op, output, target)?;
        let Some(classes) = answers.classes.or(self.classes) else {
            let message = "the outputs are class numbers: say of how many classes with classes()";
            return Err(Error::value(op, message));
        };
        let matrix = answers.counts(classes)?;
        Ok(Counts {
            hits: matrix.diag(0)?.to_dtype(DType::F32),
            predicted: matrix.sum(0)?.to_dtype(DType::F32),
            right: matrix.sum(1)?.to_dtype(DType::F32),
        })
    }

    /// The score as one number: of class 1 where there is a threshold, or else averaged.
    #[track_caller]
    fn one(
        &self,
        op: &'static str,
        output: &Tensor,
        target: &Tensor,
        score: impl Fn(&Counts) -> Result<Tensor>,
    ) -> Result<Tensor> {
        no_grad(|| {
            let counts = self.counts(op, output, target)?;
            if let Says::Above(_) = self.says {
                return score(&counts)?.narrow(0, 1, 1)?.squeeze(0);
            }
            match self.average {
                Average::Micro => score(&Counts {
                    hits: counts.hits.sum(..)?,
                    predicted: counts.predicted.sum(..)?,
                    right: counts.right.sum(..)?,
                }),
                Average::Macro => {
                    let there = counts.predicted.try_add(&counts.right)?.gt(0.0)?;
                    let there = there.to_dtype(DType::F32).sum(..)?;
                    // A class that is nowhere has a score of 0.
                    quotient(&score(&counts)?.sum(..)?, &there)
                }
                Average::Weighted => {
                    let sum = score(&counts)?.try_mul(&counts.right)?.sum(..)?;
                    quotient(&sum, &counts.right.sum(..)?)
                }
            }
        })
        .outward()
    }
}

/// Metrics that are one number a class, which a function gives for the counts.
macro_rules! scores {
    ($($(#[$attribute:meta])* $metric:ident, $name:literal, $of:path;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        pub struct $metric(Score);

        impl $metric {
            /// Of several classes, as the mean over them.
            pub fn new() -> Self {
                Self(Score::MANY)
            }

            /// Of class 1 among two: an output above the threshold says 1, any other 0, which targets may call −1. The
            /// threshold is 0.5 for probabilities and 0 for logits.
            pub fn binary(threshold: f64) -> Self {
                Self(Score {
                    says: Says::Above(threshold),
                    ..Score::MANY
                })
            }

            /// With another average. A score of class 1 alone has none.
            pub fn average(mut self, average: Average) -> Self {
                self.0.average = average;
                self
            }

            /// Of so many classes, where outputs are class numbers and do not tell.
            pub fn classes(mut self, classes: usize) -> Self {
                self.0.classes = Some(classes);
                self
            }

            /// The score of each class, `(classes)`; it stays on the device.
            ///
            /// # Errors
            /// As [`measure`](Metric::measure).
            #[track_caller]
            pub fn per_class(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
                no_grad(|| $of(&self.0.counts($name, output, target)?)).outward()
            }
        }

        impl Default for $metric {
            fn default() -> Self {
                Self::new()
            }
        }

        impl Metric for $metric {
            fn name(&self) -> String {
                $name.into()
            }

            /// # Errors
            /// Shapes or kinds of numbers that do not fit, or class numbers without the number of classes. A number that is no
            /// class is an error of the next read.
            #[track_caller]
            fn measure(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
                self.0.one($name, output, target, $of)
            }
        }
    )*};
}

scores! {
    /// How much of what is predicted is right, class by class: hits over predictions.
    ///
    /// Outputs are scores `(…, classes)` with targets of class numbers `(…)` from 0 on, or both are class numbers. Where
    /// there is nothing to divide by, the score is 0.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::metrics::{Average, Metric, Precision};
    /// let dev = Device::cpu();
    /// let guesses = Tensor::new([0, 1, 1, 2], &dev)?;
    /// let labels = Tensor::new([0, 1, 0, 2], &dev)?;
    /// let precision = Precision::new().classes(3);
    /// assert_eq!(precision.per_class(&guesses, &labels)?.to_vec::<f32>()?, [1., 0.5, 1.]);
    /// let weighted = precision.average(Average::Weighted).measure(&guesses, &labels)?;
    /// assert!((weighted.item::<f32>()? - 0.875).abs() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    Precision, "precision", precision;

    /// How much of what is right is predicted, class by class: hits over those there are.
    ///
    /// Outputs are scores `(…, classes)` with targets of class numbers `(…)` from 0 on, or both are class numbers. Where
    /// there is nothing to divide by, the score is 0.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::metrics::{Average, Metric, Recall};
    /// let dev = Device::cpu();
    /// let guesses = Tensor::new([0, 1, 1, 2], &dev)?;
    /// let labels = Tensor::new([0, 1, 0, 2], &dev)?;
    /// let recall = Recall::new().classes(3);
    /// assert_eq!(recall.per_class(&guesses, &labels)?.to_vec::<f32>()?, [0.5, 1., 1.]);
    /// let weighted = recall.average(Average::Weighted).measure(&guesses, &labels)?;
    /// assert!((weighted.item::<f32>()? - 0.75).abs() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "sensitivity")]
    Recall, "recall", recall;

    /// The harmonic mean of [`Precision`] and [`Recall`], class by class.
    ///
    /// Outputs are scores `(…, classes)` with targets of class numbers `(…)` from 0 on, or both are class numbers. Where
    /// there is nothing to divide by, the score is 0.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::metrics::{Average, Metric, F1};
    /// let dev = Device::cpu();
    /// let guesses = Tensor::new([0, 1, 1, 2], &dev)?;
    /// let labels = Tensor::new([0, 1, 0, 2], &dev)?;
    /// let f1 = F1::new().classes(3);
    /// assert_eq!(f1.per_class(&guesses, &labels)?.to_vec::<f32>()?, [2. / 3., 2. / 3., 1.]);
    /// let weighted = f1.average(Average::Weighted).measure(&guesses, &labels)?;
    /// assert!((weighted.item::<f32>()? - 0.75).abs() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "f1_score")]
    F1, "f1", f1;
}

#[track_caller]
fn precision(counts: &Counts) -> Result<Tensor> {
    quotient(&counts.hits, &counts.predicted)
}

#[track_caller]
fn recall(counts: &Counts) -> Result<Tensor> {
    quotient(&counts.hits, &counts.right)
}

#[track_caller]
fn f1(counts: &Counts) -> Result<Tensor> {
    quotient(
        &(&counts.hits * 2.0),
        &counts.predicted.try_add(&counts.right)?,
    )
}
