//! Ten million reciprocals, and the distances of ten million points to one: in loops, as tensors, and in
//! NumPy where there is a Python that has it. Then the bytes of a `Vec` and of tensors.
//!
//!     cargo run --release --example distances
//!
//! The Python is `python3`, or what the variable `PYTHON` names.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use tilewise::prelude::*;

const N: usize = 10_000_000;
const RUNS: usize = 7;
/// The point that distances are taken to.
const TO: (f32, f32) = (1.0, 1.0);

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");
    small(&dev)?;
    large(&dev)?;
    bytes(&dev)
}

/// Ten points (x, x + 1).
fn small(dev: &Device) -> Result<()> {
    let x = Tensor::arange(0.0, 10.0, 1.0, dev)?;
    let lengths = distances(&x, &(&x + 1.0), TO);
    println!("distances of (0, 1), (1, 2), … (9, 10) to (1, 1):\n{lengths}\n");
    Ok(())
}

/// The distances of points, given by their coordinates, to one point.
pub fn distances(x: &Tensor, y: &Tensor, (to_x, to_y): (f32, f32)) -> Tensor {
    ((x - to_x).square() + (y - to_y).square()).sqrt()
}

/// Times of three ways to the same, in milliseconds, the shortest of some runs.
fn large(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(0);
    let x = generator.uniform_in(1.0, 100.0, [N], dev)?;
    let y = generator.uniform_in(1.0, 100.0, [N], dev)?;
    let (xs, ys): (Vec<f32>, Vec<f32>) = (x.to_vec()?, y.to_vec()?);

    let in_loops = [
        shortest(|| {
            let reciprocals: Vec<f32> = xs.iter().map(|x| 1.0 / x).collect();
            black_box(reciprocals);
            Ok(())
        })?,
        shortest(|| {
            let distance = |(x, y): (&f32, &f32)| {
                let (dx, dy) = (x - TO.0, y - TO.1);
                (dx * dx + dy * dy).sqrt()
            };
            let distances: Vec<f32> = xs.iter().zip(&ys).map(distance).collect();
            black_box(distances);
            Ok(())
        })?,
    ];
    // A result that nobody holds is not computed: each is kept until the device is done.
    let as_tensors = [
        shortest(|| {
            let _held = 1.0 / &x;
            dev.synchronize()
        })?,
        shortest(|| {
            let _held = distances(&x, &y, TO);
            dev.synchronize()
        })?,
    ];
    let in_numpy = numpy();

    println!(
        "of 10 million, ms:{:>17}{:>12}{:>12}",
        "loop", "tilewise", "NumPy"
    );
    for (i, what) in ["reciprocals", "distances to a point"]
        .into_iter()
        .enumerate()
    {
        print!("  {what:22}{:>11.1}{:>12.1}", in_loops[i], as_tensors[i]);
        match in_numpy {
            Some(times) => println!(
                "{:>12.1}  (tilewise: {:.1} times as fast)",
                times[i],
                times[i] / as_tensors[i]
            ),
            None => println!("{:>12}", "–"),
        }
    }
    if in_numpy.is_none() {
        println!("no Python with NumPy here to compare with; the variable PYTHON names one");
    }
    Ok(())
}

/// The shortest of some runs, in milliseconds.
fn shortest(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

/// The same in NumPy, in its own words and in `float32` too; nothing where it cannot be run.
fn numpy() -> Option<[f64; 2]> {
    let program = format!(
        "
import numpy as np
from time import perf_counter
random = np.random.default_rng(0)
x, y = random.uniform(1, 100, (2, {N})).astype(np.float32)
def shortest(run):
    times = []
    for _ in range({RUNS}):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return min(times) * 1e3
print(shortest(lambda: 1 / x))
print(shortest(lambda: np.sqrt((x - {x}) ** 2 + (y - {y}) ** 2)))
",
        x = TO.0,
        y = TO.1
    );
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).args(["-c", &program]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let times: Vec<f64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    times.try_into().ok()
}

/// What a million numbers take.
fn bytes(dev: &Device) -> Result<()> {
    let numbers: Vec<f32> = vec![0.5; 1_000_000];
    let tensor = Tensor::from_slice(&numbers, [numbers.len()], dev)?;
    let every_second = tensor.slice(s![..;2])?;
    println!("\nbytes of a million numbers, and of the value that holds them:");
    println!(
        "  Vec<f32>  {} + {}",
        size_of_val(&numbers[..]),
        size_of_val(&numbers)
    );
    println!("  tensor    {} + {}", tensor.nbytes(), size_of_val(&tensor));
    println!(
        "  a slice of every second one: no copy, 0 + {}",
        size_of_val(&every_second)
    );
    Ok(())
}
