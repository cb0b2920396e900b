//! Lines, points and what goes with them.

use super::axes::Plot;
use super::axis::Axis;
use super::canvas::{Area, Canvas, Dash};
use super::color::Color;
use super::marker::Marker;
use super::picture::{Frame, Picture};
use super::series::{self, Kind, Series};
use super::values::IntoValues;
use crate::error::{Error, Result};

/// Lines, points, segments, bands and texts between two axes, in the order in which they are added.
///
/// A label of `""` leaves a series out of the legend. How a series looks is said after it: [`color`](Chart::color),
/// [`marker`](Chart::marker), [`width`](Chart::width), [`dash`](Chart::dash), [`radius`](Chart::radius) and
/// [`alpha`](Chart::alpha) are about the series that was added last. Points whose coordinates are NaN, or not above 0
/// on a logarithmic axis, are left out, and lines have gaps there. Without any points the axes are drawn from 0 to 1.
///
/// A fit: the points, and the line through them.
///
/// ```
/// use tilewise::plot::{Chart, Dash, Picture};
/// use tilewise::prelude::*;
///
/// let dev = Device::cpu();
/// let x = Tensor::linspace(0.0, 1.0, 20, &dev)?;
/// let y = &x * 2.0 + 0.1;
/// let chart = Chart::new()
///     .scatter("data", &x, &y)
///     .line("fit", &[0.0, 1.0], &[0.1, 2.1])
///     .dash(Dash::Dashed)
///     .x_label("x");
/// # let folder = std::env::temp_dir();
/// chart.save(folder.join("tilewise-fit.svg"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[doc(alias("Axes", "scatter", "plot"))]
pub struct Chart {
    frame: Frame,
    series: Vec<Series>,
    equal: bool,
}

impl Chart {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    #[track_caller]
    fn with(
        mut self,
        label: impl Into<String>,
        kind: Kind,
        x: Result<Vec<f64>>,
        y: Result<Vec<f64>>,
    ) -> Self {
        let (x, y) = (self.frame.note(x), self.frame.note(y));
        let label = label.into();
        let others = match &kind {
            Kind::Band(others) => others.len(),
            Kind::Texts(texts) => texts.len(),
            _ => x.len(),
        };
        let both = !matches!(kind, Kind::Across | Kind::Upright);
        if both && (x.len() != y.len() || others != x.len()) {
            let message = match kind {
                Kind::Band(_) => format!(
                    "{label:?}: there must be as many x as lower and upper ends, but there are {}, {} and {others}",
                    x.len(),
                    y.len()
                ),
                Kind::Texts(_) => format!(
                    "there must be as many texts as places, but there are {} x, {} y and {others} texts",
                    x.len(),
                    y.len()
                ),
                _ => format!(
                    "{label:?}: there must be as many x as y, but there are {} and {}",
                    x.len(),
                    y.len()
                ),
            };
            self.frame.note::<()>(Err(Error::value("chart", message)));
            return self;
        }
        if matches!(kind, Kind::Segments) && x.len() % 2 != 0 {
            let message = format!(
                "{label:?}: segments have two points each, but there are {}",
                x.len()
            );
            self.frame.note::<()>(Err(Error::value("chart", message)));
        }
        self.series.push(Series::new(label, kind, x, y));
        self
    }

    /// A line through points in their order.
    #[track_caller]
    pub fn line(self, label: impl Into<String>, x: impl IntoValues, y: impl IntoValues) -> Self {
        self.with(label, Kind::Line, x.into_values(), y.into_values())
    }

    /// Points.
    #[track_caller]
    pub fn scatter(self, label: impl Into<String>, x: impl IntoValues, y: impl IntoValues) -> Self {
        self.with(label, Kind::Scatter, x.into_values(), y.into_values())
    }

