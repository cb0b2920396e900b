//! Matrices with orthonormal rows.

use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A gain times orthonormal rows, or columns where there are fewer of them.
#[track_caller]
pub(super) fn draw(
    shape: &Shape,
    gain: f64,
    generator: &mut Generator,
    device: &Device,
) -> Result<Tensor> {
    let [outputs, ref rest @ ..] = *shape.dims() else {
        return Err(flat(shape));
    };
    if rest.is_empty() {
        return Err(flat(shape));
    }
    let inputs: usize = rest.iter().product();
    let (count, length) = (outputs.min(inputs), outputs.max(inputs));
    device.check_size("Init::Orthogonal", shape, DType::F32)?;
    let normal = generator.normal_on_host(count * length);
    let mut rows: Vec<Vec<f64>> = normal
        .chunks_exact(length.max(1))
        .map(<[f64]>::to_vec)
        .collect();
    orthonormalize(&mut rows);
    let at = |output: usize, input: usize| match outputs <= inputs {
        true => rows[output][input],
        false => rows[input][output],
    };
    let places = (0..outputs).flat_map(|output| (0..inputs).map(move |input| (output, input)));
    let values: Vec<f32> = places.map(|(o, i)| (gain * at(o, i)) as f32).collect();
    Tensor::from_slice(&values, shape.clone(), device)
}

#[track_caller]
fn flat(shape: &Shape) -> Error {
    let message = "an orthogonal weight has at least two dimensions, (outputs, inputs, …)";
    Error::shape("Init::Orthogonal", shape, message)
}

/// Gram and Schmidt's method: from each row, what the rows before it hold is taken, twice, after which nothing
/// of them is left but rounding (Giraud et al., "The loss of orthogonality in the Gram–Schmidt
/// orthogonalization process", 2005). Of normal numbers the result is evenly distributed, as Q of QR is where
/// the diagonal of R is positive.
fn orthonormalize(rows: &mut [Vec<f64>]) {
    for k in 0..rows.len() {
        let (before, rest) = rows.split_at_mut(k);
        let row = &mut rest[0];
        let mut axes = 0..row.len();
        while !independent(before, row) {
            // As good as never: the row was a combination of those before. Some axis is none.
            let Some(axis) = axes.next() else { break };
            row.fill(0.0);
            row[axis] = 1.0;
        }
    }
}

/// Makes a row orthogonal to others and of length 1; `false` where too little is left of it.
fn independent(before: &[Vec<f64>], row: &mut [f64]) -> bool {
    let length = dot(row, row).sqrt();
    for _ in 0..2 {
        for other in before {
            let part = dot(other, row);
            for (x, y) in row.iter_mut().zip(other) {
                *x -= part * y;
            }
        }
    }
    let left = dot(row, row).sqrt();
    for x in row.iter_mut() {
        *x /= left;
    }
    left > 1e-8 * length
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
