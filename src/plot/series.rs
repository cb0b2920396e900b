//! Series of points, as lines, markers and more: what charts and curves are made of.

use super::axis::Axes;
use super::canvas::{Align, Canvas, Dash, Pen};
use super::color::{Color, Palette};
use super::legend::{Entry, Key};
use super::marker::Marker;
use super::scale::Scale;

/// How the points of a series are shown.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Line,
    Scatter,
    /// Two points each.
    Segments,
    /// Across the whole plot, at each y.
    Across,
    /// Over the whole height, at each x.
    Upright,
    /// Between each y and another.
    Band(Vec<f64>),
    Texts(Vec<String>),
}

/// Points and how they look.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) color: Option<Color>,
    pub(crate) marker: Option<Marker>,
    pub(crate) dash: Option<Dash>,
    pub(crate) width: f64,
    /// The radius of a point.
    pub(crate) radius: f64,
    pub(crate) alpha: f64,
}

impl Series {
    pub(crate) fn new(label: impl Into<String>, kind: Kind, x: Vec<f64>, y: Vec<f64>) -> Self {
        Self {
            label: label.into(),
            kind,
            x,
            y,
            color: None,
            marker: None,
            dash: None,
            width: 2.0,
            radius: 4.0,
            alpha: 1.0,
        }
    }

    /// The colour of a series of which so many before have taken one; those after eight are told apart by dashes.
    fn look(&self, number: usize, palette: &Palette) -> (Color, Dash) {
        let color = self.color.unwrap_or_else(|| match self.kind {
            Kind::Texts(_) => palette.text,
            Kind::Across | Kind::Upright | Kind::Segments => palette.line,
            _ => palette.of(number),
        });
        let dashes = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];
        let dash = self.dash.unwrap_or(match self.kind {
            Kind::Line => dashes[number / palette.series.len() % dashes.len()],
            Kind::Across | Kind::Upright => Dash::Dashed,
            _ => Dash::Solid,
        });
        (color, dash)
    }

    /// Whether it takes the next of the palette's colours.
    fn counts(&self) -> bool {
        self.color.is_none() && matches!(self.kind, Kind::Line | Kind::Scatter | Kind::Band(_))
    }

    fn draw(&self, canvas: &mut Canvas, axes: &Axes, (color, dash): (Color, Dash)) {
        let paint = color.alpha(self.alpha);
        let pen = Pen::new(paint, self.width).dash(dash);
        let paper = canvas.palette.paper;
        match &self.kind {
            Kind::Line => {
                for piece in axes.pieces(&self.x, &self.y) {
                    match piece.as_slice() {
                        [at] if self.marker.is_none() => canvas.disc(*at, self.width * 1.2, paint),
                        _ => canvas.line(&piece, pen),
                    }
                }
            }
            Kind::Segments => {
                for (x, y) in self.x.chunks_exact(2).zip(self.y.chunks_exact(2)) {
                    if let (Some(a), Some(b)) = (axes.at(x[0], y[0]), axes.at(x[1], y[1])) {
                        canvas.line(&[a, b], pen);
                    }
                }
            }
            Kind::Across => {
                for y in self.y.iter().filter_map(|&y| axes.y(y)) {
                    canvas.line(&[(axes.area.x, y), (axes.area.right(), y)], pen);
                }
            }
            Kind::Upright => {
                for x in self.x.iter().filter_map(|&x| axes.x(x)) {
                    canvas.line(&[(x, axes.area.y), (x, axes.area.bottom())], pen);
                }
            }
            Kind::Band(others) => {
                let points = self.x.iter().zip(&self.y).zip(others);
                let point = |((&x, &y), &other): ((&f64, &f64), &f64)| {
                    Some((axes.at(x, y)?, axes.at(x, other)?))
                };
                let points: Vec<_> = points.map(point).collect();
                for run in points.split(Option::is_none) {
                    let there = run.iter().flatten().map(|two| two.0);
                    let back = run.iter().flatten().rev().map(|two| two.1);
                    canvas.fill(vec![there.chain(back).collect()], paint);
                }
            }
            Kind::Texts(texts) => {
                let size = canvas.font_size * 0.95;
                for ((&x, &y), text) in self.x.iter().zip(&self.y).zip(texts) {
                    if let Some(at) = axes.at(x, y).filter(|at| axes.area.holds(*at)) {
                        canvas.text(at, text, size, color, Align::Middle);
                    }
                }
            }
            Kind::Scatter => {}
        }
        let marker = match self.kind {
            Kind::Scatter => Some(self.marker.unwrap_or_default()),
            Kind::Line => self.marker,
            _ => None,
        };
        if let Some(marker) = marker {
            for (&x, &y) in self.x.iter().zip(&self.y) {
                if let Some(at) = axes.at(x, y) {
                    marker.draw(canvas, at, self.radius, paint, paper);
                }
            }
        }
    }

    fn entry(&self, (color, dash): (Color, Dash)) -> Entry {
        let key = match (&self.kind, self.marker) {
            (Kind::Scatter, marker) => {
                let radius = self.radius.clamp(2.5, 7.0);
                Key::Marker(marker.unwrap_or_default(), color.alpha(self.alpha), radius)
            }
            (Kind::Line, Some(marker)) => Key::Both(marker, color, self.width, dash),
            (Kind::Band(_), _) => Key::Box(color, self.alpha),
            _ => Key::Line(color, self.width, dash),
        };
        Entry {
            label: self.label.clone(),
            key,
        }
    }

    /// The values that the axis upwards must reach.
    fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let others = match &self.kind {
            Kind::Band(others) => others.as_slice(),
            _ => &[],
        };
        self.y.iter().chain(others).copied()
    }
}

/// Each series with its look.
fn looks<'a>(
    series: &'a [Series],
    palette: &'a Palette,
) -> impl Iterator<Item = (&'a Series, (Color, Dash))> {
    let mut number = 0;
    series.iter().map(move |one| {
        let look = one.look(number, palette);
        number += usize::from(one.counts());
        (one, look)
    })
}

pub(crate) fn draw(series: &[Series], canvas: &mut Canvas, axes: &Axes) {
    let palette = canvas.palette;
    for (one, look) in looks(series, &palette) {
        one.draw(canvas, axes, look);
    }
}

pub(crate) fn entries(series: &[Series], palette: &Palette) -> Vec<Entry> {
    let named = |(one, look): (&Series, _)| one.entry(look);
    let mut entries: Vec<Entry> = looks(series, palette).map(named).collect();
    entries.retain(|entry| !entry.label.is_empty());
    entries
}

/// The axis to the right that shows all points, with a share more on both sides.
pub(crate) fn x_scale(
    series: &[Series],
    range: Option<(f64, f64)>,
    log: bool,
    margin: f64,
) -> Scale {
    let values = series.iter().flat_map(|s| s.x.iter().copied());
    Scale::over(range, values, log, margin)
}

/// The axis upwards that shows all points.
pub(crate) fn y_scale(
    series: &[Series],
    range: Option<(f64, f64)>,
    log: bool,
    margin: f64,
) -> Scale {
    Scale::over(range, series.iter().flat_map(Series::heights), log, margin)
}
