//! What a GPU does besides computing: nothing twice, nothing out of order, and errors for faults.

use tilewise::prelude::*;
use tilewise::{Counters, DeviceOptions, ErrorKind};

use crate::support::{Gpu, own};

tests![
    equal_steps_make_nothing_new,
    training_at_another_batch_size_compiles_nothing,
    inference_from_one_to_many_and_back_compiles_nothing,
    ten_thousand_steps_take_no_more_memory,
    uploads_wait_for_what_is_recorded,
    out_of_memory_is_an_error,
    an_index_out_of_range_is_an_error,
    gathers_from_the_device_are_checked,
    threads_share_a_device,
];

/// A small classifier, trained by hand.
struct Model {
    weights: [Tensor; 4],
}

impl Model {
    fn new(dev: &Device) -> Result<Self> {
        let mut generator = Generator::new(1);
        let mut normal = |shape: &[usize]| generator.normal(shape, dev)?.try_mul(0.3);
        let weights = [
            normal(&[12, 20])?,
            normal(&[20])?,
            normal(&[20, 5])?,
            normal(&[5])?,
        ];
        Ok(Self {
            weights: weights.map(|w| w.variable()),
        })
    }

    fn logits(&self, x: &Tensor) -> Result<Tensor> {
        let [w1, b1, w2, b2] = &self.weights;
        Ok((x.matmul(w1)? + b1).relu().matmul(w2)? + b2)
    }

    fn step(&mut self, x: &Tensor, labels: &Tensor) -> Result<f32> {
        let rows = self.logits(x)?.log_softmax(-1)?;
        let loss = rows.gather(1, &labels.unsqueeze(1)?)?.mean(..)?.negative();
        let gradients = loss.backward()?;
        for weight in &mut self.weights {
            if let Some(g) = gradients.get(weight) {
                *weight = (weight.detach() - g * 0.1).variable();
            }
        }
        loss.device().flush()?;
        loss.item()
    }
}

fn batch(dev: &Device, size: usize) -> Result<(Tensor, Tensor)> {
    let mut generator = Generator::new(size as u64);
    let x = generator.normal([size, 12], dev)?;
    let labels = generator.integers(0, 5, [size], dev)?;
    dev.flush()?;
    Ok((x, labels))
}

/// What was made anew between two counts.
fn made(before: Counters, after: Counters) -> [u64; 4] {
    [
        after.plans - before.plans,
        after.pipelines - before.pipelines,
        after.bind_groups - before.bind_groups,
        after.buffers - before.buffers,
    ]
}

fn equal_steps_make_nothing_new(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.open(DeviceOptions::new())?;
    let (mut model, (x, labels)) = (Model::new(&dev)?, batch(&dev, 32)?);
    let first = model.step(&x, &labels)?;
    for _ in 0..5 {
        model.step(&x, &labels)?;
    }
    let before = dev.counters();
    let mut last = first;
    for _ in 0..20 {
        last = model.step(&x, &labels)?;
    }
    assert_eq!(
        made(before, dev.counters()),
        [0; 4],
        "plans, pipelines, bind groups, buffers"
    );
    assert!(last < first, "{last} is not below {first}");
    Ok(())
}

fn training_at_another_batch_size_compiles_nothing(gpu: Gpu<'_>) -> Result<()> {
    for sizes in [[32, 64, 17, 200], [200, 2, 33, 128], [2, 3, 100, 64]] {
        let dev = gpu.open(DeviceOptions::new())?;
        let mut model = Model::new(&dev)?;
        let (x, labels) = batch(&dev, sizes[0])?;
        model.step(&x, &labels)?;
        for size in &sizes[1..] {
            let (x, labels) = batch(&dev, *size)?;
            let before = dev.counters();
            model.step(&x, &labels)?;
            let [plans, pipelines, ..] = made(before, dev.counters());
            assert!(
                plans > 0 && pipelines == 0,
                "{size} of {sizes:?}: {pipelines} pipelines"
            );
        }
    }
    Ok(())
}

fn inference_from_one_to_many_and_back_compiles_nothing(gpu: Gpu<'_>) -> Result<()> {
    let forward = |model: &Model, x: &Tensor| -> Result<Vec<f32>> {
        let y = model.logits(x)?;
        let centred = &y - y.mean_keepdims(1)?;
        let both = Tensor::concat(&[&centred, &y], 1)?;
        both.softmax(-1)?.to_vec()
    };
    for sizes in [[1, 64, 7, 300], [64, 1, 300, 2], [2, 1, 65, 4]] {
        let dev = gpu.open(DeviceOptions::new())?;
        let model = Model::new(&dev)?;
        forward(&model, &batch(&dev, sizes[0])?.0)?;
        for size in &sizes[1..] {
            let x = batch(&dev, *size)?.0;
            let before = dev.counters();
            forward(&model, &x)?;
            let pipelines = made(before, dev.counters())[1];
            assert_eq!(pipelines, 0, "pipelines for {size} of {sizes:?}");
        }
    }
    Ok(())
}

