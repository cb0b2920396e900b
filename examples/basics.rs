//! What a first course on neural networks computes with NumPy: the sigmoid and its slope, an image as a
//! vector, rows of unit length, softmax, losses, and products beside the loops that they replace, timed.
//!
//!     cargo run --release --example basics

use std::hint::black_box;
use std::time::{Duration, Instant};

use tilewise::PrintOptions;
use tilewise::plot::{Chart, Picture};
use tilewise::prelude::*;

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");

    let x = Tensor::new([1f32, 2., 3.], &dev)?;
    let (y, slope) = sigmoid_and_slope(&x)?;
    println!("exp(x)      = {}", x.exp());
    println!("sigmoid(x)  = {y}");
    println!("its slope   = {slope}, by hand {}", &y * (1.0 - &y));

    // Any image is a vector: here 3 × 3 pixels of two channels.
    let image = Tensor::arange(0.0, 18.0, 1.0, &dev)?.reshape([3, 3, 2])? / 18.0;
    let vector = image.reshape([-1, 1])?;
    let (from, to) = (image.shape(), vector.shape());
    println!("\nan image {from:?} as a vector {to:?}");

    let x = Tensor::new([[0f32, 3., 4.], [1., 6., 4.]], &dev)?;
    println!("rows of unit length:\n{}", unit_rows(&x)?);
    let scores = Tensor::new([[9f32, 2., 5., 0., 0.], [7., 5., 0., 0., 0.]], &dev)?;
    let plain = PrintOptions::new().precision(6).suppress(true);
    println!("softmax of rows:\n{}", scores.softmax(-1)?.display(&plain));

    let predicted = Tensor::new([0.9f32, 0.2, 0.1, 0.4, 0.9], &dev)?;
    let wanted = Tensor::new([1f32, 0., 0., 1., 1.], &dev)?;
    let (l1, l2) = losses(&predicted, &wanted)?;
    println!("\nL1 = {l1:.2}, L2 = {l2:.2}");

    products(&dev)?;
    timed(&dev)?;
    draw(&dev)
}

/// The sigmoid of each element, and the slope there, by autograd.
pub fn sigmoid_and_slope(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let x = x.variable();
    let y = x.sigmoid();
    // Each element of the sum depends on one of x: its gradient is the slope.
    let gradients = y.sum(..)?.backward()?;
    let slope = gradients.get(&x).cloned();
    Ok((y.detach(), slope.unwrap_or_else(|| x.zeros_like())))
}

/// Each row divided by its length.
pub fn unit_rows(x: &Tensor) -> Result<Tensor> {
    x.try_div(x.square().sum_keepdims(1)?.sqrt())
}

/// The sums of the absolute and of the squared differences.
pub fn losses(predicted: &Tensor, wanted: &Tensor) -> Result<(Tensor, Tensor)> {
    let off = predicted.try_sub(wanted)?;
    Ok((off.abs().sum(..)?, off.square().sum(..)?))
}

/// The dot, outer, elementwise and general product of the course's vectors.
fn products(dev: &Device) -> Result<()> {
    let x1 = Tensor::new([9, 2, 5, 0, 0, 7, 5, 0, 0, 0, 9, 2, 5, 0], dev)?;
    let x2 = Tensor::new([9, 2, 2, 9, 0, 9, 2, 5, 0, 0, 9, 2, 5, 0], dev)?;
    let outer = x1.outer(&x2)?;
    let (shape, sum) = (outer.shape(), outer.sum(..)?);
    println!("\ndot {}, outer {shape:?} of sum {sum}", x1.dot(&x2)?);
    println!("elementwise {}", &x1 * &x2);
    let a = Tensor::arange(1, 10, 1, dev)?.reshape([3, 3])?;
    let b = Tensor::new([3, 3, 3], dev)?;
    println!("A * b =\n{}\nA · b = {}", &a * &b, a.dot(&b)?);
    Ok(())
}

/// The same products of long vectors, beside the loops that they replace.
fn timed(dev: &Device) -> Result<()> {
    const N: usize = 2000;
    let wave = |step: f32| -> Vec<f32> { (0..N).map(|i| (i as f32 * step).sin()).collect() };
    let (x1, x2) = (wave(0.37), wave(0.11));
    let weights: Vec<f32> = (0..N * N).map(|i| (i % 17) as f32 / 17.0).collect();
    let (a, b) = (
        Tensor::from_slice(&x1, [N], dev)?,
        Tensor::from_slice(&x2, [N], dev)?,
    );
    let w = Tensor::from_slice(&weights, [N, N], dev)?;
    println!("\nof {N} elements:       loops    tensors");

    let dot = || -> f32 {
        let mut sum = 0.0;
        for i in 0..N {
            sum += x1[i] * x2[i];
        }
        sum
    };
    compare(dev, "dot", dot, || a.dot(&b))?;
    let outer = || {
        let mut outer = vec![0.0; N * N];
        for i in 0..N {
            for j in 0..N {
                outer[i * N + j] = x1[i] * x2[j];
            }
        }
        outer
    };
    compare(dev, "outer", outer, || a.outer(&b))?;
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
    compare(dev, "matrix · vector", general, || w.dot(&a))
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

/// Draws the sigmoid and its slope.
fn draw(dev: &Device) -> Result<()> {
    let x = Tensor::linspace(-8.0, 8.0, 161, dev)?;
    let (y, slope) = sigmoid_and_slope(&x)?;
    let path = std::env::temp_dir().join("tilewise-sigmoid.png");
    Chart::new()
        .line("sigmoid", &x, &y)
        .line("its slope", &x, &slope)
        .title("The sigmoid and its slope")
        .x_label("x")
        .x_range(-8.0, 8.0)
        .size(800, 500)
        .save(&path)?;
    println!("picture: {}", path.display());
    Ok(())
}
