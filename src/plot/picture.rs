//! What all pictures have in common: their options, and how they are saved.

use std::path::Path;

use super::canvas::{Area, Canvas};
use super::color::Theme;
use super::paint;
use crate::error::{Error, ErrorKind, Result};

/// Where the legend is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Legend {
    /// In the corner where it hides no data; beside the plot where there is none.
    #[default]
    Best,
    /// Within the plot.
    TopRight,
    /// Within the plot.
    TopLeft,
    /// Within the plot.
    BottomRight,
    /// Within the plot.
    BottomLeft,
    /// Beside the plot.
    Right,
    /// Below the plot.
    Below,
    /// Nowhere.
    None,
}

/// The options that all pictures have.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) theme: Theme,
    pub(crate) title: String,
    pub(crate) x_label: Option<String>,
    pub(crate) y_label: Option<String>,
    pub(crate) x_range: Option<(f64, f64)>,
    pub(crate) y_range: Option<(f64, f64)>,
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
    pub(crate) legend: Legend,
    pub(crate) font_size: Option<f64>,
    pub(crate) without_grid: bool,
    /// The first error among the data, told when the picture is drawn.
    pub(crate) error: Option<Error>,
}

impl Frame {
    /// The value, or nothing after noting why there is none.
    pub(crate) fn note<T: Default>(&mut self, value: Result<T>) -> T {
        value.unwrap_or_else(|error| {
            self.error.get_or_insert(error);
            T::default()
        })
    }

    /// What went wrong with the data.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// The pixels of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Red, green and blue of each pixel, row by row from the top.
    pub rgb: Vec<u8>,
}

impl Image {
    /// Red, green and blue of the pixel in a column from the left and a row from the top; none outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        self.rgb.get(at..at + 3)?.try_into().ok()
    }
}

/// The most pixels in a direction, and altogether.
const MOST_SIDE: u32 = 16_384;
const MOST_PIXELS: u64 = 1 << 27;

/// A plot, or several of them: its options, and how it is saved.
///
/// Options that a kind of plot has no use for (a logarithmic axis of a confusion matrix) change nothing. Errors of the
/// data given are told when the picture is drawn: by `save`, `image` and `svg`.
///
/// ```
/// use tilewise::plot::{Chart, Picture, Theme};
///
/// let chart = Chart::new()
///     .line("sine", &[0.0, 1.0, 2.0, 3.0], &[0.0, 0.84, 0.91, 0.14])
///     .title("A sine")
///     .x_label("angle")
///     .theme(Theme::Dark)
///     .size(500, 300);
/// let image = chart.image()?;
/// assert_eq!((image.width, image.height), (500, 300));
/// assert!(chart.svg()?.contains("angle"));
/// # let folder = std::env::temp_dir();
/// chart.save(folder.join("tilewise-sine.png"))?;
/// # Ok::<(), tilewise::Error>(())
/// ```
pub trait Picture {
    #[doc(hidden)]
    fn frame(&self) -> &Frame;
    #[doc(hidden)]
    fn frame_mut(&mut self) -> &mut Frame;
    #[doc(hidden)]
    fn draw(&self, canvas: &mut Canvas, area: Area) -> Result<()>;
    #[doc(hidden)]
    fn default_size(&self) -> (u32, u32) {
        (720, 480)
    }

