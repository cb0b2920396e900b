//! The nearest neighbours of points: all pairwise distances by broadcasting, in order by argsort, the
//! nearest few by argpartition; and a plot in which each point is joined to its nearest two.
//!
//!     cargo run --release --example nearest_neighbours

use std::time::Instant;

use tilewise::plot::{Chart, Color, Legend, Picture};
use tilewise::prelude::*;

/// Drawn once from the unit square.
pub const POINTS: [[f32; 2]; 10] = [
    [0.3745, 0.9507],
    [0.7320, 0.5987],
    [0.1560, 0.1560],
    [0.0581, 0.8662],
    [0.6011, 0.7081],
    [0.0206, 0.9699],
    [0.8324, 0.2123],
    [0.1818, 0.1834],
    [0.3042, 0.5248],
    [0.4319, 0.2912],
];

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");

    let points = Tensor::new(POINTS, &dev)?;
    let squares = squared_distances(&points)?;
    let from_first = squares.slice(s![0])?.sqrt();
    println!("distances from the first point:\n{from_first}\n");
    // Each point is nearest to itself: the first column counts from 0 to 9.
    println!("all points, the nearest first:\n{}\n", squares.argsort(1)?);
    let neighbours = nearest(&points, 2)?;
    println!("the nearest two of each:\n{}\n", neighbours.t());

    let many = Generator::new(0).uniform([2000, 2], &dev)?;
    let start = Instant::now();
    let theirs = nearest(&many, 2)?;
    let mean = distances_to(&many, &theirs)?.mean(..)?.item::<f32>()?;
    println!(
        "2,000 points and their nearest two in {:.1?}: {mean:.4} apart in the mean",
        start.elapsed()
    );
    draw(&neighbours.to_vec()?)
}

/// The squared distance between each two points `(n, d)`, as a matrix `(n, n)`.
///
/// The differences are a cube `(n, n, d)`, of which nothing is stored: they are computed where the sum
/// over their last axis needs them.
pub fn squared_distances(points: &Tensor) -> Result<Tensor> {
    let differences = points.slice(s![.., NewAxis, ..])? - points.slice(s![NewAxis, .., ..])?;
    differences.square().sum(-1)
}

/// The places of the `k` points that are nearest to each, the nearest first, `(n, k)`.
pub fn nearest(points: &Tensor, k: usize) -> Result<Tensor> {
    let squares = squared_distances(points)?;
    // The nearest k + 1, the point itself among them, in the order of their numbers.
    let places = squares.argpartition(k as isize, 1)?;
    let places = places.slice(s![.., ..k as isize + 1])?;
    let order = squares.take_along_axis(&places, 1)?.argsort(1)?;
    places.take_along_axis(&order, 1)?.slice(s![.., 1..])
}

/// The distances from each point to others, given by their places `(n, k)`.
fn distances_to(points: &Tensor, places: &Tensor) -> Result<Tensor> {
    squared_distances(points)?
        .take_along_axis(places, 1)
        .map(|squares| squares.sqrt())
}

/// Draws the points, each joined to its two neighbours.
fn draw(neighbours: &[u32]) -> Result<()> {
    let [x, y] = [0, 1].map(|axis| POINTS.map(|point| point[axis]));
    // Both ends of each line: a point, and one of its neighbours.
    let ends = neighbours.iter().enumerate();
    let ends: Vec<usize> = ends.flat_map(|(i, &j)| [i / 2, j as usize]).collect();
    let of = |values: &[f32]| -> Vec<f32> { ends.iter().map(|&i| values[i]).collect() };
    let path = std::env::temp_dir().join("tilewise-nearest-neighbours.png");
    Chart::new()
        .segments("to a neighbour", of(&x), of(&y))
        .color(Color::VERMILLION)
        .scatter("point", x, y)
        .color(Color::BLUE)
        .radius(11.0)
        .texts(x, y, (0..POINTS.len()).map(|i| i.to_string()))
        .color(Color::WHITE)
        .title("Points and their nearest two")
        .x_label("x")
        .y_label("y")
        .equal(true)
        .legend(Legend::BottomRight)
        .size(700, 700)
        .save(&path)?;
    println!("picture: {}", path.display());
    Ok(())
}
