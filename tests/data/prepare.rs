//! Scalers, encoders and polynomial features, beside scikit-learn's.

use std::panic::Location;

use tilewise::data::{
    LabelEncoder, MinMaxScaler, OneHotEncoder, Pipeline, PolynomialFeatures, StandardScaler,
    Transform,
};
use tilewise::{DType, Device, Result, Tensor};

use crate::support::compare::{assert_bits, assert_near};
use crate::support::golden::Golden;

tests![
    scalers,
    learnt_values,
    columns_without_spread,
    other_dtypes_and_layouts,
    polynomials,
    many_products,
    labels,
    one_hot,
    nothing_learnt,
    edges,
];

#[track_caller]
pub(super) fn refused<T>(result: Result<T>, word: &str) {
    let Err(error) = result else {
        panic!("no error of {word:?}")
    };
    assert!(error.to_string().contains(word), "{error}");
    assert_eq!(
        error.location().file(),
        Location::caller().file(),
        "{error}"
    );
}

#[track_caller]
pub(super) fn holds(what: &str, got: &Tensor, want: &[f64], absolute: f64) -> Result<()> {
    assert_near(what, &got.to_vec::<f32>()?, want, 1e-5, absolute);
    Ok(())
}

fn scalers(device: &Device) -> Result<()> {
    let golden = Golden::read("preparation.txt");
    let case = golden.case("scalers");
    let fresh = case.array("fresh").tensor(device)?;
    let all: [(&str, Box<dyn Transform>); 6] = [
        ("standard", Box::new(StandardScaler::new())),
        (
            "without_mean",
            Box::new(StandardScaler::new().without_mean()),
        ),
        ("without_std", Box::new(StandardScaler::new().without_std())),
        ("minmax", Box::new(MinMaxScaler::new())),
        ("range", Box::new(MinMaxScaler::new().range(-1.0, 3.0)?)),
        (
            "clip",
            Box::new(MinMaxScaler::new().range(-1.0, 3.0)?.clip()),
        ),
    ];
    for (name, mut scaler) in all {
        for x in [
            case.array("x").tensor(device)?,
            case.array("x").strided(device)?,
        ] {
            // Values up to 100 that have lost their mean are off by its rounding.
            let y = scaler.fit_transform(&x)?;
            holds(name, &y, &case.array(name).values::<f64>(), 1e-5)?;
            let y = scaler.transform(&fresh)?;
            holds(
                name,
                &y,
                &case.array(&format!("{name}_fresh")).values::<f64>(),
                1e-4,
            )?;
            let back = scaler.inverse(&fresh)?;
            holds(
                name,
                &back,
                &case.array(&format!("{name}_back")).values::<f64>(),
                1e-5,
            )?;
        }
    }
    Ok(())
}

fn learnt_values(device: &Device) -> Result<()> {
    let golden = Golden::read("preparation.txt");
    let case = golden.case("scalers");
    let x = case.array("x").tensor(device)?;
    let mut scaler = StandardScaler::new();
    assert!(scaler.mean().is_none() && scaler.scale().is_none());
    scaler.fit(&x)?;
    let mean = scaler.mean().expect("it is fitted");
    holds("mean", mean, &case.array("mean").values::<f64>(), 1e-6)?;
    let scale = scaler.scale().expect("it is fitted");
    holds("scale", scale, &case.array("scale").values::<f64>(), 1e-6)?;
    let mut scaler = MinMaxScaler::new();
    scaler.fit(&x)?;
    let least = scaler.least().expect("it is fitted");
    assert!(least.array_equal(&x.nanmin(0)?, false)?);
    assert!(
        scaler
            .most()
            .expect("it is fitted")
            .array_equal(&x.nanmax(0)?, false)?
    );
    Ok(())
}

/// A column of one value, of one value and NaN, of NaN alone: as scikit-learn, nothing is divided by 0.
fn columns_without_spread(device: &Device) -> Result<()> {
    let nan = f32::NAN;
    let rows: Vec<f32> = [[0.1, 7.0, nan, 1.0]; 1000].concat();
    let mut x = Tensor::from_slice(&rows, [1000, 4], device)?;
    x.set(tilewise::s![5, 1], nan)?;
    x.set(tilewise::s![9, 3], 2.0)?;
    let mut scaler = StandardScaler::new();
    let y = scaler.fit_transform(&x)?.narrow(0, 4, 2)?.to_vec::<f32>()?;
    let low = -(1.0f32 / 999.0).sqrt();
    assert_bits("columns", &y[..3], &[0.0, 0.0, nan]);
    assert_bits("columns", &y[4..7], &[0.0, nan, nan]);
    assert!((y[3] - low).abs() < 1e-5, "{}", y[3]);
    let scale = scaler.scale().expect("it is fitted").to_vec::<f32>()?;
    assert_bits("scale", &scale[..3], &[1.0, 1.0, nan]);
    let y = MinMaxScaler::new().range(2.0, 3.0)?.fit_transform(&x)?;
    let y = y.narrow(0, 5, 1)?.to_vec::<f32>()?;
    assert_bits("least and most", &y, &[2.0, nan, nan, 2.0]);
    // One row has no spread.
    let one = Tensor::new([[3f32, -2.]], device)?;
    assert_eq!(
        StandardScaler::new().fit_transform(&one)?.to_vec::<f32>()?,
        [0.0, 0.0]
    );
    assert_eq!(
        MinMaxScaler::new().fit_transform(&one)?.to_vec::<f32>()?,
        [0.0, 0.0]
    );
    Ok(())
}

