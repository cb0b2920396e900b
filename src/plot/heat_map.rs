//! Tables of values as colours: cell by cell, as filled contours, or as lines.

mod cells;
mod draw;

use self::cells::Pixels;
use super::axes::Plot;
use super::canvas::{Area, Canvas};
use super::color::{Color, ColorMap};
use super::marker::Marker;
use super::picture::{Frame, Picture};
use super::series::{self, Kind, Series};
use super::values::{IntoMatrix, IntoValues, Matrix};
use crate::error::{Error, Result};

/// A table of values as colours, with the bar that tells them: cell by cell ([`new`](HeatMap::new)), as areas between
/// levels ([`filled_contours`](HeatMap::filled_contours)) or as lines ([`contours`](HeatMap::contours)); with a path
/// and marked points over it.
///
/// Columns go to the right. Without values for the rows ([`y`](HeatMap::y)) the first row is at the top, as it is
/// printed; with them rows go along an axis upwards. NaN and infinite values are left blank.
///
/// A loss over a grid of two weights, and how they were learned:
///
/// ```
/// use tilewise::plot::{HeatMap, Picture};
/// use tilewise::{Indexing, prelude::*};
///
/// let dev = Device::cpu();
/// let w = Tensor::linspace(-1.0, 3.0, 41, &dev)?;
/// let b = Tensor::linspace(-2.0, 2.0, 31, &dev)?;
/// let grids = Tensor::meshgrid(&[&w, &b], Indexing::Xy, false)?;
/// let loss = (&grids[0] - 1.0).square() + (&grids[1] + 0.5).square() * 2.0;
/// let map = HeatMap::new(&loss)
///     .x(&w)
///     .y(&b)
///     .path("descent", &[-0.5, 0.4, 0.8, 0.95], &[1.5, 0.2, -0.3, -0.45])
///     .mark("least squares", 1.0, -0.5)
///     .x_label("weight")
///     .y_label("bias")
///     .value_label("loss");
/// # let folder = std::env::temp_dir();
/// map.save(folder.join("tilewise-loss-map.png"))?;
/// HeatMap::filled_contours(&loss).x(&w).y(&b).save(folder.join("tilewise-loss.svg"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias("imshow", "pcolormesh", "contour", "contourf", "Contours", "colorbar"))]
pub struct HeatMap {
    frame: Frame,
    show: Show,
    table: Matrix,
    x: Option<Vec<f64>>,
    y: Option<Vec<f64>>,
    x_names: Option<Vec<String>>,
    y_names: Option<Vec<String>>,
    map: ColorMap,
    range: Option<(f64, f64)>,
    log: bool,
    value_label: String,
    numbers: bool,
    levels: Levels,
    lines: bool,
    bar: bool,
    over: Vec<Series>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Show {
    Cells,
    Filled,
    Lines,
}

#[derive(Clone, Debug)]
enum Levels {
    About(usize),
    At(Vec<f64>),
}

/// The most values that are drawn.
const MOST: usize = 1 << 22;

impl HeatMap {
    #[track_caller]
    fn of(table: impl IntoMatrix, show: Show) -> Self {
        let mut frame = Frame::default();
        let table = frame.note(table.into_matrix("heat_map"));
        if frame.error.is_none() && (table.values.is_empty() || table.values.len() > MOST) {
            let message = format!(
                "a table of {} rows and {} columns cannot be drawn; at least one value can, and at most {MOST}",
                table.rows, table.columns
            );
            frame.note::<()>(Err(Error::value("heat_map", message)));
        }
        Self {
            frame,
            show,
            table,
            x: None,
            y: None,
            x_names: None,
            y_names: None,
            map: ColorMap::default(),
            range: None,
            log: false,
            value_label: String::new(),
            numbers: false,
            levels: Levels::About(10),
            lines: show == Show::Lines,
            bar: true,
            over: vec![],
        }
    }

    /// Each value as a cell.
    #[track_caller]
    pub fn new(table: impl IntoMatrix) -> Self {
        Self::of(table, Show::Cells)
    }

    /// Areas between levels, one colour each.
    #[track_caller]
    pub fn filled_contours(table: impl IntoMatrix) -> Self {
        Self::of(table, Show::Filled)
    }

    /// Lines of equal value.
    #[track_caller]
    pub fn contours(table: impl IntoMatrix) -> Self {
        Self::of(table, Show::Lines)
    }

    /// The value of each column along the axis to the right, rising or falling.
    #[track_caller]
    pub fn x(mut self, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.check_axis("x", &values, self.table.columns);
        self.x = Some(values);
        self
    }

    /// The value of each row along the axis upwards, rising or falling.
    #[track_caller]
    pub fn y(mut self, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.check_axis("y", &values, self.table.rows);
        self.y = Some(values);
        self
    }

    #[track_caller]
    fn check_axis(&mut self, axis: &str, values: &[f64], wanted: usize) {
        if self.frame.error.is_some() {
            return;
        }
        let rising = values.windows(2).all(|two| two[0] < two[1]);
        let falling = values.windows(2).all(|two| two[0] > two[1]);
        let finite = values.iter().all(|v| v.is_finite());
        let message = if values.len() != wanted {
            format!(
                "{axis} must have {wanted} values, but there are {}",
                values.len()
            )
        } else if !finite || !(rising || falling) {
            format!("the values of {axis} must be finite, and rise or fall from each to the next")
        } else {
            return;
        };
        self.frame
            .note::<()>(Err(Error::value("heat_map", message)));
    }

