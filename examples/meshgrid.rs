//! A grid of points by `meshgrid`, and a function over it: sin(x² + y²) / (x² + y²), drawn as contours and
//! as a surface.
//!
//!     cargo run --release --example meshgrid

use tilewise::Indexing;
use tilewise::plot::{HeatMap, Picture, Surface};
use tilewise::prelude::*;

/// What is drawn.
const TITLE: &str = "sin(x² + y²) / (x² + y²)";

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");

    let (four, three) = (
        Tensor::arange(0, 4, 1, &dev)?,
        Tensor::arange(0, 3, 1, &dev)?,
    );
    let (x, y) = grid(&four, &three)?;
    println!("x =\n{x}\n\ny =\n{y}\n");
    println!("the grid's points, (x, y) a row:\n{}\n", points(&x, &y)?);

    let line = Tensor::arange(-8.0, 8.0, 0.01, &dev)?;
    println!("arange(-8, 8, 0.01) has {} entries", line.size());
    let (x, y) = grid(&line, &line)?;
    let z = ripple(&x, &y)?;
    println!(
        "sin(r²)/r²: from {:.6} to {:.6}, {} entries that are no number",
        z.min(..)?.item::<f32>()?,
        z.max(..)?.item::<f32>()?,
        z.is_nan().count_nonzero(..)?.item::<i32>()?,
    );
    contours(&line.slice(s![..;2])?, &z.slice(s![..;2, ..;2])?)?;
    // From −3 to 3.
    let near = z.slice(s![500..1101;5, 500..1101;5])?;
    surface(&line.slice(s![500..1101;5])?, &near)
}

/// The x and the y of each point of a grid, both `(rows, columns)`.
pub fn grid(x: &Tensor, y: &Tensor) -> Result<(Tensor, Tensor)> {
    let grids = Tensor::meshgrid(&[x, y], Indexing::Xy, false)?;
    Ok((grids[0].clone(), grids[1].clone()))
}

/// The points of a grid, one a row.
pub fn points(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    Tensor::column_stack(&[&x.ravel(), &y.ravel()])
}

/// sin(r²)/r², which is 1 where r is 0.
pub fn ripple(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let r2 = x.square() + y.square();
    let origin = r2.eq(0.0)?;
    // Divided by 1 at the origin, so that no 0/0 is computed.
    let quotient = r2.sin() / origin.select(1.0, &r2)?;
    origin.select(1.0, quotient)
}

/// Draws heights as areas of one colour each, seen from above, beside the scale of the colours.
fn contours(line: &Tensor, z: &Tensor) -> Result<()> {
    let contours = HeatMap::filled_contours(z)
        .x(line)
        .y(line)
        .levels(14)
        .title(TITLE)
        .x_label("x")
        .y_label("y")
        .size(820, 720);
    save("contours", &contours)
}

/// Draws heights as a surface, seen from in front and above.
fn surface(line: &Tensor, z: &Tensor) -> Result<()> {
    let surface = Surface::new(z)
        .x(line)
        .y(line)
        .mesh(false)
        .title(TITLE)
        .x_label("x")
        .y_label("y")
        .size(900, 680);
    save("surface", &surface)
}

/// Saves a picture into the folder of temporary files and says where.
fn save(name: &str, picture: &impl Picture) -> Result<()> {
    let path = std::env::temp_dir().join(format!("tilewise-{name}.png"));
    picture.save(&path)?;
    println!("picture: {}", path.display());
    Ok(())
}
