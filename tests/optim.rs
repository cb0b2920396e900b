//! Optimisers against PyTorch, and what a step costs.

use tilewise::prelude::*;

use crate::support::golden::Golden;

tests![
    as_pytorch,
    steady_state_plans_nothing,
    one_kernel_a_parameter,
    groups_are_their_optimisers,
    groups_share_a_schedule,
    clipping,
    clipping_reads_and_plans_nothing,
    accumulation,
    one_plan_a_step,
    parameters_without_gradient,
    shared_parameters,
    updates_leave_no_tape,
    hyperparameters_are_checked,
    goes_on_from_its_state,
];

/// A network that is one parameter.
struct Alone(nn::Param);

impl Module for Alone {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.try_mul(self.0.value())
    }

    fn visit(&self, visitor: &mut nn::Visitor) {
        visitor.param("weight", &self.0);
    }
}

fn as_pytorch(dev: &Device) -> Result<()> {
    for case in Golden::read("optimisers.txt").cases() {
        let number = |key: &str| case.text(key).map(|_| case.value::<f64>(key));
        let or = |key: &str, default: f64| number(key).unwrap_or(default);
        let is = |key: &str| case.text(key) == Some("1");
        let input = |key: &str| Tensor::from_slice(&case.array(key).values::<f32>(), [4], dev);
        let rate = case.value("lr");
        let decay = number("weight_decay").unwrap_or(0.0);
        let betas = (or("beta1", 0.9), or("beta2", 0.999));
        let mut optimizer: Box<dyn Optimizer> = match case.text("op") {
            Some("sgd") => {
                let sgd = optim::Sgd::new(rate).weight_decay(decay);
                let momentum = or("momentum", 0.0);
                Box::new(match is("nesterov") {
                    true => sgd.nesterov(momentum),
                    false => sgd.momentum(momentum),
                })
            }
            Some("adam") => {
                let adam = optim::Adam::new(rate).betas(betas.0, betas.1);
                let adam = adam.epsilon(or("eps", 1e-8)).weight_decay(decay);
                Box::new(if is("amsgrad") { adam.amsgrad() } else { adam })
            }
            Some("adamw") => {
                let adamw = optim::AdamW::new(rate).betas(betas.0, betas.1);
                Box::new(adamw.epsilon(or("eps", 1e-8)).weight_decay(decay))
            }
            Some("adagrad") => Box::new(
                optim::Adagrad::new(rate)
                    .rate_decay(or("lr_decay", 0.0))
                    .initial_accumulator(or("initial_accumulator_value", 0.0))
                    .epsilon(or("eps", 1e-10))
                    .weight_decay(decay),
            ),
            Some("rmsprop") => {
                let rmsprop = optim::RmsProp::new(rate)
                    .alpha(or("alpha", 0.99))
                    .epsilon(or("eps", 1e-8))
                    .momentum(or("momentum", 0.0))
                    .weight_decay(decay);
                Box::new(if is("centered") {
                    rmsprop.centered()
                } else {
                    rmsprop
                })
            }
            Some("lion") => Box::new(
                optim::Lion::new(rate)
                    .betas(betas.0, or("beta2", 0.99))
                    .weight_decay(decay),
            ),
            op => panic!("optimisers.txt names {op:?}, which this test does not know"),
        };
        let (target, curvature) = (input("target")?, input("curvature")?);
        let mut model = Alone(nn::Param::new(&input("start")?));
        let path: Vec<f64> = case.array("path").values();
        for (step, want) in path.chunks(4).enumerate() {
            let w = model.0.value();
            let got: Vec<f32> = w.to_vec()?;
            for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
                // Each step rounds numbers of size 1 to 4 a few times, and what steps add up
                // shrinks as the path closes in on its target.
                let near = (got as f64 - want).abs() <= 2e-7 * (step + 2) as f64;
                assert!(
                    near,
                    "{}, step {step}, weight {i}: {got}, not {want}",
                    case.name
                );
            }
            let loss = ((w - &target).square() * &curvature * 0.5).sum(..)?;
            let grads = loss.backward()?;
            optimizer.step(&mut model, &grads)?;
        }
    }
    Ok(())
}

