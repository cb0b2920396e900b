//! What layers do at the edges, in training and in evaluation, and with one another.

mod golden;
mod mistakes;
mod norms;
mod running;

use tilewise::Conv;
use tilewise::prelude::*;

use crate::support::gradient::{check, check_twice};
use crate::support::own;

/// The tests of this module and those inside.
pub(crate) fn all() -> Vec<crate::support::Test> {
    let modules = [
        tests(),
        golden::tests(),
        mistakes::tests(),
        norms::tests(),
        running::tests(),
    ];
    modules.into_iter().flatten().collect()
}

tests![
    gradients,
    second_gradients,
    empty_batches,
    small_batches,
    not_a_number,
    dropout,
    dropout_at_its_ends,
    embedding_rows,
    residual,
    penalties_of_layers,
    named_layers,
];

/// Values of both signs, none of them 0.
pub(crate) fn ramp(size: usize) -> Vec<f32> {
    (0..size)
        .map(|i| ((i * 29 + 5) % 31) as f32 / 8.0 - 1.9)
        .collect()
}

/// With respect to inputs; those to parameters are PyTorch's.
fn gradients(dev: &Device) -> Result<()> {
    let x = ramp(24);
    let one = |what: &str, shape: &[usize], layer: &dyn Module| {
        check(dev, what, &[(&x, shape)], |x| layer.forward(&x[0]));
    };
    let images = [2, 2, 2, 3];
    one("BatchNorm2d", &images, &nn::BatchNorm2d::new(2, dev)?);
    one(
        "BatchNorm1d",
        &[12, 2],
        &nn::BatchNorm1d::new(2, dev)?.eps(0.5),
    );
    one("LayerNorm", &[4, 6], &nn::LayerNorm::new(6, dev)?);
    one("RmsNorm", &[4, 6], &nn::RmsNorm::new(6, dev)?);
    one("GroupNorm", &[2, 4, 3], &nn::GroupNorm::new(2, 4, dev)?);
    one("Conv2d", &images, &nn::Conv2d::new(2, 2, 2, dev)?);
    one(
        "ConvTranspose2d",
        &images,
        &nn::ConvTranspose2d::new(2, 2, 2, dev)?.stride(2),
    );
    one("AvgPool2d", &images, &nn::AvgPool2d::new([1, 2]));
    one(
        "AdaptiveAvgPool2d",
        &images,
        &nn::AdaptiveAvgPool2d::new([3, 2]),
    );
    one("GlobalAvgPool2d", &images, &nn::GlobalAvgPool2d::new());
    one("Prelu", &[12, 2], &nn::Prelu::new(2, dev)?);
    for function in [
        nn::Mish,
        nn::Selu,
        nn::Celu(0.5),
        nn::Softsign,
        nn::LogSigmoid,
        nn::Tanhshrink,
    ] {
        one(&format!("{function:?}"), &[24], &function);
    }
    one("Glu", &[4, 6], &nn::Glu(1));
    let evaluated = nn::BatchNorm2d::new(2, dev)?;
    evaluated.eval();
    one("BatchNorm2d in evaluation", &images, &evaluated);
    Ok(())
}

/// Gradients of gradients, too.
fn second_gradients(dev: &Device) -> Result<()> {
    let x: Vec<f32> = ramp(8).iter().map(|v| v / 2.0).collect();
    let twice = |what: &str, layer: &dyn Module| {
        check_twice(dev, what, &[(&x, &[4, 2])], |x| layer.forward(&x[0]));
    };
    twice("LayerNorm", &nn::LayerNorm::new([4, 2], dev)?.eps(0.5));
    twice("RmsNorm", &nn::RmsNorm::new(2, dev)?.eps(0.5));
    twice("BatchNorm1d", &nn::BatchNorm1d::new(2, dev)?.eps(0.5));
    twice("Mish", &nn::Mish);
    twice("Linear", &nn::Linear::new(2, 2, dev)?);
    Ok(())
}

