//! Losses with their options against PyTorch, and the mistakes they refuse.

use tilewise::loss::*;
use tilewise::prelude::*;

use crate::support::compare::assert_near;
use crate::support::golden::{Case, Golden};
use crate::support::gradient::{Input, check};

tests![
    as_pytorch,
    limited_logarithms,
    ignored_rows_do_not_count,
    any_rank,
    gradients,
    refused,
    halves,
    shorthands,
    labels_out_of_range,
];

/// The loss of a case, with its options, in a reduction.
fn loss(case: &Case, reduction: Reduction, dev: &Device) -> Result<Box<dyn Loss>> {
    let number = |key: &str| case.text(key).map(|_| case.value::<f64>(key));
    let tensor = |key: &str| case.try_array(key).map(|a| a.tensor(dev)).transpose();
    Ok(match case.text("op").expect("each case names its loss") {
        "cross_entropy" => {
            let mut loss = CrossEntropy::new().smoothing(number("smoothing").unwrap_or(0.0));
            if let Some(weights) = tensor("weights")? {
                loss = loss.weights(&weights);
            }
            if let Some(class) = number("ignore") {
                loss = loss.ignore(class as i32);
            }
            Box::new(loss.reduction(reduction))
        }
        "nll" => {
            let mut loss = Nll::new();
            if let Some(weights) = tensor("weights")? {
                loss = loss.weights(&weights);
            }
            if let Some(class) = number("ignore") {
                loss = loss.ignore(class as i32);
            }
            Box::new(loss.reduction(reduction))
        }
        "binary" | "binary_limited" => Box::new(BinaryCrossEntropy::new().reduction(reduction)),
        "binary_logits" => {
            let loss = BinaryCrossEntropy::from_logits().reduction(reduction);
            match tensor("positive")? {
                Some(weight) => Box::new(loss.positive_weight(&weight)),
                None => Box::new(loss),
            }
        }
        "mse" => Box::new(Mse::new().reduction(reduction)),
        "mae" => Box::new(Mae::new().reduction(reduction)),
        "huber" => Box::new(Huber::new(case.value("delta")).reduction(reduction)),
        "smooth_l1" => Box::new(SmoothL1::new(case.value("beta")).reduction(reduction)),
        "hinge" => {
            let margin = number("margin").unwrap_or(1.0);
            Box::new(Hinge::new().margin(margin).reduction(reduction))
        }
        "squared_hinge" => {
            let margin = number("margin").unwrap_or(1.0);
            Box::new(SquaredHinge::new().margin(margin).reduction(reduction))
        }
        "kl" => {
            let loss = KlDivergence::new().reduction(reduction);
            Box::new(if case.text("log_target").is_some() {
                loss.log_target()
            } else {
                loss
            })
        }
        "kl_rows" => Box::new(KlDivergence::new().batch_mean()),
        "cosine" => {
            let cosine = Cosine::new().margin(number("margin").unwrap_or(0.0));
            let cosine = cosine.reduction(reduction);
            let other = case.array("other").tensor(dev)?;
            Box::new(move |x: &Tensor, labels: &Tensor| cosine.embedding(x, &other, labels))
        }
        op => panic!("criteria.txt names {op:?}, which this test does not know"),
    })
}

fn as_pytorch(dev: &Device) -> Result<()> {
    for case in Golden::read("criteria.txt").cases() {
        for strided in [false, true] {
            let read = |key: &str| match strided {
                true => case.array(key).strided(dev),
                false => case.array(key).tensor(dev),
            };
            let (x, target) = (read("output")?.variable(), read("target")?);
            let reductions = [
                ("none", Reduction::None),
                ("mean", Reduction::Mean),
                ("sum", Reduction::Sum),
            ];
            for (key, reduction) in reductions {
                let Some(want) = case.try_array(key) else {
                    continue;
                };
                let what = format!("{}, {key}", case.name);
                let value = loss(case, reduction, dev)?.loss(&x, &target)?;
                assert_eq!(value.shape(), want.shape, "{what}");
                // A few dozen terms of ops of a few ULP each; terms of size 1 to 16 may cancel.
                let (absolute, relative) = (2e-6, 4e-6);
                assert_near(&what, &value.to_vec()?, &want.values(), relative, absolute);
                let Some(want) = case.try_array("gradient").filter(|_| key == "mean") else {
                    continue;
                };
                let grads = value.backward()?;
                let gradient = grads.get(&x).expect("tracked").to_vec()?;
                assert_near(&what, &gradient, &want.values(), 1e-5, 1e-6);
            }
        }
    }
    Ok(())
}

