use std::sync::Arc;

use super::{Gpu, adapters};
use crate::{Device, DeviceOptions, ErrorKind, Result, Tensor};

/// A device of its own over the first adapter, and its executor; nothing without an adapter.
fn open(options: DeviceOptions) -> Option<(Arc<Gpu>, Device)> {
    let Some(adapter) = pollster::block_on(adapters()).into_iter().next() else {
        eprintln!("*** SKIPPED: no GPU adapter ***");
        return None;
    };
    let gpu = Arc::new(pollster::block_on(Gpu::open(&adapter, options)).expect("a device"));
    let info = Device::list().swap_remove(0);
    Some((gpu.clone(), Device::over(gpu, info)))
}

#[track_caller]
fn is_lost<T>(result: Result<T>) {
    match result {
        Ok(_) => panic!("the device is lost"),
        Err(error) => {
            assert!(
                matches!(error.kind(), ErrorKind::DeviceLost { .. }),
                "{error}"
            );
        }
    }
}

#[test]
fn a_lost_device_fails_each_use() {
    let Some((gpu, dev)) = open(DeviceOptions::new()) else {
        return;
    };
    let x = Tensor::from_slice(&[1f32; 100], [100], &dev).expect("a tensor");
    let ready = x.exp();
    ready.to_vec::<f32>().expect("values");
    let under_way = ready.read::<f32>().expect("a read");
    let pending = &x + 1.0;
    gpu.device.destroy();
    // What was submitted may still have arrived.
    let _ = under_way.wait();
    is_lost(pending.to_vec::<f32>());
    is_lost(x.to_vec::<f32>());
    is_lost(Tensor::from_slice(&[1f32; 100], [100], &dev));
    is_lost((&x * 2.0).to_vec::<f32>());
    is_lost(dev.synchronize());
    is_lost(pollster::block_on(ready.to_vec_async::<f32>()));
    assert!(dev.memory().reserved > 0);
    dev.trim();
    drop((x, ready, pending));
}

#[test]
fn a_device_lost_under_way_is_an_error() {
    let Some((gpu, dev)) = open(DeviceOptions::new()) else {
        return;
    };
    let x = Tensor::from_slice(&[1f32; 100], [100], &dev).expect("a tensor");
    let lost = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(30));
            gpu.device.destroy();
        });
        (0..1_000_000).find_map(|_| (&x + 1.0).to_vec::<f32>().err())
    });
    let lost = lost.expect("an error");
    assert!(
        matches!(lost.kind(), ErrorKind::DeviceLost { .. }),
        "{lost}"
    );
}

/// Breaks a guard of a template and sees the sentinels tell.
#[track_caller]
fn strays(from: &'static str, to: &'static str, run: impl Fn(&Device) -> Result<Tensor>) {
    let options = DeviceOptions {
        sentinels: true,
        sabotage: Some((from, to)),
        ..DeviceOptions::new()
    };
    let Some((_, dev)) = open(options) else {
        return;
    };
    let error = run(&dev)
        .and_then(|t| t.to_vec::<f32>())
        .expect_err("a stray write");
    assert!(error.to_string().contains("wrote"), "{error}");
}

fn ones(shape: &[usize], dev: &Device) -> Result<Tensor> {
    Ok(Tensor::ones(shape, dev)?.contiguous())
}

#[test]
fn stray_writes_are_seen() {
    strays("min(first + run, inner)", "(first + run)", |dev| {
        Ok(ones(&[4482], dev)?.exp())
    });
    strays("o >= results ||", "o > results ||", |dev| {
        ones(&[72, 3], dev)?.sum(1)
    });
    for kernel in [
        crate::MatmulKernel::Registers,
        crate::MatmulKernel::Workgroup,
    ] {
        let options = DeviceOptions {
            sentinels: true,
            matmul: Some(kernel),
            sabotage: Some(("if row + 1u < m", "if row + 1u <= m")),
            ..DeviceOptions::new()
        };
        let Some((_, dev)) = open(options) else {
            return;
        };
        let product = || {
            ones(&[5, 3], &dev)?
                .matmul(&ones(&[3, 6], &dev)?)?
                .to_vec::<f32>()
        };
        let error = product().expect_err("a stray write");
        assert!(error.to_string().contains("wrote"), "{error}");
    }
}

#[test]
fn a_special_product_comes_behind() -> Result<()> {
    let Some((_, dev)) = open(DeviceOptions::new()) else {
        return Ok(());
    };
    let numbers = |shape: [usize; 2]| -> Result<Tensor> {
        let size = shape[0] * shape[1];
        let values: Vec<f32> = (0..size).map(|i| ((i * 37) % 101) as f32 * 0.013).collect();
        Tensor::from_slice(&values, shape, &dev)
    };
    // Sizes that only the general text serves.
    numbers([33, 21])?
        .matmul(&numbers([21, 43])?)?
        .to_vec::<f32>()?;
    let before = dev.counters();
    assert_eq!(before.background_pipelines, 0);
    let (a, b) = (numbers([64, 64])?, numbers([64, 64])?);
    let general = a.matmul(&b)?.to_vec::<f32>()?;
    let start = std::time::Instant::now();
    while dev.counters().background_pipelines == 0 {
        assert!(start.elapsed().as_secs() < 60, "no pipeline came");
        std::thread::yield_now();
    }
    let served = dev.counters();
    let special = a.matmul(&b)?.to_vec::<f32>()?;
    let after = dev.counters();
    assert_eq!(after.pipelines, before.pipelines, "a run waited");
    assert!(after.bind_groups > served.bind_groups, "it is not used");
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&general), bits(&special));
    Ok(())
}

#[test]
fn a_shader_that_cannot_be_compiled_behind_is_left_out() -> Result<()> {
    // Breaks the special text alone: the general one reads no vec4s.
    let options = DeviceOptions {
        sabotage: Some(("array<vec4<f32>>", "array<vec4<none>>")),
        // Not among the shaders that a run collects and validates.
        dump: Some(std::env::temp_dir().join("tilewise-broken-shader")),
        ..DeviceOptions::new()
    };
    let Some((gpu, dev)) = open(options) else {
        return Ok(());
    };
    // Uploaded: a map that fills them would read vec4s too.
    let ones =
        |shape: [usize; 2]| Tensor::from_slice(&vec![1f32; shape[0] * shape[1]], shape, &dev);
    ones([33, 21])?.matmul(&ones([21, 43])?)?.to_vec::<f32>()?;
    for _ in 0..2 {
        let product = ones([64, 64])?.matmul(&ones([64, 64])?)?;
        assert_eq!(product.to_vec::<f32>()?, [64.0; 64 * 64]);
        let start = std::time::Instant::now();
        while gpu.pipelines.news() == 0 {
            assert!(start.elapsed().as_secs() < 60, "nothing was tried");
            std::thread::yield_now();
        }
    }
    assert_eq!(dev.counters().background_pipelines, 0);
    Ok(())
}
