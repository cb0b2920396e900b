//! Where the memory of a tensor goes that is assigned to.

use super::*;

fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i % 17) as f32 / 4.0 - 2.0).collect()
}

/// Only what is replaced is written, over the memory that there is.
#[test]
fn a_dying_base_gives_its_memory() -> Result<()> {
    let device = Device::new_cpu();
    let mut x = filled(&[6, 5], &device);
    x.set(s![1..3, ..;2], 9.0)?;
    let plan = plan(&device);
    assert_eq!(
        (plan.kernels.len(), plan.slots.len()),
        (1, 1),
        "{}",
        plan.explain()
    );
    assert!(plan.slots[0].written && plan.slots[0].input.is_some());
    let mut want = values(30);
    for (i, v) in want.iter_mut().enumerate() {
        if (1..3).contains(&(i / 5)) && i % 5 % 2 == 0 {
            *v = 9.0;
        }
    }
    assert_eq!(x.to_vec::<f32>()?, want);
    assert_eq!(device.counters().dispatches, 1);
    Ok(())
}

/// One assignment after the other: none copies.
#[test]
fn assignments_in_a_row_share_the_memory() -> Result<()> {
    let device = Device::new_cpu();
    let mut x = filled(&[8], &device);
    for i in 0..8 {
        x.set(s![i], i as f32)?;
    }
    let plan = plan(&device);
    assert_eq!(
        (plan.kernels.len(), plan.slots.len()),
        (8, 1),
        "{}",
        plan.explain()
    );
    assert_eq!(x.to_vec::<f32>()?, [0., 1., 2., 3., 4., 5., 6., 7.]);
    Ok(())
}

#[test]
fn what_others_hold_is_copied() -> Result<()> {
    let device = Device::new_cpu();
    let mut x = filled(&[30], &device);
    let before = x.slice(s![..;-1])?;
    x.set(s![0], 9.0)?;
    assert_eq!(plan(&device).slots.len(), 2);
    assert_eq!(x.slice(s![0])?.item::<f32>()?, 9.0);
    assert_eq!(before.slice(s![-1])?.item::<f32>()?, values(30)[0]);
    Ok(())
}

/// A value that reads the base through a view must not see what was written.
#[test]
fn a_base_that_the_value_reads_is_copied() -> Result<()> {
    let device = Device::new_cpu();
    let mut x = filled(&[30], &device);
    let moved = x.slice(s![..-1])?;
    x.set(s![1..], &moved)?;
    drop(moved);
    assert_eq!(plan(&device).slots.len(), 2);
    let old = values(30);
    let want: Vec<f32> = [&old[..1], &old[..29]].concat();
    assert_eq!(x.to_vec::<f32>()?, want);
    Ok(())
}

/// What is computed is computed into the result, in the place of an operand that dies.
#[test]
fn a_computed_base_is_not_stored_apart() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[30], &device);
    let mut y = x * 2.0 + 1.0;
    y.set(s![..3], 0.0)?;
    let plan = plan(&device);
    assert_eq!(
        (plan.kernels.len(), plan.slots.len()),
        (2, 1),
        "{}",
        plan.explain()
    );
    let mut want: Vec<f32> = values(30).iter().map(|v| v * 2.0 + 1.0).collect();
    want[..3].fill(0.0);
    assert_eq!(y.to_vec::<f32>()?, want);
    Ok(())
}

/// Elements put to places by their index are written over the memory that there is, unless they are
/// computed from it.
#[test]
fn scatters_write_over_a_dying_base() -> Result<()> {
    let device = Device::new_cpu();
    let index = Tensor::new([4, 0, 4], &device)?;
    let mut x = filled(&[6], &device);
    x.set_at(&[&index], &Tensor::new([1f32, 2., 3.], &device)?)?;
    let over = plan(&device);
    assert_eq!(over.kernels.len(), 1, "{}", over.explain());
    let old = values(6);
    let put = [2.0, old[1], old[2], old[3], 3.0, old[5]];
    assert_eq!(x.to_vec::<f32>()?, put);

    let moved = x.flip(0)?.index_select(0, &index)?;
    x.add_at(&[&index], &moved)?;
    drop(moved);
    let apart = plan(&device);
    assert_eq!(apart.kernels.len(), 2, "{}", apart.explain());
    let want = [
        2.0 + put[5],
        put[1],
        put[2],
        put[3],
        3.0 + 2.0 * put[1],
        put[5],
    ];
    assert_eq!(x.to_vec::<f32>()?, want);
    Ok(())
}

/// The elements and their places are computed where they are put: nothing else is stored.
#[test]
fn updates_are_one_kernel() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[40], &device);
    let places = Tensor::new([1u32, 2, 1], &device)?;
    let counts = x
        .zeros_like()
        .index_add(&[&places.remainder(2)?], x.narrow(0, 3, 3)?.exp())?;
    let plan = plan(&device);
    assert_eq!(plan.kernels.len(), 2, "{}", plan.explain());
    assert_eq!(
        plan.kernels[1].operations(),
        "remainder + exp + index + scatter_add"
    );
    drop(counts);
    Ok(())
}
