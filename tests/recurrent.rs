//! Recurrent layers against PyTorch, through time, and at the edges.

use tilewise::prelude::*;

use crate::support::golden::{Case, Golden};
use crate::support::{gradient, own};

tests![
    linear_as_pytorch,
    convolution_as_pytorch,
    cells_as_pytorch,
    sequences_as_pytorch,
    parameters,
    gradients_through_time,
    gradients_of_weights,
    parts_of_a_sequence,
    dropout_between_layers,
    edges,
    halves,
    few_kernels_a_step,
    steady_state_plans_nothing,
    long_sequences,
    mistakes,
    learns_to_remember,
];

/// Values of order 1 after a dozen operations in f32: 16 rounding errors of 1.
#[track_caller]
fn close(case: &Case, key: &str, got: &Tensor) -> Result<()> {
    case.assert_close(key, got, 1e-6)
}

fn linear_as_pytorch(dev: &Device) -> Result<()> {
    let golden = Golden::read("recurrent.txt");
    let case = golden.case("linear");
    let layer = nn::Linear::new(3, 2, dev)?;
    layer.load_state(&case.state(dev)?, nn::Load::Exact)?;
    close(case, "y", &layer.forward(&case.array("x").tensor(dev)?)?)
}

/// The layout of a convolution's weight is PyTorch's.
fn convolution_as_pytorch(dev: &Device) -> Result<()> {
    let golden = Golden::read("recurrent.txt");
    let case = golden.case("convolution");
    let layer = nn::Conv2d::new(2, 3, 2, dev)?;
    layer.load_state(&case.state(dev)?, nn::Load::Exact)?;
    close(case, "y", &layer.forward(&case.array("x").tensor(dev)?)?)
}

fn cells_as_pytorch(dev: &Device) -> Result<()> {
    let golden = Golden::read("recurrent.txt");
    for case in golden.cases() {
        let tensor = |key: &str| case.array(key).tensor(dev);
        let state = || case.state(dev);
        let (h, c) = match case.text("layer") {
            Some("rnn cell") => {
                let cell = nn::RnnCell::new(3, 2, dev)?;
                cell.load_state(&state()?, nn::Load::Exact)?;
                (cell.step(&tensor("x")?, &tensor("h")?)?, None)
            }
            Some("gru cell") => {
                let cell = nn::GruCell::new(3, 2, dev)?;
                cell.load_state(&state()?, nn::Load::Exact)?;
                (cell.step(&tensor("x")?, &tensor("h")?)?, None)
            }
            Some("lstm cell") => {
                let cell = nn::LstmCell::new(3, 2, dev)?;
                cell.load_state(&state()?, nn::Load::Exact)?;
                let (h, c) = cell.step(&tensor("x")?, (&tensor("h")?, &tensor("c")?))?;
                (h, Some(c))
            }
            _ => continue,
        };
        close(case, "hn", &h)?;
        if let Some(c) = c {
            close(case, "cn", &c)?;
        }
    }
    Ok(())
}

fn sequences_as_pytorch(dev: &Device) -> Result<()> {
    let golden = Golden::read("recurrent.txt");
    let mut seen = 0;
    for case in golden.cases() {
        /// A layer with the options of the case.
        macro_rules! built {
            ($layer:ident) => {{
                let mut layer = nn::$layer::new(3, 2, dev)?;
                if let Some(layers) = case.text("num_layers") {
                    layer = layer.layers(layers.parse().expect("a number"))?;
                }
                if case.text("bidirectional").is_some() {
                    layer = layer.bidirectional()?;
                }
                if case.text("bias").is_some() {
                    layer = layer.without_bias();
                }
                layer.load_state(&case.state(dev)?, nn::Load::Exact)?;
                layer
            }};
        }
        let tensor = |key: &str| case.array(key).strided(dev);
        let (zero, y, hn) = match case.text("layer") {
            Some("rnn") => {
                let layer = built!(Rnn);
                let (y, hn) = layer.forward_from(&tensor("x")?, Some(&tensor("h")?))?;
                (layer.forward(&tensor("x")?)?, y, hn)
            }
            Some("rnn relu") => {
                let layer = built!(Rnn).relu();
                let (y, hn) = layer.forward_from(&tensor("x")?, Some(&tensor("h")?))?;
                (layer.forward(&tensor("x")?)?, y, hn)
            }
            Some("gru") => {
                let layer = built!(Gru);
                let (y, hn) = layer.forward_from(&tensor("x")?, Some(&tensor("h")?))?;
                (layer.forward(&tensor("x")?)?, y, hn)
            }
            Some("lstm") => {
                let layer = built!(Lstm);
                let start = (&tensor("h")?, &tensor("c")?);
                let (y, (hn, cn)) = layer.forward_from(&tensor("x")?, Some(start))?;
                close(case, "cn", &cn)?;
                (layer.forward(&tensor("x")?)?, y, hn)
            }
            _ => continue,
        };
        seen += 1;
        close(case, "zero", &zero)?;
        close(case, "y", &y)?;
        close(case, "hn", &hn)?;
    }
    assert_eq!(seen, 12);
    Ok(())
}

