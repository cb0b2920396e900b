//! Which classes are taken for which.

use super::axes::Plot;
use super::axis::Axis;
use super::canvas::{Align, Area, Canvas};
use super::color::ColorMap;
use super::color_bar::ColorBar;
use super::font;
use super::picture::{Frame, Picture};
use super::scale::{Scale, number};
use super::values::{IntoMatrix, Matrix};
use crate::error::{Error, Result};
use crate::metrics::Share;

/// A confusion matrix: how often each class, down, was taken for each, across, as
/// [`ConfusionMatrix::count`](crate::metrics::ConfusionMatrix::count) counts it.
///
/// ```
/// use tilewise::metrics::{ConfusionMatrix, Share};
/// use tilewise::plot::{Confusion, Picture};
/// use tilewise::prelude::*;
///
/// let dev = Device::cpu();
/// let guesses = Tensor::new([0, 1, 1, 0, 2], &dev)?;
/// let labels = Tensor::new([0, 1, 0, 0, 2], &dev)?;
/// let counts = ConfusionMatrix::new(3).count(&guesses, &labels)?;
/// let picture = Confusion::new(&counts)
///     .names(["setosa", "versicolor", "virginica"])
///     .shares(Share::OfRight);
/// # let folder = std::env::temp_dir();
/// picture.save(folder.join("tilewise-confusion.png"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "ConfusionMatrixDisplay")]
pub struct Confusion {
    frame: Frame,
    counts: Matrix,
    names: Option<Vec<String>>,
    share: Option<Share>,
}

impl Confusion {
    /// Of counts `(classes, classes)`.
    #[track_caller]
    pub fn new(counts: impl IntoMatrix) -> Self {
        let mut frame = Frame::default();
        let counts = frame.note(counts.into_matrix("confusion"));
        if frame.error.is_none()
            && (counts.rows != counts.columns || counts.rows == 0 || counts.rows > 1000)
        {
            let message = format!(
                "counts must be a square of at least 1 class and at most 1000, but they are {} × {}",
                counts.rows, counts.columns
            );
            frame.note::<()>(Err(Error::value("confusion", message)));
        }
        let (names, share) = (None, None);
        Self {
            frame,
            counts,
            names,
            share,
        }
    }

    /// The names of the classes; by default their numbers.
    #[track_caller]
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.counts.rows {
            let message = format!(
                "there are {} classes, but {} names",
                self.counts.rows,
                names.len()
            );
            self.frame
                .note::<()>(Err(Error::value("confusion", message)));
        }
        self.names = Some(names);
        self
    }

    /// Cells show, and are coloured by, the counts as parts of their row, their column or all; where there is room the
    /// count stands below.
    #[doc(alias = "normalize")]
    pub fn shares(mut self, of: Share) -> Self {
        self.share = Some(of);
        self
    }

    /// What cells show: counts, or parts of a whole, 0 where there is none.
    fn values(&self) -> Vec<f64> {
        let (n, counts) = (self.counts.rows, &self.counts);
        let finite = |v: f64| if v.is_finite() { v } else { 0.0 };
        let row = |i: usize| (0..n).map(|j| finite(counts.at(i, j))).sum::<f64>();
        let column = |j: usize| (0..n).map(|i| finite(counts.at(i, j))).sum::<f64>();
        let all: f64 = (0..n).map(row).sum();
        let rows: Vec<f64> = (0..n).map(row).collect();
        let columns: Vec<f64> = (0..n).map(column).collect();
        let value = |k: usize| {
            let whole = match self.share {
                None => return counts.values[k],
                Some(Share::OfRight) => rows[k / n],
                Some(Share::OfPredicted) => columns[k % n],
                Some(Share::OfAll) => all,
            };
            if whole == 0.0 {
                0.0
            } else {
                counts.values[k] / whole
            }
        };
        (0..n * n).map(value).collect()
    }
}

impl Picture for Confusion {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        let side = (self.counts.rows as u32).clamp(1, 60) * 44;
        (side.max(300) + 220, side.max(300) + 140)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let n = self.counts.rows;
        let names = self
            .names
            .clone()
            .unwrap_or_else(|| (0..n).map(|i| i.to_string()).collect());
        let values = self.values();
        let most = values
            .iter()
            .copied()
            .filter(|v| v.is_finite())
            .fold(0.0, f64::max);
        let high = if self.share.is_some() {
            1.0
        } else {
            most.max(1.0)
        };
        let mut scale = Scale::new(0.0, high, false);
        scale.whole = self.share.is_none();
        let colors = ColorBar {
            scale,
            map: ColorMap::Blues,
            label: if self.share.is_some() {
                "share"
            } else {
                "count"
            }
            .into(),
            levels: vec![],
        };
        let axis = Axis::Names(names);
        let mut plot = Plot::new(&self.frame, axis.clone(), axis).labels("predicted", "right");
        plot.down = true;
        plot.boxed = true;
        plot.aspect = Some(1.0);
        plot.bar = Some(colors.clone());
        plot.draw(canvas, area, &|canvas, axes| {
            let theme = canvas.theme;
            let edge =
                |from: f64, length: f64, i: usize| (from + length * i as f64 / n as f64).round();
            for (k, &value) in values.iter().enumerate() {
                let (row, column) = (k / n, k % n);
                let (x, y) = (
                    edge(axes.area.x, axes.area.w, column),
                    edge(axes.area.y, axes.area.h, row),
                );
                let w = edge(axes.area.x, axes.area.w, column + 1) - x;
                let h = edge(axes.area.y, axes.area.h, row + 1) - y;
                let cell = Area::new(x, y, w, h);
                let Some(color) = colors.color(value, theme) else {
                    continue;
                };
                canvas.rect(cell, color);
                let count = number(self.counts.values[k]);
                let (main, below) = match self.share {
                    Some(_) => (format!("{value:.2}"), count),
                    None => (count, String::new()),
                };
                let fit =
                    |text: &str, size: f64| size.min((w - 4.0) / font::width(text, 1.0).max(0.1));
                let size = fit(&main, canvas.font_size).min(h - 2.0);
                if size < 6.0 {
                    continue;
                }
                let (x, y) = cell.middle();
                let ink = color.readable();
                let small = fit(&below, 0.75 * size);
                if !below.is_empty() && h > 2.4 * size && small >= 6.0 {
                    canvas.text((x, y - 0.45 * size), &main, size, ink, Align::Middle);
                    canvas.text((x, y + 0.65 * size), &below, small, ink, Align::Middle);
                } else {
                    canvas.text((x, y), &main, size, ink, Align::Middle);
                }
            }
            Ok(())
        })
    }
}
