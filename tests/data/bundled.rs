//! The data sets that come with the crate.

use tilewise::data::datasets::{self, Bundle};
use tilewise::data::{Dataset, PolynomialFeatures, StandardScaler, Transform};
use tilewise::{DType, Device, Result};

tests![
    shapes_and_sums,
    first_rows,
    diabetes_is_standardised,
    polynomials_of_the_moons,
    a_novel,
];

/// Rows, features, the sum of all features by NumPy, and how many examples each class has.
fn shapes_and_sums(device: &Device) -> Result<()> {
    let sets: [(Bundle, usize, usize, f64, &[u32]); 5] = [
        (datasets::iris(device)?, 150, 4, 2078.7, &[50, 50, 50]),
        (datasets::wine(device)?, 178, 13, 159_975.296, &[59, 71, 48]),
        (
            datasets::breast_cancer(device)?,
            569,
            30,
            1_056_474.460_2,
            &[212, 357],
        ),
        (
            datasets::digits(device)?,
            1797,
            64,
            561_718.0,
            &[178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
        ),
        (datasets::moons(device)?, 100, 2, 75.433_681, &[50, 50]),
    ];
    for (set, n, width, sum, classes) in sets {
        assert_eq!(
            (set.features.shape(), set.features.dtype()),
            (&[n, width][..], DType::F32)
        );
        assert_eq!(
            (set.targets.shape(), set.targets.dtype()),
            (&[n][..], DType::U32)
        );
        assert_eq!(set.feature_names.len(), width);
        assert_eq!(set.class_names.len(), classes.len());
        assert_eq!(set.targets.bincount(None, 0)?.to_vec::<u32>()?, classes);
        let got: f64 = set.features.to_vec::<f64>()?.iter().sum();
        assert!(
            (got - sum).abs() <= 1e-6 * sum,
            "{}: {got}, {sum}",
            set.description
        );
        assert_eq!(set.dataset()?.len(), n);
        for word in ["scikit-learn 1.9.1", "."] {
            assert!(set.description.contains(word), "{}", set.description);
        }
    }
    Ok(())
}

fn first_rows(device: &Device) -> Result<()> {
    let iris = datasets::iris(device)?;
    assert_eq!(
        iris.features.narrow(0, 0, 1)?.to_vec::<f32>()?,
        [5.1, 3.5, 1.4, 0.2]
    );
    let digits = datasets::digits(device)?;
    assert_eq!(digits.feature_names[9], "pixel_1_1");
    assert_eq!(
        digits.features.narrow(0, 0, 1)?.to_vec::<f32>()?[..6],
        [0., 0., 5., 13., 9., 1.]
    );
    let cancer = datasets::breast_cancer(device)?;
    assert_eq!(cancer.feature_names[29], "worst fractal dimension");
    assert_eq!(cancer.class_names, ["malignant", "benign"]);
    let diabetes = datasets::diabetes(device)?;
    assert_eq!(diabetes.feature_names[2], "bmi");
    assert_eq!(diabetes.features.shape(), [442, 10]);
    assert_eq!(diabetes.targets.shape(), [442, 1]);
    assert!(diabetes.class_names.is_empty());
    let row = [59., 2., 32.1, 101., 157., 93.2, 38., 4., 4.8598, 87.];
    assert_eq!(diabetes.features.narrow(0, 0, 1)?.to_vec::<f32>()?, row);
    assert_eq!(
        diabetes.targets.narrow(0, 0, 2)?.to_vec::<f32>()?,
        [151., 75.]
    );
    Ok(())
}

fn diabetes_is_standardised(device: &Device) -> Result<()> {
    let diabetes = datasets::diabetes(device)?;
    let x = StandardScaler::new().fit_transform(&diabetes.features)?;
    for (mean, deviation) in x
        .mean(0)?
        .to_vec::<f32>()?
        .iter()
        .zip(x.std(0, 0)?.to_vec::<f32>()?)
    {
        assert!(
            mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5,
            "{mean}, {deviation}"
        );
    }
    Ok(())
}

/// The literature's numbers of features of two.
fn polynomials_of_the_moons(device: &Device) -> Result<()> {
    let moons = datasets::moons(device)?;
    for (degree, width) in [(2, 6), (3, 10), (6, 28), (7, 36)] {
        let mut polynomial = PolynomialFeatures::new(degree);
        let x = polynomial.fit_transform(&moons.features)?;
        assert_eq!(
            (x.shape(), polynomial.len()),
            (&[100, width][..], Some(width))
        );
    }
    Ok(())
}

fn a_novel() -> Result<()> {
    let text = datasets::pride_and_prejudice()?;
    assert!(text.starts_with("Chapter 1\n"));
    let chapters = text.lines().filter(|line| line.starts_with("Chapter "));
    assert_eq!((text.len(), chapters.count()), (231_228, 23));
    assert!(
        text.bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'z').contains(&byte))
    );
    Ok(())
}