fn parameters(dev: &Device) -> Result<()> {
    let lstm = nn::Lstm::new(3, 16, dev)?
        .without_bias()
        .layers(2)?
        .bidirectional()?;
    let shapes: Vec<(String, Vec<usize>)> = lstm
        .parameters()
        .into_iter()
        .map(|(name, value)| (name, value.shape().to_vec()))
        .collect();
    let want = [
        ("weight_ih_l0", [64, 3]),
        ("weight_hh_l0", [64, 16]),
        ("weight_ih_l0_reverse", [64, 3]),
        ("weight_hh_l0_reverse", [64, 16]),
        ("weight_ih_l1", [64, 32]),
        ("weight_hh_l1", [64, 16]),
        ("weight_ih_l1_reverse", [64, 32]),
        ("weight_hh_l1_reverse", [64, 16]),
    ];
    let want = want.map(|(name, shape)| (name.to_owned(), shape.to_vec()));
    assert_eq!(shapes, want);
    // Uniform between ±1/√16.
    for (name, value) in nn::Gru::new(3, 16, dev)?.parameters() {
        let largest = value.abs().max(..)?.item::<f32>()?;
        assert!((0.2..=0.25).contains(&largest), "{name}: {largest}");
    }
    Ok(())
}

/// n numbers between −1 and 1 that look random.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n)
        .map(|i| (((i + seed) * 7919) % 129) as f32 / 64.0 - 1.0)
        .collect()
}

/// Gradients for the input, the initial state and all weights, over layers and directions.
fn gradients_through_time(dev: &Device) -> Result<()> {
    let (n, l, features, hidden) = (2, 3, 2, 2);
    let (x, h, c) = (
        numbers(n * l * features, 1),
        numbers(4 * n * hidden, 50),
        numbers(4 * n * hidden, 80),
    );
    let (x, h) = (
        (&x[..], &[n, l, features][..]),
        (&h[..], &[4, n, hidden][..]),
    );
    let c = (&c[..], &[4, n, hidden][..]);
    dev.seed(5);
    let rnn = nn::Rnn::new(features, hidden, dev)?
        .layers(2)?
        .bidirectional()?;
    gradient::check(dev, "rnn", &[x, h], |t| {
        let (y, last) = rnn.forward_from(&t[0], Some(&t[1]))?;
        Tensor::concat(&[&y.ravel(), &last.ravel()], 0)
    });
    let gru = nn::Gru::new(features, hidden, dev)?
        .layers(2)?
        .bidirectional()?;
    gradient::check(dev, "gru", &[x, h], |t| {
        let (y, last) = gru.forward_from(&t[0], Some(&t[1]))?;
        Tensor::concat(&[&y.ravel(), &last.ravel()], 0)
    });
    let lstm = nn::Lstm::new(features, hidden, dev)?
        .layers(2)?
        .bidirectional()?;
    gradient::check(dev, "lstm", &[x, h, c], |t| {
        let (y, (h, c)) = lstm.forward_from(&t[0], Some((&t[1], &t[2])))?;
        Tensor::concat(&[&y.ravel(), &h.ravel(), &c.ravel()], 0)
    });
    Ok(())
}

