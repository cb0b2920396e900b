//! What a predictor says everywhere over two features.

use std::cell::RefCell;
use std::rc::Rc;

use super::axes::Plot;
use super::axis::{Axes, Axis};
use super::canvas::{Area, Canvas};
use super::grid::{Answers, Grid, Over};
use super::legend::{Entry, Key};
use super::marker::Marker;
use super::picture::{Frame, Picture};
use super::regions::{boundaries, regions};
use super::scale::{Scale, number};
use super::values::{IntoValues, Matrix};
use crate::data::Predict;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// What predicts: rows of features to what is said of each.
pub(crate) type Predictor<'a> = Box<dyn Fn(&Tensor) -> Result<Tensor> + 'a>;

/// The areas in which a predictor says each class, over two features, with the data on them: a colour and a marker a
/// class.
///
/// A grid of points is predicted, in batches and off any tape, when the picture is first drawn, and kept: options that
/// do not change the grid (all but [`resolution`](DecisionSurface::resolution), [`margin`](DecisionSurface::margin),
/// [`features`](DecisionSurface::features), the ranges, and the predictor) draw again without predicting again.
///
/// What a predictor may say of `n` rows:
/// - integers or bools, `(n)` or `(n, 1)`: the classes themselves;
/// - floats `(n)` or `(n, 1)`: one score, of the second class where it is above a
///   [`threshold`](DecisionSurface::threshold), by default 0, as of logits and of hinge loss; 0.5 is right for
///   probabilities;
/// - floats `(n, k)` with `k` of 2 or more: a score for each class, the largest of which is meant.
///
/// The class of column `j` is `j` where all labels are whole numbers from 0 to `k` − 1, else the label that is number
/// `j` in ascending order, so that labels of −1 and 1 are the first and the second. NaN belongs to no class.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data;
/// use tilewise::plot::{DecisionSurface, Picture};
///
/// let dev = Device::cpu();
/// let moons = data::make_moons(100, 0.1, 0, &dev)?;
/// let model = nn::mlp([2, 16, 2], nn::Relu, &dev)?;
/// let surface = DecisionSurface::new(moons.inputs(), moons.targets())
///     .predictor(&model)
///     .names(["lower", "upper"])
///     .resolution(60)
///     .x_label("x₁")
///     .y_label("x₂");
/// # let folder = std::env::temp_dir();
/// surface.save(folder.join("tilewise-moons.png"))?;
/// surface.alpha(0.5).points(false).save(folder.join("tilewise-areas.svg"))?; // nothing predicted anew
///
/// // Any function from rows to what is said of them.
/// let circle = DecisionSurface::new(moons.inputs(), moons.targets())
///     .predict_with(|x| x.square().sum(1)?.lt(1.0))
///     .resolution(60);
/// assert_eq!(circle.image()?.width, 680);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("plot_decision_regions", "decision_boundary"))]
pub struct DecisionSurface<'a> {
    frame: Frame,
    x: Option<Tensor>,
    data: Matrix,
    labels: Vec<f64>,
    predictor: Option<Predictor<'a>>,
    names: Vec<String>,
    features: (usize, usize),
    resolution: usize,
    margin: f64,
    threshold: f64,
    alpha: f64,
    radius: f64,
    regions: bool,
    boundary: bool,
    points: bool,
    predicted: RefCell<Option<(Over, Rc<Answers>)>>,
}

impl<'a> DecisionSurface<'a> {
    /// Of rows of features `(n, 2)`, or more of which [`features`](DecisionSurface::features) are shown, and a label
    /// for each row.
    #[track_caller]
    pub fn new(x: &Tensor, labels: impl IntoValues) -> Self {
        let mut frame = Frame::default();
        let data = frame.note(rows(x));
        let labels = frame.note(labels.into_values());
        if frame.error.is_none() && labels.len() != data.rows {
            let message = format!("there are {} rows, but {} labels", data.rows, labels.len());
            frame.note::<()>(Err(Error::value("decision_surface", message)));
        }
        Self {
            frame,
            x: Some(x.detach()),
            data,
            labels,
            predictor: None,
            names: vec![],
            features: (0, 1),
            resolution: 200,
            margin: 0.08,
            threshold: 0.0,
            alpha: 0.32,
            radius: 4.2,
            regions: true,
            boundary: true,
            points: true,
            predicted: RefCell::new(None),
        }
    }

    /// What predicts: a layer, a network, a pipeline.
    pub fn predictor(self, predictor: &'a (impl Predict + ?Sized)) -> Self {
        self.predict_with(move |x| predictor.predict(x))
    }

    /// A function that predicts rows `(n, features)`.
    pub fn predict_with(mut self, predictor: impl Fn(&Tensor) -> Result<Tensor> + 'a) -> Self {
        self.predictor = Some(Box::new(predictor));
        self.predicted = RefCell::new(None);
        self
    }

    /// The names of the classes in ascending order, for the legend; by default `class 0` and so on.
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Which features are shown, to the right and upwards, by their columns; by default the first two. The others are
    /// at their mean.
    pub fn features(mut self, right: usize, up: usize) -> Self {
        self.features = (right, up);
        self
    }

    /// How many points are predicted in each direction, 200 by default.
    pub fn resolution(mut self, points: usize) -> Self {
        self.resolution = points;
        self
    }

    /// How far the areas reach beyond the data, as a part of its range; 0.08 by default.
    #[doc(alias = "padding")]
    pub fn margin(mut self, part: f64) -> Self {
        self.margin = part;
        self
    }

