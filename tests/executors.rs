//! The executors against each other, in every way a GPU can be driven.

use tilewise::prelude::*;
use tilewise::{DeviceOptions, ErrorKind, MatmulKernel};

use crate::support::{Gpu, broad};

tests![
    agrees_kernel_by_kernel,
    agrees_with_uniform_parameters,
    agrees_within_webgpu_limits,
    same_bits_on_every_run,
    same_bits_however_parameters_travel,
    matmul_subgroup_at_the_edges,
    matmul_registers_at_the_edges,
    matmul_workgroup_at_the_edges,
    matmul_vector_at_the_edges,
    maps_and_reductions_at_the_edges,
    batches_and_ranks,
    more_groups_than_a_dimension,
    too_large,
    in_place_across_types,
];

fn options() -> DeviceOptions {
    DeviceOptions::new().sentinels()
}

fn agrees_kernel_by_kernel(gpu: Gpu<'_>) -> Result<()> {
    broad::run(&gpu.checked(options())?)?;
    Ok(())
}

fn agrees_with_uniform_parameters(gpu: Gpu<'_>) -> Result<()> {
    broad::run(&gpu.checked(options().uniform_params())?)?;
    Ok(())
}

fn agrees_within_webgpu_limits(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.checked(options().webgpu_limits())?;
    assert!(!dev.supports_f16());
    broad::run(&dev)?;
    // More operands than a kernel may bind.
    let parts: Vec<Tensor> = (0..20)
        .map(|i| Tensor::from_slice(&[i as f32; 100], [100], &dev))
        .collect::<Result<_>>()?;
    let sum = parts
        .iter()
        .skip(1)
        .try_fold(parts[0].clone(), |sum, x| sum.try_add(x))?;
    let scaled: Vec<Tensor> = parts.iter().map(|x| &sum * x).collect();
    assert_eq!(sum.to_vec::<f32>()?, [190.0; 100]);
    assert_eq!(scaled[19].to_vec::<f32>()?, [190.0 * 19.0; 100]);
    Ok(())
}

fn bits(device: &Device) -> Result<Vec<(&'static str, Vec<u64>)>> {
    let bits = |v: Vec<f64>| v.into_iter().map(f64::to_bits).collect();
    Ok(broad::run(device)?
        .into_iter()
        .map(|(name, v)| (name, bits(v)))
        .collect())
}

fn same_bits_on_every_run(gpu: Gpu<'_>) -> Result<()> {
    let first = bits(&gpu.open(DeviceOptions::new())?)?;
    let second = bits(&gpu.open(DeviceOptions::new())?)?;
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a, b);
    }
    Ok(())
}

fn same_bits_however_parameters_travel(gpu: Gpu<'_>) -> Result<()> {
    let first = bits(&gpu.open(DeviceOptions::new())?)?;
    let second = bits(&gpu.open(DeviceOptions::new().uniform_params())?)?;
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a, b);
    }
    Ok(())
}

fn matmul_subgroup_at_the_edges(gpu: Gpu<'_>) -> Result<()> {
    products(&gpu, MatmulKernel::Subgroup, &[8, 16, 32])
}

fn matmul_registers_at_the_edges(gpu: Gpu<'_>) -> Result<()> {
    products(&gpu, MatmulKernel::Registers, &[4, 8])
}

fn matmul_workgroup_at_the_edges(gpu: Gpu<'_>) -> Result<()> {
    products(&gpu, MatmulKernel::Workgroup, &[32, 64])
}

fn matmul_vector_at_the_edges(gpu: Gpu<'_>) -> Result<()> {
    products(&gpu, MatmulKernel::Vector, &[8])
}

