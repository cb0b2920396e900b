//! What each function of the page gives at the edges: for empty tensors and numbers, axes of size 1 and from
//! the end, NaN, zeros of both signs, infinities, duplicates, what is out of range, each of the dtypes, and
//! operands that lie apart and backwards in memory.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tilewise::{DType, Device, Result, Tensor};

use super::calls::Call;
use crate::support::compare::{assert_same, error_on};
use crate::support::golden::{Array, Case, Golden};
use crate::support::own;

/// The files of calls; each test below runs one.
pub(super) const FILES: [&str; 8] = [
    "edges_unary.txt",
    "edges_binary.txt",
    "edges_reductions.txt",
    "edges_axes.txt",
    "edges_shapes.txt",
    "edges_indexing.txt",
    "edges_products.txt",
    "edges_making.txt",
];

tests![
    unary, binary, reductions, axes, shapes, indexing, products, making
];

fn unary(device: &Device) -> Result<()> {
    file(device, FILES[0])
}

fn binary(device: &Device) -> Result<()> {
    file(device, FILES[1])
}

fn reductions(device: &Device) -> Result<()> {
    file(device, FILES[2])
}

fn axes(device: &Device) -> Result<()> {
    file(device, FILES[3])
}

fn shapes(device: &Device) -> Result<()> {
    file(device, FILES[4])
}

fn indexing(device: &Device) -> Result<()> {
    file(device, FILES[5])
}

fn products(device: &Device) -> Result<()> {
    file(device, FILES[6])
}

fn making(device: &Device) -> Result<()> {
    file(device, FILES[7])
}

/// The names of all functions that the files call.
pub(super) fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in FILES {
        for case in Golden::read(file).cases() {
            names.extend(calls(case).map(|text| Call::name_of(text).to_owned()));
        }
    }
    names
}

/// The calls of a case; those of several results have keys of the results besides.
fn calls(case: &Case) -> impl Iterator<Item = &str> {
    case.keys().filter(|key| key.ends_with(')'))
}

