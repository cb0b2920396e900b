//! Random programs on each device, against the same ones call by call on the CPU.

use tilewise::{Device, DeviceKind, DeviceOptions, Result};

use crate::support::programs::check;

tests![
    as_on_the_cpu,
    call_by_call,
    within_the_limits_of_webgpu,
    on_many_threads,
];

/// How many programs: a GPU compiles a shader for each new kernel.
fn count(device: &Device, cpu: u64) -> u64 {
    match device.info().kind {
        DeviceKind::Cpu => cpu,
        _ => cpu / 10,
    }
}

fn as_on_the_cpu(device: &Device) -> Result<()> {
    check(
        10_000..10_000 + count(device, 400),
        device,
        &Device::new_cpu(),
    )
}

fn call_by_call(device: &Device) -> Result<()> {
    check(20_000..20_000 + count(device, 200), device, device)
}

fn within_the_limits_of_webgpu(device: &Device) -> Result<()> {
    let id = &device.info().id;
    let small = Device::open(id, DeviceOptions::new().webgpu_limits())?;
    check(
        30_000..30_000 + count(device, 200),
        &small,
        &Device::new_cpu(),
    )
}

fn on_many_threads(device: &Device) -> Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|i| {
                let first = 40_000 + 1000 * i;
                scope.spawn(move || {
                    let plain = Device::new_cpu();
                    check(first..first + count(device, 100), device, &plain)
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}