/// Gradients for the weights, of sequences and of a cell over three steps.
fn gradients_of_weights(dev: &Device) -> Result<()> {
    let x = Tensor::from_slice(&numbers(12, 40), [2, 3, 2], dev)?;
    dev.seed(6);
    let rnn = nn::Rnn::new(2, 2, dev)?.bidirectional()?;
    gradient::check_parameters("rnn", &rnn, || rnn.forward(&x))?;
    let lstm = nn::Lstm::new(2, 2, dev)?.layers(2)?;
    gradient::check_parameters("lstm", &lstm, || lstm.forward(&x))?;
    let gru = nn::Gru::new(2, 2, dev)?;
    gradient::check_parameters("gru", &gru, || gru.forward(&x))?;
    let cell = nn::LstmCell::new(2, 2, dev)?;
    gradient::check_parameters("lstm cell", &cell, || {
        let mut h = Tensor::ones([2, 2], dev)?;
        let mut c = h.clone();
        for step in x.unstack(1)? {
            (h, c) = cell.step(&step, (&h, &c))?;
        }
        Ok(h)
    })
}

/// A sequence taken in two parts gives what it gives at once, but for the rounding of products of other sizes.
fn parts_of_a_sequence(dev: &Device) -> Result<()> {
    let x = Tensor::from_slice(&numbers(3 * 7 * 4, 2), [3, 7, 4], dev)?;
    let (first, rest) = (x.slice(s![.., ..3])?, x.slice(s![.., 3..])?);
    let lstm = nn::Lstm::new(4, 5, dev)?.layers(2)?;
    let (y, (h, c)) = lstm.forward_from(&x, None)?;
    let (a, (h1, c1)) = lstm.forward_from(&first, None)?;
    let (b, (h2, c2)) = lstm.forward_from(&rest, Some((&h1, &c1)))?;
    let joined = Tensor::concat(&[&a, &b], 1)?;
    assert!(joined.allclose(&y, 1e-6, 1e-6, false)?);
    assert!(h2.allclose(&h, 1e-6, 1e-6, false)? && c2.allclose(&c, 1e-6, 1e-6, false)?);
    // The last output is the last state.
    let (top, last) = (h.slice(s![1])?, y.slice(s![.., -1])?);
    assert_eq!(top.to_vec::<f32>()?, last.to_vec::<f32>()?);
    Ok(())
}

/// What the first of two layers gives goes to the second through a dropout layer.
fn dropout_between_layers(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let both = nn::Gru::new(3, 4, dev)?.layers(2)?.dropout(0.5)?;
    let state = both.state();
    let layer = |at: usize, inputs: usize| -> Result<nn::Gru> {
        let of = format!("_l{at}");
        let mine = state.iter().filter(|(name, _)| name.ends_with(&of));
        let mine: Vec<_> = mine
            .map(|(name, value)| (name.replace(&of, "_l0"), value.clone()))
            .collect();
        let layer = nn::Gru::new(inputs, 4, dev)?;
        layer.load_state(&mine, nn::Load::Exact)?;
        Ok(layer)
    };
    let parts = nn::Sequential::new()
        .then(layer(0, 3)?)
        .then(nn::Dropout::new(0.5)?)
        .then(layer(1, 4)?);
    let x = Tensor::normal([2, 5, 3], dev)?;
    let run = |model: &dyn Module, training| -> Result<Vec<f32>> {
        model.set_training(training);
        dev.seed(3);
        model.forward(&x)?.to_vec()
    };
    for training in [true, false] {
        assert_eq!(run(&both, training)?, run(&parts, training)?);
    }
    assert_ne!(run(&both, true)?, run(&both, false)?);
    assert!(nn::Rnn::new(3, 4, dev)?.dropout(1.5).is_err());
    Ok(())
}