/// Every M and N of 1, 3, tile − 1, tile and tile + 1, every K of those and of the depth of a block,
/// in four layouts, from offsets, between sentinels and against the CPU.
fn products(gpu: &Gpu<'_>, kernel: MatmulKernel, tiles: &[usize]) -> Result<()> {
    let dev = gpu.checked(options().matmul(kernel))?;
    let mut sides = vec![1, 3];
    tiles.iter().for_each(|t| sides.extend([t - 1, *t, t + 1]));
    let inner = [1, 3, 15, 16, 17];
    let most = sides.iter().chain(&inner).max().copied().unwrap_or(1) + 1;
    let mut generator = Generator::new(3);
    let store = generator.normal([most, most], &dev)?;
    let other = generator.normal([most, most], &dev)?;
    // A matrix of that shape from the middle of a store, as it lies or transposed.
    let take = |from: &Tensor, rows: usize, columns: usize, turned: bool| -> Result<Tensor> {
        let (r, c) = if turned {
            (columns, rows)
        } else {
            (rows, columns)
        };
        let part = from.slice(s![1..r + 1, 1..c + 1])?;
        Ok(if turned { part.t() } else { part })
    };
    let mut results = Vec::new();
    for &m in &sides {
        for &n in &sides {
            for &k in &inner {
                // One of the four layouts for most sizes, all of them for a few.
                let all = m + n + k < 12 || (m == n && k == 17);
                let layouts = (0..4).filter(|l| all || *l == (m + n + k) % 4);
                for layout in layouts {
                    let a = take(&store, m, k, layout & 1 == 1)?;
                    let b = take(&other, k, n, layout & 2 == 2)?;
                    results.push(a.matmul(&b)?);
                }
            }
            // One plan for all sizes of k.
            dev.flush()?;
            results.clear();
        }
    }
    dev.synchronize()
}

fn maps_and_reductions_at_the_edges(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.checked(options())?;
    let mut generator = Generator::new(5);
    for size in [
        1, 2, 3, 63, 64, 65, 127, 128, 129, 255, 256, 257, 4095, 4097, 8193,
    ] {
        let x = generator.normal([size], &dev)?;
        let mask = x.gt(0.0)?;
        let sum = x.sum(..)?;
        let square = x.square();
        square.to_vec::<f32>()?;
        mask.to_vec::<bool>()?;
        sum.item::<f32>()?;
        // The same numbers along rows and along columns, and every other one of them.
        for shape in [[size, 3], [3, size]] {
            let y = generator.normal(shape, &dev)?;
            for axis in [0, 1] {
                y.sum(axis)?.to_vec::<f32>()?;
                y.t().max(axis)?.to_vec::<f32>()?;
                y.argmin(axis)?.to_vec::<u32>()?;
                y.slice(s![..;2, 1..])?.sum(axis)?.to_vec::<f32>()?;
            }
            Tensor::concat(&[&y, &y], 0)?.to_vec::<f32>()?;
            Tensor::concat(&[&y, &y], 1)?.to_vec::<f32>()?;
        }
    }
    Ok(())
}

fn batches_and_ranks(gpu: Gpu<'_>) -> Result<()> {
    for kernel in [
        MatmulKernel::Subgroup,
        MatmulKernel::Registers,
        MatmulKernel::Workgroup,
        MatmulKernel::Vector,
    ] {
        let dev = gpu.checked(options().matmul(kernel))?;
        let mut generator = Generator::new(11);
        let mut normal = |shape: &[usize]| generator.normal(shape, &dev);
        for (a, b) in [
            (&[5, 3, 4][..], &[5, 4, 6][..]),
            (&[5, 3, 4], &[4, 6]),
            (&[3, 4], &[5, 4, 6]),
            (&[2, 1, 3, 4], &[5, 4, 2]),
            (&[1, 7, 33, 9], &[2, 1, 9, 33]),
            (&[1, 2, 1, 2, 1, 2, 3, 4], &[2, 1, 2, 1, 2, 1, 4, 3]),
        ] {
            let (a, b) = (normal(a)?, normal(b)?);
            a.matmul(&b)?.to_vec::<f32>()?;
            a.flip(0)?.matmul(&b.flip(-1)?)?.to_vec::<f32>()?;
        }
        normal(&[4])?
            .matmul(&normal(&[6, 4, 5])?)?
            .to_vec::<f32>()?;
        normal(&[6, 5, 4])?
            .matmul(&normal(&[4])?)?
            .to_vec::<f32>()?;
    }
    Ok(())
}

