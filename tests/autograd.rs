//! Gradients, first and second, against finite differences and against PyTorch.

use tilewise::prelude::*;
use tilewise::{Backward, s};

use crate::support::golden::Golden;
use crate::support::gradient::{Input, check, check_twice};
use crate::support::own;

tests![
    unary_as_pytorch,
    unary,
    binary,
    ties_and_kinks,
    selection,
    reductions,
    extremes_of_groups,
    products,
    softmaxes,
    matrix_products,
    one_matrix_for_a_batch,
    views,
    slices,
    indexing,
    joining,
    casts,
    no_nan_from_the_branch_not_taken,
    higher_orders,
    accumulation,
    deep_chains,
    tapes,
    mistakes,
];

const X: Input<'_> = (&[-1.7, -0.9, -0.4, 0.3, 0.8, 1.6], &[2, 3]);
const POSITIVE: Input<'_> = (&[0.4, 0.7, 1.1, 1.6, 2.3, 3.0], &[2, 3]);
const UNIT: Input<'_> = (&[-0.8, -0.5, -0.2, 0.1, 0.4, 0.7], &[2, 3]);
const OTHER: Input<'_> = (&[1.3, -0.6, 0.9, -1.2, 0.5, 2.1], &[2, 3]);
const ROW: Input<'_> = (&[0.7, -1.1, 1.9], &[3]);
const COLUMN: Input<'_> = (&[-0.7, 1.4], &[2, 1]);
const SCALAR: Input<'_> = (&[1.3], &[]);

/// The function that a case of `unary.txt` names.
fn named(name: &str, x: &Tensor) -> Result<Tensor> {
    let mut words = name.split(' ');
    let op = words.next().unwrap_or_default();
    let numbers: Vec<f64> = words.map(|w| w.parse().expect("a number")).collect();
    Ok(match (op, numbers.as_slice()) {
        ("neg", []) => x.negative(),
        ("exp", []) => x.exp(),
        ("exp2", []) => x.exp2(),
        ("expm1", []) => x.expm1(),
        ("ln", []) => x.ln(),
        ("log2", []) => x.log2(),
        ("log10", []) => x.log10(),
        ("log1p", []) => x.log1p(),
        ("sqrt", []) => x.sqrt(),
        ("rsqrt", []) => x.rsqrt(),
        ("reciprocal", []) => x.reciprocal(),
        ("square", []) => x.square(),
        ("sin", []) => x.sin(),
        ("cos", []) => x.cos(),
        ("tan", []) => x.tan(),
        ("tanh", []) => x.tanh(),
        ("asin", []) => x.asin(),
        ("acos", []) => x.acos(),
        ("atan", []) => x.atan(),
        ("sinh", []) => x.sinh(),
        ("cosh", []) => x.cosh(),
        ("asinh", []) => x.asinh(),
        ("acosh", []) => x.acosh(),
        ("atanh", []) => x.atanh(),
        ("erf", []) => x.erf(),
        ("sigmoid", []) => x.sigmoid(),
        ("gelu", []) => x.gelu(),
        ("gelu_tanh", []) => x.gelu_tanh(),
        ("silu", []) => x.silu(),
        ("softplus", []) => x.softplus(),
        ("abs", []) => x.abs(),
        ("relu", []) => x.relu(),
        ("leaky_relu", &[slope]) => x.leaky_relu(slope)?,
        ("elu", &[alpha]) => x.elu(alpha)?,
        ("clamp", &[low, high]) => x.clamp(low, high)?,
        ("sign", []) => x.sign(),
        ("floor", []) => x.floor(),
        ("ceil", []) => x.ceil(),
        ("round", []) => x.round(),
        ("trunc", []) => x.trunc(),
        _ => panic!("unary.txt names {name:?}, which this test does not know"),
    })
}