fn edges(dev: &Device) -> Result<()> {
    let gru = nn::Gru::new(3, 4, dev)?.bidirectional()?;
    for (n, l) in [(1, 1), (0, 5), (2, 0), (0, 0), (1, 6)] {
        let x = Tensor::from_slice(&numbers(n * l * 3, 1), [n, l, 3], dev)?;
        let (y, h) = gru.forward_from(&x, None)?;
        assert_eq!((y.shape(), h.shape()), (&[n, l, 8][..], &[2, n, 4][..]));
        assert_eq!(y.to_vec::<f32>()?.len(), n * l * 8);
        assert!(
            h.to_vec::<f32>()?
                .iter()
                .all(|v| if l == 0 { *v == 0.0 } else { v.is_finite() })
        );
    }
    // No step leaves the state as it was.
    let start = Tensor::from_slice(&numbers(16, 4), [2, 2, 4], dev)?;
    let (_, h) = gru.forward_from(&Tensor::zeros([2, 0, 3], dev)?, Some(&start))?;
    assert_eq!(h.to_vec::<f32>()?, start.to_vec::<f32>()?);
    // A NaN stays in its sequence, and reaches no step before it.
    let mut x = Tensor::zeros([2, 3, 3], dev)?;
    x.set(s![1, 1, 0], f32::NAN)?;
    let y = nn::Lstm::new(3, 1, dev)?.forward(&x)?.to_vec::<f32>()?;
    let nan: Vec<bool> = y.iter().map(|v| v.is_nan()).collect();
    assert_eq!(nan, [false, false, false, false, true, true]);
    Ok(())
}

fn halves(dev: &Device) -> Result<()> {
    if !dev.supports_f16() {
        return Ok(());
    }
    let x = Tensor::from_slice(&numbers(2 * 3 * 3, 1), [2, 3, 3], dev)?;
    let cell = nn::GruCell::new(3, 4, dev)?;
    let weights: Vec<Tensor> = cell
        .parameters()
        .iter()
        .map(|(_, w)| w.to_dtype(DType::F16))
        .collect();
    let half =
        nn::GruCell::from_tensors(&weights[0], &weights[1], Some([&weights[2], &weights[3]]))?;
    let step = x.slice(s![.., 0])?;
    let (want, got) = (
        cell.forward(&step)?,
        half.forward(&step.to_dtype(DType::F16))?,
    );
    assert_eq!(got.dtype(), DType::F16);
    // Five operations of 11 bits on values below 1.
    assert!(got.to_dtype(DType::F32).allclose(&want, 0.0, 5e-3, false)?);
    Ok(())
}

/// The kernels of one forward pass over so many steps.
fn kernels(layer: &dyn Module, length: usize, dev: &Device) -> Result<u64> {
    let x = Tensor::from_slice(&numbers(4 * length * 8, 1), [4, length, 8], dev)?;
    dev.synchronize()?;
    let before = dev.counters();
    let y = no_grad(|| layer.forward(&x))?;
    y.to_vec::<f32>()?;
    Ok(dev.counters().dispatches - before.dispatches)
}

/// A product with the gates behind it, a kernel for what the gates make of the state, and one that puts the
/// output to the others.
fn few_kernels_a_step() -> Result<()> {
    let dev = &Device::new_cpu();
    let layers: [(Box<dyn Module>, u64); 3] = [
        (Box::new(nn::Rnn::new(8, 8, dev)?), 2),
        (Box::new(nn::Lstm::new(8, 8, dev)?), 3),
        (Box::new(nn::Gru::new(8, 8, dev)?), 3),
    ];
    for (at, (layer, most)) in layers.iter().enumerate() {
        let more = kernels(layer.as_ref(), 20, dev)? - kernels(layer.as_ref(), 10, dev)?;
        assert!(more <= 10 * most, "layer {at}: {more} kernels for 10 steps");
    }
    Ok(())
}

fn steady_state_plans_nothing() -> Result<()> {
    let dev = &Device::new_cpu();
    let mut model = nn::Sequential::new()
        .then(nn::Gru::new(3, 8, dev)?.bidirectional()?)
        .then(|y: &Tensor| y.slice(s![.., -1]))
        .then(nn::Linear::new(16, 2, dev)?);
    let mut adam = optim::Adam::new(0.01);
    let mut last = dev.counters();
    for step in 0..5 {
        let x = Tensor::from_slice(&numbers(4 * 6 * 3, step), [4, 6, 3], dev)?;
        let y = Tensor::new([0, 1, 0, 1], dev)?;
        let grads = model.forward(&x)?.cross_entropy(&y)?.backward()?;
        adam.step(&mut model, &grads)?;
        dev.synchronize()?;
        let now = dev.counters();
        if step >= 3 {
            assert_eq!(now.plans, last.plans, "step {step} was planned anew");
        }
        last = now;
    }
    Ok(())
}

