//! Optimisers against PyTorch, and what a step costs.

use tilewise::prelude::*;

use crate::support::golden::Golden;

tests![
    as_pytorch,
    steady_state_plans_nothing,
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
        let input = |key: &str| Tensor::from_slice(&case.array(key).values::<f32>(), [4], dev);
        let rate = case.value("lr");
        let decay = number("weight_decay").unwrap_or(0.0);
        let adam = || {
            let first = number("beta1").unwrap_or(0.9);
            let second = number("beta2").unwrap_or(0.999);
            optim::Adam::new(rate)
                .betas(first, second)
                .epsilon(number("eps").unwrap_or(1e-8))
        };
        let mut optimizer: Box<dyn Optimizer> = match case.text("op") {
            Some("sgd") => {
                let momentum = number("momentum").unwrap_or(0.0);
                let sgd = optim::Sgd::new(rate).weight_decay(decay);
                Box::new(match case.text("nesterov") {
                    Some("1") => sgd.nesterov(momentum),
                    _ => sgd.momentum(momentum),
                })
            }
            Some("adam") => Box::new(adam().weight_decay(decay)),
            Some("adamw") => Box::new(adam().decoupled_weight_decay(decay)),
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

/// Counters are the device's, which other tests use too: a CPU device of its own has its own.
fn steady_state_plans_nothing() -> Result<()> {
    let optimizers: [Box<dyn Optimizer>; 3] = [
        Box::new(optim::Sgd::new(0.1)),
        Box::new(optim::Sgd::new(0.1).momentum(0.9)),
        Box::new(optim::Adam::new(1e-3)),
    ];
    for mut optimizer in optimizers {
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
    let wrong: [(Box<dyn Optimizer>, &str); 7] = [
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
    let makers: [fn() -> Box<dyn Optimizer>; 3] = [
        || Box::new(optim::Adam::new(0.1)),
        || Box::new(optim::Sgd::new(0.1).nesterov(0.9)),
        || Box::new(optim::Sgd::new(0.1)),
    ];
    let x = Tensor::new([[1f32, 2.], [-0.5, 0.25]], dev)?;
    let y = Tensor::new([[1f32], [-1.]], dev)?;
    let steps = |model: &mut nn::Linear, optimizer: &mut dyn Optimizer, n: usize| -> Result<()> {
        for _ in 0..n {
            let grads = model.forward(&x)?.mse(&y)?.backward()?;
            optimizer.step(model, &grads)?;
        }
        Ok(())
    };
    for make in makers {
        let mut model = nn::Linear::new(2, 1, dev)?;
        let start = model.state();
        let mut whole = make();
        steps(&mut model, &mut *whole, 7)?;
        let want: Vec<f32> = model.weight().value().to_vec()?;

        model.load_state(&start, nn::Load::Exact)?;
        let mut first = make();
        steps(&mut model, &mut *first, 3)?;
        let (kept, remembered) = (model.state(), first.state(&model));
        let mut taken_up = nn::Linear::new(2, 1, dev)?;
        taken_up.load_state(&kept, nn::Load::Exact)?;
        let mut second = make();
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
