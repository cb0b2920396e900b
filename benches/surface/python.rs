//! The other side: a Python that runs numpy_side.py.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Python with NumPy.
pub(crate) struct Python {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Of NumPy, and of what else was found.
    pub(crate) version: String,
}

impl Python {
    pub(crate) fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/surface/numpy_side.py");
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut from = BufReader::new(child.stdout.take()?);
        let mut version = String::new();
        from.read_line(&mut version).ok()?;
        if version.is_empty() {
            return None;
        }
        let to = child.stdin.take()?;
        Some(Self {
            child,
            to,
            from,
            version: version.trim().into(),
        })
    }

    /// The times of some runs in seconds.
    pub(crate) fn times(
        &mut self,
        runs: usize,
        expression: &str,
    ) -> std::result::Result<Vec<f64>, String> {
        let mut answer = String::new();
        writeln!(self.to, "{runs}\t{expression}").map_err(|e| e.to_string())?;
        self.from
            .read_line(&mut answer)
            .map_err(|e| e.to_string())?;
        let times: std::result::Result<Vec<f64>, _> =
            answer.split_whitespace().map(str::parse).collect();
        times.map_err(|_| answer.trim().into())
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
