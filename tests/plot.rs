//! Pictures: what is where in their pixels and in their SVG, in both themes.

mod curves;
mod decision;
mod tables;

use std::path::PathBuf;

use tilewise::plot::{
    Animation, Bars, Chart, Color, Confusion, Curves, Dash, HeatMap, Histogram, Image, IntoMatrix,
    Legend, Marker, Panels, Picture, Surface, Theme,
};
use tilewise::prelude::*;

use crate::support::Test;

/// The tests of all modules.
pub(crate) fn all() -> Vec<Test> {
    let modules = [tests(), curves::tests(), tables::tests(), decision::tests()];
    modules.into_iter().flatten().collect()
}

tests![
    a_line_has_its_colour_where_it_passes,
    sizes_and_themes,
    endings,
    labels_and_legends,
    legends_hide_no_data,
    gaps,
    nothing_panics,
    numbers_on_axes,
    the_same_bytes,
    errors_of_data,
    animations,
    panels,
    from_tensors,
];

/// Whether a colour is somewhere in a part of an image, given by its corners.
fn has(image: &Image, color: Color, (x0, y0): (u32, u32), (x1, y1): (u32, u32)) -> bool {
    let mut pixels = (y0..y1).flat_map(|y| (x0..x1).map(move |x| (x, y)));
    pixels.any(|(x, y)| image.pixel(x, y) == Some([color.r, color.g, color.b]))
}

fn anywhere(image: &Image, color: Color) -> bool {
    has(image, color, (0, 0), (image.width, image.height))
}

fn path(name: &str) -> PathBuf {
    let name = format!("tilewise-plot-test-{}-{name}", std::process::id());
    std::env::temp_dir().join(name)
}

fn a_line_has_its_colour_where_it_passes() -> Result<()> {
    // From corner to corner of the plot.
    let chart = Chart::new()
        .line("", [0.0, 1.0], [0.0, 1.0])
        .color(Color::GREEN)
        .width(4.0)
        .x_range(0.0, 1.0)
        .y_range(0.0, 1.0)
        .size(300, 300);
    let image = chart.image()?;
    let on = |i: u32| has(&image, Color::GREEN, (i, 0), (i + 1, 300));
    let columns: Vec<u32> = (0..300).filter(|&i| on(i)).collect();
    let (first, last) = (columns[0], columns[columns.len() - 1]);
    assert_eq!(columns.len() as u32, last - first + 1, "without a break");
    assert!(first < 60 && last > 270, "from {first} to {last}");
    let middle = (first + last) / 2;
    assert!(has(&image, Color::GREEN, (middle, 100), (middle + 1, 180)));
    assert!(!has(&image, Color::GREEN, (first, 0), (middle - 10, 100)));
    Ok(())
}

fn sizes_and_themes() -> Result<()> {
    let curves = Curves::new().curve("loss", [3.0, 2.0, 1.0]);
    for (theme, paper, line) in [
        (Theme::Light, Color::WHITE, Color::BLUE),
        (Theme::Dark, Color::new(20, 22, 27), Color::SKY),
    ] {
        let curves = curves.clone().theme(theme).size(321, 123);
        let image = curves.image()?;
        assert_eq!((image.width, image.height), (321, 123));
        assert_eq!(image.rgb.len(), 321 * 123 * 3);
        assert_eq!(image.pixel(0, 0), Some([paper.r, paper.g, paper.b]));
        assert_eq!(image.pixel(321, 0), None);
        assert!(anywhere(&image, line));
        let svg = curves.svg()?;
        let (r, g, b) = (line.r, line.g, line.b);
        assert!(
            svg.contains(&format!("stroke=\"#{r:02X}{g:02X}{b:02X}\"")),
            "{svg}"
        );
        assert!(svg.contains("width=\"321\" height=\"123\""));
    }
    for (w, h) in [(0, 100), (100_000, 1), (16_000, 16_000)] {
        let error = curves
            .clone()
            .size(w, h)
            .image()
            .expect_err("no such picture");
        assert!(error.to_string().contains(&format!("{w}×{h}")), "{error}");
    }
    assert!(curves.font_size(f64::NAN).image().is_err());
    Ok(())
}