fn more_groups_than_a_dimension(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.open(DeviceOptions::new().webgpu_limits())?;
    // Workgroups have 256 invocations at most, so that this takes two rows of them or more.
    let n = 65_535 * 256 + 1000;
    let x = Tensor::arange(0, n as i64, 1, &dev)?;
    let y = (&x + 1).to_vec::<i32>()?;
    assert!(y.iter().enumerate().all(|(i, &v)| v == i as i32 + 1));
    // A workgroup a result or nearly so.
    let rows = Tensor::ones([70_000, 200], &dev)?.contiguous();
    let sums = rows.sum(1)?.to_vec::<f32>()?;
    assert!(sums.iter().all(|&v| v == 200.0));
    let products = Tensor::ones([70_000, 2, 3], &dev)?.contiguous();
    let dev = gpu.open(
        DeviceOptions::new()
            .webgpu_limits()
            .matmul(MatmulKernel::Workgroup),
    )?;
    let products = products.to_device(&dev)?;
    let squares = products
        .matmul(&products.permute(&[0, 2, 1])?)?
        .to_vec::<f32>()?;
    assert!(squares.len() == 280_000 && squares.iter().all(|&v| v == 3.0));
    Ok(())
}

#[track_caller]
fn is_too_large<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.expect_err("too large");
    assert!(
        matches!(error.kind(), ErrorKind::TooLarge { .. }),
        "{error}"
    );
}

/// What no binding can hold is refused when it is asked for, on every device.
fn too_large(device: &Device) -> Result<()> {
    let limit = device.max_tensor_bytes() as usize / 4;
    let side = (limit as f64).sqrt() as usize + 1;
    let column = Tensor::zeros([side, 1], device)?.contiguous();
    let row = Tensor::zeros([1, side], device)?.contiguous();
    is_too_large(column.try_add(&row));
    is_too_large(column.eq(&row));
    is_too_large(column.matmul(&row));
    is_too_large(column.gt(0.0)?.select(&row, 1.0));
    is_too_large(Tensor::uniform([limit + 1], device));
    is_too_large(Tensor::eye(side, side, device));
    is_too_large(Tensor::arange(0.0, (limit + 1) as f64, 1.0, device));
    is_too_large(Tensor::linspace(0.0, 1.0, limit + 1, device));
    let index = column.squeeze(1)?.to_dtype(DType::U32);
    is_too_large(index.one_hot(side));
    is_too_large(row.index_select(0, &index));
    let half = Tensor::zeros([limit / 2 + 1], device)?;
    is_too_large(Tensor::concat(&[&half, &half], 0));
    is_too_large(Tensor::stack(&[&half, &half], 0));
    // Where a method cannot fail, the read of its result does.
    is_too_large(column.broadcast_to([side, side])?.exp().to_vec::<f32>());
    is_too_large(
        Tensor::zeros([limit + 1], device)?
            .contiguous()
            .read::<f32>()
            .map(|_| ()),
    );
    // More places than 32 bits count, though no memory holds them.
    let repeated = column.slice(s![0..1])?.broadcast_to([1 << 20, 1 << 20])?;
    is_too_large(repeated.sum(..));
    is_too_large(repeated.argmax(1));
    let wide = Tensor::zeros([1 << 40, 1], device)?;
    assert!(wide.try_add(wide.t()).is_err());
    // The device is none the worse for it.
    assert_eq!((column.slice(s![0..2])? + 1.0).to_vec::<f32>()?, [1.0, 1.0]);
    Ok(())
}

fn in_place_across_types(device: &Device) -> Result<()> {
    let values = [1.5f32, -2.0, 0.0, 7.25];
    for _ in 0..2 {
        let x = Tensor::from_slice(&values, [4], device)?.try_mul(2.0)?;
        device.flush()?;
        // The operand dies in the kernel that gives a result of another type.
        let whole = x.to_dtype(DType::I32);
        drop(x);
        assert_eq!(whole.to_vec::<i32>()?, [3, -4, 0, 14]);
        let flags = whole.gt(0)?;
        drop(whole);
        assert_eq!(flags.to_vec::<bool>()?, [true, false, false, true]);
        let back = flags.to_dtype(DType::F32);
        drop(flags);
        assert_eq!(back.to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0]);
    }
    Ok(())
}