    /// The names of the columns.
    #[track_caller]
    pub fn x_names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.check_names("columns", names.len(), self.table.columns);
        self.x_names = Some(names);
        self
    }

    /// The names of the rows.
    #[track_caller]
    pub fn y_names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.check_names("rows", names.len(), self.table.rows);
        self.y_names = Some(names);
        self
    }

    #[track_caller]
    fn check_names(&mut self, what: &str, names: usize, wanted: usize) {
        if names != wanted {
            let message = format!("there are {wanted} {what}, but {names} names");
            self.frame
                .note::<()>(Err(Error::value("heat_map", message)));
        }
    }

    /// Which colours the values have.
    #[doc(alias = "cmap")]
    pub fn color_map(mut self, map: ColorMap) -> Self {
        self.map = map;
        self
    }

    /// The values that have the first and the last colour; those beyond have them too. By default all that there are.
    #[doc(alias("vmin", "vmax"))]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Colours go by the logarithms of values. Those that are not above 0 are left blank.
    #[doc(alias = "LogNorm")]
    pub fn log_values(mut self, log: bool) -> Self {
        self.log = log;
        self
    }

    /// What stands beside the bar of colours.
    pub fn value_label(mut self, label: impl Into<String>) -> Self {
        self.value_label = label.into();
        self
    }

    /// Whether there is a bar that says which colour is which value, as by default.
    #[doc(alias = "colorbar")]
    pub fn color_bar(mut self, bar: bool) -> Self {
        self.bar = bar;
        self
    }

    /// Whether each cell has its value written in it, where there is room.
    #[doc(alias = "annot")]
    pub fn numbers(mut self, numbers: bool) -> Self {
        self.numbers = numbers;
        self
    }

    /// About so many levels of contours at round values; 10 by default.
    pub fn levels(mut self, count: usize) -> Self {
        self.levels = Levels::About(count.clamp(1, 200));
        self
    }

    /// The levels of contours.
    #[track_caller]
    pub fn levels_at(mut self, values: impl IntoValues) -> Self {
        let mut values = self.frame.note(values.into_values());
        values.retain(|v| v.is_finite());
        values.sort_by(f64::total_cmp);
        values.dedup();
        self.levels = Levels::At(values);
        self
    }

    /// Whether lines of equal value are drawn over cells and filled contours.
    pub fn lines(mut self, lines: bool) -> Self {
        self.lines = lines;
        self
    }

    /// A path over the map: a line with a point at each place.
    #[track_caller]
    pub fn path(
        mut self,
        label: impl Into<String>,
        x: impl IntoValues,
        y: impl IntoValues,
    ) -> Self {
        let (x, y) = (
            self.frame.note(x.into_values()),
            self.frame.note(y.into_values()),
        );
        if x.len() != y.len() {
            let message = format!(
                "a path must have as many x as y, but there are {} and {}",
                x.len(),
                y.len()
            );
            self.frame
                .note::<()>(Err(Error::value("heat_map", message)));
            return self;
        }
        let mut path = Series::new(label, Kind::Line, x, y);
        path.marker = Some(Marker::Circle);
        path.radius = 2.6;
        path.width = 1.6;
        self.over.push(path);
        self
    }

    /// A marked point.
    pub fn mark(mut self, label: impl Into<String>, x: f64, y: f64) -> Self {
        let mut mark = Series::new(label, Kind::Scatter, vec![x], vec![y]);
        mark.marker = Some(Marker::Star);
        mark.radius = 7.0;
        self.over.push(mark);
        self
    }
}

impl Picture for HeatMap {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        (680, 540)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let frame = &self.frame;
        let mut colors = self.colors();
        let levels = self.level_values(&colors.scale);
        if self.show == Show::Filled {
            let (low, high) = (colors.scale.low, colors.scale.high);
            let inner = levels.iter().copied().filter(|v| *v > low && *v < high);
            colors.levels = std::iter::once(low).chain(inner).chain([high]).collect();
        }
        let x = self.axis(
            &self.x,
            &self.x_names,
            frame.x_range,
            frame.log_x,
            self.table.columns,
        );
        let y = self.axis(
            &self.y,
            &self.y_names,
            frame.y_range,
            frame.log_y,
            self.table.rows,
        );
        let mut plot = Plot::new(frame, x.axis.clone(), y.axis.clone());
        plot.down = self.y.is_none();
        plot.boxed = true;
        plot.grid = if self.show == Show::Lines {
            plot.grid
        } else {
            (false, false)
        };
        plot.bar = self.bar.then(|| colors.clone());
        let mut over = self.over.clone();
        for (i, series) in over.iter_mut().enumerate() {
            series.color =
                Some([Color::VERMILLION, Color::ORANGE, Color::PURPLE, Color::SKY][i % 4]);
        }
        plot.entries = series::entries(&over, &canvas.palette);
        plot.draw(canvas, area, &|canvas, axes| {
            let grid = Pixels::of(&x, &y, axes);
            match self.show {
                Show::Cells => self.draw_cells(&grid, &colors, canvas),
                Show::Filled => self.draw_filled(&grid, &colors, canvas),
                Show::Lines => {}
            }
            if self.lines {
                self.draw_lines(&grid, &levels, &colors, canvas);
            }
            canvas.ground = canvas.shapes.len();
            series::draw(&over, canvas, axes);
            Ok(())
        })
    }
}
