//! Where the cells of a table lie.

use super::super::axis::{Axes, Axis};
use super::super::canvas::Point;
use super::super::marching::Place;

/// An axis of cells.
pub(super) struct Ruler {
    pub(super) axis: Axis,
    pub(super) centres: Vec<f64>,
    pub(super) log: bool,
}

impl Ruler {
    pub(super) fn new(axis: Axis, centres: Vec<f64>, log: bool) -> Self {
        Self { axis, centres, log }
    }
}

/// Where cells around values meet: half way between them, and as far outside.
pub(super) fn edges(centres: &[f64], log: bool) -> Vec<f64> {
    let to = |v: f64| if log { v.ln() } else { v };
    let from = |v: f64| if log { v.exp() } else { v };
    let n = centres.len();
    if n < 2 {
        let at = to(centres[0]);
        return vec![from(at - 0.5), from(at + 0.5)];
    }
    let edge = |i: usize| {
        let (a, b) = match i {
            0 => (to(centres[0]), to(centres[1])),
            i if i == n => (to(centres[n - 1]), to(centres[n - 2])),
            i => (to(centres[i - 1]), to(centres[i])),
        };
        match i {
            0 => a - (b - a) / 2.0,
            i if i == n => a + (a - b) / 2.0,
            _ => (a + b) / 2.0,
        }
    };
    (0..=n).map(|i| from(edge(i))).collect()
}

/// Where the columns and rows of a table are.
pub(super) struct Pixels {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) x_edges: Vec<f64>,
    pub(super) y_edges: Vec<f64>,
}

impl Pixels {
    pub(super) fn of(x: &Ruler, y: &Ruler, axes: &Axes) -> Self {
        let to_x = |v: f64| axes.x(v).unwrap_or(axes.area.x);
        let to_y = |v: f64| axes.y(v).unwrap_or(axes.area.bottom());
        let edges_of = |ruler: &Ruler| edges(&ruler.centres, ruler.log).into_iter();
        Self {
            x: x.centres.iter().map(|&v| to_x(v)).collect(),
            y: y.centres.iter().map(|&v| to_y(v)).collect(),
            x_edges: edges_of(x).map(|v| to_x(v).round()).collect(),
            y_edges: edges_of(y).map(|v| to_y(v).round()).collect(),
        }
    }

    /// The pixel of a place in the table, in columns and rows.
    pub(super) fn at(&self, (column, row): Place) -> Point {
        let between = |all: &[f64], at: f64| {
            let i = (at.floor().max(0.0) as usize).min(all.len() - 1);
            let next = all[(i + 1).min(all.len() - 1)];
            all[i] + (next - all[i]) * (at - i as f64)
        };
        (between(&self.x, column), between(&self.y, row))
    }
}
