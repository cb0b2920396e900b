//! Preparations one after another, with a model at their end.

use tilewise::data::{
    Fit, MinMaxScaler, Pipeline, PolynomialFeatures, Predict, StandardScaler, Transform,
};
use tilewise::nn::{self, Module, Training, Visitor};
use tilewise::{Device, Result, Tensor};

use super::prepare::{holds, refused};
use crate::support::gradient;

tests![pipelines, modules_predict_in_evaluation, gradients];

/// Least squares of one feature, fitted in one go.
struct Slope(Option<Tensor>);

impl Predict for Slope {
    fn predict(&self, x: &Tensor) -> Result<Tensor> {
        x.try_mul(self.0.as_ref().expect("it is fitted"))
    }
}

impl Fit for Slope {
    fn fit(&mut self, x: &Tensor, targets: &Tensor) -> Result<()> {
        self.0 = Some((x * targets).sum(..)?.try_div(x.square().sum(..)?)?);
        Ok(())
    }
}

fn pipelines(device: &Device) -> Result<()> {
    let x = Tensor::new([[1f32], [2.], [3.]], device)?;
    let mut steps = Pipeline::new()
        .then(MinMaxScaler::new())
        .then(StandardScaler::new());
    let y = steps.fit_transform(&x)?;
    let alone = StandardScaler::new().fit_transform(&(&x - 1.0).try_div(2.0)?)?;
    assert!(y.array_equal(&alone, false)?);
    assert!(steps.inverse(&y)?.allclose(&x, 1e-6, 1e-6, false)?);
    let mut none = Pipeline::new();
    assert!(none.fit_transform(&x)?.array_equal(&x, false)?);
    // Steps and model learn from the first data, and do the same to later ones.
    let mut pipeline = Pipeline::new()
        .then(StandardScaler::new().without_mean())
        .model(Slope(None));
    pipeline.fit(&x, &(&x * 4.0))?;
    let fresh = Tensor::new([[10f32], [-1.]], device)?;
    holds(
        "predictions",
        &pipeline.predict(&fresh)?,
        &[40.0, -4.0],
        0.0,
    )?;
    // A pipeline is a step, and a model.
    let mut nested = Pipeline::new().then(steps).model(pipeline);
    Fit::fit(&mut nested, &x, &(&x - 2.0))?;
    holds("predictions", &nested.predict(&x)?, &[-1.0, 0.0, 1.0], 1e-6)?;
    // A network stands at the end and is trained by a function.
    let mut pipeline = Pipeline::new()
        .then(StandardScaler::new())
        .model(nn::Linear::new(1, 1, device)?);
    let one = Tensor::ones([1, 1], device)?;
    pipeline.fit_with(&x, |model, features| {
        assert_eq!(features.to_vec::<f32>()?[1], 0.0);
        *model = nn::Linear::from_tensors(&one, None)?;
        Ok(())
    })?;
    assert!(
        pipeline
            .predict(&x)?
            .array_equal(&pipeline.transformed(&x)?, false)?
    );
    assert_eq!(pipeline.as_model().parameter_count(), 1);
    refused(pipeline.predict(&fresh.t()), "fitted to 1 features");
    refused(
        pipeline.fit_with(&x.narrow(0, 0, 0)?, |_, _| Ok(())),
        "no row to learn from",
    );
    Ok(())
}

/// Doubles in training.
struct Doubles(Training);

impl Module for Doubles {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(if self.0.is_on() { x * 2.0 } else { x.clone() })
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.training(&self.0);
    }
}

fn modules_predict_in_evaluation(device: &Device) -> Result<()> {
    /// One layer shown twice, and one that evaluates already.
    struct Shared(Doubles, Doubles);
    impl Module for Shared {
        fn forward(&self, x: &Tensor) -> Result<Tensor> {
            self.1.forward(&self.0.forward(x)?)
        }
        fn visit(&self, visitor: &mut Visitor) {
            visitor.module("a", &self.0);
            visitor.module("b", &self.0);
            visitor.module("c", &self.1);
        }
    }
    let model = Shared(Doubles(Training::new()), Doubles(Training::new()));
    model.1.eval();
    let x = Tensor::new([3f32], device)?.variable();
    let y = model.predict(&x)?;
    assert_eq!(y.item::<f32>()?, 3.0);
    assert!(!y.is_tracked());
    assert_eq!((model.0.0.is_on(), model.1.0.is_on()), (true, false));
    let boxed: Box<dyn Module> = Box::new(model);
    assert_eq!(boxed.predict(&x)?.item::<f32>()?, 3.0);
    assert_eq!(boxed.forward(&x)?.item::<f32>()?, 6.0);
    Ok(())
}

/// What is fitted is constant; the rows have their gradient.
fn gradients(device: &Device) -> Result<()> {
    let (values, shape) = ([1.5f32, -0.5, 0.25, 2., -1., 0.75], [3, 2]);
    let mut pipeline = Pipeline::new()
        .then(PolynomialFeatures::new(3))
        .then(StandardScaler::new())
        .then(MinMaxScaler::new());
    pipeline.fit(&Tensor::from_slice(&values, shape, device)?)?;
    gradient::check(device, "a pipeline", &[(&values, &shape)], |x| {
        pipeline.transformed(&x[0])
    });
    Ok(())
}
