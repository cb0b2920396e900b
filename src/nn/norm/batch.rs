//! Batch normalisation.

use super::super::observe::told;
use super::affine::{Affine, check_alike};
use super::{Moments, check_eps, normalized, widened};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::nn::{Buffer, Module, Param, Training, Visitor};
use crate::shape::Shape;
use crate::tensor::{Operand, Tensor};

/// Batch normalisation of vectors, `(n, features)`, or sequences, `(n, features, w)`. See [`BatchNorm`].
pub type BatchNorm1d = BatchNorm<1>;
/// Batch normalisation of images, `(n, features, h, w)`. See [`BatchNorm`].
pub type BatchNorm2d = BatchNorm<2>;

/// Each feature (a channel, of images) made to mean 0 and variance 1 over the batch and all places, then
/// scaled and shifted: [`BatchNorm1d`], [`BatchNorm2d`] (Ioffe and Szegedy, "Batch normalization", 2015).
///
/// In training the batch's own mean and variance are taken, and running ones follow them:
/// r ← (1 − momentum)·r + momentum·batch, where the variance is the unbiased one; with
/// [`cumulative`](BatchNorm::cumulative) the momentum of the n-th batch is 1/n. In evaluation the running ones are
/// taken.
///
/// Parameters, buffers and defaults are PyTorch's: `weight` and `bias` of `(features)`, 1 and 0 at first;
/// `running_mean` and `running_var` of `(features)`, 0 and 1; `num_batches_tracked`, a scalar of `i32`;
/// eps 10⁻⁵ and momentum 0.1 (the part of the new; Keras counts the part of the old).
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let norm = nn::BatchNorm1d::new(2, &dev)?;
/// let x = Tensor::new([[0f32, 10.], [2., 30.]], &dev)?;
/// let y = norm.forward(&x)?.to_vec::<f32>()?;
/// assert!((y[0] + 1.0).abs() < 1e-4 && (y[3] - 1.0).abs() < 1e-4);
/// norm.eval(); // from here on by the running mean, 0.1 and 2, and the running variance
/// let state = norm.state();
/// assert_eq!(state[2].0, "running_mean");
/// assert_eq!(state[2].1.to_vec::<f32>()?, [0.1, 2.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm<const RANK: usize> {
    features: usize,
    eps: f64,
    momentum: Momentum,
    affine: Affine,
    running: Option<Running>,
    training: Training,
}

/// How the running mean and variance follow those of batches.
#[derive(Clone, Copy, Debug)]
enum Momentum {
    /// This part is the new.
    Part(f64),
    /// Each batch counts as much as any other.
    Cumulative,
}

/// What was seen in training.
#[derive(Clone, Debug)]
struct Running {
    mean: Buffer,
    variance: Buffer,
    batches: Buffer,
}