fn endings() -> Result<()> {
    let chart = Chart::new().line("a", [0.0, 1.0], [0.0, 1.0]).size(80, 60);
    for name in ["a.png", "a.PNG", "a.svg"] {
        chart.save(path(name))?;
        let bytes = std::fs::read(path(name)).expect("it was written");
        let start: &[u8] = if name.ends_with("svg") {
            b"<svg"
        } else {
            b"\x89PNG"
        };
        assert!(bytes.starts_with(start), "{name}");
        std::fs::remove_file(path(name)).expect("it is there");
    }
    for name in ["a.jpg", "a"] {
        let error = chart
            .save(path(name))
            .expect_err("no such format")
            .to_string();
        assert!(
            error.contains(".png or .svg") && error.contains(".gif"),
            "{error}"
        );
        assert!(error.contains("tests/plot.rs"), "{error}");
    }
    let error = chart
        .save("/nowhere/at/all/a.png")
        .expect_err("no such folder");
    assert!(
        error.to_string().contains("/nowhere/at/all/a.png"),
        "{error}"
    );
    Ok(())
}

fn labels_and_legends() -> Result<()> {
    let chart = Chart::new()
        .line("a < b & c", [0.0, 1.0], [0.0, 1.0])
        .scatter("dots", [0.5], [0.5])
        .title("The title")
        .x_label("to the right")
        .y_label("upwards");
    for theme in [Theme::Light, Theme::Dark] {
        let svg = chart.clone().theme(theme).svg()?;
        for text in [
            "a &lt; b &amp; c",
            "dots",
            "The title",
            "to the right",
            "upwards",
            "0.4",
        ] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }
    let none = chart.clone().legend(Legend::None).svg()?;
    assert!(!none.contains("dots"));
    for legend in [
        Legend::Right,
        Legend::Below,
        Legend::TopLeft,
        Legend::BottomLeft,
    ] {
        assert!(
            chart.clone().legend(legend).svg()?.contains("dots"),
            "{legend:?}"
        );
    }
    // What is too long is cut, and a long title broken.
    let long = "word ".repeat(200);
    let svg = chart
        .title(&long)
        .x_label(&long)
        .y_label(&long)
        .size(300, 200)
        .svg()?;
    assert!(svg.contains('…'));
    Ok(())
}

fn legends_hide_no_data() -> Result<()> {
    // A cross of lines through all corners: the legend goes beside the plot, which becomes narrower.
    let cross = Chart::new()
        .line("rising", [0.0, 1.0], [0.0, 1.0])
        .line("falling", [0.0, 1.0], [1.0, 0.0])
        .width(3.0);
    let beside = cross.clone().legend(Legend::Right).image()?;
    assert_eq!(cross.clone().image()?, beside);
    let falling = Chart::new().line("falling", [0.0, 1.0], [1.0, 0.0]);
    let corner = falling.clone().legend(Legend::TopRight).image()?;
    assert_eq!(falling.image()?, corner);
    // Far more entries than fit.
    let many = (0..200).fold(Chart::new(), |chart, i| {
        chart.line(format!("line {i}"), [0.0, 1.0], [i as f64, 0.0])
    });
    assert!(many.svg()?.contains("more"));
    Ok(())
}

