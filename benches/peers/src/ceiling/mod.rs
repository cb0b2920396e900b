//! The machine's own limits: how fast memory is copied, how fast numbers are multiplied and added.

mod cpu;
mod gpu;

use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::devices::Target;

/// The best of several measurements of each.
#[derive(Serialize, Deserialize)]
pub struct Ceiling {
    /// Floating-point operations a second, a fused multiplication and addition being two.
    pub flops: f64,
    /// Copies of arrays of several sizes, smallest first.
    pub copies: Vec<Copy>,
}

#[derive(Serialize, Deserialize)]
pub struct Copy {
    /// Bytes of the array: as many are read as are written.
    pub array: usize,
    /// Bytes read and written a second.
    pub bandwidth: f64,
}

/// Arrays that are copied: as large as the operands of the works, and larger than any cache.
const ARRAYS: [usize; 2] = [16 << 20, 256 << 20];
const ROUNDS: usize = 8;

impl Ceiling {
    /// The least time for so much arithmetic and so many bytes; none for neither. Memory is taken to
    /// be as fast as in the copy that moves about as much.
    pub fn seconds(&self, flops: f64, bytes: f64) -> Option<f64> {
        let fits = |copy: &&Copy| 4.0 * copy.array as f64 >= bytes;
        let copy = self.copies.iter().find(fits).or(self.copies.last())?;
        let least = (flops / self.flops).max(bytes / copy.bandwidth);
        (least > 0.0).then_some(least)
    }
}

/// Measures on `cpu` or an adapter.
pub fn measure(device: &str) -> Result<Ceiling> {
    if device == "cpu" {
        Ok(cpu::measure())
    } else {
        gpu::measure()
    }
}

/// Measures in a process that sees one driver alone.
pub fn in_a_process(target: &Target) -> Result<Ceiling> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["ceiling", &target.adapter.id]);
    target.limit(&mut command);
    let output = command.output()?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let errors = String::from_utf8_lossy(&output.stderr);
        errors.trim().to_owned().into()
    })
}
