//! A grid of points by `meshgrid`, and a function over it: sin(x² + y²) / (x² + y²), as contours and as
//! a surface, each drawn by tensor operations and written as a picture.
//!
//!     cargo run --release --example meshgrid

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use tilewise::Indexing;
use tilewise::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let dev = Device::default();
    println!("device: {dev}\n");

    let (x, y) = (
        Tensor::arange(0, 4, 1, &dev)?,
        Tensor::arange(0, 3, 1, &dev)?,
    );
    let grid = Tensor::meshgrid(&[&x, &y], Indexing::Xy, false)?;
    println!("x =\n{}\n\ny =\n{}\n", grid[0], grid[1]);
    let points = Tensor::column_stack(&[&grid[0].ravel(), &grid[1].ravel()])?;
    println!("the grid's points, (x, y) a row:\n{}\n", points.t());

    let line = Tensor::arange(-8.0, 8.0, 0.01, &dev)?;
    println!("arange(-8, 8, 0.01) has {} entries", line.size());
    let grid = Tensor::meshgrid(&[&line, &line], Indexing::Xy, true)?;
    let z = ripple(&grid[0], &grid[1])?;
    println!(
        "sin(r²)/r²: from {:.6} to {:.6}, {} entries that are no number",
        z.min(..)?.item::<f32>()?,
        z.max(..)?.item::<f32>()?,
        z.is_nan().to_dtype(DType::U32).sum(..)?.item::<u32>()?,
    );
    save(&contours(&z.slice(s![..;2, ..;2])?)?, "contours.png")?;
    save(&surface(&dev)?, "surface.png")
}

/// sin(r²)/r², which is 1 where r is 0.
fn ripple(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let r2 = x.square().try_add(y.square())?;
    let origin = r2.eq(0.0)?;
    let safe = origin.select(1.0, &r2)?;
    origin.select(1.0, r2.sin().try_div(&safe)?)
}

/// Colours for heights from −0.25 to 1: blue, white, red; (…) to (…, 3).
fn colours(z: &Tensor) -> Result<Tensor> {
    let high = z.clamp(0.0, 1.0)?.sqrt();
    let low = (z * -4.0).clamp(0.0, 1.0)?.sqrt();
    let white = 1.0 - high.maximum(&low)?;
    Tensor::stack(&[&(&white + &high), &white, &(&white + &low)], -1)
}

/// An image of heights in steps, with a dark line where a step ends.
fn contours(z: &Tensor) -> Result<Tensor> {
    let steps = (z * 10.0).floor().minimum(9.0)?;
    // A line where the next step to the right or below is another.
    let next = |axis| steps.roll(-1, axis)?.ne(&steps);
    let edge = next(0)?.logical_or(next(1)?)?.unsqueeze(-1)?;
    // y points up.
    colours(&((steps + 0.5) / 10.0))?
        .masked_fill(&edge, 0.15)?
        .flip(0)
}

/// An image of the surface seen from in front and above: row by row of the grid from the back to the
/// front, each as a curtain that hides what is behind it.
fn surface(dev: &Device) -> Result<Tensor> {
    const WIDTH: usize = 900;
    const HEIGHT: usize = 700;
    const ROWS: usize = 90;
    let places = Tensor::arange(0, HEIGHT as i32, 1, dev)?.unsqueeze(1)?;
    let mut image = Tensor::ones([HEIGHT, WIDTH, 3], dev)?;
    let row = Tensor::linspace(-1.0, 1.0, WIDTH, dev)?;
    for i in 0..ROWS {
        let depth = 1.0 - 2.0 * i as f64 / (ROWS - 1) as f64;
        // What is behind is smaller.
        let reach = 1.3 + 0.25 * depth;
        let x = &row * (4.0 * reach);
        let z = ripple(&x, &Tensor::full((), 4.0 * depth, DType::F32, dev)?)?;
        let inside = x.abs().le(4.0)?;
        let base = 460.0 - 170.0 * depth;
        let top = (base - &z * (330.0 / reach)).round().to_dtype(DType::I32);
        let below = places.ge(&top)?.logical_and(&inside)?.unsqueeze(-1)?;
        let line = places
            .lt(&top + 2)?
            .logical_and(places.ge(&top)?)?
            .logical_and(&inside)?;
        let shade = colours(&z)?.unsqueeze(0)?;
        image.set_where(&below, &shade)?;
        image.set_where(&line.unsqueeze(-1)?, shade * 0.55)?;
    }
    Ok(image)
}

/// Writes an image (height, width, 3) with values from 0 to 1, and says where.
fn save(image: &Tensor, name: &str) -> Result<(), Box<dyn Error>> {
    let path: PathBuf = std::env::temp_dir().join(format!("tilewise-{name}"));
    let bytes: Vec<u8> = (image * 255.0)
        .round()
        .to_vec::<f32>()?
        .iter()
        .map(|&v| v as u8)
        .collect();
    let (height, width) = (image.shape()[0] as u32, image.shape()[1] as u32);
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(&path)?), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&bytes)?;
    println!("{}", path.display());
    Ok(())
}
