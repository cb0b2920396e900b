//! Layers against PyTorch's: results, gradients and states.

use tilewise::prelude::*;
use tilewise::{Conv, Pad, Padding, Pool};

use crate::support::compare::assert_near;
use crate::support::golden::{Case, Golden};

tests![as_pytorch, views_and_halves];

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
    ) -> Result<nn::Convolution<RANK, TRANSPOSED>> {
        let weight = self.0.array("state.weight").tensor(dev)?.zeros_like();
        let groups = self.count("groups").unwrap_or(1);
        let outputs = weight.shape()[usize::from(TRANSPOSED)] * if TRANSPOSED { groups } else { 1 };
        let bias = Tensor::zeros([outputs], dev)?;
        let layer =
            nn::Convolution::<RANK, TRANSPOSED>::from_tensors(&weight, Some(&bias), self.conv())?;
        Ok(match self.is_off("bias") {
            true => layer.without_bias(),
            false => layer,
        })
    }

    fn padded<const RANK: usize>(
        &self,
        layer: nn::Convolution<RANK, false>,
    ) -> nn::Convolution<RANK, false> {
        match self.text("mode") {
            Some("reflect") => layer.padding_mode(Pad::Reflect),
            Some("replicate") => layer.padding_mode(Pad::Edge),
            Some("circular") => layer.padding_mode(Pad::Wrap),
            Some(mode) => panic!("no padding is called {mode}"),
            None => layer,
        }
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
        if self.count("cumulative") == Some(1) {
            layer = layer.cumulative();
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
                "Conv1d" => Box::new(self.padded(self.convolution::<1, false>(dev)?)),
                "Conv2d" => Box::new(self.padded(self.convolution::<2, false>(dev)?)),
                "ConvTranspose1d" => Box::new(self.convolution::<1, true>(dev)?),
                "ConvTranspose2d" => Box::new(self.convolution::<2, true>(dev)?),
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
