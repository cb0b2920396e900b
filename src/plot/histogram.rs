//! How often values occur.

use super::axes::Plot;
use super::axis::Axis;
use super::canvas::{Area, Canvas, Pen};
use super::color::Color;
use super::legend::{Entry, Key};
use super::picture::{Frame, Picture};
use super::scale::Scale;
use super::values::IntoValues;
use crate::error::{Error, Result};

/// How many of the values lie in each of equal bins; several sets of values over one another, half transparent.
///
/// Bins are closed at the left, and the last at both ends, as in NumPy. NaN and infinite values are not counted.
///
/// ```
/// use tilewise::plot::{Histogram, Picture};
/// use tilewise::prelude::*;
///
/// let values = Generator::new(0).normal([1000], &Device::cpu())?;
/// let histogram = Histogram::new(&values).bins(20).x_label("value");
/// assert_eq!(histogram.counts(0).iter().sum::<usize>(), 1000);
/// # let folder = std::env::temp_dir();
/// histogram.save(folder.join("tilewise-histogram.svg"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "hist")]
pub struct Histogram {
    frame: Frame,
    sets: Vec<(String, Vec<f64>)>,
    bins: Option<usize>,
    density: bool,
}

impl Histogram {
    /// Of values.
    #[track_caller]
    pub fn new(values: impl IntoValues) -> Self {
        let empty = Self {
            frame: Frame::default(),
            sets: vec![],
            bins: None,
            density: false,
        };
        empty.add("", values)
    }

    /// Beside those there are, others, with a label for the legend.
    #[track_caller]
    pub fn add(mut self, label: impl Into<String>, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        self.sets.push((label.into(), values));
        self
    }

    /// The label of the values given first.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.sets[0].0 = label.into();
        self
    }

    /// How many bins there are, from 1 to 10,000; by default as many as the square root of the number of values, and
    /// from 5 to 60.
    pub fn bins(mut self, bins: usize) -> Self {
        self.bins = Some(bins);
        self
    }

    /// Heights are parts of the whole over the width of a bin, so that the bars' area is 1.
    pub fn density(mut self, density: bool) -> Self {
        self.density = density;
        self
    }

    /// The range of all values, and the number of bins.
    fn binning(&self) -> (Scale, usize) {
        let all = || {
            self.sets
                .iter()
                .flat_map(|(_, values)| values.iter().copied())
        };
        let scale = Scale::over(self.frame.x_range, all(), false, 0.0);
        let most = self
            .sets
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(0);
        let usual = ((most as f64).sqrt().ceil() as usize).clamp(5, 60);
        (scale, self.bins.unwrap_or(usual).clamp(1, 10_000))
    }

    /// How many values of a set, by its number from 0, each bin has; none of a set that is not there.
    pub fn counts(&self, set: usize) -> Vec<usize> {
        let (scale, bins) = self.binning();
        let mut counts = vec![0; bins];
        for &v in self.sets.get(set).map_or(&[][..], |(_, values)| values) {
            if v.is_finite() && v >= scale.low && v <= scale.high {
                let bin = (v - scale.low) / (scale.high - scale.low) * bins as f64;
                counts[(bin as usize).min(bins - 1)] += 1;
            }
        }
        counts
    }

    /// The height of each bar.
    fn heights(&self, set: usize, width: f64) -> Vec<f64> {
        let counts = self.counts(set);
        let all = counts.iter().sum::<usize>().max(1) as f64;
        let height = |count: usize| match self.density {
            true => count as f64 / all / width,
            false => count as f64,
        };
        counts.into_iter().map(height).collect()
    }
}

impl Picture for Histogram {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        if self.bins.is_some_and(|bins| bins == 0 || bins > 10_000) {
            let message = format!(
                "{} bins; from 1 to 10,000 can be drawn",
                self.bins.unwrap_or(0)
            );
            return Err(Error::value("histogram", message));
        }
        let (scale, bins) = self.binning();
        let width = (scale.high - scale.low) / bins as f64;
        let sets: Vec<Vec<f64>> = (0..self.sets.len())
            .map(|i| self.heights(i, width))
            .collect();
        let tallest = sets.iter().flatten().copied().fold(0.0, f64::max);
        let tallest = if tallest > 0.0 { tallest * 1.06 } else { 1.0 };
        let log = self.frame.log_y;
        // A count of 1 is seen on logarithms too.
        let lowest = sets
            .iter()
            .flatten()
            .copied()
            .filter(|v| *v > 0.0)
            .fold(tallest, f64::min);
        let floor = if log { lowest / 2.0 } else { 0.0 };
        let (low, high) = self.frame.y_range.unwrap_or((floor, tallest));
        let y = Scale::new(low, high, log);
        let y = if self.density || log { y } else { y.whole() };
        let mut plot = Plot::new(&self.frame, Axis::Numbers(scale), Axis::Numbers(y))
            .labels("", if self.density { "density" } else { "count" });
        plot.grid.0 = false;
        let palette = canvas.palette;
        let alpha = if sets.len() > 1 { 0.55 } else { 0.9 };
        for (i, (label, _)) in self.sets.iter().enumerate() {
            let (label, key) = (label.clone(), Key::Box(palette.of(i), alpha));
            if !label.is_empty() {
                plot.entries.push(Entry { label, key });
            }
        }
        plot.draw(canvas, area, &|canvas, axes| {
            for (i, heights) in sets.iter().enumerate() {
                bars(heights, axes, canvas, palette.of(i), alpha);
            }
            Ok(())
        })
    }
}

fn bars(heights: &[f64], axes: &super::axis::Axes, canvas: &mut Canvas, color: Color, alpha: f64) {
    let (plot, bins) = (axes.area, heights.len() as f64);
    let edge = |i: usize| (plot.x + i as f64 / bins * plot.w).round();
    for (i, &height) in heights.iter().enumerate() {
        let Some(top) = axes.y(height).filter(|_| height > 0.0) else {
            continue;
        };
        let (left, right) = (edge(i), edge(i + 1));
        let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
        let (top, bottom) = (top.round(), plot.bottom());
        canvas.rect(
            Area::new(left, top, right - left - gap, bottom - top),
            color.alpha(alpha),
        );
        let line = [(left, top + 0.5), (right - gap, top + 0.5)];
        canvas.line(&line, Pen::new(color, 1.0));
    }
}
