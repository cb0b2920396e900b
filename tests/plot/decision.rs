//! Areas in which a predictor says each class.

use std::cell::Cell;

use tilewise::data;
use tilewise::plot::{Color, DecisionSurface, Legend, Picture, Theme};
use tilewise::prelude::*;

use super::anywhere;

tests![
    decision_surfaces,
    scores_and_thresholds,
    predicted_once,
    decision_errors,
];

/// Three stripes, of which the classes are said, or meant most.
fn decision_surfaces(dev: &Device) -> Result<()> {
    let x = Tensor::new([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]], dev)?;
    let stripes =
        |x: &Tensor| -> Result<Tensor> { Ok(x.slice(s![.., 0])?.round().to_dtype(DType::I32)) };
    let logits = |x: &Tensor| -> Result<Tensor> {
        let centres = Tensor::new([0.0, 1.0, 2.0], x.device())?;
        Ok(-(x.slice(s![.., ..1])? - centres).square())
    };
    for theme in [Theme::Light, Theme::Dark] {
        let (paper, series) = match theme {
            Theme::Light => (Color::WHITE, [Color::BLUE, Color::VERMILLION, Color::GREEN]),
            Theme::Dark => (
                Color::new(20, 22, 27),
                [Color::SKY, Color::ORANGE, Color::new(38, 190, 145)],
            ),
        };
        for by_class in [true, false] {
            let surface = DecisionSurface::new(&x, &[0, 1, 2])
                .predict_with(move |x| if by_class { stripes(x) } else { logits(x) })
                .names(["left", "middle", "right"])
                .alpha(0.4)
                .legend(Legend::None)
                .theme(theme)
                .size(340, 300);
            let image = surface.image()?;
            let region = |i: usize| {
                let color = paper.mix(series[i], 0.4);
                Some([color.r, color.g, color.b])
            };
            for (i, column) in [(0, 75), (1, 190), (2, 310)] {
                assert_eq!(image.pixel(column, 60), region(i), "{theme:?} {i}");
            }
            // The data is on it, and can be left out.
            assert!(anywhere(&image, series[1]));
            let areas = surface.points(false).image()?;
            assert!(!anywhere(&areas, series[1]));
            assert_eq!(areas.pixel(190, 60), region(1));
        }
    }
    let surface = DecisionSurface::new(&x, &[0, 1, 2])
        .predict_with(stripes)
        .names(["a", "b", "c"]);
    let svg = surface.x_label("width").svg()?;
    for text in ["a", "b", "c", "width"] {
        assert!(
            svg.contains(&format!("\n{text}\n")) || svg.contains(&format!(">{text}\n")),
            "{text} in {svg}"
        );
    }
    Ok(())
}

/// One score a row: which of two labels it means, and where the threshold is.
fn scores_and_thresholds(dev: &Device) -> Result<()> {
    let x = Tensor::new([[0.0, 0.0], [1.0, 1.0]], dev)?;
    let score = |x: &Tensor| x.slice(s![.., ..1]);
    let share = |labels: &[i32], threshold: f64| -> Result<f64> {
        let surface = DecisionSurface::new(&x, labels)
            .predict_with(score)
            .threshold(threshold)
            .margin(0.0)
            .alpha(1.0)
            .points(false)
            .boundary(false)
            .legend(Legend::None)
            .size(300, 300);
        let image = surface.image()?;
        let count = |color: Color| {
            let one = |p: &&[u8]| **p == [color.r, color.g, color.b];
            image.rgb.chunks_exact(3).filter(one).count() as f64
        };
        Ok(count(Color::VERMILLION) / (count(Color::VERMILLION) + count(Color::BLUE)))
    };
    for labels in [[0, 1], [-1, 1]] {
        assert!((share(&labels, 0.5)? - 0.5).abs() < 0.01);
        assert!((share(&labels, 0.25)? - 0.75).abs() < 0.01);
        assert_eq!(share(&labels, 2.0)?, 0.0);
    }
    Ok(())
}

fn predicted_once(dev: &Device) -> Result<()> {
    let moons = data::make_moons(40, 0.1, 0, dev)?;
    let rows = Cell::new(0);
    let predict = |x: &Tensor| {
        rows.set(rows.get() + x.shape()[0]);
        assert!(x.shape()[0] <= 8192, "in batches");
        x.sum(1)
    };
    let surface = DecisionSurface::new(moons.inputs(), moons.targets())
        .predict_with(predict)
        .resolution(100);
    surface.image()?;
    assert_eq!(rows.get(), 10_000);
    let surface = surface
        .alpha(0.9)
        .threshold(0.5)
        .theme(Theme::Dark)
        .points(false)
        .title("again");
    surface.image()?;
    surface.svg()?;
    assert_eq!(rows.get(), 10_000);
    let surface = surface.resolution(50);
    surface.image()?;
    assert_eq!(rows.get(), 12_500);
    surface.x_range(-3.0, 3.0).image()?;
    assert_eq!(rows.get(), 15_000);
    // A network keeps its mode, and no tape is left.
    let model = nn::Sequential::new()
        .then(nn::Linear::new(2, 2, dev)?)
        .then(nn::Dropout::new(0.5)?);
    let surface = DecisionSurface::new(moons.inputs(), moons.targets()).predictor(&model);
    assert_eq!(surface.image()?, surface.resolution(200).image()?);
    Ok(())
}

fn decision_errors(dev: &Device) -> Result<()> {
    let x = Tensor::zeros([4, 2], dev)?;
    let labels = [0, 1, 0, 1];
    let says = |surface: DecisionSurface, words: &str| {
        let error = surface.image().expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    says(
        DecisionSurface::new(&x, &labels),
        "there is no predictor; give a model by predictor(&model)",
    );
    says(DecisionSurface::new(&x, &[0]), "4 rows, but 1 labels");
    says(
        DecisionSurface::new(&Tensor::zeros([4, 1], dev)?, &labels),
        "at least two features",
    );
    let good = || DecisionSurface::new(&x, &labels).predict_with(|x| x.sum(1));
    says(good().features(0, 5), "rows have 2 columns");
    says(good().resolution(1), "from 2 to 4096");
    says(good().margin(f64::NAN), "margin");
    says(
        good().predict_with(|x| x.sum(..)),
        "(8192), (8192, 1) or (8192, classes)",
    );
    says(
        good().predict_with(|x| Ok(x.to_dtype(DType::I32))),
        "one integer a row",
    );
    says(good().predict_with(|x| x.reshape([3, 3])), "reshape");
    // Without areas and lines no predictor is needed.
    DecisionSurface::new(&x, &labels)
        .regions(false)
        .boundary(false)
        .image()?;
    // More features than two, no rows, scores that are NaN.
    let wide = Generator::new(0).uniform([5, 4], dev)?;
    let seen = Cell::new(0);
    let predict = |x: &Tensor| {
        seen.set(x.shape()[1]);
        Ok(x.slice(s![.., 2])? / 0.0 * 0.0)
    };
    DecisionSurface::new(&wide, &[0, 1, 2, 1, 0])
        .features(1, 3)
        .resolution(5)
        .predict_with(predict)
        .image()?;
    assert_eq!(seen.get(), 4);
    let none = Tensor::zeros([0, 2], dev)?;
    DecisionSurface::new(&none, Vec::<i32>::new())
        .predict_with(|x| x.sum(1))
        .resolution(5)
        .image()?;
    Ok(())
}
