//! Tables drawn cell by cell, as areas and as lines.

use super::super::axis::Axis;
use super::super::canvas::{Align, Area, Canvas, Pen, Point};
use super::super::color::{Color, ColorMap};
use super::super::color_bar::ColorBar;
use super::super::font;
use super::super::marching;
use super::super::scale::{Scale, number};
use super::super::values::Matrix;
use super::cells::{Pixels, Ruler, edges};
use super::{HeatMap, Levels, Show};

impl HeatMap {
    pub(super) fn draw_cells(&self, grid: &Pixels, colors: &ColorBar, canvas: &mut Canvas) {
        let theme = canvas.theme;
        let color = |row: usize, column: usize| {
            let v = self.table.at(row, column);
            colors.color(v, theme).filter(|_| v.is_finite())
        };
        for row in 0..self.table.rows {
            let (a, b) = (grid.y_edges[row], grid.y_edges[row + 1]);
            let mut start = 0;
            while start < self.table.columns {
                let own = color(row, start);
                // Cells of one colour beside one another are one.
                let same =
                    (start..self.table.columns).take_while(|&column| color(row, column) == own);
                let end = start + same.count();
                let (c, d) = (grid.x_edges[start], grid.x_edges[end]);
                if let Some(own) = own {
                    let area = Area::new(c.min(d), a.min(b), (d - c).abs(), (b - a).abs());
                    canvas.rect(area, own);
                }
                start = end;
            }
        }
        if self.numbers {
            self.draw_numbers(grid, &color, canvas);
        }
    }

    fn draw_numbers(
        &self,
        grid: &Pixels,
        color: &dyn Fn(usize, usize) -> Option<Color>,
        canvas: &mut Canvas,
    ) {
        for row in 0..self.table.rows {
            for column in 0..self.table.columns {
                let Some(ground) = color(row, column) else {
                    continue;
                };
                let text = number(self.table.at(row, column));
                let w = (grid.x_edges[column + 1] - grid.x_edges[column]).abs() - 4.0;
                let h = (grid.y_edges[row + 1] - grid.y_edges[row]).abs() - 2.0;
                let size = (canvas.font_size * 0.95)
                    .min(w / font::width(&text, 1.0))
                    .min(h);
                let at = grid.at((column as f64, row as f64));
                if size >= 6.0 && canvas.shows(at) {
                    canvas.text(at, &text, size, ground.readable(), Align::Middle);
                }
            }
        }
    }

    /// What is at least as high as each level, over what is lower.
    pub(super) fn draw_filled(&self, grid: &Pixels, colors: &ColorBar, canvas: &mut Canvas) {
        let theme = canvas.theme;
        let table = self.finite();
        for band in 0..colors.levels.len() - 1 {
            // The first has all that is lower too.
            let level = if band == 0 {
                f64::MIN
            } else {
                colors.levels[band]
            };
            let rings = marching::rings(&table, level);
            let pixels = |ring: &marching::Ring| ring.places.iter().map(|&p| grid.at(p)).collect();
            canvas.fill(
                rings.iter().map(pixels).collect(),
                colors.between(band, theme),
            );
        }
    }

    pub(super) fn draw_lines(
        &self,
        grid: &Pixels,
        levels: &[f64],
        colors: &ColorBar,
        canvas: &mut Canvas,
    ) {
        let theme = canvas.theme;
        let table = self.finite();
        for &level in levels {
            let pen = match self.show {
                Show::Lines => {
                    let color = colors.color(level, theme).unwrap_or(canvas.palette.text);
                    Pen::new(color, 1.8)
                }
                _ => Pen::new(canvas.palette.text.alpha(0.6), 1.0),
            };
            for ring in marching::rings(&table, level) {
                for line in ring.lines() {
                    let path: Vec<Point> = line.into_iter().map(|p| grid.at(p)).collect();
                    canvas.line(&path, pen);
                }
            }
        }
    }

    /// The table with NaN for what is left blank.
    fn finite(&self) -> Matrix {
        let blank = |v: &f64| v.is_finite() && (!self.log || *v > 0.0);
        let value = |v: &f64| if blank(v) { *v } else { f64::NAN };
        Matrix {
            values: self.table.values.iter().map(value).collect(),
            ..self.table
        }
    }

    pub(super) fn axis(
        &self,
        values: &Option<Vec<f64>>,
        names: &Option<Vec<String>>,
        range: Option<(f64, f64)>,
        log: bool,
        count: usize,
    ) -> Ruler {
        if let Some(names) = names {
            let centres = (0..count).map(|i| i as f64).collect();
            return Ruler::new(Axis::Names(names.clone()), centres, false);
        }
        let numbered = values.is_none();
        let centres: Vec<f64> = match values {
            Some(values) => values.clone(),
            None => (0..count).map(|i| i as f64).collect(),
        };
        let log = log && centres.iter().all(|v| *v > 0.0);
        let edges = edges(&centres, log);
        let outer = match self.show {
            Show::Cells => (edges[0], edges[count]),
            _ => (centres[0], centres[count - 1]),
        };
        let (low, high) = range.unwrap_or(outer);
        let mut scale = Scale::new(low, high, log);
        scale.whole = numbered;
        Ruler::new(Axis::Numbers(scale), centres, log)
    }

    /// The values and their colours.
    pub(super) fn colors(&self) -> ColorBar {
        let finite = || self.table.values.iter().copied();
        let scale = match (self.range, self.map) {
            (Some((low, high)), _) => Scale::new(low, high, self.log),
            (None, ColorMap::Diverging) if !self.log => {
                let scale = Scale::of(finite(), false, 0.0);
                let most = scale.low.abs().max(scale.high.abs());
                Scale::new(-most, most, false)
            }
            _ => Scale::of(finite(), self.log, 0.0),
        };
        ColorBar {
            scale,
            map: self.map,
            label: self.value_label.clone(),
            levels: vec![],
        }
    }

    /// The levels within the range of the values.
    pub(super) fn level_values(&self, scale: &Scale) -> Vec<f64> {
        match &self.levels {
            Levels::At(values) => values.clone(),
            Levels::About(count) => {
                let ticks = scale.ticks(count + 1).into_iter();
                let inner = ticks.filter(|t| t.place > 1e-6 && t.place < 1.0 - 1e-6);
                inner.map(|t| scale.at(t.place)).collect()
            }
        }
    }
}
