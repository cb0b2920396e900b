//! Shapes to pixels and to SVG, by plotters' back ends.
//!
//! What plotters makes of a polygon on pixels has ragged edges, so that each shape's share of each pixel is computed
//! here (`ab_glyph_rasterizer`), and plotters mixes it with what is there. SVG has the shapes themselves, in tenths of
//! a pixel, since plotters' coordinates are whole numbers.

use ab_glyph_rasterizer::{Rasterizer, point};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    FontFamily, FontTransform, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle,
};

use super::canvas::{Area, Paint, Point, Shape};
use super::clip::clip_ring;
use super::color::Color;
use super::font;

/// Why plotters did not draw.
type Failed = String;

/// The pixels of a picture, red, green and blue, row by row.
pub(crate) fn pixels(
    shapes: &[Shape],
    (width, height): (u32, u32),
    paper: Color,
) -> Result<Vec<u8>, Failed> {
    let mut bytes = [paper.r, paper.g, paper.b].repeat(width as usize * height as usize);
    let mut screen = Screen {
        backend: BitMapBackend::with_buffer(&mut bytes, (width, height)),
        all: Area::new(0.0, 0.0, f64::from(width), f64::from(height)),
        rasterizer: Rasterizer::new(1, 1),
    };
    for shape in shapes {
        screen.draw(shape)?;
    }
    screen.backend.present().map_err(|e| e.to_string())?;
    drop(screen);
    Ok(bytes)
}

struct Screen<'a> {
    backend: BitMapBackend<'a>,
    all: Area,
    rasterizer: Rasterizer,
}

impl Screen<'_> {
    fn draw(&mut self, shape: &Shape) -> Result<(), Failed> {
        match shape {
            Shape::Fill { rings, paint } => self.cover(rings, *paint),
            Shape::Rect { area, paint } => {
                let whole = |v: f64| v.fract() == 0.0;
                if [area.x, area.y, area.w, area.h].into_iter().all(whole) {
                    self.block(area, *paint)
                } else {
                    self.cover(&[area.corners().to_vec()], *paint)
                }
            }
            Shape::Line { path, paint, width } => self.cover(&stroke(path, *width), *paint),
            Shape::Disc { at, radius, paint } => self.cover(&[circle(*at, *radius)], *paint),
            Shape::Text {
                at,
                text,
                size,
                color,
                up,
            } => {
                let mut edges = vec![];
                font::outline(text, *size, |a, b| {
                    let place = |(x, y): Point| match up {
                        false => (at.0 + x, at.1 + y),
                        true => (at.0 + y, at.1 - x),
                    };
                    edges.push((place(a), place(b)));
                });
                self.shade(&edges, (*color).into())
            }
        }
    }

    /// Fills whole pixels.
    fn block(&mut self, area: &Area, paint: Paint) -> Result<(), Failed> {
        let style = ShapeStyle::from(&rgba(paint)).filled();
        let within = |v: f64, most: f64| v.clamp(0.0, most) as i32;
        let (left, right) = (within(area.x, self.all.w), within(area.right(), self.all.w));
        let (top, bottom) = (
            within(area.y, self.all.h),
            within(area.bottom(), self.all.h),
        );
        if left >= right || top >= bottom {
            return Ok(());
        }
        self.backend
            .draw_rect((left, top), (right, bottom), &style, true)
            .map_err(|e| e.to_string())
    }

    /// Fills what rings enclose.
    fn cover(&mut self, rings: &[Vec<Point>], paint: Paint) -> Result<(), Failed> {
        let mut edges = vec![];
        for ring in rings {
            let ring = clip_ring(ring, &self.all);
            for i in 0..ring.len() {
                edges.push((ring[i], ring[(i + 1) % ring.len()]));
            }
        }
        self.shade(&edges, paint)
    }

    /// Mixes each pixel with the paint by the share of it that edges enclose.
    fn shade(&mut self, edges: &[(Point, Point)], paint: Paint) -> Result<(), Failed> {
        let ends = || edges.iter().flat_map(|&(a, b)| [a, b]);
        if edges.is_empty() || ends().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
            return Ok(());
        }
        let low = |v: fn(Point) -> f64| ends().map(v).fold(f64::MAX, f64::min).floor();
        let high = |v: fn(Point) -> f64| ends().map(v).fold(f64::MIN, f64::max).ceil();
        let (left, top) = (low(|p| p.0), low(|p| p.1));
        let (width, height) = (high(|p| p.0) - left + 1.0, high(|p| p.1) - top + 1.0);
        let visible = Area::new(-width, -height, self.all.w + width, self.all.h + height);
        if !visible.holds((left, top)) {
            return Ok(());
        }
        self.rasterizer.reset(width as usize, height as usize);
        let local = |(x, y): Point| point((x - left) as f32, (y - top) as f32);
        for &(a, b) in edges {
            self.rasterizer.draw_line(local(a), local(b));
        }
        let color = rgba(paint).to_backend_color();
        let mut result = Ok(());
        let (backend, all) = (&mut self.backend, self.all);
        self.rasterizer.for_each_pixel_2d(|x, y, share| {
            // Less is what rounding left of sums that are 0.
            if share < 1.0 / 512.0 {
                return;
            }
            let (x, y) = (left as i32 + x as i32, top as i32 + y as i32);
            if x < 0 || y < 0 || f64::from(x) >= all.w || f64::from(y) >= all.h {
                return;
            }
            let mut color = color;
            color.alpha *= f64::from(share.min(1.0));
            if let Err(e) = backend.draw_pixel((x, y), color) {
                result = Err(e.to_string());
            }
        });
        result
    }
}