/// At probabilities of 0 and 1 gradients are finite.
fn limited_logarithms(dev: &Device) -> Result<()> {
    let p = Tensor::new([0f32, 1., 0., 1.], dev)?.variable();
    let labels = Tensor::new([1, 0, 0, 1], dev)?;
    let value = p.binary_cross_entropy(&labels)?;
    assert_eq!(value.item::<f32>()?, 50.0);
    let grads = value.backward()?;
    let gradient: Vec<f32> = grads.get(&p).expect("tracked").to_vec()?;
    assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
    // Targets of 0 have no infinite logarithm either.
    let t = Tensor::new([0f32, 1.], dev)?.variable();
    let grads = KlDivergence::new()
        .loss(&Tensor::new([-1f32, -2.], dev)?, &t)?
        .backward()?;
    assert_eq!(grads.get(&t).expect("tracked").to_vec::<f32>()?, [0.5, 1.5]);
    Ok(())
}

/// Not even if they are not numbers.
fn ignored_rows_do_not_count(dev: &Device) -> Result<()> {
    let logits = Tensor::new([[1f32, 2.], [f32::NAN, 0.], [0., f32::INFINITY]], dev)?.variable();
    let labels = Tensor::new([1, -100, 7], dev)?;
    let loss = CrossEntropy::new().ignore(-100);
    assert!(
        loss.loss(&logits.narrow(0, 0, 2)?, &labels.narrow(0, 0, 2)?)?
            .item::<f32>()?
            .is_finite()
    );
    // Other labels are still checked, and none that counts has no mean.
    let none = loss.loss(&logits.narrow(0, 1, 1)?, &labels.narrow(0, 1, 1)?)?;
    assert!(none.item::<f32>()?.is_nan());
    let unsigned = Tensor::new([1u32, 9], dev)?;
    let value = CrossEntropy::new()
        .ignore(9)
        .loss(&logits.narrow(0, 0, 2)?, &unsigned)?;
    assert!((value.item::<f32>()? - (-1f32).exp().ln_1p()).abs() < 1e-6);
    Ok(())
}

/// More axes of rows are one long batch; one row is a vector; no rows have no mean.
fn any_rank(dev: &Device) -> Result<()> {
    let logits = Tensor::from_slice(&[0.5f32, -1., 2., 0., 1., 1.5, 3., -2.], [2, 2, 2], dev)?;
    let labels = Tensor::new([[0, 1], [1, 0]], dev)?;
    let weights = Tensor::new([1f32, 2.], dev)?;
    let loss = CrossEntropy::new().weights(&weights).smoothing(0.1);
    let deep: f32 = loss.loss(&logits, &labels)?.item()?;
    let flat = loss.loss(&logits.reshape([4, 2])?, &labels.reshape([4])?)?;
    assert_eq!(deep, flat.item::<f32>()?);
    let each = loss.reduction(Reduction::None).loss(&logits, &labels)?;
    assert_eq!(each.shape(), [2, 2]);
    for loss in [
        &Hinge::new() as &dyn Loss,
        &SquaredHinge::new(),
        &Nll::new(),
    ] {
        let deep: f32 = loss.loss(&logits, &labels)?.item()?;
        let flat = loss.loss(&logits.reshape([4, 2])?, &labels.reshape([4])?)?;
        assert_eq!(deep, flat.item::<f32>()?);
        let last = loss.loss(&logits, &(labels.clone() - 2))?;
        assert_eq!(
            deep,
            last.item::<f32>()?,
            "negative ones count from the last class"
        );
        let row = logits.narrow(0, 0, 1)?.reshape([4])?;
        assert!(
            loss.loss(&row, &Tensor::new(3, dev)?)?
                .item::<f32>()?
                .is_finite()
        );
    }
    let (none, no_labels) = (
        Tensor::zeros([0, 3], dev)?,
        Tensor::full([0], 0, DType::I32, dev)?,
    );
    assert!(
        CrossEntropy::new()
            .loss(&none, &no_labels)?
            .item::<f32>()?
            .is_nan()
    );
    let sum = CrossEntropy::new().reduction(Reduction::Sum);
    assert_eq!(sum.loss(&none, &no_labels)?.item::<f32>()?, 0.0);
    assert!(Mae::new().loss(&none, &none)?.item::<f32>()?.is_nan());
    Ok(())
}

