//! Normalisation of groups of channels.

use super::super::observe::told;
use super::affine::Affine;
use super::{Moments, check_eps, widened};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::nn::{Module, Param, Visitor};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The channels of `(n, channels, …)` in groups, each made to mean 0 and variance 1 over all places, each
/// sample by itself, then scaled and shifted a channel (Wu and He, "Group normalization", 2018).
///
/// Parameters and defaults are PyTorch's: `weight` and `bias` of `(channels)`, 1 and 0 at first; eps 10⁻⁵.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let norm = nn::GroupNorm::new(2, 6, &dev)?;
/// assert_eq!(norm.forward(&Tensor::zeros([5, 6, 4, 4], &dev)?)?.shape(), [5, 6, 4, 4]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GroupNorm {
    groups: usize,
    channels: usize,
    eps: f64,
    affine: Affine,
}

impl GroupNorm {
    const OP: &'static str = "GroupNorm";

    /// A layer for inputs of so many channels in so many groups.
    ///
    /// # Errors
    /// No channels, or a number of them that is no multiple of the groups; more than the device can hold.
    #[track_caller]
    pub fn new(groups: usize, channels: usize, device: &Device) -> Result<Self> {
        let affine = Affine::new(&Shape::of(&[channels]), device)?;
        Self::with(groups, channels, affine)
    }

    /// A layer of a given scale and, if there is one, shift, `(channels)`.
    ///
    /// # Errors
    /// As [`new`](GroupNorm::new); tensors that are no vectors of floats or of different sizes, or on different
    /// devices.
    #[track_caller]
    pub fn from_tensors(groups: usize, weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let &[channels] = weight.shape() else {
            let message = "the scale must be a vector of one number a channel";
            return Err(Error::shape(Self::OP, weight.shape_ref(), message));
        };
        let affine = Affine::from_tensors(Self::OP, weight, bias)?;
        Self::with(groups, channels, affine)
    }

    #[track_caller]
    fn with(groups: usize, channels: usize, affine: Affine) -> Result<Self> {
        if groups == 0 || channels == 0 || !channels.is_multiple_of(groups) {
            let message = format!(
                "the {channels} channels must be a multiple of the {groups} groups, and neither 0"
            );
            return Err(Error::value(Self::OP, message));
        }
        Ok(Self {
            groups,
            channels,
            eps: 1e-5,
            affine,
        })
    }

    /// A layer that normalises each channel of each sample by itself, without scale and shift: PyTorch's
    /// `InstanceNorm1d` and `InstanceNorm2d` (Ulyanov et al., "Instance normalization", 2016).
    ///
    /// # Errors
    /// No channels.
    #[doc(alias = "InstanceNorm1d")]
    #[doc(alias = "InstanceNorm2d")]
    #[track_caller]
    pub fn instance(channels: usize, device: &Device) -> Result<Self> {
        Ok(Self::new(channels, channels, device)?.without_affine())
    }

    /// With another number added to variances than 10⁻⁵.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Without scale and shift.
    pub fn without_affine(self) -> Self {
        Self {
            affine: Affine::default(),
            ..self
        }
    }

    /// The scale, `(channels)`.
    pub fn weight(&self) -> Option<&Param> {
        self.affine.weight()
    }

    /// The shift, `(channels)`.
    pub fn bias(&self) -> Option<&Param> {
        self.affine.bias()
    }
}

impl Module for GroupNorm {
    /// # Errors
    /// An input without a batch or with other channels, or no floats.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (groups, channels) = (self.groups, self.channels);
        if x.ndim() < 2 || x.shape()[1] != channels {
            let message = format!("the input must be (n, channels, …) with {channels} channels");
            return Err(Error::shape(Self::OP, x.shape_ref(), message));
        }
        check_eps(Self::OP, self.eps)?;
        let wide = widened(Self::OP, x)?;
        // Scale and shift in the same shape, so that all is one loop.
        let (each, places) = (channels / groups, x.shape()[2..].iter().product());
        let grouped = wide.reshaped(&Shape::of(&[x.shape()[0], groups, each, places]));
        let y = Moments::of(&grouped, &[2, 3])?.normalized(self.eps)?;
        let y = self.affine.apply(y, &Shape::of(&[groups, each, 1]))?;
        Ok(told(self, y.reshaped(x.shape_ref()).to_dtype(x.dtype())))
    }

    fn visit(&self, visitor: &mut Visitor) {
        self.affine.visit(visitor);
    }
}
