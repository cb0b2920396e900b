//! How layers run: in few kernels, and in steps of training the same ones each time.

use tilewise::prelude::*;

use crate::support::own;

tests![few_kernels, steady];

/// Kernels run by a norm: going there, and going there and back.
fn kernels(dev: &Device, layer: &dyn Module, shape: &[usize]) -> Result<[u64; 2]> {
    let (x, seed) = (Tensor::normal(shape, dev)?, Tensor::normal(shape, dev)?);
    dev.flush()?;
    let start = dev.counters().dispatches;
    let y = layer.forward(&x)?;
    dev.flush()?;
    let there = dev.counters().dispatches;
    let x = x.variable();
    let grads = layer.forward(&x)?.try_mul(&seed)?.sum(..)?.backward()?;
    let variables = layer.parameters().into_iter().map(|(_, value)| value);
    let kept: Vec<_> = variables
        .chain([x])
        .map(|v| grads.get(&v).cloned())
        .collect();
    drop(grads);
    dev.flush()?;
    let back = dev.counters().dispatches;
    drop((y, kept));
    Ok([there - start, back - there])
}

/// Moments, result and running statistics share kernels; going back, so do the gradients. A GPU runs each group
/// of them as one, or as two where the adapter has few buffers for a kernel.
fn few_kernels(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let gpu = dev.info().id.starts_with("gpu");
    let [batch, layer] = match (gpu, dev.name().contains("SwiftShader")) {
        // Batch normalisation also writes its running statistics.
        (true, true) => [[2, 4], [1, 3]],
        (true, false) => [[1, 2], [1, 2]],
        (false, _) => [[3, 7], [3, 7]],
    };
    let norm = nn::BatchNorm2d::new(4, dev)?;
    assert_eq!(kernels(dev, &norm, &[8, 4, 6, 6])?, batch);
    let norm = nn::LayerNorm::new(64, dev)?;
    assert_eq!(kernels(dev, &norm, &[32, 64])?, layer);
    Ok(())
}

/// After the first steps of training nothing is planned or compiled anew, though what is dropped and the
/// running statistics differ each time.
fn steady(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    let mut model = nn::Sequential::new()
        .then(nn::Conv2d::new(1, 4, 3, dev)?.padding(1).without_bias())
        .then(nn::BatchNorm2d::new(4, dev)?)
        .then(nn::Relu)
        .then(nn::MaxPool2d::new(2))
        .then(nn::Dropout::new(0.25)?)
        .then(nn::Flatten)
        .then(nn::Linear::new(4 * 4 * 4, 3, dev)?.l2(1e-3));
    let x = Tensor::normal([6, 1, 8, 8], dev)?;
    let y = Tensor::new([0, 1, 2, 0, 1, 2], dev)?;
    let mut optimizer = optim::Sgd::new(0.05).momentum(0.9);
    let mut step = |model: &mut nn::Sequential| -> Result<()> {
        let loss = model.forward(&x)?.cross_entropy(&y)?;
        let loss = loss.try_add(model.penalty()?.expect("a penalty"))?;
        optimizer.step(model, &loss.backward()?)
    };
    for _ in 0..4 {
        step(&mut model)?;
    }
    let before = dev.counters();
    for _ in 0..8 {
        step(&mut model)?;
    }
    let after = dev.counters();
    assert_eq!(after.plans - before.plans, 0, "plans");
    assert_eq!(after.pipelines - before.pipelines, 0, "pipelines");
    let state = model.state();
    let batches = state
        .iter()
        .find(|(name, _)| name.ends_with("num_batches_tracked"));
    assert_eq!(batches.expect("a count").1.item::<i32>()?, 12);
    Ok(())
}
