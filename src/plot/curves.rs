//! Curves over epochs.

use super::axes::Plot;
use super::axis::Axis;
use super::canvas::{Area, Canvas, Dash};
use super::color::Palette;
use super::picture::{Frame, Picture};
use super::scale::Scale;
use super::series::{self, Kind, Series};
use super::values::{IntoMatrix, IntoValues};
use crate::error::{Error, Result};
use crate::train::History;

/// Values over epochs: losses, metrics beside them in a plot of their own, weights.
///
/// The first value of a curve is that of epoch 1. What is NaN is a gap, and so is what is not above 0 where
/// [`log_y`](Picture::log_y) is asked for, which is about the losses alone.
///
/// ```
/// use tilewise::plot::{Curves, Picture};
///
/// let curves = Curves::new()
///     .curve("loss", &[0.9, 0.5, 0.3, 0.25])
///     .curve("val_loss", &[0.95, 0.6, 0.45, 0.44])
///     .metric("accuracy", &[0.4, 0.7, 0.8, 0.85])
///     .metric("val_accuracy", &[0.4, 0.65, 0.75, 0.78])
///     .title("Digits");
/// # let folder = std::env::temp_dir();
/// curves.save(folder.join("tilewise-curves.png"))?;
/// # Ok::<(), tilewise::Error>(())
/// ```
///
/// Weights over epochs, a line each:
///
/// ```
/// use tilewise::plot::{Curves, Picture};
///
/// let after_each_epoch = vec![vec![0.0, 0.1], vec![0.3, 0.2], vec![0.4, 0.2]];
/// let curves = Curves::new()
///     .curves(["age", "bmi"], &after_each_epoch)
///     .y_label("weight");
/// assert!(curves.svg()?.contains("bmi"));
/// # Ok::<(), tilewise::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[doc(alias("history", "weights"))]
pub struct Curves {
    frame: Frame,
    /// Losses and metrics.
    panels: [Vec<Series>; 2],
    levels: Vec<f64>,
    first: Option<f64>,
    every: Option<f64>,
    metric_label: Option<String>,
    metric_range: Option<(f64, f64)>,
}

impl Curves {
    /// Without any.
    pub fn new() -> Self {
        Self::default()
    }

