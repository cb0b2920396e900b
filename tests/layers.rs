//! Layers against PyTorch's, and what theirs and ours must not do.

use tilewise::prelude::*;
use tilewise::{Conv, Padding, Pool};

use crate::support::compare::assert_near;
use crate::support::golden::{Case, Golden};
use crate::support::gradient::{Input, check};

tests![
    as_pytorch,
    gradients,
    views_and_halves,
    empty_batches,
    small_batches,
    not_a_number,
    running_statistics,
    evaluation_keeps_rows_apart,
    dropout,
    dropout_at_its_ends,
    embedding_rows,
    residual,
    penalties_of_layers,
    named_layers,
    mistakes,
    names_that_mislead,
];

/// A layer of PyTorch's arguments as a case gives them.
struct Arguments<'a>(&'a Case);

impl Arguments<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        let mut words = self.0.text("arguments")?.split(' ');
        words.find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn number(&self, key: &str) -> Option<f64> {
        Some(self.text(key)?.parse().expect("a number"))
    }

    fn count(&self, key: &str) -> Option<usize> {
        Some(self.text(key)?.parse().expect("a count"))
    }

    fn is_off(&self, key: &str) -> bool {
        self.text(key) == Some("0")
    }

    fn conv(&self) -> Conv {
        let mut options = Conv::new().groups(self.count("groups").unwrap_or(1));
        options = options.stride(self.count("stride").unwrap_or(1));
        options = options.dilation(self.count("dilation").unwrap_or(1));
        options = options.output_padding(self.count("output_padding").unwrap_or(0));
        match self.text("padding") {
            Some("same") => options.padding(Padding::Same),
            _ => options.padding(self.count("padding").unwrap_or(0)),
        }
    }

    fn pool(&self) -> Pool {
        let size = self.count("size").unwrap_or(2);
        let pool = Pool::new(size).stride(self.count("stride").unwrap_or(size));
        pool.padding(self.count("padding").unwrap_or(0))
    }

    fn pair(&self, key: &str) -> [usize; 2] {
        let text = self.text(key).expect("a pair");
        let mut numbers = text.trim_matches(['[', ']']).split(',');
        [(); 2].map(|()| {
            let number = numbers.next().expect("two numbers");
            number.parse().expect("a count")
        })
    }

    fn convolution<const RANK: usize, const TRANSPOSED: bool>(
        &self,
        dev: &Device,
    ) -> Result<Box<dyn Module>> {
        let weight = self.0.array("state.weight").tensor(dev)?.zeros_like();
        let groups = self.count("groups").unwrap_or(1);
        let outputs = weight.shape()[usize::from(TRANSPOSED)] * if TRANSPOSED { groups } else { 1 };
        let bias = Tensor::zeros([outputs], dev)?;
        let layer =
            nn::Convolution::<RANK, TRANSPOSED>::from_tensors(&weight, Some(&bias), self.conv())?;
        Ok(match self.is_off("bias") {
            true => Box::new(layer.without_bias()),
            false => Box::new(layer),
        })
    }

    fn batch_norm<const RANK: usize>(
        &self,
        features: usize,
        dev: &Device,
    ) -> Result<Box<dyn Module>> {
        let mut layer = nn::BatchNorm::<RANK>::new(features, dev)?;
        if self.is_off("affine") {
            layer = layer.without_affine();
        }
        if self.is_off("tracking") {
            layer = layer.without_tracking();
        }
        if let (Some(eps), Some(momentum)) = (self.number("eps"), self.number("momentum")) {
            layer = layer.eps(eps).momentum(momentum);
        }
        Ok(Box::new(layer))
    }

    /// The sizes that a layer normalises.
    fn sizes(&self) -> Vec<usize> {
        match self.0.try_array("state.weight") {
            Some(weight) => weight.shape.clone(),
            None => self.0.array("x").shape[1..].to_vec(),
        }
    }

    fn layer_norm(&self, dev: &Device) -> Result<nn::LayerNorm> {
        let layer = nn::LayerNorm::new(self.sizes(), dev)?.eps(self.number("eps").unwrap_or(1e-5));
        Ok(match (self.is_off("affine"), self.is_off("bias")) {
            (true, _) => layer.without_affine(),
            (_, true) => layer.without_bias(),
            _ => layer,
        })
    }

    fn rms_norm(&self, dev: &Device) -> Result<nn::RmsNorm> {
        let layer = nn::RmsNorm::new(self.sizes(), dev)?;
        let layer = match self.number("eps") {
            Some(eps) => layer.eps(eps),
            None => layer,
        };
        Ok(match self.is_off("affine") {
            true => layer.without_affine(),
            false => layer,
        })
    }

    fn group_norm(&self, channels: usize, dev: &Device) -> Result<nn::GroupNorm> {
        let groups = self.count("groups").expect("groups");
        let layer = nn::GroupNorm::new(groups, channels, dev)?;
        let layer = layer.eps(self.number("eps").unwrap_or(1e-5));
        Ok(match self.is_off("affine") {
            true => layer.without_affine(),
            false => layer,
        })
    }

    fn embedding(&self, dev: &Device) -> Result<nn::Embedding> {
        let layer = nn::Embedding::new(5, 3, dev)?;
        match self.count("padding") {
            Some(row) => layer.padding(row),
            None => Ok(layer),
        }
    }

    /// A function, by its name and its numbers.
    fn activation(&self, name: &str) -> nn::Activation {
        let (a, b) = (
            self.number("a").unwrap_or(f64::NAN),
            self.number("b").unwrap_or(f64::NAN),
        );
        let axis = self.number("axis").unwrap_or(99.0) as isize;
        match name {
            "Relu" => nn::Relu,
            "Relu6" => nn::Relu6,
            "LeakyRelu" => nn::LeakyRelu(a),
            "Elu" => nn::Elu(a),
            "Selu" => nn::Selu,
            "Celu" => nn::Celu(a),
            "Gelu" => nn::Gelu,
            "GeluTanh" => nn::GeluTanh,
            "Silu" => nn::Silu,
            "Mish" => nn::Mish,
            "Softplus" => nn::Softplus,
            "Softsign" => nn::Softsign,
            "Sigmoid" => nn::Sigmoid,
            "LogSigmoid" => nn::LogSigmoid,
            "Hardtanh" => nn::Hardtanh(a, b),
            "Hardsigmoid" => nn::Hardsigmoid,
            "Hardswish" => nn::Hardswish,
            "Hardshrink" => nn::Hardshrink(a),
            "Softshrink" => nn::Softshrink(a),
            "Threshold" => nn::Threshold(a, b),
            "Tanh" => nn::Tanh,
            "Tanhshrink" => nn::Tanhshrink,
            "Softmax" => nn::Softmax(axis),
            "Softmin" => nn::Softmin(axis),
            "LogSoftmax" => nn::LogSoftmax(axis),
            "Glu" => nn::Glu(axis),
            _ => panic!("layers.txt names {name:?}, which this test does not know"),
        }
    }

    fn layer(&self, dev: &Device) -> Result<Box<dyn Module>> {
        let channels = self.0.array("x").shape[1];
        Ok(
            match self.0.text("layer").expect("each case names its layer") {
                "Linear" => Box::new(nn::Linear::new(4, 3, dev)?),
                "Conv1d" => self.convolution::<1, false>(dev)?,
                "Conv2d" => self.convolution::<2, false>(dev)?,
                "ConvTranspose1d" => self.convolution::<1, true>(dev)?,
                "ConvTranspose2d" => self.convolution::<2, true>(dev)?,
                "Embedding" => Box::new(self.embedding(dev)?),
                "BatchNorm1d" => self.batch_norm::<1>(channels, dev)?,
                "BatchNorm2d" => self.batch_norm::<2>(channels, dev)?,
                "LayerNorm" => Box::new(self.layer_norm(dev)?),
                "RmsNorm" => Box::new(self.rms_norm(dev)?),
                "GroupNorm" => Box::new(self.group_norm(channels, dev)?),
                "InstanceNorm" => Box::new(nn::GroupNorm::instance(channels, dev)?),
                "MaxPool1d" => Box::new(nn::MaxPool1d::new(self.pool())),
                "MaxPool2d" => Box::new(nn::MaxPool2d::new(self.pool())),
                "AvgPool1d" => Box::new(nn::AvgPool1d::new(self.pool())),
                "AvgPool2d" => Box::new(nn::AvgPool2d::new(self.pool())),
                "AdaptiveAvgPool1d" => {
                    let size = self.count("size").expect("a size");
                    Box::new(nn::AdaptiveAvgPool1d::new(size))
                }
                "AdaptiveAvgPool2d" => Box::new(nn::AdaptiveAvgPool2d::new(self.pair("size"))),
                "GlobalAvgPool1d" => Box::new(nn::GlobalAvgPool1d::new()),
                "GlobalAvgPool2d" => Box::new(nn::GlobalAvgPool2d::new()),
                "Flatten" => Box::new(nn::Flatten),
                "Prelu" => Box::new(nn::Prelu::new(self.count("slopes").expect("slopes"), dev)?),
                name => Box::new(self.activation(name)),
            },
        )
    }
}

