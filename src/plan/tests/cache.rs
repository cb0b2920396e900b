//! When a plan is found again.

use super::*;
use crate::generator::Generator;

#[test]
fn the_cache_finds_equal_structures() -> Result<()> {
    let device = Device::new_cpu();
    let counts = || (device.counters().plans, device.counters().plan_hits);
    let x = filled(&[12], &device);
    let y = filled(&[12], &device);
    let chain = |a: &Tensor, b: &Tensor, scalar: f32| ((a + b) * scalar).to_vec::<f32>();
    chain(&x, &y, 2.0)?;
    assert_eq!(counts(), (1, 0));
    chain(&x, &y, 2.0)?;
    assert_eq!(counts(), (1, 1), "the same again");
    assert_eq!(
        chain(&y, &x, 3.0)?[4],
        -6.0,
        "other buffers and another scalar"
    );
    assert_eq!(counts(), (1, 2));
    assert_eq!(chain(&x, &x, 3.0)?[4], -6.0, "both operands are one");
    assert_eq!(counts(), (2, 2));
    chain(&x.flip(0)?, &y, 2.0)?;
    assert_eq!(counts(), (3, 2), "another layout");
    chain(&filled(&[13], &device), &filled(&[13], &device), 2.0)?;
    assert_eq!(counts(), (4, 2), "another shape");
    let kept = &x + &y;
    (&kept * 2.0).to_vec::<f32>()?;
    assert_eq!(counts(), (5, 2), "the sum is kept");
    chain(
        &x.to_dtype(crate::DType::I32),
        &y.to_dtype(crate::DType::I32),
        2.0,
    )?;
    assert_eq!(counts(), (6, 2), "another dtype");
    chain(&x, &y, 2.0)?;
    assert_eq!(counts(), (6, 3), "the first is still known");
    Ok(())
}

#[test]
fn steps_of_a_training_plan_once() -> Result<()> {
    let device = Device::new_cpu();
    let mut generator = Generator::new(1);
    let mut w = filled(&[8, 4], &device);
    let mut momentum = w.zeros_like().contiguous();
    let mut made = 0;
    for step in 0..6 {
        let x = generator.normal([16, 8], &device)?;
        let gradient = x.t().matmul(&x.matmul(&w)?.tanh())?;
        momentum = momentum * 0.9 + &gradient;
        // A scalar that changes from step to step.
        w -= &momentum * (0.01 / (step + 1) as f32);
        device.flush()?;
        if step == 1 {
            made = device.counters().plans;
        }
    }
    assert_eq!(
        device.counters().plans,
        made,
        "no plan after the second step"
    );
    Ok(())
}

#[test]
fn a_walk_through_the_data_has_one_plan() -> Result<()> {
    let device = Device::new_cpu();
    let data = filled(&[40, 4], &device);
    let weights = filled(&[4, 3], &device);
    let whole = data.matmul(&weights)?.sum(1)?.to_vec::<f32>()?;
    let batch = |i: usize| -> Result<Vec<f32>> {
        let rows = data.narrow(0, 8 * i, 8)?;
        (rows.matmul(&weights)?.sum(1)? + &rows.flip(0)?.slice(s![.., 0])? * 0.0).to_vec()
    };
    assert_eq!(batch(1)?, whole[8..16]);
    let before = device.counters().plans;
    for i in 2..5 {
        assert_eq!(batch(i)?, whole[8 * i..8 * i + 8]);
    }
    assert_eq!(device.counters().plans, before);
    Ok(())
}
