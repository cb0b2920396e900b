//! Layers, parameters and their initialisation.

use std::collections::HashSet;

use tilewise::prelude::*;
use tilewise::{Error, ErrorKind};

tests![
    linear,
    activations,
    sequential_names,
    own_layers,
    initial_values,
    seeds,
    param_identity,
    mistakes,
    learns_exclusive_or,
    states,
    states_that_do_not_fit,
    switches,
    penalties,
];

fn linear(dev: &Device) -> Result<()> {
    let weight = Tensor::new([[1f32, 2., 3.], [4., 5., 6.]], dev)?;
    let bias = Tensor::new([10f32, 20.], dev)?;
    let layer = nn::Linear::from_tensors(&weight, Some(&bias))?;
    let x = Tensor::new([[1f32, 0., 0.], [0., 1., 1.]], dev)?;
    assert_eq!(layer.forward(&x)?.to_vec::<f32>()?, [11., 24., 15., 31.]);
    // Over the last axis, whatever stands before it.
    assert_eq!(
        layer.forward(&x.slice(s![0])?)?.to_vec::<f32>()?,
        [11., 24.]
    );
    assert_eq!(
        layer.forward(&Tensor::zeros([5, 4, 3], dev)?)?.shape(),
        [5, 4, 2]
    );
    assert_eq!(layer.forward(&Tensor::zeros([0, 3], dev)?)?.shape(), [0, 2]);
    let plain = layer.without_bias();
    assert!(plain.bias().is_none() && plain.parameter_count() == 6);
    assert_eq!(plain.forward(&x)?.to_vec::<f32>()?, [1., 4., 5., 11.]);
    Ok(())
}

fn activations(dev: &Device) -> Result<()> {
    let x = Tensor::new([-2f32, -0.5, 0., 0.5, 2.], dev)?;
    let pairs = [
        (nn::Relu, x.relu()),
        (nn::LeakyRelu(0.1), x.leaky_relu(0.1)?),
        (nn::Elu(1.0), x.elu(1.0)?),
        (nn::Gelu, x.gelu()),
        (nn::GeluTanh, x.gelu_tanh()),
        (nn::Silu, x.silu()),
        (nn::Softplus, x.softplus()),
        (nn::Sigmoid, x.sigmoid()),
        (nn::Tanh, x.tanh()),
        (nn::Softmax(-1), x.softmax(-1)?),
    ];
    for (layer, want) in pairs {
        assert_eq!(
            layer.forward(&x)?.to_vec::<f32>()?,
            want.to_vec::<f32>()?,
            "{layer:?}"
        );
        assert_eq!(layer.parameter_count(), 0);
    }
    Ok(())
}

fn names(model: &impl Module) -> Vec<String> {
    model
        .parameters()
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

fn sequential_names(dev: &Device) -> Result<()> {
    let model = nn::mlp([4, 3, 3, 2], nn::Tanh, dev)?;
    assert_eq!(model.len(), 5);
    let want = [
        "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias",
    ];
    assert_eq!(names(&model), want);
    assert_eq!(model.parameter_count(), 4 * 3 + 3 + 3 * 3 + 3 + 3 * 2 + 2);
    let shapes: Vec<Vec<usize>> = model
        .parameters()
        .iter()
        .map(|(_, value)| value.shape().to_vec())
        .collect();
    assert_eq!(
        shapes,
        [
            vec![3, 4],
            vec![3],
            vec![3, 3],
            vec![3],
            vec![2, 3],
            vec![2]
        ]
    );
    let nothing = nn::Sequential::new();
    let x = Tensor::new([1f32, 2.], dev)?;
    assert_eq!(nothing.forward(&x)?.to_vec::<f32>()?, [1., 2.]);
    Ok(())
}

/// y = x + gain·tanh(W·x + b), with a layer, a parameter of its own and a boxed layer inside.
struct Residual {
    gain: nn::Param,
    inner: nn::Linear,
    last: Box<dyn Module>,
}

impl Module for Residual {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.inner.forward(x)?.tanh().try_mul(self.gain.value())?;
        self.last.forward(&x.try_add(y)?)
    }

    fn visit(&self, visitor: &mut nn::Visitor) {
        visitor.param("gain", &self.gain);
        visitor.module("inner", &self.inner);
        visitor.module("last", &self.last);
    }
}