/// A batch of images and labels, uploaded as a program would.
fn batch(rows: usize, dev: &Device) -> Result<(Tensor, Tensor)> {
    let pixels: Vec<f32> = (0..rows * 16)
        .map(|i| ((i * 29) % 17) as f32 / 16.0)
        .collect();
    let labels: Vec<u32> = (0..rows as u32).map(|i| i % 4).collect();
    Ok((
        Tensor::from_slice(&pixels, [rows, 16], dev)?,
        Tensor::from_slice(&labels, [rows], dev)?,
    ))
}

fn train(
    model: &mut nn::Sequential,
    optimizer: &mut dyn Optimizer,
    rows: usize,
    dev: &Device,
) -> Result<Tensor> {
    let (x, y) = batch(rows, dev)?;
    let loss = model.forward(&x)?.cross_entropy(&y)?;
    let grads = loss.backward()?;
    optimizer.step(model, &grads)?;
    Ok(loss)
}

/// Every optimiser, with the options that make it remember most.
fn all() -> Vec<Box<dyn Optimizer>> {
    vec![
        Box::new(optim::Sgd::new(0.1)),
        Box::new(optim::Sgd::new(0.1).nesterov(0.9).weight_decay(0.01)),
        Box::new(optim::Adam::new(1e-3)),
        Box::new(optim::AdamW::new(1e-3).amsgrad()),
        Box::new(optim::Adagrad::new(0.1).rate_decay(0.1).weight_decay(0.01)),
        Box::new(optim::RmsProp::new(1e-3)),
        Box::new(
            optim::RmsProp::new(1e-3)
                .centered()
                .momentum(0.5)
                .weight_decay(0.01),
        ),
        Box::new(optim::Lion::new(1e-3).weight_decay(0.1)),
        Box::new(
            optim::Groups::new(optim::AdamW::new(1e-3))
                .with(|name| name.ends_with("bias"), optim::Lion::new(1e-3)),
        ),
    ]
}

/// The update of a parameter is one kernel, whatever the optimiser.
fn one_kernel_a_parameter() -> Result<()> {
    for mut optimizer in all() {
        let dev = Device::new_cpu();
        let mut model = nn::mlp([16, 8, 4], nn::Relu, &dev)?;
        let (x, y) = batch(6, &dev)?;
        let mut kernels = Vec::new();
        for _ in 0..4 {
            let grads = model.forward(&x)?.cross_entropy(&y)?.backward()?;
            // What leads to the gradients has run; what is left is the step.
            dev.synchronize()?;
            let before = dev.counters().dispatches;
            optimizer.step(&mut model, &grads)?;
            dev.synchronize()?;
            kernels.push(dev.counters().dispatches - before);
        }
        assert_eq!(kernels, [4; 4], "{:?}", optimizer.state(&model));
    }
    Ok(())
}

/// Counters are the device's, which other tests use too: a CPU device of its own has its own.
fn steady_state_plans_nothing() -> Result<()> {
    for mut optimizer in all() {
        let dev = Device::new_cpu();
        let mut model = nn::mlp([16, 8, 4], nn::Relu, &dev)?;
        for _ in 0..3 {
            train(&mut model, optimizer.as_mut(), 6, &dev)?;
        }
        let before = dev.counters();
        let mut kernels = Vec::new();
        for step in 0..20 {
            // Neither a schedule nor the step count is part of a plan.
            optimizer.set_learning_rate(0.1 / (step + 1) as f64);
            let start = dev.counters().dispatches;
            train(&mut model, optimizer.as_mut(), 6, &dev)?;
            kernels.push(dev.counters().dispatches - start);
        }
        let after = dev.counters();
        assert_eq!(
            after.plans, before.plans,
            "a step in steady state made a plan"
        );
        assert_eq!(after.plan_hits - before.plan_hits, 20, "a step is one plan");
        assert!(kernels.iter().all(|&k| k == kernels[0]), "{kernels:?}");
        // Reading a loss runs nothing more.
        let loss = train(&mut model, optimizer.as_mut(), 6, &dev)?;
        let hits = dev.counters().plan_hits;
        assert!(loss.item::<f32>()?.is_finite());
        assert_eq!(
            (dev.counters().plans, dev.counters().plan_hits),
            (before.plans, hits)
        );
        // Another batch size is planned once, and the first is still known.
        for rows in [5, 6, 5, 6] {
            train(&mut model, optimizer.as_mut(), rows, &dev)?;
        }
        assert_eq!(dev.counters().plans, before.plans + 1);
    }
    Ok(())
}

