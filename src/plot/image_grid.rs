//! Images in rows.

use super::canvas::{Align, Area, Canvas};
use super::color::{Color, ColorMap};
use super::font;
use super::panels;
use super::picture::{Frame, Picture};
use super::scale::Scale;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Images beside one another, with a caption each.
///
/// Takes `(height, width)`, `(n, height, width)`, and with colours `(n, channels, height, width)` or `(n, height,
/// width, channels)` of 1 or 3 channels; where both axes could be the channels, the first is. Grey samples have the
/// colours of a [`ColorMap`] between the lowest and the highest there is; colours are from 0 to 1 if they are floats,
/// else from 0 to 255. NaN is left blank.
///
/// ```
/// use tilewise::plot::{ImageGrid, Picture};
/// use tilewise::prelude::*;
///
/// let images = Generator::new(0).uniform([10, 8, 8], &Device::cpu())?;
/// let grid = ImageGrid::new(&images)
///     .columns(5)
///     .captions((0..10).map(|i| format!("{i}")))
///     .title("Ten images");
/// # let folder = std::env::temp_dir();
/// grid.save(folder.join("tilewise-images.png"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias("imshow", "make_grid"))]
pub struct ImageGrid {
    frame: Frame,
    images: Images,
    captions: Vec<String>,
    columns: Option<usize>,
    map: ColorMap,
    range: Option<(f64, f64)>,
    scale: Option<u32>,
}

/// Samples, image by image and row by row, the channels of each together.
#[derive(Clone, Debug, Default)]
struct Images {
    count: usize,
    height: usize,
    width: usize,
    channels: usize,
    samples: Vec<f64>,
    /// The sample of a full colour.
    full: f64,
}

/// The most samples that are drawn.
const MOST: usize = 1 << 24;

impl Images {
    #[track_caller]
    fn of(images: &Tensor) -> Result<Self> {
        const OP: &str = "image_grid";
        let wrong = |message: &str| Error::shape(OP, images.shape_ref(), message);
        let colors = |n: usize| n == 1 || n == 3;
        let (images_last, shape) = match *images.shape() {
            [h, w] => (images.reshape([1, h, w, 1])?, [1, h, w, 1]),
            [n, h, w] => (images.reshape([n, h, w, 1])?, [n, h, w, 1]),
            [n, c, h, w] if colors(c) => (images.permute(&[0, 2, 3, 1])?, [n, h, w, c]),
            [n, h, w, c] if colors(c) => (images.clone(), [n, h, w, c]),
            _ => {
                return Err(wrong(
                    "images are (height, width), (n, height, width), (n, channels, height, width) or (n, height, \
                     width, channels) with 1 or 3 channels",
                ));
            }
        };
        let [count, height, width, channels] = shape;
        if images.size() == 0 || images.size() > MOST {
            return Err(wrong("from 1 to 2²⁴ samples can be drawn"));
        }
        Ok(Self {
            count,
            height,
            width,
            channels,
            samples: images_last.to_vec()?,
            full: if images.dtype().is_float() {
                1.0
            } else {
                255.0
            },
        })
    }
}

impl ImageGrid {
    /// Of images.
    #[track_caller]
    pub fn new(images: &Tensor) -> Self {
        let mut frame = Frame::default();
        let images = frame.note(Images::of(images));
        Self {
            frame,
            images,
            captions: vec![],
            columns: None,
            map: ColorMap::Grey,
            range: None,
            scale: None,
        }
    }

    /// What stands below each image; images beyond have nothing.
    pub fn captions<C: Into<String>>(mut self, captions: impl IntoIterator<Item = C>) -> Self {
        self.captions = captions.into_iter().map(Into::into).collect();
        self
    }

    /// How many images make a row; by default as many as give a square, at most 10.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns.max(1));
        self
    }

    /// Which colours grey samples have; black to white by default.
    #[doc(alias = "cmap")]
    pub fn color_map(mut self, map: ColorMap) -> Self {
        self.map = map;
        self
    }

    /// The samples that have the first and the last colour; by default the lowest and the highest there are.
    #[doc(alias("vmin", "vmax"))]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// How many pixels of the picture a sample has in each direction, if no size is given; by default as many as make
    /// images of about 80 pixels.
    pub fn scale(mut self, pixels: u32) -> Self {
        self.scale = Some(pixels.max(1));
        self
    }

    /// Columns and rows.
    fn shape(&self) -> (usize, usize) {
        let count = self.images.count.max(1);
        let square = ((count as f64).sqrt().ceil() as usize).clamp(1, 10);
        let columns = self.columns.unwrap_or(square).min(count);
        (columns, count.div_ceil(columns))
    }

    fn color(
        &self,
        scale: &Scale,
        image: usize,
        row: usize,
        column: usize,
        canvas: &Canvas,
    ) -> Option<Color> {
        let images = &self.images;
        let at = ((image * images.height + row) * images.width + column) * images.channels;
        let samples = &images.samples[at..at + images.channels];
        match *samples {
            [r, g, b] if ![r, g, b].iter().any(|v| v.is_nan()) => {
                let (low, high) = self.range.unwrap_or((0.0, images.full));
                let byte =
                    |v: f64| ((v - low) / (high - low) * 255.0).round().clamp(0.0, 255.0) as u8;
                Some(Color::new(byte(r), byte(g), byte(b)))
            }
            [v] => Some(self.map.at(scale.place(v)?, canvas.theme)),
            _ => None,
        }
    }
}

