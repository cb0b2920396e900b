//! Solutions and decompositions agree with NumPy's, and give back what was decomposed.

use tilewise::{DType, Device, Error, Result, Tensor};

use crate::support::compare::{assert_near, assert_same};
use crate::support::golden::{Array, Case, Golden};
use crate::support::gradient::{check, check_twice};

tests![
    golden,
    signs,
    factors,
    views_and_batches,
    dtypes,
    singular,
    errors,
    gradients_of_systems,
    gradients_of_factors,
    gradients_of_spectra,
    repeated_values,
];

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    Tensor::from_slice(&array.values::<f32>(), array.shape.as_slice(), device)
}

/// Results are as exact as their largest element, in f32.
#[track_caller]
fn holds(case: &Case, key: &str, got: Result<Tensor>) {
    let want = case.array(key);
    let got = got.unwrap_or_else(|e| panic!("{key} of {}: {e}", case.name));
    assert_eq!(got.shape(), want.shape, "{key} of {}", case.name);
    let want: Vec<f64> = want.values();
    let largest = want.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let got: Vec<f32> = got.to_vec().expect("values");
    // The pseudo-inverse takes its singular values in f32: their error grows by the condition.
    let share = if matches!(key, "pinv" | "lstsq") {
        5e-6
    } else {
        1e-6
    };
    let what = format!("{key} of {}", case.name);
    assert_near(&what, &got, &want, 1e-6, share * largest);
}

fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("decompositions.txt");
    for case in golden.cases() {
        let a = tensor(case.array("a"), device)?;
        let b = tensor(case.array("b"), device)?;
        if case.try_array("inv").is_some() {
            let vector = tensor(case.array("vector"), device)?;
            holds(case, "solve", a.solve(&b));
            holds(case, "inv", a.inv());
            holds(case, "det", a.det());
            holds(case, "sign", a.slogdet().map(|(sign, _)| sign));
            holds(case, "logabs", a.slogdet().map(|(_, logabs)| logabs));
            holds(case, "eigvalsh", a.eigvalsh());
            holds(case, "eigvalsh", a.eigh().map(|e| e.values));
            let n = a.shape()[a.ndim() - 1];
            let square = a.matmul(&a.transpose(-1, -2)?)? + Tensor::eye(n, n, device)?;
            holds(case, "cholesky_of_square", square.cholesky());
            if a.ndim() == 2 {
                holds(case, "solve_vector", a.solve(&vector));
                holds(case, "inv_power_3", a.matrix_power(-3));
            }
        }
        if case.try_array("svdvals").is_some() {
            holds(case, "svdvals", a.svdvals());
            holds(case, "svdvals", a.svd(false).map(|svd| svd.s));
            holds(case, "pinv", a.pinv(1e-6));
            let rank: Vec<i32> = a.matrix_rank(None)?.to_dtype(DType::I32).to_vec()?;
            assert_same(&case.name, &rank, &case.array("rank").values());
        }
        if case.try_array("lstsq").is_some() {
            holds(case, "lstsq", a.lstsq(&b, 1e-6));
        }
    }
    Ok(())
}

/// LAPACK's signs, by Householder's reflections.
fn signs(device: &Device) -> Result<()> {
    let a = Tensor::new([[3f32, 1.], [4., 2.]], device)?;
    let (q, r) = a.qr(false)?;
    assert_near(
        "q",
        &q.to_vec::<f32>()?,
        &[-0.6, -0.8, -0.8, 0.6],
        1e-6,
        0.0,
    );
    assert_near("r", &r.to_vec::<f32>()?, &[-5., -2.2, 0., 0.4], 1e-6, 1e-6);
    Ok(())
}

/// A product of factors is as exact as its largest element: what f32 leaves of the factors, and of
/// their product, is some ten units of its last place.
#[track_caller]
fn near(what: &str, got: &Tensor, want: &Tensor) -> Result<()> {
    assert_eq!(got.shape(), want.shape(), "{what}");
    let want: Vec<f64> = want.to_vec()?;
    let largest = want.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    assert_near(what, &got.to_vec::<f32>()?, &want, 0.0, 1.5e-6 * largest);
    Ok(())
}

