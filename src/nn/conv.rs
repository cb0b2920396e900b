//! Convolutions of sequences and images.

use super::init::by_device;
use super::observe::told;
use super::weights::Weights;
use super::{Init, Module, Param, Visitor};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::{Conv, Pad, Padding, Pair, Tensor};

/// A convolution of sequences: `(n, inputs, w)` becomes `(n, outputs, ow)`. See [`Convolution`].
pub type Conv1d = Convolution<1, false>;
/// A convolution of images: `(n, inputs, h, w)` becomes `(n, outputs, oh, ow)`. See [`Convolution`].
pub type Conv2d = Convolution<2, false>;
/// A transposed convolution of sequences, which makes them longer. See [`Convolution`].
pub type ConvTranspose1d = Convolution<1, true>;
/// A transposed convolution of images, which makes them larger. See [`Convolution`].
pub type ConvTranspose2d = Convolution<2, true>;

/// A convolution over the last `RANK` axes, or the transposed one: [`Conv1d`], [`Conv2d`],
/// [`ConvTranspose1d`], [`ConvTranspose2d`].
///
/// The parameters are PyTorch's: `weight` of shape `(outputs, inputs / groups, kh, kw)`, for a transposed
/// convolution `(inputs, outputs / groups, kh, kw)`, without the height for sequences; and `bias` of
/// `(outputs)`. Their first values are those of [`Linear`](super::Linear), [`Init::HeUniform`] and zeros,
/// where PyTorch draws both from ±1/√fan_in.
///
/// Sizes, strides and so on are one number for all axes, or `[height, width]`; of sequences only the
/// width counts. An input without batch, `(inputs, h, w)`, gives an output without.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::Padding;
/// let dev = Device::cpu();
/// let model = nn::Sequential::new()
///     .then(nn::Conv2d::new(3, 8, 3, &dev)?.padding(Padding::Same))
///     .then(nn::Relu)
///     .then(nn::Conv2d::grouped(8, 8, [3, 5], 8, &dev)?.stride(2).without_bias()); // depthwise
/// let y = model.forward(&Tensor::zeros([2, 3, 9, 9], &dev)?)?;
/// assert_eq!(y.shape(), [2, 8, 4, 3]);
/// assert_eq!(model.parameters()[2].1.shape(), [8, 1, 3, 5]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Convolution<const RANK: usize, const TRANSPOSED: bool> {
    weights: Weights,
    options: Conv,
    /// What the padding consists of.
    around: Pad,
}

