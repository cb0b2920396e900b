//! A plot between two axes: where title, axes, labels, legend and colour bar go, and what is left for the data.

use super::axis::{Axes, Axis, axes_y, crisp, inside, widest_of};
use super::canvas::{Align, Area, Canvas, Pen};
use super::color_bar::ColorBar;
use super::font;
use super::legend::{Entry, Table, busy};
use super::picture::{Frame, Legend};
use super::scale::Tick;
use crate::error::Result;

/// A plot to be.
pub(crate) struct Plot<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) title: &'a str,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
    pub(crate) entries: Vec<Entry>,
    pub(crate) bar: Option<ColorBar>,
    /// Whether the first value is at the top.
    pub(crate) down: bool,
    /// How many times as high as wide the plot is, if that is wanted.
    pub(crate) aspect: Option<f64>,
    pub(crate) grid: (bool, bool),
    /// Whether a line goes all around.
    pub(crate) boxed: bool,
}

impl<'a> Plot<'a> {
    /// With the frame's title and labels.
    pub(crate) fn new(frame: &'a Frame, x: Axis, y: Axis) -> Self {
        Self {
            frame,
            title: &frame.title,
            grid: (
                !frame.without_grid && !x.named(),
                !frame.without_grid && !y.named(),
            ),
            x,
            y,
            x_label: frame.x_label.as_deref().unwrap_or(""),
            y_label: frame.y_label.as_deref().unwrap_or(""),
            entries: vec![],
            bar: None,
            down: false,
            aspect: None,
            boxed: false,
        }
    }

    /// With labels where the frame has none.
    pub(crate) fn labels(mut self, x: &'a str, y: &'a str) -> Self {
        self.x_label = self.frame.x_label.as_deref().unwrap_or(x);
        self.y_label = self.frame.y_label.as_deref().unwrap_or(y);
        self
    }

