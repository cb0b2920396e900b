//! Where in a sequence a token stands, told in its features.

use super::super::observe::told;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::nn::Module;
use crate::tensor::Tensor;

/// The table of (length, features) of Vaswani et al. ("Attention is all you need", 2017): at place p, features 2i and
/// 2i + 1 are the sine and cosine of p / 10000^(2i / features).
///
/// # Errors
/// A table that the device cannot hold.
///
/// ```
/// use tilewise::prelude::*;
/// let table = nn::sinusoidal_positions(50, 4, &Device::cpu())?;
/// assert_eq!(table.slice(s![0])?.to_vec::<f32>()?, [0., 1., 0., 1.]);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn sinusoidal_positions(length: usize, features: usize, device: &Device) -> Result<Tensor> {
    // On the host, in f64: the angles of late places have no digits to lose.
    let value = |at: usize| {
        let (place, feature) = (at / features, at % features);
        let exponent = (feature - feature % 2) as f64 / features as f64;
        let angle = place as f64 / 10_000f64.powf(exponent);
        (if feature % 2 == 0 {
            angle.sin()
        } else {
            angle.cos()
        }) as f32
    };
    let Some(count) = length.checked_mul(features) else {
        let message = format!("{length} places of {features} features cannot be counted");
        return Err(Error::value("sinusoidal_positions", message));
    };
    let values: Vec<f32> = (0..count).map(value).collect();
    Tensor::from_slice(&values, [length, features], device)
}

/// Adds [`sinusoidal_positions`] to sequences of (N, L, features), or (L, features). There is nothing to train or
/// to save; positions that are learned are an embedding of 0, 1, 2, ….
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let positions = nn::PositionalEncoding::new(100, 16, &dev)?; // up to 100 tokens
/// assert_eq!(positions.forward(&Tensor::zeros([2, 30, 16], &dev)?)?.shape(), [2, 30, 16]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PositionalEncoding {
    table: Tensor,
}

impl PositionalEncoding {
    /// For sequences of at most so many tokens.
    ///
    /// # Errors
    /// A table that the device cannot hold.
    #[track_caller]
    pub fn new(longest: usize, features: usize, device: &Device) -> Result<Self> {
        let table = sinusoidal_positions(longest, features, device)?;
        Ok(Self { table })
    }
}

impl Module for PositionalEncoding {
    /// # Errors
    /// Another number of features, or more tokens than the table has places.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (longest, features) = (self.table.shape()[0], self.table.shape()[1]);
        match *x.shape() {
            [.., length, size] if size == features && length <= longest => {
                let places = self.table.narrow(0, 0, length)?;
                Ok(told(self, x.try_add(places.to_dtype(x.dtype()))?))
            }
            _ => {
                let message =
                    format!("the layer takes (…, L, {features}) of at most {longest} tokens");
                Err(Error::shape("positional_encoding", x.shape_ref(), message))
            }
        }
    }
}