/// Values of both derivatives by PyTorch in f64, far into the tails.
fn unary_as_pytorch(dev: &Device) -> Result<()> {
    for case in Golden::read("unary.txt").cases() {
        let op = case.text("op").expect("each case names its op");
        let points: Vec<f32> = case.array("x").values();
        let x = Tensor::from_slice(&points, [points.len()], dev)?.variable();
        let y = named(op, &x)?;
        let options = Backward::new().create_graph().seed(&y.ones_like());
        let first = y
            .backward_with(options)?
            .remove(&x)
            .expect("x is a variable");
        let mut results = vec![("result", y), ("gradient", first.clone())];
        if case.try_array("second").is_some() {
            let second = first.backward_with(Backward::new().seed(&first.ones_like()))?;
            results.push(("second", second.get(&x).expect("x is a variable").clone()));
        }
        for (key, got) in results {
            let got: Vec<f32> = got.to_vec()?;
            let want: Vec<f64> = case.array(key).values();
            for (i, (&got, &want)) in got.iter().zip(&want).enumerate() {
                // Rules are a few ops of a few ULP each, some of which cancel: 1 − tanh² keeps the
                // absolute error of its terms, which are about 1.
                let near = (got as f64 - want).abs() <= 4e-6 * want.abs() + 1e-6;
                let beyond = want.abs() > f32::MAX as f64 && got as f64 == want.signum() / 0.0;
                let same = got.is_nan() && want.is_nan() || got as f64 == want;
                assert!(
                    near || beyond || same,
                    "{key} of {op} at {}: {got}, but {want} by PyTorch",
                    points[i]
                );
            }
        }
    }
    Ok(())
}

fn unary(dev: &Device) {
    let over = |input: Input<'_>, names: &[&str]| {
        for name in names {
            check_twice(dev, name, &[input], |x| named(name, &x[0]));
        }
    };
    over(
        X,
        &[
            "neg", "exp", "exp2", "expm1", "square", "sin", "cos", "tanh", "atan", "sinh",
        ],
    );
    over(
        X,
        &[
            "cosh",
            "erf",
            "sigmoid",
            "gelu",
            "gelu_tanh",
            "silu",
            "softplus",
            "abs",
            "relu",
        ],
    );
    over(
        X,
        &[
            "leaky_relu 0.1",
            "elu 0.7",
            "clamp -1 1",
            "sign",
            "floor",
            "ceil",
            "trunc",
        ],
    );
    over(X, &["round"]);
    over(
        POSITIVE,
        &["ln", "log2", "log1p", "sqrt", "rsqrt", "reciprocal"],
    );
    over(UNIT, &["asin", "acos", "tan"]);
}

fn binary(dev: &Device) {
    type Binary = fn(&Tensor, &Tensor) -> Result<Tensor>;
    let smooth: [(&str, Binary); 5] = [
        ("add", |a, b| a.try_add(b)),
        ("sub", |a, b| a.try_sub(b)),
        ("mul", |a, b| a.try_mul(b)),
        ("atan2", |a, b| a.atan2(b)),
        ("maximum", |a, b| a.maximum(b)),
    ];
    for (name, op) in smooth {
        for (a, b) in [
            (X, OTHER),
            (X, ROW),
            (COLUMN, ROW),
            (SCALAR, X),
            (ROW, SCALAR),
        ] {
            check_twice(dev, name, &[a, b], |x| op(&x[0], &x[1]));
        }
        check_twice(dev, &format!("{name} with itself"), &[POSITIVE], |x| {
            op(&x[0], &x[0].sqrt())
        });
    }
    let divisor: Input<'_> = (&[0.7, -1.1, 1.9], &[1, 3]);
    for (name, op) in [
        ("div", (|a, b| a.try_div(b)) as Binary),
        ("remainder", |a, b| a.remainder(b)),
        ("floor_divide", |a, b| a.floor_divide(b)),
        ("minimum", |a, b| a.minimum(b)),
        ("leaky_relu", |a, b| a.leaky_relu(b)),
        ("elu", |a, b| a.elu(b)),
    ] {
        for (a, b) in [(X, OTHER), (X, divisor), (SCALAR, ROW)] {
            check_twice(dev, name, &[a, b], |x| op(&x[0], &x[1]));
        }
    }
    for (a, b) in [(POSITIVE, OTHER), (POSITIVE, ROW), (SCALAR, X)] {
        check_twice(dev, "pow", &[a, b], |x| x[0].pow(&x[1]));
    }
    // A negative base to a whole power that is no variable.
    for n in [0.0, 1.0, 2.0, 3.0, -2.0] {
        check_twice(dev, "pow of a number", &[OTHER], |x| x[0].pow(n));
    }
    check_twice(dev, "scalars on both sides", &[POSITIVE], |x| {
        Ok(1.0 - 2.0 / (&x[0] * 3.0 + 1.0) - (&x[0] - 1.0) / 2.0)
    });
}