/// Forward, backward and update fuse: the update of a parameter is one kernel, and no activation or
/// gradient is written that nobody reads.
fn one_plan_a_step() -> Result<()> {
    let dev = Device::new_cpu();
    let mut model = nn::mlp([16, 8, 4], nn::Relu, &dev)?;
    let mut adam = optim::Adam::new(1e-3);
    for _ in 0..3 {
        train(&mut model, &mut adam, 6, &dev)?;
    }
    let before = dev.counters();
    train(&mut model, &mut adam, 6, &dev)?;
    let done = dev.counters();
    assert_eq!(done.plan_hits - before.plan_hits, 1);
    // Five products (two forward, three backward), two bias gradients, four updates, and the loss:
    // label, maximum, sum, mean, the classes' numbers and the gradient of the logits.
    let kernels = done.dispatches - before.dispatches;
    assert!(kernels <= 5 + 2 + 4 + 6, "{kernels} kernels in a step");
    Ok(())
}

fn parameters_without_gradient(dev: &Device) -> Result<()> {
    let used = nn::Linear::new(3, 2, dev)?;
    let unused = nn::Linear::new(3, 2, dev)?;
    let before: Vec<f32> = unused.weight().value().to_vec()?;
    let loss = used
        .forward(&Tensor::ones([4, 3], dev)?)?
        .square()
        .mean(..)?;
    let grads = loss.backward()?;
    let mut model = nn::Sequential::new().then(used).then(unused);
    optim::Adam::new(0.1).step(&mut model, &grads)?;
    let values = model.parameters();
    assert_eq!(values[2].0, "1.weight");
    assert_eq!(values[2].1.to_vec::<f32>()?, before);
    assert!(
        grads.get(&values[0].1).is_some(),
        "a gradient is found under the new value too"
    );
    Ok(())
}

/// Two layers that share a weight move it once a step.
fn shared_parameters(dev: &Device) -> Result<()> {
    struct Twice(std::sync::Arc<nn::Param>);
    impl Module for Twice {
        fn forward(&self, x: &Tensor) -> Result<Tensor> {
            x.try_mul(self.0.value())?.try_mul(self.0.value())
        }
        fn visit(&self, visitor: &mut nn::Visitor) {
            visitor.param("first", &self.0);
            visitor.param("second", &self.0);
        }
    }
    let mut model = Twice(std::sync::Arc::new(nn::Param::new(&Tensor::new(
        3f32, dev,
    )?)));
    let grads = model.forward(&Tensor::new(1f32, dev)?)?.backward()?;
    optim::Sgd::new(0.25).step(&mut model, &grads)?;
    assert_eq!(model.0.value().item::<f32>()?, 1.5);
    Ok(())
}

fn updates_leave_no_tape(dev: &Device) -> Result<()> {
    let mut model = Alone(nn::Param::new(&Tensor::new([1f32, 2.], dev)?));
    let mut adam = optim::Adam::new(0.1);
    let x = Tensor::new([1f32, 1.], dev)?;
    let mut held = Vec::new();
    for _ in 0..8 {
        let grads = model.forward(&x)?.square().sum(..)?.backward()?;
        adam.step(&mut model, &grads)?;
        dev.synchronize()?;
        held.push(model.0.value());
    }
    // The last value depends on none before: its own gradient is the only one.
    let grads = held[7].sum(..)?.backward()?;
    assert_eq!(grads.len(), 1);
    Ok(())
}

