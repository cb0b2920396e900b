//! Norms and distances agree with NumPy's and SciPy's.

use tilewise::{DType, Device, IntoAxes, Norm, Result, Tensor};

use crate::support::compare::assert_near;
use crate::support::golden::{Array, Golden};
use crate::support::gradient::{check, check_twice};

tests![
    golden,
    normalize,
    distances,
    distances_store_no_cube,
    edges,
    errors,
    gradients
];

struct Axes(Option<Vec<isize>>);

impl IntoAxes for Axes {
    fn into_axes(self) -> Option<Vec<isize>> {
        self.0
    }
}

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    Tensor::from_slice(&array.values::<f32>(), array.shape.as_slice(), device)
}

fn order(text: &str) -> Norm {
    match text {
        "fro" => Norm::Fro,
        "nuc" => Norm::Nuc,
        p => Norm::P(p.parse().expect("a number")),
    }
}

/// Whether the norm is one of singular values, which need a feature.
fn spectral(norm: Norm, x: &Tensor, axes: &Axes) -> bool {
    let axes = axes.0.as_ref().map_or(x.ndim(), Vec::len);
    norm == Norm::Nuc || (axes == 2 && matches!(norm, Norm::P(2.0 | -2.0)))
}

fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("norms.txt");
    let operands = golden.case("operands");
    for case in golden
        .cases()
        .iter()
        .filter(|case| case.text("ord").is_some())
    {
        let x = tensor(
            operands.array(case.text("operand").unwrap_or_default()),
            device,
        )?;
        let axes = || Axes(case.list("axes"));
        let norm = order(case.text("ord").unwrap_or_default());
        let got = match case.text("keepdims") {
            Some("1") => x.norm_keepdims(norm, axes()),
            _ => x.norm(norm, axes()),
        };
        if spectral(norm, &x, &axes()) && cfg!(not(feature = "linalg")) {
            let error = got.expect_err("singular values need the feature");
            assert!(error.to_string().contains("feature `linalg`"), "{error}");
            continue;
        }
        let (got, want) = (got?, case.array("result"));
        // Singular values, of at most 6, are as exact as the largest of them.
        let absolute = if spectral(norm, &x, &axes()) {
            2e-6
        } else {
            0.0
        };
        assert_eq!(got.shape(), want.shape, "{}", case.name);
        assert_near(
            &case.name,
            &got.to_vec::<f32>()?,
            &want.values(),
            2e-6,
            absolute,
        );
        // Of a view too.
        let view = x.t().contiguous().t();
        let got = view.norm_keepdims(norm, axes())?;
        assert_near(
            &case.name,
            &got.to_vec::<f32>()?,
            &want.values(),
            2e-6,
            absolute,
        );
    }
    Ok(())
}

fn normalize(device: &Device) -> Result<()> {
    let x = Tensor::new([[0f32, 3., 4.], [1., 6., 4.], [0., 0., 0.]], device)?;
    let want = [0., 0.6, 0.8, 0.13736056, 0.82416338, 0.54944226, 0., 0., 0.];
    let unit = x.normalize(2, 1, 1e-12)?;
    assert_near("normalize", &unit.to_vec::<f32>()?, &want, 1e-6, 0.0);
    // Columns, by the sum of absolute values, not below eps.
    let columns = x.normalize(1, 0, 2.0)?;
    let want = [0., 1. / 3., 0.5, 0.5, 2. / 3., 0.5, 0., 0., 0.];
    assert_near("normalize", &columns.to_vec::<f32>()?, &want, 1e-6, 0.0);
    Ok(())
}

fn distances(device: &Device) -> Result<()> {
    let golden = Golden::read("norms.txt");
    for case in golden
        .cases()
        .iter()
        .filter(|case| case.text("p").is_some())
    {
        // SwiftShader takes minutes to compile four powers beside each other; `gradients` has one.
        let power = !["0", "1", "2", "inf"].contains(&case.text("p").unwrap_or_default());
        if power && device.name().contains("SwiftShader") {
            continue;
        }
        let (x, y) = (
            tensor(case.array("x"), device)?,
            tensor(case.array("y"), device)?,
        );
        let got = x.cdist(&y, case.value::<f64>("p"))?;
        let want = case.array("result");
        assert_eq!(got.shape(), want.shape, "{}", case.name);
        assert_near(&case.name, &got.to_vec::<f32>()?, &want.values(), 3e-6, 0.0);
    }
    // Leading dimensions broadcast; (1,1) to (x, x+1).
    let points: Vec<f32> = (0..10).flat_map(|i| [i as f32, i as f32 + 1.0]).collect();
    let points = Tensor::from_slice(&points, [2, 5, 2], device)?;
    let one = Tensor::ones([1, 2], device)?;
    let got = one.cdist(&points, 2.0)?;
    assert_eq!(got.shape(), [2, 1, 5]);
    let squares = [1., 1., 5., 13., 25., 41., 61., 85., 113., 145f64];
    let want = squares.map(f64::sqrt);
    assert_near(
        "distances of (1,1)",
        &got.to_vec::<f32>()?,
        &want,
        1e-6,
        0.0,
    );
    Ok(())
}

/// Both ways to write distances are one kernel, which stores the result alone.
fn distances_store_no_cube(device: &Device) -> Result<()> {
    let x = Tensor::arange(0.0, 60.0, 1.0, device)?.reshape([20, 3])?;
    let y = Tensor::arange(0.0, 45.0, 1.0, device)?
        .reshape([15, 3])?
        .sin();
    device.synchronize()?;
    y.to_vec::<f32>()?;
    let by_hand = (x.unsqueeze(1)? - y.unsqueeze(0)?).square().sum(-1)?.sqrt();
    let plan = by_hand.explain();
    let kernels = |plan: &str| plan.lines().filter(|line| line.contains("sum")).count();
    assert_eq!(kernels(&plan), 1, "{plan}");
    assert!(!plan.contains("(20,15,3)"), "{plan}");
    let want: Vec<f64> = by_hand.to_vec()?;
    let distances = x.cdist(&y, 2)?;
    let plan = distances.explain();
    assert_eq!(kernels(&plan), 1, "{plan}");
    assert_near("cdist", &distances.to_vec::<f32>()?, &want, 1e-6, 0.0);
    Ok(())
}