fn rgba(paint: Paint) -> RGBAColor {
    let Color { r, g, b } = paint.color;
    RGBAColor(r, g, b, paint.alpha)
}

/// The outline of a line of a width: a strip as long as the line turns gently, and a disc where it turns sharply; all
/// turn the same way, so that where they overlap nothing is counted twice.
fn stroke(path: &[Point], width: f64) -> Vec<Vec<Point>> {
    let half = width / 2.0;
    let mut points: Vec<Point> = vec![];
    for (i, &p) in path.iter().enumerate() {
        let far = |q: &Point| (p.0 - q.0).hypot(p.1 - q.1) > 0.3;
        if points.last().is_none_or(far) {
            points.push(p);
        } else if i + 1 == path.len() && points.len() > 1 {
            points.pop();
            points.push(p);
        }
    }
    let direction = |i: usize| {
        let (a, b) = (points[i], points[i + 1]);
        let length = (b.0 - a.0).hypot(b.1 - a.1).max(f64::MIN_POSITIVE);
        ((b.0 - a.0) / length, (b.1 - a.1) / length)
    };
    let (mut rings, mut left, mut right) = (vec![], vec![], vec![]);
    let mut close = |left: &mut Vec<Point>, right: &mut Vec<Point>| {
        let mut ring = std::mem::take(left);
        ring.extend(std::mem::take(right).into_iter().rev());
        rings.push(ring);
    };
    let mut discs = vec![];
    for i in 0..points.len().saturating_sub(1) {
        let ((x, y), (dx, dy)) = (points[i], direction(i));
        let mut sides = |at: Point, (nx, ny): Point| {
            left.push((at.0 - nx, at.1 - ny));
            right.push((at.0 + nx, at.1 + ny));
        };
        let across = (-dy * half, dx * half);
        if i == 0 {
            sides((x, y), across);
        } else {
            let (px, py) = direction(i - 1);
            let along = px * dx + py * dy;
            if along > 0.7 {
                // Where the sides of both segments meet.
                let middle = ((-py - dy) / 2.0, (px + dx) / 2.0);
                let square = middle.0 * middle.0 + middle.1 * middle.1;
                sides((x, y), (middle.0 * half / square, middle.1 * half / square));
            } else {
                sides((x, y), (-py * half, px * half));
                close(&mut left, &mut right);
                if width > 1.0 {
                    discs.push(circle((x, y), half));
                }
                left.push((x - across.0, y - across.1));
                right.push((x + across.0, y + across.1));
            }
        }
        if i + 2 == points.len() {
            left.push((points[i + 1].0 - across.0, points[i + 1].1 - across.1));
            right.push((points[i + 1].0 + across.0, points[i + 1].1 + across.1));
            close(&mut left, &mut right);
        }
    }
    rings.extend(discs);
    rings
}

