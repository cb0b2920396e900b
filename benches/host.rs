//! What the host spends on small work: recording an operation, and running a plan seen before.
//!
//!     cargo bench --bench host                        # the CPU executor, which computes meanwhile
//!     TILEWISE_DEVICE=gpu cargo bench --bench host    # the first GPU: handing over alone
//!
//! Times are medians of many rounds. "replayed" is the time of a flush, over the number of kernels it
//! dispatches: finding the plan by its key, taking buffers, encoding and submitting; the device is idle
//! before and not waited for.

use std::error::Error;
use std::time::{Duration, Instant};

use tilewise::{Device, Tensor};

const ROUNDS: usize = 400;
const OPERATIONS: usize = 480;
/// Products of matrices of this size and up: no two are one kernel, and none takes long.
const SIZE: usize = 4;
const PRODUCTS: usize = 48;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let name = std::env::var("TILEWISE_DEVICE").unwrap_or_else(|_| "cpu".into());
    let device = Device::named(&name)?;
    println!("{}", device.info());

    let x = Tensor::from_slice(&[1f32; 16], [16], &device)?;
    let recorded = median(|| {
        let start = Instant::now();
        let mut y = x.clone();
        for _ in 0..OPERATIONS {
            y = y.sin();
        }
        let took = start.elapsed();
        device.synchronize()?;
        drop(y);
        Ok(took)
    })?;
    println!(
        "recorded  {:7.0} ns an operation",
        nanoseconds(recorded, OPERATIONS)
    );

    let operands =
        (SIZE..SIZE + PRODUCTS).map(|n| Tensor::from_slice(&vec![1f32; n * n], [n, n], &device));
    let operands = operands.collect::<tilewise::Result<Vec<_>>>()?;
    device.synchronize()?;
    let before = device.counters();
    let replayed = median(|| {
        let products = operands.iter().map(|x| x.matmul(x));
        let products = products.collect::<tilewise::Result<Vec<_>>>()?;
        let start = Instant::now();
        device.flush()?;
        let took = start.elapsed();
        device.synchronize()?;
        drop(products);
        Ok(took)
    })?;
    let after = device.counters();
    // One plan, replayed in every round but the first.
    let kernels = (after.dispatches - before.dispatches) as usize;
    if after.plans - before.plans > 1 || kernels != PRODUCTS * (ROUNDS + 1) {
        return Err(format!("not what was to be measured: {before:?}, {after:?}").into());
    }
    println!(
        "replayed  {:7.0} ns a dispatch",
        nanoseconds(replayed, PRODUCTS)
    );
    Ok(())
}

/// The median of the rounds, after one that counts for nothing.
fn median(mut round: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    round()?;
    let mut times = (0..ROUNDS).map(|_| round()).collect::<Result<Vec<_>>>()?;
    times.sort();
    Ok(times[ROUNDS / 2])
}

fn nanoseconds(time: Duration, pieces: usize) -> f64 {
    time.as_secs_f64() * 1e9 / pieces as f64
}