fn own_layers(dev: &Device) -> Result<()> {
    let residual = Residual {
        gain: nn::Param::new(&Tensor::ones([4], dev)?),
        inner: nn::Linear::new(4, 4, dev)?,
        last: Box::new(nn::Linear::new(4, 2, dev)?.without_bias()),
    };
    let model = nn::Sequential::new()
        .then(nn::Relu)
        .then(residual)
        .then(|x: &Tensor| x.mean(-1));
    assert_eq!(
        names(&model),
        ["1.gain", "1.inner.weight", "1.inner.bias", "1.last.weight"]
    );
    let y = model.forward(&Tensor::ones([3, 4], dev)?)?;
    assert_eq!(y.shape(), [3]);
    let grads = y.sum(..)?.backward()?;
    for (name, value) in model.parameters() {
        let gradient = grads
            .get(&value)
            .unwrap_or_else(|| panic!("{name} has no gradient"));
        assert_eq!(gradient.shape(), value.shape());
    }
    // Models go to other threads.
    fn movable<T: Send + Sync>(_: &T) {}
    movable(&model);
    Ok(())
}

fn initial_values(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(3);
    let (fan_in, fan_out) = (300f64, 200f64);
    let he = (2.0 / fan_in).sqrt();
    let xavier = (2.0 / (fan_in + fan_out)).sqrt();
    let cases = [
        (nn::Init::HeUniform, 0.0, he, Some(3f64.sqrt() * he)),
        (nn::Init::HeNormal, 0.0, he, None),
        (
            nn::Init::XavierUniform,
            0.0,
            xavier,
            Some(3f64.sqrt() * xavier),
        ),
        (nn::Init::XavierNormal, 0.0, xavier, None),
        (nn::Init::Normal(2.0, 0.5), 2.0, 0.5, None),
        (
            nn::Init::Uniform(-1.0, 3.0),
            1.0,
            4.0 / 12f64.sqrt(),
            Some(2.0),
        ),
        (nn::Init::Constant(0.25), 0.25, 0.0, Some(1e-9)),
    ];
    for (init, mean, deviation, bound) in cases {
        let weight = init.draw([200, 300], &mut generator, dev)?;
        let values: Vec<f64> = weight.to_vec()?;
        let n = values.len() as f64;
        let got = values.iter().sum::<f64>() / n;
        let spread = (values.iter().map(|v| (v - got).powi(2)).sum::<f64>() / n).sqrt();
        // Five standard errors: of the mean σ/√n; of the deviation at most σ/√(2n).
        assert!(
            (got - mean).abs() <= 5.0 * deviation / n.sqrt() + 1e-7,
            "{init:?}: mean {got}"
        );
        assert!(
            (spread - deviation).abs() <= 5.0 * deviation / (2.0 * n).sqrt() + 1e-7,
            "{init:?}: deviation {spread}, not {deviation}"
        );
        if let Some(bound) = bound {
            let beyond = values
                .iter()
                .find(|v| (*v - mean).abs() > bound * (1.0 + 1e-6));
            assert_eq!(beyond, None, "{init:?}");
        }
    }
    // A kernel's window counts for both fans.
    let kernel = nn::Init::XavierUniform.draw([8, 4, 5, 5], &mut generator, dev)?;
    let largest: f64 = kernel.abs().max(..)?.to_vec()?[0];
    let bound = (6.0 / (100.0f64 + 200.0)).sqrt();
    assert!(
        largest <= bound && largest > 0.9 * bound,
        "{largest} against {bound}"
    );
    Ok(())
}

