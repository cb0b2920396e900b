//! Norms: made of tensors, and what they keep of training.

use tilewise::prelude::*;

use super::ramp;
use crate::support::compare::assert_near;

tests![
    norms_of_tensors,
    running_statistics,
    evaluation_keeps_rows_apart
];

/// A norm made of given tensors is the one that loads them.
fn norms_of_tensors(dev: &Device) -> Result<()> {
    let vector = |start: f64| Tensor::arange(start, start + 4.0, 1.0, dev);
    let (weight, bias) = (vector(1.0)?, vector(-2.0)?);
    let (mean, variance) = (vector(0.0)?, vector(0.5)?);
    let x = Tensor::new(ramp(24), dev)?.reshape([6, 4])?;
    let same = |made: &dyn Module, loaded: &dyn Module| -> Result<()> {
        loaded.load_state(&made.state(), nn::Load::Exact)?;
        for layer in [made, loaded] {
            layer.eval();
        }
        let (made, loaded) = (made.forward(&x)?, loaded.forward(&x)?);
        assert_eq!(made.to_vec::<f32>()?, loaded.to_vec::<f32>()?);
        Ok(())
    };
    let batch = nn::BatchNorm1d::from_tensors(&weight, &bias, &mean, &variance)?;
    same(&batch, &nn::BatchNorm1d::new(4, dev)?)?;
    for ((_, kept), given) in batch.state().iter().zip([&weight, &bias, &mean, &variance]) {
        assert_eq!(kept.to_vec::<f32>()?, given.to_vec::<f32>()?);
    }
    let layer = nn::LayerNorm::from_tensors(&weight, Some(&bias))?;
    assert_eq!(
        layer.bias().expect("a shift").value().to_vec::<f32>()?,
        [-2., -1., 0., 1.]
    );
    same(&layer, &nn::LayerNorm::new(4, dev)?)?;
    same(
        &nn::RmsNorm::from_tensors(&weight)?,
        &nn::RmsNorm::new(4, dev)?,
    )?;
    let group = nn::GroupNorm::from_tensors(2, &weight, Some(&bias))?;
    same(&group, &nn::GroupNorm::new(2, 4, dev)?)
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
