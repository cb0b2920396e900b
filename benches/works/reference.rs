//! Results in f64, at a sample of places, with the error that is allowed there.
//!
//! The tolerances are wide: they tell a wrong result from a right one, and let every order of
//! summation and every approximation of f32 pass.

use super::{EPSILON, LEARNING_RATE, Op, data};

/// A result that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) value: f64,
    /// The largest difference that counts as right.
    pub(crate) tolerance: f64,
}

/// Places in a result that are compared: up to 64, spread evenly, the first and the last among them.
pub(crate) fn sample(op: &Op) -> Vec<usize> {
    let size = op.results();
    let count = size.min(64);
    (0..count)
        .map(|i| i * (size - 1) / (count - 1).max(1))
        .collect()
}

/// The results at [`sample`]'s places.
pub(crate) fn expected(op: &Op) -> Vec<Expected> {
    let operands: Vec<Vec<f32>> = (0..op.operands().len())
        .map(|index| data::operand(op, index))
        .collect();
    if let Op::Training {
        sizes,
        batch,
        steps,
    } = *op
    {
        let value = loss(sizes, batch, steps, &operands);
        // Single precision drifts from step to step.
        let tolerance = 1e-2 * value;
        return vec![Expected { value, tolerance }];
    }
    sample(op)
        .into_iter()
        .map(|at| element(op, &operands, at))
        .collect()
}

fn element(op: &Op, operands: &[Vec<f32>], at: usize) -> Expected {
    let x = |i: usize| f64::from(operands[0][i]);
    match *op {
        Op::Matmul {
            m,
            n,
            k,
            left_transposed,
            right_transposed,
            ..
        } => {
            let (batch, row, col) = (at / (m * n), at / n % m, at % n);
            let mut terms = (0..k).map(|p| {
                let left = if left_transposed {
                    p * m + row
                } else {
                    row * k + p
                };
                let right = if right_transposed {
                    col * k + p
                } else {
                    p * n + col
                };
                x(batch * m * k + left) * f64::from(operands[1][batch * k * n + right])
            });
            sum(&mut terms)
        }
        Op::Chain { .. } => {
            let (b, c) = (f64::from(operands[1][at]), f64::from(operands[2][at]));
            let value = (x(at) * b + c).max(0.0) * 0.5 - x(at);
            let tolerance = 1e-6;
            Expected { value, tolerance }
        }
        Op::Softmax { .. } => {
            let total: f64 = line(op, at).map(|i| x(i).exp()).sum();
            let value = x(at).exp() / total;
            let tolerance = 1e-4 * value;
            Expected { value, tolerance }
        }
        Op::Sum { .. } => sum(&mut line(op, at).map(x)),
        Op::LayerNorm { cols, .. } => {
            let count = cols as f64;
            let mean = line(op, at).map(x).sum::<f64>() / count;
            let variance = line(op, at).map(|i| (x(i) - mean).powi(2)).sum::<f64>() / count;
            let (weight, bias) = (operands[1][at % cols], operands[2][at % cols]);
            let unit = (x(at) - mean) / (variance + EPSILON).sqrt();
            let value = unit * f64::from(weight) + f64::from(bias);
            let tolerance = 1e-4;
            Expected { value, tolerance }
        }
        Op::Sines { count, .. } => {
            let value = (0..count).fold(x(at), |y, _| y.sin());
            let tolerance = 1e-4;
            Expected { value, tolerance }
        }
        Op::Upload { .. } | Op::Readback { .. } => {
            let value = x(at);
            // Exact in f32; a reader of JSON may lose the last bit of an f64.
            let tolerance = 1e-12;
            Expected { value, tolerance }
        }
        Op::Training { .. } => unreachable!("training has its own reference"),
    }
}

/// A sum, within 1e-5 of the sum of the terms' sizes.
fn sum(terms: &mut dyn Iterator<Item = f64>) -> Expected {
    let (value, size) = terms.fold((0.0, 0.0), |(v, s), t| (v + t, s + t.abs()));
    let tolerance = 1e-5 * size;
    Expected { value, tolerance }
}

