//! Random networks, layer by layer over a batch, against plain loops in f64.
//!
//! The reference uses arrays and loops only: no tensor, no layout, no plan. It carries a bound on the
//! error with each value. With u = 2⁻²⁴, a sum of k products and a bias in any order is off by at
//! most γ = (k + 2)·u / (1 − (k + 2)·u) times the sum of their sizes (Higham, *Accuracy and Stability
//! of Numerical Algorithms*, 3.1), and errors of the inputs arrive multiplied by the weights' sizes.
//! An activation passes an error on multiplied by its steepest slope, and adds the ULPs that the
//! table of operations promises. What may be flushed to zero is at most the smallest normal number
//! for each operation.

use tilewise::prelude::*;
use tilewise::{DeviceKind, Result};

tests![
    digits_sizes,
    tile_edges,
    wide,
    single_units,
    empty_batch,
    random
];

const U: f64 = 1.0 / (1 << 24) as f64;
const TINY: f64 = f32::MIN_POSITIVE as f64;
/// Multiplications of the reference in one network; more rows than that allows are a sample.
const WORK: usize = 6_000_000;

/// An activation: name, tensor method, meaning, steepest slope, ULPs.
struct Activation(
    &'static str,
    fn(&Tensor) -> Result<Tensor>,
    fn(f64) -> f64,
    f64,
    f64,
);

const SLOPE: f64 = 0.125;
const ALPHA: f64 = 1.5;

const ACTIVATIONS: [Activation; 11] = [
    Activation("identity", |t| Ok(t.clone()), |z| z, 1.0, 0.0),
    Activation("relu", |t| Ok(t.relu()), |z| z.max(0.0), 1.0, 0.0),
    Activation(
        "sigmoid",
        |t| Ok(t.sigmoid()),
        |z| 1.0 / (1.0 + (-z).exp()),
        0.25,
        2.0,
    ),
    Activation("tanh", |t| Ok(t.tanh()), f64::tanh, 1.0, 2.0),
    Activation("gelu", |t| Ok(t.gelu()), |z| z * normal(z), 1.13, 4.0),
    Activation("gelu_tanh", |t| Ok(t.gelu_tanh()), gelu_tanh, 1.13, 4.0),
    Activation(
        "silu",
        |t| Ok(t.silu()),
        |z| z / (1.0 + (-z).exp()),
        1.1,
        4.0,
    ),
    Activation(
        "softplus",
        |t| Ok(t.softplus()),
        |z| z.max(0.0) + (-z.abs()).exp().ln_1p(),
        1.0,
        4.0,
    ),
    Activation(
        "leaky_relu",
        |t| t.leaky_relu(SLOPE as f32),
        |z| z.max(SLOPE * z),
        1.0,
        1.0,
    ),
    Activation(
        "elu",
        |t| t.elu(ALPHA as f32),
        |z| if z > 0.0 { z } else { ALPHA * z.exp_m1() },
        ALPHA,
        4.0,
    ),
    Activation(
        "erf",
        |t| Ok(t.erf()),
        |z| 1.0 - 2.0 * normal(-z * std::f64::consts::SQRT_2),
        std::f64::consts::FRAC_2_SQRT_PI,
        4.0,
    ),
];

/// The tanh approximation of GELU, as a logistic function: 1 + tanh(t) is 2 / (1 + e⁻²ᵗ), which does
/// not cancel.
fn gelu_tanh(z: f64) -> f64 {
    let t = (2.0 / std::f64::consts::PI).sqrt() * (z + 0.044715 * z.powi(3));
    z / (1.0 + (-2.0 * t).exp())
}

/// The normal distribution function.
fn normal(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    if x.abs() < 2.5 {
        // erf as its Taylor series.
        let (mut term, mut sum) = (x, x);
        for n in 1..60 {
            term *= -x * x / n as f64;
            sum += term / (2 * n + 1) as f64;
        }
        return 0.5 + sum / std::f64::consts::PI.sqrt();
    }
    // erfc as its continued fraction, from far inside.
    let y = x.abs();
    let fraction = (1..80).rev().fold(y, |f, n| y + n as f64 / 2.0 / f);
    let tail = 0.5 * (-y * y).exp() / (fraction * std::f64::consts::PI.sqrt());
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// How a layer is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// x·W + b, a sample a row.
    Rows,
    /// x·Vᵀ + b with V = Wᵀ stored: a row for each target.
    RowsByTarget,
    /// V·x + b, a sample a column.
    Columns,
}

struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        self.bits() as usize % n
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Numbers in [−size, size).
    fn numbers(&mut self, count: usize, size: f64) -> Vec<f32> {
        let unit = 1.0 / (1u64 << 30) as f64;
        (0..count)
            .map(|_| ((self.bits() as f64 * unit - 1.0) * size) as f32)
            .collect()
    }
}

struct Network {
    form: Form,
    widths: Vec<usize>,
    batch: usize,
    activation: &'static Activation,
    input: Vec<f32>,
    /// Row by source, column by target.
    weights: Vec<Vec<f32>>,
    biases: Vec<Vec<f32>>,
}

impl Network {
    fn new(
        random: &mut Random,
        form: Form,
        widths: &[usize],
        batch: usize,
        activation: &'static Activation,
    ) -> Self {
        // Weights whose sizes sum to about 1 for a target keep values, and bounds, at the same size
        // from layer to layer; the biases keep them from fading.
        let weights =
            |w: &[usize], random: &mut Random| random.numbers(w[0] * w[1], 2.0 / w[0] as f64);
        Self {
            form,
            batch,
            activation,
            input: random.numbers(batch * widths[0], 2.0),
            weights: widths.windows(2).map(|w| weights(w, random)).collect(),
            biases: widths[1..]
                .iter()
                .map(|&w| random.numbers(w, 1.0))
                .collect(),
            widths: widths.to_vec(),
        }
    }

    fn name(&self) -> String {
        let Self {
            form,
            widths,
            batch,
            activation,
            ..
        } = self;
        format!(
            "{form:?}, widths {widths:?}, batch {batch}, {}",
            activation.0
        )
    }

    /// The output, a sample a row.
    fn run(&self, device: &Device) -> Result<Vec<f32>> {
        let (widths, batch) = (&self.widths, self.batch);
        let mut x = Tensor::from_slice(&self.input, [batch, widths[0]], device)?;
        if let Form::Columns = self.form {
            x = x.t();
        }
        for (l, w) in widths.windows(2).enumerate() {
            let weight = Tensor::from_slice(&self.weights[l], [w[0], w[1]], device)?;
            let bias = Tensor::from_slice(&self.biases[l], [w[1]], device)?;
            let z = match self.form {
                Form::Rows => x.matmul(&weight)? + &bias,
                Form::RowsByTarget => {
                    // Stored the other way round, and used transposed.
                    let stored = Tensor::from_slice(
                        &transposed(&self.weights[l], w[1]),
                        [w[1], w[0]],
                        device,
                    )?;
                    x.matmul(&stored.t())? + &bias
                }
                Form::Columns => weight.t().matmul(&x)? + bias.unsqueeze(1)?,
            };
            x = (self.activation.1)(&z)?;
        }
        let out = widths[widths.len() - 1];
        if let Form::Columns = self.form {
            assert_eq!(x.shape(), [out, batch]);
            x = x.t();
        }
        assert_eq!(x.shape(), [batch, out]);
        x.to_vec()
    }

    /// One row of the output, each value with the bound on its error.
    fn reference(&self, row: usize) -> Vec<(f64, f64)> {
        let width = self.widths[0];
        let mut values: Vec<(f64, f64)> = self.input[row * width..][..width]
            .iter()
            .map(|&x| (x as f64, 0.0))
            .collect();
        for (weights, biases) in self.weights.iter().zip(&self.biases) {
            let Activation(_, _, meaning, slope, ulps) = *self.activation;
            let terms = (values.len() + 2) as f64;
            let gamma = terms * U / (1.0 - terms * U);
            // The value, the sizes of its terms, the errors that arrive.
            let mut sums: Vec<[f64; 3]> = biases
                .iter()
                .map(|&b| [b as f64, (b as f64).abs(), 0.0])
                .collect();
            for (&(x, error), weights) in values.iter().zip(weights.chunks(biases.len())) {
                let size = x.abs() + error;
                for (sum, &w) in sums.iter_mut().zip(weights) {
                    let w = w as f64;
                    sum[0] += w * x;
                    sum[1] += w.abs() * size;
                    sum[2] += w.abs() * error;
                }
            }
            values = sums
                .iter()
                .map(|&[z, size, error]| {
                    let before = error + gamma * size + terms * TINY;
                    let y = meaning(z);
                    let after = slope * before;
                    // A ULP is at most 2u of the value, which is the device's own.
                    (y, after + ulps * 2.0 * U * (y.abs() + after) + TINY)
                })
                .collect();
        }
        values
    }

