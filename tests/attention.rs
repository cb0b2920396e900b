//! Attention and transformer blocks against PyTorch, masks, and the edges.

use tilewise::prelude::*;

use crate::support::golden::{Case, Golden};
use crate::support::gradient;

tests![
    attention_as_pytorch,
    transformers_as_pytorch,
    names,
    functions,
    what_is_hidden_does_not_count,
    rows_that_are_hidden_as_a_whole,
    gradients,
    gradients_of_weights,
    dropout_of_weights,
    positions,
    edges,
    halves,
    steady_state_plans_nothing,
    mistakes,
    learns_to_copy,
];

/// Values of order 1 after some dozens of operations in f32: 32 rounding errors of 1.
#[track_caller]
fn close(case: &Case, key: &str, got: &Tensor) -> Result<()> {
    case.assert_close(key, got, 2e-6)
}

fn attention_as_pytorch(dev: &Device) -> Result<()> {
    let golden = Golden::read("attention.txt");
    let mut seen = 0;
    for case in golden.cases() {
        if case.text("layer") != Some("attention") {
            continue;
        }
        seen += 1;
        let mut layer = nn::MultiHeadAttention::new(4, 2, dev)?;
        if case.try_array("p.in_proj_bias").is_none() {
            layer = layer.without_bias();
        }
        layer.load_state(&case.state(dev)?, nn::Load::Exact)?;
        let mut mask = nn::Mask::new();
        if let Some(padding) = case.try_array("padding") {
            mask = mask.hide_keys(&padding.tensor(dev)?);
        }
        if case.text("causal").is_some() {
            mask = mask.causal();
        }
        if let Some(array) = case.try_array("mask") {
            mask = match array.dtype.as_str() {
                "bool" => mask.hide(&array.tensor(dev)?),
                _ => mask.bias(&array.tensor(dev)?),
            };
        }
        let (x, memory) = (
            case.array("x").strided(dev)?,
            case.array("memory").strided(dev)?,
        );
        let told = layer.attend(&x, &memory, &memory, &mask)?;
        close(case, "y", &told.output)?;
        close(case, "weights", &told.weights)?;
        if case.name.contains("cross") {
            continue;
        }
        close(case, "y", &layer.attend_self(&x, &mask)?.output)?;
        if case.name == "attention self" {
            close(case, "y", &layer.forward(&x)?)?;
        }
        if case.name == "attention causal" {
            close(case, "y", &layer.causal().forward(&x)?)?;
        }
    }
    assert_eq!(seen, 8);
    Ok(())
}

fn transformers_as_pytorch(dev: &Device) -> Result<()> {
    let golden = Golden::read("attention.txt");
    let mut seen = 0;
    for case in golden.cases() {
        if case.text("layer") != Some("transformer") {
            continue;
        }
        seen += 1;
        let mut block = nn::TransformerBlock::new(4, 2, 6, dev)?;
        if case.text("norm_first").is_some() {
            block = block.pre_norm();
        }
        if case.text("activation").is_some() {
            block = block.activation(nn::Gelu);
        }
        block.load_state(&case.state(dev)?, nn::Load::Exact)?;
        block.eval();
        let x = case.array("x").strided(dev)?;
        let y = match case.try_array("padding") {
            Some(padding) => {
                let mask = nn::Mask::new().causal().hide_keys(&padding.tensor(dev)?);
                block.forward_masked(&x, &mask)?
            }
            None => block.forward(&x)?,
        };
        close(case, "y", &y)?;
    }
    assert_eq!(seen, 4);
    Ok(())
}

fn names(dev: &Device) -> Result<()> {
    let block = nn::TransformerBlock::new(8, 2, 16, dev)?;
    let mut names: Vec<String> = block.state().into_iter().map(|(name, _)| name).collect();
    names.sort();
    let want = [
        "linear1.bias",
        "linear1.weight",
        "linear2.bias",
        "linear2.weight",
        "norm1.bias",
        "norm1.weight",
        "norm2.bias",
        "norm2.weight",
        "self_attn.in_proj_bias",
        "self_attn.in_proj_weight",
        "self_attn.out_proj.bias",
        "self_attn.out_proj.weight",
    ];
    assert_eq!(names, want);
    Ok(())
}

/// n numbers between −1 and 1 that look random.
fn numbers(shape: &[usize], seed: usize, dev: &Device) -> Result<Tensor> {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|i| (((i + seed) * 7919) % 129) as f32 / 64.0 - 1.0)
        .collect();
    Tensor::from_slice(&values, shape, dev)
}

