//! Pictures of the `image` crate as tensors of (height, width, channels), and back.
//!
//! Which files can be opened is up to the program's own features of the `image` crate; this one asks for none.
//!
//! ```
//! use image::{Rgb, RgbImage};
//! use tilewise::{image::Samples, prelude::*};
//!
//! let red = RgbImage::from_pixel(4, 3, Rgb([255, 0, 51]));
//! let x = Tensor::from_image(red, Samples::Unit, &Device::cpu())?;
//! assert_eq!(x.shape(), [3, 4, 3]);
//! assert_eq!(x.slice(s![0, 0])?.to_vec::<f32>()?, [1.0, 0.0, 0.2]);
//!
//! let vector = x.reshape([-1, 1])?; // an image as a vector
//! let again = vector.reshape([3, 4, 3])?.to_image()?.into_rgb8();
//! assert_eq!(again[(3, 2)], Rgb([255, 0, 51]));
//! # Ok::<(), Error>(())
//! ```

use ::image::DynamicImage;

use crate::device::Device;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// What the samples of a picture become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Samples {
    /// `f32` from 0 to 1: samples of 8 bits are divided by 255, those of 16 by 65,535, floats stay.
    #[default]
    Unit,
    /// `u32` as they are, 0 to 255 or 0 to 65,535. Pictures of floats have none.
    Whole,
}

impl Tensor {
    /// A picture as a tensor of (height, width, channels): 1 channel of grey, 2 with alpha, 3 of red, green and
    /// blue, 4 with alpha. Takes a `DynamicImage` and what becomes one, as an `RgbImage` or a `GrayImage`.
    ///
    /// # Errors
    /// [`Samples::Whole`] of a picture of floats, or no memory on the device.
    #[track_caller]
    pub fn from_image(
        image: impl Into<DynamicImage>,
        samples: Samples,
        device: &Device,
    ) -> Result<Tensor> {
        use DynamicImage::*;
        let image = image.into();
        let (width, height) = (image.width() as usize, image.height() as usize);
        let shape = [height, width, usize::from(image.color().channel_count())];
        let bytes = |values: &[u8]| whole_or_unit(values, 255.0, samples, shape, device);
        let words = |values: &[u16]| whole_or_unit(values, 65_535.0, samples, shape, device);
        match &image {
            ImageLuma8(image) => bytes(image),
            ImageLumaA8(image) => bytes(image),
            ImageRgb8(image) => bytes(image),
            ImageRgba8(image) => bytes(image),
            ImageLuma16(image) => words(image),
            ImageLumaA16(image) => words(image),
            ImageRgb16(image) => words(image),
            ImageRgba16(image) => words(image),
            ImageRgb32F(image) => floats(image, samples, shape, device),
            ImageRgba32F(image) => floats(image, samples, shape, device),
            other => {
                let message = format!("pictures of {:?} are not read", other.color());
                Err(Error::value("from_image", message))
            }
        }
    }

    /// The tensor as a picture of 8 bits a sample: (height, width) or (height, width, channels) with 1 channel
    /// for grey, 2 with alpha, 3 for red, green and blue, 4 with alpha. Floats are taken from 0 to 1, limited,
    /// and rounded, with 0 for NaN; integers must be from 0 to 255; bools are black and white. Waits for
    /// what is recorded.
    ///
    /// # Errors
    /// Another shape, an integer out of range, or as [`Tensor::to_vec`].
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn to_image(&self) -> Result<DynamicImage> {
        const OP: &str = "to_image";
        let wrong = |message: &str| Error::shape(OP, self.shape_ref(), message);
        let (height, width, channels) = match *self.shape() {
            [height, width] => (height, width, 1),
            [height, width, channels @ 1..=4] => (height, width, channels),
            _ => {
                let message = "a picture is (height, width) or (height, width, 1 to 4 channels)";
                return Err(wrong(message));
            }
        };
        let (Ok(w), Ok(h)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(wrong("a picture has at most 2³² − 1 rows and columns"));
        };
        let samples = self.samples(OP)?;
        use DynamicImage::*;
        let image = match channels {
            1 => ::image::ImageBuffer::from_raw(w, h, samples).map(ImageLuma8),
            2 => ::image::ImageBuffer::from_raw(w, h, samples).map(ImageLumaA8),
            3 => ::image::ImageBuffer::from_raw(w, h, samples).map(ImageRgb8),
            _ => ::image::ImageBuffer::from_raw(w, h, samples).map(ImageRgba8),
        };
        image.ok_or_else(|| wrong("the image crate does not take a picture of this size"))
    }

    /// The elements as bytes, scaled as [`Tensor::to_image`] says.
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    fn samples(&self, op: &'static str) -> Result<Vec<u8>> {
        use crate::dtype::DType;
        if self.dtype().is_float() {
            let values = self.detach().to_dtype(DType::F32).to_vec::<f32>()?;
            let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8;
            return Ok(values.into_iter().map(byte).collect());
        }
        let values = self.to_vec::<i64>()?;
        if self.dtype() == DType::Bool {
            return Ok(values.into_iter().map(|v| v as u8 * 255).collect());
        }
        let byte = |v: i64| {
            let message = format!("{v} is no sample of a picture, which are from 0 to 255");
            u8::try_from(v).map_err(|_| message)
        };
        let bytes: std::result::Result<_, String> = values.into_iter().map(byte).collect();
        match bytes {
            Ok(bytes) => Ok(bytes),
            Err(message) => Err(Error::value(op, message)),
        }
    }
}

#[track_caller]
fn whole_or_unit<S: Copy + Into<u32> + Into<f32>>(
    values: &[S],
    largest: f32,
    samples: Samples,
    shape: [usize; 3],
    device: &Device,
) -> Result<Tensor> {
    match samples {
        Samples::Unit => upload(values, |v| Into::<f32>::into(v) / largest, shape, device),
        Samples::Whole => upload(values, Into::<u32>::into, shape, device),
    }
}

#[track_caller]
fn floats(values: &[f32], samples: Samples, shape: [usize; 3], device: &Device) -> Result<Tensor> {
    match samples {
        Samples::Unit => Tensor::from_slice(values, shape, device),
        Samples::Whole => {
            let message = "a picture of floats has no whole samples; read it with Samples::Unit";
            Err(Error::value("from_image", message))
        }
    }
}

#[track_caller]
fn upload<S: Copy, T: Element>(
    values: &[S],
    convert: impl Fn(S) -> T,
    shape: [usize; 3],
    device: &Device,
) -> Result<Tensor> {
    let values: Vec<T> = values.iter().map(|&v| convert(v)).collect();
    Tensor::from_slice(&values, shape, device)
}
