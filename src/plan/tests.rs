//! What planning promises: which calls become one kernel, what is written, when a plan is found
//! again, and that none of it changes a result.

#[path = "../../tests/support/programs.rs"]
mod programs;
mod rows;

use std::sync::Arc;

use super::{Core, Kernel, Plan, RowGroups};
use crate::device::{Device, cpu_info};
use crate::error::{ErrorKind, Result};
use crate::exec::cpu::Cpu;
use crate::exec::{BufferId, Counters, Executor, Limits, Memory, Reading};
use crate::generator::Generator;
use crate::s;
use crate::tensor::Tensor;

/// The CPU executor with the number of buffers a kernel may bind of another device.
struct Narrow {
    cpu: Cpu,
    buffers: usize,
    rows: RowGroups,
}

impl Executor for Narrow {
    fn name(&self) -> String {
        "narrow".into()
    }
    fn limits(&self) -> Limits {
        let mut limits = self.cpu.limits();
        limits.abilities.buffers = self.buffers;
        limits.abilities.rows = self.rows;
        limits
    }
    fn alloc(&self, words: usize) -> Result<BufferId, ErrorKind> {
        self.cpu.alloc(words)
    }
    fn free(&self, buffer: BufferId) {
        self.cpu.free(buffer);
    }
    fn write(&self, buffer: BufferId, words: &[u32]) -> Result<(), ErrorKind> {
        self.cpu.write(buffer, words)
    }
    fn run(&self, plan: &Arc<Plan>, slots: &[BufferId], scalars: &[u32]) -> Result<(), ErrorKind> {
        for kernel in &plan.kernels {
            let bound = bindings(kernel);
            assert!(
                bound <= self.buffers,
                "a kernel binds {bound} buffers: {kernel:?}"
            );
        }
        self.cpu.run(plan, slots, scalars)
    }
    fn read(&self, buffer: BufferId, start: usize, words: usize) -> Reading {
        self.cpu.read(buffer, start, words)
    }
    fn synchronize(&self) -> Result<(), ErrorKind> {
        self.cpu.synchronize()
    }
    fn memory(&self) -> Memory {
        self.cpu.memory()
    }
    fn counters(&self) -> Counters {
        self.cpu.counters()
    }
    fn trim(&self) {
        self.cpu.trim();
    }
}

/// A device whose kernels may bind so many buffers; running one that binds more panics.
fn narrow(buffers: usize) -> Device {
    limited(buffers, RowGroups::Stored)
}

fn limited(buffers: usize, rows: RowGroups) -> Device {
    Device::over(
        Arc::new(Narrow {
            cpu: Cpu::default(),
            buffers,
            rows,
        }),
        cpu_info(),
    )
}

/// Distinct buffers that a kernel binds.
fn bindings(kernel: &Kernel) -> usize {
    let mut slots: Vec<usize> = kernel.body.streams.iter().filter_map(|s| s.slot).collect();
    slots.extend(kernel.stores.iter().map(|s| s.slot));
    match &kernel.core {
        Core::Map => {}
        Core::Reduce { prologue, .. } => {
            slots.extend(prologue.streams.iter().filter_map(|s| s.slot));
        }
        Core::Matmul { a, b, .. } => slots.extend([a.slot, b.slot]),
    }
    slots.sort_unstable();
    slots.dedup();
    slots.len()
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
fn a_chain_is_one_kernel() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[33, 7], &device);
    let mut y = &x + 1.0;
    for _ in 0..3 {
        y = (y * 0.5).tanh() - 0.25;
    }
    let plan = plan(&device);
    assert_eq!(plan.kernels.len(), 1);
    assert_eq!(names(&plan.kernels[0]).len(), 10);
    // The operand and the result: none of the nine between has a buffer.
    assert_eq!((plan.slots.len(), plan.kernels[0].stores.len()), (2, 1));
    y.to_vec::<f32>()?;
    assert_eq!(device.counters().dispatches, 1);
    Ok(())
}

#[test]
fn broadcast_operands_are_read_in_place() -> Result<()> {
    let device = Device::new_cpu();
    let (x, row, column) = (
        filled(&[64, 32], &device),
        filled(&[32], &device),
        filled(&[64, 1], &device),
    );
    let y = (&x + &row) * &column - filled(&[1, 1], &device);
    let plan = plan(&device);
    assert_eq!(plan.kernels.len(), 1);
    let strides: Vec<&[isize]> = plan.kernels[0]
        .body
        .streams
        .iter()
        .map(|s| s.layout.strides())
        .collect();
    assert_eq!(strides, [&[32, 1][..], &[0, 1], &[1, 0], &[0, 0]]);
    drop(y);
    Ok(())
}