fn seeds(dev: &Device) -> Result<()> {
    let weights = |seed: u64| -> Result<Vec<f32>> {
        let mut generator = Generator::new(seed);
        let first = nn::Linear::with_init(4, 4, nn::Init::HeNormal, &mut generator, dev)?;
        let second = nn::Linear::with_init(4, 4, nn::Init::HeNormal, &mut generator, dev)?;
        let (a, b) = (first.weight().value(), second.weight().value());
        Ok([a.to_vec::<f32>()?, b.to_vec()?].concat())
    };
    assert_eq!(weights(1)?, weights(1)?);
    let distinct: HashSet<u32> = [weights(1)?, weights(2)?]
        .concat()
        .into_iter()
        .map(f32::to_bits)
        .collect();
    assert_eq!(
        distinct.len(),
        64,
        "layers and seeds must not repeat one another"
    );
    Ok(())
}

fn param_identity(dev: &Device) -> Result<()> {
    let param = nn::Param::new(&Tensor::new([1f32, 2.], dev)?);
    let old = param.value();
    let snapshot = param.clone();
    param.set(&(param.value() * 10.0))?;
    // Tensors are values: what was taken before stays. The identity is the parameter's.
    assert_eq!(old.to_vec::<f32>()?, [1., 2.]);
    assert_eq!(param.value().to_vec::<f32>()?, [10., 20.]);
    let grads = param.value().square().sum(..)?.backward()?;
    for same in [&old, &param.value(), &snapshot.value()] {
        assert_eq!(
            grads.get(same).expect("one variable").to_vec::<f32>()?,
            [20., 40.]
        );
    }
    param.set(&snapshot.value())?;
    assert_eq!(param.value().to_vec::<f32>()?, [1., 2.]);
    assert_eq!(format!("{param:?}"), "Param(f32 (2,))");
    Ok(())
}

#[track_caller]
fn says<T>(result: Result<T>, words: &[&str]) -> Error {
    let Err(error) = result else {
        panic!("a mistake was taken: {words:?}")
    };
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    assert!(
        error.location().file().ends_with("nn.rs"),
        "not the caller's line: {message}"
    );
    error
}

/// Each mistake gives an error that names the shapes and this file's line, through a `dyn Module` too.
fn mistakes(dev: &Device) -> Result<()> {
    let model = nn::mlp([64, 8, 4], nn::Relu, dev)?;
    says(
        model.forward(&Tensor::zeros([32, 63], dev)?),
        &["linear", "64", "(32,63)"],
    );
    says(model.forward(&Tensor::zeros((), dev)?), &["linear", "()"]);
    let layer = nn::Linear::new(3, 2, dev)?;
    says(
        layer.forward(&Tensor::zeros([3, 2], dev)?),
        &["takes 3 features", "(3,2)"],
    );
    let inner = |x: &Tensor| x.reshape([7, -1]);
    says(
        nn::Sequential::new()
            .then(inner)
            .forward(&Tensor::zeros([5], dev)?),
        &["reshape", "(5,)"],
    );
    let at = line!() + 1;
    let error = says(model.forward(&Tensor::zeros([2], dev)?), &["(2,)"]);
    assert_eq!(error.location().line(), at);

    says(
        nn::mlp([64], nn::Relu, dev),
        &["mlp", "input and its output", "[64]"],
    );
    let weight = Tensor::zeros([2, 3], dev)?;
    let bias = Tensor::zeros([3], dev)?;
    says(
        nn::Linear::from_tensors(&weight, Some(&bias)),
        &["(2,3)", "(3,)", "(outputs,)"],
    );
    says(nn::Linear::from_tensors(&bias, None), &["matrix", "(3,)"]);
    let whole = weight.to_dtype(DType::I32);
    says(nn::Linear::from_tensors(&whole, None), &["i32", "floats"]);
    says(layer.weight().set(&bias), &["Param::set", "(2,3)", "(3,)"]);
    says(layer.weight().set(&whole), &["f32", "i32", "to_dtype"]);
    let mut generator = Generator::new(0);
    says(
        nn::Init::Uniform(1.0, 0.0).draw([2, 2], &mut generator, dev),
        &["1", "0"],
    );
    says(
        nn::Init::Normal(0.0, f64::NAN).draw([2, 2], &mut generator, dev),
        &["NaN"],
    );
    let elsewhere = Tensor::zeros([2, 3], &Device::new_cpu())?;
    let error = says(layer.forward(&elsewhere), &["different devices"]);
    assert!(matches!(error.kind(), ErrorKind::Device { .. }));
    Ok(())
}

