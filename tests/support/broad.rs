//! A program that uses every kind of operation, kernel and dtype.

use tilewise::prelude::*;
use tilewise::{Generator, f16};

/// Runs it and gives the bits of all results, each with a name.
pub(crate) fn run(dev: &Device) -> Result<Vec<(&'static str, Vec<f64>)>> {
    let mut results = Vec::new();
    let mut generator = Generator::new(7);
    for part in [
        pointwise, integers, logic, reductions, order, products, indexing, views, halves,
    ] {
        part(dev, &mut generator, &mut results)?;
    }
    Ok(results)
}

/// Numbers that are hard for one function or another.
pub(crate) const EDGES: &[f32] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    1e-8,
    -1e-8,
    1e-30,
    1e-40,
    -1e-42,
    3e38,
    -3e38,
    1e10,
    -1e10,
    88.0,
    -88.0,
    104.0,
    -104.0,
    16_777_216.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    f32::MIN_POSITIVE,
    std::f32::consts::PI,
    1e5,
];

type Results = Vec<(&'static str, Vec<f64>)>;

fn keep(results: &mut Results, name: &'static str, tensor: &Tensor) -> Result<()> {
    results.push((name, tensor.to_dtype(DType::F32).to_vec::<f64>()?));
    Ok(())
}

/// One of the functions of one operand.
type Unary = (&'static str, fn(&Tensor) -> Tensor);
/// One of those of two.
type Binary = (&'static str, fn(&Tensor, &Tensor) -> Result<Tensor>);

fn pointwise(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    macro_rules! unary {
        ($($name:ident)*) => { [$((stringify!($name), Tensor::$name as fn(&Tensor) -> Tensor)),*] };
    }
    let functions: &[Unary] = &unary![
        exp exp2 expm1 ln log2 log1p sqrt rsqrt reciprocal sin cos tan asin acos atan sinh cosh tanh
        erf sigmoid relu gelu gelu_tanh silu softplus floor ceil round trunc negative abs sign square
        is_nan is_finite is_inf
    ];
    let edges = Tensor::from_slice(EDGES, [EDGES.len()], dev)?;
    let usual = random.normal([257], dev)? * 3.0;
    for (name, function) in functions {
        keep(results, name, &function(&edges))?;
        keep(results, name, &function(&usual))?;
    }
    macro_rules! binary {
        ($($name:ident)*) => {
            [$((stringify!($name), (|a, b| a.$name(b)) as fn(&Tensor, &Tensor) -> Result<Tensor>)),*]
        };
    }
    let functions: &[Binary] = &binary![
        try_add try_sub try_mul try_div remainder floor_divide pow atan2 minimum maximum leaky_relu elu
        eq ne lt le gt ge
    ];
    let column = edges.reshape([EDGES.len() as isize, 1])?;
    let other = random.normal([257], dev)? * 2.0;
    for (name, function) in functions {
        keep(results, name, &function(&usual, &other)?)?;
        keep(results, name, &function(&column, &edges)?)?;
    }
    // A long fused chain with several results, and one over the cap.
    let x = random.uniform([33, 65], dev)?;
    let row = random.uniform([65], dev)?;
    let y = ((&x + &row) * 2.0).tanh();
    let z = &y * &y - (&x / (&row + 1.0)).sqrt();
    let mut long = z.clone();
    for i in 0..40 {
        long = (&long * 0.9 + i as f64 * 0.01).sin();
    }
    for (name, tensor) in [("y", &y), ("z", &z), ("long", &long)] {
        keep(results, name, tensor)?;
    }
    keep(results, "clamp", &x.clamp(0.2, 0.7)?)?;
    keep(results, "integers", &random.integers(-5, 9, [100], dev)?)
}

fn integers(dev: &Device, _: &mut Generator, results: &mut Results) -> Result<()> {
    let a = Tensor::new([i32::MIN, -7, -1, 0, 1, 7, 768, i32::MAX], dev)?;
    let b = Tensor::new([[3], [-3], [0], [1]], dev)?;
    let u = Tensor::new([0u32, 1, 5, 1 << 31, u32::MAX], dev)?;
    let v = Tensor::new([[2u32], [0], [7]], dev)?;
    for (x, y) in [(&a, &b), (&u, &v)] {
        keep(results, "sum", &x.try_add(y)?)?;
        keep(results, "difference", &x.try_sub(y)?)?;
        keep(results, "product", &x.try_mul(y)?)?;
        keep(results, "remainder", &x.remainder(y)?)?;
        keep(results, "floor", &x.floor_divide(y)?)?;
        keep(results, "power", &x.pow(y.abs())?)?;
        keep(results, "least", &x.minimum(y)?)?;
        keep(results, "most", &x.maximum(y)?)?;
        keep(results, "less", &x.lt(y)?)?;
        keep(results, "quotient", &x.try_div(y)?)?;
        keep(results, "negative", &x.negative())?;
        keep(results, "sign", &x.sign())?;
    }
    let edges = Tensor::from_slice(EDGES, [EDGES.len()], dev)?;
    for dtype in [DType::I32, DType::U32, DType::Bool] {
        keep(results, "from float", &edges.to_dtype(dtype))?;
        for x in [&a, &u] {
            keep(results, "cast", &x.to_dtype(dtype))?;
        }
    }
    Ok(())
}

fn logic(dev: &Device, _: &mut Generator, results: &mut Results) -> Result<()> {
    let a = Tensor::new([true, true, false, false], dev)?;
    let b = Tensor::new([[true], [false]], dev)?;
    keep(results, "and", &(&a & &b))?;
    keep(results, "or", &(&a | &b))?;
    keep(results, "xor", &(&a ^ &b))?;
    keep(results, "not", &!&a)?;
    keep(results, "select", &a.select(b.to_dtype(DType::F32), 2.5)?)?;
    keep(results, "any", &a.any(..)?)?;
    keep(results, "all", &a.all(..)?)?;
    // The result of another type in the place of an operand that dies.
    let x = Tensor::new([1.5f32, -2.0, f32::NAN, 0.0], dev)?;
    dev.flush()?;
    let y = x.try_add(1.0)?;
    dev.flush()?;
    let positive = y.gt(0.5)?;
    drop((x, y));
    keep(results, "in place", &positive)
}

fn reductions(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    let shapes: &[&[usize]] = &[
        &[1],
        &[5],
        &[257],
        &[3, 1000],
        &[1000, 3],
        &[7, 5, 33],
        &[20_000],
    ];
    for &shape in shapes {
        let x = random.normal(shape, dev)?;
        let axes = std::iter::once(None).chain((0..shape.len() as isize).map(Some));
        for axis in axes {
            macro_rules! reduce {
                ($($name:ident)*) => {$(
                    let y = match axis {
                        None => x.$name(..)?,
                        Some(axis) => x.$name(axis)?,
                    };
                    keep(results, stringify!($name), &y)?;
                )*};
            }
            reduce!(sum mean max min prod argmax argmin logsumexp);
            let y = match axis {
                None => x.var(.., 1)?,
                Some(axis) => x.softmax(axis)?,
            };
            keep(results, "of a row", &y)?;
        }
        keep(results, "with prologue", &(&x * 2.0).exp().sum(-1)?.ln())?;
        keep(results, "whole", &(&x * 10.0).to_dtype(DType::I32).sum(-1)?)?;
        keep(
            results,
            "transposed",
            &x.permute(&reversed(shape.len()))?.sum(0)?,
        )?;
        keep(results, "any", &x.gt(2.0)?.any(-1)?)?;
    }
    let edges = Tensor::from_slice(EDGES, [EDGES.len()], dev)?;
    for y in [
        edges.max(..)?,
        edges.min(..)?,
        edges.sum(..)?,
        edges.argmax(..)?,
    ] {
        keep(results, "of edges", &y)?;
    }
    keep(
        results,
        "log_softmax",
        &random.normal([9, 33], dev)?.log_softmax(-1)?,
    )
}

fn reversed(rank: usize) -> Vec<isize> {
    (0..rank as isize).rev().collect()
}

/// Scans and sorts, of rows that fit a workgroup and of longer ones.
fn order(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    for shape in [&[5][..], &[3, 1000], &[1000, 3], &[7, 5, 33], &[20_000]] {
        let x = random.normal(shape, dev)?;
        for axis in 0..shape.len() as isize {
            keep(results, "cumsum", &(&x * 0.5).cumsum(axis)?)?;
            keep(results, "cummax", &x.cummax(axis)?)?;
            keep(results, "cummin_indices", &x.cummin_indices(axis)?)?;
            keep(results, "sort", &x.sort(axis)?)?;
            keep(results, "argsort", &x.argsort_descending(axis)?)?;
            let kth = x.shape()[axis as usize] as isize / 3;
            keep(results, "partition", &x.partition(kth, axis)?)?;
            keep(results, "argpartition", &x.argpartition(kth, axis)?)?;
            keep(results, "median", &x.median(axis)?)?;
            let x = x.variable();
            let gradients = x.cummax(axis)?.sum(..)?.backward()?;
            if let Some(gradient) = gradients.get(&x) {
                keep(results, "sums by segment", gradient)?;
            }
        }
    }
    Ok(())
}

fn products(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    let mut normal = |shape: &[usize]| random.normal(shape, dev);
    let (a, b, bias) = (normal(&[37, 70])?, normal(&[70, 65])?, normal(&[65])?);
    keep(results, "matmul", &a.matmul(&b)?)?;
    keep(results, "linear", &(a.matmul(&b)? + &bias).relu())?;
    keep(results, "transposed", &b.t().matmul(&a.t())?)?;
    keep(results, "vector", &a.matmul(&normal(&[70])?)?)?;
    keep(results, "row", &normal(&[37])?.matmul(&a)?)?;
    keep(results, "dot", &bias.matmul(&bias)?)?;
    let batch = normal(&[3, 1, 5, 9])?;
    keep(results, "batches", &batch.matmul(&normal(&[4, 9, 2])?)?)?;
    let whole = (normal(&[6, 7])? * 100.0).to_dtype(DType::I32);
    keep(results, "integers", &whole.matmul(&whole.t())?)
}

fn indexing(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    let x = random.normal([6, 5], dev)?;
    let rows = Tensor::new([5, 0, -1, 2, -6], dev)?;
    keep(results, "select", &x.index_select(0, &rows)?)?;
    keep(
        results,
        "gather",
        &x.gather(1, &Tensor::new([[0u32], [4], [2], [1], [3], [0]], dev)?)?,
    )?;
    keep(
        results,
        "one hot",
        &Tensor::new([0, 3, -3], dev)?.one_hot(4)?,
    )?;
    keep(
        results,
        "concat",
        &Tensor::concat(&[&x, &(&x + 1.0), &x.exp()], 1)?,
    )?;
    keep(results, "stack", &Tensor::stack(&[&x, &x.negative()], 0)?)?;
    keep(
        results,
        "gathered sum",
        &x.index_select(0, &rows)?.exp().sum(0)?,
    )
}

fn views(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    let x = random.normal([4, 5, 6], dev)?;
    keep(results, "slice", &x.slice(s![1..3, .., ..;-2])?.exp())?;
    keep(results, "permute", &(x.permute(&[2, 0, 1])? * 2.0))?;
    keep(results, "flip", &(x.flip(1)? + &x))?;
    keep(
        results,
        "broadcast",
        &(x.slice(s![.., 0..1, ..])?.broadcast_to([4, 5, 6])? - &x),
    )?;
    keep(
        results,
        "offset",
        &x.slice(s![2])?.matmul(&x.slice(s![1])?.t())?,
    )?;
    let deep = random.normal([2, 3, 1, 2, 1, 3, 2, 2], dev)?;
    keep(
        results,
        "deep",
        &(deep.permute(&[7, 1, 2, 5, 4, 3, 6, 0])?.exp() * 0.5),
    )?;
    keep(results, "eye", &Tensor::eye(5, 7, dev)?)?;
    keep(results, "line", &Tensor::linspace(-1.0, 1.0, 101, dev)?)
}

fn halves(dev: &Device, random: &mut Generator, results: &mut Results) -> Result<()> {
    if !dev.supports_f16() {
        return Ok(());
    }
    let values: Vec<f16> = EDGES.iter().map(|&v| f16::from_f32(v)).collect();
    let x = Tensor::from_slice(&values, [values.len()], dev)?;
    keep(results, "f16 exp", &x.exp())?;
    keep(results, "f16 sum", &(&x * 2.0 + 1.0))?;
    let m = random.normal([9, 17], dev)?.to_dtype(DType::F16);
    keep(results, "f16 rows", &m.sum(1)?)?;
    keep(results, "f16 matmul", &m.matmul(&m.t())?)?;
    keep(results, "f16 softmax", &m.softmax(-1)?)?;
    keep(results, "f16 odd slice", &m.slice(s![1.., 1..])?.tanh())?;
    keep(results, "f16 concat", &Tensor::concat(&[&m, &m], 0)?)
}