impl Picture for ImageGrid {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    fn default_size(&self) -> (u32, u32) {
        let (columns, rows) = self.shape();
        let (w, h) = (self.images.width.max(1), self.images.height.max(1));
        let scale = self
            .scale
            .map_or_else(|| (80.0 / w.max(h) as f64).ceil().max(1.0), f64::from);
        let font = self.frame.font_size.unwrap_or(14.0);
        let caption = if self.captions.is_empty() {
            0.0
        } else {
            1.5 * font
        };
        let gap = Self::gap(font);
        let title = match self.frame.title.is_empty() {
            true => 0.0,
            false => panels::title_height(font, 1),
        };
        let side = |count: usize, one: f64| (count as f64 * (one + gap) + gap).min(16_000.0) as u32;
        let width = side(columns, w as f64 * scale).max(if title > 0.0 { 200 } else { 1 });
        (width, side(rows, h as f64 * scale + caption) + title as u32)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()> {
        self.frame.check()?;
        let samples = self.images.samples.iter().copied();
        let scale = Scale::over(self.range, samples, false, 0.0);
        panels::with_title(canvas, area, &self.frame.title, |canvas, area| {
            self.draw_images(&scale, canvas, area);
            Ok(())
        })
    }
}

impl ImageGrid {
    /// The space between images.
    fn gap(font_size: f64) -> f64 {
        (font_size * 0.6).round()
    }

    fn draw_images(&self, scale: &Scale, canvas: &mut Canvas, area: Area) {
        let (columns, rows) = self.shape();
        let size = canvas.font_size;
        let gap = Self::gap(size);
        let caption = if self.captions.is_empty() {
            0.0
        } else {
            1.5 * size
        };
        let cell = (
            ((area.w - gap) / columns as f64 - gap).max(1.0),
            ((area.h - gap) / rows as f64 - gap - caption).max(1.0),
        );
        let (w, h) = (self.images.width as f64, self.images.height as f64);
        let zoom = (cell.0 / w).min(cell.1 / h);
        // Whole pixels, so that all samples look equally large.
        let zoom = match zoom + 1e-9 {
            whole if whole >= 1.0 => whole.floor(),
            part => part,
        };
        let (w, h) = ((w * zoom).round().max(1.0), (h * zoom).round().max(1.0));
        for image in 0..self.images.count {
            let (column, row) = (image % columns, image / columns);
            let left = area.x + gap + column as f64 * (cell.0 + gap) + (cell.0 - w) / 2.0;
            let top = area.y + gap + row as f64 * (cell.1 + gap + caption) + (cell.1 - h) / 2.0;
            let place = Area::new(left.round(), top.round(), w, h);
            self.draw_image(image, scale, canvas, place);
            if let Some(text) = self.captions.get(image) {
                let text = font::elide(text, 0.95 * size, cell.0 + gap);
                let at = (place.middle().0, place.bottom() + 0.8 * size);
                canvas.text(at, &text, 0.95 * size, canvas.palette.text, Align::Middle);
            }
        }
    }

    fn draw_image(&self, image: usize, scale: &Scale, canvas: &mut Canvas, place: Area) {
        let (height, width) = (self.images.height, self.images.width);
        let x = |column: usize| (place.x + place.w * column as f64 / width as f64).round();
        let y = |row: usize| (place.y + place.h * row as f64 / height as f64).round();
        for row in 0..height {
            let mut start = 0;
            while start < width && y(row + 1) > y(row) {
                let own = self.color(scale, image, row, start, canvas);
                let same =
                    (start..width).take_while(|&c| self.color(scale, image, row, c, canvas) == own);
                let end = start + same.count();
                if let Some(own) = own {
                    let area = Area::new(x(start), y(row), x(end) - x(start), y(row + 1) - y(row));
                    canvas.rect(area, own);
                }
                start = end;
            }
        }
    }
}
