//! Profiles: the kernels that ran, with times that can be true, as a table and as a trace.

use std::time::{Duration, Instant};

use tilewise::prelude::*;
use tilewise::{Ceiling, Clock, DeviceOptions, ErrorKind, Profile};

use crate::support::{Gpu, json, own};

tests![
    kernels_are_those_of_the_plan,
    times_lie_within_the_wall,
    a_gpu_without_timestamps_waits_for_each_kernel,
    a_thousand_batches,
    traces_are_json,
    ceilings_are_measured_once,
    profiles_do_not_nest,
    a_failing_closure_leaves_the_device_usable,
    a_fault_of_the_device_is_told,
    nothing_is_taken_down_outside,
];

/// A product with an epilogue, a map and a reduction, from two operands.
fn work(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let hidden = x.matmul(w)?.relu();
    let rows = hidden.sum(1)?;
    Ok((&rows * 2.0 + 1.0).reshape([4, 8])? + hidden.max(1)?.reshape([4, 8])?)
}

fn operands(dev: &Device) -> Result<(Tensor, Tensor)> {
    let mut generator = Generator::new(3);
    let operands = (
        generator.normal([32, 48], dev)?,
        generator.normal([48, 16], dev)?,
    );
    dev.flush()?;
    Ok(operands)
}

/// The kernels that `explain` lists: kind, shape and operations. A bracket holds those that run as one.
fn explained(dev: &Device) -> Vec<[String; 3]> {
    let mut kernels: Vec<[String; 3]> = Vec::new();
    for line in dev
        .explain()
        .lines()
        .filter(|line| line.contains(" flop  "))
    {
        let (head, rest) = line.split_at(
            line.find("map")
                .or(line.find("reduce"))
                .or(line.find("matmul"))
                .expect("a kind"),
        );
        let words: Vec<&str> = rest
            .split("  ")
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .collect();
        let [kind, shape, operations] = [words[0], words[1], words[2]].map(String::from);
        match kernels.last_mut() {
            Some([_, whole, all]) if head.contains(['│', '└']) => {
                assert_eq!(shape, *whole);
                *all += &format!(" | {operations}");
            }
            _ if head.contains('┌') => kernels.push(["rows".into(), shape, operations]),
            _ => kernels.push([kind, shape, operations]),
        }
    }
    kernels.sort();
    kernels
}

fn kernels_are_those_of_the_plan(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let (x, w) = operands(dev)?;
    // What was recorded before is not counted.
    let before = &x + 1.0;
    let mut kernels = Vec::new();
    let profile = dev.profile(|| {
        for _ in 0..3 {
            let result = work(&x, &w)?;
            kernels = explained(dev);
            dev.flush()?;
            result.to_vec::<f32>()?;
        }
        Ok(())
    })?;
    drop(before);
    let mut found: Vec<[String; 3]> = profile
        .kernels()
        .iter()
        .map(|k| [k.kind.into(), k.shape.to_string(), k.operations.clone()])
        .collect();
    found.sort();
    assert_eq!(found, kernels);
    assert!(kernels.len() >= 3, "{kernels:?}");
    for kernel in profile.kernels() {
        assert_eq!(kernel.count, 3, "{}", kernel.operations);
        assert!(kernel.lines.iter().all(|at| at.file() == file!()));
    }
    let product = profile.kernels().iter().find(|k| k.kind == "matmul");
    let product = product.expect("a product");
    assert_eq!(product.flops, 2 * 32 * 48 * 16 + 32 * 16);
    assert_eq!(product.bytes, 4 * (32 * 48 + 48 * 16 + 32 * 16));
    Ok(())
}

fn times_lie_within_the_wall(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let (x, w) = operands(dev)?;
    let start = Instant::now();
    let profile = dev.profile(|| {
        for _ in 0..20 {
            work(&x, &w)?.to_vec::<f32>()?;
        }
        Ok(())
    })?;
    let elapsed = start.elapsed();
    assert!(profile.wall() <= elapsed);
    assert!(
        profile.busy() <= profile.wall(),
        "{:?} of {:?}",
        profile.busy(),
        profile.wall()
    );
    assert!(profile.busy() > Duration::ZERO);
    assert_eq!(profile.busy() + profile.idle(), profile.wall());
    let host = profile.host();
    let parts = [
        host.planning,
        host.preparing,
        host.submitting,
        host.kernels,
        host.waiting,
        host.program,
    ];
    assert_eq!(parts.iter().sum::<Duration>(), profile.wall());
    assert!(host.planning > Duration::ZERO);
    let clock = match device.info().id.as_str() {
        "cpu" => Clock::Host,
        _ => Clock::Device,
    };
    assert_eq!(profile.clock(), clock);
    Ok(())
}