/// The layer of a case, with its state, which must have PyTorch's names and shapes.
fn loaded(case: &Case, dev: &Device) -> Result<Box<dyn Module>> {
    let layer = Arguments(case).layer(dev)?;
    let mut state = Vec::new();
    for key in case.keys() {
        if let Some(name) = key.strip_prefix("state.") {
            state.push((name.to_owned(), case.array(key).tensor(dev)?));
        }
    }
    layer.load_state(&state, nn::Load::Exact)?;
    Ok(layer)
}

/// Results are sums of up to some dozen terms, of up to 64, of which some cancel, each of a few ULP.
#[track_caller]
fn near(what: &str, got: &Tensor, case: &Case, key: &str) {
    let want = case.array(key);
    assert_eq!(got.shape(), want.shape, "{what}, {key}");
    let values = got.to_dtype(DType::F32).to_vec();
    let values = values.unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_near(
        &format!("{what}, {key}"),
        &values,
        &want.values(),
        1e-5,
        1e-5,
    );
}

fn as_pytorch(dev: &Device) -> Result<()> {
    for case in Golden::read("layers.txt").cases() {
        let layer = loaded(case, dev)?;
        let mut x = case.array("x").tensor(dev)?;
        layer.eval();
        let key = if case.try_array("eval").is_some() {
            "eval"
        } else {
            "train"
        };
        near(&case.name, &layer.forward(&x)?, case, key);
        layer.train();
        if x.dtype() == DType::F32 {
            x = x.variable();
        }
        let y = layer.forward(&x)?;
        near(&case.name, &y, case, "train");
        let mut variables = layer.parameters();
        if x.is_tracked() {
            variables.push(("x".into(), x));
        }
        let grads = match variables.is_empty() {
            true => continue,
            false => y
                .try_mul(case.array("seed").tensor(dev)?)?
                .sum(..)?
                .backward()?,
        };
        for (name, variable) in &variables {
            let gradient = grads
                .get(variable)
                .unwrap_or_else(|| panic!("{name} has none"));
            near(&case.name, gradient, case, &format!("grad.{name}"));
        }
        let state = layer.state();
        for key in case.keys() {
            if let Some(name) = key.strip_prefix("after.") {
                let kept = state.iter().find(|(kept, _)| kept == name);
                near(&case.name, &kept.expect("a buffer").1, case, key);
            }
        }
    }
    Ok(())
}