fn gradient_at(dev: &Device, x: &[f32], f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<f32>> {
    let x = Tensor::from_slice(x, [x.len()], dev)?.variable();
    let grads = f(&x)?.sum(..)?.backward()?;
    grads.get(&x).expect("the sum depends on x").to_vec()
}

fn ties_and_kinks(dev: &Device) -> Result<()> {
    // Equals share; a limit that is reached stops gradients, as in PyTorch.
    let at = |x: &[f32], f: fn(&Tensor) -> Result<Tensor>| gradient_at(dev, x, f);
    assert_eq!(at(&[-1., 0., 1.], |x| Ok(x.relu()))?, [0., 0., 1.]);
    assert_eq!(at(&[-1., 0., 1.], |x| Ok(x.abs()))?, [-1., 0., 1.]);
    assert_eq!(
        at(&[-2., -1., 0., 1., 2.], |x| x.clamp(-1.0, 1.0))?,
        [0., 0., 1., 0., 0.]
    );
    assert_eq!(at(&[1., 2., 3.], |x| x.maximum(2.0))?, [0., 0.5, 1.]);
    assert_eq!(at(&[1., 2., 3.], |x| x.minimum(2.0))?, [1., 0.5, 0.]);
    assert_eq!(
        at(&[3., 5., 5., 5.], |x| x.max(..))?,
        [0., 1. / 3., 1. / 3., 1. / 3.]
    );
    assert_eq!(at(&[3., 3., 5.], |x| x.min(..))?, [0.5, 0.5, 0.]);
    // An infinite gradient goes where the value came from, and nowhere else.
    let (a, b) = (
        Tensor::new([1f32], dev)?.variable(),
        Tensor::new([2f32], dev)?.variable(),
    );
    let infinite = Tensor::full([1], f32::INFINITY, DType::F32, dev)?;
    let grads = a
        .maximum(&b)?
        .backward_with(Backward::new().seed(&infinite))?;
    assert_eq!(
        grads.get(&a).map(Tensor::to_vec::<f32>).transpose()?,
        Some(vec![0.])
    );
    assert_eq!(
        grads.get(&b).map(Tensor::to_vec).transpose()?,
        Some(vec![f32::INFINITY])
    );
    Ok(())
}

fn selection(dev: &Device) {
    check_twice(dev, "select", &[X, OTHER], |x| {
        x[0].detach().gt(0.0)?.select(x[0].sin(), &x[1] * &x[1])
    });
    check_twice(dev, "select, broadcast", &[X, ROW, SCALAR], |x| {
        x[0].detach().gt(0.0)?.select(&x[1] * &x[1], x[2].exp())
    });
    check_twice(dev, "select of a number", &[X], |x| {
        x[0].detach().gt(0.0)?.select(2.0, x[0].exp())
    });
}

const CUBE: Input<'_> = (
    &[
        0.7, -0.4, 1.2, 0.9, -1.1, 0.5, 1.4, -0.8, 0.3, 1.7, -1.5, 0.6,
    ],
    &[2, 3, 2],
);