fn hyperparameters_are_checked(dev: &Device) -> Result<()> {
    let mut model = Alone(nn::Param::new(&Tensor::new(1f32, dev)?));
    let grads = model.forward(&Tensor::new(1f32, dev)?)?.backward()?;
    let wrong: [(Box<dyn Optimizer>, &str); 13] = [
        (Box::new(optim::Sgd::new(-0.1)), "learning rate"),
        (Box::new(optim::Sgd::new(f64::NAN)), "learning rate"),
        (Box::new(optim::Sgd::new(0.1).momentum(1.0)), "momentum"),
        (
            Box::new(optim::Sgd::new(0.1).weight_decay(-1.0)),
            "weight decay",
        ),
        (Box::new(optim::Adam::new(f64::INFINITY)), "learning rate"),
        (
            Box::new(optim::Adam::new(0.1).betas(0.9, 1.5)),
            "second beta",
        ),
        (Box::new(optim::Adam::new(0.1).epsilon(-1.0)), "epsilon"),
        (
            Box::new(optim::AdamW::new(0.1).weight_decay(-1.0)),
            "weight decay",
        ),
        (
            Box::new(optim::Adagrad::new(0.1).rate_decay(f64::NAN)),
            "rate decay",
        ),
        (
            Box::new(optim::Adagrad::new(0.1).initial_accumulator(-1.0)),
            "initial accumulator",
        ),
        (Box::new(optim::RmsProp::new(0.1).alpha(1.0)), "alpha"),
        (
            Box::new(optim::Lion::new(0.1).betas(-0.5, 0.9)),
            "first beta",
        ),
        (Box::new(optim::Groups::new(optim::Lion::new(-1.0))), "rate"),
    ];
    for (mut optimizer, name) in wrong {
        let message = optimizer
            .step(&mut model, &grads)
            .expect_err("out of range")
            .to_string();
        assert!(
            message.contains(name) && message.contains("step"),
            "{message}"
        );
    }
    assert_eq!(model.0.value().item::<f32>()?, 1.0);
    Ok(())
}

/// Steps of a run that is stopped and taken up by a new optimiser are those of an unbroken one, bit by bit.
fn goes_on_from_its_state(dev: &Device) -> Result<()> {
    let x = Tensor::new([[1f32, 2.], [-0.5, 0.25]], dev)?;
    let y = Tensor::new([[1f32], [-1.]], dev)?;
    let steps = |model: &mut nn::Linear, optimizer: &mut dyn Optimizer, n: usize| -> Result<()> {
        for _ in 0..n {
            let grads = model.forward(&x)?.mse(&y)?.backward()?;
            optimizer.step(model, &grads)?;
        }
        Ok(())
    };
    for ((mut whole, mut first), mut second) in all().into_iter().zip(all()).zip(all()) {
        let mut model = nn::Linear::new(2, 1, dev)?;
        let start = model.state();
        steps(&mut model, &mut *whole, 7)?;
        let want: Vec<f32> = model.weight().value().to_vec()?;

        model.load_state(&start, nn::Load::Exact)?;
        steps(&mut model, &mut *first, 3)?;
        let (kept, remembered) = (model.state(), first.state(&model));
        let mut taken_up = nn::Linear::new(2, 1, dev)?;
        taken_up.load_state(&kept, nn::Load::Exact)?;
        second.load_state(&taken_up, &remembered)?;
        steps(&mut taken_up, &mut *second, 4)?;
        assert_eq!(taken_up.weight().value().to_vec::<f32>()?, want);
        if let Some((name, _)) = remembered.first() {
            let lacking = &remembered[1..];
            let error = second.load_state(&taken_up, lacking).unwrap_err();
            assert!(error.to_string().contains(name.as_str()), "{error}");
        }
        let strange = vec![("other.m".to_owned(), x.clone())];
        assert!(second.load_state(&taken_up, &strange).is_err());
    }
    Ok(())
}