impl<const RANK: usize, const TRANSPOSED: bool> Convolution<RANK, TRANSPOSED> {
    const OP: &'static str = match (RANK, TRANSPOSED) {
        (1, false) => "Conv1d",
        (1, true) => "ConvTranspose1d",
        (_, false) => "Conv2d",
        (_, true) => "ConvTranspose2d",
    };

    /// A layer from so many channels to so many, with a window of `kernel`.
    ///
    /// # Errors
    /// A window without elements, or weights that the device cannot hold.
    #[track_caller]
    pub fn new(
        inputs: usize,
        outputs: usize,
        kernel: impl Into<Pair>,
        device: &Device,
    ) -> Result<Self> {
        Self::grouped(inputs, outputs, kernel, 1, device)
    }

    /// A layer whose channels are cut into groups that meet only one another; as many groups as inputs make
    /// a depthwise convolution.
    ///
    /// # Errors
    /// As [`new`](Self::new), and channels that are no multiple of the groups.
    #[track_caller]
    pub fn grouped(
        inputs: usize,
        outputs: usize,
        kernel: impl Into<Pair>,
        groups: usize,
        device: &Device,
    ) -> Result<Self> {
        let options = Conv::new().groups(groups);
        by_device(device, |generator| {
            let init = Init::HeUniform;
            Self::with_init(inputs, outputs, kernel, options, init, generator, device)
        })
    }

    /// A layer with all options, drawn weights and a bias of zeros.
    ///
    /// # Errors
    /// As [`grouped`](Self::grouped), and what [`Init::draw`] does not take.
    #[track_caller]
    pub fn with_init(
        inputs: usize,
        outputs: usize,
        kernel: impl Into<Pair>,
        options: Conv,
        init: Init,
        generator: &mut Generator,
        device: &Device,
    ) -> Result<Self> {
        let groups = options.groups;
        let divides = |channels: usize| groups > 0 && channels.is_multiple_of(groups);
        if !divides(inputs) || !divides(outputs) {
            let message = format!(
                "{inputs} input and {outputs} output channels must be multiples of {groups} groups"
            );
            return Err(Error::value(Self::OP, message));
        }
        let mut shape = match TRANSPOSED {
            false => vec![outputs, inputs / groups],
            true => vec![inputs, outputs / groups],
        };
        shape.extend_from_slice(&kernel.into().each()[2 - RANK..]);
        let weight = init.draw(shape, generator, device)?;
        let bias = Tensor::zeros([outputs], device)?;
        Self::from_tensors(&weight, Some(&bias), options)
    }

    /// A layer of a given weight and, if there is one, bias, in the shapes named above.
    ///
    /// # Errors
    /// A weight of another rank or without elements in its window, channels that are no multiple of the
    /// groups, a bias of another size, numbers that are no floats, or tensors on different devices.
    #[track_caller]
    pub fn from_tensors(weight: &Tensor, bias: Option<&Tensor>, options: Conv) -> Result<Self> {
        let (op, groups) = (Self::OP, options.groups);
        let &[first, second, ref window @ ..] = weight.shape() else {
            return Err(Self::misshapen(weight));
        };
        if window.len() != RANK || window.contains(&0) {
            return Err(Self::misshapen(weight));
        }
        if groups == 0 || !first.is_multiple_of(groups) {
            let message =
                format!("the first axis of the weight must be a multiple of {groups} groups");
            return Err(Error::shape(op, weight.shape_ref(), message));
        }
        let outputs = if TRANSPOSED { second * groups } else { first };
        Ok(Self {
            weights: Weights::new(op, weight, bias, outputs)?,
            options,
            around: Pad::constant(0.0),
        })
    }

    #[track_caller]
    fn misshapen(weight: &Tensor) -> Error {
        let channels = match TRANSPOSED {
            false => "outputs, inputs / groups",
            true => "inputs, outputs / groups",
        };
        let window = if RANK == 1 { "width" } else { "height, width" };
        let message = format!(
            "the weight must be ({channels}, {window}), with a window of at least one element"
        );
        Error::shape(Self::OP, weight.shape_ref(), message)
    }

    /// The step from window to window.
    pub fn stride(mut self, stride: impl Into<Pair>) -> Self {
        self.options = self.options.stride(stride);
        self
    }

    /// The zeros around the input: a number for both ends of each axis, or [`Padding::Same`]. Of a transposed
    /// convolution, what its output loses at both ends.
    pub fn padding(mut self, padding: impl Into<Padding>) -> Self {
        self.options = self.options.padding(padding);
        self
    }

    /// The step from element to element of a window.
    pub fn dilation(mut self, dilation: impl Into<Pair>) -> Self {
        self.options = self.options.dilation(dilation);
        self
    }

    /// The layer without a bias, for where a normalisation follows.
    pub fn without_bias(self) -> Self {
        self.map(Weights::without_bias)
    }

    /// With a cost of `factor`·Σ|w| of the weight, which [`Module::penalty`] adds up.
    pub fn l1(self, factor: f64) -> Self {
        self.map(|weights| weights.map_weight(|weight| weight.with_l1(factor)))
    }

    /// With a cost of `factor`·Σw² of the weight, which [`Module::penalty`] adds up.
    pub fn l2(self, factor: f64) -> Self {
        self.map(|weights| weights.map_weight(|weight| weight.with_l2(factor)))
    }

    /// As [`l1`](Self::l1), of the bias.
    pub fn bias_l1(self, factor: f64) -> Self {
        self.map(|weights| weights.map_bias(|bias| bias.with_l1(factor)))
    }

    /// As [`l2`](Self::l2), of the bias.
    pub fn bias_l2(self, factor: f64) -> Self {
        self.map(|weights| weights.map_bias(|bias| bias.with_l2(factor)))
    }

    /// The input with what is around it, where that is not zeros, which are the convolution's own; and the options
    /// that are left.
    #[track_caller]
    fn surrounded(&self, x: &Tensor) -> Result<(Tensor, Conv)> {
        let zeros = matches!(self.around, Pad::Constant(value) if value.to_f64() == 0.0);
        // An input of too few axes is the convolution's error.
        if zeros || x.ndim() < RANK {
            return Ok((x.clone(), self.options));
        }
        let mut kernel = [1; 2];
        kernel[2 - RANK..].copy_from_slice(&self.weights.weight.value().shape()[2..]);
        let ends = self.options.ends(Self::OP, kernel)?;
        let mut widths = vec![(0, 0); x.ndim() - RANK];
        widths.extend_from_slice(&ends[2 - RANK..]);
        let x = x.pad(widths, self.around)?;
        Ok((x, self.options.padding(Padding::Valid)))
    }

    fn map(self, f: impl FnOnce(Weights) -> Weights) -> Self {
        Self {
            weights: f(self.weights),
            ..self
        }
    }

    /// The weight.
    pub fn weight(&self) -> &Param {
        &self.weights.weight
    }

    /// The bias, `(outputs)`.
    pub fn bias(&self) -> Option<&Param> {
        self.weights.bias.as_ref()
    }
}