fn reductions(dev: &Device) {
    type Reduction = fn(&Tensor, &[isize]) -> Result<Tensor>;
    let all: [(&str, Reduction); 14] = [
        ("sum", |x, axes| x.square().sum(axes)),
        ("sum_keepdims", |x, axes| x.square().sum_keepdims(axes)),
        ("mean", |x, axes| x.square().mean(axes)),
        ("mean_keepdims", |x, axes| x.square().mean_keepdims(axes)),
        ("prod", |x, axes| x.prod(axes)),
        ("prod_keepdims", |x, axes| x.prod_keepdims(axes)),
        ("max", |x, axes| x.square().max(axes)),
        ("min", |x, axes| x.square().min(axes)),
        ("var", |x, axes| x.var(axes, 0)),
        ("var_keepdims", |x, axes| x.var_keepdims(axes, 1)),
        ("std", |x, axes| x.std(axes, 0)),
        ("std_keepdims", |x, axes| x.std_keepdims(axes, 1)),
        ("logsumexp", |x, axes| x.logsumexp(axes)),
        ("logsumexp_keepdims", |x, axes| x.logsumexp_keepdims(axes)),
    ];
    for (name, reduce) in all {
        for axes in [&[0isize][..], &[1], &[-1], &[0, 2], &[2, 1], &[0, 1, 2]] {
            let what = format!("{name} over {axes:?}");
            check_twice(dev, &what, &[CUBE], |x| reduce(&x[0], axes));
        }
    }
    // Over a view, whose elements are not in a row.
    check_twice(dev, "sum of a transpose", &[X], |x| {
        x[0].t().square().sum(0)
    });
    check_twice(dev, "prod of a flip", &[X], |x| x[0].flip(1)?.prod(1));
}

fn extremes_of_groups(dev: &Device) -> Result<()> {
    let x = Tensor::new([[1f32, 4., 4.], [2., 0., 2.]], dev)?.variable();
    let grads = x.max(1)?.sum(..)?.backward()?;
    let got: Vec<f32> = grads.get(&x).expect("tracked").to_vec()?;
    assert_eq!(got, [0., 0.5, 0.5, 0.5, 0., 0.5]);
    Ok(())
}

/// Products with no zero, one and two in a group; the second gradient is not 0 there either.
fn products(dev: &Device) {
    let zeros: Input<'_> = (&[2., 3., 5., 0., 3., 5., 0., 0., 5., 0., 0., 0.], &[4, 3]);
    check_twice(dev, "prod of rows with zeros", &[zeros], |x| x[0].prod(1));
    check_twice(dev, "prod of columns with zeros", &[zeros], |x| {
        x[0].prod(0)
    });
    check_twice(dev, "prod of one", &[(&[3.0], &[1])], |x| x[0].prod(0));
    // Of no elements, along the axis that has none and along another.
    for axis in [0, 1] {
        check(dev, "prod of none", &[(&[], &[0, 3])], |x| x[0].prod(axis));
    }
    let many: Vec<f32> = (0..9).map(|i| 0.8 + 0.05 * i as f32).collect();
    check_twice(dev, "prod of nine", &[(&many, &[9])], |x| x[0].prod(..));
}

fn softmaxes(dev: &Device) {
    for axis in [0, 1, -1] {
        check_twice(dev, "softmax", &[CUBE], |x| x[0].softmax(axis));
        check_twice(dev, "log_softmax", &[CUBE], |x| x[0].log_softmax(axis));
    }
    let labels = Tensor::from_slice(&[2i32, -2], [2], dev).expect("two labels");
    check_twice(dev, "cross_entropy", &[X], |x| x[0].cross_entropy(&labels));
    check_twice(dev, "mse", &[X, OTHER], |x| x[0].mse(&x[1]));
}

