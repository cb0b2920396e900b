//! What losses refuse, and what they advise instead.

use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Whether prediction and target are on one device and of one shape: what would broadcast is refused.
#[track_caller]
pub(crate) fn paired(op: &'static str, prediction: &Tensor, target: &Tensor) -> Result<()> {
    prediction.same_device(op, target)?;
    if prediction.shape() == target.shape() {
        return Ok(());
    }
    let (lhs, rhs) = (prediction.shape_ref().clone(), target.shape_ref().clone());
    let hint = reshape_hint(&lhs, &rhs);
    Err(Error::new(ErrorKind::Shapes {
        op,
        lhs,
        rhs,
        message: "prediction and target must have one shape, or each would be paired with every other",
        hint,
    }))
}

/// Whether the output is of floats.
#[track_caller]
pub(super) fn floats(op: &'static str, output: &Tensor, expected: &'static str) -> Result<()> {
    match output.dtype().is_float() {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::DType {
            op,
            dtype: output.dtype(),
            expected,
        })),
    }
}

/// The number of classes of outputs `(…, classes)`.
#[track_caller]
pub(crate) fn classes(op: &'static str, output: &Tensor) -> Result<usize> {
    let message = "the logits need an axis of classes";
    let last = output.shape().last().copied();
    last.ok_or_else(|| Error::shape(op, output.shape_ref(), message))
}

/// Whether labels are integers, one for each row of `(…, classes)`.
#[track_caller]
pub(crate) fn labels(op: &'static str, output: &Tensor, labels: &Tensor) -> Result<()> {
    output.same_device(op, labels)?;
    let batch = &output.shape()[..classes(op, output).map(|_| output.ndim() - 1)?];
    if labels.shape() != batch {
        return Err(Error::new(ErrorKind::Shapes {
            op,
            lhs: output.shape_ref().clone(),
            rhs: labels.shape_ref().clone(),
            message: "logits of (…, classes) go with labels of (…), one class number a row",
            hint: label_hint(batch, output.shape_ref(), labels.shape_ref()),
        }));
    }
    if !labels.dtype().is_int() {
        let expected = "labels are class numbers, u32 or i32; convert them with to_dtype";
        return Err(Error::new(ErrorKind::DType {
            op,
            dtype: labels.dtype(),
            expected,
        }));
    }
    Ok(())
}

/// Whether an option is a number of at least `least`, finite.
#[track_caller]
pub(crate) fn at_least(op: &'static str, name: &str, value: f64, least: f64) -> Result<()> {
    if value.is_finite() && value >= least {
        return Ok(());
    }
    let least = match least {
        f64::MIN_POSITIVE => "above 0".into(),
        least => format!("at least {least}"),
    };
    let message = format!("the {name} must be {least} and finite, not {value}");
    Err(Error::value(op, message))
}

/// What would make labels of the right number fit.
fn label_hint(batch: &[usize], logits: &Shape, labels: &Shape) -> String {
    if labels == logits {
        return "; for one-hot labels use labels.argmax(-1)".into();
    }
    if labels.size() == batch.iter().product::<usize>() {
        return format!("; labels.reshape({batch:?}) would fit");
    }
    String::new()
}

/// How to give the target the prediction's shape, or the other way round, whichever has fewer axes.
fn reshape_hint(prediction: &Shape, target: &Shape) -> String {
    if prediction.size() != target.size() {
        return String::new();
    }
    let (name, dims) = match prediction.ndim() <= target.ndim() {
        true => ("target", prediction.dims()),
        false => ("prediction", target.dims()),
    };
    format!("; {name}.reshape({dims:?}) would fit")
}