fn empty_batches(dev: &Device) -> Result<()> {
    let norm = nn::BatchNorm2d::new(3, dev)?;
    let layers: Vec<(Box<dyn Module>, &[usize])> = vec![
        (Box::new(nn::Conv2d::new(3, 3, 1, dev)?), &[0, 3, 4, 4]),
        (Box::new(norm.clone()), &[0, 3, 4, 4]),
        (Box::new(nn::LayerNorm::new(4, dev)?), &[0, 3, 4, 4]),
        (Box::new(nn::RmsNorm::new(4, dev)?), &[0, 3, 4, 4]),
        (Box::new(nn::GroupNorm::new(3, 3, dev)?), &[0, 3, 4, 4]),
        (Box::new(nn::Dropout::new(0.5)?), &[0, 3, 4, 4]),
        (Box::new(nn::Prelu::new(3, dev)?), &[0, 3, 4, 4]),
        (Box::new(nn::MaxPool2d::new(2)), &[0, 3, 2, 2]),
        (Box::new(nn::AdaptiveAvgPool2d::new(3)), &[0, 3, 3, 3]),
        (Box::new(nn::AdaptiveAvgPool2d::new(2)), &[0, 3, 2, 2]),
        (Box::new(nn::GlobalAvgPool2d::new()), &[0, 3]),
        (Box::new(nn::Flatten), &[0, 48]),
    ];
    let x = Tensor::zeros([0, 3, 4, 4], dev)?;
    for (layer, shape) in layers {
        assert_eq!(layer.forward(&x)?.shape(), shape);
    }
    // Nothing was learned of nothing.
    norm.forward(&x)?;
    assert_eq!(norm.state()[2].1.to_vec::<f32>()?, [0.; 3]);
    assert_eq!(norm.state()[4].1.item::<i32>()?, 0);
    let none = Tensor::full([0, 2], 0, DType::I32, dev)?;
    assert_eq!(
        nn::Embedding::new(5, 3, dev)?.forward(&none)?.shape(),
        [0, 2, 3]
    );
    Ok(())
}

fn small_batches(dev: &Device) -> Result<()> {
    // One row of one feature: the mean is the value itself.
    let one = Tensor::new([[3f32]], dev)?;
    assert_eq!(
        nn::LayerNorm::new(1, dev)?.forward(&one)?.to_vec::<f32>()?,
        [0.]
    );
    assert_eq!(
        nn::GroupNorm::new(1, 1, dev)?
            .forward(&one)?
            .to_vec::<f32>()?,
        [0.]
    );
    let norm = nn::BatchNorm1d::new(1, dev)?;
    says(
        norm.forward(&one),
        &["BatchNorm1d", "more than one", "(1,1)"],
    );
    norm.eval();
    let y: f32 = norm.forward(&one)?.item()?;
    assert!((y - 3.0).abs() < 1e-4, "{y}");
    // One image has many places.
    let image = Tensor::new(ramp(12), dev)?.reshape([1, 2, 2, 3])?;
    let y = nn::BatchNorm2d::new(2, dev)?.forward(&image)?;
    for mean in y.mean([0, 2, 3])?.to_vec::<f32>()? {
        assert!(mean.abs() < 1e-6, "{mean}");
    }
    Ok(())
}

fn not_a_number(dev: &Device) -> Result<()> {
    let x = Tensor::new([f32::NAN, 1.0], dev)?;
    let functions = [
        nn::Relu6,
        nn::Selu,
        nn::Celu(1.0),
        nn::Mish,
        nn::Softsign,
        nn::LogSigmoid,
        nn::Hardtanh(-1.0, 1.0),
        nn::Hardsigmoid,
        nn::Hardswish,
        nn::Hardshrink(0.5),
        nn::Softshrink(0.5),
        nn::Threshold(0.0, 5.0),
        nn::Tanhshrink,
    ];
    for function in functions {
        let y = function.forward(&x)?.to_vec::<f32>()?;
        assert!(y[0].is_nan() && y[1].is_finite(), "{function:?}: {y:?}");
    }
    // Far out: no overflow where there is none to be had.
    let far = Tensor::new([-200f32, 200.], dev)?;
    assert_eq!(nn::LogSigmoid.forward(&far)?.to_vec::<f32>()?, [-200., -0.]);
    assert_eq!(nn::Celu(2.0).forward(&far)?.to_vec::<f32>()?, [-2., 200.]);
    assert_eq!(nn::Mish.forward(&far)?.to_vec::<f32>()?, [0., 200.]);
    // A row of NaN stays in its row.
    let rows = Tensor::new([[f32::NAN, 1.], [3., 5.]], dev)?;
    let y = nn::LayerNorm::new(2, dev)?
        .forward(&rows)?
        .to_vec::<f32>()?;
    assert!(
        y[0].is_nan() && y[1].is_nan() && y[2] < -0.9 && y[3] > 0.9,
        "{y:?}"
    );
    Ok(())
}

