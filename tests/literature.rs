//! Results that tutorials and books on NumPy and neural networks print, recomputed with NumPy 2.4.6.

use std::f64::consts::E;

use tilewise::ErrorKind;
use tilewise::prelude::*;

use crate::support::compare::{assert_near, assert_same};

tests![
    propagation_by_columns,
    neurons,
    propagation_by_rows,
    vector_products,
    sigmoids,
    rows_of_unit_length,
    softmax_of_rows,
    sums_of_products,
    losses_by_hand,
    broadcasting,
    shapes,
    distances,
    ranges,
    shapes_not_aligned,
    shapes_not_broadcast,
    other_mistakes,
];

/// Within 1e-6 relative, as printed; sums that cancel have the error of their terms, of about 5.
#[track_caller]
fn holds(got: &Tensor, shape: &[usize], want: &[f64]) {
    assert_eq!(got.shape(), shape);
    let values: Vec<f32> = got.to_vec().unwrap_or_else(|error| panic!("{error}"));
    assert_near("the literature's values", &values, want, 1e-6, 1e-6);
}

const W: [[f32; 4]; 3] = [
    [0.2, 0.8, -0.5, 1.],
    [0.5, -0.91, 0.26, -0.5],
    [-0.26, -0.27, 0.17, 0.87],
];

/// Ten columns of the same sample through two layers, by products, with layers, and as integers.
fn propagation_by_columns(dev: &Device) -> Result<()> {
    let x = Tensor::new([[1f32], [2.], [4.]], dev)?.broadcast_to([3, 10])?;
    let w1 = [
        [3f32, 8., 5.],
        [4., 9., 7.],
        [4., 1., 3.],
        [8., 8., 4.],
        [3., 1., 9.],
    ];
    let w1 = Tensor::new(w1, dev)?;
    let w2 = Tensor::new([[2f32, 2., 1., 2., 2.], [2., 2., 2., 2., 1.]], dev)?;
    let columns = |values: &[f32]| -> Vec<f32> { values.iter().flat_map(|&v| [v; 10]).collect() };
    let hidden = w1.matmul(&x)?;
    assert_same(
        "hidden",
        &hidden.to_vec()?,
        &columns(&[39., 50., 18., 40., 41.]),
    );
    let out = w2.matmul(&hidden)?;
    assert_same("out", &out.to_vec()?, &columns(&[358., 335.]));
    let model = nn::Sequential::new()
        .then(nn::Linear::from_tensors(&w1, None)?)
        .then(nn::Linear::from_tensors(&w2, None)?);
    assert_same(
        "model",
        &model.forward(&x.t())?.t().to_vec()?,
        &columns(&[358., 335.]),
    );
    let whole = |t: &Tensor| t.to_dtype(DType::I32);
    let out = whole(&w2).matmul(&whole(&w1).matmul(&whole(&x))?)?;
    assert_eq!(out.slice(s![.., 7])?.to_vec::<i32>()?, [358, 335]);
    Ok(())
}

fn neurons(dev: &Device) -> Result<()> {
    let weights = Tensor::new([0.2f32, 0.8, -0.5], dev)?;
    holds(
        &(Tensor::new([1f32, 2., 3.], dev)?.matmul(&weights)? + 2.0),
        &[],
        &[2.3],
    );
    let weights = Tensor::new(W[0], dev)?;
    let inputs = Tensor::new([1f32, 2., 3., 2.5], dev)?;
    holds(&(inputs.matmul(&weights)? + 2.0), &[], &[4.8]);
    let sum = Tensor::new([2.8f32, -1.79, 1.885], dev)? + Tensor::new([2f32, 3., 0.5], dev)?;
    holds(&sum, &[3], &[4.8, 1.21, 2.385]);
    Ok(())
}

fn propagation_by_rows(dev: &Device) -> Result<()> {
    let batch = [
        [1f32, 2., 3., 2.5],
        [2., 5., -1., 2.],
        [-1.5, 2.7, 3.3, -0.8],
    ];
    let (batch, w) = (Tensor::new(batch, dev)?, Tensor::new(W, dev)?);
    let product = [2.8, -1.79, 1.885, 6.9, -4.81, -0.3, -0.59, -1.949, -0.474];
    holds(&batch.matmul(&w.t())?, &[3, 3], &product);
    let biased = [4.8, 1.21, 2.385, 8.9, -1.81, 0.2, 1.41, 1.051, 0.026];
    let bias = Tensor::new([2f32, 3., 0.5], dev)?;
    holds(&(batch.matmul(&w.t())? + &bias), &[3, 3], &biased);
    holds(
        &nn::Linear::from_tensors(&w, Some(&bias))?.forward(&batch)?,
        &[3, 3],
        &biased,
    );
    Ok(())
}