/// Gradients of a small network, the same each time.
fn some_gradients(model: &nn::Sequential, dev: &Device) -> Result<tilewise::Gradients> {
    let (x, y) = batch(6, dev)?;
    model.forward(&x)?.cross_entropy(&y)?.backward()
}

fn values(tensors: &[(String, Tensor)]) -> Result<Vec<Vec<f32>>> {
    tensors.iter().map(|(_, t)| t.to_vec()).collect()
}

/// Each parameter moves as its group's optimiser alone would move it, and the first choice that takes it wins.
fn groups_are_their_optimisers(dev: &Device) -> Result<()> {
    let mut model = nn::mlp([16, 8, 4], nn::Relu, dev)?;
    let start = model.state();
    let mut moved_by = |optimizer: &mut dyn Optimizer| -> Result<Vec<Vec<f32>>> {
        model.load_state(&start, nn::Load::Exact)?;
        for _ in 0..3 {
            let grads = some_gradients(&model, dev)?;
            optimizer.step(&mut model, &grads)?;
            model.load_state(&start, nn::Load::Exact)?;
        }
        let grads = some_gradients(&model, dev)?;
        optimizer.step(&mut model, &grads)?;
        values(&model.state())
    };
    let adam = moved_by(&mut optim::Adam::new(0.1))?;
    let lion = moved_by(&mut optim::Lion::new(0.1))?;
    let sgd = moved_by(&mut optim::Sgd::new(0.1).momentum(0.5))?;
    let mut groups = optim::Groups::new(optim::Adam::new(0.1))
        .with(|name| name == "0.bias", optim::Lion::new(0.1))
        .with(
            |name| name.starts_with("0."),
            optim::Sgd::new(0.1).momentum(0.5),
        );
    let got = moved_by(&mut groups)?;
    let names: Vec<String> = model.parameters().into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias"]);
    assert_eq!(got, [&sgd[0], &lion[1], &adam[2], &adam[3]].map(Vec::clone));
    let remembered: Vec<String> = groups.state(&model).into_iter().map(|(n, _)| n).collect();
    assert!(
        remembered.contains(&"0.bias.m".to_owned()),
        "{remembered:?}"
    );
    assert!(!remembered.contains(&"0.bias.v".to_owned()));
    // All groups take a state or none: here the rest's moments do not fit.
    let numbers = |groups: &optim::Groups| -> Result<Vec<Vec<f64>>> {
        let state = groups.state(&model).into_iter();
        state.map(|(_, value)| value.to_vec()).collect()
    };
    let before = numbers(&groups)?;
    let mut other = groups.state(&model);
    for (name, tensor) in &mut other {
        *tensor = match name.starts_with("2.weight") {
            true => Tensor::zeros([5, 5], dev)?,
            false => tensor.zeros_like(),
        };
    }
    assert!(groups.load_state(&model, &other).is_err());
    assert_eq!(numbers(&groups)?, before);
    // A model of which no parameter has a gradient.
    let mut other = nn::mlp([16, 8, 4], nn::Relu, dev)?;
    let grads = some_gradients(&model, dev)?;
    assert!(groups.step(&mut other, &grads).is_err());
    Ok(())
}

fn groups_share_a_schedule() {
    let mut groups = optim::Groups::new(optim::Sgd::new(0.1))
        .with(|name| name == "a", optim::Sgd::new(0.01))
        .with(|name| name == "b", optim::Sgd::new(0.2));
    assert_eq!(groups.learning_rate(), 0.1);
    for rate in [0.5, 0.0, 1.0] {
        groups.set_learning_rate(rate);
        assert_eq!(groups.learning_rate(), rate);
    }
    let shown = format!("{groups:?}");
    assert_eq!(shown, "Groups(rates [0.09999999999999999, 2.0, 1.0])");
}

