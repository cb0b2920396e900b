//! Several pictures in one.

use super::canvas::{Align, Area, Canvas};
use super::font;
use super::picture::{Frame, Picture};
use crate::error::Result;

/// Pictures side by side, row by row. They have the theme and the size of text of the whole; its size is theirs
/// together, unless it is given.
///
/// ```
/// use tilewise::plot::{Curves, Histogram, Panels, Picture};
///
/// let panels = Panels::new(2)
///     .add(Curves::new().curve("loss", &[0.9, 0.5, 0.3]).title("Training"))
///     .add(Histogram::new(&[0.1, 0.4, 0.5, 0.5, 0.9]).title("Errors"))
///     .title("A run");
/// # let folder = std::env::temp_dir();
/// panels.save(folder.join("tilewise-panels.png"))?;
/// # Ok::<(), tilewise::Error>(())
/// ```
#[doc(alias = "subplots")]
pub struct Panels<'a> {
    frame: Frame,
    columns: usize,
    pictures: Vec<Box<dyn Picture + 'a>>,
}

impl<'a> Panels<'a> {
    /// With so many beside one another; at least one.
    pub fn new(columns: usize) -> Self {
        Self {
            frame: Frame::default(),
            columns: columns.max(1),
            pictures: vec![],
        }
    }

    /// Adds a picture at the next place.
    #[expect(clippy::should_implement_trait, reason = "pictures are no sum")]
    pub fn add(mut self, picture: impl Picture + 'a) -> Self {
        self.pictures.push(Box::new(picture));
        self
    }

    /// How many columns and rows there are.
    fn shape(&self) -> (usize, usize) {
        let columns = self.columns.min(self.pictures.len()).max(1);
        (columns, self.pictures.len().div_ceil(columns).max(1))
    }
}

impl Picture for Panels<'_> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        let (columns, rows) = self.shape();
        let size = |picture: &dyn Picture| picture.frame().size.unwrap_or(picture.default_size());
        let sizes = || self.pictures.iter().map(|picture| size(picture.as_ref()));
        let (w, h) = (
            sizes().map(|s| s.0).max().unwrap_or(720),
            sizes().map(|s| s.1).max().unwrap_or(480),
        );
        // Each a little smaller than alone, as long as there are not many.
        let most = if columns > 2 { 460 } else { 580 };
        let share = (f64::from(most) / f64::from(w.max(1))).min(1.0);
        let of = |v: u32, count: usize| (f64::from(v) * share * count as f64).round() as u32;
        (
            of(w, columns),
            of(h, rows) + if self.frame.title.is_empty() { 0 } else { 40 },
        )
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let (columns, rows) = self.shape();
        with_title(canvas, area, &self.frame.title, |canvas, area| {
            let (w, h) = (area.w / columns as f64, area.h / rows as f64);
            for (i, picture) in self.pictures.iter().enumerate() {
                let (x, y) = ((i % columns) as f64 * w, (i / columns) as f64 * h);
                let part = Area::new(
                    (area.x + x).round(),
                    (area.y + y).round(),
                    w.floor(),
                    h.floor(),
                );
                picture.draw(canvas, part)?;
            }
            Ok(())
        })
    }
}

/// How high a title of so many lines is above what it belongs to.
pub(crate) fn title_height(font_size: f64, lines: usize) -> f64 {
    let size = font_size * 1.3;
    ((0.7 + lines as f64 * 1.2) * size).ceil()
}

/// Draws a title over an area and the rest below it.
pub(crate) fn with_title(
    canvas: &mut Canvas,
    area: Area,
    title: &str,
    draw: impl FnOnce(&mut Canvas, Area) -> Result<()>,
) -> Result<()> {
    if title.is_empty() {
        return draw(canvas, area);
    }
    let size = canvas.font_size * 1.3;
    let lines = font::wrap(title, size, area.w - 2.0 * size, 3);
    let above = 0.7 * size;
    for (i, line) in lines.iter().enumerate() {
        let at = (
            area.middle().0,
            area.y + above + (i as f64 + 0.5) * 1.2 * size,
        );
        canvas.text(at, line, size, canvas.palette.text, Align::Middle);
    }
    let height = title_height(canvas.font_size, lines.len());
    draw(canvas, area.within(0.0, height, 0.0, 0.0))
}