fn other_dtypes_and_layouts(device: &Device) -> Result<()> {
    let x = Tensor::new([[1, 10], [3, 30]], device)?;
    let y = StandardScaler::new().fit_transform(&x)?;
    assert_eq!(
        (y.dtype(), y.to_vec::<f32>()?),
        (DType::F32, vec![-1.0, -1.0, 1.0, 1.0])
    );
    let y = MinMaxScaler::new().fit_transform(&x.t())?;
    assert_eq!(y.to_vec::<f32>()?, [0.0, 0.0, 1.0, 1.0]);
    let bools = x.gt(5)?;
    refused(StandardScaler::new().fit(&bools), "bools have no scale");
    if device.supports_f16() {
        // The sum of these is beyond the largest half.
        let half = Tensor::new([[60_000f32], [20_000.], [40_000.]], device)?.to_dtype(DType::F16);
        let y = MinMaxScaler::new().fit_transform(&half)?;
        assert_eq!(
            (y.dtype(), y.to_vec::<f64>()?),
            (DType::F16, vec![1.0, 0.0, 0.5])
        );
        let y = StandardScaler::new().fit_transform(&half)?;
        assert!(y.is_finite().all(..)?.item::<bool>()?);
    }
    Ok(())
}

fn polynomials(device: &Device) -> Result<()> {
    for case in Golden::read("preparation.txt").cases() {
        if !case.name.starts_with("polynomial") {
            continue;
        }
        let mut polynomial = PolynomialFeatures::new(case.value("degree"));
        if case.value::<u8>("bias") == 0 {
            polynomial = polynomial.without_bias();
        }
        if case.value::<u8>("only") == 1 {
            polynomial = polynomial.interaction_only();
        }
        for x in [
            case.array("x").tensor(device)?,
            case.array("x").strided(device)?,
        ] {
            let y = polynomial.fit_transform(&x)?;
            assert_eq!(y.shape(), case.array("y").shape, "{}", case.name);
            assert_eq!(polynomial.len(), Some(y.shape()[1]));
            // Each factor is rounded once.
            holds(&case.name, &y, &case.array("y").values::<f64>(), 0.0)?;
        }
        let powers = polynomial.powers().expect("it is fitted").concat();
        assert_eq!(
            powers,
            case.array("powers").values::<usize>(),
            "{}",
            case.name
        );
        let names = ["x0", "x1", "x2", "x3", "x4"];
        let names = polynomial
            .names(&names[..case.array("x").shape[1]])?
            .join(",");
        assert_eq!(Some(names.as_str()), case.text("names"));
    }
    Ok(())
}

fn many_products(device: &Device) -> Result<()> {
    let x = Tensor::zeros([2, 100], device)?;
    refused(
        PolynomialFeatures::new(20).fit(&x),
        "products of up to 20 of 100 features",
    );
    refused(PolynomialFeatures::new(usize::MAX).fit(&x), "are too many");
    // No product of more different features than there are.
    let mut polynomial = PolynomialFeatures::new(usize::MAX).interaction_only();
    polynomial.fit(&Tensor::zeros([1, 4], device)?)?;
    assert_eq!(polynomial.len(), Some(16));
    let whole = PolynomialFeatures::new(2).fit_transform(&Tensor::new([[3]], device)?)?;
    assert_eq!(
        (whole.dtype(), whole.to_vec::<i32>()?),
        (DType::I32, vec![1, 3, 9])
    );
    let nan = Tensor::new([[f32::NAN, 2.0]], device)?;
    let y = PolynomialFeatures::new(2)
        .fit_transform(&nan)?
        .to_vec::<f32>()?;
    let nan = f32::NAN;
    assert_bits("NaN", &y, &[1.0, nan, 2.0, nan, nan, 4.0]);
    Ok(())
}