fn ten_thousand_steps_take_no_more_memory(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.open(DeviceOptions::new())?;
    let mut x = Tensor::zeros([100], &dev)?.contiguous();
    let mut after_some = None;
    for step in 0..10_000 {
        let fresh = Tensor::from_slice(&[step as f32; 100], [100], &dev)?;
        x = (&x * 0.5 + &fresh).minimum(1e6)?;
        dev.flush()?;
        if step % 1000 == 0 {
            x.slice(s![0..1])?.item::<f32>()?;
        }
        if step == 1500 {
            after_some = Some((dev.memory(), dev.counters()));
        }
    }
    let (memory, counters) = after_some.expect("more steps than that");
    assert_eq!(dev.memory().reserved, memory.reserved);
    assert_eq!(dev.memory().peak, memory.peak);
    assert_eq!(made(counters, dev.counters()), [0; 4]);
    Ok(())
}

fn uploads_wait_for_what_is_recorded(device: &Device) -> Result<()> {
    let mut results = Vec::new();
    for i in 0..50 {
        let x = Tensor::from_slice(&[i as f32; 64], [64], device)?;
        // Recorded, not run; then its operand is dropped, and the next upload has its size.
        results.push(&x + 0.5);
        drop(x);
        if i % 7 == 0 {
            device.flush()?;
        }
    }
    for (i, y) in results.iter().enumerate() {
        assert_eq!(y.to_vec::<f32>()?, [i as f32 + 0.5; 64]);
    }
    // A read under way keeps the values of its moment.
    let x = Tensor::from_slice(&[1f32; 64], [64], device)?;
    let early = x.read::<f32>()?;
    drop(x);
    let other = Tensor::from_slice(&[2f32; 64], [64], device)?;
    assert_eq!(other.to_vec::<f32>()?, [2.0; 64]);
    assert_eq!(early.wait()?, [1.0; 64]);
    Ok(())
}

fn out_of_memory_is_an_error(gpu: Gpu<'_>) -> Result<()> {
    let dev = gpu.open(DeviceOptions::new().memory_budget(16 << 20))?;
    let mut held = Vec::new();
    let error = loop {
        // A MiB each.
        match Tensor::from_slice(&vec![held.len() as f32; 1 << 18], [1 << 18], &dev) {
            Ok(x) => held.push(x),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(error.kind(), ErrorKind::OutOfMemory { .. }),
        "{error}"
    );
    assert_eq!(held.len(), 16);
    // The result of a recorded call has no room either: its read says so.
    let sum = &held[0] + &held[1];
    let error = sum.to_vec::<f32>().expect_err("no room");
    assert!(
        matches!(error.kind(), ErrorKind::OutOfMemory { .. }),
        "{error}"
    );
    let after = sum.exp().to_vec::<f32>().expect_err("made of what failed");
    assert!(
        matches!(after.kind(), ErrorKind::OutOfMemory { .. }),
        "{after}"
    );
    // What is held is whole, and room that is given back is used again, in another size too.
    let last = held.pop().expect("16 tensors");

    drop((last, held.pop()));
    let wide = Tensor::from_slice(&vec![1f32; 1 << 19], [1 << 19], &dev)?;
    assert_eq!(wide.to_vec::<f32>()?, vec![1f32; 1 << 19]);
    assert_eq!(held[3].to_vec::<f32>()?, vec![3f32; 1 << 18]);
    Ok(())
}

fn an_index_out_of_range_is_an_error(device: &Device) -> Result<()> {
    let device = &own(device)?;
    let x = Tensor::new([[1f32, 2.], [3., 4.], [5., 6.]], device)?;
    for (index, wrong) in [([0, 3], 3), ([-4, 1], -4), ([2, 1000], 1000)] {
        let rows = Tensor::new(index, device)?;
        let picked = x.index_select(0, &rows)?;
        let error = picked.to_vec::<f32>().expect_err("out of range");
        let told = matches!(
            error.kind(),
            ErrorKind::Index { index, axis: 0, size: 3, .. } if *index == wrong
        );
        assert!(told, "{error}");
        // Told once; the device works on.
        let fine = x.index_select(0, &Tensor::new([-1, 0], device)?)?;
        assert_eq!(fine.to_vec::<f32>()?, [5.0, 6.0, 1.0, 2.0]);
    }
    Ok(())
}

/// Indices that were computed are checked where they are used, and reported with the next read,
/// whatever it is of.
fn gathers_from_the_device_are_checked(device: &Device) -> Result<()> {
    let device = &own(device)?;
    let x = Tensor::arange(0.0, 10.0, 1.0, device)?;
    let index = Tensor::new([1u32, 2], device)?.try_mul(7)?;
    let picked = x.index_select(0, &index)?.sum(..)?;
    device.flush().or_else(|e| match e.kind() {
        ErrorKind::Index { .. } => Ok(()),
        _ => Err(e),
    })?;
    let error = picked.item::<f32>().expect_err("out of range");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Index {
                index: 14,
                size: 10,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(x.sum(..)?.item::<f32>()?, 45.0);
    Ok(())
}

fn threads_share_a_device(device: &Device) -> Result<()> {
    let shared = Tensor::arange(0.0, 1000.0, 1.0, device)?;
    let pending = &shared * 2.0;
    let work = |n: usize| -> Result<f32> {
        let mut x = &pending + n as f64;
        for _ in 0..20 {
            x = (&x * 0.5).try_add(&shared)?;
            x.device().flush()?;
        }
        x.slice(s![10..11])?.item()
    };
    let results: Vec<Result<f32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || work(n))).collect();
        threads
            .into_iter()
            .map(|t| t.join().expect("no panic"))
            .collect()
    });
    for result in results {
        // The fixed point of x/2 + 10.
        assert!((result? - 20.0).abs() < 1e-3);
    }
    Ok(())
}
