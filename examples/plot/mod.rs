//! A canvas for pictures, saved as PNG: plotters draws, with a font that is part of the program, so that a
//! picture is the same on every machine.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;

/// Where plotters draws.
pub(crate) type Canvas<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws a picture of a size in pixels on white, writes it into the folder of temporary files and says where.
pub(crate) fn save(
    name: &str,
    (width, height): (u32, u32),
    draw: impl FnOnce(&Canvas) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| "plotters cannot read the font")?;
    let mut pixels = vec![255; (width * height * 3) as usize];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        let canvas = backend.into_drawing_area();
        draw(&canvas)?;
        canvas.present()?;
    }
    let path = std::env::temp_dir().join(format!("tilewise-{name}.png"));
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(&path)?), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&pixels)?;
    println!("picture: {}", path.display());
    Ok(())
}
