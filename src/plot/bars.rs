//! Bars in groups.

use super::axes::Plot;
use super::axis::Axis;
use super::canvas::{Area, Canvas, Pen};
use super::color::Color;
use super::legend::{Entry, Key};
use super::picture::{Frame, Picture};
use super::scale::Scale;
use super::values::IntoValues;
use crate::error::{Error, Result};

/// A group of bars for each name: the values of several sets beside one another.
///
/// Bars start at 0, on a logarithmic axis at its lower end. What is NaN has none.
///
/// ```
/// use tilewise::plot::{Bars, Picture};
///
/// let bars = Bars::new(["age", "bmi", "blood pressure"])
///     .set("epoch 1", &[0.1, 0.4, 0.2])
///     .set("epoch 100", &[-0.2, 0.9, 0.5])
///     .set("least squares", &[-0.25, 0.95, 0.5])
///     .y_label("weight");
/// # let folder = std::env::temp_dir();
/// bars.save(folder.join("tilewise-bars.png"))?;
/// # Ok::<(), tilewise::Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "bar")]
pub struct Bars {
    frame: Frame,
    names: Vec<String>,
    sets: Vec<Set>,
}

#[derive(Clone, Debug)]
struct Set {
    label: String,
    values: Vec<f64>,
    color: Option<Color>,
}

impl Bars {
    /// The names of the groups.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self {
            frame: Frame::default(),
            names: names.into_iter().map(Into::into).collect(),
            sets: vec![],
        }
    }

    /// A bar in each group, with a label for the legend.
    #[track_caller]
    pub fn set(mut self, label: impl Into<String>, values: impl IntoValues) -> Self {
        let values = self.frame.note(values.into_values());
        let label = label.into();
        if values.len() != self.names.len() && self.frame.error.is_none() {
            let message = format!(
                "{label:?}: there must be a value for each of {} names, but there are {}",
                self.names.len(),
                values.len()
            );
            self.frame.note::<()>(Err(Error::value("bars", message)));
        }
        let color = None;
        self.sets.push(Set {
            label,
            values,
            color,
        });
        self
    }

    /// The colour of the set added last; without it the next of the theme's.
    pub fn color(mut self, color: Color) -> Self {
        if let Some(set) = self.sets.last_mut() {
            set.color = Some(color);
        }
        self
    }
}

impl Picture for Bars {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let log = self.frame.log_y;
        let values = || self.sets.iter().flat_map(|set| set.values.iter().copied());
        let y = match self.frame.y_range {
            Some((low, high)) => Scale::new(low, high, log),
            None if log => Scale::of(values(), true, 0.1),
            None => {
                let scale = Scale::of(values().chain([0.0]), false, 0.06);
                // No space between the axis and bars that all point the same way.
                let low = if !values().any(|v| v < 0.0) {
                    0.0
                } else {
                    scale.low
                };
                let high = if !values().any(|v| v > 0.0) && low < 0.0 {
                    0.0
                } else {
                    scale.high
                };
                Scale::new(low, high, false)
            }
        };
        let mut plot = Plot::new(
            &self.frame,
            Axis::Names(self.names.clone()),
            Axis::Numbers(y),
        );
        let palette = canvas.palette;
        let color = |i: usize| self.sets[i].color.unwrap_or(palette.of(i));
        for (i, set) in self.sets.iter().enumerate() {
            let (label, key) = (set.label.clone(), Key::Box(color(i), 1.0));
            if !label.is_empty() {
                plot.entries.push(Entry { label, key });
            }
        }
        plot.draw(canvas, area, &|canvas, axes| {
            let base = if log {
                y.low
            } else {
                0f64.clamp(y.low, y.high)
            };
            let Some(base) = axes.y(base).map(f64::round) else {
                return Ok(());
            };
            let count = self.sets.len().max(1) as f64;
            for (i, set) in self.sets.iter().enumerate() {
                for (group, &value) in set.values.iter().enumerate() {
                    // Four fifths of a slot are the group's.
                    let place = |part: f64| axes.x(group as f64 - 0.4 + 0.8 * part / count);
                    let ends = (place(i as f64), place(i as f64 + 1.0), axes.y(value));
                    let (Some(left), Some(right), Some(end)) = ends else {
                        continue;
                    };
                    let (left, right, end) = (left.round(), right.round(), end.round());
                    let gap = if right - left > 6.0 { 1.0 } else { 0.0 };
                    let (top, height) = (end.min(base), (end - base).abs());
                    canvas.rect(Area::new(left, top, right - left - gap, height), color(i));
                }
            }
            if base > axes.area.y && base < axes.area.bottom() {
                let line = [(axes.area.x, base + 0.5), (axes.area.right(), base + 0.5)];
                canvas.line(&line, Pen::new(palette.line, 1.0));
            }
            Ok(())
        })
    }
}
