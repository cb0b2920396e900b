//! What pictures draw on: shapes in pixels, kept until they are painted, as pixels or as SVG.

use super::color::{Color, Palette, Theme};
use super::font;

/// Right and down from the upper left corner, in pixels.
pub(crate) type Point = (f64, f64);

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Area {
    pub(crate) fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub(crate) fn right(&self) -> f64 {
        self.x + self.w
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub(crate) fn middle(&self) -> Point {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// What is left without so much at the left, top, right and bottom; at least a pixel.
    pub(crate) fn within(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        let (w, h) = (self.w - left - right, self.h - top - bottom);
        Self::new(self.x + left, self.y + top, w.max(1.0), h.max(1.0))
    }

    pub(crate) fn holds(&self, (x, y): Point) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }

    pub(crate) fn corners(&self) -> [Point; 4] {
        [
            (self.x, self.y),
            (self.right(), self.y),
            (self.right(), self.bottom()),
            (self.x, self.bottom()),
        ]
    }
}

/// A colour, and how much of what is below it hides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Paint {
    pub(crate) color: Color,
    pub(crate) alpha: f64,
}

impl From<Color> for Paint {
    fn from(color: Color) -> Self {
        Self { color, alpha: 1.0 }
    }
}

impl Color {
    pub(crate) fn alpha(self, alpha: f64) -> Paint {
        Paint { color: self, alpha }
    }
}

/// How the pixels of a line follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Without a break.
    #[default]
    Solid,
    /// In strokes.
    Dashed,
    /// In dots.
    Dotted,
    /// In strokes and dots.
    DashDot,
}

impl Dash {
    /// Lengths of stroke and gap in turn, in widths of the line.
    fn lengths(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[4.0, 2.5],
            Self::Dotted => &[1.0, 2.0],
            Self::DashDot => &[5.0, 2.0, 1.0, 2.0],
        }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    pub(crate) paint: Paint,
    pub(crate) width: f64,
    pub(crate) dash: Dash,
}

impl Pen {
    pub(crate) fn new(paint: impl Into<Paint>, width: f64) -> Self {
        let (paint, dash) = (paint.into(), Dash::Solid);
        Self { paint, width, dash }
    }

    pub(crate) fn dash(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }
}

/// Where a text lies along its line, seen from its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// Something drawn.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// What rings enclose; one within another that turns the other way is a hole.
    Fill {
        rings: Vec<Vec<Point>>,
        paint: Paint,
    },
    Rect {
        area: Area,
        paint: Paint,
    },
    Line {
        path: Vec<Point>,
        paint: Paint,
        width: f64,
    },
    Disc {
        at: Point,
        radius: f64,
        paint: Paint,
    },
    /// A line of text from the start of its baseline, to the right or (`up`) upwards.
    Text {
        at: Point,
        text: String,
        size: f64,
        color: Color,
        up: bool,
    },
}

/// A picture while it is drawn.
pub struct Canvas {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) theme: Theme,
    pub(crate) palette: Palette,
    /// The size of text, in pixels.
    pub(crate) font_size: f64,
    /// Where alone shapes but text are drawn.
    clip: Option<Area>,
    /// How many of the first shapes are ground, which a legend may hide.
    pub(crate) ground: usize,
}

impl Canvas {
    pub(crate) fn new(theme: Theme, font_size: f64) -> Self {
        Self {
            shapes: vec![],
            theme,
            palette: theme.palette(),
            font_size,
            clip: None,
            ground: 0,
        }
    }

    /// Draws within an area alone.
    pub(crate) fn clipped<T>(&mut self, area: Area, draw: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.clip.replace(area);
        let out = draw(self);
        self.clip = before;
        out
    }

    pub(crate) fn rect(&mut self, area: Area, paint: impl Into<Paint>) {
        let mut area = area;
        if let Some(clip) = self.clip {
            let (x, y) = (area.x.max(clip.x), area.y.max(clip.y));
            let (right, bottom) = (
                area.right().min(clip.right()),
                area.bottom().min(clip.bottom()),
            );
            area = Area::new(x, y, right - x, bottom - y);
        }
        if area.w > 0.0 && area.h > 0.0 {
            let paint = paint.into();
            self.shapes.push(Shape::Rect { area, paint });
        }
    }

    pub(crate) fn fill(&mut self, rings: Vec<Vec<Point>>, paint: impl Into<Paint>) {
        let rings: Vec<_> = match self.clip {
            None => rings,
            Some(clip) => rings.iter().map(|ring| clip_ring(ring, &clip)).collect(),
        };
        let rings: Vec<_> = rings.into_iter().filter(|ring| ring.len() > 2).collect();
        if !rings.is_empty() {
            let paint = paint.into();
            self.shapes.push(Shape::Fill { rings, paint });
        }
    }

    /// A line through points.
    pub(crate) fn line(&mut self, path: &[Point], pen: Pen) {
        let pieces = match self.clip {
            None => vec![path.to_vec()],
            Some(clip) => clip_path(path, &clip),
        };
        for piece in pieces {
            for path in dashes(piece, pen) {
                let (paint, width) = (pen.paint, pen.width);
                self.shapes.push(Shape::Line { path, paint, width });
            }
        }
    }

