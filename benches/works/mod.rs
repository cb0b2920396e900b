//! The work that is measured, by name: shared by `benches/kernels.rs`, which times tilewise alone, and
//! `benches/peers`, which times it beside other engines.

pub(crate) mod data;
pub(crate) mod reference;
pub(crate) mod tilewise;

/// A named piece of work.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) op: Op,
    /// Timed from the start of a process to the value on the host, once a process.
    pub(crate) cold: bool,
}

/// What is computed, all of it in f32 on matrices in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    /// `batch` products of (m, k) by (k, n). A transposed operand lies in memory as its transpose.
    Matmul {
        batch: usize,
        m: usize,
        n: usize,
        k: usize,
        left_transposed: bool,
        right_transposed: bool,
    },
    /// relu(a·b + c)·0.5 − a
    Chain { size: usize },
    Softmax {
        rows: usize,
        cols: usize,
        axis: usize,
    },
    /// Over an axis, or over all.
    Sum {
        rows: usize,
        cols: usize,
        axis: Option<usize>,
    },
    /// Over the last axis, with a weight and a bias, ε = 1e-5.
    LayerNorm { rows: usize, cols: usize },
    /// sin(sin(…sin(x))), `count` times.
    Sines { count: usize, size: usize },
    /// Steps of a perceptron with relu between its layers, cross entropy and Adam at 1e-3; the result
    /// is the last step's loss.
    Training {
        sizes: &'static [usize],
        batch: usize,
        steps: usize,
    },
    /// Host memory to a new tensor.
    Upload { size: usize },
    /// A tensor to new host memory.
    Readback { size: usize },
}

/// Added to the variance by a layer norm.
pub(crate) const EPSILON: f64 = 1e-5;
/// Adam's, with β 0.9 and 0.999 and ε 1e-8.
pub(crate) const LEARNING_RATE: f64 = 1e-3;

const SMALL_NET: &[usize] = &[64, 128, 10];
const LARGE_NET: &[usize] = &[784, 256, 128, 10];

/// All works; those that only a hardware GPU can do in reasonable time on demand.
pub(crate) fn all(large: bool) -> Vec<Work> {
    let mut works = Vec::new();
    let mut add = |name: &str, op: Op| {
        works.push(Work {
            name: name.into(),
            op,
            cold: false,
        });
    };
    let most = if large { 8192 } else { 2048 };
    for n in [64, 256, 512, 1024, 2048, 4096, 8192] {
        if n <= most {
            add(&format!("matmul_{n}"), matmul(1, n, n, n, "nn"));
        }
    }
    for layout in ["nt", "tn", "tt"] {
        add(
            &format!("matmul_512_{layout}"),
            matmul(1, 512, 512, 512, layout),
        );
    }
    add("matmul_64x128", matmul(64, 128, 128, 128, "nn"));
    add("matmul_tall", matmul(1, 8192, 64, 64, "nn"));
    add("matmul_dw", matmul(1, 64, 64, 8192, "tn"));
    add("gemv_ax", matmul(1, 4096, 1, 4096, "nn"));
    add("gemv_xa", matmul(1, 1, 4096, 4096, "nn"));
    add("chain_4m", Op::Chain { size: 1 << 22 });
    for (name, rows, cols, axis) in [
        ("softmax_4096x1024", 4096, 1024, 1),
        ("softmax_128x50257", 128, 50257, 1),
        ("softmax_axis0", 4096, 1024, 0),
    ] {
        add(name, Op::Softmax { rows, cols, axis });
    }
    for (name, axis) in [
        ("sum_rows", Some(1)),
        ("sum_columns", Some(0)),
        ("sum_all", None),
    ] {
        let (rows, cols) = (4096, 1024);
        add(name, Op::Sum { rows, cols, axis });
    }
    add(
        "layer_norm",
        Op::LayerNorm {
            rows: 4096,
            cols: 1024,
        },
    );
    add(
        "small_op",
        Op::Sines {
            count: 500,
            size: 16,
        },
    );
    add("mlp_small", training(SMALL_NET, 64, 50));
    add("mlp_large", training(LARGE_NET, 256, 10));
    add("upload_64mb", Op::Upload { size: 1 << 24 });
    add("readback_64mb", Op::Readback { size: 1 << 24 });
    let mut cold = |name: &str, op: Op| {
        works.push(Work {
            name: name.into(),
            op,
            cold: true,
        });
    };
    cold("first_matmul", matmul(1, 256, 256, 256, "nn"));
    cold("first_mlp_step", training(SMALL_NET, 64, 1));
    works
}

