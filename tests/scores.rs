//! Metrics against scikit-learn.

use tilewise::metrics::*;
use tilewise::prelude::*;

use crate::support::compare::assert_near;
use crate::support::golden::{Case, Golden};

tests![
    classes,
    binary,
    numbers,
    class_numbers,
    ranks_of_auc,
    many_rows,
    no_rows,
    refused,
    labels_out_of_range,
    mistakes_are_the_callers,
    leave_no_tape,
];

/// The cases of a kind.
fn cases(golden: &Golden, kind: &str) -> Vec<usize> {
    let found = golden.cases().iter().enumerate();
    let found = found.filter(|(_, case)| case.name.starts_with(kind));
    found.map(|(at, _)| at).collect()
}

/// Quotients and means of a few rounded numbers of at most 1.
#[track_caller]
fn holds(case: &Case, key: &str, got: &Tensor) -> Result<()> {
    let want = case.array(key);
    assert_eq!(got.shape(), want.shape, "{}: {key}", case.name);
    assert_eq!(got.dtype(), DType::F32, "{}: {key}", case.name);
    let what = format!("{}: {key}", case.name);
    assert_near(&what, &got.to_vec()?, &want.values(), 1e-6, 2e-7);
    Ok(())
}

fn classes(dev: &Device) -> Result<()> {
    let golden = Golden::read("scores.txt");
    for at in cases(&golden, "classes") {
        let case = &golden.cases()[at];
        for strided in [false, true] {
            let read = |key: &str| match strided {
                true => case.array(key).strided(dev),
                false => case.array(key).tensor(dev),
            };
            let (x, labels) = (read("output")?, read("target")?);
            let n = x.shape()[1];
            holds(case, "accuracy", &Accuracy::new().measure(&x, &labels)?)?;
            if case.try_array("auc").is_some() {
                holds(case, "auc", &RocAuc::new().measure(&x, &labels)?)?;
            }
            let one_hot = labels.one_hot(n)?;
            holds(case, "accuracy", &Accuracy::new().measure(&x, &one_hot)?)?;
            for k in 1..=3 {
                holds(
                    case,
                    &format!("top{k}"),
                    &TopK::new(k).measure(&x, &labels)?,
                )?;
            }
            let matrix = ConfusionMatrix::new(n);
            case.array("confusion")
                .assert_is(&case.name, &matrix.count(&x, &labels)?);
            let shares = [
                ("true", Share::OfRight),
                ("pred", Share::OfPredicted),
                ("all", Share::OfAll),
            ];
            for (key, share) in shares {
                holds(case, key, &matrix.share(&x, &labels, share)?)?;
            }
            holds(
                case,
                "precision_each",
                &Precision::new().per_class(&x, &labels)?,
            )?;
            holds(case, "recall_each", &Recall::new().per_class(&x, &labels)?)?;
            holds(case, "f1_each", &F1::new().per_class(&x, &labels)?)?;
            let averages = [
                ("macro", Average::Macro),
                ("micro", Average::Micro),
                ("weighted", Average::Weighted),
            ];
            for (key, average) in averages {
                let scores: [Box<dyn Metric>; 3] = [
                    Box::new(Precision::new().average(average)),
                    Box::new(Recall::new().average(average)),
                    Box::new(F1::new().average(average)),
                ];
                for score in scores {
                    let key = format!("{}_{key}", score.name());
                    holds(case, &key, &score.measure(&x, &labels)?)?;
                }
            }
        }
    }
    Ok(())
}

fn binary(dev: &Device) -> Result<()> {
    let golden = Golden::read("scores.txt");
    for at in cases(&golden, "binary") {
        let case = &golden.cases()[at];
        let (x, labels) = (
            case.array("output").tensor(dev)?,
            case.array("target").tensor(dev)?,
        );
        let metrics: [Box<dyn Metric>; 5] = [
            Box::new(Accuracy::binary(0.5)),
            Box::new(Precision::binary(0.5)),
            Box::new(Recall::binary(0.5)),
            Box::new(F1::binary(0.5)),
            Box::new(RocAuc::new()),
        ];
        for metric in metrics {
            // Labels may be any numbers, in any shape.
            for labels in [
                labels.clone(),
                labels.to_dtype(DType::F32),
                labels.to_dtype(DType::Bool),
                labels.to_dtype(DType::F32) * 2.0 - 1.0,
            ] {
                let (x, labels) = (x.unsqueeze(1)?, labels.unsqueeze(1)?);
                holds(case, &metric.name(), &metric.measure(&x, &labels)?)?;
            }
        }
        let counts = ConfusionMatrix::binary(0.5).count(&x, &labels)?;
        assert_eq!(counts.sum(..)?.item::<i32>()? as usize, x.size());
    }
    Ok(())
}