    /// The width and height in pixels.
    fn size(mut self, width: u32, height: u32) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().size = Some((width, height));
        self
    }

    /// Light, as by default, or dark.
    fn theme(mut self, theme: Theme) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().theme = theme;
        self
    }

    /// What stands above. A long title is broken into lines.
    fn title(mut self, title: impl Into<String>) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().title = title.into();
        self
    }

    /// What stands below the axis to the right.
    #[doc(alias = "xlabel")]
    fn x_label(mut self, label: impl Into<String>) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().x_label = Some(label.into());
        self
    }

    /// What stands beside the axis upwards.
    #[doc(alias = "ylabel")]
    fn y_label(mut self, label: impl Into<String>) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().y_label = Some(label.into());
        self
    }

    /// The values that the axis to the right shows; by default all that the data has.
    #[doc(alias = "xlim")]
    fn x_range(mut self, low: f64, high: f64) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().x_range = Some((low, high));
        self
    }

    /// The values that the axis upwards shows; by default all that the data has.
    #[doc(alias = "ylim")]
    fn y_range(mut self, low: f64, high: f64) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().y_range = Some((low, high));
        self
    }

    /// Places to the right are logarithms of the values. Values that are not above 0 are left out.
    #[doc(alias("xscale", "semilogx", "loglog"))]
    fn log_x(mut self, log: bool) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().log_x = log;
        self
    }

    /// Heights are logarithms of the values. Values that are not above 0 are left out.
    #[doc(alias("yscale", "semilogy"))]
    fn log_y(mut self, log: bool) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().log_y = log;
        self
    }

    /// Where the legend is.
    fn legend(mut self, legend: Legend) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().legend = legend;
        self
    }

    /// The size of text in pixels, 14 by default; titles are larger.
    fn font_size(mut self, pixels: f64) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().font_size = Some(pixels);
        self
    }

    /// Whether there are thin lines across the plot at the ticks, as by default.
    fn grid(mut self, grid: bool) -> Self
    where
        Self: Sized,
    {
        self.frame_mut().without_grid = !grid;
        self
    }

    /// The picture as pixels.
    ///
    /// # Errors
    /// What was wrong with the data, or a size of no pixels or too many.
    #[track_caller]
    fn image(&self) -> Result<Image> {
        let ((width, height), canvas) = shapes(self)?;
        match paint::pixels(&canvas.shapes, (width, height), canvas.palette.paper) {
            Ok(rgb) => Ok(Image { width, height, rgb }),
            Err(message) => Err(Error::value("plot", message)),
        }
    }

    /// The picture as the text of an SVG file.
    ///
    /// # Errors
    /// As [`image`](Picture::image).
    #[track_caller]
    fn svg(&self) -> Result<String> {
        let (size, canvas) = shapes(self)?;
        match paint::svg(&canvas.shapes, size, canvas.palette.paper) {
            Ok(text) => Ok(text),
            Err(message) => Err(Error::value("plot", message)),
        }
    }

    /// Writes the picture into a file: PNG or SVG, as the name ends.
    ///
    /// # Errors
    /// Another ending, a file that cannot be written, or as [`image`](Picture::image).
    #[doc(alias = "savefig")]
    #[track_caller]
    fn save(&self, path: impl AsRef<Path>) -> Result<()>
    where
        Self: Sized,
    {
        let path = path.as_ref();
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        let bytes = match ending.to_ascii_lowercase().as_str() {
            "png" => png(&self.image()?)?,
            "svg" => self.svg()?.into_bytes(),
            _ => {
                let message =
                    "a picture is saved as .png or .svg; an Animation of pictures as .gif";
                return Err(file_error(path, message));
            }
        };
        match std::fs::write(path, bytes) {
            Ok(()) => Ok(()),
            Err(error) => Err(file_error(path, error.to_string())),
        }
    }
}

#[track_caller]
pub(crate) fn file_error(path: &Path, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::File {
        op: "plot",
        file: path.display().to_string(),
        message: message.into(),
    })
}

/// Draws a picture onto a canvas of its size.
#[track_caller]
fn shapes(picture: &(impl Picture + ?Sized)) -> Result<((u32, u32), Canvas)> {
    let frame = picture.frame();
    let (width, height) = frame.size.unwrap_or_else(|| picture.default_size());
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > MOST_SIDE || pixels > MOST_PIXELS || pixels == 0 {
        let message = format!(
            "a picture of {width}×{height} pixels cannot be drawn: sides are from 1 to {MOST_SIDE}, and there are at \
             most {MOST_PIXELS} pixels"
        );
        return Err(Error::value("plot", message));
    }
    let font_size = frame.font_size.unwrap_or(14.0);
    if !(1.0..=500.0).contains(&font_size) {
        let message = format!("text of {font_size} pixels cannot be drawn; from 1 to 500 can");
        return Err(Error::value("plot", message));
    }
    let mut canvas = Canvas::new(frame.theme, font_size);
    let area = Area::new(0.0, 0.0, f64::from(width), f64::from(height));
    match picture.draw(&mut canvas, area) {
        Ok(()) => Ok(((width, height), canvas)),
        Err(error) => Err(error.outward()),
    }
}

/// The bytes of a PNG file.
#[track_caller]
fn png(image: &Image) -> Result<Vec<u8>> {
    let encode = || -> std::result::Result<Vec<u8>, png::EncodingError> {
        let mut bytes = vec![];
        let mut encoder = png::Encoder::new(&mut bytes, image.width, image.height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&image.rgb)?;
        writer.finish()?;
        Ok(bytes)
    };
    match encode() {
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(Error::value("plot", error.to_string())),
    }
}