fn matrix_products(dev: &Device) {
    let shapes: [(&[usize], &[usize]); 12] = [
        (&[3], &[3]),
        (&[3], &[3, 2]),
        (&[2, 3], &[3]),
        (&[2, 3], &[3, 2]),
        (&[1, 3], &[3, 1]),
        (&[2, 2, 3], &[3, 2]),
        (&[2, 3], &[2, 3, 2]),
        (&[2, 2, 3], &[2, 3, 2]),
        (&[2, 1, 3], &[1, 3, 2]),
        (&[2, 1, 1, 3], &[2, 3, 1]),
        (&[3], &[2, 3, 2]),
        (&[2, 2, 3], &[3]),
    ];
    let values = |shape: &[usize], from: usize| -> Vec<f32> {
        let n: usize = shape.iter().product();
        (from..from + n)
            .map(|i| ((i * 7) % 13) as f32 / 8.0 - 0.75)
            .collect()
    };
    for (a, b) in shapes {
        let (left, right) = (values(a, 1), values(b, 5));
        let what = format!("matmul of {a:?} and {b:?}");
        check_twice(dev, &what, &[(&left, a), (&right, b)], |x| {
            x[0].matmul(&x[1])
        });
    }
    check_twice(dev, "matmul of transposes", &[X, OTHER], |x| {
        x[0].t().matmul(&x[1])
    });
    check_twice(dev, "a Gram matrix", &[X], |x| x[0].matmul(&x[0].t()));
}

/// The gradient of a matrix that a whole batch is multiplied by is one product of all rows, not one a batch and their
/// sum; also where there are no rows or no columns.
fn one_matrix_for_a_batch(dev: &Device) -> Result<()> {
    let dev = &own(dev)?;
    for [batch, rows, inner, columns] in [[6, 5, 4, 3], [0, 5, 4, 3], [6, 5, 0, 3], [2, 3, 4, 0]] {
        let x = Tensor::normal([batch, rows, inner], dev)?;
        let seed = Tensor::normal([batch, rows, columns], dev)?;
        for transposed in [false, true] {
            let w = match transposed {
                true => Tensor::ones([columns, inner], dev)?.variable(),
                false => Tensor::ones([inner, columns], dev)?.variable(),
            };
            let right = if transposed { w.t() } else { w.clone() };
            let options = tilewise::Backward::new().seed(&seed);
            dev.flush()?;
            let before = dev.counters().dispatches;
            let grads = x.matmul(&right)?.backward_with(options)?;
            let got = grads.get(&w).expect("a gradient").clone();
            drop(grads);
            dev.flush()?;
            let kernels = dev.counters().dispatches - before;
            assert!(kernels <= 1, "{kernels} kernels");
            let all = [batch * rows, inner];
            let flat = x
                .reshape(all)?
                .t()
                .matmul(&seed.reshape([batch * rows, columns])?)?;
            let want = if transposed { flat.t() } else { flat };
            assert!(got.allclose(&want, 1e-5, 1e-5, false)?);
        }
    }
    Ok(())
}

fn views(dev: &Device) {
    type View = fn(&Tensor) -> Result<Tensor>;
    let all: [(&str, View); 15] = [
        ("reshape", |x| x.reshape([4, 3])),
        ("reshape of a transpose", |x| x.t().reshape([-1])),
        ("permute", |x| x.permute(&[2, 0, 1])),
        ("transpose", |x| x.transpose(0, 1)),
        ("t", |x| Ok(x.t())),
        ("squeeze", |x| x.narrow(1, 1, 1)?.squeeze(1)),
        ("squeeze_all", |x| Ok(x.narrow(0, 1, 1)?.squeeze_all())),
        ("unsqueeze", |x| x.unsqueeze(1)),
        ("broadcast_to", |x| {
            x.unsqueeze(0)?.broadcast_to([2, 2, 3, 2])
        }),
        ("broadcast_to of a column", |x| {
            x.narrow(1, 0, 1)?.broadcast_to([2, 4, 2])
        }),
        ("flip", |x| x.flip(1)),
        ("narrow", |x| x.narrow(1, 1, 2)),
        ("contiguous", |x| Ok(x.permute(&[1, 2, 0])?.contiguous())),
        ("a view of a view", |x| {
            x.flip(0)?
                .permute(&[1, 0, 2])?
                .narrow(0, 1, 2)?
                .reshape([2, 4])
        }),
        ("nothing", |x| Ok(x.clone())),
    ];
    for (name, view) in all {
        check_twice(dev, name, &[CUBE], |x| Ok(view(&x[0])?.exp()));
    }
}