fn vector_products(dev: &Device) -> Result<()> {
    let a = Tensor::new([1f32, 2., 3.], dev)?;
    let b = Tensor::new([2f32, 3., 4.], dev)?;
    holds(&a.matmul(&b)?, &[], &[20.]);
    holds(
        &a.reshape([1, 3])?.matmul(&b.reshape([3, 1])?)?,
        &[1, 1],
        &[20.],
    );
    let a = Tensor::new([1f32, 2., 3., 4., 5.], dev)?;
    let b = Tensor::new([2f32, 4., 1., 1., 1.], dev)?;
    holds(&a.matmul(&b)?, &[], &[22.]);
    holds(&(a * b), &[5], &[2., 8., 3., 4., 5.]);
    Ok(())
}

fn sigmoids(dev: &Device) -> Result<()> {
    holds(&Tensor::new(3f32, dev)?.sigmoid(), &[], &[0.9525741268]);
    let x = Tensor::new([1f32, 2., 3.], dev)?.variable();
    holds(&x.sigmoid(), &[3], &[0.73105858, 0.88079708, 0.95257413]);
    holds(&x.exp(), &[3], &[E, 7.3890561, 20.08553692]);
    let derivative = [0.19661193, 0.10499359, 0.04517666];
    holds(&(x.sigmoid() * (1.0 - x.sigmoid())), &[3], &derivative);
    let grads = x.sigmoid().sum(..)?.backward()?;
    holds(grads.get(&x).expect("tracked"), &[3], &derivative);
    Ok(())
}

fn rows_of_unit_length(dev: &Device) -> Result<()> {
    let x = Tensor::new([[0f32, 3., 4.], [1., 6., 4.]], dev)?;
    let length = x.square().sum_keepdims(1)?.sqrt();
    let want = [0., 0.6, 0.8, 0.13736056, 0.82416338, 0.54944226];
    holds(&(x / length), &[2, 3], &want);
    Ok(())
}

fn softmax_of_rows(dev: &Device) -> Result<()> {
    let x = Tensor::new([[9f32, 2., 5., 0., 0.], [7., 5., 0., 0., 0.]], dev)?;
    let want = [
        [
            0.980897665,
            8.94462891e-4,
            0.0179657674,
            1.21052389e-4,
            1.21052389e-4,
        ],
        [
            0.878679856,
            0.118916387,
            8.01252314e-4,
            8.01252314e-4,
            8.01252314e-4,
        ],
    ];
    let got: Vec<f32> = x.softmax(1)?.to_vec()?;
    assert_near("softmax", &got, want.as_flattened(), 1e-6, 0.0);
    let powers = x.exp();
    let by_hand: Vec<f32> = powers.try_div(powers.sum_keepdims(1)?)?.to_vec()?;
    assert_near("softmax by hand", &by_hand, want.as_flattened(), 1e-6, 0.0);
    Ok(())
}

fn sums_of_products(dev: &Device) -> Result<()> {
    let x1 = [9, 2, 5, 0, 0, 7, 5, 0, 0, 0, 9, 2, 5, 0];
    let x2 = [9, 2, 2, 9, 0, 9, 2, 5, 0, 0, 9, 2, 5, 0];
    let (a, b) = (Tensor::new(x1, dev)?, Tensor::new(x2, dev)?);
    let product = [81, 4, 10, 0, 0, 63, 10, 0, 0, 0, 81, 4, 25, 0];
    assert_eq!((&a * &b).to_vec::<i32>()?, product);
    assert_eq!(a.matmul(&b)?.item::<i32>()?, 278);
    let outer = a.unsqueeze(1)? * &b;
    assert_eq!(
        (outer.shape(), outer.sum(..)?.item::<i32>()?),
        (&[14, 14][..], 2376)
    );
    let floats = a.to_dtype(DType::F32).matmul(&b.to_dtype(DType::F32))?;
    assert_eq!(floats.item::<f32>()?, 278.0);
    Ok(())
}