fn labels(device: &Device) -> Result<()> {
    let mut encoder = LabelEncoder::new();
    let x = Tensor::new([[2.5f32, -1.], [7., 2.5]], device)?;
    let classes = encoder.fit_transform(&x)?;
    assert_eq!(
        (classes.shape(), classes.dtype()),
        (&[2, 2][..], DType::U32)
    );
    assert_eq!(classes.to_vec::<u32>()?, [1, 0, 2, 1]);
    assert_eq!(
        encoder.labels().expect("it is fitted").to_vec::<f32>()?,
        [-1.0, 2.5, 7.0]
    );
    assert!(encoder.inverse(&classes)?.array_equal(&x, false)?);
    for unknown in [0.0, 8.0, -2.0, f32::NAN] {
        let x = Tensor::new([2.5, unknown, 100.0], device)?;
        refused(encoder.transform(&x), &format!("{unknown} was not among"));
    }
    refused(
        encoder.fit(&Tensor::new([1.0, f32::NAN], device)?),
        "NaN is no class",
    );
    // What was learnt before is still there.
    assert_eq!(encoder.transform(&x)?.size(), 4);
    let none = Tensor::zeros([0], device)?;
    assert_eq!(encoder.transform(&none)?.shape(), [0]);
    assert_eq!(LabelEncoder::new().fit_transform(&none)?.size(), 0);
    let mut nothing = LabelEncoder::new();
    nothing.fit(&none)?;
    refused(nothing.transform(&x), "no label at all");
    let of_bools = LabelEncoder::new().fit_transform(&Tensor::new([true, false], device)?)?;
    assert_eq!(of_bools.to_vec::<u32>()?, [1, 0]);
    Ok(())
}

fn one_hot(device: &Device) -> Result<()> {
    let x = Tensor::new([[5f32, 0.5], [-7., 0.5], [5., 0.25]], device)?;
    let mut encoder = OneHotEncoder::new();
    let y = encoder.fit_transform(&x)?;
    assert_eq!(
        y.to_vec::<f32>()?,
        [0., 1., 0., 1., 1., 0., 0., 1., 0., 1., 1., 0.]
    );
    let categories = encoder.categories().expect("it is fitted");
    assert_eq!(categories[0].to_vec::<f32>()?, [-7.0, 5.0]);
    assert!(encoder.inverse(&y)?.array_equal(&x, false)?);
    let fresh = Tensor::new([[6f32, 0.5], [f32::NAN, 9.]], device)?;
    refused(encoder.transform(&fresh), "6 was not among");
    let mut lenient = OneHotEncoder::new().ignore_unknown();
    lenient.fit(&x)?;
    assert_eq!(
        lenient.transform(&fresh)?.to_vec::<f32>()?,
        [0., 0., 0., 1., 0., 0., 0., 0.]
    );
    assert_eq!(encoder.transform(&x.narrow(0, 0, 0)?)?.shape(), [0, 4]);
    refused(encoder.transform(&y), "fitted to 2 features");
    refused(encoder.fit(&fresh), "NaN is no class");
    let none = Tensor::zeros([3, 0], device)?;
    assert_eq!(OneHotEncoder::new().fit_transform(&none)?.shape(), [3, 0]);
    Ok(())
}

fn nothing_learnt(device: &Device) -> Result<()> {
    let x = Tensor::ones([2, 2], device)?;
    let word = "it is not fitted yet";
    let steps: [Box<dyn Transform>; 4] = [
        Box::new(StandardScaler::new()),
        Box::new(MinMaxScaler::new()),
        Box::new(PolynomialFeatures::new(2)),
        Box::new(OneHotEncoder::new()),
    ];
    for step in steps {
        assert!(
            step.transform(&x)
                .is_err_and(|error| error.to_string().contains(word))
        );
    }
    refused(LabelEncoder::new().transform(&x), word);
    refused(LabelEncoder::new().inverse(&x), word);
    refused(StandardScaler::new().inverse(&x), word);
    refused(
        Pipeline::new().then(MinMaxScaler::new()).transform(&x),
        word,
    );
    refused(PolynomialFeatures::new(2).names(&["a"]), word);
    Ok(())
}

fn edges(device: &Device) -> Result<()> {
    let none = Tensor::zeros([0, 3], device)?;
    let x = Tensor::ones([2, 3], device)?;
    refused(StandardScaler::new().fit(&none), "no row to learn from");
    refused(MinMaxScaler::new().fit(&none), "no row to learn from");
    refused(OneHotEncoder::new().fit(&none), "no row to learn from");
    refused(
        StandardScaler::new().fit(&x.sum(0)?),
        "a matrix of (rows, features)",
    );
    refused(MinMaxScaler::new().range(1.0, 1.0), "in order, not 1 and 1");
    refused(
        MinMaxScaler::new().range(0.0, f64::INFINITY),
        "must be finite",
    );
    let mut scaler = StandardScaler::new();
    scaler.fit(&x)?;
    assert_eq!(scaler.transform(&none)?.shape(), [0, 3]);
    refused(
        scaler.transform(&x.t()),
        "it was fitted to 3 features, (rows, 3)",
    );
    refused(
        scaler.inverse(&x.t()),
        "it was fitted to 3 features, (rows, 3)",
    );
    let mut polynomial = PolynomialFeatures::new(2);
    assert_eq!(polynomial.fit_transform(&none)?.shape(), [0, 10]);
    refused(polynomial.names(&["a"]), "1 names do not fit 3 features");
    refused(polynomial.inverse(&x), "this transformation has none");
    assert_eq!(
        PolynomialFeatures::new(0)
            .without_bias()
            .fit_transform(&x)?
            .shape(),
        [2, 0]
    );
    let no_features = StandardScaler::new().fit_transform(&Tensor::zeros([4, 0], device)?)?;
    assert_eq!(no_features.shape(), [4, 0]);
    Ok(())
}