    /// Lines from each point with an even number to the next.
    #[track_caller]
    pub fn segments(
        self,
        label: impl Into<String>,
        x: impl IntoValues,
        y: impl IntoValues,
    ) -> Self {
        self.with(label, Kind::Segments, x.into_values(), y.into_values())
    }

    /// The area between two lines, as that of a deviation around a mean; a third opaque.
    #[doc(alias = "fill_between")]
    #[track_caller]
    pub fn band(
        mut self,
        label: impl Into<String>,
        x: impl IntoValues,
        low: impl IntoValues,
        high: impl IntoValues,
    ) -> Self {
        let high = self.frame.note(high.into_values());
        self.with(label, Kind::Band(high), x.into_values(), low.into_values())
            .alpha(0.3)
    }

    /// A dashed line across the whole plot.
    #[doc(alias = "axhline")]
    pub fn across(self, label: impl Into<String>, y: f64) -> Self {
        self.with(label, Kind::Across, Ok(vec![]), Ok(vec![y]))
            .width(1.2)
    }

    /// A dashed line over the whole height.
    #[doc(alias = "axvline")]
    pub fn upright(self, label: impl Into<String>, x: f64) -> Self {
        self.with(label, Kind::Upright, Ok(vec![x]), Ok(vec![]))
            .width(1.2)
    }

    /// Texts, each with its middle at a point.
    #[doc(alias = "annotate")]
    #[track_caller]
    pub fn texts<T: Into<String>>(
        self,
        x: impl IntoValues,
        y: impl IntoValues,
        texts: impl IntoIterator<Item = T>,
    ) -> Self {
        let texts = texts.into_iter().map(Into::into).collect();
        self.with("", Kind::Texts(texts), x.into_values(), y.into_values())
    }

    fn last(mut self, change: impl FnOnce(&mut Series)) -> Self {
        if let Some(series) = self.series.last_mut() {
            change(series);
        }
        self
    }

    /// The colour of the series added last; without it the next of the theme's.
    pub fn color(self, color: Color) -> Self {
        self.last(|series| series.color = Some(color))
    }

    /// The shape of the points of the series added last; those of a line are shown once it is said.
    pub fn marker(self, marker: Marker) -> Self {
        self.last(|series| series.marker = Some(marker))
    }

    /// The width of the line of the series added last, in pixels; 2 by default.
    pub fn width(self, pixels: f64) -> Self {
        self.last(|series| series.width = pixels.clamp(0.1, 200.0))
    }

    /// The dashes of the line of the series added last.
    pub fn dash(self, dash: Dash) -> Self {
        self.last(|series| series.dash = Some(dash))
    }

    /// The radius of the points of the series added last, in pixels; 4 by default.
    pub fn radius(self, pixels: f64) -> Self {
        self.last(|series| series.radius = pixels.clamp(0.1, 200.0))
    }

    /// How opaque the series added last is, from 0 to 1.
    pub fn alpha(self, alpha: f64) -> Self {
        self.last(|series| series.alpha = alpha.clamp(0.0, 1.0))
    }

    /// Whether a unit is as long upwards as to the right.
    #[doc(alias = "set_aspect")]
    pub fn equal(mut self, equal: bool) -> Self {
        self.equal = equal;
        self
    }
}

impl Picture for Chart {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let frame = &self.frame;
        let x = series::x_scale(&self.series, frame.x_range, frame.log_x, 0.05);
        let y = series::y_scale(&self.series, frame.y_range, frame.log_y, 0.06);
        let mut plot = Plot::new(frame, Axis::Numbers(x), Axis::Numbers(y));
        if self.equal && !frame.log_x && !frame.log_y {
            let aspect = (y.high - y.low) / (x.high - x.low);
            plot.aspect = Some(aspect.clamp(0.05, 20.0));
        }
        plot.entries = series::entries(&self.series, &canvas.palette);
        plot.draw(canvas, area, &|canvas, axes| {
            series::draw(&self.series, canvas, axes);
            Ok(())
        })
    }
}
