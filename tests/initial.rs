//! Initial values: their distributions, and what PyTorch's gains are.

use tilewise::nn::{Fan, Init};
use tilewise::prelude::*;

use crate::support::golden::Golden;

tests![distributions, constants, orthogonal, gains, mistakes];

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (mean, (square / n).sqrt())
}

fn distributions(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(3);
    let (inputs, outputs) = (300f64, 200f64);
    let uniform = |gain, fan| Init::ScaledUniform { gain, fan };
    let normal = |gain, fan| Init::ScaledNormal { gain, fan };
    let width = 3f64.sqrt();
    // The deviation of a normal distribution within two of its deviations.
    let cut = 0.879_625_661;
    let cases = [
        (Init::LecunNormal, 0.0, (1.0 / inputs).sqrt(), None),
        (Init::LecunUniform, 0.0, (1.0 / inputs).sqrt(), Some(width)),
        (
            uniform(0.5, Fan::Out),
            0.0,
            0.5 / outputs.sqrt(),
            Some(width),
        ),
        (
            uniform(-2.0, Fan::In),
            0.0,
            2.0 / inputs.sqrt(),
            Some(width),
        ),
        (normal(3.0, Fan::Mean), 0.0, 3.0 / 250f64.sqrt(), None),
        (
            Init::TruncatedNormal(1.0, 0.5),
            1.0,
            0.5 * cut,
            Some(2.0 / cut),
        ),
    ];
    for (init, mean, deviation, bound) in cases {
        let values: Vec<f64> = init.draw([200, 300], &mut generator, dev)?.to_vec()?;
        let n = values.len() as f64;
        let (got, spread) = moments(&values);
        // Five standard errors: of the mean σ/√n; of the deviation at most σ/√(2n).
        assert!(
            (got - mean).abs() <= 5.0 * deviation / n.sqrt(),
            "{init:?}: mean {got}"
        );
        let allowed = 5.0 * deviation / (2.0 * n).sqrt();
        assert!(
            (spread - deviation).abs() <= allowed,
            "{init:?}: deviation {spread}"
        );
        if let Some(bound) = bound {
            let far = values.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
            let bound = bound * deviation;
            assert!(
                far <= bound * (1.0 + 1e-6) && far > 0.99 * bound,
                "{init:?}: {far}"
            );
        }
    }
    // Quantiles of the truncated normal distribution: Φ⁻¹(Φ(−2) + q·(Φ(2) − Φ(−2))).
    let drawn = Init::TruncatedNormal(0.0, 1.0).draw([100_000], &mut generator, dev)?;
    for (q, want) in [
        (0.05, -1.472_262),
        (0.25, -0.639_112),
        (0.5, 0.0),
        (0.9, 1.184_032),
    ] {
        let got: f32 = drawn.quantile(q, 0)?.item()?;
        // Five standard errors, √(q(1 − q)/n)/density, of which the largest is at the ends.
        assert!(
            (f64::from(got) - want).abs() < 0.025,
            "{q}: {got}, not {want}"
        );
    }
    Ok(())
}

fn constants(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(1);
    let mut draw =
        |init: Init| -> Result<Vec<f32>> { init.draw([2, 2], &mut generator, dev)?.to_vec() };
    assert_eq!(draw(Init::Zeros)?, [0.; 4]);
    assert_eq!(draw(Init::Ones)?, [1.; 4]);
    assert_eq!(draw(Init::Constant(0.5))?, [0.5; 4]);
    assert_eq!(
        draw(Init::ScaledUniform {
            gain: 0.0,
            fan: Fan::In
        })?,
        [0.; 4]
    );
    assert_eq!(draw(Init::TruncatedNormal(3.0, 0.0))?, [3.; 4]);
    assert_eq!(draw(Init::Orthogonal(0.0))?, [0.; 4]);
    Ok(())
}