/// As `clip_grad_norm_` and `clip_grad_value_`.
fn clipping(dev: &Device) -> Result<()> {
    let variable = |values: &[f32]| -> Result<Tensor> {
        Ok(Tensor::from_slice(values, [values.len()], dev)?.variable())
    };
    let (a, b) = (variable(&[3.0, -4.0])?, variable(&[12.0, 0.0, 0.0])?);
    let backward = || {
        let squares = a.square().sum(..)?.try_add(b.square().sum(..)?)?;
        (squares * 0.5).backward()
    };
    let read = |g: &tilewise::Gradients, x: &Tensor| -> Result<Vec<f32>> {
        g.get(x).expect("it has a gradient").to_vec()
    };
    let mut grads = backward()?;
    let norm = grads.clip_norm(6.5)?;
    assert!((norm.item::<f32>()? - 13.0).abs() < 1e-5);
    let factor = (6.5 / (13.0 + 1e-6)) as f32;
    for (x, want) in [(&a, vec![3.0, -4.0]), (&b, vec![12.0, 0.0, 0.0])] {
        let got = read(&grads, x)?;
        let near = got
            .iter()
            .zip(&want)
            .all(|(g, w)| (g - w * factor).abs() < 1e-6);
        assert!(near, "{got:?}, not {want:?} by {factor}");
    }
    // What is short enough stays to the bit.
    let mut grads = backward()?;
    grads.clip_norm(13.5)?;
    assert_eq!(read(&grads, &a)?, [3.0, -4.0]);
    grads.clip_value(3.5)?;
    assert_eq!(read(&grads, &a)?, [3.0, -3.5]);
    assert_eq!(read(&grads, &b)?, [3.5, 0.0, 0.0]);
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(grads.clip_value(wrong).is_err() && grads.clip_norm(wrong).is_err());
        assert!(wrong == -1.0 || grads.scale(wrong).is_err());
    }
    // A gradient that is not a number is seen by the norm and by all gradients.
    let c = variable(&[f32::NAN])?;
    let mut grads = c.square().try_add(a.sum(..)?)?.sum(..)?.backward()?;
    assert!(grads.clip_norm(1.0)?.item::<f32>()?.is_nan());
    assert!(read(&grads, &a)?.iter().all(|g| g.is_nan()));
    assert!(tilewise::Gradients::default().norm().is_err());
    Ok(())
}

fn clipping_reads_and_plans_nothing() -> Result<()> {
    let dev = Device::new_cpu();
    let mut model = nn::mlp([16, 8, 4], nn::Relu, &dev)?;
    let mut adam = optim::Adam::new(1e-3);
    let mut plans = Vec::new();
    for _ in 0..6 {
        let mut grads = some_gradients(&model, &dev)?;
        grads.clip_value(1.0)?;
        grads.clip_norm(0.5)?;
        adam.step(&mut model, &grads)?;
        plans.push((dev.counters().plans, dev.counters().plan_hits));
    }
    assert_eq!(plans[5].0, plans[2].0, "{plans:?}");
    assert_eq!(plans[5].1, plans[2].1 + 3, "a step is one plan: {plans:?}");
    Ok(())
}

/// Several backward passes make the step of one over all rows.
fn accumulation(dev: &Device) -> Result<()> {
    let model = nn::mlp([16, 8, 4], nn::Relu, dev)?;
    let (x, y) = batch(6, dev)?;
    let whole = model.forward(&x)?.cross_entropy(&y)?.backward()?;
    let mut sum = tilewise::Gradients::default();
    for rows in 0..3 {
        let (x, y) = (x.narrow(0, 2 * rows, 2)?, y.narrow(0, 2 * rows, 2)?);
        sum.accumulate(&model.forward(&x)?.cross_entropy(&y)?.backward()?)?;
    }
    sum.scale(1.0 / 3.0)?;
    assert_eq!(sum.len(), whole.len());
    for (name, value) in model.parameters() {
        let (got, want) = (
            sum.get(&value).expect("summed"),
            whole.get(&value).expect("there"),
        );
        let want: Vec<f64> = want.to_vec()?;
        // Sums of six terms below 1 in another order.
        crate::support::compare::assert_near(&name, &got.to_vec()?, &want, 1e-5, 1e-6);
    }
    Ok(())
}