/// Four points that no linear model separates, by each optimiser.
fn learns_exclusive_or(dev: &Device) -> Result<()> {
    let x = Tensor::new([[0f32, 0.], [0., 1.], [1., 0.], [1., 1.]], dev)?;
    let y = Tensor::new([0, 1, 1, 0], dev)?;
    let optimizers: [Box<dyn Optimizer>; 2] = [
        Box::new(optim::Adam::new(0.05)),
        Box::new(optim::Sgd::new(0.1).momentum(0.9)),
    ];
    for mut optimizer in optimizers {
        let mut generator = Generator::new(7);
        let mut layer = |inputs, outputs| {
            nn::Linear::with_init(inputs, outputs, nn::Init::HeUniform, &mut generator, dev)
        };
        let mut model = nn::Sequential::new()
            .then(layer(2, 16)?)
            .then(nn::Relu)
            .then(layer(16, 2)?);
        for _ in 0..100 {
            let grads = model.forward(&x)?.cross_entropy(&y)?.backward()?;
            optimizer.step(&mut model, &grads)?;
        }
        let guess = model.forward(&x)?.argmax(-1)?;
        assert_eq!(
            guess.to_dtype(DType::I32).to_vec::<i32>()?,
            y.to_vec::<i32>()?
        );
    }
    Ok(())
}

/// A layer with all kinds of parts.
struct Kept {
    gain: nn::Param,
    mean: nn::Buffer,
    training: nn::Training,
}

impl Kept {
    fn new(dev: &Device, value: f32) -> Result<Self> {
        Ok(Self {
            gain: nn::Param::new(&Tensor::new([value; 2], dev)?),
            mean: nn::Buffer::new(&Tensor::new([-value], dev)?),
            training: nn::Training::new(),
        })
    }
}

impl Module for Kept {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self.training.is_on() {
            true => x.try_mul(self.gain.value()),
            false => x.try_add(self.mean.value()),
        }
    }

    fn visit(&self, visitor: &mut nn::Visitor) {
        visitor.param("gain", &self.gain);
        visitor.buffer("mean", &self.mean);
        visitor.training(&self.training);
    }
}

fn kept(dev: &Device, value: f32) -> Result<nn::Sequential> {
    let model = nn::Sequential::new().then(Kept::new(dev, value)?);
    Ok(model.then(Kept::new(dev, value + 1.0)?))
}

fn values(model: &dyn Module) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    for (_, tensor) in model.state() {
        all.extend(tensor.to_vec::<f32>()?);
    }
    Ok(all)
}

fn states(dev: &Device) -> Result<()> {
    let (model, other) = (kept(dev, 1.0)?, kept(dev, 5.0)?);
    let state = other.state();
    let names: Vec<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0.gain", "0.mean", "1.gain", "1.mean"]);
    let identity = model.parameters()[0].1.sum(..)?.backward()?;
    model.load_state(&state, nn::Load::Exact)?;
    assert_eq!(values(&model)?, [5., 5., -5., 6., 6., -6.]);
    // A parameter stays the variable that it was.
    assert!(identity.get(&model.parameters()[0].1).is_some());
    // Of another precision and on another device, in another order.
    let mut halves: Vec<(String, Tensor)> = kept(&Device::cpu(), 2.0)?.state();
    for (_, tensor) in &mut halves {
        *tensor = tensor.to_dtype(DType::F16);
    }
    halves.reverse();
    model.load_state(&halves, nn::Load::Exact)?;
    assert_eq!(values(&model)?, [2., 2., -2., 3., 3., -3.]);
    Ok(())
}