fn numbers(dev: &Device) -> Result<()> {
    let golden = Golden::read("scores.txt");
    for at in cases(&golden, "numbers") {
        let case = &golden.cases()[at];
        let (x, y) = (
            case.array("output").tensor(dev)?,
            case.array("target").tensor(dev)?,
        );
        for metric in [&R2::new() as &dyn Metric, &Mse::new(), &Mae::new()] {
            holds(case, &metric.name(), &metric.measure(&x, &y)?)?;
        }
    }
    let (x, y) = (
        Tensor::new([1f32, 2., 3.], dev)?,
        Tensor::new([1f32, 2.5, 3.25], dev)?,
    );
    let near = Accuracy::within(0.5).measure(&x, &y)?;
    assert_eq!(
        near.item::<f32>()?,
        2.0 / 3.0,
        "less than the tolerance, not as much"
    );
    Ok(())
}

/// Class numbers are counted as the scores that mean them, and their number must be said.
fn class_numbers(dev: &Device) -> Result<()> {
    let guess = Tensor::new([[2u32, 0], [1, 1]], dev)?;
    let right = Tensor::new([[2i32, 1], [1, 0]], dev)?;
    assert_eq!(Accuracy::new().measure(&guess, &right)?.item::<f32>()?, 0.5);
    let scores = guess.to_dtype(DType::I32).one_hot(4)?;
    let f1 = F1::new();
    let want: f32 = f1.measure(&scores, &right)?.item()?;
    assert_eq!(f1.classes(4).measure(&guess, &right)?.item::<f32>()?, want);
    let error = f1
        .measure(&guess, &right)
        .expect_err("of how many")
        .to_string();
    assert!(
        error.contains("classes()") && error.contains("f1"),
        "{error}"
    );
    Ok(())
}

/// Infinite scores are scores; NaN and a missing class make it NaN.
fn ranks_of_auc(dev: &Device) -> Result<()> {
    let auc = |scores: &[f32], labels: &[i32]| -> Result<f32> {
        let scores = Tensor::from_slice(scores, [scores.len()], dev)?;
        let labels = Tensor::from_slice(labels, [labels.len()], dev)?;
        RocAuc::new().measure(&scores, &labels)?.item()
    };
    let far = f32::INFINITY;
    assert_eq!(auc(&[far, far, -far, 0.0], &[1, 0, 0, 1])?, 0.625);
    assert_eq!(auc(&[-far, 1.0, far], &[0, 0, 1])?, 1.0);
    assert!(auc(&[f32::NAN, 1.0, 2.0], &[0, 0, 1])?.is_nan());
    assert!(auc(&[1.0, 2.0], &[1, 1])?.is_nan());
    assert!(auc(&[1.0, 2.0], &[0, 0])?.is_nan());
    Ok(())
}

/// The sum of the ranks, 10¹⁰, is beyond what f32 holds exactly; the area is not.
fn many_rows() -> Result<()> {
    let dev = &Device::cpu();
    let n = 1 << 17;
    let place = Tensor::arange(0, n, 1, dev)?;
    // Of each four neighbours the last is of class 1, and above those before it.
    let labels = place.remainder(4)?.eq(3)?;
    let auc: f64 = RocAuc::new()
        .measure(&place.to_dtype(DType::F32), &labels)?
        .item()?;
    let groups = (n / 4) as f64;
    let want = (groups + 1.0) / 2.0 / groups;
    assert!((auc - want).abs() < 1e-6, "{auc}, not {want}");
    Ok(())
}

fn no_rows(dev: &Device) -> Result<()> {
    let (none, labels) = (
        Tensor::zeros([0, 3], dev)?,
        Tensor::full([0], 0, DType::I32, dev)?,
    );
    assert!(
        Accuracy::new()
            .measure(&none, &labels)?
            .item::<f32>()?
            .is_nan()
    );
    assert_eq!(F1::new().measure(&none, &labels)?.item::<f32>()?, 0.0);
    assert_eq!(
        ConfusionMatrix::new(3)
            .count(&none, &labels)?
            .to_vec::<i32>()?,
        [0; 9]
    );
    assert!(Mse::new().measure(&none, &none)?.item::<f32>()?.is_nan());
    Ok(())
}

