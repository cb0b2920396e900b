//! Heights over a plane, seen from the side.

use super::canvas::{Align, Area, Canvas, Pen, Point};
use super::color::ColorMap;
use super::color_bar::ColorBar;
use super::font;
use super::panels;
use super::picture::{Frame, Picture};
use super::scale::Scale;
use super::values::{IntoMatrix, IntoValues, Matrix};
use crate::error::{Error, Result};

/// A table of heights as a surface: columns along x, rows along y. What is NaN or infinite is a hole.
///
/// ```
/// use tilewise::plot::{Picture, Surface};
/// use tilewise::{Indexing, prelude::*};
///
/// let line = Tensor::linspace(-2.0, 2.0, 31, &Device::cpu())?;
/// let grids = Tensor::meshgrid(&[&line, &line], Indexing::Xy, false)?;
/// let heights = (-(grids[0].square() + grids[1].square())).exp();
/// let surface = Surface::new(&heights).x(&line).y(&line).x_label("x").y_label("y").z_label("height");
/// # let folder = std::env::temp_dir();
/// surface.save(folder.join("tilewise-surface.png"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias("plot_surface", "Axes3D"))]
pub struct Surface {
    frame: Frame,
    heights: Matrix,
    x: Option<Vec<f64>>,
    y: Option<Vec<f64>>,
    z_label: String,
    z_range: Option<(f64, f64)>,
    map: ColorMap,
    view: (f64, f64),
    mesh: bool,
}

/// The most rows and columns of facets; of more, some are left out.
const MOST: usize = 150;

/// Half of the height of the box; of its other sides half is 1.
const HEIGHT: f64 = 0.7;

type Place = [f64; 3];

impl Surface {
    /// Of heights, with at least two rows and columns.
    #[track_caller]
    pub fn new(heights: impl IntoMatrix) -> Self {
        let mut frame = Frame::default();
        let heights = frame.note(heights.into_matrix("surface"));
        if frame.error.is_none() && (heights.rows < 2 || heights.columns < 2) {
            let message = format!(
                "a surface has at least 2 rows and 2 columns, but there are {} and {}",
                heights.rows, heights.columns
            );
            frame.note::<()>(Err(Error::value("surface", message)));
        }
        Self {
            frame,
            heights,
            x: None,
            y: None,
            z_label: String::new(),
            z_range: None,
            map: ColorMap::default(),
            view: (-60.0, 30.0),
            mesh: true,
        }
    }

    /// The x of each column.
    #[track_caller]
    pub fn x(mut self, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.check_axis("x", values.len(), self.heights.columns);
        self.x = Some(values);
        self
    }

    /// The y of each row.
    #[track_caller]
    pub fn y(mut self, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.check_axis("y", values.len(), self.heights.rows);
        self.y = Some(values);
        self
    }

    #[track_caller]
    fn check_axis(&mut self, axis: &str, values: usize, wanted: usize) {
        if values != wanted {
            let message = format!("{axis} must have {wanted} values, but there are {values}");
            self.frame.note::<()>(Err(Error::value("surface", message)));
        }
    }

    /// What stands beside the axis of the heights.
    #[doc(alias = "zlabel")]
    pub fn z_label(mut self, label: impl Into<String>) -> Self {
        self.z_label = label.into();
        self
    }

    /// The heights at the bottom and at the top of the box; what is beyond is cut.
    #[doc(alias = "zlim")]
    pub fn z_range(mut self, low: f64, high: f64) -> Self {
        self.z_range = Some((low, high));
        self
    }

    /// Which colours heights have.
    #[doc(alias = "cmap")]
    pub fn color_map(mut self, map: ColorMap) -> Self {
        self.map = map;
        self
    }

    /// From where it is seen, in degrees: around the upward axis, and above the plane; −60 and 30 by default.
    #[doc(alias = "view_init")]
    pub fn view(mut self, azimuth: f64, elevation: f64) -> Self {
        if azimuth.is_finite() && elevation.is_finite() {
            self.view = (azimuth, elevation.clamp(-90.0, 90.0));
        }
        self
    }

    /// Whether thin lines show the facets, as by default where there are not too many.
    pub fn mesh(mut self, mesh: bool) -> Self {
        self.mesh = mesh;
        self
    }

    fn values(given: &Option<Vec<f64>>, count: usize) -> Vec<f64> {
        match given {
            Some(values) => values.clone(),
            None => (0..count).map(|i| i as f64).collect(),
        }
    }
}

/// How the box around the surface is seen.
struct View {
    right: Place,
    up: Place,
    near: Place,
    middle: Point,
    unit: f64,
}