    /// Draws everything; `data` draws what lies between the axes, and is asked again where the legend found no place
    /// in the plot.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas,
        area: Area,
        data: &dyn Fn(&mut Canvas, &Axes) -> Result<()>,
    ) -> Result<()> {
        let start = canvas.shapes.len();
        let wanted = self.frame.legend;
        let beside = matches!(wanted, Legend::Right | Legend::Below);
        if self.entries.is_empty() || wanted == Legend::None {
            return self.draw_with(canvas, area, Legend::None, data).map(|_| ());
        }
        if beside {
            return self.draw_with(canvas, area, wanted, data).map(|_| ());
        }
        let axes = self.draw_with(canvas, area, Legend::None, data)?;
        let size = canvas.font_size * 0.95;
        let most = (axes.area.w * 0.6, axes.area.h * 0.9);
        let table = Table::new(&self.entries, size, most, false);
        let gap = 0.6 * size;
        let (left, right) = (axes.area.x + gap, axes.area.right() - gap - table.w);
        let (top, bottom) = (axes.area.y + gap, axes.area.bottom() - gap - table.h);
        let corner = |legend: Legend| match legend {
            Legend::TopLeft => (left, top),
            Legend::BottomLeft => (left, bottom),
            Legend::BottomRight => (right, bottom),
            _ => (right, top),
        };
        let place = match wanted {
            Legend::Best => {
                let corners = [
                    Legend::TopRight,
                    Legend::TopLeft,
                    Legend::BottomRight,
                    Legend::BottomLeft,
                ];
                let shapes = &canvas.shapes[axes.data.clone()];
                let free = |legend: &Legend| {
                    let (x, y) = corner(*legend);
                    let around = Area::new(x, y, table.w, table.h);
                    !busy(shapes, &around.within(-4.0, -4.0, -4.0, -4.0))
                };
                let fits = table.w < axes.area.w * 0.55 && table.h < axes.area.h * 0.6;
                corners.into_iter().find(free).filter(|_| fits)
            }
            other => Some(other),
        };
        match place {
            Some(legend) if !table.is_empty() => table.draw(canvas, corner(legend), true),
            Some(_) => {}
            None => {
                canvas.shapes.truncate(start);
                self.draw_with(canvas, area, Legend::Right, data)?;
            }
        }
        Ok(())
    }

    fn draw_with(
        &self,
        canvas: &mut Canvas,
        area: Area,
        legend: Legend,
        data: &dyn Fn(&mut Canvas, &Axes) -> Result<()>,
    ) -> Result<Axes> {
        let (size, palette) = (canvas.font_size, canvas.palette);
        let small = size * 0.95;
        let mut rest = area.within(0.9 * size, 0.9 * size, 1.1 * size, 0.8 * size);

        // What is around the plot, from the outside to the inside.
        let title = font::wrap(self.title, size * 1.2, rest.w, 3);
        let title = if self.title.is_empty() { vec![] } else { title };
        let title_top = rest.y;
        rest = rest.within(0.0, title.len() as f64 * size * 1.5 + 0.2 * size, 0.0, 0.0);
        let table = match legend {
            Legend::Right => Some(Table::new(
                &self.entries,
                small,
                (area.w * 0.4, rest.h),
                false,
            )),
            Legend::Below => Some(Table::new(
                &self.entries,
                small,
                (rest.w, rest.h * 0.4),
                true,
            )),
            _ => None,
        };
        let mut table_at = (0.0, 0.0);
        if let Some(table) = &table {
            if legend == Legend::Right {
                rest = rest.within(0.0, 0.0, table.w, 0.0);
                table_at = (rest.right() + 0.6 * size, rest.y);
            } else {
                rest = rest.within(0.0, 0.0, 0.0, table.h);
                table_at = (rest.x, rest.bottom());
            }
        }
        if let Some(bar) = &self.bar {
            rest = rest.within(0.0, 0.0, bar.width(size, rest.h), 0.0);
        }
        let x_title = if self.x_label.is_empty() {
            0.0
        } else {
            1.5 * size
        };
        let y_title = if self.y_label.is_empty() {
            0.0
        } else {
            1.8 * size
        };
        let tick = 0.35 * size;

        let y_most = ((rest.h / (size * 3.2)) as usize).clamp(2, 12);
        let y_ticks = |h: f64| match self.y.named() {
            true => self.y.ticks((h / (size * 1.2)) as usize),
            false => self.y.ticks(y_most),
        };
        let y_room = rest.w * 0.35;
        let widest = |ticks: &[Tick]| {
            let width = |t: &Tick| font::width(&t.label, small).min(y_room);
            ticks.iter().map(width).fold(0.0, f64::max)
        };
        let left = widest(&y_ticks(rest.h)) + 2.0 * tick + y_title;
        let width = (rest.w - left).max(1.0);
        let (x_ticks, upright) = self.x_ticks(width, small);
        // Half of the last label is beyond the plot, and stays in the picture.
        let end = |t: &Tick| left + t.place * width + font::width(&t.label, small) / 2.0;
        let beyond = rest.x + x_ticks.iter().map(end).fold(0.0, f64::max) + 0.2 * size;
        if !upright && beyond > area.right() {
            rest = rest.within(0.0, 0.0, beyond - area.right(), 0.0);
        }
        let below = match upright {
            true => widest_of(&x_ticks, small).min(rest.h * 0.4) + 0.4 * size,
            false => 1.25 * size,
        };
        let mut plot = rest.within(left, 0.0, 0.0, below + 1.4 * tick + x_title);
        if let Some(aspect) = self.aspect {
            let (w, h) = (plot.w.min(plot.h / aspect), plot.h.min(plot.w * aspect));
            plot = Area::new(
                plot.x + (plot.w - w) / 2.0,
                plot.y + (plot.h - h) / 2.0,
                w,
                h,
            );
        }
        let whole = |v: f64| v.round();
        let plot = Area::new(
            whole(plot.x),
            whole(plot.y),
            whole(plot.right()) - whole(plot.x),
            whole(plot.bottom()) - whole(plot.y),
        );
        let (x_ticks, upright) = match self.aspect {
            Some(_) => self.x_ticks(plot.w, small),
            None => (x_ticks, upright),
        };
        let y_ticks = y_ticks(plot.h);

        let mut axes = Axes {
            area: plot,
            x: self.x.clone(),
            y: self.y.clone(),
            down: self.down,
            data: 0..0,
        };
        let x_at = |place: f64| plot.x + place * plot.w;
        let y_at = |place: f64| axes_y(plot, place, self.down);
        let thin = Pen::new(palette.grid, 1.0);
        for t in x_ticks.iter().filter(|_| self.grid.0) {
            let x = crisp(x_at(t.place));
            canvas.line(&[(x, plot.y), (x, plot.bottom())], thin);
        }
        for t in y_ticks.iter().filter(|_| self.grid.1) {
            let y = crisp(y_at(t.place));
            canvas.line(&[(plot.x, y), (plot.right(), y)], thin);
        }
        let from = canvas.shapes.len();
        canvas.ground = from;
        canvas.clipped(plot, |canvas| data(canvas, &axes))?;
        axes.data = canvas.ground.max(from)..canvas.shapes.len();

        let pen = Pen::new(palette.line, 1.0);
        let outline = Area::new(plot.x - 0.5, plot.y - 0.5, plot.w + 1.0, plot.h + 1.0);
        let [a, b, c, d] = outline.corners();
        match self.boxed {
            true => canvas.line(&[a, b, c, d, a], pen),
            false => canvas.line(&[a, d, c], pen),
        }
        for t in &x_ticks {
            let (x, y) = (x_at(t.place), outline.bottom());
            if !self.x.named() {
                canvas.line(&[(crisp(x), y), (crisp(x), y + tick)], pen);
            }
            let top = y + 1.4 * tick;
            if upright {
                let label = font::elide(&t.label, small, rest.h * 0.4);
                canvas.text_up((x, top), &label, small, palette.text, Align::End);
            } else {
                canvas.text(
                    (x, top + 0.6 * size),
                    &t.label,
                    small,
                    palette.text,
                    Align::Middle,
                );
            }
        }
        for t in &y_ticks {
            let (x, y) = (outline.x, y_at(t.place));
            if !self.y.named() {
                canvas.line(&[(x - tick, crisp(y)), (x, crisp(y))], pen);
            }
            let label = font::elide(&t.label, small, y_room);
            canvas.text((x - 1.8 * tick, y), &label, small, palette.text, Align::End);
        }
        let x_label = font::elide(self.x_label, size, area.w - 2.0 * size);
        let below = match upright {
            true => widest_of(&x_ticks, small).min(rest.h * 0.4) + 0.4 * size,
            false => 1.25 * size,
        };
        let at = (
            plot.middle().0,
            plot.bottom() + 1.4 * tick + below + 0.75 * size,
        );
        canvas.text(
            inside(at, &x_label, size, area),
            &x_label,
            size,
            palette.text,
            Align::Middle,
        );
        let y_label = font::elide(self.y_label, size, area.h - 2.0 * size);
        let beside = plot.x - widest(&y_ticks) - 2.0 * tick - 1.25 * size;
        let half = font::width(&y_label, size) / 2.0 + 0.5 * size;
        let y = plot
            .middle()
            .1
            .clamp(area.y + half, (area.bottom() - half).max(area.y + half));
        canvas.text_up((beside, y), &y_label, size, palette.text, Align::Middle);
        let above = match self.aspect {
            // The title stays near a plot that does not fill its height.
            Some(_) => (plot.y - title.len() as f64 * size * 1.5 - 0.2 * size).max(title_top),
            None => title_top,
        };
        // All lines have one middle, that of the plot where they have room there.
        let middle = title
            .iter()
            .map(|line| inside(plot.middle(), line, size * 1.2, area).0)
            .max_by(|a, b| {
                let off = |x: &f64| (x - plot.middle().0).abs();
                off(a).total_cmp(&off(b))
            })
            .unwrap_or(plot.middle().0);
        for (i, line) in title.iter().enumerate() {
            let at = (middle, above + (i as f64 + 0.5) * size * 1.5);
            canvas.text(at, line, size * 1.2, palette.text, Align::Middle);
        }
        if let Some(bar) = &self.bar {
            bar.draw(canvas, (plot.right() + size, plot.y), plot.h);
        }
        if let Some(table) = &table {
            if legend == Legend::Below {
                table_at.0 = plot.middle().0 - table.w / 2.0;
                table_at.0 = table_at
                    .0
                    .clamp(area.x, (area.right() - table.w).max(area.x));
            } else {
                table_at.1 = plot.y - 0.3 * size;
                let bar = self.bar.as_ref().map_or(0.0, |bar| bar.width(size, plot.h));
                table_at.0 = table_at.0.min(plot.right() + bar + 0.6 * size);
            }
            table.draw(canvas, table_at, false);
        }
        Ok(axes)
    }

    /// The ticks to the right, and whether their labels stand upright, as names do that have no room.
    fn x_ticks(&self, width: f64, size: f64) -> (Vec<Tick>, bool) {
        if self.x.named() {
            let all = self.x.ticks(usize::MAX);
            let slot = width / all.len().max(1) as f64;
            if widest_of(&all, size) < slot * 0.95 {
                return (all, false);
            }
            return (self.x.ticks((width / (size * 1.2)) as usize), true);
        }
        for most in (2..=12).rev() {
            let ticks = self.x.ticks(most);
            // Half a label on each side, and a space between.
            let room = |two: &[Tick]| {
                let widths = font::width(&two[0].label, size) + font::width(&two[1].label, size);
                (two[1].place - two[0].place) * width > widths / 2.0 + 1.2 * size
            };
            if ticks.windows(2).all(room) {
                return (ticks, false);
            }
        }
        (self.x.ticks(2), false)
    }
}
