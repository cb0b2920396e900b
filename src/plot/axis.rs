//! Axes, and where values lie between two of them.

use super::canvas::{Area, Point};
use super::font;
use super::scale::{Scale, Tick};

/// What lies along an axis.
#[derive(Clone, Debug)]
pub(crate) enum Axis {
    Numbers(Scale),
    /// A slot for each name; the first is around 0, the second around 1.
    Names(Vec<String>),
}

impl Axis {
    /// Where a value lies, from 0 to 1.
    pub(crate) fn place(&self, v: f64) -> Option<f64> {
        match self {
            Self::Numbers(scale) => scale.place(v),
            Self::Names(names) => Some((v + 0.5) / names.len().max(1) as f64),
        }
    }

    /// At most so many ticks.
    pub(crate) fn ticks(&self, most: usize) -> Vec<Tick> {
        match self {
            Self::Numbers(scale) => scale.ticks(most),
            Self::Names(names) => {
                let every = names.len().div_ceil(most.max(1)).max(1);
                let tick = |(i, name): (usize, &String)| Tick {
                    place: (i as f64 + 0.5) / names.len() as f64,
                    label: name.clone(),
                };
                let some = names.iter().enumerate().step_by(every);
                some.map(tick).collect()
            }
        }
    }

    pub(crate) fn named(&self) -> bool {
        matches!(self, Self::Names(_))
    }
}

pub(crate) fn widest_of(ticks: &[Tick], size: f64) -> f64 {
    let width = |t: &Tick| font::width(&t.label, size);
    ticks.iter().map(width).fold(0.0, f64::max)
}

/// The middle of the pixel nearest to a place, where a line of one pixel is sharp.
pub(crate) fn crisp(v: f64) -> f64 {
    (v - 0.5).round() + 0.5
}

/// A place of the middle of a text that keeps it within an area.
pub(crate) fn inside((x, y): Point, text: &str, size: f64, area: Area) -> Point {
    let half = font::width(text, size) / 2.0 + 0.3 * size;
    let (low, high) = (area.x + half, area.right() - half);
    (
        if low < high {
            x.clamp(low, high)
        } else {
            area.middle().0
        },
        y,
    )
}

pub(crate) fn axes_y(area: Area, place: f64, down: bool) -> f64 {
    match down {
        true => area.y + place * area.h,
        false => area.bottom() - place * area.h,
    }
}

/// Where the values of a plot lie.
pub(crate) struct Axes {
    pub(crate) area: Area,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) down: bool,
    /// Which shapes are data that a legend should not hide.
    pub(crate) data: std::ops::Range<usize>,
}

impl Axes {
    /// The pixel of a point; none where it has no place, as NaN.
    pub(crate) fn at(&self, x: f64, y: f64) -> Option<Point> {
        Some((self.x(x)?, self.y(y)?))
    }

    pub(crate) fn x(&self, x: f64) -> Option<f64> {
        Some(self.area.x + self.x.place(x)? * self.area.w)
    }

    pub(crate) fn y(&self, y: f64) -> Option<f64> {
        Some(axes_y(self.area, self.y.place(y)?, self.down))
    }

    /// The pieces of a line through points, without those that have no place.
    pub(crate) fn pieces(&self, x: &[f64], y: &[f64]) -> Vec<Vec<Point>> {
        let mut pieces = vec![vec![]];
        for (&x, &y) in x.iter().zip(y) {
            match (self.at(x, y), pieces.last_mut()) {
                (Some(point), Some(last)) => last.push(point),
                (None, Some(last)) if !last.is_empty() => pieces.push(vec![]),
                _ => {}
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}