impl View {
    fn new((azimuth, elevation): (f64, f64), area: Area) -> Self {
        let (a, e) = (azimuth.to_radians(), elevation.to_radians());
        let mut view = Self {
            right: [-a.sin(), a.cos(), 0.0],
            up: [-e.sin() * a.cos(), -e.sin() * a.sin(), e.cos()],
            near: [e.cos() * a.cos(), e.cos() * a.sin(), e.sin()],
            middle: (0.0, 0.0),
            unit: 1.0,
        };
        // As large as fits.
        let corners = (0..8).map(|i| {
            let sign = |bit: usize| if i >> bit & 1 == 0 { -1.0 } else { 1.0 };
            view.at([sign(0), sign(1), sign(2) * HEIGHT])
        });
        let (mut w, mut h) = (0f64, 0f64);
        for (x, y) in corners {
            (w, h) = (w.max(x.abs()), h.max(y.abs()));
        }
        view.unit = (area.w / (2.0 * w)).min(area.h / (2.0 * h));
        view.middle = area.middle();
        view
    }

    fn at(&self, p: Place) -> Point {
        (
            self.middle.0 + self.unit * dot(p, self.right),
            self.middle.1 - self.unit * dot(p, self.up),
        )
    }
}

fn dot(a: Place, b: Place) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The side of the box, −1 or 1, that is nearer.
fn side(v: f64) -> f64 {
    if v < 0.0 { -1.0 } else { 1.0 }
}

impl Picture for Surface {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        (720, 560)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let (xs, ys) = (
            Self::values(&self.x, self.heights.columns),
            Self::values(&self.y, self.heights.rows),
        );
        let scale = |values: &[f64], range: Option<(f64, f64)>| {
            Scale::over(range, values.iter().copied(), false, 0.0)
        };
        let scales = [
            scale(&xs, self.frame.x_range),
            scale(&ys, self.frame.y_range),
            scale(&self.heights.values, self.z_range),
        ];
        let colors = ColorBar {
            scale: scales[2],
            map: self.map,
            label: String::new(),
            levels: vec![],
        };
        panels::with_title(canvas, area, &self.frame.title, |canvas, area| {
            let size = canvas.font_size;
            let bar = colors.width(size, area.h * 0.6);
            let room = area.within(5.0 * size, 1.2 * size, 2.0 * size + bar, 3.5 * size);
            let view = View::new(self.view, room);
            self.draw_box(&view, &scales, canvas);
            self.draw_facets(&view, (&xs, &ys), &scales, &colors, canvas);
            let x = area.right() - bar - 0.4 * size;
            colors.draw(
                canvas,
                (x, (area.y + area.h * 0.2).round()),
                (area.h * 0.6).round(),
            );
            Ok(())
        })
    }
}

