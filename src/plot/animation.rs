//! Pictures one after the other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use super::picture::{Image, Picture, file_error};
use crate::error::{Error, Result};

/// Pictures of one size one after the other, as a GIF. Each is drawn when it is added, and says in its title which
/// epoch it shows.
///
/// ```
/// use tilewise::plot::{Animation, Chart, Picture};
///
/// let mut animation = Animation::new().delay(0.2);
/// for epoch in 0..3 {
///     let slope = epoch as f64 / 2.0;
///     let chart = Chart::new()
///         .scatter("data", &[0.0, 1.0, 2.0], &[0.1, 0.9, 2.1])
///         .line("fit", &[0.0, 2.0], &[0.0, 2.0 * slope])
///         .y_range(-0.2, 2.4)
///         .title(format!("epoch {epoch}"));
///     animation.add(&chart)?;
/// }
/// # let folder = std::env::temp_dir();
/// animation.save(folder.join("tilewise-fit.gif"))?;
/// # Ok::<(), tilewise::Error>(())
/// ```
#[doc(alias("FuncAnimation", "gif"))]
pub struct Animation {
    size: Option<(u16, u16)>,
    /// In hundredths of a second.
    delay: u16,
    /// How often it is shown; without end if it is not said.
    times: Option<u16>,
    frames: Vec<gif::Frame<'static>>,
}

impl Default for Animation {
    fn default() -> Self {
        Self::new()
    }
}

impl Animation {
    /// Without pictures; each is shown for a tenth of a second, and all again without end.
    pub fn new() -> Self {
        Self {
            size: None,
            delay: 10,
            times: None,
            frames: vec![],
        }
    }

    /// How long each picture is shown, in seconds, in steps of a hundredth; pictures that are added later.
    pub fn delay(mut self, seconds: f64) -> Self {
        self.delay = (seconds * 100.0).round().clamp(0.0, 65_535.0) as u16;
        self
    }

    /// How often all are shown; without end unless it is said.
    #[doc(alias = "loop")]
    pub fn times(mut self, times: u16) -> Self {
        self.times = Some(times);
        self
    }

    /// How many pictures there are.
    #[expect(clippy::len_without_is_empty, reason = "an animation is no collection")]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Draws a picture and puts it at the end.
    ///
    /// # Errors
    /// One of another size than the first, a size above 65,535, or what its drawing gives.
    #[track_caller]
    pub fn add(&mut self, picture: &(impl Picture + ?Sized)) -> Result<()> {
        let image = picture.image()?;
        let (Ok(width), Ok(height)) = (u16::try_from(image.width), u16::try_from(image.height))
        else {
            let message = format!(
                "{}×{} pixels; GIF has at most 65,535",
                image.width, image.height
            );
            return Err(Error::value("animation", message));
        };
        let size = *self.size.get_or_insert((width, height));
        if size != (width, height) {
            let message = format!(
                "all pictures must be of one size: the first has {}×{} pixels, this one {width}×{height}",
                size.0, size.1
            );
            return Err(Error::value("animation", message));
        }
        let (palette, numbers) = indexed(&image);
        self.frames.push(gif::Frame {
            width,
            height,
            delay: self.delay,
            palette: Some(palette),
            buffer: Cow::Owned(numbers),
            ..gif::Frame::default()
        });
        Ok(())
    }

    /// Writes the animation into a file that ends in `.gif`.
    ///
    /// # Errors
    /// No pictures, another ending, or a file that cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        if !ending.eq_ignore_ascii_case("gif") {
            return Err(file_error(
                path,
                "an animation is saved as .gif; a picture as .png or .svg",
            ));
        }
        let bytes = self.bytes()?;
        match std::fs::write(path, bytes) {
            Ok(()) => Ok(()),
            Err(error) => Err(file_error(path, error.to_string())),
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// No pictures.
    #[track_caller]
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let Some((width, height)) = self.size else {
            return Err(Error::value(
                "animation",
                "there are no pictures; add one at least",
            ));
        };
        let encode = || -> std::result::Result<Vec<u8>, gif::EncodingError> {
            let mut encoder = gif::Encoder::new(vec![], width, height, &[])?;
            match self.times {
                // The file says how often it is shown again.
                Some(times) if times > 1 => encoder.set_repeat(gif::Repeat::Finite(times - 1))?,
                Some(_) => {}
                None => encoder.set_repeat(gif::Repeat::Infinite)?,
            }
            for frame in &self.frames {
                encoder.write_frame(frame)?;
            }
            encoder.into_inner().map_err(Into::into)
        };
        match encode() {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(Error::value("animation", error.to_string())),
        }
    }
}

/// At most 256 colours, and the number of each pixel's: the colours themselves where they suffice, else the commonest
/// of each of 256 boxes of them, cut in two where they are widest (median cut, Heckbert 1982).
fn indexed(image: &Image) -> (Vec<u8>, Vec<u8>) {
    let pixels = || image.rgb.chunks_exact(3).map(|p| [p[0], p[1], p[2]]);
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for pixel in pixels() {
        *counts.entry(pixel).or_default() += 1;
    }
    let mut colors: Vec<([u8; 3], usize)> = counts.into_iter().collect();
    // A hash map's order is another each time.
    colors.sort_unstable();
    let mut boxes = vec![colors];
    while boxes.len() < 256 {
        let weight = |colors: &Vec<([u8; 3], usize)>| match colors.len() {
            1 => 0,
            _ => widest(colors).1 as usize * colors.iter().map(|c| c.1).sum::<usize>().isqrt(),
        };
        let Some((largest, _)) = boxes.iter().enumerate().max_by_key(|(_, c)| weight(c)) else {
            break;
        };
        if boxes[largest].len() < 2 {
            break;
        }
        let mut colors = boxes.swap_remove(largest);
        let channel = widest(&colors).0;
        colors.sort_by_key(|c| (c.0[channel], c.0));
        let half: usize = colors.iter().map(|c| c.1).sum::<usize>() / 2;
        let mut sum = 0;
        let before = |c: &([u8; 3], usize)| {
            sum += c.1;
            sum <= half
        };
        let cut = colors
            .iter()
            .copied()
            .take_while(before)
            .count()
            .clamp(1, colors.len() - 1);
        let rest = colors.split_off(cut);
        boxes.extend([colors, rest]);
    }
    let (mut palette, mut numbers) = (vec![], HashMap::new());
    for (i, colors) in boxes.iter().enumerate() {
        // The colour that most pixels have stays as it is.
        let main = colors.iter().max_by_key(|c| c.1).map_or([0; 3], |c| c.0);
        palette.extend(main);
        numbers.extend(colors.iter().map(|c| (c.0, i as u8)));
    }
    (palette, pixels().map(|pixel| numbers[&pixel]).collect())
}

/// The channel in which colours differ most, and by how much.
fn widest(colors: &[([u8; 3], usize)]) -> (usize, u8) {
    let range = |channel: usize| {
        let values = || colors.iter().map(|c| c.0[channel]);
        values().max().unwrap_or(0) - values().min().unwrap_or(0)
    };
    (0..3)
        .map(|c| (c, range(c)))
        .max_by_key(|r| r.1)
        .unwrap_or((0, 0))
}
