//! What parent and peer say to each other: a line of JSON each, over standard input and output.

use std::io::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Result;
use crate::works::{Op, Work, reference};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Make operands, compute once, warm up.
    Prepare {
        work: String,
        op: Value,
        /// Places of the result to tell.
        sample: Vec<usize>,
    },
    /// Run what is prepared, again and again for about so many seconds.
    Time { seconds: f64 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The first line of a peer: what it is and runs on.
    Hello {
        version: String,
        device: String,
    },
    /// The first result, at the sample's places.
    Ready {
        values: Vec<f64>,
    },
    /// The median of so many runs.
    Timed {
        seconds: f64,
        runs: usize,
    },
    /// The peer has no such operation, or is not installed.
    Absent {
        why: String,
    },
    Failed {
        why: String,
    },
}

/// A request to prepare a work, with all that a peer in another language needs to know of it.
pub fn prepare(work: &Work) -> Request {
    let mut op = match work.op {
        Op::Matmul {
            batch,
            m,
            n,
            k,
            left_transposed,
            right_transposed,
        } => {
            json!({"kind": "matmul", "batch": batch, "m": m, "n": n, "k": k,
                "left_transposed": left_transposed, "right_transposed": right_transposed})
        }
        Op::Chain { .. } => json!({"kind": "chain"}),
        Op::Softmax { axis, .. } => json!({"kind": "softmax", "axis": axis}),
        Op::Sum { axis, .. } => json!({"kind": "sum", "axis": axis}),
        Op::LayerNorm { .. } => json!({"kind": "layer_norm"}),
        Op::Sines { count, .. } => json!({"kind": "sines", "count": count}),
        Op::Training {
            sizes,
            batch,
            steps,
        } => json!({"kind": "training", "sizes": sizes, "batch": batch, "steps": steps}),
        Op::Upload { .. } => json!({"kind": "upload"}),
        Op::Readback { .. } => json!({"kind": "readback"}),
    };
    op["operands"] = json!(work.op.operands());
    Request::Prepare {
        work: work.name.clone(),
        op,
        sample: reference::sample(&work.op),
    }
}

/// Writes one line to standard output.
pub fn print(message: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, message)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
