//! Which colour stands for which value.

use super::canvas::{Align, Area, Canvas, Pen};
use super::color::{Color, ColorMap, Theme};
use super::font;
use super::scale::Scale;

/// The colours of values, and the bar beside a plot that shows them.
#[derive(Clone, Debug)]
pub(crate) struct ColorBar {
    pub(crate) scale: Scale,
    pub(crate) map: ColorMap,
    pub(crate) label: String,
    /// Values at which the colour changes; none where it changes everywhere.
    pub(crate) levels: Vec<f64>,
}

const WIDTH: f64 = 1.2;
const STEPS: usize = 256;

impl ColorBar {
    /// The colour of a value; none where it has no place.
    pub(crate) fn color(&self, v: f64, theme: Theme) -> Option<Color> {
        Some(self.map.at(self.scale.place(v)?, theme))
    }

    /// The colour between the level of a number and the next.
    pub(crate) fn between(&self, level: usize, theme: Theme) -> Color {
        let last = self.levels.len().saturating_sub(2).max(1);
        self.map.at(level as f64 / last as f64, theme)
    }

    fn most(size: f64, height: f64) -> usize {
        ((height / (size * 2.6)) as usize).clamp(2, 12)
    }

    /// The width that it needs beside a plot, with the space before it.
    pub(crate) fn width(&self, size: f64, height: f64) -> f64 {
        let labels = self.scale.ticks(Self::most(size, height));
        let width = |t: &super::scale::Tick| font::width(&t.label, 0.95 * size);
        let widest = labels.iter().map(width).fold(0.0, f64::max);
        let label = if self.label.is_empty() {
            0.0
        } else {
            1.6 * size
        };
        (1.0 + WIDTH + 0.7) * size + widest + label
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64), height: f64) {
        let (size, palette, theme) = (canvas.font_size, canvas.palette, canvas.theme);
        let area = Area::new(x.round(), y, (WIDTH * size).round(), height);
        let at = |place: f64| area.bottom() - place * height;
        let mut band = |low: f64, high: f64, color: Color| {
            let (top, bottom) = (at(high).round(), at(low).round());
            canvas.rect(Area::new(area.x, top, area.w, bottom - top), color);
        };
        if self.levels.len() > 1 {
            for (i, two) in self.levels.windows(2).enumerate() {
                if let (Some(low), Some(high)) =
                    (self.scale.place(two[0]), self.scale.place(two[1]))
                {
                    band(low, high, self.between(i, theme));
                }
            }
        } else {
            for i in 0..STEPS {
                let (low, high) = (i as f64 / STEPS as f64, (i + 1) as f64 / STEPS as f64);
                band(low, high, self.map.at((low + high) / 2.0, theme));
            }
        }
        let pen = Pen::new(palette.line, 1.0);
        canvas.frame(area.within(-0.5, -0.5, -0.5, -0.5), pen);
        let mut widest = 0f64;
        for t in self.scale.ticks(Self::most(size, height)) {
            let y = at(t.place);
            let right = area.right() + 0.5;
            let line = super::axis::crisp(y);
            canvas.line(&[(right, line), (right + 0.3 * size, line)], pen);
            canvas.text(
                (right + 0.5 * size, y),
                &t.label,
                0.95 * size,
                palette.text,
                Align::Start,
            );
            widest = widest.max(font::width(&t.label, 0.95 * size));
        }
        let label = font::elide(&self.label, size, height);
        let x = area.right() + 0.7 * size + widest + 0.8 * size;
        canvas.text_up(
            (x, area.middle().1),
            &label,
            size,
            palette.text,
            Align::Middle,
        );
    }
}