/// A circle as a ring of segments too short to see, turning as [`stroke`]'s pieces do.
fn circle((x, y): Point, radius: f64) -> Vec<Point> {
    let corners = ((radius * 4.0) as usize).clamp(8, 90);
    (0..corners)
        .map(|i| {
            let angle = i as f64 / corners as f64 * std::f64::consts::TAU;
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
        .collect()
}

/// Units of SVG's coordinates in a pixel.
const TENTHS: f64 = 10.0;

/// The text of an SVG file.
pub(crate) fn svg(
    shapes: &[Shape],
    (width, height): (u32, u32),
    paper: Color,
) -> Result<String, Failed> {
    let mut text = String::new();
    let (w, h) = (width * TENTHS as u32, height * TENTHS as u32);
    {
        let mut backend = SVGBackend::with_string(&mut text, (w, h));
        let all = Area::new(0.0, 0.0, f64::from(width), f64::from(height));
        let paper = Shape::Rect {
            area: all,
            paint: paper.into(),
        };
        for shape in std::iter::once(&paper).chain(shapes) {
            write(&mut backend, shape).map_err(|e| e.to_string())?;
        }
        backend.present().map_err(|e| e.to_string())?;
    }
    // plotters' own first line has no size but that of the coordinates, and corners that are spikes.
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {w} {h}\" stroke-linejoin=\"round\">\n{body}"
    ))
}

fn write(backend: &mut SVGBackend, shape: &Shape) -> Result<(), impl std::fmt::Display + use<>> {
    let unit = |v: f64| (v * TENTHS).round() as i32;
    let place = |&(x, y): &Point| (unit(x), unit(y));
    match shape {
        Shape::Fill { rings, paint } => {
            // One ring after the other, each from the first point of the first and back: the ways there and back
            // enclose nothing.
            let mut path = vec![];
            let start = rings.first().and_then(|ring| ring.first());
            for ring in rings {
                path.extend(ring.iter().map(place));
                path.extend(ring.first().map(place));
                path.extend(start.map(place));
            }
            backend.fill_polygon(path, &rgba(*paint))
        }
        Shape::Rect { area, paint } => {
            let style = ShapeStyle::from(&rgba(*paint)).filled();
            let end = (area.right(), area.bottom());
            backend.draw_rect(place(&(area.x, area.y)), place(&end), &style, true)
        }
        Shape::Line { path, paint, width } => {
            let width = (width * TENTHS).round().max(1.0) as u32;
            let style = ShapeStyle::from(&rgba(*paint)).stroke_width(width);
            backend.draw_path(path.iter().map(place), &style)
        }
        Shape::Disc { at, radius, paint } => {
            let style = ShapeStyle::from(&rgba(*paint)).filled();
            backend.draw_circle(place(at), unit(*radius).max(1) as u32, &style, true)
        }
        Shape::Text {
            at,
            text,
            size,
            color,
            up,
        } => {
            // plotters puts the baseline 0.76 of the size below the point, and divides the size by 1.24.
            let below = 0.76 * size;
            let (at, turn) = match up {
                false => ((at.0, at.1 - below), FontTransform::None),
                true => ((at.0 - below, at.1), FontTransform::Rotate270),
            };
            let font = (FontFamily::Name(font::FAMILY), size * TENTHS * 1.24).into_font();
            let fill = RGBColor(color.r, color.g, color.b);
            let style = TextStyle::from(font.transform(turn))
                .color(&fill)
                .pos(Pos::new(HPos::Left, VPos::Top));
            backend.draw_text(text, &style, place(&at))
        }
    }
}
