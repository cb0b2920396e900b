//! Devices and tensors are shared between threads; reads need not block.

use std::sync::Barrier;
use std::thread;

use tilewise::s;
use tilewise::{Device, Error, ErrorKind, Generator, ReadHandle, Result, Tensor};

use crate::support::compare::assert_same;

tests![
    send_and_sync,
    threads_share_a_device,
    pending_in_another_thread,
    pending_after_its_thread,
    one_tensor_read_by_many,
    dropped_elsewhere,
    synchronize_runs_all_threads,
    failures_stay_with_their_values,
    read_handles,
    async_forms,
    memory_does_not_grow,
    views_outlive_their_base,
];

fn send_and_sync() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Tensor>();
    check::<Device>();
    check::<Error>();
    check::<Generator>();
    fn sent<T: Send>(_: T) {}
    let x = Tensor::ones([2], &Device::cpu()).expect("a small shape");
    sent(x.to_vec_async::<f32>());
    sent(x.item_async::<f32>());
    sent(x.read::<f32>().map(ReadHandle::recv));
}

/// The thread's result, or its panic here.
fn joined<T>(handle: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    handle
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What the `i`-th of several threads computes: a few hundred calls with reads between.
fn work(device: &Device, i: usize) -> Result<Vec<f32>> {
    let values: Vec<f32> = (0..257 + i).map(|v| (v % 13) as f32 - 6.0).collect();
    let x = Tensor::from_slice(&values, [values.len()], device)?;
    let mut y = x.clone();
    for step in 0..50 {
        y = (&y + &x * 0.5).clamp(-50.0, 50.0)?;
        if step % 7 == i % 7 {
            y = &y - y.max(..)?;
            y.sum(..)?.item::<f32>()?;
        }
    }
    y.to_vec()
}

fn threads_share_a_device(device: &Device) -> Result<()> {
    let own: Vec<Vec<f32>> = (0..8).map(|i| work(device, i)).collect::<Result<_>>()?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| scope.spawn(move || work(device, i)))
            .collect();
        for (i, thread) in threads.into_iter().enumerate() {
            assert_same(&format!("thread {i}"), &joined(thread)?, &own[i]);
        }
        Ok(())
    })
}

/// A value that waits in one thread's queue is used by another: its owner is flushed first.
fn pending_in_another_thread(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 100, 1, device)?;
    let y = &x * 3;
    let want: Vec<i32> = (0..100).map(|v| v * 3 + 1).collect();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (&y + 1).to_vec::<i32>()))
            .collect();
        for thread in threads {
            assert_eq!(joined(thread)?, want);
        }
        // Back and forth, nothing read between.
        let there = joined(scope.spawn(|| Ok(&y + &x)))?;
        let here = &there - &y;
        let again = joined(scope.spawn(move || Ok(&here + &there)))?;
        assert_eq!(
            again.to_vec::<i32>()?,
            (0..100).map(|v| v * 5).collect::<Vec<_>>()
        );
        Ok(())
    })
}

fn pending_after_its_thread(device: &Device) -> Result<()> {
    let x =
        thread::scope(|scope| joined(scope.spawn(|| Ok(Tensor::arange(0, 5, 1, device)? * 2))))?;
    assert_eq!((x + 1).to_vec::<i32>()?, [1, 3, 5, 7, 9]);
    Ok(())
}

fn one_tensor_read_by_many(device: &Device) -> Result<()> {
    for _ in 0..20 {
        let x = Tensor::arange(0, 1000, 1, device)?;
        let y = x.flip(0)? + &x;
        let barrier = Barrier::new(6);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        y.to_vec::<i32>()
                    })
                })
                .collect();
            for thread in threads {
                assert_eq!(joined(thread)?, [999; 1000]);
            }
            Ok::<(), Error>(())
        })?;
    }
    Ok(())
}

/// Handles are dropped while another thread records and runs.
fn dropped_elsewhere(device: &Device) -> Result<()> {
    let (send, receive) = std::sync::mpsc::channel::<Tensor>();
    thread::scope(|scope| {
        scope.spawn(move || receive.into_iter().for_each(drop));
        let x = Tensor::arange(0, 64, 1, device)?;
        let mut y = x.clone();
        for i in 0..500 {
            let next = &y + &x;
            let _ = send.send(std::mem::replace(&mut y, next));
            if i % 50 == 0 {
                device.flush()?;
            }
        }
        drop(send);
        assert_eq!(
            y.to_vec::<i32>()?,
            (0..64).map(|v| v * 501).collect::<Vec<_>>()
        );
        Ok(())
    })
}