fn factors(device: &Device) -> Result<()> {
    let golden = Golden::read("decompositions.txt");
    for case in golden.cases() {
        let (name, a) = (&case.name, tensor(case.array("a"), device)?);
        let (m, n) = (a.shape()[a.ndim() - 2], a.shape()[a.ndim() - 1]);
        let unit = |q: &Tensor| -> Result<()> {
            let k = q.shape()[q.ndim() - 1];
            let product = q.transpose(-1, -2)?.matmul(q)?;
            near(
                name,
                &product,
                &Tensor::eye(k, k, device)?.broadcast_to(product.shape())?,
            )
        };
        for complete in [false, true] {
            let k = if complete { m } else { m.min(n) };
            let (q, r) = a.qr(complete)?;
            assert_eq!(
                (q.shape()[q.ndim() - 1], r.shape()[r.ndim() - 2]),
                (k, k),
                "{name}"
            );
            near(name, &q.matmul(&r)?, &a)?;
            unit(&q)?;
            let row = Tensor::arange(0, k as i32, 1, device)?.unsqueeze(1)?;
            let below = row.gt(&Tensor::arange(0, n as i32, 1, device)?)?;
            assert!(
                !below.logical_and(&r.ne(0.0)?)?.any(..)?.item::<bool>()?,
                "{name}"
            );
            let svd = a.svd(complete)?;
            let s = svd.s.shape()[svd.s.ndim() - 1];
            let (u, vt) = (svd.u.narrow(-1, 0, s)?, svd.vt.narrow(-2, 0, s)?);
            near(name, &(u * svd.s.unsqueeze(-2)?).matmul(&vt)?, &a)?;
            unit(&svd.u)?;
            unit(&svd.vt.transpose(-1, -2)?)?;
        }
        if m == n {
            // Only the lower triangle counts.
            let symmetric = &a + a.transpose(-1, -2)?;
            let e = symmetric.eigh()?;
            let product =
                (&e.vectors * e.values.unsqueeze(-2)?).matmul(&e.vectors.transpose(-1, -2)?)?;
            near(name, &product, &symmetric)?;
            unit(&e.vectors)?;
        }
    }
    Ok(())
}

fn views_and_batches(device: &Device) -> Result<()> {
    let a = Tensor::new([[2f32, 1.], [0., 4.]], device)?;
    let b = Tensor::new([[[2f32], [4.]], [[4.], [8.]], [[6.], [0.]]], device)?;
    // One matrix for three right sides; one right side for two matrices.
    let x = a.solve(&b)?;
    assert_eq!(
        (x.shape(), x.to_vec::<f32>()?),
        (&[3, 2, 1][..], vec![0.5, 1., 1., 2., 3., 0.])
    );
    let both = Tensor::stack(&[&a, &a.t()], 0)?;
    let x = both.solve(&Tensor::new([2f32, 4.], device)?)?;
    assert_eq!(
        (x.shape(), x.to_vec::<f32>()?),
        (&[2, 2][..], vec![0.5, 1., 1., 0.75])
    );
    // Flipped, transposed, sliced, broadcast.
    let flipped = a.flip(0)?.flip(1)?.t();
    assert_eq!(
        flipped.inv()?.matmul(&flipped)?.to_vec::<f32>()?,
        [1., 0., 0., 1.]
    );
    let corner = Tensor::eye(5, 5, device)?
        .narrow(0, 1, 2)?
        .narrow(1, 1, 2)?;
    assert_eq!(corner.det()?.item::<f32>()?, 1.0);
    let wide = a.unsqueeze(0)?.broadcast_to([3, 2, 2])?;
    assert_eq!(wide.det()?.to_vec::<f32>()?, [8.0; 3]);
    Ok(())
}

