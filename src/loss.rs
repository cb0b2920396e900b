//! Losses: how far predictions are from what they should be, as one number.

use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// What training makes small: a number for what a network gives and what it should give.
///
/// A function or closure of the two tensors is a loss, `Tensor::cross_entropy` for instance.
pub trait Loss: Send + Sync {
    /// The loss of a batch, a scalar.
    ///
    /// # Errors
    /// An output and a target that do not fit each other or the loss.
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor>;
}

impl<F: Fn(&Tensor, &Tensor) -> Result<Tensor> + Send + Sync> Loss for F {
    #[track_caller]
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        self(output, target)
    }
}

/// What becomes of the losses of a batch's elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Each stays, in the shape of the batch.
    None,
    /// Their mean, a scalar.
    #[default]
    Mean,
    /// Their sum, a scalar.
    Sum,
}

impl Tensor {
    /// The cross-entropy of these logits with the right classes, −ln softmax(logits)\[class\],
    /// averaged over the batch; a scalar.
    ///
    /// The logits have shape `(…, classes)`, the labels `(…)`: the number of the right class for each
    /// row, as an integer; negative ones count from the last class. The softmax is part of the loss:
    /// give the last layer's output as it is. Large logits do not overflow.
    ///
    /// # Errors
    /// Labels of another shape or no integers, or logits that are no floats. A label that is no class
    /// is an error of the next read.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let logits = Tensor::new([[2f32, 0.], [0., 0.]], &dev)?;
    /// let loss = logits.cross_entropy(&Tensor::new([0i32, 1], &dev)?)?;
    /// let by_hand = ((1f32 + (-2f32).exp()).ln() + 2f32.ln()) / 2.0;
    /// assert!((loss.item::<f32>()? - by_hand).abs() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn cross_entropy(&self, labels: &Tensor) -> Result<Tensor> {
        const OP: &str = "cross_entropy";
        self.check_logits(OP, labels)?;
        let largest = self.detach().max_keepdims(-1)?;
        let right = self.gather(-1, &labels.unsqueeze(-1)?)?;
        // ln Σ e^(x − max) − (x[label] − max): neither term overflows, and a large maximum does not
        // cancel the digits of a small loss.
        let all = self.try_sub(&largest)?.exp().sum_keepdims(-1)?.ln();
        all.try_sub(right.try_sub(&largest)?)?.mean(..)
    }

    #[track_caller]
    fn check_logits(&self, op: &'static str, labels: &Tensor) -> Result<()> {
        self.same_device(op, labels)?;
        if !self.dtype().is_float() {
            let expected = "the logits must be floats; the labels are the argument";
            return Err(Error::new(ErrorKind::DType {
                op,
                dtype: self.dtype(),
                expected,
            }));
        }
        let Some((_, batch)) = self.shape().split_last() else {
            let message = "the logits need an axis of classes";
            return Err(Error::shape(op, self.shape_ref(), message));
        };
        if labels.shape() != batch {
            return Err(Error::new(ErrorKind::Shapes {
                op,
                lhs: self.shape_ref().clone(),
                rhs: labels.shape_ref().clone(),
                message: "logits of (…, classes) go with labels of (…), one class number a row",
                hint: label_hint(batch, self.shape_ref(), labels.shape_ref()),
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

    /// The mean of the squared differences; a scalar.
    ///
    /// The shapes must be equal: `(n,)` with `(n, 1)` would broadcast to all `n·n` pairs, whose mean
    /// is a loss of something else.
    ///
    /// # Errors
    /// Shapes that differ, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let guess = Tensor::new([1f32, 2., 3.], &dev)?;
    /// let loss = guess.mse(&Tensor::new([1f32, 4., 3.], &dev)?)?;
    /// assert_eq!(loss.item::<f32>()?, 4.0 / 3.0);
    /// let column = Tensor::zeros([3, 1], &dev)?;
    /// assert!(guess.mse(&column).unwrap_err().to_string().contains("reshape"));
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn mse(&self, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "mse";
        self.same_device(OP, target)?;
        if self.shape() != target.shape() {
            let (lhs, rhs) = (self.shape_ref().clone(), target.shape_ref().clone());
            let message = "prediction and target must have one shape, or each would be paired with \
                           every other";
            let hint = reshape_hint(&lhs, &rhs);
            return Err(Error::new(ErrorKind::Shapes {
                op: OP,
                lhs,
                rhs,
                message,
                hint,
            }));
        }
        self.try_sub(target)?.square().mean(..)
    }
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
