//! Curves over epochs.

use tilewise::plot::{Curves, Image, Legend, Picture};
use tilewise::prelude::*;

tests![the_last_number_is_whole, levels_beside_curves];

/// Half of it lies beyond the plot.
fn the_last_number_is_whole() -> Result<()> {
    let losses: Vec<f64> = (0..1000).map(|step| 1.0 / (1 + step) as f64).collect();
    let image = Curves::new().curve("loss", &losses).image()?;
    let edge = (image.width - 2, 0);
    assert!(!has_ink(&image, edge, (image.width, image.height)));
    assert!(has_ink(
        &image,
        (image.width - 20, 400),
        (image.width, image.height)
    ));
    Ok(())
}

/// Whether anything is darker than the paper in a part of an image.
fn has_ink(image: &Image, (x0, y0): (u32, u32), (x1, y1): (u32, u32)) -> bool {
    let mut pixels = (y0..y1).flat_map(|y| (x0..x1).map(move |x| (x, y)));
    pixels.any(|(x, y)| image.pixel(x, y) != Some([255; 3]))
}

/// Dotted, in the colours of the curves, and within the axis.
fn levels_beside_curves() -> Result<()> {
    let curves = Curves::new()
        .curve("a", [0.0, 1.0])
        .curve("b", [1.0, 2.0])
        .legend(Legend::None);
    let (without, with) = (curves.svg()?, curves.clone().levels([0.5, 8.0]).svg()?);
    for color in ["#0072B2", "#D55E00"] {
        let dots = |svg: &str| svg.matches(color).count();
        assert!(dots(&with) > dots(&without) + 20, "{color}");
    }
    let error = curves
        .levels([0.5, 8.0, 1.0])
        .image()
        .expect_err("too many");
    let text = error.to_string();
    assert!(
        text.contains("3 levels are given, but there are 2 curves"),
        "{text}"
    );
    Ok(())
}