fn slices(dev: &Device) {
    let specs = [
        s![1],
        s![.., -1],
        s![.., 1..3],
        s![.., ..;2],
        s![..;-1, ..;-2, 0],
        s![.., 2..0;-1],
        s![Ellipsis, 1],
        s![NewAxis, 0, .., NewAxis],
        s![.., 1..1],
    ];
    for spec in specs {
        let what = format!("slice {spec:?}");
        check_twice(dev, &what, &[CUBE], |x| Ok(x[0].slice(spec.clone())?.exp()));
    }
    // Parts that overlap: their gradients add up.
    check_twice(dev, "overlapping slices", &[ROW], |x| {
        Ok(x[0].slice(s![..2])? * x[0].slice(s![1..])?)
    });
}

fn indexing(dev: &Device) {
    let index = |values: &[i32], shape: &[usize]| {
        Tensor::from_slice(values, shape, dev).expect("values fill the shape")
    };
    // Repeated, negative and absent places; an index smaller than the source.
    let cases: [(isize, Tensor); 5] = [
        (0, index(&[0, 1, -1, 1, 0, 0], &[3, 2])),
        (1, index(&[2, 2, 0, 0, -1, 1, 1, -3], &[2, 4])),
        (1, index(&[2, 0], &[2, 1])),
        (-1, index(&[1], &[1, 1])),
        (0, index(&[1, 0], &[1, 2])),
    ];
    for (axis, index) in &cases {
        check_twice(dev, "gather", &[X], |x| {
            Ok(x[0].gather(*axis, index)?.exp())
        });
    }
    let cube = index(&[1, 0, 1, 1], &[2, 1, 2]);
    check_twice(dev, "gather of a cube", &[CUBE], |x| {
        Ok(x[0].gather(1, &cube)?.exp())
    });
    let rows = index(&[1, 1, 0, -1], &[4]);
    for axis in [0, 2] {
        check_twice(dev, "index_select", &[CUBE], |x| {
            Ok(x[0].index_select(axis, &rows)?.exp())
        });
    }
    let unsigned = rows.abs().to_dtype(DType::U32);
    check_twice(dev, "index_select by u32", &[X], |x| {
        Ok(x[0].index_select(1, &unsigned)?.exp())
    });
    check_twice(dev, "gather of a transpose", &[X], |x| {
        Ok(x[0].t().gather(1, &index(&[1, 0, 1], &[3, 1]))?.exp())
    });
    let none = Tensor::from_slice::<i32>(&[], [0], dev).expect("no values for no elements");
    check(dev, "index_select of nothing", &[X], |x| {
        x[0].index_select(0, &none)
    });
}

fn joining(dev: &Device) {
    check_twice(dev, "concat", &[X, OTHER], |x| {
        Ok(Tensor::concat(&[&x[0], &x[1], &x[0].exp()], 0)?.sin())
    });
    check_twice(dev, "concat of columns", &[X, COLUMN], |x| {
        Ok(Tensor::concat(&[&x[0], &x[1]], 1)?.sin())
    });
    check_twice(dev, "stack", &[X, OTHER], |x| {
        Ok(Tensor::stack(&[&x[0], &x[1]], -1)?.sin())
    });
}

