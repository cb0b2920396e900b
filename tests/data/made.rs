//! Sets made by formulas.

use tilewise::data::{
    TensorDataset, make_blobs, make_blobs_at, make_circles, make_moons, make_regression, make_sine,
    make_spiral,
};
use tilewise::{DType, Device, Result, Tensor};

use crate::support::compare::assert_near;
use crate::support::golden::Golden;

tests![
    points_without_noise,
    seeds_and_noise,
    blobs,
    spiral,
    regression,
    sine,
    edges,
    errors,
];

/// A set's points with their classes, sorted, so that their order says nothing.
fn sorted(points: &[f32], classes: &[u32]) -> Vec<(u32, [i32; 2])> {
    // Steps of 1e-5 are coarser than rounding, and finer than the points are apart.
    let step = |v: &f32| (v * 1e5).round() as i32;
    let points = points.chunks(2).map(|p| [step(&p[0]), step(&p[1])]);
    let mut all: Vec<_> = classes.iter().copied().zip(points).collect();
    all.sort_unstable();
    all
}

fn points_without_noise(device: &Device) -> Result<()> {
    for case in Golden::read("preparation.txt").cases() {
        let (name, n) = case.name.split_once(' ').unwrap_or((&case.name, ""));
        let made = match (name, n.parse()) {
            ("moons", Ok(n)) => make_moons(n, 0.0, 3, device)?,
            ("circles", Ok(n)) => make_circles(n, 0.5, 0.0, 3, device)?,
            _ => continue,
        };
        let (x, y) = (made.inputs(), made.targets());
        assert_eq!((y.dtype(), x.shape()[1]), (DType::U32, 2));
        let want = sorted(
            &case.array("x").values::<f32>(),
            &case.array("y").values::<u32>(),
        );
        assert_eq!(sorted(&x.to_vec()?, &y.to_vec()?), want, "{}", case.name);
    }
    Ok(())
}

fn same(a: &TensorDataset, b: &TensorDataset) -> Result<bool> {
    Ok(
        a.inputs().array_equal(b.inputs(), false)?
            && a.targets().array_equal(b.targets(), false)?,
    )
}

fn seeds_and_noise(device: &Device) -> Result<()> {
    let make: [&dyn Fn(f64, u64) -> Result<TensorDataset>; 4] = [
        &|noise, seed| make_moons(400, noise, seed, device),
        &|noise, seed| make_circles(400, 0.5, noise, seed, device),
        &|noise, seed| make_spiral(100, 4, noise, seed, device),
        &|noise, seed| make_blobs(400, 4, 2, noise, seed, device),
    ];
    for (i, make) in make.into_iter().enumerate() {
        assert!(same(&make(0.1, 1)?, &make(0.1, 1)?)?, "{i}");
        assert!(!same(&make(0.1, 1)?, &make(0.1, 2)?)?, "{i}");
        // Shuffled: the classes do not come one after another.
        let classes: Vec<u32> = make(0.1, 1)?.targets().to_vec()?;
        assert!(!classes.is_sorted());
        let counts = make(0.1, 1)?.targets().bincount(None, 0)?.to_vec::<u32>()?;
        assert!(
            counts
                .iter()
                .all(|&count| count as usize == 400 / counts.len()),
            "{counts:?}"
        );
    }
    // The noise is what is added to the points, of the deviation asked for.
    let off =
        make_moons(4000, 0.1, 1, device)?.inputs() - make_moons(4000, 0.0, 1, device)?.inputs();
    let deviation = off.std(.., 0)?.item::<f32>()?;
    assert!((deviation - 0.1).abs() < 0.005, "{deviation}");
    Ok(())
}

fn blobs(device: &Device) -> Result<()> {
    let centres = Tensor::new([[0f32, 0., 9.], [100., -100., 5.]], device)?;
    let made = make_blobs_at(5, &centres, 0.0, 2)?;
    assert_eq!(made.targets().bincount(None, 0)?.to_vec::<u32>()?, [3, 2]);
    let want = centres.take(made.targets(), 0)?;
    assert!(made.inputs().array_equal(&want, false)?);
    let made = make_blobs(2000, 2, 3, 2.0, 2, device)?;
    let centres = make_blobs(2000, 2, 3, 0.0, 2, device)?;
    assert!(centres.inputs().abs().max(..)?.item::<f32>()? <= 10.0);
    let deviation = (made.inputs() - centres.inputs())
        .std(.., 0)?
        .item::<f32>()?;
    assert!((deviation - 2.0).abs() < 0.08, "{deviation}");
    Ok(())
}