fn matmul(batch: usize, m: usize, n: usize, k: usize, layout: &str) -> Op {
    Op::Matmul {
        batch,
        m,
        n,
        k,
        left_transposed: layout.starts_with('t'),
        right_transposed: layout.ends_with('t'),
    }
}

fn training(sizes: &'static [usize], batch: usize, steps: usize) -> Op {
    Op::Training {
        sizes,
        batch,
        steps,
    }
}

impl Op {
    /// The shapes of the operands as they lie in memory: for training the input, then each layer's
    /// weight (outputs, inputs). Operand number `i` holds [`data::operand`] `(self, i)`.
    pub(crate) fn operands(&self) -> Vec<Vec<usize>> {
        match *self {
            Op::Matmul {
                batch,
                m,
                n,
                k,
                left_transposed,
                right_transposed,
            } => {
                let shape = |rows, cols, transposed| {
                    let matrix = if transposed {
                        [cols, rows]
                    } else {
                        [rows, cols]
                    };
                    let batch = (batch > 1).then_some(batch);
                    batch.into_iter().chain(matrix).collect()
                };
                vec![shape(m, k, left_transposed), shape(k, n, right_transposed)]
            }
            Op::Chain { size } => vec![vec![size]; 3],
            Op::Softmax { rows, cols, .. } | Op::Sum { rows, cols, .. } => vec![vec![rows, cols]],
            Op::LayerNorm { rows, cols } => vec![vec![rows, cols], vec![cols], vec![cols]],
            Op::Sines { size, .. } | Op::Upload { size } | Op::Readback { size } => {
                vec![vec![size]]
            }
            Op::Training { sizes, batch, .. } => {
                let weights = sizes.windows(2).map(|w| vec![w[1], w[0]]);
                std::iter::once(vec![batch, sizes[0]])
                    .chain(weights)
                    .collect()
            }
        }
    }

    /// Elements of the result.
    pub(crate) fn results(&self) -> usize {
        match *self {
            Op::Matmul { batch, m, n, .. } => batch * m * n,
            Op::Chain { size }
            | Op::Sines { size, .. }
            | Op::Upload { size }
            | Op::Readback { size } => size,
            Op::Softmax { rows, cols, .. } | Op::LayerNorm { rows, cols } => rows * cols,
            Op::Sum { rows, cols, axis } => match axis {
                Some(0) => cols,
                Some(_) => rows,
                None => 1,
            },
            Op::Training { .. } => 1,
        }
    }

    /// Pieces that the time of one run is divided by: operations of a sequence, steps of training.
    pub(crate) fn pieces(&self) -> usize {
        match *self {
            Op::Sines { count, .. } => count,
            Op::Training { steps, .. } => steps,
            _ => 1,
        }
    }

    /// Floating-point operations of a piece that are counted against the ceiling: those of matrix
    /// products alone.
    pub(crate) fn flops(&self) -> f64 {
        match *self {
            Op::Matmul { batch, m, n, k, .. } => 2.0 * (batch * m) as f64 * (n * k) as f64,
            Op::Training { sizes, batch, .. } => {
                // Forward, by the weights, and but for the first layer by the input.
                let products = sizes.windows(2).map(|w| 6.0 * (w[0] * w[1]) as f64);
                let unused = 2.0 * (sizes[0] * sizes[1]) as f64;
                (products.sum::<f64>() - unused) * batch as f64
            }
            _ => 0.0,
        }
    }

    /// Bytes of a piece that must be read or written at least once; none where the ceiling is not
    /// memory's.
    pub(crate) fn bytes(&self) -> f64 {
        let floats = match *self {
            Op::Sines { .. } | Op::Upload { .. } | Op::Readback { .. } => 0,
            // Adam reads a parameter, two moments and a gradient, and writes all but the last.
            Op::Training { sizes, .. } => {
                7 * sizes.windows(2).map(|w| (w[0] + 1) * w[1]).sum::<usize>()
            }
            _ => {
                let operands = self.operands();
                let read: usize = operands.iter().map(|s| s.iter().product::<usize>()).sum();
                read + self.results()
            }
        };
        4.0 * floats as f64
    }
}
