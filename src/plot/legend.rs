//! What says which line, point or colour is which.

use super::canvas::{Align, Area, Canvas, Dash, Paint, Pen, Shape};
use super::color::Color;
use super::font;
use super::marker::Marker;

/// What stands for a series.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Line(Color, f64, Dash),
    Marker(Marker, Paint, f64),
    /// Points joined by a line.
    Both(Marker, Color, f64, Dash),
    Box(Color, f64),
}

/// A series in the legend.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) label: String,
    pub(crate) key: Key,
}

/// Entries laid out in columns.
pub(crate) struct Table {
    entries: Vec<Entry>,
    columns: usize,
    size: f64,
    cell: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

/// Widths in sizes of text: of the key, and between it and the label.
const KEY: f64 = 1.9;
const GAP: f64 = 0.5;
const LINE: f64 = 1.45;

impl Table {
    /// Entries in as many columns as fit a width (`wide`), or in one, with labels cut to it. As many lines as fit a
    /// height; the last one says how many more there are.
    pub(crate) fn new(entries: &[Entry], size: f64, most: (f64, f64), wide: bool) -> Self {
        let keys = (KEY + GAP) * size;
        let pad = 0.6 * size;
        let room = (most.0 - 2.0 * pad - keys).max(2.0 * size);
        let mut entries: Vec<Entry> = entries
            .iter()
            .filter(|entry| !entry.label.is_empty())
            .map(|entry| Entry {
                label: font::elide(&entry.label, size, room),
                key: entry.key,
            })
            .collect();
        let widest = entries
            .iter()
            .map(|entry| font::width(&entry.label, size))
            .fold(0.0, f64::max);
        let cell = keys + widest + size;
        let columns = match wide {
            true => (((most.0 - 2.0 * pad + size) / cell) as usize).clamp(1, entries.len().max(1)),
            false => 1,
        };
        let rows = (((most.1 - 2.0 * pad) / (LINE * size)) as usize).max(1);
        if entries.len() > rows * columns && rows * columns > 1 {
            let more = entries.len() - (rows * columns - 1);
            entries.truncate(rows * columns - 1);
            entries.push(Entry {
                label: format!("… {more} more"),
                key: Key::Line(Color::GREY, 0.0, Dash::Solid),
            });
        }
        let rows = entries.len().div_ceil(columns);
        Self {
            columns,
            size,
            cell,
            w: columns as f64 * cell - size + 2.0 * pad,
            h: rows as f64 * LINE * size + 1.2 * pad,
            entries,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Draws the entries with the upper left corner at a place; on a ground of their own within a plot.
    pub(crate) fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64), ground: bool) {
        let palette = canvas.palette;
        if ground {
            let area = Area::new(x.round(), y.round(), self.w.round(), self.h.round());
            canvas.rect(area, palette.paper.alpha(0.88));
            canvas.frame(area.within(0.5, 0.5, 0.5, 0.5), Pen::new(palette.grid, 1.0));
        }
        let (size, pad) = (self.size, 0.6 * self.size);
        for (i, entry) in self.entries.iter().enumerate() {
            let left = x + pad + (i % self.columns) as f64 * self.cell;
            let middle = y + 0.6 * pad + ((i / self.columns) as f64 + 0.5) * LINE * size;
            let (start, end) = ((left, middle), (left + KEY * size, middle));
            let centre = ((start.0 + end.0) / 2.0, middle);
            match entry.key {
                Key::Line(color, width, dash) => {
                    canvas.line(&[start, end], Pen::new(color, width).dash(dash));
                }
                Key::Marker(marker, paint, radius) => {
                    marker.draw(
                        canvas,
                        centre,
                        radius.min(0.45 * size),
                        paint,
                        palette.paper,
                    );
                }
                Key::Both(marker, color, width, dash) => {
                    canvas.line(&[start, end], Pen::new(color, width).dash(dash));
                    marker.draw(canvas, centre, 0.28 * size, color.into(), palette.paper);
                }
                Key::Box(color, alpha) => {
                    let side = 0.85 * size;
                    let area =
                        Area::new(centre.0 - side * 0.8, middle - side / 2.0, side * 1.6, side);
                    canvas.rect(area, color.alpha(alpha));
                }
            }
            let at = (left + (KEY + GAP) * size, middle);
            canvas.text(at, &entry.label, size, palette.text, Align::Start);
        }
    }
}

/// Whether one of the shapes reaches into an area.
pub(crate) fn busy(shapes: &[Shape], area: &Area) -> bool {
    let meets = |other: &Area| {
        other.x < area.right()
            && other.right() > area.x
            && other.y < area.bottom()
            && other.bottom() > area.y
    };
    shapes.iter().any(|shape| match shape {
        Shape::Rect { area, .. } => meets(area),
        Shape::Disc { at, radius, .. } => {
            let r = *radius;
            meets(&Area::new(at.0 - r, at.1 - r, 2.0 * r, 2.0 * r))
        }
        Shape::Line { path, .. } => super::clip::crosses(path, area),
        Shape::Fill { rings, .. } => rings
            .iter()
            .any(|ring| super::clip::clip_ring(ring, area).len() > 2),
        Shape::Text { at, text, size, .. } => meets(&Area::new(
            at.0,
            at.1 - size,
            font::width(text, *size),
            *size,
        )),
    })
}