fn a_gpu_without_timestamps_waits_for_each_kernel(gpu: Gpu<'_>) -> Result<()> {
    let dev = &gpu.open(DeviceOptions::new().webgpu_limits())?;
    let (x, w) = operands(dev)?;
    let profile = dev.profile(|| work(&x, &w))?;
    assert_eq!(profile.clock(), Clock::Submission);
    assert!(profile.to_string().contains("no timestamps"));
    assert!(profile.busy() > Duration::ZERO && profile.busy() <= profile.wall());
    assert!(profile.kernels().iter().all(|k| k.count == 1));
    check_trace(&profile);
    Ok(())
}

/// More than are kept waiting for their times.
fn a_thousand_batches(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let mut x = Tensor::zeros([10], dev)?.contiguous();
    let profile = dev.profile(|| {
        for _ in 0..1000 {
            x = &x + 1.0;
            dev.flush()?;
        }
        Ok(())
    })?;
    assert_eq!(x.to_vec::<f32>()?, [1000.0; 10]);
    let [kernel] = profile.kernels() else {
        panic!("{profile}");
    };
    assert_eq!(kernel.count, 1000);
    Ok(())
}

/// The events of a trace are what the profile says, in order, and none overlaps the one before.
fn check_trace(profile: &Profile) {
    let trace = json::parse(&profile.chrome_trace());
    let events = trace.get("traceEvents").list();
    let mut end = 0.0;
    let mut count = 0;
    for event in events {
        if event.get("ph").text() != "X" {
            continue;
        }
        let (start, length) = (event.get("ts").number(), event.get("dur").number());
        assert!(start >= 0.0 && length >= 0.0);
        assert!((start + length) * 1e-6 <= profile.wall().as_secs_f64() + 1e-3);
        if event.get("tid").number() != 2.0 {
            continue;
        }
        assert!(start >= end - 1e-3, "{start} is before {end}");
        end = start + length;
        count += 1;
        let args = event.get("args");
        let kernel = profile.kernels().iter().find(|k| {
            event.get("name").text() == format!("{}: {}", k.kind, k.operations)
                && args.get("shape").text() == k.shape.to_string()
        });
        let kernel = kernel.expect("a kernel of the profile");
        assert_eq!(args.get("bytes").number(), kernel.bytes as f64);
        assert_eq!(args.get("flops").number(), kernel.flops as f64);
        assert_eq!(args.get("lines").list().len(), kernel.lines.len());
    }
    assert_eq!(
        count,
        profile.kernels().iter().map(|k| k.count).sum::<usize>()
    );
}

fn traces_are_json(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let (x, w) = operands(dev)?;
    let profile = dev.profile(|| {
        for _ in 0..5 {
            work(&x, &w)?.to_vec::<f32>()?;
        }
        Ok(())
    })?;
    check_trace(&profile);
    // With its share of a ceiling, too: a byte in a second is far below what it does.
    let profile = profile.with_ceiling(Ceiling::new(1.0, 1e18));
    check_trace(&profile);
    assert!(profile.chrome_trace().contains("\"bound\":\"memory\""));
    assert!(profile.to_string().contains("of ceiling"));
    // A profile of nothing is one too.
    check_trace(&dev.profile(|| Ok(()))?);
    Ok(())
}

fn ceilings_are_measured_once(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let ceiling = dev.ceiling()?;
    assert!(
        ceiling.bytes_per_second > 1e8 && ceiling.bytes_per_second < 1e14,
        "{ceiling}"
    );
    assert!(
        ceiling.flops_per_second > 1e8 && ceiling.flops_per_second < 1e16,
        "{ceiling}"
    );
    let counters = dev.counters();
    assert_eq!(dev.ceiling()?, ceiling);
    assert_eq!(dev.counters(), counters);
    Ok(())
}