fn states_that_do_not_fit(dev: &Device) -> Result<()> {
    let model = kept(dev, 1.0)?;
    let before = values(&model)?;
    let state = vec![
        ("0.gain".to_owned(), Tensor::new([7f32, 8.], dev)?),
        ("0.mean".to_owned(), Tensor::new([7f32, 8.], dev)?),
        ("1.gain".to_owned(), Tensor::new([7i32, 8], dev)?),
        ("2.gain".to_owned(), Tensor::new([7f32, 8.], dev)?),
    ];
    let error = model
        .load_state(&state, nn::Load::Exact)
        .unwrap_err()
        .to_string();
    for part in [
        "1.mean",
        "2.gain",
        "0.mean does not fit",
        "(2,)",
        "(1,)",
        "i32",
    ] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    assert_eq!(values(&model)?, before);
    let told = model.load_state(&state, nn::Load::Matching)?;
    assert_eq!(
        (told.missing.as_slice(), told.unexpected.as_slice()),
        (&["1.mean".to_owned()][..], &["2.gain".to_owned()][..])
    );
    assert_eq!(told.mismatched.len(), 2);
    assert_eq!(values(&model)?, [7., 8., -1., 2., 2., -2.]);
    let twice = [state[0].clone(), state[0].clone()];
    assert!(model.load_state(&twice, nn::Load::Matching).is_err());
    Ok(())
}

fn switches(dev: &Device) -> Result<()> {
    let model = kept(dev, 3.0)?;
    let x = Tensor::new([1f32, 2.], dev)?;
    assert_eq!(model.forward(&x)?.to_vec::<f32>()?, [12., 24.]);
    model.eval();
    assert_eq!(model.forward(&x)?.to_vec::<f32>()?, [-6., -5.]);
    model.train();
    assert_eq!(model.forward(&x)?.to_vec::<f32>()?, [12., 24.]);
    Ok(())
}

fn penalties(dev: &Device) -> Result<()> {
    let w = || Tensor::new([1f32, -2., 0.5], dev);
    let layers = |list: Vec<nn::Param>| {
        let mut model = nn::Sequential::new();
        for param in list {
            model = model.then(Only(param));
        }
        model
    };
    struct Only(nn::Param);
    impl Module for Only {
        fn forward(&self, x: &Tensor) -> Result<Tensor> {
            Ok(x.clone())
        }
        fn visit(&self, visitor: &mut nn::Visitor) {
            visitor.param("w", &self.0);
        }
    }
    assert!(layers(vec![nn::Param::new(&w()?)]).penalty()?.is_none());
    let param = nn::Param::new(&w()?).penalized(0.5, 0.25);
    let model = layers(vec![
        param.clone(),
        nn::Param::new(&w()?),
        nn::Param::new(&w()?).penalized(2.0, 0.0),
        nn::Param::new(&w()?).penalized(0.0, 1.0),
        // The same parameter again costs nothing more.
        param,
    ]);
    let cost = model.penalty()?.expect("a penalty");
    assert_eq!(
        cost.item::<f32>()?,
        0.5 * 3.5 + 0.25 * 5.25 + 2.0 * 3.5 + 5.25
    );
    let grads = cost.backward()?;
    let (_, first) = &model.parameters()[0];
    let slope = grads.get(first).expect("a gradient").to_vec::<f32>()?;
    assert_eq!(slope, [0.5 + 0.5, -0.5 - 1.0, 0.5 + 0.25]);
    assert!(
        layers(vec![nn::Param::new(&w()?).penalized(-1.0, 0.0)])
            .penalty()
            .is_err()
    );
    assert!(
        layers(vec![nn::Param::new(&w()?).penalized(0.0, f64::NAN)])
            .penalty()
            .is_err()
    );
    Ok(())
}
