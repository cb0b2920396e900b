//! Where the first number that is not finite is found.

use tilewise::data::{self, TensorDataset};
use tilewise::loss::{CrossEntropy, Mse};
use tilewise::prelude::*;

use crate::support::own;

tests![
    names_the_layer,
    names_the_gradient,
    names_what_it_is_given,
    names_the_parameter,
    changes_nothing,
    norms_of_gradients,
];

#[track_caller]
fn found(error: &Error, words: &str) {
    let text = error.to_string();
    assert!(text.contains(words), "{text}");
}

/// A layer of one's own, which knows nothing of being watched.
struct Roots {
    inner: nn::Linear,
}

impl Module for Roots {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.inner.forward(x)?.sqrt())
    }

    fn visit(&self, visitor: &mut nn::Visitor) {
        visitor.module("inner", &self.inner);
    }
}

/// A root of what is negative, and one of 0, whose slope is infinite.
fn names_the_layer(dev: &Device) -> Result<()> {
    let run = |weight: f32, third: f32| -> Result<_> {
        let weight = Tensor::new([[weight]], dev)?;
        let inner = nn::Linear::from_tensors(&weight, None)?;
        let model = nn::Sequential::new()
            .then(nn::Softplus)
            .then_named("roots", Roots { inner })
            .then(|x: &Tensor| x.try_add(1.0));
        let x = Tensor::new([[1f32], [1.], [third], [1.]], dev)?;
        let mut trainer = Trainer::new(model, optim::Sgd::new(0.0), Mse::new())
            .in_order()
            .batch_size(1)
            .watch();
        trainer.fit(&TensorDataset::new(&x, &x)?)
    };
    let error = run(-1.0, 1.0).expect_err("a root of what is negative");
    found(
        &error,
        "what layer roots (Roots) gives is not finite in step 1 (epoch 1)",
    );
    let error = run(1.0, -200.0).expect_err("an infinite slope");
    found(
        &error,
        "the gradient of roots.inner.weight is not finite in step 3 (epoch 1)",
    );
    run(1.0, 1.0)?;
    Ok(())
}

fn names_the_gradient(dev: &Device) -> Result<()> {
    let x = Tensor::zeros([4, 2], dev)?;
    let data = TensorDataset::new(&x, &x)?;
    // The slope of √ at 0 is infinite, its value is not.
    let model = nn::Sequential::new().then(nn::Linear::new(2, 2, dev)?.l2(0.1));
    let loss = |output: &Tensor, target: &Tensor| (output * 0.0).try_add(target)?.sqrt().sum(..);
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.1), loss).watch();
    let error = trainer.fit(&data).expect_err("an infinite slope");
    found(
        &error,
        "the gradient of 0.bias is not finite in step 1 (epoch 1)",
    );
    Ok(())
}

fn names_what_it_is_given(dev: &Device) -> Result<()> {
    let whole = Tensor::zeros([4, 1], dev)?;
    let gap = Tensor::new([[1f32], [2.], [f32::NAN], [3.]], dev)?;
    let run = |x: &Tensor, y: &Tensor| -> Result<_> {
        let model = nn::Linear::new(1, 1, dev)?;
        let mut trainer = Trainer::new(model, optim::Sgd::new(0.1), Mse::new())
            .batch_size(2)
            .in_order()
            .watch();
        trainer.fit(&TensorDataset::new(x, y)?)
    };
    let error = run(&gap, &whole).expect_err("a gap in the data");
    found(
        &error,
        "what the model is given is not finite in step 2 (epoch 1)",
    );
    let error = run(&whole, &gap).expect_err("a gap in the targets");
    found(&error, "the loss is not finite in step 2 (epoch 1)");
    Ok(())
}

fn names_the_parameter(dev: &Device) -> Result<()> {
    let x = Tensor::new([[1e10f32]], dev)?;
    let data = TensorDataset::new(&x, &Tensor::zeros([1, 1], dev)?)?;
    let model = nn::Linear::from_tensors(&Tensor::ones([1, 1], dev)?, None)?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(1e25), Mse::new()).watch();
    let error = trainer.fit(&data).expect_err("a step beyond all numbers");
    found(
        &error,
        "the parameter weight is not finite in step 1 (epoch 1)",
    );
    assert!(error.to_string().contains(file!()), "{error}");
    Ok(())
}

/// The same bits with and without.
fn changes_nothing(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let moons = data::make_moons(80, 0.1, 0, dev)?;
    let run = |watch: bool| -> Result<_> {
        dev.seed(0);
        let model = nn::mlp([2, 8, 2], nn::Relu, dev)?;
        let trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new()).epochs(3);
        let mut trainer = if watch { trainer.watch() } else { trainer };
        let history = trainer.fit(&moons)?;
        let state = trainer.model().state().into_iter();
        let values = state.map(|(_, value)| value.to_vec::<f32>());
        Ok((history, values.collect::<Result<Vec<_>>>()?))
    };
    assert_eq!(run(true)?, run(false)?);
    Ok(())
}

fn norms_of_gradients(dev: &Device) -> Result<()> {
    let x = Tensor::new([[3f32, 4.]], dev)?;
    let data = TensorDataset::new(&x, &Tensor::new([[-0.5f32]], dev)?)?;
    let weight = Tensor::zeros([1, 2], dev)?;
    let model = nn::Linear::from_tensors(&weight, Some(&Tensor::zeros([1], dev)?))?;
    let mut trainer = Trainer::new(model, optim::Sgd::new(0.0), Mse::new())
        .gradient_norms()
        .clip_norm(0.1);
    let history = trainer.fit(&data)?;
    // 2·(0 + 0.5)·x, before it is clipped.
    assert_eq!(history.last("gradient.weight"), Some(5.0));
    assert_eq!(history.last("gradient.bias"), Some(1.0));
    Ok(())
}