    /// The losses of a run, and its metrics beside them: those of training and of the validation.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// use tilewise::plot::{Curves, Picture};
    /// use tilewise::{data, loss::CrossEntropy, metrics::Accuracy};
    ///
    /// let dev = Device::cpu();
    /// let model = nn::mlp([2, 8, 2], nn::Relu, &dev)?;
    /// let mut trainer = Trainer::new(model, optim::Adam::new(0.01), CrossEntropy::new())
    ///     .metric(Accuracy::new())
    ///     .validation(data::make_moons(50, 0.1, 1, &dev)?)
    ///     .epochs(2);
    /// let history = trainer.fit(&data::make_moons(100, 0.1, 0, &dev)?)?;
    /// let svg = Curves::of_history(&history).svg()?;
    /// assert!(svg.contains("val_loss") && svg.contains("val_accuracy"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn of_history(history: &History) -> Self {
        let of = |name: &str| name.strip_prefix("val_").unwrap_or(name).to_string();
        let others = |name: &&str| *name != "learning_rate" && !name.starts_with("gradient.");
        let names = history.names().filter(others);
        names.fold(Self::new(), |curves, name| {
            let panel = usize::from(of(name) != "loss");
            let values = history.values(name).unwrap_or_default().to_vec();
            curves.add(panel, name.into(), values)
        })
    }

    fn add(mut self, panel: usize, label: String, y: Vec<f64>) -> Self {
        self.panels[panel].push(Series::new(label, Kind::Line, vec![], y));
        self
    }

    /// A curve with its values epoch by epoch.
    #[track_caller]
    pub fn curve(mut self, label: impl Into<String>, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.add(0, label.into(), values)
    }

    /// Several curves, each a column of a table `(epochs, curves)`, with a label each.
    #[track_caller]
    pub fn curves<L: Into<String>>(
        mut self,
        labels: impl IntoIterator<Item = L>,
        values: impl IntoMatrix,
    ) -> Self {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        let table = match values.into_matrix("curves") {
            Ok(table) => table,
            Err(error) => {
                self.frame.note::<()>(Err(error));
                return self;
            }
        };
        if labels.len() != table.columns {
            let message = format!(
                "there must be a label for each of {} columns, but there are {}",
                table.columns,
                labels.len()
            );
            self.frame.note::<()>(Err(Error::value("curves", message)));
            return self;
        }
        let columns = labels.into_iter().enumerate();
        columns.fold(self, |curves, (i, label)| {
            curves.add(0, label, table.column(i))
        })
    }

    /// Dotted lines across the plot, one for each curve in their order and of its colour: what the curves should come
    /// to, as the weights of least squares beside those that are learned.
    #[track_caller]
    pub fn levels(mut self, values: impl IntoValues) -> Self {
        self.levels = self.frame.note(values.into_values());
        if self.levels.len() > self.panels[0].len() {
            let (levels, curves) = (self.levels.len(), self.panels[0].len());
            let message = format!("{levels} levels are given, but there are {curves} curves");
            self.frame.note::<()>(Err(Error::value("curves", message)));
        }
        self
    }

    /// A curve of the second plot, at the right, which has an axis of its own.
    #[track_caller]
    pub fn metric(mut self, label: impl Into<String>, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.add(1, label.into(), values)
    }

    /// The epoch of the first value, 1 by default.
    #[track_caller]
    pub fn first_epoch(mut self, first: f64) -> Self {
        self.check("the first epoch", first);
        self.first = Some(first);
        self
    }

    /// How many epochs (or steps) lie between two values, 1 by default.
    #[track_caller]
    pub fn every(mut self, epochs: f64) -> Self {
        self.check("what lies between two values", epochs);
        self.every = Some(epochs);
        self
    }

    /// Notes the error of a number that is not finite.
    #[track_caller]
    fn check(&mut self, what: &str, number: f64) {
        if !number.is_finite() {
            let message = format!("{what} must be finite, not {number}");
            self.frame.note::<()>(Err(Error::value("curves", message)));
        }
    }

    /// What stands beside the axis of the metrics.
    pub fn metric_label(mut self, label: impl Into<String>) -> Self {
        self.metric_label = Some(label.into());
        self
    }

    /// The values that the axis of the metrics shows; by default all that there are.
    pub fn metric_range(mut self, low: f64, high: f64) -> Self {
        self.metric_range = Some((low, high));
        self
    }

    /// The curves of a panel with their epochs.
    fn series(&self, panel: usize) -> Vec<Series> {
        let (first, every) = (self.first.unwrap_or(1.0), self.every.unwrap_or(1.0));
        let mut all = self.panels[panel].clone();
        for one in &mut all {
            one.x = (0..one.y.len()).map(|i| first + i as f64 * every).collect();
        }
        all
    }

    /// The lines of the levels.
    fn level_lines(&self, palette: &Palette) -> impl Iterator<Item = Series> {
        let levels = self.levels.iter().enumerate();
        levels.map(|(i, &level)| {
            let mut line = Series::new("", Kind::Across, vec![], vec![level]);
            line.color = Some(palette.of(i));
            line.dash = Some(Dash::Dotted);
            line.width = 1.4;
            line
        })
    }

    fn draw_panel(&self, panel: usize, title: &str, canvas: &mut Canvas, area: Area) -> Result<()> {
        let frame = &self.frame;
        let series = self.series(panel);
        let mut shown = series.clone();
        if panel == 0 {
            shown.extend(self.level_lines(&canvas.palette));
        }
        let (range, log) = match panel {
            0 => (frame.y_range, frame.log_y),
            _ => (self.metric_range, false),
        };
        let y = series::y_scale(&shown, range, log, 0.05);
        let x = series::x_scale(&series, frame.x_range, frame.log_x, 0.0);
        // The lone value of one epoch is in the middle of a range of whole numbers.
        let x = match series.iter().all(|s| s.y.len() < 2) && frame.x_range.is_none() {
            true => {
                let first = self.first.unwrap_or(1.0);
                Scale::new(first - 1.0, first + 1.0, false).whole()
            }
            false if self.every.unwrap_or(1.0).fract() == 0.0 => x.whole(),
            false => x,
        };
        let mut plot = Plot::new(frame, Axis::Numbers(x), Axis::Numbers(y));
        plot.title = title;
        plot = plot.labels("epoch", if panel == 0 { "loss" } else { "metric" });
        if panel == 1 {
            let alone = match &self.panels[1][..] {
                [one] => one.label.as_str(),
                _ => "",
            };
            plot.y_label = self.metric_label.as_deref().unwrap_or(alone);
        } else if frame.y_label.is_none() && !series.iter().any(|s| s.label.contains("loss")) {
            plot.y_label = "";
        }
        plot.entries = series::entries(&series, &canvas.palette);
        plot.draw(canvas, area, &|canvas, axes| {
            series::draw(&shown, canvas, axes);
            Ok(())
        })
    }
}

impl Picture for Curves {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        match self.panels.iter().all(|panel| !panel.is_empty()) {
            true => (1040, 430),
            false => (720, 450),
        }
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let title = &self.frame.title;
        match (self.panels[0].is_empty(), self.panels[1].is_empty()) {
            (_, true) => self.draw_panel(0, title, canvas, area),
            (true, false) => self.draw_panel(1, title, canvas, area),
            (false, false) => super::panels::with_title(canvas, area, title, |canvas, area| {
                let half = (area.w / 2.0).floor();
                let left = Area::new(area.x, area.y, half, area.h);
                let right = Area::new(area.x + half, area.y, area.w - half, area.h);
                self.draw_panel(0, "", canvas, left)?;
                self.draw_panel(1, "", canvas, right)
            }),
        }
    }
}