fn ramp(size: usize) -> Vec<f32> {
    (0..size)
        .map(|i| ((i * 29 + 5) % 31) as f32 / 8.0 - 1.9)
        .collect()
}

/// With respect to inputs and, put in by hand, to parameters.
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
    // In training the running statistics follow; gradients do not see them.
    let inputs: [Input<'_>; 1] = [(&x, &[12, 2])];
    let norm = nn::BatchNorm1d::new(2, dev)?.momentum(1.0);
    check(dev, "BatchNorm1d", &inputs, |x| {
        norm.forward(&x[0])?.square().sum(0)
    });
    Ok(())
}

/// Each layer with a strided input gives the bits of the same input in order; halves come back as halves.
fn views_and_halves(dev: &Device) -> Result<()> {
    for case in Golden::read("layers.txt").cases() {
        let layer = loaded(case, dev)?;
        layer.eval();
        let (x, strided) = (case.array("x").tensor(dev)?, case.array("x").strided(dev)?);
        let want = layer.forward(&x)?;
        let got = layer.forward(&strided)?;
        assert_near(&case.name, &got.to_vec()?, &want.to_vec()?, 2e-6, 2e-6);
        if !dev.supports_f16() || x.dtype() != DType::F32 {
            continue;
        }
        let state: Vec<(String, Tensor)> = layer.state();
        let halved = layer.forward(&x.to_dtype(DType::F16))?;
        assert_eq!(state.len(), layer.state().len());
        // A layer of products meets halves in the dtype of its weights; one of moments gives halves back.
        if case.name.contains("Norm") {
            assert_eq!(halved.dtype(), DType::F16, "{}", case.name);
        }
        // x is exact in f16; a result is rounded once, some functions more often.
        assert_near(
            &case.name,
            &halved.to_dtype(DType::F32).to_vec()?,
            &want.to_vec()?,
            4e-3,
            4e-3,
        );
    }
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

/// Ten batches by hand, in f64.
fn running_statistics(dev: &Device) -> Result<()> {
    let norm = nn::BatchNorm1d::new(1, dev)?.momentum(0.25);
    let (mut mean, mut variance) = (0f64, 1f64);
    for step in 0..10u8 {
        let values: Vec<f32> = (0..4).map(|i| f32::from(step * 3 + i * i)).collect();
        norm.forward(&Tensor::from_slice(&values, [4, 1], dev)?)?;
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let batch = values.iter().sum::<f64>() / 4.0;
        let unbiased = values.iter().map(|v| (v - batch).powi(2)).sum::<f64>() / 3.0;
        mean = 0.75 * mean + 0.25 * batch;
        variance = 0.75 * variance + 0.25 * unbiased;
    }
    let state = norm.state();
    assert_near("mean", &state[2].1.to_vec()?, &[mean], 1e-6, 0.0);
    assert_near("variance", &state[3].1.to_vec()?, &[variance], 1e-6, 0.0);
    assert_eq!(state[4].1.item::<i32>()?, 10);
    // In evaluation nothing is learned.
    norm.eval();
    norm.forward(&Tensor::ones([4, 1], dev)?)?;
    assert_near("mean", &norm.state()[2].1.to_vec()?, &[mean], 1e-6, 0.0);
    Ok(())
}

fn evaluation_keeps_rows_apart(dev: &Device) -> Result<()> {
    let norm = nn::BatchNorm1d::new(3, dev)?;
    let x = Tensor::new(ramp(12), dev)?.reshape([4, 3])?;
    norm.forward(&x)?;
    norm.eval();
    let whole = norm.forward(&x)?;
    let row = norm.forward(&x.narrow(0, 2, 1)?)?;
    assert_eq!(
        whole.narrow(0, 2, 1)?.to_vec::<f32>()?,
        row.to_vec::<f32>()?
    );
    Ok(())
}

fn dropout(dev: &Device) -> Result<()> {
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
fn says<T>(result: Result<T>, words: &[&str]) {
    let Err(error) = result else {
        panic!("a mistake was taken: {words:?}")
    };
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    let file = error.location().file();
    assert!(
        file.ends_with("layers.rs"),
        "not the caller's line: {message}"
    );
}

fn mistakes(dev: &Device) -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, dev);
    says(
        nn::Conv2d::grouped(4, 6, 3, 4, dev),
        &["Conv2d", "4 input", "6 output", "4 groups"],
    );
    says(
        nn::Conv1d::grouped(4, 4, 3, 0, dev),
        &["Conv1d", "0 groups"],
    );
    says(
        nn::Conv2d::new(1, 1, [0, 3], dev),
        &["Conv2d", "height, width", "(1,1,0,3)"],
    );
    let options = Conv::new();
    says(
        nn::Conv2d::from_tensors(&zeros(&[2, 2, 3])?, None, options),
        &["Conv2d", "(2,2,3)"],
    );
    says(
        nn::ConvTranspose1d::from_tensors(&zeros(&[2])?, None, options),
        &["inputs", "(2,)"],
    );
    let weight = zeros(&[4, 3, 2])?;
    says(
        nn::ConvTranspose1d::from_tensors(&weight, Some(&zeros(&[4])?), options),
        &["3 outputs", "(4,3,2)", "(4,)"],
    );
    let whole = weight.to_dtype(DType::I32);
    says(
        nn::Conv1d::from_tensors(&whole, None, options),
        &["i32", "floats"],
    );
    let conv = nn::Conv2d::new(3, 2, 3, dev)?;
    says(
        conv.forward(&zeros(&[1, 2, 5, 5])?),
        &["conv2d", "(1,2,5,5)", "(2,3,3,3)"],
    );
    says(
        conv.stride(0).forward(&zeros(&[1, 3, 5, 5])?),
        &["conv2d", "stride"],
    );

    says(
        nn::BatchNorm1d::new(3, dev)?.forward(&zeros(&[2, 4])?),
        &["3 features", "(2,4)"],
    );
    says(
        nn::BatchNorm1d::new(3, dev)?.forward(&zeros(&[3])?),
        &["(n, features", "(3,)"],
    );
    says(
        nn::BatchNorm2d::new(3, dev)?.forward(&zeros(&[2, 3])?),
        &["(n, features, h, w)"],
    );
    says(
        nn::BatchNorm1d::new(3, dev)?
            .eps(-1.0)
            .forward(&zeros(&[2, 3])?),
        &["eps", "-1"],
    );
    says(
        nn::LayerNorm::new(4, dev)?.forward(&zeros(&[4, 3])?),
        &["LayerNorm", "(4,3)", "(4,)"],
    );
    says(nn::LayerNorm::new((), dev), &["LayerNorm", "at least one"]);
    says(nn::RmsNorm::new([2, 0], dev), &["RmsNorm", "at least one"]);
    says(
        nn::RmsNorm::new([2, 4], dev)?.forward(&zeros(&[4])?),
        &["RmsNorm", "(4,)", "(2,4)"],
    );
    says(
        nn::GroupNorm::new(3, 4, dev),
        &["GroupNorm", "4 channels", "3 groups"],
    );
    says(
        nn::GroupNorm::new(2, 4, dev)?.forward(&zeros(&[4])?),
        &["GroupNorm", "(n, channels"],
    );
    let numbers = Tensor::new([[1, 2]], dev)?;
    says(
        nn::LayerNorm::new(2, dev)?.forward(&numbers),
        &["LayerNorm", "i32", "floats"],
    );

    says(
        nn::MaxPool2d::new(3).forward(&zeros(&[2, 2])?),
        &["max_pool2d", "(2,2)"],
    );
    says(
        nn::GlobalAvgPool2d::new().forward(&zeros(&[4])?),
        &["GlobalAvgPool", "(4,)"],
    );
    says(
        nn::GlobalAvgPool1d::new().forward(&zeros(&[4, 0])?),
        &["elements", "(4,0)"],
    );
    says(
        nn::AdaptiveAvgPool1d::new(0).forward(&zeros(&[4])?),
        &["at least one place"],
    );
    says(nn::Flatten.forward(&zeros(&[])?), &["Flatten", "(n, …)"]);

    says(
        nn::Glu(0).forward(&zeros(&[3, 2])?),
        &["Glu", "even", "(3,2)"],
    );
    says(
        nn::Softmax(2).forward(&zeros(&[3, 2])?),
        &["softmax", "axis 2"],
    );
    says(nn::Hardtanh(1.0, -1.0).forward(&zeros(&[2])?), &["1", "-1"]);
    says(nn::Softshrink(f64::NAN).forward(&zeros(&[2])?), &["NaN"]);
    says(nn::Celu(0.0).forward(&zeros(&[2])?), &["alpha", "0"]);
    says(
        nn::Prelu::new(3, dev)?.forward(&zeros(&[3])?),
        &["Prelu", "3 channels", "(3,)"],
    );
    says(nn::Prelu::new(0, dev), &["Prelu", "vector"]);
    Ok(())
}

/// A name must lead to one layer.
fn names_that_mislead() {
    for name in ["", "a.b", "0", "17", "twice"] {
        let named = std::panic::catch_unwind(|| {
            let model = nn::Sequential::new().then_named("twice", nn::Relu);
            model.then_named(name, nn::Relu)
        });
        assert!(named.is_err(), "{name:?} was taken");
    }
}
