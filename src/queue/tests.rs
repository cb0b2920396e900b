use std::panic::Location;
use std::sync::Arc;

use super::{Engine, Queues};
use crate::dtype::DType;
use crate::exec::cpu::Cpu;
use crate::op::Op;
use crate::shape::Shape;
use crate::{Device, Result, Tensor};

#[test]
fn a_device_dropped_with_calls_pending_is_gone() -> Result<()> {
    let device = Device::new_cpu();
    let executor = Arc::downgrade(device.executor());
    let x = Tensor::from_slice(&[1f32, 2.], [2], &device)?;
    let y = x.exp();
    drop((x, y, device));
    assert_eq!(executor.strong_count(), 0, "what waits keeps its queue");
    Ok(())
}

#[test]
fn a_device_dropped_after_a_run_is_gone() -> Result<()> {
    let device = Device::new_cpu();
    let executor = Arc::downgrade(device.executor());
    let x = Tensor::from_slice(&[1f32, 2.], [2], &device)?;
    x.exp().sin().to_vec::<f32>()?;
    drop((x, device));
    assert_eq!(
        executor.strong_count(),
        0,
        "what is used again keeps its queue"
    );
    Ok(())
}

#[test]
fn the_queue_of_a_thread_that_has_ended_goes() {
    let engine = Arc::new(Engine::new(Arc::new(Cpu::default())));
    let queues = Arc::new(Queues::default());
    let run = {
        let (engine, queues) = (engine.clone(), queues.clone());
        move || {
            let queue = queues.local(&engine);
            let (shape, at) = (Shape::of(&[3]), Location::caller());
            let numbers = || queue.record(Op::Index, &[], &shape, DType::U32, at);
            drop(numbers());
            let kept = numbers();
            assert!(queue.flush().is_ok());
            drop(kept);
        }
    };
    assert!(std::thread::spawn(run).join().is_ok());
    // A thread's first use of a device looks for queues that are left over.
    let _own = queues.local(&engine);
    assert_eq!(queues.all().len(), 1);
}

#[test]
fn a_storage_that_nobody_holds_serves_again() -> Result<()> {
    let device = Device::new_cpu();
    let x = Tensor::from_slice(&[1f32, 2.], [2], &device)?;
    // Of other shapes and dtypes from batch to batch, some of them failing.
    for _ in 0..3 {
        let y = (&x + 1.0).sqrt();
        assert_eq!(y.square().to_vec::<f32>()?.len(), 2);
        let wide = y.unsqueeze(0)?.gt(&y.unsqueeze(1)?)?;
        assert_eq!(wide.to_vec::<bool>()?, [false, true, false, false]);
        let index = Tensor::from_slice(&[7i32], [1], &device)?;
        assert!(x.gather(0, &index)?.sin().to_vec::<f32>().is_err());
        assert_eq!(x.sum(..)?.item::<f32>()?, 3.0);
    }
    assert_eq!(device.memory().in_use, 4 * 64);
    let spare = || device.queue().lock().spare.len();
    // Nobody holds what the last of these is computed from.
    let mut y = x.clone();
    for _ in 0..3 {
        y = y.sqrt();
    }
    y.to_vec::<f32>()?;
    let before = spare();
    assert!(before >= 2, "{before} are kept");
    let y = &x + 1.0;
    assert_eq!(spare(), before - 1, "a new one is made");
    drop(y);
    Ok(())
}
