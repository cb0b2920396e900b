//! Which calls become one kernel, and what is written.

use super::*;

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
fn a_product_reads_the_windows_of_an_image_through_their_view() -> Result<()> {
    let device = Device::new_cpu();
    let (x, w) = (
        filled(&[1, 2, 9, 40], &device),
        filled(&[4, 2, 3, 3], &device),
    );
    let y = x.conv2d(&w, None, crate::Conv::new())?;
    let one = plan(&device);
    assert_eq!(one.kernels.len(), 1, "{}", one.explain());
    let Core::Matmul { b, .. } = &one.kernels[0].core else {
        panic!("{:?}", one.kernels[0])
    };
    assert_eq!(b.layout.dims(), [1, 1, 2, 3, 3, 7, 38]);
    device.flush()?;
    drop(y);
    // Integers are copied, and so is what somebody holds.
    let whole = |t: &Tensor| t.to_dtype(crate::DType::I32);
    let (x, w) = (whole(&x), whole(&w));
    device.flush()?;
    let y = x.conv2d(&w, None, crate::Conv::new())?;
    assert_eq!(plan(&device).kernels.len(), 2);
    device.flush()?;
    drop(y);
    let x = filled(&[4, 5, 20], &device);
    let columns = x.permute(&[1, 0, 2])?.reshape([20, 20])?;
    let y = filled(&[3, 20], &device).matmul(&columns)?;
    assert_eq!(plan(&device).kernels.len(), 2);
    drop(columns);
    assert_eq!(plan(&device).kernels.len(), 1);
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