fn dtypes(device: &Device) -> Result<()> {
    let integers = Tensor::new([[2, 1], [1, 1]], device)?;
    assert_eq!(integers.det()?.item::<f32>()?, 1.0);
    assert_eq!(integers.inv()?.to_vec::<f32>()?, [1., -1., -1., 2.]);
    if device.supports_f16() {
        let halves = integers.to_dtype(DType::F16);
        let inverse = halves.inv()?;
        assert_eq!(
            (inverse.dtype(), inverse.to_vec::<f64>()?),
            (DType::F16, vec![1., -1., -1., 2.])
        );
        assert_eq!(halves.svd(false)?.u.dtype(), DType::F16);
        assert_eq!(halves.qr(false)?.1.dtype(), DType::F16);
    }
    Ok(())
}

fn singular(device: &Device) -> Result<()> {
    let a = Tensor::new([[1f32, 2.], [2., 4.]], device)?;
    assert_eq!(a.det()?.item::<f32>()?, 0.0);
    let (sign, logabs) = a.slogdet()?;
    assert_eq!(
        (sign.item::<f32>()?, logabs.item::<f32>()?),
        (0.0, f32::NEG_INFINITY)
    );
    assert_eq!(a.matrix_rank(None)?.item::<u32>()?, 1);
    assert_eq!(a.matrix_rank(Some(10.0))?.item::<u32>()?, 0);
    // The solution of least length.
    let x = a.lstsq(&Tensor::new([5f32, 10.], device)?, 1e-6)?;
    assert_near("lstsq", &x.to_vec::<f32>()?, &[1., 2.], 1e-6, 0.0);
    Ok(())
}

fn said<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => error.kind().to_string(),
    }
}

fn errors(device: &Device) -> Result<()> {
    let a = Tensor::new([[1f32, 2.], [2., 4.]], device)?;
    assert!(said(a.inv()).starts_with("inv: the matrix is singular"));
    assert!(said(a.solve(&a)).starts_with("solve: the matrix is singular"));
    assert!(said(a.matrix_power(-1)).contains("the matrix is singular"));
    let batch = Tensor::stack(&[&Tensor::eye(2, 2, device)?, &a], 0)?;
    assert!(said(batch.inv()).ends_with("(matrix 1 of 2)"));
    assert!(said((-&a).cholesky()).starts_with("cholesky: the matrix is not positive definite"));
    let nan = &a * f32::NAN;
    assert!(said(nan.svd(false)).contains("svd: it did not converge"));
    assert!(said(nan.svdvals()).contains("finite"));
    assert!(said(nan.eigh()).contains("finite"));
    let wide = Tensor::ones([2, 3], device)?;
    for error in [
        said(wide.inv()),
        said(wide.det()),
        said(wide.slogdet()),
        said(wide.cholesky()),
        said(wide.eigh()),
        said(wide.eigvalsh()),
        said(wide.solve(&a)),
    ] {
        assert!(error.contains("square matrices (shape (2,3))"), "{error}");
    }
    let vector = Tensor::ones([3], device)?;
    for error in [
        said(vector.svd(false)),
        said(vector.qr(false)),
        said(vector.pinv(0.0)),
    ] {
        assert!(error.contains("two dimensions (shape (3,))"), "{error}");
    }
    assert!(said(a.solve(&vector)).contains("equally many rows"));
    assert!(said(wide.lstsq(&vector, 0.0)).contains("equally many rows"));
    let deep = Tensor::ones([3, 2, 2], device)?;
    assert!(said(deep.solve(&Tensor::ones([2, 2, 2], device)?)).contains("broadcast"));
    Ok(())
}

const A: [f32; 4] = [2.0, 0.5, -0.75, 1.5];
const TALL: [f32; 6] = [1.0, 0.5, -0.75, 1.5, 0.25, -1.25];
const SQUARE: &[usize] = &[2, 2];

