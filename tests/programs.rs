//! Random programs on each device, against the same ones call by call on the CPU.

use tilewise::{Device, DeviceKind, DeviceOptions, Result};

use crate::support::programs::{Options, Pair, check, hold, names};

tests![
    as_on_the_cpu,
    call_by_call,
    within_the_limits_of_webgpu,
    on_many_threads,
    every_call_is_drawn,
];

/// How many programs, and of how many calls: a GPU compiles a shader for each new kernel.
fn count(device: &Device, cpu: u64) -> (u64, usize) {
    match device.info().kind {
        DeviceKind::Cpu => (cpu, 24),
        _ => (cpu / 10, 6),
    }
}

fn as_on_the_cpu(device: &Device) {
    let (n, calls) = count(device, 120);
    hold(10_000..10_000 + n, calls, device, &Device::new_cpu());
}

fn call_by_call(device: &Device) {
    let (n, calls) = count(device, 80);
    hold(20_000..20_000 + n, calls, device, device);
}

fn within_the_limits_of_webgpu(device: &Device) -> Result<()> {
    let options = DeviceOptions::new().webgpu_limits();
    let small = Device::open(&device.info().id, options)?;
    let (n, calls) = count(device, 80);
    hold(30_000..30_000 + n, calls, &small, &Device::new_cpu());
    Ok(())
}

fn on_many_threads(device: &Device) {
    std::thread::scope(|scope| {
        for i in 0..4 {
            let (n, calls) = count(device, 20);
            let first = 40_000 + 1000 * i;
            scope.spawn(move || hold(first..first + n, calls, device, &Device::new_cpu()));
        }
    });
}

/// A call that never fits any operand would test nothing.
fn every_call_is_drawn() {
    let plain = Device::new_cpu();
    let pair = Pair {
        whole: &plain,
        single: &plain,
        plain: &plain,
    };
    let options = Options {
        halves: true,
        inexact: true,
        calls: 24,
        only: None,
    };
    let mut missing: Vec<&str> = names().collect();
    for seed in 50_000..53_000 {
        let calls = check(seed, options, &pair).unwrap_or_else(|why| panic!("{why}"));
        missing.retain(|name| !calls.contains(&(*name, false)));
        if missing.is_empty() {
            return;
        }
    }
    panic!("{missing:?} are never drawn, or always as errors");
}