#[test]
fn one_kernel_gives_several_results() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[100], &device);
    let a = &x + 1.0;
    let b = &a * 2.0;
    let c = (&a - 3.0) * &b;
    let plan = plan(&device);
    assert_eq!((plan.kernels.len(), plan.kernels[0].stores.len()), (1, 3));
    for t in [&a, &b, &c] {
        t.to_vec::<f32>()?;
    }
    assert_eq!(device.counters().dispatches, 1);
    Ok(())
}

#[test]
fn what_nobody_reads_is_not_computed() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[100], &device);
    let before = device.memory();
    let y = &x + 1.0;
    drop(y.exp().sum(..)?);
    drop(x.matmul(&x)?);
    let kept = plan(&device);
    assert_eq!(names(&kept.kernels[0]), ["add"]);
    assert_eq!(kept.kernels.len(), 1);
    drop(y);
    assert!(plan(&device).kernels.is_empty());
    device.flush()?;
    assert_eq!(device.counters().dispatches, 0);
    assert_eq!(device.memory(), before, "only x is left");
    Ok(())
}

#[test]
fn bias_and_activation_fold_into_a_product() -> Result<()> {
    let device = Device::new_cpu();
    let (x, w, b) = (
        filled(&[5, 8], &device),
        filled(&[3, 8], &device),
        filled(&[3], &device),
    );
    let y = (x.matmul(&w.t())? + &b).relu();
    let plan = plan(&device);
    assert_eq!(plan.kernels.len(), 1);
    let kernel = &plan.kernels[0];
    assert_eq!(names(kernel), ["matmul", "add", "relu"]);
    assert_eq!(kernel.stores.len(), 1);
    // The transposed operand is read by its strides.
    let Core::Matmul { b, .. } = &kernel.core else {
        panic!("{kernel:?}")
    };
    assert_eq!(b.layout.strides(), [1, 8]);
    drop(y);
    Ok(())
}

#[test]
fn an_epilogue_that_others_read_too() -> Result<()> {
    let device = Device::new_cpu();
    let (x, w) = (filled(&[5, 8], &device), filled(&[8, 3], &device));
    // The backward pass of an activation needs its input: both are stored by the one kernel.
    let z = x.matmul(&w)?;
    let y = z.relu();
    let plan = plan(&device);
    assert_eq!((plan.kernels.len(), plan.kernels[0].stores.len()), (1, 2));
    assert_eq!(y.to_vec::<f32>()?, z.maximum(0)?.to_vec::<f32>()?);
    Ok(())
}

#[test]
fn pointwise_operands_fold_into_a_reduction() -> Result<()> {
    let device = Device::new_cpu();
    let (x, row) = (filled(&[6, 9], &device), filled(&[9], &device));
    let y = (x.square() + &row).sum(1)?;
    let folded = plan(&device);
    assert_eq!(folded.kernels.len(), 1);
    assert_eq!(names(&folded.kernels[0]), ["square", "add", "sum"]);
    let Core::Reduce { prologue, .. } = &folded.kernels[0].core else {
        panic!("no reduction")
    };
    assert_eq!(prologue.program.ops(), 2);
    device.flush()?;
    // What follows a reduction is its epilogue.
    let z = (&y * 2.0).mean(0)?.sqrt();
    let mean = plan(&device);
    assert_eq!(mean.kernels.len(), 1);
    assert_eq!(names(&mean.kernels[0]), ["mul", "sum", "mul", "sqrt"]);
    drop(z);
    Ok(())
}

#[test]
fn a_softmax_is_three_kernels_at_most() -> Result<()> {
    // Where none is run row by row, none stores the powers.
    let device = limited(16, RowGroups::None);
    let x = filled(&[16, 10], &device);
    let y = x.softmax(-1)?;
    let plan = plan(&device);
    assert!(plan.kernels.len() <= 3, "{}", plan.explain());
    drop(y);
    Ok(())
}

