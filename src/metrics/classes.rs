//! What is predicted, as numbers of classes.

use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{Error, Outward, Result};
use crate::loss::checks;
use crate::tensor::Tensor;

/// How outputs say which class they mean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Says {
    /// The largest of scores `(…, classes)`, or class numbers as they are.
    Largest,
    /// Class 1 above a threshold and class 0 elsewhere, which targets may call −1, as the hinge loss has it.
    Above(f64),
}

/// Predicted and right class numbers, flat, as `i32`, and the number of classes where scores tell it.
pub(super) struct Answers {
    pub(super) guess: Tensor,
    pub(super) right: Tensor,
    pub(super) classes: Option<usize>,
}

impl Says {
    /// The class numbers of outputs and targets. Targets are class numbers, or scores where the outputs are.
    #[track_caller]
    pub(super) fn answers(
        self,
        op: &'static str,
        output: &Tensor,
        target: &Tensor,
    ) -> Result<Answers> {
        no_grad(|| {
            let (output, target) = (output.detach(), target.detach());
            let (guess, right, classes) = match self {
                Self::Above(threshold) => {
                    checks::paired(op, &output, &target)?;
                    let right = target.to_dtype(DType::I32);
                    let right = right.eq(-1)?.select(0, &right)?;
                    (output.gt(threshold)?, right, Some(2))
                }
                Self::Largest if output.dtype().is_float() => {
                    let classes = checks::classes(op, &output)?;
                    if classes == 0 {
                        let message = "scores of no classes have no largest";
                        return Err(Error::shape(op, output.shape_ref(), message));
                    }
                    let right = match target.dtype().is_float() {
                        true => {
                            checks::paired(op, &output, &target)?;
                            target.argmax(-1)?
                        }
                        false => {
                            checks::labels(op, &output, &target)?;
                            target
                        }
                    };
                    (output.argmax(-1)?, right, Some(classes))
                }
                Self::Largest => {
                    checks::paired(op, &output, &target)?;
                    (output, target, None)
                }
            };
            Ok(Answers {
                guess: guess.to_dtype(DType::I32).ravel(),
                right: right.to_dtype(DType::I32).ravel(),
                classes,
            })
        })
        .outward()
    }
}

impl Answers {
    /// The counts of right classes (rows) and predicted ones (columns), `(classes, classes)` of `i32`. A number that
    /// is no class is an error of the next read.
    #[track_caller]
    pub(super) fn counts(&self, classes: usize) -> Result<Tensor> {
        let device = self.guess.device();
        let none = Tensor::full([classes, classes], 0, DType::I32, device)?;
        // As u32 a negative number is out of range; as an index it would count from the last class.
        let [right, guess] = [&self.right, &self.guess].map(|x| x.to_dtype(DType::U32));
        no_grad(|| none.index_add(&[&right, &guess], 1)).outward()
    }
}