/// The first and last point of each arm, and the radius of all.
fn spiral(device: &Device) -> Result<()> {
    let made = make_spiral(5, 3, 0.0, 0, device)?;
    assert_eq!(made.inputs().shape(), [15, 2]);
    let (x, y) = (
        made.inputs().to_vec::<f32>()?,
        made.targets().to_vec::<u32>()?,
    );
    let want: Vec<f32> = (0..3)
        .flat_map(|arm| (0..5).map(move |i| (arm as f64, i as f64 / 4.0)))
        .flat_map(|(arm, r)| {
            let angle = 2.5 * 4.0 * (arm + r);
            [(r * angle.sin()) as f32, (r * angle.cos()) as f32]
        })
        .collect();
    let arms: Vec<u32> = (0..3).flat_map(|arm| [arm; 5]).collect();
    assert_eq!(sorted(&x, &y), sorted(&want, &arms));
    // The noise turns the points about the origin.
    let noisy = make_spiral(5, 3, 0.2, 0, device)?;
    assert!(!same(&made, &noisy)?);
    let radius = |set: &TensorDataset| set.inputs().norm(2.0, 1)?.to_vec::<f32>();
    let want: Vec<f64> = radius(&made)?.into_iter().map(f64::from).collect();
    assert_near("radius", &radius(&noisy)?, &want, 1e-5, 1e-6);
    Ok(())
}

fn regression(device: &Device) -> Result<()> {
    let (made, coefficients) = make_regression(2000, 3, 7.0, 5.0, 1, device)?;
    assert_eq!(
        (made.inputs().shape(), made.targets().shape()),
        (&[2000, 3][..], &[2000, 1][..])
    );
    let range = coefficients.to_vec::<f32>()?;
    assert!(range.iter().all(|c| (0.0..100.0).contains(c)), "{range:?}");
    let off = made.targets() - made.inputs().matmul(&coefficients)?;
    let (mean, deviation) = (off.mean(..)?.item::<f32>()?, off.std(.., 0)?.item::<f32>()?);
    assert!(
        (mean - 7.0).abs() < 0.4 && (deviation - 5.0).abs() < 0.3,
        "{mean}, {deviation}"
    );
    Ok(())
}

fn sine(device: &Device) -> Result<()> {
    let made = make_sine(8, 0.0, 0, device)?;
    assert_eq!(
        (made.inputs().shape(), made.targets().shape()),
        (&[8, 1][..], &[8, 1][..])
    );
    assert_eq!(
        made.inputs().to_vec::<f32>()?,
        [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]
    );
    let half = 0.5f64.sqrt();
    let want = [0.0, half, 1.0, half, 0.0, -half, -1.0, -half];
    assert_near("sine", &made.targets().to_vec::<f32>()?, &want, 1e-6, 1e-7);
    let noisy = make_sine(4000, 0.3, 0, device)?;
    let off = noisy.targets() - make_sine(4000, 0.0, 0, device)?.targets();
    assert!((off.std(.., 0)?.item::<f32>()? - 0.3).abs() < 0.015);
    Ok(())
}

fn edges(device: &Device) -> Result<()> {
    for n in [0, 1] {
        assert_eq!(make_moons(n, 0.1, 0, device)?.inputs().shape(), [n, 2]);
        assert_eq!(
            make_circles(n, 0.5, 0.1, 0, device)?.inputs().shape(),
            [n, 2]
        );
        assert_eq!(
            make_blobs(n, 3, 4, 1.0, 0, device)?.inputs().shape(),
            [n, 4]
        );
        assert_eq!(
            make_spiral(n, 3, 0.2, 0, device)?.inputs().shape(),
            [3 * n, 2]
        );
        assert_eq!(
            make_spiral(3, n, 0.2, 0, device)?.inputs().shape(),
            [3 * n, 2]
        );
        assert_eq!(make_sine(n, 0.2, 0, device)?.inputs().shape(), [n, 1]);
        let (made, coefficients) = make_regression(n, 2, 0.0, 0.1, 0, device)?;
        assert_eq!(
            (made.inputs().shape(), coefficients.shape()),
            (&[n, 2][..], &[2, 1][..])
        );
    }
    assert_eq!(
        make_blobs(0, 0, 2, 1.0, 0, device)?.inputs().shape(),
        [0, 2]
    );
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    for noise in [-0.1, f64::NAN, f64::INFINITY] {
        for made in [
            make_moons(4, noise, 0, device),
            make_circles(4, 0.5, noise, 0, device),
            make_blobs(4, 2, 2, noise, 0, device),
            make_spiral(4, 2, noise, 0, device),
            make_regression(4, 2, 0.0, noise, 0, device).map(|made| made.0),
            make_sine(4, noise, 0, device),
        ] {
            let error = made.expect_err("no noise");
            assert!(
                error.to_string().contains("a deviation of 0 or more"),
                "{error}"
            );
            assert_eq!(error.location().file(), file!());
        }
    }
    for factor in [-0.1, 1.0, f64::NAN] {
        let error = make_circles(4, factor, 0.0, 0, device).expect_err("no factor");
        assert!(error.to_string().contains("from 0 to below 1"), "{error}");
    }
    assert!(make_blobs(4, 0, 2, 1.0, 0, device).is_err());
    assert!(make_blobs_at(4, &Tensor::zeros([3], device)?, 1.0, 0).is_err());
    assert!(make_spiral(usize::MAX, 2, 0.0, 0, device).is_err());
    Ok(())
}
