//! A grid of points by `meshgrid`, and a function over it: sin(x² + y²) / (x² + y²), drawn as contours and
//! as a surface.
//!
//!     cargo run --release --example meshgrid

mod plot;

use std::error::Error;

use plotters::prelude::*;
use tilewise::Indexing;
use tilewise::prelude::*;

/// The heights at which one contour ends and the next begins are this far apart.
const STEP: f32 = 0.1;

fn main() -> Result<(), Box<dyn Error>> {
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
fn contours(line: &Tensor, z: &Tensor) -> Result<(), Box<dyn Error>> {
    let line: Vec<f32> = line.to_vec()?;
    let steps: Vec<f32> = (z / STEP).floor().to_vec()?;
    let cell = line[1] - line[0];
    plot::save("contours", (860, 760), |canvas| {
        let (left, right) = canvas.split_horizontally(730);
        let mut chart = ChartBuilder::on(&left)
            .caption("sin(x² + y²) / (x² + y²)", ("sans-serif", 24))
            .margin(20)
            .x_label_area_size(50)
            .y_label_area_size(60)
            .build_cartesian_2d(-8f32..8.0, -8f32..8.0)?;
        let cells = steps.iter().enumerate().map(|(i, step)| {
            let (x, y) = (line[i % line.len()], line[i / line.len()]);
            let corners = [(x, y), (x + cell, y + cell)];
            Rectangle::new(corners, colour((step + 0.5) * STEP).filled())
        });
        chart.draw_series(cells)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .label_style(("sans-serif", 16))
            .x_desc("x")
            .y_desc("y")
            .draw()?;

        let mut scale = ChartBuilder::on(&right)
            .margin(20)
            .margin_top(60)
            .margin_bottom(70)
            .y_label_area_size(50)
            .build_cartesian_2d(0f32..1.0, -0.3f32..1.0)?;
        let steps = (-3..10).map(|step| {
            let low = step as f32 * STEP;
            let corners = [(0.0, low), (1.0, low + STEP)];
            Rectangle::new(corners, colour(low + STEP / 2.0).filled())
        });
        scale.draw_series(steps)?;
        scale
            .configure_mesh()
            .disable_mesh()
            .disable_x_axis()
            .y_labels(14)
            .y_label_formatter(&|z| tenths(*z))
            .label_style(("sans-serif", 16))
            .draw()?;
        Ok(())
    })
}

/// Draws heights as a surface, seen from in front and above.
fn surface(line: &Tensor, z: &Tensor) -> Result<(), Box<dyn Error>> {
    let line: Vec<f32> = line.to_vec()?;
    let heights: Vec<f32> = z.to_vec()?;
    let (n, end) = (line.len(), line[0].abs());
    plot::save("surface", (900, 700), |canvas| {
        // plotters' second axis is the one that points up.
        let mut chart = ChartBuilder::on(canvas)
            .caption("sin(x² + y²) / (x² + y²)", ("sans-serif", 24))
            .margin(20)
            .build_cartesian_3d(-end..end, -0.4f32..1.0, -end..end)?;
        chart.with_projection(|mut view| {
            (view.yaw, view.pitch, view.scale) = (0.5, 0.4, 0.8);
            view.into_matrix()
        });
        chart
            .configure_axes()
            .max_light_lines(1)
            .x_formatter(&|x| format!("{x:.0}"))
            .y_formatter(&|height| tenths(*height))
            .z_formatter(&|y| format!("{y:.0}"))
            .label_style(("sans-serif", 16))
            .draw()?;
        let names = [
            ("x", (0.0, -0.4, end * 1.35)),
            ("y", (end * 1.35, -0.4, 0.0)),
        ];
        chart.draw_series(names.map(|(name, at)| Text::new(name, at, ("sans-serif", 16))))?;
        // From the back to the front, so that what is near hides what is behind it.
        for row in 0..n - 1 {
            let patches = (0..n - 1).map(|column| {
                let corner = |(down, right)| {
                    let (y, x) = (row + down, column + right);
                    (line[x], heights[y * n + x], line[y])
                };
                let corners = [(0, 0), (0, 1), (1, 1), (1, 0)].map(corner);
                let height = corners.iter().map(|corner| corner.1).sum::<f32>() / 4.0;
                Polygon::new(corners, colour(height).filled())
            });
            chart.draw_series(patches)?;
        }
        Ok(())
    })
}

/// A number with one decimal, and no sign at 0.
fn tenths(z: f32) -> String {
    format!("{:.1}", (z * 10.0).round() / 10.0 + 0.0)
}

/// The colour of a height from −0.3 to 1: dark blue, green, yellow.
fn colour(z: f32) -> RGBColor {
    ViridisRGB.get_color_normalized(z, -0.3, 1.0)
}
