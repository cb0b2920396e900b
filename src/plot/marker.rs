//! The shapes by which points are told apart.

use super::canvas::{Canvas, Paint, Pen, Point, Shape};
use super::color::Color;

/// The shape of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Marker {
    /// ●
    #[default]
    Circle,
    /// ■
    Square,
    /// ▲
    Triangle,
    /// ✕
    Cross,
    /// ◆
    Diamond,
    /// +
    Plus,
    /// ▼
    TriangleDown,
    /// ★
    Star,
}

const ALL: [Marker; 8] = [
    Marker::Circle,
    Marker::Triangle,
    Marker::Square,
    Marker::Cross,
    Marker::Diamond,
    Marker::Plus,
    Marker::TriangleDown,
    Marker::Star,
];

impl Marker {
    /// The marker of the class of a number; they come again after eight.
    pub(crate) fn of(number: usize) -> Self {
        ALL[number % ALL.len()]
    }

    /// Draws a point with about the area of a disc of the radius, with a thin edge that tells it from its neighbours.
    pub(crate) fn draw(
        self,
        canvas: &mut Canvas,
        at: Point,
        radius: f64,
        paint: Paint,
        edge: Color,
    ) {
        if !canvas.shows(at) || radius <= 0.0 {
            return;
        }
        let thin = (radius * 0.22).clamp(0.5, 1.2);
        let edge = edge.alpha(paint.alpha);
        let place = |(x, y): Point| (at.0 + x * radius, at.1 + y * radius);
        let shapes = &mut canvas.shapes;
        match self {
            Self::Circle => {
                let radius = radius + thin;
                shapes.push(Shape::Disc {
                    at,
                    radius,
                    paint: edge,
                });
                let radius = radius - thin;
                shapes.push(Shape::Disc { at, radius, paint });
            }
            Self::Cross | Self::Plus => {
                let arm = if self == Self::Plus { 1.15 } else { 0.85 };
                let ends = match self {
                    Self::Plus => [[(-arm, 0.0), (arm, 0.0)], [(0.0, -arm), (0.0, arm)]],
                    _ => [[(-arm, -arm), (arm, arm)], [(-arm, arm), (arm, -arm)]],
                };
                let wide = (radius * 0.5).max(1.0);
                for pen in [Pen::new(edge, wide + 2.0 * thin), Pen::new(paint, wide)] {
                    for two in ends {
                        let (path, width) = (two.map(place).to_vec(), pen.width);
                        let paint = pen.paint;
                        shapes.push(Shape::Line { path, paint, width });
                    }
                }
            }
            _ => {
                let ring: Vec<Point> = self.corners().into_iter().map(place).collect();
                let mut path = ring.clone();
                path.extend([ring[0], ring[1]]);
                let width = 2.0 * thin;
                shapes.push(Shape::Line {
                    path,
                    paint: edge,
                    width,
                });
                let rings = vec![ring];
                shapes.push(Shape::Fill { rings, paint });
            }
        }
    }

    /// The corners of what is a polygon, around a middle, for a disc of radius 1.
    fn corners(self) -> Vec<Point> {
        let around = |count: usize, first: f64, radius: &dyn Fn(usize) -> f64| {
            let corner = |i: usize| {
                let angle = (first + i as f64 / count as f64) * std::f64::consts::TAU;
                (radius(i) * angle.cos(), radius(i) * angle.sin())
            };
            (0..count).map(corner).collect()
        };
        match self {
            Self::Triangle => around(3, -0.25, &|_| 1.3),
            Self::TriangleDown => around(3, 0.25, &|_| 1.3),
            Self::Diamond => around(4, 0.0, &|_| 1.25),
            Self::Star => around(10, -0.25, &|i| if i % 2 == 0 { 1.4 } else { 0.6 }),
            _ => around(4, 0.125, &|_| 1.25),
        }
    }
}