/// The places of the operand that the result at a place is reduced from or normalised over.
fn line(op: &Op, at: usize) -> impl Iterator<Item = usize> {
    let (start, step, count) = match *op {
        Op::Softmax {
            rows,
            cols,
            axis: 0,
        } => (at % cols, cols, rows),
        Op::Softmax { cols, .. } | Op::LayerNorm { cols, .. } => (at / cols * cols, 1, cols),
        Op::Sum { rows, cols, axis } => match axis {
            Some(0) => (at, cols, rows),
            Some(_) => (at * cols, 1, cols),
            None => (0, 1, rows * cols),
        },
        _ => (at, 1, 1),
    };
    (0..count).map(move |i| start + i * step)
}

/// A parameter with Adam's two moments.
struct Parameter {
    value: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Parameter {
    fn new(value: Vec<f64>) -> Self {
        let zeros = vec![0.0; value.len()];
        Self {
            value,
            first: zeros.clone(),
            second: zeros,
        }
    }

    fn step(&mut self, gradient: &[f64], step: i32) {
        let unbias = |beta: f64| 1.0 / (1.0 - beta.powi(step));
        for (i, g) in gradient.iter().enumerate() {
            self.first[i] = 0.9 * self.first[i] + 0.1 * g;
            self.second[i] = 0.999 * self.second[i] + 0.001 * g * g;
            let root = (self.second[i] * unbias(0.999)).sqrt();
            self.value[i] -= LEARNING_RATE * self.first[i] * unbias(0.9) / (root + 1e-8);
        }
    }
}

/// The loss of the last of some steps of training.
fn loss(sizes: &[usize], batch: usize, steps: usize, operands: &[Vec<f32>]) -> f64 {
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let mut weights: Vec<Parameter> = operands[1..]
        .iter()
        .map(|w| Parameter::new(wide(w)))
        .collect();
    let mut biases: Vec<Parameter> = sizes[1..]
        .iter()
        .map(|n| Parameter::new(vec![0.0; *n]))
        .collect();
    let layers = weights.len();
    let classes = sizes[layers];
    let labels = data::labels(batch, classes);
    let mut loss = 0.0;
    for step in 1..=steps {
        // The input of each layer, and the logits.
        let mut values = vec![wide(&operands[0])];
        for layer in 0..layers {
            let (inputs, outputs) = (sizes[layer], sizes[layer + 1]);
            let mut next = Vec::with_capacity(batch * outputs);
            for row in values[layer].chunks(inputs) {
                for (weight, bias) in weights[layer]
                    .value
                    .chunks(inputs)
                    .zip(&biases[layer].value)
                {
                    let sum: f64 = row.iter().zip(weight).map(|(x, w)| x * w).sum();
                    let sum = sum + bias;
                    next.push(if layer + 1 < layers {
                        sum.max(0.0)
                    } else {
                        sum
                    });
                }
            }
            values.push(next);
        }
        loss = 0.0;
        let mut gradient = Vec::with_capacity(batch * classes);
        for (row, label) in values[layers].chunks(classes).zip(&labels) {
            let total: f64 = row.iter().map(|x| x.exp()).sum();
            loss += (total.ln() - row[*label as usize]) / batch as f64;
            gradient.extend(row.iter().enumerate().map(|(class, x)| {
                let hit = f64::from(u8::from(class == *label as usize));
                (x.exp() / total - hit) / batch as f64
            }));
        }
        for layer in (0..layers).rev() {
            let (inputs, outputs) = (sizes[layer], sizes[layer + 1]);
            let mut by_weight = vec![0.0; inputs * outputs];
            let mut by_bias = vec![0.0; outputs];
            let mut by_input = vec![0.0; batch * inputs];
            for (row, g) in gradient.chunks(outputs).enumerate() {
                let x = &values[layer][row * inputs..][..inputs];
                let dx = &mut by_input[row * inputs..][..inputs];
                for (out, g) in g.iter().enumerate().filter(|(_, g)| **g != 0.0) {
                    by_bias[out] += g;
                    let dw = &mut by_weight[out * inputs..][..inputs];
                    let w = &weights[layer].value[out * inputs..][..inputs];
                    for i in 0..inputs {
                        dw[i] += g * x[i];
                        dx[i] += g * w[i];
                    }
                }
            }
            for (dx, x) in by_input.iter_mut().zip(&values[layer]) {
                // The input of all layers but the first is a relu's output.
                if layer > 0 && *x <= 0.0 {
                    *dx = 0.0;
                }
            }
            weights[layer].step(&by_weight, step as i32);
            biases[layer].step(&by_bias, step as i32);
            gradient = by_input;
        }
    }
    loss
}