fn gaps() -> Result<()> {
    let y = [1.0, 2.0, f64::NAN, 2.0, f64::INFINITY, 1.0, 3.0];
    let svg = Curves::new().curve("", y).grid(false).svg()?;
    let blue = svg.lines().filter(|line| line.contains("#0072B2"));
    // Two pieces, and a lone point as a dot.
    let (lines, dots): (Vec<&str>, Vec<&str>) = blue.partition(|line| line.contains("polyline"));
    assert_eq!((lines.len(), dots.len()), (2, 1), "{svg}");
    let log = Curves::new()
        .curve("", [1.0, 0.1, -1.0, 0.0, 0.1, 1.0])
        .log_y(true);
    let svg = log.grid(false).svg()?;
    assert_eq!(
        svg.lines().filter(|line| line.contains("#0072B2")).count(),
        2
    );
    Ok(())
}

fn nothing_panics() -> Result<()> {
    let nothing: &[f64] = &[];
    let odd = [
        nothing,
        &[1.0],
        &[7.0, 7.0, 7.0],
        &[f64::NAN, f64::NAN],
        &[f64::INFINITY, f64::NEG_INFINITY, 1.0],
        &[-1e308, 1e308],
        &[f64::MAX, f64::MIN],
        &[1e-320, 5e-324, 0.0],
        &[1e15, 1e15 + 1.0],
        &[0.0, -0.0],
        &[1e-300, 1e300],
    ];
    for values in odd {
        for log in [false, true] {
            let size = |picture: &dyn Picture| -> Result<()> {
                picture.svg()?;
                picture.image().map(|_| ())
            };
            size(
                &Curves::new()
                    .curve("a", values)
                    .metric("b", values)
                    .log_y(log)
                    .log_x(log)
                    .size(200, 150),
            )?;
            let chart = Chart::new()
                .line("a", values, values)
                .dash(Dash::DashDot)
                .scatter("b", values, values)
                .marker(Marker::Star)
                .band("c", values, values, values)
                .equal(true);
            size(&chart.log_x(log).log_y(log).size(200, 150))?;
            size(
                &Histogram::new(values)
                    .density(log)
                    .log_y(log)
                    .size(200, 150),
            )?;
            let names = (0..values.len()).map(|i| i.to_string());
            size(&Bars::new(names).set("a", values).log_y(log).size(200, 150))?;
            if !values.is_empty() {
                let table = vec![values.to_vec(), values.to_vec()];
                size(
                    &HeatMap::new(&table)
                        .log_values(log)
                        .numbers(true)
                        .size(200, 150),
                )?;
                size(
                    &HeatMap::filled_contours(&table)
                        .lines(true)
                        .log_values(log)
                        .size(200, 150),
                )?;
                size(&HeatMap::contours(&table).size(200, 150))?;
                if values.len() > 1 {
                    size(&Surface::new(&table).size(200, 150))?;
                }
            }
        }
    }
    for (w, h) in [(1, 1), (10, 10), (30, 400), (400, 30)] {
        let chart = Chart::new()
            .line("a", [0.0, 1.0], [0.0, 1.0])
            .title("title")
            .y_label("y");
        chart.clone().size(w, h).image()?;
        chart.size(w, h).legend(Legend::Right).svg()?;
    }
    let range = Chart::new().line("a", [0.0, 1.0], [0.0, 1.0]);
    range.clone().x_range(f64::NAN, 1.0).image()?;
    range.clone().x_range(2.0, 2.0).y_range(5.0, -5.0).image()?;
    range.y_range(f64::NEG_INFINITY, f64::INFINITY).image()?;
    Ok(())
}

/// The labels of an axis upwards.
fn labels(low: f64, high: f64, log: bool) -> Result<Vec<String>> {
    let chart = Chart::new()
        .y_range(low, high)
        .x_range(0.0, 1.0)
        .log_y(log)
        .size(300, 300);
    let svg = chart.svg()?;
    let texts = svg.lines().skip_while(|line| !line.starts_with("<text"));
    let texts: Vec<&str> = texts.filter(|line| !line.starts_with('<')).collect();
    let from_x = texts
        .iter()
        .position(|text| *text == "1.0")
        .map_or(0, |i| i + 1);
    Ok(texts[from_x..]
        .iter()
        .map(|text| (*text).to_owned())
        .collect())
}