fn functions(dev: &Device) -> Result<()> {
    let (q, k, v) = (
        numbers(&[3, 2, 4], 1, dev)?,
        numbers(&[5, 4], 9, dev)?,
        numbers(&[5, 2], 4, dev)?,
    );
    let none = nn::Mask::new();
    let y = nn::scaled_dot_product_attention(&q, &k, &v, &none)?;
    let by_hand = (q.matmul(&k.t())? / 2.0).softmax(-1)?.matmul(&v)?;
    assert!(y.allclose(&by_hand, 1e-6, 1e-6, false)?);
    // Matrices alone, and with several axes before them.
    let alone = nn::scaled_dot_product_attention(&q.slice(s![0])?, &k, &v, &none)?;
    assert_eq!(alone.shape(), [2, 2]);
    let wide = q.broadcast_to([7, 3, 2, 4])?;
    assert_eq!(
        nn::scaled_dot_product_attention(&wide, &k, &v, &none)?.shape(),
        [7, 3, 2, 2]
    );
    Ok(())
}

/// Whatever stands at hidden places, the result is the same to the bit.
fn what_is_hidden_does_not_count(dev: &Device) -> Result<()> {
    let layer = nn::MultiHeadAttention::new(4, 2, dev)?;
    let x = numbers(&[2, 4, 4], 3, dev)?;
    let other = x.slice_assign(s![.., 3], 7.0)?;
    let hidden = Tensor::new([[false, false, false, true]; 2], dev)?;
    let masks = [
        nn::Mask::new().hide_keys(&hidden),
        nn::Mask::new().hide(&hidden.slice(s![0])?),
        nn::Mask::new().bias(&Tensor::new([0f32, 0., 0., f32::NEG_INFINITY], dev)?),
        nn::Mask::new().causal(),
    ];
    for mask in &masks {
        let [a, b] = [&x, &other].map(|x| -> Result<Vec<f32>> {
            layer
                .attend_self(x, mask)?
                .output
                .slice(s![.., ..3])?
                .to_vec()
        });
        assert_eq!(a?, b?, "{mask:?}");
    }
    Ok(())
}

/// Zeros, finite gradients, and none to what was hidden.
fn rows_that_are_hidden_as_a_whole(dev: &Device) -> Result<()> {
    let q = numbers(&[1, 2, 3], 1, dev)?.variable();
    let v = numbers(&[1, 2, 3], 5, dev)?.variable();
    let all = Tensor::new([[true, true], [false, true]], dev)?;
    let low = Tensor::new([[f32::NEG_INFINITY; 2], [0., f32::NEG_INFINITY]], dev)?;
    for mask in [nn::Mask::new().hide(&all), nn::Mask::new().bias(&low)] {
        let y = nn::scaled_dot_product_attention(&q, &q, &v, &mask)?;
        assert_eq!(y.slice(s![0, 0])?.to_vec::<f32>()?, [0.; 3]);
        assert_eq!(
            y.slice(s![0, 1])?.to_vec::<f32>()?,
            v.slice(s![0, 0])?.to_vec::<f32>()?
        );
        let grads = y.sum(..)?.backward()?;
        assert_eq!(
            grads.get(&v).expect("one").to_vec::<f32>()?,
            [1., 1., 1., 0., 0., 0.]
        );
        assert!(
            grads
                .get(&q)
                .expect("one")
                .to_vec::<f32>()?
                .iter()
                .all(|g| *g == 0.0)
        );
    }
    Ok(())
}

fn gradients(dev: &Device) -> Result<()> {
    let values = |t: Tensor| t.to_vec::<f32>();
    let (q, k, v) = (
        values(numbers(&[2, 3, 2], 1, dev)?)?,
        values(numbers(&[2, 4, 2], 20, dev)?)?,
        values(numbers(&[2, 4, 3], 70, dev)?)?,
    );
    let added = values(numbers(&[3, 4], 11, dev)?)?;
    let padding = Tensor::new([[false, false, true, true], [false; 4]], dev)?;
    let inputs: [gradient::Input; 4] = [
        (&q, &[2, 3, 2]),
        (&k, &[2, 4, 2]),
        (&v, &[2, 4, 3]),
        (&added, &[3, 4]),
    ];
    gradient::check(dev, "attention", &inputs, |t| {
        let mask = nn::Mask::new().causal().hide_keys(&padding).bias(&t[3]);
        nn::scaled_dot_product_attention(&t[0], &t[1], &t[2], &mask)
    });
    Ok(())
}

fn gradients_of_weights(dev: &Device) -> Result<()> {
    dev.seed(3);
    let x = numbers(&[2, 3, 4], 1, dev)?;
    let attention = nn::MultiHeadAttention::new(4, 2, dev)?.causal();
    gradient::check_parameters("attention", &attention, || attention.forward(&x))?;
    let memory = numbers(&[2, 2, 4], 9, dev)?;
    let cross = nn::MultiHeadAttention::new(4, 1, dev)?;
    gradient::check_parameters("cross attention", &cross, || {
        Ok(cross.attend(&x, &memory, &memory, &nn::Mask::new())?.output)
    })?;
    let block = nn::TransformerBlock::new(4, 2, 3, dev)?
        .activation(nn::Gelu)
        .pre_norm();
    block.eval();
    gradient::check_parameters("transformer", &block, || block.forward(&x))
}