fn dropout(dev: &Device) -> Result<()> {
    // Others draw from a shared device's generator.
    let dev = &own(dev)?;
    let (layer, n) = (nn::Dropout::new(0.25)?, 20_000);
    let x = Tensor::full([n], 3.0, DType::F32, dev)?;
    dev.seed(5);
    let first: Vec<f32> = layer.forward(&x)?.to_vec()?;
    let second: Vec<f32> = layer.forward(&x)?.to_vec()?;
    assert_ne!(first, second);
    dev.seed(5);
    let variable = x.variable();
    let again = layer.forward(&variable)?;
    assert_eq!(again.to_vec::<f32>()?, first);
    // The same on each device.
    let (cpu, count) = (Device::new_cpu(), |v: &[f32]| {
        v.iter().filter(|v| **v == 0.0).count()
    });
    cpu.seed(5);
    let there = layer.forward(&x.to_device(&cpu)?)?;
    assert_eq!(there.to_vec::<f32>()?, first);
    assert!(first.iter().all(|&v| v == 0.0 || v == 4.0));
    // Five standard errors of a count of 0.25·n.
    let spread = 5.0 * (n as f64 * 0.25 * 0.75).sqrt();
    let dropped = count(&first) as f64;
    assert!((dropped - 0.25 * n as f64).abs() < spread, "{dropped}");
    // The gradient passes where the value did.
    let grads = again.sum(..)?.backward()?;
    let slope = grads.get(&variable).expect("a gradient").to_vec::<f32>()?;
    assert!(
        slope
            .iter()
            .zip(&first)
            .all(|(g, v)| (*g == 0.0) == (*v == 0.0))
    );
    assert!(
        slope
            .iter()
            .all(|&g| g == 0.0 || (g - 4.0 / 3.0).abs() < 1e-6)
    );
    layer.eval();
    assert_eq!(layer.forward(&x)?.to_vec::<f32>()?, vec![3.0; n]);
    Ok(())
}

fn dropout_at_its_ends(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let x = Tensor::new([1f32, -2., 3.], dev)?.variable();
    let before = dev.generator().drawn();
    let kept = nn::Dropout::new(0.0)?.forward(&x)?;
    assert_eq!(kept.to_vec::<f32>()?, [1., -2., 3.]);
    assert_eq!(dev.generator().drawn(), before);
    let dropped = nn::Dropout::new(1.0)?.forward(&x)?;
    assert_eq!(dropped.to_vec::<f32>()?, [0.; 3]);
    let grads = dropped.sum(..)?.backward()?;
    assert_eq!(grads.get(&x).expect("a gradient").to_vec::<f32>()?, [0.; 3]);
    for p in [-0.1, 1.5, f64::NAN] {
        says(nn::Dropout::new(p), &["Dropout", "0 to 1", &p.to_string()]);
    }
    Ok(())
}

fn embedding_rows(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let table = Tensor::new([[1f32, 2.], [3., 4.], [5., 6.]], dev)?;
    let layer = nn::Embedding::from_tensors(&table)?.padding(1)?;
    // The row of padding is zeros, from whichever end it is named.
    let words = Tensor::new([1, -2, 2, 0, 2], dev)?;
    let y = layer.forward(&words)?;
    assert_eq!(y.to_vec::<f32>()?, [0., 0., 0., 0., 5., 6., 1., 2., 5., 6.]);
    let grads = y.sum(..)?.backward()?;
    let slope = grads.get(&layer.weight().value()).expect("a gradient");
    assert_eq!(slope.to_vec::<f32>()?, [1., 1., 0., 0., 2., 2.]);
    let unsigned = Tensor::new([[1u32], [2]], dev)?;
    assert_eq!(layer.forward(&unsigned)?.to_vec::<f32>()?, [0., 0., 5., 6.]);

    // The same bits each time.
    let many = Generator::new(3).integers(0, 7, [500], dev)?;
    let big = nn::Embedding::new(7, 5, dev)?;
    let seed = Generator::new(4).normal([500, 5], dev)?;
    let slope = || -> Result<Vec<f32>> {
        let grads = big.forward(&many)?.try_mul(&seed)?.sum(..)?.backward()?;
        grads
            .get(&big.weight().value())
            .expect("a gradient")
            .to_vec()
    };
    assert_eq!(slope()?, slope()?);

    says(layer.forward(&table), &["Embedding", "f32", "i32 or u32"]);
    let outside = layer
        .forward(&Tensor::new([3], dev)?)
        .and_then(|y| y.to_vec::<f32>());
    assert!(outside.is_err());
    says(
        nn::Embedding::from_tensors(&words),
        &["Embedding", "(count, size)"],
    );
    says(layer.padding(3), &["Embedding", "index 3", "size 3"]);
    Ok(())
}

