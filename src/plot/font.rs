//! The font that is part of the program: none is looked for on the machine, and a picture is the same on each.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, OutlineCurve};

use super::canvas::Point;

/// DejaVu Sans; what SVG names, with what resembles it where it is not installed.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

fn font() -> Option<&'static FontRef<'static>> {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(dejavu::sans::regular()).ok())
        .as_ref()
}

/// Calls with each character's glyph and how far from the start of the line it stands, in pixels; gives how long the
/// line is.
fn walk(text: &str, size: f64, mut glyph: impl FnMut(&FontRef, ab_glyph::GlyphId, f64)) -> f64 {
    let Some(font) = font() else { return 0.0 };
    let unit = size / f64::from(font.units_per_em().unwrap_or(2048.0));
    let (mut x, mut before) = (0.0, None);
    for c in text.chars() {
        let id = font.glyph_id(c);
        if let Some(before) = before.replace(id) {
            x += f64::from(font.kern_unscaled(before, id)) * unit;
        }
        glyph(font, id, x);
        x += f64::from(font.h_advance_unscaled(id)) * unit;
    }
    x
}

/// How wide a line of text is, in pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    walk(text, size, |_, _, _| ())
}

/// The text, or as much of its start as fits with an ellipsis.
pub(crate) fn elide(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.into();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let shorter: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&shorter, size) <= most {
            return shorter;
        }
    }
    "…".into()
}

/// The text in lines that fit, broken between words; what does not fit into so many lines ends in an ellipsis.
pub(crate) fn wrap(text: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for part in text.lines() {
        let mut line = String::new();
        for word in part.split_whitespace() {
            let longer = match line.is_empty() {
                true => word.to_owned(),
                false => format!("{line} {word}"),
            };
            if line.is_empty() || width(&longer, size) <= most {
                line = longer;
            } else {
                out.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        out.push(line);
    }
    if out.len() > lines {
        let rest = out.split_off(lines.saturating_sub(1)).join(" ");
        out.push(rest);
    }
    out.iter().map(|line| elide(line, size, most)).collect()
}

/// The outlines of a line of text whose baseline starts at the origin, as lines: `edge` is called with both ends of
/// each.
pub(crate) fn outline(text: &str, size: f64, mut edge: impl FnMut(Point, Point)) {
    walk(text, size, |font, id, x| {
        let unit = size / f64::from(font.units_per_em().unwrap_or(2048.0));
        let place = |p: ab_glyph::Point| (x + f64::from(p.x) * unit, -f64::from(p.y) * unit);
        for curve in font.outline(id).map(|o| o.curves).unwrap_or_default() {
            let points: Vec<Point> = match curve {
                OutlineCurve::Line(a, b) => vec![a, b],
                OutlineCurve::Quad(a, b, c) => vec![a, b, c],
                OutlineCurve::Cubic(a, b, c, d) => vec![a, b, c, d],
            }
            .into_iter()
            .map(place)
            .collect();
            let steps = if points.len() == 2 { 1 } else { 6 };
            let mut from = points[0];
            for step in 1..=steps {
                let to = bezier(&points, step as f64 / steps as f64);
                edge(from, to);
                from = to;
            }
        }
    });
}

/// The point of a Bézier curve, by de Casteljau's scheme.
fn bezier(points: &[Point], t: f64) -> Point {
    let mut points = points.to_vec();
    while points.len() > 1 {
        let between = |two: &[Point]| {
            (
                two[0].0 + (two[1].0 - two[0].0) * t,
                two[0].1 + (two[1].1 - two[0].1) * t,
            )
        };
        points = points.windows(2).map(between).collect();
    }
    points[0]
}