fn edges(device: &Device) -> Result<()> {
    let none = Tensor::zeros([0, 3], device)?;
    assert_eq!(none.norm(2, 0)?.to_vec::<f32>()?, [0.0; 3]);
    assert_eq!(none.norm(Norm::Fro, ..)?.item::<f32>()?, 0.0);
    assert_eq!(none.norm(f64::INFINITY, 0)?.to_vec::<f32>()?, [0.0; 3]);
    assert!(none.norm(f64::NEG_INFINITY, 0).is_err());
    assert_eq!(none.cdist(&none, 2)?.shape(), [0, 0]);
    // Points without coordinates are all the same.
    let points = Tensor::zeros([2, 0], device)?;
    for p in [0.0, 1.0, 2.0, 3.0, f64::INFINITY] {
        assert_eq!(points.cdist(&points, p)?.to_vec::<f32>()?, [0.0; 4]);
    }
    let scalar = Tensor::new(-3f32, device)?;
    assert_eq!(scalar.norm(Norm::Fro, ..)?.item::<f32>()?, 3.0);
    let x = Tensor::new([3f32, f32::NAN], device)?;
    for p in [0.5, 1.0, 2.0, 3.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(x.norm(p, 0)?.item::<f32>()?.is_nan(), "{p}");
    }
    let integers = Tensor::new([3, -4], device)?;
    assert_eq!(integers.norm(2, 0)?.item::<f32>()?, 5.0);
    if device.supports_f16() {
        // Squares of halves overflow.
        let halves = Tensor::new([3000f32, 4000.], device)?.to_dtype(DType::F16);
        let length = halves.norm(2, 0)?;
        assert_eq!(length.dtype(), DType::F16);
        assert_eq!(length.to_dtype(DType::F32).item::<f32>()?, 5000.0);
    }
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    let said = |result: Result<Tensor>| result.map(|t| t.ndim()).expect_err("an error").to_string();
    let x = Tensor::ones([2, 3, 4], device)?;
    assert!(said(x.norm(2, ..)).contains("norm of order 2 is for one axis or two, not for 3"));
    let scalar = Tensor::ones([1], device)?.reshape([] as [isize; 0])?;
    assert!(
        said(scalar.norm(2.5, ..)).contains("norm of order 2.5 is for one axis or two, not for 0")
    );
    assert!(said(x.norm(Norm::Nuc, 0)).contains("nuclear norm is for two axes, not for 1"));
    assert!(said(x.norm(3, [0, 1])).contains("±1, ±2 and ±∞, not 3"));
    assert!(said(x.norm(2, 3)).contains("axis 3 is out of range"));
    assert!(said(x.norm(2, [0, 0])).contains("named twice"));
    assert!(said(x.normalize(2, 3, 0.0)).contains("axis 3"));
    let y = Tensor::ones([5, 2], device)?;
    assert!(said(x.cdist(&y, 2)).contains("equally many coordinates"));
    assert!(said(y.cdist(&y, -1)).contains("0 or more, not -1"));
    let vector = Tensor::ones([2], device)?;
    assert!(said(y.cdist(&vector, 2)).contains("rows of a matrix"));
    Ok(())
}

fn gradients(device: &Device) {
    let x = [0.9f32, -1.7, 0.4, 2.2, -0.6, 1.1];
    let shape = &[2, 3][..];
    for p in [
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1.0,
    ] {
        check(device, &format!("norm {p}"), &[(&x, shape)], |x| {
            x[0].norm(p, 1)
        });
    }
    check_twice(device, "norm 2", &[(&x, shape)], |x| x[0].norm(2, 0));
    check(device, "Frobenius", &[(&x, shape)], |x| {
        x[0].norm(Norm::Fro, ..)
    });
    check(device, "norm 1 of matrices", &[(&x, shape)], |x| {
        x[0].norm(1, ..)
    });
    check(device, "normalize", &[(&x, shape)], |x| {
        x[0].normalize(2, 1, 1e-12)
    });
    let y = [0.2f32, 0.3, -1.5, 1.4];
    for p in [0.5, 1.0, 2.0, 3.0, f64::INFINITY] {
        let points = [(&x[..], &[3, 2][..]), (&y[..], &[2, 2])];
        check(device, &format!("cdist {p}"), &points, |x| {
            x[0].cdist(&x[1], p)
        });
    }
    // At distance 0.
    let points = Tensor::new([[1f32, 2.], [3., 4.]], device)
        .expect("a matrix")
        .variable();
    for p in [0.5, 1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
        let sum = points.cdist(&points.detach(), p).and_then(|d| d.sum(..));
        let gradient = sum.and_then(|s| s.backward()).expect("a gradient");
        let of = gradient
            .get(&points)
            .expect("of the points")
            .to_vec::<f32>();
        assert!(
            of.expect("values").iter().all(|g| g.is_finite()),
            "cdist {p}"
        );
        let zero = (&points * 0.0).norm(p, 1).and_then(|n| n.sum(..));
        let gradient = zero.and_then(|s| s.backward()).expect("a gradient");
        let of = gradient
            .get(&points)
            .expect("of the points")
            .to_vec::<f32>();
        assert_eq!(of.expect("values"), [0.0; 4], "norm {p}");
    }
}
