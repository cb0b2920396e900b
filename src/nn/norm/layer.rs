//! Layer normalisation, and that by the root of the mean square.

use super::super::observe::told;
use super::affine::Affine;
use super::{Moments, check_eps, widened};
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::nn::{Module, Param, Visitor};
use crate::shape::{IntoShape, Shape};
use crate::tensor::Tensor;

/// The last axes made to mean 0 and variance 1, each row by itself, then scaled and shifted (Ba et al., "Layer
/// normalization", 2016).
///
/// Parameters and defaults are PyTorch's: `weight` and `bias` of the shape of these axes, 1 and 0 at first;
/// eps 10⁻⁵.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let norm = nn::LayerNorm::new(4, &dev)?; // of the last axis; [8, 4] would be of the last two
/// let y = norm.forward(&Tensor::new([[1f32, 2., 3., 4.]], &dev)?)?;
/// assert!(y.mean(..)?.item::<f32>()?.abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LayerNorm {
    shape: Shape,
    eps: f64,
    affine: Affine,
}

impl LayerNorm {
    /// A layer for inputs whose last axes have these sizes: a number, or several.
    ///
    /// # Errors
    /// No axes, or more numbers than the device can hold.
    #[track_caller]
    pub fn new(shape: impl IntoShape, device: &Device) -> Result<Self> {
        let shape = row("LayerNorm", shape)?;
        Ok(Self {
            eps: 1e-5,
            affine: Affine::new(&shape, device)?,
            shape,
        })
    }

    /// A layer of a given scale and, if there is one, shift, for inputs that end with their shape.
    ///
    /// # Errors
    /// Shapes that differ or have no axes, numbers that are no floats, or tensors on different devices.
    #[track_caller]
    pub fn from_tensors(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        Ok(Self {
            shape: row("LayerNorm", weight.shape_ref())?,
            eps: 1e-5,
            affine: Affine::from_tensors("LayerNorm", weight, bias)?,
        })
    }

    /// With another number added to variances than 10⁻⁵.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// With a scale and no shift.
    pub fn without_bias(self) -> Self {
        Self {
            affine: self.affine.without_bias(),
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

    /// The scale.
    pub fn weight(&self) -> Option<&Param> {
        self.affine.weight()
    }

    /// The shift.
    pub fn bias(&self) -> Option<&Param> {
        self.affine.bias()
    }
}

impl Module for LayerNorm {
    /// # Errors
    /// An input whose last axes have other sizes, or no floats.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let axes = last_axes("LayerNorm", x, &self.shape)?;
        check_eps("LayerNorm", self.eps)?;
        let wide = widened("LayerNorm", x)?;
        let y = Moments::of(&wide, &axes)?.normalized(self.eps)?;
        let y = self.affine.apply(y, &self.shape)?;
        Ok(told(self, y.to_dtype(x.dtype())))
    }

    fn visit(&self, visitor: &mut Visitor) {
        self.affine.visit(visitor);
    }
}

/// The last axes divided by the root of their mean square, each row by itself, then scaled: x / √(mean x² +
/// eps) · weight (Zhang and Sennrich, "Root mean square layer normalization", 2019).
///
/// Parameters and defaults are PyTorch's: `weight` of the shape of these axes, 1 at first; eps 2⁻²³, the
/// distance of 1 to the next `f32`.
#[doc(alias = "RMSNorm")]
#[derive(Clone, Debug)]
pub struct RmsNorm {
    shape: Shape,
    eps: f64,
    affine: Affine,
}

impl RmsNorm {
    /// A layer for inputs whose last axes have these sizes: a number, or several.
    ///
    /// # Errors
    /// No axes, or more numbers than the device can hold.
    #[track_caller]
    pub fn new(shape: impl IntoShape, device: &Device) -> Result<Self> {
        let shape = row("RmsNorm", shape)?;
        Ok(Self {
            eps: f32::EPSILON.into(),
            affine: Affine::new(&shape, device)?.without_bias(),
            shape,
        })
    }

    /// A layer of a given scale, for inputs that end with its shape.
    ///
    /// # Errors
    /// A shape without axes, or numbers that are no floats.
    #[track_caller]
    pub fn from_tensors(weight: &Tensor) -> Result<Self> {
        Ok(Self {
            shape: row("RmsNorm", weight.shape_ref())?,
            eps: f32::EPSILON.into(),
            affine: Affine::from_tensors("RmsNorm", weight, None)?,
        })
    }

    /// With another number added to mean squares than 2⁻²³.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Without a scale.
    pub fn without_affine(self) -> Self {
        Self {
            affine: Affine::default(),
            ..self
        }
    }

    /// The scale.
    pub fn weight(&self) -> Option<&Param> {
        self.affine.weight()
    }
}

impl Module for RmsNorm {
    /// # Errors
    /// An input whose last axes have other sizes, or no floats.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let axes = last_axes("RmsNorm", x, &self.shape)?;
        check_eps("RmsNorm", self.eps)?;
        let wide = widened("RmsNorm", x)?;
        let scale = wide
            .square()
            .mean_keepdims(axes)?
            .try_add(self.eps)?
            .rsqrt();
        let y = self.affine.apply(wide.try_mul(scale)?, &self.shape)?;
        Ok(told(self, y.to_dtype(x.dtype())))
    }

    fn visit(&self, visitor: &mut Visitor) {
        self.affine.visit(visitor);
    }
}

/// The shape of the last axes that a layer normalises.
#[track_caller]
fn row(op: &'static str, shape: impl IntoShape) -> Result<Shape> {
    let shape = shape.into_shape()?;
    match shape.size() {
        n if n > 0 && shape.ndim() > 0 => Ok(shape),
        _ => Err(Error::shape(
            op,
            &shape,
            "at least one number must be normalised",
        )),
    }
}

/// The last axes of an input, of these sizes.
#[track_caller]
fn last_axes(op: &'static str, x: &Tensor, sizes: &Shape) -> Result<Vec<isize>> {
    if !x.shape().ends_with(sizes.dims()) {
        return Err(Error::new(ErrorKind::Shapes {
            op,
            lhs: x.shape_ref().clone(),
            rhs: sizes.clone(),
            message: "the input must end with the layer's sizes",
            hint: String::new(),
        }));
    }
    Ok((-(sizes.ndim() as isize)..0).collect())
}
