//! Transformations one after another, and a model.

use std::panic::Location;

use super::transform::{Fit, Predict, Transform};
use crate::error::Result;
use crate::tensor::Tensor;

/// Transformations one after another and, at the end, a model: what is learnt from the data to train on is done
/// the same to all later data.
///
/// Without a model it is a [`Transform`] itself; with one that is [`Fit`] it is that, and is fitted as a whole.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{Pipeline, PolynomialFeatures, Predict, StandardScaler};
///
/// let dev = Device::cpu();
/// let x = Tensor::new([[0f32, 1.], [2., 1.], [4., 7.]], &dev)?;
/// let mut pipeline = Pipeline::new()
///     .then(PolynomialFeatures::new(2).without_bias())
///     .then(StandardScaler::new())
///     .model(nn::Linear::new(5, 1, &dev)?);
/// pipeline.fit_with(&x, |model, features| {
///     // the model learns from (3, 5) features
/// #   assert_eq!((features.shape(), model.parameter_count()), (&[3, 5][..], 6));
///     Ok(())
/// })?;
/// assert_eq!(pipeline.predict(&x)?.shape(), [3, 1]);
/// # Ok::<(), Error>(())
/// ```
pub struct Pipeline<M = ()> {
    steps: Vec<Box<dyn Transform>>,
    model: M,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Pipeline {
    /// Nothing done to the data.
    pub fn new() -> Self {
        Self {
            steps: Vec::new(),
            model: (),
        }
    }

    /// With another transformation, of what those before make.
    pub fn then(mut self, step: impl Transform + 'static) -> Self {
        self.steps.push(Box::new(step));
        self
    }

    /// With a model at the end.
    pub fn model<M>(self, model: M) -> Pipeline<M> {
        Pipeline {
            steps: self.steps,
            model,
        }
    }
}

impl<M> Pipeline<M> {
    /// The rows as the model sees them.
    ///
    /// # Errors
    /// As [`Transform::transform`] of a step.
    #[track_caller]
    pub fn transformed(&self, x: &Tensor) -> Result<Tensor> {
        // A step is behind a `dyn`, through which no caller is known.
        let (at, mut x) = (Location::caller(), x.clone());
        for step in &self.steps {
            x = step.transform(&x).map_err(|error| error.outward_to(at))?;
        }
        Ok(x)
    }

    /// Each step learns from what those before it make of the rows; gives what the last makes.
    #[track_caller]
    fn fit_steps(&mut self, x: &Tensor) -> Result<Tensor> {
        let (at, mut x) = (Location::caller(), x.clone());
        for step in &mut self.steps {
            x = step
                .fit_transform(&x)
                .map_err(|error| error.outward_to(at))?;
        }
        Ok(x)
    }

    /// The steps learn from rows, then the model, as a function makes it from what they make of the rows: for a
    /// network and its loop of training.
    ///
    /// # Errors
    /// As [`Transform::fit`] of a step, and what the function says.
    #[track_caller]
    pub fn fit_with(
        &mut self,
        x: &Tensor,
        train: impl FnOnce(&mut M, &Tensor) -> Result<()>,
    ) -> Result<()> {
        let x = self.fit_steps(x)?;
        train(&mut self.model, &x)
    }

    /// The model.
    pub fn as_model(&self) -> &M {
        &self.model
    }

    /// The model, to be changed.
    pub fn as_model_mut(&mut self) -> &mut M {
        &mut self.model
    }
}

impl<M: Predict> Predict for Pipeline<M> {
    #[track_caller]
    fn predict(&self, x: &Tensor) -> Result<Tensor> {
        self.model.predict(&self.transformed(x)?)
    }
}

impl<M: Fit> Fit for Pipeline<M> {
    /// The steps learn from rows, then the model from what they make of them.
    #[track_caller]
    fn fit(&mut self, x: &Tensor, targets: &Tensor) -> Result<()> {
        let x = self.fit_steps(x)?;
        self.model.fit(&x, targets)
    }
}

impl Transform for Pipeline {
    #[track_caller]
    fn fit(&mut self, x: &Tensor) -> Result<()> {
        self.fit_steps(x)?;
        Ok(())
    }

    #[track_caller]
    fn transform(&self, x: &Tensor) -> Result<Tensor> {
        self.transformed(x)
    }

    #[track_caller]
    fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        let (at, mut y) = (Location::caller(), y.clone());
        for step in self.steps.iter().rev() {
            y = step.inverse(&y).map_err(|error| error.outward_to(at))?;
        }
        Ok(y)
    }

    #[track_caller]
    fn fit_transform(&mut self, x: &Tensor) -> Result<Tensor> {
        self.fit_steps(x)
    }
}