fn gradients_of_systems(device: &Device) {
    let a = (&A[..], SQUARE);
    let b = (&TALL[..], &[2, 3][..]);
    check_twice(device, "solve", &[a, b], |x| x[0].solve(&x[1]));
    check(device, "solve of a vector", &[a, (&TALL[..2], &[2])], |x| {
        x[0].solve(&x[1])
    });
    check_twice(device, "inv", &[a], |x| x[0].inv());
    check_twice(device, "det", &[a], |x| x[0].det());
    check_twice(device, "slogdet", &[a], |x| Ok(x[0].slogdet()?.1));
    check(device, "batches", &[(&TALL[..4], &[1, 2, 2]), b], |x| {
        let both = Tensor::concat(&[&x[0], &x[0].square().exp()], 0)?;
        both.solve(&x[1])
    });
    for shape in [[2, 3], [3, 2]] {
        check_twice(device, "pinv", &[(&TALL, &shape)], |x| x[0].pinv(1e-6));
    }
    check(
        device,
        "lstsq",
        &[(&TALL, &[3, 2]), (&TALL[1..4], &[3])],
        |x| x[0].lstsq(&x[1], 1e-6),
    );
    check(device, "matrix_power", &[a], |x| x[0].matrix_power(-2));
}

fn gradients_of_factors(device: &Device) {
    // Of a·aᵀ + 1, so that it stays symmetric and positive.
    let positive =
        |x: &Tensor| -> Result<Tensor> { Ok(x.matmul(&x.t())? + Tensor::eye(2, 2, x.device())?) };
    check_twice(device, "cholesky", &[(&A, SQUARE)], |x| {
        positive(&x[0])?.cholesky()
    });
    let both = |(q, r): (Tensor, Tensor)| -> Result<Tensor> {
        Tensor::concat(&[&q.reshape([-1])?, &r.reshape([-1])?], 0)
    };
    for (shape, complete) in [([3, 2], false), ([2, 3], false), ([2, 3], true)] {
        let what = format!("qr of {shape:?}");
        check_twice(device, &what, &[(&TALL, &shape)], |x| {
            both(x[0].qr(complete)?)
        });
    }
    check(device, "qr of a square", &[(&A, SQUARE)], |x| {
        both(x[0].qr(false)?)
    });
    let a = Tensor::from_slice(&TALL, [3, 2], device)
        .expect("values")
        .variable();
    let sum = a.qr(true).and_then(|(q, _)| q.sum(..)).expect("a sum");
    assert!(said(sum.backward()).contains("the reduced one has"));
}

fn gradients_of_spectra(device: &Device) {
    for shape in [&[3, 2][..], &[2, 3]] {
        check_twice(device, "singular values", &[(&TALL, shape)], |x| {
            x[0].svdvals()
        });
        // What does not depend on the signs of vectors.
        check_twice(device, "svd", &[(&TALL, shape)], |x| {
            let svd = x[0].svd(false)?;
            svd.u.matmul(&(svd.s.sqrt().unsqueeze(1)? * &svd.vt))
        });
    }
    check(device, "svd of a square", &[(&A, SQUARE)], |x| {
        let svd = x[0].svd(true)?;
        svd.u.matmul(&svd.vt)
    });
    check(device, "nuclear norm", &[(&A, SQUARE)], |x| {
        x[0].norm(tilewise::Norm::Nuc, ..)
    });
    check(device, "spectral norm", &[(&A, SQUARE)], |x| {
        x[0].norm(2, ..)
    });
    let symmetric = |x: &Tensor| (x + x.t()) * 0.5;
    check_twice(device, "eigenvalues", &[(&A, SQUARE)], |x| {
        symmetric(&x[0]).eigvalsh()
    });
    check_twice(device, "eigh", &[(&A, SQUARE)], |x| {
        let e = symmetric(&x[0]).eigh()?;
        (&e.vectors * e.values.exp()).matmul(&e.vectors.t())
    });
}

/// Values that repeat give gradients of values all the same.
fn repeated_values(device: &Device) -> Result<()> {
    let eye = Tensor::eye(3, 3, device)?.variable();
    let grads = eye.svd(false)?.s.sum(..)?.backward()?;
    let of = |grads: &tilewise::Gradients| grads.get(&eye).map(Tensor::to_vec::<f32>);
    let want = Tensor::eye(3, 3, device)?.to_vec::<f32>()?;
    assert_eq!(of(&grads).transpose()?.as_ref(), Some(&want));
    let grads = eye.eigh()?.values.sum(..)?.backward()?;
    assert_eq!(of(&grads).transpose()?.as_ref(), Some(&want));
    Ok::<(), Error>(())
}