fn profiles_do_not_nest(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let error = dev.profile(|| dev.profile(|| Ok(()))).expect_err("nested");
    assert!(error.to_string().contains("do not nest"), "{error}");
    assert_eq!(error.location().file(), file!());
    let error = dev.profile(|| dev.ceiling()).expect_err("nested");
    assert_eq!(error.location().file(), file!());
    let none = dev.profile(|| Ok(()))?;
    let some = dev.profile(|| Ok(Tensor::ones([4], dev)?.contiguous()))?;
    assert_eq!(none.clock(), some.clock(), "it is the device's");
    // Other threads and devices are free to, and so is this one afterwards.
    let x = Tensor::ones([4], dev)?.contiguous();
    let other = Device::new_cpu();
    let profile = dev.profile(|| {
        let inner = other.profile(|| Ok(Tensor::ones([3], &other)?.contiguous().exp()))?;
        assert_eq!(inner.kernels().len(), 1);
        std::thread::scope(|s| {
            s.spawn(|| dev.profile(|| Ok(x.exp())))
                .join()
                .expect("runs")
        })?;
        Ok(x.ln())
    })?;
    let names: Vec<&str> = profile
        .kernels()
        .iter()
        .map(|k| k.operations.as_str())
        .collect();
    assert_eq!(names, ["ln"]);
    Ok(())
}

fn a_failing_closure_leaves_the_device_usable(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let x = Tensor::ones([2, 3], dev)?.contiguous();
    let error = dev
        .profile(|| (&x + 1.0).matmul(&x))
        .expect_err("not aligned");
    assert!(
        matches!(error.kind(), ErrorKind::NotAligned { .. }),
        "{error}"
    );
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        dev.profile(|| -> Result<()> { panic!("in the closure") })
    }));
    assert!(panicked.is_err());
    let profile = dev.profile(|| x.sum(..)?.item::<f32>())?;
    assert_eq!(profile.kernels().len(), 1);
    assert_eq!(x.sum(..)?.item::<f32>()?, 6.0);
    Ok(())
}

fn a_fault_of_the_device_is_told(device: &Device) -> Result<()> {
    let dev = &own(device)?;
    let x = Tensor::arange(0.0, 10.0, 1.0, dev)?;
    let index = Tensor::new([1u32, 2], dev)?.try_mul(7)?;
    let error = dev
        .profile(|| x.index_select(0, &index))
        .expect_err("out of range");
    let told = matches!(error.kind(), ErrorKind::Index { index: 14, .. });
    assert!(told, "{error}");
    assert_eq!(x.sum(..)?.item::<f32>()?, 45.0);
    // Told to the read that met it, a fault is not told again.
    let profile = dev.profile(|| {
        let picked = x.index_select(0, &index)?;
        assert!(picked.to_vec::<f32>().is_err());
        x.sum(..)?.item::<f32>()
    })?;
    assert!(profile.kernels().len() >= 2);
    Ok(())
}

/// A profiled step leaves nothing behind that later ones would pay for.
fn nothing_is_taken_down_outside(gpu: Gpu<'_>) -> Result<()> {
    let dev = &gpu.open(DeviceOptions::new())?;
    let (x, w) = operands(dev)?;
    work(&x, &w)?.to_vec::<f32>()?;
    let plain = dev.counters();
    let first = work(&x, &w)?.to_vec::<f32>()?;
    let step = dev.counters();
    let profile = dev.profile(|| work(&x, &w)?.to_vec::<f32>())?;
    let kernels: usize = profile.kernels().iter().map(|k| k.count).sum();
    let profiled = dev.counters();
    assert_eq!(work(&x, &w)?.to_vec::<f32>()?, first);
    let after = dev.counters();
    assert_eq!(profiled.pipelines, plain.pipelines);
    assert_eq!(profiled.plans, plain.plans);
    assert_eq!(profiled.bind_groups, plain.bind_groups);
    let ran = |from: tilewise::Counters, to: tilewise::Counters| {
        (
            to.dispatches - from.dispatches,
            to.submissions - from.submissions,
        )
    };
    assert_eq!(ran(plain, step), ran(profiled, after));
    assert_eq!(ran(plain, step).0, kernels as u64);
    Ok(())
}