    fn check(&self, device: &Device) -> Result<()> {
        let name = self.name();
        let got = self.run(device)?;
        let host = match device.info().kind {
            DeviceKind::Cpu => None,
            _ => Some(self.run(&Device::cpu())?),
        };
        let work: usize = self.widths.windows(2).map(|w| w[0] * w[1]).sum();
        let rows = (WORK / work).clamp(1, 16).min(self.batch);
        let out = self.widths[self.widths.len() - 1];
        assert_eq!(got.len(), self.batch * out, "{name}");
        for i in 0..rows {
            // From the last row on: what lies at the edge is always among them.
            let row = self.batch - 1 - i * self.batch / rows;
            for (column, (want, bound)) in self.reference(row).into_iter().enumerate() {
                let got = got[row * out + column] as f64;
                assert!(
                    (got - want).abs() <= bound,
                    "{name} on {device}: row {row}, column {column}: got {got:e}, want {want:e}: \
                     off by {:.2e}, {bound:.2e} allowed",
                    (got - want).abs()
                );
                if let Some(host) = &host {
                    let host = host[row * out + column] as f64;
                    assert!(
                        (got - host).abs() <= 2.0 * bound,
                        "{name}: row {row}, column {column}: {device} gives {got:e}, the CPU \
                         {host:e}: {:.2e} apart, {:.2e} allowed",
                        (got - host).abs(),
                        2.0 * bound
                    );
                }
            }
        }
        Ok(())
    }
}

fn transposed(weights: &[f32], columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|c| weights.iter().skip(c).step_by(columns).copied())
        .collect()
}

fn by_name(name: &str) -> &'static Activation {
    ACTIVATIONS
        .iter()
        .find(|a| a.0 == name)
        .expect("an activation of the list")
}

const FORMS: [Form; 3] = [Form::Rows, Form::RowsByTarget, Form::Columns];

fn digits_sizes(device: &Device) -> Result<()> {
    for form in FORMS {
        let mut random = Random(1);
        Network::new(&mut random, form, &[64, 128, 10], 64, by_name("relu")).check(device)?;
        Network::new(&mut random, form, &[784, 128, 10], 37, by_name("relu")).check(device)?;
    }
    Ok(())
}

/// Widths and batches at and around the sizes of tiles and blocks.
fn tile_edges(device: &Device) -> Result<()> {
    let mut random = Random(2);
    for (i, size) in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]
        .into_iter()
        .enumerate()
    {
        for (j, form) in FORMS.into_iter().enumerate() {
            let widths = [size, size + 1, size];
            let batch = [size, size + 1, size + 3][(i + j) % 3];
            Network::new(&mut random, form, &widths, batch, by_name("tanh")).check(device)?;
        }
    }
    Ok(())
}

fn wide(device: &Device) -> Result<()> {
    let mut random = Random(3);
    let relu = by_name("relu");
    Network::new(&mut random, Form::Rows, &[2049, 2049], 65, relu).check(device)?;
    Network::new(&mut random, Form::RowsByTarget, &[31, 2049, 33], 513, relu).check(device)?;
    Network::new(&mut random, Form::Columns, &[1, 2048, 1], 512, relu).check(device)
}

fn single_units(device: &Device) -> Result<()> {
    for activation in &ACTIVATIONS {
        Network::new(&mut Random(4), Form::Rows, &[1; 9], 1, activation).check(device)?;
    }
    Ok(())
}

fn empty_batch(device: &Device) -> Result<()> {
    for form in FORMS {
        Network::new(&mut Random(5), form, &[7, 9, 4], 0, by_name("silu")).check(device)?;
    }
    Ok(())
}

/// 1 to 8 layers, mostly small, every activation in every form.
fn random(device: &Device) -> Result<()> {
    for (i, activation) in ACTIVATIONS.iter().enumerate() {
        for (j, form) in FORMS.into_iter().enumerate() {
            let mut random = Random(100 + (3 * i + j) as u64);
            let layers = 1 + random.below(8);
            let widths: Vec<usize> = (0..=layers)
                .map(|_| match random.below(8) {
                    0 => random.pick(&[1, 2, 3]),
                    1 => random.pick(&[127, 128, 129, 255, 257]),
                    2 => 1 + random.below(300),
                    _ => 1 + random.below(70),
                })
                .collect();
            let batch = match random.below(6) {
                0 => 513,
                1 => 1,
                _ => 1 + random.below(100),
            };
            Network::new(&mut random, form, &widths, batch, activation).check(device)?;
        }
    }
    Ok(())
}
