//! Convolutions of images and sequences, as networks have them.

use super::correlation::{Axis, Geometry};
use super::options::{Conv, Padding};
use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::tensor::linalg::numbers;

impl Tensor {
    /// The correlation of images, `(n, c, h, w)`, with kernels, `(o, c / groups, kh, kw)`, which
    /// networks call convolution: `(n, o, oh, ow)`, plus a bias a channel, `(o,)`, if one is given.
    /// PyTorch's `conv2d`. An image without batch, `(c, h, w)`, gives one.
    ///
    /// It is computed as a product of matrices, for which the windows are laid out in memory: `kh·kw`
    /// times the input, but for at most 64 MiB (or one image, if that takes more) at a time. Gradients
    /// keep the operands alone.
    ///
    /// # Errors
    /// Other ranks, channels that do not fit the kernels or the groups, a kernel that is larger than the
    /// padded input, a stride or dilation of 0, a bias of another shape, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::Conv;
    /// let dev = Device::cpu();
    /// let x = Tensor::arange(0.0, 9.0, 1.0, &dev)?.reshape([1, 1, 3, 3])?;
    /// let w = Tensor::ones([1, 1, 2, 2], &dev)?;
    /// let y = x.conv2d(&w, None, Conv::new())?;
    /// assert_eq!(y.to_vec::<f32>()?, [8., 12., 20., 24.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn conv2d(&self, kernel: &Tensor, bias: Option<&Tensor>, options: Conv) -> Result<Tensor> {
        self.convolved("conv2d", 2, kernel, bias, options)
    }

    /// As [`conv2d`](Tensor::conv2d), of sequences: `(n, c, w)` with `(o, c / groups, kw)` gives
    /// `(n, o, ow)`.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn conv1d(&self, kernel: &Tensor, bias: Option<&Tensor>, options: Conv) -> Result<Tensor> {
        self.convolved("conv1d", 1, kernel, bias, options)
    }

    /// The transposed convolution, the gradient of [`conv2d`](Tensor::conv2d) with respect to its
    /// input: `(n, c, h, w)` with kernels `(c, o / groups, kh, kw)` gives `(n, o, oh, ow)`, where `oh` is
    /// `(h − 1)·stride − 2·padding + dilation·(kh − 1) + output_padding + 1`. PyTorch's `conv_transpose2d`.
    ///
    /// # Errors
    /// As there; an output padding that is not smaller than stride or dilation; padding beyond the output.
    #[track_caller]
    pub fn conv_transpose2d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv,
    ) -> Result<Tensor> {
        self.transposed_conv("conv_transpose2d", 2, kernel, bias, options)
    }

    /// As [`conv_transpose2d`](Tensor::conv_transpose2d), of sequences.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn conv_transpose1d(
        &self,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv,
    ) -> Result<Tensor> {
        self.transposed_conv("conv_transpose1d", 1, kernel, bias, options)
    }

    #[track_caller]
    fn convolved(
        &self,
        op: &'static str,
        rank: usize,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv,
    ) -> Result<Tensor> {
        let (x, w, batched) = self.images(op, rank, kernel)?;
        let (sizes, kernels) = (x.shape(), w.shape());
        let groups = options.groups;
        let fits = groups > 0
            && kernels[1].checked_mul(groups) == Some(sizes[1])
            && kernels[0].is_multiple_of(groups);
        if !fits {
            return Err(self.misfit(
                op,
                kernel,
                format!(
                    "for {groups} groups the input must have {groups} times \
                the channels of a kernel, and the kernels' number be a multiple of it"
                ),
            ));
        }
        let ends = options.ends(op, [kernels[2], kernels[3]])?;
        let (stride, dilation) = (options.stride.each(), options.dilation.each());
        let mut axes = Vec::with_capacity(2);
        for i in 2 - rank..2 {
            let axis = Axis {
                input: sizes[2 + i],
                kernel: kernels[2 + i],
                stride: stride[i],
                dilation: dilation[i],
                before: ends[i].0,
                behind: ends[i].1,
            };
            if axis.output().is_none() {
                let message = format!(
                    "a kernel of {} with dilation {} must have an element and fit the padded input of {}",
                    axis.kernel,
                    axis.dilation,
                    axis.padded(),
                );
                return Err(self.misfit(op, kernel, message));
            }
            axes.push(axis);
        }
        let geometry = Geometry::new(axes, groups);
        self.finish(
            op,
            geometry.correlate(&x, &w)?,
            geometry.outputs(),
            bias,
            rank,
            batched,
        )
    }

    #[track_caller]
    fn transposed_conv(
        &self,
        op: &'static str,
        rank: usize,
        kernel: &Tensor,
        bias: Option<&Tensor>,
        options: Conv,
    ) -> Result<Tensor> {
        let (x, w, batched) = self.images(op, rank, kernel)?;
        let (sizes, kernels) = (x.shape(), w.shape());
        let groups = options.groups;
        if groups == 0 || kernels[0] != sizes[1] || !sizes[1].is_multiple_of(groups) {
            let message = format!(
                "the channels of the input must be the kernels' number, a multiple of {groups} groups"
            );
            return Err(self.misfit(op, kernel, message));
        }
        if options.padding == Padding::Same {
            return Err(Error::value(
                op,
                "a transposed convolution has no Padding::Same",
            ));
        }
        let ends = options.ends(op, [kernels[2], kernels[3]])?;
        let (stride, dilation) = (options.stride.each(), options.dilation.each());
        let more = options.output_padding.each();
        let mut axes = Vec::with_capacity(2);
        for i in 2 - rank..2 {
            if more[i] >= stride[i].max(dilation[i]) {
                let message = "the output padding must be smaller than stride or dilation";
                return Err(Error::value(op, message));
            }
            // The sizes of the convolution that this transposes: its output is the input here.
            let (before, behind) = ends[i];
            let full = (sizes[2 + i] > 0 && kernels[2 + i] > 0).then(|| {
                (sizes[2 + i] - 1) * stride[i] + dilation[i] * (kernels[2 + i] - 1) + more[i] + 1
            });
            let input = full.and_then(|full| full.checked_sub(before + behind));
            let Some(input) = input.filter(|&size| size > 0) else {
                let message = "the output would have no size: input, kernel or padding";
                return Err(self.misfit(op, kernel, message.into()));
            };
            axes.push(Axis {
                input,
                kernel: kernels[2 + i],
                stride: stride[i],
                dilation: dilation[i],
                before,
                behind,
            });
        }
        let geometry = Geometry::new(axes, groups);
        self.finish(
            op,
            geometry.spread(&x, &w)?,
            geometry.inputs(),
            bias,
            rank,
            batched,
        )
    }

    #[track_caller]
    fn misfit(&self, op: &'static str, kernel: &Tensor, what: String) -> Error {
        Error::new(ErrorKind::Shapes {
            op,
            lhs: self.shape_ref().clone(),
            rhs: kernel.shape_ref().clone(),
            message: "input and kernels must fit",
            hint: format!("; {what}"),
        })
    }

    /// Input and kernels in one dtype, as a batch of images: sequences with a height of 1.
    #[track_caller]
    fn images(
        &self,
        op: &'static str,
        rank: usize,
        kernel: &Tensor,
    ) -> Result<(Tensor, Tensor, bool)> {
        self.same_device(op, kernel)?;
        let batched = self.ndim() == rank + 2;
        if (!batched && self.ndim() != rank + 1) || kernel.ndim() != rank + 2 {
            let message = format!(
                "the input has {} dimensions or, as a batch, {}, and the kernels {}",
                rank + 1,
                rank + 2,
                rank + 2
            );
            return Err(self.misfit(op, kernel, message));
        }
        let operands = numbers(&[self, kernel]);
        let (mut x, mut w) = (operands[0].as_ref().clone(), operands[1].as_ref().clone());
        if !batched {
            x = x.unsqueeze(0)?;
        }
        if rank == 1 {
            (x, w) = (x.unsqueeze(2)?, w.unsqueeze(2)?);
        }
        Ok((x, w, batched))
    }

    /// With the bias, in the shape that was asked for: from `(n, groups, channels, places)`, to which a bias
    /// is added as part of the product.
    #[track_caller]
    fn finish(
        &self,
        op: &'static str,
        flat: Tensor,
        [height, width]: [usize; 2],
        bias: Option<&Tensor>,
        rank: usize,
        batched: bool,
    ) -> Result<Tensor> {
        let [n, groups, channels] = [0, 1, 2].map(|i| flat.shape()[i]);
        let flat = match bias {
            None => flat,
            Some(bias) => {
                self.same_device(op, bias)?;
                if bias.shape() != [groups * channels] {
                    let message = format!("the bias must have shape ({},)", groups * channels);
                    return Err(Error::shape(op, bias.shape_ref(), message));
                }
                flat.try_add(bias.reshaped(&Shape::of(&[groups, channels, 1])))?
            }
        };
        let mut dims = vec![groups * channels, height, width];
        if rank == 1 {
            dims.remove(1);
        }
        if batched {
            dims.insert(0, n);
        }
        Ok(flat.reshaped(&Shape::checked(op, &dims)?))
    }
}