fn casts(dev: &Device) -> Result<()> {
    // An integer has no gradient, and stops none that goes beside it.
    check(dev, "a cast to integers and back", &[X], |x| {
        Ok(&x[0] * x[0].to_dtype(DType::I32).to_dtype(DType::F32))
    });
    if dev.supports_f16() {
        let x = Tensor::new([0.5f32, -1.5], dev)?.variable();
        let y = x
            .to_dtype(DType::F16)
            .square()
            .to_dtype(DType::F32)
            .sum(..)?;
        let grads = y.backward()?;
        let gradient = grads.get(&x).expect("casts between floats pass gradients");
        assert_eq!(
            (gradient.dtype(), gradient.to_vec::<f32>()?),
            (DType::F32, vec![1., -3.])
        );
        // The square of 300 is beyond f16.
        let x = Tensor::new([300f32, -300.], dev)?
            .to_dtype(DType::F16)
            .variable();
        let grads = x.gelu_tanh().sum(..)?.backward()?;
        assert_eq!(grads.get(&x).expect("tracked").to_vec::<f64>()?, [1., 0.]);
    }
    Ok(())
}

/// A branch that is not taken must not spoil the gradient with ∞·0.
fn no_nan_from_the_branch_not_taken(dev: &Device) -> Result<()> {
    let at = |x: &[f32], f: fn(&Tensor) -> Result<Tensor>| gradient_at(dev, x, f);
    let safe = |x: &Tensor| x.gt(0.0)?.select(x.gt(0.0)?.select(x, 1.0)?.sqrt(), 0.0);
    assert_eq!(gradient_at(dev, &[0., 4.], safe)?, [0., 0.25]);
    assert_eq!(at(&[-200., 200.], |x| x.elu(1.0))?, [0., 1.]);
    assert_eq!(at(&[-200., 200.], |x| Ok(x.softplus()))?, [0., 1.]);
    assert_eq!(at(&[-200., 200.], |x| Ok(x.sigmoid()))?, [0., 0.]);
    assert_eq!(at(&[-1e10, 1e10], |x| Ok(x.gelu()))?, [0., 1.]);
    assert_eq!(at(&[-1e30, 1e30], |x| Ok(x.gelu_tanh()))?, [0., 1.]);
    assert_eq!(at(&[0., 0.], |x| x.pow(2.0))?, [0., 0.]);
    assert_eq!(at(&[0., 3.], |x| x.pow(1.0))?, [1., 1.]);
    assert_eq!(at(&[0., 3.], |x| x.pow(0.0))?, [0., 0.]);
    // The exponent's gradient at a base of 0.
    assert_eq!(at(&[1., 2.], |b| b.zeros_like().pow(b))?, [0., 0.]);
    let masked = at(&[1., f32::NEG_INFINITY, 2.], |x| x.softmax(0)?.slice(s![0]))?;
    assert!(
        masked.iter().all(|g| g.is_finite()) && masked[1] == 0.0,
        "{masked:?}"
    );
    let masked = at(&[1., f32::NEG_INFINITY, 2.], |x| x.logsumexp(..))?;
    assert!(
        masked.iter().all(|g| g.is_finite()) && masked[1] == 0.0,
        "{masked:?}"
    );
    let picked = at(&[1., f32::NEG_INFINITY, 2.], |x| {
        let label = Tensor::new(0i32, x.device())?;
        x.cross_entropy(&label)
    })?;
    assert!(
        picked.iter().all(|g| g.is_finite()) && picked[1] == 0.0,
        "{picked:?}"
    );
    Ok(())
}

fn higher_orders(dev: &Device) -> Result<()> {
    // x⁵ and its derivatives at 2: 80, 160, 240, 240, 120 … by three ways to write it.
    let powers: [fn(&Tensor) -> Result<Tensor>; 3] = [
        |x| x.pow(5.0),
        |x| Ok(x.square().square() * x),
        |x| x.broadcast_to([5])?.prod(..),
    ];
    for power in powers {
        let x = Tensor::new(2f32, dev)?.variable();
        let mut y = power(&x)?;
        for want in [80f32, 160., 240., 240., 120.] {
            let grads = y.backward_with(Backward::new().create_graph())?;
            y = grads.get(&x).expect("tracked").clone();
            let got: f32 = y.item()?;
            assert!((got - want).abs() <= 1e-4 * want, "{got}, not {want}");
        }
    }
    Ok(())
}