/// Runs all calls of a file, each on operands that lie one after another and on strided ones, and panics
/// with all that differ.
fn file(device: &Device, file: &str) -> Result<()> {
    // An index out of range is told to the next read on the device, which must not be another test's.
    let device = &own(device)?;
    let golden = Golden::read(file);
    let mut wrong = Vec::new();
    for case in golden.cases() {
        let lying: [fn(&Array, &Device) -> Result<Tensor>; 2] = [Array::tensor, Array::strided];
        for (lie, how) in lying.into_iter().zip(["", ", strided"]) {
            let operand = |key| case.try_array(key).map(|array| lie(array, device));
            let [x, y, z] = ["x", "y", "z"].map(|key| operand(key).transpose());
            let (x, y, z) = (x?, y?, z?);
            for text in calls(case) {
                let call = Call::new(text, [x.as_ref(), y.as_ref(), z.as_ref()]);
                // All failures are told at once: a file holds hundreds of calls.
                let checked = catch_unwind(AssertUnwindSafe(|| check(device, case, text, &call)));
                if let Err(panic) = checked {
                    let message = panic.downcast_ref::<String>().cloned();
                    let message = message.unwrap_or_else(|| "a panic".into());
                    wrong.push(format!("{text} of {}{how}: {message}", case.name));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} calls of {file} differ on {device}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

fn check(device: &Device, case: &Case, text: &str, call: &Call<'_>) {
    // An error may be found when the call is made or when its result is read.
    let results = call.run().and_then(|results| {
        let read = results.iter().map(|t| Ok((t, t.to_vec::<f64>()?)));
        Ok(read.collect::<Result<Vec<_>>>()?.len()).map(|_| results)
    });
    if case.text(text) == Some("error") {
        let Err(error) = results else {
            panic!("must fail, and gives {results:?}");
        };
        let method = call.name.trim_start_matches("try_");
        let named = error.to_string().starts_with(&format!("{method}:"));
        assert!(named, "the error does not name the method: {error}");
        return;
    }
    let results = results.unwrap_or_else(|error| panic!("fails: {error}"));
    if let Some(want) = case.try_array(text) {
        assert_eq!(results.len(), 1, "results");
        return same(device, text, &results[0], want);
    }
    assert_eq!(results.len(), case.value::<usize>(text), "results");
    for (at, got) in results.iter().enumerate() {
        same(device, text, got, case.array(&format!("{text}/{at}")));
    }
}

fn same(device: &Device, text: &str, got: &Tensor, want: &Array) {
    assert_eq!(got.shape(), want.shape, "shape");
    let dtype = if want.dtype == "f64" {
        "f32"
    } else {
        &want.dtype
    };
    assert_eq!(got.dtype().name(), dtype, "dtype");
    let read = "a result that was read once";
    if got.dtype() != DType::F32 {
        let want: Vec<f64> = match got.dtype() {
            DType::Bool => want.bools().into_iter().map(f64::from).collect(),
            _ => want.values(),
        };
        return assert_same("values", &got.to_vec::<f64>().expect(read), &want);
    }
    let (name, _) = text.split_once('(').expect("a call has parentheses");
    let bound = bound(text, name);
    let (got, want) = (got.to_vec::<f32>().expect(read), want.values::<f64>());
    for (at, (&got, &want)) in got.iter().zip(&want).enumerate() {
        let free = want.abs() < 1.0 && DIFFERENCES.contains(&name)
            || got == 0.0 && want == 0.0 && ZEROS.contains(&name);
        let error = match free {
            true => (got as f64 - want).abs() / f32::EPSILON as f64,
            false => error_on(device, got, want),
        };
        assert!(
            error <= bound,
            "element {at}: got {got:?}, want {want:?}: {error:.1} ULP off, {bound} allowed"
        );
    }
}

/// Functions that may choose one of two zeros, which are equal: NumPy does not say which.
const ZEROS: [&str; 22] = [
    "partition",
    "relu",
    "max",
    "min",
    "nanmax",
    "nanmin",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "cummax",
    "cummin",
    "sort",
    "sort_descending",
    "topk",
    "topk_smallest",
    "kthvalue",
    "unique",
    "unique_counts",
    "unique_inverse",
    "sign",
    "tensordot",
];

/// How far a result may be from NumPy's in f64, in ULP: a half where no more is rounded than the result. The bounds of each function
/// are in its documentation and have tests of their own; here are too few values to find the worst.
fn bound(text: &str, name: &str) -> f64 {
    match name {
        "sqrt" | "rsqrt" | "cbrt" | "reciprocal" | "exp" | "exp2" | "expm1" | "ln" | "log2"
        | "log10" | "log1p" | "sin" | "cos" | "tan" | "asin" | "acos" | "atan" | "sinh"
        | "cosh" | "tanh" | "asinh" | "acosh" | "atanh" | "sigmoid" | "erf" | "gelu"
        | "gelu_tanh" | "silu" | "softplus" | "elu" | "degrees" | "radians" | "try_div" | "pow"
        | "atan2" | "hypot" | "lerp" | "round_to" => 4.0,
        "mean" | "var" | "std" | "nanmean" | "nanvar" | "nanstd" | "quantile" | "percentile"
        | "median" | "nanmedian" | "arange" | "linspace" | "normalize" | "cdist" => 4.0,
        "sinc" | "logaddexp" | "logaddexp2" | "softmax" | "log_softmax" | "logsumexp" => 4.0,
        // 1/3 is rounded to f32 before it is an exponent: of sums near 10²⁸ that is 6 ULP.
        "norm" if text.starts_with("norm(3") => 16.0,
        "norm" => 4.0,
        _ => 0.5,
    }
}

/// Functions whose results come near 0 as differences of larger numbers: their error is one of those, and is
/// measured in ULP of 1 at least.
const DIFFERENCES: [&str; 6] = [
    "arange",
    "log_softmax",
    "logsumexp",
    "quantile",
    "percentile",
    "sinc",
];