/// An element of a flipped tensor is made by another thread of the kernel: it must be stored first.
#[test]
fn a_view_of_a_result_is_read_by_another_kernel() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[100], &device);
    let a = &x + 1.0;
    let b = a.flip(0)? * 2.0;
    let mapped = plan(&device);
    assert_eq!(mapped.kernels.len(), 2, "{}", mapped.explain());
    assert_eq!(b.to_vec::<f32>()?[99], 2.0 * a.to_vec::<f32>()?[0]);
    // The same behind a product.
    let square = filled(&[9, 9], &device);
    let c = square.matmul(&square)? + 1.0;
    let d = c.t() + &c;
    let folded = plan(&device);
    assert_eq!(folded.kernels.len(), 2, "{}", folded.explain());
    drop((c, d));
    Ok(())
}

#[test]
fn long_chains_are_cut() -> Result<()> {
    for ops in [24usize, 25, 30, 100, 1000] {
        let device = Device::new_cpu();
        let x = filled(&[19], &device);
        let mut y = x.clone();
        for i in 0..ops {
            y = if i % 2 == 0 { y + 0.25 } else { y * 0.5 };
        }
        let plan = plan(&device);
        let most = plan.kernels.iter().map(|k| k.body.program.ops()).max();
        assert!(most <= Some(24), "{ops} ops: {most:?} in one kernel");
        assert_eq!(plan.kernels.len(), ops.div_ceil(24), "{ops} ops");
        let want: Vec<f32> = x
            .to_vec::<f32>()?
            .into_iter()
            .map(|v| (0..ops).fold(v, |v, i| if i % 2 == 0 { v + 0.25 } else { v * 0.5 }))
            .collect();
        assert_eq!(y.to_vec::<f32>()?, want);
    }
    Ok(())
}

#[test]
fn kernels_bind_no_more_buffers_than_the_device_can() -> Result<()> {
    // 8 is what WebGPU promises; 4 leaves room for two operands, a result and a core's.
    for buffers in [4, 8, 16] {
        let device = narrow(buffers);
        let inputs: Vec<Tensor> = (0..40).map(|i| filled(&[11], &device) + i as f32).collect();
        device.flush()?;
        let want: Vec<f32> = (0..11)
            .map(|i| 40.0 * ((i % 17) as f32 / 4.0 - 2.0) + (0..40).sum::<i32>() as f32)
            .collect();
        let by_chain = inputs
            .iter()
            .skip(1)
            .fold(inputs[0].clone(), |sum, x| sum + x);
        assert_eq!(by_chain.to_vec::<f32>()?, want, "{buffers} buffers");
        let mut layer = inputs.clone();
        while layer.len() > 1 {
            layer = layer
                .chunks(2)
                .map(|c| {
                    if c.len() == 2 {
                        &c[0] + &c[1]
                    } else {
                        c[0].clone()
                    }
                })
                .collect();
        }
        assert_eq!(layer[0].to_vec::<f32>()?, want, "{buffers} buffers");
        // As a prologue, an epilogue, with many results.
        let total = inputs
            .iter()
            .skip(1)
            .fold(inputs[0].clone(), |sum, x| sum + x)
            .sum(0)?;
        assert_eq!(total.item::<f32>()?, want.iter().sum::<f32>());
        let results: Vec<Tensor> = inputs.iter().map(|x| x * 2.0 + &inputs[0]).collect();
        let first = inputs[0].to_vec::<f32>()?;
        for (i, y) in results.iter().enumerate() {
            assert_eq!(y.to_vec::<f32>()?[3], 3.0 * first[3] + 2.0 * i as f32);
        }
        let column = filled(&[11, 1], &device);
        let row = filled(&[1, 11], &device);
        let product = inputs[..9]
            .iter()
            .fold(column.matmul(&row)?, |sum, x| sum + x);
        let sums = inputs[..9]
            .iter()
            .fold(0.0, |sum, x| sum + x.to_vec::<f32>().map_or(0.0, |v| v[5]));
        assert_eq!(product.to_vec::<f32>()?[2 * 11 + 5], -1.5 * -0.75 + sums);
        let joined = Tensor::concat(&inputs.iter().collect::<Vec<_>>(), 0)?;
        assert_eq!(joined.sum(0)?.item::<f32>()?, want.iter().sum::<f32>());
    }
    Ok(())
}

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
fn whole_and_call_by_call_agree() -> Result<()> {
    programs::check(0..400, &Device::new_cpu(), &Device::new_cpu())
}

#[test]
fn whole_and_call_by_call_agree_with_few_buffers() -> Result<()> {
    programs::check(1000..1150, &narrow(8), &Device::new_cpu())?;
    programs::check(2000..2150, &narrow(4), &Device::new_cpu())
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