    /// The outline of an area.
    pub(crate) fn frame(&mut self, area: Area, pen: Pen) {
        let [a, b, c, d] = area.corners();
        self.line(&[a, b, c, d, a], pen);
    }

    pub(crate) fn disc(&mut self, at: Point, radius: f64, paint: impl Into<Paint>) {
        if self.clip.is_none_or(|clip| clip.holds(at)) {
            let paint = paint.into();
            self.shapes.push(Shape::Disc { at, radius, paint });
        }
    }

    /// Whether a marker at a point is to be drawn.
    pub(crate) fn shows(&self, at: Point) -> bool {
        self.clip.is_none_or(|clip| clip.holds(at))
    }

    /// A line of text, of which the middle of small letters is at the height of the point.
    pub(crate) fn text(&mut self, at: Point, text: &str, size: f64, color: Color, align: Align) {
        let x = at.0 - share(align) * font::width(text, size);
        self.push_text((x, at.1 + 0.36 * size), text, size, color, false);
    }

    /// A line of text that runs upwards, its middle at the point.
    pub(crate) fn text_up(&mut self, at: Point, text: &str, size: f64, color: Color, align: Align) {
        let y = at.1 + share(align) * font::width(text, size);
        self.push_text((at.0 + 0.36 * size, y), text, size, color, true);
    }

    fn push_text(&mut self, at: Point, text: &str, size: f64, color: Color, up: bool) {
        if !text.is_empty() {
            let text = text.to_owned();
            self.shapes.push(Shape::Text {
                at,
                text,
                size,
                color,
                up,
            });
        }
    }
}

fn share(align: Align) -> f64 {
    match align {
        Align::Start => 0.0,
        Align::Middle => 0.5,
        Align::End => 1.0,
    }
}

/// A path cut into its strokes.
fn dashes(path: Vec<Point>, pen: Pen) -> Vec<Vec<Point>> {
    let lengths = pen.dash.lengths();
    if lengths.is_empty() {
        return vec![path];
    }
    let length = |i: usize| (lengths[i % lengths.len()] * pen.width).max(0.5);
    let (mut out, mut stroke) = (vec![], vec![]);
    let (mut turn, mut left) = (0, length(0));
    for two in path.windows(2) {
        let (from, to) = (two[0], two[1]);
        let whole = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |d: f64| {
            let t = if whole > 0.0 { d / whole } else { 0.0 };
            (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t)
        };
        let mut done = 0.0;
        if turn % 2 == 0 && stroke.is_empty() {
            stroke.push(from);
        }
        while whole - done > left {
            done += left;
            if turn % 2 == 0 {
                stroke.push(at(done));
                out.push(std::mem::take(&mut stroke));
            } else {
                stroke.push(at(done));
            }
            turn += 1;
            left = length(turn);
        }
        left -= whole - done;
        if turn % 2 == 0 {
            stroke.push(to);
        }
    }
    if stroke.len() > 1 {
        out.push(stroke);
    }
    out
}

/// The part of a segment within an area, by Liang and Barsky.
fn clip_segment(a: Point, b: Point, area: &Area) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    let sides = [
        (-dx, a.0 - area.x),
        (dx, area.right() - a.0),
        (-dy, a.1 - area.y),
        (dy, area.bottom() - a.1),
    ];
    for (p, q) in sides {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            t0 = t0.max(q / p);
        } else {
            t1 = t1.min(q / p);
        }
    }
    let at = |t: f64| (a.0 + dx * t, a.1 + dy * t);
    let whole = |t: f64, end: Point| if t == 0.0 || t == 1.0 { end } else { at(t) };
    (t0 <= t1).then(|| (whole(t0, a), whole(t1, b)))
}

/// The parts of a path within an area.
fn clip_path(path: &[Point], area: &Area) -> Vec<Vec<Point>> {
    let mut out: Vec<Vec<Point>> = vec![];
    for two in path.windows(2) {
        let Some((a, b)) = clip_segment(two[0], two[1], area) else {
            continue;
        };
        match out.last_mut() {
            Some(last) if last.last() == Some(&a) && a == two[0] => last.push(b),
            _ => out.push(vec![a, b]),
        }
    }
    out
}

/// A ring within an area, by Sutherland and Hodgman.
pub(crate) fn clip_ring(ring: &[Point], area: &Area) -> Vec<Point> {
    let mut ring = ring.to_vec();
    // How far within each of the four sides a point is.
    let inside: [&dyn Fn(Point) -> f64; 4] = [
        &|p| p.0 - area.x,
        &|p| area.right() - p.0,
        &|p| p.1 - area.y,
        &|p| area.bottom() - p.1,
    ];
    for within in inside {
        let mut kept = Vec::with_capacity(ring.len() + 4);
        for i in 0..ring.len() {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            let (da, db) = (within(a), within(b));
            if da >= 0.0 {
                kept.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                let t = da / (da - db);
                kept.push((a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t));
            }
        }
        ring = kept;
    }
    ring
}

/// Whether a path meets an area.
pub(crate) fn crosses(path: &[Point], area: &Area) -> bool {
    path.windows(2)
        .any(|two| clip_segment(two[0], two[1], area).is_some())
}