    /// Above which score a row is of the second class, where there is one score a row; 0 by default.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// How opaque the areas are, from 0 to 1; 0.32 by default.
    #[doc(alias = "transparency")]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha.clamp(0.0, 1.0);
        self
    }

    /// The radius of the points in pixels, 4.2 by default.
    pub fn radius(mut self, pixels: f64) -> Self {
        self.radius = pixels.clamp(0.0, 200.0);
        self
    }

    /// Whether the areas are filled, as by default.
    #[doc(alias = "contourf")]
    pub fn regions(mut self, regions: bool) -> Self {
        self.regions = regions;
        self
    }

    /// Whether there are lines between the areas, as by default.
    #[doc(alias = "contour")]
    pub fn boundary(mut self, boundary: bool) -> Self {
        self.boundary = boundary;
        self
    }

    /// Whether the data is shown, as by default.
    #[doc(alias = "scatter")]
    pub fn points(mut self, points: bool) -> Self {
        self.points = points;
        self
    }

    /// The labels that there are, in ascending order.
    fn distinct(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self
            .labels
            .iter()
            .copied()
            .filter(|v| !v.is_nan())
            .collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }

    /// What is predicted over the ranges; as before, if they are as before.
    fn answers(&self, over: Over) -> Result<Rc<Answers>> {
        let Some(predictor) = &self.predictor else {
            let message = "there is no predictor; give a model by predictor(&model) or a function by \
                           predict_with(…), or turn off regions and boundary to see the data alone";
            return Err(Error::value("decision_surface", message));
        };
        if let Some((before, answers)) = &*self.predicted.borrow()
            && *before == over
        {
            return Ok(answers.clone());
        }
        let answers = match &self.x {
            Some(x) => Rc::new(over.predict(predictor, &self.data, x.device())?),
            None => Rc::default(),
        };
        *self.predicted.borrow_mut() = Some((over, answers.clone()));
        Ok(answers)
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        self.frame.check()?;
        let most = self.features.0.max(self.features.1);
        if most >= self.data.columns {
            let message = format!(
                "features {} and {} are asked for, but rows have {} columns",
                self.features.0, self.features.1, self.data.columns
            );
            return Err(Error::value("decision_surface", message));
        }
        if !(2..=4096).contains(&self.resolution) {
            let message = format!(
                "a resolution of {} points; from 2 to 4096 can be drawn",
                self.resolution
            );
            return Err(Error::value("decision_surface", message));
        }
        if !(0.0..=100.0).contains(&self.margin) {
            let message = format!(
                "a margin of {}; it is a part of the range, from 0 to 100",
                self.margin
            );
            return Err(Error::value("decision_surface", message));
        }
        Ok(())
    }

    fn draw_points(&self, classes: &[f64], canvas: &mut Canvas, axes: &Axes) {
        let paper = canvas.palette.paper;
        let (x, y) = (
            self.data.column(self.features.0),
            self.data.column(self.features.1),
        );
        for ((x, y), label) in x.into_iter().zip(y).zip(&self.labels) {
            let class = classes.iter().position(|c| c == label);
            if let (Some(class), Some(at)) = (class, axes.at(x, y)) {
                let color = canvas.palette.of(class);
                Marker::of(class).draw(canvas, at, self.radius, color.into(), paper);
            }
        }
    }
}

/// Rows of features.
#[track_caller]
fn rows(x: &Tensor) -> Result<Matrix> {
    use super::values::IntoMatrix;
    let rows = x.into_matrix("decision_surface")?;
    if rows.columns < 2 {
        let message = "rows of at least two features are wanted, (n, 2)";
        return Err(Error::shape("decision_surface", x.shape_ref(), message));
    }
    Ok(rows)
}

impl Picture for DecisionSurface<'_> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        (680, 560)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.check()?;
        let scale = |column: usize, range: Option<(f64, f64)>| {
            Scale::over(range, self.data.column(column), false, self.margin)
        };
        let x = scale(self.features.0, self.frame.x_range);
        let y = scale(self.features.1, self.frame.y_range);
        let over = Over {
            x: (x.low, x.high),
            y: (y.low, y.high),
            resolution: self.resolution,
            features: self.features,
        };
        let mut classes = self.distinct();
        let grid = match self.regions || self.boundary {
            true => Some(Grid::new(
                &*self.answers(over)?,
                self.threshold,
                &mut classes,
            )),
            false => None,
        };
        let mut plot = Plot::new(&self.frame, Axis::Numbers(x), Axis::Numbers(y));
        plot.grid = (false, false);
        plot.boxed = true;
        let palette = canvas.palette;
        let region = |class: usize| palette.paper.mix(palette.of(class), self.alpha);
        for (class, label) in classes.iter().enumerate() {
            let name = self.names.get(class).cloned();
            let color = palette.of(class);
            plot.entries.push(Entry {
                label: name.unwrap_or_else(|| format!("class {}", number(*label))),
                key: match self.points {
                    true => Key::Marker(Marker::of(class), color.into(), self.radius.max(3.0)),
                    false => Key::Box(region(class), 1.0),
                },
            });
        }
        plot.draw(canvas, area, &|canvas, axes| {
            if let Some(grid) = &grid {
                if self.regions {
                    regions(grid, canvas, axes, &region);
                }
                if self.boundary {
                    boundaries(grid, canvas, axes);
                }
            }
            if self.points {
                canvas.ground = canvas.shapes.len();
                self.draw_points(&classes, canvas, axes);
            }
            Ok(())
        })
    }
}
