//! What a first course on neural networks computes with NumPy: the sigmoid and its slope, an image as a
//! vector, rows of unit length, softmax, losses, and products beside the loops that they replace, timed.
//!
//!     cargo run --release --example basics

use std::hint::black_box;
use std::time::{Duration, Instant};

use tilewise::PrintOptions;
use tilewise::prelude::*;

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");
    functions(&dev)?;
    rows(&dev)?;
    losses(&dev)?;
    products(&dev)
}

/// The sigmoid, and its gradient by autograd and by hand.
fn functions(dev: &Device) -> Result<()> {
    let x = Tensor::new([1f32, 2., 3.], dev)?.variable();
    let y = x.sigmoid();
    println!("exp(x)      = {}", x.exp());
    println!("sigmoid(x)  = {y}");
    let by_hand = &y * (1.0 - &y);
    let gradients = y.sum(..)?.backward()?;
    if let Some(slope) = gradients.get(&x) {
        println!("its slope   = {slope}, by hand {by_hand}");
    }
    Ok(())
}

fn rows(dev: &Device) -> Result<()> {
    // Any image is a vector: here 3 × 3 pixels of two channels.
    let image = Tensor::arange(0.0, 18.0, 1.0, dev)?.reshape([3, 3, 2])? / 18.0;
    let vector = image.reshape([-1, 1])?;
    println!(
        "\nan image {:?} as a vector {:?}",
        image.shape(),
        vector.shape()
    );

    let x = Tensor::new([[0f32, 3., 4.], [1., 6., 4.]], dev)?;
    let length = x.square().sum_keepdims(1)?.sqrt();
    println!("rows of unit length:\n{}", x / length);

    let scores = Tensor::new([[9f32, 2., 5., 0., 0.], [7., 5., 0., 0., 0.]], dev)?;
    let plain = PrintOptions::new().precision(6).suppress(true);
    println!(
        "softmax of its rows:\n{}",
        scores.softmax(-1)?.display(&plain)
    );
    Ok(())
}

fn losses(dev: &Device) -> Result<()> {
    let predicted = Tensor::new([0.9f32, 0.2, 0.1, 0.4, 0.9], dev)?;
    let wanted = Tensor::new([1f32, 0., 0., 1., 1.], dev)?;
    let off = predicted - wanted;
    println!(
        "\nL1 = {:.2}, L2 = {:.2}",
        off.abs().sum(..)?,
        off.square().sum(..)?
    );
    Ok(())
}

/// The dot, outer, elementwise and general product of the course's vectors, then of long ones.
fn products(dev: &Device) -> Result<()> {
    let x1 = [9f32, 2., 5., 0., 0., 7., 5., 0., 0., 0., 9., 2., 5., 0.];
    let x2 = [9f32, 2., 2., 9., 0., 9., 2., 5., 0., 0., 9., 2., 5., 0.];
    let (a, b) = (Tensor::new(x1, dev)?, Tensor::new(x2, dev)?);
    let outer = a.unsqueeze(1)?.try_mul(&b)?;
    println!(
        "\ndot {}, outer {:?} of sum {}",
        a.matmul(&b)?,
        outer.shape(),
        outer.sum(..)?
    );
    println!("elementwise {}", &a * &b);

    const N: usize = 2000;
    let wave = |step: f32| -> Vec<f32> { (0..N).map(|i| (i as f32 * step).sin()).collect() };
    let (x1, x2) = (wave(0.37), wave(0.11));
    let weights: Vec<f32> = (0..N * N).map(|i| (i % 17) as f32 / 17.0).collect();
    let (a, b) = (
        Tensor::from_slice(&x1, [N], dev)?,
        Tensor::from_slice(&x2, [N], dev)?,
    );
    let w = Tensor::from_slice(&weights, [N, N], dev)?;
    println!("\nof {N} elements, in loops and as tensors:");

    let dot = || -> f32 {
        let mut sum = 0.0;
        for i in 0..N {
            sum += x1[i] * x2[i];
        }
        sum
    };
    compare(dev, "dot", dot, || a.matmul(&b))?;
    let outer = || {
        let mut outer = vec![0.0; N * N];
        for i in 0..N {
            for j in 0..N {
                outer[i * N + j] = x1[i] * x2[j];
            }
        }
        outer
    };
    compare(dev, "outer", outer, || a.unsqueeze(1)?.try_mul(&b))?;
    let product = || {
        let mut product = vec![0.0; N];
        for i in 0..N {
            product[i] = x1[i] * x2[i];
        }
        product
    };
    compare(dev, "elementwise", product, || a.try_mul(&b))?;
    let general = || {
        let mut sums = vec![0.0; N];
        for i in 0..N {
            for j in 0..N {
                sums[i] += weights[i * N + j] * x1[j];
            }
        }
        sums
    };
    compare(dev, "matrix · vector", general, || w.matmul(&a))
}

/// Prints the shortest time of a loop and of a tensor's operation.
fn compare<T>(
    dev: &Device,
    what: &str,
    in_loops: impl Fn() -> T,
    as_tensors: impl Fn() -> Result<Tensor>,
) -> Result<()> {
    let mut best = [Duration::MAX; 2];
    for _ in 0..10 {
        let start = Instant::now();
        black_box(in_loops());
        best[0] = best[0].min(start.elapsed());
        let start = Instant::now();
        // Kept until it is computed: what nobody holds is not.
        let result = as_tensors()?;
        dev.synchronize()?;
        best[1] = best[1].min(start.elapsed());
        drop(result);
    }
    println!("  {what:15} {:>9.1?}  {:>9.1?}", best[0], best[1]);
    Ok(())
}
