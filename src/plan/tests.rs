//! What planning promises: which calls become one kernel, what is written, when a plan is found
//! again, and that none of it changes a result.

#[path = "../../tests/support/programs/mod.rs"]
mod programs;

mod assign;
mod cache;
mod fusion;
mod rows;

use std::sync::Arc;

use super::{Abilities, Core, Kernel, Plan, RowGroups};
use crate::device::{Device, DeviceInfo};
use crate::dtype::Bools;
use crate::error::Result;
use crate::exec::cpu::Cpu;
use crate::s;
use crate::tensor::Tensor;

/// A device whose kernels may bind so many buffers; running one that binds more panics.
fn narrow(buffers: usize) -> Device {
    limited(buffers, RowGroups::Stored)
}

fn limited(buffers: usize, rows: RowGroups) -> Device {
    let cpu = Cpu::new(Abilities {
        buffers,
        bools: Bools::Bytes,
        rows,
        packs_views: true,
        scatters_in_order: true,
    });
    Device::over(Arc::new(cpu), DeviceInfo::cpu())
}

/// The plan of what the thread has recorded on the device.
fn plan(device: &Device) -> Arc<Plan> {
    device.queue().plan().expect("something is recorded")
}

fn names(kernel: &Kernel) -> Vec<&'static str> {
    kernel.ops.iter().map(|note| note.name).collect()
}

fn filled(shape: &[usize], device: &Device) -> Tensor {
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n).map(|i| (i % 17) as f32 / 4.0 - 2.0).collect();
    Tensor::from_slice(&values, shape, device).expect("the values fill the shape")
}

#[test]
fn numbers_of_elements_take_no_memory() -> Result<()> {
    let device = Device::new_cpu();
    let rows = Tensor::index(5, &device)?.unsqueeze(1)?;
    let columns = Tensor::index(7, &device)?.flip(0)?;
    let x = rows.try_mul(10)?.try_add(&columns)?;
    drop((rows, columns));
    let plan = plan(&device);
    assert_eq!(
        (plan.kernels.len(), plan.slots.len()),
        (2, 2),
        "{}",
        plan.explain()
    );
    assert_eq!(
        x.slice(s![2])?.to_vec::<u32>()?,
        [26, 25, 24, 23, 22, 21, 20]
    );
    Ok(())
}

#[test]
fn buffers_are_reused_within_a_plan() -> Result<()> {
    let device = Device::new_cpu();
    let w = filled(&[50, 50], &device);
    let mut y = w.clone();
    for _ in 0..20 {
        y = y.matmul(&w)?.tanh();
    }
    let plan = plan(&device);
    // The weights, the result, and two that take turns.
    assert!(plan.slots.len() <= 4, "{}", plan.explain());
    drop(y);
    Ok(())
}

#[test]
fn explain_runs_nothing() -> Result<()> {
    let device = Device::new_cpu();
    assert_eq!(device.explain(), "nothing is recorded\n");
    let x = filled(&[4, 4], &device);
    let y = (x.matmul(&x)? + 1.0).relu();
    let text = y.explain();
    assert!(text.contains("matmul + add + relu"), "{text}");
    assert!(text.contains(file!()), "the caller's line is named: {text}");
    // Two operands by one buffer, a result; 2·4³ multiply-adds and two operations a result.
    assert!(
        text.contains("192 B") && text.contains("160 flop"),
        "{text}"
    );
    assert_eq!(device.counters().dispatches, 0);
    assert_eq!(y.explain(), text);
    y.to_vec::<f32>()?;
    assert_eq!(device.counters().dispatches, 1);
    Ok(())
}

#[test]
fn whole_and_call_by_call_agree() {
    programs::hold(0..100, 24, &Device::new_cpu(), &Device::new_cpu());
}

#[test]
fn whole_and_call_by_call_agree_with_few_buffers() {
    programs::hold(1000..1040, 24, &narrow(8), &Device::new_cpu());
    programs::hold(2000..2040, 24, &narrow(4), &Device::new_cpu());
}

/// Functions that round, in chains without sums: the same bits whatever is fused.
#[test]
fn rounding_does_not_depend_on_fusion() -> Result<()> {
    let chain = |device: &Device, after: &dyn Fn() -> Result<()>| -> Result<Vec<f32>> {
        let values: Vec<f32> = (0..3001).map(|i| (i as f32 * 0.37).sin() * 3.0).collect();
        let x = Tensor::from_slice(&values, [3001], device)?;
        let mut y = x.clone();
        for i in 0..60 {
            y = match i % 8 {
                0 => y.exp() * 0.1,
                1 => y.tanh() + &x,
                2 => y.sigmoid() / 3.0,
                3 => y.flip(0)?.sin(),
                4 => (&y * &y + 1.0).ln(),
                5 => y.gelu() - 0.3,
                6 => y.abs().sqrt() * &x,
                _ => y.try_sub(y.max_keepdims(..)?)?.exp2(),
            };
            after()?;
        }
        y.to_vec()
    };
    let (whole, single) = (Device::new_cpu(), Device::new_cpu());
    let bits = |v: Vec<f32>| v.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(
        bits(chain(&whole, &|| Ok(()))?),
        bits(chain(&single, &|| single.flush())?)
    );
    assert!(whole.counters().dispatches < single.counters().dispatches / 2);
    Ok(())
}
