//! The areas in which a class is said, and the lines between them.

use super::axis::Axes;
use super::canvas::{Area, Canvas, Pen, Point};
use super::color::Color;
use super::grid::Grid;
use super::marching;

/// Fills the areas: first cell by cell, then with the smooth lines where two classes meet.
pub(crate) fn regions(
    grid: &Grid,
    canvas: &mut Canvas,
    axes: &Axes,
    region: &dyn Fn(usize) -> Color,
) {
    let n = grid.side;
    let plot = axes.area;
    let edge = |i: usize, from: f64, length: f64| {
        let place = (i as f64 - 0.5) / (n - 1) as f64;
        (from + place.clamp(0.0, 1.0) * length).round()
    };
    for row in 0..n {
        let (bottom, top) = (edge(row, 0.0, plot.h), edge(row + 1, 0.0, plot.h));
        let mut start = 0;
        while start < n {
            let class = grid.class(row, start);
            let run = (start..n)
                .take_while(|&column| grid.class(row, column) == class)
                .count();
            if let Some(class) = class {
                let (left, right) = (
                    edge(start, plot.x, plot.w),
                    edge(start + run, plot.x, plot.w),
                );
                let area = Area::new(left, plot.bottom() - top, right - left, top - bottom);
                canvas.rect(area, region(class));
            }
            start += run;
        }
    }
    for class in grid.classes() {
        let rings = marching::rings(&grid.lead(class), 0.0);
        let rings: Vec<_> = rings
            .iter()
            .map(|ring| to_pixels(&ring.places, n, plot))
            .collect();
        canvas.fill(rings, region(class));
    }
}

/// Draws the lines between the areas.
pub(crate) fn boundaries(grid: &Grid, canvas: &mut Canvas, axes: &Axes) {
    let pen = Pen::new(canvas.palette.text.alpha(0.75), 1.4);
    let classes = grid.classes();
    // Between two classes the line of one is that of the other.
    let lined = match classes.len() {
        2 => &classes[1..],
        _ => &classes[..],
    };
    for &class in lined {
        for ring in marching::rings(&grid.lead(class), 0.0) {
            for line in ring.lines() {
                canvas.line(&to_pixels(&line, grid.side, axes.area), pen);
            }
        }
    }
}

fn to_pixels(places: &[marching::Place], side: usize, plot: Area) -> Vec<Point> {
    let last = (side - 1) as f64;
    let pixel = |&(x, y): &marching::Place| {
        (
            plot.x + x / last * plot.w,
            plot.bottom() - y / last * plot.h,
        )
    };
    places.iter().map(pixel).collect()
}