fn losses_by_hand(dev: &Device) -> Result<()> {
    let guess = Tensor::new([0.9f32, 0.2, 0.1, 0.4, 0.9], dev)?;
    let right = Tensor::new([1f32, 0., 0., 1., 1.], dev)?;
    holds(&(&right - &guess).abs().sum(..)?, &[], &[1.1]);
    holds(&(&right - &guess).square().sum(..)?, &[], &[0.43]);
    holds(&guess.mse(&right)?, &[], &[0.43 / 5.0]);
    Ok(())
}

fn broadcasting(dev: &Device) -> Result<()> {
    let a = Tensor::arange(1.0, 10.0, 1.0, dev)?.reshape([3, 3])?;
    let b = Tensor::new([3f32, 3., 3.], dev)?;
    holds(
        &(&a * &b),
        &[3, 3],
        &[3., 6., 9., 12., 15., 18., 21., 24., 27.],
    );
    holds(&a.matmul(&b)?, &[3], &[18., 45., 72.]);
    let row = Tensor::new([1f32, 2., 3.], dev)?;
    let column = Tensor::new([[1f32], [2.]], dev)?;
    holds(&(column + &row), &[2, 3], &[2., 3., 4., 3., 4., 5.]);
    let n = Tensor::arange(0.0, 3.0, 1.0, dev)?;
    let grid = [0., 1., 2., 1., 2., 3., 2., 3., 4.];
    holds(&(&n + n.slice(s![.., NewAxis])?), &[3, 3], &grid);
    let two = Tensor::new([2f32], dev)?;
    holds(&(&two + &row), &[3], &[3., 4., 5.]);
    holds(&(two.broadcast_to([3])? + &row), &[3], &[3., 4., 5.]);
    holds(&(two.tile(3)? + &row), &[3], &[3., 4., 5.]);
    let ones = Tensor::ones([3, 2], dev)?;
    let raised = ones + n.slice(s![.., NewAxis])?;
    holds(&raised, &[3, 2], &[1., 1., 2., 2., 3., 3.]);
    Ok(())
}

fn shapes(dev: &Device) -> Result<()> {
    let a = Tensor::arange(0, 25, 1, dev)?.reshape([5, 5])?;
    let spelt = [
        a.slice(s![NewAxis, .., .., NewAxis, NewAxis])?,
        a.slice(s![NewAxis, Ellipsis, NewAxis, NewAxis])?,
        a.reshape([1, 5, 5, 1, 1])?,
    ];
    for view in spelt {
        assert_eq!(view.shape(), [1, 5, 5, 1, 1]);
        assert_eq!(view.to_vec::<i32>()?, a.to_vec::<i32>()?);
    }
    let nested = vec![vec![vec![1f32; 4]; 2]; 3];
    assert_eq!(Tensor::new(nested, dev)?.shape(), [3, 2, 4]);
    let product = Tensor::ones([5, 4], dev)?.matmul(&Tensor::ones([4, 7], dev)?)?;
    assert_eq!(product.shape(), [5, 7]);
    assert_eq!(Tensor::ones([5], dev)?.t().shape(), [5]);
    let image = Tensor::ones([3, 3, 2], dev)?;
    assert_eq!(image.reshape([18, 1])?.shape(), [18, 1]);
    assert_eq!(image.reshape([-1, 1])?.shape(), [18, 1]);
    Ok(())
}

/// Those of (x, x + 1) to (1, 1), for x from 0 to 9.
pub(crate) const DISTANCES: [f64; 10] = [
    1.,
    1.,
    2.23606798,
    3.60555128,
    5.,
    6.40312424,
    7.81024968,
    9.21954446,
    10.63014581,
    12.04159458,
];

fn distances(dev: &Device) -> Result<()> {
    let x = Tensor::arange(0.0, 10.0, 1.0, dev)?;
    let length = ((&x - 1.0).square() + (&x + 1.0 - 1.0).square()).sqrt();
    holds(&length, &[10], &DISTANCES);
    let points = Tensor::stack(&[&x, &(&x + 1.0)], -1)?;
    let from = Tensor::new([1f32, 1.], dev)?;
    holds(&(points - from).square().sum(-1)?.sqrt(), &[10], &DISTANCES);
    Ok(())
}

