//! The common losses as methods, with their defaults.

use super::{BinaryCrossEntropy, CrossEntropy, Loss, Mae, Mse};
use crate::error::Result;
use crate::tensor::Tensor;

impl Tensor {
    /// The cross-entropy of these logits with the right classes, −ln softmax(logits)\[class\],
    /// averaged over the batch; a scalar.
    ///
    /// The logits have shape `(…, classes)`, the labels `(…)`: the number of the right class for each
    /// row, as an integer; negative ones count from the last class. The softmax is part of the loss:
    /// give the last layer's output as it is. Large logits do not overflow. For options and for targets that are
    /// probabilities see [`CrossEntropy`].
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
        CrossEntropy::new().loss(self, labels)
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
        Mse::new().loss(self, target)
    }

    /// The mean of the absolute differences; a scalar. As with [`mse`](Tensor::mse) the shapes must be equal.
    ///
    /// # Errors
    /// Shapes that differ, or tensors on different devices.
    #[doc(alias = "l1_loss")]
    #[track_caller]
    pub fn mae(&self, target: &Tensor) -> Result<Tensor> {
        Mae::new().loss(self, target)
    }

    /// The mean of the binary cross-entropies of these probabilities with labels of their shape, 0 or 1; a scalar.
    /// For options see [`BinaryCrossEntropy`].
    ///
    /// # Errors
    /// Shapes that differ, probabilities that are no floats, or tensors on different devices.
    #[track_caller]
    pub fn binary_cross_entropy(&self, labels: &Tensor) -> Result<Tensor> {
        BinaryCrossEntropy::new().loss(self, labels)
    }

    /// As [`binary_cross_entropy`](Tensor::binary_cross_entropy), of these logits: the sigmoid is part of the loss,
    /// which is exact for logits of any size.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn binary_cross_entropy_with_logits(&self, labels: &Tensor) -> Result<Tensor> {
        BinaryCrossEntropy::from_logits().loss(self, labels)
    }
}
