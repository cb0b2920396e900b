//! Tables, images, bars and surfaces.

use tilewise::metrics::Share;
use tilewise::plot::{
    Bars, Color, ColorMap, Confusion, HeatMap, Histogram, ImageGrid, Legend, Picture, Surface,
};
use tilewise::prelude::*;

use super::{anywhere, has};

tests![
    histograms, heat_maps, contours, surfaces, confusion, images, bars
];

fn histograms(dev: &Device) -> Result<()> {
    let values = Tensor::new([0.0, 0.1, 0.5, 1.0, f32::NAN, 0.5], dev)?;
    let histogram = Histogram::new(&values).bins(2);
    assert_eq!(histogram.counts(0), [2, 3]);
    assert_eq!(histogram.counts(1), [0, 0]);
    assert_eq!(histogram.clone().x_range(0.0, 0.5).counts(0), [2, 2]);
    let image = histogram.size(200, 200).image()?;
    // The right bar reaches higher.
    let top = |x: u32| (0..200).find(|&y| has(&image, Color::BLUE, (x, y), (x + 1, y + 1)));
    assert!(top(150).is_some() && top(150) < top(70));
    Ok(())
}

fn heat_maps(dev: &Device) -> Result<()> {
    let table = Tensor::new([[0.0, 1.0], [2.0, f32::NAN]], dev)?;
    let map = HeatMap::new(&table).color_bar(false).size(200, 200);
    let image = map.image()?;
    let (low, high) = (Color::new(68, 1, 84), Color::new(253, 231, 37));
    // The first row is at the top; what is NaN is as the paper.
    assert!(has(&image, low, (40, 20), (110, 90)));
    assert!(has(&image, high, (40, 110), (110, 170)));
    assert_eq!(image.pixel(160, 140), Some([255; 3]));
    assert!(has(&image, Color::new(33, 144, 141), (120, 20), (180, 90)));
    // With values for the rows they go upwards.
    let image = map.clone().y([0.0, 1.0]).image()?;
    assert!(has(&image, high, (40, 20), (110, 90)));
    assert!(!has(&image, high, (40, 110), (110, 160)));
    // 0 is the middle of signed values.
    let signed = HeatMap::new([[-1.0, 0.0, 0.5]]).color_map(ColorMap::Diverging);
    let image = signed.color_bar(false).size(200, 200).image()?;
    assert!(
        anywhere(&image, Color::new(33, 102, 172)) && anywhere(&image, Color::new(247, 247, 247))
    );
    assert!(!anywhere(&image, Color::new(178, 24, 43)));
    let svg = map
        .numbers(true)
        .x_names(["left", "right"])
        .mark("best", 0.0, 1.0)
        .svg()?;
    assert!(svg.contains("left") && svg.contains("best") && svg.contains("#440154"));
    Ok(())
}

fn contours() -> Result<()> {
    // A slope to the right: the level 1 is half way.
    let table = [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]];
    let filled = HeatMap::filled_contours(table)
        .levels_at([1.0])
        .color_bar(false)
        .size(220, 200);
    let image = filled.image()?;
    let (low, high) = (Color::new(68, 1, 84), Color::new(253, 231, 37));
    let row = 80;
    let columns = |color| {
        (0..220)
            .filter(|&x| has(&image, color, (x, row), (x + 1, row + 1)))
            .count()
    };
    assert!(
        columns(low).abs_diff(columns(high)) <= 2,
        "{} {}",
        columns(low),
        columns(high)
    );
    assert!(columns(low) > 70);
    // A pit within a plateau shows through the hole.
    let pit = [
        [2.0; 5],
        [2.0, 0.0, 0.0, 0.0, 2.0],
        [2.0, 0.0, 0.0, 0.0, 2.0],
        [2.0, 0.0, 0.0, 0.0, 2.0],
        [2.0; 5],
    ];
    let image = HeatMap::filled_contours(pit)
        .levels_at([1.0])
        .color_bar(false)
        .size(220, 200)
        .image()?;
    assert!(has(&image, low, (110, 80), (130, 100)));
    assert!(!has(&image, high, (110, 80), (130, 100)));
    let svg = HeatMap::contours(pit).levels_at([1.0]).svg()?;
    assert!(svg.contains("<polyline"));
    Ok(())
}