fn ranges(dev: &Device) -> Result<()> {
    let x = Tensor::arange(-8.0, 8.0, 0.01, dev)?;
    assert_eq!(x.shape(), [1600]);
    let line = Tensor::arange(-8, 9, 1, dev)?.to_dtype(DType::F32);
    let r2 = line.square() + line.square().unsqueeze(1)?;
    let hole = r2.eq(0.0)?;
    let z = hole.select(1.0, r2.sin() / hole.select(1.0, &r2)?)?;
    assert!(z.is_finite().all(..)?.item::<bool>()?);
    assert_eq!(z.slice(s![8, 8])?.item::<f32>()?, 1.0);
    assert!((r2.sin() / &r2).is_nan().any(..)?.item::<bool>()?);
    Ok(())
}

#[track_caller]
fn says(result: Result<Tensor>, words: &[&str]) -> ErrorKind {
    let error = match result {
        Ok(tensor) => panic!("gave a tensor of shape {:?}", tensor.shape()),
        Err(error) => error,
    };
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    assert!(
        message.contains("literature.rs"),
        "no line of the caller in: {message}"
    );
    error.kind().clone()
}

/// NumPy's words, and besides the operation, the caller's line and what would fit.
fn shapes_not_aligned(dev: &Device) -> Result<()> {
    let product = |a: &[usize], b: &[usize]| Tensor::ones(a, dev)?.matmul(&Tensor::ones(b, dev)?);
    says(
        product(&[5, 3], &[10, 3]),
        &[
            "matmul",
            "shapes (5,3) and (10,3) not aligned: 3 (dim 1) != 10 (dim 0)",
            "a.matmul(&b.t())",
        ],
    );
    says(
        product(&[5], &[2]),
        &["shapes (5,) and (2,) not aligned: 5 (dim 0) != 2 (dim 0)"],
    );
    says(
        product(&[3, 4], &[3, 4]),
        &[
            "shapes (3,4) and (3,4) not aligned: 4 (dim 1) != 3 (dim 0)",
            "b.t()",
        ],
    );
    Ok(())
}

fn shapes_not_broadcast(dev: &Device) -> Result<()> {
    let sum = |a: &[usize], b: &[usize]| Tensor::ones(a, dev)?.try_add(&Tensor::ones(b, dev)?);
    let kind = says(
        sum(&[2, 3], &[2]),
        &[
            "add: operands could not be broadcast together with shapes (2,3) (2,)",
            "3 against 2 on axis -1",
            "unsqueeze(1)",
        ],
    );
    assert!(matches!(
        kind,
        ErrorKind::Broadcast {
            axis: -1,
            left: 3,
            right: 2,
            ..
        }
    ));
    says(
        sum(&[3, 2], &[3]),
        &["could not be broadcast together with shapes (3,2) (3,)"],
    );
    let (a, b) = (Tensor::ones([2, 3], dev)?, Tensor::ones([2], dev)?);
    let twin = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| a + b));
    let panic = twin.expect_err("an operator panics");
    let message = panic.downcast_ref::<String>().expect("with a message");
    assert!(message.contains("shapes (2,3) (2,)"), "{message}");
    Ok(())
}

fn other_mistakes(dev: &Device) -> Result<()> {
    let x = Tensor::ones([4, 6], dev)?;
    says(
        x.reshape([-1, -1]),
        &["reshape", "can only specify one unknown dimension"],
    );
    says(x.reshape([5, -1]), &["reshape", "(4,6)"]);
    let uneven = vec![vec![1f32, 2., 3.], vec![4., 5.], vec![6., 7., 8.]];
    says(
        Tensor::new(uneven, dev),
        &["homogeneous", "row [1] has 2 elements", "3"],
    );
    let deep = vec![vec![vec![1f32], vec![2.]], vec![vec![3.], vec![4., 5.]]];
    says(Tensor::new(deep, dev), &["row [1][1] has 2 elements", "1"]);
    says(x.sum(2), &["sum", "axis 2", "(4,6)"]);
    says(
        x.slice(s![.., 6]),
        &["slice", "index 6", "axis 1 of size 6"],
    );
    Ok(())
}