impl Surface {
    /// The three far sides of the box with their ticks.
    fn draw_box(&self, view: &View, scales: &[Scale; 3], canvas: &mut Canvas) {
        let (size, palette) = (canvas.font_size, canvas.palette);
        let (thin, pen) = (Pen::new(palette.grid, 1.0), Pen::new(palette.line, 1.0));
        let (nx, ny, nz) = (side(view.near[0]), side(view.near[1]), side(view.near[2]));
        let floor = -nz * HEIGHT;
        let labels = [
            self.frame.x_label.as_deref().unwrap_or(""),
            self.frame.y_label.as_deref().unwrap_or(""),
            &self.z_label,
        ];
        let ticks: Vec<_> = scales.iter().map(|s| s.ticks(6)).collect();
        let place =
            |axis: usize, part: f64| (2.0 * part - 1.0) * if axis == 2 { HEIGHT } else { 1.0 };
        // Lines across the far sides.
        for t in &ticks[0] {
            let x = place(0, t.place);
            canvas.line(
                &[[x, ny, floor], [x, -ny, floor], [x, -ny, -floor]].map(|p| view.at(p)),
                thin,
            );
        }
        for t in &ticks[1] {
            let y = place(1, t.place);
            canvas.line(
                &[[nx, y, floor], [-nx, y, floor], [-nx, y, -floor]].map(|p| view.at(p)),
                thin,
            );
        }
        for t in &ticks[2] {
            let z = place(2, t.place);
            canvas.line(
                &[[-nx, ny, z], [-nx, -ny, z], [nx, -ny, z]].map(|p| view.at(p)),
                thin,
            );
        }
        // The upright edge furthest to the left has the heights.
        let edges = [(-nx, ny), (nx, -ny)];
        let left = |&(x, y): &(f64, f64)| view.at([x, y, 0.0]).0;
        let (zx, zy) = if left(&edges[0]) <= left(&edges[1]) {
            edges[0]
        } else {
            edges[1]
        };
        let axes: [(&dyn Fn(f64) -> Place, Place); 3] = [
            (&|v| [v, ny, floor], [0.0, ny, 0.0]),
            (&|v| [nx, v, floor], [nx, 0.0, 0.0]),
            (&|v| [zx, zy, v], [zx, zy, 0.0]),
        ];
        for (axis, (along, outward)) in axes.into_iter().enumerate() {
            let end = place(axis, 1.0);
            let (a, b) = (view.at(along(-end)), view.at(along(end)));
            canvas.line(&[a, b], pen);
            // Away from the box, on the screen.
            let (ox, oy) = (dot(outward, view.right), -dot(outward, view.up));
            let length = ox.hypot(oy);
            let (ox, oy) = match axis {
                2 => (-1.0, 0.0),
                _ if length > 1e-6 => (ox / length, oy / length),
                _ => (0.0, 1.0),
            };
            let mut widest = 0f64;
            for t in &ticks[axis] {
                let (x, y) = view.at(along(place(axis, t.place)));
                let tip = 0.35 * size;
                canvas.line(&[(x, y), (x + ox * tip, y + oy * tip)], pen);
                let wide = font::width(&t.label, 0.9 * size);
                widest = widest.max(wide);
                // As far as half the text is long in this direction.
                let far = 0.75 * size + (ox.abs() * wide / 2.0).max(oy.abs() * 0.5 * size);
                let at = (x + ox * far, y + oy * far);
                canvas.text(at, &t.label, 0.9 * size, palette.text, Align::Middle);
            }
            let middle = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
            let far = 2.1 * size + ox.abs() * widest;
            let at = (middle.0 + ox * far, middle.1 + oy * far);
            match axis {
                2 => canvas.text_up(at, labels[2], size, palette.text, Align::Middle),
                _ => canvas.text(at, labels[axis], size, palette.text, Align::Middle),
            }
        }
    }

    /// The facets from the furthest to the nearest, so that what is near hides what is behind it.
    fn draw_facets(
        &self,
        view: &View,
        (xs, ys): (&[f64], &[f64]),
        scales: &[Scale; 3],
        colors: &ColorBar,
        canvas: &mut Canvas,
    ) {
        let some = |count: usize| {
            let step = (count - 1).div_ceil(MOST).max(1);
            let mut all: Vec<usize> = (0..count).step_by(step).collect();
            if all.last() != Some(&(count - 1)) {
                all.push(count - 1);
            }
            all
        };
        let (columns, rows) = (some(self.heights.columns), some(self.heights.rows));
        let corner = |row: usize, column: usize| -> Option<(Place, f64)> {
            let z = self.heights.at(row, column);
            let part = |axis: usize, v: f64| {
                scales[axis]
                    .place(v)
                    .filter(|p| (-1e-9..=1.0 + 1e-9).contains(p))
            };
            let (x, y) = (part(0, xs[column])?, part(1, ys[row])?);
            let h = scales[2]
                .place(z)
                .filter(|_| z.is_finite())?
                .clamp(0.0, 1.0);
            Some(([2.0 * x - 1.0, 2.0 * y - 1.0, (2.0 * h - 1.0) * HEIGHT], z))
        };
        let mut facets = vec![];
        for two_rows in rows.windows(2) {
            for two in columns.windows(2) {
                let corners =
                    [(0, 0), (0, 1), (1, 1), (1, 0)].map(|(r, c)| corner(two_rows[r], two[c]));
                let [Some(a), Some(b), Some(c), Some(d)] = corners else {
                    continue;
                };
                let all = [a, b, c, d];
                let depth: f64 = all.iter().map(|p| dot(p.0, view.near)).sum();
                let height = all.iter().map(|p| p.1 / 4.0).sum::<f64>();
                facets.push((depth, height, all.map(|p| view.at(p.0))));
            }
        }
        facets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let meshed = self.mesh && rows.len().max(columns.len()) <= 70;
        for (_, height, ring) in facets {
            let Some(color) = colors.color(height, canvas.theme) else {
                continue;
            };
            canvas.fill(vec![ring.to_vec()], color);
            // Its edges in the mesh's colour; or in its own, so that nothing shines through between two facets.
            let pen = match meshed {
                true => Pen::new(color.mix(super::color::Color::BLACK, 0.35), 0.6),
                false => Pen::new(color, 0.7),
            };
            let [a, b, c, d] = ring;
            canvas.line(&[a, b, c, d, a], pen);
        }
    }
}