/// Of outputs and of targets, by differences.
fn gradients(dev: &Device) -> Result<()> {
    const X: Input<'_> = (&[0.75, -0.25, 1.5, 0.875, -1.25, 0.125], &[2, 3]);
    const P: Input<'_> = (&[0.5, 0.25, 0.75, 0.375, 0.625, 0.3125], &[2, 3]);
    let both: [(&str, Box<dyn Loss>, [Input<'_>; 2]); 8] = [
        (
            "cross-entropy",
            Box::new(CrossEntropy::new().smoothing(0.1)),
            [X, P],
        ),
        ("binary", Box::new(BinaryCrossEntropy::new()), [P, P]),
        (
            "binary logits",
            Box::new(BinaryCrossEntropy::from_logits()),
            [X, P],
        ),
        ("huber", Box::new(Huber::new(0.6)), [X, P]),
        ("hinge", Box::new(Hinge::new()), [X, P]),
        ("kl", Box::new(KlDivergence::new()), [X, P]),
        ("kl log", Box::new(KlDivergence::new().log_target()), [X, P]),
        ("cosine", Box::new(Cosine::new()), [X, P]),
    ];
    for (name, loss, inputs) in &both {
        check(dev, name, inputs, |x| loss.loss(&x[0], &x[1]));
    }
    let labels = Tensor::new([2, 0], dev)?;
    for loss in [
        &Hinge::new() as &dyn Loss,
        &SquaredHinge::new(),
        &Nll::new().reduction(Reduction::None),
    ] {
        check(dev, "by number", &[X], |x| loss.loss(&x[0], &labels));
    }
    Ok(())
}

/// Shapes that would broadcast, kinds of numbers, and options out of range, each with what would be right.
fn refused(dev: &Device) -> Result<()> {
    let (flat, column) = (Tensor::zeros([4], dev)?, Tensor::zeros([4, 1], dev)?);
    let pairs: [(&str, Box<dyn Loss>); 8] = [
        ("mae", Box::new(Mae::new())),
        ("huber", Box::new(Huber::new(1.0))),
        ("smooth_l1", Box::new(SmoothL1::new(1.0))),
        ("binary_cross_entropy", Box::new(BinaryCrossEntropy::new())),
        (
            "binary_cross_entropy",
            Box::new(BinaryCrossEntropy::from_logits()),
        ),
        ("kl_divergence", Box::new(KlDivergence::new())),
        ("cosine", Box::new(Cosine::new())),
        ("hinge", Box::new(Hinge::new())),
    ];
    for (name, loss) in &pairs {
        let error = loss.loss(&flat, &column).expect_err(name).to_string();
        let words = [name, "(4,)", "(4,1)", "target.reshape([4]) would fit"];
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
    let logits = Tensor::zeros([4, 3], dev)?;
    let labels = Tensor::full([4], 1, DType::I32, dev)?;
    let chances = Tensor::full([4, 3], 0.25, DType::F32, dev)?;
    let three = Tensor::ones([3], dev)?;
    let fail = |loss: &dyn Loss, x: &Tensor, t: &Tensor, words: &[&str]| {
        let error = loss.loss(x, t).expect_err("refused").to_string();
        assert!(
            words.iter().all(|word| error.contains(word)),
            "{words:?}: {error}"
        );
    };
    let weighted = CrossEntropy::new().weights(&Tensor::ones([4], dev)?);
    fail(
        &weighted,
        &logits,
        &labels,
        &["cross_entropy", "3 classes", "(4,)"],
    );
    fail(
        &CrossEntropy::new().smoothing(1.5),
        &logits,
        &labels,
        &["smoothing", "1.5"],
    );
    fail(
        &CrossEntropy::new().ignore(0),
        &logits,
        &chances,
        &["probabilities"],
    );
    fail(
        &CrossEntropy::new(),
        &logits,
        &three,
        &["f32", "class numbers", "probabilities"],
    );
    fail(&Nll::new(), &logits, &chances, &["nll", "argmax"]);
    fail(&Nll::new(), &labels, &labels, &["nll", "i32"]);
    fail(&Hinge::new(), &logits, &three, &["hinge", "(4,3)", "(3,)"]);
    fail(&Hinge::new().margin(-1.0), &logits, &labels, &["margin"]);
    fail(&Huber::new(0.0), &logits, &chances, &["delta"]);
    fail(&SmoothL1::new(-1.0), &logits, &chances, &["beta"]);
    fail(
        &KlDivergence::new(),
        &logits,
        &labels,
        &["i32", "probabilities"],
    );
    fail(&Mse::new(), &logits, &labels, &["mse"]);
    let wide = BinaryCrossEntropy::from_logits().positive_weight(&Tensor::ones([2], dev)?);
    fail(&wide, &logits, &chances, &["(2,)"]);
    let error = Cosine::new()
        .embedding(&logits, &logits, &column)
        .expect_err("labels");
    assert!(error.to_string().contains("1 or -1"), "{error}");
    assert!(
        Cosine::new()
            .margin(2.0)
            .embedding(&logits, &logits, &labels)
            .is_err()
    );
    Ok(())
}

fn halves(dev: &Device) -> Result<()> {
    if !dev.supports_f16() {
        return Ok(());
    }
    let half = |values: &[f32], shape: &[usize]| -> Result<Tensor> {
        Ok(Tensor::from_slice(values, shape, dev)?.to_dtype(DType::F16))
    };
    let x = half(&[0.5, -1., 2., 0., 1., 0.25], &[2, 3])?;
    let labels = Tensor::new([2, 0], dev)?;
    let weights = Tensor::new([1f32, 2., 0.5], dev)?;
    let loss = CrossEntropy::new()
        .weights(&weights)
        .smoothing(0.1)
        .ignore(1);
    let (got, want) = (
        loss.loss(&x, &labels)?,
        loss.loss(&x.to_dtype(DType::F32), &labels)?,
    );
    assert_eq!(got.dtype(), DType::F16);
    assert!((got.item::<f64>()? - want.item::<f64>()?).abs() < 4e-3);
    let chances = half(&[0.5, 0.25, 1., 0., 1., 0.125], &[2, 3])?;
    for loss in [
        &BinaryCrossEntropy::from_logits() as &dyn Loss,
        &Huber::new(0.5),
        &Hinge::new(),
    ] {
        let wide = |t: &Tensor| t.to_dtype(DType::F32);
        let (got, want) = (
            loss.loss(&x, &chances)?,
            loss.loss(&wide(&x), &wide(&chances))?,
        );
        assert_eq!(got.dtype(), DType::F16);
        assert!((got.item::<f64>()? - want.item::<f64>()?).abs() < 4e-3);
    }
    Ok(())
}

fn shorthands(dev: &Device) -> Result<()> {
    let x = Tensor::new([0.25f32, 0.75], dev)?;
    let y = Tensor::new([0f32, 1.], dev)?;
    let same = |a: Tensor, b: Tensor| -> Result<()> {
        assert_eq!(a.item::<f32>()?, b.item::<f32>()?);
        Ok(())
    };
    same(x.mae(&y)?, Mae::new().loss(&x, &y)?)?;
    same(
        x.binary_cross_entropy(&y)?,
        BinaryCrossEntropy::new().loss(&x, &y)?,
    )?;
    let logits = BinaryCrossEntropy::from_logits().loss(&x, &y)?;
    same(x.binary_cross_entropy_with_logits(&y)?, logits)
}

fn labels_out_of_range(dev: &Device) -> Result<()> {
    // A device of its own: the fault must not reach another test's read.
    let dev = &Device::open(&dev.info().id, tilewise::DeviceOptions::new())?;
    let logits = Tensor::new([[1f32, 2., 3.], [4., 5., 6.]], dev)?;
    let losses = [
        &Nll::new() as &dyn Loss,
        &Hinge::new(),
        &CrossEntropy::new().ignore(-100),
    ];
    for loss in losses {
        let labels = Tensor::new([0, 3], dev)?;
        let error = loss.loss(&logits, &labels)?.item::<f32>();
        let error = error.expect_err("no such class").to_string();
        assert!(error.contains("out of range"), "{error}");
    }
    Ok(())
}