fn accumulation(dev: &Device) -> Result<()> {
    // A variable that is used many times, in many shapes.
    check_twice(dev, "many uses", &[ROW], |x| {
        let x = &x[0];
        (x * x)
            .try_add(x.unsqueeze(1)?)?
            .matmul(x)?
            .try_mul(x.sum(..)?)
    });
    // A variable beside the result gets none.
    let (x, y) = (
        Tensor::new(1f32, dev)?.variable(),
        Tensor::new(2f32, dev)?.variable(),
    );
    let grads = (&x * 3.0).backward()?;
    assert!(grads.get(&y).is_none() && grads.len() == 1);
    Ok(())
}

/// 10,000 operations in a row on a thread with a small stack: recording, planning, the walk and the
/// drop are loops.
fn deep_chains(dev: &Device) -> Result<()> {
    let dev = dev.clone();
    let run = move || -> Result<()> {
        let x = Tensor::new([0.5f32, -0.25], &dev)?.variable();
        let mut y = x.clone();
        for i in 0..10_000 {
            y = if i % 2 == 0 { y.sin() } else { &y + &x * 0.5 };
        }
        let loss = y.sum(..)?;
        let grads = loss.backward()?;
        let gradient: Vec<f32> = grads.get(&x).expect("tracked").to_vec()?;
        assert!(
            gradient.iter().all(|g| g.is_finite() && *g > 0.0),
            "{gradient:?}"
        );
        // A chain that is dropped without a walk, and one that is only planned.
        let mut z = x.clone();
        for _ in 0..10_000 {
            z = z.exp() * 0.5;
        }
        let middle = z.clone();
        drop(z);
        assert!(middle.explain().contains("kernels"));
        drop(middle);
        Ok(())
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(run);
    thread
        .expect("a thread starts")
        .join()
        .expect("no stack overflows")
}

fn tapes(dev: &Device) -> Result<()> {
    let x = Tensor::new([1f32, 2.], dev)?.variable();
    let loss = x.square().sum(..)?;
    let kept = loss.backward_with(Backward::new().retain_tape())?;
    let again = loss.backward()?;
    let read = |g: &tilewise::Gradients| g.get(&x).expect("tracked").to_vec::<f32>();
    assert_eq!(read(&kept)?, read(&again)?);
    let message = loss.backward().expect_err("the tape is gone").to_string();
    assert!(
        message.contains("retain_tape") && message.contains("autograd.rs"),
        "{message}"
    );
    // Neither detach nor no_grad leaves anything for gradients, and the one ends with its closure.
    assert!(!x.detach().exp().is_tracked());
    assert!(!no_grad(|| x.exp()).is_tracked());
    assert!(x.exp().is_tracked());
    assert!(!x.gt(0.0)?.is_tracked() && !x.argmax(0)?.is_tracked());
    let grads = (x.detach() * &x).sum(..)?.backward()?;
    assert_eq!(read(&grads)?, [1., 2.]);
    Ok(())
}

fn mistakes(dev: &Device) -> Result<()> {
    let x = Tensor::new([1f32, 2.], dev)?.variable();
    let message = |error: Result<tilewise::Gradients>| error.expect_err("a mistake").to_string();
    let several = message(x.exp().backward());
    assert!(
        several.contains("one element") && several.contains("(2,)"),
        "{several}"
    );
    let constant = message(x.detach().sum(..)?.backward());
    assert!(constant.contains("no variable"), "{constant}");
    let seed = Tensor::ones([3], dev)?;
    let seeded = message(x.exp().backward_with(Backward::new().seed(&seed)));
    assert!(
        seeded.contains("(2,)") && seeded.contains("(3,)"),
        "{seeded}"
    );
    Ok(())
}