fn dropout_of_weights(dev: &Device) -> Result<()> {
    dev.seed(1);
    let layer = nn::MultiHeadAttention::new(8, 2, dev)?.dropout(0.5)?;
    let x = numbers(&[4, 16, 8], 1, dev)?;
    let y = || layer.forward(&x)?.to_vec::<f32>();
    assert_ne!(y()?, y()?, "weights are dropped in training");
    layer.eval();
    assert_eq!(y()?, y()?, "and are not in evaluation");
    let block = nn::TransformerBlock::new(8, 2, 8, dev)?;
    let y = || block.forward(&x)?.to_vec::<f32>();
    assert_ne!(y()?, y()?);
    block.eval();
    assert_eq!(y()?, y()?);
    Ok(())
}

fn positions(dev: &Device) -> Result<()> {
    let table = nn::sinusoidal_positions(200, 5, dev)?;
    let values = table.to_vec::<f64>()?;
    for (at, got) in values.into_iter().enumerate() {
        let (place, feature) = ((at / 5) as f64, at % 5);
        let angle = place / 10_000f64.powf((2 * (feature / 2)) as f64 / 5.0);
        let want = [angle.sin(), angle.cos()][feature % 2];
        assert!((got - want).abs() <= 6e-8, "{at}: {got}, not {want}");
    }
    let layer = nn::PositionalEncoding::new(6, 4, dev)?;
    assert!(layer.state().is_empty());
    let x = numbers(&[2, 3, 4], 1, dev)?;
    let want = x.try_add(&nn::sinusoidal_positions(3, 4, dev)?)?;
    assert_eq!(layer.forward(&x)?.to_vec::<f32>()?, want.to_vec::<f32>()?);
    assert_eq!(nn::sinusoidal_positions(0, 4, dev)?.shape(), [0, 4]);
    Ok(())
}

fn edges(dev: &Device) -> Result<()> {
    let block = nn::TransformerBlock::new(4, 2, 6, dev)?.causal();
    block.eval();
    for shape in [[1, 1, 4], [0, 3, 4], [2, 0, 4], [1, 5, 4]] {
        let y = block.forward(&numbers(&shape, 1, dev)?)?;
        assert_eq!(y.shape(), shape);
        assert!(y.to_vec::<f32>()?.iter().all(|v| v.is_finite()));
    }
    // No memory to look at gives the output's bias alone.
    let layer = nn::MultiHeadAttention::new(4, 2, dev)?;
    let nothing = Tensor::zeros([2, 0, 4], dev)?;
    let y = layer.attend(
        &numbers(&[2, 3, 4], 1, dev)?,
        &nothing,
        &nothing,
        &nn::Mask::new(),
    )?;
    assert_eq!(y.output.to_vec::<f32>()?, [0.; 24]);
    // A NaN reaches its own sequence alone, and with a causal mask no token before it.
    let mut x = numbers(&[2, 3, 4], 1, dev)?;
    x.set(s![1, 2, 0], f32::NAN)?;
    let y = layer.causal().forward(&x)?.to_vec::<f32>()?;
    assert!(y[..12].iter().all(|v| v.is_finite()) && y[20..].iter().all(|v| v.is_nan()));
    Ok(())
}

fn halves(dev: &Device) -> Result<()> {
    if !dev.supports_f16() {
        return Ok(());
    }
    let (q, k) = (numbers(&[2, 3, 4], 1, dev)?, numbers(&[2, 3, 4], 60, dev)?);
    let padding = Tensor::new([[false, true, true], [true, true, true]], dev)?;
    let mask = nn::Mask::new().hide_keys(&padding);
    let want = nn::scaled_dot_product_attention(&q, &k, &k, &mask)?;
    let (q, k) = (q.to_dtype(DType::F16), k.to_dtype(DType::F16));
    let got = nn::scaled_dot_product_attention(&q, &k, &k, &mask)?;
    assert_eq!(got.dtype(), DType::F16);
    // A handful of operations of 11 bits on values of at most 1.
    assert!(got.to_dtype(DType::F32).allclose(&want, 0.0, 4e-3, false)?);
    Ok(())
}