fn surfaces() -> Result<()> {
    let table = [[0.0, 1.0, 0.0], [1.0, 3.0, f64::NAN], [0.0, 1.0, 0.0]];
    let surface = Surface::new(table).x_label("right").z_label("height");
    let svg = surface.svg()?;
    assert!(svg.contains("right") && svg.contains("height"));
    // Two of four facets have no hole.
    assert_eq!(svg.matches("<polygon").count(), 2);
    for view in [(0.0, 90.0), (45.0, -30.0), (200.0, 0.0), (f64::NAN, 0.0)] {
        surface.clone().view(view.0, view.1).image()?;
    }
    Ok(())
}

fn confusion() -> Result<()> {
    let counts = Confusion::new([[8, 2], [1, 4]]).names(["cat", "dog"]);
    let shows = |picture: &Confusion, texts: &[&str]| -> Result<()> {
        let svg = picture.svg()?;
        for text in texts {
            assert!(svg.contains(&format!("\n{text}\n")), "{text} in {svg}");
        }
        Ok(())
    };
    shows(
        &counts,
        &["cat", "dog", "predicted", "right", "8", "2", "1", "4"],
    )?;
    for (share, texts) in [
        (Share::OfRight, ["0.80", "0.20", "0.20", "0.80"]),
        (Share::OfPredicted, ["0.89", "0.33", "0.11", "0.67"]),
        (Share::OfAll, ["0.53", "0.13", "0.07", "0.27"]),
    ] {
        shows(&counts.clone().shares(share), &texts)?;
    }
    // A class that is never right has shares of 0.
    Confusion::new([[0, 0], [0, 0]])
        .shares(Share::OfRight)
        .image()?;
    let many = vec![vec![1; 40]; 40];
    Confusion::new(&many).image()?;
    Ok(())
}

fn images(dev: &Device) -> Result<()> {
    let grey = Tensor::new([[[0.0, 1.0], [0.5, f32::NAN]]], dev)?;
    let image = ImageGrid::new(&grey).scale(10).image()?;
    let colors: Vec<_> = [(10, 10), (20, 10), (10, 20), (20, 20)]
        .map(|(x, y)| image.pixel(x + 3, y + 3))
        .into();
    assert_eq!(
        colors,
        [Some([0; 3]), Some([255; 3]), Some([128; 3]), Some([255; 3])]
    );
    // A sample has as many pixels with a title.
    let titled = ImageGrid::new(&grey).scale(40).title("t").font_size(13.0);
    let image = titled.image()?;
    let black = image.rgb.chunks_exact(3).filter(|p| **p == [0; 3]);
    assert_eq!(black.count(), 1600);
    // Channels first or last.
    let red = Tensor::new([[[[255, 0, 0]; 2]; 2]], dev)?;
    for images in [red.permute(&[0, 3, 1, 2])?, red] {
        let image = ImageGrid::new(&images).scale(10).image()?;
        for (x, y) in [(12, 12), (22, 12), (12, 22), (22, 22)] {
            assert_eq!(image.pixel(x, y), Some([255, 0, 0]), "{:?}", images.shape());
        }
    }
    let svg = ImageGrid::new(&grey)
        .captions(["a caption"])
        .title("a title")
        .svg()?;
    assert!(svg.contains("a caption") && svg.contains("a title"));
    let error = ImageGrid::new(&Tensor::zeros([2, 5, 4, 7], dev)?).image();
    assert!(
        error
            .expect_err("no channels")
            .to_string()
            .contains("1 or 3 channels")
    );
    assert!(
        ImageGrid::new(&Tensor::zeros([0, 4, 4], dev)?)
            .image()
            .is_err()
    );
    // More samples than pixels.
    ImageGrid::new(&Tensor::zeros([4, 100, 100], dev)?)
        .size(50, 50)
        .image()?;
    Ok(())
}

fn bars() -> Result<()> {
    let bars = Bars::new(["a", "b"])
        .set("first", [1.0, -1.0])
        .color(Color::GREEN)
        .set("second", [f64::NAN, 0.5]);
    let svg = bars.svg()?;
    assert!(svg.contains("first") && svg.contains("second"));
    let image = bars.legend(Legend::None).size(300, 300).image()?;
    // Above the middle at the left, below it at the right.
    assert!(has(&image, Color::GREEN, (50, 20), (120, 130)));
    assert!(!has(&image, Color::GREEN, (180, 20), (300, 130)));
    assert!(has(&image, Color::GREEN, (180, 170), (240, 240)));
    Ok(())
}
