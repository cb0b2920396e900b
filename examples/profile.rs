//! Profiles the training of a network on the handwritten digits: prints the kernels of some steps with
//! their times, and writes a trace that Perfetto (<https://ui.perfetto.dev>) opens.
//!
//!     cargo run --release --example profile
//!
//! `TILEWISE_DEVICE` chooses the device.

use std::error::Error;
use std::path::Path;

use tilewise::prelude::*;

const PIXELS: usize = 64;
const BATCH: usize = 32;
const STEPS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let dev = Device::default();
    dev.seed(0);
    let mut model = nn::mlp([PIXELS, 128, 10], nn::Relu, &dev)?;
    let mut adam = optim::Adam::new(0.01);
    let mut generator = Generator::new(0);
    // Of the digits' shape: what a step takes does not depend on what the images show.
    let images = generator.uniform([BATCH, PIXELS], &dev)?;
    let labels = generator.integers(0, 10, [BATCH], &dev)?;

    let mut step = || {
        let loss = model.forward(&images)?.cross_entropy(&labels)?;
        let grads = loss.backward()?;
        adam.step(&mut model, &grads)
    };
    // The first steps make plans and compile shaders, some drivers not before a shader runs.
    (0..3).try_for_each(|_| step())?;
    let profile = dev.profile(|| (0..STEPS).try_for_each(|_| step()))?;
    let profile = profile.with_ceiling(dev.ceiling()?);
    print!("{profile}");

    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/profile.json");
    std::fs::create_dir_all(trace.parent().ok_or("the path has no folder")?)?;
    std::fs::write(&trace, profile.chrome_trace())?;
    println!("trace: {}", trace.display());
    Ok(())
}