impl<const RANK: usize> BatchNorm<RANK> {
    const OP: &'static str = if RANK == 1 {
        "BatchNorm1d"
    } else {
        "BatchNorm2d"
    };

    /// A layer for inputs with so many features.
    ///
    /// # Errors
    /// More features than the device can hold.
    #[track_caller]
    pub fn new(features: usize, device: &Device) -> Result<Self> {
        let shape = Shape::of(&[features]);
        let (mean, variance) = (
            Tensor::zeros(&shape, device)?,
            Tensor::ones(&shape, device)?,
        );
        Self::with(Affine::new(&shape, device)?, &mean, &variance)
    }

    /// A layer of a given scale and shift, and of a running mean and variance, all `(features)`.
    ///
    /// # Errors
    /// Tensors that are no vectors of floats or of different sizes, or on different devices.
    #[track_caller]
    pub fn from_tensors(
        weight: &Tensor,
        bias: &Tensor,
        running_mean: &Tensor,
        running_var: &Tensor,
    ) -> Result<Self> {
        check_alike(Self::OP, &[weight, bias, running_mean, running_var])?;
        if weight.ndim() != 1 {
            let message = "scale, shift, mean and variance must be vectors, (features)";
            return Err(Error::shape(Self::OP, weight.shape_ref(), message));
        }
        let affine = Affine::from_tensors(Self::OP, weight, Some(bias))?;
        Self::with(affine, running_mean, running_var)
    }

    #[track_caller]
    fn with(affine: Affine, mean: &Tensor, variance: &Tensor) -> Result<Self> {
        let running = Running {
            mean: Buffer::new(&mean.to_dtype(DType::F32)),
            variance: Buffer::new(&variance.to_dtype(DType::F32)),
            batches: Buffer::new(&Tensor::full((), 0, DType::I32, mean.device())?),
        };
        Ok(Self {
            features: mean.size(),
            eps: 1e-5,
            momentum: Momentum::Part(0.1),
            affine,
            running: Some(running),
            training: Training::new(),
        })
    }

    /// With another number added to variances than 10⁻⁵.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// With another part of the new in the running mean and variance than 0.1: from 0, where they stay, to 1,
    /// where they are the last batch's.
    pub fn momentum(self, momentum: f64) -> Self {
        Self {
            momentum: Momentum::Part(momentum),
            ..self
        }
    }

    /// With the mean of all batches so far as the running mean and variance; PyTorch's `momentum=None`.
    pub fn cumulative(self) -> Self {
        Self {
            momentum: Momentum::Cumulative,
            ..self
        }
    }

    /// Without scale and shift.
    pub fn without_affine(self) -> Self {
        Self {
            affine: Affine::default(),
            ..self
        }
    }

    /// Without running mean and variance: the batch's own are taken in evaluation too.
    #[doc(alias = "track_running_stats")]
    pub fn without_tracking(self) -> Self {
        Self {
            running: None,
            ..self
        }
    }

    /// The scale, `(features)`.
    pub fn weight(&self) -> Option<&Param> {
        self.affine.weight()
    }

    /// The shift, `(features)`.
    pub fn bias(&self) -> Option<&Param> {
        self.affine.bias()
    }

    /// The axes that are normalised over; an error for an input that is none of the layer's.
    #[track_caller]
    fn axes(&self, x: &Tensor) -> Result<Vec<isize>> {
        let (rank, fits) = match RANK {
            1 => (
                "(n, features) or (n, features, w)",
                matches!(x.ndim(), 2 | 3),
            ),
            _ => ("(n, features, h, w)", x.ndim() == 4),
        };
        if !fits || x.shape()[1] != self.features {
            let message = format!("the input must be {rank} with {} features", self.features);
            return Err(Error::shape(Self::OP, x.shape_ref(), message));
        }
        Ok((0..x.ndim() as isize).filter(|&axis| axis != 1).collect())
    }

    /// Running mean and variance, after one more batch of so many values a feature.
    #[track_caller]
    fn track(&self, running: &Running, batch: &Moments, count: usize) -> Result<()> {
        let batches = running.batches.value().try_add(1)?;
        let (new, old): (Operand<'_>, Operand<'_>) = match self.momentum {
            Momentum::Cumulative => {
                let new = batches.to_dtype(DType::F32).reciprocal();
                let old = 1.0 - &new;
                (new.into(), old.into())
            }
            Momentum::Part(part) if (0.0..=1.0).contains(&part) => {
                (part.into(), (1.0 - part).into())
            }
            Momentum::Part(part) => {
                let message = format!("the momentum must be in 0 to 1, not {part}");
                return Err(Error::value(Self::OP, message));
            }
        };
        let unbiased = count as f64 / (count as f64 - 1.0);
        let follow = |buffer: &Buffer, batch: &Tensor| {
            let before = buffer.value();
            // In the shape of the batch's moments, so that this is the end of the sums behind them.
            let after = before.reshaped(batch.shape_ref()).try_mul(old.clone())?;
            let after = after.try_add(batch.detach().try_mul(new.clone())?)?;
            buffer.set(&after.reshaped(before.shape_ref()))
        };
        follow(&running.mean, &batch.mean)?;
        follow(&running.variance, &batch.variance.try_mul(unbiased)?)?;
        running.batches.set(&batches)
    }
}

impl<const RANK: usize> Module for BatchNorm<RANK> {
    /// # Errors
    /// An input of another rank or number of features, or no floats; in training, one value a feature, whose
    /// variance says nothing.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let axes = self.axes(x)?;
        check_eps(Self::OP, self.eps)?;
        let wide = widened(Self::OP, x)?;
        let mut shape = [1; 4];
        shape[1] = self.features;
        let shape = Shape::of(&shape[..x.ndim()]);
        let y = match &self.running {
            Some(running) if !self.training.is_on() => {
                let mean = running.mean.value().reshaped(&shape);
                let variance = running.variance.value().reshaped(&shape);
                normalized(&wide.try_sub(mean)?, &variance, self.eps)?
            }
            // There is nothing to normalise or to learn from.
            _ if x.size() == 0 => wide,
            running => {
                let count = x.size() / self.features;
                if count == 1 && self.training.is_on() {
                    let message = "training needs more than one value a feature; if this is a last short batch, \
                                   Loader::drop_last leaves it out";
                    return Err(Error::shape(Self::OP, x.shape_ref(), message));
                }
                let batch = Moments::of(&wide, &axes)?;
                if let Some(running) = running {
                    self.track(running, &batch, count)?;
                }
                batch.normalized(self.eps)?
            }
        };
        let y = self.affine.apply(y, &shape)?;
        Ok(told(self, y.to_dtype(x.dtype())))
    }

    fn kind(&self) -> String {
        format!("BatchNorm{RANK}d")
    }

    fn visit(&self, visitor: &mut Visitor) {
        self.affine.visit(visitor);
        if let Some(running) = &self.running {
            visitor.buffer("running_mean", &running.mean);
            visitor.buffer("running_var", &running.variance);
            visitor.buffer("num_batches_tracked", &running.batches);
        }
        visitor.training(&self.training);
    }
}