fn numbers_on_axes() -> Result<()> {
    assert_eq!(labels(0.0, 0.3, false)?, ["0.0", "0.1", "0.2", "0.3"]);
    assert_eq!(labels(-10.0, 10.0, false)?, ["−10", "−5", "0", "5", "10"]);
    assert_eq!(
        labels(0.0, 2e-5, false)?,
        ["0", "5×10⁻⁶", "10⁻⁵", "1.5×10⁻⁵", "2×10⁻⁵"]
    );
    assert_eq!(labels(0.0, 3e6, false)?, ["0", "10⁶", "2×10⁶", "3×10⁶"]);
    assert_eq!(labels(1e-6, 1.0, true)?, ["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]);
    assert_eq!(labels(0.1, 1.0, true)?, ["0.1", "0.2", "0.3", "0.5", "1"]);
    Ok(())
}

fn the_same_bytes() -> Result<()> {
    let chart = || {
        let y: Vec<f64> = (0..100).map(|i| (i as f64 / 7.0).sin()).collect();
        Curves::new().curve("sine", y).title("twice")
    };
    assert_eq!(chart().image()?, chart().image()?);
    assert_eq!(chart().svg()?, chart().svg()?);
    let film = || -> Result<Vec<u8>> {
        let mut film = Animation::new();
        film.add(&chart())?;
        film.add(&chart().theme(Theme::Dark))?;
        film.bytes()
    };
    assert_eq!(film()?, film()?);
    Ok(())
}

fn errors_of_data() -> Result<()> {
    let says = |picture: &dyn Picture, words: &str| {
        let error = picture.image().expect_err(words).to_string();
        assert!(
            error.contains(words) && error.contains("tests/plot.rs"),
            "{error}"
        );
    };
    says(
        &Chart::new().line("a", [1.0], [1.0, 2.0]),
        "as many x as y, but there are 1 and 2",
    );
    says(&Chart::new().segments("a", [1.0], [1.0]), "two points each");
    let curves = || Curves::new().curve("a", [1.0]);
    says(&curves().first_epoch(f64::NAN), "must be finite, not NaN");
    says(&curves().every(f64::INFINITY), "must be finite, not inf");
    says(
        &Chart::new().texts([1.0], [1.0], ["a", "b"]),
        "as many texts as places",
    );
    says(
        &Chart::new().band("a", [1.0], [1.0], [1.0, 2.0]),
        "lower and upper",
    );
    says(
        &Curves::new().curves(["a"], vec![vec![1.0, 2.0]]),
        "a label for each of 2 columns",
    );
    says(
        &Curves::new().curves(["a"], vec![vec![1.0], vec![1.0, 2.0]]),
        "rows must be of one length",
    );
    says(
        &Bars::new(["a", "b"]).set("c", [1.0]),
        "a value for each of 2 names",
    );
    says(
        &HeatMap::new(Vec::<Vec<f64>>::new()),
        "0 rows and 0 columns",
    );
    says(&HeatMap::new([[1.0, 2.0]]).x([1.0]), "x must have 2 values");
    says(&HeatMap::new([[1.0, 2.0]]).x([1.0, 1.0]), "rise or fall");
    says(
        &HeatMap::new([[1.0, 2.0]]).x_names(["a"]),
        "2 columns, but 1 names",
    );
    says(
        &HeatMap::new([[1.0, 2.0]]).path("a", [1.0], [1.0, 2.0]),
        "as many x as y",
    );
    says(&Surface::new([[1.0, 2.0]]), "at least 2 rows");
    says(
        &Surface::new([[1.0, 2.0], [1.0, 2.0]]).x([1.0]),
        "x must have 2 values",
    );
    says(&Confusion::new([[1.0, 2.0]]), "must be a square");
    says(
        &Confusion::new([[1, 2], [3, 4]]).names(["a"]),
        "2 classes, but 1 names",
    );
    says(&Histogram::new([1.0]).bins(0), "0 bins");
    // The first error is told, and a panel tells those of its parts.
    says(
        &Panels::new(1).add(Surface::new([[1.0, 2.0]])),
        "at least 2 rows",
    );
    Ok(())
}

fn animations() -> Result<()> {
    let frame = |epoch: usize| {
        let chart = Chart::new()
            .line("fit", [0.0, 1.0], [0.0, epoch as f64])
            .y_range(0.0, 3.0);
        chart.title(format!("epoch {epoch}")).size(160, 120)
    };
    let mut film = Animation::new().delay(0.25);
    assert!(
        film.bytes()
            .expect_err("nothing")
            .to_string()
            .contains("no pictures")
    );
    for epoch in 0..3 {
        film.add(&frame(epoch))?;
    }
    assert_eq!(film.len(), 3);
    let bytes = film.bytes()?;
    assert!(bytes.starts_with(b"GIF89a"));
    assert_eq!(bytes[6..10], [160, 0, 120, 0]);
    // Each picture has its delay in hundredths of a second.
    let delays = bytes
        .windows(8)
        .filter(|w| w[..3] == [0x21, 0xf9, 4] && w[4..6] == [25, 0]);
    assert_eq!(delays.count(), 3);
    assert!(bytes.windows(11).any(|w| w == b"NETSCAPE2.0"));
    let once = {
        let mut film = Animation::new().times(1);
        film.add(&frame(0))?;
        film.bytes()?
    };
    assert!(!once.windows(11).any(|w| w == b"NETSCAPE2.0"));
    let error = film
        .add(&frame(0).size(100, 100))
        .expect_err("another size")
        .to_string();
    assert!(
        error.contains("160×120") && error.contains("100×100"),
        "{error}"
    );
    let error = film.save(path("film.png")).expect_err("no GIF").to_string();
    assert!(error.contains(".gif"), "{error}");
    film.save(path("film.gif"))?;
    std::fs::remove_file(path("film.gif")).expect("it is there");
    Ok(())
}

fn panels() -> Result<()> {
    let line = |label: &str| {
        Chart::new()
            .line(label, [0.0, 1.0], [0.0, 1.0])
            .title(label)
    };
    let panels = Panels::new(2)
        .add(line("one"))
        .add(line("two"))
        .add(line("three"))
        .title("all");
    let svg = panels.svg()?;
    for text in ["one", "two", "three", "all"] {
        assert!(svg.contains(text), "{text}");
    }
    let dark = panels.theme(Theme::Dark).size(600, 400).image()?;
    assert_eq!((dark.width, dark.pixel(0, 0)), (600, Some([20, 22, 27])));
    // At the left and at the right.
    assert!(
        has(&dark, Color::SKY, (0, 0), (300, 200)) && has(&dark, Color::SKY, (300, 0), (600, 200))
    );
    assert!(!has(&dark, Color::SKY, (320, 220), (600, 400)));
    Panels::new(0).image()?;
    Ok(())
}

/// What a tensor holds is what a slice holds.
fn from_tensors(dev: &Device) -> Result<()> {
    let y = [0.5f32, 0.25, 0.125];
    let slices = Curves::new().curve("a", y).image()?;
    let tensor = Tensor::new(y, dev)?.variable();
    assert_eq!(Curves::new().curve("a", &tensor).image()?, slices);
    let ints = Tensor::new([1, 2, 3], dev)?;
    Curves::new()
        .curve("a", &ints)
        .curve("b", &ints.gt(1)?)
        .curve("c", vec![1usize, 2])
        .image()?;
    let error = Curves::new()
        .curves(["a"], &ints)
        .image()
        .expect_err("one axis");
    assert!(error.to_string().contains("(rows, columns)"), "{error}");
    let _: &dyn Fn(&Tensor) -> HeatMap = &|t| HeatMap::new(t);
    fn takes(_: impl IntoMatrix) {}
    takes(&ints);
    Ok(())
}
