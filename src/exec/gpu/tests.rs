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
        Ok(ones(&[70], dev)?.exp())
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