fn refused(dev: &Device) -> Result<()> {
    let (flat, column) = (Tensor::zeros([4], dev)?, Tensor::zeros([4, 1], dev)?);
    let paired: [Box<dyn Metric>; 8] = [
        Box::new(Accuracy::binary(0.5)),
        Box::new(Accuracy::within(0.5)),
        Box::new(Precision::binary(0.5)),
        Box::new(F1::binary(0.5)),
        Box::new(RocAuc::new()),
        Box::new(R2::new()),
        Box::new(Mse::new()),
        Box::new(Mae::new()),
    ];
    for metric in paired {
        let error = metric
            .measure(&flat, &column)
            .expect_err("shapes")
            .to_string();
        assert!(error.contains("target.reshape([4]) would fit"), "{error}");
    }
    let scores = Tensor::zeros([4, 3], dev)?;
    let labels = Tensor::full([4], 1, DType::I32, dev)?;
    for k in [0, 4] {
        let error = TopK::new(k)
            .measure(&scores, &labels)
            .expect_err("k")
            .to_string();
        assert!(error.contains("from 1 to the 3 classes"), "{error}");
    }
    assert!(TopK::new(1).measure(&scores, &flat).is_err());
    assert!(
        Recall::new()
            .measure(&scores, &labels.unsqueeze(1)?)
            .is_err()
    );
    let error = ConfusionMatrix::new(2)
        .count(&scores, &labels)
        .expect_err("3")
        .to_string();
    assert!(error.contains("2 classes"), "{error}");
    assert!(RocAuc::new().measure(&labels, &labels).is_err());
    assert!(
        R2::new()
            .measure(&Tensor::zeros((), dev)?, &Tensor::zeros((), dev)?)
            .is_err()
    );
    Ok(())
}

fn labels_out_of_range(dev: &Device) -> Result<()> {
    // A device of its own: the fault must not reach another test's read.
    let dev = &Device::open(&dev.info().id, tilewise::DeviceOptions::new())?;
    let scores = Tensor::new([[1f32, 2.], [4., 3.]], dev)?;
    // −1 is no class either: labels of −1 and 1 are no class numbers.
    for wrong in [2, -1] {
        let labels = Tensor::new([1, wrong], dev)?;
        let error = F1::new().measure(&scores, &labels)?.item::<f32>();
        let error = error.expect_err("no such class").to_string();
        assert!(error.contains("out of range"), "{error}");
    }
    Ok(())
}

/// An error stands at the line that asked for the metric.
fn mistakes_are_the_callers(dev: &Device) -> Result<()> {
    let (two, three) = (Tensor::zeros([2], dev)?, Tensor::zeros([3], dev)?);
    let metrics: [(&str, Result<Tensor>); 6] = [
        ("f1", F1::binary(0.5).measure(&two, &three)),
        ("accuracy", Accuracy::new().measure(&two, &three)),
        ("top-k", TopK::new(1).measure(&two, &three)),
        ("mse", Mse::new().measure(&two, &three)),
        ("r2", R2::new().measure(&two, &three)),
        ("auc", RocAuc::new().measure(&two, &three)),
    ];
    for (name, measured) in metrics {
        let error = measured.expect_err(name);
        assert_eq!(error.location().file(), file!(), "{name}: {error}");
    }
    Ok(())
}

fn leave_no_tape(dev: &Device) -> Result<()> {
    let x = Tensor::new([[1f32, 2.], [4., 3.]], dev)?.variable();
    let labels = Tensor::new([1, 0], dev)?;
    let metrics: [Box<dyn Metric>; 3] = [
        Box::new(Accuracy::new()),
        Box::new(F1::new()),
        Box::new(TopK::new(1)),
    ];
    for metric in metrics {
        assert!(!metric.measure(&x, &labels)?.is_tracked());
    }
    for metric in [&R2::new() as &dyn Metric, &Mse::new(), &Mae::new()] {
        assert!(!metric.measure(&x, &x)?.is_tracked());
    }
    assert!(!RocAuc::new().measure(&x, &x.gt(1.5)?)?.is_tracked());
    Ok(())
}