fn synchronize_runs_all_threads() -> Result<()> {
    let device = Device::new_cpu();
    thread::scope(|scope| {
        let kept = joined(scope.spawn(|| Ok(Tensor::ones([3], &device)?.contiguous())))?;
        assert_eq!(device.counters().dispatches, 0);
        device.flush()?;
        assert_eq!(device.counters().dispatches, 0, "flush is of this thread");
        device.synchronize()?;
        assert_eq!(device.counters().dispatches, 1);
        drop(kept);
        Ok(())
    })
}

/// What cannot be computed fails what is made of it, in any thread, and nothing else.
fn failures_stay_with_their_values(device: &Device) -> Result<()> {
    let side = 1usize << 18;
    let x = Tensor::arange(0, side as i32, 1, device)?;
    let huge = x.unsqueeze(1)?.broadcast_to([side, side])?.square();
    let made = &x + 1;
    let fails = |t: Tensor| -> Result<()> {
        match t.slice(s![0, -1])?.item::<i32>() {
            Err(error) if matches!(error.kind(), ErrorKind::TooLarge { op: "square", .. }) => {
                Ok(())
            }
            other => panic!("{other:?}"),
        }
    };
    thread::scope(|scope| joined(scope.spawn(|| fails((-&huge).narrow(0, 0, 2)?))))?;
    fails(huge.narrow(0, 3, 4)?)?;
    assert_eq!(made.narrow(0, 9, 1)?.item::<i32>()?, 10);
    Ok(())
}

fn read_handles(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 5, 1, device)?;
    let mut y = &x + 1;
    let first = y.read::<i32>()?;
    // The handle has the values of its moment, whatever follows.
    y += &x;
    let mut second = y.read::<i32>()?;
    drop((x, y));
    let values = loop {
        if let Some(values) = second.try_take()? {
            break values;
        }
        thread::yield_now();
    };
    assert_eq!(values, [1, 3, 5, 7, 9]);
    assert_eq!(first.wait()?, [1, 2, 3, 4, 5]);
    assert_eq!(
        Tensor::zeros([0, 2], device)?.read::<f32>()?.wait()?,
        [0f32; 0]
    );
    assert_eq!(
        Tensor::full([3], true, tilewise::DType::Bool, device)?
            .read::<bool>()?
            .wait()?,
        [true; 3]
    );
    // Many at once, asked for in another order.
    let handles: Vec<_> = (0..20)
        .map(|i| (Tensor::arange(0, 300, 1, device)? * i).read::<i32>())
        .collect::<Result<_>>()?;
    for (i, handle) in handles.into_iter().enumerate().rev() {
        assert_eq!(handle.wait()?[299], 299 * i as i32);
    }
    Ok(())
}

fn async_forms(device: &Device) -> Result<()> {
    pollster::block_on(async {
        let x = Tensor::arange(0, 4, 1, device)?;
        assert_eq!((&x * &x).to_vec_async::<i32>().await?, [0, 1, 4, 9]);
        assert_eq!(x.sum(0)?.item_async::<i32>().await?, 6);
        let handle = (&x + 1).read::<i64>()?;
        assert_eq!(handle.recv().await?, [1, 2, 3, 4]);
        // Asked for in order, awaited in another.
        let (a, b) = (
            (&x + 2).to_vec_async::<i32>(),
            (&x + 3).to_vec_async::<i32>(),
        );
        assert_eq!((b.await?[0], a.await?[0]), (3, 2));
        Ok(())
    })
}

/// The same step over and over needs the same memory, and views and handles give it back.
fn memory_does_not_grow() -> Result<()> {
    let device = Device::new_cpu();
    let w = Tensor::ones([32, 32], &device)?.contiguous();
    let step = || -> Result<()> {
        let y = (w.matmul(&w)? * 0.5).relu();
        let views = [y.t(), y.narrow(0, 1, 3)?, y.flip(1)?];
        views[2].sum(..)?.item::<f32>()?;
        Ok(())
    };
    step()?;
    step()?;
    let before = device.memory();
    for _ in 0..1000 {
        step()?;
    }
    assert_eq!(device.memory(), before);
    device.trim();
    let memory = device.memory();
    assert!(memory.reserved <= before.reserved && memory.reserved >= memory.in_use);
    drop(w);
    assert_eq!(device.memory().in_use, 0);
    Ok(())
}

fn views_outlive_their_base(device: &Device) -> Result<()> {
    let view = Tensor::arange(0, 12, 1, device)?
        .reshape([3, 4])?
        .t()
        .narrow(0, 1, 2)?;
    let noise: Vec<Tensor> = (0..10)
        .map(|i| Tensor::arange(i, i + 12, 1, device))
        .collect::<Result<_>>()?;
    device.flush()?;
    drop(noise);
    let more = Tensor::arange(100, 112, 1, device)? * 2;
    device.flush()?;
    assert_eq!(view.to_vec::<i32>()?, [1, 5, 9, 2, 6, 10]);
    drop(more);
    Ok(())
}