fn steady_state_plans_nothing() -> Result<()> {
    let dev = &Device::new_cpu();
    let mut model = nn::Sequential::new()
        .then(nn::TransformerBlock::new(4, 2, 8, dev)?.pre_norm().causal())
        .then(nn::Linear::new(4, 3, dev)?)
        .then(|y: &Tensor| y.mean(1));
    let mut adam = optim::Adam::new(0.01);
    let mut plans = Vec::new();
    for step in 0..6 {
        let x = numbers(&[2, 5, 4], step, dev)?;
        let grads = model
            .forward(&x)?
            .cross_entropy(&Tensor::new([0, 2], dev)?)?
            .backward()?;
        adam.step(&mut model, &grads)?;
        plans.push(dev.counters().plans);
    }
    assert_eq!(plans[3..], [plans[3]; 3], "{plans:?}");
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
    let none = nn::Mask::new();
    says(
        nn::MultiHeadAttention::new(6, 4, dev),
        &["6 features", "4 heads"],
    );
    says(nn::MultiHeadAttention::new(6, 0, dev), &["0 heads"]);
    let layer = nn::MultiHeadAttention::new(4, 2, dev)?;
    says(layer.forward(&zeros(&[3, 4])?), &["(N, L, 4)", "(3,4)"]);
    says(
        layer.forward(&zeros(&[2, 3, 5])?),
        &["(N, L, 4)", "(2,3,5)"],
    );
    let (x, keys, values) = (zeros(&[2, 3, 4])?, zeros(&[2, 5, 4])?, zeros(&[2, 6, 4])?);
    says(
        layer.attend(&x, &keys, &values, &none),
        &["each key has a value"],
    );
    let (flags, small) = (zeros(&[2, 5])?.to_dtype(DType::Bool), zeros(&[2, 3])?);
    says(
        layer.attend_self(&x, &none.clone().hide_keys(&flags)),
        &["(N, S)", "(2,5)"],
    );
    says(
        layer.attend_self(&x, &none.clone().hide_keys(&small)),
        &["bools", "f32"],
    );
    says(
        layer.attend_self(&x, &none.clone().hide(&small)),
        &["bools", "f32"],
    );
    says(
        layer.attend_self(&x, &none.clone().hide(&flags)),
        &["broadcast", "(2,2,3,3)", "(2,5)"],
    );
    says(
        layer.attend_self(&x, &none.clone().bias(&flags)),
        &["floats", "bool"],
    );
    let q = zeros(&[3, 4])?;
    says(
        nn::scaled_dot_product_attention(&q, &small, &q, &none),
        &["(3,4)", "(2,3)"],
    );
    let whole = q.to_dtype(DType::I32);
    says(
        nn::scaled_dot_product_attention(&whole, &whole, &q, &none),
        &["i32", "floats"],
    );
    let row = zeros(&[4])?;
    says(
        nn::scaled_dot_product_attention(&row, &q, &q, &none),
        &["(4,)", "(…, L, d)"],
    );
    says(layer.clone().dropout(1.5), &["Dropout", "1.5"]);
    let positions = nn::PositionalEncoding::new(2, 4, dev)?;
    says(positions.forward(&x), &["at most 2 tokens", "(2,3,4)"]);
    let elsewhere = Tensor::zeros([2, 3, 4], &Device::new_cpu())?;
    says(
        layer.attend(&x, &elsewhere, &elsewhere, &none),
        &["different devices"],
    );
    Ok(())
}

/// Each token of a sequence is told from the one before it, which attention alone can see.
fn learns_to_copy(dev: &Device) -> Result<()> {
    dev.seed(4);
    let (count, length, kinds) = (12, 6, 3);
    let tokens: Vec<i32> = (0..count * length)
        .map(|i| ((i * i * 7 + i / 5) % 3) as i32)
        .collect();
    let tokens = Tensor::from_slice(&tokens, [count, length], dev)?;
    let x = tokens.one_hot(kinds)?.to_dtype(DType::F32);
    let before = tokens.slice(s![.., ..-1])?.reshape([-1])?;
    let mut model = nn::Sequential::new()
        .then(nn::Linear::new(kinds, 16, dev)?)
        .then(nn::PositionalEncoding::new(length, 16, dev)?)
        .then(
            nn::TransformerBlock::new(16, 2, 16, dev)?
                .pre_norm()
                .dropout(0.0)?
                .causal(),
        )
        .then(nn::Linear::new(16, kinds, dev)?)
        .then(|y: &Tensor| y.slice(s![.., 1..])?.reshape([-1, 3]));
    let mut adam = optim::Adam::new(0.01);
    for _ in 0..120 {
        let grads = model.forward(&x)?.cross_entropy(&before)?.backward()?;
        adam.step(&mut model, &grads)?;
    }
    let guess = model.forward(&x)?.argmax(-1)?.to_dtype(DType::I32);
    assert_eq!(guess.to_vec::<i32>()?, before.to_vec::<i32>()?);
    Ok(())
}