fn residual(dev: &Device) -> Result<()> {
    let twice = nn::Residual::new(|x: &Tensor| x.try_mul(2.0));
    let x = Tensor::new([1f32, 2.], dev)?;
    assert_eq!(twice.forward(&x)?.to_vec::<f32>()?, [3., 6.]);
    let block = nn::Residual::new(nn::Sequential::new().then(nn::Dropout::new(1.0)?));
    assert_eq!(block.forward(&x)?.to_vec::<f32>()?, [1., 2.]);
    // Switches and names reach what is inside.
    block.eval();
    assert_eq!(block.forward(&x)?.to_vec::<f32>()?, [2., 4.]);
    let linear = nn::Residual::new(nn::Linear::new(2, 2, dev)?);
    assert_eq!(linear.parameters()[1].0, "inner.bias");
    // What would broadcast is refused.
    let narrow = nn::Residual::new(nn::Linear::new(2, 1, dev)?);
    let rows = Tensor::ones([3, 2], dev)?;
    says(narrow.forward(&rows), &["Residual", "(3,2)", "(3,1)"]);
    Ok(())
}

fn penalties_of_layers(dev: &Device) -> Result<()> {
    let weight = Tensor::new([[1f32, -2.], [3., 0.5]], dev)?;
    let bias = Tensor::new([4f32, -1.], dev)?;
    let linear = || nn::Linear::from_tensors(&weight, Some(&bias));
    let cost = |layer: &dyn Module| -> Result<f32> {
        layer.penalty()?.map_or(Ok(0.0), |cost| cost.item())
    };
    assert_eq!(cost(&linear()?)?, 0.0);
    assert_eq!(cost(&linear()?.l1(0.5))?, 0.5 * 6.5);
    // One after the other, they are both there.
    assert_eq!(cost(&linear()?.l1(0.5).l2(2.0))?, 0.5 * 6.5 + 2.0 * 14.25);
    assert_eq!(cost(&linear()?.l2(2.0).l1(0.5))?, 0.5 * 6.5 + 2.0 * 14.25);
    assert_eq!(
        cost(&linear()?.bias_l1(1.0).bias_l2(0.5))?,
        5.0 + 0.5 * 17.0
    );
    let kernel = weight.reshape([2, 1, 2])?;
    let conv = nn::Conv1d::from_tensors(&kernel, Some(&bias), Conv::new())?;
    let conv = conv.l1(1.0).l2(1.0).bias_l1(0.25).bias_l2(0.5);
    assert_eq!(cost(&conv)?, 6.5 + 14.25 + 0.25 * 5.0 + 0.5 * 17.0);
    let table = nn::Embedding::from_tensors(&weight)?.l1(1.0).l2(0.5);
    assert_eq!(cost(&table)?, 6.5 + 0.5 * 14.25);
    let model = nn::Sequential::new()
        .then(linear()?.l2(1.0))
        .then(nn::Residual::new(conv));
    assert_eq!(cost(&model)?, 14.25 + 6.5 + 14.25 + 1.25 + 8.5);
    Ok(())
}

fn named_layers(dev: &Device) -> Result<()> {
    let model = nn::Sequential::new()
        .then(nn::Linear::new(3, 4, dev)?)
        .then_named("act", nn::Tanh)
        .then_named("head", nn::mlp([4, 2], nn::Relu, dev)?);
    let names: Vec<&str> = model.layers().map(|(name, _)| name).collect();
    assert_eq!(names, ["0", "act", "head"]);
    let parameters: Vec<String> = model.parameters().into_iter().map(|p| p.0).collect();
    assert_eq!(
        parameters,
        ["0.weight", "0.bias", "head.0.weight", "head.0.bias"]
    );
    let x = Tensor::ones([5, 3], dev)?;
    let (first, all) = (model.forward_to("0", &x)?, model.forward(&x)?);
    assert_eq!(first.shape(), [5, 4]);
    let middle = model.forward_to("act", &x)?;
    assert_eq!(middle.to_vec::<f32>()?, first.tanh().to_vec::<f32>()?);
    assert_eq!(
        model.forward_to("head", &x)?.to_vec::<f32>()?,
        all.to_vec::<f32>()?
    );
    let head = model.layer("head").expect("a head");
    assert_eq!(
        head.forward(&middle)?.to_vec::<f32>()?,
        all.to_vec::<f32>()?
    );
    assert!(model.layer("1").is_none());
    says(model.forward_to("tail", &x), &["tail", "0, act, head"]);
    Ok(())
}

#[track_caller]
pub(crate) fn says<T>(result: Result<T>, words: &[&str]) {
    let Err(error) = result else {
        panic!("a mistake was taken: {words:?}")
    };
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    let file = error.location().file();
    assert!(
        file.starts_with("tests"),
        "not the caller's line: {message}"
    );
}