/// Thousands of steps, forward and back, neither overflow the stack nor take long.
fn long_sequences() -> Result<()> {
    let dev = &Device::new_cpu();
    let length = 1500;
    let x = Tensor::zeros([1, length, 1], dev)?;
    let lstm = nn::Lstm::new(1, 2, dev)?;
    let loss = lstm.forward(&x)?.square().mean(..)?;
    let grads = loss.backward()?;
    for (name, value) in lstm.parameters() {
        let gradient = grads
            .get(&value)
            .unwrap_or_else(|| panic!("{name} has no gradient"));
        assert!(
            gradient.to_vec::<f32>()?.iter().all(|v| v.is_finite()),
            "{name}"
        );
    }
    Ok(())
}

#[track_caller]
fn says<T>(result: Result<T>, words: &[&str]) {
    let Err(error) = result else {
        panic!("a mistake was taken: {words:?}")
    };
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    assert_eq!(error.location().file(), file!(), "{text}");
}

fn mistakes(dev: &Device) -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, dev);
    let lstm = nn::Lstm::new(3, 4, dev)?;
    says(
        lstm.forward(&zeros(&[2, 3])?),
        &["lstm", "(N, L, 3)", "(2,3)"],
    );
    says(
        lstm.forward(&zeros(&[2, 5, 4])?),
        &["lstm", "3 features", "(2,5,4)"],
    );
    let (x, h, wrong) = (zeros(&[2, 5, 3])?, zeros(&[1, 2, 4])?, zeros(&[1, 2, 5])?);
    says(
        lstm.forward_from(&x, Some((&h, &wrong))),
        &["[1, 2, 4]", "(1,2,5)"],
    );
    let elsewhere = Tensor::zeros([1, 2, 4], &Device::new_cpu())?;
    says(
        lstm.forward_from(&x, Some((&elsewhere, &h))),
        &["different devices"],
    );
    says(
        nn::Gru::new(3, 4, dev)?.layers(0),
        &["gru", "at least one layer"],
    );
    let cell = nn::RnnCell::new(3, 4, dev)?;
    says(cell.forward(&zeros(&[3])?), &["rnn", "(N, 3)", "(3,)"]);
    says(
        cell.step(&zeros(&[2, 3])?, &zeros(&[3, 4])?),
        &["(2, 4)", "(3,4)"],
    );
    let (input, hidden) = (zeros(&[8, 3])?, zeros(&[8, 2])?);
    nn::LstmCell::from_tensors(&input, &hidden, None)?;
    says(
        nn::GruCell::from_tensors(&input, &hidden, None),
        &["gru", "(8,3)", "(8,2)"],
    );
    says(
        nn::LstmCell::from_tensors(&input, &zeros(&[8])?, None),
        &["lstm", "(8,)"],
    );
    let short = zeros(&[7])?;
    says(
        nn::LstmCell::from_tensors(&input, &hidden, Some([&short, &short])),
        &["(8,)", "(7,)"],
    );
    let whole = input.to_dtype(DType::I32);
    says(
        nn::LstmCell::from_tensors(&whole, &hidden, None),
        &["i32", "floats"],
    );
    Ok(())
}

/// Whether the first of six steps was 1 is known at the last.
fn learns_to_remember(dev: &Device) -> Result<()> {
    dev.seed(11);
    let noise = Tensor::from_slice(&numbers(16 * 6, 3), [16, 6, 1], dev)?;
    let labels: Vec<i32> = (0..16).map(|i| i % 2).collect();
    let first: Vec<f32> = labels.iter().map(|&v| v as f32 * 2.0 - 1.0).collect();
    let x = noise.slice_assign(s![.., 0, 0], &Tensor::new(first, dev)?)?;
    let y = Tensor::new(labels.clone(), dev)?;
    let mut model = nn::Sequential::new()
        .then(nn::Lstm::new(1, 8, dev)?)
        .then(|y: &Tensor| y.slice(s![.., -1]))
        .then(nn::Linear::new(8, 2, dev)?);
    let mut adam = optim::Adam::new(0.05);
    for _ in 0..60 {
        let grads = model.forward(&x)?.cross_entropy(&y)?.backward()?;
        adam.step(&mut model, &grads)?;
    }
    let guess = model.forward(&x)?.argmax(-1)?.to_dtype(DType::I32);
    assert_eq!(guess.to_vec::<i32>()?, labels);
    Ok(())
}
