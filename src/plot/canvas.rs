//! What pictures draw on: shapes in pixels, kept until they are painted, as pixels or as SVG.

use super::clip::{clip_path, clip_ring, dashes};
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
    pub(crate) fn lengths(self) -> &'static [f64] {
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