impl<const RANK: usize> Convolution<RANK, false> {
    /// With a padding of other numbers than zeros: those of the input again, as [`Tensor::pad`] has them.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::Pad;
    /// let dev = Device::cpu();
    /// let weight = Tensor::ones([1, 1, 3], &dev)?;
    /// let around = nn::Conv1d::from_tensors(&weight, None, Default::default())?;
    /// let around = around.padding(1).padding_mode(Pad::Wrap);
    /// let y = around.forward(&Tensor::new([[[1f32, 2., 3., 4.]]], &dev)?)?;
    /// assert_eq!(y.to_vec::<f32>()?, [7., 6., 9., 8.]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn padding_mode(mut self, around: Pad) -> Self {
        self.around = around;
        self
    }
}

impl<const RANK: usize> Convolution<RANK, true> {
    /// What is added to the output's size at the end: a stride of more than 1 makes outputs of several sizes
    /// from inputs of one, and this chooses among them.
    pub fn output_padding(mut self, more: impl Into<Pair>) -> Self {
        self.options = self.options.output_padding(more);
        self
    }
}

impl<const RANK: usize, const TRANSPOSED: bool> Module for Convolution<RANK, TRANSPOSED> {
    /// # Errors
    /// What [`Tensor::conv2d`] or [`Tensor::conv_transpose2d`] says of an input and options.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let weight = self.weights.weight.value();
        let bias = self.weights.bias.as_ref().map(Param::value);
        let (x, options) = &self.surrounded(x)?;
        let options = *options;
        let y = match (RANK, TRANSPOSED) {
            (1, false) => x.conv1d(&weight, bias.as_ref(), options)?,
            (1, true) => x.conv_transpose1d(&weight, bias.as_ref(), options)?,
            (_, false) => x.conv2d(&weight, bias.as_ref(), options)?,
            (_, true) => x.conv_transpose2d(&weight, bias.as_ref(), options)?,
        };
        Ok(told(self, y))
    }

    /// `Conv2d` and its kin.
    fn kind(&self) -> String {
        let transposed = if TRANSPOSED { "Transpose" } else { "" };
        format!("Conv{transposed}{RANK}d")
    }

    fn visit(&self, visitor: &mut Visitor) {
        self.weights.visit(visitor);
    }
}
