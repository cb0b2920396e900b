//! Hinge losses.

use super::{Loss, Reduction, checks};
use crate::dtype::DType;
use crate::error::Result;
use crate::tensor::Tensor;

/// Losses of what a margin is missed by, taken to a power.
macro_rules! hinges {
    ($($(#[$attribute:meta])* $loss:ident, $name:literal, $power:expr;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        pub struct $loss {
            margin: f64,
            reduction: Reduction,
        }

        impl $loss {
            /// The mean over all elements, or rows, with a margin of 1.
            pub fn new() -> Self {
                Self {
                    margin: 1.0,
                    reduction: Reduction::Mean,
                }
            }

            /// With another margin, at least 0.
            pub fn margin(mut self, margin: f64) -> Self {
                self.margin = margin;
                self
            }

            /// With another reduction than the mean.
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }
        }

        impl Default for $loss {
            fn default() -> Self {
                Self::new()
            }
        }

        impl Loss for $loss {
            /// # Errors
            /// A target of another shape, class numbers that are no integers, an output that is no floats, or a
            /// margin that is negative or not finite. A class number that is no class is an error of the next read.
            #[track_caller]
            fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
                let each = each($name, output, target, self.margin, $power)?;
                self.reduction.of(&each)
            }
        }
    )*};
}

hinges! {
    /// The hinge loss of support vector machines, max(0, margin − y·x).
    ///
    /// Of targets of the output's shape, −1 and 1, it is that, element by element. Of class numbers `(…)` with scores
    /// `(…, classes)` it is, for each row, the sum of max(0, margin − x\[y\] + x\[j\]) over the other classes j, over the
    /// number of classes (Weston and Watkins, "Multi-class support vector machines", 1998; PyTorch's
    /// `MultiMarginLoss`). Whether it is the one or the other follows from the number of axes.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::loss::{Hinge, Loss};
    /// let dev = Device::cpu();
    /// let scores = Tensor::new([0.5f32, -2.], &dev)?;
    /// let loss = Hinge::new().loss(&scores, &Tensor::new([1, -1], &dev)?)?;
    /// assert_eq!(loss.item::<f32>()?, 0.25);
    /// let scores = Tensor::new([[1f32, 0.5, -1., 3.]], &dev)?;
    /// let loss = Hinge::new().loss(&scores, &Tensor::new([3], &dev)?)?;
    /// assert_eq!(loss.item::<f32>()?, 0.0);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("MultiMarginLoss", "SVM"))]
    Hinge, "hinge", |excess| excess;

    /// [`Hinge`] with each max(0, …) squared: smooth where it begins.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::loss::{Loss, SquaredHinge};
    /// let dev = Device::cpu();
    /// let scores = Tensor::new([0.5f32, -2.], &dev)?;
    /// let loss = SquaredHinge::new().loss(&scores, &Tensor::new([1, -1], &dev)?)?;
    /// assert_eq!(loss.item::<f32>()?, 0.125);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "MultiMarginLoss")]
    SquaredHinge, "squared_hinge", |excess| excess.square();
}

/// The losses of elements, or of rows.
#[track_caller]
fn each(
    op: &'static str,
    output: &Tensor,
    target: &Tensor,
    margin: f64,
    power: impl Fn(Tensor) -> Tensor,
) -> Result<Tensor> {
    checks::floats(op, output, "scores are floats; the labels are the target")?;
    checks::at_least(op, "margin", margin, 0.0)?;
    if target.ndim() + 1 != output.ndim() {
        checks::paired(op, output, target)?;
        let target = target.to_dtype(output.dtype());
        return Ok(power((margin - output.try_mul(&target)?).relu()));
    }
    checks::labels(op, output, target)?;
    let classes = checks::classes(op, output)?;
    let right = output.along_axis(op, -1, &target.unsqueeze(-1)?)?;
    let excess = power((output.try_sub(right)? + margin).relu());
    // The right class is left out: its number, counted from the front.
    let labels = target.to_dtype(DType::I32);
    let labels = labels.lt(0)?.select(&labels + classes as i32, &labels)?;
    let others = labels.one_hot(classes)?.eq(0.0)?.select(excess, 0.0)?;
    Ok(others.sum(-1)? * (1.0 / classes as f64))
}