/// Rows, or columns where they are fewer, are orthonormal, whatever the shape.
fn orthogonal(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(9);
    for (shape, gain) in [
        (vec![1, 1], 1.0),
        (vec![5, 5], 1.0),
        (vec![3, 40], 2.0),
        (vec![40, 3], -1.0),
        (vec![4, 2, 3, 3], 1.0),
        (vec![30, 2, 3], 0.5),
    ] {
        let weight = Init::Orthogonal(gain).draw(shape.clone(), &mut generator, dev)?;
        assert_eq!(weight.shape(), shape);
        let matrix = weight.reshape([shape[0] as isize, -1])?;
        let (rows, columns) = (matrix.shape()[0], matrix.shape()[1]);
        let square = match rows <= columns {
            true => matrix.matmul(&matrix.t())?,
            false => matrix.t().matmul(&matrix)?,
        };
        let n = rows.min(columns);
        let want = Tensor::eye(n, n, dev)?.try_mul(gain * gain)?;
        // Of values rounded to f32.
        assert!(
            square.allclose(&want, 0.0, 1e-6, false)?,
            "{shape:?}: {square}"
        );
    }
    // The same bits on each device, and others after them.
    let there = Init::Orthogonal(1.0).draw([7, 4], &mut Generator::new(2), &Device::cpu())?;
    let mut generator = Generator::new(2);
    let here = Init::Orthogonal(1.0).draw([7, 4], &mut generator, dev)?;
    assert_eq!(here.to_vec::<f32>()?, there.to_vec::<f32>()?);
    let next = Init::Orthogonal(1.0).draw([7, 4], &mut generator, dev)?;
    assert_ne!(here.to_vec::<f32>()?, next.to_vec::<f32>()?);
    // Evenly distributed: both signs on the diagonal.
    let mut positive = 0;
    for _ in 0..40 {
        let one: f32 = Init::Orthogonal(1.0)
            .draw([1, 1], &mut generator, dev)?
            .item()?;
        positive += usize::from(one > 0.0);
    }
    assert!((8..=32).contains(&positive), "{positive} of 40");
    Init::Orthogonal(1.0).draw([0, 3], &mut generator, dev)?;
    Ok(())
}

fn gains() {
    for case in Golden::read("gains.txt").cases() {
        let function = match case.name.as_str() {
            "Relu" => nn::Relu,
            "LeakyRelu" => nn::LeakyRelu(0.125),
            "Tanh" => nn::Tanh,
            "Selu" => nn::Selu,
            "Sigmoid" => nn::Sigmoid,
            name => panic!("gains.txt names {name:?}, which this test does not know"),
        };
        let want: f64 = case.value("gain");
        assert!((function.gain() - want).abs() < 1e-15, "{function:?}");
    }
    assert_eq!(nn::Gelu.gain(), nn::Relu.gain());
    assert_eq!(nn::Softmax(0).gain(), 1.0);
}

fn mistakes(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(0);
    let mut refused = |init: Init, shape: &[usize], words: &str| {
        let error = init
            .draw(shape, &mut generator, dev)
            .expect_err("a mistake");
        let message = error.to_string();
        assert!(message.contains(words), "no {words:?} in: {message}");
        assert!(error.location().file().starts_with("tests"), "{message}");
    };
    refused(Init::Orthogonal(1.0), &[3], "at least two dimensions");
    refused(Init::Orthogonal(1.0), &[], "at least two dimensions");
    refused(Init::Orthogonal(f64::NAN), &[3, 3], "NaN");
    refused(Init::TruncatedNormal(f64::INFINITY, 1.0), &[3], "finite");
    refused(
        Init::ScaledNormal {
            gain: f64::NAN,
            fan: Fan::In,
        },
        &[3, 3],
        "NaN",
    );
    refused(
        Init::ScaledUniform {
            gain: f64::INFINITY,
            fan: Fan::In,
        },
        &[3, 3],
        "inf",
    );
    Ok(())
}
